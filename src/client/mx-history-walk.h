/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-history.h"
#include "mx-store-history.h"

/* The walk back through stored lines, gaps and what was never fetched, to the beginning of the room
 * and on into the room that it continues. Worker only. It stops where it needs the network and says
 * for what; the answer is put in, and it goes on. What it fetches is stored in its place, so that
 * the next walk finds it there. */

typedef enum {
    MX_WALK_DONE,
    MX_WALK_PAGE,      /* GET /messages of room_id from `from` (NULL: the newest) to `to` */
    MX_WALK_CONTEXT,   /* GET /context of event_id: where pages begin that no token is known for */
    MX_WALK_TOMBSTONE, /* GET /state/m.room.tombstone of room_id: whether it is continued */
    MX_WALK_GAP,       /* what is being filled by itself has to be first */
} MxWalkNeed;

typedef struct {
    MxHistoryQuery query;
    char *own_user_id;
    gint64 window_room; /* its waiting lines are not history yet */
    MxHistoryPlace start, place;
    gint64 passed_pos;    /* gaps from here up were gone over */
    gint64 since_ms;      /* of a walk back to a time, else 0 */
    guint older;          /* lines in a row from before that */
    GPtrArray *lines;     /* of MxLine, the newest first */
    GHashTable *ignored;  /* set of user IDs */
    gboolean is_offline;  /* nothing more is asked for */
    gboolean was_refused; /* a token was not taken: it was given up for MX_WALK_CONTEXT */
    gboolean is_disowned; /* the room that is to come next does not know the one before it */
    gint64 waited_gap;
    guint pages;
    MxHistoryEnd end;
    char *trouble;
    GPtrArray
        *changes;   /* of MxRoomChange: lines that waited for their window were read on the way */
    GError *broken; /* the database */

    MxWalkNeed need;
    gint64 gap; /* what the page goes into: a gap's ID, or 0 for what is below all */
    char *room_id, *from, *to, *event_id;

    GBytes *answer; /* put in by the caller, or: */
    GError *failure;
} MxHistoryWalk;

MxHistoryWalk *mx_history_walk_new(const MxHistoryPlace *place, const MxHistoryQuery *query,
                                   gint64 window_room, const char *own_user_id);
void mx_history_walk_free(MxHistoryWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxHistoryWalk, mx_history_walk_free)

/* Until need says what for it stopped. FALSE with an error: the database. */
gboolean mx_history_walk_step(MxStore *store, MxHistoryWalk *walk, GError **error);
/* Of a walk that is done. The caller frees. */
MxHistory *mx_history_walk_finish(MxHistoryWalk *walk);

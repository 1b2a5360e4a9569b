/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* What was said before (client-server API, "Syncing": GET /messages, /context; "Room upgrades"). */

#define MX_HISTORY_MAX_LINES 500

/* Everything from here on is in the window. Zeros: nothing is. */
typedef struct {
    gint64 room; /* the window's, or one that it continues */
    gint64 pos;
    guint depth; /* so many rooms before the window's */
} MxHistoryPlace;

typedef struct {
    guint lines; /* so many, or: */
    /* back to the last such moment of the clock before the place, local time; hour -1: no */
    int hour, minute, second;
    gint64 since_ms;           /* back to this moment; 0: no */
    gboolean leaves_out_minor; /* who comes and goes */
    gboolean is_brief;         /* only what is stored, of this one room, and without a hole */
} MxHistoryQuery;

typedef enum {
    MX_HISTORY_MORE,      /* there may be more: the place is where to go on */
    MX_HISTORY_BEGINNING, /* the room begins here */
    MX_HISTORY_NO_MORE,   /* the homeserver has nothing older for this user */
    MX_HISTORY_TIRED,     /* much was fetched, and little of it can be shown */
} MxHistoryEnd;

typedef struct {
    GPtrArray *lines; /* of MxLine, the oldest first; some with row 0 that say where rooms meet */
    MxHistoryPlace place;
    MxHistoryEnd end;
    char *trouble; /* why there is not more, in a sentence; or NULL */
} MxHistory;
void mx_history_free(MxHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxHistory, mx_history_free)

/* Nothing of it counts as read or unread. history is the callback's; NULL with error: the database.
 * Not called when the room is gone meanwhile. */
typedef void (*MxHistoryFunc)(MxClient *client, MxRoom *room, MxHistory *history,
                              const GError *error, gpointer user_data);
void mx_client_read_history(MxClient *client, MxRoom *room, const MxHistoryPlace *place,
                            const MxHistoryQuery *query, MxHistoryFunc func, gpointer user_data,
                            GDestroyNotify destroy);

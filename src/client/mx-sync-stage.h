/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-sync-parser.h"

/* What a /sync answer has brought so far, kept as pieces of text until the whole answer is there: a
 * transaction must not wait for the network, and half an answer must change nothing. */

typedef struct {
    MxSyncPart part;
    gsize offset, len; /* in the room's text */
} MxStagedPart;

typedef struct {
    MxSyncSection section;
    char *room_id;
    GString *text;
    GArray *parts; /* of MxStagedPart, in the order of arrival */
} MxStagedRoom;

typedef struct {
    char *next_batch;
    GPtrArray *rooms;        /* of MxStagedRoom */
    GPtrArray *account_data; /* of char *, one event each */
    GPtrArray *presence;     /* likewise */
    GPtrArray *to_device;    /* likewise */
    /* The whole values, or NULL. */
    char *device_lists, *key_counts, *fallback_types;
    GHashTable *by_id; /* room ID -> MxStagedRoom; an ID counts once, the last section named wins */
    MxSyncParser *parser;
    char *own_user_id;      /* with open_rooms; or NULL */
    GHashTable *open_rooms; /* set of room IDs; NULL: every ephemeral event is kept */
} MxSyncStage;

MxSyncStage *mx_sync_stage_new(void);
void mx_sync_stage_free(MxSyncStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxSyncStage, mx_sync_stage_free)

/* Who types in rooms without a window, and what others have read there, interests nobody: such
 * events are not even kept. Takes open_rooms, a set of room IDs. */
void mx_sync_stage_set_open_rooms(MxSyncStage *stage, const char *own_user_id,
                                  GHashTable *open_rooms);

gboolean mx_sync_stage_feed(MxSyncStage *stage, const char *data, gsize len, GError **error);
gboolean mx_sync_stage_finish(MxSyncStage *stage, GError **error);

/* The text of part i, len bytes. */
const char *mx_staged_room_get_part(const MxStagedRoom *room, guint i, gsize *len);
/* The last part of this kind, or FALSE. */
gboolean mx_staged_room_find(const MxStagedRoom *room, MxSyncPart part, guint *index);

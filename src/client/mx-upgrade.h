/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"
#include "mx-store-upgrades.h"

/* Room upgrades (client-server API, "Room upgrades"): m.room.tombstone closes a room and names the
 * one that stands in for it. The user is taken along: the new room is joined through the server of
 * the tombstone's sender, and takes the old one's place once its m.room.create says that it
 * continues the old one. Worker only; the main loop's part is in mx-client-private.h. */

/* A joined room's tombstone, as its state has it. is_first: it came with the device's first /sync,
 * and is no news. */
void mx_upgrade_note(MxStore *store, const MxRoomRow *room, const MxEvent *tombstone,
                     gboolean is_first);

/* Which room this one continues: m.room.create's "predecessor". */
typedef struct {
    char *room_id;
    char *event_id; /* the last one there, or NULL: since room version 12 it need not be named */
} MxPredecessor;
void mx_predecessor_free(MxPredecessor *predecessor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPredecessor, mx_predecessor_free)

/* NULL: none. The caller frees. */
MxPredecessor *mx_upgrade_get_predecessor(MxStore *store, gint64 room);

/* Anybody can make a room that claims to continue another one: that one has to say so too, with its
 * m.room.tombstone. */
typedef enum {
    MX_CLAIM_UNKNOWN, /* what that room says is not known here: the homeserver can be asked */
    MX_CLAIM_TRUE,
    MX_CLAIM_FALSE,
} MxClaim;
/* older: a stored room, or one that is not (key 0). */
MxClaim mx_upgrade_check_claim(MxStore *store, const MxRoomRow *older, const MxRoomRow *room);
/* The homeserver said that this content is older's tombstone. Within a transaction. */
MxClaim mx_upgrade_keep_claim(MxStore *store, const char *older, const MxRoomRow *room,
                              MxJsonSlice tombstone);

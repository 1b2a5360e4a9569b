/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"
#include "mx-sync-stage.h"

/* The ephemeral events of a room (client-server API, "Typing Notifications" and "Receipts"). Own
 * receipts are part of the room's state here; what others do matters while there is a window.
 * Worker only. */

typedef struct {
    gint64 room;
    GPtrArray *typing; /* of char *: all who type now, the user left aside; NULL: as before */
    /* of a direct room */
    gboolean is_read;   /* the partner has read the user's newest line, and not written since */
    gint64 read_ts;     /* ms, as the receipt says */
    gint64 own_ts;      /* of that line, ms */
    gint64 partner_pos; /* position of the partner's newest line; G_MININT64: none */
} MxEphemeral;

void mx_ephemeral_free(MxEphemeral *ephemeral);

/* Nothing else is told of the room than what is ephemeral, or known. */
gboolean mx_sync_ephemeral_is_all(const MxRoomRow *room, const MxStagedRoom *staged);
/* Own receipts into room->read_event_id, which is not saved. TRUE when it has changed. */
gboolean mx_sync_ephemeral_read(MxStore *store, MxRoomRow *room, const MxStagedRoom *staged,
                                const char *own_user_id);
/* For a window; NULL when there is nothing for it. */
MxEphemeral *mx_sync_ephemeral_new(MxStore *store, const MxRoomRow *room,
                                   const MxStagedRoom *staged, const char *own_user_id);

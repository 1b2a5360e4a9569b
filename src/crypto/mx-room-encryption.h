/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Whether a room is encrypted is decided here and nowhere else. Once m.room.encryption has been
 * seen, with whatever content, the room stays encrypted for good (G1): a server that later hides or
 * empties the event must not be able to make a client talk in the clear. */

/* Takes note of a state event; everything but m.room.encryption with an empty state key is passed
 * over. The caller saves the row. */
void mx_room_encryption_note_state(MxRoomRow *room, const char *type, const char *state_key);

typedef enum {
    MX_SEND_PLAIN,
    MX_SEND_ENCRYPT, /* by mx_share_prepare() and mx_share_encrypt() */
    MX_SEND_HOLD,    /* G3: no /sync has told the room's state yet */
    MX_SEND_REFUSE,  /* G2: encrypted in a way that is not known here */
} MxSendDecision;

/* The one decision before a room event goes out, made from the database at the moment of sending.
 */
MxSendDecision mx_room_encryption_decide(MxStore *store, gint64 room);

/* What m.room.encryption asks for, within sensible bounds (G5). FALSE: not an algorithm that is
 * known here. */
typedef struct {
    gint64 period_ms, period_msgs;
} MxRoomEncryption;
gboolean mx_room_encryption_read(MxStore *store, gint64 room, MxRoomEncryption *settings);

/* m.room.history_visibility is shared or world_readable: who joins later may read what is sent now.
 */
gboolean mx_room_encryption_shares_history(MxStore *store, gint64 room);
/* Invited people may read what is sent now (H1). */
gboolean mx_room_encryption_reaches_invited(MxStore *store, gint64 room);

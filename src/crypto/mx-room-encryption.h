/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Whether a room is encrypted is decided here and nowhere else. Once m.room.encryption has been
 * seen, with whatever content, the room stays encrypted for good: a server that later hides or
 * empties the event must not be able to make a client talk in the clear. */

/* Takes note of a state event; everything but m.room.encryption with an empty state key is passed
 * over. The caller saves the row. */
void mx_room_encryption_note_state(MxRoomRow *room, const char *type, const char *state_key);

typedef enum {
    MX_SEND_PLAIN,
    MX_SEND_REFUSE, /* the room is encrypted, and this version cannot encrypt */
} MxSendDecision;

/* The one decision before a room event goes out, made from the database at the moment of sending.
 */
MxSendDecision mx_room_encryption_decide(MxStore *store, gint64 room);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-encryption.h"

void mx_room_encryption_note_state(MxRoomRow *room, const char *type, const char *state_key)
{
    if (g_str_equal(type, "m.room.encryption") && g_strcmp0(state_key, "") == 0)
        room->encrypted = TRUE;
}

MxSendDecision mx_room_encryption_decide(MxStore *store, gint64 room)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    /* A room that cannot be read is not known to be plain. */
    return row == NULL || row->encrypted ? MX_SEND_REFUSE : MX_SEND_PLAIN;
}

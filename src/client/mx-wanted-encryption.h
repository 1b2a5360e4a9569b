/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-direct-room.h"

/* A room that was to be encrypted from its beginning, and is not: not every homeserver heeds what
 * it is asked for at the room's creation (G6). Messages wait until that is made up for. */

/* Worker, within a transaction: the room has been made with encryption. */
void mx_wanted_encryption_note(MxStore *store, const char *room_id);
/* Worker: its state is known, and it is in the clear. */
gboolean mx_wanted_encryption_is_missing(MxStore *store, const MxRoomRow *room);
/* Worker, within a transaction: the user wants messages that have failed to be sent again; that
 * they cannot be encrypted was said. */
void mx_wanted_encryption_waive(MxStore *store, const MxRoomRow *room);
/* Main loop: switches it on. REFUSED: the messages that wait have failed, and it was said; body:
 * the beginning of the first one's text; is_secret: it must not leave in the clear, whatever the
 * user says. */
void mx_wanted_encryption_make_up(MxClient *client, gint64 room, const char *body,
                                  gboolean is_secret, MxDirectRoomFunc func);

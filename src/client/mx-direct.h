/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Which room is whose IM. libpurple has one IM for each Matrix ID; m.direct (client-server API,
 * "Direct Messaging") may list many rooms for one. The IM is the joined room of exactly two people
 * with the newest message; the rest are chats. All of this runs on the worker. */

gint64 mx_direct_count_joined(MxStore *store, const MxRoomRow *room);
gint64 mx_direct_count_invited(MxStore *store, const MxRoomRow *room);

/* Works out direct_user of every room again. Gives the keys (gint64) of rooms whose answer changed;
 * the caller frees. */
GArray *mx_direct_update(MxStore *store, const char *own_user_id);
/* m.direct lists this room. */
gboolean mx_direct_is_listed(MxStore *store, const char *room_id);
/* m.direct's content with the room added for the user and everything else kept; JSON text, the
 * caller frees. */
char *mx_direct_add(MxStore *store, const char *user_id, const char *room_id);

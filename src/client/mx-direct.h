/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-store.h"

/* Which room is whose IM. libpurple has one IM for each Matrix ID; m.direct (client-server API,
 * "Direct Messaging") may list many rooms for one. The IM is the joined room of exactly two people
 * with the newest message; the rest are chats. All of this runs on the worker. */

gint64 mx_direct_count_joined(MxStore *store, const MxRoomRow *room);
gint64 mx_direct_count_invited(MxStore *store, const MxRoomRow *room);
/* Joined and invited, bots that only serve the room left aside. */
gint64 mx_direct_count_people(MxStore *store, const MxRoomRow *room);

/* Works out direct_user of every room again. Gives the keys (gint64) of rooms whose answer changed;
 * the caller frees. */
GArray *mx_direct_update(MxStore *store, const char *own_user_id);
/* m.direct lists this room. */
gboolean mx_direct_is_listed(MxStore *store, const char *room_id);
/* Lists the room for the user in the stored m.direct. Until the server has it too it is an
 * addition, which no older m.direct from the server can undo. */
void mx_direct_add(MxStore *store, const char *user_id, const char *room_id);
/* What the server does not have yet, as JSON text; NULL: nothing. The caller frees. */
char *mx_direct_get_additions(MxStore *store);
/* The server has these now. Later ones stay. */
void mx_direct_forget_additions(MxStore *store, const char *published);
/* After an m.direct of the server was stored: puts the additions back in. */
void mx_direct_restore_additions(MxStore *store);
/* A new object: all of base (may be NULL) and what additions (JSON text) have besides. */
JsonObject *mx_direct_merge(JsonObject *base, const char *additions);

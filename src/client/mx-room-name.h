/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Client-server API, "Calculating the display name for a room". Never NULL; the caller frees. */
char *mx_room_name_compute(MxStore *store, const MxRoomRow *room, const char *own_user_id);
/* "Calculating the display name for a user": with the user ID when another member's name looks the
 * same, or the name looks like a user ID. The caller frees. */
char *mx_room_name_of_user(const char *display_name, const char *user_id, gboolean is_shared);
char *mx_room_name_of_member(MxStore *store, gint64 room, const char *user_id);

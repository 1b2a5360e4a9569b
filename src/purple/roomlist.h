/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <roomlist.h>

#include "account.h"

/* The window "Room List": rooms of a homeserver's list, spaces as categories. */

void mxp_roomlist_clear(MxpAccount *mxp);

/* Hooks */
PurpleRoomlist *mxp_roomlist_get_list(PurpleConnection *gc);
void mxp_roomlist_cancel(PurpleRoomlist *list);
void mxp_roomlist_expand_category(PurpleRoomlist *list, PurpleRoomlistRoom *category);
char *mxp_roomlist_room_serialize(PurpleRoomlistRoom *room);

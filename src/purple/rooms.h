/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>

#include "account.h"

/* Rooms in the buddy list: every joined room that is nobody's IM and no space is a chat, found by
 * its room ID in a hash (libpurple's own search compares every name with every other). */

#define MXP_COMPONENT_ROOM_ID "room_id"
void mxp_rooms_init(MxpAccount *mxp); /* finds the nodes that are in the list already */
void mxp_rooms_clear(MxpAccount *mxp);
/* The connection ends: which rooms are in the list is remembered. */
void mxp_rooms_remember(MxpAccount *mxp);
void mxp_rooms_update(MxpAccount *mxp, MxRoomChange *change);
/* The user took it out of the list. */
gboolean mxp_rooms_is_hidden(MxpAccount *mxp, const MxRoom *room);
/* A room that is joined, or that the user is invited to, by its ID or main alias; or NULL. */
MxRoom *mxp_rooms_find(MxpAccount *mxp, const char *id_or_alias);
/* A node that was made for what the user typed (an alias) is the room's from now on. */
void mxp_rooms_claim_node(MxpAccount *mxp, const char *typed, const char *room_id);
/* The new room has the closed one's node: its group, alias and settings. */
void mxp_rooms_move_node(MxpAccount *mxp, const MxRoom *from, MxRoom *to);
/* The user wants it joined at each start. */
gboolean mxp_rooms_is_joined_always(MxpAccount *mxp, const char *id_or_alias);
/* The room as the components name it, stripped; never NULL. The caller frees. */
char *mxp_rooms_get_typed(GHashTable *components);

/* Hooks */
GList *mxp_rooms_chat_info(PurpleConnection *gc);
GHashTable *mxp_rooms_chat_info_defaults(PurpleConnection *gc, const char *name);
char *mxp_rooms_get_chat_name(GHashTable *components);
PurpleChat *mxp_rooms_find_blist_chat(PurpleAccount *account, const char *name);

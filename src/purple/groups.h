/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>
#include <conversation.h>

#include "account.h"

/* The groups of the buddy list that rooms are put into: favourites, spaces, the user's tags. A
 * group is known by a mark it carries, not by its name, so that the user may rename it. A node
 * belongs to us while it is in the group that we chose; in any other it is where the user wants it.
 */

void mxp_groups_init(MxpAccount *mxp);
void mxp_groups_clear(MxpAccount *mxp);

/* The group for what has no other place. */
PurpleGroup *mxp_groups_get_usual(MxpAccount *mxp);
/* A new node of the room, at its place. */
void mxp_groups_add_chat(MxpAccount *mxp, PurpleChat *chat, const MxRoom *room);
/* The room may have another place now. */
void mxp_groups_move_chat(MxpAccount *mxp, PurpleChat *chat, const MxRoom *room);
void mxp_groups_remove_chat(MxpAccount *mxp, PurpleChat *chat);
/* The node is the user's own, and stays where it is. */
void mxp_groups_leave_alone(PurpleChat *chat);
/* A space has changed: its group is called like it. */
void mxp_groups_update_space(MxpAccount *mxp, const MxRoom *space);
/* A list that has a group of ours, or a node of the account, was not lost. */
gboolean mxp_groups_are_there(void);

/* Tags the room for all of the user's devices; the node follows with the next /sync. conversation:
 * where it was typed, or NULL. */
void mxp_groups_set_place(MxpAccount *mxp, MxRoom *room, MxPlaceKind kind,
                          PurpleConversation *conversation);
/* The same as a part of a node's menu. The caller owns the list. */
GList *mxp_groups_list_actions(PurpleChat *chat);

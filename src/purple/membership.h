/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>
#include <conversation.h>

#include "account.h"

/* Leaving rooms, forgetting them, and inviting others. conversation: where it was typed, or NULL.
 * reason may be NULL. */

void mxp_membership_leave(MxpAccount *mxp, MxRoom *room, const char *reason,
                          PurpleConversation *conversation);
/* Asks first. */
void mxp_membership_ask_leave(MxpAccount *mxp, MxRoom *room, const char *reason,
                              PurpleConversation *conversation);
const char *mxp_membership_explain_leave(gboolean is_space); /* sentences; static */
/* FALSE: the user is in it still. */
gboolean mxp_membership_forget(MxpAccount *mxp, const char *room_id,
                               PurpleConversation *conversation);
/* FALSE: who is no Matrix ID and no link to a person. */
gboolean mxp_membership_invite(MxpAccount *mxp, MxRoom *room, const char *who, const char *reason,
                               PurpleConversation *conversation);

/* Hooks */
void mxp_membership_chat_invite(PurpleConnection *gc, int id, const char *message, const char *who);
GList *mxp_membership_blist_node_menu(PurpleBlistNode *node);

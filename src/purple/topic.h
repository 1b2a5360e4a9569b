/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* The topic above a chat's window, and what is asked and changed by /topic and /name. */

/* The room's window has just been opened, or its topic has changed. */
void mxp_topic_update(MxpAccount *mxp, MxRoom *room);
/* Say it in the conversation. */
void mxp_topic_say(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
void mxp_topic_say_name(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* text: as typed; empty: none. What does not succeed is said in the conversation. */
void mxp_topic_set(MxpAccount *mxp, MxRoom *room, const char *text,
                   PurpleConversation *conversation);
void mxp_topic_set_name(MxpAccount *mxp, MxRoom *room, const char *text,
                        PurpleConversation *conversation);

/* Hooks */
void mxp_topic_set_chat_topic(PurpleConnection *gc, int id, const char *topic);

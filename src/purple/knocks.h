/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "reply.h"

/* Asking to be let into a room, and answering those who ask. */

void mxp_knocks_init(MxpAccount *mxp);
void mxp_knocks_clear(MxpAccount *mxp);
/* A room has changed: perhaps one the user waits for. */
void mxp_knocks_update(MxpAccount *mxp, const MxRoom *room);

/* All commands: FALSE and *error, a sentence, when nothing is done. Other answers come later, into
 * the conversation. */
gboolean mxp_knocks_ask(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                        char **error);
/* words: the room, or empty when the user waits for one only. */
gboolean mxp_knocks_take_back(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                              char **error);
/* Who asks to be let into the room (or NULL: that is left out), and where the user waits. */
void mxp_knocks_list(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* who: a number of that list, an ID or a name, and then a reason; empty when only one asks. */
void mxp_knocks_answer(MxpAccount *mxp, MxRoom *room, const char *who, gboolean admit,
                       PurpleConversation *conversation);

/* A room could not be joined, and text says so: with what the room tells of its ways in, if that is
 * why. Takes reply. */
void mxp_knocks_explain_join(MxpReply *reply, const char *target, const char *const *via,
                             const GError *error, const char *text);

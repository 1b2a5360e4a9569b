/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* The addresses of a room, and whether the homeserver's list of rooms has it. */

/* The whole address for what was typed: "name", "#name" (of the own homeserver), "#name:server" or
 * a link. NULL and *error, a sentence. The caller frees. */
char *mxp_aliases_complete(MxpAccount *mxp, const char *typed, char **error);

void mxp_aliases_list(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* alias: a whole one. Refused with a sentence in the conversation when it is another server's. */
void mxp_aliases_add(MxpAccount *mxp, MxRoom *room, const char *alias,
                     PurpleConversation *conversation);
void mxp_aliases_remove(MxpAccount *mxp, MxRoom *room, const char *alias,
                        PurpleConversation *conversation);
/* alias NULL: no main one. */
void mxp_aliases_set_main(MxpAccount *mxp, MxRoom *room, const char *alias,
                          PurpleConversation *conversation);

void mxp_aliases_say_published(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
void mxp_aliases_publish(MxpAccount *mxp, MxRoom *room, gboolean is_public,
                         PurpleConversation *conversation);

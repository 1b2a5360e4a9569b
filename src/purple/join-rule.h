/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "mx-join-rule.h"
#include "reply.h"

/* Who may join a room: shown and set. */

void mxp_join_rule_say(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* words: the rule, and for a restricted one rooms whose members may join. FALSE: *error, and
 * nothing is done. */
gboolean mxp_join_rule_set(MxpAccount *mxp, MxRoom *room, const char *words,
                           PurpleConversation *conversation, char **error);
/* "Garden (!abc:example.org)", or the ID alone where the name is not known. The caller frees. */
char *mxp_join_rule_name_room(MxpAccount *mxp, const char *room_id, const char *name);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Whether invitations are refused, all of them, by the homeserver. */

/* Says so in the window, if they are. */
void mxp_invite_rule_say(MxpAccount *mxp, PurpleConversation *conversation);
void mxp_invite_rule_set(MxpAccount *mxp, gboolean is_blocking, PurpleConversation *conversation);
/* A dialog that says how it is, and turns it round. */
void mxp_invite_rule_ask(MxpAccount *mxp);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Which rooms have unread messages: as lines in the conversation that asks (/unread), or in a
 * window of its own (conversation NULL: the account's menu). */
void mxp_unread_show(MxpAccount *mxp, PurpleConversation *conversation);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* /search: messages by their words, as lines in the window in which it was typed. They are not
 * logged. */

void mxp_message_search_clear(MxpAccount *mxp);
/* typed: words, which are looked for in the window's room; "all" and words: everywhere; "more": the
 * last search of the account goes on. FALSE and *error: nothing is looked for. */
gboolean mxp_message_search_start(MxpAccount *mxp, const char *typed,
                                  PurpleConversation *conversation, char **error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Custom emoji (images with data-mx-emoticon in formatted messages), where the user interface can
 * show them: Pidgin. A smiley takes the place of its text, ":name:", in what is written after it
 * was given to the window: lines wait for it a moment, and what has not come then stays text. */

void mxp_emoji_init(MxpAccount *mxp);
void mxp_emoji_clear(MxpAccount *mxp);
/* The line had better be written in a moment. conversation NULL: there is no window yet. */
gboolean mxp_emoji_is_awaited(MxpAccount *mxp, PurpleConversation *conversation,
                              const MxLine *line);
/* The line is about to be written there. */
void mxp_emoji_prepare(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line);

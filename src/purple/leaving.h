/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Leaving what has no window here: spaces above all, which never have one. */

/* text (or NULL): what was typed after /leave in the window of own, the room it shows (or NULL). It
 * may begin with the address or ID of a joined room or space, or a link to it, or be its name; then
 * the user is asked first. Any other text is the reason for leaving own. FALSE and *error: nothing
 * is left. */
gboolean mxp_leaving_start(MxpAccount *mxp, MxRoom *own, const char *text,
                           PurpleConversation *conversation, char **error);
/* Shows the joined spaces, to be ticked. */
void mxp_leaving_ask_spaces(MxpAccount *mxp);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Who types: in direct chats as libpurple has it; in rooms through Pidgin's plugin for group typing
 * notifications, while that is loaded. */

void mxp_typing_init(MxpAccount *mxp);
void mxp_typing_clear(MxpAccount *mxp);
/* user_ids: all who type in the room now; blocked ones are left out. */
void mxp_typing_update(MxpAccount *mxp, MxRoom *room, GPtrArray *user_ids);
/* Nothing is heard from the server: nobody is shown as typing. */
void mxp_typing_forget(MxpAccount *mxp);

/* Hook */
unsigned int mxp_typing_send(PurpleConnection *gc, const char *name, PurpleTypingState state);

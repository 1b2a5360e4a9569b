/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>
#include <conversation.h>

#include "account.h"

/* What there is to know about a room: a window from the list's menu, and /room in a conversation.
 */

/* conversation NULL: in a window of its own. */
void mxp_room_info_show(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* For the menu of a room's node; the caller owns it. */
PurpleMenuAction *mxp_room_info_new_action(void);

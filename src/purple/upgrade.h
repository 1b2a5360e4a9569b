/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Room upgrades: a closed room's window and place in the list go on with the room that stands in
 * for it. */

/* "room-moved" */
void mxp_upgrade_moved(MxpAccount *mxp, MxRoom *from, MxRoom *to);
/* A room has changed: nobody has to be asked about an invitation that was waited for. */
void mxp_upgrade_update(MxpAccount *mxp, MxRoom *room);

/* The room is closed: says so, and what was not sent; else FALSE. room may be NULL. */
gboolean mxp_upgrade_refuses(MxpAccount *mxp, MxRoom *room, const char *body);

/* version NULL: the homeserver's default. Asks first. */
void mxp_upgrade_start(MxpAccount *mxp, MxRoom *room, const char *version,
                       PurpleConversation *conversation);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* /state and /event: a room's events as they are. Each gives FALSE and *error (a sentence) when
 * what was typed cannot be meant; then nothing was done. */
gboolean mxp_room_state_run(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                            const char *typed, char **error);
gboolean mxp_room_state_send(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                             const char *typed, char **error);
void mxp_room_state_clear(MxpAccount *mxp);

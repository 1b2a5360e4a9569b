/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* /list: rooms of a homeserver's list, or of a space, as lines of text. */

void mxp_room_search_clear(MxpAccount *mxp);
/* words: as typed after /list. FALSE: *error, and nothing is asked. */
gboolean mxp_room_search_start(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                               char **error);

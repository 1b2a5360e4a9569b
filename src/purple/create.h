/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Making rooms. conversation: where it was typed, or NULL. */

/* typed NULL or empty: a dialog asks for what most people want. Otherwise a private room of that
 * name, or what its options say (mx_new_room_parse()). FALSE and *sentence: it makes no sense. */
gboolean mxp_create_start(MxpAccount *mxp, const char *typed, PurpleConversation *conversation,
                          char **sentence);

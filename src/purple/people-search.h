/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Searching the homeserver's directory of people: a window with the results. */

/* words NULL: a dialog asks. conversation: where it was typed, or NULL. */
void mxp_people_search_start(MxpAccount *mxp, const char *words, PurpleConversation *conversation);

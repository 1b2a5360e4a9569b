/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Making rooms. conversation: where it was typed, or NULL. */

/* name NULL or empty: a dialog asks for everything. Otherwise a private room of that name. */
void mxp_create_start(MxpAccount *mxp, const char *name, PurpleConversation *conversation);

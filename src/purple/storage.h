/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* What is kept on this device, how long, and how much that is. */

#define MXP_OPTION_KEEP_DAYS "keep_days" /* account option; 0: all history is kept */

/* The account's options, to the client: they may have changed. */
void mxp_storage_update(MxpAccount *mxp);
/* The account's information: in the conversation, or in a dialog (NULL). */
void mxp_storage_show(MxpAccount *mxp, PurpleConversation *conversation);

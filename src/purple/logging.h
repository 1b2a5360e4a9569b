/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* What was decrypted goes into libpurple's logs, which anybody who can read the user's files can
 * read, unless the user does not want that. libpurple writes every line or none of a conversation.
 */

#define MXP_OPTION_LOG_DECRYPTED "log_decrypted" /* the account's option */

void mxp_logging_init(MxpAccount *mxp);
/* The room may be encrypted from now on. */
void mxp_logging_update(MxpAccount *mxp, MxRoom *room);

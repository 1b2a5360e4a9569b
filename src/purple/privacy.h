/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* libpurple's list of blocked people is the user's ignore list on the server. "Block only the users
 * below" is so what an account starts with, and what "Allow all users" becomes: a Matrix ignore
 * list cannot be kept and not be in force. The other three settings are libpurple's own, for this
 * device: who is not allowed by them cannot open a conversation or invite, and is nowhere told. */

void mxp_privacy_init(MxpAccount *mxp);
void mxp_privacy_clear(MxpAccount *mxp);

/* For /ignore and /unignore: FALSE, and *why said, when user_id cannot be ignored. */
gboolean mxp_privacy_set_ignored(MxpAccount *mxp, const char *user_id, gboolean is_ignored,
                                 char **why);
/* The list as markup. The caller frees. */
char *mxp_privacy_list(MxpAccount *mxp);

/* Hooks */
void mxp_privacy_add_deny(PurpleConnection *gc, const char *name);
void mxp_privacy_rem_deny(PurpleConnection *gc, const char *name);
void mxp_privacy_set_permit_deny(PurpleConnection *gc);

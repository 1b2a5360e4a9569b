/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <account.h>

/* Accounts of the abandoned purple-matrix, whose plugin ID this one has: they go on working, and
 * the secrets it kept in accounts.xml go. */

/* The option "home_server"; what the old plugin took by default if this is one of its accounts. */
const char *mxp_old_plugin_get_home_server(PurpleAccount *account);
/* The token to revoke after the first login, or NULL. */
const char *mxp_old_plugin_get_token(PurpleAccount *account);
/* The address the old plugin had it from. */
const char *mxp_old_plugin_get_token_server(PurpleAccount *account);
/* Removes its secrets from accounts.xml. */
void mxp_old_plugin_forget(PurpleAccount *account);

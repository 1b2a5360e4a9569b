/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Ends the session of an account that is no longer there (B14): reads the token from its database,
 * waits for a predecessor that still closes it, posts /logout, and forgets the token. Nothing but
 * config is needed, which is copied; func (may be NULL) is called once on the main loop. error: the
 * server could not be told. With erase the account's folder goes as well, whatever the server says.
 */
typedef void (*MxSignOutFunc)(const GError *error, gpointer user_data);
void mx_sign_out(const MxClientConfig *config, gboolean erase, MxSignOutFunc func,
                 gpointer user_data);
/* There is a database in this folder. */
gboolean mx_sign_out_has_store(const char *store_dir);

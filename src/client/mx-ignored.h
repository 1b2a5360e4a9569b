/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* The people the user ignores: m.ignored_user_list (client-server API, "Ignoring Users"). The list
 * is one for all of the user's clients. A change made here counts at once, and is kept until the
 * server has it. "ignored-changed" tells of every change, whoever made it. */

gboolean mx_client_is_ignored(MxClient *client, const char *user_id);
/* Sorted, ended by NULL. The caller frees. */
char **mx_client_list_ignored(MxClient *client);
/* user_id is valid and not the user's own. */
void mx_client_set_ignored(MxClient *client, const char *user_id, gboolean is_ignored);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <connection.h>

/* What a failure means to libpurple, and the sentence for the user, which says what to do. Only
 * PURPLE_CONNECTION_ERROR_NETWORK_ERROR makes the client connect again by itself; with any other
 * reason it disables the account. So whatever may pass is a network error. *text: caller frees. */
PurpleConnectionError mxp_errors_get_reason(const GError *error, char **text);

/* "Pidgin", "Finch" or what the running client calls itself. */
const char *mxp_errors_ui_name(void);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <account.h>

#include "mx-client.h"

/* The account's proxy as libpurple has it, for MxHttp. *uri (caller frees) only with
 * MX_HTTP_PROXY_URI. May run gsettings: once a login. */
MxHttpProxy mxp_proxy_get(PurpleAccount *account, char **uri);

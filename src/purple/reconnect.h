/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <connection.h>

/* After a network error libpurple's client connects again by itself, but Finch's waiting time only
 * ever grows, and neither notices at once when a network comes back. So the network is watched here
 * too. */

void mxp_reconnect_init(void);
void mxp_reconnect_uninit(void);
void mxp_reconnect_failed(PurpleAccount *account, PurpleConnectionError reason);
void mxp_reconnect_succeeded(PurpleAccount *account);
/* The account is about to be freed. */
void mxp_reconnect_forget(PurpleAccount *account);

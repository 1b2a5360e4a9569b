/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Avatars as icons of buddies and chats. libpurple's own cache keeps a buddy's on disk with the
 * mxc:// URI as the checksum, and a chat's node remembers it, so that an avatar is fetched once in
 * its life. An icon that the user has chosen for a chat stays. */

void mxp_avatars_init(MxpAccount *mxp);
void mxp_avatars_clear(MxpAccount *mxp);
/* id: of a user or a room. mxc NULL or "": none. Nothing is done for what is not in the list. */
void mxp_avatars_want(MxpAccount *mxp, const char *id, const char *mxc);
/* After connecting: fetches what is wanted, in the background. */
void mxp_avatars_resume(MxpAccount *mxp);

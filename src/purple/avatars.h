/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Avatars of buddies as their icons. libpurple's own cache keeps them on disk, one for each buddy,
 * with the mxc:// URI as the checksum, so that an avatar is fetched once in its life. Rooms'
 * avatars are not shown: the only icon libpurple has for a chat is the one the user has chosen. */

void mxp_avatars_init(MxpAccount *mxp);
void mxp_avatars_clear(MxpAccount *mxp);
/* mxc NULL or "": none. Nothing is done for people who are no buddies. */
void mxp_avatars_want(MxpAccount *mxp, const char *user_id, const char *mxc);
/* After connecting: fetches what is wanted, in the background. */
void mxp_avatars_resume(MxpAccount *mxp);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <imgstore.h>

#include "account.h"

/* The account's icon and the user's avatar on the server are one, whoever changes it. A picture
 * goes to the server once: its name in libpurple's cache, which is its checksum, and its mxc:// URI
 * are remembered. */

void mxp_own_icon_init(MxpAccount *mxp);
void mxp_own_icon_clear(MxpAccount *mxp);

/* Hook */
void mxp_own_icon_set(PurpleConnection *gc, PurpleStoredImage *image);

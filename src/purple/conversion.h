/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* A room whose window is open becomes somebody's direct room, or is that no longer (m.direct was
 * changed, somebody came or went): the conversation goes on in the other kind of window. */

void mxp_conversion_init(MxpAccount *mxp);
void mxp_conversion_clear(MxpAccount *mxp);
/* After the buddy list was changed, and before anything is written. */
void mxp_conversion_update(MxpAccount *mxp, MxRoomChange *change);
/* The direct room with this person that was left since the account is connected, or NULL. */
const char *mxp_conversion_get_left(MxpAccount *mxp, const char *user_id);

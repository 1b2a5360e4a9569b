/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "mx-verify.h"

/* The dialogs of verifications, one at a time for each, and the lines about them. */

void mxp_verification_init(MxpAccount *mxp);
void mxp_verification_clear(MxpAccount *mxp);

/* Asks somebody, or the user's own device_id (NULL: all other ones). What becomes of it is said in
 * the conversation, or, if that is NULL, in dialogs. */
void mxp_verification_start(MxpAccount *mxp, const char *user_id, const char *device_id,
                            PurpleConversation *conversation);
/* An entry of a buddy's menu. */
PurpleMenuAction *mxp_verification_new_action(void);
/* What a dialog's button does, to the newest verification. FALSE: there is none that waits for it.
 */
gboolean mxp_verification_answer(MxpAccount *mxp, MxVerifyDeed deed);

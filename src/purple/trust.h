/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "mx-trust.h"

/* Devices and identities of people. Answers go to the conversation. */

void mxp_trust_list_devices(MxpAccount *mxp, const char *user_id, PurpleConversation *conversation);
/* device_id: for devices, else NULL. */
void mxp_trust_do(MxpAccount *mxp, MxTrustDeed deed, const char *user_id, const char *device_id,
                  PurpleConversation *conversation);

/* Account option: to whose devices messages are encrypted. */
#define MXP_OPTION_ENCRYPT_TO "encrypt_to"
const char *mxp_trust_get_policy(PurpleAccount *account); /* "all", "signed" or "verified" */

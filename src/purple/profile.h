/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* What is shown of people, and the user's own display name. */

/* The same as the information window has, as lines in the conversation. user_id is valid. */
void mxp_profile_whois(MxpAccount *mxp, const char *user_id, PurpleConversation *conversation);
/* Name and avatar of a buddy of whom no direct room tells. user_id is valid. */
void mxp_profile_learn(MxpAccount *mxp, const char *user_id);
/* name "": none. The outcome is said in the conversation; NULL: only a failure, in a dialog. */
void mxp_profile_set_name(MxpAccount *mxp, const char *name, PurpleConversation *conversation);
void mxp_profile_ask_name(MxpAccount *mxp); /* a dialog */

/* Hooks */
void mxp_profile_get_info(PurpleConnection *gc, const char *who);
void mxp_profile_set_public_alias(PurpleConnection *gc, const char *alias,
                                  PurpleSetPublicAliasSuccessCallback on_success,
                                  PurpleSetPublicAliasFailureCallback on_failure);
void mxp_profile_get_public_alias(PurpleConnection *gc,
                                  PurpleGetPublicAliasSuccessCallback on_success,
                                  PurpleGetPublicAliasFailureCallback on_failure);

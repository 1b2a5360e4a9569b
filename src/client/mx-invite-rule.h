/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Whether the homeserver refuses invitations to the user, all of them (I6; client-server API,
 * "Invite permission", since version 1.18). */

/* What the last /sync has told. */
typedef void (*MxInviteRuleFunc)(MxClient *client, gboolean is_blocking, gpointer user_data);
void mx_client_get_invite_rule(MxClient *client, MxInviteRuleFunc func, gpointer user_data,
                               GDestroyNotify destroy);
/* What else the setting says stays. error NULL: it is written. destroy is for user_data, may be
 * NULL. */
typedef void (*MxInviteRuleDoneFunc)(MxClient *client, const GError *error, gpointer user_data);
void mx_client_set_invite_rule(MxClient *client, gboolean is_blocking, MxInviteRuleDoneFunc func,
                               gpointer user_data, GDestroyNotify destroy);

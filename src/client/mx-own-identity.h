/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Set while the user has to be told that the identity made here is nowhere else. */
#define MX_VALUE_RECOVERY_HINT "recovery_hint"

/* The user's own identity on its way to the homeserver: POST /keys/device_signing/upload, with the
 * password where the homeserver wants it (User-Interactive Authentication). */

/* error NULL: the homeserver has the new identity. Sentences of MX_ERROR_INVALID, _BAD_ANSWER and
 * _FAILED are for the user. Called once unless the client is stopped before. */
typedef void (*MxIdentityResetFunc)(MxClient *client, const GError *error, gpointer user_data);
/* O2: makes a new identity in place of the one there is, if there is one; the user has confirmed
 * it. password may be NULL: the one of the account, if it is known. */
void mx_client_reset_identity(MxClient *client, const char *password, MxIdentityResetFunc func,
                              gpointer user_data, GDestroyNotify destroy);

/* The user writes into an encrypted room: said once for each identity that was made here, unless
 * recovery has been set up meanwhile. */
void mx_own_identity_remind(MxClient *client, const MxRoom *room);

/* O1: the one just made for a user without any. In mx-client-crypto.c */
void mx_own_identity_publish(MxClient *client);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Recovery: the user's cross-signing keys in the homeserver's account data, encrypted with a key
 * that only the user has ("Secrets", "Storage"). Callbacks come once, on the main loop, unless the
 * client is stopped before; destroy is for user_data, may be NULL. All need a login. */

/* has_recovery: there is a key, whatever it opens. others: the secrets (event types) that are
 * stored for it beside the identity, such as the key of a key backup; NULL with an error: it is not
 * known.
 */
typedef void (*MxHasRecoveryFunc)(MxClient *client, gboolean has_recovery,
                                  const char *const *others, const GError *error,
                                  gpointer user_data);
void mx_client_has_recovery(MxClient *client, MxHasRecoveryFunc func, gpointer user_data,
                            GDestroyNotify destroy);

/* recovery_key: made, stored, read back and tried; to be shown once. NULL: error. Sentences of
 * MX_ERROR_INVALID, _BAD_ANSWER and _FAILED are for the user. */
typedef void (*MxRecoveryFunc)(MxClient *client, const char *recovery_key, const GError *error,
                               gpointer user_data);
/* How recovery is set up. */
typedef struct {
    const char *passphrase; /* or NULL */
    gboolean replaces;      /* the user has said that the recovery key there is may go; else
                               MX_ERROR_INVALID when there is one */
    const char *present;    /* that recovery key or its passphrase: what else is stored for it is
                               stored for the new key too, all or nothing. NULL: it is not */
} MxRecoveryWish;
/* P6. What is stored for other keys stays. wish is copied. */
void mx_client_set_up_recovery(MxClient *client, const MxRecoveryWish *wish, MxRecoveryFunc func,
                               gpointer user_data, GDestroyNotify destroy);

/* error NULL: the keys are here. is_signed: this device is being signed with them; else the key
 * that signs devices is not stored. secret: recovery key or passphrase. */
typedef void (*MxRecoveredFunc)(MxClient *client, gboolean is_signed, const GError *error,
                                gpointer user_data);
void mx_client_recover(MxClient *client, const char *secret, MxRecoveredFunc func,
                       gpointer user_data, GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-cross-signing.h"
#include "mx-primitives.h"

/* What mx-recovery.c decides about secret storage ("Secrets", "Storage"): no client, no store, no
 * network. Errors are sentences for the user. */

/* A new key: random, or of the passphrase (may be NULL). Takes long with a passphrase. description:
 * the caller unrefs. FALSE: error. */
gboolean mx_recovery_make_key(const char *passphrase, guint8 key[MX_KEY_LEN],
                              JsonObject **description, GError **error);
/* P4, P5: what was typed is a recovery key or a passphrase. Takes long for a passphrase: some
 * seconds at most, see mx_secret_storage_derive(). FALSE: error. */
gboolean mx_recovery_find_key(JsonObject *description, const char *typed, guint8 key[MX_KEY_LEN],
                              GError **error);
/* items: account data by MxCrossSigningKey, each may be NULL. Gives the seeds that are there, at
 * least the master key's; the caller frees them with mx_secret_free(), after a failure too. */
gboolean mx_recovery_open_secrets(JsonObject *description, const guint8 key[MX_KEY_LEN],
                                  const char *key_id, JsonObject *const items[],
                                  char *seeds[MX_CROSS_SIGNING_N_KEYS], GError **error);
/* Whether account data is a secret that is encrypted for this key, and is none of the identity. */
gboolean mx_recovery_is_other_secret(const char *type, JsonObject *content, const char *key_id);
/* What replaces the account data of a secret: encrypted (taken) for this key, and what is there for
 * other keys, or is of other kinds, as it stands. present may be NULL. The caller unrefs. */
JsonObject *mx_recovery_merge(JsonObject *present, const char *key_id, JsonObject *encrypted);

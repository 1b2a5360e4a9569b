/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Seals what the database must not show: keys, ratchets, secrets, and texts of encrypted rooms. The
 * account has one random key. It is kept in the desktop's keyring when there is one, else in the
 * file vault.key (0600) beside the database, where it protects against nobody who can read the
 * user's files.
 *
 * Where the key is, and a check of it, is the store's value MX_VALUE_VAULT, written before anything
 * can be sealed. */

#define MX_VALUE_VAULT "vault"

typedef struct _MxVault MxVault;

/* Makes the key when the store has none yet. user_id is the store's MX_VALUE_USER_ID, which must be
 * there. Waits for the keyring, up to half a minute when the key can be nowhere else: on the worker
 * thread, outside of a transaction. dir is the account's directory; it gets mode 0700.
 *
 * Errors, as sentences for the user: MX_ERROR_KEY_LOCKED (try again later; nothing was changed),
 * MX_ERROR_KEYS_LOST (B3: no new keys for this device, the user has to sign in again as a new one),
 * MX_ERROR_STORE, MX_ERROR_FAILED. */
MxVault *mx_vault_open(MxStore *store, const char *dir, GError **error);
void mx_vault_free(MxVault *vault); /* overwrites the key; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxVault, mx_vault_free)

gboolean mx_vault_is_in_keyring(MxVault *vault);

/* The account was logged out: takes the key out of the file, the keyring and the store. Waits for a
 * keyring some seconds. What is sealed is lost by it. */
void mx_vault_forget(MxStore *store, const char *dir);

/* XChaCha20-Poly1305. What is sealed for one row opens for no other; sealing the same twice gives
 * different bytes. primary_key: whatever names the row within its table; several columns must be
 * joined so that no two rows get the same text. */
GBytes *mx_vault_seal(MxVault *vault, const char *table, const char *primary_key, const void *data,
                      gsize len, GError **error);
/* MX_ERROR_STORE when it was not sealed with this key for this row. The result is overwritten when
 * it is freed. */
GBytes *mx_vault_open_row(MxVault *vault, const char *table, const char *primary_key,
                          GBytes *sealed, GError **error);

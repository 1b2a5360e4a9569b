/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-primitives.h"

/* Secret storage (client-server API, "Storage" of "Secrets"), m.secret_storage.v1.aes-hmac-sha2
 * alone. Functions without a state: contents of account data in and out. Objects that come from the
 * server may hold anything. */

#define MX_SECRET_STORAGE_DEFAULT_KEY "m.secret_storage.default_key"
#define MX_SECRET_STORAGE_KEY_PREFIX "m.secret_storage.key."

/* ---- keys ---- */

typedef enum {
    MX_SECRET_KEY_RIGHT,
    MX_SECRET_KEY_WRONG,
    MX_SECRET_KEY_UNVERIFIABLE, /* the description has no check: it may be right, and that is said
                                 */
    MX_SECRET_KEY_UNSUPPORTED,  /* another algorithm, or a description that means nothing */
} MxSecretKeyCheck;

/* description: the content of m.secret_storage.key.ID; NULL is unsupported. */
MxSecretKeyCheck mx_secret_storage_check_key(JsonObject *description, const guint8 key[MX_KEY_LEN]);
/* The description of a new key. passphrase: what mx_secret_storage_new_passphrase() gave when key
 * was derived by it, else NULL. */
JsonObject *mx_secret_storage_describe_key(const guint8 key[MX_KEY_LEN], JsonObject *passphrase,
                                           GError **error);
/* 32 letters and digits. The caller frees. */
char *mx_secret_storage_new_key_id(GError **error);

/* ---- passphrases ---- */

/* How to derive a new key: a new salt and MX_PASSPHRASE_ITERATIONS. */
#define MX_PASSPHRASE_ITERATIONS 500000
JsonObject *mx_secret_storage_new_passphrase(GError **error);
/* passphrase: the member of a key's description. Takes up to some seconds: on the worker thread.
 * MX_ERROR_BAD_ANSWER for another algorithm, no salt, other than 256 bits, or iterations out of
 * bounds: a server must not be able to hang the client, nor to make guessing cheap. */
gboolean mx_secret_storage_derive(JsonObject *passphrase, const char *text, guint8 key[MX_KEY_LEN],
                                  GError **error);

/* ---- secrets ---- */

/* What stands under "encrypted".KEY ID in the secret's account data. name: the secret's, its event
 * type. */
JsonObject *mx_secret_storage_encrypt(const guint8 key[MX_KEY_LEN], const char *name,
                                      const char *secret, GError **error);
/* Of the account data's content; NULL when it is not encrypted with this key. Borrowed. */
JsonObject *mx_secret_storage_find(JsonObject *content, const char *key_id);
/* The code is checked before anything is decrypted; but it does not cover the IV, so that a server
 * can change what comes out: the caller checks that the secret is what it should be, such as the
 * seed of the public key that is known. The caller frees with mx_secret_free().
 *
 * MX_ERROR_INVALID: not encrypted with this key, or changed since. MX_ERROR_BAD_ANSWER: not what
 * the specification promises. */
char *mx_secret_storage_decrypt(const guint8 key[MX_KEY_LEN], const char *name,
                                JsonObject *encrypted, GError **error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"
#include "mx-primitives.h"

/* The user's own cross-signing keys ("Cross-signing"): made once for a user (O1), given out to the
 * user's other devices, and used to sign this one. Public keys of people are mx-identity.h. */

typedef enum {
    MX_CROSS_SIGNING_MASTER,
    MX_CROSS_SIGNING_SELF,
    MX_CROSS_SIGNING_USER,
    MX_CROSS_SIGNING_N_KEYS,
} MxCrossSigningKey;
/* The secret's name ("m.cross_signing.master"), as secret storage and secret sharing have it. */
const char *mx_cross_signing_get_name(MxCrossSigningKey key);

typedef enum {
    MX_IDENTITY_UNKNOWN,     /* the homeserver has not answered yet */
    MX_IDENTITY_UNPUBLISHED, /* made, and not on the homeserver yet */
    MX_IDENTITY_FOREIGN, /* there is one, and this device is not known to belong to it: "recover" */
    MX_IDENTITY_CHANGED, /* another client has made another one (O6) */
    MX_IDENTITY_READY,   /* this device is signed by an identity that is known to be the user's */
} MxOwnIdentityState;
MxOwnIdentityState mx_cross_signing_get_state(MxCrypto *crypto);

/* The 32 bytes, base64 unpadded; NULL unless they are here and belong to the pinned identity (O4).
 * The caller frees with mx_secret_free(). */
char *mx_cross_signing_get_seed(MxCrypto *crypto, MxCrossSigningKey key);
/* Keeps a seed that came as a secret (base64). FALSE, and nothing changed, when it is not the one
 * of the public key that is pinned (O4, XN8, XN9). Does not make the identity trusted. */
gboolean mx_cross_signing_take_seed(MxCrypto *crypto, MxCrossSigningKey key, const char *text);
/* What secret storage gave back (NULL: not there), all checked before any is kept. The seed of the
 * master key proves that the identity is the user's (J4), also one that the homeserver names anew.
 * FALSE: one of them is another identity's, or the master key's is missing; nothing changed. */
gboolean mx_cross_signing_recover(MxCrypto *crypto,
                                  const char *const seeds[MX_CROSS_SIGNING_N_KEYS]);

/* Makes a new identity; it counts when the homeserver has it. `replaces`: the user has said that
 * the present one is to go (O2). FALSE: there is one, and nothing may go; or no randomness. */
gboolean mx_cross_signing_make(MxCrypto *crypto, gboolean replaces, GError **error);
/* The body of POST /keys/device_signing/upload, without `auth`, for what was made, the same each
 * time; NULL when nothing waits to be uploaded. The caller unrefs. */
JsonObject *mx_cross_signing_get_upload(MxCrypto *crypto);
/* The homeserver has taken it: it is asked for the result. */
void mx_cross_signing_note_uploaded(MxCrypto *crypto);
/* It is not to be uploaded any more; but what an earlier attempt may have brought there stays. */
void mx_cross_signing_drop_made(MxCrypto *crypto);
/* A reset whose answer is lost: it is kept, in case the homeserver shows it, which is told then
 * (MX_CRYPTO_NEWS_IDENTITY_RESET); the next attempt is with the same. */
void mx_cross_signing_note_unanswered(MxCrypto *crypto);
/* Whether this master key is of what was made, and so of nobody else. */
gboolean mx_cross_signing_is_made(MxCrypto *crypto, const char *master);
/* The homeserver could not take it now: it is to be published again in a minute. */
void mx_cross_signing_try_later(MxCrypto *crypto);

/* The user has found the pinned identity to be this person's: it is signed with the user-signing
 * key, and the signature put on its way. expected: the master key that was compared. FALSE: it is
 * not the pinned one any more, is ambiguous (D10), or the key to sign with is not here. */
gboolean mx_cross_signing_sign_user(MxCrypto *crypto, const char *user_id, const char *expected);
/* The same of an own device, with the self-signing key. expected: its fingerprint. TRUE too when it
 * is signed already. */
gboolean mx_cross_signing_sign_device(MxCrypto *crypto, const char *device_id,
                                      const char *expected);

/* mx-crypto.c */
gint64 mx_cross_signing_collect(MxCrypto *crypto);
gpointer mx_cross_signing_part_new(void);
void mx_cross_signing_part_free(gpointer part);

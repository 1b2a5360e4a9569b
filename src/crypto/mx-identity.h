/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"

/* Public cross-signing keys of people ("Cross-signing"): the identity first seen is pinned (J2). */

typedef struct {
    char *user_id;
    char *master, *self_signing, *user_signing; /* base64; the last one is known of oneself alone */
    gboolean
        is_verified; /* J3: our user-signing key has signed the master key; for ourselves: J4 */
    gboolean was_verified; /* at some time; stays until withdrawn */
    gboolean is_changed; /* the homeserver names another master key than the pinned one; that one is
                            `new_master`. Sending waits for the user (H13) */
    char *new_master;
    gboolean is_ambiguous; /* D10: a device was named like one of these keys. Must not be verified,
                              and is not */
} MxIdentity;
void mx_identity_free(MxIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxIdentity, mx_identity_free)

MxIdentity *mx_identity_get(MxCrypto *crypto, const char *user_id); /* NULL: none is known */
/* The user says that the new identity is the same person's: it is pinned, unverified. */
void mx_identity_accept(MxCrypto *crypto, const char *user_id);
/* "withdraw verification" (J2): the person is verified again when that is done anew, and not
 * because the homeserver still shows the signature. */
void mx_identity_withdraw(MxCrypto *crypto, const char *user_id);

/* The part of a /keys/query answer about one user: master_keys, self_signing_keys and
 * user_signing_keys of that user, each or NULL, from mx_signed_json_parse(). Checks them (O3) and
 * stores them; tells news of changes. */
void mx_identity_take(MxCrypto *crypto, const char *user_id, JsonObject *master,
                      JsonObject *self_signing, JsonObject *user_signing);
/* The device object is signed by the user's pinned identity. */
gboolean mx_identity_has_signed(MxCrypto *crypto, const char *user_id, JsonObject *device_keys);
/* The pinned self-signing key has changed: looks at the user's stored devices again. */
void mx_identity_check_devices(MxCrypto *crypto, const char *user_id);

/* J4: the own master key is known to be the user's (its private half is held, or this device was
 * verified against it), or no longer. Holds for this master key alone, and for this device. */
void mx_identity_set_own_trusted(MxCrypto *crypto, gboolean is_trusted);

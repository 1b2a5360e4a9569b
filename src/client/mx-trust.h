/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-cross-signing.h"
#include "mx-device-list.h"
#include "mx-identity.h"

/* Whom the user trusts: devices and identities of people, as they are known, and what the user says
 * of them. Callbacks come once, on the main loop, unless the client is stopped before; what they
 * get is borrowed. destroy is for user_data, may be NULL. All need a login. */

/* devices: of MxDevice, this one not verified unless it is signed; NULL when the encryption is not
 * open. identity NULL: none is known. */
typedef void (*MxDevicesFunc)(MxClient *client, const char *user_id, GPtrArray *devices,
                              const MxIdentity *identity, gpointer user_data);
void mx_client_list_devices(MxClient *client, const char *user_id, MxDevicesFunc func,
                            gpointer user_data, GDestroyNotify destroy);

typedef enum {
    MX_TRUST_ACCEPT,   /* the new identity is the same person's (J2) */
    MX_TRUST_WITHDRAW, /* it is not known any more whose it is */
    MX_TRUST_BLOCK,    /* the device gets no keys */
    MX_TRUST_UNBLOCK,
} MxTrustDeed;
/* error NULL: done. MX_ERROR_INVALID: why there was nothing to do, as a sentence. device_id: of the
 * last two. */
typedef void (*MxTrustFunc)(MxClient *client, const GError *error, gpointer user_data);
void mx_client_trust(MxClient *client, MxTrustDeed deed, const char *user_id, const char *device_id,
                     MxTrustFunc func, gpointer user_data, GDestroyNotify destroy);

/* Who gets the keys of what is sent (U3), in MX_VALUE_ENCRYPT_TO: "all", "signed" or "verified";
 * anything else is "signed". */
void mx_client_set_encrypt_to(MxClient *client, const char *policy);

typedef struct {
    char *device_id, *fingerprint; /* the second in groups of four characters */
    MxOwnIdentityState identity;
    guint n_devices, n_signed; /* own ones, this one included */
} MxEncryptionInfo;
/* info NULL: the encryption is not open, and problem (or NULL) says why. */
typedef void (*MxEncryptionInfoFunc)(MxClient *client, const MxEncryptionInfo *info,
                                     const char *problem, gpointer user_data);
void mx_client_get_encryption_info(MxClient *client, MxEncryptionInfoFunc func, gpointer user_data,
                                   GDestroyNotify destroy);
/* The caller frees. */
char *mx_fingerprint_format(const char *ed25519);

/* J2, for mx-client-crypto.c: said in each room that is shared with the person. */
void mx_trust_identity_changed(MxClient *client, const MxCryptoNews *news);

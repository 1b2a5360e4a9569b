/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"

/* The devices of the people that encrypted rooms are shared with ("Tracking the device list for a
 * user"), and what is to be thought of them. */

typedef enum {
    MX_DEVICE_UNSIGNED, /* by its owner: perhaps added by the homeserver */
    MX_DEVICE_SIGNED,   /* by the identity of its owner that was first seen (O3) */
    MX_DEVICE_VERIFIED, /* likewise, and that identity is verified (J3); or our own device */
} MxDeviceTrust;

typedef struct {
    char *user_id, *device_id;
    char *display_name;         /* or NULL; anybody's word */
    char *curve25519, *ed25519; /* base64, unpadded */
    MxDeviceTrust trust;
    gboolean is_blocked; /* by the user: gets no keys */
    gboolean is_dehydrated;
} MxDevice;
void mx_device_free(MxDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxDevice, mx_device_free)

/* Of MxDevice, without those that have no keys (B5); empty when nobody is known. */
GPtrArray *mx_device_list_get(MxCrypto *crypto, const char *user_id);
MxDevice *mx_device_list_find(MxCrypto *crypto, const char *user_id, const char *device_id);
/* The one device of this user with this identity key (base64); NULL when there is none, or when
 * another device claims the same key (D8). */
MxDevice *mx_device_list_find_by_key(MxCrypto *crypto, const char *user_id, const char *curve25519);
/* The same with both keys given, which is enough for attributing: that somebody else's device has
 * copied the identity key does not matter then. */
MxDevice *mx_device_list_find_by_keys(MxCrypto *crypto, const char *user_id, const char *curve25519,
                                      const char *ed25519);
/* The device_keys object as it was received, to be signed (O7); the caller unrefs. Or NULL. */
JsonObject *mx_device_list_get_object(MxCrypto *crypto, const char *user_id, const char *device_id);
void mx_device_list_set_blocked(MxCrypto *crypto, const char *user_id, const char *device_id,
                                gboolean is_blocked);

/* From now on the user's devices are followed (D1). Asked for when nothing is known yet. */
void mx_device_list_track(MxCrypto *crypto, const char *user_id);
/* D2: `device_lists` of a /sync. Within its transaction. */
void mx_device_list_note_changes(MxCrypto *crypto, MxJsonSlice device_lists);
/* D3: a /sync without `since`: everything may have changed. */
void mx_device_list_note_full_sync(MxCrypto *crypto);
/* What is known may be old, and an answer is to come. FALSE after a failure that will not pass
 * soon, or ten seconds after the first call or question: then what is known has to do (D11). As
 * long as the homeserver answers for others, who has not been asked for yet is waited for. */
gboolean mx_device_list_is_pending(MxCrypto *crypto, const char *user_id);
/* E6, B4 and the like: the user's devices are asked for again. */
void mx_device_list_refresh(MxCrypto *crypto, const char *user_id);

/* Checks a device_keys object as /keys/query has it (D6, A3-A5): its IDs, both keys, its own
 * signature. Nothing is stored. NULL: not to be believed. trust is UNSIGNED. Also for
 * sender_device_keys (F5). object comes from mx_signed_json_parse(). */
MxDevice *mx_device_parse(JsonObject *object, const char *user_id, const char *device_id);

/* mx-crypto.c */
gint64 mx_device_list_collect(MxCrypto *crypto);
gpointer mx_device_list_part_new(void);
void mx_device_list_part_free(gpointer data);

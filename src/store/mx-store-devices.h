/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Public keys of people and their devices. Nothing here judges them: that is the encryption's. */

/* ---- whose devices are followed (crypto D1) ---- */

/* Members of encrypted rooms that are joined begin to be followed by themselves, in the moment in
 * which a row of the tables `room` or `member` says so (triggers, mx-store-schema.c). */

typedef struct {
    gboolean tracked;
    gboolean outdated;
    gint64 dirty_seq;   /* counts up each time the user's devices are said to have changed (D4) */
    gboolean ambiguous; /* a device had one of the user's cross-signing keys as its ID (D10) */
} MxTrackedUser;

MxTrackedUser mx_store_get_tracked_user(MxStore *store, const char *user_id); /* zeros: unknown */
void mx_store_track_user(MxStore *store, const char *user_id); /* outdated, if it was not tracked */
void mx_store_untrack_user(MxStore *store, const char *user_id);
/* Those that are not tracked stay as they are. */
void mx_store_set_outdated(MxStore *store, const char *user_id);
void mx_store_set_all_outdated(MxStore *store);
/* Unless they are outdated anew since dirty_seq. */
void mx_store_set_current(MxStore *store, const char *user_id, gint64 dirty_seq);
void mx_store_set_ambiguous(MxStore *store, const char *user_id, gboolean ambiguous);
/* Tracked and outdated, by ID: of char *. */
GPtrArray *mx_store_list_outdated(MxStore *store);
/* The user is in an encrypted room that is joined, or is invited to it. */
gboolean mx_store_shares_encrypted_room(MxStore *store, const char *user_id);

/* ---- devices ---- */

typedef struct {
    char *user_id, *device_id;
    char *display_name;         /* or NULL */
    char *curve25519, *ed25519; /* base64 */
    char *object;               /* device_keys as received, JSON text */
    char *signed_by; /* the self-signing key whose signature of it was found good, or NULL */
    gboolean blocked;
    gboolean dehydrated;
    gboolean gone; /* kept so that it is known when it comes back; `object` is one that was refused,
                      or empty */
} MxDeviceRow;
void mx_device_row_free(MxDeviceRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxDeviceRow, mx_device_row_free)

GPtrArray *mx_store_list_devices(MxStore *store, const char *user_id); /* without gone ones */
/* Gone ones too. */
MxDeviceRow *mx_store_get_device(MxStore *store, const char *user_id, const char *device_id);
void mx_store_save_device(MxStore *store, const MxDeviceRow *row);
/* It is gone; the last few hundred of a user are remembered, and all that are blocked. */
void mx_store_remove_device(MxStore *store, const char *user_id, const char *device_id);
/* Of one that is gone: what has come in its place and is not used. */
void mx_store_set_refused_device(MxStore *store, const char *user_id, const char *device_id,
                                 const char *object);
/* Devices of anybody, gone ones left aside, that have one of the two keys. */
gint64 mx_store_count_devices_with_key(MxStore *store, const char *curve25519, const char *ed25519);
/* Likewise, that has both: nobody can have copied it. */
gboolean mx_store_has_device_with_keys(MxStore *store, const char *curve25519, const char *ed25519);
/* A gone device of the user's that had these keys was signed with that key when it was last seen.
 * ed25519 may be NULL: any. */
gboolean mx_store_was_device_signed(MxStore *store, const char *user_id, const char *curve25519,
                                    const char *ed25519, const char *self_signing);

/* ---- identities ---- */

typedef struct {
    char *user_id;
    char *master, *self_signing, *user_signing; /* base64; pinned; the last two may be NULL */
    char *master_object;                        /* JSON text */
    char *signed_by; /* the own user-signing key whose signature of it was found good, or NULL;
                        after "withdrawn:", one whose signature does not count any more */
    char *trusted;   /* of oneself: the master key that is known to be one's own, or NULL */
    gboolean was_verified;
    /* What the homeserver names instead; or all NULL. */
    char *new_master, *new_self_signing, *new_user_signing, *new_master_object;
} MxIdentityRow;
void mx_identity_row_free(MxIdentityRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxIdentityRow, mx_identity_row_free)

MxIdentityRow *mx_store_get_identity(MxStore *store, const char *user_id); /* or NULL */
void mx_store_save_identity(MxStore *store, const MxIdentityRow *row);
GPtrArray *mx_store_list_identities(MxStore *store); /* user IDs, of char * */

/* ---- to-device events that came while the encryption was not open ---- */

/* Not more than so many, and so many bytes: the rest is dropped. */
void mx_store_add_stashed(MxStore *store, const char *text, gsize len);
/* The oldest `limit`, of char *; they are removed. */
GPtrArray *mx_store_take_stashed(MxStore *store, int limit);

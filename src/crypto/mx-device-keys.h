/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"

/* The keys of this device on the homeserver: its identity keys, one-time keys and fallback key
 * ("Uploading keys"). */

/* The device_keys object (B1), signed with the device's key, and, as far as known, with the user's
 * self-signing key. Also for sender_device_keys (E9). The caller unrefs. */
JsonObject *mx_device_keys_get_object(MxCrypto *crypto);

/* Which /sync may tell how many keys are left (C6): the serial at the moment in which it was asked
 * for. It changes when keys have been uploaded. */
guint64 mx_device_keys_get_serial(MxCrypto *crypto);
/* device_one_time_keys_count and device_unused_fallback_key_types of a /sync (not there: text ==
 * NULL), asked for while the serial was that. Within its transaction. */
void mx_device_keys_note_counts(MxCrypto *crypto, MxJsonSlice counts, MxJsonSlice fallback_types,
                                guint64 serial);

/* B4: what /keys/query says of the own devices. When this one has other keys than ours there,
 * encryption stops: nothing is uploaded any more, and nothing may be encrypted. */
void mx_device_keys_check_own(MxCrypto *crypto, MxJsonSlice devices);
gboolean mx_device_keys_are_wrong(MxCrypto *crypto);

/* V9: the homeserver may have a newer fallback key than this database. */
void mx_device_keys_renew(MxCrypto *crypto);

/* mx-crypto.c */
gint64 mx_device_keys_collect(MxCrypto *crypto);
gpointer mx_device_keys_part_new(void);

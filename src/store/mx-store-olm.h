/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What is remembered of the Olm sessions with single devices, beside the sessions themselves, which
 * are sealed rows. Times are milliseconds of the wall clock, 0: never. */

typedef enum {
    MX_OLM_WANT_NOTHING,
    MX_OLM_WANT_SESSION, /* something is to be sent to the device */
    MX_OLM_WANT_UNWEDGE, /* the session that is there does not work (crypto E6) */
} MxOlmWant;

typedef struct {
    char *curve25519, *user_id; /* base64, and who has published it: together the row's key */
    char *device_id;            /* of that user */
    MxOlmWant want;
    guint failures;       /* of asking for a one-time key, since the last session */
    gint64 not_before_ms; /* it is not asked for again until then */
    gint64 unwedged_ms;
    gboolean told_no_olm; /* H11: since the last session */
} MxOlmPeer;
void mx_olm_peer_free(MxOlmPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOlmPeer, mx_olm_peer_free)

/* Or NULL */
MxOlmPeer *mx_store_get_olm_peer(MxStore *store, const char *curve25519, const char *user_id);
void mx_store_save_olm_peer(MxStore *store, const MxOlmPeer *peer);
/* Those that want something, of MxOlmPeer. */
GPtrArray *mx_store_list_olm_wants(MxStore *store);

/* Ciphertexts that were read before (F9), by a hash of them. Only the newest are kept. */
gboolean mx_store_has_olm_seen(MxStore *store, GBytes *hash);
void mx_store_add_olm_seen(MxStore *store, GBytes *hash);

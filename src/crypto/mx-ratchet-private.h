/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-primitives.h"
#include "mx-ratchet.h"

/* What is looked at before a library sees a byte. The libraries are lenient: they pass over unknown
 * and repeated fields and take any key, and libolm's decryption runs over the end of its buffers
 * when a ciphertext is no whole number of AES blocks. Here a message has exactly the fields that
 * the specification names, each once and in order, and its keys are good ones. */

typedef struct {
    char *body; /* a copy, unpadded */
    /* of MX_OLM_PRE_KEY only */
    guint8 one_time[MX_KEY_LEN], base[MX_KEY_LEN], identity[MX_KEY_LEN];
    guint8 ratchet[MX_KEY_LEN];
    guint32 counter;
    gsize ciphertext_len; /* bytes; the plaintext is shorter */
} MxOlmEnvelope;

/* DAMAGED or BAD_KEY, with envelope empty. */
gboolean mx_olm_envelope_read(MxOlmEnvelope *envelope, guint type, const char *body,
                              GError **error);
void mx_olm_envelope_clear(MxOlmEnvelope *envelope);

typedef struct {
    char *body;
    guint32 index;
    gsize ciphertext_len;
} MxMegolmEnvelope;

/* The signature is checked too, against the session's key. DAMAGED, with envelope empty. */
gboolean mx_megolm_envelope_read(MxMegolmEnvelope *envelope, const char *body,
                                 const guint8 signing_key[MX_KEY_LEN], GError **error);
void mx_megolm_envelope_clear(MxMegolmEnvelope *envelope);

/* Looks at a session key, or at one of the export format; gives a copy, unpadded, for
 * mx_secret_free(). NULL: BAD_KEY. */
char *mx_megolm_session_key_check(const char *text, gboolean exported, GError **error);

/* BAD_KEY for a foreign Curve25519 key that makes the shared secret known to everybody (A5) */
gboolean mx_ratchet_check_curve_key(const guint8 key[MX_KEY_LEN], GError **error);
/* len bytes for g_free(), which the library overwrites; NULL: RANDOM */
guint8 *mx_ratchet_random(gsize len, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxOlmEnvelope, mx_olm_envelope_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxMegolmEnvelope, mx_megolm_envelope_clear)

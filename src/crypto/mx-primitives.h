/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The primitives of the encryption, over libsodium (curves, base64, comparison) and libgcrypt (AES,
 * SHA-2, HMAC, PBKDF2). Lengths are in bytes. Everything but mx_primitives_init() needs it to have
 * succeeded before; all may be called from any thread. Outputs belong to the caller. */

#define MX_KEY_LEN 32
#define MX_SIGNATURE_LEN 64
#define MX_SHA256_LEN 32
#define MX_AES_IV_LEN 16

/* Idempotent. MX_ERROR_FAILED when one of the libraries does not work. Neither library can be made
 * ready by two threads at once, and the program may use libgcrypt itself: the first call belongs on
 * the main thread, when the plugin is loaded. */
gboolean mx_primitives_init(GError **error);

/* From the system's generator. When it fails, out is zero, and what needed the bytes must not be
 * done: FALSE and MX_ERROR_FAILED. */
gboolean mx_random(guint8 *out, gsize len, GError **error);
/* For tests: after this many more successful calls mx_random() fails; -1: it does not. */
void mx_random_fail_after(int calls);

/* ---- secrets ---- */

void mx_memzero(gpointer data, gsize len);
void mx_secret_free(char *text); /* overwrites up to the NUL, then frees; NULL is fine */
/* Takes data, which is overwritten when the last reference goes. */
GBytes *mx_secret_bytes_new_take(guint8 *data, gsize len);
/* The time taken depends on len alone. */
gboolean mx_equal_ct(const guint8 *a, const guint8 *b, gsize len);

/* ---- base64 ---- */

/* Written without padding (appendices, "Unpadded Base64"), read with or without; bits that are left
 * over are passed over. NULL and FALSE on any other character, wrong padding, and text == NULL. len
 * may be -1. Time does not depend on the bytes; decoded bytes are overwritten when they are freed.
 */
char *mx_base64_encode(const guint8 *data, gsize len);
GBytes *mx_base64_decode(const char *text, gssize len);
/* FALSE, with out zero, unless text holds exactly len bytes. */
gboolean mx_base64_decode_fixed(const char *text, guint8 *out, gsize len);
/* The URL-safe alphabet of JSON Web Keys; when reading, the usual one is fine too. */
char *mx_base64url_encode(const guint8 *data, gsize len);
GBytes *mx_base64url_decode(const char *text, gssize len);

/* ---- Curve25519 ---- */

/* FALSE for the points of low order, in each of their encodings: with them the shared secret is
 * known to everybody. Each foreign key is looked at before libolm sees it. */
gboolean mx_curve25519_key_is_ok(const guint8 key[MX_KEY_LEN]);
/* FALSE, with shared zero, when the result would be all zero. */
gboolean mx_x25519(const guint8 secret[MX_KEY_LEN], const guint8 public[MX_KEY_LEN],
                   guint8 shared[MX_KEY_LEN]);
void mx_x25519_public(const guint8 secret[MX_KEY_LEN], guint8 public[MX_KEY_LEN]);

/* ---- Ed25519 ---- */

void mx_ed25519_public_from_seed(const guint8 seed[MX_KEY_LEN], guint8 public[MX_KEY_LEN]);
void mx_ed25519_sign(const guint8 seed[MX_KEY_LEN], const void *message, gsize len,
                     guint8 signature[MX_SIGNATURE_LEN]);
/* Strict: FALSE too for S >= L, and for a key or an R that is of low order or not canonical. */
gboolean mx_ed25519_verify(const guint8 public[MX_KEY_LEN], const void *message, gsize len,
                           const guint8 signature[MX_SIGNATURE_LEN]);

/* Whether somebody can own the key: canonical, on the curve, and of the order of all honest keys.
 * mx_ed25519_verify() looks by itself; this is for keys that arrive without a signature. */
gboolean mx_ed25519_key_is_ok(const guint8 public[MX_KEY_LEN]);

/* ---- hashes and ciphers ---- */

void mx_sha256(const void *data, gsize len, guint8 out[MX_SHA256_LEN]);
void mx_hmac_sha256(const guint8 *key, gsize key_len, const void *data, gsize len,
                    guint8 out[MX_SHA256_LEN]);
/* RFC 5869. salt == NULL: a hash of zeros, as the RFC says. out_len <= 255 * 32. */
void mx_hkdf_sha256(const guint8 *ikm, gsize ikm_len, const guint8 *salt, gsize salt_len,
                    const void *info, gsize info_len, guint8 *out, gsize out_len);
/* RFC 8018. Takes a third of a second for 500,000 iterations: not for the main loop. FALSE, with
 * out zero, for no salt or no iterations. */
gboolean mx_pbkdf2_sha512(const char *passphrase, const guint8 *salt, gsize salt_len,
                          guint iterations, guint8 *out, gsize out_len);
/* Encrypts and decrypts; the counter is all of iv, big-endian. in == out is fine. FALSE, with out
 * zero, when libgcrypt fails. */
gboolean mx_aes256_ctr(const guint8 key[MX_KEY_LEN], const guint8 iv[MX_AES_IV_LEN],
                       const guint8 *in, guint8 *out, gsize len);

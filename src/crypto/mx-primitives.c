/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "mx-error.h"
#include "mx-primitives.h"

#define NEEDED_GCRYPT "1.10.0"
#define MAX_ENTROPY_CALL 256 /* bytes that getentropy() gives at once */

/* ---- the libraries ---- */

/* As libgcrypt's manual asks of a library ("Initializing the library"): the program, or another
 * plugin, may have set it up already, and then its choices stand. Locked memory is given up, as
 * nobody here asks for it and its limit would hit the whole program. */
static gboolean init_gcrypt(void)
{
    if (gcry_check_version(NEEDED_GCRYPT) == NULL)
        return FALSE;
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) == 0) {
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    return TRUE;
}

static gpointer init_once(gpointer unused)
{
    return GINT_TO_POINTER(sodium_init() >= 0 && init_gcrypt());
}

gboolean mx_primitives_init(GError **error)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, init_once, NULL);
    if (GPOINTER_TO_INT(once.retval))
        return TRUE;
    g_set_error(error, MX_ERROR, MX_ERROR_FAILED,
                _("The encryption cannot be used: libsodium or libgcrypt does not start, or is "
                  "older than %s."),
                NEEDED_GCRYPT);
    return FALSE;
}

static gint random_calls_left = -1;

void mx_random_fail_after(int calls)
{
    g_atomic_int_set(&random_calls_left, calls);
}

/* libsodium ends the whole program when there is no randomness, so the system is asked here. */
static gboolean read_entropy(guint8 *out, gsize len)
{
    gint left = g_atomic_int_get(&random_calls_left);
    if (left == 0) {
        errno = ENOSYS;
        return FALSE;
    }
    if (left > 0)
        g_atomic_int_set(&random_calls_left, left - 1);
    for (gsize done = 0; done < len;) {
        gsize piece = MIN(len - done, MAX_ENTROPY_CALL);
        if (getentropy(out + done, piece) != 0)
            return FALSE;
        done += piece;
    }
    return TRUE;
}

gboolean mx_random(guint8 *out, gsize len, GError **error)
{
    if (read_entropy(out, len))
        return TRUE;
    g_set_error(error, MX_ERROR, MX_ERROR_FAILED,
                _("The system gives no random numbers (%s). Nothing can be encrypted now."),
                g_strerror(errno));
    mx_memzero(out, len);
    return FALSE;
}

/* ---- secrets ---- */

void mx_memzero(gpointer data, gsize len)
{
    if (data != NULL)
        sodium_memzero(data, len);
}

void mx_secret_free(char *text)
{
    if (text == NULL)
        return;
    sodium_memzero(text, strlen(text));
    g_free(text);
}

typedef struct {
    gsize len;
    guint8 *data;
} Secret;

static void on_secret_bytes_freed(gpointer data)
{
    Secret *secret = data;
    mx_memzero(secret->data, secret->len);
    g_free(secret->data);
    g_free(secret);
}

GBytes *mx_secret_bytes_new_take(guint8 *data, gsize len)
{
    Secret *secret = g_new(Secret, 1);
    *secret = (Secret){len, data};
    return g_bytes_new_with_free_func(data, len, on_secret_bytes_freed, secret);
}

gboolean mx_equal_ct(const guint8 *a, const guint8 *b, gsize len)
{
    return sodium_memcmp(a, b, len) == 0;
}

/* ---- base64 ---- */

static char *encode(const guint8 *data, gsize len, int variant)
{
    gsize size = sodium_base64_encoded_len(len, variant);
    char *text = g_malloc(size);
    return sodium_bin2base64(text, size, data, len, variant);
}

/* Without its padding. FALSE when the padding is wrong. */
static gboolean strip_padding(const char *text, gsize *len)
{
    gsize bare = *len;
    while (bare > 0 && text[bare - 1] == '=')
        bare--;
    gboolean is_right = bare == *len || (*len % 4 == 0 && *len - bare <= 2);
    *len = bare;
    return is_right;
}

/* All bits set when first <= c <= last, else none; without a branch. */
static inline int in_range(int c, int first, int last)
{
    return ((first - 1 - c) & (c - last - 1)) >> 8;
}

/* The six bits of a character, or -1. No table and no branch, so that neither the cache nor the
 * time tells what a secret is. */
static inline int sextet(char character, gboolean takes_url)
{
    int c = (guint8)character, url = -(int)(takes_url != FALSE);
    int value = -1;
    value += in_range(c, 'A', 'Z') & (c - 'A' + 1);
    value += in_range(c, 'a', 'z') & (c - 'a' + 27);
    value += in_range(c, '0', '9') & (c - '0' + 53);
    value += (in_range(c, '+', '+') | (url & in_range(c, '-', '-'))) & 63;
    value += (in_range(c, '/', '/') | (url & in_range(c, '_', '_'))) & 64;
    return value;
}

/* libsodium's own decoder refuses bits that are left over, which even a key in the specification
 * has. */
static GBytes *decode(const char *text, gssize text_len, gboolean takes_url)
{
    if (text == NULL)
        return NULL;
    gsize len = text_len >= 0 ? (gsize)text_len : strlen(text);
    if (!strip_padding(text, &len) || len % 4 == 1)
        return NULL;
    gsize size = len / 4 * 3 + len % 4 * 3 / 4, done = 0;
    guint8 *data = g_malloc0(size + 1);
    g_autoptr(GBytes) decoded = mx_secret_bytes_new_take(data, size);
    guint bits = 0, held = 0;
    int bad = 0;
    for (gsize i = 0; i < len; i++) {
        int value = sextet(text[i], takes_url);
        bad |= value;
        bits = bits << 6 | ((guint)value & 63);
        held += 6;
        if (held >= 8) {
            held -= 8;
            data[done++] = (guint8)(bits >> held);
        }
    }
    return bad < 0 ? NULL : g_steal_pointer(&decoded);
}

char *mx_base64_encode(const guint8 *data, gsize len)
{
    return encode(data, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

GBytes *mx_base64_decode(const char *text, gssize len)
{
    return decode(text, len, FALSE);
}

gboolean mx_base64_decode_fixed(const char *text, guint8 *out, gsize len)
{
    g_autoptr(GBytes) decoded = mx_base64_decode(text, -1);
    gboolean fits = decoded != NULL && g_bytes_get_size(decoded) == len;
    if (!fits)
        mx_memzero(out, len);
    else if (len > 0)
        memcpy(out, g_bytes_get_data(decoded, NULL), len);
    return fits;
}

char *mx_base64url_encode(const guint8 *data, gsize len)
{
    return encode(data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

GBytes *mx_base64url_decode(const char *text, gssize len)
{
    return decode(text, len, TRUE);
}

/* ---- Curve25519 ---- */

/* All encodings, the highest bit aside, of the points on the curve and its twist whose order
 * divides 8: 0, 1, the two of order 8, p-1, p and p+1. */
static const guint8 low_order[][MX_KEY_LEN] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

gboolean mx_curve25519_key_is_ok(const guint8 key[MX_KEY_LEN])
{
    guint8 masked[MX_KEY_LEN];
    memcpy(masked, key, sizeof masked);
    masked[MX_KEY_LEN - 1] &= 0x7f; /* X25519 does not look at it (RFC 7748, 5) */
    for (gsize i = 0; i < G_N_ELEMENTS(low_order); i++)
        if (memcmp(masked, low_order[i], sizeof masked) == 0)
            return FALSE;
    return TRUE;
}

gboolean mx_x25519(const guint8 secret[MX_KEY_LEN], const guint8 public[MX_KEY_LEN],
                   guint8 shared[MX_KEY_LEN])
{
    if (mx_curve25519_key_is_ok(public) && crypto_scalarmult(shared, secret, public) == 0)
        return TRUE;
    mx_memzero(shared, MX_KEY_LEN);
    return FALSE;
}

void mx_x25519_public(const guint8 secret[MX_KEY_LEN], guint8 public[MX_KEY_LEN])
{
    crypto_scalarmult_base(public, secret);
}

/* ---- Ed25519 ---- */

void mx_ed25519_public_from_seed(const guint8 seed[MX_KEY_LEN], guint8 public[MX_KEY_LEN])
{
    guint8 secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public, secret, seed);
    mx_memzero(secret, sizeof secret);
}

void mx_ed25519_sign(const guint8 seed[MX_KEY_LEN], const void *message, gsize len,
                     guint8 signature[MX_SIGNATURE_LEN])
{
    guint8 secret[crypto_sign_SECRETKEYBYTES], public[MX_KEY_LEN];
    crypto_sign_seed_keypair(public, secret, seed);
    crypto_sign_detached(signature, NULL, message, len, secret);
    mx_memzero(secret, sizeof secret);
}

gboolean mx_ed25519_verify(const guint8 public[MX_KEY_LEN], const void *message, gsize len,
                           const guint8 signature[MX_SIGNATURE_LEN])
{
    return crypto_sign_verify_detached(signature, message, len, public) == 0;
}

gboolean mx_ed25519_key_is_ok(const guint8 public[MX_KEY_LEN])
{
    return crypto_core_ed25519_is_valid_point(public) == 1;
}

/* ---- hashes and ciphers ---- */

void mx_sha256(const void *data, gsize len, guint8 out[MX_SHA256_LEN])
{
    gcry_md_hash_buffer(GCRY_MD_SHA256, out, data, len);
}

/* HMAC over up to three parts one after another. */
static void hmac_parts(const guint8 *key, gsize key_len, const gcry_buffer_t parts[3],
                       guint8 out[MX_SHA256_LEN])
{
    gcry_buffer_t all[4] = {{.data = (void *)key, .len = key_len}, parts[0], parts[1], parts[2]};
    gcry_error_t failure =
        gcry_md_hash_buffers(GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC, out, all, G_N_ELEMENTS(all));
    /* As GLib does when there is no memory: a code that was not computed must never be used. */
    if (failure != 0)
        g_error("HMAC: %s", gcry_strerror(failure));
}

void mx_hmac_sha256(const guint8 *key, gsize key_len, const void *data, gsize len,
                    guint8 out[MX_SHA256_LEN])
{
    gcry_buffer_t parts[3] = {{.data = (void *)data, .len = len}};
    hmac_parts(key, key_len, parts, out);
}

void mx_hkdf_sha256(const guint8 *ikm, gsize ikm_len, const guint8 *salt, gsize salt_len,
                    const void *info, gsize info_len, guint8 *out, gsize out_len)
{
    static const guint8 no_salt[MX_SHA256_LEN] = {0};
    g_return_if_fail(out_len <= 255 * MX_SHA256_LEN);
    guint8 key[MX_SHA256_LEN], block[MX_SHA256_LEN];
    gboolean has_salt = salt != NULL && salt_len > 0;
    mx_hmac_sha256(has_salt ? salt : no_salt, has_salt ? salt_len : sizeof no_salt, ikm, ikm_len,
                   key);
    guint8 number = 1;
    for (gsize done = 0; done < out_len; number++) {
        gcry_buffer_t parts[3] = {{.data = block, .len = number > 1 ? sizeof block : 0},
                                  {.data = (void *)info, .len = info_len},
                                  {.data = &number, .len = 1}};
        hmac_parts(key, sizeof key, parts, block);
        gsize piece = MIN(out_len - done, sizeof block);
        memcpy(out + done, block, piece);
        done += piece;
    }
    mx_memzero(key, sizeof key);
    mx_memzero(block, sizeof block);
}

gboolean mx_pbkdf2_sha512(const char *passphrase, const guint8 *salt, gsize salt_len,
                          guint iterations, guint8 *out, gsize out_len)
{
    if (gcry_kdf_derive(passphrase, strlen(passphrase), GCRY_KDF_PBKDF2, GCRY_MD_SHA512, salt,
                        salt_len, iterations, out_len, out) == 0)
        return TRUE;
    mx_memzero(out, out_len);
    return FALSE;
}

gboolean mx_aes256_ctr(const guint8 key[MX_KEY_LEN], const guint8 iv[MX_AES_IV_LEN],
                       const guint8 *in, guint8 *out, gsize len)
{
    gcry_cipher_hd_t cipher = NULL;
    gboolean in_place = in == out;
    gboolean done = gcry_cipher_open(&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CTR, 0) == 0 &&
                    gcry_cipher_setkey(cipher, key, MX_KEY_LEN) == 0 &&
                    gcry_cipher_setctr(cipher, iv, MX_AES_IV_LEN) == 0 &&
                    (len == 0 || gcry_cipher_encrypt(cipher, out, len, in_place ? NULL : in,
                                                     in_place ? 0 : len) == 0);
    gcry_cipher_close(cipher);
    if (!done)
        mx_memzero(out, len);
    return done;
}

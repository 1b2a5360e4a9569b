/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-secret-storage.h"

#define ALGORITHM "m.secret_storage.v1.aes-hmac-sha2"
#define PASSPHRASE_ALGORITHM "m.pbkdf2"
#define RANDOM_TEXT_LEN 32
#define MIN_ITERATIONS 1000
#define MAX_ITERATIONS 10000000
#define MAX_SALT 1024          /* bytes */
#define MAX_SECRET (64 * 1024) /* bytes */

/* Two keys for each name. */
typedef struct {
    guint8 aes[MX_KEY_LEN], mac[MX_KEY_LEN];
} Keys;
G_STATIC_ASSERT(sizeof(Keys) == 2 * MX_KEY_LEN);

static void derive_keys(const guint8 key[MX_KEY_LEN], const char *name, Keys *keys)
{
    mx_hkdf_sha256(key, MX_KEY_LEN, NULL, 0, name, strlen(name), (guint8 *)keys, sizeof *keys);
}

/* Bit 63 is clear, as some implementations count in 64 bits only. */
static gboolean make_iv(guint8 iv[MX_AES_IV_LEN], GError **error)
{
    if (!mx_random(iv, MX_AES_IV_LEN, error))
        return FALSE;
    iv[8] &= 0x7f;
    return TRUE;
}

/* A client once wrote longer ones, of which it used the beginning. */
static gboolean read_iv(JsonObject *object, guint8 iv[MX_AES_IV_LEN])
{
    g_autoptr(GBytes) bytes = mx_base64_decode(mx_json_string(object, "iv"), -1);
    if (bytes == NULL || g_bytes_get_size(bytes) < MX_AES_IV_LEN)
        return FALSE;
    memcpy(iv, g_bytes_get_data(bytes, NULL), MX_AES_IV_LEN);
    return TRUE;
}

static void set_bytes(JsonObject *object, const char *name, const guint8 *data, gsize len)
{
    g_autofree char *text = mx_base64_encode(data, len);
    json_object_set_string_member(object, name, text);
}

/* Letters and digits, from a base64 text that has enough of them. */
static char *make_random_text(GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < RANDOM_TEXT_LEN) {
        guint8 bytes[RANDOM_TEXT_LEN];
        if (!mx_random(bytes, sizeof bytes, error))
            return NULL;
        g_autofree char *encoded = mx_base64_encode(bytes, sizeof bytes);
        for (const char *at = encoded; *at != '\0' && text->len < RANDOM_TEXT_LEN; at++)
            if (g_ascii_isalnum(*at))
                g_string_append_c(text, *at);
    }
    return g_strdup(text->str);
}

char *mx_secret_storage_new_key_id(GError **error)
{
    return make_random_text(error);
}

/* ---- keys ---- */

/* What the key makes of 32 zero bytes. */
static gboolean make_check(const guint8 key[MX_KEY_LEN], const guint8 iv[MX_AES_IV_LEN],
                           guint8 mac[MX_SHA256_LEN])
{
    guint8 zeros[MX_KEY_LEN] = {0};
    Keys keys;
    derive_keys(key, "", &keys);
    gboolean made = mx_aes256_ctr(keys.aes, iv, zeros, zeros, sizeof zeros);
    if (made)
        mx_hmac_sha256(keys.mac, sizeof keys.mac, zeros, sizeof zeros, mac);
    mx_memzero(&keys, sizeof keys);
    return made;
}

MxSecretKeyCheck mx_secret_storage_check_key(JsonObject *description, const guint8 key[MX_KEY_LEN])
{
    guint8 iv[MX_AES_IV_LEN], mac[MX_SHA256_LEN], own[MX_SHA256_LEN];
    if (g_strcmp0(mx_json_string(description, "algorithm"), ALGORITHM) != 0)
        return MX_SECRET_KEY_UNSUPPORTED;
    if (!json_object_has_member(description, "iv") || !json_object_has_member(description, "mac"))
        return MX_SECRET_KEY_UNVERIFIABLE;
    if (!read_iv(description, iv) ||
        !mx_base64_decode_fixed(mx_json_string(description, "mac"), mac, sizeof mac) ||
        !make_check(key, iv, own))
        return MX_SECRET_KEY_UNSUPPORTED;
    return mx_equal_ct(mac, own, sizeof mac) ? MX_SECRET_KEY_RIGHT : MX_SECRET_KEY_WRONG;
}

static gboolean refuse(GError **error, MxErrorCode code, const char *why)
{
    g_set_error_literal(error, MX_ERROR, (int)code, why);
    return FALSE;
}

JsonObject *mx_secret_storage_describe_key(const guint8 key[MX_KEY_LEN], JsonObject *passphrase,
                                           GError **error)
{
    guint8 iv[MX_AES_IV_LEN], mac[MX_SHA256_LEN];
    if (!make_iv(iv, error))
        return NULL;
    if (!make_check(key, iv, mac)) {
        refuse(error, MX_ERROR_FAILED, _("The key cannot be made."));
        return NULL;
    }
    JsonObject *description = json_object_new();
    json_object_set_string_member(description, "algorithm", ALGORITHM);
    if (passphrase != NULL)
        json_object_set_object_member(description, "passphrase", json_object_ref(passphrase));
    set_bytes(description, "iv", iv, sizeof iv);
    set_bytes(description, "mac", mac, sizeof mac);
    return description;
}

/* ---- passphrases ---- */

JsonObject *mx_secret_storage_new_passphrase(GError **error)
{
    g_autofree char *salt = make_random_text(error);
    if (salt == NULL)
        return NULL;
    JsonObject *passphrase = json_object_new();
    json_object_set_string_member(passphrase, "algorithm", PASSPHRASE_ALGORITHM);
    json_object_set_string_member(passphrase, "salt", salt);
    json_object_set_int_member(passphrase, "iterations", MX_PASSPHRASE_ITERATIONS);
    json_object_set_int_member(passphrase, "bits", 8 * MX_KEY_LEN);
    return passphrase;
}

gboolean mx_secret_storage_derive(JsonObject *passphrase, const char *text, guint8 key[MX_KEY_LEN],
                                  GError **error)
{
    const char *salt = mx_json_string(passphrase, "salt");
    gint64 iterations = mx_json_int_or(passphrase, "iterations", 0);
    gboolean is_usual =
        g_strcmp0(mx_json_string(passphrase, "algorithm"), PASSPHRASE_ALGORITHM) == 0 &&
        salt != NULL && *salt != '\0' && strlen(salt) <= MAX_SALT &&
        (!json_object_has_member(passphrase, "bits") ||
         mx_json_int_or(passphrase, "bits", 0) == 8 * MX_KEY_LEN);
    mx_memzero(key, MX_KEY_LEN);
    if (!is_usual)
        return refuse(error, MX_ERROR_BAD_ANSWER,
                      _("This account has no passphrase that can be used here. Use the recovery "
                        "key."));
    if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS)
        return refuse(error, MX_ERROR_BAD_ANSWER,
                      _("The homeserver asks for an unreasonable amount of work to check the "
                        "passphrase. Use the recovery key."));
    if (!mx_pbkdf2_sha512(text, (const guint8 *)salt, strlen(salt), (guint)iterations, key,
                          MX_KEY_LEN))
        return refuse(error, MX_ERROR_FAILED, _("The passphrase cannot be used."));
    return TRUE;
}

/* ---- secrets ---- */

JsonObject *mx_secret_storage_encrypt(const guint8 key[MX_KEY_LEN], const char *name,
                                      const char *secret, GError **error)
{
    guint8 iv[MX_AES_IV_LEN], mac[MX_SHA256_LEN];
    gsize len = strlen(secret);
    if (!make_iv(iv, error))
        return NULL;
    Keys keys;
    derive_keys(key, name, &keys);
    g_autofree guint8 *text = g_malloc(len + 1);
    gboolean done = mx_aes256_ctr(keys.aes, iv, (const guint8 *)secret, text, len);
    mx_hmac_sha256(keys.mac, sizeof keys.mac, text, len, mac);
    mx_memzero(&keys, sizeof keys);
    if (!done) {
        refuse(error, MX_ERROR_FAILED, _("The secret cannot be encrypted."));
        return NULL;
    }
    JsonObject *encrypted = json_object_new();
    set_bytes(encrypted, "iv", iv, sizeof iv);
    set_bytes(encrypted, "ciphertext", text, len);
    set_bytes(encrypted, "mac", mac, sizeof mac);
    return encrypted;
}

JsonObject *mx_secret_storage_find(JsonObject *content, const char *key_id)
{
    return mx_json_object(mx_json_object(content, "encrypted"), key_id);
}

/* NULL unless the code is right and the text is one. */
static char *open_secret(const Keys *keys, const guint8 iv[MX_AES_IV_LEN],
                         const guint8 mac[MX_SHA256_LEN], GBytes *ciphertext, GError **error)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(ciphertext, &len);
    guint8 own[MX_SHA256_LEN];
    mx_hmac_sha256(keys->mac, sizeof keys->mac, data, len, own);
    if (!mx_equal_ct(mac, own, sizeof own)) {
        refuse(error, MX_ERROR_INVALID, _("The secret is encrypted with another key."));
        return NULL;
    }
    char *secret = g_malloc0(len + 1);
    if (mx_aes256_ctr(keys->aes, iv, data, (guint8 *)secret, len) &&
        g_utf8_validate(secret, (gssize)len, NULL))
        return secret;
    mx_memzero(secret, len);
    g_free(secret);
    refuse(error, MX_ERROR_INVALID, _("The secret was changed since it was stored."));
    return NULL;
}

char *mx_secret_storage_decrypt(const guint8 key[MX_KEY_LEN], const char *name,
                                JsonObject *encrypted, GError **error)
{
    guint8 iv[MX_AES_IV_LEN], mac[MX_SHA256_LEN];
    const char *text = mx_json_string(encrypted, "ciphertext");
    g_autoptr(GBytes) ciphertext = NULL;
    if (text != NULL && strlen(text) <= MAX_SECRET)
        ciphertext = mx_base64_decode(text, -1);
    if (ciphertext == NULL || !read_iv(encrypted, iv) ||
        !mx_base64_decode_fixed(mx_json_string(encrypted, "mac"), mac, sizeof mac)) {
        refuse(error, MX_ERROR_BAD_ANSWER, _("The stored secret is not one that can be read."));
        return NULL;
    }
    Keys keys;
    derive_keys(key, name, &keys);
    char *secret = open_secret(&keys, iv, mac, ciphertext, error);
    mx_memzero(&keys, sizeof keys);
    return secret;
}

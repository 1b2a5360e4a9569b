/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-attachment.h"

#include <gcrypt.h>
#include <string.h>

/* The counter's half of the IV begins at zero, so that it never overflows into the random one. */
#define RANDOM_IV_LEN 8

struct _MxAttachmentCipher {
    gcry_cipher_hd_t aes;
    gcry_md_hd_t hash;
    MxAttachmentWay way;
};

/* ---- keys ---- */

gboolean mx_attachment_key_generate(MxAttachmentKey *key, GError **error)
{
    memset(key, 0, sizeof *key);
    return mx_random(key->key, sizeof key->key, error) && mx_random(key->iv, RANDOM_IV_LEN, error);
}

static gboolean read_bytes(MxJsonSlice slice, guint8 *out, gsize len)
{
    g_autofree char *text = mx_json_slice_dup_string(slice);
    g_autoptr(GBytes) bytes = mx_base64url_decode(text, -1);
    if (text != NULL)
        mx_memzero(text, strlen(text));
    if (bytes == NULL || g_bytes_get_size(bytes) != len)
        return FALSE;
    memcpy(out, g_bytes_get_data(bytes, NULL), len);
    return TRUE;
}

static gboolean read_key(MxJsonSlice slice, guint8 key[MX_KEY_LEN])
{
    static const char *const names[] = {"kty", "alg", "k", NULL};
    MxJsonSlice values[3];
    if (slice.text == NULL || slice.type != MX_JSON_OBJECT)
        return FALSE;
    mx_json_scan_members(slice, names, values);
    return mx_json_slice_equals(values[0], "oct") && mx_json_slice_equals(values[1], "A256CTR") &&
           read_bytes(values[2], key, MX_KEY_LEN);
}

gboolean mx_attachment_key_read(MxAttachmentKey *key, MxJsonSlice file)
{
    static const char *const names[] = {"v", "key", "iv", "hashes", NULL};
    MxJsonSlice values[4];
    memset(key, 0, sizeof *key);
    if (file.text == NULL || file.type != MX_JSON_OBJECT)
        return FALSE;
    mx_json_scan_members(file, names, values);
    gboolean has_hashes = values[3].text != NULL && values[3].type == MX_JSON_OBJECT;
    if (has_hashes && mx_json_slice_equals(values[0], "v2") && read_key(values[1], key->key) &&
        read_bytes(values[2], key->iv, MX_AES_IV_LEN) &&
        read_bytes(mx_json_scan_member(values[3], "sha256"), key->sha256, MX_SHA256_LEN))
        return TRUE;
    mx_memzero(key, sizeof *key);
    return FALSE;
}

static JsonObject *new_web_key(const MxAttachmentKey *key)
{
    JsonObject *object = json_object_new();
    JsonArray *operations = json_array_new();
    json_array_add_string_element(operations, "encrypt");
    json_array_add_string_element(operations, "decrypt");
    g_autofree char *k = mx_base64url_encode(key->key, MX_KEY_LEN);
    json_object_set_string_member(object, "kty", "oct");
    json_object_set_array_member(object, "key_ops", operations);
    json_object_set_string_member(object, "alg", "A256CTR");
    json_object_set_string_member(object, "k", k);
    json_object_set_boolean_member(object, "ext", TRUE);
    mx_memzero(k, strlen(k));
    return object;
}

JsonObject *mx_attachment_key_to_json(const MxAttachmentKey *key, const char *mxc)
{
    JsonObject *file = json_object_new();
    JsonObject *hashes = json_object_new();
    g_autofree char *iv = mx_base64_encode(key->iv, MX_AES_IV_LEN);
    g_autofree char *sha256 = mx_base64_encode(key->sha256, MX_SHA256_LEN);
    json_object_set_string_member(hashes, "sha256", sha256);
    json_object_set_string_member(file, "v", "v2");
    json_object_set_string_member(file, "url", mxc);
    json_object_set_object_member(file, "key", new_web_key(key));
    json_object_set_string_member(file, "iv", iv);
    json_object_set_object_member(file, "hashes", hashes);
    return file;
}

/* ---- files ---- */

MxAttachmentCipher *mx_attachment_cipher_new(const MxAttachmentKey *key, MxAttachmentWay way)
{
    g_autoptr(MxAttachmentCipher) cipher = g_new0(MxAttachmentCipher, 1);
    cipher->way = way;
    if (gcry_cipher_open(&cipher->aes, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CTR, 0) != 0 ||
        gcry_cipher_setkey(cipher->aes, key->key, MX_KEY_LEN) != 0 ||
        gcry_cipher_setctr(cipher->aes, key->iv, MX_AES_IV_LEN) != 0 ||
        gcry_md_open(&cipher->hash, GCRY_MD_SHA256, 0) != 0)
        return NULL;
    return g_steal_pointer(&cipher);
}

void mx_attachment_cipher_free(MxAttachmentCipher *cipher)
{
    if (cipher == NULL)
        return;
    gcry_cipher_close(cipher->aes);
    gcry_md_close(cipher->hash);
    g_free(cipher);
}

gboolean mx_attachment_cipher_next(MxAttachmentCipher *cipher, const guint8 *in, guint8 *out,
                                   gsize len)
{
    gboolean in_place = in == out;
    if (len == 0)
        return TRUE;
    if (cipher->way == MX_ATTACHMENT_DECRYPT)
        gcry_md_write(cipher->hash, in, len);
    if (gcry_cipher_encrypt(cipher->aes, out, len, in_place ? NULL : in, in_place ? 0 : len) != 0) {
        mx_memzero(out, len);
        return FALSE;
    }
    if (cipher->way == MX_ATTACHMENT_ENCRYPT)
        gcry_md_write(cipher->hash, out, len);
    return TRUE;
}

void mx_attachment_cipher_end(MxAttachmentCipher *cipher, guint8 sha256[MX_SHA256_LEN])
{
    memcpy(sha256, gcry_md_read(cipher->hash, GCRY_MD_SHA256), MX_SHA256_LEN);
}

gboolean mx_attachment_cipher_is_whole(MxAttachmentCipher *cipher, const MxAttachmentKey *key)
{
    guint8 sha256[MX_SHA256_LEN];
    mx_attachment_cipher_end(cipher, sha256);
    return mx_equal_ct(sha256, key->sha256, MX_SHA256_LEN);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-attachment.h"
#include "mx-json.h"

/* Encrypted files: the format, and what is not taken for one. */

#define KEY "Voq2nkPme_x8no5-Tjq_laDAdxE6iDbxnlQXxwFPgE4"
#define IV "i0DovxYdJEcAAAAAAAAAAA"
#define HASH "ANdt819a8bZl4jKy3Z+jcqtiNICa2y0AW4BBJ/iQRAU"
#define FILE_WITH(v, kty, alg, k, iv, hash)                                                        \
    "{\"v\":\"" v "\",\"url\":\"mxc://a/b\",\"key\":{\"kty\":\"" kty "\",\"alg\":\"" alg           \
    "\",\"ext\":true,\"k\":\"" k "\",\"key_ops\":[\"decrypt\",\"encrypt\"]},\"iv\":\"" iv          \
    "\",\"hashes\":{\"sha256\":\"" hash "\"}}"

static const char file[] = FILE_WITH("v2", "oct", "A256CTR", KEY, IV, HASH);
static const char plaintext[] = "It's a secret to everybody";
static const guint8 ciphertext[] = {0xb3, 0x9a, 0x76, 0x7f, 0xba, 0x7f, 0x6e, 0x21, 0xcb,
                                    0x21, 0x21, 0x86, 0x43, 0x64, 0xad, 0x2e, 0xeb, 0x1b,
                                    0xd7, 0xac, 0x24, 0x1a, 0x4b, 0x2f, 0x21, 0xa0};

static gboolean read_key(MxAttachmentKey *key, const char *json)
{
    g_assert_true(mx_json_scan_validate(json, strlen(json)));
    return mx_attachment_key_read(key, mx_json_scan_root(json, strlen(json)));
}

/* As another client wrote it. */
static void test_decrypt(void)
{
    MxAttachmentKey key;
    guint8 out[sizeof ciphertext];
    g_assert_true(read_key(&key, file));
    g_autoptr(MxAttachmentCipher) cipher = mx_attachment_cipher_new(&key, MX_ATTACHMENT_DECRYPT);
    g_assert_true(mx_attachment_cipher_next(cipher, ciphertext, out, sizeof out));
    g_assert_true(mx_attachment_cipher_is_whole(cipher, &key));
    g_assert_cmpmem(out, sizeof out, plaintext, strlen(plaintext));
}

/* In pieces of each length, in place. */
static void test_pieces(void)
{
    MxAttachmentKey key;
    g_assert_true(read_key(&key, file));
    for (gsize piece = 1; piece <= sizeof ciphertext; piece++) {
        guint8 data[sizeof ciphertext];
        memcpy(data, ciphertext, sizeof data);
        g_autoptr(MxAttachmentCipher) cipher =
            mx_attachment_cipher_new(&key, MX_ATTACHMENT_DECRYPT);
        for (gsize at = 0; at < sizeof data; at += piece)
            g_assert_true(mx_attachment_cipher_next(cipher, data + at, data + at,
                                                    MIN(piece, sizeof data - at)));
        g_assert_true(mx_attachment_cipher_is_whole(cipher, &key));
        g_assert_cmpmem(data, sizeof data, plaintext, strlen(plaintext));
    }
}

/* One bit of the file, a byte too few, a byte too many. */
static void test_changed(void)
{
    MxAttachmentKey key;
    guint8 data[sizeof ciphertext + 1] = {0}, out[sizeof data];
    g_assert_true(read_key(&key, file));
    for (gsize len = sizeof ciphertext - 1; len <= sizeof data; len++) {
        memcpy(data, ciphertext, sizeof ciphertext);
        data[0] ^= len == sizeof ciphertext;
        g_autoptr(MxAttachmentCipher) cipher =
            mx_attachment_cipher_new(&key, MX_ATTACHMENT_DECRYPT);
        g_assert_true(mx_attachment_cipher_next(cipher, data, out, len));
        g_assert_false(mx_attachment_cipher_is_whole(cipher, &key));
    }
}

/* The whole IV is the counter: with all bits set it goes round. */
static void test_counter(void)
{
    MxAttachmentKey key = {0};
    guint8 zeros[32] = {0}, two[32], second[16];
    memset(key.iv, 0xff, sizeof key.iv);
    g_autoptr(MxAttachmentCipher) both = mx_attachment_cipher_new(&key, MX_ATTACHMENT_DECRYPT);
    g_assert_true(mx_attachment_cipher_next(both, zeros, two, sizeof two));
    memset(key.iv, 0, sizeof key.iv);
    g_autoptr(MxAttachmentCipher) one = mx_attachment_cipher_new(&key, MX_ATTACHMENT_DECRYPT);
    g_assert_true(mx_attachment_cipher_next(one, zeros, second, sizeof second));
    g_assert_cmpmem(two + 16, 16, second, sizeof second);
}

static void test_refused(void)
{
    static const char *const wrong[] = {
        FILE_WITH("v1", "oct", "A256CTR", KEY, IV, HASH),
        FILE_WITH("v3", "oct", "A256CTR", KEY, IV, HASH),
        FILE_WITH("v2", "RSA", "A256CTR", KEY, IV, HASH),
        FILE_WITH("v2", "oct", "A256GCM", KEY, IV, HASH),
        FILE_WITH("v2", "oct", "A256CTR", "", IV, HASH),
        FILE_WITH("v2", "oct", "A256CTR", KEY "AA", IV, HASH),
        FILE_WITH("v2", "oct", "A256CTR", "AAAAAAAAAAAAAAAAAAAAAA", IV, HASH),
        FILE_WITH("v2", "oct", "A256CTR", KEY, "AAAAAAAAAAA", HASH),
        FILE_WITH("v2", "oct", "A256CTR", KEY, KEY, HASH),
        FILE_WITH("v2", "oct", "A256CTR", KEY, "*", HASH),
        FILE_WITH("v2", "oct", "A256CTR", KEY, IV, ""),
        FILE_WITH("v2", "oct", "A256CTR", KEY, IV, "AAAA"),
        "{}",
        "[]",
        "null",
        "{\"v\":\"v2\",\"key\":[],\"iv\":7,\"hashes\":\"sha256\"}",
        "{\"v\":\"v2\",\"key\":{\"kty\":\"oct\",\"alg\":\"A256CTR\",\"k\":\"" KEY "\"},\"iv\":\"" IV
        "\",\"hashes\":{\"md5\":\"" HASH "\"}}",
        "{\"v\":\"v2\",\"key\":\"" KEY "\",\"iv\":\"" IV "\",\"hashes\":{\"sha256\":\"" HASH "\"}}",
    };
    MxAttachmentKey key, zero = {0};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_false(read_key(&key, wrong[i]));
        g_assert_cmpmem(&key, sizeof key, &zero, sizeof zero);
    }
    g_assert_false(mx_attachment_key_read(&key, (MxJsonSlice){NULL}));
}

/* What is written here is read here, and has the form that others want. */
static void test_round_trip(void)
{
    MxAttachmentKey key, again, other;
    guint8 data[1000], sealed[1000], opened[1000];
    memset(data, 'x', sizeof data);
    g_assert_true(mx_attachment_key_generate(&key, NULL));
    g_assert_true(mx_attachment_key_generate(&other, NULL));
    g_assert_cmpint(memcmp(key.key, other.key, sizeof key.key), !=, 0);
    g_assert_cmpint(memcmp(key.iv, other.iv, sizeof key.iv), !=, 0);
    for (guint i = 8; i < 16; i++)
        g_assert_cmpuint(key.iv[i], ==, 0);
    g_autoptr(MxAttachmentCipher) cipher = mx_attachment_cipher_new(&key, MX_ATTACHMENT_ENCRYPT);
    g_assert_true(mx_attachment_cipher_next(cipher, data, sealed, 333));
    g_assert_true(mx_attachment_cipher_next(cipher, data + 333, sealed + 333, 667));
    mx_attachment_cipher_end(cipher, key.sha256);
    g_autoptr(JsonObject) object = mx_attachment_key_to_json(&key, "mxc://a/b");
    g_autofree char *text = mx_json_object_to_text(object);
    g_assert_cmpstr(mx_json_string(object, "url"), ==, "mxc://a/b");
    g_assert_null(strstr(text, "\\/"));
    g_assert_true(read_key(&again, text));
    g_assert_cmpmem(&again, sizeof again, &key, sizeof key);
    g_autoptr(MxAttachmentCipher) back = mx_attachment_cipher_new(&again, MX_ATTACHMENT_DECRYPT);
    g_assert_true(mx_attachment_cipher_next(back, sealed, opened, sizeof opened));
    g_assert_true(mx_attachment_cipher_is_whole(back, &again));
    g_assert_cmpmem(opened, sizeof opened, data, sizeof data);
}

/* Without random bytes there is no key, and so no file. */
static void test_no_random(void)
{
    MxAttachmentKey key;
    g_autoptr(GError) error = NULL;
    mx_random_fail_after(1);
    g_assert_false(mx_attachment_key_generate(&key, &error));
    g_assert_nonnull(error);
    mx_random_fail_after(-1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/attachment/decrypt", test_decrypt);
    g_test_add_func("/attachment/pieces", test_pieces);
    g_test_add_func("/attachment/changed", test_changed);
    g_test_add_func("/attachment/counter", test_counter);
    g_test_add_func("/attachment/refused", test_refused);
    g_test_add_func("/attachment/round-trip", test_round_trip);
    g_test_add_func("/attachment/no-random", test_no_random);
    return g_test_run();
}

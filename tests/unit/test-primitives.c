/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-error.h"
#include "mx-primitives.h"

/* The vectors are of the RFCs that are named beside them. */

static void read_hex(const char *hex, guint8 *out, gsize len)
{
    g_assert_cmpuint(strlen(hex), ==, 2 * len);
    for (gsize i = 0; i < len; i++)
        out[i] =
            (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
}

static void assert_hex(const guint8 *data, gsize len, const char *hex)
{
    guint8 expected[128];
    g_assert_cmpuint(len, <=, sizeof expected);
    read_hex(hex, expected, len);
    g_assert_cmpmem(data, len, expected, len);
}

/* ---- base64 ---- */

static const struct {
    const char *text;
    const char *hex; /* NULL: refused */
    gboolean url_only;
} base64_cases[] = {
    {"", "", FALSE},
    {"Zg", "66", FALSE}, /* RFC 4648, 10 */
    {"Zg==", "66", FALSE},
    {"Zm8", "666f", FALSE},
    {"Zm8=", "666f", FALSE},
    {"Zm9v", "666f6f", FALSE},
    {"Zm9vYg", "666f6f62", FALSE},
    {"Zm9vYmE", "666f6f6261", FALSE},
    {"Zm9vYmFy", "666f6f626172", FALSE},
    {"+/+/", "fbffbf", FALSE},
    {"-_-_", "fbffbf", TRUE},
    {"-/-/", "fbffbf", TRUE},
    {"Z", NULL, FALSE},
    {"Zm9vY", NULL, FALSE},
    {"Zg=", NULL, FALSE},
    {"Zg===", NULL, FALSE},
    {"Zm9v====", NULL, FALSE},
    {"=", NULL, FALSE},
    {"====", NULL, FALSE},
    {"Zg==Zg==", NULL, FALSE},
    {"Zh", "66", FALSE}, /* bits that are left over */
    {"Zm9", "666f", FALSE},
    {" Zg", NULL, FALSE},
    {"Zg\n", NULL, FALSE},
    {"Zm 9v", NULL, FALSE},
    {"Zm9v\xc3\xa9", NULL, FALSE},
    {"Zm9*", NULL, FALSE},
};

static void check_decoded(GBytes *decoded, const char *hex)
{
    if (hex == NULL) {
        g_assert_null(decoded);
        return;
    }
    g_assert_nonnull(decoded);
    gsize len;
    const guint8 *data = g_bytes_get_data(decoded, &len);
    g_assert_cmpuint(len, ==, strlen(hex) / 2);
    assert_hex(data, len, hex);
}

static void test_base64(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(base64_cases); i++) {
        const char *text = base64_cases[i].text, *hex = base64_cases[i].hex;
        g_autoptr(GBytes) usual = mx_base64_decode(text, -1);
        check_decoded(usual, base64_cases[i].url_only ? NULL : hex);
        g_autoptr(GBytes) url = mx_base64url_decode(text, (gssize)strlen(text));
        check_decoded(url, hex);
    }
    g_assert_null(mx_base64_decode(NULL, -1));
    g_autoptr(GBytes) cut = mx_base64_decode("Zm9vYmFy!", 4);
    check_decoded(cut, "666f6f");
    g_assert_null(mx_base64_decode("Zm9v\0AAA", 8));

    for (int c = 1; c < 256; c++) {
        char text[] = {(char)c, 'A', 'A', 'A', '\0'};
        g_autoptr(GBytes) plain = mx_base64_decode(text, -1);
        gboolean is_plain = g_ascii_isalnum(c) || c == '+' || c == '/';
        g_assert_true((plain != NULL) == is_plain);
        g_autoptr(GBytes) either = mx_base64url_decode(text, -1);
        g_assert_true((either != NULL) == (is_plain || c == '-' || c == '_'));
    }
    static const guint8 bytes[] = {0xfb, 0xff, 0xbf, 0x66};
    g_autofree char *usual = mx_base64_encode(bytes, sizeof bytes);
    g_assert_cmpstr(usual, ==, "+/+/Zg");
    g_autofree char *url = mx_base64url_encode(bytes, sizeof bytes);
    g_assert_cmpstr(url, ==, "-_-_Zg");
    g_autofree char *empty = mx_base64_encode(bytes, 0);
    g_assert_cmpstr(empty, ==, "");
}

static void test_base64_round_trip(void)
{
    guint8 data[100];
    g_assert_true(mx_random(data, sizeof data, NULL));
    for (gsize len = 0; len <= sizeof data; len++) {
        g_autofree char *text = mx_base64_encode(data, len);
        g_autofree char *url_text = mx_base64url_encode(data, len);
        g_autoptr(GBytes) back = mx_base64_decode(text, -1);
        g_autoptr(GBytes) url_back = mx_base64url_decode(url_text, -1);
        g_autoptr(GBytes) expected = g_bytes_new(data, len);
        g_assert_true(g_bytes_equal(back, expected));
        g_assert_true(g_bytes_equal(url_back, expected));
    }
}

static void test_base64_fixed(void)
{
    static const guint8 zero[3] = {0};
    guint8 out[3];
    g_assert_true(mx_base64_decode_fixed("Zm9v", out, sizeof out));
    g_assert_cmpmem(out, 3, "foo", 3);
    static const char *const bad[] = {"Zm8", "Zm8=", "Zm9vYg", "Zm9*", "", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        memset(out, 7, sizeof out);
        g_assert_false(mx_base64_decode_fixed(bad[i], out, sizeof out));
        g_assert_cmpmem(out, sizeof out, zero, sizeof zero);
    }
}

/* ---- curves ---- */

static const char *const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void test_low_order(void)
{
    static const guint8 zero[MX_KEY_LEN] = {0};
    guint8 secret[MX_KEY_LEN], key[MX_KEY_LEN], shared[MX_KEY_LEN];
    g_assert_true(mx_random(secret, sizeof secret, NULL));
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(low_order); i++) {
        read_hex(low_order[i / 2], key, sizeof key);
        key[MX_KEY_LEN - 1] |= i % 2 == 1 ? 0x80 : 0;
        g_assert_false(mx_curve25519_key_is_ok(key));
        memset(shared, 7, sizeof shared);
        g_assert_false(mx_x25519(secret, key, shared));
        g_assert_cmpmem(shared, sizeof shared, zero, sizeof zero);
    }
    mx_x25519_public(secret, key);
    g_assert_true(mx_curve25519_key_is_ok(key));
    static const guint8 base[MX_KEY_LEN] = {9};
    g_assert_true(mx_curve25519_key_is_ok(base));
}

/* RFC 7748, 5.2 */
static void test_x25519(void)
{
    guint8 secret[MX_KEY_LEN], public[MX_KEY_LEN], shared[MX_KEY_LEN];
    read_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", secret, 32);
    read_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", public, 32);
    g_assert_true(mx_x25519(secret, public, shared));
    assert_hex(shared, 32, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

/* RFC 7748, 6.1 */
static void test_x25519_agreement(void)
{
    guint8 alice[MX_KEY_LEN], bob[MX_KEY_LEN], public[MX_KEY_LEN], shared[MX_KEY_LEN];
    read_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice, 32);
    read_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob, 32);
    guint8 other[MX_KEY_LEN], again[MX_KEY_LEN];
    mx_x25519_public(bob, public);
    assert_hex(public, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    g_assert_true(mx_x25519(alice, public, shared));
    assert_hex(shared, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    mx_x25519_public(alice, other);
    g_assert_true(mx_x25519(bob, other, again));
    g_assert_true(mx_equal_ct(shared, again, sizeof shared));
    again[31] ^= 1;
    g_assert_false(mx_equal_ct(shared, again, sizeof shared));
}

/* RFC 8032, 7.1, tests 1 to 3 */
static const struct {
    const char *seed, *public, *message, *signature;
} ed25519_cases[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

static void test_ed25519(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ed25519_cases); i++) {
        guint8 seed[MX_KEY_LEN], public[MX_KEY_LEN], signature[MX_SIGNATURE_LEN], message[2];
        gsize len = strlen(ed25519_cases[i].message) / 2;
        read_hex(ed25519_cases[i].seed, seed, sizeof seed);
        read_hex(ed25519_cases[i].message, message, len);
        mx_ed25519_public_from_seed(seed, public);
        assert_hex(public, sizeof public, ed25519_cases[i].public);
        mx_ed25519_sign(seed, message, len, signature);
        assert_hex(signature, sizeof signature, ed25519_cases[i].signature);
        g_assert_true(mx_ed25519_verify(public, message, len, signature));
        g_assert_false(mx_ed25519_verify(public, "other", 5, signature));
        for (gsize bit = 0; bit < 8 * MX_SIGNATURE_LEN; bit += 37) {
            signature[bit / 8] ^= (guint8)(1 << bit % 8);
            g_assert_false(mx_ed25519_verify(public, message, len, signature));
            signature[bit / 8] ^= (guint8)(1 << bit % 8);
        }
    }
}

/* A key and a signature that hold for every message where the check is lax: the key is the
 * identity, R is the key, S is 0. */
static void test_universal_forgery(void)
{
    guint8 key[MX_KEY_LEN] = {1}, signature[MX_SIGNATURE_LEN] = {1};
    g_assert_false(mx_ed25519_verify(key, "anything", 8, signature));
    memset(key, 0, sizeof key);
    memset(signature, 0, sizeof signature);
    g_assert_false(mx_ed25519_verify(key, "anything", 8, signature));
    memset(key, 0xff, sizeof key); /* not canonical */
    key[0] = 0xee;
    key[31] = 0x7f;
    signature[0] = 1;
    g_assert_false(mx_ed25519_verify(key, "anything", 8, signature));
}

/* S + L is as good as S for a check that does not look. */
static void test_malleated(void)
{
    guint8 seed[MX_KEY_LEN] = {5}, public[MX_KEY_LEN], signature[MX_SIGNATURE_LEN];
    guint8 order[MX_KEY_LEN];
    read_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, 32);
    mx_ed25519_public_from_seed(seed, public);
    mx_ed25519_sign(seed, "text", 4, signature);
    g_assert_true(mx_ed25519_verify(public, "text", 4, signature));
    guint carry = 0;
    for (int i = 0; i < MX_KEY_LEN; i++) {
        carry += (guint)signature[32 + i] + order[i];
        signature[32 + i] = (guint8)carry;
        carry >>= 8;
    }
    g_assert_cmpuint(carry, ==, 0);
    g_assert_false(mx_ed25519_verify(public, "text", 4, signature));
}

/* ---- hashes and ciphers ---- */

static void test_hashes(void)
{
    guint8 out[MX_SHA256_LEN];
    mx_sha256("abc", 3, out); /* FIPS 180-4 */
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    mx_sha256("", 0, out);
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* RFC 4231, 4.3 and 4.2 */
    mx_hmac_sha256((const guint8 *)"Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    guint8 key[20];
    memset(key, 0x0b, sizeof key);
    mx_hmac_sha256(key, sizeof key, "Hi There", 8, out);
    assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

/* RFC 5869, A.1 and A.3 */
static void test_hkdf(void)
{
    guint8 ikm[22], salt[13], info[10], out[42];
    memset(ikm, 0x0b, sizeof ikm);
    read_hex("000102030405060708090a0b0c", salt, sizeof salt);
    read_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
    mx_hkdf_sha256(ikm, sizeof ikm, salt, sizeof salt, info, sizeof info, out, sizeof out);
    assert_hex(out, 42,
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
               "65");
    mx_hkdf_sha256(ikm, sizeof ikm, NULL, 0, NULL, 0, out, sizeof out);
    assert_hex(out, 42,
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
               "c8");
}

static void test_pbkdf2(void)
{
    guint8 out[64];
    const guint8 *salt = (const guint8 *)"salt";
    g_assert_true(mx_pbkdf2_sha512("password", salt, 4, 1, out, sizeof out));
    assert_hex(out, 64,
               "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501ba"
               "d999bfe943c08f050235d7d68b1da55e63f73b60a57fce");
    g_assert_false(mx_pbkdf2_sha512("password", salt, 4, 0, out, sizeof out));
    g_assert_cmpuint(out[0], ==, 0);
}

/* SP 800-38A, F.5.5; then the carry through all of the counter */
static void test_aes(void)
{
    guint8 key[MX_KEY_LEN], iv[MX_AES_IV_LEN], text[32], out[32];
    read_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key, 32);
    read_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", iv, sizeof iv);
    read_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", text, 32);
    g_assert_true(mx_aes256_ctr(key, iv, text, out, sizeof out));
    assert_hex(out, 32, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
    g_assert_true(mx_aes256_ctr(key, iv, out, out, sizeof out));
    g_assert_cmpmem(out, sizeof out, text, sizeof text);
    g_assert_true(mx_aes256_ctr(key, iv, text, out, 0));

    guint8 last[MX_AES_IV_LEN], zero[MX_AES_IV_LEN] = {0}, none[32] = {0}, wrapped[32], first[16];
    memset(last, 0xff, sizeof last);
    g_assert_true(mx_aes256_ctr(key, last, none, wrapped, sizeof wrapped));
    g_assert_true(mx_aes256_ctr(key, zero, none, first, sizeof first));
    g_assert_cmpmem(wrapped + 16, 16, first, 16);
}

/* ---- the rest ---- */

static void test_random(void)
{
    guint8 a[700], b[700];
    g_autoptr(GError) error = NULL;
    g_assert_true(mx_random(a, sizeof a, &error));
    g_assert_true(mx_random(b, sizeof b, &error));
    g_assert_true(memcmp(a, b, sizeof a) != 0);
    g_assert_true(memcmp(a + 600, b + 600, 100) != 0);
    mx_random_fail_after(1);
    g_assert_true(mx_random(a, sizeof a, &error));
    g_assert_no_error(error);
    g_assert_false(mx_random(a, sizeof a, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_FAILED);
    memset(b, 0, sizeof b);
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
    mx_random_fail_after(-1);
    g_assert_true(mx_random(a, sizeof a, NULL));
}

static void test_init(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(mx_primitives_init(&error));
    g_assert_no_error(error);
    mx_secret_free(NULL);
    mx_secret_free(g_strdup("secret"));
    g_autoptr(GBytes) bytes = mx_secret_bytes_new_take(g_malloc0(5), 5);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/primitives/init", test_init);
    g_test_add_func("/primitives/random", test_random);
    g_test_add_func("/primitives/base64", test_base64);
    g_test_add_func("/primitives/base64-round-trip", test_base64_round_trip);
    g_test_add_func("/primitives/base64-fixed", test_base64_fixed);
    g_test_add_func("/primitives/low-order", test_low_order);
    g_test_add_func("/primitives/x25519", test_x25519);
    g_test_add_func("/primitives/x25519-agreement", test_x25519_agreement);
    g_test_add_func("/primitives/ed25519", test_ed25519);
    g_test_add_func("/primitives/universal-forgery", test_universal_forgery);
    g_test_add_func("/primitives/malleated", test_malleated);
    g_test_add_func("/primitives/hashes", test_hashes);
    g_test_add_func("/primitives/hkdf", test_hkdf);
    g_test_add_func("/primitives/pbkdf2", test_pbkdf2);
    g_test_add_func("/primitives/aes", test_aes);
    return g_test_run();
}

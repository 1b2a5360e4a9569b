/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-signed-json.h"

/* The specification's key and signatures (appendices, "Cryptographic Test Vectors"). */
#define SEED "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"

static const struct {
    const char *text, *signature;
} spec_cases[] = {
    {"{}",
     "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"},
    {"{\"one\":1,\"two\":\"Two\"}",
     "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw"},
};

static void read_seed(guint8 seed[MX_KEY_LEN])
{
    g_assert_true(mx_base64_decode_fixed(SEED, seed, MX_KEY_LEN));
}

static JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonObject *object = mx_signed_json_parse(text, -1, &error);
    g_assert_no_error(error);
    return object;
}

static void test_specification(void)
{
    guint8 seed[MX_KEY_LEN], key[MX_KEY_LEN];
    read_seed(seed);
    mx_ed25519_public_from_seed(seed, key);
    for (gsize i = 0; i < G_N_ELEMENTS(spec_cases); i++) {
        g_autoptr(JsonObject) object = parse(spec_cases[i].text);
        g_assert_false(mx_signed_json_verify(object, "domain", "ed25519:1", key));
        g_assert_true(
            mx_signed_json_sign(object, "domain", "ed25519:1", mx_sign_with_seed, seed, NULL));
        JsonObject *by_domain = mx_json_object(mx_json_object(object, "signatures"), "domain");
        g_assert_cmpstr(mx_json_string(by_domain, "ed25519:1"), ==, spec_cases[i].signature);
        g_assert_true(mx_signed_json_verify(object, "domain", "ed25519:1", key));
        g_assert_false(mx_signed_json_verify(object, "domain", "ed25519:2", key));
        g_assert_false(mx_signed_json_verify(object, "other", "ed25519:1", key));
        key[0] ^= 1;
        g_assert_false(mx_signed_json_verify(object, "domain", "ed25519:1", key));
        key[0] ^= 1;
    }
}

/* A3: what is not known here is signed too; `unsigned` and `signatures` are not. */
static void test_members(void)
{
    guint8 seed[MX_KEY_LEN], key[MX_KEY_LEN];
    read_seed(seed);
    mx_ed25519_public_from_seed(seed, key);
    g_autoptr(JsonObject) device = parse(
        "{\"user_id\":\"@a:x\",\"device_id\":\"D\",\"keys\":{\"ed25519:D\":\"k\"},"
        "\"org.example.new\":{\"b\":[1,null,true],\"a\":\"\\u00e9\"},"
        "\"signatures\":{\"@a:x\":{\"ed25519:OLD\":\"sig\"},\"@b:x\":{}},\"unsigned\":{\"n\":1}}");
    g_assert_true(mx_signed_json_sign(device, "@a:x", "ed25519:D", mx_sign_with_seed, seed, NULL));
    JsonObject *signatures = mx_json_object(device, "signatures");
    g_assert_cmpstr(mx_json_string(mx_json_object(signatures, "@a:x"), "ed25519:OLD"), ==, "sig");
    g_assert_true(json_object_has_member(signatures, "@b:x"));

    g_autofree char *text = mx_json_object_to_text(device);
    g_autoptr(JsonObject) received = parse(text);
    g_assert_true(mx_signed_json_verify(received, "@a:x", "ed25519:D", key));
    json_object_remove_member(received, "unsigned");
    g_assert_true(mx_signed_json_verify(received, "@a:x", "ed25519:D", key));
    json_object_set_int_member(received, "later", 1);
    g_assert_false(mx_signed_json_verify(received, "@a:x", "ed25519:D", key));
    json_object_remove_member(received, "later");
    g_assert_true(mx_signed_json_verify(received, "@a:x", "ed25519:D", key));
    json_object_remove_member(received, "org.example.new");
    g_assert_false(mx_signed_json_verify(received, "@a:x", "ed25519:D", key));
}

/* Whatever stands where the signature should. */
static void test_odd_signatures(void)
{
    static const char *const odd[] = {
        "{}",
        "{\"signatures\":null}",
        "{\"signatures\":[]}",
        "{\"signatures\":{\"domain\":\"x\"}}",
        "{\"signatures\":{\"domain\":{\"ed25519:1\":1}}}",
        "{\"signatures\":{\"domain\":{\"ed25519:1\":\"\"}}}",
        "{\"signatures\":{\"domain\":{\"ed25519:1\":\"K8280\"}}}",
        "{\"signatures\":{\"domain\":{\"ed25519:1\":{\"ed25519:1\":\"x\"}}}}",
    };
    guint8 seed[MX_KEY_LEN], key[MX_KEY_LEN];
    read_seed(seed);
    mx_ed25519_public_from_seed(seed, key);
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(JsonObject) object = parse(odd[i]);
        g_assert_false(mx_signed_json_verify(object, "domain", "ed25519:1", key));
        g_assert_true(
            mx_signed_json_sign(object, "domain", "ed25519:1", mx_sign_with_seed, seed, NULL));
        g_assert_true(mx_signed_json_verify(object, "domain", "ed25519:1", key));
    }
    g_assert_false(mx_signed_json_verify(NULL, "domain", "ed25519:1", key));
}

/* A4: the forgeries, as signatures of an object. */
static void test_forged(void)
{
    static const guint8 identity[MX_KEY_LEN] = {1};
    guint8 signature[MX_SIGNATURE_LEN] = {1};
    g_autofree char *encoded = mx_base64_encode(signature, sizeof signature);
    g_autofree char *text =
        g_strdup_printf("{\"a\":1,\"signatures\":{\"@a:x\":{\"ed25519:D\":\"%s\"}}}", encoded);
    g_autoptr(JsonObject) universal = parse(text);
    g_assert_false(mx_signed_json_verify(universal, "@a:x", "ed25519:D", identity));

    static const guint8 order[MX_KEY_LEN] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                             0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                             0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    guint8 seed[MX_KEY_LEN], key[MX_KEY_LEN];
    read_seed(seed);
    mx_ed25519_public_from_seed(seed, key);
    mx_ed25519_sign(seed, "{\"a\":1}", 7, signature);
    guint carry = 0;
    for (int i = 0; i < MX_KEY_LEN; i++) {
        carry += (guint)signature[32 + i] + order[i];
        signature[32 + i] = (guint8)carry;
        carry >>= 8;
    }
    g_autofree char *malleated = mx_base64_encode(signature, sizeof signature);
    JsonObject *by_user = mx_json_object(mx_json_object(universal, "signatures"), "@a:x");
    json_object_set_string_member(by_user, "ed25519:D", malleated);
    g_assert_false(mx_signed_json_verify(universal, "@a:x", "ed25519:D", key));
}

/* A2: what canonical JSON cannot hold, and what the lenient reader would mend. */
static void test_strict(void)
{
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "\"a\"",
        "{",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":1}x",
        "{\"a\":1.0}",
        "{\"a\":1.5}",
        "{\"a\":1e10}",
        "{\"a\":1E1}",
        "{\"a\":-0.0}",
        "{\"a\":9007199254740992}",
        "{\"a\":-9007199254740992}",
        "{\"a\":9223372036854775808}",
        "{\"a\":123456789012345678901234567890}",
        "{\"a\":[[1.5]]}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"x\\u0000b\"}",
        "{\"\\u0000\":1}",
        "{\"a\":{\"b\\u0000\":1}}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\ud800\"}",
        "{\"a\":\"\\ud800\\n\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\\ud800x\\udc00\"}",
        "{\"\\udfff\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"x\":[{\"a\":1,\"a\":1}]}",
        "{\"signatures\":{},\"signatures\":{}}",
        "{\"unsigned\":{\"a\":1.5}}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\x01\"}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mx_signed_json_parse(bad[i], -1, &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    }
    g_assert_null(mx_signed_json_parse("{\"a\":\"\0\"}", 9, NULL));
    static const char *const good[] = {
        " {\"a\" : -0 } ",
        "{\"a\":9007199254740991,\"b\":-9007199254740991}",
        "{\"a\":\"\\\\u0000\"}",
        "{\"a\":\"\\ud83d\\udc31\",\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}",
        "{\"\":1,\"__proto__\":2}",
        "{\"a\":\"\\u007f\\uffff\"}",
        "{\"a\":[true,false,null]}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(JsonObject) object = parse(good[i]);
        g_assert_nonnull(object);
    }
}

static char *nested(guint depth)
{
    GString *text = g_string_new("{\"a\":");
    for (guint i = 1; i < depth; i++)
        g_string_append_c(text, '[');
    for (guint i = 1; i < depth; i++)
        g_string_append_c(text, ']');
    g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    g_autofree char *deepest = nested(MX_SIGNED_JSON_MAX_DEPTH);
    g_autofree char *fine = g_strdup_printf("%.*s1%s", MX_SIGNED_JSON_MAX_DEPTH + 4, deepest,
                                            deepest + MX_SIGNED_JSON_MAX_DEPTH + 4);
    g_autoptr(JsonObject) object = parse(fine);
    g_assert_nonnull(object);
    g_autofree char *too_deep = nested(MX_SIGNED_JSON_MAX_DEPTH + 1);
    g_assert_null(mx_signed_json_parse(too_deep, -1, NULL));
    g_autofree char *bomb = nested(1000000);
    g_assert_null(mx_signed_json_parse(bomb, -1, NULL));
}

/* The order is that of code points, not of UTF-16, and DEL stays as it is. */
static gboolean keep_text(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                          gpointer data, GError **error)
{
    char **kept = data;
    g_free(*kept);
    *kept = g_strndup(message, len);
    memset(signature, 0, MX_SIGNATURE_LEN);
    return TRUE;
}

static void test_canonical(void)
{
    g_autofree char *kept = NULL;
    g_autoptr(JsonObject) object =
        parse("{\"\\ud800\\udc00\":1,\"\\uf123\":2,\"b\":\"\\u007f\\u001f\",\"a\":-0}");
    g_assert_true(mx_signed_json_sign(object, "u", "k", keep_text, &kept, NULL));
    g_assert_cmpstr(kept, ==,
                    "{\"a\":0,\"b\":\"\x7f\\u001f\",\"\xef\x84\xa3\":2,\"\xf0\x90\x80\x80\":1}");
}

static gboolean refuse(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                       gpointer data, GError **error)
{
    g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED, "no");
    return FALSE;
}

static void test_failing_signer(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object = parse("{\"a\":1}");
    g_assert_false(mx_signed_json_sign(object, "u", "k", refuse, NULL, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_FAILED);
    g_clear_error(&error);
    json_object_set_double_member(object, "b", 1.5);
    g_assert_false(mx_signed_json_sign(object, "u", "k", refuse, NULL, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
    g_assert_false(json_object_has_member(object, "signatures"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/signed-json/specification", test_specification);
    g_test_add_func("/signed-json/members", test_members);
    g_test_add_func("/signed-json/odd-signatures", test_odd_signatures);
    g_test_add_func("/signed-json/forged", test_forged);
    g_test_add_func("/signed-json/strict", test_strict);
    g_test_add_func("/signed-json/depth", test_depth);
    g_test_add_func("/signed-json/canonical", test_canonical);
    g_test_add_func("/signed-json/failing-signer", test_failing_signer);
    return g_test_run();
}

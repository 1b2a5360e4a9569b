/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-sas.h"

static MxSas *make(guint8 first)
{
    guint8 secret[MX_KEY_LEN];
    for (guint i = 0; i < sizeof secret; i++)
        secret[i] = (guint8)(first + i);
    return mx_sas_new_from_secret(secret);
}

/* Computed with another implementation of the arithmetic (libolm 3.2). */
static void test_known_answer(void)
{
    g_autoptr(MxSas) a = make(1), b = make(101);
    g_assert_cmpstr(mx_sas_get_public(a), ==, "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw");
    g_assert_cmpstr(mx_sas_get_public(b), ==, "VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDDY");
    g_assert_true(mx_sas_set_other(a, mx_sas_get_public(b)));
    g_assert_true(mx_sas_set_other(b, mx_sas_get_public(a)));
    const guint8 bytes[] = {0x26, 0x97, 0xa5, 0x40, 0xa7, 0x90};
    MxSasText expected = {0}, text_a = {0}, text_b = {0};
    mx_sas_text_from_bytes(bytes, &expected);
    mx_sas_get_text(a, "SAS", &text_a);
    mx_sas_get_text(b, "SAS", &text_b);
    g_assert_cmpmem(&text_a, sizeof text_a, &expected, sizeof expected);
    g_assert_cmpmem(&text_b, sizeof text_b, &expected, sizeof expected);
    g_autofree char *good = mx_sas_get_mac(a, MX_SAS_MAC_V2, "Hello world!", "MAC");
    g_autofree char *broken = mx_sas_get_mac(b, MX_SAS_MAC_BROKEN, "Hello world!", "MAC");
    g_assert_cmpstr(good, ==, "ebtlB234BRpLpA+R+64nZkpkj9yWAyK0+8/20yfLne8");
    g_assert_cmpstr(broken, ==, "ebtlbG34MzRLelJMZWxKTVpXeEtUVnBYZUV0VVZuQlk");
}

static void test_broken_base64(void)
{
    const guint8 mac[] = {121, 105, 187, 19,  37,  94,  119, 248, 224, 34, 94,
                          29,  157, 5,   15,  230, 246, 115, 236, 217, 80, 78,
                          56,  200, 80,  200, 82,  158, 168, 179, 10,  230};
    G_STATIC_ASSERT(sizeof mac == MX_SHA256_LEN);
    g_autofree char *text = mx_sas_encode_broken(mac);
    g_assert_cmpstr(text, ==, "eWm7NyVeVmXgbVhnYlZobllsWm9ibGxzV205aWJHeHo");
}

/* The specification's formulas, by hand. */
static void test_text(void)
{
    static const struct {
        guint8 bytes[6];
        MxSasText text;
    } cases[] = {
        {{0, 0, 0, 0, 0, 0}, {{0}, {1000, 1000, 1000}}},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {{63, 63, 63, 63, 63, 63, 63}, {9191, 9191, 9191}}},
        /* 000000 010000 001000 000011 000001 000000 010100 */
        {{0x01, 0x02, 0x03, 0x04, 0x05, 0x06},
         {{0, 16, 8, 3, 1, 0, 20}, {1000 + 32, 1000 + 2060, 1000 + 514}}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxSasText text = {0};
        mx_sas_text_from_bytes(cases[i].bytes, &text);
        g_assert_cmpmem(&text, sizeof text, &cases[i].text, sizeof text);
    }
}

/* A5, N12: keys that nobody can have, wrong lengths, our own, and a second one. */
static void test_other_keys(void)
{
    static const char *const bad[] = {
        NULL,
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDDYAAAA",
        "VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDD!",
        "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw",
    };
    g_autoptr(MxSas) a = make(1), b = make(101);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(mx_sas_set_other(a, bad[i]));
    g_assert_null(mx_sas_get_other(a));
    g_assert_true(mx_sas_set_other(a, "VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDDY="));
    g_assert_cmpstr(mx_sas_get_other(a), ==, mx_sas_get_public(b));
    g_assert_false(mx_sas_set_other(a, mx_sas_get_public(b)));
}

/* N10 */
static void test_commitment(void)
{
    g_autofree char *commitment = mx_sas_get_commitment("abc", "{\"a\":1}");
    g_assert_cmpstr(commitment, ==, "Yt5/wpphRL8EmkxrGP/GOlETG7aswUluULo7J7aipCs");
}

/* A8, N12: each flow has a key of its own, or none. */
static void test_random(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxSas) a = mx_sas_new(&error), b = mx_sas_new(&error);
    g_assert_no_error(error);
    g_assert_cmpstr(mx_sas_get_public(a), !=, mx_sas_get_public(b));
    mx_random_fail_after(0);
    g_assert_null(mx_sas_new(&error));
    g_assert_nonnull(error);
    mx_random_fail_after(-1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/sas/known-answer", test_known_answer);
    g_test_add_func("/sas/broken-base64", test_broken_base64);
    g_test_add_func("/sas/text", test_text);
    g_test_add_func("/sas/other-keys", test_other_keys);
    g_test_add_func("/sas/commitment", test_commitment);
    g_test_add_func("/sas/random", test_random);
    return g_test_run();
}

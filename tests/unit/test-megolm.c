/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-ratchet.h"
#include "ratchet-forge.h"

/* Every refusal is looked at twice: the error, and that the session is what it was before. */

static void assert_refused_by(MxMegolmInbound *session, const char *body, MxRatchetError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) before = mx_megolm_inbound_pickle(session, NULL);
    guint32 index = 77;
    g_assert_null(mx_megolm_inbound_decrypt(session, body, &index, &error));
    g_assert_error(error, MX_RATCHET_ERROR, (int)code);
    g_assert_cmpuint(index, ==, 77);
    g_autoptr(GBytes) after = mx_megolm_inbound_pickle(session, NULL);
    g_assert_true(g_bytes_equal(before, after));
}

static void assert_decrypts(MxMegolmInbound *session, const char *body, const char *text,
                            guint32 index)
{
    g_autoptr(GError) error = NULL;
    guint32 found;
    g_autoptr(GBytes) plaintext = mx_megolm_inbound_decrypt(session, body, &found, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(plaintext, NULL), g_bytes_get_size(plaintext), text,
                    strlen(text));
    g_assert_cmpuint(found, ==, index);
}

static char *encrypt(MxMegolmOutbound *session, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *body = mx_megolm_outbound_encrypt(session, text, strlen(text), &error);
    g_assert_no_error(error);
    return body;
}

static MxMegolmInbound *import(const ForgeMegolm *forge)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = forge_megolm_export(forge);
    MxMegolmInbound *session = mx_megolm_inbound_import(text, &error);
    g_assert_no_error(error);
    return session;
}

static void test_round_trip(void)
{
    g_autoptr(MxMegolmOutbound) out = mx_megolm_outbound_new(NULL);
    g_assert_cmpuint(mx_megolm_outbound_get_index(out), ==, 0);
    g_autofree char *key = mx_megolm_outbound_get_session_key(out);
    g_autofree char *padded = g_strconcat(key, "==", NULL);
    g_autofree char *out_id = mx_megolm_outbound_get_id(out);
    g_autoptr(MxMegolmInbound) in = mx_megolm_inbound_new(padded, NULL);
    g_autofree char *in_id = mx_megolm_inbound_get_id(in);
    g_assert_cmpstr(in_id, ==, out_id);
    g_autofree char *first = encrypt(out, "first");
    g_autofree char *second = encrypt(out, "");
    g_autofree char *third = encrypt(out, "third");
    g_assert_cmpuint(mx_megolm_outbound_get_index(out), ==, 3);
    assert_decrypts(in, third, "third", 2);
    assert_decrypts(in, first, "first", 0);
    assert_decrypts(in, first, "first", 0);
    assert_decrypts(in, second, "", 1);
    /* From now on only: what came before is unknown, and is told apart from damage (I9). */
    g_autofree char *later_key = mx_megolm_outbound_get_session_key(out);
    g_autoptr(MxMegolmInbound) later = mx_megolm_inbound_new(later_key, NULL);
    g_assert_cmpuint(mx_megolm_inbound_get_first_index(later), ==, 3);
    g_autofree char *fourth = encrypt(out, "fourth");
    assert_decrypts(later, fourth, "fourth", 3);
    assert_refused_by(later, third, MX_RATCHET_ERROR_UNKNOWN_INDEX);
    /* A message of another session */
    g_autoptr(MxMegolmOutbound) other = mx_megolm_outbound_new(NULL);
    g_autofree char *foreign = encrypt(other, "foreign");
    assert_refused_by(in, foreign, MX_RATCHET_ERROR_DAMAGED);
}

static void test_export(void)
{
    g_autoptr(MxMegolmOutbound) out = mx_megolm_outbound_new(NULL);
    g_autofree char *key = mx_megolm_outbound_get_session_key(out);
    g_autoptr(MxMegolmInbound) in = mx_megolm_inbound_new(key, NULL);
    g_autofree char *zero = encrypt(out, "zero");
    g_autofree char *one = encrypt(out, "one");
    g_autofree char *exported = mx_megolm_inbound_export(in, 1, NULL);
    g_autoptr(MxMegolmInbound) tail = mx_megolm_inbound_import(exported, NULL);
    g_assert_cmpuint(mx_megolm_inbound_get_first_index(tail), ==, 1);
    assert_decrypts(tail, one, "one", 1);
    assert_refused_by(tail, zero, MX_RATCHET_ERROR_UNKNOWN_INDEX);
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_megolm_inbound_export(tail, 0, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_UNKNOWN_INDEX);
    /* Neither format is taken for the other. */
    g_assert_null(mx_megolm_inbound_new(exported, NULL));
    g_assert_null(mx_megolm_inbound_import(key, NULL));
}

/* I14: what is stored stays what it was, however much was decrypted. */
static void test_pickle_stays(void)
{
    g_autoptr(MxMegolmOutbound) out = mx_megolm_outbound_new(NULL);
    g_autofree char *key = mx_megolm_outbound_get_session_key(out);
    g_autoptr(MxMegolmInbound) in = mx_megolm_inbound_new(key, NULL);
    g_autoptr(GBytes) before = mx_megolm_inbound_pickle(in, NULL);
    g_autofree char *zero = encrypt(out, "zero");
    g_autofree char *one = encrypt(out, "one");
    assert_decrypts(in, one, "one", 1);
    g_autoptr(GBytes) after = mx_megolm_inbound_pickle(in, NULL);
    g_assert_true(g_bytes_equal(before, after));
    g_autoptr(MxMegolmInbound) again = mx_megolm_inbound_unpickle(after, NULL);
    assert_decrypts(again, zero, "zero", 0);
    g_autoptr(GBytes) out_pickle = mx_megolm_outbound_pickle(out, NULL);
    g_autoptr(MxMegolmOutbound) out_again = mx_megolm_outbound_unpickle(out_pickle, NULL);
    g_assert_cmpuint(mx_megolm_outbound_get_index(out_again), ==, 2);
    g_autofree char *two = encrypt(out_again, "two");
    assert_decrypts(again, two, "two", 2);
}

/* ---- vectors: libolm's tests, "Megolm::advance" and "Group message" ---- */

static const guint8 at_1000000[128] = {
    0x54, 0x02, 0x2d, 0x7d, 0xc0, 0x29, 0x8e, 0x16, 0x37, 0xe2, 0x1c, 0x97, 0x15, 0x30, 0x92, 0xf9,
    0x33, 0xc0, 0x56, 0xff, 0x74, 0xfe, 0x1b, 0x92, 0x2d, 0x97, 0x1f, 0x24, 0x82, 0xc2, 0x85, 0x9c,
    0x70, 0x04, 0xc0, 0x1e, 0xe4, 0x9b, 0xd6, 0xef, 0xe0, 0x07, 0x35, 0x25, 0xaf, 0x9b, 0x16, 0x32,
    0xc5, 0xbe, 0x72, 0x6d, 0x12, 0x34, 0x9c, 0xc5, 0xbd, 0x47, 0x2b, 0xdc, 0x2d, 0xf6, 0x54, 0x0f,
    0x31, 0x12, 0x59, 0x11, 0x94, 0xfd, 0xa6, 0x17, 0xe5, 0x68, 0xc6, 0x83, 0x10, 0x1e, 0xae, 0xcd,
    0x7e, 0xdd, 0xd6, 0xde, 0x1f, 0xbc, 0x07, 0x67, 0xae, 0x34, 0xda, 0x1a, 0x09, 0xa5, 0x4e, 0xab,
    0xba, 0x9c, 0xd9, 0x55, 0x74, 0x1d, 0x1c, 0x16, 0x23, 0x23, 0xec, 0x82, 0x5e, 0x7c, 0x5c, 0xe8,
    0x89, 0xbb, 0xb4, 0x23, 0xa1, 0x8f, 0x23, 0x82, 0x8f, 0xb2, 0x09, 0x0d, 0x6e, 0x2a, 0xf8, 0x6a};

static const guint8 at_1041506[128] = {
    0x54, 0x02, 0x2d, 0x7d, 0xc0, 0x29, 0x8e, 0x16, 0x37, 0xe2, 0x1c, 0x97, 0x15, 0x30, 0x92, 0xf9,
    0x33, 0xc0, 0x56, 0xff, 0x74, 0xfe, 0x1b, 0x92, 0x2d, 0x97, 0x1f, 0x24, 0x82, 0xc2, 0x85, 0x9c,
    0x55, 0x58, 0x8d, 0xf5, 0xb7, 0xa4, 0x88, 0x78, 0x42, 0x89, 0x27, 0x86, 0x81, 0x64, 0x58, 0x9f,
    0x36, 0x63, 0x44, 0x7b, 0x51, 0xed, 0xc3, 0x59, 0x5b, 0x03, 0x6c, 0xa6, 0x04, 0xc4, 0x6d, 0xcd,
    0x5c, 0x54, 0x85, 0x0b, 0xfa, 0x98, 0xa1, 0xfd, 0x79, 0xa9, 0xdf, 0x1c, 0xbe, 0x8f, 0xc5, 0x68,
    0x19, 0x37, 0xd3, 0x0c, 0x85, 0xc8, 0xc3, 0x1f, 0x7b, 0xb8, 0x28, 0x81, 0x6c, 0xf9, 0xff, 0x3b,
    0x95, 0x6c, 0xbf, 0x80, 0x7e, 0x65, 0x12, 0x6a, 0x49, 0x55, 0x8d, 0x45, 0xc8, 0x4a, 0x2e, 0x4c,
    0xd5, 0x6f, 0x03, 0xe2, 0x44, 0x16, 0xb9, 0x8e, 0x1c, 0xfd, 0x97, 0xc2, 0x06, 0xaa, 0x90, 0x7a};

static void assert_ratchet(MxMegolmInbound *session, guint32 index, const guint8 expected[128])
{
    g_autoptr(GError) error = NULL;
    g_autofree char *exported = mx_megolm_inbound_export(session, index, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) bytes = mx_base64_decode(exported, -1);
    const guint8 *data = g_bytes_get_data(bytes, NULL);
    g_assert_cmpmem(data + 5, 128, expected, 128);
}

static void test_vectors(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 0);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    assert_ratchet(session, 0x1041506, at_1041506);
    assert_ratchet(session, 0x1000000, at_1000000);
    assert_ratchet(session, 0, forge.ratchet);
    g_autoptr(MxMegolmInbound) signed_one =
        mx_megolm_inbound_new("AgAAAAAwMTIzNDU2Nzg5QUJERUYwMTIzNDU2Nzg5QUJDREVGMDEyMzQ1Njc4OUFCREVG"
                              "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkRFRjAxMjM0NTY3ODlBQkNERUYwMTIz"
                              "NDU2Nzg5QUJERUYwMTIzNDU2Nzg5QUJDREVGMDEyMw0bdg1BDq4Px/slBow06q8n/B9W"
                              "BfwWYyNOB8DlUmXGGwrFmaSb9bR/eY8xgERrxmP07hFmD9uqA2p8PMHdnV5ysmgufE6o"
                              "LZ5+8/mWQOW3VVTnDIlnwd8oHUYRuk8TCQ",
                              NULL);
    assert_decrypts(signed_one,
                    "AwgAEhAcbh6UpbByoyZxufQ+h2B+8XHMjhR69G8F4+qjMaFlnIXusJZX3r8LnRORG9T3DXFdbVuv"
                    "IWrLyRfm4i8QRbe8VPwGRFG57B1CtmxanuP8bHtnnYqlwPsD",
                    "Message", 0);
}

/* ---- hostile members of a room (XM5, XK8) ---- */

static void test_forged(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 5);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    g_autofree char *good = forge_megolm_message(&forge, 5, FORGE_NOTHING);
    assert_decrypts(session, good, FORGE_TEXT, 5);
    for (ForgeFlaw flaw = FORGE_NOTHING + 1; flaw < FORGE_LAST; flaw++) {
        g_test_message("flaw %d", flaw);
        g_autofree char *body = forge_megolm_message(&forge, 5, flaw);
        assert_refused_by(session, body, MX_RATCHET_ERROR_DAMAGED);
    }
    assert_decrypts(session, good, FORGE_TEXT, 5);
}

/* libolm decrypts past the ends of both buffers, and takes what lies there for the padding: it is
 * right for some of the bytes. */
static void test_uneven(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 5);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    for (guint byte = 0; byte < 256; byte++) {
        forge.uneven = (guint8)byte;
        g_autofree char *body = forge_megolm_message(&forge, 5, FORGE_UNEVEN_CIPHERTEXT);
        assert_refused_by(session, body, MX_RATCHET_ERROR_DAMAGED);
    }
}

/* Signed, but with a wrong MAC and a far index: libolm's ratchet has gone there. */
static void test_far_index(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 5);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    const struct {
        guint32 index;
        MxRatchetError code;
    } cases[] = {
        {4, MX_RATCHET_ERROR_UNKNOWN_INDEX},
        {0, MX_RATCHET_ERROR_UNKNOWN_INDEX},
        {6, MX_RATCHET_ERROR_DAMAGED},
        {5 + 0x7fffffffU, MX_RATCHET_ERROR_DAMAGED},
        {5 + 0x80000000U, MX_RATCHET_ERROR_DAMAGED},
        {0xffffffffU, MX_RATCHET_ERROR_DAMAGED},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = forge_megolm_message(&forge, cases[i].index, FORGE_NOTHING);
        gint64 start = g_get_monotonic_time();
        assert_refused_by(session, body, cases[i].code);
        g_assert_cmpint(g_get_monotonic_time() - start, <,
                        G_USEC_PER_SEC); /* 2^31 steps: minutes */
        g_autofree char *good = forge_megolm_message(&forge, 5, FORGE_NOTHING);
        assert_decrypts(session, good, FORGE_TEXT, 5);
    }
}

/* libolm would count on past 2^32 - 1, and decrypt "index 0" with the 17th key of the session. */
static void test_no_wrap_around(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 0xfffffff0);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    g_autoptr(GError) error = NULL;
    g_autofree char *last = mx_megolm_inbound_export(session, 0xffffffff, &error);
    g_assert_no_error(error);
    g_assert_null(mx_megolm_inbound_export(session, 0, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_UNKNOWN_INDEX);
    g_autofree char *body = forge_megolm_message(&forge, 0, FORGE_NOTHING);
    assert_refused_by(session, body, MX_RATCHET_ERROR_UNKNOWN_INDEX);
}

static void test_odd_bodies(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 0);
    g_autoptr(MxMegolmInbound) session = import(&forge);
    g_autofree char *good = forge_megolm_message(&forge, 0, FORGE_NOTHING);
    for (gsize len = 0; len < strlen(good); len++) {
        g_autofree char *cut = g_strndup(good, len);
        assert_refused_by(session, cut, MX_RATCHET_ERROR_DAMAGED);
    }
    g_autofree char *longer = g_strconcat(good, "AAAA", NULL);
    g_autofree char *odd = g_strconcat(" ", good, NULL);
    g_autofree char *url_safe = g_strdelimit(g_strdup(good), "+/", '-');
    g_autofree char *huge = g_strnfill(MX_RATCHET_MAX_BODY + 1, 'A');
    assert_refused_by(session, NULL, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, longer, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, odd, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, huge, MX_RATCHET_ERROR_DAMAGED);
    if (strcmp(url_safe, good) != 0)
        assert_refused_by(session, url_safe, MX_RATCHET_ERROR_DAMAGED);
    assert_decrypts(session, good, FORGE_TEXT, 0);
}

static void assert_bad_key(MxMegolmInbound *(*reader)(const char *, GError **), const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(reader(text, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY);
    g_assert_null(strstr(error->message, "0123456789ABCDEF"));
}

/* With the identity point as its key, the signature (1, 0) is right for every text: libolm takes
 * it. */
static void test_universal_forgery(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 0);
    memset(forge.public, 0, sizeof forge.public);
    forge.public[0] = 1;
    g_autofree char *exported = forge_megolm_export(&forge);
    assert_bad_key(mx_megolm_inbound_import, exported);
    g_autofree char *key = forge_megolm_session_key(&forge);
    g_autoptr(GBytes) bytes = mx_base64_decode(key, -1);
    gsize len = g_bytes_get_size(bytes);
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(bytes, NULL), len);
    memset(data + len - MX_SIGNATURE_LEN, 0, MX_SIGNATURE_LEN);
    data[len - MX_SIGNATURE_LEN] = 1;
    g_autofree char *forged = mx_base64_encode(data, len);
    assert_bad_key(mx_megolm_inbound_new, forged);
}

static void test_bad_session_keys(void)
{
    ForgeMegolm forge;
    forge_megolm_init(&forge, 0);
    g_autofree char *exported = forge_megolm_export(&forge);
    g_autofree char *key = forge_megolm_session_key(&forge);
    g_autofree char *long_key = g_strconcat(key, "AAAA", NULL);
    g_autofree char *short_key = g_strndup(key, strlen(key) - 4);
    g_autofree char *changed = g_strdup(key);
    changed[20] = changed[20] == 'A' ? 'B' : 'A';
    const char *bad[] = {"", "A", "AgAA", "?", exported, long_key, short_key, changed};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_bad_key(mx_megolm_inbound_new, bad[i]);
    g_autofree char *long_export = g_strconcat(exported, "AAAA", NULL);
    const char *bad_exports[] = {"", "AQAA", key, long_export};
    for (gsize i = 0; i < G_N_ELEMENTS(bad_exports); i++)
        assert_bad_key(mx_megolm_inbound_import, bad_exports[i]);
    g_autoptr(MxMegolmInbound) good = mx_megolm_inbound_new(key, NULL);
    g_assert_nonnull(good);
}

/* ---- compare (I4, XM4) ---- */

static void test_compare(void)
{
    g_autoptr(MxMegolmOutbound) out = mx_megolm_outbound_new(NULL);
    g_autofree char *key = mx_megolm_outbound_get_session_key(out);
    g_autoptr(MxMegolmInbound) whole = mx_megolm_inbound_new(key, NULL);
    g_autofree char *exported = mx_megolm_inbound_export(whole, 300, NULL);
    g_autoptr(MxMegolmInbound) tail = mx_megolm_inbound_import(exported, NULL);
    g_assert_cmpint(mx_megolm_inbound_compare(whole, whole), ==, MX_MEGOLM_EQUAL);
    g_assert_cmpint(mx_megolm_inbound_compare(whole, tail), ==, MX_MEGOLM_BETTER);
    g_assert_cmpint(mx_megolm_inbound_compare(tail, whole), ==, MX_MEGOLM_WORSE);
    g_autoptr(MxMegolmOutbound) other = mx_megolm_outbound_new(NULL);
    g_autofree char *other_key = mx_megolm_outbound_get_session_key(other);
    g_autoptr(MxMegolmInbound) foreign = mx_megolm_inbound_new(other_key, NULL);
    g_assert_cmpint(mx_megolm_inbound_compare(whole, foreign), ==, MX_MEGOLM_UNCONNECTED);
    /* The same ID and a lower index, but another ratchet: an attacker who wants to be the better.
     */
    ForgeMegolm forge;
    forge_megolm_init(&forge, 9);
    g_autoptr(MxMegolmInbound) mine = import(&forge);
    forge.counter = 0;
    g_autoptr(MxMegolmInbound) theirs = import(&forge);
    g_assert_cmpint(mx_megolm_inbound_compare(mine, theirs), ==, MX_MEGOLM_UNCONNECTED);
    forge.counter = 0xffffffff;
    g_autoptr(MxMegolmInbound) far = import(&forge);
    g_assert_cmpint(mx_megolm_inbound_compare(far, theirs), ==, MX_MEGOLM_UNCONNECTED);
    /* Only the signing key differs. */
    forge.counter = 9;
    forge.seed[0] ^= 1;
    mx_ed25519_public_from_seed(forge.seed, forge.public);
    g_autoptr(MxMegolmInbound) renamed = import(&forge);
    g_assert_cmpint(mx_megolm_inbound_compare(mine, renamed), ==, MX_MEGOLM_UNCONNECTED);
}

static void test_limits(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxMegolmOutbound) out = mx_megolm_outbound_new(NULL);
    g_autofree char *text = g_strnfill(MX_RATCHET_MAX_BODY, 'x');
    g_assert_null(mx_megolm_outbound_encrypt(out, text, MX_RATCHET_MAX_BODY, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_TOO_LONG);
    g_assert_cmpuint(mx_megolm_outbound_get_index(out), ==, 0);
    g_clear_error(&error);
    mx_random_fail_after(0);
    g_assert_null(mx_megolm_outbound_new(&error));
    mx_random_fail_after(-1);
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_RANDOM);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/megolm/round-trip", test_round_trip);
    g_test_add_func("/megolm/export", test_export);
    g_test_add_func("/megolm/pickle-stays", test_pickle_stays);
    g_test_add_func("/megolm/vectors", test_vectors);
    g_test_add_func("/megolm/forged", test_forged);
    g_test_add_func("/megolm/uneven", test_uneven);
    g_test_add_func("/megolm/far-index", test_far_index);
    g_test_add_func("/megolm/no-wrap-around", test_no_wrap_around);
    g_test_add_func("/megolm/odd-bodies", test_odd_bodies);
    g_test_add_func("/megolm/universal-forgery", test_universal_forgery);
    g_test_add_func("/megolm/bad-session-keys", test_bad_session_keys);
    g_test_add_func("/megolm/compare", test_compare);
    g_test_add_func("/megolm/limits", test_limits);
    return g_test_run();
}

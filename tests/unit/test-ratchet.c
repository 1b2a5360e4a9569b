/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-ratchet.h"
#include "ratchet-forge.h"

/* Accounts and Olm sessions. Every refusal is looked at twice: the error, and that account and
 * session are what they were before. */

typedef struct {
    MxOlmAccount *alice, *bob;
    guint8 alice_key[MX_KEY_LEN], bob_key[MX_KEY_LEN];
    guint8 one_time[MX_KEY_LEN]; /* of Bob */
} Pair;

static void read_first_key(MxOlmAccount *account, guint8 key[MX_KEY_LEN])
{
    g_autoptr(GPtrArray) keys = mx_olm_account_list_unpublished(account);
    g_assert_cmpuint(keys->len, >, 0);
    MxOneTimeKey *first = g_ptr_array_index(keys, 0);
    g_assert_true(mx_base64_decode_fixed(first->key, key, MX_KEY_LEN));
}

static void pair_init(Pair *pair)
{
    pair->alice = mx_olm_account_new(NULL);
    pair->bob = mx_olm_account_new(NULL);
    mx_olm_account_get_keys(pair->alice, pair->alice_key, NULL);
    mx_olm_account_get_keys(pair->bob, pair->bob_key, NULL);
    g_assert_true(mx_olm_account_generate_one_time_keys(pair->bob, 2, NULL));
    read_first_key(pair->bob, pair->one_time);
}

static void pair_clear(Pair *pair)
{
    mx_olm_account_free(pair->alice);
    mx_olm_account_free(pair->bob);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static void assert_text(GBytes *bytes, const char *text)
{
    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

static char *encrypt(MxOlmSession *session, const char *text, guint expected_type)
{
    g_autoptr(GError) error = NULL;
    char *body = NULL;
    guint type;
    g_assert_true(mx_olm_session_encrypt(session, text, strlen(text), &type, &body, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(type, ==, expected_type);
    return body;
}

static void assert_decrypts(MxOlmSession *session, guint type, const char *body, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) plaintext = mx_olm_session_decrypt(session, type, body, &error);
    g_assert_no_error(error);
    assert_text(plaintext, text);
}

static void assert_refused_by(MxOlmSession *session, guint type, const char *body,
                              MxRatchetError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) before = mx_olm_session_pickle(session, NULL);
    g_assert_null(mx_olm_session_decrypt(session, type, body, &error));
    g_assert_error(error, MX_RATCHET_ERROR, (int)code);
    g_autoptr(GBytes) after = mx_olm_session_pickle(session, NULL);
    g_assert_true(g_bytes_equal(before, after));
}

static MxOlmSession *begin(Pair *pair)
{
    g_autoptr(GError) error = NULL;
    MxOlmSession *session =
        mx_olm_account_create_outbound(pair->alice, pair->bob_key, pair->one_time, &error);
    g_assert_no_error(error);
    return session;
}

static MxOlmSession *receive(MxOlmAccount *account, const guint8 from[MX_KEY_LEN], const char *body,
                             const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) plaintext = NULL;
    MxOlmSession *session = mx_olm_account_create_inbound(account, from, body, &plaintext, &error);
    g_assert_no_error(error);
    assert_text(plaintext, text);
    return session;
}

static void assert_not_received(MxOlmAccount *account, const guint8 from[MX_KEY_LEN],
                                const char *body, MxRatchetError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) before = mx_olm_account_pickle(account, NULL);
    GBytes *plaintext = NULL;
    g_assert_null(mx_olm_account_create_inbound(account, from, body, &plaintext, &error));
    g_assert_error(error, MX_RATCHET_ERROR, (int)code);
    g_assert_null(plaintext);
    g_autoptr(GBytes) after = mx_olm_account_pickle(account, NULL);
    g_assert_true(g_bytes_equal(before, after));
}

/* ---- accounts ---- */

static void test_account(void)
{
    g_autoptr(MxOlmAccount) account = mx_olm_account_new(NULL);
    guint8 ed[MX_KEY_LEN], signature[MX_SIGNATURE_LEN];
    mx_olm_account_get_keys(account, NULL, ed);
    g_assert_true(mx_ed25519_key_is_ok(ed));
    g_autofree char *text = mx_olm_account_sign(account, "text", 4);
    g_assert_true(mx_base64_decode_fixed(text, signature, sizeof signature));
    g_assert_true(mx_ed25519_verify(ed, "text", 4, signature));
    g_assert_cmpuint(mx_olm_account_get_max_one_time_keys(account), ==, 100);
    g_assert_cmpstr(mx_ratchet_backend_id(), ==, "L1");
}

static void test_keys(void)
{
    g_autoptr(MxOlmAccount) account = mx_olm_account_new(NULL);
    g_assert_true(mx_olm_account_generate_one_time_keys(account, 0, NULL));
    g_assert_true(mx_olm_account_generate_one_time_keys(account, 50, NULL));
    g_autoptr(GPtrArray) keys = mx_olm_account_list_unpublished(account);
    g_assert_cmpuint(keys->len, ==, 50);
    MxOneTimeKey *first = g_ptr_array_index(keys, 0), *second = g_ptr_array_index(keys, 1);
    g_assert_cmpstr(first->id, ==, "AAAAAQ");
    g_assert_cmpstr(second->id, ==, "AAAAAg");
    g_assert_cmpuint(strlen(first->key), ==, 43);
    g_assert_null(mx_olm_account_get_unpublished_fallback(account));
    g_assert_true(mx_olm_account_generate_fallback(account, NULL));
    g_autoptr(MxOneTimeKey) fallback = mx_olm_account_get_unpublished_fallback(account);
    g_assert_cmpstr(fallback->id, ==, "AAAAMw");
    mx_olm_account_mark_published(account);
    g_autoptr(GPtrArray) none = mx_olm_account_list_unpublished(account);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_null(mx_olm_account_get_unpublished_fallback(account));
}

/* ---- sessions ---- */

static void test_talk(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autofree char *first = encrypt(alice, "first", MX_OLM_PRE_KEY);
    g_autofree char *padded = g_strconcat(first, strlen(first) % 4 == 2 ? "==" : "=", NULL);
    if (strlen(first) % 4 == 0)
        padded[strlen(first)] = '\0';
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, padded, "first");
    g_autofree char *alice_id = mx_olm_session_get_id(alice);
    g_autofree char *bob_id = mx_olm_session_get_id(bob);
    g_assert_cmpstr(alice_id, ==, bob_id);
    g_assert_true(mx_olm_session_has_received(bob));
    g_assert_false(mx_olm_session_has_received(alice));
    /* Alice has heard nothing yet: another pre-key message, of the session that Bob has */
    g_autofree char *second = encrypt(alice, "", MX_OLM_PRE_KEY);
    g_assert_true(mx_olm_session_matches_pre_key(bob, pair.alice_key, second));
    g_assert_false(mx_olm_session_matches_pre_key(bob, pair.bob_key, second));
    g_assert_false(mx_olm_session_matches_pre_key(bob, pair.alice_key, "AAAA"));
    assert_decrypts(bob, MX_OLM_PRE_KEY, second, "");
    g_autofree char *answer = encrypt(bob, "answer", MX_OLM_NORMAL);
    assert_decrypts(alice, MX_OLM_NORMAL, answer, "answer");
    g_assert_true(mx_olm_session_has_received(alice));
    for (guint i = 0; i < 8; i++) {
        g_autofree char *there = encrypt(alice, "there", MX_OLM_NORMAL);
        assert_decrypts(bob, MX_OLM_NORMAL, there, "there");
        g_autofree char *back = encrypt(bob, "back", MX_OLM_NORMAL);
        assert_decrypts(alice, MX_OLM_NORMAL, back, "back");
        assert_refused_by(alice, MX_OLM_NORMAL, back, MX_RATCHET_ERROR_DAMAGED);
    }
}

/* E7: both begin at once; each of the two sessions works both ways. */
static void test_crossing(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    guint8 one_time[MX_KEY_LEN];
    g_assert_true(mx_olm_account_generate_one_time_keys(pair.alice, 1, NULL));
    read_first_key(pair.alice, one_time);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autoptr(MxOlmSession) bob =
        mx_olm_account_create_outbound(pair.bob, pair.alice_key, one_time, NULL);
    g_autofree char *to_bob = encrypt(alice, "to Bob", MX_OLM_PRE_KEY);
    g_autofree char *to_alice = encrypt(bob, "to Alice", MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bobs = receive(pair.bob, pair.alice_key, to_bob, "to Bob");
    g_autoptr(MxOlmSession) alices = receive(pair.alice, pair.bob_key, to_alice, "to Alice");
    g_assert_false(mx_olm_session_matches_pre_key(bob, pair.alice_key, to_bob));
    for (guint i = 0; i < 20; i++) {
        g_autofree char *one = encrypt(bobs, "one", MX_OLM_NORMAL);
        assert_decrypts(alice, MX_OLM_NORMAL, one, "one");
        assert_refused_by(alices, MX_OLM_NORMAL, one, MX_RATCHET_ERROR_DAMAGED);
        g_autofree char *two = encrypt(alices, "two", MX_OLM_NORMAL);
        assert_decrypts(bob, MX_OLM_NORMAL, two, "two");
        g_autofree char *three = encrypt(alice, "three", MX_OLM_NORMAL);
        assert_decrypts(bobs, MX_OLM_NORMAL, three, "three");
    }
}

/* E8: 40 left out can come later, in any order; the 41st cannot. */
static void test_out_of_order(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < 42; i++)
        g_ptr_array_add(bodies, encrypt(alice, "text", MX_OLM_PRE_KEY));
    g_autoptr(MxOlmSession) bob =
        receive(pair.bob, pair.alice_key, g_ptr_array_index(bodies, 41), "text");
    assert_refused_by(bob, MX_OLM_PRE_KEY, g_ptr_array_index(bodies, 0), MX_RATCHET_ERROR_DAMAGED);
    for (guint i = 40; i > 0; i--)
        assert_decrypts(bob, MX_OLM_PRE_KEY, g_ptr_array_index(bodies, i), "text");
    assert_refused_by(bob, MX_OLM_PRE_KEY, g_ptr_array_index(bodies, 7), MX_RATCHET_ERROR_DAMAGED);
}

static void test_gap(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autofree char *first = encrypt(alice, "first", MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, first, "first");
    for (guint i = 0; i < 2000; i++)
        g_free(encrypt(alice, "lost", MX_OLM_PRE_KEY));
    g_autofree char *near = encrypt(alice, "near", MX_OLM_PRE_KEY);
    g_autofree char *far = encrypt(alice, "far", MX_OLM_PRE_KEY);
    assert_refused_by(bob, MX_OLM_PRE_KEY, far, MX_RATCHET_ERROR_DAMAGED);
    assert_decrypts(bob, MX_OLM_PRE_KEY, near, "near");
    assert_decrypts(bob, MX_OLM_PRE_KEY, far, "far");
}

/* ---- one-time keys ---- */

/* C7, C8: used once, and not burnt by what does not decrypt. */
static void test_one_time_key(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autofree char *body = encrypt(alice, "text", MX_OLM_PRE_KEY);
    g_autofree char *broken = g_strdup(body);
    gsize at = strlen(broken) - 4;
    broken[at] = broken[at] == 'A' ? 'B' : 'A';
    assert_not_received(pair.bob, pair.alice_key, broken, MX_RATCHET_ERROR_DAMAGED);
    assert_not_received(pair.bob, pair.bob_key, body, MX_RATCHET_ERROR_DAMAGED);
    assert_not_received(pair.alice, pair.alice_key, body, MX_RATCHET_ERROR_UNKNOWN_KEY);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, body, "text");
    assert_not_received(pair.bob, pair.alice_key, body, MX_RATCHET_ERROR_UNKNOWN_KEY);
    /* The server gave the key to a second claimer (XK9). */
    g_autoptr(MxOlmSession) second = begin(&pair);
    g_autofree char *late = encrypt(second, "late", MX_OLM_PRE_KEY);
    assert_not_received(pair.bob, pair.alice_key, late, MX_RATCHET_ERROR_UNKNOWN_KEY);
    assert_refused_by(bob, MX_OLM_PRE_KEY, late, MX_RATCHET_ERROR_UNKNOWN_KEY);
    /* The other key is still there. */
    g_autoptr(GPtrArray) left = mx_olm_account_list_unpublished(pair.bob);
    g_assert_cmpuint(left->len, ==, 1);
}

static void test_fallback(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_assert_true(mx_olm_account_generate_fallback(pair.bob, NULL));
    g_autoptr(MxOneTimeKey) key = mx_olm_account_get_unpublished_fallback(pair.bob);
    g_assert_true(mx_base64_decode_fixed(key->key, pair.one_time, MX_KEY_LEN));
    g_autoptr(MxOlmSession) one = begin(&pair);
    g_autoptr(MxOlmSession) two = begin(&pair);
    g_autoptr(MxOlmSession) three = begin(&pair);
    g_autofree char *first = encrypt(one, "one", MX_OLM_PRE_KEY);
    g_autofree char *second = encrypt(two, "two", MX_OLM_PRE_KEY);
    g_autofree char *third = encrypt(three, "three", MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bob_one = receive(pair.bob, pair.alice_key, first, "one");
    /* C7: it stays, and after the next one came, too, until it is forgotten (C3). */
    g_assert_true(mx_olm_account_generate_fallback(pair.bob, NULL));
    g_autoptr(MxOlmSession) bob_two = receive(pair.bob, pair.alice_key, second, "two");
    mx_olm_account_forget_old_fallback(pair.bob);
    assert_not_received(pair.bob, pair.alice_key, third, MX_RATCHET_ERROR_UNKNOWN_KEY);
    /* XK9: the same message again is one of a session that is there, and its key is gone. */
    g_assert_true(mx_olm_session_matches_pre_key(bob_one, pair.alice_key, first));
    assert_refused_by(bob_one, MX_OLM_PRE_KEY, first, MX_RATCHET_ERROR_DAMAGED);
}

/* ---- hostile devices (XM5, XK7) ---- */

static void test_forged(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    ForgeOlm forge;
    forge_olm_init(&forge, pair.bob_key, pair.one_time);
    for (ForgeFlaw flaw = FORGE_NOTHING + 1; flaw < FORGE_SIGNATURE; flaw++) {
        g_test_message("flaw %d", flaw);
        g_autofree char *body = forge_olm_pre_key(&forge, 0, flaw);
        assert_not_received(pair.bob, forge.identity_public, body, MX_RATCHET_ERROR_DAMAGED);
    }
    g_autofree char *good = forge_olm_pre_key(&forge, 0, FORGE_NOTHING);
    g_autoptr(MxOlmSession) session = receive(pair.bob, forge.identity_public, good, FORGE_TEXT);
    forge_olm_advance(&forge);
    for (ForgeFlaw flaw = FORGE_NOTHING + 1; flaw < FORGE_SIGNATURE; flaw++) {
        g_test_message("flaw %d", flaw);
        g_autofree char *body = forge_olm_normal(&forge, 1, flaw);
        assert_refused_by(session, MX_OLM_NORMAL, body, MX_RATCHET_ERROR_DAMAGED);
    }
    g_autofree char *far = forge_olm_normal(&forge, 0xffffffff, FORGE_NOTHING);
    g_autofree char *next = forge_olm_normal(&forge, 1, FORGE_NOTHING);
    assert_refused_by(session, MX_OLM_NORMAL, far, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, MX_OLM_PRE_KEY, next, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, 2, next, MX_RATCHET_ERROR_DAMAGED);
    assert_refused_by(session, MX_OLM_NORMAL, good, MX_RATCHET_ERROR_DAMAGED);
    /* Its own message, but with another base key around it: libolm would not look. */
    ForgeOlm wrapped = forge;
    memcpy(wrapped.base_public, pair.alice_key, MX_KEY_LEN);
    g_autofree char *other = forge_olm_pre_key(&wrapped, 1, FORGE_NOTHING);
    assert_refused_by(session, MX_OLM_PRE_KEY, other, MX_RATCHET_ERROR_UNKNOWN_KEY);
    assert_decrypts(session, MX_OLM_NORMAL, next, FORGE_TEXT);
}

/* XK7: each of the points in each place */
static void assert_no_low_order(Pair *pair, const guint8 low[MX_KEY_LEN])
{
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_olm_account_create_outbound(pair->alice, low, pair->one_time, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY);
    g_clear_error(&error);
    g_assert_null(mx_olm_account_create_outbound(pair->alice, pair->bob_key, low, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY);
    ForgeOlm good;
    forge_olm_init(&good, pair->bob_key, pair->one_time);
    for (guint place = 0; place < 4; place++) {
        ForgeOlm forge = good;
        guint8 *places[] = {forge.one_time, forge.base_public, forge.identity_public,
                            forge.ratchet_public};
        memcpy(places[place], low, MX_KEY_LEN);
        g_autofree char *body = forge_olm_pre_key(&forge, 0, FORGE_NOTHING);
        assert_not_received(pair->bob, forge.identity_public, body, MX_RATCHET_ERROR_BAD_KEY);
    }
}

static void test_low_order(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    for (guint i = 0; i < FORGE_N_LOW_ORDER; i++)
        assert_no_low_order(&pair, forge_low_order[i]);
    /* As the ratchet key of a normal message */
    g_autoptr(MxOlmSession) alice = begin(&pair);
    ForgeOlm forge;
    forge_olm_init(&forge, pair.bob_key, pair.one_time);
    memcpy(forge.ratchet_public, forge_low_order[2], MX_KEY_LEN);
    g_autofree char *body = forge_olm_normal(&forge, 0, FORGE_NOTHING);
    assert_refused_by(alice, MX_OLM_NORMAL, body, MX_RATCHET_ERROR_BAD_KEY);
}

static void test_odd_bodies(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autofree char *body = encrypt(alice, "text", MX_OLM_PRE_KEY);
    for (gsize len = 0; len < strlen(body); len++) {
        g_autofree char *cut = g_strndup(body, len);
        assert_not_received(pair.bob, pair.alice_key, cut, MX_RATCHET_ERROR_DAMAGED);
    }
    g_autofree char *longer = g_strconcat(body, "AAAA", NULL);
    g_autofree char *huge = g_strnfill(MX_RATCHET_MAX_BODY + 1, 'A');
    assert_not_received(pair.bob, pair.alice_key, NULL, MX_RATCHET_ERROR_DAMAGED);
    assert_not_received(pair.bob, pair.alice_key, longer, MX_RATCHET_ERROR_DAMAGED);
    assert_not_received(pair.bob, pair.alice_key, huge, MX_RATCHET_ERROR_DAMAGED);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, body, "text");
}

/* ---- pickles ---- */

static GBytes *change_byte(GBytes *pickle, gsize at)
{
    gsize len = g_bytes_get_size(pickle);
    guint8 *data = g_memdup2(g_bytes_get_data(pickle, NULL), len);
    data[at] = data[at] == 'A' ? 'B' : 'A';
    return g_bytes_new_take(data, len);
}

static void assert_unpickles(GBytes *pickle, gboolean is_account)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxOlmAccount) account = mx_olm_account_unpickle(pickle, &error);
    g_assert_true((account != NULL) == is_account);
    if (!is_account)
        g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_PICKLE);
    g_assert_null(mx_olm_session_unpickle(pickle, NULL));
    g_assert_null(mx_megolm_inbound_unpickle(pickle, NULL));
    g_assert_null(mx_megolm_outbound_unpickle(pickle, NULL));
}

static void test_damaged_pickles(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(GBytes) pickle = mx_olm_account_pickle(pair.bob, NULL);
    assert_unpickles(pickle, TRUE);
    gsize len = g_bytes_get_size(pickle);
    for (gsize at = 0; at < len; at += 7) {
        g_autoptr(GBytes) changed = change_byte(pickle, at);
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(pickle, 0, at);
        assert_unpickles(changed, FALSE);
        assert_unpickles(cut, FALSE);
    }
    g_autoptr(GBytes) huge = g_bytes_new_take(g_strnfill(1 << 20, 'A'), 1 << 20);
    assert_unpickles(huge, FALSE);
    assert_unpickles(pickle, TRUE);
}

static void test_pickled_sessions(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autofree char *first = encrypt(alice, "first", MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, first, "first");
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GBytes) alices = mx_olm_session_pickle(alice, NULL);
        g_autoptr(GBytes) bobs = mx_olm_session_pickle(bob, NULL);
        mx_olm_session_free(alice);
        mx_olm_session_free(bob);
        alice = mx_olm_session_unpickle(alices, NULL);
        bob = mx_olm_session_unpickle(bobs, NULL);
        g_autofree char *back = encrypt(bob, "back", MX_OLM_NORMAL);
        assert_decrypts(alice, MX_OLM_NORMAL, back, "back");
        g_autofree char *there = encrypt(alice, "there", MX_OLM_NORMAL);
        assert_decrypts(bob, MX_OLM_NORMAL, there, "there");
    }
}

/* ---- randomness and limits ---- */

static void assert_random_error(GError **error)
{
    g_assert_error(*error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_RANDOM);
    g_clear_error(error);
}

/* A8: nothing half-made */
static void test_random(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autoptr(GBytes) account_before = mx_olm_account_pickle(pair.bob, NULL);
    g_autoptr(GError) error = NULL;
    guint type;
    char *body = NULL;
    mx_random_fail_after(0);
    g_assert_null(mx_olm_account_new(&error));
    assert_random_error(&error);
    g_assert_false(mx_olm_account_generate_one_time_keys(pair.bob, 5, &error));
    assert_random_error(&error);
    g_assert_false(mx_olm_account_generate_fallback(pair.bob, &error));
    assert_random_error(&error);
    g_assert_null(mx_olm_account_create_outbound(pair.bob, pair.alice_key, pair.one_time, &error));
    assert_random_error(&error);
    mx_random_fail_after(-1);
    g_autoptr(GBytes) account_after = mx_olm_account_pickle(pair.bob, NULL);
    g_assert_true(g_bytes_equal(account_before, account_after));
    g_autofree char *first = encrypt(alice, "first", MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, first, "first");
    g_autoptr(GBytes) before = mx_olm_session_pickle(bob, NULL);
    mx_random_fail_after(0);
    g_assert_false(mx_olm_session_encrypt(bob, "text", 4, &type, &body, &error));
    assert_random_error(&error);
    mx_random_fail_after(-1);
    g_autoptr(GBytes) after = mx_olm_session_pickle(bob, NULL);
    g_assert_true(g_bytes_equal(before, after));
    g_assert_null(body);
}

static void test_too_long(void)
{
    g_auto(Pair) pair;
    pair_init(&pair);
    g_autoptr(MxOlmSession) alice = begin(&pair);
    g_autoptr(GBytes) before = mx_olm_session_pickle(alice, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(MX_RATCHET_MAX_BODY, 'x');
    guint type;
    char *body = NULL;
    g_assert_false(mx_olm_session_encrypt(alice, text, MX_RATCHET_MAX_BODY, &type, &body, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_TOO_LONG);
    g_autoptr(GBytes) after = mx_olm_session_pickle(alice, NULL);
    g_assert_true(g_bytes_equal(before, after));
    text[48000] = '\0';
    g_autofree char *long_one = encrypt(alice, text, MX_OLM_PRE_KEY);
    g_autoptr(MxOlmSession) bob = receive(pair.bob, pair.alice_key, long_one, text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    g_test_add_func("/ratchet/account", test_account);
    g_test_add_func("/ratchet/keys", test_keys);
    g_test_add_func("/ratchet/talk", test_talk);
    g_test_add_func("/ratchet/crossing", test_crossing);
    g_test_add_func("/ratchet/out-of-order", test_out_of_order);
    g_test_add_func("/ratchet/gap", test_gap);
    g_test_add_func("/ratchet/one-time-key", test_one_time_key);
    g_test_add_func("/ratchet/fallback", test_fallback);
    g_test_add_func("/ratchet/forged", test_forged);
    g_test_add_func("/ratchet/low-order", test_low_order);
    g_test_add_func("/ratchet/odd-bodies", test_odd_bodies);
    g_test_add_func("/ratchet/damaged-pickles", test_damaged_pickles);
    g_test_add_func("/ratchet/pickled-sessions", test_pickled_sessions);
    g_test_add_func("/ratchet/random", test_random);
    g_test_add_func("/ratchet/too-long", test_too_long);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json.h"
#include "olm-fixture.h"
#include "mx-primitives.h"
#include "mx-store-olm.h"

#define HOUR_MS (60 * 60 * 1000)

/* ---- sessions ---- */

static void test_both_ways(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    olm_fixture_establish(fixture->alice, fixture->bob);
    olm_fixture_pass(fixture->alice, fixture->bob, 20);
    g_assert_cmpint(olm_fixture_prepare(fixture->bob, fixture->alice), ==, MX_OLM_READY);
    olm_fixture_pass(fixture->bob, fixture->alice, 20);
    crypto_machine_restart(fixture->alice);
    crypto_machine_restart(fixture->bob);
    olm_fixture_pass(fixture->alice, fixture->bob, 3);
    olm_fixture_pass(fixture->bob, fixture->alice, 3);
    g_assert_cmpuint(olm_fixture_count_sessions(fixture->alice, fixture->bob), ==, 1);
    g_assert_cmpuint(olm_fixture_count_sessions(fixture->bob, fixture->alice), ==, 1);
    g_assert_cmpuint(crypto_world_count(fixture->world, NULL, MX_CRYPTO_KEYS_CLAIM, NULL), ==, 1);
}

/* E7: both begin at once. */
static void test_crossing(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_establish(bob, alice);
    JsonObject *from_alice[20], *from_bob[20];
    for (guint i = 0; i < 20; i++) {
        from_alice[i] = olm_fixture_encrypt(alice, bob, "crossing");
        from_bob[i] = olm_fixture_encrypt(bob, alice, "crossing");
    }
    for (guint i = 0; i < 20; i++) {
        olm_fixture_assert_reads(bob, alice, from_alice[i], "crossing");
        olm_fixture_assert_reads(alice, bob, from_bob[i], "crossing");
    }
    olm_fixture_pass(alice, bob, 20);
    olm_fixture_pass(bob, alice, 20);
    g_assert_cmpuint(olm_fixture_count_sessions(alice, bob), ==, 2);
    /* They have converged: what both send with is no pre-key message any more. */
    g_autoptr(JsonObject) one = olm_fixture_encrypt(alice, bob, "x");
    g_autoptr(JsonObject) two = olm_fixture_encrypt(bob, alice, "x");
    g_assert_cmpint(olm_fixture_get_type(one, bob), ==, MX_OLM_NORMAL);
    g_assert_cmpint(olm_fixture_get_type(two, alice), ==, MX_OLM_NORMAL);
}

/* E1: the one that decrypted last; a new one counts from its creation. */
static void test_choice(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    olm_fixture_pass(bob, alice, 1);
    g_autoptr(GPtrArray) first = olm_fixture_load_sessions(alice, bob);
    const char *old_key = ((MxOlmEntry *)g_ptr_array_index(first, 0))->key;
    JsonObject *late = olm_fixture_encrypt(bob, alice, "late");
    crypto_world_advance(2 * HOUR_MS);
    g_autoptr(MxDevice) device = crypto_machine_find(alice, bob);
    crypto_machine_begin(alice);
    mx_olm_unwedge(alice->crypto, device);
    crypto_machine_commit(alice);
    crypto_machine_run(alice);
    g_autoptr(GPtrArray) both = olm_fixture_load_sessions(alice, bob);
    g_assert_cmpuint(both->len, ==, 2);
    g_assert_cmpstr(((MxOlmEntry *)g_ptr_array_index(both, 0))->key, !=, old_key);
    olm_fixture_assert_reads(alice, bob, late, "late");
    g_autoptr(GPtrArray) after = olm_fixture_load_sessions(alice, bob);
    g_assert_cmpstr(((MxOlmEntry *)g_ptr_array_index(after, 0))->key, ==, old_key);
}

static void test_expiry(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    guint8 key[MX_KEY_LEN] = {9}, public[MX_KEY_LEN];
    mx_x25519_public(key, public);
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < 20; i++) {
        MxOlmSession *session =
            mx_olm_account_create_outbound(bob->crypto->account, public, public, NULL);
        g_assert_nonnull(session);
        g_ptr_array_add(made, mx_olm_session_get_id(session));
        crypto_machine_begin(bob);
        mx_olm_sessions_add(bob->crypto, "peer", "@u:x", session);
        crypto_machine_commit(bob);
    }
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(bob->crypto, "peer", "@u:x");
    g_assert_cmpuint(sessions->len, ==, MX_OLM_MAX_SESSIONS);
    for (guint i = 0; i < sessions->len; i++) {
        g_autofree char *expected =
            g_strconcat("peer|@u:x|", g_ptr_array_index(made, 19 - i), NULL);
        g_assert_cmpstr(((MxOlmEntry *)g_ptr_array_index(sessions, i))->key, ==, expected);
    }
}

/* E2: a normal message makes no session. */
static void test_no_session_from_normal(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    olm_fixture_pass(bob, alice, 1);
    g_autoptr(JsonObject) normal = olm_fixture_encrypt(alice, bob, "normal");
    g_assert_cmpint(olm_fixture_get_type(normal, bob), ==, MX_OLM_NORMAL);
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    g_autoptr(JsonObject) to_carol = crypto_json(
        "{\"algorithm\": \"" MX_ALGORITHM_OLM "\", \"sender_key\": \"%s\", "
        "\"ciphertext\": {\"%s\": {\"type\": 1, \"body\": \"%s\"}}}",
        alice->crypto->curve25519, carol->crypto->curve25519, olm_fixture_get_body(normal, bob));
    g_autofree char *before = crypto_machine_digest(carol, "");
    g_assert_cmpint(olm_fixture_decrypt(carol, ALICE, json_object_ref(to_carol), NULL), ==,
                    MX_OLM_FAILED);
    g_autofree char *after = crypto_machine_digest(carol, "");
    g_assert_cmpstr(before, ==, after);
}

/* E8 */
static void test_out_of_order(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    olm_fixture_pass(bob, alice, 1);
    JsonObject *messages[30];
    for (guint i = 0; i < 30; i++)
        messages[i] = olm_fixture_encrypt(alice, bob, "shuffled");
    for (guint i = 30; i > 0; i--)
        olm_fixture_assert_reads(bob, alice, messages[i - 1], "shuffled");
}

/* H12's brother for Olm: what was rolled back has not left, and the key of its message is used once
 * in all. */
static void test_rollback(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    g_autoptr(MxDevice) device = crypto_machine_find(alice, bob);
    g_autoptr(JsonObject) nothing = json_object_new();
    g_autoptr(GError) failure = g_error_new_literal(MX_ERROR, MX_ERROR_STORE, "full");
    g_autoptr(GError) error = NULL;
    crypto_machine_begin(alice);
    g_assert_true(mx_olm_send(alice->crypto, device, "test", nothing));
    mx_store_set_failed(alice->store, failure);
    g_assert_false(mx_store_commit(alice->store, &error));
    mx_crypto_forget(alice->crypto);
    g_assert_cmpuint(crypto_machine_run(alice), ==, 0);
    g_assert_cmpuint(bob->inbox.length, ==, 0);
    olm_fixture_pass(alice, bob, 3);
    crypto_machine_restart(alice);
    olm_fixture_pass(alice, bob, 3);
    /* And the other way: what could not be stored of a message is read again. */
    g_autoptr(JsonObject) content = olm_fixture_encrypt(bob, alice, "again");
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "sender", BOB);
    json_object_set_object_member(event, "content", json_object_ref(content));
    g_auto(MxOlmMessage) message = {0};
    crypto_machine_begin(alice);
    g_assert_cmpint(mx_olm_decrypt(alice->crypto, event, &message), ==, MX_OLM_DECRYPTED);
    mx_store_rollback(alice->store);
    mx_crypto_forget(alice->crypto);
    olm_fixture_assert_reads(alice, bob, json_object_ref(content), "again");
}

/* E3, C7: a first message that is rolled back has not used up its one-time key. */
static void test_rollback_first(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    g_autoptr(JsonObject) content = olm_fixture_encrypt(alice, bob, "first");
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "sender", ALICE);
    json_object_set_object_member(event, "content", json_object_ref(content));
    g_auto(MxOlmMessage) message = {0};
    crypto_machine_begin(bob);
    g_assert_cmpint(mx_olm_decrypt(bob->crypto, event, &message), ==, MX_OLM_DECRYPTED);
    mx_store_rollback(bob->store);
    mx_crypto_forget(bob->crypto);
    g_assert_cmpuint(olm_fixture_count_sessions(bob, alice), ==, 0);
    olm_fixture_assert_reads(bob, alice, json_object_ref(content), "first");
}

/* E9, E10 */
static void test_payload(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    g_autoptr(JsonObject) content = olm_fixture_encrypt(alice, bob, "x");
    guint8 identity[MX_KEY_LEN];
    g_assert_true(mx_base64_decode_fixed(alice->crypto->curve25519, identity, MX_KEY_LEN));
    g_autoptr(GBytes) plain = NULL;
    g_autoptr(MxOlmSession) session = mx_olm_account_create_inbound(
        bob->crypto->account, identity, olm_fixture_get_body(content, bob), &plain, NULL);
    g_assert_nonnull(session);
    g_autoptr(JsonObject) payload =
        mx_json_parse_object(g_bytes_get_data(plain, NULL), (gssize)g_bytes_get_size(plain), NULL);
    g_assert_cmpstr(mx_json_string(payload, "type"), ==, "test");
    g_assert_cmpstr(mx_json_string(payload, "sender"), ==, ALICE);
    g_assert_cmpstr(mx_json_string(payload, "recipient"), ==, BOB);
    g_assert_cmpstr(mx_json_string(mx_json_object(payload, "keys"), "ed25519"), ==,
                    alice->crypto->ed25519);
    g_assert_cmpstr(mx_json_string(mx_json_object(payload, "recipient_keys"), "ed25519"), ==,
                    bob->crypto->ed25519);
    g_autoptr(MxDevice) claimed =
        mx_device_parse(mx_json_object(payload, "sender_device_keys"), ALICE, "ALICEDEV");
    g_assert_nonnull(claimed);
    g_assert_cmpstr(claimed->curve25519, ==, alice->crypto->curve25519);
}

static void test_own_key(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    MxDevice own = {.user_id = (char *)"@eve:e",
                    .device_id = (char *)"EVE",
                    .curve25519 = alice->crypto->curve25519,
                    .ed25519 = alice->crypto->ed25519};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) nothing = json_object_new();
    g_autofree char *before = crypto_machine_digest(alice, "");
    crypto_machine_begin(alice);
    g_assert_cmpint(mx_olm_prepare(alice->crypto, &own), ==, MX_OLM_NONE);
    g_assert_null(mx_olm_encrypt(alice->crypto, &own, "test", nothing, &error));
    g_assert_error(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY);
    crypto_machine_commit(alice);
    g_autofree char *after = crypto_machine_digest(alice, "");
    g_assert_cmpstr(before, ==, after);
}

/* ---- claims ---- */

static char *claim_answer; /* what the homeserver gives in place of the truth */
static guint claim_status;

static gboolean give_claim_answer(CryptoMachine *machine, const MxCryptoRequest *request,
                                  guint *status, char **body)
{
    (void)machine;
    if (request->kind != MX_CRYPTO_KEYS_CLAIM)
        return FALSE;
    *status = claim_status;
    *body = g_strdup(claim_answer);
    return TRUE;
}

static void set_claim_answer(OlmFixture *fixture, guint status, char *answer)
{
    g_free(claim_answer);
    claim_answer = answer;
    claim_status = status;
    fixture->world->intercept = answer != NULL ? give_claim_answer : NULL;
}

/* The key object, as bob's in an answer. Takes key. */
static char *wrap_key(const char *id, JsonObject *key)
{
    g_autofree char *text = mx_json_object_to_text(key);
    json_object_unref(key);
    return g_strdup_printf("{\"one_time_keys\": {\"" BOB "\": {\"BOBDEV\": {\"%s\": %s}}}}", id,
                           text);
}

static JsonObject *make_key(const char *key, CryptoMachine *signer)
{
    JsonObject *object = crypto_json("{\"key\": \"%s\"}", key);
    if (signer != NULL)
        crypto_machine_sign(signer, object);
    return object;
}

/* Nothing is begun with what was given, and a while later it is asked for again. */
static void assert_claim_refused(OlmFixture *fixture, char *answer)
{
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    set_claim_answer(fixture, 200, answer);
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_CLAIMING);
    crypto_machine_run(alice);
    g_assert_cmpuint(olm_fixture_count_sessions(alice, bob), ==, 0);
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_NONE);
    set_claim_answer(fixture, 0, NULL);
    crypto_world_advance(HOUR_MS);
}

/* XK6, A4: not signed by that very device, for that very algorithm. */
static void test_claim_bad_keys(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    const char *key = alice->crypto->curve25519;
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", make_key(key, NULL)));
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", make_key(key, alice)));
    assert_claim_refused(fixture, wrap_key("curve25519:A", make_key(key, bob)));
    assert_claim_refused(fixture, wrap_key("curve25519_signed:A", make_key(key, bob)));
    JsonObject *changed = make_key(key, bob);
    json_object_set_boolean_member(changed, "fallback", TRUE);
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", changed));
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", make_key("AAAA", bob)));
    assert_claim_refused(fixture, g_strdup("{\"one_time_keys\": {\"" BOB "\": []}}"));
    assert_claim_refused(fixture, g_strdup("{\"one_time_keys\": 7}"));
    assert_claim_refused(fixture, g_strdup("no JSON"));
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
}

/* XK7, A5 */
static void test_claim_low_order(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    guint8 zero[MX_KEY_LEN] = {0}, one[MX_KEY_LEN] = {1};
    g_autofree char *first = mx_base64_encode(zero, sizeof zero);
    g_autofree char *second = mx_base64_encode(one, sizeof one);
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", make_key(first, fixture->bob)));
    assert_claim_refused(fixture, wrap_key("signed_curve25519:A", make_key(second, fixture->bob)));
    MxDevice device = {.user_id = (char *)BOB,
                       .device_id = (char *)"ZERO",
                       .curve25519 = first,
                       .ed25519 = fixture->bob->crypto->ed25519};
    crypto_machine_begin(fixture->alice);
    g_assert_cmpint(mx_olm_prepare(fixture->alice->crypto, &device), ==, MX_OLM_NONE);
    crypto_machine_commit(fixture->alice);
}

/* The same key under somebody else's name, and things nobody asked for. */
static void test_claim_extra(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    crypto_machine_meet(alice, carol, MX_DEVICE_SIGNED);
    g_autoptr(JsonObject) key = make_key(carol->crypto->curve25519, carol);
    g_autofree char *text = mx_json_object_to_text(key);
    assert_claim_refused(fixture,
                         g_strdup_printf("{\"one_time_keys\": {\"@carol:c\": {\"CAROLDEV\": "
                                         "{\"signed_curve25519:A\": %s}}, \"" BOB
                                         "\": {\"OTHER\": {\"signed_curve25519:A\": %s}}}}",
                                         text, text));
    g_assert_cmpuint(olm_fixture_count_sessions(alice, carol), ==, 0);
    g_assert_cmpuint(olm_fixture_count_sessions(alice, bob), ==, 0);
}

/* E4: a fallback key serves two who come after each other (XK9: and C8, a one-time key does not).
 */
static void test_fallback(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    crypto_machine_meet(bob, carol, MX_DEVICE_SIGNED);
    crypto_machine_meet(carol, bob, MX_DEVICE_SIGNED);
    CryptoMachine *dora = crypto_world_add(fixture->world, "@dora:d", "DORADEV");
    crypto_machine_publish(dora, 0, TRUE);
    crypto_machine_meet(alice, dora, MX_DEVICE_SIGNED);
    crypto_machine_meet(carol, dora, MX_DEVICE_SIGNED);
    crypto_machine_meet(dora, alice, MX_DEVICE_SIGNED);
    crypto_machine_meet(dora, carol, MX_DEVICE_SIGNED);
    olm_fixture_establish(alice, dora);
    crypto_machine_publish(carol, 0, FALSE);
    olm_fixture_establish(carol, dora);
    olm_fixture_pass(alice, dora, 2);
    olm_fixture_pass(carol, dora, 2);
    olm_fixture_pass(dora, carol, 2);
}

static void test_reused_one_time_key(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    crypto_machine_publish(carol, 0, FALSE);
    crypto_machine_meet(carol, bob, MX_DEVICE_SIGNED);
    GQueue *keys = g_hash_table_lookup(fixture->world->one_time, BOB " BOBDEV");
    g_queue_push_head(keys, g_strdup(g_queue_peek_head(keys)));
    olm_fixture_establish(alice, bob);
    olm_fixture_establish(carol, bob);
    olm_fixture_pass(alice, bob, 1);
    crypto_machine_restart(bob);
    g_autofree char *before = crypto_machine_digest(bob, "");
    g_assert_cmpint(
        olm_fixture_decrypt(bob, "@carol:c", olm_fixture_encrypt(carol, bob, "x"), NULL), ==,
        MX_OLM_FAILED);
    g_autofree char *after = crypto_machine_digest(bob, "");
    g_assert_cmpstr(before, ==, after);
    olm_fixture_pass(alice, bob, 1);
}

/* H11: told once, until there was a session again. */
static void test_no_olm(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    GQueue *keys = g_hash_table_lookup(fixture->world->one_time, BOB " BOBDEV");
    g_autofree char *key = g_strdup(g_queue_peek_head(keys));
    g_queue_clear_full(keys, g_free);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_CLAIMING);
        crypto_machine_run(alice);
        crypto_machine_run(alice);
        g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_NONE);
        crypto_machine_restart(alice);
        g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_NONE);
        crypto_world_advance(HOUR_MS);
    }
    g_assert_cmpuint(
        crypto_world_count(fixture->world, alice, MX_CRYPTO_SEND_TO_DEVICE, "m.room_key.withheld"),
        ==, 1);
    const CryptoSent *sent = NULL;
    for (guint i = 0; i < fixture->world->sent->len; i++) {
        const CryptoSent *one = g_ptr_array_index(fixture->world->sent, i);
        if (g_strcmp0(one->event_type, "m.room_key.withheld") == 0)
            sent = one;
    }
    g_assert_nonnull(strstr(sent->body, "\"m.no_olm\""));
    g_assert_null(strstr(sent->body, "room_id"));
    g_assert_null(strstr(sent->body, "session_id"));
    g_queue_push_tail(keys, g_steal_pointer(&key));
    olm_fixture_establish(alice, bob);
}

/* E5 */
static void test_claim_failures(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    /* One in flight, however often it is wanted. */
    olm_fixture_prepare(alice, bob);
    olm_fixture_prepare(alice, bob);
    g_autoptr(GPtrArray) first = mx_crypto_take_requests(alice->crypto, NULL);
    g_autoptr(GPtrArray) second = mx_crypto_take_requests(alice->crypto, NULL);
    g_assert_cmpuint(first->len, ==, 1);
    g_assert_cmpuint(second->len, ==, 0);
    const MxCryptoRequest *request = g_ptr_array_index(first, 0);
    g_assert_nonnull(strstr(request->body, "\"timeout\":10000"));
    /* No answer: it stays wanted, and is asked for again, also by the next run. */
    MxCryptoAnswer none = {.status = 0, .retry_after_ms = -1};
    g_assert_true(mx_crypto_answer(alice->crypto, request->id, &none, NULL));
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_CLAIMING);
    g_assert_cmpuint(crypto_machine_run(alice), ==, 0);
    g_assert_cmpint(mx_crypto_get_wait(alice->crypto), >, 0);
    /* bob's server is away: nobody is told that there is no session. */
    crypto_world_advance(HOUR_MS);
    set_claim_answer(fixture, 200, g_strdup("{\"one_time_keys\": {}, \"failures\": {\"b\": {}}}"));
    g_assert_cmpuint(crypto_machine_run(alice), ==, 1);
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_NONE);
    g_assert_cmpuint(crypto_machine_run(alice), ==, 0);
    set_claim_answer(fixture, 0, NULL);
    crypto_machine_restart(alice);
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_NONE);
    crypto_world_advance(HOUR_MS);
    olm_fixture_establish(alice, bob);
}

static const char *disliked; /* the homeserver refuses what this is in */
static guint n_refused, refusal;

static gboolean refuse_disliked(CryptoMachine *machine, const MxCryptoRequest *request,
                                guint *status, char **body)
{
    (void)machine;
    (void)body;
    if (strstr(request->body, disliked) == NULL)
        return FALSE;
    *status = refusal;
    n_refused++;
    return TRUE;
}

/* A name that the homeserver does not like keeps nobody else's keys away. */
static void test_refused_claim(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    disliked = "NOBODY";
    n_refused = 0;
    refusal = 400;
    fixture->world->intercept = refuse_disliked;
    CryptoMachine *bad = crypto_world_add(fixture->world, "@bad:b", "NOBODY");
    crypto_machine_meet(alice, bad, MX_DEVICE_SIGNED);
    olm_fixture_prepare(alice, bad);
    olm_fixture_prepare(alice, bob);
    for (guint i = 0; i < 4; i++) {
        crypto_machine_run(alice);
        crypto_world_advance(1000);
    }
    g_assert_cmpint(olm_fixture_prepare(alice, bob), ==, MX_OLM_READY);
    g_assert_cmpint(olm_fixture_prepare(alice, bad), ==, MX_OLM_NONE);
    g_assert_cmpuint(n_refused, ==, 2);
    fixture->world->intercept = NULL;
}

static void send_plain(CryptoMachine *machine, const char *device_id)
{
    g_autoptr(JsonObject) messages = crypto_json("{\"" BOB "\": {\"%s\": {}}}", device_id);
    mx_crypto_send_to_device(machine->crypto, "test", messages, NULL, NULL);
}

/* A message that the homeserver always fails with does not hold up those after it, and is tried
 * again. */
static void test_failing_message(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    disliked = "NOBODY";
    n_refused = 0;
    refusal = 500;
    fixture->world->intercept = refuse_disliked;
    crypto_machine_begin(alice);
    send_plain(alice, "NOBODY");
    send_plain(alice, "BOBDEV");
    crypto_machine_commit(alice);
    for (guint i = 0; i < 8; i++) {
        crypto_machine_run(alice);
        crypto_world_advance(HOUR_MS);
    }
    g_assert_cmpuint(n_refused, >, 2);
    g_assert_cmpint(fixture->bob->inbox.length, ==, 1);
    fixture->world->intercept = NULL;
}

/* D8: Eve publishes Alice's identity key with one-time keys that she has signed herself. The
 * session that comes of it is not the one that Alice is written to with. */
static void test_copied_key(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    CryptoMachine *eve = crypto_world_add(fixture->world, "@eve:e", "EVEDEV");
    g_free(eve->crypto->curve25519);
    eve->crypto->curve25519 = g_strdup(alice->crypto->curve25519);
    crypto_machine_publish(eve, 5, FALSE);
    crypto_machine_meet(bob, eve, MX_DEVICE_SIGNED);
    g_assert_cmpint(olm_fixture_prepare(bob, alice), ==, MX_OLM_CLAIMING);
    g_assert_cmpint(olm_fixture_prepare(bob, eve), ==, MX_OLM_CLAIMING);
    crypto_machine_run(bob);
    g_assert_cmpint(olm_fixture_prepare(bob, alice), ==, MX_OLM_READY);
    g_assert_cmpint(olm_fixture_prepare(bob, eve), ==, MX_OLM_READY);
    olm_fixture_pass(bob, alice, 2);
}

static void test_batches(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    crypto_machine_begin(alice);
    for (guint i = 0; i < 250; i++) {
        guint8 secret[MX_KEY_LEN] = {1, (guint8)i}, public[MX_KEY_LEN];
        mx_x25519_public(secret, public);
        g_autofree char *curve25519 = mx_base64_encode(public, sizeof public);
        g_autofree char *user_id = g_strdup_printf("@u%u:x", i / 3);
        g_autofree char *device_id = g_strdup_printf("DEV%u", i);
        MxDevice device = {.user_id = user_id,
                           .device_id = device_id,
                           .curve25519 = curve25519,
                           .ed25519 = alice->crypto->ed25519};
        g_assert_cmpint(mx_olm_prepare(alice->crypto, &device), ==, MX_OLM_CLAIMING);
    }
    crypto_machine_commit(alice);
    crypto_machine_restart(alice);
    g_assert_cmpuint(crypto_machine_run(alice), ==, 3);
    g_assert_cmpuint(crypto_machine_run(alice), ==, 0);
}

/* ---- E6 ---- */

static void deliver_garbage(CryptoMachine *to, CryptoMachine *from, guint n)
{
    for (guint i = 0; i < n; i++) {
        guint8 noise[60];
        g_assert_true(mx_random(noise, sizeof noise, NULL));
        g_autofree char *body = mx_base64_encode(noise, sizeof noise);
        crypto_machine_deliver(
            to, from->user_id, "m.room.encrypted",
            crypto_json("{\"algorithm\": \"" MX_ALGORITHM_OLM "\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 1, \"body\": \"%s\"}}}",
                        from->crypto->curve25519, to->crypto->curve25519, body));
    }
    crypto_machine_sync(to);
}

static guint count_claims(CryptoMachine *machine)
{
    return crypto_world_count(machine->world, machine, MX_CRYPTO_KEYS_CLAIM, NULL);
}

static void test_unwedge(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    /* The session is young: it is not made anew. */
    deliver_garbage(bob, alice, 100);
    g_assert_cmpuint(crypto_machine_run(bob), ==, 0);
    crypto_world_advance(HOUR_MS + 1);
    deliver_garbage(bob, alice, 100);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_claims(bob), ==, 1);
    g_assert_cmpuint(
        crypto_world_count(fixture->world, bob, MX_CRYPTO_SEND_TO_DEVICE, "m.room.encrypted"), ==,
        1);
    g_assert_cmpuint(olm_fixture_count_sessions(alice, bob), ==, 2);
    olm_fixture_pass(alice, bob, 5);
    olm_fixture_pass(bob, alice, 5);
    /* Within the hour no other, also not after a restart. */
    crypto_machine_restart(bob);
    crypto_world_advance(HOUR_MS - 1000);
    deliver_garbage(bob, alice, 100);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_claims(bob), ==, 1);
    crypto_world_advance(2000);
    deliver_garbage(bob, alice, 100);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_claims(bob), ==, 2);
}

/* What fails does not make it faster; a clock set back a year does not stop it (XR10). */
static void test_unwedge_limits(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    g_queue_clear_full(g_hash_table_lookup(fixture->world->one_time, ALICE " ALICEDEV"), g_free);
    for (guint i = 0; i < 10; i++) {
        deliver_garbage(bob, alice, 10);
        crypto_world_settle(fixture->world);
        crypto_world_advance(HOUR_MS / 20);
    }
    g_assert_cmpuint(count_claims(bob), ==, 1);
    crypto_world_advance(-365 * 24 * (gint64)HOUR_MS);
    deliver_garbage(bob, alice, 10);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_claims(bob), ==, 2);
    /* A stranger's garbage is nobody's session. */
    CryptoMachine *eve = crypto_world_add(fixture->world, "@eve:e", "EVEDEV");
    crypto_machine_publish(eve, 5, FALSE);
    deliver_garbage(bob, eve, 10);
    crypto_machine_run(bob);
    g_assert_cmpuint(count_claims(bob), ==, 2);
}

/* V9: an old copy of the store heals within an hour. */
static void test_lost_sessions(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 1);
    olm_fixture_pass(bob, alice, 1);
    crypto_machine_begin(bob);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(bob->store, "olm", "");
    for (guint i = 0; i < keys->len; i++)
        mx_crypto_save(bob->crypto, "olm", g_ptr_array_index(keys, i), NULL);
    crypto_machine_commit(bob);
    g_assert_cmpint(olm_fixture_decrypt(bob, ALICE, olm_fixture_encrypt(alice, bob, "lost"), NULL),
                    ==, MX_OLM_FAILED);
    crypto_world_settle(fixture->world);
    olm_fixture_pass(alice, bob, 5);
    olm_fixture_pass(bob, alice, 5);
}

/* ---- F9 ---- */

static void test_duplicate(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    g_autoptr(JsonObject) first = olm_fixture_encrypt(alice, bob, "one");
    g_autoptr(JsonObject) second = olm_fixture_encrypt(alice, bob, "two");
    olm_fixture_assert_reads(bob, alice, json_object_ref(first), "one");
    olm_fixture_assert_reads(bob, alice, json_object_ref(second), "two");
    crypto_machine_restart(bob);
    crypto_world_advance(2 * HOUR_MS);
    g_autofree char *before = crypto_machine_digest(bob, "");
    g_assert_cmpint(olm_fixture_decrypt(bob, ALICE, json_object_ref(first), NULL), ==,
                    MX_OLM_DUPLICATE);
    g_assert_cmpint(olm_fixture_decrypt(bob, ALICE, json_object_ref(second), NULL), ==,
                    MX_OLM_DUPLICATE);
    /* Padding makes it no other message. */
    JsonObject *own = mx_json_object(mx_json_object(first, "ciphertext"), bob->crypto->curve25519);
    g_autofree char *padded = g_strdup(mx_json_string(own, "body"));
    while (strlen(padded) % 4 != 0) {
        char *more = g_strconcat(padded, "=", NULL);
        g_free(padded);
        padded = more;
    }
    json_object_set_string_member(own, "body", padded);
    g_assert_cmpint(olm_fixture_decrypt(bob, ALICE, json_object_ref(first), NULL), ==,
                    MX_OLM_DUPLICATE);
    g_autofree char *after = crypto_machine_digest(bob, "");
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpuint(crypto_machine_run(bob), ==, 0);
}

/* Only the newest are kept. */
static void test_seen_limit(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    MxStore *store = fixture->bob->store;
    g_autoptr(GBytes) first = g_bytes_new_static("first", 5);
    crypto_machine_begin(fixture->bob);
    mx_store_add_olm_seen(store, first);
    for (guint32 i = 0; i < 20000; i++) {
        g_assert_true(i > 0 || mx_store_has_olm_seen(store, first));
        g_autoptr(GBytes) hash = g_bytes_new(&i, sizeof i);
        mx_store_add_olm_seen(store, hash);
    }
    crypto_machine_commit(fixture->bob);
    guint32 newest = 19999, oldest = 0;
    g_autoptr(GBytes) new_hash = g_bytes_new(&newest, sizeof newest);
    g_autoptr(GBytes) old_hash = g_bytes_new(&oldest, sizeof oldest);
    g_assert_true(mx_store_has_olm_seen(store, new_hash));
    g_assert_true(mx_store_has_olm_seen(store, old_hash));
    g_assert_false(mx_store_has_olm_seen(store, first));
}

/* XK9: a whole pre-key message for a fallback key, after its session has been forgotten. */
static void test_fallback_replay(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    CryptoMachine *dora = crypto_world_add(fixture->world, "@dora:d", "DORADEV");
    crypto_machine_publish(dora, 0, TRUE);
    crypto_machine_meet(alice, dora, MX_DEVICE_SIGNED);
    crypto_machine_meet(dora, alice, MX_DEVICE_SIGNED);
    olm_fixture_establish(alice, dora);
    g_autoptr(JsonObject) first = olm_fixture_encrypt(alice, dora, "once");
    olm_fixture_assert_reads(dora, alice, json_object_ref(first), "once");
    crypto_machine_begin(dora);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(dora->store, "olm", "");
    for (guint i = 0; i < keys->len; i++)
        mx_crypto_save(dora->crypto, "olm", g_ptr_array_index(keys, i), NULL);
    crypto_machine_commit(dora);
    g_autofree char *before = crypto_machine_digest(dora, "");
    g_assert_cmpint(olm_fixture_decrypt(dora, ALICE, json_object_ref(first), NULL), ==,
                    MX_OLM_DUPLICATE);
    g_autofree char *after = crypto_machine_digest(dora, "");
    g_assert_cmpstr(before, ==, after);
}

#define ADD(path, func)                                                                            \
    g_test_add("/olm/" path, OlmFixture, NULL, olm_fixture_setup, func, olm_fixture_teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("both-ways", test_both_ways);
    ADD("E7-crossing", test_crossing);
    ADD("E1-choice", test_choice);
    ADD("E1-expiry", test_expiry);
    ADD("E2-normal", test_no_session_from_normal);
    ADD("E8-out-of-order", test_out_of_order);
    ADD("rollback", test_rollback);
    ADD("E3-rollback-first", test_rollback_first);
    ADD("E9-payload", test_payload);
    ADD("E10-own-key", test_own_key);
    ADD("XK6-one-time-keys", test_claim_bad_keys);
    ADD("XK7-low-order", test_claim_low_order);
    ADD("E4-extra", test_claim_extra);
    ADD("E4-fallback", test_fallback);
    ADD("XK9-reused-one-time-key", test_reused_one_time_key);
    ADD("XK9-fallback-replay", test_fallback_replay);
    ADD("H11-no-olm", test_no_olm);
    ADD("E5-failures", test_claim_failures);
    ADD("E5-batches", test_batches);
    ADD("E5-refused", test_refused_claim);
    ADD("failing-message", test_failing_message);
    ADD("D8-copied-key", test_copied_key);
    ADD("E6-unwedge", test_unwedge);
    ADD("E6-limits", test_unwedge_limits);
    ADD("V9-lost-sessions", test_lost_sessions);
    ADD("F9-duplicate", test_duplicate);
    ADD("F9-limit", test_seen_limit);
    return g_test_run();
}

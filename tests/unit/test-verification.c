/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-cross-signing.h"
#include "mx-json.h"
#include "verification-fixture.h"

/* Whole flows between machines, and how they end. */

#define MINUTE_MS (G_GINT64_CONSTANT(60) * 1000)

static void assert_seeds(CryptoMachine *machine)
{
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(machine->crypto, i);
        g_assert_nonnull(seed);
        mx_secret_free(seed);
    }
}

/* N18: the old device signs the new one, which trusts the identity and is given its secrets. */
static void assert_own_verified(VerificationFixture *fixture)
{
    verification_assert(fixture->first, MX_VERIFICATION_VERIFIED, NULL);
    verification_assert(fixture->second, MX_VERIFICATION_VERIFIED, NULL);
    identity_refresh(fixture->second, ALICE);
    identity_refresh(fixture->first, ALICE);
    g_assert_true(verification_trusts_device(fixture->first, fixture->second));
    g_assert_true(verification_trusts_device(fixture->second, fixture->first));
    g_assert_cmpint(mx_cross_signing_get_state(fixture->second->crypto), ==, MX_IDENTITY_READY);
    verification_settle(fixture);
    assert_seeds(fixture->second);
    g_assert_null(strstr(fixture->log->str, "cancel"));
}

static void test_own(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_new_asking = GPOINTER_TO_INT(data);
    CryptoMachine *from = is_new_asking ? fixture->second : fixture->first;
    CryptoMachine *to = is_new_asking ? fixture->first : fixture->second;
    verification_compare(fixture, from, to);
    g_assert_true(verification_look(from)->is_own);
    g_autofree char *before = verification_digest(from);
    verification_say(fixture, to, TRUE); /* N17: waits for the user here */
    verification_assert(from, MX_VERIFICATION_COMPARING, NULL);
    g_autofree char *after = verification_digest(from);
    g_assert_cmpstr(after, ==, before);
    verification_say(fixture, from, TRUE);
    assert_own_verified(fixture);
}

static void test_other(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_bob_asking = GPOINTER_TO_INT(data);
    CryptoMachine *from = is_bob_asking ? fixture->bob : fixture->first;
    CryptoMachine *to = is_bob_asking ? fixture->first : fixture->bob;
    verification_compare(fixture, from, to);
    g_assert_cmpint(verification_look(from)->room, ==, 1);
    verification_say(fixture, from, TRUE);
    g_assert_false(verification_trusts_user(from, to->user_id));
    verification_say(fixture, to, TRUE);
    verification_assert(from, MX_VERIFICATION_VERIFIED, NULL);
    verification_assert(to, MX_VERIFICATION_VERIFIED, NULL);
    g_assert_true(verification_trusts_user(from, to->user_id));
    g_assert_true(verification_trusts_user(to, from->user_id));
    g_assert_null(strstr(fixture->log->str, "cancel"));
    /* As the homeserver shows it, after the upload. */
    identity_refresh(from, to->user_id);
    g_assert_true(verification_trusts_user(from, to->user_id));
    g_assert_cmpuint(crypto_world_count(fixture->world, from, MX_CRYPTO_SIGNATURES, NULL), >, 0);
}

/* What success has written outlives the program. */
static void test_durable(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_compare(fixture, fixture->first, fixture->bob);
    verification_say(fixture, fixture->first, TRUE);
    verification_say(fixture, fixture->bob, TRUE);
    crypto_machine_restart(fixture->first);
    g_assert_true(verification_trusts_user(fixture->first, BOB));
}

/* A flow ends with the program, and both sides are told; nothing is half trusted. */
static void test_restart(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_late = GPOINTER_TO_INT(data);
    g_autofree char *before = verification_digest(fixture->first);
    verification_compare(fixture, fixture->first, fixture->bob);
    verification_say(fixture, fixture->bob, TRUE);
    crypto_machine_restart(fixture->first);
    verification_rejoin(fixture->first);
    if (is_late)
        crypto_world_advance(11 * MINUTE_MS);
    verification_settle(fixture);
    g_assert_cmpint(verification_look(fixture->first)->problem, ==, MX_VERIFICATION_INTERRUPTED);
    g_assert_cmpint(verification_look(fixture->first)->state, ==, MX_VERIFICATION_CANCELLED);
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, is_late ? "m.timeout" : "m.user");
    g_autofree char *after = verification_digest(fixture->first);
    g_assert_cmpstr(after, ==, before);
    /* Once. */
    guint64 id = verification_look(fixture->first)->id;
    crypto_machine_restart(fixture->first);
    verification_rejoin(fixture->first);
    verification_settle(fixture);
    g_assert_cmpuint(verification_look(fixture->first)->id, ==, id);
}

/* N16 */
static void test_mismatch(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *before = verification_digest(fixture->first);
    g_autofree char *bob_before = verification_digest(fixture->bob);
    verification_compare(fixture, fixture->first, fixture->bob);
    verification_say(fixture, fixture->bob, TRUE);
    verification_say(fixture, fixture->first, FALSE);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.mismatched_sas");
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.mismatched_sas");
    g_assert_true(verification_look(fixture->first)->is_ended_here);
    g_assert_false(verification_look(fixture->bob)->is_ended_here);
    g_autofree char *after = verification_digest(fixture->first);
    g_autofree char *bob_after = verification_digest(fixture->bob);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpstr(bob_after, ==, bob_before);
}

/* m.user, at each stage and from each side. */
static void test_cancel(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_ask(fixture, fixture->first, BOB);
    verification_cancel(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.user");
    verification_ask(fixture, fixture->first, BOB);
    verification_cancel(fixture, fixture->first);
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.user");
    verification_compare(fixture, fixture->second, fixture->first);
    verification_cancel(fixture, fixture->first);
    verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.user");
    crypto_machine_begin(fixture->first);
    g_assert_false(
        mx_verification_cancel(fixture->first->crypto, verification_look(fixture->first)->id));
    g_assert_false(mx_verification_confirm(fixture->first->crypto,
                                           verification_look(fixture->first)->id, TRUE));
    crypto_machine_commit(fixture->first);
    g_assert_false(verification_trusts_device(fixture->first, fixture->second));
}

/* N5: three devices; the one that accepts makes the others stop asking. */
static void test_several(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_declined = GPOINTER_TO_INT(data);
    CryptoMachine *third = crypto_world_add(fixture->world, ALICE, "THIRD");
    identity_run(third);
    identity_refresh(third, ALICE);
    identity_refresh(fixture->first, ALICE);
    identity_refresh(fixture->second, ALICE);
    verification_ask(fixture, fixture->first, ALICE);
    verification_assert(fixture->second, MX_VERIFICATION_REQUESTED, NULL);
    verification_assert(third, MX_VERIFICATION_REQUESTED, NULL);
    if (is_declined) {
        verification_cancel(fixture, third);
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.user");
        verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.user");
    } else {
        verification_accept(fixture, third);
        verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
        verification_assert(fixture->second, MX_VERIFICATION_DISMISSED, "m.accepted");
    }
}

/* N5, in a room: Alice's other device answers. */
static void test_several_in_room(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_compare(fixture, fixture->second, fixture->first);
    verification_say(fixture, fixture->second, TRUE);
    verification_say(fixture, fixture->first, TRUE);
    verification_settle(fixture);
    identity_refresh(fixture->bob, ALICE);
    identity_refresh(fixture->second, BOB);
    verification_ask(fixture, fixture->bob, ALICE);
    verification_assert(fixture->second, MX_VERIFICATION_REQUESTED, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    verification_accept(fixture, fixture->second);
    verification_assert(fixture->first, MX_VERIFICATION_DISMISSED, NULL);
    verification_say(fixture, fixture->second, TRUE);
    verification_say(fixture, fixture->bob, TRUE);
    verification_assert(fixture->bob, MX_VERIFICATION_VERIFIED, NULL);
    verification_assert(fixture->second, MX_VERIFICATION_VERIFIED, NULL);
}

/* N4 */
static void test_times(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_ask(fixture, fixture->first, BOB);
    crypto_world_advance(2 * MINUTE_MS + 1);
    verification_settle(fixture);
    verification_assert(fixture->bob, MX_VERIFICATION_DISMISSED, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    crypto_world_advance(8 * MINUTE_MS);
    verification_settle(fixture);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.timeout");
    verification_compare(fixture, fixture->second, fixture->first);
    g_assert_cmpint(mx_crypto_get_wait(fixture->first->crypto), >, 0);
    g_assert_cmpint(mx_crypto_get_wait(fixture->first->crypto), <=, 10 * MINUTE_MS);
    crypto_world_advance(10 * MINUTE_MS);
    verification_settle(fixture);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.timeout");
    verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.timeout");
}

/* Who was asked begins after a moment, when the other side does not. */
static gboolean drop_first_start(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                                 JsonObject *content)
{
    (void)content;
    return !(g_str_equal(type, "start") && to == fixture->bob);
}

static void test_answerer_starts(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->tamper = drop_first_start;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->bob, MX_VERIFICATION_READY, NULL);
    crypto_world_advance(2001);
    verification_settle(fixture);
    /* Alice has begun too, and hers comes first (N6); Bob has not seen it. */
    verification_assert(fixture->first, MX_VERIFICATION_EXCHANGING, NULL);
    verification_assert(fixture->bob, MX_VERIFICATION_EXCHANGING, NULL);
}

/* N6: both begin at once. */
static gboolean hold_ready(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                           JsonObject *content)
{
    if (g_str_equal(type, "start") && fixture->n_tampered++ == 0) {
        /* The other side's clock is ahead: it begins too, before this arrives. */
        crypto_world_advance(2001);
        crypto_machine_run(to);
    }
    (void)content;
    return TRUE;
}

static void test_collision(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_bob_asking = GPOINTER_TO_INT(data);
    CryptoMachine *from = is_bob_asking ? fixture->bob : fixture->first;
    CryptoMachine *to = is_bob_asking ? fixture->first : fixture->bob;
    fixture->tamper = hold_ready;
    verification_compare(fixture, from, to);
    g_assert_nonnull(strstr(fixture->log->str, "alice:start"));
    g_assert_nonnull(strstr(fixture->log->str, "bob:start"));
    verification_say(fixture, from, TRUE);
    verification_say(fixture, to, TRUE);
    verification_assert(from, MX_VERIFICATION_VERIFIED, NULL);
    verification_assert(to, MX_VERIFICATION_VERIFIED, NULL);
}

static gboolean start_other_method(VerificationFixture *fixture, CryptoMachine *to,
                                   const char *type, JsonObject *content)
{
    if (g_str_equal(type, "start")) {
        hold_ready(fixture, to, type, content);
        json_object_set_string_member(content, "method", "m.reciprocate.v1");
    }
    return TRUE;
}

static void test_collision_of_methods(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->tamper = start_other_method;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
}

/* N3: a start without a request. Nothing is answered before the user agrees. */
static void test_legacy(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_inject(
        fixture, fixture->first, ALICE, "start",
        crypto_json("{\"from_device\": \"SECOND\", \"transaction_id\": \"legacy\", \"method\": "
                    "\"m.sas.v1\", \"key_agreement_protocols\": [\"curve25519\", "
                    "\"curve25519-hkdf-sha256\"], \"hashes\": [\"sha256\"], "
                    "\"message_authentication_codes\": [\"hmac-sha256\", \"hkdf-hmac-sha256\"], "
                    "\"short_authentication_string\": [\"decimal\"]}"));
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    g_assert_null(strstr(fixture->log->str, "accept"));
    verification_accept(fixture, fixture->first);
    verification_assert(fixture->first, MX_VERIFICATION_EXCHANGING, NULL);
    const CryptoSent *sent = g_ptr_array_index(fixture->world->sent, fixture->world->sent->len - 1);
    g_assert_nonnull(strstr(sent->body, "\"message_authentication_code\":\"hkdf-hmac-sha256\""));
    g_assert_nonnull(strstr(sent->body, "\"short_authentication_string\":[\"decimal\"]"));
}

/* Older programs have only the MAC with the wrong base64 (N9). */
static gboolean offer_old_mac(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                              JsonObject *content)
{
    (void)fixture;
    (void)to;
    if (g_str_equal(type, "accept"))
        json_object_set_string_member(content, "message_authentication_code", "hkdf-hmac-sha256");
    return TRUE;
}

static gboolean expect_old_mac(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                               JsonObject *content)
{
    if (g_str_equal(type, "mac"))
        fixture->n_tampered++;
    return offer_old_mac(fixture, to, type, content);
}

/* The one side believes in another method: the MACs differ, and nothing is verified. */
static void test_mac_methods(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->tamper = expect_old_mac;
    verification_compare(fixture, fixture->first, fixture->bob);
    verification_say(fixture, fixture->first, TRUE);
    verification_say(fixture, fixture->bob, TRUE);
    g_assert_cmpuint(fixture->n_tampered, >, 0);
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    g_assert_false(verification_trusts_user(fixture->bob, ALICE));
}

/* N8 */
static void test_parallel(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_ask(fixture, fixture->second, ALICE);
    guint64 first = verification_look(fixture->first)->id;
    verification_ask(fixture, fixture->second, ALICE);
    g_assert_cmpuint(verification_look(fixture->first)->id, !=, first);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    crypto_machine_begin(fixture->first);
    g_assert_false(mx_verification_accept(fixture->first->crypto, first));
    crypto_machine_commit(fixture->first);
}

/* What cannot end well is not begun. */
static void test_impossible(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    verification_ask(fixture, fixture->first, "@carol:c");
    verification_assert(fixture->first, MX_VERIFICATION_IMPOSSIBLE, NULL);
    g_assert_cmpint(verification_look(fixture->first)->problem, ==, MX_VERIFICATION_NOT_THEIRS);
    verification_ask(fixture, fixture->second, BOB);
    g_assert_cmpint(verification_look(fixture->second)->problem, ==, MX_VERIFICATION_NOT_OURS);
    verification_ask(fixture, fixture->bob, BOB);
    g_assert_cmpint(verification_look(fixture->bob)->problem, ==, MX_VERIFICATION_NO_DEVICE);
    verification_inject(fixture, fixture->first, ALICE, "request",
                        crypto_json("{\"from_device\": \"SECOND\", \"transaction_id\": \"qr\", "
                                    "\"methods\": [\"m.qr_code.scan.v1\"], \"timestamp\": "
                                    "%" G_GINT64_FORMAT "}",
                                    crypto_world_now()));
    verification_assert(fixture->first, MX_VERIFICATION_IMPOSSIBLE, NULL);
    g_assert_cmpint(verification_look(fixture->first)->problem, ==, MX_VERIFICATION_NO_METHOD);
    g_assert_null(strstr(fixture->log->str, "cancel"));
}

/* A8 */
static void test_random(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    mx_random_fail_after(0);
    verification_ask(fixture, fixture->first, ALICE);
    mx_random_fail_after(-1);
    verification_assert(fixture->first, MX_VERIFICATION_IMPOSSIBLE, NULL);
    g_assert_cmpuint(fixture->log->len, ==, 0);
}

/* A device that nobody has heard of yet is asked for before the user is. */
static void test_new_device(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *third = crypto_world_add(fixture->world, ALICE, "THIRD");
    identity_run(third);
    identity_refresh(third, ALICE);
    verification_ask(fixture, third, ALICE);
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    g_assert_cmpstr(verification_look(fixture->first)->device_id, ==, "THIRD");
    verification_accept(fixture, fixture->first);
    verification_assert(third, MX_VERIFICATION_COMPARING, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(VerificationFixture *fixture, gconstpointer data);
        int data;
    } tests[] = {
        {"/verification/own/new-asks", test_own, TRUE},
        {"/verification/own/old-asks", test_own, FALSE},
        {"/verification/other/asking", test_other, FALSE},
        {"/verification/other/asked", test_other, TRUE},
        {"/verification/durable", test_durable, 0},
        {"/verification/restart/soon", test_restart, FALSE},
        {"/verification/restart/late", test_restart, TRUE},
        {"/verification/mismatch", test_mismatch, 0},
        {"/verification/cancel", test_cancel, 0},
        {"/verification/several/accepted", test_several, FALSE},
        {"/verification/several/declined", test_several, TRUE},
        {"/verification/several/in-room", test_several_in_room, 0},
        {"/verification/times", test_times, 0},
        {"/verification/answerer-starts", test_answerer_starts, 0},
        {"/verification/collision/smaller-asks", test_collision, FALSE},
        {"/verification/collision/larger-asks", test_collision, TRUE},
        {"/verification/collision/methods", test_collision_of_methods, 0},
        {"/verification/legacy", test_legacy, 0},
        {"/verification/mac-methods", test_mac_methods, 0},
        {"/verification/parallel", test_parallel, 0},
        {"/verification/impossible", test_impossible, 0},
        {"/verification/random", test_random, 0},
        {"/verification/new-device", test_new_device, 0},
    };
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, VerificationFixture, GINT_TO_POINTER(tests[i].data),
                   verification_setup, tests[i].func, verification_teardown);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fakes.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-key-request.h"
#include "mx-store-key-requests.h"

#define HOUR_MS (60 * 60 * 1000)
#define ROOM "!room:b"
#define REQUEST "m.room_key_request"

typedef struct {
    CryptoWorld *world;
    CryptoMachine *bob, *second, *third; /* one person's devices */
    CryptoMachine *alice;                /* somebody else's */
    char *session_id, *session_key;
} Fixture;

static void introduce(CryptoMachine *a, CryptoMachine *b, MxDeviceTrust trust)
{
    crypto_machine_meet(a, b, trust);
    crypto_machine_meet(b, a, trust);
}

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_fakes_reset();
    CryptoWorld *world = fixture->world = crypto_world_new();
    fixture->bob = crypto_world_add(world, "@bob:b", "BOBDEV");
    fixture->second = crypto_world_add(world, "@bob:b", "SECOND");
    fixture->third = crypto_world_add(world, "@bob:b", "THIRD");
    fixture->alice = crypto_world_add(world, "@alice:a", "ALICEDEV");
    for (guint i = 0; i < world->machines->len; i++)
        crypto_machine_publish(g_ptr_array_index(world->machines, i), 10, FALSE);
    introduce(fixture->bob, fixture->second, MX_DEVICE_VERIFIED);
    introduce(fixture->bob, fixture->third, MX_DEVICE_VERIFIED);
    introduce(fixture->second, fixture->third, MX_DEVICE_VERIFIED);
    introduce(fixture->bob, fixture->alice, MX_DEVICE_SIGNED);
    g_autoptr(MxMegolmOutbound) outbound = mx_megolm_outbound_new(NULL);
    fixture->session_id = mx_megolm_outbound_get_id(outbound);
    fixture->session_key = mx_megolm_outbound_get_session_key(outbound);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_free(fixture->session_id);
    g_free(fixture->session_key);
    crypto_world_free(fixture->world);
    crypto_fakes_reset();
}

/* ---- helpers ---- */

static void want(Fixture *fixture, CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    mx_key_request_want(machine->crypto, ROOM, fixture->session_id,
                        fixture->alice->crypto->curve25519);
    crypto_machine_commit(machine);
}

static void give_key(Fixture *fixture, CryptoMachine *machine)
{
    MxRoomKey key = {.room_id = ROOM,
                     .session_id = fixture->session_id,
                     .session_key = fixture->session_key,
                     .sender = "@alice:a",
                     .curve25519 = fixture->alice->crypto->curve25519,
                     .ed25519 = fixture->alice->crypto->ed25519,
                     .source = MX_KEY_SOURCE_DIRECT,
                     .shared_history = TRUE};
    crypto_machine_begin(machine);
    g_assert_true(mx_inbound_add(machine->crypto, &key));
    crypto_machine_commit(machine);
}

static gboolean has_key(Fixture *fixture, CryptoMachine *machine)
{
    return mx_inbound_get_first_index(machine->crypto, ROOM, fixture->session_id) >= 0;
}

static void run_all(CryptoMachine *machine)
{
    while (crypto_machine_run(machine) > 0)
        continue;
}

static guint count_requests(CryptoMachine *machine)
{
    return crypto_world_count(machine->world, machine, MX_CRYPTO_SEND_TO_DEVICE, REQUEST);
}

/* What went out of machine as an answer: keys, and refusals. */
static guint count_answers(CryptoMachine *machine)
{
    return crypto_world_count(machine->world, machine, MX_CRYPTO_SEND_TO_DEVICE,
                              "m.room.encrypted") +
           crypto_world_count(machine->world, machine, MX_CRYPTO_SEND_TO_DEVICE,
                              "m.room_key.withheld");
}

static const CryptoSent *get_last(CryptoMachine *machine, const char *event_type)
{
    const CryptoSent *last = NULL;
    for (guint i = 0; i < machine->world->sent->len; i++) {
        const CryptoSent *sent = g_ptr_array_index(machine->world->sent, i);
        if (sent->machine == machine && g_strcmp0(sent->event_type, event_type) == 0)
            last = sent;
    }
    g_assert_nonnull(last);
    return last;
}

/* The content that one device got of the last message of this type. */
static JsonObject *get_content(CryptoMachine *from, const char *type, CryptoMachine *to)
{
    g_autoptr(JsonObject) body = crypto_json("%s", get_last(from, type)->body);
    JsonObject *content = mx_json_object(
        mx_json_object(mx_json_object(body, "messages"), to->user_id), to->device_id);
    return content != NULL ? json_object_ref(content) : NULL;
}

static void ask(Fixture *fixture, CryptoMachine *to, const char *sender, const char *device_id,
                const char *request_id, const char *action)
{
    crypto_machine_deliver(
        to, sender, REQUEST,
        crypto_json("{\"action\": \"%s\", \"request_id\": \"%s\", \"requesting_device_id\": "
                    "\"%s\", \"body\": {\"algorithm\": \"" MX_ALGORITHM_MEGOLM
                    "\", \"room_id\": \"" ROOM "\", \"session_id\": \"%s\"}}",
                    action, request_id, device_id, fixture->session_id));
}

/* ---- asking ---- */

static void test_round_trip(Fixture *fixture, gconstpointer data)
{
    (void)data;
    give_key(fixture, fixture->second);
    want(fixture, fixture->bob);
    crypto_world_settle(fixture->world); /* too early */
    g_assert_cmpuint(count_requests(fixture->bob), ==, 0);
    g_assert_cmpint(mx_crypto_get_wait(fixture->bob->crypto), >, 0);
    crypto_machine_restart(fixture->bob);
    crypto_world_advance(10000);
    run_all(fixture->bob);
    g_assert_cmpuint(count_requests(fixture->bob), ==, 1);
    g_autoptr(JsonObject) request = get_content(fixture->bob, REQUEST, fixture->second);
    g_assert_cmpstr(mx_json_string(request, "action"), ==, "request");
    g_assert_cmpstr(mx_json_string(request, "requesting_device_id"), ==, "BOBDEV");
    JsonObject *body = mx_json_object(request, "body");
    g_assert_cmpstr(mx_json_string(body, "room_id"), ==, ROOM);
    g_assert_cmpstr(mx_json_string(body, "session_id"), ==, fixture->session_id);
    g_assert_cmpstr(mx_json_string(body, "algorithm"), ==, MX_ALGORITHM_MEGOLM);
    /* Both own devices, and nobody else (K1) */
    g_autoptr(JsonObject) to_third = get_content(fixture->bob, REQUEST, fixture->third);
    g_autoptr(JsonObject) to_alice = get_content(fixture->bob, REQUEST, fixture->alice);
    g_assert_nonnull(to_third);
    g_assert_null(to_alice);
    crypto_world_settle(fixture->world);
    MxRoomKey key = {0};
    g_assert_true(mx_inbound_get(fixture->bob->crypto, ROOM, fixture->session_id, &key));
    g_assert_cmpint(key.source, ==, MX_KEY_SOURCE_FORWARDED);
    g_assert_cmpstr(key.curve25519, ==, fixture->alice->crypto->curve25519);
    g_assert_cmpstr(key.ed25519, ==, fixture->alice->crypto->ed25519);
    g_assert_cmpstr(key.forwarder, ==, fixture->second->crypto->curve25519);
    g_assert_true(key.shared_history);
    mx_room_key_clear(&key);
    /* The others are told that it has come (K3), with the request's ID. */
    g_autoptr(JsonObject) cancellation = get_content(fixture->bob, REQUEST, fixture->third);
    g_assert_cmpstr(mx_json_string(cancellation, "action"), ==, "request_cancellation");
    g_assert_cmpstr(mx_json_string(cancellation, "request_id"), ==,
                    mx_json_string(request, "request_id"));
    /* The third one does not have it, and says so (H10). */
    g_autoptr(JsonObject) withheld =
        get_content(fixture->third, "m.room_key.withheld", fixture->bob);
    g_assert_cmpstr(mx_json_string(withheld, "code"), ==, "m.unavailable");
}

/* K3: nobody to ask. */
static void test_nobody(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *lone = crypto_world_add(fixture->world, "@lone:l", "LONE");
    CryptoMachine *unsure = crypto_world_add(fixture->world, "@lone:l", "UNSURE");
    crypto_machine_publish(lone, 1, FALSE);
    for (guint trust = MX_DEVICE_UNSIGNED; trust <= MX_DEVICE_SIGNED; trust++) {
        crypto_machine_meet(lone, unsure, trust);
        run_all(lone);
        g_autofree char *before = crypto_machine_digest(lone, "");
        want(fixture, lone);
        crypto_world_advance(HOUR_MS);
        run_all(lone);
        g_autofree char *after = crypto_machine_digest(lone, "");
        g_assert_cmpstr(before, ==, after);
    }
    g_assert_cmpuint(count_requests(lone), ==, 0);
}

static void test_repeats(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    want(fixture, bob);
    crypto_world_advance(10000);
    run_all(bob);
    g_autoptr(JsonObject) first = get_content(bob, REQUEST, fixture->second);
    for (guint i = 0; i < 10; i++) {
        want(fixture, bob);
        crypto_world_advance(HOUR_MS / 20);
        run_all(bob);
        crypto_machine_restart(bob);
    }
    g_assert_cmpuint(count_requests(bob), ==, 1);
    crypto_world_advance(HOUR_MS);
    want(fixture, bob);
    crypto_world_advance(10000);
    run_all(bob);
    g_assert_cmpuint(count_requests(bob), ==, 2);
    g_autoptr(JsonObject) second = get_content(bob, REQUEST, fixture->second);
    g_assert_cmpstr(mx_json_string(first, "request_id"), ==, mx_json_string(second, "request_id"));
}

static void test_arrived_early(Fixture *fixture, gconstpointer data)
{
    (void)data;
    want(fixture, fixture->bob);
    give_key(fixture, fixture->bob);
    crypto_world_advance(HOUR_MS);
    run_all(fixture->bob);
    g_assert_cmpuint(count_requests(fixture->bob), ==, 0);
}

/* Many at once leave in slices, so that other messages get between them. */
static void test_many(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    crypto_machine_begin(bob);
    for (guint i = 0; i < 35; i++) {
        g_autofree char *session_id = g_strdup_printf("session%u", i);
        mx_key_request_want(bob->crypto, ROOM, session_id, NULL);
    }
    crypto_machine_commit(bob);
    crypto_world_advance(10000);
    crypto_machine_run(bob);
    g_assert_cmpint(mx_store_count_to_device(bob->store, "key-request", ""), <=, 10);
    run_all(bob);
    g_assert_cmpuint(count_requests(bob), ==, 35);
}

/* ---- answering ---- */

static void assert_no_answer(Fixture *fixture)
{
    CryptoMachine *bob = fixture->bob;
    guint answers = count_answers(bob),
          claims = crypto_world_count(fixture->world, bob, MX_CRYPTO_KEYS_CLAIM, NULL);
    g_autofree char *before = crypto_machine_digest(bob, "");
    crypto_machine_sync(bob);
    g_autoptr(GPtrArray) questions = mx_store_list_key_questions(bob->store, 0, 100);
    g_assert_cmpuint(questions->len, ==, 0);
    run_all(bob);
    g_autofree char *after = crypto_machine_digest(bob, "");
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpuint(count_answers(bob), ==, answers);
    g_assert_cmpuint(crypto_world_count(fixture->world, bob, MX_CRYPTO_KEYS_CLAIM, NULL), ==,
                     claims);
}

/* XS10: strangers, devices nobody knows, own ones that are not verified, this very one */
static void test_who(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    CryptoMachine *bad = crypto_world_add(fixture->world, "@bob:b", "BOBBAD");
    crypto_machine_publish(bad, 5, FALSE);
    introduce(bad, bob, MX_DEVICE_UNSIGNED);
    give_key(fixture, bob);
    ask(fixture, bob, "@eve:e", "EVEDEV", "1", "request");
    ask(fixture, bob, "@eve:e", "SECOND", "2", "request");
    ask(fixture, bob, "@bob:b", "NOBODY", "3", "request");
    ask(fixture, bob, "@bob:b", "BOBBAD", "4", "request");
    ask(fixture, bob, "@bob:b", "BOBDEV", "5", "request");
    ask(fixture, bob, "@bob:b", "SECOND", "6", "demand");
    ask(fixture, bob, "@bob:b", "SECOND", "", "request");
    assert_no_answer(fixture);
}

static void test_cancelled(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    give_key(fixture, bob);
    ask(fixture, bob, "@bob:b", "SECOND", "1", "request");
    ask(fixture, bob, "@bob:b", "SECOND", "1", "request_cancellation");
    assert_no_answer(fixture);
    /* Somebody else cancels nothing. */
    ask(fixture, bob, "@bob:b", "SECOND", "2", "request");
    ask(fixture, bob, "@alice:a", "SECOND", "2", "request_cancellation");
    ask(fixture, bob, "@bob:b", "THIRD", "2", "request_cancellation");
    crypto_machine_sync(bob);
    run_all(bob);
    g_assert_cmpuint(count_answers(bob), ==, 1);
}

/* What was verified when it asked need not be any more. */
static void test_no_longer(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    give_key(fixture, bob);
    ask(fixture, bob, "@bob:b", "SECOND", "1", "request");
    crypto_machine_sync(bob);
    crypto_machine_meet(bob, fixture->second, MX_DEVICE_UNSIGNED);
    run_all(bob);
    g_assert_cmpuint(count_answers(bob), ==, 0);
}

/* XS10, K5 */
static void test_spam(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    give_key(fixture, bob);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *request_id = g_strdup_printf("%u", i);
        ask(fixture, bob, "@bob:b", "SECOND", request_id, "request");
    }
    ask(fixture, bob, "@bob:b", "THIRD", "1", "request");
    crypto_machine_sync(bob);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@bob:b", "SECOND"), ==, 100);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@bob:b", "THIRD"), ==, 1);
    /* In slices */
    run_all(bob);
    g_assert_cmpuint(count_answers(bob), <=, 101);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@bob:b", "SECOND"), ==, 0);
    /* The next minute is another one. */
    crypto_world_advance(61000);
    ask(fixture, bob, "@bob:b", "SECOND", "again", "request");
    crypto_machine_sync(bob);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@bob:b", "SECOND"), ==, 1);
}

/* K1: people get again what they had got, and no forward. */
static void test_others(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    give_key(fixture, bob);
    ask(fixture, bob, "@alice:a", "ALICEDEV", "1", "request");
    crypto_machine_sync(bob);
    run_all(bob);
    g_assert_cmpuint(fake_n_reshared, ==, 0);
    g_assert_cmpuint(
        crypto_world_count(fixture->world, bob, MX_CRYPTO_SEND_TO_DEVICE, "m.room.encrypted"), ==,
        0);
    g_assert_cmpuint(count_answers(bob), ==, 0); /* nor a word to those who have not */
    g_assert_cmpuint(
        crypto_world_count(fixture->world, bob, MX_CRYPTO_SEND_TO_DEVICE, "m.room_key.withheld"),
        ==, 0);
    fake_shared_index = 7;
    ask(fixture, bob, "@alice:a", "ALICEDEV", "2", "request");
    crypto_machine_sync(bob);
    run_all(bob);
    g_assert_cmpuint(fake_n_reshared, ==, 1);
    g_assert_cmpuint(
        crypto_world_count(fixture->world, bob, MX_CRYPTO_SEND_TO_DEVICE, "m.room.encrypted"), ==,
        0);
}

/* XS10, K5: whoever is in the room may ask, and must not hold up what others wait for. */
static void test_spam_of_others(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    give_key(fixture, bob);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *request_id = g_strdup_printf("%u", i);
        ask(fixture, bob, "@alice:a", "ALICEDEV", request_id, "request");
    }
    crypto_machine_sync(bob); /* nothing was shared with it */
    g_assert_cmpint(mx_store_count_key_questions(bob->store, NULL, NULL), ==, 0);
    crypto_world_advance(61000);
    fake_shared_index = 7;
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *request_id = g_strdup_printf("%u", i);
        ask(fixture, bob, "@alice:a", "ALICEDEV", request_id, "request");
    }
    crypto_machine_sync(bob);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@alice:a", NULL), ==, 100);
    /* They wait while much is on its way, and a key for a room goes before all of it. */
    crypto_machine_begin(bob);
    g_autoptr(JsonObject) messages = crypto_json("{\"@alice:a\":{\"ALICEDEV\":{}}}");
    for (guint i = 0; i < 30; i++)
        mx_crypto_send_to_device(bob->crypto, "m.dummy", messages, NULL, NULL);
    mx_crypto_send_to_device(bob->crypto, "m.room.encrypted", messages, "share", "0 x");
    g_autoptr(MxToDeviceRow) first = mx_store_get_to_device(bob->store, 0);
    g_assert_cmpstr(first->owner, ==, "share");
    g_autoptr(MxToDeviceRow) next = mx_store_get_to_device(bob->store, first->id);
    g_assert_null(next->owner); /* the oldest of the others */
    mx_store_remove_to_device(bob->store, first->id);
    mx_key_request_collect(bob->crypto);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@alice:a", NULL), ==, 100);
    crypto_machine_commit(bob);
    run_all(bob);
    g_assert_cmpint(mx_store_count_key_questions(bob->store, "@alice:a", NULL), ==, 0);
    g_assert_cmpuint(fake_n_reshared, ==, 100);
}

/* K4: of a session whose beginning was withheld */
static void test_tail(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *second = fixture->second;
    MxWithheldRow row = {.code = (char *)"m.unverified", .reason = (char *)"why"};
    give_key(fixture, second);
    crypto_machine_begin(second);
    mx_store_set_withheld(second->store, ROOM, fixture->session_id, "@alice:a", &row);
    crypto_machine_commit(second);
    ask(fixture, second, "@bob:b", "BOBDEV", "1", "request");
    crypto_machine_sync(second);
    run_all(second);
    g_autofree char *text = g_queue_pop_tail(&fixture->bob->inbox);
    g_autoptr(JsonObject) event = crypto_json("%s", text);
    g_auto(MxOlmMessage) message = {0};
    crypto_machine_begin(fixture->bob);
    g_assert_cmpint(mx_olm_decrypt(fixture->bob->crypto, event, &message), ==, MX_OLM_DECRYPTED);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpstr(message.type, ==, "m.forwarded_room_key");
    JsonObject *withheld = mx_json_object(message.content, "withheld");
    g_assert_cmpstr(mx_json_string(withheld, "code"), ==, "m.unverified");
    g_assert_cmpstr(mx_json_string(withheld, "reason"), ==, "why");
}

/* A question that came just before the program ended. */
static void test_restart(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *second = fixture->second;
    give_key(fixture, second);
    want(fixture, fixture->bob);
    crypto_world_advance(10000);
    run_all(fixture->bob);
    crypto_machine_sync(second);
    crypto_machine_restart(second);
    crypto_world_settle(fixture->world);
    g_assert_true(has_key(fixture, fixture->bob));
}

#define ADD(path, func) g_test_add("/key-request/" path, Fixture, NULL, setup, func, teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("round-trip", test_round_trip);
    ADD("K3-nobody", test_nobody);
    ADD("K3-repeats", test_repeats);
    ADD("arrived-early", test_arrived_early);
    ADD("many", test_many);
    ADD("XS10-who", test_who);
    ADD("XS10-cancelled", test_cancelled);
    ADD("no-longer-verified", test_no_longer);
    ADD("XS10-spam", test_spam);
    ADD("K1-others", test_others);
    ADD("XS10-spam-of-others", test_spam_of_others);
    ADD("K4-tail", test_tail);
    ADD("restart", test_restart);
    return g_test_run();
}

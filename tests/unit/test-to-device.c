/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fakes.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-key-request.h"
#include "mx-olm.h"
#include "mx-store-devices.h"
#include "mx-to-device.h"

#define HOUR_MS (60 * 60 * 1000)
#define ROOM "!room:b"

typedef struct {
    CryptoWorld *world;
    CryptoMachine *alice, *bob; /* two people */
    CryptoMachine *other;       /* a second device of bob's, verified */
    MxMegolmOutbound *outbound; /* of alice */
    char *session_id;
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
    fixture->world = crypto_world_new();
    fixture->alice = crypto_world_add(fixture->world, "@alice:a", "ALICEDEV");
    fixture->bob = crypto_world_add(fixture->world, "@bob:b", "BOBDEV");
    fixture->other = crypto_world_add(fixture->world, "@bob:b", "BOBOTHER");
    crypto_machine_publish(fixture->alice, 5, FALSE);
    crypto_machine_publish(fixture->bob, 20, FALSE);
    crypto_machine_publish(fixture->other, 5, FALSE);
    introduce(fixture->alice, fixture->bob, MX_DEVICE_SIGNED);
    introduce(fixture->other, fixture->bob, MX_DEVICE_VERIFIED);
    fixture->outbound = mx_megolm_outbound_new(NULL);
    fixture->session_id = mx_megolm_outbound_get_id(fixture->outbound);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    mx_megolm_outbound_free(fixture->outbound);
    g_free(fixture->session_id);
    crypto_world_free(fixture->world);
    crypto_fakes_reset();
}

/* ---- helpers ---- */

/* Over Olm, until it has arrived in the other's inbox. Takes content. */
static void send(CryptoMachine *from, CryptoMachine *to, const char *type, JsonObject *content)
{
    g_autoptr(MxDevice) device = crypto_machine_find(from, to);
    crypto_machine_begin(from);
    mx_olm_prepare(from->crypto, device);
    crypto_machine_commit(from);
    crypto_machine_run(from);
    crypto_machine_begin(from);
    g_assert_true(mx_olm_send(from->crypto, device, type, content));
    crypto_machine_commit(from);
    json_object_unref(content);
    crypto_machine_run(from);
}

static JsonObject *make_room_key(Fixture *fixture)
{
    g_autofree char *key = mx_megolm_outbound_get_session_key(fixture->outbound);
    return crypto_json("{\"algorithm\": \"" MX_ALGORITHM_MEGOLM "\", \"room_id\": \"" ROOM "\", "
                       "\"session_id\": \"%s\", \"session_key\": \"%s\", "
                       "\"shared_history\": true}",
                       fixture->session_id, key);
}

static JsonObject *make_forward(Fixture *fixture)
{
    g_autofree char *key = mx_megolm_outbound_get_session_key(fixture->outbound);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_new(key, NULL);
    g_autofree char *exported = mx_megolm_inbound_export(inbound, 0, NULL);
    return crypto_json("{\"algorithm\": \"" MX_ALGORITHM_MEGOLM "\", \"room_id\": \"" ROOM "\", "
                       "\"session_id\": \"%s\", \"session_key\": \"%s\", \"sender_key\": \"%s\", "
                       "\"sender_claimed_ed25519_key\": \"%s\", "
                       "\"forwarding_curve25519_key_chain\": []}",
                       fixture->session_id, exported, fixture->alice->crypto->curve25519,
                       fixture->alice->crypto->ed25519);
}

static gboolean has_key(Fixture *fixture, CryptoMachine *machine)
{
    return mx_inbound_get_first_index(machine->crypto, ROOM, fixture->session_id) >= 0;
}

static const char ratchet_tables[] = "sealed olm_seen";

/* What waits for bob has no effect but on the ratchets. */
static void assert_ignored(Fixture *fixture)
{
    g_autofree char *before = crypto_machine_digest(fixture->bob, ratchet_tables);
    g_assert_cmpuint(crypto_machine_sync(fixture->bob), >, 0);
    g_autofree char *after = crypto_machine_digest(fixture->bob, ratchet_tables);
    g_assert_cmpstr(before, ==, after);
    g_assert_false(has_key(fixture, fixture->bob));
    g_assert_cmpuint(fake_n_secrets, ==, 0);
    g_assert_cmpstr(fake_withheld, ==, "");
}

/* ---- keys ---- */

static void test_room_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    send(fixture->alice, fixture->bob, "m.room_key", make_room_key(fixture));
    crypto_machine_sync(fixture->bob);
    MxRoomKey key = {0};
    g_assert_true(mx_inbound_get(fixture->bob->crypto, ROOM, fixture->session_id, &key));
    g_assert_cmpint(key.source, ==, MX_KEY_SOURCE_DIRECT);
    g_assert_cmpstr(key.sender, ==, "@alice:a");
    g_assert_cmpstr(key.curve25519, ==, fixture->alice->crypto->curve25519);
    g_assert_cmpstr(key.ed25519, ==, fixture->alice->crypto->ed25519);
    g_assert_true(key.shared_history);
    mx_room_key_clear(&key);
}

/* F8: also from a device that its owner has not signed. */
static void test_unsigned_room_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_machine_meet(fixture->bob, fixture->alice, MX_DEVICE_UNSIGNED);
    send(fixture->alice, fixture->bob, "m.room_key", make_room_key(fixture));
    crypto_machine_sync(fixture->bob);
    g_assert_true(has_key(fixture, fixture->bob));
}

static void test_bad_room_keys(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const members[] = {"algorithm", "room_id", "session_id", "session_key"};
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        JsonObject *content = make_room_key(fixture);
        json_object_set_string_member(content, members[i], "");
        send(fixture->alice, fixture->bob, "m.room_key", content);
        content = make_room_key(fixture);
        json_object_remove_member(content, members[i]);
        send(fixture->alice, fixture->bob, "m.room_key", content);
    }
    g_autofree char *long_id = g_strnfill(300, 'x');
    JsonObject *content = make_room_key(fixture);
    json_object_set_string_member(content, "room_id", long_id);
    send(fixture->alice, fixture->bob, "m.room_key", content);
    assert_ignored(fixture);
}

/* F1: in their order; what is bad stops nothing. */
static void test_order(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const bad[] = {
        "{}",
        "[]",
        "not JSON",
        "{\"type\": \"m.room.encrypted\", \"sender\": \"@alice:a\"}",
        "{\"type\": \"m.room.encrypted\", \"sender\": 7, \"content\": {}}",
        "{\"type\": {}, \"sender\": \"@alice:a\", \"content\": []}",
        "{\"type\": \"m.room_key_request\", \"sender\": \"@alice:a\", \"content\": null}",
        "{\"type\": \"m.room_key.withheld\", \"sender\": \"@alice:a\", \"content\": {\"code\": 1}}",
        "{\"type\": \"m.key.verification.request\", \"sender\": \"@alice:a\", \"content\": {}}",
        "{\"type\": \"org.example.new\", \"sender\": \"@alice:a\", \"content\": {}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_queue_push_tail(&fixture->bob->inbox, g_strdup(bad[i]));
    send(fixture->alice, fixture->bob, "test.first", json_object_new());
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_queue_push_tail(&fixture->bob->inbox, g_strdup(bad[i]));
    send(fixture->alice, fixture->bob, "m.room_key", make_room_key(fixture));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_queue_push_tail(&fixture->bob->inbox, g_strdup(bad[i]));
    crypto_machine_sync(fixture->bob);
    g_assert_true(has_key(fixture, fixture->bob));
}

/* F2, V6: a /sync that could not be stored has not happened, and comes again. */
static void test_failed_commit(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    g_autoptr(GError) failure = g_error_new_literal(MX_ERROR, MX_ERROR_STORE, "full");
    g_autoptr(GError) error = NULL;
    send(fixture->alice, bob, "m.room_key", make_room_key(fixture));
    send(fixture->alice, bob, "test", json_object_new());
    g_autofree char *before = crypto_machine_digest(bob, "");
    crypto_machine_begin(bob);
    for (GList *at = bob->inbox.head; at != NULL; at = at->next)
        mx_to_device_receive(bob->crypto, at->data, strlen(at->data));
    mx_store_set_failed(bob->store, failure);
    g_assert_false(mx_store_commit(bob->store, &error));
    mx_crypto_forget(bob->crypto);
    g_autofree char *after = crypto_machine_digest(bob, "");
    g_assert_cmpstr(before, ==, after);
    crypto_fakes_reset();
    crypto_machine_sync(bob);
    g_assert_true(has_key(fixture, bob));
}

/* ---- what counts in the clear, and what over Olm ---- */

/* F7 */
static void test_cleartext(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    crypto_machine_deliver(bob, "@alice:a", "m.room_key", make_room_key(fixture));
    crypto_machine_deliver(bob, "@bob:b", "m.forwarded_room_key", make_forward(fixture));
    crypto_machine_deliver(bob, "@bob:b", "m.secret.send",
                           crypto_json("{\"request_id\": \"1\", \"secret\": \"s\"}"));
    crypto_machine_deliver(bob, "@bob:b", "m.room_key_bundle", json_object_new());
    crypto_machine_deliver(bob, "@bob:b", "m.dummy", json_object_new());
    assert_ignored(fixture);
}

/* XN5: inside Megolm, with a session that bob knows. */
static void test_megolm(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    static const char *const types[] = {"m.room_key", "m.forwarded_room_key", "m.secret.send"};
    g_autoptr(MxMegolmOutbound) known = mx_megolm_outbound_new(NULL);
    g_autofree char *known_id = mx_megolm_outbound_get_id(known);
    g_autofree char *known_key = mx_megolm_outbound_get_session_key(known);
    send(fixture->other, bob, "m.room_key",
         crypto_json("{\"algorithm\": \"" MX_ALGORITHM_MEGOLM "\", \"room_id\": \"" ROOM "\", "
                     "\"session_id\": \"%s\", \"session_key\": \"%s\"}",
                     known_id, known_key));
    crypto_machine_sync(bob);
    g_assert_cmpint(mx_inbound_get_first_index(bob->crypto, ROOM, known_id), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(JsonObject) payload = crypto_json("{\"type\": \"%s\"}", types[i]);
        json_object_set_string_member(payload, "room_id", ROOM);
        json_object_set_object_member(payload, "content",
                                      i == 0 ? make_room_key(fixture) : make_forward(fixture));
        g_autofree char *text = mx_json_object_to_text(payload);
        g_autofree char *body = mx_megolm_outbound_encrypt(known, text, strlen(text), NULL);
        crypto_machine_deliver(bob, "@bob:b", "m.room.encrypted",
                               crypto_json("{\"algorithm\": \"" MX_ALGORITHM_MEGOLM
                                           "\", \"sender_key\": \"%s\", "
                                           "\"session_id\": \"%s\", \"room_id\": \"" ROOM "\", "
                                           "\"device_id\": \"BOBOTHER\", \"ciphertext\": \"%s\"}",
                                           fixture->other->crypto->curve25519, known_id, body));
    }
    assert_ignored(fixture);
}

/* F10 */
static void test_nested(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    send(fixture->alice, bob, "m.room_key", make_room_key(fixture));
    g_autofree char *text = g_queue_pop_head(&bob->inbox);
    g_autoptr(JsonObject) event = crypto_json("%s", text);
    send(fixture->alice, bob, "m.room.encrypted",
         json_object_ref(mx_json_object(event, "content")));
    assert_ignored(fixture);
}

/* XN4: what was not asked for, and who may not be believed. */
static void test_forwards(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    CryptoMachine *bad = crypto_world_add(fixture->world, "@bob:b", "BOBBAD");
    crypto_machine_publish(bad, 5, FALSE);
    introduce(bad, bob, MX_DEVICE_UNSIGNED);
    /* From an own verified device, without a request */
    send(fixture->other, bob, "m.forwarded_room_key", make_forward(fixture));
    assert_ignored(fixture);
    /* With one: from others, and from an own one that is not verified */
    crypto_machine_begin(bob);
    mx_key_request_want(bob->crypto, ROOM, fixture->session_id, NULL);
    crypto_machine_commit(bob);
    crypto_world_advance(10000);
    crypto_machine_run(bob);
    crypto_machine_run(bob);
    send(fixture->alice, bob, "m.forwarded_room_key", make_forward(fixture));
    send(bad, bob, "m.forwarded_room_key", make_forward(fixture));
    /* About another room */
    JsonObject *content = make_forward(fixture);
    json_object_set_string_member(content, "room_id", "!other:b");
    send(fixture->other, bob, "m.forwarded_room_key", content);
    assert_ignored(fixture);
    send(fixture->other, bob, "m.forwarded_room_key", make_forward(fixture));
    crypto_machine_sync(bob);
    MxRoomKey key = {0};
    g_assert_true(mx_inbound_get(bob->crypto, ROOM, fixture->session_id, &key));
    g_assert_cmpint(key.source, ==, MX_KEY_SOURCE_FORWARDED);
    g_assert_cmpstr(key.forwarder, ==, fixture->other->crypto->curve25519);
    g_assert_cmpstr(key.curve25519, ==, fixture->alice->crypto->curve25519);
    g_assert_null(key.sender);
    mx_room_key_clear(&key);
}

/* XN9: a secret is passed on only from an own verified device. */
static void test_secrets(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    CryptoMachine *bad = crypto_world_add(fixture->world, "@bob:b", "BOBBAD");
    crypto_machine_publish(bad, 5, FALSE);
    introduce(bad, bob, MX_DEVICE_UNSIGNED);
    static const char secret[] = "{\"request_id\": \"1\", \"secret\": \"poison\"}";
    send(fixture->alice, bob, "m.secret.send", crypto_json("%s", secret));
    send(bad, bob, "m.secret.send", crypto_json("%s", secret));
    assert_ignored(fixture);
    send(fixture->other, bob, "m.secret.send", crypto_json("%s", secret));
    crypto_machine_sync(bob);
    g_assert_cmpuint(fake_n_secrets, ==, 1);
}

static void test_secret_requests(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    crypto_machine_deliver(bob, "@alice:a", "m.secret.request", json_object_new());
    crypto_machine_sync(bob);
    g_assert_cmpuint(fake_n_secret_requests, ==, 0);
    crypto_machine_deliver(bob, "@bob:b", "m.secret.request", json_object_new());
    crypto_machine_sync(bob);
    g_assert_cmpuint(fake_n_secret_requests, ==, 1);
}

/* F11 */
static void test_dehydrated(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    g_autoptr(MxDeviceRow) row = mx_store_get_device(bob->store, "@alice:a", "ALICEDEV");
    row->dehydrated = TRUE;
    crypto_machine_begin(bob);
    mx_store_save_device(bob->store, row);
    crypto_machine_commit(bob);
    send(fixture->alice, bob, "m.room_key", make_room_key(fixture));
    assert_ignored(fixture);
}

/* ---- withheld ---- */

static JsonObject *make_withheld(const char *code, const char *more)
{
    return crypto_json("{\"algorithm\": \"" MX_ALGORITHM_MEGOLM "\", \"code\": \"%s\"%s}", code,
                       more);
}

static void test_withheld(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    static const char session[] = ", \"room_id\": \"" ROOM "\", \"session_id\": \"S\", "
                                  "\"sender_key\": \"x\"";
    g_autofree char *long_code = g_strnfill(5000, 'm');
    crypto_machine_deliver(bob, "@alice:a", "m.room_key.withheld",
                           make_withheld(long_code, session));
    crypto_machine_deliver(bob, "@alice:a", "m.room_key.withheld",
                           make_withheld("m.unverified", ""));
    crypto_machine_deliver(bob, "@alice:a", "m.room_key.withheld", json_object_new());
    assert_ignored(fixture);
    crypto_machine_deliver(bob, "@alice:a", "m.room_key.withheld",
                           make_withheld("m.unverified", session));
    crypto_machine_sync(bob);
    g_assert_cmpstr(fake_withheld, ==, ROOM " S @alice:a m.unverified");
}

/* L3: of all rooms; and a session is begun, at the pace of E6. */
static void test_no_olm(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    g_autofree char *key =
        g_strdup_printf(", \"sender_key\": \"%s\"", fixture->alice->crypto->curve25519);
    for (guint i = 0; i < 20; i++)
        crypto_machine_deliver(bob, "@alice:a", "m.room_key.withheld",
                               make_withheld("m.no_olm", key));
    crypto_machine_sync(bob);
    g_assert_cmpstr(fake_withheld, ==, "- - @alice:a m.no_olm");
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(crypto_world_count(fixture->world, bob, MX_CRYPTO_KEYS_CLAIM, NULL), ==, 1);
    g_assert_cmpuint(
        crypto_world_count(fixture->world, bob, MX_CRYPTO_SEND_TO_DEVICE, "m.room.encrypted"), ==,
        1);
    g_assert_cmpuint(fake_n_reshared, ==, 1);
    /* A stranger's key starts nothing. */
    crypto_machine_deliver(bob, "@eve:e", "m.room_key.withheld", make_withheld("m.no_olm", key));
    crypto_world_advance(2 * HOUR_MS);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(crypto_world_count(fixture->world, bob, MX_CRYPTO_KEYS_CLAIM, NULL), ==, 1);
}

#define ADD(path, func) g_test_add("/to-device/" path, Fixture, NULL, setup, func, teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("room-key", test_room_key);
    ADD("F8-unsigned-room-key", test_unsigned_room_key);
    ADD("bad-room-keys", test_bad_room_keys);
    ADD("F1-order", test_order);
    ADD("F2-failed-commit", test_failed_commit);
    ADD("F7-cleartext", test_cleartext);
    ADD("XN5-megolm", test_megolm);
    ADD("F10-nested", test_nested);
    ADD("XN4-forwards", test_forwards);
    ADD("XN9-secrets", test_secrets);
    ADD("secret-requests", test_secret_requests);
    ADD("F11-dehydrated", test_dehydrated);
    ADD("L1-withheld", test_withheld);
    ADD("L3-no-olm", test_no_olm);
    return g_test_run();
}

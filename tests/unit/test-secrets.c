/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity-fixture.h"
#include "mx-cross-signing.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-olm.h"
#include "mx-secrets.h"

#define ALICE "@alice:a"
#define REQUEST "m.secret.request"
#define HOUR_MS (G_GINT64_CONSTANT(3600) * 1000)

/* Two devices of alice that know each other to be hers; the second has no seeds. */
typedef struct {
    CryptoWorld *world;
    CryptoMachine *first, *second;
} Fixture;

static void drop_seeds(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    mx_crypto_save(machine->crypto, "kept-xsign", "kept", NULL);
    crypto_machine_commit(machine);
    crypto_machine_restart(machine);
}

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world = crypto_world_new();
    fixture->world->intercept = identity_take_signatures;
    fixture->first = crypto_world_add(fixture->world, ALICE, "FIRST");
    fixture->second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_bootstrap(fixture->first);
    identity_run(fixture->second);
    identity_refresh(fixture->second, ALICE);
    identity_recover_from(fixture->second, fixture->first);
    identity_refresh(fixture->first, ALICE);
    drop_seeds(fixture->second);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_free(fixture->world);
}

static guint count_seeds(CryptoMachine *machine)
{
    guint n = 0;
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(machine->crypto, i);
        n += seed != NULL;
        mx_secret_free(seed);
    }
    return n;
}

static guint count_requests(CryptoMachine *machine)
{
    return crypto_world_count(machine->world, machine, MX_CRYPTO_SEND_TO_DEVICE, REQUEST);
}

static guint count_answers(CryptoMachine *machine)
{
    return crypto_world_count(machine->world, machine, MX_CRYPTO_SEND_TO_DEVICE,
                              "m.room.encrypted");
}

/* P8: what is missing is asked for, comes, and the request is taken back. */
static void test_round_trip(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_seeds(fixture->second), ==, MX_CROSS_SIGNING_N_KEYS);
    g_assert_cmpuint(count_answers(fixture->first), ==, MX_CROSS_SIGNING_N_KEYS);
    g_assert_cmpuint(count_requests(fixture->second), ==, 2 * MX_CROSS_SIGNING_N_KEYS);
    crypto_world_advance(48 * HOUR_MS);
    crypto_world_settle(fixture->world);
    g_assert_cmpuint(count_requests(fixture->second), ==, 2 * MX_CROSS_SIGNING_N_KEYS);
}

/* Nobody answers: once a day, also over restarts. */
static void test_pace(Fixture *fixture, gconstpointer data)
{
    (void)data;
    identity_run(fixture->second);
    crypto_machine_restart(fixture->second);
    identity_run(fixture->second);
    g_assert_cmpuint(count_requests(fixture->second), ==, MX_CROSS_SIGNING_N_KEYS);
    crypto_world_advance(25 * HOUR_MS);
    identity_run(fixture->second);
    g_assert_cmpuint(count_requests(fixture->second), ==, 2 * MX_CROSS_SIGNING_N_KEYS);
}

static void ask(CryptoMachine *to, const char *sender, const char *device, const char *action)
{
    crypto_machine_deliver(
        to, sender, REQUEST,
        crypto_json("{\"action\": \"%s\", \"name\": \"m.cross_signing.self_signing\", "
                    "\"request_id\": \"1\", \"requesting_device_id\": \"%s\"}",
                    action, device));
}

/* XS10, P8: strangers, own devices that are not verified, unknown and blocked ones, this one. */
static void test_who(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *first = fixture->first;
    CryptoMachine *unsigned_one = crypto_world_add(fixture->world, ALICE, "UNSIGNED");
    crypto_machine_publish(unsigned_one, 5, FALSE);
    identity_refresh(first, ALICE);
    crypto_machine_begin(first);
    mx_device_list_set_blocked(first->crypto, ALICE, "SECOND", TRUE);
    crypto_machine_commit(first);
    g_autofree char *before = crypto_machine_digest(first, "");
    ask(first, "@mallory:m", "FIRST", "request");
    ask(first, "@mallory:m", "SECOND", "request");
    ask(first, ALICE, "UNSIGNED", "request");
    ask(first, ALICE, "SECOND", "request");
    ask(first, ALICE, "FIRST", "request");
    ask(first, ALICE, "NOBODY", "request");
    crypto_machine_sync(first);
    identity_run(first);
    g_autofree char *after = crypto_machine_digest(first, "");
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpuint(count_answers(first), ==, 0);
}

/* A request that was taken back in time is not answered; nor one whose device is blocked since. */
static void test_cancelled(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *first = fixture->first;
    ask(first, ALICE, "SECOND", "request");
    ask(first, ALICE, "SECOND", "request_cancellation");
    crypto_machine_sync(first);
    identity_run(first);
    g_assert_cmpuint(count_answers(first), ==, 0);
    ask(first, ALICE, "SECOND", "request");
    crypto_machine_sync(first);
    crypto_machine_begin(first);
    mx_device_list_set_blocked(first->crypto, ALICE, "SECOND", TRUE);
    crypto_machine_commit(first);
    identity_run(first);
    g_assert_cmpuint(count_answers(first), ==, 0);
}

static void send_secret(CryptoMachine *from, CryptoMachine *to, const char *id, const char *secret)
{
    for (guint i = 0; i < 2; i++) { /* a session first */
        g_autoptr(MxDevice) device = crypto_machine_find(from, to);
        crypto_machine_begin(from);
        if (mx_olm_prepare(from->crypto, device) == MX_OLM_READY && i == 1) {
            g_autoptr(JsonObject) content =
                crypto_json("{\"request_id\": \"%s\", \"secret\": \"%s\"}", id, secret);
            g_assert_true(mx_olm_send(from->crypto, device, "m.secret.send", content));
        }
        crypto_machine_commit(from);
        identity_run(from);
    }
    crypto_machine_sync(to);
}

static char *get_request_id(CryptoMachine *machine)
{
    for (guint i = 0; i < machine->world->sent->len; i++) {
        const CryptoSent *sent = g_ptr_array_index(machine->world->sent, i);
        if (sent->machine != machine || g_strcmp0(sent->event_type, REQUEST) != 0)
            continue;
        g_autoptr(JsonObject) body = crypto_json("%s", sent->body);
        JsonObject *content =
            mx_json_object(mx_json_object(mx_json_object(body, "messages"), ALICE), "FIRST");
        if (g_strcmp0(mx_json_string(content, "name"), "m.cross_signing.self_signing") == 0)
            return g_strdup(mx_json_string(content, "request_id"));
    }
    g_assert_not_reached();
}

/* XN9: not asked for; another key's seed; no seed; and the right one, once. */
static void test_poisoned(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *first = fixture->first, *second = fixture->second;
    identity_run(second);
    g_autofree char *id = get_request_id(second);
    char *good = mx_cross_signing_get_seed(first->crypto, MX_CROSS_SIGNING_SELF);
    char *other = mx_cross_signing_get_seed(first->crypto, MX_CROSS_SIGNING_USER);
    send_secret(first, second, "never", good);
    send_secret(first, second, id, other);
    send_secret(first, second, id, "");
    send_secret(first, second, id, "c2hvcnQ");
    g_assert_cmpuint(count_seeds(second), ==, 0);
    send_secret(first, second, id, good);
    g_assert_cmpuint(count_seeds(second), ==, 1);
    mx_secret_free(good);
    mx_secret_free(other);
}

#define ADD(name, func) g_test_add("/secrets/" name, Fixture, NULL, setup, func, teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("round-trip", test_round_trip);
    ADD("pace", test_pace);
    ADD("XS10-who", test_who);
    ADD("cancelled", test_cancelled);
    ADD("XN9-poisoned", test_poisoned);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fixture.h"
#include "mx-cross-signing.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"

#define ALICE "@alice:a"
#define BOB "@bob:b"

typedef struct {
    CryptoWorld *world;
    CryptoMachine *alice;
} Fixture;

/* What a homeserver does with signatures: adds those of the body to what it has. */
static void merge_signatures(CryptoWorld *world, const char *user_id, const char *name,
                             JsonObject *signed_object)
{
    g_autofree char *device = g_strconcat(user_id, " ", name, NULL);
    g_autofree char *master = g_strconcat("master_keys ", user_id, NULL);
    GHashTable *table =
        g_hash_table_contains(world->device_keys, device) ? world->device_keys : world->identities;
    const char *key = table == world->device_keys ? device : master;
    g_autoptr(JsonObject) stored = crypto_json("%s", (char *)g_hash_table_lookup(table, key));
    if (mx_json_object(stored, "signatures") == NULL)
        json_object_set_object_member(stored, "signatures", json_object_new());
    JsonObject *all = mx_json_object(stored, "signatures");
    JsonObject *given = mx_json_object(signed_object, "signatures");
    g_autoptr(GList) signers = json_object_get_members(given);
    for (GList *at = signers; at != NULL; at = at->next) {
        JsonObject *by = mx_json_object(given, at->data);
        g_autoptr(GList) ids = json_object_get_members(by);
        if (mx_json_object(all, at->data) == NULL)
            json_object_set_object_member(all, at->data, json_object_new());
        for (GList *id = ids; id != NULL; id = id->next)
            json_object_set_string_member(mx_json_object(all, at->data), id->data,
                                          mx_json_string(by, id->data));
    }
    g_hash_table_insert(table, g_strdup(key), mx_json_object_to_text(stored));
}

static gboolean take_signatures(CryptoMachine *machine, const MxCryptoRequest *request,
                                guint *status, char **body)
{
    if (request->kind != MX_CRYPTO_SIGNATURES)
        return FALSE;
    g_autoptr(JsonObject) object = crypto_json("%s", request->body);
    g_autoptr(GList) users = json_object_get_members(object);
    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *objects = mx_json_object(object, user->data);
        g_autoptr(GList) ids = json_object_get_members(objects);
        for (GList *id = ids; id != NULL; id = id->next)
            merge_signatures(machine->world, user->data, id->data,
                             mx_json_object(objects, id->data));
    }
    *status = 200;
    *body = g_strdup("{\"failures\": {}}");
    return TRUE;
}

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world = crypto_world_new();
    fixture->world->intercept = take_signatures;
    fixture->alice = crypto_world_add(fixture->world, ALICE, "FIRST");
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_free(fixture->world);
}

static void run(CryptoMachine *machine)
{
    while (crypto_machine_run(machine) > 0)
        continue;
}

static void refresh(CryptoMachine *machine, const char *user_id)
{
    crypto_machine_begin(machine);
    mx_device_list_track(machine->crypto, user_id);
    mx_device_list_refresh(machine->crypto, user_id);
    crypto_machine_commit(machine);
    run(machine);
}

static guint count_news(CryptoMachine *machine, MxCryptoNewsKind kind)
{
    guint n = 0;
    g_autoptr(GPtrArray) news = mx_crypto_take_news(machine->crypto);
    for (guint i = 0; i < news->len; i++)
        n += ((MxCryptoNews *)g_ptr_array_index(news, i))->kind == kind;
    return n;
}

/* The homeserver takes what the machine has made, as POST /keys/device_signing/upload. */
static void publish_identity(CryptoMachine *machine)
{
    static const char *const members[][2] = {{"master_key", "master_keys "},
                                             {"self_signing_key", "self_signing_keys "},
                                             {"user_signing_key", "user_signing_keys "}};
    g_autoptr(JsonObject) body = mx_cross_signing_get_upload(machine->crypto);
    g_assert_nonnull(body);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        g_hash_table_insert(machine->world->identities,
                            g_strconcat(members[i][1], machine->user_id, NULL),
                            mx_json_object_to_text(mx_json_object(body, members[i][0])));
}

static void note_uploaded(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    mx_cross_signing_note_uploaded(machine->crypto);
    crypto_machine_commit(machine);
    run(machine);
}

static void bootstrap(CryptoMachine *machine)
{
    run(machine);
    publish_identity(machine);
    note_uploaded(machine);
    g_assert_cmpint(mx_cross_signing_get_state(machine->crypto), ==, MX_IDENTITY_READY);
}

static MxDeviceTrust get_trust(CryptoMachine *machine, const char *user_id, const char *device_id)
{
    g_autoptr(MxDevice) device = mx_device_list_find(machine->crypto, user_id, device_id);
    g_assert_nonnull(device);
    return device->trust;
}

static gboolean recover(CryptoMachine *machine, const char *master, const char *self,
                        const char *user)
{
    const char *const seeds[] = {master, self, user};
    crypto_machine_begin(machine);
    gboolean is_good = mx_cross_signing_recover(machine->crypto, seeds);
    crypto_machine_commit(machine);
    return is_good;
}

static void recover_from(CryptoMachine *machine, CryptoMachine *from)
{
    char *seeds[MX_CROSS_SIGNING_N_KEYS];
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        seeds[i] = mx_cross_signing_get_seed(from->crypto, i);
    g_assert_true(recover(machine, seeds[0], seeds[1], seeds[2]));
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        mx_secret_free(seeds[i]);
    run(machine);
}

/* ---- making ---- */

/* O1 */
static void test_bootstrap(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    run(alice);
    g_assert_cmpuint(count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 1);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_UNPUBLISHED);
    g_autoptr(JsonObject) body = mx_cross_signing_get_upload(alice->crypto);
    g_autofree char *first = mx_json_object_to_text(body);
    /* Killed before the homeserver has it, or before that was known: the same again. */
    crypto_machine_restart(alice);
    run(alice);
    g_assert_cmpuint(count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 1);
    g_autoptr(JsonObject) again = mx_cross_signing_get_upload(alice->crypto);
    g_autofree char *second = mx_json_object_to_text(again);
    g_assert_cmpstr(first, ==, second);
    publish_identity(alice);
    crypto_machine_restart(alice);
    refresh(alice, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    g_assert_null(mx_cross_signing_get_upload(alice->crypto));
    g_assert_cmpuint(crypto_world_count(fixture->world, alice, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(alice->crypto, i);
        g_assert_nonnull(seed);
        mx_secret_free(seed);
    }
}

/* The device and the master key are signed, and others see that; once is enough. */
static void test_signed_for_others(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    bootstrap(fixture->alice);
    refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "FIRST"), ==, MX_DEVICE_SIGNED);
    crypto_world_advance(G_GINT64_CONSTANT(3600) * 1000);
    run(fixture->alice);
    g_assert_cmpuint(crypto_world_count(fixture->world, NULL, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
}

/* O2: with an identity there, whosesoever, none is made, and the device is unsigned. */
static void test_no_second(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(second);
    g_assert_cmpuint(count_news(second, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 0);
    g_assert_null(mx_cross_signing_get_upload(second->crypto));
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_FOREIGN);
    g_assert_false(mx_cross_signing_make(second->crypto, FALSE, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
    /* J4: nor is it believed. */
    g_autoptr(MxIdentity) own = mx_identity_get(second->crypto, ALICE);
    g_assert_false(own->is_verified);
}

/* Two devices begin at the same moment: the one that was slower takes its own back. */
static void test_race(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(fixture->alice);
    run(second);
    g_assert_nonnull(mx_cross_signing_get_upload(second->crypto));
    publish_identity(fixture->alice);
    note_uploaded(fixture->alice);
    refresh(second, ALICE);
    g_assert_null(mx_cross_signing_get_upload(second->crypto));
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_FOREIGN);
}

/* A8 */
static void test_no_randomness(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    run(fixture->alice);
    crypto_machine_begin(fixture->alice);
    mx_cross_signing_drop_made(fixture->alice->crypto);
    mx_random_fail_after(0);
    g_assert_false(mx_cross_signing_make(fixture->alice->crypto, TRUE, &error));
    mx_random_fail_after(-1);
    g_assert_error(error, MX_ERROR, MX_ERROR_FAILED);
    crypto_machine_commit(fixture->alice);
    g_assert_null(mx_cross_signing_get_upload(fixture->alice->crypto));
}

/* The user resets the identity: the new one counts when the homeserver shows it. */
static void test_reset(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    bootstrap(alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(second);
    recover_from(second, alice);
    g_autoptr(MxIdentity) before = mx_identity_get(alice->crypto, ALICE);
    crypto_machine_begin(alice);
    g_assert_true(mx_cross_signing_make(alice->crypto, TRUE, NULL));
    crypto_machine_commit(alice);
    run(alice);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    publish_identity(alice);
    note_uploaded(alice);
    g_autoptr(MxIdentity) after = mx_identity_get(alice->crypto, ALICE);
    g_assert_cmpstr(before->master, !=, after->master);
    g_assert_true(after->is_verified);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    /* O6: the other device is told, and trusts neither; what it has is of no use. */
    mx_crypto_take_news(second->crypto);
    refresh(second, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_CHANGED);
    g_assert_cmpuint(count_news(second, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 1);
    g_assert_cmpint(get_trust(second, ALICE, "FIRST"), <, MX_DEVICE_VERIFIED);
    /* Recovered anew, it belongs to the new one. */
    recover_from(second, alice);
    refresh(second, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
}

/* ---- recovering ---- */

static void test_recover(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(second);
    refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "SECOND"), ==, MX_DEVICE_UNSIGNED);
    recover_from(second, fixture->alice);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
    g_assert_cmpint(get_trust(second, ALICE, "FIRST"), ==, MX_DEVICE_VERIFIED);
    refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "SECOND"), ==, MX_DEVICE_SIGNED);
    crypto_machine_restart(second);
    run(second);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
}

/* O4, XN8: what comes out of secret storage has to be the seeds of the public keys. */
static void test_recover_refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(second);
    char *good[MX_CROSS_SIGNING_N_KEYS];
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        good[i] = mx_cross_signing_get_seed(fixture->alice->crypto, i);
    g_autofree char *wrong = g_strdup(good[0]);
    wrong[3] = wrong[3] == 'A' ? 'B' : 'A';
    g_autofree char *before = crypto_machine_digest(second, "");
    g_assert_false(recover(second, wrong, good[1], good[2]));
    g_assert_false(recover(second, good[0], wrong, good[2]));
    g_assert_false(recover(second, good[0], good[2], good[1]));
    g_assert_false(recover(second, NULL, good[1], good[2]));
    g_assert_false(recover(second, "", good[1], good[2]));
    g_assert_false(recover(second, "AAAA", good[1], good[2]));
    g_assert_false(mx_cross_signing_take_seed(second->crypto, MX_CROSS_SIGNING_SELF, wrong));
    g_assert_false(mx_cross_signing_take_seed(second->crypto, MX_CROSS_SIGNING_SELF, good[0]));
    g_autofree char *after = crypto_machine_digest(second, "");
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_FOREIGN);
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        mx_secret_free(good[i]);
}

/* ---- trust in others ---- */

static char *get_master(CryptoMachine *machine, const char *user_id)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(machine->crypto, user_id);
    return identity != NULL ? g_strdup(identity->master) : NULL;
}

static gboolean sign_user(CryptoMachine *machine, const char *user_id, const char *master)
{
    crypto_machine_begin(machine);
    gboolean is_good = mx_cross_signing_sign_user(machine->crypto, user_id, master);
    crypto_machine_commit(machine);
    run(machine);
    return is_good;
}

static gboolean is_verified(CryptoMachine *machine, const char *user_id)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(machine->crypto, user_id);
    return identity->is_verified;
}

/* J3: signed with the user-signing key, seen by the user's other devices; XS9: another master key
 * ends it everywhere. */
static void test_sign_user(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    bootstrap(alice);
    bootstrap(bob);
    refresh(alice, BOB);
    g_autofree char *master = get_master(alice, BOB);
    g_assert_false(sign_user(alice, BOB, "another"));
    g_assert_false(is_verified(alice, BOB));
    g_assert_true(sign_user(alice, BOB, master));
    g_assert_true(is_verified(alice, BOB));
    g_assert_cmpint(get_trust(alice, BOB, "BOB"), ==, MX_DEVICE_VERIFIED);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    run(second);
    refresh(second, BOB);
    g_assert_false(is_verified(second, BOB)); /* its own identity is not known to be alice's */
    recover_from(second, alice);
    refresh(second, BOB);
    g_assert_true(is_verified(second, BOB));
    crypto_machine_begin(bob);
    mx_cross_signing_make(bob->crypto, TRUE, NULL);
    crypto_machine_commit(bob);
    publish_identity(bob);
    note_uploaded(bob);
    refresh(second, BOB);
    g_assert_false(is_verified(second, BOB));
    g_assert_cmpuint(count_news(second, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 1);
    g_assert_false(sign_user(second, BOB, master));
    g_assert_cmpint(get_trust(second, BOB, "BOB"), <, MX_DEVICE_VERIFIED);
}

/* XN3: a device that is named like bob's master key. */
static void test_named_like_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    bootstrap(alice);
    bootstrap(bob);
    g_autofree char *master = get_master(bob, BOB);
    CryptoMachine *evil = crypto_world_add(fixture->world, BOB, master);
    crypto_machine_publish(evil, 1, FALSE);
    refresh(alice, BOB);
    g_assert_false(sign_user(alice, BOB, master));
    g_assert_false(is_verified(alice, BOB));
    g_autoptr(MxIdentity) identity = mx_identity_get(alice->crypto, BOB);
    g_assert_true(identity->is_ambiguous);
    g_assert_cmpuint(crypto_world_count(fixture->world, alice, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
}

/* O7: a master key object with more in it than a key is not signed. */
static void test_more_than_a_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    bootstrap(fixture->alice);
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    bootstrap(bob);
    g_autoptr(JsonObject) object = crypto_json(
        "%s", (char *)g_hash_table_lookup(fixture->world->identities, "master_keys " BOB));
    json_object_set_string_member(object, "vouches_for", "@mallory:m");
    g_hash_table_insert(fixture->world->identities, g_strdup("master_keys " BOB),
                        mx_json_object_to_text(object));
    refresh(fixture->alice, BOB);
    g_autofree char *master = get_master(bob, BOB);
    g_assert_false(sign_user(fixture->alice, BOB, master));
}

/* The homeserver refuses: asked again later, and not in a loop. */
static gboolean refuse_signatures(CryptoMachine *machine, const MxCryptoRequest *request,
                                  guint *status, char **body)
{
    (void)machine;
    (void)body;
    if (request->kind != MX_CRYPTO_SIGNATURES)
        return FALSE;
    *status = 400;
    return TRUE;
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    fixture->world->intercept = refuse_signatures;
    run(alice);
    publish_identity(alice);
    note_uploaded(alice);
    g_assert_cmpuint(crypto_world_count(fixture->world, alice, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_UNPUBLISHED);
    fixture->world->intercept = take_signatures;
    crypto_world_advance(G_GINT64_CONSTANT(16) * 60 * 1000);
    run(alice);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
}

#define ADD(name, func) g_test_add("/cross-signing/" name, Fixture, NULL, setup, func, teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("bootstrap", test_bootstrap);
    ADD("signed-for-others", test_signed_for_others);
    ADD("no-second", test_no_second);
    ADD("race", test_race);
    ADD("no-randomness", test_no_randomness);
    ADD("XS9-reset", test_reset);
    ADD("recover", test_recover);
    ADD("XN8-recover-refused", test_recover_refused);
    ADD("XS9-sign-user", test_sign_user);
    ADD("XN3-named-like-key", test_named_like_key);
    ADD("more-than-a-key", test_more_than_a_key);
    ADD("refused", test_refused);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fixture.h"
#include "identity-fixture.h"
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

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world = crypto_world_new();
    fixture->world->intercept = identity_take_signatures;
    fixture->alice = crypto_world_add(fixture->world, ALICE, "FIRST");
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_free(fixture->world);
}

static MxDeviceTrust get_trust(CryptoMachine *machine, const char *user_id, const char *device_id)
{
    g_autoptr(MxDevice) device = mx_device_list_find(machine->crypto, user_id, device_id);
    g_assert_nonnull(device);
    return device->trust;
}

/* ---- making ---- */

/* O1 */
static void test_bootstrap(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    identity_run(alice);
    g_assert_cmpuint(identity_count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 1);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_UNPUBLISHED);
    g_autoptr(JsonObject) body = mx_cross_signing_get_upload(alice->crypto);
    g_autofree char *first = mx_json_object_to_text(body);
    /* Killed before the homeserver has it, or before that was known: the same again. */
    crypto_machine_restart(alice);
    identity_run(alice);
    g_assert_cmpuint(identity_count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 1);
    /* Nor could it be taken just then: not at once, but by itself. */
    mx_cross_signing_try_later(alice->crypto);
    identity_run(alice);
    g_assert_cmpuint(identity_count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 0);
    crypto_world_advance(60000);
    identity_run(alice);
    g_assert_cmpuint(identity_count_news(alice, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 1);
    g_autoptr(JsonObject) again = mx_cross_signing_get_upload(alice->crypto);
    g_autofree char *second = mx_json_object_to_text(again);
    g_assert_cmpstr(first, ==, second);
    identity_publish(alice);
    crypto_machine_restart(alice);
    identity_refresh(alice, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    g_assert_null(mx_cross_signing_get_upload(alice->crypto));
    g_assert_cmpuint(crypto_world_count(fixture->world, alice, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(alice->crypto, i);
        g_assert_nonnull(seed);
        mx_secret_free(seed);
    }
}

static gboolean is_in_file(const char *dir, const char *name, gconstpointer what, gsize len)
{
    g_autofree char *path = g_build_filename(dir, name, NULL), *contents = NULL;
    gsize size;
    return g_file_get_contents(path, &contents, &size, NULL) &&
           memmem(contents, size, what, len) != NULL;
}

/* O5: no seed is in the clear in any file, neither as it is written nor as its bytes. */
static void test_seeds_sealed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    identity_bootstrap(alice);
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(alice->crypto, i);
        g_autofree char *padded = g_strconcat(seed, "=", NULL);
        gsize len;
        g_autofree guchar *bytes = g_base64_decode(padded, &len);
        g_autoptr(GDir) dir = g_dir_open(alice->dir, 0, NULL);
        const char *name;
        guint n_files = 0;
        g_assert_cmpuint(len, ==, MX_KEY_LEN);
        while ((name = g_dir_read_name(dir)) != NULL) {
            n_files++;
            g_assert_false(is_in_file(alice->dir, name, seed, strlen(seed)));
            g_assert_false(is_in_file(alice->dir, name, bytes, len));
        }
        g_assert_cmpuint(n_files, >, 1);
        mx_secret_free(seed);
    }
}

/* The device and the master key are signed, and others see that; once is enough. */
static void test_signed_for_others(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    identity_bootstrap(fixture->alice);
    identity_refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "FIRST"), ==, MX_DEVICE_SIGNED);
    crypto_world_advance(G_GINT64_CONSTANT(3600) * 1000);
    identity_run(fixture->alice);
    g_assert_cmpuint(crypto_world_count(fixture->world, NULL, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
}

/* O2: with an identity there, whosesoever, none is made, and the device is unsigned. */
static void test_no_second(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    identity_bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(second);
    g_assert_cmpuint(identity_count_news(second, MX_CRYPTO_NEWS_PUBLISH_IDENTITY), ==, 0);
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
    identity_run(fixture->alice);
    identity_run(second);
    g_assert_nonnull(mx_cross_signing_get_upload(second->crypto));
    identity_publish(fixture->alice);
    identity_note_uploaded(fixture->alice);
    identity_refresh(second, ALICE);
    g_assert_null(mx_cross_signing_get_upload(second->crypto));
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_FOREIGN);
}

/* A8 */
static void test_no_randomness(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    identity_run(fixture->alice);
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
    identity_bootstrap(alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(second);
    identity_recover_from(second, alice);
    g_autoptr(MxIdentity) before = mx_identity_get(alice->crypto, ALICE);
    crypto_machine_begin(alice);
    g_assert_true(mx_cross_signing_make(alice->crypto, TRUE, NULL));
    crypto_machine_commit(alice);
    identity_run(alice);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    identity_publish(alice);
    identity_note_uploaded(alice);
    g_autoptr(MxIdentity) after = mx_identity_get(alice->crypto, ALICE);
    g_assert_cmpstr(before->master, !=, after->master);
    g_assert_true(after->is_verified);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
    /* O6: the other device is told, and trusts neither; what it has is of no use. */
    mx_crypto_take_news(second->crypto);
    identity_refresh(second, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_CHANGED);
    g_assert_cmpuint(identity_count_news(second, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 1);
    g_assert_cmpint(get_trust(second, ALICE, "FIRST"), <, MX_DEVICE_VERIFIED);
    /* Recovered anew, it belongs to the new one. */
    identity_recover_from(second, alice);
    identity_refresh(second, ALICE);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
}

/* ---- recovering ---- */

static void test_recover(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    identity_bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(second);
    identity_refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "SECOND"), ==, MX_DEVICE_UNSIGNED);
    identity_recover_from(second, fixture->alice);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
    g_assert_cmpint(get_trust(second, ALICE, "FIRST"), ==, MX_DEVICE_VERIFIED);
    identity_refresh(bob, ALICE);
    g_assert_cmpint(get_trust(bob, ALICE, "SECOND"), ==, MX_DEVICE_SIGNED);
    crypto_machine_restart(second);
    identity_run(second);
    g_assert_cmpint(mx_cross_signing_get_state(second->crypto), ==, MX_IDENTITY_READY);
}

/* O4, XN8: what comes out of secret storage has to be the seeds of the public keys. */
static void test_recover_refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    identity_bootstrap(fixture->alice);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(second);
    char *good[MX_CROSS_SIGNING_N_KEYS];
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        good[i] = mx_cross_signing_get_seed(fixture->alice->crypto, i);
    g_autofree char *wrong = g_strdup(good[0]);
    wrong[3] = wrong[3] == 'A' ? 'B' : 'A';
    g_autofree char *before = crypto_machine_digest(second, "");
    g_assert_false(identity_recover(second, wrong, good[1], good[2]));
    g_assert_false(identity_recover(second, good[0], wrong, good[2]));
    g_assert_false(identity_recover(second, good[0], good[2], good[1]));
    g_assert_false(identity_recover(second, NULL, good[1], good[2]));
    g_assert_false(identity_recover(second, "", good[1], good[2]));
    g_assert_false(identity_recover(second, "AAAA", good[1], good[2]));
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
    identity_run(machine);
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
    identity_bootstrap(alice);
    identity_bootstrap(bob);
    identity_refresh(alice, BOB);
    g_autofree char *master = get_master(alice, BOB);
    g_assert_false(sign_user(alice, BOB, "another"));
    g_assert_false(is_verified(alice, BOB));
    g_assert_true(sign_user(alice, BOB, master));
    g_assert_true(is_verified(alice, BOB));
    g_assert_cmpint(get_trust(alice, BOB, "BOB"), ==, MX_DEVICE_VERIFIED);
    CryptoMachine *second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(second);
    identity_refresh(second, BOB);
    g_assert_false(is_verified(second, BOB)); /* its own identity is not known to be alice's */
    identity_recover_from(second, alice);
    identity_refresh(second, BOB);
    g_assert_true(is_verified(second, BOB));
    crypto_machine_begin(bob);
    mx_cross_signing_make(bob->crypto, TRUE, NULL);
    crypto_machine_commit(bob);
    identity_publish(bob);
    identity_note_uploaded(bob);
    identity_refresh(second, BOB);
    g_assert_false(is_verified(second, BOB));
    g_assert_cmpuint(identity_count_news(second, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 1);
    g_assert_false(sign_user(second, BOB, master));
    g_assert_cmpint(get_trust(second, BOB, "BOB"), <, MX_DEVICE_VERIFIED);
}

/* XN3: a device that is named like bob's master key. */
static void test_named_like_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    identity_bootstrap(alice);
    identity_bootstrap(bob);
    g_autofree char *master = get_master(bob, BOB);
    CryptoMachine *evil = crypto_world_add(fixture->world, BOB, master);
    crypto_machine_publish(evil, 1, FALSE);
    identity_refresh(alice, BOB);
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
    identity_bootstrap(fixture->alice);
    CryptoMachine *bob = crypto_world_add(fixture->world, BOB, "BOB");
    identity_bootstrap(bob);
    g_autoptr(JsonObject) object = crypto_json(
        "%s", (char *)g_hash_table_lookup(fixture->world->identities, "master_keys " BOB));
    json_object_set_string_member(object, "vouches_for", "@mallory:m");
    g_hash_table_insert(fixture->world->identities, g_strdup("master_keys " BOB),
                        mx_json_object_to_text(object));
    identity_refresh(fixture->alice, BOB);
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
    identity_run(alice);
    identity_publish(alice);
    identity_note_uploaded(alice);
    g_assert_cmpuint(crypto_world_count(fixture->world, alice, MX_CRYPTO_SIGNATURES, NULL), ==, 1);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_UNPUBLISHED);
    fixture->world->intercept = identity_take_signatures;
    crypto_world_advance(G_GINT64_CONSTANT(16) * 60 * 1000);
    identity_run(alice);
    g_assert_cmpint(mx_cross_signing_get_state(alice->crypto), ==, MX_IDENTITY_READY);
}

#define ADD(name, func) g_test_add("/cross-signing/" name, Fixture, NULL, setup, func, teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("bootstrap", test_bootstrap);
    ADD("O5-seeds-sealed", test_seeds_sealed);
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

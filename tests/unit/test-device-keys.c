/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "device-fixture.h"
#include "mx-device-keys.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-private.h"
#include "store-fixture.h"

#define HOUR_MS (G_GINT64_CONSTANT(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static Machine machine;

static JsonObject *take_upload(guint64 *id)
{
    MxCryptoRequest *request = machine_take_one(&machine, MX_CRYPTO_KEYS_UPLOAD);
    if (request == NULL)
        return NULL;
    *id = request->id;
    g_autoptr(GError) error = NULL;
    JsonObject *body = mx_json_parse_object(request->body, -1, &error);
    g_assert_no_error(error);
    mx_crypto_request_free(request);
    return body;
}

static guint count_keys(JsonObject *body, const char *member)
{
    JsonObject *keys = mx_json_object(body, member);
    return keys != NULL ? json_object_get_size(keys) : 0;
}

static void answer_count(guint64 id, guint count)
{
    g_autofree char *text =
        g_strdup_printf("{\"one_time_key_counts\":{\"signed_curve25519\":%u}}", count);
    machine_answer(&machine, id, text);
}

/* The first upload, taken by the homeserver. */
static void set_up(void)
{
    guint64 id;
    machine_open(&machine, "MACHINE");
    g_autoptr(JsonObject) body = take_upload(&id);
    g_assert_nonnull(body);
    answer_count(id, 50);
}

static MxJsonSlice slice(const char *text)
{
    return text != NULL ? mx_json_scan_root(text, strlen(text)) : (MxJsonSlice){0};
}

static void note_since(const char *counts, const char *types, guint64 serial)
{
    mx_store_begin(machine.store);
    mx_device_keys_note_counts(machine.crypto, slice(counts), slice(types), serial);
    store_fixture_commit(machine.store);
}

static void note(const char *counts, const char *types)
{
    note_since(counts, types, mx_device_keys_get_serial(machine.crypto));
}

#define FULL "{\"signed_curve25519\":50}"
#define UNUSED "[\"signed_curve25519\"]"

static void assert_nothing(void)
{
    guint64 id;
    g_assert_null(take_upload(&id));
}

static void test_first(void)
{
    guint64 id;
    guint8 ed25519[MX_KEY_LEN];
    machine_open(&machine, "MACHINE");
    g_autoptr(JsonObject) body = take_upload(&id);
    JsonObject *device = mx_json_object(body, "device_keys");
    g_autoptr(MxDevice) parsed = mx_device_parse(device, ALICE, "MACHINE");
    g_assert_nonnull(parsed);
    g_assert_cmpstr(parsed->ed25519, ==, mx_crypto_get_ed25519(machine.crypto));
    g_assert_cmpuint(json_array_get_length(mx_json_array(device, "algorithms")), ==, 2);
    g_assert_cmpuint(count_keys(body, "one_time_keys"), ==, 50);
    g_assert_cmpuint(count_keys(body, "fallback_keys"), ==, 1);
    /* C2: every key is signed by itself, and the mark is part of what is signed. */
    g_assert_true(mx_base64_decode_fixed(parsed->ed25519, ed25519, sizeof ed25519));
    static const char *const members[] = {"one_time_keys", "fallback_keys"};
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        JsonObject *keys = mx_json_object(body, members[i]);
        g_autoptr(GList) names = json_object_get_members(keys);
        for (GList *name = names; name != NULL; name = name->next) {
            JsonObject *key = mx_json_object(keys, name->data);
            g_assert_true(g_str_has_prefix(name->data, "signed_curve25519:"));
            g_assert_true(mx_signed_json_verify(key, ALICE, "ed25519:MACHINE", ed25519));
            g_assert_cmpint(mx_json_bool(key, "fallback", FALSE), ==, i == 1);
        }
    }
    assert_nothing(); /* one at a time (C6) */
    answer_count(id, 50);
    assert_nothing();
    machine_reopen(&machine);
    assert_nothing();
    machine_clear(&machine);
}

/* B2, C4: the program ends before the answer. */
static void test_interrupted(void)
{
    guint64 id;
    machine_open(&machine, "MACHINE");
    g_autoptr(JsonObject) first = take_upload(&id);
    machine_reopen(&machine);
    g_autoptr(JsonObject) second = take_upload(&id);
    g_autofree char *one = mx_json_object_to_text(first), *other = mx_json_object_to_text(second);
    g_assert_cmpstr(one, ==, other);
    machine_clear(&machine);
}

static void test_counts(void)
{
    guint64 id;
    set_up();
    note(FULL, UNUSED);
    assert_nothing();
    note("{\"signed_curve25519\":43,\"other\":3}", UNUSED);
    g_autoptr(JsonObject) seven = take_upload(&id);
    g_assert_cmpuint(count_keys(seven, "one_time_keys"), ==, 7);
    g_assert_null(mx_json_object(seven, "device_keys"));
    g_assert_null(mx_json_object(seven, "fallback_keys"));
    answer_count(id, 50);
    note(NULL, UNUSED); /* absent is 0 */
    g_autoptr(JsonObject) all = take_upload(&id);
    g_assert_cmpuint(count_keys(all, "one_time_keys"), ==, 50);
    answer_count(id, 50);
    note("{\"signed_curve25519\":-5}", UNUSED);
    g_autoptr(JsonObject) again = take_upload(&id);
    g_assert_cmpuint(count_keys(again, "one_time_keys"), ==, 50);
    answer_count(id, 50);
    note("{\"signed_curve25519\":9000000}", UNUSED);
    assert_nothing();
    machine_clear(&machine);
}

/* C6: a /sync that was asked for before the upload finished. */
static void test_stale_counts(void)
{
    guint64 id;
    set_up();
    guint64 before = mx_device_keys_get_serial(machine.crypto);
    note("{\"signed_curve25519\":40}", UNUSED);
    g_autoptr(JsonObject) body = take_upload(&id);
    note("{\"signed_curve25519\":40}", "[]"); /* in flight */
    answer_count(id, 50);
    note_since("{\"signed_curve25519\":40}", "[]", before);
    assert_nothing();
    note("{\"signed_curve25519\":49}", UNUSED);
    g_autoptr(JsonObject) one = take_upload(&id);
    g_assert_cmpuint(count_keys(one, "one_time_keys"), ==, 1);
    machine_clear(&machine);
}

/* C2, C3 */
static void test_fallback(void)
{
    guint64 id;
    set_up();
    note(FULL, NULL); /* the homeserver knows none */
    assert_nothing();
    note(FULL, "[]");
    g_autoptr(JsonObject) second = take_upload(&id);
    g_assert_cmpuint(count_keys(second, "fallback_keys"), ==, 1);
    g_assert_cmpuint(count_keys(second, "one_time_keys"), ==, 0);
    answer_count(id, 50);
    note(FULL, UNUSED);
    assert_nothing();
    /* Used at once: the first is kept for an hour, so the third waits. */
    note(FULL, "[]");
    assert_nothing();
    g_assert_cmpint(mx_crypto_get_wait(machine.crypto), >, 0);
    machine_reopen(&machine);
    machine_advance(HOUR_MS);
    g_autoptr(JsonObject) third = take_upload(&id);
    g_assert_cmpuint(count_keys(third, "fallback_keys"), ==, 1);
    answer_count(id, 50);
    /* Old, though nobody has used it. */
    note(FULL, UNUSED);
    machine_advance(8 * DAY_MS);
    g_autoptr(JsonObject) fourth = take_upload(&id);
    g_assert_cmpuint(count_keys(fourth, "fallback_keys"), ==, 1);
    machine_clear(&machine);
}

/* C5: the homeserver has other keys under these IDs. */
static void test_conflict(void)
{
    guint64 id;
    set_up();
    note("{\"signed_curve25519\":40}", UNUSED);
    g_autoptr(JsonObject) first = take_upload(&id);
    machine_refuse(&machine, id, 400, "M_UNKNOWN",
                   "One time key signed_curve25519:A already exists");
    g_autoptr(JsonObject) second = take_upload(&id);
    g_autoptr(GList) names = json_object_get_members(mx_json_object(second, "one_time_keys"));
    g_assert_cmpuint(g_list_length(names), ==, 10);
    for (GList *name = names; name != NULL; name = name->next)
        g_assert_false(json_object_has_member(mx_json_object(first, "one_time_keys"), name->data));
    machine_refuse(&machine, id, 400, "M_UNKNOWN", "One time key already exists");
    assert_nothing(); /* no loop */
    machine_advance(60000);
    assert_nothing();
    machine_advance(HOUR_MS);
    /* New ones again: otherwise those that were refused twice would stand in the way for good. */
    g_autoptr(JsonObject) third = take_upload(&id);
    JsonObject *fresh = mx_json_object(third, "one_time_keys");
    g_assert_cmpuint(json_object_get_size(fresh), ==, 10);
    for (GList *name = names; name != NULL; name = name->next)
        g_assert_false(json_object_has_member(fresh, name->data));
    machine_clear(&machine);
}

/* A homeserver that says after each upload that it has none: keys are made at the pace of /sync. */
static void test_no_loop(void)
{
    guint64 id;
    machine_open(&machine, "MACHINE");
    g_autoptr(JsonObject) first = take_upload(&id);
    answer_count(id, 0);
    assert_nothing();
    note("{\"signed_curve25519\":0}", UNUSED);
    g_autoptr(JsonObject) second = take_upload(&id);
    g_assert_cmpuint(count_keys(second, "one_time_keys"), ==, 50);
    machine_answer(&machine, id, "{}");
    assert_nothing();
    machine_clear(&machine);
}

/* C6: what is in memory was dropped while an upload was on its way, and it is made once more. The
 * answer to the first one says nothing of the second one's keys. */
static void test_forgotten(void)
{
    guint64 first_id, id;
    set_up();
    note("{\"signed_curve25519\":40}", UNUSED);
    g_autoptr(JsonObject) first = take_upload(&first_id);
    mx_crypto_forget(machine.crypto);
    note("{\"signed_curve25519\":30}", UNUSED);
    g_autoptr(JsonObject) second = take_upload(&id);
    g_assert_cmpuint(count_keys(second, "one_time_keys"), ==, 20);
    answer_count(first_id, 40);
    assert_nothing(); /* the second one is still on its way */
    machine_refuse(&machine, id, 502, NULL, NULL);
    machine_advance(60000);
    g_autoptr(JsonObject) third = take_upload(&id);
    g_autofree char *one = mx_json_object_to_text(second), *other = mx_json_object_to_text(third);
    g_assert_cmpstr(one, ==, other);
    machine_clear(&machine);
}

/* A homeserver that wants to be left alone for all time, or for longer than there are numbers, is
 * asked again all the same. */
static void test_endless_wait(void)
{
    static const gint64 waits[] = {G_MAXINT64, G_GINT64_CONSTANT(1) << 50};
    for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
        guint64 id;
        machine_open(&machine, "MACHINE");
        g_autoptr(JsonObject) first = take_upload(&id);
        MxCryptoAnswer answer = {.status = 429, .retry_after_ms = waits[i]};
        g_assert_true(mx_crypto_answer(machine.crypto, id, &answer, NULL));
        assert_nothing();
        machine_advance(HOUR_MS / 4);
        g_autoptr(JsonObject) second = take_upload(&id);
        g_assert_nonnull(second);
        machine_clear(&machine);
    }
}

static void test_no_answer(void)
{
    guint64 id;
    machine_open(&machine, "MACHINE");
    g_autoptr(JsonObject) first = take_upload(&id);
    machine_refuse(&machine, id, 502, NULL, NULL);
    assert_nothing();
    machine_advance(60000);
    g_autoptr(JsonObject) second = take_upload(&id);
    g_autofree char *one = mx_json_object_to_text(first), *other = mx_json_object_to_text(second);
    g_assert_cmpstr(one, ==, other);
    machine_clear(&machine);
}

/* B4 */
static void test_own_device(void)
{
    guint64 id;
    set_up();
    Answer answer = answer_new();
    g_autoptr(JsonObject) own = mx_device_keys_get_object(machine.crypto);
    answer_add_device(&answer, ALICE, "MACHINE", json_object_ref(own));
    machine_learn(&machine, answer_end(&answer), ALICE, NULL);
    g_assert_false(mx_device_keys_are_wrong(machine.crypto));
    g_autoptr(MxDevice) device = mx_device_list_find(machine.crypto, ALICE, "MACHINE");
    g_assert_cmpint(device->trust, ==, MX_DEVICE_VERIFIED);
    /* Lost by the homeserver: once more, and not again. */
    answer = answer_new();
    answer_add_user(&answer, ALICE);
    machine_learn(&machine, answer_end(&answer), ALICE, NULL);
    g_autoptr(JsonObject) again = take_upload(&id);
    g_assert_nonnull(mx_json_object(again, "device_keys"));
    answer_count(id, 50);
    answer = answer_new();
    answer_add_user(&answer, ALICE);
    machine_learn(&machine, answer_end(&answer), ALICE, NULL);
    assert_nothing();
    /* Other keys: it ends, for good. */
    answer = answer_new();
    answer_add_device(&answer, ALICE, "MACHINE", device_new(&(Device){ALICE, "MACHINE", 90, 91}));
    machine_learn(&machine, answer_end(&answer), ALICE, NULL);
    g_assert_true(mx_device_keys_are_wrong(machine.crypto));
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_OWN_DEVICE_WRONG), ==, 1);
    note("{}", "[]");
    assert_nothing();
    machine_reopen(&machine);
    g_assert_true(mx_device_keys_are_wrong(machine.crypto));
    machine_clear(&machine);
}

/* B3 */
static void test_keys_lost(void)
{
    g_autoptr(GError) error = NULL;
    set_up();
    g_autofree char *before = g_strdup(mx_crypto_get_ed25519(machine.crypto));
    mx_store_set_sealed(machine.store, "account", "", NULL);
    machine_close(&machine);
    machine.store = store_fixture_open(machine.dir);
    g_assert_null(mx_crypto_open(machine.store, ALICE, "MACHINE", &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_KEYS_LOST);
    machine_close(&machine);
    /* Another device has other keys, and begins with everything. */
    guint64 id;
    machine_open(&machine, "SECOND");
    g_assert_cmpstr(mx_crypto_get_ed25519(machine.crypto), !=, before);
    g_autoptr(JsonObject) body = take_upload(&id);
    g_assert_cmpuint(count_keys(body, "one_time_keys"), ==, 50);
    machine_close(&machine);
    /* The vault's key is lost: the same. */
    g_autofree char *path = g_build_filename(machine.dir, "vault.key", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_clear_error(&error);
    machine.store = store_fixture_open(machine.dir);
    g_assert_null(mx_crypto_open(machine.store, ALICE, "SECOND", &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_KEYS_LOST);
    machine_close(&machine);
    machine_open(&machine, "THIRD");
    machine_clear(&machine);
}

/* V6: nothing leaves that was not stored. */
static void test_failed_commit(void)
{
    guint64 id;
    g_autoptr(GError) error = NULL;
    machine_open(&machine, "MACHINE");
    mx_store_exec(machine.store,
                  "CREATE TEMP TRIGGER full BEFORE INSERT ON sealed BEGIN "
                  "SELECT RAISE(ABORT, 'full'); END",
                  "");
    g_assert_null(mx_crypto_take_requests(machine.crypto, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    /* Somebody else's transaction goes well before the next try. */
    mx_store_exec(machine.store, "DROP TRIGGER full", "");
    mx_store_begin(machine.store);
    store_fixture_commit(machine.store);
    g_autoptr(JsonObject) first = take_upload(&id);
    machine_reopen(&machine);
    g_autoptr(JsonObject) second = take_upload(&id);
    g_autofree char *one = mx_json_object_to_text(first), *other = mx_json_object_to_text(second);
    g_assert_cmpstr(one, ==, other);
    machine_clear(&machine);
}

/* A request that was made in a transaction that failed is not sent by the next one that does not.
 */
static void on_no_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                         const MxCryptoAnswer *answer, gpointer user_data)
{
    g_assert_not_reached();
}

static void test_forgotten_request(void)
{
    set_up();
    mx_store_begin(machine.store);
    mx_crypto_add_request(machine.crypto, MX_CRYPTO_SIGNATURES, g_strdup("{}"), on_no_answer, NULL,
                          NULL);
    mx_store_rollback(machine.store);
    mx_crypto_forget(machine.crypto);
    g_assert_cmpuint(g_hash_table_size(machine.crypto->requests), ==, 0);
    g_autoptr(GPtrArray) due = machine_take(&machine);
    for (guint i = 0; i < due->len; i++)
        g_assert_cmpint(((MxCryptoRequest *)g_ptr_array_index(due, i))->kind, !=,
                        MX_CRYPTO_SIGNATURES);
    machine_clear(&machine);
}

static void change_database(const char *sql)
{
    sqlite3 *db = NULL;
    g_autofree char *path = g_build_filename(machine.dir, "account.db", NULL);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

/* B3: what the disk does not give just now is not lost. The user must not be signed in as a new
 * device for it, and no other keys be made. */
static void test_unreadable(void)
{
    g_autoptr(GError) error = NULL;
    set_up();
    g_autofree char *before = g_strdup(mx_crypto_get_ed25519(machine.crypto));
    machine_close(&machine);
    change_database("ALTER TABLE sealed RENAME TO away");
    machine.store = store_fixture_open(machine.dir);
    g_assert_null(mx_crypto_open(machine.store, ALICE, "MACHINE", &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    machine_close(&machine);
    change_database("ALTER TABLE away RENAME TO sealed");
    machine_open(&machine, "MACHINE");
    g_assert_cmpstr(mx_crypto_get_ed25519(machine.crypto), ==, before);
    machine_clear(&machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("MX_NO_KEYRING", "1", TRUE);
    g_test_add_func("/device-keys/B1-first", test_first);
    g_test_add_func("/device-keys/B2-interrupted", test_interrupted);
    g_test_add_func("/device-keys/C1-counts", test_counts);
    g_test_add_func("/device-keys/C6-stale-counts", test_stale_counts);
    g_test_add_func("/device-keys/C2-fallback", test_fallback);
    g_test_add_func("/device-keys/C5-conflict", test_conflict);
    g_test_add_func("/device-keys/C1-no-loop", test_no_loop);
    g_test_add_func("/device-keys/C6-forgotten", test_forgotten);
    g_test_add_func("/device-keys/no-answer", test_no_answer);
    g_test_add_func("/device-keys/endless-wait", test_endless_wait);
    g_test_add_func("/device-keys/B4-own-device", test_own_device);
    g_test_add_func("/device-keys/B3-keys-lost", test_keys_lost);
    g_test_add_func("/device-keys/B3-unreadable", test_unreadable);
    g_test_add_func("/device-keys/V6-failed-commit", test_failed_commit);
    g_test_add_func("/device-keys/V6-forgotten-request", test_forgotten_request);
    return g_test_run();
}

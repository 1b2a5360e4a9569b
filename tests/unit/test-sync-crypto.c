/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-client-crypto.h"
#include "mx-client-private.h"
#include "mx-member.h"
#include "mx-store-devices.h"
#include "mx-store-private.h"
#include "mx-sync-crypto.h"
#include "sync-fixture.h"

#define BOB "@bob:x"

static void open_crypto(SyncFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    mx_store_set_value(fixture->store, MX_VALUE_USER_ID, "@me:x");
    g_assert_nonnull(mx_crypto_open(fixture->store, "@me:x", "DEVICE", &error));
    g_assert_no_error(error);
}

static void track_bob(SyncFixture *fixture)
{
    mx_store_track_user(fixture->store, BOB);
    mx_store_set_current(fixture->store, BOB,
                         mx_store_get_tracked_user(fixture->store, BOB).dirty_seq);
}

static gboolean is_outdated(SyncFixture *fixture)
{
    return mx_store_get_tracked_user(fixture->store, BOB).outdated;
}

/* The keyring is locked, say: what the homeserver will not send again is kept, in its order. */
static void test_stashed(SyncFixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    track_bob(fixture);
    sync_fixture_feed(fixture, "'to_device':{'events':[{'type':'one'},{'type':'two'}]}");
    sync_fixture_feed(fixture, "'to_device':{'events':[{'type':'three'}]},"
                               "'device_lists':{'changed':['@stranger:x']}");
    g_assert_true(is_outdated(fixture));
    g_autoptr(GPtrArray) events = mx_store_take_stashed(fixture->store, 10);
    g_assert_cmpuint(events->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(events, 0), ==, "{\"type\":\"one\"}");
    g_assert_cmpstr(g_ptr_array_index(events, 2), ==, "{\"type\":\"three\"}");
    for (guint i = 0; i < 250; i++)
        mx_store_add_stashed(fixture->store, "{}", 2);
    open_crypto(fixture);
    g_assert_true(mx_sync_crypto_take_stashed(fixture->store, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) left = mx_store_take_stashed(fixture->store, 10);
    g_assert_cmpuint(left->len, ==, 0);
}

/* Strangers fill no disk: long ones are as limited as many. What was read makes room again. */
static void test_stash_limit(SyncFixture *fixture, gconstpointer data)
{
    enum { LEN = 65536, MAX = 512 };
    g_autofree char *padding = g_strnfill(LEN - 8, 'x');
    g_autofree char *text = g_strdup_printf("{\"a\":\"%s\"}", padding);
    mx_store_begin(fixture->store);
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < MAX + 100; i++)
            mx_store_add_stashed(fixture->store, text, LEN);
        mx_store_add_stashed(fixture->store, "{}", 2);
        g_autoptr(GPtrArray) kept = mx_store_take_stashed(fixture->store, 2 * MAX);
        g_assert_cmpuint(kept->len, ==, MAX);
    }
    g_assert_true(mx_store_commit(fixture->store, NULL));
}

/* The disk is full, say, when that is to be read: it stays first in line. */
static void test_stash_fails(SyncFixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    mx_store_set_value(fixture->store, MX_VALUE_USER_ID, "@me:x");
    mx_store_add_stashed(fixture->store, "{\"type\":\"one\"}", 14);
    g_assert_true(mx_client_crypto_open(fixture->store, "@me:x", "DEVICE", &error));
    mx_store_attach(fixture->store, NULL, NULL);
    mx_store_add_stashed(fixture->store, "{\"type\":\"two\"}", 14);
    mx_store_exec(fixture->store,
                  "CREATE TEMP TRIGGER full BEFORE DELETE ON stashed BEGIN "
                  "SELECT RAISE(ABORT, 'full'); END",
                  "");
    g_assert_false(mx_client_crypto_open(fixture->store, "@me:x", "DEVICE", &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    g_assert_null(mx_crypto_of(fixture->store));
    g_clear_error(&error);
    mx_store_exec(fixture->store, "DROP TRIGGER full", "");
    g_assert_true(mx_client_crypto_open(fixture->store, "@me:x", "DEVICE", &error));
    g_autoptr(GPtrArray) left = mx_store_take_stashed(fixture->store, 10);
    g_assert_cmpuint(left->len, ==, 0);
}

static void test_device_lists(SyncFixture *fixture, gconstpointer data)
{
    open_crypto(fixture);
    sync_fixture_feed(fixture, "'device_lists':{}"); /* the first is a full one */
    track_bob(fixture);
    sync_fixture_feed(fixture, "'device_lists':{'changed':['@stranger:x']}");
    g_assert_false(is_outdated(fixture));
    sync_fixture_feed(fixture, "'device_lists':{'changed':['" BOB "']}");
    g_assert_true(is_outdated(fixture));
    track_bob(fixture);
    fixture->is_full = TRUE; /* D3 */
    sync_fixture_feed(fixture, "'device_lists':{}");
    g_assert_true(is_outdated(fixture));
}

#define ENCRYPTION                                                                                 \
    STATE("$e", "m.room.encryption", "", "@me:x", "{'algorithm':'m.megolm.v1.aes-sha2'}")

/* D1, D2: who leaves and is said to have left in one answer is not followed any more. */
static void test_rooms_first(SyncFixture *fixture, gconstpointer data)
{
    open_crypto(fixture);
    sync_fixture_room(fixture, "join", "!r:x",
                      EVENTS("state", MEMBER("$m", "@me:x", "join") "," MEMBER("$b", BOB, "join")));
    g_assert_false(mx_store_get_tracked_user(fixture->store, BOB).tracked);
    sync_fixture_room(fixture, "join", "!r:x", TIMELINE(ENCRYPTION));
    g_assert_true(mx_store_get_tracked_user(fixture->store, BOB).tracked);
    sync_fixture_feed(fixture,
                      "'device_lists':{'left':['" BOB "']},"
                      "'rooms':{'join':{'!r:x':{" TIMELINE(MEMBER("$l", BOB, "leave")) "}}}");
    g_assert_false(mx_store_get_tracked_user(fixture->store, BOB).tracked);
}

static gboolean is_complete(SyncFixture *fixture)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room(fixture->store, "!r:x");
    return room->members_complete;
}

static void set_complete(SyncFixture *fixture)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room(fixture->store, "!r:x");
    room->members_complete = TRUE;
    mx_store_save_room(fixture->store, room);
}

/* D12: what happened in a room while it was left is not known, and nobody gets keys for it. */
static void test_rejoined(SyncFixture *fixture, gconstpointer data)
{
    open_crypto(fixture);
    sync_fixture_room(fixture, "join", "!r:x",
                      EVENTS("state", ENCRYPTION "," MEMBER("$m", "@me:x", "join")));
    set_complete(fixture);
    sync_fixture_room(fixture, "join", "!r:x", TIMELINE(MEMBER("$b", BOB, "join")));
    g_assert_true(is_complete(fixture));
    sync_fixture_room(fixture, "leave", "!r:x", TIMELINE(MEMBER("$l", "@me:x", "leave")));
    sync_fixture_room(fixture, "join", "!r:x", TIMELINE(MEMBER("$j", "@me:x", "join")));
    g_assert_false(is_complete(fixture));
}

static void answer_members(SyncFixture *fixture, const char *at, const char *event)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxRoomRow) room = mx_store_get_room(fixture->store, "!r:x");
    g_autofree char *text = g_strdup_printf("{\"chunk\":[%s]}", event);
    g_strdelimit(text, "'", '"');
    g_assert_true(
        mx_member_store_answer(fixture->store, room->key, at, text, strlen(text), &error));
    g_assert_no_error(error);
}

/* D12: a list of an earlier moment says that he is banned, what is known that he is there. */
static void test_members_of_another_moment(SyncFixture *fixture, gconstpointer data)
{
    open_crypto(fixture);
    sync_fixture_room(fixture, "join", "!r:x",
                      EVENTS("state", ENCRYPTION "," MEMBER("$m", "@me:x", "join")));
    sync_fixture_room(fixture, "join", "!r:x", TIMELINE(MEMBER("$b", BOB, "join")));
    answer_members(fixture, "earlier", MEMBER("$m", "@me:x", "join") "," MEMBER("$x", BOB, "ban"));
    g_assert_false(is_complete(fixture));
    answer_members(fixture, "earlier", MEMBER("$m", "@me:x", "join") "," MEMBER("$b", BOB, "join"));
    g_assert_true(is_complete(fixture));
}

/* What a deleted device has encrypted is not sent by the next one. */
static void test_cipher_of_a_deleted_device(SyncFixture *fixture, gconstpointer data)
{
    open_crypto(fixture);
    sync_fixture_room(fixture, "join", "!r:x", EVENTS("state", MEMBER("$m", "@me:x", "join")));
    g_autoptr(MxRoomRow) room = mx_store_get_room(fixture->store, "!r:x");
    mx_line_free(mx_send_add(fixture->store, room, "@me:x", "m.room.message", "{\"body\":\"b\"}"));
    g_autoptr(MxQueueRow) item = mx_store_get_queue_head(fixture->store, room->key);
    mx_store_set_queue_cipher(fixture->store, item->id, "{}");
    mx_store_clear_device(fixture->store);
    g_autoptr(MxQueueRow) left = mx_store_get_queue_by_txn(fixture->store, item->txn_id);
    g_assert_nonnull(left);
    g_assert_null(left->cipher);
}

/* V1: a commit that is lost with the power would let a ratchet's key be used twice. */
static void test_durable(SyncFixture *fixture, gconstpointer data)
{
    sqlite3_stmt *statement = NULL;
    open_crypto(fixture);
    g_assert_cmpint(
        sqlite3_prepare_v2(fixture->store->db, "PRAGMA synchronous", -1, &statement, NULL), ==,
        SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(statement, 0), ==, 2); /* FULL */
    sqlite3_finalize(statement);
}

#define ADD(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("MX_NO_KEYRING", "1", TRUE);
    ADD("/sync-crypto/F2-stashed", test_stashed);
    ADD("/sync-crypto/F2-stash-limit", test_stash_limit);
    ADD("/sync-crypto/F2-stash-fails", test_stash_fails);
    ADD("/sync-crypto/D2-device-lists", test_device_lists);
    ADD("/sync-crypto/D1-rooms-first", test_rooms_first);
    ADD("/sync-crypto/D12-rejoined", test_rejoined);
    ADD("/sync-crypto/D12-members-of-another-moment", test_members_of_another_moment);
    ADD("/sync-crypto/cipher-of-a-deleted-device", test_cipher_of_a_deleted_device);
    ADD("/sync-crypto/V1-durable", test_durable);
    return g_test_run();
}

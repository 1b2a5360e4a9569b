/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fixture.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-old-copy.h"
#include "mx-olm.h"
#include "mx-share.h"
#include "mx-store-devices.h"
#include "mx-to-device.h"

#define ROOM "!room:b"
#define HOUR_MS G_GINT64_CONSTANT(3600000)
#define TEXT "{\"msgtype\":\"m.text\",\"body\":\"hello\"}"
#define TYPE "pidgin-matrix.database.BOBDEV"

/* Bob's database is copied. His room has Alice in it. */
typedef struct {
    CryptoWorld *world;
    CryptoMachine *bob, *alice;
    gint64 room; /* key at bob */
} Fixture;

static void settle_lists(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    g_autoptr(GPtrArray) users = mx_store_list_outdated(machine->store);
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        gint64 dirty_seq = mx_store_get_tracked_user(machine->store, user_id).dirty_seq;
        mx_store_set_current(machine->store, user_id, dirty_seq);
    }
    crypto_machine_commit(machine);
}

static void make_room(Fixture *fixture)
{
    const char *content = "{\"algorithm\":\"m.megolm.v1.aes-sha2\"}";
    MxStore *store = fixture->bob->store;
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_room_row_new(ROOM);
    row->membership = MX_MEMBERSHIP_JOIN;
    row->encrypted = row->synced = row->members_complete = TRUE;
    mx_store_save_room(store, row);
    fixture->room = row->key;
    mx_store_set_state(store, row->key, "m.room.encryption", "", "$state", "@bob:b",
                       mx_json_scan_root(content, strlen(content)));
    mx_store_set_member(store, row->key, "@bob:b", MX_MEMBERSHIP_JOIN, NULL, NULL);
    mx_store_set_member(store, row->key, "@alice:a", MX_MEMBERSHIP_JOIN, NULL, NULL);
    crypto_machine_commit(fixture->bob);
}

/* A /sync at Bob with this mark of his database, or with none. */
static void sync_with(Fixture *fixture, const char *mark)
{
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
    if (mark != NULL)
        g_ptr_array_add(events, g_strdup_printf("{\"type\":\"" TYPE "\",\"content\":"
                                                "{\"mark\":\"%s\"}}",
                                                mark));
    crypto_machine_begin(fixture->bob);
    mx_old_copy_note_account_data(fixture->bob->crypto, events);
    mx_old_copy_note_sync(fixture->bob->crypto);
    crypto_machine_commit(fixture->bob);
}

static void setup(Fixture *fixture, gconstpointer data)
{
    fixture->world = crypto_world_new();
    fixture->bob = crypto_world_add(fixture->world, "@bob:b", "BOBDEV");
    fixture->alice = crypto_world_add(fixture->world, "@alice:a", "ALICEDEV");
    crypto_machine_publish(fixture->bob, 10, TRUE);
    crypto_machine_publish(fixture->alice, 10, FALSE);
    crypto_machine_meet(fixture->bob, fixture->alice, MX_DEVICE_SIGNED);
    crypto_machine_meet(fixture->alice, fixture->bob, MX_DEVICE_SIGNED);
    make_room(fixture);
    settle_lists(fixture->bob);
    sync_with(fixture, NULL);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    crypto_world_free(fixture->world);
}

/* The newest mark that the homeserver was given. */
static char *get_mark(Fixture *fixture)
{
    char *mark = NULL;
    for (guint i = 0; i < fixture->world->sent->len; i++) {
        const CryptoSent *sent = g_ptr_array_index(fixture->world->sent, i);
        if (sent->kind != MX_CRYPTO_ACCOUNT_DATA)
            continue;
        g_assert_cmpstr(sent->event_type, ==, TYPE);
        g_autoptr(JsonObject) body = crypto_json("%s", sent->body);
        g_free(mark);
        mark = g_strdup(mx_json_string(body, "mark"));
    }
    return mark;
}

static guint count(Fixture *fixture, MxCryptoRequestKind kind)
{
    return crypto_world_count(fixture->world, fixture->bob, kind, NULL);
}

static guint count_news(Fixture *fixture, MxCryptoNewsKind kind)
{
    guint n = 0;
    g_autoptr(GPtrArray) news = mx_crypto_take_news(fixture->bob->crypto);
    for (guint i = 0; i < news->len; i++)
        n += ((MxCryptoNews *)g_ptr_array_index(news, i))->kind == kind;
    return n;
}

static MxShareState prepare(Fixture *fixture)
{
    g_auto(MxShareStep) step = {0};
    crypto_machine_begin(fixture->bob);
    mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
    crypto_machine_commit(fixture->bob);
    return step.state;
}

/* The content of an event that Alice has the key of. */
static char *send_text(Fixture *fixture)
{
    for (guint round = 0; prepare(fixture) != MX_SHARE_READY; round++) {
        g_assert_cmpuint(round, <, 20);
        crypto_world_settle(fixture->world);
    }
    crypto_machine_begin(fixture->bob);
    char *text =
        mx_share_encrypt(fixture->bob->crypto, fixture->room, "m.room.message", TEXT, NULL);
    crypto_machine_commit(fixture->bob);
    crypto_world_settle(fixture->world);
    g_autofree char *session_id = mx_inbound_dup_session_id(text);
    g_assert_cmpint(mx_inbound_get_first_index(fixture->alice->crypto, ROOM, session_id), >=, 0);
    return text;
}

static void assert_session(const char *first, const char *second, gboolean is_same)
{
    g_autofree char *a = mx_inbound_dup_session_id(first), *b = mx_inbound_dup_session_id(second);
    g_assert_cmpint(g_str_equal(a, b), ==, is_same);
}

/* All Olm messages of Bob to Alice, each of which she could read. */
static void assert_olm_is_fine(Fixture *fixture)
{
    g_assert_cmpuint(crypto_world_count(fixture->world, fixture->alice, MX_CRYPTO_SEND_TO_DEVICE,
                                        "m.room.encrypted"),
                     ==, 0); /* no m.dummy (E6) */
}

/* A restart alone changes nothing (H6). */
static void restart(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = send_text(fixture), *mark = get_mark(fixture);
    g_assert_nonnull(mark);
    sync_with(fixture, mark);
    g_assert_cmpuint(count(fixture, MX_CRYPTO_ACCOUNT_DATA), ==, 1);
    crypto_machine_restart(fixture->bob);
    g_assert_false(mx_old_copy_is_checked(fixture->bob->crypto));
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    g_assert_cmpuint(crypto_machine_run(fixture->bob), ==, 0);
    sync_with(fixture, NULL);
    g_assert_true(mx_old_copy_is_checked(fixture->bob->crypto));
    g_assert_cmpuint(crypto_machine_run(fixture->bob), ==, 0); /* nothing is encrypted yet */
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_ROOM_READY), ==, 1);
    g_autofree char *second = send_text(fixture), *other = get_mark(fixture);
    assert_session(first, second, TRUE);
    g_assert_cmpstr(mark, !=, other);
    sync_with(fixture, mark); /* an upload was slow */
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_SECOND_COPY), ==, 0);
    g_autofree char *third = send_text(fixture);
    assert_session(first, third, TRUE);
}

static void put_back(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = send_text(fixture);
    crypto_machine_keep_copy(fixture->bob);
    sync_with(fixture, NULL);
    g_autofree char *lost = send_text(fixture), *mark = get_mark(fixture);
    assert_session(first, lost, TRUE);
    guint claims = count(fixture, MX_CRYPTO_KEYS_CLAIM);
    crypto_machine_put_back(fixture->bob);
    sync_with(fixture, mark);
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_OLD_COPY), ==, 1);
    g_autofree char *after = send_text(fixture), *other = get_mark(fixture);
    assert_session(first, after, FALSE);
    g_assert_cmpstr(mark, !=, other);
    g_assert_cmpuint(count(fixture, MX_CRYPTO_KEYS_CLAIM), ==, claims + 1);
    assert_olm_is_fine(fixture);
    /* It heals once. */
    crypto_machine_restart(fixture->bob);
    sync_with(fixture, mark);
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_OLD_COPY), ==, 0);
    g_autofree char *last = send_text(fixture);
    assert_session(after, last, TRUE);
}

static void note_event(Fixture *fixture, const char *content)
{
    g_autofree char *session_id = mx_inbound_dup_session_id(content);
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(fixture->bob->store, fixture->room);
    mx_old_copy_note_event(fixture->bob->crypto, row, "@bob:b", content, session_id);
    crypto_machine_commit(fixture->bob);
}

/* The copy was made in the run whose mark the homeserver has: its events tell. */
static void put_back_by_event(Fixture *fixture, gconstpointer data)
{
    gboolean is_new_session = GPOINTER_TO_INT(data);
    g_autofree char *first = send_text(fixture), *mark = get_mark(fixture);
    crypto_machine_keep_copy(fixture->bob);
    sync_with(fixture, mark);
    if (is_new_session)
        mx_share_discard(fixture->bob->crypto, fixture->room);
    g_autofree char *lost = send_text(fixture);
    crypto_machine_put_back(fixture->bob);
    note_event(fixture, first); /* a homeserver may show what is old once more */
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_OLD_COPY), ==, 0);
    note_event(fixture, lost);
    sync_with(fixture, NULL);
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_OLD_COPY), ==, 1);
    g_autofree char *after = send_text(fixture);
    assert_session(first, after, FALSE);
    assert_session(lost, after, FALSE);
    assert_olm_is_fine(fixture);
}

static void assert_marks(Fixture *fixture, guint n)
{
    crypto_machine_run(fixture->bob);
    g_assert_cmpuint(count(fixture, MX_CRYPTO_ACCOUNT_DATA), ==, n);
}

static void hourly(Fixture *fixture, gconstpointer data)
{
    for (guint i = 0; i < 3; i++) {
        g_autofree char *text = send_text(fixture);
        assert_marks(fixture, 1);
    }
    crypto_world_advance(HOUR_MS);
    assert_marks(fixture, 2);
    crypto_world_advance(HOUR_MS);
    assert_marks(fixture, 2); /* nothing was encrypted in this one */
    g_autofree char *text = send_text(fixture);
    assert_marks(fixture, 3);
}

/* A homeserver that shows one mark after the other, and odd ones. */
static void storm(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = send_text(fixture);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *mark = g_strdup_printf("mark%u", i);
        sync_with(fixture, mark);
    }
    g_assert_cmpuint(count_news(fixture, MX_CRYPTO_NEWS_SECOND_COPY), ==, 1);
    g_autofree char *second = send_text(fixture);
    assert_session(first, second, FALSE);
    g_assert_cmpuint(count(fixture, MX_CRYPTO_ACCOUNT_DATA), ==, 2);
    crypto_world_advance(2 * HOUR_MS);
    g_autofree char *digest = crypto_machine_digest(fixture->bob, "");
    g_autofree char *large = g_strnfill(100000, 'x');
    sync_with(fixture, large);
    sync_with(fixture, "with a space");
    sync_with(fixture, "\\u0000");
    g_autofree char *after = crypto_machine_digest(fixture->bob, "");
    g_assert_cmpstr(digest, ==, after);
}

/* The /sync could not be stored: whether it is an old copy is to be asked again. */
static void rolled_back(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = send_text(fixture);
    crypto_machine_restart(fixture->bob);
    crypto_machine_begin(fixture->bob);
    mx_old_copy_note_sync(fixture->bob->crypto);
    mx_store_rollback(fixture->bob->store);
    mx_old_copy_note_sync_failed(fixture->bob->crypto);
    mx_crypto_forget(fixture->bob->crypto);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    sync_with(fixture, "another");
    g_autofree char *second = send_text(fixture);
    assert_session(first, second, FALSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, data, func) g_test_add("/old-copy/" path, Fixture, data, setup, func, teardown)
    ADD("restart", NULL, restart);
    ADD("V9-put-back", NULL, put_back);
    ADD("V9-event", GINT_TO_POINTER(FALSE), put_back_by_event);
    ADD("V9-event-of-new-session", GINT_TO_POINTER(TRUE), put_back_by_event);
    ADD("hourly", NULL, hourly);
    ADD("storm", NULL, storm);
    ADD("rolled-back", NULL, rolled_back);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <sqlite3.h>

#include "megolm-fixture.h"
#include "mx-crypto-private.h"
#include "mx-decrypt.h"
#include "mx-history-walk.h"
#include "mx-timeline.h"
#include "sync-fixture.h"

/* From ciphertext in a /sync to lines, each once. */

#define ROOM "!r:x"
#define ENCRYPTION                                                                                 \
    STATE("$e", "m.room.encryption", "", "@bob:x", "{'algorithm':'m.megolm.v1.aes-sha2'}")

typedef struct {
    SyncFixture sync; /* first */
    MxCrypto *crypto;
    MegolmPeer *bob;
    gint64 now_ms;
    MxPushRules *rules;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    megolm_fixture_reset();
    sync_fixture_set_up(&f->sync, NULL);
    f->crypto = megolm_fixture_open(f->sync.store);
    f->bob = megolm_peer_new("@bob:x");
    megolm_fixture_know(f->bob, MX_DEVICE_SIGNED);
    f->now_ms = 1000000;
    sync_fixture_feed(&f->sync, "'rooms':{}"); /* the first one brings no unread lines */
    sync_fixture_room(&f->sync, "join", ROOM,
                      PEOPLE(3, 0) "," EVENTS("state", MEMBER("$m", "@me:x", "join") "," MEMBER(
                                                           "$b", "@bob:x", "join") "," ENCRYPTION));
}

static void tear_down(Fixture *f, gconstpointer data)
{
    megolm_peer_free(f->bob);
    g_clear_pointer(&f->rules, mx_push_rules_unref);
    sync_fixture_tear_down(&f->sync, NULL);
}

static void reopen(Fixture *f)
{
    mx_store_close(f->sync.store);
    f->sync.store = store_fixture_open(f->sync.dir);
    f->crypto = megolm_fixture_open(f->sync.store);
}

/* ---- events ---- */

static char *event(const char *event_id, gint64 ts, const char *content)
{
    return g_strdup_printf("{\"type\":\"m.room.encrypted\",\"event_id\":\"%s\",\"sender\":"
                           "\"@bob:x\",\"origin_server_ts\":%" G_GINT64_FORMAT ",\"content\":%s}",
                           event_id, ts, content);
}

static void feed(Fixture *f, const char *events)
{
    g_autofree char *members = g_strdup_printf("'timeline':{'events':[%s]}", events);
    sync_fixture_room(&f->sync, "join", ROOM, members);
}

static void feed_content(Fixture *f, const char *event_id, const char *content)
{
    g_autofree char *text = event(event_id, 5000, content);
    feed(f, text);
}

static void feed_text(Fixture *f, const char *event_id, const char *body)
{
    g_autofree char *content = megolm_peer_say(f->bob, ROOM, body);
    feed_content(f, event_id, content);
}

static void give(Fixture *f)
{
    mx_store_begin(f->sync.store);
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    store_fixture_commit(f->sync.store);
}

/* As it was when the session began. */
static void give_early(Fixture *f, const char *session_key)
{
    MxRoomKey key = {.room_id = ROOM,
                     .session_id = f->bob->session_id,
                     .session_key = session_key,
                     .sender = "@bob:x",
                     .curve25519 = f->bob->curve25519,
                     .ed25519 = f->bob->ed25519,
                     .source = MX_KEY_SOURCE_DIRECT};
    mx_store_begin(f->sync.store);
    g_assert_true(mx_inbound_add(f->crypto, &key));
    store_fixture_commit(f->sync.store);
}

/* One batch; its change of the room, or NULL. */
static MxRoomChange *run(Fixture *f, GPtrArray **changes)
{
    MxDecryptBatch batch = {.own_user_id = "@me:x", .rules = f->rules, .now_ms = f->now_ms};
    g_autoptr(GError) error = NULL;
    gboolean done = mx_decrypt_run(f->sync.store, &batch, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    *changes = batch.changes;
    return batch.changes != NULL ? g_ptr_array_index(batch.changes, batch.changes->len - 1) : NULL;
}

static guint run_all(Fixture *f)
{
    for (guint n = 0;; n++) {
        g_autoptr(GPtrArray) changes = NULL;
        if (run(f, &changes) == NULL)
            return n;
        g_assert_cmpuint(n, <, 1000);
    }
}

static gint64 room(Fixture *f)
{
    return sync_fixture_key(&f->sync, ROOM);
}

/* What a window is given now, as "text|…"; it is written. */
static char *show(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) lines = mx_timeline_take(f->sync.store, room(f), 1000, "@me:x", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < lines->len; i++) {
        MxLine *line = g_ptr_array_index(lines, i);
        g_array_append_val(ids, line->row);
        if (text->len > 0)
            g_string_append_c(text, '|');
        g_string_append(text, line->kind == MX_LINE_ENCRYPTED ? "?" : line->body);
        if (line->mark != NULL)
            g_string_append_printf(text, "[%s]", line->mark);
    }
    g_assert_true(mx_timeline_set_display(f->sync.store, ids, MX_DISPLAY_SHOWN, &error));
    return g_string_free(text, FALSE);
}

#define assert_show(f, expected)                                                                   \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *shown_ = show(f);                                                         \
        g_assert_cmpstr(shown_, ==, expected);                                                     \
    }                                                                                              \
    G_STMT_END

static gboolean file_has(Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->sync.dir, name, NULL);
    g_autofree char *bytes = NULL;
    gsize len;
    return g_file_get_contents(path, &bytes, &len, NULL) &&
           memmem(bytes, len, text, strlen(text)) != NULL;
}

static gboolean disk_has(Fixture *f, const char *text)
{
    return file_has(f, "account.db", text) || file_has(f, "account.db-wal", text);
}

/* ---- tests ---- */

static void test_order(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) changes = NULL;
    give(f);
    feed_text(f, "$1", "one");
    MxRoomChange *change = sync_fixture_change(&f->sync, ROOM);
    g_assert_false(change->has_new_lines);
    g_assert_cmpint(change->room->unread, ==, 0);
    feed(f, LINE("$2", "@bob:x", "two"));
    assert_show(f, "");
    change = run(f, &changes);
    g_assert_true(change->has_new_lines && change->has_new_messages);
    g_assert_cmpint(change->room->unread, ==, 2);
    assert_show(f, "one|two[not encrypted]");
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(&f->sync, ROOM);
    g_assert_cmpint(row->last_ts, ==, 5000);
    g_assert_cmpuint(run_all(f), ==, 0);
    assert_show(f, "");
}

/* What opens the window is known only when it is read; the gap before it has to be filled then. */
static void test_after_a_gap(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) changes = NULL;
    give(f);
    g_autofree char *content = megolm_peer_say(f->bob, ROOM, "after the gap");
    g_autofree char *text = event("$9", 5000, content);
    g_autofree char *members =
        g_strdup_printf("'timeline':{'limited':true,'prev_batch':'p','events':[%s]}", text);
    feed(f, LINE("$1", "@bob:x", "before"));
    sync_fixture_room(&f->sync, "join", ROOM, members);
    MxRoomChange *change = run(f, &changes);
    g_assert_true(change->has_new_messages);
    g_assert_true(change->has_gap);
}

static void test_late(Fixture *f, gconstpointer data)
{
    g_autofree char *early = mx_megolm_outbound_get_session_key(f->bob->session);
    feed_text(f, "$1", "secret");
    feed(f, LINE("$2", "@bob:x", "plain"));
    g_assert_cmpuint(run_all(f), ==, 1);
    assert_show(f, ""); /* it may come in a moment */
    f->now_ms += 2900;
    g_assert_cmpuint(run_all(f), ==, 0);
    f->now_ms += 101;
    g_assert_cmpuint(run_all(f), ==, 1);
    assert_show(f, "?|plain[not encrypted]");
    give_early(f, early);
    /* Killed here, it goes on. */
    reopen(f);
    g_assert_cmpuint(run_all(f), ==, 1);
    /* What is read is that it could not be read. */
    mx_store_begin(f->sync.store);
    g_assert_cmpint(mx_store_skip_pending(f->sync.store, room(f), G_MAXINT64), ==, 0);
    store_fixture_commit(f->sync.store);
    g_autoptr(GPtrArray) rows =
        mx_store_list_display(f->sync.store, room(f), MX_DISPLAY_PENDING, G_MAXINT64, 10);
    g_assert_cmpint(((MxTimelineRow *)g_ptr_array_index(rows, 0))->ts, ==, 5000);
    assert_show(f, "secret[read late]");
    assert_show(f, "");
    reopen(f);
    g_assert_cmpuint(run_all(f), ==, 0);
    assert_show(f, "");
}

static void test_a_moment_late(Fixture *f, gconstpointer data)
{
    g_autofree char *early = mx_megolm_outbound_get_session_key(f->bob->session);
    feed_text(f, "$1", "secret");
    run_all(f);
    f->now_ms += 1000;
    give_early(f, early);
    run_all(f);
    assert_show(f, "secret");
}

/* A clock that is set back holds nothing for long. */
static void test_clock(Fixture *f, gconstpointer data)
{
    feed_text(f, "$1", "secret");
    run_all(f);
    f->now_ms -= 500000;
    run_all(f);
    assert_show(f, "?");
}

/* The key comes while a window is being told. */
static void test_while_written(Fixture *f, gconstpointer data)
{
    g_autofree char *early = mx_megolm_outbound_get_session_key(f->bob->session);
    g_autoptr(GError) error = NULL;
    feed_text(f, "$1", "secret");
    run_all(f);
    f->now_ms += 5000;
    run_all(f);
    g_autoptr(GPtrArray) lines = mx_timeline_take(f->sync.store, room(f), 9, "@me:x", &error);
    g_assert_cmpuint(lines->len, ==, 1);
    gint64 id = ((MxLine *)g_ptr_array_index(lines, 0))->row;
    give_early(f, early);
    run_all(f);
    assert_show(f, "");
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_val(ids, id);
    g_assert_true(mx_timeline_set_display(f->sync.store, ids, MX_DISPLAY_SHOWN, &error));
    assert_show(f, "secret[read late]");
    assert_show(f, "");
}

/* XN7 */
static void test_replay(Fixture *f, gconstpointer data)
{
    give(f);
    g_autofree char *content = megolm_peer_say(f->bob, ROOM, "once");
    feed_content(f, "$1", content);
    run_all(f);
    assert_show(f, "once");
    reopen(f);
    feed_content(f, "$2", content);
    run_all(f);
    assert_show(f, "?");
    /* The same event from history is known. */
    feed_content(f, "$1", content);
    run_all(f);
    assert_show(f, "");
}

static void redact(Fixture *f, const char *event_id)
{
    g_autofree char *text =
        g_strdup_printf("{'type':'m.room.redaction','event_id':'%s-gone','sender':'@bob:x',"
                        "'origin_server_ts':6000,'redacts':'%s','content':{'redacts':'%s'}}",
                        event_id, event_id, event_id);
    feed(f, text);
}

static void test_redacted(Fixture *f, gconstpointer data)
{
    give(f);
    feed_text(f, "$waits", "nobody reads this");
    redact(f, "$waits");
    g_assert_cmpuint(run_all(f), ==, 0);
    assert_show(f, "@bob:x has removed a message (00:00).");
    feed_text(f, "$1", "one");
    g_autofree char *edit = g_strdup_printf(
        "{\"type\":\"m.room.message\",\"room_id\":\"%s\",\"content\":{\"msgtype\":\"m.text\","
        "\"body\":\"* ONE\",\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"$1\"}}}",
        ROOM);
    g_autofree char *content = megolm_peer_encrypt(f->bob, edit);
    feed_content(f, "$2", content);
    run_all(f);
    assert_show(f, "one|* ONE");
    redact(f, "$1");
    g_autoptr(MxTimelineRow) one = mx_store_get_event(f->sync.store, room(f), "$1");
    g_autoptr(MxTimelineRow) two = mx_store_get_event(f->sync.store, room(f), "$2");
    g_assert_cmpstr(one->content, ==, "{}");
    g_assert_false(one->is_secret);
    g_assert_cmpint(one->crypto, ==, MX_ROW_PLAIN);
    g_assert_cmpstr(two->content, ==, "{}");
    g_assert_false(two->is_secret);
}

/* An encrypted event with the edit of it that the homeserver puts inside, encrypted as well. */
static void feed_bundled(Fixture *f, const char *event_id, const char *content, const char *edit)
{
    g_autofree char *text = event(event_id, 5000, content);
    text[strlen(text) - 1] = '\0';
    g_autofree char *all =
        g_strdup_printf("%s,\"unsigned\":{\"m.relations\":{\"m.replace\":%s}}}", text, edit);
    feed(f, all);
}

static char *make_edit(Fixture *f, const char *edit_id, const char *target)
{
    g_autofree char *edit = g_strdup_printf(
        "{\"type\":\"m.room.message\",\"room_id\":\"%s\",\"content\":{\"msgtype\":\"m.text\","
        "\"body\":\"* new\",\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"new words\"}}}",
        ROOM);
    g_autofree char *content = megolm_peer_encrypt(f->bob, edit);
    content[strlen(content) - 1] = '\0';
    g_autofree char *relating = g_strdup_printf(
        "%s,\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"%s\"}}", content, target);
    return event(edit_id, 5500, relating);
}

static void test_bundled(Fixture *f, gconstpointer data)
{
    give(f);
    g_autofree char *content = megolm_peer_say(f->bob, ROOM, "old words");
    g_autofree char *edit = make_edit(f, "$2", "$1");
    feed_bundled(f, "$1", content, edit);
    run_all(f);
    assert_show(f, "new words[edited]");
    g_assert_false(disk_has(f, "new words"));
    feed(f, edit); /* by itself too: nothing more, and no replay */
    run_all(f);
    assert_show(f, "");
    /* Nobody edits an encrypted message in the clear. */
    g_autofree char *other = megolm_peer_say(f->bob, ROOM, "safe");
    feed_bundled(f, "$3", other,
                 "{\"type\":\"m.room.message\",\"event_id\":\"$4\",\"sender\":\"@bob:x\","
                 "\"origin_server_ts\":6000,\"content\":{\"msgtype\":\"m.text\",\"body\":\"* x\","
                 "\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"forged\"},\"m.relates_to\":"
                 "{\"rel_type\":\"m.replace\",\"event_id\":\"$3\"}}}");
    run_all(f);
    assert_show(f, "safe");
}

static void add_secret(Fixture *f, const char *txn_id, const char *body)
{
    g_autofree char *content = g_strdup_printf("{\"msgtype\":\"m.text\",\"body\":\"%s\"}", body);
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(&f->sync, ROOM);
    MxTimelineRow line = {.room = row->key,
                          .pos = ++row->top_pos,
                          .sender = (char *)"@me:x",
                          .type = (char *)"m.room.message",
                          .txn_id = (char *)txn_id,
                          .content = content,
                          .ts = 7000,
                          .display = MX_DISPLAY_PENDING,
                          .is_secret = TRUE};
    mx_store_begin(f->sync.store);
    g_assert_true(mx_store_add_timeline(f->sync.store, &line));
    MxQueueRow item = {.room = row->key,
                       .row = line.id,
                       .txn_id = (char *)txn_id,
                       .type = (char *)"m.room.message",
                       .content = content,
                       .is_secret = TRUE};
    mx_store_add_queue(f->sync.store, &item);
    mx_store_save_room(f->sync.store, row);
    store_fixture_commit(f->sync.store);
}

static void test_sealed(Fixture *f, gconstpointer data)
{
    give(f);
    feed_text(f, "$1", "theirs-is-sealed");
    run_all(f);
    add_secret(f, "t1", "mine-is-sealed");
    g_assert_true(disk_has(f, "m.room.encrypted"));
    g_assert_false(disk_has(f, "is-sealed"));
    reopen(f);
    g_assert_false(disk_has(f, "is-sealed"));
    /* Whoever loads a row sees what it says. */
    g_autoptr(MxQueueRow) item = mx_store_get_queue_head(f->sync.store, room(f));
    g_assert_true(item->is_secret);
    g_assert_cmpstr(item->type, ==, "m.room.message");
    g_assert_nonnull(strstr(item->content, "mine-is-sealed"));
    assert_show(f, "theirs-is-sealed|mine-is-sealed");
    g_autoptr(GPtrArray) lines = mx_store_list_newest_lines(f->sync.store, room(f), 10);
    g_assert_cmpuint(lines->len, ==, 2);
    MxTimelineRow *newest = g_ptr_array_index(lines, 0);
    g_assert_cmpstr(newest->type, ==, "m.room.message");
    g_assert_cmpint(mx_store_count_shown_twins(f->sync.store, newest), ==, 1);
    /* The row takes the event's ID, and still opens. */
    mx_store_begin(f->sync.store);
    g_assert_true(mx_store_set_event_id(f->sync.store, room(f), "t1", "$own"));
    store_fixture_commit(f->sync.store);
    g_autoptr(MxTimelineRow) own = mx_store_get_event(f->sync.store, room(f), "$own");
    g_assert_nonnull(strstr(own->content, "mine-is-sealed"));
    /* Without the encryption nothing opens, and nothing can be sealed. */
    mx_store_close(f->sync.store);
    f->sync.store = store_fixture_open(f->sync.dir);
    g_autoptr(MxTimelineRow) closed = mx_store_get_event(f->sync.store, room(f), "$own");
    g_assert_cmpstr(closed->type, ==, "m.room.encrypted");
    g_assert_true(closed->is_secret);
    MxTimelineRow refused = *newest;
    g_autoptr(GError) error = NULL;
    refused.event_id = (char *)"$refused";
    mx_store_begin(f->sync.store);
    mx_store_add_timeline(f->sync.store, &refused);
    g_assert_false(mx_store_commit(f->sync.store, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
}

/* A row's sealed text is of use in its own place alone (V2). */
static void test_swapped(Fixture *f, gconstpointer data)
{
    give(f);
    feed_text(f, "$1", "yes");
    feed_text(f, "$2", "no");
    run_all(f);
    sqlite3 *db;
    g_autofree char *path = g_build_filename(f->sync.dir, "account.db", NULL);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db,
                                 "UPDATE timeline SET sealed = (SELECT sealed FROM timeline WHERE "
                                 "event_id = '$2') WHERE event_id = '$1'",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    sqlite3_close(db);
    assert_show(f, "?|no");
}

/* What is no line without encryption is none with it; a redaction inside has no power (I13). */
static void test_other_types(Fixture *f, gconstpointer data)
{
    static const char *const payloads[] = {
        "{\"type\":\"m.reaction\",\"room_id\":\"!r:x\",\"content\":{\"m.relates_to\":{}}}",
        "{\"type\":\"m.room.redaction\",\"room_id\":\"!r:x\",\"content\":{\"redacts\":\"$0\"}}",
    };
    g_autoptr(GPtrArray) changes = NULL;
    give(f);
    feed_text(f, "$0", "stays");
    run_all(f);
    for (guint i = 0; i < G_N_ELEMENTS(payloads); i++) {
        g_autofree char *content = megolm_peer_encrypt(f->bob, payloads[i]);
        g_autofree char *event_id = g_strdup_printf("$x%u", i);
        feed_content(f, event_id, content);
    }
    MxRoomChange *change = run(f, &changes);
    g_assert_false(change->has_new_lines);
    g_assert_cmpint(change->room->unread, ==, 1);
    assert_show(f, "stays");
}

/* The push rules judge what was said. */
static void test_push_rules(Fixture *f, gconstpointer data)
{
    static const char rules[] =
        "'account_data':{'events':[{'type':'m.push_rules','content':{'global':{'override':["
        "{'rule_id':'x','default':false,'enabled':true,'conditions':[{'kind':'event_match',"
        "'key':'content.body','pattern':'wake'}],'actions':['notify',{'set_tweak':'sound',"
        "'value':'default'}]}]}}}]}";
    sync_fixture_feed(&f->sync, rules);
    f->rules = mx_push_rules_ref(f->sync.changes->rules);
    give(f);
    feed_text(f, "$1", "sleep");
    {
        g_autoptr(GPtrArray) changes = NULL;
        g_assert_false(run(f, &changes)->wants_window);
    }
    feed_text(f, "$2", "wake up");
    g_assert_false(sync_fixture_change(&f->sync, ROOM)->wants_window);
    g_autoptr(GPtrArray) changes = NULL;
    g_assert_true(run(f, &changes)->wants_window);
}

/* Killed between two batches, nothing is lost or double. */
static void test_many(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) events = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);
    give(f);
    for (guint i = 0; i < 60; i++) {
        g_autofree char *body = g_strdup_printf("m%u", i);
        g_autofree char *content = megolm_peer_say(f->bob, ROOM, body);
        g_autofree char *event_id = g_strdup_printf("$%u", i);
        g_autofree char *text = event(event_id, 5000 + i, content);
        g_string_append_printf(events, "%s%s", i > 0 ? "," : "", text);
        g_string_append_printf(expected, "%s%s", i > 0 ? "|" : "", body);
    }
    feed(f, events->str);
    g_autoptr(GPtrArray) changes = NULL;
    run(f, &changes);
    g_autofree char *first = show(f);
    g_assert_true(g_str_has_suffix(first, "|m24"));
    reopen(f);
    g_assert_cmpuint(run_all(f), ==, 2);
    g_autofree char *rest = show(f);
    g_autofree char *all = g_strconcat(first, "|", rest, NULL);
    g_assert_cmpstr(all, ==, expected->str);
}

/* A batch that cannot be committed has changed nothing, also not in memory. */
static void test_failed_commit(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db;
    g_autofree char *path = g_build_filename(f->sync.dir, "account.db", NULL);
    give(f);
    feed_text(f, "$1", "one");
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    MxDecryptBatch batch = {.own_user_id = "@me:x", .now_ms = f->now_ms};
    g_assert_false(mx_decrypt_run(f->sync.store, &batch, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    g_assert_null(batch.changes);
    sqlite3_close(db);
    run_all(f);
    assert_show(f, "one");
}

/* The encryption was not open: what came is read when it is. */
static void test_not_open(Fixture *f, gconstpointer data)
{
    give(f);
    mx_store_close(f->sync.store);
    f->sync.store = store_fixture_open(f->sync.dir);
    feed_text(f, "$1", "one");
    assert_show(f, "?");
    f->crypto = megolm_fixture_open(f->sync.store);
    mx_store_begin(f->sync.store);
    mx_store_retry_reading(f->sync.store, MX_READING_PACK(MX_READ_NOT_TRIED, MX_SHIELD_NONE), NULL);
    store_fixture_commit(f->sync.store);
    run_all(f);
    assert_show(f, "one[read late]");
}

static void lock(Fixture *f)
{
    mx_store_close(f->sync.store);
    f->sync.store = store_fixture_open(f->sync.dir);
}

/* What was read before, and a window is told while the keyring is locked, is told once it opens. */
static void test_locked(Fixture *f, gconstpointer data)
{
    give(f);
    feed_text(f, "$1", "one");
    run_all(f);
    lock(f);
    assert_show(f, "?");
    g_autoptr(GPtrArray) lines = mx_store_list_newest_lines(f->sync.store, room(f), 1);
    g_autoptr(MxLine) line = mx_line_new(f->sync.store, g_ptr_array_index(lines, 0), "@me:x");
    g_assert_nonnull(strstr(line->body, "shown here when it is"));
    f->crypto = megolm_fixture_open(f->sync.store);
    for (guint i = 0; i < 2; i++) {
        mx_store_begin(f->sync.store);
        g_autoptr(GArray) rooms = mx_store_retry_locked(f->sync.store);
        store_fixture_commit(f->sync.store);
        g_autoptr(GPtrArray) changes = mx_decrypt_list_changes(f->sync.store, rooms, "@me:x");
        g_assert_cmpuint(changes->len, ==, i == 0 ? 1 : 0); /* once */
        assert_show(f, i == 0 ? "one[read late]" : "");
    }
}

/* Nothing waits for an encryption that does not open, and the room is told so. */
static void test_given_up(Fixture *f, gconstpointer data)
{
    feed_text(f, "$1", "one");
    feed(f, LINE("$2", "@bob:x", "two"));
    lock(f);
    assert_show(f, "");
    mx_store_begin(f->sync.store);
    g_autoptr(GArray) rooms =
        mx_store_give_up_waiting(f->sync.store, MX_READING_PACK(MX_READ_NOT_TRIED, MX_SHIELD_NONE));
    store_fixture_commit(f->sync.store);
    g_autoptr(GPtrArray) changes = mx_decrypt_list_changes(f->sync.store, rooms, "@me:x");
    g_assert_cmpuint(changes->len, ==, 1);
    MxRoomChange *change = g_ptr_array_index(changes, 0);
    g_assert_true(change->has_new_lines);
    g_assert_cmpint(change->room->key, ==, room(f));
    assert_show(f, "?|two[not encrypted]");
}

#define PLAIN "!plain:x"
#define PLAIN_ENCRYPTION                                                                           \
    STATE("$pe", "m.room.encryption", "", "@bob:x", "{'algorithm':'m.megolm.v1.aes-sha2'}")

/* What was said before the room was encrypted is not marked, whether the state comes after the
 * timeline or what is older is fetched. Once something was encrypted, no event takes a mark away.
 */
static void test_before_encryption(Fixture *f, gconstpointer data)
{
    sync_fixture_room(
        &f->sync, "join", PLAIN,
        PEOPLE(2, 0) "," EVENTS(
            "state_after",
            MEMBER(
                "$pm", "@me:x",
                "join") "," PLAIN_ENCRYPTION) ",'timeline':{'events':[" LINE("$p1", "@bob:x",
                                                                             "one") "," PLAIN_ENCRYPTION
                                                                                    "," LINE(
                                                                                        "$p2",
                                                                                        "@bob:x",
                                                                                        "two") "]"
                                                                                               "}");
    gint64 key = sync_fixture_key(&f->sync, PLAIN);
    g_autoptr(GPtrArray) lines = mx_timeline_take(f->sync.store, key, 10, "@me:x", NULL);
    const MxLine *first = g_ptr_array_index(lines, 0);
    const MxLine *last = g_ptr_array_index(lines, lines->len - 1);
    g_assert_cmpstr(first->body, ==, "one");
    g_assert_null(first->mark);
    g_assert_cmpstr(last->body, ==, "two");
    g_assert_cmpstr(last->mark, ==, "not encrypted");
    g_assert_true(mx_store_is_before_encryption(f->sync.store, key, first->pos - 1));
    g_assert_false(mx_store_is_before_encryption(f->sync.store, key, last->pos));
    feed_text(f, "$1", "read");
    feed(f,
         LINE("$2", "@bob:x", "in the clear") "," STATE("$late", "m.room.encryption", "", "@bob:x",
                                                        "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    f->now_ms = G_MAXINT64;
    run_all(f);
    g_autofree char *shown = show(f);
    g_assert_nonnull(strstr(shown, "in the clear[not encrypted]"));
}

/* What /history shows of what is stored, the newest first, as "text|…". */
static char *look_back(Fixture *f, guint lines)
{
    g_autoptr(GError) error = NULL;
    MxHistoryPlace place = {0};
    MxHistoryQuery query = {.lines = lines};
    g_autoptr(MxHistoryWalk) walk = mx_history_walk_new(&place, &query, room(f), "@me:x");
    GString *text = g_string_new(NULL);
    walk->is_offline = TRUE;
    g_assert_true(mx_history_walk_step(f->sync.store, walk, &error));
    g_assert_no_error(error);
    g_assert_cmpint(walk->need, ==, MX_WALK_DONE);
    for (guint i = 0; i < walk->lines->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "|" : "",
                               ((MxLine *)g_ptr_array_index(walk->lines, i))->body);
    return g_string_free(text, FALSE);
}

/* What waits for its window is left for the batches, which tell the window. */
static void test_history_takes_nothing_away(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) changes = NULL;
    give(f);
    feed_text(f, "$1", "one");
    g_autofree char *text = look_back(f, 10);
    g_assert_null(strstr(text, "one"));
    MxRoomChange *change = run(f, &changes);
    g_assert_nonnull(change);
    g_assert_true(change->has_new_lines);
    assert_show(f, "one");
}

/* However much waits, what is looked at is read. */
static void test_history_of_many(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) events = g_string_new(NULL);
    give(f);
    for (guint i = 0; i < 300; i++) {
        g_autofree char *content = megolm_peer_say(f->bob, ROOM, i < 299 ? "some" : "last");
        g_autofree char *event_id = g_strdup_printf("$%u", i);
        g_autofree char *text = event(event_id, 5000 + i, content);
        g_string_append_printf(events, "%s%s", i > 0 ? "," : "", text);
    }
    feed(f, events->str);
    mx_store_begin(f->sync.store);
    g_assert_cmpint(mx_store_skip_pending(f->sync.store, room(f), G_MAXINT64), >=, 300);
    store_fixture_commit(f->sync.store);
    g_autofree char *text = look_back(f, 2);
    g_assert_cmpstr(text, ==, "last|some");
    run_all(f);
    g_autofree char *again = look_back(f, 2);
    g_assert_cmpstr(again, ==, "last|some");
}

/* The user is removed: the last lines come with that. */
static void test_last_lines(Fixture *f, gconstpointer data)
{
    give(f);
    g_hash_table_add(f->sync.open_rooms, (gpointer)ROOM);
    g_autofree char *content = megolm_peer_say(f->bob, ROOM, "goodbye");
    g_autofree char *text = event("$1", 5000, content);
    g_autofree char *members =
        g_strdup_printf("'timeline':{'events':[%s,%s]}", text,
                        STATE("$k", "m.room.member", "@me:x", "@bob:x", "{'membership':'leave'}"));
    sync_fixture_room(&f->sync, "leave", ROOM, members);
    MxRoomChange *change = sync_fixture_change(&f->sync, ROOM);
    g_assert_true(change->is_gone);
    MxLine *line = g_ptr_array_index(change->last_lines, 0);
    g_assert_cmpstr(line->body, ==, "goodbye");
}

static void test_words(Fixture *f, gconstpointer data)
{
    static const struct {
        MxReadResult result;
        const char *part;
    } cases[] = {
        {MX_READ_NO_KEY, "key has not come"},
        {MX_READ_INDEX_TOO_OLD, "begins later"},
        {MX_READ_UNSIGNED_DEVICE, "not signed"},
        {MX_READ_WRONG_SENDER, "who has encrypted"},
        {MX_READ_REPLAY, "repeats"},
        {MX_READ_DAMAGED, "damaged"},
        {MX_READ_UNKNOWN_ALGORITHM, "not known"},
        {MX_READ_WITHHELD, "(no & why)"},
    };
    mx_store_begin(f->sync.store);
    mx_inbound_note_withheld(f->crypto, ROOM, f->bob->session_id, "@bob:x", "x.odd", "no & why");
    store_fixture_commit(f->sync.store);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxTimelineRow row = {.room = room(f),
                             .event_id = (char *)"$1",
                             .sender = (char *)"@bob:x",
                             .type = (char *)"m.room.encrypted",
                             .content = (char *)"{\"a\":1}",
                             .crypto = MX_ROW_UNREADABLE,
                             .session_id = f->bob->session_id,
                             .reading = MX_READING_PACK(cases[i].result, MX_SHIELD_NONE)};
        g_autoptr(MxLine) line = mx_line_new(f->sync.store, &row, "@me:x");
        g_assert_cmpint(line->kind, ==, MX_LINE_ENCRYPTED);
        g_assert_nonnull(strstr(line->body, cases[i].part));
    }
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/decrypt/order", test_order);
    ADD("/decrypt/after-a-gap", test_after_a_gap);
    ADD("/decrypt/I10-late", test_late);
    ADD("/decrypt/a-moment-late", test_a_moment_late);
    ADD("/decrypt/XR10-clock", test_clock);
    ADD("/decrypt/while-written", test_while_written);
    ADD("/decrypt/XN7-replay", test_replay);
    ADD("/decrypt/I13-redacted", test_redacted);
    ADD("/decrypt/I12-bundled", test_bundled);
    ADD("/decrypt/V2-sealed", test_sealed);
    ADD("/decrypt/V2-swapped", test_swapped);
    ADD("/decrypt/other-types", test_other_types);
    ADD("/decrypt/push-rules", test_push_rules);
    ADD("/decrypt/many", test_many);
    ADD("/decrypt/V6-failed-commit", test_failed_commit);
    ADD("/decrypt/not-open", test_not_open);
    ADD("/decrypt/locked", test_locked);
    ADD("/decrypt/given-up", test_given_up);
    ADD("/decrypt/G8-before-encryption", test_before_encryption);
    ADD("/decrypt/history-takes-nothing-away", test_history_takes_nothing_away);
    ADD("/decrypt/history-of-many", test_history_of_many);
    ADD("/decrypt/last-lines", test_last_lines);
    ADD("/decrypt/I11-words", test_words);
    return g_test_run();
}

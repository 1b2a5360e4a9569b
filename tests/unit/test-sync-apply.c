/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"
#include "sync-fixture.h"

/* Lines, echoes, gaps, receipts and redactions of /sync answers. What rooms are and who is in them:
 * test-sync-rooms.c. */

#define GROUP                                                                                      \
    PEOPLE(3, 0)                                                                                   \
    "," EVENTS("state", MEMBER("$m1", "@me:x", "join") "," MEMBER(                                 \
                            "$m2", "@bob:x", "join") "," MEMBER("$m3", "@eve:x", "join"))

/* A room of three with one old line. */
static void start(SyncFixture *fixture)
{
    sync_fixture_room(fixture, "join", "!r:x", GROUP "," TIMELINE(LINE("$old", "@bob:x", "old")));
}

static void live(SyncFixture *fixture, const char *members)
{
    sync_fixture_room(fixture, "join", "!r:x", members);
}

static gint64 count(SyncFixture *fixture, const char *event_id)
{
    return mx_store_query_int(fixture->store, -1,
                              "SELECT count(*) FROM timeline WHERE event_id = ?", "s", event_id);
}

static int display_of(SyncFixture *fixture, const char *event_id)
{
    return mx_store_query_int(fixture->store, -1, "SELECT display FROM timeline WHERE event_id = ?",
                              "s", event_id);
}

static void add_own_line(SyncFixture *fixture, const char *txn_id)
{
    g_autoptr(MxRoomRow) room = sync_fixture_get_room(fixture, "!r:x");
    gint64 id = store_fixture_add_item(fixture->store, room, txn_id, "mine");
    g_autoptr(MxQueueRow) item = mx_store_get_queue_by_txn(fixture->store, txn_id);
    g_assert_cmpint(item->id, ==, id);
    mx_store_set_display(fixture->store, item->row, MX_DISPLAY_SHOWN);
}

/* The answer to the PUT. */
static void answer_put(SyncFixture *fixture, const char *txn_id, const char *event_id)
{
    g_autoptr(MxQueueRow) item = mx_store_get_queue_by_txn(fixture->store, txn_id);
    mx_store_set_event_id(fixture->store, sync_fixture_key(fixture, "!r:x"), txn_id, event_id);
    if (item != NULL)
        mx_store_remove_queue(fixture->store, item->id);
}

/* ---- lines ---- */

static void test_first_sync(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    MxRoomChange *change = sync_fixture_change(fixture, "!r:x");
    assert_pending(fixture, "!r:x", "");
    g_assert_cmpint(count(fixture, "$old"), ==, 1);
    g_assert_false(change->has_new_lines);
    g_assert_false(change->wants_window);
    g_assert_cmpint(change->room->unread, ==, 0);
    g_assert_cmpint(change->room->membership, ==, MX_MEMBERSHIP_JOIN);
    g_assert_cmpint(change->room->people, ==, 3);
}

static void test_live(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a") "," LINE("$2", "@eve:x", "b")));
    MxRoomChange *change = sync_fixture_change(fixture, "!r:x");
    assert_pending(fixture, "!r:x", "a|b");
    g_assert_true(change->has_new_lines);
    g_assert_false(change->wants_window); /* three people, no highlight: it waits unread */
    g_assert_cmpint(change->room->unread, ==, 2);
    live(fixture, TIMELINE(LINE("$3", "@bob:x", "c")));
    assert_pending(fixture, "!r:x", "a|b|c");
}

/* The same events once more, in the same answer and in a later one. */
static void test_dedupe(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a") "," LINE("$1", "@bob:x", "a again")));
    live(fixture, TIMELINE(LINE("$old", "@bob:x", "old") "," LINE("$1", "@bob:x", "a") "," LINE(
                      "$2", "@bob:x", "b")));
    assert_pending(fixture, "!r:x", "a|b");
    live(fixture, TIMELINE(LINE("$2", "@bob:x", "b")));
    g_assert_false(sync_fixture_change(fixture, "!r:x")->has_new_lines);
}

/* C16: the server's order, not the clocks'. */
static void test_order(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, TIMELINE(LINE_TS("$1", "@bob:x", 9000, "a") "," LINE_TS(
                      "$2", "@bob:x", 100, "b") "," LINE_TS("$3", "@bob:x", -5, "c")));
    assert_pending(fixture, "!r:x", "a|b|c");
    g_autoptr(MxRoomRow) room = sync_fixture_get_room(fixture, "!r:x");
    g_assert_cmpint(room->last_ts, ==, 9000);
}

static void test_delayed(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    fixture->is_catch_up = TRUE;
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a")));
    fixture->is_catch_up = FALSE;
    live(fixture, TIMELINE(LINE("$2", "@bob:x", "b")));
    g_autoptr(GPtrArray) rows = mx_store_list_display(
        fixture->store, sync_fixture_key(fixture, "!r:x"), MX_DISPLAY_PENDING, G_MAXINT64, 10);
    g_assert_cmpint(rows->len, ==, 2);
    g_assert_true(((MxTimelineRow *)g_ptr_array_index(rows, 0))->delayed);
    g_assert_false(((MxTimelineRow *)g_ptr_array_index(rows, 1))->delayed);
}

static void test_windows(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *members;
        gboolean wanted;
    } cases[] = {
        {PEOPLE(3, 0) "," TIMELINE(LINE("$1", "@bob:x", "a")), FALSE},
        {PEOPLE(2, 1) "," TIMELINE(LINE("$2", "@bob:x", "a")), TRUE},
        {PEOPLE(2, 0) "," TIMELINE(LINE("$3", "@me:x", "from my other device")), FALSE},
        {PEOPLE(2, 0), FALSE},
        {PEOPLE(2, 0) "," TIMELINE(STATE("$4", "m.room.topic", "", "@bob:x", "{}")), FALSE},
        {PEOPLE(3, 0) ",'unread_notifications':{'highlight_count':1}," TIMELINE(
             LINE("$5", "@bob:x", "me!")),
         TRUE},
        {"'unread_notifications':{'highlight_count':1}," TIMELINE(LINE("$6", "@bob:x", "not me")),
         FALSE}, /* not risen */
        {"'unread_notifications':{'highlight_count':2}," TIMELINE(LINE("$7", "@bob:x", "me!")),
         TRUE},
    };
    start(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        live(fixture, cases[i].members);
        g_test_message("%s", cases[i].members);
        g_assert_cmpint(sync_fixture_change(fixture, "!r:x")->wants_window, ==, cases[i].wanted);
    }
    g_assert_cmpint(sync_fixture_change(fixture, "!r:x")->room->highlights, ==, 2);
}

#define RULES(room, override)                                                                      \
    EVENTS("account_data", "{'type':'m.push_rules','content':{'global':{"                          \
                           "'override':[" override "],'room':[" room "],"                          \
                           "'content':[{'rule_id':'k','pattern':'cake','actions':['notify',"       \
                           "{'set_tweak':'highlight'}]}]}}}")
#define MUTE                                                                                       \
    "{'rule_id':'!r:x','actions':[],'conditions':["                                                \
    "{'kind':'event_match','key':'room_id','pattern':'!r:x'}]}"

static MxAlert last_alert(SyncFixture *fixture)
{
    g_autoptr(GPtrArray) rows = mx_store_list_display(
        fixture->store, sync_fixture_key(fixture, "!r:x"), MX_DISPLAY_PENDING, G_MAXINT64, 100);
    g_assert_cmpint(rows->len, >, 0);
    return ((MxTimelineRow *)g_ptr_array_index(rows, rows->len - 1))->alert;
}

/* Once push rules are known they decide, of each line for itself. */
static void test_push_rules(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    sync_fixture_feed(fixture, RULES("", ""));
    live(fixture, PEOPLE(2, 0) ",'unread_notifications':{'highlight_count':5}," TIMELINE(
                      LINE("$1", "@bob:x", "a")));
    g_assert_false(sync_fixture_change(fixture, "!r:x")->wants_window);
    g_assert_cmpint(last_alert(fixture), ==, MX_ALERT_NONE);
    live(fixture, TIMELINE(LINE("$2", "@bob:x", "a cake")));
    g_assert_true(sync_fixture_change(fixture, "!r:x")->wants_window);
    g_assert_cmpint(last_alert(fixture), ==, MX_ALERT_OPENS | MX_ALERT_HIGHLIGHT);
    live(fixture, TIMELINE(LINE("$3", "@me:x", "my cake")));
    g_assert_false(sync_fixture_change(fixture, "!r:x")->wants_window);
    /* read elsewhere, it opens nothing any more */
    live(fixture, TIMELINE(LINE("$4", "@bob:x", "cake")) "," RECEIPT("$4", "m.read", ""));
    g_assert_false(sync_fixture_change(fixture, "!r:x")->wants_window);
    /* new rules are there for the lines of the same answer */
    sync_fixture_feed(fixture, RULES("", MUTE) ",'rooms':{'join':{'!r:x':{" TIMELINE(
                                   LINE("$5", "@bob:x", "cake")) "}}}");
    g_assert_false(sync_fixture_change(fixture, "!r:x")->wants_window);
    g_assert_cmpint(last_alert(fixture), ==, MX_ALERT_MUTED);
    g_assert_nonnull(fixture->changes->rules);
}

static void test_types(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *type;
        gboolean is_line;
    } cases[] = {
        {"m.room.message", TRUE},   {"m.room.encrypted", TRUE},
        {"m.sticker", TRUE},        {"m.reaction", FALSE},
        {"m.room.topic", FALSE},    {"m.room.redaction", FALSE},
        {"m.room.message2", FALSE}, {"", FALSE},
    };
    start(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = g_strdup_printf(
            TIMELINE("{'type':'%s','event_id':'$p%u','sender':'@bob:x','content':{}}"),
            cases[i].type, i);
        g_autofree char *state = g_strdup_printf(
            TIMELINE("{'type':'%s','event_id':'$s%u','sender':'@bob:x','content':{'body':'b'},"
                     "'state_key':'k'}"),
            cases[i].type, i);
        g_test_message("%s", cases[i].type);
        g_assert_cmpint(mx_sync_apply_is_line(cases[i].type), ==, cases[i].is_line);
        live(fixture, plain);
        g_assert_cmpint(sync_fixture_change(fixture, "!r:x")->has_new_lines, ==, cases[i].is_line);
        live(fixture, state); /* state is no line, whatever its type */
        g_assert_false(sync_fixture_change(fixture, "!r:x")->has_new_lines);
    }
    assert_pending(fixture, "!r:x", "m.room.message|m.room.encrypted|m.sticker");
}

/* In a group that was joined just now what was said before is history. */
static void test_joined_now(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    live(fixture, GROUP "," TIMELINE(LINE("$1", "@bob:x", "before") "," MEMBER(
                      "$j", "@me:x", "join") "," LINE("$2", "@bob:x", "welcome")));
    assert_pending(fixture, "!r:x", "welcome");
    g_assert_cmpint(count(fixture, "$1"), ==, 1);
    sync_fixture_room(
        fixture, "join", "!pair:x",
        PEOPLE(2, 0) "," TIMELINE(LINE("$1", "@bob:x", "hello") "," MEMBER("$j", "@me:x", "join")));
    assert_pending(fixture, "!pair:x", "hello");
}

/* ---- echoes (C7) ---- */

static void test_echo_before_answer(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    live(fixture, TIMELINE(ECHO("$1", "t1", "mine") "," LINE("$2", "@bob:x", "reply")));
    assert_pending(fixture, "!r:x", "reply");
    g_assert_null(mx_store_get_queue_by_txn(fixture->store, "t1")); /* not sent again */
    answer_put(fixture, "t1", "$1");
    g_assert_cmpint(count(fixture, "$1"), ==, 1);
    g_assert_cmpint(display_of(fixture, "$1"), ==, MX_DISPLAY_SHOWN);
}

static void test_echo_after_answer(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    answer_put(fixture, "t1", "$1");
    live(fixture, TIMELINE(ECHO("$1", "t1", "mine")));
    assert_pending(fixture, "!r:x", "");
    g_assert_false(sync_fixture_change(fixture, "!r:x")->has_new_lines);
    g_assert_cmpint(count(fixture, "$1"), ==, 1);
    /* After a new login the server no longer says that it was this device. */
    live(fixture, TIMELINE(LINE("$1", "@me:x", "mine")));
    assert_pending(fixture, "!r:x", "");
    g_assert_cmpint(count(fixture, "$1"), ==, 1);
}

static void test_echo_without_txn_id(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    live(fixture, TIMELINE(LINE("$1", "@me:x", "mine")));
    answer_put(fixture, "t1", "$1");
    assert_pending(fixture, "!r:x", "");
    g_assert_cmpint(count(fixture, "$1"), ==, 1);
    g_assert_cmpint(display_of(fixture, "$1"), ==, MX_DISPLAY_SHOWN);
}

/* Nobody else's event is our echo, and an own one from elsewhere is a line. */
static void test_no_echo(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    live(fixture, TIMELINE("{'type':'m.room.message','event_id':'$1','sender':'@eve:x',"
                           "'unsigned':{'transaction_id':'t1'},'content':{'body':'forged'}}," ECHO(
                               "$2", "t-of-another-device", "from the phone")));
    assert_pending(fixture, "!r:x", "forged|from the phone");
    g_autoptr(MxQueueRow) item = mx_store_get_queue_by_txn(fixture->store, "t1");
    g_assert_nonnull(item);
    g_assert_cmpint(sync_fixture_change(fixture, "!r:x")->room->unread, ==, 1);
}

/* A server that mixes rooms up must not bring /sync to a halt for good. */
static void test_echo_in_another_room(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    sync_fixture_room(fixture, "join", "!other:x", TIMELINE(ECHO("$old", "t1", "mine")));
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a")));
    assert_pending(fixture, "!r:x", "a");
}

/* ---- gaps (C4) ---- */

static void test_gap(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a")));
    live(fixture, LIMITED("p9", LINE("$9", "@bob:x", "z")));
    gint64 room = sync_fixture_key(fixture, "!r:x");
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->store, room);
    g_assert_true(sync_fixture_change(fixture, "!r:x")->has_gap);
    g_assert_nonnull(gap);
    g_assert_cmpstr(gap->from, ==, "p9");
    g_assert_cmpstr(gap->to, ==, "s2"); /* the since of the answer that left it */
    g_assert_cmpint(gap->pos, <, mx_store_get_event_pos(fixture->store, room, "$9"));
    g_assert_cmpint(gap->pos - MX_GAP_SPACE, >=,
                    mx_store_get_event_pos(fixture->store, room, "$1"));
    assert_pending(fixture, "!r:x", "a|z");
}

static void test_no_gap(SyncFixture *fixture, gconstpointer data)
{
    static const char *const members[] = {
        TIMELINE(LINE("$2", "@bob:x", "b")),
        "'timeline':{'limited':false,'prev_batch':'p','events':[" LINE("$3", "@bob:x", "c") "]}",
        LIMITED("p", LINE("$old", "@bob:x", "old") "," LINE("$4", "@bob:x", "d")),
        "'timeline':{'limited':'true','prev_batch':'p','events':[" LINE("$5", "@bob:x", "e") "]}",
        "'timeline':{'limited':true,'events':[" LINE("$6", "@bob:x", "f") "]}",
    };
    sync_fixture_room(fixture, "join", "!r:x",
                      GROUP "," LIMITED("p0", LINE("$old", "@bob:x", "old")));
    gint64 room = sync_fixture_key(fixture, "!r:x");
    g_assert_null(mx_store_get_gap(fixture->store, room)); /* first sync: history, no gap */
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, "!r:x");
    g_assert_cmpstr(row->prev_batch, ==, "p0");
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        live(fixture, members[i]);
        g_test_message("%s", members[i]);
        g_assert_null(mx_store_get_gap(fixture->store, room));
        g_assert_false(sync_fixture_change(fixture, "!r:x")->has_gap);
    }
}

/* Between joining elsewhere and this /sync others may have written more than it brings. */
static void test_gap_when_joined_elsewhere(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    sync_fixture_room(fixture, "join", "!new:x", LIMITED("p1", LINE("$1", "@bob:x", "a")));
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->store, sync_fixture_key(fixture, "!new:x"));
    g_assert_nonnull(gap);
    g_assert_cmpstr(gap->from, ==, "p1");
}

/* What was said before one joined is history. */
static void test_no_gap_before_own_join(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    sync_fixture_room(
        fixture, "join", "!new:x",
        GROUP "," LIMITED("p1", MEMBER("$j", "@me:x", "join") "," LINE("$1", "@bob:x", "a")));
    g_assert_null(mx_store_get_gap(fixture->store, sync_fixture_key(fixture, "!new:x")));
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, "!new:x");
    g_assert_cmpstr(row->prev_batch, ==, "p1");
}

/* The own line's event ID is known from the answer to its PUT: that does not mean that everything
 * before it has come. */
static void test_gap_before_own_line(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    add_own_line(fixture, "t1");
    answer_put(fixture, "t1", "$9");
    live(fixture, LIMITED("p9", LINE("$8", "@bob:x", "z") "," ECHO("$9", "t1", "mine")));
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->store, sync_fixture_key(fixture, "!r:x"));
    g_assert_nonnull(gap);
}

static void test_gap_after_full_sync(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    fixture->is_full = TRUE;
    live(fixture, GROUP "," LIMITED("p9", LINE("$9", "@bob:x", "z")));
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->store, sync_fixture_key(fixture, "!r:x"));
    g_assert_nonnull(gap);
    g_assert_null(gap->to);
    assert_pending(fixture, "!r:x", "z"); /* the device is not new: it is live */
}

/* ---- receipts ---- */

#define FOUR                                                                                       \
    TIMELINE(LINE("$1", "@bob:x", "a") "," LINE("$2", "@bob:x", "b") "," LINE(                     \
        "$3", "@bob:x", "c") "," LINE("$4", "@bob:x", "d"))
#define OTHERS_RECEIPT                                                                             \
    EVENTS("ephemeral", "{'type':'m.receipt','content':{'$3':{'m.read':{'@bob:x':{'ts':1}}}}}")
#define TWO_RECEIPTS                                                                               \
    EVENTS("ephemeral",                                                                            \
           "{'type':'m.receipt','content':{'$3':{'m.read.private':{'@me:x':{'ts':2}}},"            \
           "'$1':{'m.read':{'@me:x':{'ts':1}}}}}")

static void test_receipts(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *room_id, *members, *pending;
    } cases[] = {
        {"!1:x", RECEIPT("$2", "m.read", ""), "c|d"},
        {"!2:x", RECEIPT("$3", "m.read.private", ""), "d"},
        {"!3:x", RECEIPT("$2", "m.read", ",'thread_id':'main'"), "c|d"},
        {"!4:x", RECEIPT("$2", "m.read", ",'thread_id':'$thread'"), "a|b|c|d"},
        {"!5:x", RECEIPT("$2", "m.fully_read", ""), "a|b|c|d"},
        {"!6:x", RECEIPT("$unknown", "m.read", ""), "a|b|c|d"},
        {"!7:x", OTHERS_RECEIPT, "a|b|c|d"},
        {"!8:x", RECEIPT("$4", "m.read", ""), ""},
    };
    sync_fixture_feed(fixture, "");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *together = g_strdup_printf("%s,%s", cases[i].members, FOUR);
        g_autofree char *other_id = g_strdup_printf("%s2", cases[i].room_id);
        gboolean was_read = !g_str_equal(cases[i].pending, "a|b|c|d");
        g_test_message("%s", cases[i].members);
        sync_fixture_room(fixture, "join", cases[i].room_id, FOUR);
        sync_fixture_room(fixture, "join", cases[i].room_id, cases[i].members);
        assert_pending(fixture, cases[i].room_id, cases[i].pending);
        MxRoomChange *change = sync_fixture_change(fixture, cases[i].room_id);
        g_assert_cmpint(change != NULL && change->was_read, ==, was_read);
        /* Catching up: the lines and the receipt in one answer. */
        sync_fixture_room(fixture, "join", other_id, together);
        assert_pending(fixture, other_id, cases[i].pending);
    }
}

/* A public one behind a private one, as after reading on a phone that hides its receipts: the one
 * further on counts, in whatever order they come. */
static void test_two_receipts(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, FOUR);
    live(fixture, TWO_RECEIPTS);
    assert_pending(fixture, "!r:x", "d");
}

/* The receipt is for a line that comes later, as when a gap is filled. */
static void test_receipt_first(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, RECEIPT("$2", "m.read", ""));
    g_autoptr(MxRoomRow) room = sync_fixture_get_room(fixture, "!r:x");
    g_assert_cmpstr(room->read_event_id, ==, "$2");
    live(fixture, FOUR);
    assert_pending(fixture, "!r:x", "c|d");
    g_assert_cmpint(mx_sync_apply_read(fixture->store, room), ==, 0);
}

/* ---- redactions ---- */

#define REDACTED "m.room.redaction"
#define REDACTION(id, target, content)                                                             \
    "{'type':'m.room.redaction','event_id':'" id "','sender':'@bob:x','content':" content          \
    ",'redacts':" target "}"

static void test_redaction(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, FOUR);
    live(fixture,
         TIMELINE(REDACTION("$r1", "'$1'", "{}") "," REDACTION(
             "$r2", "5", "{'redacts':'$2'}") "," REDACTION("$r3", "null",
                                                           "{}") "," REDACTION("$r4", "'$unknown'",
                                                                               "{'reason':'x'}")));
    assert_pending(fixture, "!r:x", "c|d|" REDACTED "|" REDACTED "|" REDACTED);
    g_assert_cmpint(mx_store_query_int(fixture->store, -1,
                                       "SELECT count(*) FROM timeline WHERE event_id IN "
                                       "('$1', '$2') AND content = '{}'",
                                       ""),
                    ==, 2);
    g_assert_cmpint(sync_fixture_change(fixture, "!r:x")->room->unread, ==, 2);
    /* The server repeats the event in full: it stays away. */
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "a")));
    assert_pending(fixture, "!r:x", "c|d|" REDACTED "|" REDACTED "|" REDACTED);
    /* What comes after its redaction, as history may, is neither shown nor kept. */
    live(fixture, TIMELINE(LINE("$unknown", "@bob:x", "late")));
    assert_pending(fixture, "!r:x", "c|d|" REDACTED "|" REDACTED "|" REDACTED);
    g_assert_cmpint(mx_store_query_int(fixture->store, -1,
                                       "SELECT count(*) FROM timeline WHERE content LIKE '%late%'",
                                       ""),
                    ==, 0);
}

static void test_redaction_in_same_answer(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    live(fixture, TIMELINE(LINE("$1", "@bob:x", "oops") "," REDACTION("$r", "'$1'", "{}")));
    assert_pending(fixture, "!r:x", REDACTED);
}

#define add(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)

static void add_echoes_and_gaps(void)
{
    add("/sync-apply/echo-before-answer", test_echo_before_answer);
    add("/sync-apply/echo-after-answer", test_echo_after_answer);
    add("/sync-apply/echo-without-txn-id", test_echo_without_txn_id);
    add("/sync-apply/no-echo", test_no_echo);
    add("/sync-apply/gap", test_gap);
    add("/sync-apply/no-gap", test_no_gap);
    add("/sync-apply/gap-when-joined-elsewhere", test_gap_when_joined_elsewhere);
    add("/sync-apply/no-gap-before-own-join", test_no_gap_before_own_join);
    add("/sync-apply/gap-after-full-sync", test_gap_after_full_sync);
    add("/sync-apply/gap-before-own-line", test_gap_before_own_line);
    add("/sync-apply/echo-in-another-room", test_echo_in_another_room);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sync-apply/first-sync", test_first_sync);
    add("/sync-apply/live", test_live);
    add("/sync-apply/dedupe", test_dedupe);
    add("/sync-apply/order", test_order);
    add("/sync-apply/delayed", test_delayed);
    add("/sync-apply/windows", test_windows);
    add("/sync-apply/push-rules", test_push_rules);
    add("/sync-apply/types", test_types);
    add("/sync-apply/joined-now", test_joined_now);
    add("/sync-apply/redaction", test_redaction);
    add("/sync-apply/redaction-in-same-answer", test_redaction_in_same_answer);
    add("/sync-apply/receipt-first", test_receipt_first);
    add("/sync-apply/receipts", test_receipts);
    add_echoes_and_gaps();
    add("/sync-apply/two-receipts", test_two_receipts);
    return g_test_run();
}

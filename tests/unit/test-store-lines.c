/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"
#include "store-fixture.h"

/* Timeline, gaps and the send queue. */

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room, *other;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!a:x");
    fixture->other = store_fixture_add_room(fixture->store, "!b:x");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_room_row_free(fixture->other);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static gint64 add_pending(Fixture *fixture, const char *event_id, const char *body)
{
    return store_fixture_add_line(fixture->store, fixture->room, event_id, "@bob:x", NULL, body,
                                  MX_DISPLAY_PENDING);
}

#define assert_list(fixture, display, expected)                                                    \
    store_fixture_assert_list((fixture)->store, (fixture)->room->key, display, expected)

static int display_of(Fixture *fixture, gint64 id)
{
    return mx_store_query_int(fixture->store, -1, "SELECT display FROM timeline WHERE id = ?", "i",
                              id);
}

static gint64 count_lines(Fixture *fixture, gint64 room)
{
    return mx_store_query_int(fixture->store, -1, "SELECT count(*) FROM timeline WHERE room = ?",
                              "i", room);
}

/* ---- timeline ---- */

static void test_fields(Fixture *fixture, gconstpointer data)
{
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = 5,
        .event_id = (char *)"$e",
        .sender = (char *)"@bob:x",
        .type = (char *)"m.sticker",
        .txn_id = (char *)"txn",
        .content = (char *)"{\"body\":\"b\"}",
        .ts = 1700000000123,
        .display = MX_DISPLAY_DELIVERING,
        .delayed = TRUE,
    };
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
    g_autoptr(GPtrArray) rows = mx_store_list_display(fixture->store, fixture->room->key,
                                                      MX_DISPLAY_DELIVERING, G_MAXINT64, 10);
    g_assert_cmpint(rows->len, ==, 1);
    MxTimelineRow *read = g_ptr_array_index(rows, 0);
    g_assert_cmpint(read->id, ==, row.id);
    g_assert_cmpint(read->room, ==, row.room);
    g_assert_cmpint(read->pos, ==, 5);
    g_assert_cmpstr(read->event_id, ==, "$e");
    g_assert_cmpstr(read->sender, ==, "@bob:x");
    g_assert_cmpstr(read->type, ==, "m.sticker");
    g_assert_cmpstr(read->txn_id, ==, "txn");
    g_assert_cmpstr(read->content, ==, "{\"body\":\"b\"}");
    g_assert_cmpint(read->ts, ==, 1700000000123);
    g_assert_cmpint(read->display, ==, MX_DISPLAY_DELIVERING);
    g_assert_true(read->delayed);
}

/* Of all statements so far. */
static int count_steps(Fixture *fixture)
{
    int steps = 0;
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(fixture->store->db, statement)) != NULL)
        steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, FALSE);
    return steps;
}

/* What waits is found without a look at what was shown, which may be years of it. */
static void test_pending_among_many(Fixture *fixture, gconstpointer data)
{
    mx_store_begin(fixture->store);
    for (guint i = 0; i < 2000; i++) {
        g_autofree char *event_id = g_strdup_printf("$%u", i);
        store_fixture_add_line(fixture->store, fixture->room, event_id, "@bob:x", NULL, "old",
                               MX_DISPLAY_SHOWN);
    }
    store_fixture_commit(fixture->store);
    add_pending(fixture, "$a", "a");
    add_pending(fixture, "$b", "b");
    int before = count_steps(fixture);
    g_assert_cmpint(mx_store_count_pending(fixture->store, fixture->room->key, "@me:x"), ==, 2);
    g_assert_true(
        !mx_store_has_alert(fixture->store, fixture->room->key, G_MININT64, "@me:x", FALSE));
    g_assert_cmpint(mx_store_skip_all_but(fixture->store, fixture->room->key, 1, 1), ==, 1);
    mx_store_skip_sender(fixture->store, "@carol:x");
    g_assert_cmpint(mx_store_skip_pending(fixture->store, fixture->room->key, G_MAXINT64), ==, 1);
    g_assert_cmpint(count_steps(fixture) - before, <, 1000);
}

/* Order is the position's, whatever the order of arrival and the clocks say. */
static void test_order(Fixture *fixture, gconstpointer data)
{
    static const struct {
        gint64 pos, ts;
        const char *id, *content;
    } rows[] = {
        {30, 1, "$3", "{\"body\":\"c\"}"},
        {10, 9, "$1", "{\"body\":\"a\"}"},
        {G_GINT64_CONSTANT(1) << 40, 0, "$4", "{\"body\":\"d\"}"},
        {20, 5, "$2", "{\"body\":\"b\"}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        MxTimelineRow row = {.room = fixture->room->key, .pos = rows[i].pos, .ts = rows[i].ts};
        row.event_id = (char *)rows[i].id;
        row.content = (char *)rows[i].content;
        row.sender = (char *)"@bob:x";
        row.type = (char *)"m.room.message";
        row.display = MX_DISPLAY_PENDING;
        g_assert_true(mx_store_add_timeline(fixture->store, &row));
    }
    assert_list(fixture, MX_DISPLAY_PENDING, "a|b|c|d");
    g_autoptr(GPtrArray) some =
        mx_store_list_display(fixture->store, fixture->room->key, MX_DISPLAY_PENDING, 30, 100);
    g_assert_cmpint(some->len, ==, 2); /* below, not at */
    g_autoptr(GPtrArray) oldest = mx_store_list_display(fixture->store, fixture->room->key,
                                                        MX_DISPLAY_PENDING, G_MAXINT64, 1);
    g_assert_cmpint(oldest->len, ==, 1);
    g_assert_cmpint(((MxTimelineRow *)g_ptr_array_index(oldest, 0))->pos, ==, 10);
}

static void test_once_in_a_room(Fixture *fixture, gconstpointer data)
{
    MxTimelineRow again = {.room = fixture->room->key, .pos = 99, .event_id = (char *)"$1"};
    again.sender = (char *)"@eve:x";
    again.type = again.content = (char *)"{}";
    again.display = MX_DISPLAY_PENDING;
    add_pending(fixture, "$1", "first");
    g_assert_false(mx_store_add_timeline(fixture->store, &again));
    g_assert_cmpint(again.id, ==, 0);
    assert_list(fixture, MX_DISPLAY_PENDING, "first");
    again.room = fixture->other->key; /* event IDs are a room's own */
    g_assert_true(mx_store_add_timeline(fixture->store, &again));
    /* Lines without an event ID do not clash. */
    store_fixture_add_line(fixture->store, fixture->room, NULL, "@me:x", "t1", "x",
                           MX_DISPLAY_PENDING);
    store_fixture_add_line(fixture->store, fixture->room, NULL, "@me:x", "t2", "y",
                           MX_DISPLAY_PENDING);
    assert_list(fixture, MX_DISPLAY_PENDING, "first|x|y");
}

static void test_has_event(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key, other = fixture->other->key;
    add_pending(fixture, "$1", "a");
    store_fixture_add_line(store, fixture->room, "$2", "@me:x", "txn", "b", MX_DISPLAY_SHOWN);
    g_assert_true(mx_store_has_event(store, room, "$1"));
    g_assert_true(mx_store_has_event(store, room, "$2"));
    g_assert_false(mx_store_has_event(store, room, "$3"));
    g_assert_false(mx_store_has_event(store, other, "$1"));
    g_assert_true(mx_store_has_synced_event(store, room, "$1"));
    g_assert_false(mx_store_has_synced_event(store, room, "$2"));
    g_assert_false(mx_store_has_synced_event(store, other, "$1"));
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$1"), ==, 1);
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$2"), ==, 2);
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$3"), ==, G_MININT64);
}

static void test_set_event_id(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key;
    g_assert_false(mx_store_set_event_id(store, room, "txn", "$1"));
    store_fixture_add_line(store, fixture->room, NULL, "@me:x", "txn", "mine", MX_DISPLAY_PENDING);
    g_assert_true(mx_store_set_event_id(store, room, "txn", "$1"));
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$1"), ==, 1);
    g_assert_true(mx_store_set_event_id(store, room, "txn", "$1")); /* said twice */

    /* The /sync brought it before, without saying that it is ours: one of the two stays. */
    store_fixture_add_line(store, fixture->room, NULL, "@me:x", "txn2", "second",
                           MX_DISPLAY_PENDING);
    add_pending(fixture, "$2", "second, from /sync");
    g_assert_true(mx_store_set_event_id(store, room, "txn2", "$2"));
    assert_list(fixture, MX_DISPLAY_PENDING, "mine|second");
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$2"), ==, 2);
}

static void blank(Fixture *fixture, const char *event_id)
{
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, event_id);
    mx_store_blank_row(fixture->store, row, "{}");
}

static void assert_blank(Fixture *fixture, const char *event_id)
{
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, event_id);
    g_assert_cmpstr(row->content, ==, "{}");
}

/* The redaction comes before it is known which own line it is about. */
static void test_redacted_before_its_id(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key;
    store_fixture_add_line(store, fixture->room, NULL, "@me:x", "txn", "mine", MX_DISPLAY_SHOWN);
    mx_store_add_redacted(store, room, "$1");
    g_assert_true(mx_store_set_event_id(store, room, "txn", "$1"));
    assert_blank(fixture, "$1");

    store_fixture_add_line(store, fixture->room, NULL, "@me:x", "txn2", "more", MX_DISPLAY_SHOWN);
    add_pending(fixture, "$2", "more, from /sync");
    blank(fixture, "$2");
    g_assert_true(mx_store_set_event_id(store, room, "txn2", "$2"));
    assert_blank(fixture, "$2");
}

static void test_redact(Fixture *fixture, gconstpointer data)
{
    gint64 pending = add_pending(fixture, "$1", "secret");
    gint64 shown = add_pending(fixture, "$2", "secret");
    gint64 delivering = add_pending(fixture, "$3", "secret");
    gint64 kept = add_pending(fixture, "$4", "kept");
    mx_store_set_display(fixture->store, shown, MX_DISPLAY_SHOWN);
    mx_store_set_display(fixture->store, delivering, MX_DISPLAY_DELIVERING);
    blank(fixture, "$1");
    blank(fixture, "$2");
    blank(fixture, "$3");
    g_assert_null(mx_store_get_event(fixture->store, fixture->room->key, "$unknown"));
    g_assert_null(mx_store_get_event(fixture->store, fixture->other->key, "$4"));
    g_assert_cmpint(mx_store_query_int(fixture->store, -1,
                                       "SELECT count(*) FROM timeline WHERE content LIKE "
                                       "'%secret%'",
                                       ""),
                    ==, 0);
    g_assert_cmpint(display_of(fixture, pending), ==, MX_DISPLAY_SKIPPED);
    g_assert_cmpint(display_of(fixture, shown), ==, MX_DISPLAY_SHOWN);
    g_assert_cmpint(display_of(fixture, delivering), ==, MX_DISPLAY_DELIVERING);
    g_assert_cmpint(display_of(fixture, kept), ==, MX_DISPLAY_PENDING);
    assert_list(fixture, MX_DISPLAY_PENDING, "kept");
}

static void test_skip_pending(Fixture *fixture, gconstpointer data)
{
    gint64 shown = add_pending(fixture, "$0", "shown");
    mx_store_set_display(fixture->store, shown, MX_DISPLAY_SHOWN);
    add_pending(fixture, "$1", "a");
    gint64 skipped = add_pending(fixture, "$2", "b");
    add_pending(fixture, "$3", "c");
    store_fixture_add_line(fixture->store, fixture->other, "$9", "@bob:x", NULL, "elsewhere",
                           MX_DISPLAY_PENDING);
    g_assert_cmpint(mx_store_count_pending(fixture->store, fixture->room->key, "@me:x"), ==, 3);
    g_assert_cmpint(mx_store_count_pending(fixture->store, fixture->room->key, "@bob:x"), ==, 0);
    g_assert_cmpint(mx_store_skip_pending(fixture->store, fixture->room->key, 3), ==, 2);
    g_assert_cmpint(mx_store_skip_pending(fixture->store, fixture->room->key, 3), ==, 0);
    assert_list(fixture, MX_DISPLAY_PENDING, "c");
    g_assert_cmpint(display_of(fixture, skipped), ==, MX_DISPLAY_SKIPPED);
    g_assert_cmpint(display_of(fixture, shown), ==, MX_DISPLAY_SHOWN);
    store_fixture_assert_list(fixture->store, fixture->other->key, MX_DISPLAY_PENDING, "elsewhere");
}

static void test_skip_all_but(Fixture *fixture, gconstpointer data)
{
    static const struct {
        int keep, skipped;
        const char *left;
    } cases[] = {{5, 0, "a|b|c|d"}, {4, 0, "a|b|c|d"}, {3, 1, "b|c|d"}, {1, 2, "d"}, {0, 1, ""}};
    static const char *const bodies[] = {"a", "b", "c", "d"};
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++)
        add_pending(fixture, NULL, bodies[i]);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpint(mx_store_skip_all_but(fixture->store, fixture->room->key, cases[i].keep, 0),
                        ==, cases[i].skipped);
        assert_list(fixture, MX_DISPLAY_PENDING, cases[i].left);
    }
}

static void test_rooms_with_display(Fixture *fixture, gconstpointer data)
{
    gint64 id = add_pending(fixture, "$1", "a");
    add_pending(fixture, "$2", "b");
    g_autoptr(GArray) pending =
        mx_store_list_rooms_with_display(fixture->store, MX_DISPLAY_PENDING);
    g_autoptr(GArray) none =
        mx_store_list_rooms_with_display(fixture->store, MX_DISPLAY_DELIVERING);
    g_assert_cmpint(pending->len, ==, 1);
    g_assert_cmpint(g_array_index(pending, gint64, 0), ==, fixture->room->key);
    g_assert_cmpint(none->len, ==, 0);
    mx_store_set_display(fixture->store, id, MX_DISPLAY_DELIVERING);
    g_autoptr(GArray) one = mx_store_list_rooms_with_display(fixture->store, MX_DISPLAY_DELIVERING);
    g_assert_cmpint(one->len, ==, 1);
    assert_list(fixture, MX_DISPLAY_PENDING, "b");
    assert_list(fixture, MX_DISPLAY_DELIVERING, "a");
}

/* ---- gaps ---- */

static void test_gap(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key;
    g_assert_null(mx_store_get_gap(store, room));
    g_assert_null(mx_store_get_blocking_gap(store, room));
    add_pending(fixture, "$1", "old");
    mx_store_add_gap(store, fixture->room, "from1", "to1");
    add_pending(fixture, "$2", "new");
    g_autoptr(MxGapRow) gap = mx_store_get_gap(store, room);
    g_assert_cmpint(gap->room, ==, room);
    g_assert_cmpstr(gap->from, ==, "from1");
    g_assert_cmpstr(gap->to, ==, "to1");
    g_assert_cmpint(gap->pos, ==, 1 + MX_GAP_SPACE);
    g_assert_cmpint(gap->next_pos, ==, gap->pos);
    g_assert_false(gap->waived);
    g_assert_cmpint(mx_store_get_event_pos(store, room, "$2"), ==, gap->pos + 1);

    gap->next_pos -= 7;
    g_free(gap->from);
    gap->from = g_strdup("from2");
    mx_store_save_gap(store, gap);
    g_autoptr(MxGapRow) saved = mx_store_get_gap(store, room);
    g_assert_cmpint(saved->next_pos, ==, gap->pos - 7);
    g_assert_cmpstr(saved->from, ==, "from2");
    g_assert_cmpstr(saved->to, ==, "to1");
    mx_store_remove_gap(store, saved->id);
    g_assert_null(mx_store_get_gap(store, room));
}

static void test_gap_order(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key;
    mx_store_add_gap(store, fixture->room, "older", NULL);
    add_pending(fixture, "$1", "between");
    mx_store_add_gap(store, fixture->room, "newer", "to");
    mx_store_add_gap(store, fixture->other, "elsewhere", NULL);
    g_autoptr(MxGapRow) first = mx_store_get_gap(store, room);
    g_autoptr(MxGapRow) blocking = mx_store_get_blocking_gap(store, room);
    g_assert_cmpstr(first->from, ==, "newer");
    g_assert_cmpstr(blocking->from, ==, "older");
    g_assert_null(blocking->to);
    blocking->waived = TRUE;
    mx_store_save_gap(store, blocking);
    g_autoptr(MxGapRow) next = mx_store_get_blocking_gap(store, room);
    g_assert_cmpstr(next->from, ==, "newer");
    mx_store_waive_gaps(store, room);
    g_assert_null(mx_store_get_blocking_gap(store, room));
    g_autoptr(MxGapRow) still = mx_store_get_gap(store, room);
    g_assert_true(still->waived);
    g_autoptr(MxGapRow) elsewhere = mx_store_get_blocking_gap(store, fixture->other->key);
    g_assert_nonnull(elsewhere);
}

/* ---- queue ---- */

#define assert_head(fixture, expected)                                                             \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autoptr(MxQueueRow) head_ =                                                              \
            mx_store_get_queue_head((fixture)->store, (fixture)->room->key);                       \
        g_assert_cmpstr(head_ != NULL ? head_->txn_id : NULL, ==, expected);                       \
    }                                                                                              \
    G_STMT_END

static MxQueueState state_of(Fixture *fixture, const char *txn_id)
{
    g_autoptr(MxQueueRow) row = mx_store_get_queue_by_txn(fixture->store, txn_id);
    g_assert_nonnull(row);
    return row->state;
}

static void test_queue(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    assert_head(fixture, NULL);
    gint64 first = store_fixture_add_item(store, fixture->room, "t1", "one");
    gint64 second = store_fixture_add_item(store, fixture->room, "t2", "two");
    store_fixture_add_item(store, fixture->other, "t3", "three");
    g_autoptr(MxQueueRow) row = mx_store_get_queue_head(store, fixture->room->key);
    g_assert_cmpint(row->id, ==, first);
    g_assert_cmpint(row->room, ==, fixture->room->key);
    g_assert_cmpint(row->row, >, 0);
    g_assert_cmpstr(row->txn_id, ==, "t1");
    g_assert_cmpstr(row->type, ==, "m.room.message");
    g_assert_cmpstr(row->content, ==, "{\"msgtype\":\"m.text\",\"body\":\"one\"}");
    g_assert_cmpint(row->state, ==, MX_QUEUE_QUEUED);
    g_assert_cmpint(row->created_ms, ==, 77);
    g_assert_cmpint(row->uncertain_ms, ==, 0);
    g_assert_null(mx_store_get_queue_by_txn(store, "t9"));

    mx_store_set_queue_state(store, first, MX_QUEUE_UNCERTAIN, 1234);
    assert_head(fixture, "t1"); /* nothing overtakes it */
    g_autoptr(MxQueueRow) uncertain = mx_store_get_queue_by_txn(store, "t1");
    g_assert_cmpint(uncertain->state, ==, MX_QUEUE_UNCERTAIN);
    g_assert_cmpint(uncertain->uncertain_ms, ==, 1234);
    mx_store_set_queue_state(store, first, MX_QUEUE_FAILED, 0);
    assert_head(fixture, "t2"); /* a failed one does not hold up the rest */
    mx_store_remove_queue(store, second);
    assert_head(fixture, NULL);
    g_assert_cmpint(count_lines(fixture, fixture->room->key), ==, 2); /* the lines stay */
}

static void test_queue_failed(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    gint64 room = fixture->room->key;
    gint64 refused = store_fixture_add_item(store, fixture->room, "refused", "a");
    gint64 asked = store_fixture_add_item(store, fixture->room, "asked", "b");
    store_fixture_add_item(store, fixture->room, "waiting", "c");
    gint64 elsewhere = store_fixture_add_item(store, fixture->other, "elsewhere", "d");
    mx_store_set_queue_state(store, refused, MX_QUEUE_FAILED, 0);
    mx_store_set_queue_state(store, asked, MX_QUEUE_FAILED, 86400000);
    mx_store_set_queue_state(store, elsewhere, MX_QUEUE_FAILED, 0);
    g_assert_cmpint(mx_store_count_failed(store, room), ==, 2);
    g_assert_cmpint(mx_store_requeue_failed(store, room), ==, 2);
    g_assert_cmpint(mx_store_count_failed(store, room), ==, 0);
    g_assert_cmpint(state_of(fixture, "refused"), ==, MX_QUEUE_QUEUED);
    /* It may have arrived after all: only a /sync can tell. */
    g_assert_cmpint(state_of(fixture, "asked"), ==, MX_QUEUE_UNCERTAIN);
    g_autoptr(MxQueueRow) again = mx_store_get_queue_by_txn(store, "asked");
    g_assert_cmpint(again->uncertain_ms, ==, 0);
    assert_head(fixture, "refused"); /* in the old order */

    g_assert_cmpint(mx_store_fail_queue(store, room), ==, 3);
    g_assert_cmpint(mx_store_fail_queue(store, room), ==, 0);
    assert_head(fixture, NULL);
    g_assert_cmpint(mx_store_discard_failed(store, room), ==, 3);
    g_assert_cmpint(mx_store_count_failed(store, room), ==, 0);
    g_assert_null(mx_store_get_queue_by_txn(store, "waiting"));
    g_assert_cmpint(mx_store_count_failed(store, fixture->other->key), ==, 1);
}

static void test_queue_recover(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *txn_id;
        MxQueueState before, after;
    } cases[] = {
        {"a", MX_QUEUE_QUEUED, MX_QUEUE_QUEUED},
        {"b", MX_QUEUE_SENDING, MX_QUEUE_UNCERTAIN},
        {"c", MX_QUEUE_UNCERTAIN, MX_QUEUE_UNCERTAIN},
        {"d", MX_QUEUE_FAILED, MX_QUEUE_FAILED},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 id = store_fixture_add_item(fixture->store, fixture->room, cases[i].txn_id, "x");
        mx_store_set_queue_state(fixture->store, id, cases[i].before, 500);
    }
    mx_store_recover_queue(fixture->store);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxQueueRow) row = mx_store_get_queue_by_txn(fixture->store, cases[i].txn_id);
        g_assert_cmpint(row->state, ==, cases[i].after);
        g_assert_cmpint(row->uncertain_ms, ==, 500); /* its day goes on */
    }
}

static void test_queue_rooms(Fixture *fixture, gconstpointer data)
{
    store_fixture_add_item(fixture->store, fixture->room, "a", "x");
    store_fixture_add_item(fixture->store, fixture->room, "b", "x");
    gint64 failed = store_fixture_add_item(fixture->store, fixture->other, "c", "x");
    mx_store_set_queue_state(fixture->store, failed, MX_QUEUE_FAILED, 0);
    g_autoptr(GArray) rooms = mx_store_list_queue_rooms(fixture->store);
    g_assert_cmpint(rooms->len, ==, 1);
    g_assert_cmpint(g_array_index(rooms, gint64, 0), ==, fixture->room->key);
}

/* A placeholder's messages go to the room that was made for them. */
static void test_merge_room(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    g_autoptr(MxRoomRow) pending = store_fixture_add_room(store, "!pending @bob:x");
    store_fixture_add_item(store, pending, "t1", "one");
    store_fixture_add_item(store, pending, "t2", "two");
    add_pending(fixture, "$1", "was there");
    mx_store_begin(store);
    mx_store_merge_room(store, pending->key, fixture->room);
    mx_store_save_room(store, fixture->room);
    store_fixture_commit(store);
    assert_list(fixture, MX_DISPLAY_PENDING, "was there|one|two");
    assert_head(fixture, "t1");
    g_autoptr(MxQueueRow) second = mx_store_get_queue_by_txn(store, "t2");
    g_assert_cmpint(second->room, ==, fixture->room->key);
    g_assert_null(mx_store_get_room(store, "!pending @bob:x"));
    g_assert_cmpint(count_lines(fixture, pending->key), ==, 0);
    add_pending(fixture, "$2", "later"); /* top_pos is past what was moved */
    assert_list(fixture, MX_DISPLAY_PENDING, "was there|one|two|later");
}

static void test_merge_empty_room(Fixture *fixture, gconstpointer data)
{
    gint64 top;
    g_autoptr(MxRoomRow) pending = store_fixture_add_room(fixture->store, "!pending @bob:x");
    add_pending(fixture, "$1", "was there");
    top = fixture->room->top_pos;
    mx_store_merge_room(fixture->store, pending->key, fixture->room);
    g_assert_cmpint(fixture->room->top_pos, >=, top);
    assert_list(fixture, MX_DISPLAY_PENDING, "was there");
}

/* The partner left for good: what is still to be sent goes to the new room, what was said stays. */
static void test_move_queue(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    add_pending(fixture, "$1", "history");
    store_fixture_add_item(store, fixture->room, "t1", "one");
    add_pending(fixture, "$2", "between");
    store_fixture_add_item(store, fixture->room, "t2", "two");
    store_fixture_add_line(store, fixture->other, "$9", "@bob:x", NULL, "there",
                           MX_DISPLAY_PENDING);
    mx_store_begin(store);
    mx_store_move_queue(store, fixture->room->key, fixture->other);
    mx_store_save_room(store, fixture->other);
    store_fixture_commit(store);
    assert_list(fixture, MX_DISPLAY_PENDING, "history|between");
    assert_head(fixture, NULL);
    store_fixture_assert_list(store, fixture->other->key, MX_DISPLAY_PENDING, "there|one|two");
    g_autoptr(MxQueueRow) head = mx_store_get_queue_head(store, fixture->other->key);
    g_assert_cmpstr(head->txn_id, ==, "t1");
    store_fixture_add_line(store, fixture->other, "$10", "@bob:x", NULL, "later",
                           MX_DISPLAY_PENDING);
    store_fixture_assert_list(store, fixture->other->key, MX_DISPLAY_PENDING,
                              "there|one|two|later");
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/store-lines/pending-among-many", test_pending_among_many);
    add("/store-lines/fields", test_fields);
    add("/store-lines/order", test_order);
    add("/store-lines/once-in-a-room", test_once_in_a_room);
    add("/store-lines/has-event", test_has_event);
    add("/store-lines/set-event-id", test_set_event_id);
    add("/store-lines/redacted-before-its-id", test_redacted_before_its_id);
    add("/store-lines/redact", test_redact);
    add("/store-lines/skip-pending", test_skip_pending);
    add("/store-lines/skip-all-but", test_skip_all_but);
    add("/store-lines/rooms-with-display", test_rooms_with_display);
    add("/store-lines/gap", test_gap);
    add("/store-lines/gap-order", test_gap_order);
    add("/store-lines/queue", test_queue);
    add("/store-lines/queue-failed", test_queue_failed);
    add("/store-lines/queue-recover", test_queue_recover);
    add("/store-lines/queue-rooms", test_queue_rooms);
    add("/store-lines/merge-room", test_merge_room);
    add("/store-lines/merge-empty-room", test_merge_empty_room);
    add("/store-lines/move-queue", test_move_queue);
    return g_test_run();
}

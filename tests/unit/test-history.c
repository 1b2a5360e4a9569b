/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-history-walk.h"
#include "mx-store-private.h"
#include "sync-fixture.h"

#include <string.h>

/* The walk back, against rooms whose events are numbered: "$r7" with the text "r7", sent at 7,000
 * ms. Event 1 is the room's m.room.create. A page has PAGE events; the token "r7" means: what is
 * older than event 7. */

#define PAGE 4
#define ROOM "!r:x"
#define OLD "!o:x"
#define TOMBSTONE                                                                                  \
    "'state':{'events':[" STATE("$t", "m.room.tombstone", "", "@bob:x",                            \
                                "{'replacement_room':'" ROOM "'}") "]},"

typedef struct {
    SyncFixture sync;
    const char *window; /* room ID */
    MxHistoryPlace place;
    MxHistory *history;
    guint pages, contexts, gaps;
    gboolean is_down;
    const char *successor; /* what OLD's tombstone names to those who ask; NULL: there is none */
    guint forbids_below;   /* events below this one are not given */
    gboolean is_strict;    /* tokens that were not given are refused */
    GPtrArray *given;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    sync_fixture_set_up(&fixture->sync, NULL);
    fixture->window = ROOM;
    fixture->successor = ROOM;
    fixture->given = g_ptr_array_new_with_free_func(g_free);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->history, mx_history_free);
    g_ptr_array_unref(fixture->given);
    sync_fixture_tear_down(&fixture->sync, NULL);
}

static char *quotes(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return text;
}

/* Text of events from .. to, both included, in this order. */
static char *make_events(char letter, guint from, guint to)
{
    GString *events = g_string_new(NULL);
    for (guint n = from;; n += from < to ? 1 : -1) {
        g_string_append_printf(events,
                               "%s{'event_id':'$%c%u','sender':'@bob:x','type':'%s',"
                               "'origin_server_ts':%u000,'content':",
                               n == from ? "" : ",", letter, n,
                               n == 1 ? "m.room.create" : "m.room.message", n);
        if (n > 1)
            g_string_append_printf(events, "{'msgtype':'m.text','body':'%c%u'}}", letter, n);
        else if (letter == 'r')
            g_string_append(events, "{'predecessor':{'room_id':'" OLD "'}},'state_key':''}");
        else
            g_string_append(events, "{},'state_key':''}");
        if (n == to)
            return g_string_free(events, FALSE);
    }
}

/* A /sync with these events; prev_batch of a limited one, or NULL. OLD says that ROOM continues it.
 */
static void feed(Fixture *fixture, char letter, guint from, guint to, gboolean is_limited)
{
    g_autofree char *events = make_events(letter, from, to);
    g_autofree char *room_id = g_strdup_printf("!%c:x", letter);
    g_autofree char *members = g_strdup_printf(
        "%s'timeline':{%s'prev_batch':'%c%u','events':[%s]}", letter == 'o' ? TOMBSTONE : "",
        is_limited ? "'limited':true," : "", letter, from, events);
    sync_fixture_room(&fixture->sync, "join", room_id, members);
    mx_store_exec(fixture->sync.store, "UPDATE timeline SET display = 3", ""); /* in the window */
}

static GBytes *answer_page(Fixture *fixture, char letter, guint before)
{
    guint last = MAX(1, fixture->forbids_below);
    guint first = before - 1, end = before > PAGE + last ? before - PAGE : last;
    fixture->pages++;
    g_autofree char *events = before > last ? make_events(letter, first, end) : g_strdup("");
    g_autofree char *token =
        end > last ? g_strdup_printf(",'end':'%c%u'", letter, end) : g_strdup("");
    if (end > last)
        g_ptr_array_add(fixture->given, g_strdup_printf("%c%u", letter, end));
    char *body = quotes(g_strdup_printf("{'chunk':[%s],'start':'x'%s}", events, token));
    return g_bytes_new_take(body, strlen(body));
}

static gboolean is_given(Fixture *fixture, const char *token)
{
    return !fixture->is_strict ||
           g_ptr_array_find_with_equal_func(fixture->given, token, g_str_equal, NULL);
}

static void answer(Fixture *fixture, MxHistoryWalk *walk)
{
    char letter = walk->room_id[1];
    if (walk->need == MX_WALK_GAP) {
        fixture->gaps++;
    } else if (fixture->is_down) {
        walk->failure = g_error_new_literal(MX_ERROR, MX_ERROR_NETWORK, "down");
    } else if (walk->need == MX_WALK_TOMBSTONE && fixture->successor == NULL) {
        walk->failure = mx_error_new_http(404, "M_NOT_FOUND", NULL, -1, FALSE);
    } else if (walk->need == MX_WALK_TOMBSTONE) {
        char *body = quotes(g_strdup_printf("{'replacement_room':'%s'}", fixture->successor));
        walk->answer = g_bytes_new_take(body, strlen(body));
    } else if (walk->need == MX_WALK_CONTEXT) {
        fixture->contexts++;
        g_ptr_array_add(fixture->given, g_strdup(walk->event_id + 1));
        char *body = quotes(g_strdup_printf("{'start':'%s'}", walk->event_id + 1));
        walk->answer = g_bytes_new_take(body, strlen(body));
    } else if (walk->from != NULL && !is_given(fixture, walk->from)) {
        walk->failure = mx_error_new_http(400, "M_INVALID_PARAM", NULL, -1, FALSE);
    } else {
        walk->answer = answer_page(fixture, letter, walk->from != NULL ? atoi(walk->from + 1) : 21);
    }
}

static void read_back(Fixture *fixture, const MxHistoryQuery *query)
{
    g_autoptr(GError) error = NULL;
    gint64 room = sync_fixture_key(&fixture->sync, fixture->window);
    g_autoptr(MxHistoryWalk) walk = mx_history_walk_new(&fixture->place, query, room, "@me:x");
    for (guint steps = 0;; steps++) {
        g_assert_true(mx_history_walk_step(fixture->sync.store, walk, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(steps, <, 100);
        if (walk->need == MX_WALK_DONE)
            break;
        answer(fixture, walk);
    }
    g_clear_pointer(&fixture->history, mx_history_free);
    fixture->history = mx_history_walk_finish(walk);
    fixture->place = fixture->history->place;
}

static void read_lines(Fixture *fixture, guint lines)
{
    read_back(fixture, &(MxHistoryQuery){.lines = lines, .hour = -1});
}

static char *describe(const MxHistory *history)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < history->lines->len; i++) {
        const MxLine *line = g_ptr_array_index(history->lines, i);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               line->row == 0 ? (strstr(line->body, "upgraded") ? "/" : "?")
                                              : line->body);
    }
    return g_string_free(text, FALSE);
}

#define assert_read(fixture, expected, how)                                                        \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *described_ = describe((fixture)->history);                                \
        g_assert_cmpstr(described_, ==, expected);                                                 \
        g_assert_cmpint((fixture)->history->end, ==, how);                                         \
    }                                                                                              \
    G_STMT_END

/* Page by page to the beginning, nothing twice, nothing missing; once fetched it is known. */
static void test_to_the_beginning(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 15, 20, TRUE);
    feed(fixture, 'o', 1, 2, FALSE);
    read_lines(fixture, 3);
    assert_read(fixture, "r18 r19 r20", MX_HISTORY_MORE);
    g_assert_cmpuint(fixture->pages, ==, 0);
    read_lines(fixture, 5);
    assert_read(fixture, "r13 r14 r15 r16 r17", MX_HISTORY_MORE);
    g_assert_cmpuint(fixture->pages, ==, 1);
    read_lines(fixture, 11);
    assert_read(fixture, "r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12", MX_HISTORY_MORE);
    read_lines(fixture, 5);
    assert_read(fixture, "o2 /", MX_HISTORY_BEGINNING);
    guint pages = fixture->pages;
    fixture->place = (MxHistoryPlace){0};
    fixture->is_down = TRUE;
    read_lines(fixture, 500);
    assert_read(fixture, "o2 / r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20",
                MX_HISTORY_BEGINNING);
    g_assert_cmpuint(fixture->pages, ==, pages);
    g_assert_cmpuint(fixture->contexts, ==, 0);
}

/* What is stored above and below a gap that was left is joined. */
static void test_left_gap(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'o', 1, 2, FALSE);
    feed(fixture, 'r', 1, 3, FALSE);
    feed(fixture, 'r', 18, 20, TRUE);
    gint64 room = sync_fixture_key(&fixture->sync, ROOM);
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->sync.store, room);
    g_assert_nonnull(gap);
    gap->is_left = TRUE;
    mx_store_save_gap(fixture->sync.store, gap);
    g_assert_null(mx_store_get_gap(fixture->sync.store, room));
    g_assert_null(mx_store_get_blocking_gap(fixture->sync.store, room));
    read_lines(fixture, 5);
    assert_read(fixture, "r16 r17 r18 r19 r20", MX_HISTORY_MORE);
    read_lines(fixture, 100);
    assert_read(fixture, "o2 / r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15",
                MX_HISTORY_BEGINNING);
    g_assert_cmpuint(fixture->pages, ==, 4);
}

/* One that is being filled is waited for, once. */
static void test_live_gap(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'o', 1, 2, FALSE);
    feed(fixture, 'r', 1, 3, FALSE);
    feed(fixture, 'r', 19, 20, TRUE);
    read_lines(fixture, 3);
    g_assert_cmpuint(fixture->gaps, ==, 1);
    assert_read(fixture, "? r19 r20", MX_HISTORY_MORE);
    read_lines(fixture, 1);
    assert_read(fixture, "r3", MX_HISTORY_MORE);
}

/* What waits for the window comes by itself; that of an older room would not. */
static void test_waiting_lines(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 1, 3, FALSE);
    feed(fixture, 'o', 1, 2, FALSE);
    mx_store_exec(fixture->sync.store, "UPDATE timeline SET display = 1 WHERE type <> ?", "s",
                  "m.room.create");
    read_lines(fixture, 10);
    assert_read(fixture, "o2 /", MX_HISTORY_BEGINNING);
}

/* A token that went stale is found again; so is one that was never known. */
static void test_tokens(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 19, 20, TRUE);
    feed(fixture, 'o', 1, 2, FALSE);
    fixture->is_strict = TRUE;
    read_lines(fixture, 5);
    assert_read(fixture, "r16 r17 r18 r19 r20", MX_HISTORY_MORE);
    g_assert_cmpuint(fixture->contexts, ==, 1);
    mx_store_exec(fixture->sync.store, "UPDATE room SET prev_batch = NULL", "");
    read_lines(fixture, 2);
    assert_read(fixture, "r14 r15", MX_HISTORY_MORE);
    read_lines(fixture, 5);
    assert_read(fixture, "r9 r10 r11 r12 r13", MX_HISTORY_MORE);
    g_assert_cmpuint(fixture->contexts, ==, 2);
}

/* Without the network there is what is stored, and why there is no more. */
static void test_down(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 19, 20, TRUE);
    fixture->is_down = TRUE;
    read_lines(fixture, 5);
    assert_read(fixture, "r19 r20", MX_HISTORY_MORE);
    g_assert_nonnull(fixture->history->trouble);
    fixture->is_down = FALSE;
    read_lines(fixture, 2);
    assert_read(fixture, "r17 r18", MX_HISTORY_MORE);
    g_assert_null(fixture->history->trouble);
}

/* What the server does not give is no beginning. */
static void test_joined_late(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 19, 20, TRUE);
    fixture->forbids_below = 15;
    read_lines(fixture, 100);
    assert_read(fixture, "r15 r16 r17 r18 r19 r20", MX_HISTORY_NO_MORE);
    read_lines(fixture, 100);
    assert_read(fixture, "", MX_HISTORY_NO_MORE);
}

/* Nor is the room's first event, where what came between it and the own joining is hidden. */
static void test_hidden_between(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'o', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", OLD,
                      "'state':{'events':[" STATE("$v", "m.room.history_visibility", "", "@bob:x",
                                                  "{'history_visibility':'joined'}") "]}");
    feed(fixture, 'r', 1, 2, FALSE);
    read_lines(fixture, 100);
    assert_read(fixture, "o2 / r2", MX_HISTORY_NO_MORE);
}

#define CONTINUES_OLD                                                                              \
    "'state':{'events':[{'type':'m.room.create','event_id':'$r1','sender':'@bob:x',"               \
    "'state_key':'','content':{'predecessor':{'room_id':'" OLD "'}}}]}"

/* The older room was never seen here. */
static void test_unknown_predecessor(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    read_lines(fixture, 4);
    assert_read(fixture, "o19 o20 / r2", MX_HISTORY_MORE);
    read_lines(fixture, 100);
    assert_read(fixture, "o2 o3 o4 o5 o6 o7 o8 o9 o10 o11 o12 o13 o14 o15 o16 o17 o18",
                MX_HISTORY_BEGINNING);
    g_autoptr(MxRoomRow) old = mx_store_get_room(fixture->sync.store, OLD);
    g_assert_cmpint(old->membership, ==, MX_MEMBERSHIP_LEAVE);
}

static void set_up_claim(Fixture *fixture, gconstpointer data)
{
    set_up(fixture, NULL);
    fixture->successor = data;
}

/* A room that only claims to continue it: nothing of it is fetched. */
static void test_false_claim(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    read_lines(fixture, 100);
    assert_read(fixture, "r2", MX_HISTORY_BEGINNING);
    g_assert_cmpuint(fixture->pages, ==, 0);
    g_assert_null(mx_store_get_room(fixture->sync.store, OLD));
}

/* Who invites says what the room's state is. */
static void test_invited_predecessor(Fixture *fixture, gconstpointer data)
{
    fixture->successor = "!another:x";
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    sync_fixture_room(&fixture->sync, "invite", OLD,
                      "'invite_state':{'events':[" STATE("$u", "m.room.tombstone", "", "@bob:x",
                                                         "{'replacement_room':'" ROOM "'}") "]}");
    read_lines(fixture, 100);
    assert_read(fixture, "r2", MX_HISTORY_BEGINNING);
    g_assert_cmpuint(fixture->pages, ==, 0);
}

#define SECOND "!s:x"
#define CLAIMS_OLD                                                                                 \
    PEOPLE(5, 0)                                                                                   \
    "," TIMELINE(STATE("$s1", "m.room.create", "", "@eve:x",                                       \
                       "{'predecessor':{'room_id':'" OLD "'}}") "," LINE("$s2", "@eve:x", "s2"))

/* What the one room has fetched is not the other one's; the first has it without being asked. */
static void test_second_claim(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    read_lines(fixture, 3);
    assert_read(fixture, "o20 / r2", MX_HISTORY_MORE);
    sync_fixture_room(&fixture->sync, "join", SECOND, CLAIMS_OLD);
    mx_store_exec(fixture->sync.store, "UPDATE timeline SET display = 3", "");
    fixture->window = SECOND;
    fixture->place = (MxHistoryPlace){0};
    read_lines(fixture, 100);
    assert_read(fixture, "s2", MX_HISTORY_BEGINNING);
    fixture->window = ROOM;
    fixture->place = (MxHistoryPlace){0};
    fixture->is_down = TRUE;
    read_lines(fixture, 5);
    assert_read(fixture, "o18 o19 o20 / r2", MX_HISTORY_MORE);
}

/* Of a window that is opened: nothing is asked for, and nothing is from behind a hole. */
static void test_brief(Fixture *fixture, gconstpointer data)
{
    const MxHistoryQuery query = {.lines = 3, .hour = -1, .is_brief = TRUE};
    feed(fixture, 'r', 8, 9, TRUE);
    feed(fixture, 'r', 15, 19, TRUE);
    read_back(fixture, &query);
    assert_read(fixture, "r17 r18 r19", MX_HISTORY_MORE);
    fixture->place = (MxHistoryPlace){0};
    const MxHistoryQuery all = {.lines = 100, .hour = -1, .is_brief = TRUE};
    read_back(fixture, &all);
    assert_read(fixture, "r15 r16 r17 r18 r19", MX_HISTORY_MORE);
    g_assert_cmpuint(fixture->pages + fixture->contexts + fixture->gaps, ==, 0);
}

/* It was read before it was joined: what came between is above what was read. */
static void test_joined_after_reading(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    read_lines(fixture, 3);
    assert_read(fixture, "o20 / r2", MX_HISTORY_MORE);
    g_autofree char *events = make_events('o', 25, 26);
    g_autofree char *members =
        g_strdup_printf(PEOPLE(5, 0) ",'timeline':{'limited':true,'prev_batch':'o25','events':["
                                     "%s," MEMBER("$j", "@me:x", "join") "]}",
                        events);
    sync_fixture_room(&fixture->sync, "join", OLD, members);
    mx_store_exec(fixture->sync.store, "UPDATE timeline SET display = 3", "");
    fixture->window = OLD;
    fixture->place = (MxHistoryPlace){0};
    read_lines(fixture, 12);
    assert_read(fixture, "o15 o16 o17 o18 o19 o20 o21 o22 o23 o24 o25 o26", MX_HISTORY_MORE);
}

/* Two rooms, seen by nobody here, that claim to continue each other: each is read once. */
static void test_ring(Fixture *fixture, gconstpointer data)
{
    static const char page[] =
        "{'chunk':[{'event_id':'$%c2','sender':'@bob:x','type':'m.room.message','origin_server_ts':"
        "2,'content':{'msgtype':'m.text','body':'%c2'}},{'event_id':'$%c1','sender':'@bob:x',"
        "'type':'m.room.create','origin_server_ts':1,'state_key':'','content':{'predecessor':"
        "{'room_id':'%s'}}}]}";
    g_autoptr(GError) error = NULL;
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, CONTINUES_OLD);
    gint64 room = sync_fixture_key(&fixture->sync, ROOM);
    g_autoptr(MxHistoryWalk) walk = mx_history_walk_new(
        &fixture->place, &(MxHistoryQuery){.lines = 100, .hour = -1}, room, "@me:x");
    for (;;) {
        g_assert_true(mx_history_walk_step(fixture->sync.store, walk, &error));
        if (walk->need == MX_WALK_DONE)
            break;
        char letter = walk->room_id[1];
        char *body = quotes(
            walk->need == MX_WALK_TOMBSTONE
                ? g_strdup_printf("{'replacement_room':'%s'}", letter == 'o' ? ROOM : OLD)
                : g_strdup_printf(page, letter, letter, letter, letter == 'o' ? "!p:x" : OLD));
        walk->answer = g_bytes_new_take(body, strlen(body));
    }
    fixture->history = mx_history_walk_finish(walk);
    assert_read(fixture, "p2 / o2 / r2", MX_HISTORY_BEGINNING);
}

/* A room that only claims to continue another one shows nothing of it. */
static void test_claimed_predecessor(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'o', 1, 2, FALSE);
    feed(fixture, 'r', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", OLD,
                      "'state':{'events':[" STATE("$u", "m.room.tombstone", "", "@bob:x",
                                                  "{'replacement_room':'!other:x'}") "]}");
    read_lines(fixture, 100);
    assert_read(fixture, "r2", MX_HISTORY_BEGINNING);
}

/* Back to a time: what is older is not shown, and comes next. */
static void test_back_to_a_time(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 15, 20, TRUE);
    feed(fixture, 'o', 1, 2, FALSE);
    read_back(fixture, &(MxHistoryQuery){.hour = -1, .since_ms = 12000});
    assert_read(fixture, "r12 r13 r14 r15 r16 r17 r18 r19 r20", MX_HISTORY_MORE);
    read_back(fixture, &(MxHistoryQuery){.hour = -1, .since_ms = 12000});
    assert_read(fixture, "", MX_HISTORY_MORE);
    read_lines(fixture, 2);
    assert_read(fixture, "r10 r11", MX_HISTORY_MORE);
    read_back(fixture, &(MxHistoryQuery){.hour = -1, .since_ms = 1});
    assert_read(fixture, "o2 / r2 r3 r4 r5 r6 r7 r8 r9", MX_HISTORY_BEGINNING);
}

/* The last such moment before what is in the window: 00:00:05 is local, so it is looked up. */
static void test_back_to_the_clock(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'r', 15, 20, TRUE);
    read_lines(fixture, 1);
    assert_read(fixture, "r20", MX_HISTORY_MORE);
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(18);
    read_back(fixture, &(MxHistoryQuery){.hour = g_date_time_get_hour(at),
                                         .minute = g_date_time_get_minute(at),
                                         .second = g_date_time_get_second(at)});
    assert_read(fixture, "r18 r19", MX_HISTORY_MORE);
}

/* Left, joined again: what was said meanwhile and before is a hole between two stays. */
static void test_joined_again(Fixture *fixture, gconstpointer data)
{
    feed(fixture, 'o', 1, 2, FALSE);
    sync_fixture_room(&fixture->sync, "join", ROOM, PEOPLE(5, 0));
    feed(fixture, 'r', 1, 4, FALSE);
    sync_fixture_room(&fixture->sync, "leave", ROOM, "");
    g_autofree char *events = make_events('r', 12, 13);
    g_autofree char *members =
        g_strdup_printf("'timeline':{'limited':true,'prev_batch':'r12','events':[%s," MEMBER(
                            "$j", "@me:x", "join") "]}",
                        events);
    sync_fixture_room(&fixture->sync, "join", ROOM, members);
    mx_store_exec(fixture->sync.store, "UPDATE timeline SET display = 3", "");
    g_assert_null(mx_store_get_gap(fixture->sync.store, sync_fixture_key(&fixture->sync, ROOM)));
    read_lines(fixture, 100);
    assert_read(fixture, "o2 / r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13", MX_HISTORY_BEGINNING);
}

/* Pages without end, or that say nothing, end all the same. */
static void test_endless(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    feed(fixture, 'r', 19, 20, TRUE);
    gint64 room = sync_fixture_key(&fixture->sync, ROOM);
    g_autoptr(MxHistoryWalk) walk = mx_history_walk_new(
        &fixture->place, &(MxHistoryQuery){.lines = 5, .hour = -1}, room, "@me:x");
    guint pages = 0;
    for (;; pages++) {
        g_assert_true(mx_history_walk_step(fixture->sync.store, walk, &error));
        if (walk->need == MX_WALK_DONE)
            break;
        char *body = quotes(g_strdup_printf("{'chunk':[],'end':'again%u'}", pages));
        walk->answer = g_bytes_new_take(body, strlen(body));
    }
    g_assert_cmpuint(pages, <=, 30);
    g_assert_cmpint(walk->end, ==, MX_HISTORY_TIRED);
}

static void test_bad_answers(Fixture *fixture, gconstpointer data)
{
    static const char *const bodies[] = {"", "[]", "{", "{'chunk':5}", "{'chunk':[5,null,{}]}"};
    feed(fixture, 'r', 19, 20, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        gint64 room = sync_fixture_key(&fixture->sync, ROOM);
        g_autoptr(MxHistoryWalk) walk = mx_history_walk_new(
            &(MxHistoryPlace){0}, &(MxHistoryQuery){.lines = 5, .hour = -1}, room, "@me:x");
        g_assert_true(mx_history_walk_step(fixture->sync.store, walk, &error));
        char *body = quotes(g_strdup(bodies[i]));
        walk->answer = g_bytes_new_take(body, strlen(body));
        g_assert_true(mx_history_walk_step(fixture->sync.store, walk, &error));
        g_assert_no_error(error);
        g_assert_cmpint(walk->need, ==, MX_WALK_DONE);
        g_assert_cmpuint(walk->lines->len, ==, 2);
        g_assert_true((walk->trouble != NULL) == (i < 4));
    }
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/history/to-the-beginning", test_to_the_beginning);
    add("/history/left-gap", test_left_gap);
    add("/history/live-gap", test_live_gap);
    add("/history/waiting-lines", test_waiting_lines);
    add("/history/tokens", test_tokens);
    add("/history/down", test_down);
    add("/history/joined-late", test_joined_late);
    add("/history/hidden-between", test_hidden_between);
    add("/history/unknown-predecessor", test_unknown_predecessor);
    g_test_add("/history/false-claim/no-tombstone", Fixture, NULL, set_up_claim, test_false_claim,
               tear_down);
    g_test_add("/history/false-claim/another", Fixture, "!another:x", set_up_claim,
               test_false_claim, tear_down);
    add("/history/invited-predecessor", test_invited_predecessor);
    add("/history/second-claim", test_second_claim);
    add("/history/brief", test_brief);
    add("/history/joined-after-reading", test_joined_after_reading);
    add("/history/ring", test_ring);
    add("/history/claimed-predecessor", test_claimed_predecessor);
    add("/history/back-to-a-time", test_back_to_a_time);
    add("/history/back-to-the-clock", test_back_to_the_clock);
    add("/history/joined-again", test_joined_again);
    add("/history/endless", test_endless);
    add("/history/bad-answers", test_bad_answers);
    return g_test_run();
}

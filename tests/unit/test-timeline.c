/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"
#include "mx-timeline.h"
#include "store-fixture.h"

/* From rows to lines in a window, each once. */

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!r:x");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static gint64 add_line(Fixture *fixture, const char *body, MxDisplay display)
{
    return store_fixture_add_line(fixture->store, fixture->room, NULL, "@bob:x", NULL, body,
                                  display);
}

static GPtrArray *take(Fixture *fixture, int limit)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *lines = mx_timeline_take(fixture->store, fixture->room->key, limit, "@me:x", &error);
    g_assert_no_error(error);
    g_assert_nonnull(lines);
    return lines;
}

/* The bodies, in order: "a|b". */
static void assert_lines(GPtrArray *lines, const char *expected)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        MxLine *line = g_ptr_array_index(lines, i);
        g_string_append_printf(list, "%s%s", i > 0 ? "|" : "", line->body);
    }
    g_assert_cmpstr(list->str, ==, expected);
}

#define assert_taken(fixture, limit, expected)                                                     \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autoptr(GPtrArray) taken_ = take(fixture, limit);                                        \
        assert_lines(taken_, expected);                                                            \
    }                                                                                              \
    G_STMT_END

static void test_once(Fixture *fixture, gconstpointer data)
{
    add_line(fixture, "history", MX_DISPLAY_NONE);
    add_line(fixture, "shown", MX_DISPLAY_SHOWN);
    add_line(fixture, "skipped", MX_DISPLAY_SKIPPED);
    add_line(fixture, "a", MX_DISPLAY_PENDING);
    add_line(fixture, "b", MX_DISPLAY_PENDING);
    add_line(fixture, "c", MX_DISPLAY_PENDING);
    assert_taken(fixture, 0, "");
    assert_taken(fixture, 2, "a|b");
    assert_taken(fixture, 10, "c");
    assert_taken(fixture, 10, "");
    store_fixture_assert_list(fixture->store, fixture->room->key, MX_DISPLAY_DELIVERING, "a|b|c");
}

/* What was taken is marked in the database before anybody can write it to a window. */
static void test_survives_kill(Fixture *fixture, gconstpointer data)
{
    add_line(fixture, "a", MX_DISPLAY_PENDING);
    add_line(fixture, "b", MX_DISPLAY_PENDING);
    assert_taken(fixture, 1, "a");
    mx_store_close(fixture->store);
    fixture->store = store_fixture_open(fixture->dir);
    g_autoptr(GPtrArray) left =
        mx_timeline_list_delivering(fixture->store, fixture->room->key, "@me:x");
    assert_lines(left, "a");
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_array_append_val(rows, ((MxLine *)g_ptr_array_index(left, 0))->row);
    g_autoptr(GError) error = NULL;
    g_assert_true(mx_timeline_set_display(fixture->store, rows, MX_DISPLAY_SHOWN, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) none =
        mx_timeline_list_delivering(fixture->store, fixture->room->key, "@me:x");
    g_assert_cmpint(none->len, ==, 0);
    assert_taken(fixture, 10, "b");
}

/* Nothing goes to a window of which the database does not know. */
static void test_commit_fails(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    add_line(fixture, "a", MX_DISPLAY_PENDING);
    mx_store_exec(fixture->store,
                  "CREATE TRIGGER full BEFORE UPDATE ON timeline BEGIN SELECT RAISE(ABORT, "
                  "'disk full'); END",
                  "");
    g_assert_null(mx_timeline_take(fixture->store, fixture->room->key, 10, "@me:x", &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    mx_store_exec(fixture->store, "DROP TRIGGER full", "");
    assert_taken(fixture, 10, "a");
}

static void test_gap(Fixture *fixture, gconstpointer data)
{
    add_line(fixture, "before", MX_DISPLAY_PENDING);
    mx_store_add_gap(fixture->store, fixture->room, "from", "to");
    add_line(fixture, "after", MX_DISPLAY_PENDING);
    g_autoptr(MxGapRow) gap = mx_store_get_gap(fixture->store, fixture->room->key);
    MxTimelineRow filled = {.room = fixture->room->key, .pos = gap->pos};
    filled.sender = (char *)"@bob:x";
    filled.type = (char *)"m.room.message";
    filled.content = (char *)"{\"body\":\"filled\"}";
    filled.display = MX_DISPLAY_PENDING;
    g_assert_true(mx_store_add_timeline(fixture->store, &filled));
    assert_taken(fixture, 10, "before"); /* half filled, it still holds up the rest */
    assert_taken(fixture, 10, "");
    mx_store_remove_gap(fixture->store, gap->id);
    assert_taken(fixture, 10, "filled|after");
}

static void test_waived_gap(Fixture *fixture, gconstpointer data)
{
    mx_store_add_gap(fixture->store, fixture->room, "from", NULL);
    add_line(fixture, "a", MX_DISPLAY_PENDING);
    mx_store_add_gap(fixture->store, fixture->room, "from2", NULL);
    add_line(fixture, "b", MX_DISPLAY_PENDING);
    assert_taken(fixture, 10, "");
    g_autoptr(MxGapRow) lower = mx_store_get_blocking_gap(fixture->store, fixture->room->key);
    lower->waived = TRUE;
    mx_store_save_gap(fixture->store, lower);
    assert_taken(fixture, 10, "a");
    mx_store_waive_gaps(fixture->store, fixture->room->key);
    assert_taken(fixture, 10, "b");
}

static void test_kinds(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *type, *content;
        MxLineKind kind;
        const char *body;
    } cases[] = {
        {"m.room.message", "{\"msgtype\":\"m.text\",\"body\":\"b\"}", MX_LINE_TEXT, "b"},
        {"m.room.message", "{\"msgtype\":\"m.notice\",\"body\":\"b\"}", MX_LINE_NOTICE, "b"},
        {"m.room.message", "{\"msgtype\":\"m.emote\",\"body\":\"b\"}", MX_LINE_EMOTE, "b"},
        {"m.room.message", "{\"msgtype\":\"m.image\",\"body\":\"b\"}", MX_LINE_TEXT,
         "[image: b – it cannot be fetched]"},
        {"m.room.message", "{\"body\":\"b\"}", MX_LINE_TEXT, "b"},
        {"m.room.message", "{\"msgtype\":5,\"body\":\"\\u00e9\\n\"}", MX_LINE_TEXT, "\xc3\xa9\n"},
        {"m.room.message", "{\"msgtype\":\"org.example.thing\",\"body\":\"b\"}", MX_LINE_TEXT,
         "[org.example.thing] b"},
        {"m.room.message",
         "{\"msgtype\":\"m.location\",\"body\":\"Big Ben\",\"geo_uri\":"
         "\"geo:51.5008,0.1247\"}",
         MX_LINE_TEXT, "[location: Big Ben – geo:51.5008,0.1247]"},
        {"m.room.message",
         "{\"msgtype\":\"m.location\",\"body\":\"Here: geo:1,-2;u=35\","
         "\"geo_uri\":\"geo:1,-2;u=35\"}",
         MX_LINE_TEXT, "[location: Here: geo:1,-2;u=35]"},
        {"m.room.message",
         "{\"msgtype\":\"m.location\",\"body\":\"long\",\"m.location\":"
         "{\"uri\":\"geo:1,2\",\"description\":\"Home\"}}",
         MX_LINE_TEXT, "[location: Home – geo:1,2]"},
        {"m.room.message", "{\"msgtype\":\"m.location\",\"geo_uri\":\"geo:1,2,3\"}", MX_LINE_TEXT,
         "[location: geo:1,2,3]"},
        {"m.room.message",
         "{\"msgtype\":\"m.location\",\"body\":\"x\",\"geo_uri\":"
         "\"https://evil.example/\"}",
         MX_LINE_TEXT, "[location: x]"},
        {"m.room.message", "{\"msgtype\":\"m.location\",\"geo_uri\":\"geo:1\"}", MX_LINE_UNREADABLE,
         NULL},
        {"m.room.message", "{\"msgtype\":\"m.text\",\"body\":\"\"}", MX_LINE_TEXT, ""},
        {"m.room.message", "{\"msgtype\":\"m.text\"}", MX_LINE_UNREADABLE, NULL},
        {"m.room.message", "{\"body\":[\"b\"]}", MX_LINE_UNREADABLE, NULL},
        {"m.room.message", "{\"body\":null,\"x\":1}", MX_LINE_UNREADABLE, NULL},
        {"m.room.message", "{}", MX_LINE_NOTHING, NULL},
        {"m.room.encrypted", "{}", MX_LINE_NOTHING, NULL},
        {"m.room.encrypted", "{\"algorithm\":\"m\",\"ciphertext\":\"c\"}", MX_LINE_ENCRYPTED,
         "A message that cannot be read yet: the encryption of this account is not ready. It is "
         "shown here when it is."},
        {"m.sticker", "{\"body\":\"cat\",\"url\":\"mxc://x/y\"}", MX_LINE_TEXT, "[sticker: cat]"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxTimelineRow row = {.room = fixture->room->key, .sender = (char *)"@bob:x"};
        row.type = (char *)cases[i].type;
        row.content = (char *)cases[i].content;
        MxLine *line = mx_line_new(fixture->store, &row, "@me:x");
        g_test_message("%s", cases[i].content);
        g_assert_cmpint(line->kind, ==, cases[i].kind);
        g_assert_cmpstr(line->body, ==, cases[i].body);
        mx_line_free(line);
    }
    mx_line_free(NULL);
}

#define FORMATTED(msgtype, format, html)                                                           \
    "{\"msgtype\":\"" msgtype "\",\"body\":\"b\",\"format\":" format ",\"formatted_body\":" html "}"
#define HTML_FORMAT "\"org.matrix.custom.html\""

static void test_formatted(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *content, *formatted_body;
    } cases[] = {
        {FORMATTED("m.text", HTML_FORMAT, "\"<b>b</b>\""), "<b>b</b>"},
        {FORMATTED("m.notice", HTML_FORMAT, "\"x\""), "x"},
        {FORMATTED("m.emote", HTML_FORMAT, "\"x\""), "x"},
        {FORMATTED("m.image", HTML_FORMAT, "\"x\""), NULL},
        {FORMATTED("m.text", "\"org.example\"", "\"x\""), NULL},
        {FORMATTED("m.text", "null", "\"x\""), NULL},
        {FORMATTED("m.text", HTML_FORMAT, "5"), NULL},
        {FORMATTED("m.text", HTML_FORMAT, "[\"x\"]"), NULL},
        {"{\"msgtype\":\"m.text\",\"body\":\"b\",\"formatted_body\":\"x\"}", NULL},
        {"{\"msgtype\":\"m.text\",\"format\":" HTML_FORMAT ",\"formatted_body\":\"x\"}", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxTimelineRow row = {.room = fixture->room->key, .sender = (char *)"@bob:x"};
        row.type = (char *)"m.room.message";
        row.content = (char *)cases[i].content;
        MxLine *line = mx_line_new(fixture->store, &row, "@me:x");
        g_test_message("%s", cases[i].content);
        g_assert_cmpstr(line->formatted_body, ==, cases[i].formatted_body);
        mx_line_free(line);
    }
}

static void test_fields(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *sender, *txn_id;
        gboolean is_own, is_from_here;
        const char *name;
    } cases[] = {
        {"@bob:x", NULL, FALSE, FALSE, "Bob"},
        {"@me:x", NULL, TRUE, FALSE, "@me:x"},
        {"@me:x", "t1", TRUE, TRUE, "@me:x"},
    };
    mx_store_set_member(fixture->store, fixture->room->key, "@bob:x", MX_MEMBERSHIP_LEAVE, "Bob",
                        NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxTimelineRow row = {.id = 7, .room = fixture->room->key, .ts = 1700000000123};
        row.sender = (char *)cases[i].sender;
        row.txn_id = (char *)cases[i].txn_id;
        row.type = (char *)"m.room.message";
        row.content = (char *)"{\"body\":\"b\"}";
        row.delayed = i == 0;
        MxLine *line = mx_line_new(fixture->store, &row, "@me:x");
        g_assert_cmpint(line->row, ==, 7);
        g_assert_cmpint(line->ts, ==, 1700000000123);
        g_assert_cmpstr(line->sender, ==, cases[i].sender);
        g_assert_cmpstr(line->sender_name, ==, cases[i].name);
        g_assert_cmpint(line->is_own, ==, cases[i].is_own);
        g_assert_cmpint(line->is_from_here, ==, cases[i].is_from_here);
        g_assert_cmpint(line->is_delayed, ==, i == 0);
        mx_line_free(line);
    }
}

/* Taken away between being taken and being written, or while the program was down. */
static void test_redacted_while_delivering(Fixture *fixture, gconstpointer data)
{
    store_fixture_add_line(fixture->store, fixture->room, "$1", "@bob:x", NULL, "oops",
                           MX_DISPLAY_PENDING);
    assert_taken(fixture, 10, "oops");
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, "$1");
    mx_store_blank_row(fixture->store, row, "{}");
    g_autoptr(GPtrArray) lines =
        mx_timeline_list_delivering(fixture->store, fixture->room->key, "@me:x");
    g_assert_cmpint(lines->len, ==, 1); /* it still has to be ticked off */
    g_assert_cmpint(((MxLine *)g_ptr_array_index(lines, 0))->kind, ==, MX_LINE_NOTHING);
}

/* Lines that look the same to a log: as many as have been shown have to be found beside the one
 * that was being written. */
static void test_shown_twins(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *sender, *content;
        gint64 ts;
        MxDisplay display;
    } rows[] = {
        {"@bob:x", "{\"body\":\"ok\"}", 5000, MX_DISPLAY_SHOWN},
        {"@bob:x", "{\"body\":\"ok\"}", 5999, MX_DISPLAY_SHOWN},
        {"@eve:x", "{\"body\":\"ok\"}", 5000, MX_DISPLAY_SHOWN},
        {"@bob:x", "{\"body\":\"no\"}", 5000, MX_DISPLAY_SHOWN},
        {"@bob:x", "{\"body\":\"ok\"}", 6000, MX_DISPLAY_SHOWN},
        {"@bob:x", "{\"body\":\"ok\"}", 5000, MX_DISPLAY_SKIPPED},
        {"@bob:x", "{\"body\":\"ok\"}", 5500, MX_DISPLAY_DELIVERING},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        MxTimelineRow row = {.room = fixture->room->key, .pos = i + 1, .ts = rows[i].ts};
        row.sender = (char *)rows[i].sender;
        row.content = (char *)rows[i].content;
        row.type = (char *)"m.room.message";
        row.display = rows[i].display;
        g_assert_true(mx_store_add_timeline(fixture->store, &row));
    }
    g_autoptr(GPtrArray) lines =
        mx_timeline_list_delivering(fixture->store, fixture->room->key, "@me:x");
    g_assert_cmpint(lines->len, ==, 1);
    g_assert_cmpint(((MxLine *)g_ptr_array_index(lines, 0))->shown_twins, ==, 2);
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/timeline/once", test_once);
    add("/timeline/survives-kill", test_survives_kill);
    add("/timeline/commit-fails", test_commit_fails);
    add("/timeline/gap", test_gap);
    add("/timeline/waived-gap", test_waived_gap);
    add("/timeline/kinds", test_kinds);
    add("/timeline/formatted", test_formatted);
    add("/timeline/fields", test_fields);
    add("/timeline/redacted-while-delivering", test_redacted_while_delivering);
    add("/timeline/shown-twins", test_shown_twins);
    return g_test_run();
}

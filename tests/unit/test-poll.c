/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-poll.h"

#include <string.h>

#include "mx-extensible.h"
#include "mx-poll-line.h"
#include "mx-relation.h"
#include "store-fixture.h"

/* Polls as anybody may write them, and which votes count (MSC3381). */

#define U "org.matrix.msc3381.poll."
#define T "org.matrix.msc1767.text"

static MxJsonSlice scan(const char *text)
{
    return mx_json_scan_root(text, strlen(text));
}

static void test_text(void)
{
    static const char *const cases[][2] = {
        {"{}", NULL},
        {"[]", NULL},
        {"{\"body\":\"b\",\"m.text\":[{\"body\":\"t\"}]}", "b"},
        {"{\"m.text\":[{\"mimetype\":\"text/html\",\"body\":\"<b>\"},{\"body\":\"t\"}]}", "t"},
        {"{\"m.text\":[5,{},{\"mimetype\":\"text/plain\",\"body\":\"t\"}]}", "t"},
        {"{\"m.text\":\"s\"}", "s"},
        {"{\"" T "\":\"u\"}", "u"},
        {"{\"org.matrix.msc1767.message\":[{\"body\":\"m\"}]}", "m"},
        {"{\"body\":7,\"m.text\":{},\"" T "\":\"u\"}", "u"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = mx_extensible_dup_text(scan(cases[i][0]));
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void test_types(void)
{
    g_assert_true(mx_poll_is_start("m.poll.start") && mx_poll_is_start(U "start"));
    g_assert_true(mx_poll_is_end("m.poll.end") && mx_poll_is_end(U "end"));
    g_assert_true(mx_poll_is_response("m.poll.response") && mx_poll_is_response(U "response"));
    g_assert_false(mx_poll_is_start("m.poll.starts") || mx_poll_is_start("start") ||
                   mx_poll_is_start("m.room.message"));
    g_assert_true(mx_poll_is_stable("m.poll.start"));
    g_assert_false(mx_poll_is_stable(U "start"));
}

#define UNSTABLE(kind, max)                                                                        \
    "{\"" U "start\":{\"question\":{\"" T "\":\"Tea?\"},\"kind\":\"" kind                          \
    "\",\"max_selections\":" max ",\"answers\":[{\"id\":\"a\",\"" T "\":\"Yes\"},"                 \
    "{\"id\":\"b\",\"" T "\":\"No\"},{\"id\":\"a\",\"" T "\":\"Again\"},5,{\"id\":\"c\"}]}}"
#define STABLE                                                                                     \
    "{\"m.text\":[{\"body\":\"x\"}],\"m.poll\":{\"question\":{\"m.text\":[{\"body\":\"Tea?\"}]},"  \
    "\"kind\":\"m.undisclosed\",\"answers\":[{\"m.id\":\"a\",\"m.text\":[{\"body\":\"Yes\"}]}]}}"

static void test_read(void)
{
    g_autoptr(MxPoll) poll = mx_poll_read(scan(UNSTABLE(U "disclosed", "2")));
    g_assert_cmpstr(poll->question, ==, "Tea?");
    g_assert_cmpuint(poll->ids->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(poll->answers, 1), ==, "No");
    g_assert_cmpstr(g_ptr_array_index(poll->answers, 2), ==, "…");
    g_assert_true(poll->is_disclosed);
    g_assert_cmpuint(poll->max_selections, ==, 2);
    g_autoptr(MxPoll) stable = mx_poll_read(scan(STABLE));
    g_assert_cmpstr(g_ptr_array_index(stable->answers, 0), ==, "Yes");
    g_assert_false(stable->is_disclosed);
    g_assert_cmpuint(stable->max_selections, ==, 1);
    g_autoptr(MxPoll) odd = mx_poll_read(scan(UNSTABLE("x", "-5")));
    g_assert_cmpuint(odd->max_selections, ==, 1);
    g_assert_false(odd->is_disclosed);
}

static void test_read_nonsense(void)
{
    static const char *const cases[] = {
        "{}",
        "[]",
        "{\"m.poll\":[]}",
        "{\"m.poll\":{\"question\":{\"body\":\"q\"}}}",
        "{\"m.poll\":{\"question\":{\"body\":\"q\"},\"answers\":[]}}",
        "{\"m.poll\":{\"question\":{\"body\":\"q\"},\"answers\":{\"id\":\"a\"}}}",
        "{\"m.poll\":{\"question\":\"q\",\"answers\":[{\"id\":\"a\",\"body\":\"A\"}]}}",
        "{\"m.poll\":{\"question\":{\"body\":\" \"},\"answers\":[{\"id\":\"a\",\"body\":\"A\"}]}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_null(mx_poll_read(scan(cases[i])));
    GString *many = g_string_new("{\"m.poll\":{\"question\":{\"body\":\"q\"},\"answers\":[");
    for (guint i = 0; i < 500; i++)
        g_string_append_printf(many, "%s{\"id\":\"%u\",\"body\":\"A\"}", i > 0 ? "," : "", i);
    g_string_append(many, "]}}");
    g_autoptr(MxPoll) poll = mx_poll_read(scan(many->str));
    g_assert_cmpuint(poll->ids->len, ==, MX_POLL_MAX_ANSWERS);
    g_string_free(many, TRUE);
}

static void test_votes(void)
{
    static const struct {
        const char *content;
        guint32 vote;
    } cases[] = {
        {"{}", 0},
        {"{\"m.selections\":[\"a\"]}", 1},
        {"{\"" U "response\":{\"answers\":[\"b\",\"a\"]}}", 3},
        {"{\"" U "response\":{\"answers\":[\"b\",\"b\"]}}", 2},
        /* What is beyond the limit is not looked at; before it one that is unknown spoils all. */
        {"{\"" U "response\":{\"answers\":[\"b\",\"a\",\"x\"]}}", 3},
        {"{\"" U "response\":{\"answers\":[\"b\",\"x\"]}}", 0},
        {"{\"" U "response\":{\"answers\":[\"b\",5]}}", 0},
        {"{\"" U "response\":{\"answers\":[]}}", 0},
        {"{\"" U "response\":[\"a\"]}", 0},
    };
    g_autoptr(MxPoll) poll = mx_poll_read(scan(UNSTABLE(U "disclosed", "2")));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(mx_poll_read_vote(poll, scan(cases[i].content)), ==, cases[i].vote);
}

/* ---- in the database ---- */

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

static void add(Fixture *fixture, const char *event_id, const char *sender, gint64 ts,
                const char *type, const char *content)
{
    g_autofree char *target = mx_relation_dup_target_of(type, scan(content));
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = ++fixture->room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)sender,
        .type = (char *)type,
        .content = (char *)content,
        .ts = ts,
        .relates_to = target,
    };
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
}

#define ABOUT "\"m.relates_to\":{\"rel_type\":\"m.reference\",\"event_id\":\"$p\"}"
#define VOTE(id) "{" ABOUT ",\"" U "response\":{\"answers\":[\"" id "\"]}}"
#define END "{" ABOUT ",\"" U "end\":{}}"

static void check(Fixture *fixture, gint64 until, const char *wanted)
{
    MxPollTally tally;
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, "$p");
    g_autoptr(MxPoll) poll = mx_poll_load(fixture->store, row);
    mx_poll_count(fixture->store, row, poll, until, "@bob:x", &tally);
    g_autofree char *result = mx_poll_line_dup_result(poll, &tally);
    g_assert_cmpstr(result, ==, wanted);
}

static void check_end(Fixture *fixture, const char *wanted)
{
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, "$p");
    g_autoptr(MxTimelineRow) end = mx_poll_find_end(fixture->store, row);
    g_assert_cmpstr(end != NULL ? end->event_id : NULL, ==, wanted);
}

static void test_tally(Fixture *fixture, gconstpointer data)
{
    add(fixture, "$p", "@bob:x", 1000, U "start", UNSTABLE(U "disclosed", "1"));
    check(fixture, 9000, "nobody has voted");
    add(fixture, "$1", "@bob:x", 2000, U "response", VOTE("a"));
    add(fixture, "$2", "@carol:x", 2000, U "response", VOTE("b"));
    add(fixture, "$3", "@dave:x", 2100, "m.poll.response", "{" ABOUT ",\"m.selections\":[\"b\"]}");
    check(fixture, 9000, "No 2, Yes 1, … 0 (3 people have voted)");
    /* The newest counts, also when it is none; what came after the end does not. */
    add(fixture, "$4", "@carol:x", 3000, U "response", VOTE("a"));
    add(fixture, "$5", "@dave:x", 3000, U "response", VOTE("zzz"));
    check(fixture, 9000, "Yes 2, No 0, … 0 (2 people have voted)");
    check(fixture, 2500, "No 2, Yes 1, … 0 (3 people have voted)");
    /* One that was taken back is none. */
    g_autoptr(MxTimelineRow) gone = mx_store_get_event(fixture->store, fixture->room->key, "$5");
    mx_store_blank_row(fixture->store, gone, "{}");
    check(fixture, 9000, "Yes 2, No 1, … 0 (3 people have voted)");
    /* Something between may be missing. */
    mx_store_add_gap(fixture->store, fixture->room, "from", NULL);
    check(fixture, 9000, "Yes 2, No 1, … 0 (3 people have voted), as far as is known here");
}

static void test_end(Fixture *fixture, gconstpointer data)
{
    add(fixture, "$p", "@bob:x", 1000, U "start", UNSTABLE(U "disclosed", "1"));
    mx_store_set_state(fixture->store, fixture->room->key, "m.room.power_levels", "", "$l",
                       "@bob:x", scan("{\"users\":{\"@mod:x\":50}}"));
    check_end(fixture, NULL);
    add(fixture, "$1", "@carol:x", 2000, U "end", END);
    check_end(fixture, NULL);
    add(fixture, "$2", "@mod:x", 4000, U "end", END);
    check_end(fixture, "$2");
    add(fixture, "$3", "@bob:x", 3000, U "end", END);
    check_end(fixture, "$3");
}

/* Of an encrypted poll only what was encrypted counts (crypto I12). */
static void test_in_the_clear(Fixture *fixture, gconstpointer data)
{
    MxPollTally tally;
    g_autoptr(MxPoll) poll = mx_poll_read(scan(UNSTABLE(U "disclosed", "1")));
    add(fixture, "$1", "@bob:x", 2000, U "response", VOTE("a"));
    add(fixture, "$2", "@bob:x", 3000, U "end", END);
    MxTimelineRow row = {.id = 99,
                         .room = fixture->room->key,
                         .event_id = (char *)"$p",
                         .sender = (char *)"@bob:x",
                         .type = (char *)U "start",
                         .is_secret = TRUE};
    mx_poll_count(fixture->store, &row, poll, 9000, NULL, &tally);
    g_assert_cmpuint(tally.voters, ==, 0);
    g_assert_null(mx_poll_find_end(fixture->store, &row));
    row.is_secret = FALSE;
    mx_poll_count(fixture->store, &row, poll, 9000, NULL, &tally);
    g_assert_cmpuint(tally.voters, ==, 1);
}

#define TEST(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/poll/text", test_text);
    g_test_add_func("/poll/types", test_types);
    g_test_add_func("/poll/read", test_read);
    g_test_add_func("/poll/nonsense", test_read_nonsense);
    g_test_add_func("/poll/votes", test_votes);
    TEST("/poll/tally", test_tally);
    TEST("/poll/end", test_end);
    TEST("/poll/in-the-clear", test_in_the_clear);
    return g_test_run();
}

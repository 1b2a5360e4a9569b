/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-target.h"

#include <string.h>

#include "mx-error.h"
#include "store-fixture.h"

/* Which message the first word of a command means. The clock is that of a place without summer. */

#define ME "@me:x"
#define DAY(day, hour, minute, second)                                                             \
    (((((day)*24 + (hour)) * 60 + (minute)) * 60 + (second)) * G_GINT64_CONSTANT(1000))

static void test_read(void)
{
    static const struct {
        const char *typed;
        MxTargetKind kind;
        int hour, minute, second;
        const char *nick, *rest;
    } cases[] = {
        {NULL, MX_TARGET_NONE, 0, 0, 0, NULL, ""},
        {"", MX_TARGET_NONE, 0, 0, 0, NULL, ""},
        {"spam", MX_TARGET_NONE, 0, 0, 0, NULL, "spam"},
        {"  two words", MX_TARGET_NONE, 0, 0, 0, NULL, "two words"},
        {"--", MX_TARGET_NONE, 0, 0, 0, NULL, ""},
        {"-- 12:34 why", MX_TARGET_NONE, 0, 0, 0, NULL, "12:34 why"},
        {"--no", MX_TARGET_NONE, 0, 0, 0, NULL, "--no"},
        {"12:34", MX_TARGET_TIME, 12, 34, -1, NULL, ""},
        {" 9:05  why so", MX_TARGET_TIME, 9, 5, -1, NULL, "why so"},
        {"23:59:58 x", MX_TARGET_TIME, 23, 59, 58, NULL, "x"},
        {"24:00", MX_TARGET_NONE, 0, 0, 0, NULL, "24:00"},
        {"12:60", MX_TARGET_NONE, 0, 0, 0, NULL, "12:60"},
        {"12:3", MX_TARGET_NONE, 0, 0, 0, NULL, "12:3"},
        {"12:345", MX_TARGET_NONE, 0, 0, 0, NULL, "12:345"},
        {"12:34:5", MX_TARGET_NONE, 0, 0, 0, NULL, "12:34:5"},
        {"12:34:", MX_TARGET_NICK, 0, 0, 0, "12:34", ""},
        {"bob: why", MX_TARGET_NICK, 0, 0, 0, "bob", "why"},
        {"@bob:x: why", MX_TARGET_NICK, 0, 0, 0, "@bob:x", "why"},
        {": why", MX_TARGET_NONE, 0, 0, 0, NULL, ": why"},
        {"1:2:3:4", MX_TARGET_NONE, 0, 0, 0, NULL, "1:2:3:4"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MxTarget) target = {0};
        const char *rest = mx_target_read(cases[i].typed, &target);
        g_assert_cmpstr(rest, ==, cases[i].rest);
        g_assert_cmpint(target.kind, ==, cases[i].kind);
        g_assert_cmpstr(target.nick, ==, cases[i].nick);
        if (target.kind != MX_TARGET_TIME)
            continue;
        g_assert_cmpint(target.hour, ==, cases[i].hour);
        g_assert_cmpint(target.minute, ==, cases[i].minute);
        g_assert_cmpint(target.second, ==, cases[i].second);
    }
}

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room;
} Fixture;

static void add(Fixture *fixture, const char *event_id, const char *sender, gint64 ts,
                MxDisplay display)
{
    g_autofree char *content = g_strdup_printf("{\"body\":\"text of %s\"}", event_id);
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = ++fixture->room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)sender,
        .type = (char *)"m.room.message",
        .content = content,
        .ts = ts,
        .display = display,
    };
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
}

static void name(Fixture *fixture, const char *user_id, const char *display_name)
{
    mx_store_set_member(fixture->store, fixture->room->key, user_id, MX_MEMBERSHIP_JOIN,
                        display_name, NULL);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!r:x");
    name(fixture, "@bob:x", "Bob");
    name(fixture, "@bob:y", "Bob");
    name(fixture, "@carol:x", "Carol");
    add(fixture, "$old", "@bob:x", DAY(10, 12, 34, 1), MX_DISPLAY_SHOWN);
    add(fixture, "$older", "@carol:x", DAY(9, 9, 9, 9), MX_DISPLAY_SHOWN);
    add(fixture, "$1", "@bob:x", DAY(11, 12, 34, 5), MX_DISPLAY_SHOWN);
    add(fixture, "$2", ME, DAY(11, 12, 34, 50), MX_DISPLAY_SHOWN);
    add(fixture, "$3", "@carol:x", DAY(11, 12, 40, 0), MX_DISPLAY_DELIVERING);
    add(fixture, "$4", "@bob:y", DAY(11, 12, 50, 0), MX_DISPLAY_SHOWN);
    add(fixture, "$5", ME, DAY(11, 12, 59, 0), MX_DISPLAY_SHOWN);
    add(fixture, "$6", "@carol:x", DAY(11, 13, 0, 0), MX_DISPLAY_SKIPPED);
    add(fixture, "$7", ME, DAY(11, 13, 0, 0), MX_DISPLAY_PENDING);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

/* found: an event ID, or a part of the sentence. */
static void check(Fixture *fixture, const char *typed, MxTargetPool pool, const char *found,
                  const char *rest)
{
    g_autoptr(GError) error = NULL;
    const char *left;
    g_autoptr(MxTimelineRow) row =
        mx_target_find(fixture->store, fixture->room->key, ME, typed, pool, &left, &error);
    if (*found == '$') {
        g_assert_no_error(error);
        g_assert_cmpstr(row->event_id, ==, found);
        g_assert_cmpstr(left, ==, rest);
        return;
    }
    g_assert_null(row);
    g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
    if (strstr(error->message, found) == NULL)
        g_error("“%s”: %s", typed, error->message);
}

static void test_last(Fixture *fixture, gconstpointer data)
{
    check(fixture, NULL, MX_TARGET_ANY, "$4", "");
    check(fixture, "why", MX_TARGET_ANY_OWN, "$5", "why");
    check(fixture, "-- bob: so", MX_TARGET_OWN, "$5", "bob: so");
}

static void test_by_time(Fixture *fixture, gconstpointer data)
{
    check(fixture, "12:40 why", MX_TARGET_ANY_OWN, "$3", "why");
    check(fixture, "12:34:50", MX_TARGET_ANY, "$2", "");
    check(fixture, "12:34 x", MX_TARGET_OWN, "$2", "x");
    check(fixture, "9:09", MX_TARGET_ANY, "$older", "");
    check(fixture, "12:34:01", MX_TARGET_ANY, "$old", "");
    check(fixture, "12:34", MX_TARGET_ANY,
          "more than one message; nothing was done. Say which with its seconds:\n"
          "12:34:05 Bob (@bob:x): text of $1\n12:34:50 @me:x: text of $2",
          NULL);
    check(fixture, "13:00", MX_TARGET_ANY, "no message here of that time", NULL);
    check(fixture, "12:40", MX_TARGET_OWN, "You have written no message here at that time", NULL);
}

static void test_by_nick(Fixture *fixture, gconstpointer data)
{
    check(fixture, "carol: why", MX_TARGET_ANY_OWN, "$3", "why");
    check(fixture, "@bob:y:", MX_TARGET_ANY, "$4", "");
    check(fixture, "Bob:", MX_TARGET_ANY,
          "seconds:\n12:34:05 Bob (@bob:x): text of $1\n12:50:00 Bob (@bob:y): text of $4", NULL);
    check(fixture, "nobody: x", MX_TARGET_ANY, "Nobody called “nobody” has written here", NULL);
    check(fixture, "carol: x", MX_TARGET_OWN, "Nobody called", NULL);
}

static void test_nothing_there(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxRoomRow) empty = store_fixture_add_room(fixture->store, "!e:x");
    g_autoptr(GError) error = NULL;
    const char *rest;
    g_assert_null(
        mx_target_find(fixture->store, empty->key, ME, "x", MX_TARGET_OWN, &rest, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
}

static void test_redacted_is_none(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, "$5");
    mx_store_blank_row(fixture->store, row, "{}");
    check(fixture, "", MX_TARGET_OWN, "$2", "");
    check(fixture, "12:59", MX_TARGET_ANY, "no message here of that time", NULL);
}

/* The sender says what time it is. */
static void test_not_from_the_future(Fixture *fixture, gconstpointer data)
{
    gint64 now = g_get_real_time() / 1000;
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(now / 1000);
    g_autofree char *time = g_date_time_format(when, "%H:%M:%S");
    add(fixture, "$now", "@carol:x", now, MX_DISPLAY_SHOWN);
    check(fixture, time, MX_TARGET_ANY, "$now", "");
    add(fixture, "$future", "@bob:x", now + DAY(3, 0, 0, 0), MX_DISPLAY_SHOWN);
    check(fixture, time, MX_TARGET_ANY, "more than one message; nothing was done", NULL);
}

#define add_test(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/target/read", test_read);
    add_test("/target/last", test_last);
    add_test("/target/by-time", test_by_time);
    add_test("/target/by-nick", test_by_nick);
    add_test("/target/nothing-there", test_nothing_there);
    add_test("/target/redacted-is-none", test_redacted_is_none);
    add_test("/target/not-from-the-future", test_not_from_the_future);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-store-private.h"
#include "mx-sync-presence.h"
#include "sync-fixture.h"

/* Ephemeral events and presence of /sync answers: what becomes of them, and what they cost. */

#define MANY 2000
#define TYPING(users) "{'type':'m.typing','content':{'user_ids':[" users "]}}"
#define READ(event_id, type, user, rest)                                                           \
    "{'type':'m.receipt','content':{'" event_id "':{'" type "':{'" user "':{'ts':5" rest "}}}}}"
/* As servers send a room of which nothing else is new. */
#define QUIET(events)                                                                              \
    "'timeline':{'events':[],'prev_batch':'p','limited':false},'state':{'events':[]},"             \
    "'account_data':{'events':[]},'unread_notifications':{'notification_count':0,"                 \
    "'highlight_count':0},'summary':{}," EVENTS("ephemeral", events)

/* "!d:x" is Bob's IM, with lines "$b" of his and "$m" of the user. */
static void start(SyncFixture *fixture)
{
    sync_fixture_feed(fixture, "");
    sync_fixture_feed(
        fixture,
        DIRECT("{'@bob:x':['!d:x']}") ",'rooms':{'join':{'!d:x':{" PEOPLE(2, 0) "," EVENTS(
            "state", MEMBER("$1", "@me:x", "join") "," MEMBER(
                         "$2", "@bob:x", "join")) "," TIMELINE(LINE("$b", "@bob:x",
                                                                    "b") "," LINE("$m", "@me:x",
                                                                                  "m")) "}}}");
    g_hash_table_add(fixture->open_rooms, (gpointer) "!d:x");
}

static MxEphemeral *feed(SyncFixture *fixture, const char *events)
{
    g_autofree char *members = g_strdup_printf(QUIET("%s"), events);
    sync_fixture_room(fixture, "join", "!d:x", members);
    g_assert_cmpuint(fixture->changes->ephemeral->len, <=, 1);
    return fixture->changes->ephemeral->len > 0 ? g_ptr_array_index(fixture->changes->ephemeral, 0)
                                                : NULL;
}

static void test_typing(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    MxEphemeral *ephemeral = feed(fixture, TYPING("'@bob:x','@me:x',5,'nobody','@eve:x'"));
    g_assert_cmpuint(ephemeral->typing->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(ephemeral->typing, 0), ==, "@bob:x");
    g_assert_cmpstr(g_ptr_array_index(ephemeral->typing, 1), ==, "@eve:x");
    g_assert_null(sync_fixture_change(fixture, "!d:x")); /* the room is as it was */
    ephemeral = feed(fixture, TYPING("'@bob:x'") "," TYPING(""));
    g_assert_cmpuint(ephemeral->typing->len, ==, 0);
    g_assert_null(feed(fixture, "{'type':'m.typing','content':{'user_ids':{}}},"
                                "{'type':'m.typing'},{'type':'m.odd','content':{}},5"));
}

static void test_partners_receipt(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *events;
        gboolean is_read;
    } cases[] = {
        {READ("$b", "m.read", "@bob:x", ""), FALSE},
        {READ("$m", "m.read", "@eve:x", ""), FALSE},
        {READ("$m", "m.read.private", "@bob:x", ""), FALSE},
        {READ("$m", "m.read", "@bob:x", ",'thread_id':'$t'"), FALSE},
        {READ("$unknown", "m.read", "@bob:x", ""), FALSE},
        {READ("$m", "m.read", "@bob:x", ",'thread_id':'main'"), TRUE},
        {READ("$b", "m.read", "@bob:x", "") "," READ("$m", "m.read", "@bob:x", ""), TRUE},
        {READ("$m", "m.read", "@bob:x", "") "," READ("$b", "m.read", "@bob:x", ""), TRUE},
    };
    start(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].events);
        MxEphemeral *ephemeral = feed(fixture, cases[i].events);
        g_assert_cmpint(ephemeral != NULL && ephemeral->is_read, ==, cases[i].is_read);
        g_assert_cmpint(ephemeral != NULL ? ephemeral->read_ts : 0, ==, cases[i].is_read ? 5 : 0);
        g_assert_null(sync_fixture_change(fixture, "!d:x"));
    }
    /* Who has answered has read. */
    sync_fixture_room(fixture, "join", "!d:x", TIMELINE(LINE("$a", "@bob:x", "a")));
    g_assert_null(feed(fixture, READ("$a", "m.read", "@bob:x", "")));
}

static void test_own_receipt(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    sync_fixture_room(fixture, "join", "!d:x", TIMELINE(LINE("$c", "@bob:x", "c")));
    g_hash_table_remove_all(fixture->open_rooms);
    feed(fixture, READ("$c", "m.read", "@me:x", ""));
    g_assert_true(sync_fixture_change(fixture, "!d:x")->was_read);
    feed(fixture, READ("$c", "m.read", "@me:x", "")); /* known */
    g_assert_null(sync_fixture_change(fixture, "!d:x"));
    feed(fixture, READ("$b", "m.read", "@me:x", "")); /* backwards */
    g_assert_null(sync_fixture_change(fixture, "!d:x"));
}

/* What is new besides is not passed over. */
static void test_not_alone(SyncFixture *fixture, gconstpointer data)
{
    static const char *const members[] = {
        "'unread_notifications':{'notification_count':1,'highlight_count':0}",
        "'unread_notifications':{'notification_count':1,'highlight_count':1}",
        "'summary':{'m.joined_member_count':3}",
        EVENTS("account_data", "{'type':'m.tag','content':{}}"),
        "'timeline':{'limited':true,'events':[]}",
        TIMELINE(LINE("$n", "@bob:x", "n")),
    };
    start(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *text =
            g_strdup_printf("%s," EVENTS("ephemeral", TYPING("'@bob:x'")), members[i]);
        sync_fixture_room(fixture, "join", "!d:x", text);
        g_assert_nonnull(sync_fixture_change(fixture, "!d:x"));
        g_assert_cmpuint(fixture->changes->ephemeral->len, ==, 1);
    }
}

/* ---- what closed rooms cost ---- */

static char *many_rooms(const char *members)
{
    GString *text = g_string_new("'rooms':{'join':{");
    for (guint i = 0; i < MANY; i++)
        g_string_append_printf(text, "%s'!%u:x':{%s}", i > 0 ? "," : "", i, members);
    g_string_append(text, "}}");
    return g_string_free(text, FALSE);
}

static int rows_written(SyncFixture *fixture, const char *members)
{
    int before = sqlite3_total_changes(fixture->store->db);
    sync_fixture_feed(fixture, members);
    return sqlite3_total_changes(fixture->store->db) - before;
}

static void test_closed_rooms(SyncFixture *fixture, gconstpointer data)
{
    g_autofree char *rooms = many_rooms(PEOPLE(3, 0));
    g_autofree char *typing =
        many_rooms(QUIET(TYPING("'@bob:x'") "," READ("$o", "m.read", "@bob:x", "")));
    sync_fixture_feed(fixture, rooms);
    int idle = rows_written(fixture, "");
    g_assert_cmpint(rows_written(fixture, typing), ==, idle);
    g_assert_cmpuint(fixture->changes->rooms->len, ==, 0);
    g_assert_cmpuint(fixture->changes->ephemeral->len, ==, 0);
}

static guint count_parts(const char *json, const char *open_room)
{
    g_autoptr(MxSyncStage) stage = mx_sync_stage_new();
    g_autofree char *text = g_strdelimit(g_strdup(json), "'", '"');
    GHashTable *open_rooms = g_hash_table_new(g_str_hash, g_str_equal);
    guint count = 0;
    if (open_room != NULL)
        g_hash_table_add(open_rooms, (gpointer)open_room);
    mx_sync_stage_set_open_rooms(stage, "@me:x", open_rooms);
    g_assert_true(mx_sync_stage_feed(stage, text, strlen(text), NULL));
    g_assert_true(mx_sync_stage_finish(stage, NULL));
    for (guint i = 0; i < stage->rooms->len; i++)
        count += ((MxStagedRoom *)g_ptr_array_index(stage->rooms, i))->parts->len;
    return count;
}

/* Not even kept, unless the room is open or it may be the user's own. */
static void test_dropped_early(SyncFixture *fixture, gconstpointer data)
{
#define IN_ROOM(events)                                                                            \
    "{'next_batch':'n','rooms':{'join':{'!r:x':{" EVENTS("ephemeral", events) "}}}}"
    g_assert_cmpuint(count_parts(IN_ROOM(TYPING("'@bob:x'")), NULL), ==, 0);
    g_assert_cmpuint(count_parts(IN_ROOM(READ("$a", "m.read", "@bob:x", "")), NULL), ==, 0);
    g_assert_cmpuint(count_parts(IN_ROOM(TYPING("'@bob:x'")), "!r:x"), ==, 1);
    g_assert_cmpuint(count_parts(IN_ROOM(READ("$a", "m.read", "@me:x", "")), NULL), ==, 1);
    g_assert_cmpuint(count_parts(IN_ROOM(READ("$a", "m.read", "\\u0040me:x", "")), NULL), ==, 1);
}

/* ---- presence ---- */

#define PRESENCE(user, content)                                                                    \
    EVENTS("presence", "{'type':'m.presence','sender':'" user "','content':" content "}")

static void test_presence(SyncFixture *fixture, gconstpointer data)
{
    start(fixture);
    sync_fixture_feed(fixture, PRESENCE("@bob:x", "{'presence':'online','status_msg':' a\\nb ',"
                                                  "'last_active_ago':1000}"));
    g_assert_cmpuint(fixture->changes->presence->len, ==, 1);
    MxPresence *presence = g_ptr_array_index(fixture->changes->presence, 0);
    g_assert_cmpint(presence->state, ==, MX_PRESENCE_ONLINE);
    g_assert_null(strchr(presence->status_msg, '\n'));
    g_assert_cmpint(presence->active_ms, >, 0);
    /* It is remembered; others' is not even stored. */
    sync_fixture_feed(fixture, PRESENCE("@eve:x", "{'presence':'online'}"));
    sync_fixture_feed(fixture, PRESENCE("@bob:x", "{'presence':'odd'}"));
    g_assert_cmpuint(fixture->changes->presence->len, ==, 0);
    g_autoptr(GPtrArray) stored = mx_store_list_presence(fixture->store);
    g_assert_cmpuint(stored->len, ==, 1);
    g_assert_cmpstr(((MxPresence *)g_ptr_array_index(stored, 0))->user_id, ==, "@bob:x");
}

static void add(const char *path, void (*test)(SyncFixture *, gconstpointer))
{
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, test, sync_fixture_tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sync-ephemeral/typing", test_typing);
    add("/sync-ephemeral/partners-receipt", test_partners_receipt);
    add("/sync-ephemeral/own-receipt", test_own_receipt);
    add("/sync-ephemeral/not-alone", test_not_alone);
    add("/sync-ephemeral/closed-rooms", test_closed_rooms);
    add("/sync-ephemeral/dropped-early", test_dropped_early);
    add("/sync-ephemeral/presence", test_presence);
    return g_test_run();
}

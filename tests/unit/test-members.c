/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-member.h"
#include "sync-fixture.h"

/* Members of a room whose window is open: what a /sync changes in their list, and who is on it when
 * there are too many. */

#define NAMED(id, user, name)                                                                      \
    STATE(id, "m.room.member", user, user, "{'membership':'join','displayname':'" name "'}")
#define POWER(id, content) STATE(id, "m.room.power_levels", "", "@me:x", content)

static void feed(SyncFixture *fixture, const char *events)
{
    g_autofree char *members = g_strdup_printf("'timeline':{'events':[%s]}", events);
    sync_fixture_room(fixture, "join", "!r:x", members);
}

/* "user=name/role" of each that changed, in order. */
static char *list_changes(SyncFixture *fixture)
{
    GString *text = g_string_new(NULL);
    MxRoomChange *change = sync_fixture_change(fixture, "!r:x");
    for (guint i = 0; change->members != NULL && i < change->members->len; i++) {
        MxMember *member = g_ptr_array_index(change->members, i);
        g_string_append_printf(text, "%s%s=%s/%d%s", i > 0 ? " " : "", member->user_id,
                               member->name, member->role,
                               member->membership == MX_MEMBERSHIP_JOIN ? "" : "/gone");
    }
    return g_string_free(text, FALSE);
}

#define assert_changes(fixture, expected)                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *changes_ = list_changes(fixture);                                         \
        g_assert_cmpstr(changes_, ==, expected);                                                   \
    }                                                                                              \
    G_STMT_END

static void open_room(SyncFixture *fixture, const char *events)
{
    feed(fixture, events);
    g_hash_table_add(fixture->open_rooms, (char *)"!r:x");
}

/* Who has the same name is shown otherwise from the moment on in which it is so, and back (D9). */
static void test_names(SyncFixture *fixture, gconstpointer data)
{
    open_room(fixture, NAMED("$1", "@a:x", "Alice"));
    feed(fixture, NAMED("$2", "@b:x", "Alice"));
    assert_changes(fixture, "@b:x=Alice (@b:x)/0 @a:x=Alice (@a:x)/0");
    /* A third one changes nothing for the others. */
    feed(fixture, NAMED("$3", "@c:x", "alice"));
    assert_changes(fixture, "@c:x=alice (@c:x)/0");
    feed(fixture, NAMED("$4", "@c:x", "Carol"));
    assert_changes(fixture, "@c:x=Carol/0");
    feed(fixture, NAMED("$5", "@b:x", "Bob"));
    assert_changes(fixture, "@b:x=Bob/0 @a:x=Alice/0");
    feed(fixture, NAMED("$6", "@b:x", "Alice"));
    assert_changes(fixture, "@b:x=Alice (@b:x)/0 @a:x=Alice (@a:x)/0");
    feed(fixture, MEMBER("$7", "@b:x", "leave"));
    assert_changes(fixture, "@b:x=Alice (@b:x)/0/gone @a:x=Alice/0");
}

/* What somebody said is still by the name it was said under. */
static void test_name_of_the_gone(SyncFixture *fixture, gconstpointer data)
{
    feed(fixture, NAMED("$1", "@a:x", "Alice"));
    feed(fixture, MEMBER("$2", "@a:x", "leave"));
    gint64 room = sync_fixture_key(fixture, "!r:x");
    g_autoptr(MxMemberRow) row = mx_store_get_member(fixture->store, room, "@a:x");
    g_assert_cmpstr(row->display_name, ==, "Alice");
    feed(fixture, "{'type':'m.room.member','event_id':'$3','sender':'@b:x','state_key':'@b:x',"
                  "'content':{'membership':'leave'},'unsigned':{'prev_content':{'membership':"
                  "'join','displayname':' Bob'}}}");
    g_autoptr(MxMemberRow) other = mx_store_get_member(fixture->store, room, "@b:x");
    g_assert_cmpstr(other->display_name, ==, "Bob");
}

static void test_roles(SyncFixture *fixture, gconstpointer data)
{
    open_room(fixture,
              STATE("$0", "m.room.create", "", "@me:x", "{'room_version':'11'}") "," NAMED(
                  "$1", "@a:x", "Ann") "," NAMED("$2", "@b:x",
                                                 "Bob") "," POWER("$3", "{'users':{'@me:x':100}}"));
    feed(fixture, POWER("$4", "{'users':{'@me:x':100,'@a:x':50,'@stranger:x':50}}"));
    assert_changes(fixture, "@a:x=Ann/2");
    feed(fixture, POWER("$5", "{'users':{'@me:x':100,'@a:x':60}}"));
    assert_changes(fixture, "");
    feed(fixture, POWER("$6", "{'users':{'@me:x':100,'@b:x':1}}"));
    assert_changes(fixture, "@a:x=Ann/0 @b:x=Bob/1");
    g_assert_false(sync_fixture_change(fixture, "!r:x")->members_stale);
    feed(fixture, POWER("$7", "{'users_default':50}"));
    g_assert_true(sync_fixture_change(fixture, "!r:x")->members_stale);
    /* Who joins has the new role. */
    feed(fixture, NAMED("$8", "@c:x", "Carl"));
    assert_changes(fixture, "@c:x=Carl/2");
}

static void test_closed(SyncFixture *fixture, gconstpointer data)
{
    feed(fixture, NAMED("$1", "@a:x", "Alice"));
    feed(fixture, POWER("$2", "{'users':{'@a:x':50}}") "," NAMED("$3", "@b:x", "Alice"));
    g_assert_null(sync_fixture_change(fixture, "!r:x")->members);
}

static char *list(SyncFixture *fixture, int limit, const char *words, guint *total)
{
    MxMemberQuery query = {limit, (char *)words};
    g_autoptr(GPtrArray) members =
        mx_member_list(fixture->store, sync_fixture_key(fixture, "!r:x"), &query, total);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < members->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "|" : "",
                               ((MxMember *)g_ptr_array_index(members, i))->name);
    return g_string_free(text, FALSE);
}

/* Those with power, then who has written lately, then the others; who is only invited comes last.
 */
static void test_list(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        int limit;
        const char *words, *expected;
        guint total;
    } cases[] = {
        {-1, NULL, "Mo|Hal|Zed|Dan|Ann (@a:x)|Ann (@b:x)|Ivy", 7},
        {3, NULL, "Mo|Hal|Zed", 7},
        {0, NULL, "", 7},
        {-1, "ann", "Dan|Ann (@a:x)|Ann (@b:x)", 3},
        {1, "AN", "Dan", 3},
        {-1, "ann @b", "Ann (@b:x)", 1},
        {-1, "  hal  ", "Hal", 1},
        {-1, "nobody", "", 0},
    };
    feed(fixture,
         NAMED("$1", "@a:x", "Ann") "," NAMED("$2", "@b:x", "Ann") "," NAMED(
             "$3", "@anna:x",
             "Dan") "," NAMED("$4", "@z:x",
                              "Zed") "," NAMED("$5", "@h:x",
                                               "Hal") "," NAMED("$6", "@m:x",
                                                                "Mo") "," STATE("$7",
                                                                                "m.room.member",
                                                                                "@i:x", "@me:x",
                                                                                "{'membership':'"
                                                                                "invite',"
                                                                                "'displayname':'"
                                                                                "Ivy'}"));
    feed(fixture, POWER("$8", "{'users':{'@m:x':100,'@h:x':50}}"));
    feed(fixture, LINE("$9", "@anna:x", "one") "," LINE("$10", "@z:x", "two"));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint total;
        g_autofree char *listed = list(fixture, cases[i].limit, cases[i].words, &total);
        g_test_message("%d %s", cases[i].limit, cases[i].words != NULL ? cases[i].words : "-");
        g_assert_cmpstr(listed, ==, cases[i].expected);
        g_assert_cmpint(total, ==, cases[i].total);
    }
}

/* ---- what is told of a room ---- */

static gint64 count_unread(SyncFixture *fixture)
{
    return sync_fixture_change(fixture, "!r:x")->room->unread;
}

/* Lines about the room wait for its window, in order with the others, and are never unread. */
static void test_told(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    feed(fixture, MEMBER("$0", "@me:x", "join"));
    feed(fixture, NAMED("$1", "@a:x", "Ann"));
    g_assert_true(sync_fixture_change(fixture, "!r:x")->has_new_lines);
    g_assert_false(sync_fixture_change(fixture, "!r:x")->has_new_messages);
    g_assert_false(sync_fixture_change(fixture, "!r:x")->wants_window);
    g_assert_cmpint(count_unread(fixture), ==, 0);
    feed(fixture,
         LINE("$2", "@a:x", "hi") "," STATE("$3", "m.room.topic", "", "@a:x", "{'topic':'t'}"));
    g_assert_true(sync_fixture_change(fixture, "!r:x")->has_new_messages);
    g_assert_cmpint(count_unread(fixture), ==, 1);
    assert_pending(fixture, "!r:x", "m.room.member|hi|m.room.topic");
}

/* A redacted one is not told, and what it said before is gone with it. */
static void test_redacted(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    feed(fixture, MEMBER("$0", "@me:x", "join"));
    feed(fixture, STATE("$1", "m.room.topic", "", "@a:x", "{'topic':'secret'}"));
    feed(fixture, "{'type':'m.room.redaction','event_id':'$2','sender':'@a:x','redacts':'$1',"
                  "'content':{}}");
    assert_pending(fixture, "!r:x", "m.room.redaction");
}

/* Settings that come with the room's making are no news; later ones are, and those of others. */
static void test_making(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    feed(fixture,
         STATE("$1", "m.room.create", "", "@me:x", "{}") "," MEMBER(
             "$2", "@me:x", "join") "," STATE("$3", "m.room.name", "", "@me:x", "{'name':'x'}"));
    feed(fixture, STATE("$4", "m.room.topic", "", "@me:x", "{'topic':'x'}"));
    assert_pending(fixture, "!r:x", "");
    feed(fixture, STATE("$5", "m.room.avatar", "", "@a:x", "{'url':'mxc://x/1'}"));
    feed(fixture, "{'type':'m.room.topic','event_id':'$6','sender':'@me:x','state_key':'',"
                  "'origin_server_ts':20000,'content':{'topic':'y'}}");
    assert_pending(fixture, "!r:x", "m.room.avatar|m.room.topic");
}

/* What happened before one joined is history, in a room of two as well. */
static void test_before_joining(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    sync_fixture_room(
        fixture, "join", "!r:x",
        PEOPLE(2, 0) "," TIMELINE(STATE("$1", "m.room.topic", "", "@a:x", "{'topic':'x'}") "," LINE(
            "$2", "@a:x", "hello") "," MEMBER("$3", "@me:x", "join") "," STATE("$4", "m.room.name",
                                                                               "", "@a:x",
                                                                               "{'name':'x'}")));
    assert_pending(fixture, "!r:x", "hello|m.room.name");
}

/* A window that opens shows the last of them, and the limit for messages is not used up by them. */
static void test_many(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    feed(fixture, MEMBER("$0", "@me:x", "join") "," LINE("$m", "@a:x", "old"));
    for (guint i = 0; i < 5; i++) {
        g_autofree char *event = g_strdup_printf(
            "{'type':'m.room.topic','event_id':'$t%u','sender':'@a:x','state_key':'',"
            "'content':{'topic':'%u'}}",
            i, i);
        feed(fixture, event);
    }
    gint64 room = sync_fixture_key(fixture, "!r:x");
    g_assert_cmpint(mx_store_skip_all_but(fixture->store, room, 1000, 2), ==, 0);
    assert_pending(fixture, "!r:x", "old|m.room.topic|m.room.topic");
    g_assert_cmpint(mx_store_skip_all_but(fixture->store, room, 0, 2), ==, 1);
    assert_pending(fixture, "!r:x", "m.room.topic|m.room.topic");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define add(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)
    add("/members/names", test_names);
    add("/members/name-of-the-gone", test_name_of_the_gone);
    add("/members/roles", test_roles);
    add("/members/closed", test_closed);
    add("/members/list", test_list);
    add("/members/told", test_told);
    add("/members/redacted", test_redacted);
    add("/members/making", test_making);
    add("/members/before-joining", test_before_joining);
    add("/members/many", test_many);
    return g_test_run();
}

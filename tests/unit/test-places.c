/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-room-info.h"
#include "sync-fixture.h"

/* Where rooms belong in the list, by tags and spaces, and what a topic says. */

#define SPACE(key, name)                                                                           \
    EVENTS("state", STATE("$c", "m.room.create", "", "@me:x", "{'type':'m.space'}") "," STATE(     \
                        "$n", "m.room.name", "", "@me:x", "{'name':'" name "'}"))
#define CHILD(id, room, content) STATE(id, "m.space.child", room, "@me:x", content)
#define TAGS(content) EVENTS("account_data", "{'type':'m.tag','content':" content "}")

static void join(SyncFixture *fixture, const char *room_id, const char *members)
{
    sync_fixture_room(fixture, "join", room_id, members);
}

static void assert_place(SyncFixture *fixture, const char *room_id, MxPlaceKind kind,
                         const char *id, const char *name)
{
    MxRoomChange *change = sync_fixture_change(fixture, room_id);
    g_assert_nonnull(change);
    g_assert_cmpint(change->room->place.kind, ==, kind);
    g_assert_cmpstr(change->room->place.id, ==, id);
    g_assert_cmpstr(change->room->place.name, ==, name);
}

static void test_tags(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *tags;
        MxPlaceKind kind;
        const char *id, *name;
    } cases[] = {
        {TAGS("{'tags':{}}"), MX_PLACE_NONE, NULL, NULL},
        {TAGS("{'tags':{'m.favourite':{'order':0.5}}}"), MX_PLACE_FAVOURITE, NULL, NULL},
        {TAGS("{'tags':{'m.lowpriority':{}}}"), MX_PLACE_LOW_PRIORITY, NULL, NULL},
        {TAGS("{'tags':{'m.lowpriority':{},'m.favourite':{}}}"), MX_PLACE_FAVOURITE, NULL, NULL},
        {TAGS("{'tags':{'m.server_notice':{}}}"), MX_PLACE_SERVER_NOTICE, NULL, NULL},
        {TAGS("{'tags':{'u.b':{},'u.a':{},'u.c':{}}}"), MX_PLACE_TAG, "u.a", "a"},
        {TAGS("{'tags':{'u.':{},'u. ':{}}}"), MX_PLACE_NONE, NULL, NULL},
        {TAGS("{'tags':{'m.favourite':null,'m.other':{}}}"), MX_PLACE_NONE, NULL, NULL},
        {TAGS("{'tags':['m.favourite']}"), MX_PLACE_NONE, NULL, NULL},
        {TAGS("{}"), MX_PLACE_NONE, NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].tags);
        join(fixture, "!r:x", cases[i].tags);
        assert_place(fixture, "!r:x", cases[i].kind, cases[i].id, cases[i].name);
    }
}

static void test_spaces(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", TAGS("{'tags':{'m.lowpriority':{}}}"));
    assert_place(fixture, "!r:x", MX_PLACE_LOW_PRIORITY, NULL, NULL);
    join(fixture, "!s2:x",
         SPACE("$s", "Two") "," TIMELINE(CHILD("$1", "!r:x", "{'via':['x']}") "," CHILD(
             "$2", "!unknown:x", "{'via':['x']}") "," CHILD("$3", "nonsense", "{'via':['x']}")));
    assert_place(fixture, "!r:x", MX_PLACE_SPACE, "!s2:x", "Two");
    g_assert_null(sync_fixture_change(fixture, "!unknown:x"));
    assert_place(fixture, "!s2:x", MX_PLACE_NONE, NULL, NULL);
    join(fixture, "!s1:x", SPACE("$t", "One") "," TIMELINE(CHILD("$4", "!r:x", "{'via':['x']}")));
    assert_place(fixture, "!r:x", MX_PLACE_SPACE, "!s1:x", "One");
    /* No servers, no child. */
    join(fixture, "!s1:x", TIMELINE(CHILD("$5", "!r:x", "{'via':[]}")));
    assert_place(fixture, "!r:x", MX_PLACE_SPACE, "!s2:x", "Two");
    join(fixture, "!s1:x", TIMELINE(CHILD("$6", "!r:x", "{'via':'x'}")));
    assert_place(fixture, "!r:x", MX_PLACE_SPACE, "!s2:x", "Two");
    sync_fixture_room(fixture, "leave", "!s2:x", TIMELINE(MEMBER("$7", "@me:x", "leave")));
    assert_place(fixture, "!r:x", MX_PLACE_LOW_PRIORITY, NULL, NULL);
    join(fixture, "!s2:x", TIMELINE(MEMBER("$8", "@me:x", "join")));
    assert_place(fixture, "!r:x", MX_PLACE_SPACE, "!s2:x", "Two");
}

/* What calls itself a child without a space around it is none. */
static void test_no_space(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", TAGS("{'tags':{}}"));
    join(fixture, "!plain:x", TIMELINE(CHILD("$1", "!r:x", "{'via':['x']}")));
    assert_place(fixture, "!r:x", MX_PLACE_NONE, NULL, NULL);
}

static void test_listed(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!a:x", TAGS("{}"));
    join(fixture, "!b:x", TAGS("{}"));
    mx_store_begin(fixture->store);
    mx_store_add_listed(fixture->store, "!a:x");
    mx_store_add_listed(fixture->store, "!a:x");
    mx_store_add_listed(fixture->store, "!unknown:x");
    g_assert_true(mx_store_commit(fixture->store, NULL));
    g_assert_true(mx_store_is_listed(fixture->store, sync_fixture_key(fixture, "!a:x")));
    g_assert_false(mx_store_is_listed(fixture->store, sync_fixture_key(fixture, "!b:x")));
    mx_store_begin(fixture->store);
    mx_store_forget_listed(fixture->store);
    g_assert_true(mx_store_commit(fixture->store, NULL));
    g_assert_false(mx_store_is_listed(fixture->store, sync_fixture_key(fixture, "!a:x")));
}

static void test_topic(void)
{
    static const struct {
        const char *content, *topic;
    } cases[] = {
        {"{'topic':'plain'}", "plain"},
        {"{'topic':'plain','m.topic':{'m.text':[{'body':'other'}]}}", "plain"},
        {"{'topic':'','m.topic':{'m.text':[{'body':'other'}]}}", NULL},
        {"{'m.topic':{'m.text':[{'mimetype':'text/html','body':'<b>x</b>'},{'body':'x'}]}}", "x"},
        {"{'m.topic':{'m.text':[{'mimetype':'text/plain','body':'y'}]}}", "y"},
        {"{'m.topic':{'m.text':[{'mimetype':'text/html','body':'<b>x</b>'},7,{}]}}", NULL},
        {"{'m.topic':{'m.text':{'body':'x'}}}", NULL},
        {"{'topic':7}", NULL},
        {"{'topic':' \\n a\\r\\nb\\tc\\u0007 \\n'}", "a\nb c"},
        {"{'topic':'\\u202eevil'}", "evil"},
        {"{}", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *content = g_strdelimit(g_strdup(cases[i].content), "'", '"');
        g_autofree char *topic = mx_room_info_read_topic(content);
        g_test_message("%s", content);
        g_assert_cmpstr(topic, ==, cases[i].topic);
    }
    g_autofree char *as = g_strnfill(60000, 'a');
    g_autofree char *content = g_strdup_printf("{\"topic\":\"%s\"}", as);
    g_autofree char *topic = mx_room_info_read_topic(content);
    g_assert_cmpuint(strlen(topic), ==, 16000);
}

#define add(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/places/tags", test_tags);
    add("/places/spaces", test_spaces);
    add("/places/no-space", test_no_space);
    add("/places/listed", test_listed);
    g_test_add_func("/places/topic", test_topic);
    return g_test_run();
}

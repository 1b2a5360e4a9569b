/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-line.h"
#include "store-fixture.h"

/* What happens to a room, in words. In the texts ' stands for ". @ann:x is Ann, @bob:x Bob, @zoe:x
 * is gone and was Zoe; there is a second Sam. The room is of version 12 and @ann:x has made it. */

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *user_id, *name;
        MxMembership membership;
    } people[] = {
        {"@ann:x", "Ann", MX_MEMBERSHIP_JOIN},  {"@bob:x", "Bob", MX_MEMBERSHIP_JOIN},
        {"@sam:x", "Sam", MX_MEMBERSHIP_JOIN},  {"@sam2:x", "Sam", MX_MEMBERSHIP_JOIN},
        {"@zoe:x", "Zoe", MX_MEMBERSHIP_LEAVE}, {"@odd:x", "<b>&amp;", MX_MEMBERSHIP_JOIN},
    };
    static const char create[] = "{\"room_version\":\"12\"}";
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!r:x");
    gint64 room = fixture->room->key;
    for (guint i = 0; i < G_N_ELEMENTS(people); i++)
        mx_store_set_member(fixture->store, room, people[i].user_id, people[i].membership,
                            people[i].name, NULL);
    mx_store_set_state(fixture->store, room, "m.room.create", "", "$c", "@ann:x",
                       mx_json_scan_root(create, strlen(create)));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

typedef struct {
    const char *type, *state_key, *sender, *content, *prev;
    const char *text; /* NULL: nothing is said */
} Case;

static char *from_quotes(const char *text)
{
    return text != NULL ? g_strdelimit(g_strdup(text), "'", '"') : NULL;
}

static void check(Fixture *fixture, const Case *cases, guint n, gboolean minor_wanted)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *content = from_quotes(cases[i].content);
        g_autofree char *prev = from_quotes(cases[i].prev);
        MxTimelineRow row = {.room = fixture->room->key,
                             .type = (char *)cases[i].type,
                             .sender = (char *)cases[i].sender,
                             .state_key = (char *)cases[i].state_key,
                             .content = content,
                             .prev_content = prev};
        gboolean is_minor = FALSE;
        g_autofree char *text = mx_state_line_describe(fixture->store, &row, &is_minor);
        g_test_message("%s %s", cases[i].type, content);
        g_assert_cmpstr(text, ==, cases[i].text);
        if (text != NULL)
            g_assert_cmpint(is_minor, ==, minor_wanted);
    }
}

#define MEMBER(user, sender, now, prev, text)                                                      \
    {                                                                                              \
        "m.room.member", user, sender, now, prev, text                                             \
    }
#define JOIN "{'membership':'join'}"
#define LEAVE "{'membership':'leave'}"
#define INVITE "{'membership':'invite'}"
#define KNOCK "{'membership':'knock'}"
#define BAN "{'membership':'ban'}"
#define NAMED(name) "{'membership':'join','displayname':'" name "'}"

/* Who comes, goes, or is called otherwise: left out in large rooms. */
static void test_coming_and_going(Fixture *fixture, gconstpointer data)
{
    static const Case cases[] = {
        MEMBER("@bob:x", "@bob:x", JOIN, NULL, "Bob has joined."),
        MEMBER("@bob:x", "@bob:x", JOIN, LEAVE, "Bob has joined."),
        MEMBER("@bob:x", "@bob:x", JOIN, KNOCK, "Bob has joined."),
        MEMBER("@bob:x", "@bob:x", JOIN, INVITE, "Bob has accepted the invitation."),
        MEMBER("@sam2:x", "@sam2:x", JOIN, LEAVE, "Sam (@sam2:x) has joined."),
        MEMBER("@odd:x", "@odd:x", JOIN, LEAVE, "<b>&amp; has joined."),
        MEMBER("@zoe:x", "@zoe:x", LEAVE, JOIN, "Zoe has left."),
        MEMBER("@zoe:x", "@zoe:x", "{'membership':'leave','reason':'see\\nyou'}", JOIN,
               "Zoe has left. Reason: see you"),
        MEMBER("@new:x", "@new:x", LEAVE, NAMED("New"), "New (@new:x) has left."),
        MEMBER("@new:x", "@new:x", LEAVE, JOIN, "@new:x has left."),
        MEMBER("@bob:x", "@bob:x", NAMED("Bob"), NAMED("Robert"), "Robert is now known as Bob."),
        MEMBER("@bob:x", "@bob:x", NAMED("Bob"), JOIN, "@bob:x is now known as Bob."),
        MEMBER("@bob:x", "@bob:x", JOIN, NAMED("Bob"), "Bob is now known as @bob:x."),
        MEMBER("@sam:x", "@sam:x", NAMED("Sam"), NAMED("Max"), "Max is now known as Sam (@sam:x)."),
        MEMBER("@bob:x", "@bob:x", NAMED("@ann:x"), NAMED("Bob"),
               "Bob is now known as @ann:x (@bob:x)."),
        /* nothing to say */
        MEMBER("@bob:x", "@bob:x", NAMED("Bob"), NAMED("Bob"), NULL),
        MEMBER("@bob:x", "@bob:x", "{'membership':'join','avatar_url':'mxc://x/1'}", JOIN, NULL),
        MEMBER("@bob:x", "@bob:x", NAMED(" Bob"), NAMED("Bob "), NULL),
        MEMBER("@bob:x", "@bob:x", LEAVE, NULL, NULL),
        MEMBER("@bob:x", "@bob:x", LEAVE, LEAVE, NULL),
        MEMBER("@bob:x", "@ann:x", BAN, BAN, NULL),
        MEMBER("@bob:x", "@bob:x", INVITE, NULL, NULL),
        MEMBER("@bob:x", "@bob:x", BAN, JOIN, NULL),
        MEMBER("@bob:x", "@bob:x", "{}", JOIN, NULL),
        MEMBER("@bob:x", "@bob:x", "{'membership':5}", JOIN, NULL),
        MEMBER("@bob:x", "@bob:x", "{'membership':'odd'}", JOIN, NULL),
    };
    check(fixture, cases, G_N_ELEMENTS(cases), TRUE);
}

static void test_deeds(Fixture *fixture, gconstpointer data)
{
    static const Case cases[] = {
        MEMBER("@bob:x", "@ann:x", INVITE, NULL, "Ann has invited Bob."),
        MEMBER("@bob:x", "@ann:x", "{'membership':'invite','reason':'come'}", LEAVE,
               "Ann has invited Bob. Reason: come"),
        MEMBER("@bob:x", "@ann:x", INVITE, KNOCK, "Ann has agreed to let Bob join."),
        MEMBER("@bob:x", "@bob:x", "{'membership':'knock','reason':'please'}", LEAVE,
               "Bob asks to join. Reason: please"),
        MEMBER("@bob:x", "@ann:x", LEAVE, KNOCK, "Ann does not let Bob join."),
        MEMBER("@bob:x", "@bob:x", LEAVE, KNOCK, "Bob no longer asks to join."),
        MEMBER("@bob:x", "@ann:x", "{'membership':'leave','reason':'spam'}", JOIN,
               "Ann has removed Bob. Reason: spam"),
        MEMBER("@bob:x", "@bob:x", LEAVE, INVITE, "Bob has rejected the invitation."),
        MEMBER("@bob:x", "@ann:x", LEAVE, INVITE, "Ann has withdrawn the invitation of Bob."),
        MEMBER("@bob:x", "@ann:x", LEAVE, BAN, "Ann has unbanned Bob."),
        MEMBER("@bob:x", "@ann:x", BAN, JOIN, "Ann has banned Bob."),
        MEMBER("@bob:x", "@ann:x", BAN, INVITE, "Ann has banned Bob."),
        MEMBER("@bob:x", "@ann:x", BAN, KNOCK, "Ann has banned Bob."),
        MEMBER("@bob:x", "@ann:x", "{'membership':'ban','reason':7}", NULL, "Ann has banned Bob."),
        MEMBER("@sam:x", "@odd:x", BAN, JOIN, "<b>&amp; has banned Sam (@sam:x)."),
    };
    check(fixture, cases, G_N_ELEMENTS(cases), FALSE);
}

#define ROOM(type, now, prev, text)                                                                \
    {                                                                                              \
        "m.room." type, "", "@ann:x", now, prev, text                                              \
    }

static void test_room(Fixture *fixture, gconstpointer data)
{
    static const Case cases[] = {
        ROOM("name", "{'name':'Garden'}", NULL, "Ann has named this room “Garden”."),
        ROOM("name", "{'name':'Garden'}", "{'name':'Yard'}", "Ann has named this room “Garden”."),
        ROOM("name", "{'name':'Garden'}", "{'name':'Garden'}", NULL),
        ROOM("name", "{'name':''}", "{'name':'Yard'}", "Ann has removed the name of this room."),
        ROOM("name", "{}", "{}", NULL),
        ROOM("topic", "{'topic':'All\\nabout'}", NULL, "Ann has changed the topic to: All about"),
        ROOM("topic", "{'topic':'%s %n'}", NULL, "Ann has changed the topic to: %s %n"),
        ROOM("topic", "{'topic':'x'}", "{'topic':'x'}", NULL),
        ROOM("topic", "{'topic':''}", "{'topic':'x'}", "Ann has removed the topic."),
        ROOM("topic",
             "{'m.topic':{'m.text':[{'mimetype':'text/html','body':'<b>x</b>'},{'body':'plain'}]}}",
             NULL, "Ann has changed the topic to: plain"),
        ROOM("topic", "{'m.topic':{'m.text':7}}", NULL, NULL),
        ROOM("canonical_alias", "{'alias':'#a:x'}", NULL,
             "Ann has given this room the address #a:x."),
        ROOM("canonical_alias", "{}", "{'alias':'#a:x'}",
             "Ann has removed the main address of this room."),
        ROOM("canonical_alias", "{'alias':'#a:x','alt_aliases':['#b:x']}", "{'alias':'#a:x'}",
             "Ann has changed the other addresses of this room."),
        ROOM("canonical_alias", "{'alias':'#a:x'}", "{'alias':'#a:x'}", NULL),
        ROOM("avatar", "{'url':'mxc://x/1'}", NULL, "Ann has changed the picture of this room."),
        ROOM("avatar", "{}", "{'url':'mxc://x/1'}", "Ann has removed the picture of this room."),
        ROOM("join_rules", "{'join_rule':'public'}", NULL, NULL),
        ROOM("join_rules", "{'join_rule':'public'}", "{'join_rule':'invite'}",
             "Ann has opened this room: anybody may join."),
        ROOM("join_rules", "{'join_rule':'knock'}", "{'join_rule':'invite'}",
             "Ann has closed this room: people may ask to join."),
        ROOM("join_rules", "{'join_rule':'odd'}", "{'join_rule':'invite'}", NULL),
        ROOM("history_visibility", "{'history_visibility':'joined'}",
             "{'history_visibility':'shared'}",
             "Ann has made what is written from now on readable for those who had joined before."),
        ROOM("guest_access", "{'guest_access':'can_join'}", "{'guest_access':'forbidden'}",
             "Ann lets guests without an account join."),
        ROOM("encryption", "{'algorithm':'m.megolm.v1.aes-sha2'}", NULL,
             "Ann has switched on encryption."),
        ROOM("encryption", "{'algorithm':'m.megolm.v1.aes-sha2','rotation_period_ms':1}",
             "{'algorithm':'m.megolm.v1.aes-sha2'}", NULL),
        ROOM("tombstone", "{'body':'moved','replacement_room':'!new'}", NULL,
             "Ann has moved this room. It goes on in a new one: "
             "/join https://matrix.to/#/%21new?via=x"),
        ROOM("tombstone", "{'body':'The end.','replacement_room':'odd'}", NULL,
             "Ann has closed this room for good. The end."),
        ROOM("pinned_events", "{'pinned':['$1']}", NULL, "Ann has pinned a message."),
        ROOM("pinned_events", "{'pinned':[]}", "{'pinned':['$1']}", "Ann has unpinned a message."),
        ROOM("pinned_events", "{'pinned':['$2']}", "{'pinned':['$1']}",
             "Ann has changed the pinned messages."),
        ROOM("pinned_events", "{'pinned':7}", NULL, NULL),
        ROOM(
            "server_acl", "{'allow':['*']}", NULL,
            "Ann has changed which servers may take part in this room. All servers may take part."),
        ROOM("third_party_invite", "{'display_name':'b…@example.org'}", NULL,
             "Ann has invited b…@example.org."),
        ROOM("third_party_invite", "{}", "{'display_name':'b…@example.org'}",
             "Ann has withdrawn the invitation of b…@example.org."),
        ROOM("unknown", "{'a':1}", NULL, NULL),
    };
    check(fixture, cases, G_N_ELEMENTS(cases), FALSE);
}

static void test_power(Fixture *fixture, gconstpointer data)
{
    static const Case cases[] = {
        ROOM("power_levels", "{'users':{'@bob:x':50}}", NULL, NULL),
        ROOM("power_levels", "{'users':{'@bob:x':50}}", "{}",
             "Ann has changed power levels: Bob is now a moderator."),
        ROOM("power_levels", "{'users':{'@bob:x':100,'@sam:x':7}}", "{}",
             "Ann has changed power levels: Bob is now an administrator, Sam (@sam:x) now has the "
             "power level 7."),
        ROOM("power_levels", "{'users':{}}", "{'users':{'@bob:x':50}}",
             "Ann has changed power levels: Bob is now an ordinary member."),
        ROOM("power_levels", "{'users':{'@bob:x':50},'ban':60}", "{'users':{'@bob:x':50}}",
             "Ann has changed who may do what in this room."),
        /* who has made the room is above all that */
        ROOM("power_levels", "{'users':{'@ann:x':50}}", "{}",
             "Ann has changed who may do what in this room."),
        ROOM(
            "power_levels",
            "{'users':{'@a:x':1,'@b:x':1,'@c:x':1,'@d:x':1,'@e:x':1,'@f:x':1,'@g:x':1}}", "{}",
            "Ann has changed power levels: @a:x now has the power level 1, @b:x now has the power "
            "level 1, @c:x now has the power level 1, @d:x now has the power level 1, @e:x now has "
            "the power level 1, and 2 more changes."),
    };
    check(fixture, cases, G_N_ELEMENTS(cases), FALSE);
}

/* A topic of a megabyte is no line of one. */
static void test_long(Fixture *fixture, gconstpointer data)
{
    g_autofree char *topic = g_strnfill(1000000, 'x');
    g_autofree char *content = g_strdup_printf("{\"topic\":\"%s\"}", topic);
    MxTimelineRow row = {.room = fixture->room->key,
                         .type = (char *)"m.room.topic",
                         .sender = (char *)"@ann:x",
                         .state_key = (char *)"",
                         .content = content};
    gboolean is_minor;
    g_autofree char *text = mx_state_line_describe(fixture->store, &row, &is_minor);
    g_assert_cmpint(strlen(text), <, 1100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    add("/state-line/coming-and-going", test_coming_and_going);
    add("/state-line/deeds", test_deeds);
    add("/state-line/room", test_room);
    add("/state-line/power", test_power);
    add("/state-line/long", test_long);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-event.h"
#include "mx-room-name.h"
#include "store-fixture.h"

/* Client-server API, "Calculating the display name for a room" and "… for a user". */

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

static void set_member(Fixture *fixture, const char *user_id, MxMembership membership,
                       const char *name)
{
    mx_store_set_member(fixture->store, fixture->room->key, user_id, membership, name, NULL);
}

#define assert_room_name(fixture, expected)                                                        \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *computed_ =                                                               \
            mx_room_name_compute((fixture)->store, (fixture)->room, "@me:x");                      \
        g_assert_cmpstr(computed_, ==, expected);                                                  \
    }                                                                                              \
    G_STMT_END

typedef struct {
    const char *name, *alias, *heroes;
    gint64 joined, invited;
    const char *expected;
} Case;

static const Case cases[] = {
    /* a name, then an alias, then people */
    {"The room", "#a:x", "[\"@a:x\"]", 2, 0, "The room"},
    {NULL, "#a:x", "[\"@a:x\"]", 2, 0, "#a:x"},
    {"  ", "#a:x", "[\"@a:x\"]", 2, 0, "#a:x"},
    {"", "", "[\"@a:x\"]", 2, 0, "Ann"},
    /* as many heroes as others */
    {NULL, NULL, "[\"@a:x\"]", 2, 0, "Ann"},
    {NULL, NULL, "[\"@a:x\"]", 1, 1, "Ann"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\"]", 3, 0, "Ann and Bob"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\",\"@c:x\"]", 2, 2, "Ann, Bob and @c:x"},
    /* what would begin a line, or turn one round */
    {"A\nB\xc2\x85\x43\xe2\x80\xa8\x44\xe2\x80\xa9\x45\xe2\x80\xae\x46", NULL, NULL, 1, 0,
     "A B  C   D   E   F"},
    /* fewer heroes than others */
    {NULL, NULL, "[\"@a:x\"]", 3, 0, "Ann and 1 other"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\"]", 1000, 0, "Ann, Bob and 997 others"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\",\"@c:x\",\"@d:x\",\"@e:x\",\"@f:x\"]", 7, 0,
     "Ann, Bob, @c:x, @d:x, @e:x and 1 other"},
    /* nobody else is there any more */
    {NULL, NULL, "[\"@a:x\"]", 1, 0, "Empty room (was Ann)"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\"]", 1, 0, "Empty room (was Ann and Bob)"},
    {NULL, NULL, "[\"@a:x\",\"@b:x\",\"@c:x\"]", 0, 0, "Empty room (was Ann, Bob and @c:x)"},
    /* oneself is no hero, nor is what is no user */
    {NULL, NULL, "[\"@me:x\",\"@a:x\"]", 2, 0, "Ann"},
    {NULL, NULL, "[\"nobody\",5,null,{},\"@b:x\"]", 2, 0, "Bob"},
};

static void set_fields(MxRoomRow *room, const Case *one)
{
    g_free(room->name);
    g_free(room->canonical_alias);
    g_free(room->heroes);
    room->name = g_strdup(one->name);
    room->canonical_alias = g_strdup(one->alias);
    room->heroes = g_strdup(one->heroes);
    room->joined_count = one->joined;
    room->invited_count = one->invited;
}

static void test_table(Fixture *fixture, gconstpointer data)
{
    set_member(fixture, "@a:x", MX_MEMBERSHIP_JOIN, "Ann");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_LEAVE, "Bob");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_fields(fixture->room, &cases[i]);
        g_test_message("%s", cases[i].expected);
        assert_room_name(fixture, cases[i].expected);
    }
}

/* Without a summary, as in invitations, the known members stand in. */
static void test_no_summary(Fixture *fixture, gconstpointer data)
{
    assert_room_name(fixture, "Empty room");
    set_member(fixture, "@me:x", MX_MEMBERSHIP_INVITE, "Me");
    assert_room_name(fixture, "Empty room");
    set_member(fixture, "@a:x", MX_MEMBERSHIP_JOIN, "Ann");
    assert_room_name(fixture, "Ann");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_INVITE, NULL);
    assert_room_name(fixture, "Ann and @b:x");
    set_member(fixture, "@c:x", MX_MEMBERSHIP_LEAVE, "Gone");
    assert_room_name(fixture, "Ann and @b:x");
    fixture->room->heroes = g_strdup("[]");
    assert_room_name(fixture, "Ann and @b:x");
    set_member(fixture, "@d:x", MX_MEMBERSHIP_JOIN, "Dan");
    set_member(fixture, "@e:x", MX_MEMBERSHIP_JOIN, "Eve");
    set_member(fixture, "@f:x", MX_MEMBERSHIP_JOIN, "Fay");
    set_member(fixture, "@g:x", MX_MEMBERSHIP_JOIN, "Gil");
    set_member(fixture, "@h:x", MX_MEMBERSHIP_JOIN, "Hal");
    assert_room_name(fixture, "Ann, @b:x, Dan, Eve, Fay and 2 others");
}

/* Two people of one name are told apart, and no longer when one has left or changed it (D9). */
static void test_disambiguation(Fixture *fixture, gconstpointer data)
{
    Case two = {NULL, NULL, "[\"@a:x\",\"@b:x\"]", 3, 0, NULL};
    set_fields(fixture->room, &two);
    set_member(fixture, "@a:x", MX_MEMBERSHIP_JOIN, "Alice");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_INVITE, "Alice");
    assert_room_name(fixture, "Alice (@a:x) and Alice (@b:x)");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_JOIN, "Bob");
    assert_room_name(fixture, "Alice and Bob");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_LEAVE, "Alice");
    assert_room_name(fixture, "Alice and Alice (@b:x)");
}

static void test_members(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *display_name, *expected;
    } names[] = {
        {NULL, "@a:x"},           {"", "@a:x"},
        {" \n ", "@a:x"},         {" Ann ", "Ann"},
        {"A\nn\tn\x01", "A n n"}, {"\xc3\x84nn", "\xc3\x84nn"},
    };
    g_autofree char *unknown =
        mx_room_name_of_member(fixture->store, fixture->room->key, "@stranger:x");
    g_assert_cmpstr(unknown, ==, "@stranger:x");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        set_member(fixture, "@a:x", MX_MEMBERSHIP_JOIN, names[i].display_name);
        g_autofree char *name = mx_room_name_of_member(fixture->store, fixture->room->key, "@a:x");
        g_assert_cmpstr(name, ==, names[i].expected);
    }
}

/* Names that look the same are the same to the eye. */
static void test_lookalike_by_space(Fixture *fixture, gconstpointer data)
{
    static const char text[] = "{\"membership\":\"join\",\"displayname\":\" Alice\\n\"}";
    g_auto(MxMemberContent) content = {0};
    mx_member_content_parse(&content, mx_json_scan_root(text, strlen(text)));
    set_member(fixture, "@a:x", MX_MEMBERSHIP_JOIN, "Alice");
    set_member(fixture, "@b:x", MX_MEMBERSHIP_JOIN, content.display_name);
    g_autofree char *one = mx_room_name_of_member(fixture->store, fixture->room->key, "@a:x");
    g_autofree char *other = mx_room_name_of_member(fixture->store, fixture->room->key, "@b:x");
    g_assert_cmpstr(one, !=, other);
}

static void test_hostile_names(Fixture *fixture, gconstpointer data)
{
    g_autofree char *very_long = g_strnfill(100000, 'x');
    fixture->room->name = g_strdup("a\nb\tc\x7f");
    assert_room_name(fixture, "a b c");
    g_free(fixture->room->name);
    fixture->room->name = g_steal_pointer(&very_long);
    g_autofree char *name = mx_room_name_compute(fixture->store, fixture->room, "@me:x");
    g_assert_cmpint(strlen(name), <=, 200);
    g_assert_cmpint(strlen(name), >, 50);
    g_free(fixture->room->name);
    fixture->room->name = g_strdup("broken \xff text");
    g_autofree char *valid = mx_room_name_compute(fixture->store, fixture->room, "@me:x");
    g_assert_true(g_utf8_validate(valid, -1, NULL));
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/room-name/table", test_table);
    add("/room-name/no-summary", test_no_summary);
    add("/room-name/disambiguation", test_disambiguation);
    add("/room-name/members", test_members);
    add("/room-name/hostile-names", test_hostile_names);
    add("/room-name/lookalike-by-space", test_lookalike_by_space);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-store-private.h"
#include "store-fixture.h"

/* Values, rooms, members, state and transactions. Timeline and queue: test-store-lines.c. */

typedef struct {
    char *dir;
    MxStore *store;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static void reopen(Fixture *fixture)
{
    mx_store_close(fixture->store);
    fixture->store = store_fixture_open(fixture->dir);
}

#define assert_value(store, name, expected)                                                        \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *value_ = mx_store_get_value(store, name);                                 \
        g_assert_cmpstr(value_, ==, expected);                                                     \
    }                                                                                              \
    G_STMT_END

static MxJsonSlice slice_of(const char *text)
{
    return mx_json_scan_root(text, strlen(text));
}

static void test_values(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    assert_value(store, "a", NULL);
    mx_store_set_value(store, "a", "1");
    mx_store_set_value(store, "b", "");
    mx_store_set_value(store, "a", "2");
    reopen(fixture);
    store = fixture->store;
    assert_value(store, "a", "2");
    assert_value(store, "b", "");
    mx_store_set_value(store, "a", NULL);
    mx_store_set_value(store, "never there", NULL);
    assert_value(store, "a", NULL);
    assert_value(store, "b", "");
}

static void test_account_data(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    mx_store_set_account_data(store, 0, "m.direct", "{\"a\":1}TRAILING", 7);
    mx_store_set_account_data(store, 5, "m.direct", "{}", 2);
    mx_store_set_account_data(store, 5, "m.tag", "{\"b\":2}", 7);
    mx_store_set_account_data(store, 5, "m.tag", "{\"c\":3}", 7);
    g_autofree char *global = mx_store_get_account_data(store, 0, "m.direct");
    g_autofree char *of_room = mx_store_get_account_data(store, 5, "m.direct");
    g_autofree char *tag = mx_store_get_account_data(store, 5, "m.tag");
    g_assert_cmpstr(global, ==, "{\"a\":1}");
    g_assert_cmpstr(of_room, ==, "{}");
    g_assert_cmpstr(tag, ==, "{\"c\":3}");
    g_assert_null(mx_store_get_account_data(store, 0, "m.tag"));
}

static void test_commit_and_rollback(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    mx_store_begin(store);
    mx_store_set_value(store, "kept", "1");
    store_fixture_commit(store);
    mx_store_begin(store);
    mx_store_set_value(store, "kept", "2");
    mx_store_set_value(store, "lost", "1");
    assert_value(store, "lost", "1");
    mx_store_rollback(store);
    assert_value(store, "kept", "1");
    assert_value(store, "lost", NULL);
    mx_store_begin(store); /* and the next one works */
    mx_store_set_value(store, "kept", "3");
    store_fixture_commit(store);
    assert_value(store, "kept", "3");
}

/* Statements that the database refuses, each in the middle of good ones. */
static void fail_state(MxStore *store)
{
    mx_store_set_state(store, 4711, "m.room.name", "", NULL, NULL, slice_of("{}")); /* no room */
}

static void fail_member(MxStore *store)
{
    mx_store_set_member(store, 4711, "@a:x", MX_MEMBERSHIP_JOIN, NULL, NULL);
}

static void fail_timeline(MxStore *store)
{
    MxTimelineRow row = {.room = 4711, .sender = (char *)"@a:x", .content = (char *)"{}"};
    row.type = (char *)"t";
    g_assert_false(mx_store_add_timeline(store, &row));
    g_assert_cmpint(row.id, ==, 0);
}

static void fail_queue(MxStore *store)
{
    MxQueueRow row = {.room = 4711, .row = 4711, .txn_id = (char *)"t"};
    row.type = row.content = (char *)"{}";
    mx_store_add_queue(store, &row);
}

static void fail_null(MxStore *store)
{
    MxJsonSlice nothing = {0};
    mx_store_exec(store, "INSERT INTO account_data VALUES (0, 'x', ?)", "j", nothing);
}

static void fail_sql(MxStore *store)
{
    mx_store_exec(store, "INSERT INTO no_such_table VALUES (1)", "");
}

static void test_sticky(Fixture *fixture, gconstpointer data)
{
    static void (*const failing[])(MxStore *) = {fail_state, fail_member, fail_timeline,
                                                 fail_queue, fail_null,   fail_sql};
    MxStore *store = fixture->store;
    mx_store_set_value(store, "a", "before");
    for (guint i = 0; i < G_N_ELEMENTS(failing); i++) {
        g_autoptr(GError) error = NULL;
        mx_store_begin(store);
        mx_store_set_value(store, "a", "changed");
        failing[i](store);
        mx_store_set_value(store, "b", "after the failure");
        g_assert_null(mx_store_get_value(store, "b"));
        g_assert_false(mx_store_commit(store, &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
        assert_value(store, "a", "before");
        assert_value(store, "b", NULL);
        mx_store_begin(store); /* nothing of it is left */
        mx_store_set_value(store, "c", "1");
        store_fixture_commit(store);
    }
}

/* The first failure is the one that is reported. */
static void test_first_failure(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    mx_store_begin(fixture->store);
    mx_store_exec(fixture->store, "INSERT INTO first_wrong_table VALUES (1)", "");
    mx_store_exec(fixture->store, "INSERT INTO second_wrong_table VALUES (1)", "");
    g_assert_false(mx_store_commit(fixture->store, &error));
    g_assert_nonnull(strstr(error->message, "first_wrong_table"));
}

static MxRoomRow *make_full_room(void)
{
    MxRoomRow *room = mx_room_row_new("!opaque");
    room->membership = MX_MEMBERSHIP_INVITE;
    room->name = g_strdup("Name \xc3\xa9");
    room->canonical_alias = g_strdup("#a:x");
    room->room_type = g_strdup("m.space");
    room->heroes = g_strdup("[\"@a:x\"]");
    room->direct_user = g_strdup("@a:x");
    room->read_event_id = g_strdup("$read");
    room->prev_batch = g_strdup("p1");
    room->joined_count = 1;
    room->invited_count = 2;
    room->highlight_count = 3;
    room->notification_count = 4;
    room->top_pos = G_MAXINT64 / 2;
    room->last_ts = 1700000000000;
    room->encrypted = TRUE;
    room->members_complete = TRUE;
    room->hidden = TRUE;
    return room;
}

static void assert_same_room(const MxRoomRow *room, const MxRoomRow *expected)
{
    g_assert_nonnull(room);
    g_assert_cmpint(room->key, ==, expected->key);
    g_assert_cmpstr(room->room_id, ==, expected->room_id);
    g_assert_cmpint(room->membership, ==, expected->membership);
    g_assert_cmpstr(room->name, ==, expected->name);
    g_assert_cmpstr(room->canonical_alias, ==, expected->canonical_alias);
    g_assert_cmpstr(room->room_type, ==, expected->room_type);
    g_assert_cmpstr(room->heroes, ==, expected->heroes);
    g_assert_cmpstr(room->direct_user, ==, expected->direct_user);
    g_assert_cmpstr(room->read_event_id, ==, expected->read_event_id);
    g_assert_cmpstr(room->prev_batch, ==, expected->prev_batch);
    g_assert_cmpint(room->joined_count, ==, expected->joined_count);
    g_assert_cmpint(room->invited_count, ==, expected->invited_count);
    g_assert_cmpint(room->highlight_count, ==, expected->highlight_count);
    g_assert_cmpint(room->notification_count, ==, expected->notification_count);
    g_assert_cmpint(room->top_pos, ==, expected->top_pos);
    g_assert_cmpint(room->last_ts, ==, expected->last_ts);
    g_assert_cmpint(room->encrypted, ==, expected->encrypted);
    g_assert_cmpint(room->members_complete, ==, expected->members_complete);
    g_assert_cmpint(room->hidden, ==, expected->hidden);
}

static void test_rooms(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxRoomRow) fresh = mx_room_row_new("!fresh:x");
    g_autoptr(MxRoomRow) full = make_full_room();
    g_assert_null(mx_store_get_room(fixture->store, "!fresh:x"));
    g_assert_null(mx_store_get_room_by_key(fixture->store, 1));
    mx_store_save_room(fixture->store, fresh);
    mx_store_save_room(fixture->store, full);
    g_assert_cmpint(fresh->joined_count, ==, -1);
    reopen(fixture);
    g_autoptr(MxRoomRow) one = mx_store_get_room(fixture->store, "!fresh:x");
    g_autoptr(MxRoomRow) other = mx_store_get_room_by_key(fixture->store, full->key);
    assert_same_room(one, fresh);
    assert_same_room(other, full);

    g_clear_pointer(&full->name, g_free);
    full->membership = MX_MEMBERSHIP_LEAVE;
    mx_store_save_room(fixture->store, full);
    g_autoptr(GPtrArray) rooms = mx_store_list_rooms(fixture->store);
    g_assert_cmpint(rooms->len, ==, 2);
    assert_same_room(g_ptr_array_index(rooms, 0), fresh);
    assert_same_room(g_ptr_array_index(rooms, 1), full);
}

static void test_set_direct_user(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxRoomRow) room = store_fixture_add_room(fixture->store, "!a:x");
    g_autoptr(MxRoomRow) other = store_fixture_add_room(fixture->store, "!b:x");
    mx_store_set_direct_user(fixture->store, room->key, "@bob:x");
    g_autoptr(MxRoomRow) set = mx_store_get_room(fixture->store, "!a:x");
    g_autoptr(MxRoomRow) untouched = mx_store_get_room(fixture->store, "!b:x");
    g_assert_cmpstr(set->direct_user, ==, "@bob:x");
    g_assert_null(untouched->direct_user);
    mx_store_set_direct_user(fixture->store, room->key, NULL);
    g_autoptr(MxRoomRow) cleared = mx_store_get_room(fixture->store, "!a:x");
    g_assert_null(cleared->direct_user);
}

static void test_state(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    g_autoptr(MxRoomRow) room = store_fixture_add_room(store, "!a:x");
    g_autoptr(MxRoomRow) other = store_fixture_add_room(store, "!b:x");
    mx_store_set_state(store, room->key, "t", "", "$1", "@a:x", slice_of("{\"n\":1}"));
    mx_store_set_state(store, room->key, "t", "key", NULL, NULL, slice_of("{\"n\":2}"));
    mx_store_set_state(store, other->key, "t", "", "$3", "@a:x", slice_of("{\"n\":3}"));
    mx_store_set_state(store, room->key, "t", "", "$4", "@a:x", slice_of("{\"n\":4}"));
    g_autofree char *plain = mx_store_get_state(store, room->key, "t", "");
    g_autofree char *keyed = mx_store_get_state(store, room->key, "t", "key");
    g_autofree char *elsewhere = mx_store_get_state(store, other->key, "t", "");
    g_assert_cmpstr(plain, ==, "{\"n\":4}");
    g_assert_cmpstr(keyed, ==, "{\"n\":2}");
    g_assert_cmpstr(elsewhere, ==, "{\"n\":3}");
    g_assert_null(mx_store_get_state(store, room->key, "u", ""));
}

static void add_members(MxStore *store, gint64 room)
{
    mx_store_set_member(store, room, "@c:x", MX_MEMBERSHIP_JOIN, "Ann", "mxc://x/1");
    mx_store_set_member(store, room, "@a:x", MX_MEMBERSHIP_INVITE, "Ann", NULL);
    mx_store_set_member(store, room, "@b:x", MX_MEMBERSHIP_LEAVE, "Bob", NULL);
    mx_store_set_member(store, room, "@d:x", MX_MEMBERSHIP_BAN, "Dan", NULL);
    mx_store_set_member(store, room, "@e:x", MX_MEMBERSHIP_JOIN, "Bob", NULL);
    mx_store_set_member(store, room, "@f:x", MX_MEMBERSHIP_KNOCK, NULL, NULL);
    mx_store_set_member(store, room, "@g:x", MX_MEMBERSHIP_JOIN, "Dan", NULL);
}

static char *list_members(MxStore *store, gint64 room, int limit)
{
    GString *list = g_string_new(NULL);
    g_autoptr(GPtrArray) members = mx_store_list_members(store, room, limit);
    for (guint i = 0; i < members->len; i++) {
        MxMemberRow *member = g_ptr_array_index(members, i);
        g_string_append_printf(list, "%s ", member->user_id);
    }
    return g_string_free(list, FALSE);
}

static void test_members(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    g_autoptr(MxRoomRow) room = store_fixture_add_room(store, "!a:x");
    g_autoptr(MxRoomRow) other = store_fixture_add_room(store, "!b:x");
    add_members(store, room->key);
    mx_store_set_member(store, other->key, "@z:x", MX_MEMBERSHIP_JOIN, NULL, NULL);
    g_autofree char *all = list_members(store, room->key, -1);
    g_autofree char *two = list_members(store, room->key, 2);
    g_assert_cmpstr(all, ==, "@a:x @c:x @e:x @g:x ");
    g_assert_cmpstr(two, ==, "@a:x @c:x ");
    g_assert_cmpint(mx_store_count_members(store, room->key, MX_MEMBERSHIP_JOIN), ==, 3);
    g_assert_cmpint(mx_store_count_members(store, room->key, MX_MEMBERSHIP_INVITE), ==, 1);
    g_assert_cmpint(mx_store_count_members(store, room->key, MX_MEMBERSHIP_BAN), ==, 1);

    g_autoptr(MxMemberRow) member = mx_store_get_member(store, room->key, "@c:x");
    g_assert_cmpstr(member->user_id, ==, "@c:x");
    g_assert_cmpstr(member->display_name, ==, "Ann");
    g_assert_cmpint(member->membership, ==, MX_MEMBERSHIP_JOIN);
    mx_store_set_member(store, room->key, "@c:x", MX_MEMBERSHIP_LEAVE, NULL, NULL);
    g_autoptr(MxMemberRow) left = mx_store_get_member(store, room->key, "@c:x");
    g_assert_null(left->display_name);
    g_assert_cmpint(left->membership, ==, MX_MEMBERSHIP_LEAVE);
    g_assert_null(mx_store_get_member(store, room->key, "@z:x"));

    mx_store_forget_members(store, room->key);
    g_assert_null(mx_store_get_member(store, room->key, "@a:x"));
    g_assert_cmpint(mx_store_count_members(store, other->key, MX_MEMBERSHIP_JOIN), ==, 1);
}

/* D9: joined and invited ones count, and only those. */
static void test_shared_names(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *user_id, *name;
        gboolean shared;
    } cases[] = {
        {"@c:x", "Ann", TRUE},  {"@a:x", "Ann", TRUE},     {"@e:x", "Bob", FALSE},
        {"@g:x", "Dan", FALSE}, {"@b:x", "Bob", TRUE},     {"@new:x", "Dan", TRUE},
        {"@a:x", "ann", TRUE},  {"@a:x", "Nobody", FALSE},
    };
    g_autoptr(MxRoomRow) room = store_fixture_add_room(fixture->store, "!a:x");
    g_autoptr(MxRoomRow) other = store_fixture_add_room(fixture->store, "!b:x");
    add_members(fixture->store, room->key);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s as %s", cases[i].user_id, cases[i].name);
        g_assert_cmpint(
            mx_store_is_name_shared(fixture->store, room->key, cases[i].user_id, cases[i].name), ==,
            cases[i].shared);
    }
    g_assert_false(mx_store_is_name_shared(fixture->store, other->key, "@c:x", "Ann"));
}

static void test_membership_names(void)
{
    static const struct {
        const char *json;
        MxMembership membership;
    } cases[] = {
        {"\"join\"", MX_MEMBERSHIP_JOIN},
        {"\"invite\"", MX_MEMBERSHIP_INVITE},
        {"\"leave\"", MX_MEMBERSHIP_LEAVE},
        {"\"ban\"", MX_MEMBERSHIP_BAN},
        {"\"knock\"", MX_MEMBERSHIP_KNOCK},
        {"\"\\u006aoin\"", MX_MEMBERSHIP_JOIN},
        {"\"Join\"", MX_MEMBERSHIP_NONE},
        {"\"\"", MX_MEMBERSHIP_NONE},
        {"\"pending\"", MX_MEMBERSHIP_NONE},
        {"null", MX_MEMBERSHIP_NONE},
        {"1", MX_MEMBERSHIP_NONE},
        {"[\"join\"]", MX_MEMBERSHIP_NONE},
        {"{\"join\":1}", MX_MEMBERSHIP_NONE},
    };
    MxJsonSlice nothing = {0};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].json);
        g_assert_cmpint(mx_membership_from_slice(slice_of(cases[i].json)), ==, cases[i].membership);
    }
    g_assert_cmpint(mx_membership_from_slice(nothing), ==, MX_MEMBERSHIP_NONE);
}

/* Logging out forgets everything, but not how far transaction IDs have been counted: the server
 * may remember the old ones. */
static void test_clear(Fixture *fixture, gconstpointer data)
{
    static const char *const tables[] = {
        "SELECT count(*) FROM room",         "SELECT count(*) FROM state",
        "SELECT count(*) FROM member",       "SELECT count(*) FROM timeline",
        "SELECT count(*) FROM gap",          "SELECT count(*) FROM queue",
        "SELECT count(*) FROM account_data",
    };
    MxStore *store = fixture->store;
    g_autoptr(MxRoomRow) room = store_fixture_add_room(store, "!a:x");
    add_members(store, room->key);
    mx_store_set_state(store, room->key, "t", "", NULL, NULL, slice_of("{}"));
    mx_store_add_gap(store, room, "from", NULL);
    g_autofree char *txn_id = mx_store_new_txn_id(store);
    store_fixture_add_item(store, room, txn_id, "x");
    mx_store_set_account_data(store, 0, "m.direct", "{}", 2);
    mx_store_set_account_data(store, room->key, "m.tag", "{}", 2);
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, "secret");
    mx_store_set_value(store, MX_VALUE_FIRST_SYNC_DONE, "1");
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
        g_assert_cmpint(mx_store_query_int(store, -1, tables[i], ""), >, 0);
    g_autofree char *counter = mx_store_get_value(store, MX_VALUE_NEXT_TXN);

    mx_store_begin(store);
    mx_store_clear(store);
    store_fixture_commit(store);
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
        g_assert_cmpint(mx_store_query_int(store, -1, tables[i], ""), ==, 0);
    assert_value(store, MX_VALUE_ACCESS_TOKEN, NULL);
    assert_value(store, MX_VALUE_FIRST_SYNC_DONE, NULL);
    g_assert_nonnull(counter);
    assert_value(store, MX_VALUE_NEXT_TXN, counter);
}

static void test_txn_ids(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint round = 0; round < 4; round++) {
        for (guint i = 0; i < 200; i++)
            g_assert_true(g_hash_table_add(seen, mx_store_new_txn_id(fixture->store)));
        if (round == 2)
            mx_store_clear(fixture->store);
        reopen(fixture);
    }
    /* The counter alone keeps them apart, too, whatever the clock says. */
    g_autofree char *counter = mx_store_get_value(fixture->store, MX_VALUE_NEXT_TXN);
    g_assert_cmpstr(counter, ==, "800");
}

static void test_null_frees(void)
{
    mx_room_row_free(NULL);
    mx_member_row_free(NULL);
    mx_timeline_row_free(NULL);
    mx_gap_row_free(NULL);
    mx_queue_row_free(NULL);
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/store/values", test_values);
    add("/store/account-data", test_account_data);
    add("/store/commit-and-rollback", test_commit_and_rollback);
    add("/store/sticky", test_sticky);
    add("/store/first-failure", test_first_failure);
    add("/store/rooms", test_rooms);
    add("/store/set-direct-user", test_set_direct_user);
    add("/store/state", test_state);
    add("/store/members", test_members);
    add("/store/shared-names", test_shared_names);
    g_test_add_func("/store/membership-names", test_membership_names);
    add("/store/clear", test_clear);
    add("/store/txn-ids", test_txn_ids);
    g_test_add_func("/store/null-frees", test_null_frees);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-bridge.h"
#include "store-fixture.h"

/* What bridges say of the rooms they are in. */

static const struct {
    const char *content, *line;
} cases[] = {
    {"{\"protocol\":{\"id\":\"irc\",\"displayname\":\"IRC\"},\"network\":{\"id\":\"libera\","
     "\"displayname\":\"Libera.Chat\"},\"channel\":{\"id\":\"#roses\"}}",
     "IRC, Libera.Chat, #roses"},
    {"{\"protocol\":{\"id\":\"telegram\",\"displayname\":\"Telegram\"},"
     "\"channel\":{\"id\":\"12345\",\"displayname\":\"Gardeners\"}}",
     "Telegram, Gardeners"},
    {"{\"protocol\":{\"id\":\"Slack\"},\"network\":{\"id\":\"Slack\"},\"channel\":{\"id\":\"c\"}}",
     "Slack, c"},
    {"{\"channel\":{\"id\":\"a\",\"displayname\":\"\"}}", "a"},
    {"{\"channel\":{\"id\":\"a\",\"displayname\":\" \\n x\\u0007y \"}}", "x y"},
    {"{\"protocol\":{\"displayname\":7,\"id\":\"irc\"},\"network\":[],\"channel\":null}", "irc"},
    {"{\"protocol\":\"irc\",\"network\":1}", NULL},
    {"{\"creator\":\"@a:x\"}", NULL},
    {"{}", NULL},
    {"[]", NULL},
};

static void test_lines(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = mx_bridge_describe(cases[i].content);
        g_test_message("%s", cases[i].content);
        g_assert_cmpstr(line, ==, cases[i].line);
    }
}

static void add(MxStore *store, gint64 room, const char *type, const char *key, const char *content)
{
    mx_store_set_state(store, room, type, key, "$e", "@bot:x",
                       mx_json_scan_root(content, strlen(content)));
}

static void test_rooms(void)
{
    char *dir = store_fixture_make_dir();
    MxStore *store = store_fixture_open(dir);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(store, "!r:x");
    g_autoptr(GPtrArray) none = mx_bridge_list(store, room->key);
    g_assert_cmpuint(none->len, ==, 0);

    /* Most bridges write both; one that has left says nothing. */
    add(store, room->key, "m.bridge", "b", cases[0].content);
    add(store, room->key, "uk.half-shot.bridge", "b", cases[0].content);
    add(store, room->key, "uk.half-shot.bridge", "a", cases[1].content);
    add(store, room->key, "m.bridge", "gone", "{}");
    g_autoptr(GPtrArray) two = mx_bridge_list(store, room->key);
    g_assert_cmpuint(two->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(two, 0), ==, cases[0].line);
    g_assert_cmpstr(g_ptr_array_index(two, 1), ==, cases[1].line);

    for (guint i = 0; i < 50; i++) {
        g_autofree char *key = g_strdup_printf("key%u", i);
        g_autofree char *content = g_strdup_printf("{\"channel\":{\"id\":\"%u\"}}", i);
        add(store, room->key, "m.bridge", key, content);
    }
    g_autoptr(GPtrArray) many = mx_bridge_list(store, room->key);
    g_assert_cmpuint(many->len, ==, MX_BRIDGE_MAX);
    mx_store_close(store);
    store_fixture_remove_dir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bridge/lines", test_lines);
    g_test_add_func("/bridge/rooms", test_rooms);
    return g_test_run();
}

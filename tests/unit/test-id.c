/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-id.h"

typedef struct {
    const char *id;
    gboolean valid;
} Case;

static void check(const Case *cases, gsize count, gboolean (*is_valid)(const char *))
{
    for (gsize i = 0; i < count; i++) {
        if (is_valid(cases[i].id) != cases[i].valid)
            g_error("\"%s\" should be %s", cases[i].id, cases[i].valid ? "valid" : "invalid");
    }
}

static void test_user_ids(void)
{
    static const Case cases[] = {
        {"@alice:example.org", TRUE},
        {"@alice:example.org:8448", TRUE},
        {"@Alice+x=y/z:example.org", TRUE},
        {"@a/b:localhost:8491", TRUE},
        {"@alice:[::1]:8448", TRUE},
        {"@alice:1.2.3.4", TRUE},
        {"@\xc3\xa9t\xc3\xa9:example.org", TRUE},
        {"@:example.org", TRUE}, /* exists */
        {"alice:example.org", FALSE},
        {"@alice", FALSE},
        {"@alice:", FALSE},
        {"@", FALSE},
        {"", FALSE},
        {NULL, FALSE},
        {"@alice:exa mple.org", FALSE},
        {"@al ice:example.org", FALSE},
        {"@al\nice:example.org", FALSE},
        {"@al\x7fice:example.org", FALSE},
        {"@al\xff:example.org", FALSE},
        {"@alice:example.org:", FALSE},
        {"@alice:example.org/", FALSE},
        {"@alice:example.org:99999", FALSE},
        {"@alice:b:example.org", FALSE}, /* the server name is "b:example.org" */
        {"#alice:example.org", FALSE},
    };
    check(cases, G_N_ELEMENTS(cases), mx_user_id_is_valid);
}

static void test_rooms_and_events(void)
{
    static const Case rooms[] = {
        {"!abc:example.org", TRUE},
        {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", TRUE},
        {"!", FALSE},
        {"abc", FALSE},
        {"!a b", FALSE},
        {NULL, FALSE},
    };
    static const Case aliases[] = {
        {"#room:example.org", TRUE}, {"#r\xc3\xa4um/e#x:example.org", TRUE}, {"#room", FALSE},
        {"#room:", FALSE},           {"!room:example.org", FALSE},
    };
    static const Case events[] = {
        {"$143273582443PhrSn:example.org", TRUE},
        {"$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk", TRUE},
        {"$", FALSE},
        {"143", FALSE},
        {"$a\tb", FALSE},
    };
    check(rooms, G_N_ELEMENTS(rooms), mx_room_id_is_valid);
    check(aliases, G_N_ELEMENTS(aliases), mx_room_alias_is_valid);
    check(events, G_N_ELEMENTS(events), mx_event_id_is_valid);
}

static void test_server_names(void)
{
    static const Case cases[] = {
        {"example.org", TRUE},
        {"example.org:8448", TRUE},
        {"localhost:0", TRUE},
        {"xn--bcher-kva.ch", TRUE},
        {"1.2.3.4:80", TRUE},
        {"[::1]", TRUE},
        {"[2001:db8::1]:443", TRUE},
        {"", FALSE},
        {":80", FALSE},
        {"[::1", FALSE},
        {"[]", FALSE},
        {"::1", FALSE},
        {"[1.2.3.4]", FALSE},
        {"[fe80::1%eth0]", FALSE},
        {"[::1]x", FALSE},
        {"a:b", FALSE},
        {"a:+1", FALSE},
        {"a:123456", FALSE},
        {"a/b", FALSE},
        {"a@b", FALSE},
        {"b\xc3\xbc"
         "cher.ch",
         FALSE},
        {"[x]", FALSE},
        {"a:65535", TRUE},
        {"a:65536", FALSE},
    };
    check(cases, G_N_ELEMENTS(cases), mx_server_name_is_valid);
}

static void test_length(void)
{
    for (gsize len = 254; len <= 257; len++) {
        g_autofree char *id = g_strnfill(len, 'x');
        id[0] = '!';
        g_assert_cmpint(mx_room_id_is_valid(id), ==, len <= 255);
        id[0] = '@';
        memcpy(id + len - 4, ":abc", 4);
        g_assert_cmpint(mx_user_id_is_valid(id), ==, len <= 255);
    }
}

static void test_parts(void)
{
    static const struct {
        const char *id, *localpart, *server_name, *host;
    } cases[] = {
        {"@alice:example.org", "alice", "example.org", "example.org"},
        {"@a/b:localhost:8491", "a/b", "localhost:8491", "localhost"},
        {"@alice:[::1]:8448", "alice", "[::1]:8448", "[::1]"},
        {"@alice:[::1]", "alice", "[::1]", "[::1]"},
        {"@:example.org", "", "example.org", "example.org"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *localpart = mx_user_id_get_localpart(cases[i].id);
        g_autofree char *server_name = mx_user_id_get_server_name(cases[i].id);
        g_autofree char *host = mx_server_name_get_host(server_name);
        g_autofree char *joined = mx_user_id_new(localpart, server_name);
        g_assert_cmpstr(localpart, ==, cases[i].localpart);
        g_assert_cmpstr(server_name, ==, cases[i].server_name);
        g_assert_cmpstr(host, ==, cases[i].host);
        g_assert_cmpstr(joined, ==, cases[i].id);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/id/users", test_user_ids);
    g_test_add_func("/id/rooms-and-events", test_rooms_and_events);
    g_test_add_func("/id/server-names", test_server_names);
    g_test_add_func("/id/length", test_length);
    g_test_add_func("/id/parts", test_parts);
    return g_test_run();
}

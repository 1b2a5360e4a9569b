/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-text.h"

#include <string.h>

/* A room's state in words. */

#define EVENT(type, key, content)                                                                  \
    "{\"type\":\"" type "\",\"state_key\":\"" key "\",\"sender\":\"@b:x\","                        \
    "\"origin_server_ts\":86400000,\"content\":" content "}"

static MxJsonSlice scan(const char *text)
{
    g_assert_true(mx_json_scan_validate(text, strlen(text)));
    return mx_json_scan_root(text, strlen(text));
}

static void test_list(void)
{
    static const char *const by_words[] = {"TOPIC", "@b", NULL}, *const members[] = {"member",
                                                                                     NULL};
    static const char events[] =
        "[" EVENT("m.room.topic", "", "{}") "," EVENT("m.room.member", "@c:x", "{}") "," EVENT(
            "a.b", "k\\u202e", "{}") ",7,{},{\"type\":5,\"state_key\":[]}]";
    static const struct {
        MxStateFilter filter;
        const char *text;
    } cases[] = {
        {{NULL},
         "5 state events:\n, set by \n, set by \na.b of k, set by @b:x\n"
         "m.room.topic, set by @b:x\nand 1 m.room.member (/state list member names it)"},
        {{.words = by_words}, "1 state event:\nm.room.topic, set by @b:x"},
        {{.words = members}, "1 state event:\nm.room.member of @c:x, set by @b:x"},
        {{.type = "m.room.member"}, "1 state event:\nm.room.member of @c:x, set by @b:x"},
        {{.type = "none"}, "The room has no such state."},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = mx_state_text_list(scan(events), &cases[i].filter);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    g_autofree char *odd = mx_state_text_list(scan("{\"a\":1}"), &cases[4].filter);
    g_assert_cmpstr(odd, ==, "The room has no such state.");
}

static void test_long_list(void)
{
    g_autoptr(GString) events = g_string_new("[");
    const MxStateFilter all = {NULL};
    for (guint i = 0; i < 250; i++)
        g_string_append_printf(events,
                               "%s{\"type\":\"t.%03u\",\"state_key\":\"\",\"sender\":\"@a:x\"}",
                               i > 0 ? "," : "", i);
    g_string_append_c(events, ']');
    g_autofree char *text = mx_state_text_list(scan(events->str), &all);
    g_assert_true(g_str_has_prefix(text, "250 state events:\nt.000, set by @a:x\n"));
    g_assert_nonnull(strstr(text, "\nt.099, set by @a:x\n… and 150 more;"));
    g_assert_null(strstr(text, "t.100"));
}

static void test_event(void)
{
    static const char event[] = EVENT("a.b", "k", "{\"n\":{\"m\":[1]}}");
    g_autofree char *text = mx_state_text_event(scan(event), "a.b", "k");
    g_autofree char *bare = mx_state_text_event(scan("{\"topic\":\"x\"}"), "m.room.topic", "");
    g_assert_true(g_str_has_prefix(text, "a.b of k, set by @b:x on 1970-01-0"));
    g_assert_true(
        g_str_has_suffix(text, ":\n{\n  \"n\" : {\n    \"m\" : [\n      1\n    ]\n  }\n}"));
    g_assert_cmpstr(bare, ==, "m.room.topic:\n{\n  \"topic\" : \"x\"\n}");
    g_autofree char *as = g_strnfill(9000, 'a');
    g_autofree char *large = g_strdup_printf("{\"a\":\"%s\"}", as);
    g_autofree char *cut = mx_state_text_pretty(scan(large));
    g_assert_true(g_str_has_suffix(cut, "a\n…"));
    g_assert_cmpint(g_utf8_strlen(cut, -1), ==, 3002);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-text/list", test_list);
    g_test_add_func("/state-text/long-list", test_long_list);
    g_test_add_func("/state-text/event", test_event);
    return g_test_run();
}

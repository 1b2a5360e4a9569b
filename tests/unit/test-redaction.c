/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-redaction.h"

#include <string.h>

/* What a redaction leaves of an event: rules of room version 11. */

static void test_rules(void)
{
    static const struct {
        const char *type, *content, *left;
    } cases[] = {
        {"m.room.message", "{\"body\":\"x\"}", "{}"},
        {"m.room.topic", "{\"topic\":\"x\"}", "{}"},
        {"m.room.name", "{}", "{}"},
        {"m.room.aliases", "{\"aliases\":[]}", "{}"},
        {"tld.own", "{\"membership\":\"join\"}", "{}"},
        {"m.room.create", "{\"room_version\":\"11\", \"x\":[1]}",
         "{\"room_version\":\"11\", \"x\":[1]}"},
        {"m.room.member",
         "{\"displayname\":\"x\",\"membership\":\"join\",\"avatar_url\":\"mxc://x/y\","
         "\"join_authorised_via_users_server\":\"@a:x\",\"third_party_invite\":"
         "{\"display_name\":\"x\",\"signed\":{\"token\":\"t\"}}}",
         "{\"membership\":\"join\",\"join_authorised_via_users_server\":\"@a:x\","
         "\"third_party_invite\":{\"signed\":{\"token\":\"t\"}}}"},
        {"m.room.member", "{\"membership\":5,\"third_party_invite\":7}", "{\"membership\":5}"},
        {"m.room.join_rules", "{\"x\":1,\"join_rule\":\"knock\",\"allow\":[{}]}",
         "{\"join_rule\":\"knock\",\"allow\":[{}]}"},
        {"m.room.power_levels",
         "{\"users\":{\"@a:x\":100},\"notifications\":{\"room\":1},\"invite\":5,\"ban\":50}",
         "{\"ban\":50,\"invite\":5,\"users\":{\"@a:x\":100}}"},
        {"m.room.history_visibility", "{\"history_visibility\":\"joined\",\"x\":1}",
         "{\"history_visibility\":\"joined\"}"},
        {"m.room.redaction", "{\"redacts\":\"$1\",\"reason\":\"x\"}", "{\"redacts\":\"$1\"}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxJsonSlice content = mx_json_scan_root(cases[i].content, strlen(cases[i].content));
        g_autofree char *left = mx_redaction_strip(cases[i].type, content);
        g_assert_cmpstr(left, ==, cases[i].left);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/redaction/rules", test_rules);
    return g_test_run();
}

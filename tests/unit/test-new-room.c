/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-error.h"
#include "mx-json.h"
#include "mx-new-room.h"

#include <string.h>

/* What is typed after /create, and the request that becomes of it. */

static void test_bodies(void)
{
    static const struct {
        const char *typed, *has; /* parts of the body's text, separated by spaces */
    } cases[] = {
        {"Tea & <b>cake</b>", "\"name\":\"Tea_&_<b>cake</b>\" private_chat "
                              "\"visibility\":\"private\" \"initial_state\":[] "
                              "\"creation_content\":{} \"invite\":[]"},
        {"Before -- after", "\"name\":\"Before_--_after\""},
        {"{curly --public} --topic x",
         "\"name\":\"{curly_--public}\" \"topic\":\"x\" private_chat"},
        {"--public", "public_chat \"visibility\":\"public\""},
        {"A --public --unlisted", "public_chat \"visibility\":\"private\""},
        {"A --listed", "private_chat \"visibility\":\"public\""},
        {"A --topic two words --version 12", "\"topic\":\"two_words\" \"room_version\":\"12\""},
        {"A --alias #a:x", "\"room_alias_name\":\"a\""},
        {"A --alias a", "\"room_alias_name\":\"a\""},
        {"A --invite @b:x, @c:y --invite @d:z", "\"invite\":[\"@b:x\",\"@c:y\",\"@d:z\"]"},
        {"A --no-federate --type m.space", "\"type\":\"m.space\" \"m.federate\":false"},
        {"A --creation {\"a\":1} --no-federate", "{\"a\":1,\"m.federate\":false}"},
        {"A --power {\"invite\":50}", "\"power_level_content_override\":{\"invite\":50}"},
        {"A --join knock", "m.room.join_rules \"join_rule\":\"knock\""},
        {"A --history joined", "m.room.history_visibility \"history_visibility\":\"joined\""},
        {"A --guests forbidden", "m.room.guest_access \"guest_access\":\"forbidden\""},
        {"A --encrypted", "m.room.encryption m.megolm.v1.aes-sha2"},
        {"A --state t.x {\"a\":\"} --public \"} --topic y",
         "{\"type\":\"t.x\",\"state_key\":\"\",\"content\":{\"a\":\"}_--public_\"}} "
         "\"topic\":\"y\" private_chat"},
        {"A --state t.x a key {\"a\":{}}", "\"state_key\":\"a_key\" \"content\":{\"a\":{}}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MxNewRoom) room = mx_new_room_parse(cases[i].typed, "x", &error);
        g_assert_no_error(error);
        g_autoptr(JsonObject) body = mx_new_room_to_json(room);
        g_autofree char *text = mx_json_object_to_text(body);
        g_auto(GStrv) parts = g_strsplit(cases[i].has, " ", -1);
        for (guint j = 0; parts[j] != NULL; j++) {
            g_strdelimit(text, " ", '_');
            if (strstr(text, parts[j]) == NULL)
                g_error("“%s” has no %s: %s", cases[i].typed, parts[j], text);
        }
    }
}

static void test_refused(void)
{
    static const struct {
        const char *typed, *sentence;
    } cases[] = {
        {"A --colour red", "no option --colour. There are: --topic"},
        {"A --alias two words", "An address is a word"},
        {"A --alias #a:elsewhere", "An address is a word"},
        {"A --invite bob", "“bob” is no Matrix ID"},
        {"A --invite", "--invite needs a value"},
        {"A --topic", "--topic needs a value"},
        {"A --version 1 2", "--version needs one word"},
        {"A --public B", "--public takes no value"},
        {"A --join everybody", "--join is one of: public, invite, knock"},
        {"A --history all", "--history is one of"},
        {"A --guests yes", "--guests is one of"},
        {"A --power 50", "--power needs a JSON object"},
        {"A --power {\"a\":}", "--power needs a JSON object"},
        {"A --state t.x", "Write --state"},
        {"A --state {\"a\":1}", "Write --state"},
        {"A --state t.x {", "Write --state"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MxNewRoom) room = mx_new_room_parse(cases[i].typed, "x", &error);
        g_assert_null(room);
        g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
        if (strstr(error->message, cases[i].sentence) == NULL)
            g_error("“%s”: %s", cases[i].typed, error->message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/new-room/bodies", test_bodies);
    g_test_add_func("/new-room/refused", test_refused);
    return g_test_run();
}

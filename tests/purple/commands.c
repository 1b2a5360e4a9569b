/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What makes no sense to a command is answered with a sentence, and nothing is asked of anybody. */

#define MAX_BAD 8
#define LONG "(long)" /* stands for 20,000 letters */
#define NOBODY                                                                                     \
    {                                                                                              \
        "", "  ", "@", "nobody of this name", "@a", "<b>&amp;</b> x", LONG, "#room:localhost"      \
    }

/* Every command; bad: what it cannot take. Where that is NULL any text is good, or none is looked
 * at. */
static const struct {
    const char *name;
    const char *bad[MAX_BAD];
} commands[] = {
    {"accept", {"", "0", "-1", "x", "99", LONG}},
    {"account", {NULL}},
    {"admit", {NULL}},
    {"alias", {"frob", "add", "remove", "main", LONG}},
    {"ban", NOBODY},
    {"bans", {NULL}},
    {"block-device", {"", "nobody X", LONG}},
    {"create", {NULL}},
    {"deny", {NULL}},
    {"deop", NOBODY},
    {"devices", {"nobody", LONG}},
    {"directory", {"maybe", "on off", LONG}},
    {"discard", {NULL}},
    {"discardsession", {NULL}},
    {"download", {NULL}},
    {"edit", {"", "x", "99:99", "nobody: x", LONG}},
    {"encrypt", {NULL}},
    {"endpoll", {"", "99:99", "nobody:", "now", LONG}},
    {"event", {"", "a.b", "a.b {", "a.b []", "a.b 5", "a.b {\"x\":1.5}", LONG}},
    {"forget", {""}},
    {"history", {"0", "-1", "501", "99:99", "2020-13-01", "2999-01-01", "2020-01-01 25:00", LONG}},
    {"html", {"", "  ", "<script>x</script>", "<i></i>", "<img src=\"x\">"}},
    {"ignore", NOBODY},
    {"ignored", {NULL}},
    {"invite", NOBODY},
    {"invites", {"maybe", "block all", LONG}},
    {"join", {"", "  ", "nonsense", "#", "!", "https://example.org/", LONG, "<b>"}},
    {"joinrule", {"open", "public private", LONG}},
    {"kick", NOBODY},
    {"knock", {"", "  ", "nonsense", "#", "@bob:localhost", LONG}},
    {"knocks", {NULL}},
    {"leave", {"#nowhere:localhost", "!none:localhost see you", "matrix:r/none:localhost"}},
    {"list", {NULL}},
    {"matrix", {"", "GET", "GET /", "GET /_matrix/../x", "FETCH /_matrix/client/versions", LONG}},
    {"members", {NULL}},
    {"name", {NULL}},
    {"nick", {""}},
    {"notice", {""}},
    {"notify", {"often", "all mentions", LONG}},
    {"op", NOBODY},
    {"peek", {"", "  ", "nonsense", "#", "@bob:localhost", "https://example.org/", LONG}},
    {"pin", {"", "x", "99:99", "nobody:", "12:34 x", LONG}},
    {"pins", {NULL}},
    {"plain", {"", "  "}},
    {"poll", {"", "99:99", "nobody:", "1", LONG}},
    {"power",
     {"Bob", "Bob x", "Bob 1.5", "5", "nobody 5", "Bob 1e3", LONG, "Bob 99999999999999999"}},
    {"preview", {"", "  ", "nonsense", "#", "@bob:localhost", "https://example.org/", LONG}},
    {"react", {"", "x", "99:99", "nobody: x", LONG}},
    {"recovery", {"key", "setup now", "EsTu 1234", LONG}},
    {"redact", {"99:99", "nobody: x", LONG}},
    {"redactall", NOBODY},
    {"reject", {"", "0", "-1", "x", "99", LONG}},
    {"reply", {"", "x", "99:99", "nobody: x", LONG}},
    {"report", {"user", "user nobody", "user  @a", ""}},
    {"resend", {NULL}},
    {"room", {NULL}},
    {"search", {"", "  ", "!?", "all !?", "more"}},
    {"sendfile", {"", "  ", "/nowhere/at all", "/", LONG}},
    {"showall", {"perhaps", LONG}},
    {"state", {NULL}},
    {"tag", {"", "favorites", LONG}},
    {"thread", {"", "x", "99:99", "nobody: x", LONG}},
    {"topic", {NULL}},
    {"trust", NOBODY},
    {"unban", NOBODY},
    {"unblock-device", {"", "nobody X", LONG}},
    {"unignore", NOBODY},
    {"unknock", {"nonsense", LONG}},
    {"unreact", {"", "x", "99:99", "nobody: x", LONG}},
    {"unpin", {"", "0", "1", "x", "99:99", "nobody:", LONG}},
    {"unread", {NULL}},
    {"untrust", NOBODY},
    {"upgrade", {"1 2", "12 now", "a b c"}},
    {"users", {""}},
    {"verify", {"accept", "match", "mismatch", "cancel", "nobody here", "no/one", LONG}},
    {"visibility", {"all", "shared joined", "SHARED", "\"", LONG}},
    {"vote", {"", "x", "1", "99:99 1", "nobody: 1", LONG}},
    {"whois", NOBODY},
};

static guint find_command(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, name))
            return i;
    return G_MAXUINT;
}

static void try_one(Scenario *s, const char *name, const char *bad)
{
    PurpleConversation *room = host_find_conversation(s->account, ROOM);
    g_autofree char *letters = g_strnfill(20000, 'a');
    g_autofree char *text = g_strdup_printf("/%s %s", name, g_str_equal(bad, LONG) ? letters : bad);
    g_autofree char *error = NULL;
    const char *result = host_command(room, g_strchomp(text), &error);

    if (g_str_equal(result, "OK")) /* then it says why not in the window */
        EXPECT_EVENT(s, "line", "name", ROOM);
    else if (g_str_equal(result, "FAILED"))
        CHECK(s, error != NULL && *error != '\0' && strlen(error) < 1000);
    else
        EXPECT_TEXT(s, result, "WRONG_ARGS"); /* libpurple has a sentence for that */
    if (fake_server_position(s->server) > 0 || count_lines() > 0)
        FAIL(s, "“%.60s” did something", text);
    EXPECT_NOTHING(s, 20);
}

static void bad_input(Scenario *s)
{
    GList *names;
    guint known = 0;

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        for (guint n = 0; n < MAX_BAD && commands[i].bad[n] != NULL; n++)
            try_one(s, commands[i].name, commands[i].bad[n]);
    /* None is forgotten here: a new command has to be added above. */
    names = purple_cmd_list(host_find_conversation(s->account, ROOM));
    for (GList *l = names; l != NULL; l = l->next) {
        GList *help = purple_cmd_help(host_find_conversation(s->account, ROOM), l->data);
        guint index = find_command(l->data);
        if (help != NULL && index == G_MAXUINT)
            FAIL(s, "/%s is not in the table", (const char *)l->data);
        known += index != G_MAXUINT;
        g_list_free(help);
    }
    g_list_free(names);
    EXPECT_INT(s, known, G_N_ELEMENTS(commands));
}

static const ScenarioEntry entries[] = {
    {"commands-bad-input", {bad_input}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Reading what anybody may read, without being there. */

#define OPEN "!open:localhost"

static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_account_data(body, "m.ignored_user_list", "{'ignored_users':{'@pest:localhost':{}}}");
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
}

static void ok(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void said(Scenario *s, const char *flags, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", flags, "~text", text);
}

/* Today at some minute; what the window shows of it. */
static gint64 today(void)
{
    return g_get_real_time() / 1000;
}

static void add(GString *chunk, JsonObject *event, gint64 ts)
{
    g_autofree char *text = event_to_text(event_with_time(event, ts));

    g_string_append_printf(chunk, "%s%s", chunk->len > 0 ? "," : "", text);
}

static void set_page(Scenario *s, GString *chunk, GString *state)
{
    g_autofree char *page = g_strdup_printf("{\"start\":\"t\",\"chunk\":[%s],\"state\":[%s]}",
                                            chunk->str, state != NULL ? state->str : "");

    fake_server_set_page(s->server, OPEN, "", page);
}

static void peek(Scenario *s)
{
    g_autoptr(GString) chunk = g_string_new(NULL), state = g_string_new(NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *hour = g_date_time_format(now, "(%H:");
    g_autofree char *query = NULL;

    start(s);
    add(chunk, event_text(BOB, "the <b>newest</b>\nof two lines"), today());
    add(chunk, event_message(CAROL, "m.emote", "waves"), today());
    add(chunk, event_text("@pest:localhost", "ignore me"), today());
    add(chunk, event_new("m.room.message", BOB, "{}"), today());
    add(chunk, event_new("m.room.encrypted", BOB, "{'algorithm':'x','ciphertext':'y','body':'z'}"),
        today());
    add(chunk, event_text("@bob2:localhost", "I am no Bob"), today());
    add(chunk, event_text("@nameless:localhost", "long ago"), 1600000000000);
    add(state, event_member(BOB, "join", "Bob"), today());
    add(state, event_member("@bob2:localhost", "join", "Bоb"), today()); /* a Cyrillic letter */
    add(state, event_member(CAROL, "join", "Carol <i>"), today());
    set_page(s, chunk, state);
    ok(s, "/peek https://matrix.to/#/" OPEN "?via=far.example");
    FakeRequest *request = EXPECT_REQUEST(s, "messages");
    EXPECT_TEXT(s, request->args[0], OPEN);
    query = fake_request_query(request, "filter");
    CHECK(s, strstr(query, "lazy_load_members") != NULL);
    const char *text = text_of(EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM"), "text");
    g_auto(GStrv) lines = g_strsplit(text, "<br>", -1);
    EXPECT_INT(s, g_strv_length(lines), 6);
    EXPECT_TEXT(s, lines[0], "The last messages in " OPEN ", where you are not:");
    EXPECT_TEXT(s, strchr(lines[1], ')') + 2, "@nameless:localhost: long ago");
    CHECK(s, g_str_has_prefix(lines[1], "(09/13/20 "));
    EXPECT_TEXT(s, strchr(lines[2], ')') + 2, "Bоb (@bob2:localhost): I am no Bob");
    EXPECT_TEXT(s, strchr(lines[3], ')') + 2, "Bob (" BOB "): (an encrypted message)");
    EXPECT_TEXT(s, strchr(lines[4], ')') + 2, "* Carol &lt;i&gt; waves");
    EXPECT_TEXT(s, strchr(lines[5], ')') + 2,
                "Bob (" BOB "): the &lt;b&gt;newest&lt;/b&gt; of two lines");
    CHECK(s, g_str_has_prefix(lines[5], hour) || strstr(lines[5], ":0") != NULL);
    /* Nothing is kept, joined or unread. */
    EXPECT_INT(s, count_nodes(), 1);
    ok(s, "/unread");
    said(s, "SYSTEM", "no unread");
    EXPECT_NOTHING(s, 100);
}

static void not_possible(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    start(s);
    fake_server_once(s->server, "messages", no);
    ok(s, "/peek " OPEN);
    EXPECT_REQUEST(s, "messages");
    said(s, "ERROR", OPEN " cannot be read from outside. Only its members may,");
    ok(s, "/peek " OPEN); /* an empty one */
    EXPECT_REQUEST(s, "messages");
    said(s, "SYSTEM", "There is no message in " OPEN " that anybody may read.");
    ok(s, "/peek " ROOM);
    said(s, "SYSTEM", "You are in the room “Room”");
    fake_server_once(s->server, "resolve-alias",
                     (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_NOT_FOUND\"}"});
    ok(s, "/peek #none:localhost");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "There is no such room.");
    fake_server_once(s->server, "resolve-alias",
                     (FakeAnswer){.status = 200, .body = "{\"room_id\":\"" OPEN "\"}"});
    fake_server_once(s->server, "messages", (FakeAnswer){.status = 200, .body = "{\"chunk\":{}}"});
    ok(s, "/peek #open:localhost");
    EXPECT_REQUEST(s, "resolve-alias");
    EXPECT_REQUEST(s, "messages");
    said(s, "ERROR", "The homeserver's answer cannot be read.");
    EXPECT_NOTHING(s, 100);
}

/* More than was asked for, and nonsense among it. */
static void hostile(Scenario *s)
{
    g_autoptr(GString) chunk = g_string_new("3,null,[],{},{\"type\":\"m.room.message\"}");
    g_autofree char *letters = g_strnfill(20000, 'x');

    start(s);
    add(chunk, event_text(BOB, letters), today());
    add(chunk, event_new("m.room.message", BOB, "{'body':['a'],'msgtype':7}"), today());
    add(chunk, event_state("m.room.message", "", BOB, "{'body':'state'}"), today());
    for (guint i = 0; i < 300; i++)
        add(chunk, event_text(BOB, "again\u202e\a"), today());
    set_page(s, chunk, NULL);
    ok(s, "/peek " OPEN);
    EXPECT_REQUEST(s, "messages");
    const char *text = text_of(EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM"), "text");
    g_auto(GStrv) lines = g_strsplit(text, "<br>", -1);
    EXPECT_INT(s, g_strv_length(lines), 21);
    CHECK(s, strlen(text) < 4000);
    CHECK(s, g_str_has_suffix(lines[1], "again") && strstr(lines[20], "xxxxx") != NULL);
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"peek", {peek}},
    {"peek-not-possible", {not_possible}},
    {"peek-hostile", {hostile}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Asking to be let into a room, and answering those who ask. */

#define CLOSED "!closed:localhost"
#define FORBIDDEN                                                                                  \
    ((FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"})

static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB);
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
}

static void ok(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void bad(Scenario *s, const char *text, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "FAILED");
    CHECK(s, error != NULL && strstr(error, hint) != NULL);
}

static void said(Scenario *s, const char *flags, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", flags, "~text", text);
}

static void push_section(Scenario *s, const char *section, const char *key, const char *membership)
{
    g_autofree char *text = g_strdup_printf(
        "{'rooms':{'%s':{'" CLOSED "':{'%s':{'events':["
        "{'type':'m.room.name','state_key':'','sender':'" BOB "','content':{'name':'The <b>Club'}},"
        "{'type':'m.room.member','state_key':'" ALICE "','sender':'" ALICE
        "','content':{'membership':'%s'},'event_id':'$m','origin_server_ts':1}]}}}}}",
        section, key, membership);

    push(s, json_quotes(text));
    settle(s);
}

static void knock(Scenario *s)
{
    FakeRequest *request;

    start(s);
    ok(s, "/knock https://matrix.to/#/!closed:localhost?via=far.example please <let> me in");
    request = EXPECT_REQUEST(s, "knock");
    EXPECT_TEXT(s, request->args[0], CLOSED);
    CHECK(s, strstr(request->query, "via=far.example") != NULL);
    EXPECT_TEXT(s, request->body, "{\"reason\":\"please <let> me in\"}");
    said(s, "SYSTEM", "You have asked to be let into !closed:localhost.");
    push_section(s, "knock", "knock_state", "knock");
    ok(s, "/knocks");
    said(s, "SYSTEM", "You wait to be let into: The &lt;b&gt;Club (!closed:localhost)");
    bad(s, "/knock " CLOSED, "You have asked there already.");
    /* A refusal is told. */
    push_section(s, "leave", "state", "leave");
    EXPECT_EVENT(s, "notify", "~secondary", "You no longer wait to be let into the room “The");
    bad(s, "/unknock", "You do not wait");
}

static void expect_none(Scenario *s)
{
    bad(s, "/unknock", "You do not wait to be let into that room.");
}

static void take_back(Scenario *s)
{
    start(s);
    expect_none(s);
    push_section(s, "knock", "knock_state", "knock");
    fake_server_once(s->server, "leave", FAKE_502);
    ok(s, "/unknock");
    EXPECT_REQUEST(s, "leave");
    said(s, "ERROR", "could not be left");
    ok(s, "/unknock " CLOSED);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], CLOSED);
    said(s, "SYSTEM", "You no longer ask to be let into");
    push_section(s, "leave", "state", "leave");
    expect_none(s);
    EXPECT_NOTHING(s, 100);
}

/* What the user waits for is known after a restart. */
static void wait_before(Scenario *s)
{
    start(s);
    push_section(s, "knock", "knock_state", "knock");
}

static void wait_after(Scenario *s)
{
    set_usual_rooms(s);
    come_back(s);
    open_chat(s, ROOM);
    ok(s, "/knocks");
    said(s, "SYSTEM", "You wait to be let into: The");
    /* The answer that one hopes for. */
    push_section(s, "invite", "invite_state", "invite");
    EXPECT_EVENT(s, "request");
    expect_none(s);
}

static void not_possible(Scenario *s)
{
    start(s);
    bad(s, "/knock nonsense", "That leads to no room.");
    bad(s, "/knock @bob:localhost", "That leads to no room.");
    bad(s, "/knock " ROOM, "You are in that room already.");
    fake_server_once(s->server, "knock", FORBIDDEN);
    ok(s, "/knock " CLOSED);
    EXPECT_REQUEST(s, "knock");
    said(s, "ERROR", "You could not ask to be let into !closed:localhost. It lets nobody ask");
    ok(s, "/knock #none:localhost");
    EXPECT_REQUEST(s, "knock");
    said(s, "ERROR", "There is no such room.");
    EXPECT_NOTHING(s, 100);
}

/* ---- joining ---- */

static void summary_is(Scenario *s, const char *text)
{
    g_autofree char *quoted = json_quotes(text);

    fake_server_once(s->server, "room-summary", (FakeAnswer){.status = 200, .body = quoted});
}

static void join_offers(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "join", FORBIDDEN);
    summary_is(s, "{'room_id':'" CLOSED "','join_rule':'knock'}");
    ok(s, "/join " CLOSED);
    EXPECT_REQUEST(s, "join");
    said(s, "ERROR", "You can ask to be let in: /knock !closed:localhost");
    fake_server_once(s->server, "join", FORBIDDEN);
    summary_is(s, "{'room_id':'" CLOSED "','join_rule':'restricted','allowed_room_ids':['" ROOM2
                  "',5]}");
    summary_is(s, "{'room_id':'" ROOM2 "','name':'The Space','join_rule':'public'}");
    ok(s, "/join " CLOSED);
    EXPECT_REQUEST(s, "join");
    said(s, "ERROR", "Members of The Space (!second:localhost) may join it: join that first.");
    /* Hostile, or an old homeserver: the plain sentence. */
    fake_server_once(s->server, "join", FORBIDDEN);
    summary_is(s, "{'join_rule':{},'allowed_room_ids':{}}");
    ok(s, "/join " CLOSED);
    EXPECT_REQUEST(s, "join");
    said(s, "ERROR", "It is open to invited people only");
    fake_server_once(s->server, "join", FORBIDDEN);
    ok(s, "/join " CLOSED);
    EXPECT_REQUEST(s, "join");
    said(s, "ERROR", "It is open to invited people only");
    EXPECT_NOTHING(s, 100);
}

static void dialog_offers(Scenario *s)
{
    JsonObject *request;

    start(s);
    fake_server_once(s->server, "join", FORBIDDEN);
    summary_is(s, "{'room_id':'" CLOSED "','join_rule':'knock'}");
    CHECK(s, host_open_chat(s->account, CLOSED));
    EXPECT_REQUEST(s, "join");
    request = EXPECT_EVENT(s, "request", "primary", "You can ask to be let in");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "Ask to Join", "I am Alice",
                        NULL, NULL));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "knock")->body, "{\"reason\":\"I am Alice\"}");
    EXPECT_EVENT(s, "notify", "~secondary", "You have asked to be let into !closed:localhost.");
    /* The connection ends while the question is open. */
    fake_server_once(s->server, "join", FORBIDDEN);
    summary_is(s, "{'room_id':'" CLOSED "','join_rule':'knock'}");
    CHECK(s, host_open_chat(s->account, CLOSED));
    EXPECT_REQUEST(s, "join");
    EXPECT_EVENT(s, "request", "primary", "You can ask to be let in");
    go_offline(s);
    said(s, "SYSTEM", "The account has disconnected");
}

/* ---- who asks here ---- */

static void set_knocks(Scenario *s)
{
    fake_server_set_members(
        s->server, ROOM,
        "{\"chunk\":[7,{\"state_key\":\"bad\",\"content\":{\"membership\":\"knock\"}},"
        "{\"state_key\":\"" CAROL "\",\"content\":{\"membership\":\"knock\","
        "\"displayname\":\"Carol <i>\",\"reason\":\"I am <b>new\"}},"
        "{\"state_key\":\"@dan:localhost\",\"content\":{\"membership\":\"knock\"}},"
        "{\"state_key\":\"" BOB "\",\"content\":{\"membership\":\"join\"}}]}");
}

static void answer(Scenario *s)
{
    FakeRequest *request;

    start(s);
    ok(s, "/knocks");
    said(s, "SYSTEM", "Nobody asks to be let into this room.");
    ok(s, "/admit");
    said(s, "ERROR", "Nobody asks to be let into this room.");
    set_knocks(s);
    ok(s, "/knocks");
    said(s, "SYSTEM",
         "They ask to be let into this room:<br>1. Carol &lt;i&gt; (@carol:localhost): I am "
         "&lt;b&gt;new<br>2. @dan:localhost<br>");
    ok(s, "/admit Carol <i>");
    request = EXPECT_REQUEST(s, "invite");
    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, request->body, "{\"user_id\":\"" CAROL "\"}");
    ok(s, "/admit 1 welcome here");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "invite")->body,
                "{\"reason\":\"welcome here\",\"user_id\":\"" CAROL "\"}");
    ok(s, "/deny @dan:localhost not now");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "kick")->body,
                "{\"reason\":\"not now\",\"user_id\":\"@dan:localhost\"}");
    /* Nobody else is thrown out by it. */
    ok(s, "/deny " BOB);
    said(s, "ERROR", "/knocks lists them with their numbers.");
    ok(s, "/deny");
    said(s, "ERROR", "/knocks lists them with their numbers.");
    ok(s, "/admit 3");
    said(s, "ERROR", "/knocks lists them with their numbers.");
    fake_server_once(s->server, "kick", FORBIDDEN);
    ok(s, "/deny 2");
    EXPECT_REQUEST(s, "kick");
    said(s, "ERROR", "@dan:localhost could not be refused. Your power level");
    EXPECT_NOTHING(s, 100);
}

static void set_two_knocks(Scenario *s, const char *first, const char *second)
{
    g_autofree char *text =
        g_strdup_printf("{\"chunk\":[{\"state_key\":\"%s\",\"content\":{\"membership\":\"knock\","
                        "\"displayname\":\"" BOB "\"}},{\"state_key\":\"%s\",\"content\":{"
                        "\"membership\":\"knock\",\"displayname\":\"1\"}}]}",
                        first, second);

    fake_server_set_members(s->server, ROOM, text);
}

/* Neither a name nor coming in between makes one of them another. */
static void answer_who_is_meant(Scenario *s)
{
    start(s);
    set_two_knocks(s, "@dan:localhost", CAROL);
    ok(s, "/admit " BOB);
    said(s, "ERROR", "/knocks lists them with their numbers.");
    ok(s, "/knocks");
    said(s, "SYSTEM", "1. " BOB " (@dan:localhost)");
    set_two_knocks(s, "@eve:localhost", "@dan:localhost");
    ok(s, "/admit 1");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "invite")->body, "{\"user_id\":\"@dan:localhost\"}");
    ok(s, "/admit 2");
    said(s, "ERROR", "/knocks lists them with their numbers.");
    EXPECT_NOTHING(s, 100);
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"knocks-knock", {knock}},
        {"knocks-take-back", {take_back}},
        {"knocks-restart", {wait_before, wait_after}},
        {"knocks-not-possible", {not_possible}},
        {"knocks-join-offers", {join_offers}},
        {"knocks-dialog-offers", {dialog_offers}},
        {"knocks-answer", {answer}},
        {"knocks-answer-who-is-meant", {answer_who_is_meant}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

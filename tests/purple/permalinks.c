/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Links that lead to a message. */

#define NEW "!new:localhost"
#define OLD(id)                                                                                    \
    "{\"event_id\":\"" id "\",\"sender\":\"" BOB "\",\"type\":\"m.room.message\","                 \
    "\"origin_server_ts\":1577793600000,\"content\":{\"msgtype\":\"m.text\","                      \
    "\"body\":\"long <ago>\"}}"
#define LINKED(text) text " <font color=\"#77767b\">[linked]</font>"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static void run(Scenario *s, const char *name, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), "OK");
}

static void expect_heading(Scenario *s, const char *name, const char *day)
{
    EXPECT_EVENT(s, "line", "name", name, "~flags", "SYSTEM", "~text",
                 "The message that the link leads to, of", "~text", day);
}

/* It was said in the window, or is asked for once. */
static void shown(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM,
               event_with_time(event_with_id(event_text(BOB, "here"), "$here"), 1577793600000));
    EXPECT_LINE(s, ROOM, BOB, "here", "RECV");
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$here?via=localhost");
    expect_heading(s, ROOM, "20");
    EXPECT_LINE(s, ROOM, BOB, LINKED("here"), "RECV|DELAYED");
    fake_server_once(s->server, "event", (FakeAnswer){.status = 200, .body = OLD("$old")});
    run(s, ROOM, "/join matrix:roomid/room:localhost/e/old");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$old");
    expect_heading(s, ROOM, "20");
    EXPECT_LINE(s, ROOM, BOB, LINKED("long &lt;ago&gt;"), "RECV|DELAYED");
    purple_got_protocol_handler_uri("matrix:roomid/room:localhost/e/old");
    expect_heading(s, ROOM, "20");
    EXPECT_LINE(s, ROOM, BOB, LINKED("long &lt;ago&gt;"), "RECV|DELAYED");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "event"), 1);
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    CHECK(s, strstr(log, "ago") == NULL && strstr(log, "linked") == NULL);
    EXPECT_NOTHING(s, 50);
}

static void missing(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$none");
    EXPECT_REQUEST(s, "event");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "text",
                 "The message that the link leads to does not exist in this room, or you may not "
                 "read it.");
    /* It is asked for again the next time. */
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\"}"});
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$none");
    EXPECT_REQUEST(s, "event");
    EXPECT_EVENT(s, "line", "~text", "you may not read it");
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 200, .body = "{\"event_id\":\"$other\"}"});
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$none");
    EXPECT_REQUEST(s, "event");
    EXPECT_EVENT(s, "line", "~text", "does not exist");
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 400, .body = "{\"errcode\":\"M_UNKNOWN\"}"});
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$none");
    EXPECT_REQUEST(s, "event");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "cannot be fetched now.");
    fake_server_once(s->server, "event", (FakeAnswer){.status = 200, .body = OLD("$none")});
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$none");
    EXPECT_REQUEST(s, "event");
    expect_heading(s, ROOM, "20");
    EXPECT_EVENT(s, "line", "~text", "[linked]");
    EXPECT_NOTHING(s, 50);
}

/* What has no text of its own, is gone, or is of somebody who is not to be heard. */
static void odd(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_with_id(event_text(BOB, "gone"), "$gone"));
    EXPECT_LINE(s, ROOM, BOB, "gone", "RECV");
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$gone'}"));
    EXPECT_EVENT(s, "line", "~text", "has removed");
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$gone");
    EXPECT_EVENT(s, "line", "~text", "The link leads to this, of", "~text",
                 "Bob: a removed message");
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 200,
                                  .body = "{\"event_id\":\"$s\",\"sender\":\"" BOB
                                          "\",\"type\":\"m.room.topic\",\"state_key\":\"\","
                                          "\"content\":{\"topic\":\"x\"}}"});
    run(s, ROOM, "/join https://matrix.to/#/" ROOM "/$s");
    EXPECT_REQUEST(s, "event");
    expect_heading(s, ROOM, "1970");
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text",
                 "Bob has sent m.room.topic: {&quot;topic&quot;:&quot;x&quot;}");
    /* A room's ID alone is as before. */
    run(s, ROOM, "/join https://matrix.to/#/" ROOM);
    settle(s);
    EXPECT_NOTHING(s, 50);
}

/* In a room that is joined for it. */
static void joined_for_it(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    open_chat(s, ROOM);
    run(s, ROOM, "/join https://matrix.to/#/" NEW "/$old?via=one.org");
    EXPECT_REQUEST(s, "join");
    fake_server_once(s->server, "event", (FakeAnswer){.status = 200, .body = OLD("$old")});
    sync_body_room(body, NEW, "New", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "window", "name", NEW);
    EXPECT_REQUEST(s, "event");
    expect_heading(s, NEW, "20");
    EXPECT_LINE(s, NEW, BOB, LINKED("long &lt;ago&gt;"), "RECV|DELAYED");
    settle(s);
    EXPECT_NOTHING(s, 50);
}

static const ScenarioEntry entries[] = {
    {"permalinks-shown", {shown}},
    {"permalinks-missing", {missing}},
    {"permalinks-odd", {odd}},
    {"permalinks-joined-for-it", {joined_for_it}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Pinned messages: /pins, /pin, /unpin. */

#define TYPE "m.room.pinned_events"

static void run(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void fails(Scenario *s, const char *text, const char *why)
{
    run(s, text);
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", why);
    EXPECT_NOTHING(s, 50);
}

/* The current list is read before it is changed, or not because of what it has. */
static FakeRequest *expect_written(Scenario *s)
{
    EXPECT_REQUEST(s, "state-event");
    return EXPECT_REQUEST(s, "set-state");
}

static void fails_there(Scenario *s, const char *text, const char *why)
{
    run(s, text);
    EXPECT_REQUEST(s, "state-event");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", why);
    EXPECT_NOTHING(s, 50);
}

/* Both what /sync tells and what the server has. */
static void set_pins(Scenario *s, const char *list)
{
    g_autofree char *content = g_strdup_printf("{'pinned':%s}", list);
    SyncBody *body = sync_body_new();

    sync_body_state(body, ROOM, event_state(TYPE, "", BOB, content));
    push(s, sync_body_end(body));
    settle(s);
    for (char *at = content; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    fake_server_set_state(s->server, ROOM, TYPE, content);
}

static void start(Scenario *s, const char *power)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    sync_body_state(body, ROOM, event_state("m.room.power_levels", "", BOB, power));
    push(s, sync_body_end(body));
    settle(s);
}

static void says(Scenario *s, const char *id, const char *text)
{
    push_event(s, ROOM, event_with_id(event_text(BOB, text), id));
    EXPECT_EVENT(s, "line", "name", ROOM);
}

static void listed(Scenario *s)
{
    start(s, "{}");
    run(s, "/pins");
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text", "No message is pinned in this room.");
    says(s, "$here", "a <b>tag</b>");
    set_pins(s, "['$here',5,'no ID','$old']");
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 200,
                                  .body = "{\"event_id\":\"$old\",\"sender\":\"" CAROL
                                          "\",\"type\":\"m.room.message\",\"origin_server_ts\":"
                                          "1577793600000,\"content\":{\"msgtype\":\"m.text\","
                                          "\"body\":\"long ago\"}}"});
    run(s, "/pins");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$old");
    JsonObject *line = EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "~text", "Pinned messages:");
    const char *text = text_of(line, "text");
    const char *first = strstr(text, "<br>1. "), *second = strstr(text, "<br>2. 20");
    CHECK(s, first != NULL && strstr(first, ", Bob: a &lt;b&gt;tag&lt;/b&gt;") != NULL);
    CHECK(s, second != NULL && strstr(second, ", Carol: long ago") != NULL);
    set_pins(s, "['$old','$none']");
    run(s, "/pins");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$none");
    EXPECT_EVENT(s, "line", "~text", "<br>2. a message that is not to be had");
    EXPECT_NOTHING(s, 50);
}

/* Others' pins that no /sync has told yet stay. */
static void changed(Scenario *s)
{
    start(s, "{'users':{'" ALICE "':50}}");
    fails(s, "/pin", "Nobody else has written in this window yet.");
    says(s, "$one", "one");
    says(s, "$two", "two");
    fake_server_set_state(s->server, ROOM, TYPE, "{\"pinned\":[\"$other\"],\"more\":1}");
    run(s, "/pin");
    FakeRequest *request = expect_written(s);
    EXPECT_TEXT(s, request->args[1], TYPE);
    EXPECT_TEXT(s, request->body, "{\"pinned\":[\"$other\",\"$two\"],\"more\":1}");
    fails_there(s, "/pin bob:", "That message is pinned already; nothing was done.");
    fails(s, "/pin bob: now", "Write nothing but which message is meant");
    fails(s, "/unpin", "Which one? Type /unpin and the number that /pins shows");
    fails(s, "/unpin 1", "No message is pinned in this room.");
    set_pins(s, "['$other','$one','$two']");
    fails(s, "/unpin 4", "No pinned message has that number");
    fails(s, "/unpin 0", "No pinned message has that number");
    run(s, "/unpin 2");
    EXPECT_TEXT(s, expect_written(s)->body, "{\"pinned\":[\"$other\",\"$two\"]}");
    fails_there(s, "/unpin 2", "That message is not pinned; nothing was done.");
    run(s, "/unpin bob:");
    EXPECT_TEXT(s, expect_written(s)->body, "{\"pinned\":[\"$other\"]}");
    settle(s);
    EXPECT_NOTHING(s, 50);
}

/* A line says who has pinned what, if that is known here. */
static void told(Scenario *s)
{
    start(s, "{}");
    says(s, "$one", "the <rules>");
    push_event(s, ROOM,
               event_with_prev(event_state(TYPE, "", BOB, "{'pinned':['$old','$one']}"),
                               "{'pinned':['$old']}"));
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text",
                 "Bob has pinned a message (Bob: the &lt;rules&gt;)");
    push_event(s, ROOM,
               event_with_prev(event_state(TYPE, "", BOB, "{'pinned':['$old','$one','$far']}"),
                               "{'pinned':['$old','$one']}"));
    EXPECT_EVENT(s, "line", "text", "Bob has pinned a message.");
    push_event(
        s, ROOM,
        event_with_prev(event_state(TYPE, "", BOB, "{'pinned':['$new','$old','$one','$far']}"),
                        "{'pinned':['$old','$one','$far']}"));
    EXPECT_EVENT(s, "line", "text", "Bob has pinned a message.");
    EXPECT_NOTHING(s, 50);
}

static void refused(Scenario *s)
{
    start(s, "{}");
    says(s, "$one", "one");
    fails(s, "/pin", "In this room that takes a power level of 50, and yours is 0.");
    EXPECT_INT(s, fake_server_count(s->server, "set-state"), 0);
}

static void refused_there(Scenario *s)
{
    start(s, "{'users':{'" ALICE "':50}}");
    says(s, "$one", "one");
    fake_server_once(
        s->server, "set-state",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"<no>\"}"});
    run(s, "/pin");
    expect_written(s);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "text",
                 "The pinned messages were not changed. You may not pin messages in this room. "
                 "(The homeserver says: &lt;no&gt;)");
}

static const ScenarioEntry entries[] = {
    {"pins-listed", {listed}},
    {"pins-changed", {changed}},
    {"pins-told", {told}},
    {"pins-refused", {refused}},
    {"pins-refused-there", {refused_there}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

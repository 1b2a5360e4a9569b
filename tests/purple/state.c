/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* A room's events as they are: /state, /event, /showall and /room. */

#define MIGHTY "{'users':{'" ALICE "':100,'" BOB "':50,'@dave:elsewhere':30}}"
#define EVENT_TEXT(type, key, content, more)                                                       \
    "{\"type\":\"" type "\",\"state_key\":\"" key "\",\"sender\":\"" BOB                           \
    "\",\"event_id\":\"$e\",\"origin_server_ts\":1600000000000,\"content\":" content more "}"

static void start(Scenario *s, const char *power)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    if (power != NULL)
        sync_body_state(body, ROOM, event_state("m.room.power_levels", "", ALICE, power));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
}

static void command(Scenario *s, const char *text, const char *result, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), result);
    if (hint != NULL && (error == NULL || strstr(error, hint) == NULL))
        FAIL(s, "%s: %s", text, error);
}

static void ok(Scenario *s, const char *text)
{
    command(s, text, "OK", NULL);
}

static void answer(Scenario *s, const char *endpoint, const char *body)
{
    fake_server_once(s->server, endpoint, (FakeAnswer){.status = 200, .body = body});
}

static void expect_said(Scenario *s, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~text", text);
}

static void expect_failed(Scenario *s, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", text);
}

/* ---- read ---- */

static const char whole[] = "[" EVENT_TEXT("m.room.topic", "", "{}", "") "," EVENT_TEXT(
    "org.x", "<k>", "{}", "") "," EVENT_TEXT("m.room.member", BOB, "{}", "") "]";

static void lists(Scenario *s)
{
    start(s, NULL);
    answer(s, "state", whole);
    ok(s, "/state");
    EXPECT_REQUEST(s, "state");
    expect_said(s, "3 state events:<br>m.room.topic, set by " BOB "<br>org.x of &lt;k&gt;, set "
                   "by " BOB "<br>and 1 m.room.member");
    answer(s, "state", whole);
    ok(s, "/state list ORG");
    EXPECT_REQUEST(s, "state");
    expect_said(s, "1 state event:<br>org.x of");
    answer(s, "state", "{\"odd\":[");
    ok(s, "/state list");
    EXPECT_REQUEST(s, "state");
    expect_said(s, "The room has no such state.");
    fake_server_once(s->server, "state", FAKE_502);
    ok(s, "/state");
    EXPECT_REQUEST(s, "state");
    expect_failed(s, "The room's state could not be read.");
    EXPECT_NOTHING(s, 100);
}

static void single(Scenario *s)
{
    FakeRequest *request;

    start(s, NULL);
    answer(s, "state-event",
           EVENT_TEXT("m.room.topic", "", "{\"topic\":\"<b>now</b>\"}",
                      ",\"unsigned\":{\"prev_content\":{\"topic\":\"then\"}}"));
    ok(s, "/state m.room.topic");
    request = EXPECT_REQUEST(s, "state-event");
    EXPECT_TEXT(s, request->args[1], "m.room.topic");
    expect_said(s, "m.room.topic, set by " BOB " on 2020-09-13 ");
    /* The event before is asked for by its ID where it is not told. */
    answer(s, "state-event",
           EVENT_TEXT("org.x", "a/b", "{\"n\":2}", ",\"unsigned\":{\"replaces_state\":\"$old\"}"));
    answer(s, "event", EVENT_TEXT("org.x", "a/b", "{\"n\":1}", ""));
    ok(s, "/state org.x a/b");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "state-event")->args[2], "a/b");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$old");
    expect_said(s, "&quot;n&quot; : 2<br>}<br>Before:<br>{<br>  &quot;n&quot; : 1<br>}");
    /* A server that gives the content alone; one that gives nothing. */
    answer(s, "state-event", "{\"topic\":\"bare\"}");
    ok(s, "/state m.room.topic \"\"");
    EXPECT_REQUEST(s, "state-event");
    expect_said(s, "m.room.topic:<br>{<br>  &quot;topic&quot; : &quot;bare&quot;<br>}");
    ok(s, "/state org.none");
    EXPECT_REQUEST(s, "state-event");
    expect_said(s, "The room has no such state.");
}

static void at_a_message(Scenario *s)
{
    gint64 then = 1600000000000;
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(then / 1000);
    g_autofree char *list = g_date_time_format(when, "/state at %H:%M");
    g_autofree char *topic = g_date_time_format(when, "/state at %H:%M:%S m.room.topic");
    g_autofree char *none = g_date_time_format(when, "/state at %H:%M org.none");
    static const char context[] =
        "{\"event\":{},\"state\":[" EVENT_TEXT("m.room.topic", "", "{\"topic\":\"old\"}", "") "]}";

    start(s, NULL);
    push_event(s, ROOM, event_with_id(event_with_time(event_text(BOB, "hear"), then), "$h"));
    EXPECT_EVENT(s, "line", "~text", "hear");
    answer(s, "context", context);
    ok(s, list);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "context")->args[1], "$h");
    expect_said(s, "1 state event:<br>m.room.topic");
    answer(s, "context", context);
    ok(s, topic);
    EXPECT_REQUEST(s, "context");
    expect_said(s, "&quot;topic&quot; : &quot;old&quot;");
    answer(s, "context", context);
    ok(s, none);
    EXPECT_REQUEST(s, "context");
    expect_said(s, "The room has no such state.");
    ok(s, "/state at 3:33:33");
    expect_failed(s, "There is no message here of that time");
    command(s, "/state at noon", "FAILED", "HH:MM");
    command(s, "/state at", "FAILED", "HH:MM");
    command(s, "/state at 3:33 m.room.topic k {}", "FAILED", "The past cannot be changed");
    EXPECT_NOTHING(s, 100);
}

/* ---- write ---- */

static void expect_set(Scenario *s, const char *type, const char *key, const char *body)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-state");

    EXPECT_TEXT(s, request->args[1], type);
    EXPECT_TEXT(s, request->args[2], key);
    EXPECT_TEXT(s, request->body, body);
}

static void writes(Scenario *s)
{
    start(s, MIGHTY);
    ok(s, "/state org.x {\"a\": \"<b>\"}");
    expect_set(s, "org.x", NULL, "{\"a\": \"<b>\"}");
    expect_said(s, "org.x was set.");
    ok(s, "/state org.x \"a key\" {}");
    expect_set(s, "org.x", "a key", "{}");
    expect_said(s, "org.x was set.");
    command(s, "/state org.x {\"a\":}", "FAILED", "no JSON object, so nothing was done");
    command(s, "/state org.x [1]", "OK", NULL); /* a state key, and asked for */
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "state-event")->args[2], "[1]");
    expect_said(s, "no such state");
    command(s, "/state org.x two keys", "FAILED", "more than one state key");
    command(s, "/state {\"a\":1}", "FAILED", "Name the type");
    EXPECT_NOTHING(s, 100);
}

static void press(Scenario *s, const char *type, const char *button)
{
    JsonObject *event = EXPECT_EVENT(s, "request", "kind", "action", "~primary", type);

    CHECK(s, host_press(json_object_get_int_member(event, "request"), button, NULL, NULL, NULL));
}

static void grave(Scenario *s)
{
    start(s, MIGHTY);
    ok(s, "/state m.room.power_levels {\"users\":{}}");
    press(s, "Set m.room.power_levels of the room “Room”?", "Cancel");
    EXPECT_NOTHING(s, 200);
    ok(s, "/state m.room.power_levels {\"users\":{}}");
    press(s, "Set m.room.power_levels", "Set");
    expect_set(s, "m.room.power_levels", NULL, "{\"users\":{}}");
    expect_said(s, "m.room.power_levels was set.");
    /* A question that nobody answers ends with the connection. */
    ok(s, "/state m.room.tombstone {}");
    EXPECT_EVENT(s, "request", "~primary", "m.room.tombstone");
    go_offline(s);
    forget_events(s);
}

static void without_power(Scenario *s)
{
    start(s, NULL);
    ok(s, "/state org.x {}");
    expect_failed(s, "org.x was not set. Your power level in this room does not allow it.");
    EXPECT_NOTHING(s, 100);
}

static void events(Scenario *s)
{
    FakeRequest *request;

    start(s, NULL);
    ok(s, "/event org.x.thing {\"n\": 1}");
    request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->args[1], "org.x.thing");
    EXPECT_TEXT(s, request->body, "{\"n\": 1}");
    expect_said(s, "org.x.thing was sent.");
    settle(s);
    command(s, "/event", "FAILED", "Type /event");
    command(s, "/event org.x", "FAILED", "Type /event");
    command(s, "/event org.x 5", "FAILED", "no JSON object");
    command(s, "/event m.room.redaction {}", "FAILED", "/redact");
    command(s, "/event m.room.encrypted {}", "FAILED", "by hand");
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    expect_said(s, "switched on encryption");
    settle(s);
    forget_events(s);
    ok(s, "/event org.x {\"n\": 2}");
    expect_said(s, "org.x was sent.");
    request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->args[1], "m.room.encrypted");
    CHECK(s, strstr(request->body, "\"n\"") == NULL);
    settle(s);
    forget_events(s);
}

/* ---- everything shown ---- */

static void shows_all(Scenario *s)
{
    start(s, MIGHTY);
    push_event(s, ROOM, event_new("org.x", BOB, "{'n':0}"));
    settle(s);
    command(s, "/showall", "FAILED", "/showall on");
    command(s, "/showall maybe", "FAILED", "/showall on");
    ok(s, "/showall on");
    expect_said(s, "From now on this window shows every event");
    push_event(s, ROOM, event_new("org.x", BOB, "{'n':'<b>'}"));
    expect_said(s, "Bob has sent org.x: {&quot;n&quot;:&quot;&lt;b&gt;&quot;}");
    push_event(s, ROOM, event_state("org.y", "k", BOB, "{}"));
    expect_said(s, "Bob has set org.y of k: {}");
    /* Its words, and no others, where there are some. */
    push_event(s, ROOM, event_state("m.room.topic", "", BOB, "{'topic':'plain'}"));
    EXPECT_EVENT(s, "topic", "topic", "plain");
    expect_said(s, "Bob has changed the topic to: plain");
    push_event(s, DIRECT, event_new("org.x", BOB, "{}"));
    settle(s);
    ok(s, "/showall off");
    expect_said(s, "shows only what it has words for");
    push_event(s, ROOM, event_new("org.x", BOB, "{'n':2}"));
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"state-lists", {lists}},
    {"state-single", {single}},
    {"state-at-a-message", {at_a_message}},
    {"state-writes", {writes}},
    {"state-grave", {grave}},
    {"state-without-power", {without_power}},
    {"state-events", {events}},
    {"state-shows-all", {shows_all}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* /search: what is stored and, for rooms that are not encrypted, what the homeserver finds; and
 * what the account keeps. */

#define HOUR_MS (G_GINT64_CONSTANT(3600) * 1000)
#define NOON_MS G_GINT64_CONSTANT(1577880000000) /* 2020-01-01, UTC */
#define NOTHING "{\"search_categories\":{\"room_events\":{\"results\":[]}}}"

static void answer_search(Scenario *s, const char *body)
{
    fake_server_always(s->server, "search", (FakeAnswer){.status = 200, .body = body});
}

static JsonObject *said(const char *who, const char *text, const char *id, int hour)
{
    return event_with_time(event_with_id(event_text(who, text), id), NOON_MS + hour * HOUR_MS);
}

static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, said(BOB, "the red apple", "$1", 1));
    sync_body_timeline(body, ROOM, said(CAROL, "a green <b>apple</b> & pear", "$2", 2));
    sync_body_timeline(body, ROOM, said(BOB, "nothing", "$3", 3));
    sync_body_timeline(body, DIRECT, said(BOB, "apple pie", "$4", 4));
    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_int(s->account, "keep_days", 0); /* these are old */
    set_first(s, sync_body_end(body));
    answer_search(s, NOTHING);
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
}

static void search(Scenario *s, const char *name, const char *typed)
{
    g_autofree char *text = g_strdup_printf("/search %s", typed);
    g_autofree char *error = NULL;
    const char *result = host_command(host_find_conversation(s->account, name), text, &error);
    if (error != NULL)
        FAIL(s, "%s", error);
    EXPECT_TEXT(s, result, "OK");
}

static void expect_says(Scenario *s, const char *name, const char *text)
{
    EXPECT_EVENT(s, "line", "name", name, "~flags", "SYSTEM", "~text", text);
}

/* Whatever else the server was asked. */
static void finish(Scenario *s)
{
    FakeRequest *request;
    while ((request = fake_server_take_request(s->server, "search")) != NULL)
        fake_request_free(request);
    forget_events(s);
}

/* People are named once the members are there. The newest first; other rooms only where they are
 * asked for, and then without the server. */
static void here_and_everywhere(Scenario *s)
{
    start(s);
    search(s, ROOM, "APPLE");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Found, newest first:");
    const char *text = text_of(line, "text");
    const char *green = strstr(text, ": a green &lt;b&gt;apple&lt;/b&gt; &amp; pear");
    const char *red = strstr(text, ": the red apple");
    CHECK(s, green != NULL && red != NULL && green < red);
    CHECK(s, strstr(text, "2020-01-0") != NULL && strstr(text, "pie") == NULL);
    CHECK(s, strstr(text, "That is all.") != NULL);
    g_autoptr(JsonObject) asked = fake_request_json(EXPECT_REQUEST(s, "search"));
    JsonObject *events = json_object_get_object_member(
        json_object_get_object_member(asked, "search_categories"), "room_events");
    EXPECT_TEXT(s, json_object_get_string_member(events, "search_term"), "APPLE");
    EXPECT_TEXT(s, json_object_get_string_member(events, "order_by"), "recent");
    JsonArray *rooms =
        json_object_get_array_member(json_object_get_object_member(events, "filter"), "rooms");
    EXPECT_INT(s, json_array_get_length(rooms), 1);
    EXPECT_TEXT(s, json_array_get_string_element(rooms, 0), ROOM);
    search(s, ROOM, "all apple");
    expect_says(s, ROOM, " in “Bob”: apple pie");
    search(s, ROOM, "red \"green apple\"");
    expect_says(s, ROOM, "Nothing was found.");
    EXPECT_REQUEST(s, "search");
    search(s, ROOM, "\"red apple\" NOT OR) *");
    expect_says(s, ROOM, "Nothing was found.");
    EXPECT_REQUEST(s, "search");
    EXPECT_INT(s, fake_server_count(s->server, "search"), 3);
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    CHECK(s, log == NULL || strstr(log, "Found") == NULL);
    EXPECT_NOTHING(s, 100);
}

/* Twenty at a time, then what the server has. */
static void goes_on(Scenario *s)
{
    start(s);
    SyncBody *body = sync_body_new();
    for (int i = 1; i <= 25; i++) {
        g_autofree char *text = g_strdup_printf("orange %d.", i);
        g_autofree char *id = g_strdup_printf("$o%d", i);
        sync_body_timeline(body, ROOM, said(BOB, text, id, 10 + i));
    }
    push(s, sync_body_end(body));
    settle(s);
    forget_events(s);
    answer_search(
        s,
        "{\"search_categories\":{\"room_events\":{\"next_batch\":\"n1\",\"results\":["
        "{\"result\":{\"event_id\":\"$o3\",\"room_id\":\"" ROOM "\",\"sender\":\"" BOB
        "\",\"type\":\"m.room.message\",\"origin_server_ts\":5,"
        "\"content\":{\"msgtype\":\"m.text\",\"body\":\"orange 3.\"}}},"
        "{\"result\":{\"event_id\":\"$far\",\"room_id\":\"" ROOM "\",\"sender\":\"" CAROL
        "\",\"type\":\"m.room.message\",\"origin_server_ts\":1500000000000,"
        "\"content\":{\"msgtype\":\"m.text\",\"body\":\"a far orange\"}}},"
        "{\"result\":{\"event_id\":\"$odd\",\"room_id\":\"!unknown:x\"}},{\"result\":7},null]}}}");
    search(s, ROOM, "orange");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "orange 25.");
    CHECK(s, strstr(text_of(line, "text"), "orange 6.") != NULL);
    CHECK(s, strstr(text_of(line, "text"), "orange 5.") == NULL);
    CHECK(s, strstr(text_of(line, "text"), "/search more") != NULL);
    EXPECT_INT(s, fake_server_count(s->server, "search"), 0);
    search(s, ROOM, "more");
    line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Older ones:");
    const char *text = text_of(line, "text");
    CHECK(s, strstr(text, "orange 5.") != NULL && strstr(text, "orange 1.") != NULL);
    CHECK(s, strstr(text, "orange 6.") == NULL);
    const char *server = strstr(text, "Found by the homeserver");
    CHECK(s, server != NULL && strstr(server, ": a far orange") != NULL);
    CHECK(s, strstr(server, "orange 3.") == NULL);
    EXPECT_REQUEST(s, "search");
    answer_search(s, NOTHING);
    search(s, ROOM, "more");
    expect_says(s, ROOM, "That is all.");
    FakeRequest *asked = EXPECT_REQUEST(s, "search");
    g_autofree char *next = fake_request_query(asked, "next_batch");
    EXPECT_TEXT(s, next, "n1");
    g_autofree char *error = NULL;
    host_command(host_find_conversation(s->account, ROOM), "/search more", &error);
    CHECK(s, error != NULL && strstr(error, "That was all") != NULL);
    EXPECT_NOTHING(s, 100);
}

/* The server's faults and oddities leave what is found here. */
static void server_fails(Scenario *s)
{
    start(s);
    fake_server_always(
        s->server, "search",
        (FakeAnswer){.status = 400,
                     .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Search is off\"}"});
    search(s, ROOM, "apple");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the red apple");
    CHECK(s, strstr(text_of(line, "text"), "The homeserver could not be asked") != NULL);
    answer_search(s, "{\"search_categories\":[]}");
    search(s, ROOM, "apple");
    expect_says(s, ROOM, "the red apple");
    finish(s);
}

/* What was removed is not found any more, wherever it is looked for. */
static void removed(Scenario *s)
{
    start(s);
    search(s, ROOM, "red");
    expect_says(s, ROOM, "the red apple");
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$1'}"));
    expect_says(s, ROOM, "has removed a message");
    answer_search(s, "{\"search_categories\":{\"room_events\":{\"results\":["
                     "{\"result\":{\"event_id\":\"$1\",\"room_id\":\"" ROOM "\",\"sender\":\"" BOB
                     "\",\"type\":\"m.room.message\",\"origin_server_ts\":5,"
                     "\"content\":{\"msgtype\":\"m.text\",\"body\":\"the red apple\"}}}]}}}");
    search(s, ROOM, "red");
    expect_says(s, ROOM, "Nothing was found.");
    finish(s);
}

static JsonObject *edit_of(const char *target, const char *text, const char *id)
{
    g_autofree char *content =
        g_strdup_printf("{'msgtype':'m.text','body':'* %s','m.new_content':{'msgtype':'m.text',"
                        "'body':'%s'},'m.relates_to':{'rel_type':'m.replace','event_id':'%s'}}",
                        text, text, target);
    return event_with_id(event_new("m.room.message", BOB, content), id);
}

#define RESULT(id, content)                                                                        \
    "{\"result\":{\"event_id\":\"" id "\",\"room_id\":\"" ROOM "\",\"sender\":\"" BOB              \
    "\",\"type\":\"m.room.message\",\"origin_server_ts\":5,\"content\":" content "}}"
#define RESULTS(results) "{\"search_categories\":{\"room_events\":{\"results\":[" results "]}}}"

/* A message is found by what it says now, once, whatever the homeserver still finds. */
static void edited(Scenario *s)
{
    start(s);
    push_event(s, ROOM, edit_of("$1", "the blue apple", "$e1"));
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the blue apple");
    answer_search(s, RESULTS(RESULT("$1", "{\"msgtype\":\"m.text\",\"body\":\"the red apple\"}")));
    search(s, ROOM, "red");
    expect_says(s, ROOM, "Nothing was found.");
    answer_search(
        s, RESULTS(RESULT("$e1", "{\"msgtype\":\"m.text\",\"body\":\"* the blue apple\","
                                 "\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"the blue "
                                 "apple\"},\"m.relates_to\":{\"rel_type\":\"m.replace\","
                                 "\"event_id\":\"$1\"}}")));
    search(s, ROOM, "blue");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the blue apple");
    const char *text = text_of(line, "text");
    CHECK(s, strstr(strstr(text, "the blue apple") + 1, "the blue apple") == NULL);
    CHECK(s, strstr(text, "Found by the homeserver") == NULL);
    answer_search(s, NOTHING);
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$e1'}"));
    expect_says(s, ROOM, "has taken an edit back");
    search(s, ROOM, "blue");
    expect_says(s, ROOM, "Nothing was found.");
    search(s, ROOM, "red");
    expect_says(s, ROOM, "the red apple");
    finish(s);
}

/* A room that only claims to continue another one finds nothing of it. */
static void claimed(Scenario *s)
{
    start(s);
    push_event(s, ROOM2,
               event_state("m.room.create", "", BOB, "{'predecessor':{'room_id':'" ROOM "'}}"));
    push_event(s, ROOM2, said(BOB, "one more apple", "$o1", 9));
    settle(s);
    open_chat(s, ROOM2);
    settle(s);
    forget_events(s);
    search(s, ROOM2, "apple");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM2, "~text", "one more apple");
    CHECK(s, strstr(text_of(line, "text"), "red apple") == NULL);
    push_event(s, ROOM,
               event_state("m.room.tombstone", "", BOB, "{'replacement_room':'" ROOM2 "'}"));
    settle(s);
    forget_events(s);
    search(s, ROOM2, "apple");
    expect_says(s, ROOM2, "the red apple");
    finish(s);
}

/* Words looked for in an encrypted room are sent nowhere. */
static void encrypted_room(Scenario *s)
{
    start(s);
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    settle(s);
    forget_events(s);
    purple_account_set_bool(s->account, "log_decrypted", FALSE);
    search(s, ROOM, "apple");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the red apple");
    CHECK(s, strstr(text_of(line, "text"), "encrypted rooms are not searched") != NULL);
    EXPECT_INT(s, fake_server_count(s->server, "search"), 0);
    finish(s);
}

/* ---- what is kept ---- */

static void old_and_fresh(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, said(BOB, "an old apple", "$1", 1));
    sync_body_timeline(body, ROOM, event_text(BOB, "a fresh apple"));
    set_first(s, sync_body_end(body));
    log_in(s);
    settle(s);
    forget_events(s);
}

/* Looked for at each start, and every few hours. */
static void old_ones_are_gone(Scenario *s)
{
    answer_search(s, NOTHING);
    come_back(s);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
    search(s, ROOM, "apple");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "a fresh apple");
    CHECK(s, strstr(text_of(line, "text"), "an old apple") == NULL);
    g_autofree char *error = NULL;
    host_command(host_find_conversation(s->account, ROOM), "/account", &error);
    line = EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Stored on this device:");
    CHECK(s, strstr(text_of(line, "text"), ALICE) != NULL);
    CHECK(s, strstr(text_of(line, "text"), "History is kept for 365 days.") != NULL);
    finish(s);
}

static const ScenarioEntry entries[] = {
    {"search-here-and-everywhere", {here_and_everywhere}},
    {"search-goes-on", {goes_on}},
    {"search-server-fails", {server_fails}},
    {"search-removed", {removed}},
    {"search-edited", {edited}},
    {"search-claimed", {claimed}},
    {"search-encrypted-room", {encrypted_room}},
    {"search-old-ones-go", {old_and_fresh, old_ones_are_gone}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Leaving another room than the window's, and spaces, which have no window. */

#define SPACE "!aspace:localhost"
#define SPACE2 "!bspace:localhost"
#define VIA "{'via':['localhost']}"

static void add_space(SyncBody *body, const char *space, const char *name, const char *alias)
{
    g_autofree char *content = g_strdup_printf("{'name':'%s'}", name);

    sync_body_state(
        body, space,
        event_state("m.room.create", "", ALICE, "{'room_version':'10','type':'m.space'}"));
    sync_body_state(body, space, event_member(ALICE, "join", "Alice"));
    sync_body_state(body, space, event_state("m.room.name", "", ALICE, content));
    if (alias != NULL) {
        g_autofree char *main = g_strdup_printf("{'alias':'%s'}", alias);
        sync_body_state(body, space, event_state("m.room.canonical_alias", "", ALICE, main));
    }
}

/* ROOM in "Work", ROOM2 in no space, "Play <b>" empty; a window of ROOM. */
static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_room(body, ROOM2, "Second", ALICE " " BOB " " CAROL);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    add_space(body, SPACE, "Work", NULL);
    add_space(body, SPACE2, "Play <b>", "#play:localhost");
    sync_body_timeline(body, SPACE, event_state("m.space.child", ROOM, ALICE, VIA));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Work");
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

static guint request_number(JsonObject *event)
{
    return (guint)json_object_get_int_member(event, "request");
}

static void press(Scenario *s, guint request, const char *button)
{
    CHECK(s, host_press(request, button, NULL, NULL, NULL));
}

static JsonArray *fields_of(JsonObject *request)
{
    return json_object_get_array_member(json_object_get_object_member(request, "details"),
                                        "fields");
}

static guint asked(Scenario *s, const char *primary)
{
    return request_number(EXPECT_EVENT(s, "request", "primary", primary));
}

static void push_leave(Scenario *s, const char *room_id)
{
    SyncBody *body = sync_body_new();

    sync_body_leave(body, room_id, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    settle(s);
}

static void expect_left(Scenario *s, const char *room_id)
{
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], room_id);
    push_leave(s, room_id);
}

/* A space goes by its name; its rooms stay, and are where they belong without it. */
static void by_name(Scenario *s)
{
    start(s);
    ok(s, "/leave work");
    press(s, asked(s, "Leave the space “Work”?"), "Cancel");
    EXPECT_NOTHING(s, 100);
    ok(s, "/leave Work");
    JsonObject *request = EXPECT_EVENT(s, "request");
    CHECK(s, strstr(text_of(request, "secondary"), "You stay in the rooms of a space") != NULL);
    press(s, request_number(request), "Leave");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "You have left the space “Work”. You are in");
    expect_left(s, SPACE);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Matrix");
    CHECK(s, purple_find_group("Work") == NULL);
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 1);
    EXPECT_NOTHING(s, 100);
}

/* Words that are no name are a reason to leave this room, or a name that was typed wrongly. */
static void with_words(Scenario *s)
{
    start(s);
    ok(s, "/leave Wrok");
    press(s, asked(s, "Leave the room “Room”?"), "Cancel");
    ok(s, "/leave Work it is dull");
    press(s, asked(s, "Leave the room “Room”?"), "Cancel");
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
    ok(s, "/leave see <you>");
    JsonObject *request = EXPECT_EVENT(s, "request", "primary", "Leave the room “Room”?");
    CHECK(s, strstr(text_of(request, "secondary"), "as the reason: “see <you>”") != NULL);
    press(s, request_number(request), "Leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->body, "{\"reason\":\"see <you>\"}");
    EXPECT_NOTHING(s, 100);
}

static void by_address(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    start(s);
    ok(s, "/leave #play:localhost too <much> noise");
    fake_server_once(s->server, "leave", no);
    press(s, asked(s, "Leave the space “Play <b>”?"), "Leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->body, "{\"reason\":\"too <much> noise\"}");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text",
                 "Play &lt;b&gt; could not be left");
    ok(s, "/leave https://matrix.to/#/" SPACE2);
    press(s, asked(s, "Leave the space “Play <b>”?"), "Leave");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "You have left the space “Play &lt;b&gt;”");
    expect_left(s, SPACE2);
    bad(s, "/leave #play:localhost", "You are not in that room or space.");
    bad(s, "/leave !none:localhost bye", "You are not in that room or space.");
}

static void another_room(Scenario *s)
{
    start(s);
    ok(s, "/leave second");
    press(s, asked(s, "Leave the room “Second”?"), "Leave");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "You have left the room “Second”");
    expect_left(s, ROOM2);
    CHECK(s, find_node(s, ROOM2) == NULL && find_node(s, ROOM) != NULL);
    /* A person's name is none of a room. */
    ok(s, "/leave Bob");
    press(s, asked(s, "Leave the room “Room”?"), "Leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->body, "{\"reason\":\"Bob\"}");
    EXPECT_NOTHING(s, 100);
}

static void unclear(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    add_space(body, "!cspace:localhost", "Work", NULL);
    push(s, sync_body_end(body));
    settle(s);
    bad(s, "/leave Work", "There are 2 rooms and spaces of that name.");
    EXPECT_NOTHING(s, 100);
}

/* From the window of a room that was left, too. */
static void from_elsewhere(Scenario *s)
{
    start(s);
    push_leave(s, ROOM);
    forget_events(s);
    bad(s, "/leave", "You are not in this room.");
    ok(s, "/leave Work");
    press(s, asked(s, "Leave the space “Work”?"), "Leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], SPACE);
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "You have left the space “Work”");
}

static void by_dialog(Scenario *s)
{
    g_autoptr(JsonObject) inputs = json_object_new();
    JsonObject *request, *field;

    start(s);
    CHECK(s, host_run_action(s->account, "Leave spaces…"));
    request = EXPECT_EVENT(s, "request", "primary", "Leave spaces");
    CHECK(s, strstr(text_of(request, "secondary"), "You stay in the rooms of a space") != NULL);
    EXPECT_INT(s, json_array_get_length(fields_of(request)), 2);
    field = json_array_get_object_element(fields_of(request), 0);
    EXPECT_TEXT(s, text_of(field, "label"), "Play <b> (#play:localhost)");
    json_object_set_string_member(inputs, SPACE, "true");
    CHECK(s, host_press(request_number(request), "Leave", NULL, inputs, NULL));
    expect_left(s, SPACE);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Matrix");
    push_leave(s, SPACE2);
    CHECK(s, host_run_action(s->account, "Leave spaces…"));
    EXPECT_EVENT(s, "notify", "~secondary", "You are in no space.");
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 1);
}

static void many_spaces(Scenario *s)
{
    SyncBody *body = sync_body_new();
    JsonObject *request;

    for (guint i = 0; i < 45; i++) {
        g_autofree char *space = g_strdup_printf("!s%u:localhost", i);
        add_space(body, space, "S", NULL);
    }
    set_first(s, sync_body_end(body));
    log_in(s);
    CHECK(s, host_run_action(s->account, "Leave spaces…"));
    request = EXPECT_EVENT(s, "request", "primary", "Leave spaces");
    EXPECT_INT(s, json_array_get_length(fields_of(request)), 40);
    CHECK(s, strstr(text_of(request, "secondary"), "5 more are not listed") != NULL);
    press(s, request_number(request), "Cancel");
    /* The connection ends while the question is open. */
    CHECK(s, host_run_action(s->account, "Leave spaces…"));
    EXPECT_EVENT(s, "request");
    go_offline(s);
}

static const ScenarioEntry entries[] = {
    {"leaving-by-name", {by_name}},
    {"leaving-with-words", {with_words}},
    {"leaving-by-address", {by_address}},
    {"leaving-another-room", {another_room}},
    {"leaving-unclear", {unclear}},
    {"leaving-from-elsewhere", {from_elsewhere}},
    {"leaving-spaces-by-dialog", {by_dialog}},
    {"leaving-many-spaces", {many_spaces}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

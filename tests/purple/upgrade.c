/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* A room is closed by a tombstone and goes on in another: the user is taken along. */

#define NEXT "!next:localhost"
#define MIGHTY "{'users':{'" ALICE "':100},'users_default':0}"
#define TOMBSTONE "{'body':'closed','replacement_room':'" NEXT "'}"

static JsonObject *tombstone(const char *sender, const char *content)
{
    return event_state("m.room.tombstone", "", sender, content);
}

static void push_tombstone(Scenario *s, const char *room_id, const char *sender,
                           const char *content)
{
    push_event(s, room_id, tombstone(sender, content));
}

static char *create_after(const char *room_id)
{
    return g_strdup_printf("{'room_version':'11','predecessor':{'room_id':'%s'}}", room_id);
}

/* The new room, as a join brings it. before: the room that it says it continues, or NULL. */
static void push_next(Scenario *s, const char *room_id, const char *name, const char *members,
                      const char *before)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, room_id, name, members);
    if (before != NULL) {
        g_autofree char *create = create_after(before);
        sync_body_state(body, room_id, event_state("m.room.create", "", BOB, create));
    }
    push(s, sync_body_end(body));
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
}

static void expect_join(Scenario *s, const char *room_id, const char *via)
{
    FakeRequest *request = EXPECT_REQUEST(s, "join");
    g_autofree char *server = fake_request_query(request, "via");

    EXPECT_TEXT(s, request->args[0], room_id);
    EXPECT_TEXT(s, server, via);
}

static void expect_moved(Scenario *s)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "has moved this room");
    expect_join(s, NEXT, "localhost");
    push_next(s, NEXT, "Room", ALICE " " BOB " " CAROL, ROOM);
    EXPECT_EVENT(s, "window", "name", NEXT);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "goes on in a new one, “Room”");
    EXPECT_EVENT(s, "line", "name", NEXT, "~text", "This room continues “Room”.");
}

static void followed(Scenario *s)
{
    PurpleChat *chat;

    start(s);
    chat = purple_blist_find_chat(s->account, ROOM);
    purple_blist_node_set_bool(&chat->node, "gtk-autojoin", TRUE);
    purple_blist_alias_chat(chat, "My room");
    EXPECT_INT(s, count_nodes(), 2);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    expect_moved(s);
    /* The very node goes on, with all that the user has done to it. */
    EXPECT_INT(s, count_nodes(), 2);
    CHECK(s, find_node(s, ROOM) == NULL);
    EXPECT_TEXT(s, text_of(find_node(s, NEXT), "alias"), "My room");
    CHECK(s, purple_blist_find_chat(s->account, NEXT) == chat);
    CHECK(s, purple_blist_node_get_bool(&chat->node, "gtk-autojoin"));
    host_send_chat(s->account, ROOM, "too <b>late</b>");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text",
                 "Not sent: “too late”. This room goes on in “Room”: write there");
    host_send_chat(s->account, NEXT, "here then");
    EXPECT_REQUEST(s, "send");
    EXPECT_LINE(s, NEXT, ALICE, "here then", "SEND");
    EXPECT_NOTHING(s, 200);
}

static void followed_2(Scenario *s)
{
    come_back(s);
    EXPECT_EVENT(s, "window", "name", NEXT); /* it is joined always */
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
    CHECK(s, find_node(s, ROOM) == NULL);
    EXPECT_TEXT(s, text_of(find_node(s, NEXT), "alias"), "My room");
    EXPECT_NOTHING(s, 200);
}

/* Nobody looks: nothing is opened or said, the list goes on. */
static void followed_quietly(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_tombstone(s, ROOM, "@eve:far.example", TOMBSTONE);
    expect_join(s, NEXT, "far.example");
    push_next(s, NEXT, "Renamed", ALICE " " BOB, ROOM);
    settle(s);
    EXPECT_TEXT(s, text_of(find_node(s, NEXT), "alias"), "Renamed");
    CHECK(s, find_node(s, ROOM) == NULL);
    EXPECT_NOTHING(s, 200);
}

/* What was said of the old room's notifications is said of the new one. */
static void muted(Scenario *s)
{
    SyncBody *body = sync_body_new();
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    sync_body_account_data(body, "m.push_rules",
                           "{'global':{'override':[{'rule_id':'" ROOM "','enabled':true,"
                           "'default':false,'actions':[],'conditions':[{'kind':'event_match',"
                           "'key':'room_id','pattern':'" ROOM "'}]}]}}");
    push(s, sync_body_end(body));
    settle(s);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    expect_join(s, NEXT, "localhost");
    push_next(s, NEXT, "Room", ALICE " " BOB " " CAROL, ROOM);
    request = EXPECT_REQUEST(s, "pushrules");
    EXPECT_TEXT(s, request->method, "PUT");
    EXPECT_TEXT(s, request->args[0], "override");
    EXPECT_TEXT(s, request->args[1], NEXT);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "pushrules")->method, "DELETE"); /* of a room rule */
    EXPECT_NOTHING(s, 200);
}

/* What lies behind is not followed; where the new room is joined already, it alone is listed. */
static gboolean lists_the_newest(gpointer data)
{
    Scenario *s = data;

    return find_node(s, ROOM) != NULL && find_node(s, ROOM2) == NULL &&
           find_node(s, "!joined:localhost") != NULL;
}

static void first_sync(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autofree char *create = create_after(ROOM2);

    set_usual_rooms(s);
    sync_body_room(body, ROOM, "Old", ALICE " " BOB);
    sync_body_state(body, ROOM, tombstone(BOB, TOMBSTONE));
    sync_body_room(body, ROOM2, "Older", ALICE " " BOB);
    sync_body_state(body, ROOM2, tombstone(BOB, "{'replacement_room':'!joined:localhost'}"));
    sync_body_room(body, "!joined:localhost", "Newer", ALICE " " BOB);
    sync_body_state(body, "!joined:localhost", event_state("m.room.create", "", BOB, create));
    set_first(s, sync_body_end(body));
    log_in(s);
    settle(s);
    WAIT(s, lists_the_newest, s);
    EXPECT_TEXT(s, text_of(find_node(s, "!joined:localhost"), "alias"), "Newer");
    open_chat(s, ROOM);
    host_send_chat(s->account, ROOM, "hello?");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "/join https://matrix.to/#/%21next%3Alocalhost?via=localhost");
    EXPECT_NOTHING(s, 200);
}

/* Whoever may close a room cannot have another one put in its place. */
static void no_predecessor(Scenario *s)
{
    start(s);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    EXPECT_EVENT(s, "line", "~text", "has moved this room");
    expect_join(s, NEXT, "localhost");
    push_next(s, NEXT, "Trap", ALICE " " BOB, ROOM2);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "both stay in your list");
    CHECK(s, find_node(s, ROOM) != NULL && find_node(s, NEXT) != NULL);
    push_event(s, ROOM2, event_text(BOB, "anything"));
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void invited_only(Scenario *s)
{
    FakeAnswer forbidden = {.status = 403,
                            .delay_ms = 300,
                            .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"not invited\"}"};
    SyncBody *body = sync_body_new();

    start(s);
    fake_server_once(s->server, "join", forbidden);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    EXPECT_EVENT(s, "line", "~text", "has moved this room");
    expect_join(s, NEXT, "localhost");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "As soon as you are invited");
    host_send_chat(s->account, ROOM, "and now?");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "takes an invitation");
    /* Another invitation is asked about; that one is not. */
    sync_body_invite(body, NEXT,
                     event_state("m.room.member", ALICE, CAROL, "{'membership':'invite'}"));
    sync_body_invite(body, NEXT, event_state("m.room.name", "", CAROL, "{'name':'Room'}"));
    push(s, sync_body_end(body));
    expect_join(s, NEXT, "localhost");
    push_next(s, NEXT, "Room", ALICE " " BOB " " CAROL, ROOM);
    EXPECT_EVENT(s, "window", "name", NEXT);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "goes on in a new one");
    EXPECT_EVENT(s, "line", "name", NEXT, "~text", "continues");
    EXPECT_NOTHING(s, 500);
}

/* Its server invites, and lets nobody in: neither the window nor the server is filled with that. */
static void false_invitation(Scenario *s)
{
    FakeAnswer forbidden = {.status = 403,
                            .delay_ms = 300,
                            .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"not invited\"}"};
    SyncBody *body = sync_body_new();

    start(s);
    fake_server_once(s->server, "join", forbidden);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    EXPECT_EVENT(s, "line", "~text", "has moved this room");
    expect_join(s, NEXT, "localhost");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "As soon as you are invited");
    fake_server_once(s->server, "join", forbidden);
    sync_body_invite(body, NEXT,
                     event_state("m.room.member", ALICE, CAROL, "{'membership':'invite'}"));
    push(s, sync_body_end(body));
    expect_join(s, NEXT, "localhost");
    settle(s);
    push_event(s, ROOM2, event_text(BOB, "anything"));
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "join"), 2);
    EXPECT_NOTHING(s, 200);
}

static void not_found(Scenario *s)
{
    FakeAnswer none = {.status = 404,
                       .delay_ms = 300,
                       .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"No servers\"}"};

    start(s);
    fake_server_once(s->server, "join", none);
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    EXPECT_EVENT(s, "line", "~text", "has moved this room");
    EXPECT_REQUEST(s, "join");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "The new room could not be joined");
    push_event(s, ROOM, event_state("m.room.name", "", BOB, "{'name':'Still'}"));
    EXPECT_EVENT(s, "line", "~text", "Still");
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void for_good(Scenario *s)
{
    start(s);
    push_tombstone(s, ROOM, BOB, "{'body':'go away','replacement_room':7}");
    EXPECT_EVENT(s, "line", "~text", "has closed this room for good");
    host_send_chat(s->account, ROOM, "why");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Not sent: “why”. This room was closed");
    push_tombstone(s, ROOM, BOB, "{}");
    settle(s);
    forget_events(s);
    host_send_chat(s->account, ROOM, "again");
    EXPECT_REQUEST(s, "send");
    EXPECT_LINE(s, ROOM, ALICE, "again", "SEND");
}

/* Rooms that lead to rooms that lead to rooms are followed for a while. */
static void endless(Scenario *s)
{
    g_autofree char *from = g_strdup(ROOM);

    set_usual_rooms(s);
    log_in(s);
    push_tombstone(s, ROOM, BOB, "{'replacement_room':'!n0:localhost'}");
    for (guint i = 0; i < 5; i++) {
        SyncBody *body = sync_body_new();
        g_autofree char *room_id = g_strdup_printf("!n%u:localhost", i);
        g_autofree char *next = g_strdup_printf("{'replacement_room':'!n%u:localhost'}", i + 1);
        g_autofree char *create = create_after(from);
        expect_join(s, room_id, "localhost");
        sync_body_room(body, room_id, "Next", ALICE " " BOB);
        sync_body_state(body, room_id, event_state("m.room.create", "", BOB, create));
        sync_body_state(body, room_id, tombstone(BOB, next));
        push(s, sync_body_end(body));
        g_free(from);
        from = g_strdup(room_id);
    }
    settle(s);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, count_nodes(), 2);
}

static void direct(Scenario *s)
{
    g_autofree char *create = create_after(DIRECT);
    SyncBody *body = sync_body_new();
    g_autoptr(JsonObject) written = NULL;

    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_event(s, DIRECT, event_text(BOB, "old talk"));
    EXPECT_LINE(s, BOB, BOB, "old talk", NULL);
    push_tombstone(s, DIRECT, BOB, TOMBSTONE);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "has moved this room");
    expect_join(s, NEXT, "localhost");
    sync_body_room(body, NEXT, NULL, ALICE " " BOB);
    sync_body_state(body, NEXT, event_state("m.room.create", "", BOB, create));
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "goes on in a new room");
    EXPECT_REQUEST(s, "set-account-data");
    CHECK(s, strstr(fake_server_account_data(s->server, "m.direct"), NEXT) != NULL);
    host_send_im(s->account, BOB, "new talk");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], NEXT);
    EXPECT_EVENT(s, "line", "name", BOB, "text", "new talk", "flags", "SEND");
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
    CHECK(s, find_node(s, BOB) != NULL);
    EXPECT_NOTHING(s, 200);
}

/* ---- /upgrade ---- */

#define CAPABILITIES                                                                               \
    "{\"capabilities\":{\"m.room_versions\":{\"default\":\"12\",\"available\":{"                   \
    "\"12\":\"stable\",\"9\":\"stable\",\"10\":\"stable\",\"org.x\":\"unstable\"}}}}"

static void command(Scenario *s, const char *text, const char *result)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), result);
}

static void start_mighty(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_state(body, ROOM, event_state("m.room.power_levels", "", ALICE, MIGHTY));
    sync_body_state(body, ROOM,
                    event_state("m.room.join_rules", "", ALICE, "{'join_rule':'invite'}"));
    sync_body_state(body, ROOM, event_state("m.room.create", "", ALICE, "{'room_version':'10'}"));
    set_usual_rooms(s);
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    fake_server_always(s->server, "capabilities",
                       (FakeAnswer){.status = 200, .body = CAPABILITIES});
}

static void press(Scenario *s, const char *button, const char *words)
{
    JsonObject *request = EXPECT_EVENT(s, "request", "~primary", "Upgrade the room “Room”");

    CHECK(s, strstr(text_of(request, "secondary"), words) != NULL);
    CHECK(s, host_press(json_object_get_int_member(request, "request"), button, NULL, NULL, NULL));
    EXPECT_EVENT(s, "request-closed");
}

static void upgrading(Scenario *s)
{
    g_autoptr(JsonObject) body = NULL;

    start_mighty(s);
    command(s, "/upgrade", "OK");
    EXPECT_REQUEST(s, "capabilities");
    press(s, "Cancel", "The other 2 members are invited");
    EXPECT_NOTHING(s, 100);
    fake_server_once(s->server, "upgrade",
                     (FakeAnswer){.status = 200, .body = "{\"replacement_room\":\"" NEXT "\"}"});
    command(s, "/upgrade 12", "OK");
    EXPECT_REQUEST(s, "capabilities");
    press(s, "Upgrade", "You become its creator");
    body = fake_request_json(EXPECT_REQUEST(s, "upgrade"));
    EXPECT_TEXT(s, text_of(body, "new_version"), "12");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "invite")->args[0], NEXT);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "invite")->args[0], NEXT);
    EXPECT_NOTHING(s, 100);
}

static void upgrading_refused(Scenario *s)
{
    start_mighty(s);
    command(s, "/upgrade 12 please", "FAILED");
    command(s, "/upgrade 99", "OK");
    EXPECT_REQUEST(s, "capabilities");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "Room was not upgraded. Your homeserver cannot make rooms of that version. It can "
                 "make these: 9, 10, 12.");
    command(s, "/upgrade 10", "OK");
    EXPECT_REQUEST(s, "capabilities");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "This room has version 10 already");
    fake_server_once(s->server, "capabilities", FAKE_502);
    command(s, "/upgrade", "OK");
    EXPECT_REQUEST(s, "capabilities");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Room was not upgraded.");
    push_event(s, ROOM,
               event_state("m.room.power_levels", "", BOB,
                           "{'users':{'" ALICE "':50},"
                           "'events':{'m.room.tombstone':100}}"));
    settle(s);
    forget_events(s);
    command(s, "/upgrade", "OK");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "takes a power level of 100, and yours is 50");
    EXPECT_NOTHING(s, 100);
}

/* Crypto G7: from an encrypted room into a plain one; nothing goes out before the user says so. */
static void downgraded(Scenario *s)
{
    g_autofree char *error = NULL;

    start(s);
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    push_tombstone(s, ROOM, BOB, TOMBSTONE);
    expect_moved(s);
    host_send_chat(s->account, NEXT, "still here");
    EXPECT_LINE(s, NEXT, ALICE, "still here", "SEND");
    EXPECT_EVENT(s, "line", "name", NEXT, "~flags", "ERROR", "~text", "was encrypted, and this");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    host_command(host_find_conversation(s->account, NEXT), "/resend", &error);
    EXPECT_EVENT(s, "line", "~text", "sent again");
    EXPECT_REQUEST(s, "send");
    host_send_chat(s->account, NEXT, "and more");
    EXPECT_LINE(s, NEXT, ALICE, "and more", "SEND");
    EXPECT_REQUEST(s, "send");
    EXPECT_NOTHING(s, 200);
}

static const ScenarioEntry entries[] = {
    {"upgrade-followed", {followed, followed_2}},
    {"upgrade-followed-quietly", {followed_quietly}},
    {"upgrade-muted", {muted}},
    {"upgrade-at-the-first-sync", {first_sync}},
    {"upgrade-without-predecessor", {no_predecessor}},
    {"upgrade-to-plain", {downgraded}},
    {"upgrade-invited-only", {invited_only}},
    {"upgrade-false-invitation", {false_invitation}},
    {"upgrade-not-found", {not_found}},
    {"upgrade-for-good", {for_good}},
    {"upgrade-endless", {endless}},
    {"upgrade-direct", {direct}},
    {"upgrading", {upgrading}},
    {"upgrading-refused", {upgrading_refused}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* The buddy list: issue point 2. */

static JsonObject *expect_node(Scenario *s, const char *type, const char *name, const char *alias)
{
    JsonObject *node = find_node(s, name);

    CHECK(s, node != NULL);
    EXPECT_TEXT(s, text_of(node, "type"), type);
    EXPECT_TEXT(s, text_of(node, "alias"), alias);
    return node;
}

static void expect_chat(Scenario *s, const char *room_id, const char *alias)
{
    JsonObject *node = expect_node(s, "chat", room_id, alias);

    EXPECT_TEXT(s, text_of(json_object_get_object_member(node, "components"), "room_id"), room_id);
    CHECK(s, json_object_get_boolean_member(node, "saved"));
}

static void expect_buddy(Scenario *s, const char *user_id, const char *alias)
{
    JsonObject *node = expect_node(s, "buddy", user_id, alias);

    CHECK(s, json_object_get_boolean_member(node, "online"));
    CHECK(s, json_object_get_boolean_member(node, "saved"));
}

/* ---- the first sync ---- */

static void first_sync(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, event_text(BOB, "old"));
    sync_body_timeline(body, DIRECT, event_text(BOB, "old too"));
    sync_body_unread(body, ROOM, 1, 1);
    set_first(s, sync_body_end(body));
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
    expect_buddy(s, BOB, "Bob");
    expect_chat(s, ROOM, "Room");
    EXPECT_NOTHING(s, 200);
    /* Nor does it come later: what was there before this device is not unread. */
    open_chat(s, ROOM);
    EXPECT_NOTHING(s, 200);
}

static void names(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, "!two:localhost", NULL, ALICE " " BOB);
    sync_body_room(body, "!three:localhost", NULL, ALICE " " BOB " " CAROL);
    sync_body_room(body, "!alone:localhost", NULL, ALICE);
    sync_body_room(body, "!alias:localhost", NULL, ALICE " " BOB);
    sync_body_state(body, "!alias:localhost",
                    event_state("m.room.canonical_alias", "", BOB, "{'alias':'#pub:localhost'}"));
    sync_body_room(body, "!named:localhost", "Caf\303\251 <&>", ALICE " " BOB);
    set_first(s, sync_body_end(body));
    log_in(s);
    expect_chat(s, "!two:localhost", "Bob");
    expect_chat(s, "!three:localhost", "Bob and Carol");
    expect_chat(s, "!alias:localhost", "#pub:localhost");
    expect_chat(s, "!named:localhost", "Caf\303\251 <&>");
    CHECK(s, find_node(s, "!alone:localhost") != NULL);
    CHECK(s, strstr(text_of(find_node(s, "!alone:localhost"), "alias"), "Empty") != NULL);
}

/* A4: a room ID of version 12 has no domain; a slash must be encoded. */
static void opaque_ids(Scenario *s)
{
    static const char *const ids[] = {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
                                      "!a/b%c+d:localhost:8448"};
    SyncBody *body = sync_body_new();

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        sync_body_room(body, ids[i], "Odd", ALICE " " BOB " " CAROL);
    set_first(s, sync_body_end(body));
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        FakeRequest *request;
        expect_chat(s, ids[i], "Odd");
        open_chat(s, ids[i]);
        CHECK(s, host_send_chat(s->account, ids[i], "hello"));
        EXPECT_LINE(s, ids[i], ALICE, "hello", "SEND");
        request = EXPECT_REQUEST(s, "send");
        EXPECT_TEXT(s, request->args[0], ids[i]);
        settle(s);
    }
}

/* ---- direct rooms ---- */

/* Several m.direct rooms with one person: the newest is the IM, the others are chats. */
static void direct_newest(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, "!older:localhost", NULL, ALICE " " BOB);
    sync_body_room(body, "!newer:localhost", NULL, ALICE " " BOB);
    sync_body_timeline(body, "!older:localhost", event_with_time(event_text(BOB, "1"), 1000000));
    sync_body_timeline(body, "!newer:localhost", event_with_time(event_text(BOB, "2"), 2000000));
    sync_body_account_data(body, "m.direct", "{'" BOB "':['!older:localhost','!newer:localhost']}");
    set_first(s, sync_body_end(body));
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
    expect_buddy(s, BOB, "Bob");
    expect_chat(s, "!older:localhost", "Bob");
}

static void direct_of_three_is_a_chat(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, ROOM, NULL, ALICE " " BOB " " CAROL);
    sync_body_account_data(body, "m.direct", "{'" BOB "':['" ROOM "']}");
    set_first(s, sync_body_end(body));
    log_in(s);
    EXPECT_INT(s, count_nodes(), 1);
    expect_chat(s, ROOM, "Bob and Carol");
}

static void direct_converts_live(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, DIRECT, NULL, ALICE " " BOB);
    set_first(s, sync_body_end(body));
    log_in(s);
    expect_chat(s, DIRECT, "Bob");
    body = sync_body_new();
    sync_body_account_data(body, "m.direct", "{'" BOB "':['" DIRECT "']}");
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_INT(s, count_nodes(), 1);
    expect_buddy(s, BOB, "Bob");
    body = sync_body_new();
    sync_body_account_data(body, "m.direct", "{}");
    push(s, sync_body_end(body));
    settle(s);
    expect_chat(s, DIRECT, "Bob");
}

static void direct_third_joins(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    expect_buddy(s, BOB, "Bob");
    sync_body_timeline(body, DIRECT, event_member(CAROL, "join", "Carol"));
    sync_body_summary(body, DIRECT, 3, 0, BOB " " CAROL);
    push(s, sync_body_end(body));
    settle(s);
    expect_chat(s, DIRECT, "Bob and Carol");
}

static void direct_with_oneself(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, "!self:localhost", NULL, ALICE);
    sync_body_account_data(body, "m.direct", "{'" ALICE "':['!self:localhost']}");
    set_first(s, sync_body_end(body));
    log_in(s);
    CHECK(s, find_node(s, ALICE) != NULL);
    EXPECT_TEXT(s, text_of(find_node(s, ALICE), "type"), "buddy");
    CHECK(s, host_open_im(s->account, ALICE) != NULL);
    EXPECT_EVENT(s, "window", "name", ALICE, "kind", "im");
    CHECK(s, host_send_im(s->account, ALICE, "note to self"));
    EXPECT_LINE(s, ALICE, NULL, "note to self", NULL);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], "!self:localhost");
    settle(s);
}

/* D7: writing to somebody opens or makes the room. */
static void direct_made(Scenario *s)
{
    g_autoptr(JsonObject) body = NULL;
    g_autoptr(JsonObject) direct = NULL;
    FakeRequest *request;

    log_in(s);
    CHECK(s, host_open_im(s->account, CAROL) != NULL);
    EXPECT_EVENT(s, "window", "name", CAROL, "kind", "im");
    EXPECT_NOTHING(s, 100);
    CHECK(s, host_send_im(s->account, CAROL, "hello Carol"));
    EXPECT_LINE(s, CAROL, NULL, "hello Carol", "SEND");
    request = EXPECT_REQUEST(s, "create-room");
    body = fake_request_json(request);
    CHECK(s, json_object_get_boolean_member(body, "is_direct"));
    EXPECT_TEXT(s, text_of(body, "preset"), "trusted_private_chat");
    EXPECT_TEXT(s, json_array_get_string_element(json_object_get_array_member(body, "invite"), 0),
                CAROL);
    request = EXPECT_REQUEST(s, "set-account-data");
    EXPECT_TEXT(s, request->args[1], "m.direct");
    direct = fake_request_json(request);
    CHECK(s, json_object_has_member(direct, CAROL));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], "!new1:localhost");
    settle(s);
    CHECK(s, host_send_im(s->account, CAROL, "again"));
    EXPECT_LINE(s, CAROL, NULL, "again", "SEND");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], "!new1:localhost");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "create-room"), 1);
    EXPECT_TEXT(s, text_of(find_node(s, CAROL), "type"), "buddy");
}

/* I3: what m.direct says of others stays. */
static void direct_made_keeps_others(Scenario *s)
{
    g_autoptr(JsonObject) direct = NULL;

    set_usual_rooms(s);
    fake_server_set_account_data(s->server, "m.direct", "{\"" BOB "\":[\"" DIRECT "\"],\"odd\":7}");
    log_in(s);
    CHECK(s, host_send_im(s->account, CAROL, "hi"));
    EXPECT_EVENT(s, "window", "name", CAROL);
    EXPECT_LINE(s, CAROL, NULL, "hi", "SEND");
    EXPECT_REQUEST(s, "create-room");
    direct = fake_request_json(EXPECT_REQUEST(s, "set-account-data"));
    CHECK(s, json_object_has_member(direct, BOB));
    CHECK(s, json_object_has_member(direct, CAROL));
    EXPECT_REQUEST(s, "send");
    settle(s);
}

static void direct_partner_left(Scenario *s)
{
    SyncBody *body = sync_body_new();
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    sync_body_timeline(body, DIRECT, event_member(BOB, "leave", NULL));
    sync_body_summary(body, DIRECT, 1, 0, BOB);
    push(s, sync_body_end(body));
    settle(s);
    CHECK(s, host_send_im(s->account, BOB, "come back"));
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    EXPECT_LINE(s, BOB, NULL, "come back", "SEND");
    request = EXPECT_REQUEST(s, "invite");
    EXPECT_TEXT(s, request->args[0], DIRECT);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], DIRECT);
    settle(s);
}

/* Nor can he be invited again: the conversation goes on in a new room. */
static void partner_is_gone(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    fake_server_set_account_data(s->server, "m.direct", "{\"" BOB "\":[\"" DIRECT "\"]}");
    sync_body_timeline(body, DIRECT, event_member(BOB, "leave", NULL));
    sync_body_summary(body, DIRECT, 1, 0, BOB);
    push(s, sync_body_end(body));
    settle(s);
    fake_server_always(
        s->server, "invite",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"});
}

static void expect_new_room(Scenario *s, const char *text)
{
    g_autoptr(JsonObject) direct = fake_request_json(EXPECT_REQUEST(s, "set-account-data"));
    JsonArray *rooms = json_object_get_array_member(direct, BOB);
    FakeRequest *request = EXPECT_REQUEST(s, "send");

    EXPECT_INT(s, json_array_get_length(rooms), 2);
    EXPECT_TEXT(s, request->args[0], "!new1:localhost");
    CHECK(s, strstr(request->body, text) != NULL);
    settle(s);
    push_event(s, "!new1:localhost", event_text(BOB, "here I am"));
    EXPECT_LINE(s, BOB, BOB, "here I am", "RECV");
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
}

static void direct_partner_gone(Scenario *s)
{
    partner_is_gone(s);
    CHECK(s, host_send_im(s->account, BOB, "come back"));
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    EXPECT_LINE(s, BOB, NULL, "come back", "SEND");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "invite")->args[0], DIRECT);
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "create-room"));
    EXPECT_TEXT(s, json_array_get_string_element(json_object_get_array_member(body, "invite"), 0),
                BOB);
    expect_new_room(s, "come back");
}

/* The answer is lost: no second room is made. */
static void direct_partner_gone_lost_answer(Scenario *s)
{
    FakeAnswer lost = FAKE_502;

    partner_is_gone(s);
    lost.process = TRUE;
    fake_server_once(s->server, "create-room", lost);
    CHECK(s, host_send_im(s->account, BOB, "come back"));
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    EXPECT_LINE(s, BOB, NULL, "come back", "SEND");
    EXPECT_REQUEST(s, "invite");
    EXPECT_REQUEST(s, "create-room");
    EXPECT_REQUEST(s, "invite");
    expect_new_room(s, "come back");
    EXPECT_INT(s, fake_server_count(s->server, "create-room"), 1);
}

/* ---- rooms come and go ---- */

static void joined_elsewhere(Scenario *s)
{
    SyncBody *body = sync_body_new();

    log_in(s);
    EXPECT_INT(s, count_nodes(), 0);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    settle(s);
    expect_chat(s, ROOM, "Room");
    EXPECT_NOTHING(s, 100);
}

static void ask_to_join(Scenario *s)
{
    g_autofree char *error = NULL;
    PurpleConversation *room = host_find_conversation(s->account, ROOM);

    EXPECT_TEXT(s, host_command(room, "/join " ROOM2, &error), "OK");
}

/* An answer that never comes does not stand in the way for ever. */
static void join_asked_again(Scenario *s)
{
    FakeAnswer silent = {.how = FAKE_SILENT};
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    fake_server_once(s->server, "join", silent);
    ask_to_join(s);
    EXPECT_REQUEST(s, "join");
    ask_to_join(s);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is still being joined, for 0 seconds now");
    CHECK(s, host_open_chat(s->account, ROOM2));
    EXPECT_NOTHING(s, 100);
    EXPECT_EVENT(s, "line", "~text", "Still joining");
    host_iterate(8000);
    ask_to_join(s);
    EXPECT_EVENT(s, "line", "~text", "It is asked for again.");
    EXPECT_REQUEST(s, "join");
    sync_body_room(body, ROOM2, "New", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "window", "name", ROOM2);
    settle(s);
}

static void gone(Scenario *s, JsonObject *event, const char *hint)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    sync_body_leave(body, ROOM, event);
    push(s, sync_body_end(body));
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    expect_buddy(s, BOB, "Bob");
    if (hint != NULL)
        EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~text", hint);
    while (host_take_event("line") != NULL)
        ;
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
}

static JsonObject *member_by(const char *sender, const char *membership, const char *reason)
{
    JsonObject *event = event_member(ALICE, membership, "Alice");

    json_object_set_string_member(event, "sender", sender);
    json_object_set_string_member(json_object_get_object_member(event, "content"), "reason",
                                  reason);
    return event;
}

static void left_elsewhere(Scenario *s)
{
    gone(s, member_by(ALICE, "leave", ""), NULL);
}

static void kicked(Scenario *s)
{
    gone(s, member_by(BOB, "leave", "too <loud>"), "too &lt;loud&gt;");
}

static void banned(Scenario *s)
{
    gone(s, member_by(BOB, "ban", "spam\nand\u2029more"), "spam and   more.");
}

static void left_and_joined_again(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    sync_body_leave(body, ROOM, member_by(ALICE, "leave", ""));
    push(s, sync_body_end(body));
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    settle(s);
    expect_chat(s, ROOM, "Room");
}

/* ---- names and places change ---- */

static void renamed(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_event(s, ROOM, event_state("m.room.name", "", BOB, "{'name':'Second name'}"));
    settle(s);
    expect_chat(s, ROOM, "Second name");
    /* The user's own name for it stands above the server's. */
    purple_blist_alias_chat(purple_blist_find_chat(s->account, ROOM), "Mine");
    push_event(s, ROOM, event_state("m.room.name", "", BOB, "{'name':'Third name'}"));
    settle(s);
    expect_chat(s, ROOM, "Mine");
}

static void moved_by_the_user(Scenario *s)
{
    PurpleGroup *group;

    set_usual_rooms(s);
    log_in(s);
    group = purple_group_new("Mine");
    purple_blist_add_group(group, NULL);
    purple_blist_add_chat(purple_blist_find_chat(s->account, ROOM), group, NULL);
    push_event(s, ROOM, event_state("m.room.name", "", BOB, "{'name':'Second name'}"));
    settle(s);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Mine");
    expect_chat(s, ROOM, "Second name");
}

static void moved_by_the_user_2(Scenario *s)
{
    come_back(s);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Mine");
    EXPECT_INT(s, count_nodes(), 2);
}

static void restart_1(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
}

static void restart_2(Scenario *s)
{
    come_back(s);
    EXPECT_INT(s, count_nodes(), 2);
    expect_buddy(s, BOB, "Bob");
    expect_chat(s, ROOM, "Room");
}

static void removed_by_the_user_1(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    purple_blist_remove_chat(purple_blist_find_chat(s->account, ROOM));
    push_event(s, ROOM, event_text(BOB, "hello"));
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
}

static void removed_by_the_user_2(Scenario *s)
{
    SyncBody *body = sync_body_new();

    come_back(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    sync_body_leave(body, ROOM, member_by(ALICE, "leave", ""));
    push(s, sync_body_end(body));
    body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    settle(s);
    expect_chat(s, ROOM, "Room");
}

/* A buddy that is removed from the list is not a room that is left. */
static void removed_buddy(Scenario *s)
{
    PurpleBuddy *buddy;

    set_usual_rooms(s);
    log_in(s);
    buddy = purple_find_buddy(s->account, BOB);
    purple_account_remove_buddy(s->account, buddy, purple_buddy_get_group(buddy));
    purple_blist_remove_buddy(buddy);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
    push_event(s, DIRECT, event_text(BOB, "still here"));
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    EXPECT_LINE(s, BOB, BOB, "still here", "RECV");
    settle(s);
}

/* ---- nodes of the old plugin ---- */

static void add_old_chat(Scenario *s, const char *room_id)
{
    PurpleGroup *group = purple_group_new("Old group");
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    PurpleAccount *account = scenario_account(s, ALICE, "secret");

    purple_blist_add_group(group, NULL);
    g_hash_table_insert(components, g_strdup("room_id"), g_strdup(room_id));
    purple_blist_add_chat(purple_chat_new(account, "Old alias", components), group, NULL);
}

static void old_chat_of_direct_room(Scenario *s)
{
    set_usual_rooms(s);
    add_old_chat(s, DIRECT);
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
    EXPECT_TEXT(s, text_of(find_node(s, BOB), "type"), "buddy");
    CHECK(s, find_node(s, DIRECT) == NULL);
}

static void old_chat_of_room(Scenario *s)
{
    set_usual_rooms(s);
    add_old_chat(s, ROOM);
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Old group");
    open_chat(s, ROOM);
}

/* It names its room by an address; where that leads the homeserver says, and the node is the room's
 * from then on. */
static void old_chat_of_alias(Scenario *s)
{
    set_usual_rooms(s);
    add_old_chat(s, "#room:localhost");
    fake_server_set_alias(s->server, "#room:localhost", ROOM);
    log_in(s);
    EXPECT_INT(s, count_nodes(), 3);
    CHECK(s, host_open_chat(s->account, "#room:localhost"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], "#room:localhost");
    EXPECT_EVENT(s, "window", "name", ROOM);
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Old group");
    EXPECT_NOTHING(s, 100);
}

/* ---- spaces and windows ---- */

static void space_is_no_chat(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_state(
        body, "!space:localhost",
        event_state("m.room.create", "", ALICE, "{'room_version':'10','type':'m.space'}"));
    sync_body_state(body, "!space:localhost", event_member(ALICE, "join", "Alice"));
    sync_body_state(body, "!space:localhost",
                    event_state("m.room.name", "", ALICE, "{'name':'Space'}"));
    set_first(s, sync_body_end(body));
    log_in(s);
    EXPECT_INT(s, count_nodes(), 0);
}

static void closing_does_not_leave(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed", "name", ROOM);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    CHECK(s, host_close(s->account, BOB));
    EXPECT_EVENT(s, "window-closed", "name", BOB);
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
    expect_chat(s, ROOM, "Room");
    open_chat(s, ROOM);
}

/* Only leave removes a node: a full sync that does not name a room does not (design 4). */
static void full_sync_without_the_room(Scenario *s)
{
    FakeAnswer bad = {.status = 400,
                      .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Invalid stream token\"}"};
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    set_first(s, sync_body_end(body));
    fake_server_once(s->server, "sync", bad);
    push(s, g_strdup("{}"));
    settle(s);
    expect_buddy(s, BOB, "Bob");
    expect_chat(s, ROOM, "Room");
}

static const ScenarioEntry entries[] = {
    {"rooms-first-sync", {first_sync}},
    {"rooms-names", {names}},
    {"rooms-opaque-ids", {opaque_ids}},
    {"direct-newest", {direct_newest}},
    {"direct-of-three-is-a-chat", {direct_of_three_is_a_chat}},
    {"direct-converts-live", {direct_converts_live}},
    {"direct-third-joins", {direct_third_joins}},
    {"direct-with-oneself", {direct_with_oneself}},
    {"direct-made", {direct_made}},
    {"direct-made-keeps-others", {direct_made_keeps_others}},
    {"direct-partner-left", {direct_partner_left}},
    {"direct-partner-gone", {direct_partner_gone}},
    {"direct-partner-gone-lost-answer", {direct_partner_gone_lost_answer}},
    {"rooms-joined-elsewhere", {joined_elsewhere}},
    {"rooms-asked-again", {join_asked_again}},
    {"rooms-left-elsewhere", {left_elsewhere}},
    {"rooms-kicked", {kicked}},
    {"rooms-banned", {banned}},
    {"rooms-left-and-joined-again", {left_and_joined_again}},
    {"rooms-renamed", {renamed}},
    {"rooms-moved-by-the-user", {moved_by_the_user, moved_by_the_user_2}},
    {"rooms-restart", {restart_1, restart_2, restart_2}},
    {"rooms-removed-by-the-user", {removed_by_the_user_1, removed_by_the_user_2}},
    {"rooms-removed-buddy", {removed_buddy}},
    {"rooms-old-chat-of-direct-room", {old_chat_of_direct_room}},
    {"rooms-old-chat-of-room", {old_chat_of_room}},
    {"rooms-old-chat-of-alias", {old_chat_of_alias}},
    {"rooms-space-is-no-chat", {space_is_no_chat}},
    {"rooms-closing-does-not-leave", {closing_does_not_leave}},
    {"rooms-full-sync-without-the-room", {full_sync_without_the_room}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Joining, inviting, leaving and making rooms: issue 3, point 1. */

#define NEW "!new:localhost"
#define ALIAS "#garden:localhost"
#define ALL_THREE ALICE " " BOB " " CAROL

static void push_room(Scenario *s, const char *room_id, const char *name, const char *members)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, room_id, name, members);
    push(s, sync_body_end(body));
}

static void push_leave(Scenario *s, const char *room_id)
{
    SyncBody *body = sync_body_new();

    sync_body_leave(body, room_id, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
}

static PurpleConversation *start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    return host_find_conversation(s->account, ROOM);
}

static void type_command(Scenario *s, PurpleConversation *conversation, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(conversation, text, &error), "OK");
}

static void type_badly(Scenario *s, PurpleConversation *conversation, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(conversation, text, &error), "FAILED");
    CHECK(s, error != NULL);
}

/* ---- join ---- */

static void join_by_id(Scenario *s)
{
    log_in(s);
    CHECK(s, host_open_chat(s->account, NEW));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], NEW);
    EXPECT_NOTHING(s, 100);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW, "kind", "chat");
    settle(s);
    EXPECT_TEXT(s, text_of(find_node(s, NEW), "alias"), "New");
}

static void join_by_alias(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    fake_server_set_alias(s->server, ALIAS, NEW);
    CHECK(s, host_open_chat(s->account, " " ALIAS " "));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], ALIAS);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
    /* Again: a room that merely says that the address is its own does not get in between. */
    push_event(s, ROOM, event_state("m.room.canonical_alias", "", BOB, "{'alias':'" ALIAS "'}"));
    settle(s);
    CHECK(s, host_close(s->account, NEW));
    forget_events(s);
    CHECK(s, host_open_chat(s->account, ALIAS));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], ALIAS);
    EXPECT_EVENT(s, "window", "name", NEW);
}

static void join_by_link(Scenario *s)
{
    PurpleConversation *room = start(s);
    g_autofree char *via = NULL;
    g_autoptr(JsonObject) body = NULL;
    FakeRequest *request;

    type_command(s, room,
                 "/join https://matrix.to/#/!new:localhost?via=one.org&via=two.org to <see>");
    request = EXPECT_REQUEST(s, "join");
    EXPECT_TEXT(s, request->args[0], NEW);
    CHECK(s, strstr(request->query, "via=one.org") != NULL);
    CHECK(s, strstr(request->query, "via=two.org") != NULL);
    body = fake_request_json(request);
    CHECK(s, text_of(body, "reason") != NULL);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
    type_command(s, room, "/join  matrix:roomid/second:localhost?via=one.org ");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], ROOM2);
    push_room(s, ROOM2, "Second", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", ROOM2);
    settle(s);
}

static void join_person_and_nonsense(Scenario *s)
{
    PurpleConversation *room = start(s);

    type_command(s, room, "/join matrix:u/bob:localhost?action=chat");
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    type_badly(s, room, "/join nonsense");
    CHECK(s, host_open_chat(s->account, "no <room>"));
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "no <room>");
    EXPECT_NOTHING(s, 100);
}

/* The /sync may be faster than the answer; and a join may take long. */
static void join_slow(Scenario *s)
{
    PurpleConversation *room = start(s);
    FakeAnswer slow = {.delay_ms = 3600};

    fake_server_once(s->server, "join", slow);
    type_command(s, room, "/join " NEW);
    EXPECT_REQUEST(s, "join");
    host_iterate(3200);
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~text", "Still joining " NEW);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    host_iterate(700);
    settle(s);
}

static void join_slow_without_a_window(Scenario *s)
{
    FakeAnswer slow = {.delay_ms = 3600};

    log_in(s);
    fake_server_once(s->server, "join", slow);
    CHECK(s, host_open_chat(s->account, NEW));
    CHECK(s, host_open_chat(s->account, NEW)); /* once is enough */
    EXPECT_REQUEST(s, "join");
    host_iterate(3200);
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "Still joining");
    go_offline(s);
}

static int failed_joins;

static void on_join_failed(PurpleConnection *gc, GHashTable *components, gpointer data)
{
    failed_joins++;
}

static void join_refused(Scenario *s)
{
    static const struct {
        guint status;
        const char *body, *words;
    } cases[] = {
        {403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You are <not> invited\"}",
         "invited people"},
        {404, "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"gone\"}", "no such room"},
        {404, "{\"errcode\":\"M_UNKNOWN\",\"error\":\"no servers\"}", "No server is known"},
        {502, "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Failed to fetch alias\"}", "does not answer"},
        {400, "{\"errcode\":\"M_INCOMPATIBLE_ROOM_VERSION\",\"error\":\"9\"}", "version"},
        {500, "<html>oops</html>", "HTTP 500"},
        {200, "{\"room_id\":7}", "names no room"},
        {200, "{\"room_id\":\"#x:y\"}", "names no room"},
        {200, "nonsense", "names no room"},
    };
    PurpleConversation *room = start(s);

    purple_signal_connect(purple_conversations_get_handle(), "chat-join-failed", &failed_joins,
                          PURPLE_CALLBACK(on_join_failed), NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        FakeAnswer no = {.status = cases[i].status, .body = cases[i].body};
        fake_server_once(s->server, "join", no);
        CHECK(s, host_open_chat(s->account, NEW));
        EXPECT_REQUEST(s, "join");
        EXPECT_EVENT(s, "notify", "level", "error", "~secondary", cases[i].words);
        EXPECT_INT(s, failed_joins, i + 1);
        fake_server_once(s->server, "join", no);
        type_command(s, room, "/join " NEW);
        EXPECT_REQUEST(s, "join");
        EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", cases[i].words, "!text",
                     "<not>");
    }
    EXPECT_INT(s, failed_joins, G_N_ELEMENTS(cases));
    purple_signals_disconnect_by_handle(&failed_joins);
}

/* A node that the user made for an address becomes the room's, and is not doubled. */
static void join_from_node(Scenario *s)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    PurpleGroup *group = purple_group_new("Mine");
    PurpleChat *chat;

    log_in(s);
    fake_server_set_alias(s->server, ALIAS, NEW);
    purple_blist_add_group(group, NULL);
    g_hash_table_insert(components, g_strdup("room_id"), g_strdup(ALIAS));
    chat = purple_chat_new(s->account, "My garden", components);
    purple_blist_add_chat(chat, group, NULL);
    serv_join_chat(purple_account_get_connection(s->account), purple_chat_get_components(chat));
    EXPECT_REQUEST(s, "join");
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
    EXPECT_INT(s, count_nodes(), 1);
    EXPECT_TEXT(s, text_of(find_node(s, NEW), "alias"), "My garden");
    EXPECT_TEXT(s, text_of(find_node(s, NEW), "group"), "Mine");
}

/* A window that was open does not bring one back into a room that was left; a node that is to be
 * joined always does. */
static void rejoin_rules(Scenario *s)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    PurpleChat *chat;

    start(s);
    g_hash_table_insert(components, g_strdup("room_id"), g_strdup(NEW));
    chat = purple_chat_new(s->account, NULL, components);
    purple_blist_add_chat(chat, NULL, NULL);
    purple_blist_node_set_bool(&chat->node, "gtk-autojoin", TRUE);
    go_offline(s);
    push_leave(s, ROOM);
    forget_events(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], NEW);
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "no longer in the room “");
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "join"), 1);
}

/* ---- invitations ---- */

static void add_invitation(SyncBody *body, const char *room_id, const char *name,
                           const char *content)
{
    JsonObject *own = event_state("m.room.member", ALICE, BOB, content);

    sync_body_invite(body, room_id, event_state("m.room.create", "", BOB, "{}"));
    if (name != NULL) {
        JsonObject *event = event_state("m.room.name", "", BOB, "{}");
        json_object_set_string_member(json_object_get_object_member(event, "content"), "name",
                                      name);
        sync_body_invite(body, room_id, event);
    }
    sync_body_invite(body, room_id, event_member(BOB, "join", "Bob <b>"));
    sync_body_invite(body, room_id, own);
}

static void push_invitation(Scenario *s, const char *room_id, const char *name, const char *content)
{
    SyncBody *body = sync_body_new();

    add_invitation(body, room_id, name, content);
    push(s, sync_body_end(body));
}

#define INVITE "{'membership':'invite'}"

static guint request_number(JsonObject *event)
{
    return json_object_get_int_member(event, "request");
}

static guint expect_invitation(Scenario *s, const char *words)
{
    return request_number(
        EXPECT_EVENT(s, "request", "kind", "action", "title", "Invitation", "~primary", words));
}

static void press(Scenario *s, guint request, const char *button)
{
    CHECK(s, host_press(request, button, NULL, NULL, NULL));
}

static void invited_accept(Scenario *s)
{
    JsonObject *event;

    log_in(s);
    push_invitation(s, NEW, "New <i>", "{'membership':'invite','reason':'come <u>'}");
    event =
        EXPECT_EVENT(s, "request", "kind", "action", "primary",
                     "Bob <b> invites you to the room “New <i>”", "~secondary", "Reason: come <u>");
    CHECK(s, strstr(text_of(event, "secondary"), BOB) != NULL);
    CHECK(s, strstr(text_of(event, "secondary"), NEW) != NULL);
    press(s, request_number(event), "Accept");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], NEW);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW, "kind", "chat");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 0);
}

/* I3: the room is the inviter's IM from its first moment on, and m.direct says so. */
static void invited_direct(Scenario *s)
{
    g_autoptr(JsonObject) direct = NULL;

    log_in(s);
    push_invitation(s, NEW, NULL, "{'membership':'invite','is_direct':true}");
    press(s, expect_invitation(s, "Bob <b> wants to talk to you"), "Accept");
    EXPECT_REQUEST(s, "join");
    push_room(s, NEW, NULL, ALICE " " BOB);
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    direct = fake_request_json(EXPECT_REQUEST(s, "set-account-data"));
    EXPECT_TEXT(s, json_array_get_string_element(json_object_get_array_member(direct, BOB), 0),
                NEW);
    settle(s);
    EXPECT_INT(s, count_nodes(), 1);
    EXPECT_TEXT(s, text_of(find_node(s, BOB), "type"), "buddy");
}

static void invited_space(Scenario *s)
{
    SyncBody *body = sync_body_new();

    log_in(s);
    add_invitation(body, NEW, "Place", INVITE);
    sync_body_invite(body, NEW, event_state("m.room.create", "", BOB, "{'type':'m.space'}"));
    push(s, sync_body_end(body));
    press(s, expect_invitation(s, "to the space “Place”"), "Accept");
    EXPECT_REQUEST(s, "join");
    body = sync_body_new();
    sync_body_state(body, NEW, event_state("m.room.create", "", BOB, "{'type':'m.space'}"));
    sync_body_state(body, NEW, event_member(ALICE, "join", "Alice"));
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "is a space");
    settle(s);
    EXPECT_INT(s, count_nodes(), 0);
}

static void invited_reject(Scenario *s)
{
    FakeAnswer no = {.status = 500, .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"oops\"}"};
    PurpleConversation *room = start(s);

    push_invitation(s, NEW, "New", INVITE);
    fake_server_once(s->server, "leave", no);
    press(s, expect_invitation(s, "“New”"), "Reject");
    EXPECT_REQUEST(s, "leave");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "could not be rejected");
    type_command(s, room, "/reject");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], NEW);
    push_leave(s, NEW);
    settle(s);
    type_badly(s, room, "/reject");
}

static void invited_withdrawn(Scenario *s)
{
    guint number;

    log_in(s);
    push_invitation(s, NEW, "New", INVITE);
    number = expect_invitation(s, "“New”");
    push_leave(s, NEW);
    settle(s);
    EXPECT_INT(s, request_number(EXPECT_EVENT(s, "request-closed")), number);
    CHECK(s, !host_press(number, "Accept", NULL, NULL, NULL));
    EXPECT_NOTHING(s, 400);
}

/* One that failed waits again. */
static void invited_accept_fails(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};
    PurpleConversation *room = start(s);

    push_invitation(s, NEW, "New", INVITE);
    fake_server_once(s->server, "join", no);
    press(s, expect_invitation(s, "“New”"), "Accept");
    EXPECT_REQUEST(s, "join");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "New could not be joined");
    type_command(s, room, "/accept 1");
    EXPECT_REQUEST(s, "join");
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
}

static void push_many(Scenario *s, guint from, guint to)
{
    SyncBody *body = sync_body_new();

    for (guint i = from; i <= to; i++) {
        g_autofree char *room_id = g_strdup_printf("!many%u:localhost", i);
        g_autofree char *name = g_strdup_printf("Many %u", i);
        add_invitation(body, room_id, name, INVITE);
    }
    push(s, sync_body_end(body));
}

static void invited_often(Scenario *s)
{
    PurpleConversation *room = start(s);

    push_many(s, 1, 50);
    EXPECT_EVENT(s, "notify", "kind", "searchresults", "title", "Invitations");
    EXPECT_NOTHING(s, 500);
    EXPECT_INT(s, host_result_rows(), 50);
    CHECK(s, host_press_row(1, "Accept"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], "!many2:localhost");
    push_room(s, "!many2:localhost", "Many 2", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", "!many2:localhost");
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    CHECK(s, host_press_row(0, "Reject"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], "!many1:localhost");
    push_leave(s, "!many1:localhost");
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    settle(s);
    EXPECT_INT(s, host_result_rows(), 48);
    type_command(s, room, "/invites");
    EXPECT_EVENT(s, "line", "name", ROOM, "!text", "Many 2”"); /* as much as one line takes */
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "<br>50. Bob &lt;b&gt; invites you");
    while (host_take_event("notify") != NULL)
        ;
}

/* A dialog that was put away is found again. */
static void invited_and_listed(Scenario *s)
{
    log_in(s);
    CHECK(s, host_run_action(s->account, "Invitations"));
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "no invitations");
    push_invitation(s, NEW, "New", INVITE);
    expect_invitation(s, "“New”");
    CHECK(s, host_run_action(s->account, "Invitations"));
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    EXPECT_EVENT(s, "request-closed");
    CHECK(s, host_press_row(0, "Accept"));
    EXPECT_REQUEST(s, "join");
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    host_iterate(400);
    EXPECT_INT(s, host_result_rows(), 0);
}

/* A fourth one makes a list of the three dialogs that wait. */
static void invited_four_times(Scenario *s)
{
    log_in(s);
    push_many(s, 1, 3);
    for (guint i = 0; i < 3; i++)
        expect_invitation(s, "“Many");
    push_many(s, 4, 4);
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    EXPECT_INT(s, host_result_rows(), 4);
    EXPECT_NOTHING(s, 400);
    for (guint i = 0; i < 3; i++)
        EXPECT_EVENT(s, "request-closed");
}

static void invited_before_a_restart_1(Scenario *s)
{
    log_in(s);
    push_invitation(s, NEW, NULL, "{'membership':'invite','is_direct':true,'reason':'why'}");
    expect_invitation(s, "wants to talk");
    settle(s);
}

static void invited_before_a_restart_2(Scenario *s)
{
    come_back(s);
    EXPECT_EVENT(s, "request", "~primary", "Bob <b> wants to talk", "~secondary", "Reason: why");
    EXPECT_NOTHING(s, 400);
}

static int accept_at_once(PurpleAccount *account, const char *who, const char *name,
                          const char *message, GHashTable *components, gpointer data)
{
    return 1;
}

/* Other plugins may answer, and people that are blocked are not heard. */
static void invited_with_plugins(Scenario *s)
{
    static int handle;

    log_in(s);
    purple_signal_connect(purple_conversations_get_handle(), "chat-invited", &handle,
                          PURPLE_CALLBACK(accept_at_once), NULL);
    push_invitation(s, NEW, "New", INVITE);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], NEW);
    push_room(s, NEW, "New", ALL_THREE);
    EXPECT_EVENT(s, "window", "name", NEW);
    purple_signals_disconnect_by_handle(&handle);
    purple_privacy_deny_add(s->account, BOB, TRUE);
    s->account->perm_deny = PURPLE_PRIVACY_DENY_USERS;
    push_invitation(s, ROOM2, "Second", INVITE);
    settle(s);
    EXPECT_NOTHING(s, 500);
}

static void invited_then_offline(Scenario *s)
{
    log_in(s);
    push_many(s, 1, 2);
    expect_invitation(s, "“Many 1”");
    expect_invitation(s, "“Many 2”");
    go_offline(s);
    EXPECT_EVENT(s, "request-closed");
    EXPECT_EVENT(s, "request-closed");
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    expect_invitation(s, "“Many");
    expect_invitation(s, "“Many");
    push_many(s, 3, 6);
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    go_offline(s);
    EXPECT_NOTHING(s, 200);
}

/* What an inviter says may be anything. */
static void invited_oddly(Scenario *s)
{
    SyncBody *body = sync_body_new();

    log_in(s);
    sync_body_invite(body, NEW,
                     event_state("m.room.member", ALICE, "nobody",
                                 "{'membership':'invite','reason':7,'is_direct':'yes'}"));
    sync_body_invite(body, NEW, event_state("m.room.name", "", BOB, "{'name':['x']}"));
    sync_body_invite(body, ROOM2,
                     event_state("m.room.member", ALICE, BOB,
                                 "{'membership':'invite','reason':'two\\nlines','is_direct':1}"));
    push(s, sync_body_end(body));
    expect_invitation(s, "invites you to the room");
    expect_invitation(s, "invites you to the room");
    EXPECT_NOTHING(s, 300);
}

/* ---- inviting ---- */

static void inviting(Scenario *s)
{
    static const struct {
        guint status;
        const char *body, *words;
    } cases[] = {
        {403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"is already in the room\"}", "already"},
        {403, "{\"errcode\":\"M_INVITE_BLOCKED\",\"error\":\"b\"}", "do not accept invitations"},
        {403, "{\"errcode\":\"ORG.MATRIX.MSC4155.INVITE_BLOCKED\"}", "do not accept invitations"},
        {404, "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"?\"}", "no such person"},
        {502, "{\"errcode\":\"M_UNKNOWN\",\"error\":\"dead\"}", "does not answer"},
    };
    PurpleConversation *room = start(s);
    g_autoptr(JsonObject) body = NULL;
    FakeRequest *request;

    type_command(s, room, "/invite @dave:localhost please come");
    request = EXPECT_REQUEST(s, "invite");
    body = fake_request_json(request);
    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, text_of(body, "user_id"), "@dave:localhost");
    EXPECT_TEXT(s, text_of(body, "reason"), "please come");
    push_event(s, ROOM,
               event_state("m.room.member", "@dave:localhost", ALICE, "{'membership':'invite'}"));
    EXPECT_EVENT(s, "line", "name", ROOM, "text", "Alice has invited @dave:localhost.");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        FakeAnswer no = {.status = cases[i].status, .body = cases[i].body};
        fake_server_once(s->server, "invite", no);
        type_command(s, room, "/invite @dave:localhost");
        EXPECT_REQUEST(s, "invite");
        EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", cases[i].words);
    }
    type_badly(s, room, "/invite dave");
}

/* Pidgin's and Finch's own way. */
static void inviting_by_hook(Scenario *s)
{
    PurpleConversation *room = start(s);
    PurpleConnection *gc = purple_account_get_connection(s->account);
    int id = purple_conv_chat_get_id(PURPLE_CONV_CHAT(room));
    g_autoptr(JsonObject) body = NULL;

    serv_chat_invite(gc, id, NULL, " @dave:localhost");
    body = fake_request_json(EXPECT_REQUEST(s, "invite"));
    EXPECT_TEXT(s, text_of(body, "user_id"), "@dave:localhost");
    CHECK(s, !json_object_has_member(body, "reason"));
    serv_chat_invite(gc, id, "why", "dave <x>");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", "dave &lt;x&gt;");
    serv_chat_invite(gc, 999, NULL, "@dave:localhost");
    EXPECT_NOTHING(s, 100);
}

/* ---- leave and forget ---- */

static void leaving(Scenario *s)
{
    PurpleConversation *room = start(s);
    FakeAnswer no = {.status = 400, .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"still in\"}"};
    g_autoptr(JsonObject) body = NULL;
    FakeRequest *request;

    type_badly(s, room, "/forget");
    type_command(s, room, "/leave");
    request = EXPECT_REQUEST(s, "leave");
    body = fake_request_json(request);
    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, text_of(body, "reason"), NULL);
    push_leave(s, ROOM);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "You have left this room");
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    type_badly(s, room, "/leave");
    fake_server_once(s->server, "forget", no);
    type_command(s, room, "/forget");
    EXPECT_REQUEST(s, "forget");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "leave it first");
    type_command(s, room, "/forget");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "forget")->args[0], ROOM);
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "has forgotten");
}

static void leaving_a_person(Scenario *s)
{
    PurpleConversation *im;

    set_usual_rooms(s);
    log_in(s);
    im = host_open_im(s->account, BOB);
    EXPECT_EVENT(s, "window", "name", BOB);
    type_command(s, im, "/leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], DIRECT);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "You have left this conversation");
    push_leave(s, DIRECT);
    settle(s);
    type_badly(s, im, "/leave");
}

static void choose(Scenario *s, const char *label)
{
    PurpleBlistNode *node = (PurpleBlistNode *)purple_blist_find_chat(s->account, ROOM);
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(purple_find_prpl(HOST_PRPL));
    GList *menu = info->blist_node_menu(node);
    gboolean found = FALSE;

    for (GList *l = menu; l != NULL; l = l->next) {
        PurpleMenuAction *action = l->data;
        if (!found && g_str_equal(action->label, label)) {
            found = TRUE;
            ((void (*)(PurpleBlistNode *, gpointer))action->callback)(node, action->data);
        }
        purple_menu_action_free(action);
    }
    g_list_free(menu);
    CHECK(s, found);
}

static void leaving_by_menu(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    set_usual_rooms(s);
    log_in(s);
    choose(s, "Leave Room…");
    press(s, request_number(EXPECT_EVENT(s, "request", "~primary", "Leave the room “Room”?")),
          "Cancel");
    EXPECT_NOTHING(s, 100);
    choose(s, "Leave Room…");
    fake_server_once(s->server, "leave", no);
    press(s, request_number(EXPECT_EVENT(s, "request")), "Leave");
    EXPECT_REQUEST(s, "leave");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Room could not be left");
    choose(s, "Leave Room…");
    press(s, request_number(EXPECT_EVENT(s, "request")), "Leave");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "leave")->args[0], ROOM);
    push_leave(s, ROOM);
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
}

/* ---- create ---- */

static void creating(Scenario *s)
{
    PurpleConversation *room = start(s);
    FakeAnswer no = {.status = 400, .body = "{\"errcode\":\"M_ROOM_IN_USE\",\"error\":\"used\"}"};
    g_autoptr(JsonObject) body = NULL;

    type_command(s, room, "/create Tea & cake");
    body = fake_request_json(EXPECT_REQUEST(s, "create-room"));
    EXPECT_TEXT(s, text_of(body, "name"), "Tea & cake");
    EXPECT_TEXT(s, text_of(body, "preset"), "private_chat");
    CHECK(s, !json_object_has_member(body, "room_alias_name"));
    /* The name may come a /sync later, and Finch keeps the title that a window had first. */
    settle(s);
    push_event(s, "!new1:localhost",
               event_state("m.room.name", "", ALICE, "{'name':'Tea & cake'}"));
    EXPECT_EVENT(s, "window", "name", "!new1:localhost", "kind", "chat", "title", "Tea & cake");
    EXPECT_EVENT(s, "line", "~text", "has named this room");
    settle(s);
    fake_server_once(s->server, "create-room", no);
    type_command(s, room, "/create again");
    EXPECT_REQUEST(s, "create-room");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", "has that address");
}

static void fill_dialog(Scenario *s, const char *inputs)
{
    g_autoptr(JsonNode) node = json_text(inputs);
    JsonObject *event;

    CHECK(s, host_run_action(s->account, "Create room…"));
    event = EXPECT_EVENT(s, "request", "kind", "fields", "primary", "Create a room");
    CHECK(s, host_press(request_number(event), "Create", NULL, json_node_get_object(node), NULL));
}

static void creating_by_dialog(Scenario *s)
{
    static const char *const codes[] = {"M_ROOM_IN_USE", "M_UNSUPPORTED_ROOM_VERSION",
                                        "M_INVALID_ROOM_STATE", "M_FORBIDDEN"};
    g_autoptr(JsonObject) body = NULL;
    JsonArray *invite;

    log_in(s);
    fill_dialog(s, "{'name':'Tea','topic':'All about it','public':'true','alias':'#tea:localhost',"
                   "'people':'@bob:localhost, https://matrix.to/#/@carol:localhost',"
                   "'version':'12'}");
    body = fake_request_json(EXPECT_REQUEST(s, "create-room"));
    EXPECT_TEXT(s, text_of(body, "name"), "Tea");
    EXPECT_TEXT(s, text_of(body, "topic"), "All about it");
    EXPECT_TEXT(s, text_of(body, "preset"), "public_chat");
    EXPECT_TEXT(s, text_of(body, "visibility"), "public");
    EXPECT_TEXT(s, text_of(body, "room_alias_name"), "tea");
    EXPECT_TEXT(s, text_of(body, "room_version"), "12");
    invite = json_object_get_array_member(body, "invite");
    EXPECT_INT(s, json_array_get_length(invite), 2);
    EXPECT_TEXT(s, json_array_get_string_element(invite, 1), CAROL);
    EXPECT_EVENT(s, "window", "name", "!new1:localhost");
    fill_dialog(s, "{'name':'x','people':'bob'}");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "“bob” is no Matrix ID");
    fill_dialog(s, "{'name':'x','alias':'#tea:elsewhere.org'}");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "your own homeserver");
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autofree char *text = g_strdup_printf("{\"errcode\":\"%s\"}", codes[i]);
        FakeAnswer no = {.status = 400, .body = text};
        fake_server_once(s->server, "create-room", no);
        fill_dialog(s, "{'name':'x'}");
        EXPECT_REQUEST(s, "create-room");
        EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "could not be created",
                     "!secondary", codes[i]);
    }
    settle(s);
}

static const ScenarioEntry entries[] = {
    {"join-by-id", {join_by_id}},
    {"join-by-alias", {join_by_alias}},
    {"join-by-link", {join_by_link}},
    {"join-person-and-nonsense", {join_person_and_nonsense}},
    {"join-slow", {join_slow}},
    {"join-slow-without-a-window", {join_slow_without_a_window}},
    {"join-refused", {join_refused}},
    {"join-from-node", {join_from_node}},
    {"join-rejoin-rules", {rejoin_rules}},
    {"invited-accept", {invited_accept}},
    {"invited-direct", {invited_direct}},
    {"invited-space", {invited_space}},
    {"invited-reject", {invited_reject}},
    {"invited-withdrawn", {invited_withdrawn}},
    {"invited-accept-fails", {invited_accept_fails}},
    {"invited-often", {invited_often}},
    {"invited-and-listed", {invited_and_listed}},
    {"invited-four-times", {invited_four_times}},
    {"invited-before-a-restart", {invited_before_a_restart_1, invited_before_a_restart_2}},
    {"invited-with-plugins", {invited_with_plugins}},
    {"invited-then-offline", {invited_then_offline}},
    {"invited-oddly", {invited_oddly}},
    {"inviting", {inviting}},
    {"inviting-by-hook", {inviting_by_hook}},
    {"leaving", {leaving}},
    {"leaving-a-person", {leaving_a_person}},
    {"leaving-by-menu", {leaving_by_menu}},
    {"creating", {creating}},
    {"creating-by-dialog", {creating_by_dialog}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

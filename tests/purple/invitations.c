/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <privacy.h>

/* Invitations that are many, unwanted, answered elsewhere or sent twice: issue 3, point 1. */

static void add_invitation(SyncBody *body, const char *room_id, const char *name)
{
    JsonObject *event = event_state("m.room.name", "", BOB, "{}");
    json_object_set_string_member(json_object_get_object_member(event, "content"), "name", name);
    sync_body_invite(body, room_id, event_state("m.room.create", "", BOB, "{}"));
    sync_body_invite(body, room_id, event);
    sync_body_invite(body, room_id, event_member(BOB, "join", "Bob"));
    sync_body_invite(body, room_id,
                     event_state("m.room.member", ALICE, BOB, "{'membership':'invite'}"));
}

static void push_many(Scenario *s, guint from, guint to)
{
    SyncBody *body = sync_body_new();
    for (guint i = from; i <= to; i++) {
        g_autofree char *room_id = g_strdup_printf("!many%u:localhost", i);
        g_autofree char *name = g_strdup_printf("Many %u", i);
        add_invitation(body, room_id, name);
    }
    push(s, sync_body_end(body));
}

static void push_room(Scenario *s, const char *room_id, const char *name)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, room_id, name, ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
}

static void type_command(Scenario *s, const char *text, const char *result)
{
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), result);
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
}

/* Somebody blocked is heard of in no way, however often they invite. */
static void blocked_inviter(Scenario *s)
{
    start(s);
    purple_privacy_deny_add(s->account, BOB, TRUE);
    purple_account_set_privacy_type(s->account, PURPLE_PRIVACY_DENY_USERS);
    push_many(s, 1, 6);
    settle(s);
    EXPECT_NOTHING(s, 500);
    type_command(s, "/invites", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "There are no invitations");
    type_command(s, "/accept 1", "FAILED");
    purple_privacy_deny_remove(s->account, BOB, TRUE);
    type_command(s, "/invites", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "6. Bob invites you to the room “Many 6”");
}

/* The list stays in the user's hands while more come. */
static void storm(Scenario *s)
{
    gint64 begin;
    start(s);
    begin = g_get_monotonic_time();
    push_many(s, 1, 500);
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    g_test_message("%" G_GINT64_FORMAT " ms", (g_get_monotonic_time() - begin) / 1000);
    EXPECT_INT(s, host_result_rows(), 500);
    for (guint i = 501; i <= 510; i++) {
        push_many(s, i, i);
        host_iterate(150);
    }
    EXPECT_INT(s, host_result_rows(), 500);
    CHECK(s, host_take_event("notify") == NULL);
    CHECK(s, host_press_row(0, "Accept"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], "!many1:localhost");
    EXPECT_EVENT(s, "notify", "kind", "searchresults");
    EXPECT_INT(s, host_result_rows(), 509);
    push_room(s, "!many1:localhost", "Many 1");
    EXPECT_EVENT(s, "window", "name", "!many1:localhost");
    settle(s);
}

/* Whoever answers on another device is asked no more here. */
static void accepted_elsewhere(Scenario *s)
{
    start(s);
    push_many(s, 1, 1);
    EXPECT_EVENT(s, "request", "kind", "action", "~primary", "Many 1");
    push_room(s, "!many1:localhost", "Many 1");
    EXPECT_EVENT(s, "request-closed");
    settle(s);
    EXPECT_NOTHING(s, 400);
    type_command(s, "/invites", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "There are no invitations");
}

/* A second invitation that comes before the end of the first was told is a new one. */
static void rejected_and_invited_again(Scenario *s)
{
    JsonObject *event;
    start(s);
    push_many(s, 1, 1);
    event = EXPECT_EVENT(s, "request", "kind", "action", "~primary", "Many 1");
    CHECK(s, host_press(json_object_get_int_member(event, "request"), "Reject", NULL, NULL, NULL));
    EXPECT_REQUEST(s, "leave");
    host_iterate(100);
    push_many(s, 1, 1);
    event = EXPECT_EVENT(s, "request", "kind", "action", "~primary", "Many 1");
    CHECK(s, host_press(json_object_get_int_member(event, "request"), "Accept", NULL, NULL, NULL));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "join")->args[0], "!many1:localhost");
    push_room(s, "!many1:localhost", "Many 1");
    EXPECT_EVENT(s, "window", "name", "!many1:localhost");
    settle(s);
}

/* What strangers say of their room stays in its place. */
static void spoofed(Scenario *s)
{
    SyncBody *body = sync_body_new();
    JsonObject *event;
    log_in(s);
    add_invitation(body, ROOM2, "Tea\u2029\u202eFrom: nobody");
    sync_body_invite(body, ROOM2,
                     event_state("m.room.canonical_alias", "", BOB,
                                 "{'alias':'#x:localhost\\nFrom: @admin:localhost'}"));
    sync_body_invite(body, ROOM2, event_member(BOB, "join", "\u200b\u3164 "));
    push(s, sync_body_end(body));
    event =
        EXPECT_EVENT(s, "request", "kind", "action", "!primary", "\u2029", "!secondary", "admin");
    EXPECT_TEXT(s, text_of(event, "primary"),
                BOB " invites you to the room “Tea      From: nobody”");
    settle(s);
}

/* ---- who may invite ---- */

#define RULE "m.invite_permission_config"
#define EMOJI "{\"recent_emoji\":[{\"emoji\":\"🤔\",\"total\":19}]}"
#define BACKUP "{\"enabled\":false}"

static void said(Scenario *s, const char *flags, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", flags, "~text", text);
}

static void expect_written(Scenario *s, const char *content)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-account-data");
    EXPECT_TEXT(s, request->args[1], RULE);
    EXPECT_TEXT(s, request->body, content);
}

/* What other clients have written there stays, and so does what only they understand. */
static void all_blocked(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    sync_body_account_data(body, "m.recent_emoji", EMOJI);
    sync_body_account_data(body, "m.key_backup", BACKUP);
    sync_body_account_data(body, "org.example.unknown", "{'a':['x',{}]}");
    push(s, sync_body_end(body));
    settle(s);
    fake_server_set_account_data(s->server, "m.recent_emoji", EMOJI);
    fake_server_set_account_data(s->server, "m.key_backup", BACKUP);
    fake_server_set_account_data(s->server, RULE, "{\"x\":[1],\"default_action\":\"allow\"}");
    type_command(s, "/invites block", "OK");
    expect_written(s, "{\"x\":[1],\"default_action\":\"block\"}");
    said(s, "SYSTEM", "Your homeserver is told to refuse all invitations to you.");
    settle(s);
    type_command(s, "/invites", "OK");
    said(s, "SYSTEM", "There are no invitations.");
    said(s, "SYSTEM", "Your homeserver refuses all invitations to you.");
    type_command(s, "/invites allow", "OK");
    expect_written(s, "{\"x\":[1]}");
    said(s, "SYSTEM", "Everybody may invite you");
    settle(s);
    type_command(s, "/invites", "OK");
    said(s, "SYSTEM", "There are no invitations.");
    EXPECT_NOTHING(s, 100);
}

/* After a restart, and whatever the value is. */
static void all_blocked_elsewhere(Scenario *s)
{
    static const char *const odd[] = {"{}", "{'default_action':['block']}",
                                      "{'default_action':'BLOCK'}", "{'default_action':null}"};
    SyncBody *body = sync_body_new();
    sync_body_account_data(body, RULE, "{'default_action':'block'}");
    push(s, sync_body_end(body));
    come_back(s);
    settle(s);
    open_chat(s, ROOM);
    type_command(s, "/invites", "OK");
    said(s, "SYSTEM", "There are no invitations.");
    said(s, "SYSTEM", "Your homeserver refuses all invitations to you.");
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        body = sync_body_new();
        sync_body_account_data(body, RULE, odd[i]);
        push(s, sync_body_end(body));
        settle(s);
        type_command(s, "/invites", "OK");
        said(s, "SYSTEM", "There are no invitations.");
        EXPECT_NOTHING(s, 50);
    }
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 0);
}

static void blocking_fails(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};
    start(s);
    fake_server_once(s->server, "get-account-data", FAKE_502);
    type_command(s, "/invites block", "OK");
    said(s, "ERROR", "Who may invite you was not changed.");
    fake_server_once(s->server, "set-account-data", no);
    type_command(s, "/invites block", "OK");
    expect_written(s, "{\"default_action\":\"block\"}");
    said(s, "ERROR", "Who may invite you was not changed.");
    type_command(s, "/invites nobody", "FAILED");
    EXPECT_NOTHING(s, 100);
}

static void blocking_by_dialog(Scenario *s)
{
    JsonObject *request;
    start(s);
    CHECK(s, host_run_action(s->account, "Block or allow invitations…"));
    request = EXPECT_EVENT(s, "request", "primary", "Block all invitations?");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "Block", NULL, NULL, NULL));
    expect_written(s, "{\"default_action\":\"block\"}");
    settle(s);
    CHECK(s, host_run_action(s->account, "Block or allow invitations…"));
    request = EXPECT_EVENT(s, "request", "primary", "Allow invitations again?");
    CHECK(s,
          host_press(json_object_get_int_member(request, "request"), "Cancel", NULL, NULL, NULL));
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"spoofed", {spoofed}},
    {"blocked-inviter", {blocked_inviter}},
    {"storm", {storm}},
    {"accepted-elsewhere", {accepted_elsewhere}},
    {"rejected-and-invited-again", {rejected_and_invited_again}},
    {"invites-all-blocked", {all_blocked, all_blocked_elsewhere}},
    {"invites-blocking-fails", {blocking_fails}},
    {"invites-blocking-by-dialog", {blocking_by_dialog}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

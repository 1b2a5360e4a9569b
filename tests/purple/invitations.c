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

static const ScenarioEntry entries[] = {
    {"spoofed", {spoofed}},
    {"blocked-inviter", {blocked_inviter}},
    {"storm", {storm}},
    {"accepted-elsewhere", {accepted_elsewhere}},
    {"rejected-and-invited-again", {rejected_and_invited_again}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

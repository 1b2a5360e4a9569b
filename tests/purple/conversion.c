/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

/* Rooms that become direct or cease to be while their window is open: issue 3, point 1. */

static void push_direct(Scenario *s, const char *content)
{
    SyncBody *body = sync_body_new();
    sync_body_account_data(body, "m.direct", content);
    push(s, sync_body_end(body));
}

/* What the homeserver says when the window opens. */
static void set_members(Scenario *s)
{
    g_autofree char *body = json_quotes(
        "{'chunk':[{'type':'m.room.member','event_id':'$a','sender':'" ALICE "','state_key':'" ALICE
        "','content':{'membership':'join','displayname':'Alice'}},{'type':'m.room.member',"
        "'event_id':'$b','sender':'" BOB "','state_key':'" BOB
        "','content':{'membership':'join','displayname':'Bob'}}]}");
    fake_server_set_members(s->server, DIRECT, body);
}

/* What is typed after it is drawn, and goes to the same room. */
static void chat_becomes_im(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, DIRECT, NULL, ALICE " " BOB);
    set_first(s, sync_body_end(body));
    set_members(s);
    log_in(s);
    open_chat(s, DIRECT);
    host_set_focus(DIRECT, TRUE);
    push_direct(s, "{'" BOB "':['" DIRECT "']}");
    EXPECT_EVENT(s, "line", "name", DIRECT, "~flags", "SYSTEM", "~text",
                 "direct conversation with Bob now");
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    EXPECT_EVENT(s, "present", "name", BOB);
    settle(s);
    /* The window that is left keeps its name. */
    EXPECT_TEXT(s, purple_conversation_get_title(host_find_conversation(s->account, DIRECT)),
                "Bob");
    CHECK(s, host_send_im(s->account, BOB, "here"));
    EXPECT_LINE(s, BOB, NULL, "here", "SEND");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], DIRECT);
    push_event(s, DIRECT, event_text(BOB, "there"));
    EXPECT_LINE(s, BOB, BOB, "there", "RECV");
}

static void im_becomes_chat(Scenario *s)
{
    set_usual_rooms(s);
    set_members(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_direct(s, "{}");
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "SYSTEM", "~text",
                 "goes on in the window “Bob”");
    EXPECT_EVENT(s, "window", "name", DIRECT, "kind", "chat");
    settle(s);
    CHECK(s, host_send_chat(s->account, DIRECT, "here"));
    EXPECT_LINE(s, DIRECT, NULL, "here", "SEND");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], DIRECT);
    push_event(s, DIRECT, event_text(BOB, "there"));
    EXPECT_LINE(s, DIRECT, BOB, "there", "RECV");
    /* And back. */
    push_direct(s, "{'" BOB "':['" DIRECT "']}");
    EXPECT_EVENT(s, "line", "name", DIRECT, "~text", "direct conversation with Bob now");
    settle(s);
    push_event(s, DIRECT, event_text(BOB, "again"));
    EXPECT_LINE(s, BOB, BOB, "again", "RECV");
}

/* Without windows nothing opens. */
static void closed_stays_closed(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_direct(s, "{}");
    settle(s);
    push_direct(s, "{'" BOB "':['" DIRECT "']}");
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void third_joins_the_window(Scenario *s)
{
    SyncBody *body = sync_body_new();
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    sync_body_timeline(body, DIRECT, event_member(CAROL, "join", "Carol"));
    sync_body_timeline(body, DIRECT, event_text(CAROL, "hello both"));
    sync_body_summary(body, DIRECT, 3, 0, BOB " " CAROL);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "no longer a direct one");
    EXPECT_EVENT(s, "window", "name", DIRECT);
    EXPECT_EVENT(s, "line", "name", DIRECT, "~text", "Carol has joined");
    EXPECT_LINE(s, DIRECT, CAROL, "hello both", "RECV");
    settle(s);
}

/* One window, whichever of the rooms was written to last; it tells nothing of the change. */
static void other_room_of_the_person(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, DIRECT, NULL, ALICE " " BOB);
    sync_body_room(body, ROOM2, NULL, ALICE " " BOB);
    sync_body_timeline(body, DIRECT, event_with_time(event_text(BOB, "1"), 2000000));
    sync_body_timeline(body, ROOM2, event_with_time(event_text(BOB, "2"), 1000000));
    sync_body_account_data(body, "m.direct", "{'" BOB "':['" DIRECT "','" ROOM2 "']}");
    set_first(s, sync_body_end(body));
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_event(s, ROOM2, event_text(BOB, "in the other"));
    EXPECT_LINE(s, BOB, BOB, "in the other", "RECV");
    CHECK(s, host_send_im(s->account, BOB, "answer"));
    EXPECT_LINE(s, BOB, NULL, "answer", "SEND");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], ROOM2);
    push_event(s, DIRECT, event_text(BOB, "in the first"));
    EXPECT_LINE(s, BOB, BOB, "in the first", "RECV");
    EXPECT_NOTHING(s, 200);
}

/* The window stays when its room is left, and can still be asked to forget it. */
static void left_and_forgotten(Scenario *s)
{
    SyncBody *body = sync_body_new();
    PurpleConversation *im;
    g_autofree char *error = NULL;
    set_usual_rooms(s);
    log_in(s);
    im = host_open_im(s->account, BOB);
    EXPECT_EVENT(s, "window", "name", BOB);
    sync_body_leave(body, DIRECT, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_TEXT(s, host_command(im, "/forget", &error), "OK");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "forget")->args[0], DIRECT);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "forgotten");
}

static const ScenarioEntry entries[] = {
    {"left-and-forgotten", {left_and_forgotten}},
    {"chat-becomes-im", {chat_becomes_im}},
    {"im-becomes-chat", {im_becomes_chat}},
    {"closed-stays-closed", {closed_stays_closed}},
    {"third-joins-the-window", {third_joins_the_window}},
    {"other-room-of-the-person", {other_room_of_the_person}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

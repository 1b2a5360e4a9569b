/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Presence and status messages, both ways; and homeservers that have none. */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    settle(s);
    forget_events(s);
}

static void push_presence(Scenario *s, const char *user, const char *content)
{
    SyncBody *body = sync_body_new();
    sync_body_presence(body, user, content);
    push(s, sync_body_end(body));
    settle(s);
}

static void expect_buddy(Scenario *s, const char *status, const char *text, gboolean is_idle)
{
    JsonObject *node = find_node(s, BOB);
    CHECK(s, node != NULL);
    EXPECT_TEXT(s, text_of(node, "status"), status);
    EXPECT_TEXT(s, text_of(node, "status_text"), text);
    EXPECT_INT(s, json_object_get_boolean_member(node, "idle"), is_idle);
}

static void presence_in(Scenario *s)
{
    start(s);
    expect_buddy(s, "available", NULL, FALSE); /* until something is known */
    push_presence(s, BOB,
                  "{'presence':'unavailable','status_msg':'lunch <b>&','last_active_ago':"
                  "3600000}");
    expect_buddy(s, "away", "lunch &lt;b&gt;&amp;", TRUE);
    const char *tooltip = text_of(find_node(s, BOB), "tooltip");
    CHECK(s, g_str_has_prefix(tooltip, "<b>Status</b>: Away\n<b>Message</b>: lunch &lt;b&gt;&amp;\n"
                                       "<b>Last active</b>: "));
    push_presence(s, BOB,
                  "{'presence':'online','currently_active':true,'last_active_ago':3600000}");
    expect_buddy(s, "available", NULL, FALSE);
    push_presence(s, BOB, "{'presence':'online','currently_active':false,'last_active_ago':1000}");
    expect_buddy(s, "available", NULL, FALSE);
    push_presence(s, BOB, "{'presence':'offline','status_msg':'gone'}");
    expect_buddy(s, "offline", "gone", FALSE);
    push_presence(s, BOB, "{'presence':'org.matrix.msc3026.busy'}");
    expect_buddy(s, "away", NULL, FALSE);
}

static void presence_in_odd(Scenario *s)
{
    static const char *const odd[] = {
        "{'presence':'dancing'}", "{'presence':5}",  "{}", "[]",
        "{'status_msg':'x'}",     "{'presence':{}}",
    };
    start(s);
    push_presence(s, BOB, "{'presence':'unavailable'}");
    expect_buddy(s, "away", NULL, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        push_presence(s, BOB, odd[i]);
        expect_buddy(s, "away", NULL, FALSE);
    }
    push_presence(s, BOB,
                  "{'presence':'online','status_msg':7,'last_active_ago':-5,"
                  "'currently_active':'yes'}");
    expect_buddy(s, "available", NULL, FALSE);
    push_presence(s, BOB, "{'presence':'online','last_active_ago':9007199254740991}");
    expect_buddy(s, "available", NULL, FALSE);
    g_autofree char *book = g_strnfill(500000, 'x');
    g_autofree char *wordy = g_strdup_printf("{'presence':'online','status_msg':'\\n%s'}", book);
    push_presence(s, BOB, wordy);
    EXPECT_INT(s, strlen(text_of(find_node(s, BOB), "status_text")), 200);
    push_presence(s, BOB, "{'presence':'online'}");
    /* who is no buddy is no matter */
    push_presence(s, CAROL, "{'presence':'online'}");
    push_presence(s, "nobody", "{'presence':'online'}");
    CHECK(s, find_node(s, CAROL) == NULL);
}

/* A buddy without a room counts as soon as it is one. */
static void presence_of_a_buddy_without_a_room(Scenario *s)
{
    start(s);
    PurpleBuddy *buddy = purple_buddy_new(s->account, CAROL, NULL);
    purple_blist_add_buddy(buddy, NULL, NULL, NULL);
    purple_account_add_buddy(s->account, buddy);
    push_presence(s, CAROL, "{'presence':'unavailable','status_msg':'out'}");
    EXPECT_TEXT(s, text_of(find_node(s, CAROL), "status"), "away");
    EXPECT_TEXT(s, text_of(find_node(s, CAROL), "status_text"), "out");
}

static void restart_1(Scenario *s)
{
    start(s);
    push_presence(s, BOB, "{'presence':'unavailable','status_msg':'on holiday'}");
    expect_buddy(s, "away", "on holiday", FALSE);
}

/* The server says what has changed since, and nothing of the rest. */
static void restart_2(Scenario *s)
{
    come_back(s);
    settle(s);
    expect_buddy(s, "away", "on holiday", FALSE);
}

static void presence_in_the_first_answer(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_presence(body, BOB, "{'presence':'unavailable','status_msg':'early'}");
    sync_body_direct(body, DIRECT, ALICE, BOB);
    set_first(s, sync_body_end(body));
    log_in(s);
    settle(s);
    expect_buddy(s, "away", "early", FALSE);
}

/* ---- out ---- */

static void expect_presence(Scenario *s, const char *presence, const char *message)
{
    FakeRequest *request = EXPECT_REQUEST(s, "presence");
    g_autofree char *text =
        g_strdup_printf("{'presence':'%s','status_msg':'%s'}", presence, message);
    g_autofree char *body = json_quotes(text);
    EXPECT_TEXT(s, request->args[0], ALICE);
    EXPECT_TEXT(s, request->body, body);
    settle(s);
}

static void set_status(Scenario *s, const char *id, const char *message)
{
    purple_account_set_status(s->account, id, TRUE, "message", message, NULL);
}

static void presence_out(Scenario *s)
{
    PurplePresence *own;
    start(s);
    own = purple_account_get_presence(s->account);
    set_status(s, "away", "at <b>lunch</b> &amp; back");
    expect_presence(s, "unavailable", "at lunch & back");
    set_status(s, "available", "");
    expect_presence(s, "online", "");
    purple_presence_set_idle(own, TRUE, time(NULL) - 600);
    expect_presence(s, "unavailable", "");
    set_status(s, "away", "");
    EXPECT_NOTHING(s, 200); /* as before */
    purple_presence_set_idle(own, FALSE, 0);
    EXPECT_NOTHING(s, 200);
    set_status(s, "invisible", "secret");
    expect_presence(s, "offline", "");
}

/* One at a time; of several changes the last one is told. */
static void presence_out_slow(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "presence", (FakeAnswer){.delay_ms = 300});
    set_status(s, "away", "one");
    set_status(s, "away", "two");
    set_status(s, "away", "three");
    EXPECT_REQUEST(s, "presence");
    expect_presence(s, "unavailable", "three");
    fake_server_once(s->server, "presence", FAKE_502);
    set_status(s, "available", "four");
    expect_presence(s, "online", "four");
    host_iterate(2200);
    push_event(s, ROOM, event_text(BOB, "time goes by"));
    expect_presence(s, "online", "four");
}

/* Before the account is connected. */
static void choose_message(Scenario *s, const char *message)
{
    PurpleAccount *account = scenario_account(s, ALICE, "secret");
    purple_account_set_status(account, "available", TRUE, "message", message, NULL);
}

static void message_1(Scenario *s)
{
    choose_message(s, "hello");
    set_usual_rooms(s);
    log_in(s);
    expect_presence(s, "online", "hello");
    forget_events(s);
}

/* What the server has is not repeated. */
static void message_2(Scenario *s)
{
    choose_message(s, "hello");
    come_back(s);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* A message of an earlier run does not stay. */
static void message_3(Scenario *s)
{
    choose_message(s, "");
    come_back(s);
    expect_presence(s, "online", "");
}

/* A homeserver without presence: asked once, without a word to the user. */
static void check_refused(Scenario *s, FakeAnswer refusal)
{
    start(s);
    fake_server_always(s->server, "presence", refusal);
    set_status(s, "away", "one");
    EXPECT_REQUEST(s, "presence");
    settle(s);
    set_status(s, "available", "two");
    push_event(s, ROOM, event_text(BOB, "time goes by"));
    EXPECT_NOTHING(s, 300);
    expect_buddy(s, "available", NULL, FALSE);
}

static void presence_forbidden(Scenario *s)
{
    check_refused(s, (FakeAnswer){.status = 403,
                                  .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"disabled\"}"});
}

static void presence_unknown(Scenario *s)
{
    check_refused(s, (FakeAnswer){.status = 404,
                                  .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"no\"}"});
}

static const ScenarioEntry entries[] = {
    {"presence-in", {presence_in}},
    {"presence-in-odd", {presence_in_odd}},
    {"presence-of-a-buddy-without-a-room", {presence_of_a_buddy_without_a_room}},
    {"presence-over-restart", {restart_1, restart_2}},
    {"presence-in-the-first-answer", {presence_in_the_first_answer}},
    {"presence-out", {presence_out}},
    {"presence-out-slow", {presence_out_slow}},
    {"presence-message-over-restart", {message_1, message_2, message_3}},
    {"presence-forbidden", {presence_forbidden}},
    {"presence-unknown", {presence_unknown}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

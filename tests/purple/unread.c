/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What opens a window, what stays unread, and what others are told about the user. */

static void start_with(Scenario *s, const char *open_windows)
{
    set_usual_rooms(s);
    s->account = scenario_account(s, ALICE, "secret");
    if (open_windows != NULL)
        purple_account_set_string(s->account, "open_windows", open_windows);
    log_in(s);
    forget_events(s);
}

static void opens_by_rules(Scenario *s)
{
    start_with(s, NULL);
    push_event(s, ROOM, event_text(BOB, "to everybody"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_event(s, DIRECT, event_text(BOB, "to you"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "to you", "RECV");
}

static void opens_always(Scenario *s)
{
    start_with(s, "always");
    push_event(s, ROOM, event_text(BOB, "to everybody"));
    EXPECT_EVENT(s, "window", "name", ROOM);
    EXPECT_LINE(s, ROOM, BOB, "to everybody", "RECV");
}

static void opens_never(Scenario *s)
{
    start_with(s, "never");
    push_event(s, DIRECT, event_text(BOB, "to you"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    /* It waits for the user. */
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "to you", "RECV");
}

static void unread_is_listed(Scenario *s)
{
    g_autofree char *error = NULL;
    JsonObject *line;

    start_with(s, NULL);
    push_event(s, ROOM, event_text(BOB, "one"));
    push_event(s, ROOM, event_text(BOB, "two"));
    settle(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, BOB), "unread", &error), "OK");
    line = EXPECT_EVENT(s, "line", "name", BOB);
    CHECK(s, strstr(text_of(line, "text"), "Room (2)") != NULL);
    CHECK(s, host_run_action(s->account, "Unread messages"));
    line = EXPECT_EVENT(s, "notify");
    open_chat(s, ROOM);
    EXPECT_LINE(s, ROOM, BOB, "one", "RECV");
    EXPECT_LINE(s, ROOM, BOB, "two", "RECV");
    settle(s);
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, BOB), "unread", &error), "OK");
    line = EXPECT_EVENT(s, "line", "name", BOB);
    CHECK(s, strstr(text_of(line, "text"), "no unread") != NULL);
}

/* C13: polling alone must not show somebody who is away as present. */
static void presence_follows_status(Scenario *s)
{
    FakeRequest *request;
    gboolean found = FALSE;

    start_with(s, NULL);
    purple_account_set_status(s->account, "away", TRUE, NULL);
    push_event(s, ROOM, event_text(BOB, "next"));
    settle(s);
    while ((request = fake_server_take_request(s->server, "sync")) != NULL) {
        if (strstr(request->query, "set_presence=unavailable") != NULL)
            found = TRUE;
        fake_request_free(request);
    }
    CHECK(s, found);
    EXPECT_REQUEST(s, "presence");
    forget_events(s);
}

static const ScenarioEntry entries[] = {
    {"opens-by-rules", {opens_by_rules}},
    {"opens-always", {opens_always}},
    {"opens-never", {opens_never}},
    {"unread-is-listed", {unread_is_listed}},
    {"presence-follows-status", {presence_follows_status}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Rooms that lead to other networks: their people, their bots, and what they say of themselves. */

#define ROSE "@irc_libera_=5brose=5d=5e:localhost"
#define ROSE_NAME "[Rose]^ of the very long nickname that another network allows (IRC)"
#define BOT "@_irc_bot:localhost"
#define IRC                                                                                        \
    "{'bridgebot':'" BOT "','protocol':{'id':'irc','displayname':'IRC'},"                          \
    "'network':{'id':'libera','displayname':'Libera <Chat>'},'channel':{'id':'#roses'}}"

static void set_members(Scenario *s)
{
    g_autofree char *alice = event_to_text(event_member(ALICE, "join", "Alice"));
    g_autofree char *bot = event_to_text(event_member(BOT, "join", "IRC bot"));
    g_autofree char *rose = event_to_text(event_member(ROSE, "join", ROSE_NAME));
    g_autofree char *body = g_strdup_printf("{\"chunk\":[%s,%s,%s]}", alice, bot, rose);

    fake_server_set_members(s->server, ROOM, body);
}

static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_members(s);

    sync_body_room(body, ROOM, "Roses", ALICE " " BOT);
    sync_body_state(body, ROOM, event_member(ROSE, "join", ROSE_NAME));
    sync_body_state(body, ROOM, event_state("m.bridge", "irc://libera/#roses", BOT, IRC));
    sync_body_state(body, ROOM, event_state("uk.half-shot.bridge", "irc://x", BOT, IRC));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
}

static gboolean has_rose(gpointer data)
{
    PurpleConversation *conversation = host_find_conversation(((Scenario *)data)->account, ROOM);

    return purple_conv_chat_cb_find(PURPLE_CONV_CHAT(conversation), ROSE) != NULL;
}

static void people(Scenario *s)
{
    PurpleConversation *conversation;

    start(s);
    WAIT(s, has_rose, s);
    conversation = host_find_conversation(s->account, ROOM);
    EXPECT_TEXT(s, purple_conv_chat_cb_find(PURPLE_CONV_CHAT(conversation), ROSE)->alias,
                ROSE_NAME);
    push_event(s, ROOM, event_text(ROSE, "hello <all>"));
    EXPECT_LINE(s, ROOM, ROSE, "hello &lt;all&gt;", NULL);
    push_event(s, ROOM,
               event_message(BOT, "m.notice", "Users with op (@): [Rose]^\nTopic is: none"));
    EXPECT_LINE(s, ROOM, BOT, "Users with op (@): [Rose]^<br>Topic is: none", NULL);
    push_event(s, ROOM, event_message(ROSE, "m.emote", "waves"));
    EXPECT_LINE(s, ROOM, ROSE, "/me waves", NULL);
    push_event(s, ROOM,
               event_with_prev(event_member(ROSE, "leave", NULL),
                               "{'membership':'join','displayname':'" ROSE_NAME "'}"));
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "~text", ROSE_NAME " has left");
    EXPECT_EVENT(s, "chat-users", "name", ROOM);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void described(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    command(s, "/name");
    EXPECT_EVENT(s, "line", "~text", "Bridged to: IRC, Libera &lt;Chat&gt;, #roses<br>ID: " ROOM);
    sync_body_state(body, ROOM, event_state("m.bridge", "irc://libera/#roses", BOT, "{}"));
    sync_body_state(body, ROOM, event_state("uk.half-shot.bridge", "irc://x", BOT, "{}"));
    push(s, sync_body_end(body));
    settle(s);
    command(s, "/name");
    EXPECT_EVENT(s, "line", "!text", "Bridged", "~text", "ID: " ROOM);
}

static const ScenarioEntry entries[] = {
    {"bridges-people", {people}},
    {"bridges-described", {described}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

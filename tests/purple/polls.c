/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Polls are read, voted in, and told when they end. */

#define U "org.matrix.msc3381.poll."
#define T "org.matrix.msc1767.text"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void fails(Scenario *s, const char *text, const char *why)
{
    command(s, text);
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", why);
    EXPECT_NOTHING(s, 50);
}

static void answers(Scenario *s, const char *text, const char *answer)
{
    command(s, text);
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "text", answer);
    EXPECT_NOTHING(s, 50);
}

static JsonObject *poll(const char *sender, const char *id, const char *kind, int max)
{
    g_autofree char *content = g_strdup_printf(
        "{'" T "':'Drinks?\\n1. Tea\\n2. <b>Beer</b>','" U "start':{'kind':'" U "%s',"
        "'max_selections':%d,'question':{'" T "':'Drinks?'},'answers':["
        "{'id':'one','" T "':'Tea'},{'id':'two','" T "':'<b>Beer</b>'},"
        "{'id':'three','" T "':'Milk'}]}}",
        kind, max);

    return event_with_id(event_new(U "start", sender, content), id);
}

static JsonObject *vote(const char *sender, const char *poll_id, const char *answers)
{
    g_autofree char *content = g_strdup_printf(
        "{'m.relates_to':{'rel_type':'m.reference','event_id':'%s'},'" U "response':"
        "{'answers':[%s]}}",
        poll_id, answers);

    return event_new(U "response", sender, content);
}

static JsonObject *end(const char *sender, const char *poll_id)
{
    g_autofree char *content =
        g_strdup_printf("{'m.relates_to':{'rel_type':'m.reference','event_id':'%s'},'" U "end':{},"
                        "'" T "':'The poll has ended. Top answer: lies'}",
                        poll_id);

    return event_new(U "end", sender, content);
}

/* The sent event as text, of this type. */
static char *expect_sent(Scenario *s, const char *type)
{
    FakeRequest *request = EXPECT_REQUEST(s, "send");

    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, request->args[1], type);
    return g_strdup(request->body);
}

static void reading(Scenario *s)
{
    start(s);
    push_event(s, ROOM, poll(BOB, "$p", "disclosed", 1));
    EXPECT_LINE(s, ROOM, BOB,
                "[poll] Drinks?<br>1. Tea<br>2. &lt;b&gt;Beer&lt;/b&gt;<br>3. Milk<br>"
                "(/vote and a number)",
                "RECV");
    push_event(s, ROOM, poll(BOB, "$q", "undisclosed", 2));
    EXPECT_EVENT(s, "line", "~text",
                 "(/vote and up to 2 numbers, as in /vote 1,2; the result is shown when the poll "
                 "ends)");
    /* Votes have no lines. */
    push_event(s, ROOM, vote(CAROL, "$p", "'two'"));
    push_event(s, ROOM, vote(BOB, "$p", "'one'"));
    push_event(s, ROOM, vote(BOB, "$p", "'two','one'"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* Not everybody can end it, and nobody twice. */
    push_event(s, ROOM, end(CAROL, "$p"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    push_event(s, ROOM, end(BOB, "$p"));
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text",
                 "Bob has ended the poll “Drinks?”: &lt;b&gt;Beer&lt;/b&gt; 2, Tea 0, Milk 0 (2 "
                 "people have voted)");
    push_event(s, ROOM, end(BOB, "$p"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* Answers quote the question; others' polls are known by the words of their end alone. */
    push_event(s, ROOM,
               event_new("m.room.message", CAROL,
                         "{'msgtype':'m.text','body':'thirsty','m.relates_to':"
                         "{'m.in_reply_to':{'event_id':'$p'}}}"));
    EXPECT_EVENT(s, "line", "~text", "&gt; Bob: Drinks? 1. Tea 2. &lt;b&gt;Beer");
    push_event(s, ROOM, end(BOB, "$unknown"));
    EXPECT_REQUEST(s, "event");
    EXPECT_EVENT(s, "line", "text", "Bob has ended a poll: The poll has ended. Top answer: lies");
    EXPECT_NOTHING(s, 50);
}

/* Under the names without a prefix. */
static void stable(Scenario *s)
{
    start(s);
    push_event(s, ROOM,
               event_with_id(event_new("m.poll.start", BOB,
                                       "{'m.text':[{'body':'x'}],'m.poll':{'kind':'m.disclosed',"
                                       "'max_selections':1,'question':{'m.text':[{'body':'Go?'}]},"
                                       "'answers':[{'m.id':'y','m.text':[{'body':'Yes'}]},"
                                       "{'m.id':'n','m.text':[{'body':'No'}]}]}}"),
                             "$p"));
    EXPECT_LINE(s, ROOM, BOB, "[poll] Go?<br>1. Yes<br>2. No<br>(/vote and a number)", "RECV");
    command(s, "/vote 2");
    EXPECT_EVENT(s, "line", "text", "Alice voted for “No” in the poll “Go?”");
    g_autofree char *sent = expect_sent(s, "m.poll.response");
    CHECK(s, strstr(sent, "\"m.selections\":[\"n\"]") != NULL);
    settle(s);
    push_event(s, ROOM,
               event_new("m.poll.end", BOB,
                         "{'m.relates_to':{'rel_type':'m.reference','event_id':'$p'},"
                         "'m.poll.results':{'y':99}}"));
    EXPECT_EVENT(s, "line", "text",
                 "Bob has ended the poll “Go?”: No 1, Yes 0 (1 person has voted)");
    EXPECT_NOTHING(s, 50);
}

static void voting(Scenario *s)
{
    start(s);
    fails(s, "/vote 1", "There is no open poll in this window.");
    fails(s, "/poll", "There is no poll in this window yet.");
    push_event(s, ROOM, poll(BOB, "$p", "disclosed", 1));
    EXPECT_EVENT(s, "line", "~text", "[poll] Drinks?");
    push_event(s, ROOM, poll(CAROL, "$q", "undisclosed", 2));
    EXPECT_EVENT(s, "line", "~text", "[poll] Drinks?");
    fails(s, "/vote 4", "Write the number of an answer, 1 to 3, behind /vote; nothing was done.");
    fails(s, "/vote 0", "nothing was done");
    fails(s, "/vote Tea", "nothing was done");
    fails(s, "/vote bob: 1,2", "This poll takes 1 answer from each person; nothing was done.");
    fails(s, "/vote nobody: 1", "Nobody called “nobody” has written here");
    /* The newest one, unless another is named. */
    command(s, "/vote 1, 3");
    EXPECT_EVENT(s, "line", "text", "Alice voted for “Tea, Milk” in the poll “Drinks?”");
    g_autofree char *both = expect_sent(s, U "response");
    CHECK(s, strstr(both, "[\"one\",\"three\"]") != NULL && strstr(both, "\"$q\"") != NULL);
    settle(s);
    command(s, "/vote bob: 2");
    EXPECT_EVENT(s, "line", "~text", "voted for “&lt;b&gt;Beer&lt;/b&gt;”");
    g_autofree char *second = expect_sent(s, U "response");
    CHECK(s, strstr(second, "[\"two\"]") != NULL && strstr(second, "\"$p\"") != NULL);
    settle(s);
    fails(s, "/vote bob: 2", "That is what you have voted for already; nothing was done.");
    answers(s, "/poll bob:",
            "The poll “Drinks?” so far: &lt;b&gt;Beer&lt;/b&gt; 1, Tea 0, Milk 0 (1 person has "
            "voted). You voted for “&lt;b&gt;Beer&lt;/b&gt;”.");
    command(s, "/vote bob: 1");
    EXPECT_EVENT(s, "line", "~text", "voted for “Tea”");
    g_autofree char *third = expect_sent(s, U "response");
    settle(s);
    answers(s, "/poll bob:",
            "The poll “Drinks?” so far: Tea 1, &lt;b&gt;Beer&lt;/b&gt; 0, Milk 0 (1 person has "
            "voted). You voted for “Tea”.");
    /* Nobody is told before the end. */
    push_event(s, ROOM, vote(BOB, "$q", "'one'"));
    settle(s);
    answers(s, "/poll",
            "The result of the poll “Drinks?” is shown when it ends. You voted for “Tea, Milk”.");
    push_event(s, ROOM, end(CAROL, "$q"));
    EXPECT_EVENT(s, "line", "~text", "Carol has ended the poll “Drinks?”: Tea 2, Milk 1");
    answers(s, "/poll",
            "The poll “Drinks?” has ended: Tea 2, Milk 1, &lt;b&gt;Beer&lt;/b&gt; 0 (2 people have "
            "voted). You voted for “Tea, Milk”.");
    fails(s, "/vote carol: 1", "That poll has ended; nothing was done.");
}

static void ending(Scenario *s)
{
    start(s);
    push_event(s, ROOM, poll(BOB, "$p", "disclosed", 1));
    EXPECT_EVENT(s, "line", "~text", "[poll] Drinks?");
    push_event(s, ROOM, vote(CAROL, "$p", "'one'"));
    settle(s);
    push_event(s, ROOM, event_state("m.room.power_levels", "", BOB, "{'users':{'" BOB "':100}}"));
    settle(s);
    forget_events(s);
    fails(s, "/endpoll", "Only who has started a poll, and moderators, may end it");
    fails(s, "/endpoll now", "Write nothing behind /endpoll");
    push_event(
        s, ROOM,
        event_state("m.room.power_levels", "", BOB, "{'users':{'" BOB "':100,'" ALICE "':50}}"));
    settle(s);
    forget_events(s);
    command(s, "/endpoll bob:");
    EXPECT_EVENT(s, "line", "~text", "Alice has ended the poll “Drinks?”: Tea 1");
    g_autofree char *sent = expect_sent(s, U "end");
    CHECK(s, strstr(sent, "The poll has ended: Tea 1") != NULL);
    settle(s);
    fails(s, "/endpoll", "There is no open poll in this window.");
    fails(s, "/vote bob: 1", "That poll has ended; nothing was done.");
}

/* An edited poll is told whole; a removed one is none. */
static void changed(Scenario *s)
{
    start(s);
    push_event(s, ROOM, poll(BOB, "$p", "disclosed", 1));
    EXPECT_EVENT(s, "line", "~text", "[poll] Drinks?");
    push_event(
        s, ROOM,
        event_with_id(
            event_new(U "start", BOB,
                      "{'m.relates_to':{'rel_type':'m.replace','event_id':'$p'},'m.new_content':"
                      "{'" U "start':{'question':{'" T "':'Food?'},'answers':["
                      "{'id':'x','" T "':'Rice'}]}}}"),
            "$e"));
    EXPECT_EVENT(s, "line", "~text", "[edited] ", "~text", "[poll] Food?<br>1. Rice");
    command(s, "/vote 1");
    EXPECT_EVENT(s, "line", "text", "Alice voted for “Rice” in the poll “Food?”");
    g_autofree char *sent = expect_sent(s, U "response");
    CHECK(s, strstr(sent, "[\"x\"]") != NULL && strstr(sent, "\"$p\"") != NULL);
    settle(s);
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$p'}"));
    EXPECT_EVENT(s, "line", "~text", "Bob has removed a message");
    fails(s, "/vote 1", "There is no open poll in this window.");
}

static const ScenarioEntry entries[] = {
    {"polls-reading", {reading}}, {"polls-stable", {stable}},   {"polls-voting", {voting}},
    {"polls-ending", {ending}},   {"polls-changed", {changed}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Custom emoji, and what else is to be read though nothing here knows it. */

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\0\0\0\0rest"
#define HUGE_PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x04\0\x08\0\0\0\0rest"
static const char picture[] = PNG, huge[] = HUGE_PNG;

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    fake_server_set_media(s->server, "far.example/e", "image/png", picture, sizeof picture);
    fake_server_set_media(s->server, "far.example/big", "image/png", huge, sizeof huge);
    settle(s);
}

static void push_html(Scenario *s, const char *html)
{
    JsonObject *event = event_text(BOB, "plain");
    JsonObject *content = json_object_get_object_member(event, "content");

    json_object_set_string_member(content, "format", "org.matrix.custom.html");
    json_object_set_string_member(content, "formatted_body", html);
    push_event(s, ROOM, event);
}

#define EMOJI(id, name)                                                                            \
    "<img data-mx-emoticon height=\"32\" src=\"mxc://far.example/" id "\" alt=\"" name             \
    "\" title=\"" name "\">"

/* Before the line that has it; its picture is fetched once for all messages and windows. */
static void shown(Scenario *s)
{
    start(s);
    push_html(s, "Hi " EMOJI("e", ":cat_1:") EMOJI("e", ":cat_1:"));
    FakeRequest *request = EXPECT_REQUEST(s, "thumbnail");
    EXPECT_TEXT(s, request->query, "width=32&height=32&method=crop&animated=false");
    CHECK(s, request->token != NULL);
    EXPECT_EVENT(s, "smiley", "name", ROOM, "smiley", ":cat_1:");
    EXPECT_EVENT(s, "smiley-data", "smiley", ":cat_1:", "size", "34");
    EXPECT_EVENT(s, "smiley-end", "smiley", ":cat_1:");
    EXPECT_LINE(s, ROOM, BOB, "Hi :cat_1::cat_1:", "RECV");
    push_html(s, EMOJI("e", ":cat_1:") " more");
    EXPECT_LINE(s, ROOM, BOB, ":cat_1: more", "RECV");
    /* A new window knows none of them. */
    purple_conversation_destroy(host_find_conversation(s->account, ROOM));
    forget_events(s);
    open_chat(s, ROOM);
    push_html(s, EMOJI("e", ":cat_1:") " there");
    EXPECT_EVENT(s, "smiley", "name", ROOM, "smiley", ":cat_1:");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 1);
    forget_events(s);
}

/* What is no name, no address of media or no emoji, or too large. */
static void odd(Scenario *s)
{
    static const char *const html[] = {
        EMOJI("e", "cat"),
        EMOJI("e", ":)"),
        EMOJI("e", ":a:"),
        EMOJI("e", ":a b:"),
        EMOJI("e", ":<b>:"),
        EMOJI("e", ":abcdefghijabcdefghijabcdefghijabcdefghijk:"),
        "<img src=\"mxc://far.example/e\" alt=\":cat:\">",
        "<img data-mx-emoticon src=\"https://evil.example/e\" alt=\":cat:\">",
        "<img data-mx-emoticon alt=\":cat:\">",
    };

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(html); i++) {
        push_html(s, html[i]);
        EXPECT_EVENT(s, "line", "name", ROOM);
    }
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 0);
    for (guint i = 0; i < 2; i++) {
        push_html(s, EMOJI("big", ":big:") EMOJI("none", ":none:"));
        EXPECT_LINE(s, ROOM, BOB, ":big::none:", "RECV");
        settle(s);
    }
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 2);
    purple_account_set_int(s->account, "image_kb", 0);
    push_html(s, EMOJI("e", ":cat:"));
    EXPECT_LINE(s, ROOM, BOB, ":cat:", "RECV");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 2);
    EXPECT_REQUEST(s, "thumbnail");
    EXPECT_REQUEST(s, "thumbnail");
    EXPECT_REQUEST(s, "download"); /* there may be no thumbnail of it */
    forget_events(s);
}

/* A line waits for its picture, but not long, and the next ones not at all. */
static void silent(Scenario *s)
{
    start(s);
    fake_server_always(s->server, "thumbnail", (FakeAnswer){.how = FAKE_SILENT});
    gint64 before = g_get_monotonic_time();
    push_html(s, "one " EMOJI("e", ":cat:"));
    push_event(s, ROOM, event_text(BOB, "two"));
    EXPECT_LINE(s, ROOM, BOB, "one :cat:", "RECV");
    EXPECT_LINE(s, ROOM, BOB, "two", "RECV");
    CHECK(s, g_get_monotonic_time() - before >= G_USEC_PER_SEC);
    before = g_get_monotonic_time();
    push_html(s, "three " EMOJI("other", ":dog:"));
    EXPECT_LINE(s, ROOM, BOB, "three :dog:", "RECV");
    CHECK(s, g_get_monotonic_time() - before < G_USEC_PER_SEC);
    EXPECT_REQUEST(s, "thumbnail");
    EXPECT_REQUEST(s, "thumbnail");
    forget_events(s);
}

/* Kinds of messages and events that nobody knows say what they are, and their text. */
static void unknown_kinds(Scenario *s)
{
    start(s);
    push_event(
        s, ROOM,
        event_new("m.room.message", BOB, "{'msgtype':'org.example.<dance>','body':'a <b>'}"));
    EXPECT_LINE(s, ROOM, BOB, "[org.example.&lt;dance&gt;] a &lt;b&gt;", "RECV");
    push_event(s, ROOM,
               event_new("m.room.message", BOB,
                         "{'msgtype':'m.location','body':'The pub','geo_uri':'geo:51.5,-0.12'}"));
    EXPECT_LINE(s, ROOM, BOB, "[location: The pub – geo:51.5,-0.12]", "RECV");
    push_event(s, ROOM, event_new("org.example.weather", BOB, "{'body':'Rain <b>'}"));
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "text",
                 "Bob has sent org.example.weather: Rain &lt;b&gt;");
    push_event(s, ROOM, event_new("org.example.weather", BOB, "{'m.text':[{'body':'Snow'}]}"));
    EXPECT_EVENT(s, "line", "text", "Bob has sent org.example.weather: Snow");
    push_event(s, ROOM, event_new("org.example.weather", BOB, "{'degrees':5}"));
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"emoji-shown", {shown}},
    {"emoji-odd", {odd}},
    {"emoji-silent", {silent}},
    {"unknown-kinds", {unknown_kinds}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

#include <util.h>

/* matrix: URIs from outside, as a desktop hands them to libpurple. */

#define NEW "!new:localhost"
#define NEW_URI "matrix:roomid/new:localhost?via=one.org&action=join"

static void press(Scenario *s, JsonObject *request, const char *button, const char *input)
{
    CHECK(s, host_press(json_object_get_int_member(request, "request"), button, input, NULL, NULL));
}

static void uri_opens_what_is_there(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    purple_got_protocol_handler_uri("matrix:u/bob:localhost?action=chat");
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im");
    purple_got_protocol_handler_uri("MATRIX:roomid/room:localhost?action=join");
    EXPECT_EVENT(s, "window", "name", ROOM);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
}

static void uri_asks_before_joining(Scenario *s)
{
    FakeRequest *request;
    JsonObject *asked;
    SyncBody *body = sync_body_new();

    log_in(s);
    purple_got_protocol_handler_uri(NEW_URI);
    asked = EXPECT_EVENT(s, "request", "primary", "Join the room " NEW "?", "~secondary", ALICE);
    press(s, asked, "Cancel", NULL);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
    purple_got_protocol_handler_uri(NEW_URI);
    press(s, EXPECT_EVENT(s, "request"), "Join", "matrix:roomid/new:localhost?via=one.org");
    request = EXPECT_REQUEST(s, "join");
    EXPECT_TEXT(s, request->args[0], NEW);
    CHECK(s, strstr(request->query, "via=one.org") != NULL);
    sync_body_room(body, NEW, "New", ALICE " " BOB " " CAROL);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "window", "name", NEW);
    settle(s);
}

static void uri_odd(Scenario *s)
{
    log_in(s);
    purple_got_protocol_handler_uri("matrix:nothing/<b>");
    EXPECT_EVENT(s, "notify", "level", "error", "~primary", "leads to no room");
    purple_got_protocol_handler_uri("xmpp:bob@localhost");
    EXPECT_NOTHING(s, 100);
    purple_got_protocol_handler_uri("matrix:r/garden:localhost");
    EXPECT_EVENT(s, "request", "primary", "Join the room #garden:localhost?");
    go_offline(s); /* the question goes with the connection */
    purple_got_protocol_handler_uri("matrix:r/garden:localhost");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "No Matrix account");
}

static const ScenarioEntry entries[] = {
    {"uri-opens-what-is-there", {uri_opens_what_is_there}},
    {"uri-asks-before-joining", {uri_asks_before_joining}},
    {"uri-odd", {uri_odd}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

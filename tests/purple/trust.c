/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Whom the user trusts: what is told, and what is asked. */

#define MEGOLM "{'algorithm':'m.megolm.v1.aes-sha2'}"
/* A key as it can be read out. */
#define GROUPS "([A-Za-z0-9+/]{4} ){10}[A-Za-z0-9+/]{3}"

static void forget_all(Scenario *s)
{
    FakeRequest *request;

    settle(s);
    forget_events(s);
    while ((request = g_queue_pop_head(fake_server_requests(s->server))) != NULL)
        fake_request_free(request);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    host_command(host_find_conversation(s->account, ROOM), text, &error);
}

static void say(Scenario *s, const char *text)
{
    CHECK(s, host_send_chat(s->account, ROOM, text));
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", text);
}

static void start(Scenario *s)
{
    fake_server_make_identity(s->server, BOB);
    fake_server_make_device(s->server, BOB, "BOBDEVICE", TRUE);
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_state("m.room.encryption", "", BOB, MEGOLM));
    forget_all(s);
    say(s, "before");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[1], "m.room.encrypted");
    forget_all(s);
}

static JsonObject *ask(Scenario *s)
{
    command(s, "/trust " BOB);
    return EXPECT_EVENT(s, "request", "primary", "Accept the new identity of " BOB "?");
}

static void press(Scenario *s, JsonObject *dialog, const char *button)
{
    CHECK(s, host_press((guint)json_object_get_int_member(dialog, "request"), button, NULL, NULL,
                        NULL));
}

/* Said once, in the room; sending waits, and the question shows what can be compared by hand. */
static void identity_changed(Scenario *s)
{
    JsonObject *dialog;

    start(s);
    command(s, "/trust " BOB);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "nothing to accept");
    fake_server_make_identity(s->server, BOB);
    push(s, json_quotes("{'device_lists':{'changed':['" BOB "']}}"));
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text",
                 "The identity of " BOB " has changed");
    say(s, "after");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "text",
                 "Not sent yet: “after”. It waits until you accept the new identity of " BOB
                 " with “/trust " BOB "”.");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
    dialog = ask(s);
    CHECK(s, g_regex_match_simple("Their new identity:\n" GROUPS "\n",
                                  json_object_get_string_member(dialog, "secondary"), 0, 0));
    CHECK(s, g_regex_match_simple("Their device BOBDEVICE:\n" GROUPS "\n",
                                  json_object_get_string_member(dialog, "secondary"), 0, 0));
    press(s, dialog, "Cancel");
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
    press(s, ask(s), "Accept");
    EXPECT_EVENT(s, "line", "~text", "You have accepted the new identity of " BOB);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[1], "m.room.encrypted");
    forget_all(s);
}

/* This device says of itself what others see: nobody has signed it here. */
static void own_device(Scenario *s)
{
    start(s);
    command(s, "/devices");
    EXPECT_EVENT(s, "line", "~text", "not signed by its owner. Fingerprint: ");
    command(s, "/devices " BOB);
    EXPECT_EVENT(s, "line", "~text", "BOBDEVICE: signed by its owner. Fingerprint: ");
    forget_all(s);
}

static const ScenarioEntry entries[] = {
    {"identity-changed", {identity_changed}},
    {"own-device", {own_device}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

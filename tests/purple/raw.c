/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* /matrix: requests typed by hand. */

#define WHOAMI "/matrix GET /_matrix/client/v3/account/whoami"
#define NAME                                                                                       \
    "/matrix put /_matrix/client/v3/rooms/!room:localhost/state/m.room.name/ {\"name\": \"<b>\"}"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
}

static void command(Scenario *s, const char *text, const char *result, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), result);
    if (hint != NULL)
        CHECK(s, error != NULL && strstr(error, hint) != NULL);
}

static guint asked(Scenario *s, const char *text)
{
    JsonObject *event =
        EXPECT_EVENT(s, "request", "primary", "Send this to your homeserver?", "~secondary", text);

    return (guint)json_object_get_int_member(event, "request");
}

static void get(Scenario *s)
{
    g_autofree char *log = NULL;

    start(s);
    fake_server_once(s->server, "whoami",
                     (FakeAnswer){.status = 200,
                                  .body = "{\"user_id\":\"@a<b>:x\",\"access_token\":\"hush\","
                                          "\"n\":[1,true,null]}"});
    command(s, WHOAMI "?a=b", "OK", NULL);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "whoami")->query, "a=b");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~flags", "NO_LOG", "~text",
                 "Status 200");
    EXPECT_EVENT(s, "line", "~flags", "NO_LOG", "!text", "hush", "~text",
                 "&quot;user_id&quot; : &quot;@a&lt;b&gt;:x&quot;");
    log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    CHECK(s, log == NULL || strstr(log, "Status 200") == NULL);
    CHECK(s, !host_debug_contains("hush"));
    EXPECT_NOTHING(s, 100);
}

static void long_answer(Scenario *s)
{
    g_autofree char *as = g_strnfill(20000, 'a');
    g_autofree char *body = g_strdup_printf("{\"a\":\"%s\"}", as);

    start(s);
    fake_server_once(s->server, "whoami", (FakeAnswer){.status = 200, .body = body});
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~text", "Status 200");
    /* In as many lines as Pidgin, which cuts them at 4,096 bytes, needs. */
    const char *text;
    do {
        text = text_of(EXPECT_EVENT(s, "line", "~flags", "NO_LOG"), "text");
        CHECK(s, strlen(text) <= 4096);
    } while (strstr(text, "more bytes, which are not shown") == NULL);
    EXPECT_NOTHING(s, 100);
}

static void asks_first(Scenario *s)
{
    FakeRequest *sent;

    start(s);
    command(s, NAME, "OK", NULL);
    settle(s);
    CHECK(s, host_press(asked(s, "PUT /_matrix/client/v3/rooms/!room:localhost"), "Cancel", NULL,
                        NULL, NULL));
    EXPECT_EVENT(s, "line", "~text", "Nothing was sent.");
    command(s, NAME, "OK", NULL);
    CHECK(s, host_press(asked(s, "{\"name\": \"<b>\"}"), "Send", NULL, NULL, NULL));
    sent = EXPECT_REQUEST(s, "set-state");
    EXPECT_TEXT(s, sent->body, "{\"name\": \"<b>\"}");
    EXPECT_EVENT(s, "line", "~text", "Status 200");
    EXPECT_EVENT(s, "line", "text", "{}");
    /* A question that is open when the connection ends is gone with it. */
    command(s, NAME, "OK", NULL);
    asked(s, "PUT");
    go_offline(s);
    EXPECT_EVENT(s, "request-closed");
    EXPECT_EVENT(s, "request-closed");
    forget_events(s);
}

/* The first length that is cut: what stands for the rest is longer than the rest. */
static void asks_shortened(Scenario *s)
{
    g_autofree char *as = g_strnfill(501 - strlen("{\"a\":\"\"}"), 'a');
    g_autofree char *text = g_strdup_printf("/matrix PUT /_matrix/client/v3/x {\"a\":\"%s\"}", as);

    start(s);
    command(s, text, "OK", NULL);
    CHECK(s, host_press(asked(s, "aa…"), "Cancel", NULL, NULL, NULL));
    EXPECT_EVENT(s, "line", "~text", "Nothing was sent.");
}

static void refused(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "whoami",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No <i>\"}"});
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "The homeserver refuses: M_FORBIDDEN (status 403). It says: No &lt;i&gt;");
    /* A pause is not waited out, and a question for a password is no fault of the token. */
    fake_server_once(s->server, "whoami", FAKE_429_HEADER);
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~text", "M_LIMIT_EXCEEDED (status 429)");
    fake_server_once(s->server, "whoami",
                     (FakeAnswer){.status = 401, .body = "{\"flows\":[],\"session\":\"x\"}"});
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~text", "really you (status 401)");
    fake_server_once(s->server, "whoami", FAKE_502);
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~text", "with status 502");
    fake_server_once(s->server, "whoami", (FakeAnswer){.how = FAKE_CUT});
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "No answer");
    EXPECT_NOTHING(s, 100);
}

static void no_json(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "whoami",
        (FakeAnswer){.status = 200, .body = "<b>hello</b>", .content_type = "text/html"});
    command(s, WHOAMI, "OK", NULL);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "line", "~text", "Status 200");
    EXPECT_EVENT(s, "line", "~text", "&lt;b&gt;hello&lt;/b&gt;");
}

static void bad_input(Scenario *s)
{
    static const struct {
        const char *text, *hint;
    } cases[] = {
        {"/matrix", "/matrix GET /_matrix"},
        {"/matrix GET", "/matrix GET /_matrix"},
        {"/matrix PATCH /_matrix/client/v3/x", "GET, POST, PUT or DELETE"},
        {"/matrix GET https://example.org/_matrix/client/v3/x", "has to begin with"},
        {"/matrix GET /_matrix/client/../federation/v1/version", "“..”"},
        {"/matrix GET /_matrix/client/v3/x?access_token=y", "access token"},
        {"/matrix PUT /_matrix/client/v3/x {\"a\":<}", "character 6, “&lt;”"},
        {"/matrix PUT /_matrix/client/v3/x {\"a\":1", "too early"},
        {"/matrix GET /_matrix/client/v3/x {}", "GET takes no JSON"},
    };

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        command(s, cases[i].text, "FAILED", cases[i].hint);
    EXPECT_NOTHING(s, 100);
}

/* E7 */
static void encrypted_room(Scenario *s)
{
    static const char *const paths[] = {
        "v3/rooms/!room:localhost/send/m.room.message/t1",
        "v3//rooms/%21room%3Alocalhost/send/m.room.message/t1?a=b",
        "r0/rooms/!room:localhost/s%65nd/m.room.message/t1",
        "v3/rooms%2F!room:localhost%2Fsend/m.room.message/t1",
        "v3/r%256foms/%2521room:localhost/s%2565nd/m.room.message/t1",
    };

    start(s);
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    settle(s);
    forget_events(s);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *text = g_strdup_printf("/matrix PUT /_matrix/client/%s {}", paths[i]);
        command(s, text, "OK", NULL);
        CHECK(s, host_press(asked(s, "PUT"), "Send", NULL, NULL, NULL));
        EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "That room is encrypted");
    }
    EXPECT_NOTHING(s, 100);
    command(s, "/matrix PUT /_matrix/client/v3/rooms/!direct:localhost/send/x/t1 {}", "OK", NULL);
    CHECK(s, host_press(asked(s, "!direct"), "Cancel", NULL, NULL, NULL));
    EXPECT_EVENT(s, "line", "~text", "Nothing was sent.");
}

/* G3, G4: only a room that is known to be plain is written to in the clear. */
static void unknown_room(Scenario *s)
{
    static const char *const rooms[] = {"!nobody:localhost", "%21nobody%3Alocalhost"};

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *text =
            g_strdup_printf("/matrix PUT /_matrix/client/v3/rooms/%s/send/x/t1 {}", rooms[i]);
        command(s, text, "OK", NULL);
        CHECK(s, host_press(asked(s, "PUT"), "Send", NULL, NULL, NULL));
        EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "It is not known here whether");
    }
    EXPECT_NOTHING(s, 100);
    command(s, "/matrix PUT /_matrix/client/v3/rooms/!room:localhost/send/x/t1 {}", "OK", NULL);
    CHECK(s, host_press(asked(s, "!room"), "Send", NULL, NULL, NULL));
    EXPECT_REQUEST(s, "send");
    EXPECT_EVENT(s, "line", "~text", "Status 200");
    EXPECT_EVENT(s, "line", "~text", "event_id");
}

/* The answer finds no window any more. */
static void window_closed(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "whoami", (FakeAnswer){.delay_ms = 100});
    command(s, WHOAMI, "OK", NULL);
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed", "name", ROOM);
    EXPECT_REQUEST(s, "whoami");
    EXPECT_EVENT(s, "notify", "~secondary", "Status 200");
    EXPECT_EVENT(s, "notify", "~secondary", "user_id");
}

static const ScenarioEntry entries[] = {
    {"raw-get", {get}},
    {"raw-long-answer", {long_answer}},
    {"raw-asks-first", {asks_first}},
    {"raw-asks-shortened", {asks_shortened}},
    {"raw-refused", {refused}},
    {"raw-no-json", {no_json}},
    {"raw-bad-input", {bad_input}},
    {"raw-encrypted-room", {encrypted_room}},
    {"raw-unknown-room", {unknown_room}},
    {"raw-window-closed", {window_closed}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

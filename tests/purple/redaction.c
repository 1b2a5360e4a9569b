/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Messages that are taken away: by others, and by the user. */

#define MIGHTY "{'users':{'" ALICE "':100}}"

static void start(Scenario *s, const char *power)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    if (power != NULL)
        sync_body_state(body, ROOM, event_state("m.room.power_levels", "", ALICE, power));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

/* Some file of the libpurple folder, logs and the list aside, has these bytes. */
static gboolean is_on_disk(const char *folder, const char *text)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gboolean found = FALSE;

    for (const char *name; !found && dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *content = NULL;
        gsize len;
        if (g_str_equal(name, "logs"))
            continue;
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            found = is_on_disk(path, text);
        else if (g_file_get_contents(path, &content, &len, NULL))
            found = memmem(content, len, text, strlen(text)) != NULL;
    }
    return found;
}

static void bob_says(Scenario *s, const char *id, const char *text)
{
    push_event(s, ROOM, event_with_id(event_text(BOB, text), id));
    EXPECT_LINE(s, ROOM, BOB, text, "RECV");
}

/* Redactions of room version 11 and of those before. */
static JsonObject *redaction(const char *sender, const char *id, const char *reason)
{
    g_autofree char *content = g_strdup_printf("{'redacts':'%s'%s}", id, reason);

    return event_new("m.room.redaction", sender, content);
}

static JsonObject *old_redaction(const char *sender, const char *id)
{
    JsonObject *event = event_new("m.room.redaction", sender, "{}");

    json_object_set_string_member(event, "redacts", id);
    return event;
}

static void received(Scenario *s)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *hour = g_date_time_format(now, "%H:");

    start(s, NULL);
    bob_says(s, "$1", "words of dubious taste");
    CHECK(s, is_on_disk(s->dir, "words of dubious taste"));
    push_event(s, ROOM, redaction(CAROL, "$1", ",'reason':'<b>spam</b>\\n& more'"));
    g_autofree char *line =
        g_strdup(text_of(EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM"), "text"));
    CHECK(s, g_str_has_prefix(line, "Carol has removed a message of Bob's ("));
    CHECK(s, g_str_has_suffix(line, "): &lt;b&gt;spam&lt;/b&gt; &amp; more"));
    CHECK(s, strstr(line, hour) != NULL || strstr(line, ":0") != NULL);
    settle(s);
    CHECK(s, !is_on_disk(s->dir, "words of dubious taste"));
    bob_says(s, "$2", "second words of dubious taste");
    push_event(s, ROOM, old_redaction(BOB, "$2"));
    EXPECT_EVENT(s, "line", "~text", "Bob has removed a message (");
    settle(s);
    CHECK(s, !is_on_disk(s->dir, "second words of dubious taste"));
    EXPECT_NOTHING(s, 100);
}

static void with_its_edits(Scenario *s)
{
    start(s, NULL);
    bob_says(s, "$1", "first words");
    push_event(s, ROOM,
               event_new("m.room.message", BOB,
                         "{'msgtype':'m.text','body':'* mended words','m.new_content':"
                         "{'msgtype':'m.text','body':'mended words'},'m.relates_to':"
                         "{'rel_type':'m.replace','event_id':'$1'}}"));
    EXPECT_EVENT(s, "line", "~text", "mended words");
    push_event(s, ROOM,
               event_new("m.room.message", BOB,
                         "{'msgtype':'m.text','body':'an answer','m.relates_to':"
                         "{'m.in_reply_to':{'event_id':'$1'}}}"));
    EXPECT_EVENT(s, "line", "~text", "an answer");
    push_event(s, ROOM, redaction(BOB, "$1", ""));
    EXPECT_EVENT(s, "line", "~text", "has removed a message");
    settle(s);
    CHECK(s, !is_on_disk(s->dir, "first words") && !is_on_disk(s->dir, "mended words"));
    CHECK(s, is_on_disk(s->dir, "an answer"));
}

static void long_ago(Scenario *s)
{
    start(s, NULL);
    push_event(s, ROOM,
               event_with_id(event_with_time(event_text(BOB, "of 2020"), 1600000000000), "$1"));
    EXPECT_EVENT(s, "line", "~text", "of 2020");
    push_event(s, ROOM, redaction(BOB, "$1", ""));
    EXPECT_EVENT(s, "line", "~text", "Bob has removed a message (09/13/20 ");
    push_event(s, ROOM, redaction(BOB, "$unknown", ""));
    EXPECT_EVENT(s, "line", "~text", "Bob has removed an older message or event.");
    /* A type is a word of strangers: no line is forged with it. */
    push_event(s, ROOM, event_with_id(event_new("a\nCarol: b", BOB, "{'a':1}"), "$type"));
    push_event(s, ROOM, redaction(BOB, "$type", ""));
    EXPECT_EVENT(s, "line", "~text", "an event of Bob's (a Carol: b, ");
    /* What comes after its redaction is not shown, and leaves no trace. */
    push_event(s, ROOM, event_with_id(event_text(BOB, "late and unwanted"), "$unknown"));
    settle(s);
    CHECK(s, !is_on_disk(s->dir, "late and unwanted"));
    /* No window opens for it, and nothing is unread. */
    push_event(s, DIRECT, redaction(BOB, "$nothing", ""));
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void of_state(Scenario *s)
{
    PurpleConversation *window;

    start(s, NULL);
    window = host_find_conversation(s->account, ROOM);
    push_event(s, ROOM,
               event_with_id(event_state("m.room.topic", "", BOB, "{'topic':'rude topic'}"), "$t"));
    EXPECT_EVENT(s, "topic", "topic", "rude topic");
    EXPECT_EVENT(s, "line", "~text", "rude topic");
    push_event(s, ROOM,
               event_with_id(event_state("m.room.name", "", BOB, "{'name':'Rude name'}"), "$n"));
    EXPECT_EVENT(s, "line", "~text", "Rude name");
    EXPECT_TEXT(s, purple_conversation_get_title(window), "Rude name");
    push_event(s, ROOM, redaction(CAROL, "$t", ""));
    EXPECT_EVENT(s, "line", "~text", "Carol has removed an event of Bob's (m.room.topic, ");
    EXPECT_EVENT(s, "topic", "name", ROOM);
    CHECK(s, purple_conv_chat_get_topic(PURPLE_CONV_CHAT(window)) == NULL);
    push_event(s, ROOM, redaction(CAROL, "$n", ""));
    EXPECT_EVENT(s, "line", "~text", "(m.room.name, ");
    settle(s);
    EXPECT_TEXT(s, purple_conversation_get_title(window), "Bob and Carol");
    CHECK(s, !is_on_disk(s->dir, "rude topic") && !is_on_disk(s->dir, "Rude name\""));
    forget_events(s);
}

/* ---- by the user ---- */

static void say(Scenario *s, const char *text)
{
    CHECK(s, host_send_chat(s->account, ROOM, text));
    EXPECT_LINE(s, ROOM, NULL, text, "SEND");
    EXPECT_REQUEST(s, "send");
    settle(s);
}

static void expect_redact(Scenario *s, const char *event_id, const char *reason)
{
    FakeRequest *request = EXPECT_REQUEST(s, "redact");
    g_autoptr(JsonObject) body = fake_request_json(request);

    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, request->args[1], event_id);
    EXPECT_TEXT(s, text_of(body, "reason"), reason);
}

static char *get_sent_id(Scenario *s, guint n)
{
    g_autofree char *text = fake_server_sent_event(s->server, n, FALSE);
    g_autoptr(JsonNode) node = json_text(text);

    return g_strdup(text_of(json_node_get_object(node), "event_id"));
}

static void own(Scenario *s)
{
    start(s, NULL);
    say(s, "first of mine");
    say(s, "second of mine");
    g_autofree char *first = get_sent_id(s, 0);
    g_autofree char *second = get_sent_id(s, 1);
    bob_says(s, "$b", "between");
    command(s, "/redact a <slip>");
    expect_redact(s, second, "a <slip>");
    EXPECT_EVENT(s, "line", "~text", "Alice has removed a message (");
    settle(s);
    CHECK(s, !is_on_disk(s->dir, "second of mine"));
    command(s, "/redact -- 12:34");
    expect_redact(s, first, "12:34");
    EXPECT_EVENT(s, "line", "~text", ": 12:34");
    settle(s);
    command(s, "/redact");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "You have written no message");
    EXPECT_NOTHING(s, 100);
}

/* Wrong words and what the power does not allow change nothing. */
static void targets(Scenario *s)
{
    gint64 noon = 1600000000000; /* 12:26:40 in Greenwich */
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(noon / 1000);
    g_autofree char *minute = g_date_time_format(when, "/redact %H:%M too much");
    g_autofree char *second = g_date_time_format(when, "/redact %H:%M:%S too much");

    start(s, MIGHTY);
    push_event(s, ROOM, event_with_id(event_with_time(event_text(BOB, "one"), noon), "$1"));
    push_event(s, ROOM,
               event_with_id(event_with_time(event_text(CAROL, "two"), noon + 1000), "$2"));
    EXPECT_LINE(s, ROOM, BOB, "one", "RECV");
    EXPECT_LINE(s, ROOM, CAROL, "two", "RECV");
    command(s, minute);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "means more than one message");
    command(s, "/redact dave: go");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Nobody called “dave” has written here");
    command(s, second);
    expect_redact(s, "$1", "too much");
    EXPECT_EVENT(s, "line", "~text", "Alice has removed a message of Bob's");
    command(s, "/redact carol:");
    expect_redact(s, "$2", NULL);
    EXPECT_EVENT(s, "line", "~text", "Alice has removed a message of Carol's");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static void without_power(Scenario *s)
{
    FakeAnswer no = {.status = 403,
                     .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You don't have it\"}"};

    start(s, NULL);
    bob_says(s, "$1", "mine alone");
    command(s, "/redact bob: no");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "does not allow you to remove messages");
    EXPECT_NOTHING(s, 200);
    say(s, "of my own");
    fake_server_once(s->server, "redact", no);
    command(s, "/redact");
    EXPECT_REQUEST(s, "redact");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "Not sent: “/redact”. The homeserver refused it: You don't have it.");
    command(s, "/discard");
    EXPECT_EVENT(s, "line", "~text", "1 message was dropped");
    CHECK(s, is_on_disk(s->dir, "of my own"));
}

static void unsent(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not now\"}"};

    start(s, NULL);
    fake_server_once(s->server, "send", no);
    CHECK(s, host_send_chat(s->account, ROOM, "never to be sent"));
    EXPECT_LINE(s, ROOM, NULL, "never to be sent", "SEND");
    EXPECT_REQUEST(s, "send");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Not sent");
    command(s, "/redact");
    EXPECT_EVENT(s, "line", "~text", "That message had not been sent, and will not be.");
    command(s, "/resend");
    EXPECT_EVENT(s, "line", "~text", "There is no message here that could not be sent.");
    CHECK(s, !is_on_disk(s->dir, "never to be sent"));
    EXPECT_NOTHING(s, 200);
}

/* What is on its way may have arrived. */
static void on_its_way(Scenario *s)
{
    start(s, NULL);
    fake_server_once(s->server, "send", (FakeAnswer){.how = FAKE_WHOLE, .delay_ms = 1500});
    CHECK(s, host_send_chat(s->account, ROOM, "wait for me"));
    EXPECT_LINE(s, ROOM, NULL, "wait for me", "SEND");
    EXPECT_REQUEST(s, "send");
    command(s, "/redact");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "on its way; nothing was removed");
    settle(s);
}

/* The answer is lost: the same wish goes out again, under the same name. */
static void lost_answer(Scenario *s)
{
    g_autofree char *txn_id = NULL;

    start(s, NULL);
    say(s, "to be gone");
    fake_server_once(s->server, "redact", FAKE_502);
    command(s, "/redact");
    txn_id = g_strdup(EXPECT_REQUEST(s, "redact")->args[2]);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "redact")->args[2], txn_id);
    EXPECT_EVENT(s, "line", "~text", "Alice has removed a message (");
    settle(s);
    EXPECT_NOTHING(s, 300);
}

static void over_a_restart(Scenario *s)
{
    start(s, NULL);
    say(s, "to be gone later");
    fake_server_always(s->server, "redact", FAKE_502);
    command(s, "/redact");
    EXPECT_REQUEST(s, "redact");
    s->quits_at_once = TRUE;
}

static void over_a_restart_2(Scenario *s)
{
    come_back(s);
    FakeRequest *request = EXPECT_REQUEST(s, "redact");
    CHECK(s, g_str_has_prefix(request->args[1], "$sent"));
    settle(s);
    forget_events(s);
}

/* A redaction reveals nothing; a reason would. */
static void encrypted(Scenario *s)
{
    start(s, NULL);
    say(s, "before it was encrypted");
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    command(s, "/redact for a reason");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "type /redact without a reason");
    EXPECT_NOTHING(s, 200);
    command(s, "/redact");
    EXPECT_REQUEST(s, "redact");
    EXPECT_EVENT(s, "line", "~text", "Alice has removed a message (");
}

/* ---- all of somebody ---- */

static void confirm_all(Scenario *s, const char *primary, const char *button)
{
    JsonObject *request = EXPECT_EVENT(s, "request", "primary", primary);

    CHECK(s, host_press(json_object_get_int_member(request, "request"), button, NULL, NULL, NULL));
}

static void failed(Scenario *s, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", text);
}

/* $1 and its edit $2, then $3. */
static void bob_says_three(Scenario *s)
{
    bob_says(s, "$1", "first words");
    push_event(s, ROOM,
               event_with_id(event_new("m.room.message", BOB,
                                       "{'msgtype':'m.text','body':'* mended words',"
                                       "'m.new_content':{'msgtype':'m.text','body':'mended words'},"
                                       "'m.relates_to':{'rel_type':'m.replace','event_id':'$1'}}"),
                             "$2"));
    EXPECT_EVENT(s, "line", "~text", "mended words");
    push_event(s, ROOM, event_with_id(event_text(CAROL, "of Carol"), "$c"));
    EXPECT_LINE(s, ROOM, CAROL, "of Carol", "RECV");
    bob_says(s, "$3", "third words");
}

/* The lines of the room itself and ours come in any order. */
static void expect_all_told(Scenario *s, guint count, const char *end)
{
    gboolean is_told = FALSE;

    for (guint i = 0; i <= count; i++) {
        const char *text = text_of(EXPECT_EVENT(s, "line", "name", ROOM), "text");
        is_told |= strstr(text, end) != NULL;
    }
    CHECK(s, is_told);
}

/* One after the other, with the pauses that are asked for; what is typed meanwhile does not wait
 * for all of them. */
static void all(Scenario *s)
{
    start(s, MIGHTY);
    bob_says_three(s);
    command(s, "/redactall Bob spam <b>");
    confirm_all(s, "Remove 3 messages of Bob's from “Room”?", "Cancel");
    EXPECT_NOTHING(s, 100);
    command(s, "/redactall Bob spam <b>");
    fake_server_once(s->server, "redact", FAKE_429_BODY);
    confirm_all(s, "Remove 3 messages of Bob's from “Room”?", "Remove");
    expect_redact(s, "$3", "spam <b>");
    command(s, "/redactall Carol");
    failed(s, "Messages are being removed from this room already.");
    CHECK(s, host_send_chat(s->account, ROOM, "in between"));
    EXPECT_LINE(s, ROOM, NULL, "in between", "SEND");
    EXPECT_REQUEST(s, "send");
    expect_redact(s, "$3", "spam <b>");
    expect_redact(s, "$2", "spam <b>");
    expect_redact(s, "$1", "spam <b>");
    settle(s);
    expect_all_told(s, 3, "3 messages of Bob's were removed. Those that this device does not know");
    CHECK(s, !is_on_disk(s->dir, "mended words") && !is_on_disk(s->dir, "third words"));
    CHECK(s, is_on_disk(s->dir, "of Carol"));
    command(s, "/redactall " BOB);
    failed(s, "No message of theirs in this room is known here");
    EXPECT_NOTHING(s, 100);
}

static void all_refused(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    start(s, MIGHTY);
    bob_says_three(s);
    bob_says(s, "$4", "fourth words");
    for (guint i = 0; i < 3; i++)
        fake_server_once(s->server, "redact", no);
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 4 messages of Bob's from “Room”?", "Remove");
    for (guint i = 0; i < 3; i++) {
        EXPECT_REQUEST(s, "redact");
        failed(s, "Not sent: “/redact”.");
    }
    failed(s, "0 of 4 messages of Bob's were removed; the others stay.");
    EXPECT_NOTHING(s, 100);
    /* The newest three wait for the user; one more is refused for another reason. */
    command(s, "/discard");
    EXPECT_EVENT(s, "line", "~text", "3 messages were dropped");
    fake_server_once(s->server, "redact", no);
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 4 messages of Bob's from “Room”?", "Remove");
    for (guint i = 0; i < 4; i++)
        EXPECT_REQUEST(s, "redact");
    settle(s);
    failed(s, "Not sent: “/redact”.");
    expect_all_told(s, 3,
                    "3 of 4 messages of Bob's were removed; the homeserver refused the others.");
}

/* The power goes while it is under way. */
static void all_ends(Scenario *s)
{
    start(s, NULL);
    bob_says_three(s);
    command(s, "/redactall Bob");
    failed(s, "does not allow you to remove messages of others");
    push_event(s, ROOM, event_state("m.room.power_levels", "", ALICE, MIGHTY));
    settle(s);
    fake_server_once(s->server, "redact", (FakeAnswer){.delay_ms = 600});
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 3 messages of Bob's from “Room”?", "Remove");
    expect_redact(s, "$3", NULL);
    push_event(s, ROOM, event_state("m.room.power_levels", "", ALICE, "{'users':{}}"));
    expect_all_told(s, 2, "1 of 3 messages of Bob's were removed; the others stay.");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

/* What is not begun at the end of the connection stays. */
static void all_interrupted(Scenario *s)
{
    start(s, MIGHTY);
    bob_says_three(s);
    fake_server_always(s->server, "redact", FAKE_502);
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 3 messages of Bob's from “Room”?", "Remove");
    expect_redact(s, "$3", NULL);
    s->quits_at_once = TRUE;
}

static void all_interrupted_2(Scenario *s)
{
    come_back(s);
    expect_redact(s, "$3", NULL);
    settle(s);
    forget_events(s);
    EXPECT_INT(s, fake_server_count(s->server, "redact"), 1);
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 2 messages of Bob's from “Room”?", "Cancel");
    EXPECT_NOTHING(s, 100);
}

static void all_encrypted(Scenario *s)
{
    start(s, MIGHTY);
    bob_says(s, "$1", "in the clear");
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    command(s, "/redactall Bob for a reason");
    failed(s, "the reason would be readable for its servers");
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 1 message of Bob's from “Room”?", "Remove");
    expect_redact(s, "$1", NULL);
    settle(s);
    expect_all_told(s, 1, "1 message of Bob's was removed.");
}

static void all_of_very_many(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s, MIGHTY);
    for (guint i = 0; i < 1050; i++) {
        g_autofree char *id = g_strdup_printf("$m%u", i);
        sync_body_timeline(body, ROOM, event_with_id(event_text(BOB, "spam"), id));
    }
    push(s, sync_body_end(body));
    for (guint i = 0; i < 1000; i++)
        EXPECT_EVENT(s, "line");
    settle(s);
    forget_events(s);
    fake_server_set_echo(s->server, FALSE);
    command(s, "/redactall Bob");
    confirm_all(s, "Remove 1000 messages of Bob's from “Room”?", "Remove");
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *id = g_strdup_printf("$m%u", 1049 - i);
        expect_redact(s, id, NULL);
    }
    for (guint i = 50; i < 1000; i += 50) {
        g_autofree char *text = g_strdup_printf("%u of 1000 messages of Bob's are removed.", i);
        EXPECT_EVENT(s, "line", "text", text);
    }
    EXPECT_EVENT(s, "line", "~text", "There are more: the same command removes the next ones.");
}

static const ScenarioEntry entries[] = {
    {"redaction-received", {received}},
    {"redaction-with-its-edits", {with_its_edits}},
    {"redaction-long-ago", {long_ago}},
    {"redaction-of-state", {of_state}},
    {"redaction-own", {own}},
    {"redaction-targets", {targets}},
    {"redaction-without-power", {without_power}},
    {"redaction-unsent", {unsent}},
    {"redaction-on-its-way", {on_its_way}},
    {"redaction-lost-answer", {lost_answer}},
    {"redaction-over-a-restart", {over_a_restart, over_a_restart_2}},
    {"redaction-encrypted", {encrypted}},
    {"redact-all", {all}},
    {"redact-all-refused", {all_refused}},
    {"redact-all-ends", {all_ends}},
    {"redact-all-interrupted", {all_interrupted, all_interrupted_2}},
    {"redact-all-encrypted", {all_encrypted}},
    {"redact-all-of-very-many", {all_of_very_many}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

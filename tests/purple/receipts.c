/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Read receipts: out for what was looked at and nothing else, in as one quiet line. */

#define READ_BY(user, event) "{'" event "':{'m.read':{'" user "':{'ts':1000}}}}"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    settle(s);
    forget_events(s);
}

static void open_im(Scenario *s)
{
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    settle(s);
}

static void say(Scenario *s, const char *room_id, const char *event_id, const char *text)
{
    push_event(s, room_id, event_with_id(event_text(BOB, text), event_id));
}

static void expect_receipt(Scenario *s, const char *room_id, const char *event_id,
                           gboolean is_private)
{
    FakeRequest *request = EXPECT_REQUEST(s, "read-markers");
    g_autofree char *text = g_strdup_printf("{'m.fully_read':'%s','%s':'%s'}", event_id,
                                            is_private ? "m.read.private" : "m.read", event_id);
    g_autofree char *body = json_quotes(text);
    EXPECT_TEXT(s, request->args[0], room_id);
    EXPECT_TEXT(s, request->body, body);
}

static void receipt_on_focus(Scenario *s)
{
    start(s);
    say(s, DIRECT, "$1", "one");
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    say(s, DIRECT, "$2", "two");
    EXPECT_LINE(s, BOB, BOB, "two", "RECV");
    EXPECT_NOTHING(s, 300); /* a window behind others is not read */
    host_set_focus(BOB, TRUE);
    expect_receipt(s, DIRECT, "$2", FALSE);
    say(s, DIRECT, "$3", "three");
    EXPECT_LINE(s, BOB, BOB, "three", "RECV");
    expect_receipt(s, DIRECT, "$3", FALSE);
    host_set_focus(BOB, FALSE);
    host_set_focus(BOB, TRUE);
    EXPECT_NOTHING(s, 300); /* once */
}

/* One for many lines, and none for what the user wrote. */
static void receipt_for_many(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    for (guint i = 0; i < 60; i++) {
        g_autofree char *id = g_strdup_printf("$n%u", i);
        sync_body_timeline(body, ROOM, event_with_id(event_text(BOB, "line"), id));
    }
    sync_body_timeline(body, ROOM, event_with_id(event_text(ALICE, "mine"), "$own"));
    push(s, sync_body_end(body));
    settle(s);
    fake_server_once(s->server, "read-markers", (FakeAnswer){.delay_ms = 1500});
    host_set_focus(ROOM, TRUE);
    open_chat(s, ROOM);
    for (guint i = 0; i < 60; i++)
        EXPECT_LINE(s, ROOM, BOB, "line", "RECV");
    EXPECT_LINE(s, ROOM, NULL, "mine", "SEND|REMOTE_SEND");
    expect_receipt(s, ROOM, "$n19", FALSE);
    expect_receipt(s, ROOM, "$n59", FALSE);
    EXPECT_NOTHING(s, 300);
}

static void receipt_private(Scenario *s)
{
    start(s);
    purple_account_set_bool(s->account, "private_receipts", TRUE);
    open_im(s);
    host_set_focus(BOB, TRUE);
    say(s, DIRECT, "$1", "one");
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    expect_receipt(s, DIRECT, "$1", TRUE);
}

/* The screen is locked, the window still has the focus. */
static void receipt_not_while_idle(Scenario *s)
{
    start(s);
    open_im(s);
    host_set_focus(BOB, TRUE);
    purple_presence_set_idle(purple_account_get_presence(s->account), TRUE, time(NULL) - 600);
    EXPECT_REQUEST(s, "presence");
    say(s, DIRECT, "$1", "one");
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    EXPECT_NOTHING(s, 300);
    purple_presence_set_idle(purple_account_get_presence(s->account), FALSE, 0);
    EXPECT_REQUEST(s, "presence");
    expect_receipt(s, DIRECT, "$1", FALSE);
}

/* What was closed unseen stays unread, in the next window too. */
static void receipt_not_after_closing(Scenario *s)
{
    start(s);
    say(s, DIRECT, "$1", "one");
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    CHECK(s, host_close(s->account, BOB));
    EXPECT_EVENT(s, "window-closed", "name", BOB);
    open_im(s);
    host_set_focus(BOB, TRUE);
    EXPECT_NOTHING(s, 300);
    say(s, DIRECT, "$2", "two");
    EXPECT_LINE(s, BOB, BOB, "two", "RECV");
    expect_receipt(s, DIRECT, "$2", FALSE);
}

/* The phone was faster: nothing goes backwards, and nothing is said twice. */
static void receipt_never_backwards(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    open_im(s);
    say(s, DIRECT, "$1", "one");
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    sync_body_ephemeral(body, DIRECT, "m.receipt", READ_BY(ALICE, "$1"));
    push(s, sync_body_end(body));
    settle(s);
    host_set_focus(BOB, TRUE);
    EXPECT_NOTHING(s, 300);
}

/* What was missing is shown after what came later, and is read with it. */
static void receipt_for_the_furthest(Scenario *s)
{
    JsonObject *old = event_with_id(event_text(BOB, "old"), "$old");
    JsonArray *chunk = json_array_new();
    g_autoptr(JsonObject) page = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    SyncBody *body = sync_body_new();
    start(s);
    open_im(s);
    json_array_add_object_element(chunk, old);
    json_object_set_array_member(page, "chunk", chunk);
    json_node_set_object(node, page);
    g_autofree char *text = json_to_string(node, FALSE);
    fake_server_set_page(s->server, DIRECT, "gap", text);
    fake_server_once(s->server, "messages", (FakeAnswer){.delay_ms = 11000}); /* too long */
    sync_body_timeline(body, DIRECT, event_with_id(event_text(BOB, "new"), "$new"));
    sync_body_limited(body, DIRECT, "gap");
    push(s, sync_body_end(body));
    host_iterate(8000); /* the plugin waits for 10 s, on slow machines too */
    EXPECT_INT(s, count_lines(), 0);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "could not be fetched yet");
    EXPECT_LINE(s, BOB, BOB, "new", "RECV");
    EXPECT_LINE(s, BOB, BOB, "old", "RECV|DELAYED");
    host_set_focus(BOB, TRUE);
    expect_receipt(s, DIRECT, "$new", FALSE);
    EXPECT_NOTHING(s, 300);
}

/* No window line can be read of what cannot be read. */
static void receipt_not_for_encrypted(Scenario *s)
{
    start(s);
    open_im(s);
    host_set_focus(BOB, TRUE);
    push_event(s, DIRECT, event_new("m.room.encrypted", BOB, "{'algorithm':'x'}"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "not known here");
    EXPECT_NOTHING(s, 300);
}

/* A failure does no harm, and the newest is told later. */
static void receipt_fails(Scenario *s)
{
    start(s);
    open_im(s);
    host_set_focus(BOB, TRUE);
    fake_server_once(s->server, "read-markers", FAKE_502);
    say(s, DIRECT, "$1", "one");
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    expect_receipt(s, DIRECT, "$1", FALSE);
    settle(s);
    host_iterate(1200); /* the wait after a failure */
    push_event(s, ROOM, event_text(BOB, "elsewhere"));
    expect_receipt(s, DIRECT, "$1", FALSE);
    fake_server_once(s->server, "read-markers",
                     (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\"}"});
    say(s, DIRECT, "$2", "two");
    EXPECT_LINE(s, BOB, BOB, "two", "RECV");
    expect_receipt(s, DIRECT, "$2", FALSE);
    push_event(s, ROOM, event_text(BOB, "elsewhere"));
    EXPECT_NOTHING(s, 300); /* a refusal is an answer */
}

static void receipt_clears_the_mark(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    open_im(s);
    sync_body_room_account_data(body, DIRECT, "m.marked_unread", "{'unread':true}");
    push(s, sync_body_end(body));
    settle(s);
    host_set_focus(BOB, TRUE);
    say(s, DIRECT, "$1", "one");
    EXPECT_LINE(s, BOB, BOB, "one", "RECV");
    FakeRequest *request = EXPECT_REQUEST(s, "set-room-account-data");
    EXPECT_TEXT(s, request->args[2], "m.marked_unread");
    EXPECT_TEXT(s, request->body, "{\"unread\":false}");
    expect_receipt(s, DIRECT, "$1", FALSE);
}

/* ---- in ---- */

static void push_receipt(Scenario *s, const char *room_id, const char *content)
{
    SyncBody *body = sync_body_new();
    sync_body_ephemeral(body, room_id, "m.receipt", content);
    push(s, sync_body_end(body));
    settle(s);
}

static void write_own(Scenario *s, const char *event_id, const char *text)
{
    push_event(s, DIRECT, event_with_id(event_text(ALICE, text), event_id));
    EXPECT_LINE(s, BOB, NULL, text, "SEND|REMOTE_SEND");
    settle(s);
}

static void read_is_said_once(Scenario *s)
{
    start(s);
    open_im(s);
    write_own(s, "$o1", "first");
    write_own(s, "$o2", "second");
    push_receipt(s, DIRECT, READ_BY(BOB, "$o1")); /* not the newest */
    EXPECT_INT(s, count_lines(), 0);
    push_receipt(s, DIRECT, READ_BY(BOB, "$o2"));
    JsonObject *line = EXPECT_EVENT(s, "line", "name", BOB, "~text", "Read by Bob at ");
    CHECK(s, !json_object_get_boolean_member(line, "logged"));
    write_own(s, "$o3", "third");
    push_receipt(s, DIRECT, READ_BY(BOB, "$o3"));
    EXPECT_INT(s, count_lines(), 0); /* of the same batch */
    say(s, DIRECT, "$b", "answer");
    EXPECT_LINE(s, BOB, BOB, "answer", "RECV");
    push_receipt(s, DIRECT, READ_BY(BOB, "$b"));
    EXPECT_INT(s, count_lines(), 0); /* who answers has read */
    write_own(s, "$o4", "fourth");
    push_receipt(s, DIRECT, READ_BY(BOB, "$o4"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "Read by Bob at ");
}

/* Of events that nobody knows, by thousands, and at no time. */
static void read_absurdly(Scenario *s)
{
    g_autoptr(GString) content =
        g_string_new("{'$known':{'m.read':{'" BOB "':{'ts':-9007199254740991}}}");
    start(s);
    open_im(s);
    write_own(s, "$known", "first");
    for (guint i = 0; i < 5000; i++)
        g_string_append_printf(content,
                               ",'$e%u':{'m.read':{'" BOB "':{'ts':9007199254740993},'" ALICE
                               "':{'ts':'x'}},'m.read.private':{'" ALICE "':{}}}",
                               i);
    g_string_append(content, "}");
    push_receipt(s, DIRECT, content->str);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "Read by Bob at ");
    push_receipt(s, DIRECT, content->str);
    EXPECT_INT(s, count_lines(), 0);
    push_event(s, DIRECT, event_text(BOB, "still here"));
    EXPECT_LINE(s, BOB, BOB, "still here", "RECV");
}

static void read_is_not_said(Scenario *s)
{
    start(s);
    open_im(s);
    write_own(s, "$o1", "first");
    push_receipt(s, DIRECT, READ_BY(CAROL, "$o1"));
    push_receipt(s, DIRECT, READ_BY(ALICE, "$o1"));
    push_receipt(s, DIRECT, "{'$o1':{'m.read.private':{'" BOB "':{'ts':1}}}}");
    push_receipt(s, DIRECT, "{'$o1':{'m.read':{'" BOB "':{'ts':1,'thread_id':'$t'}}}}");
    push_receipt(s, DIRECT, "{'$o1':5,'$x':{'m.read':[]},'$y':{'m.read':{'" BOB "':7}}}");
    push_receipt(s, DIRECT, "[]");
    push_receipt(s, DIRECT, READ_BY(BOB, "$nobody-knows"));
    purple_privacy_deny_add(s->account, BOB, TRUE);
    push_receipt(s, DIRECT, READ_BY(BOB, "$o1"));
    purple_privacy_deny_remove(s->account, BOB, TRUE);
    EXPECT_INT(s, count_lines(), 0);
    CHECK(s, host_close(s->account, BOB));
    EXPECT_EVENT(s, "window-closed", "name", BOB);
    push_receipt(s, DIRECT, READ_BY(BOB, "$o1"));
    EXPECT_NOTHING(s, 200);
    /* nor in a room of many */
    open_chat(s, ROOM);
    push_event(s, ROOM, event_with_id(event_text(ALICE, "mine"), "$r1"));
    EXPECT_LINE(s, ROOM, NULL, "mine", "SEND|REMOTE_SEND");
    push_receipt(s, ROOM, READ_BY(BOB, "$r1"));
    EXPECT_INT(s, count_lines(), 0);
}

static const ScenarioEntry entries[] = {
    {"receipt-on-focus", {receipt_on_focus}},
    {"receipt-for-many", {receipt_for_many}},
    {"receipt-private", {receipt_private}},
    {"receipt-not-while-idle", {receipt_not_while_idle}},
    {"receipt-not-after-closing", {receipt_not_after_closing}},
    {"receipt-never-backwards", {receipt_never_backwards}},
    {"receipt-for-the-furthest", {receipt_for_the_furthest}},
    {"receipt-not-for-encrypted", {receipt_not_for_encrypted}},
    {"receipt-fails", {receipt_fails}},
    {"receipt-clears-the-mark", {receipt_clears_the_mark}},
    {"read-is-said-once", {read_is_said_once}},
    {"read-is-not-said", {read_is_not_said}},
    {"read-absurdly", {read_absurdly}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

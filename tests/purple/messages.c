/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What is said, in both directions: issue point 3. */

static gint64 time_of(JsonObject *line)
{
    return json_object_get_int_member(line, "time");
}

static guint count_in(const char *text, const char *piece)
{
    guint count = 0;

    for (const char *p = text; (p = strstr(p, piece)) != NULL; p += strlen(piece))
        count++;
    return count;
}

static void expect_in_log(Scenario *s, PurpleLogType type, const char *name, const char *piece,
                          guint times)
{
    g_autofree char *log = host_read_log(s->account, type, name);

    if (count_in(log, piece) != times)
        FAIL(s, "the log of %s has \"%s\" %u times: %s", name, piece, count_in(log, piece), log);
}

/* ---- delivery ---- */

static void live_direct(Scenario *s)
{
    JsonObject *line;

    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_with_time(event_text(BOB, "hello"), 1600000000000));
    EXPECT_EVENT(s, "window", "name", BOB, "kind", "im", "username", ALICE);
    line = EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
    EXPECT_INT(s, time_of(line), 1600000000);
    EXPECT_TEXT(s, text_of(line, "alias"), "Bob");
    CHECK(s, json_object_get_boolean_member(line, "logged"));
    settle(s);
    expect_in_log(s, PURPLE_LOG_IM, BOB, "hello", 1);
}

/* Two joined members, but not in m.direct: a chat, and its window opens (design 4). */
static void live_room_of_two(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_room(body, ROOM, "Pair", ALICE " " BOB);
    set_first(s, sync_body_end(body));
    log_in(s);
    push_event(s, ROOM, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", ROOM, "kind", "chat", "title", "Pair");
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV");
    settle(s);
}

static void live_open_window(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_text(BOB, "one"));
    push_event(s, ROOM, event_text(CAROL, "two"));
    EXPECT_LINE(s, ROOM, BOB, "one", "RECV");
    EXPECT_LINE(s, ROOM, CAROL, "two", "RECV");
    settle(s);
}

/* Waits unread, is shown once with its own date when the window opens, and logged once. */
static void unread_waits(Scenario *s)
{
    JsonObject *line;

    set_usual_rooms(s);
    log_in(s);
    push_event(s, ROOM, event_with_time(event_text(BOB, "unread one"), 1600000000000));
    push_event(s, ROOM, event_with_time(event_text(CAROL, "unread two"), 1600000060000));
    settle(s);
    EXPECT_NOTHING(s, 100);
    open_chat(s, ROOM);
    line = EXPECT_LINE(s, ROOM, BOB, "unread one", NULL);
    EXPECT_INT(s, time_of(line), 1600000000);
    CHECK(s, json_object_get_boolean_member(line, "logged"));
    line = EXPECT_LINE(s, ROOM, CAROL, "unread two", NULL);
    EXPECT_INT(s, time_of(line), 1600000060);
    settle(s);
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed", "name", ROOM);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_NOTHING(s, 200);
    expect_in_log(s, PURPLE_LOG_CHAT, ROOM, "unread one", 1);
    expect_in_log(s, PURPLE_LOG_CHAT, ROOM, "unread two", 1);
}

static void unread_waits_1(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_event(s, ROOM, event_text(BOB, "before the restart"));
    settle(s);
}

static void unread_waits_2(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 100);
    open_chat(s, ROOM);
    EXPECT_LINE(s, ROOM, BOB, "before the restart", NULL);
    settle(s);
}

static void unread_waits_3(Scenario *s)
{
    come_back(s);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_NOTHING(s, 100);
}

/* Many unread: the newest 1,000 in order, then how many older there are. */
static void unread_thousand(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    for (int i = 1; i <= 1012; i++) {
        g_autofree char *text = g_strdup_printf("number %d", i);
        sync_body_timeline(body, ROOM, event_text(BOB, text));
    }
    push(s, sync_body_end(body));
    settle(s);
    open_chat(s, ROOM);
    for (int i = 13; i <= 1012; i++) {
        g_autofree char *text = g_strdup_printf("number %d", i);
        EXPECT_LINE(s, ROOM, BOB, text, NULL);
    }
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "~text", "12");
    EXPECT_NOTHING(s, 100);
}

static void highlight_opens(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    push_event(s, ROOM, event_text(BOB, "before"));
    sync_body_timeline(body, ROOM, event_text(CAROL, "alice: look"));
    sync_body_unread(body, ROOM, 2, 1);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "window", "name", ROOM, "title", "Room");
    EXPECT_LINE(s, ROOM, BOB, "before", NULL);
    EXPECT_LINE(s, ROOM, CAROL, "alice: look", NULL);
    settle(s);
}

/* C14: what came while the account was offline is marked delayed and keeps its date. */
static void catch_up(Scenario *s)
{
    JsonObject *line;

    set_usual_rooms(s);
    log_in(s);
    go_offline(s);
    push_event(s, DIRECT, event_with_time(event_text(BOB, "you were away"), 1600000000000));
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    EXPECT_EVENT(s, "window", "name", BOB);
    line = EXPECT_LINE(s, BOB, BOB, "you were away", "RECV|DELAYED");
    EXPECT_INT(s, time_of(line), 1600000000);
    settle(s);
}

/* C16: the server's order, whatever the clocks say. */
static void order_is_the_servers(Scenario *s)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    log_in(s);
    sync_body_timeline(body, DIRECT, event_with_time(event_text(BOB, "first"), 1700000000000));
    sync_body_timeline(body, DIRECT, event_with_time(event_text(BOB, "second"), 1500000000000));
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "first", "RECV");
    EXPECT_LINE(s, BOB, BOB, "second", "RECV");
    settle(s);
}

static void same_event_twice(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    for (int i = 0; i < 3; i++)
        push_event(s, DIRECT, event_with_id(event_text(BOB, "once"), "$same"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "once", "RECV");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

/* ---- own messages ---- */

static void start_direct(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
}

static void own_echo_after(Scenario *s)
{
    start_direct(s);
    CHECK(s, host_send_im(s->account, BOB, "mine"));
    EXPECT_LINE(s, BOB, NULL, "mine", "SEND");
    EXPECT_REQUEST(s, "send");
    settle(s);
    EXPECT_NOTHING(s, 100);
    expect_in_log(s, PURPLE_LOG_IM, BOB, "mine", 1);
}

/* C7: the echo is there before the answer to the PUT. */
static void own_echo_before(Scenario *s)
{
    FakeAnswer slow = {.delay_ms = 1000};

    start_direct(s);
    fake_server_once(s->server, "send", slow);
    CHECK(s, host_send_im(s->account, BOB, "mine"));
    EXPECT_LINE(s, BOB, NULL, "mine", "SEND");
    EXPECT_REQUEST(s, "send");
    settle(s);
    EXPECT_NOTHING(s, 1300);
    expect_in_log(s, PURPLE_LOG_IM, BOB, "mine", 1);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
}

/* The echo has no transaction ID: another server, or a full sync on a new connection. */
static void own_echo_without_transaction(Scenario *s)
{
    g_autofree char *event = NULL;
    g_autofree char *body = NULL;

    start_direct(s);
    fake_server_set_echo(s->server, FALSE);
    CHECK(s, host_send_im(s->account, BOB, "mine"));
    EXPECT_LINE(s, BOB, NULL, "mine", "SEND");
    EXPECT_REQUEST(s, "send");
    host_iterate(300);
    event = fake_server_sent_event(s->server, 0, FALSE);
    body = g_strdup_printf("{\"rooms\":{\"join\":{\"%s\":{\"timeline\":{\"events\":[%s]}}}}}",
                           DIRECT, event);
    fake_server_push(s->server, body);
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static void other_device(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_event(s, DIRECT, event_text(BOB, "hello"));
    push_event(s, DIRECT, event_text(ALICE, "from my phone"));
    push_event(s, ROOM, event_text(ALICE, "to all from my phone"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
    EXPECT_EVENT(s, "line", "name", BOB, "text", "from my phone", "~flags", "SEND", "~flags",
                 "REMOTE_SEND", "!flags", "RECV");
    EXPECT_EVENT(s, "line", "name", ROOM, "text", "to all from my phone", "~flags", "SEND",
                 "~flags", "REMOTE_SEND", "!flags", "RECV", "!flags", "NICK");
    settle(s);
    expect_in_log(s, PURPLE_LOG_IM, BOB, "from my phone", 1);
}

static void chat_echo(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    for (int i = 0; i < 5; i++) {
        g_autofree char *text = g_strdup_printf("line %d", i);
        CHECK(s, host_send_chat(s->account, ROOM, text));
        EXPECT_LINE(s, ROOM, ALICE, text, "SEND");
    }
    for (int i = 0; i < 5; i++)
        EXPECT_REQUEST(s, "send");
    settle(s);
    EXPECT_NOTHING(s, 100);
    expect_in_log(s, PURPLE_LOG_CHAT, ROOM, "line 3", 1);
}

/* ---- text: exactly ---- */

static const struct {
    const char *body;   /* on the wire */
    const char *markup; /* in the window */
} incoming[] = {
    {"plain", "plain"},
    {"<b>no bold</b> & \"quotes\" 'too'", NULL},
    {"a\nb\n\nc", "a<br>b<br><br>c"},
    {"tab\there", NULL},
    {"  two leading spaces", NULL},
    {"&lt; &amp; &#60;", "&amp;lt; &amp;amp; &amp;#60;"},
    {"\360\237\220\247 \327\251\327\234\327\225\327\235 e\314\201 \342\200\213zwsp", NULL},
    {"5 < 6 > 4", "5 &lt; 6 &gt; 4"},
};

static void text_in(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_text(BOB, "opens"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "opens", "RECV");
    for (guint i = 0; i < G_N_ELEMENTS(incoming); i++) {
        JsonObject *line;
        g_autofree char *plain = NULL;
        push_event(s, DIRECT, event_text(BOB, incoming[i].body));
        line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
        if (incoming[i].markup != NULL)
            EXPECT_TEXT(s, text_of(line, "text"), incoming[i].markup);
        /* What Finch shows: libpurple's own idea of the text. */
        plain = purple_markup_strip_html(text_of(line, "text"));
        if (strchr(incoming[i].body, '\t') == NULL && !g_str_has_prefix(incoming[i].body, " "))
            EXPECT_TEXT(s, plain, incoming[i].body);
    }
    settle(s);
}

static void link_in(Scenario *s)
{
    static const char *const links[] = {"https://example.org/a?b=c&d=e#f", "http://example.org/",
                                        "see https://example.org/x_(y), and more"};
    JsonObject *line;

    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_text(BOB, "opens"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "opens", "RECV");
    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        push_event(s, DIRECT, event_text(BOB, links[i]));
        line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
        /* The address is there whole, escaped once; made a link or left to the window to make one.
         */
        CHECK(s, strstr(text_of(line, "text"), "example.org/") != NULL);
        CHECK(s, strstr(text_of(line, "text"), "&amp;amp;") == NULL);
    }
    /* Markup as text stays text. */
    push_event(s, DIRECT, event_text(BOB, "<a href=\"file:///etc/passwd\">x</a> <img id=\"1\">"));
    line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
    CHECK(s, strstr(text_of(line, "text"), "<img") == NULL);
    CHECK(s, strstr(text_of(line, "text"), "href=\"file") == NULL);
    settle(s);
}

static const struct {
    const char *markup; /* as Pidgin or Finch hands it over */
    const char *body;
    const char *msgtype;
} outgoing[] = {
    {"plain", "plain", "m.text"},
    {"5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6", "m.text"},
    {"one<br>two<BR/>three", "one\ntwo\nthree", "m.text"},
    {"one\ntwo", "one\ntwo", "m.text"},
    {"tab\there", "tab\there", "m.text"},
    {"&quot;quoted&quot; &apos;so&apos; &#39;and&#39; &#x41;", "\"quoted\" 'so' 'and' A", "m.text"},
    {"see https://example.org/?a=1&amp;b=2 there", "see https://example.org/?a=1&b=2 there",
     "m.text"},
    {"<A HREF=\"https://example.org/\">https://example.org/</A>", "https://example.org/", "m.text"},
    {"mail bob@example.org now", "mail bob@example.org now", "m.text"},
    {"<b>bold</b> and <font color=\"#ff0000\">red</font>", "bold and red", "m.text"},
    {"\360\237\220\247 &lt;3", "\360\237\220\247 <3", "m.text"},
    {"/me waves", "waves", "m.emote"},
    {"not /me", "not /me", "m.text"},
    {"&amp;lt;", "&lt;", "m.text"},
};

static void text_out(Scenario *s)
{
    start_direct(s);
    for (guint i = 0; i < G_N_ELEMENTS(outgoing); i++) {
        g_autoptr(JsonObject) content = NULL;
        CHECK(s, host_send_im(s->account, BOB, outgoing[i].markup));
        EXPECT_EVENT(s, "line", "name", BOB, "flags", "SEND");
        content = fake_request_json(EXPECT_REQUEST(s, "send"));
        EXPECT_TEXT(s, text_of(content, "body"), outgoing[i].body);
        EXPECT_TEXT(s, text_of(content, "msgtype"), outgoing[i].msgtype);
    }
    settle(s);
}

static void text_out_chat(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    for (guint i = 0; i < G_N_ELEMENTS(outgoing); i++) {
        g_autoptr(JsonObject) content = NULL;
        CHECK(s, host_send_chat(s->account, ROOM, outgoing[i].markup));
        EXPECT_EVENT(s, "line", "name", ROOM, "flags", "SEND");
        content = fake_request_json(EXPECT_REQUEST(s, "send"));
        EXPECT_TEXT(s, text_of(content, "body"), outgoing[i].body);
        EXPECT_TEXT(s, text_of(content, "msgtype"), outgoing[i].msgtype);
    }
    settle(s);
}

/* What Pidgin and Finch make of a line before they draw it. */
static gboolean is_emote(const char *markup)
{
    g_autofree char *copy = g_strdup(markup);

    return purple_message_meify(copy, -1);
}

static void emotes_and_notices(Scenario *s)
{
    JsonObject *line;

    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_message(BOB, "m.emote", "waves & <smiles>"));
    EXPECT_EVENT(s, "window", "name", BOB);
    line = EXPECT_LINE(s, BOB, BOB, "/me waves &amp; &lt;smiles&gt;", "RECV");
    CHECK(s, is_emote(text_of(line, "text")));
    push_event(s, DIRECT, event_text(BOB, "/me is no emote"));
    line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
    CHECK(s, !is_emote(text_of(line, "text")));
    {
        g_autofree char *plain = purple_markup_strip_html(text_of(line, "text"));
        EXPECT_TEXT(s, plain, "/me is no emote");
    }
    push_event(s, DIRECT, event_message(BOB, "m.notice", "I am a bot"));
    line = EXPECT_LINE(s, BOB, BOB, NULL, NULL);
    CHECK(s, strstr(text_of(line, "text"), "I am a bot") != NULL);
    settle(s);
}

static void formatted_is_cleaned(Scenario *s)
{
    JsonObject *event = event_text(BOB, "**bold** <plain>");
    JsonObject *content = json_object_get_object_member(event, "content");

    json_object_set_string_member(content, "format", "org.matrix.custom.html");
    json_object_set_string_member(content, "formatted_body", "<script>x</script><b>bold</b>");
    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "<b>bold</b>", "RECV");
    settle(s);
}

static void unknown_msgtypes(Scenario *s)
{
    static const char *const types[] = {"m.image", "m.file",     "m.audio",
                                        "m.video", "m.location", "org.example.odd"};

    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_text(BOB, "opens"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "opens", "RECV");
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        push_event(s, DIRECT, event_message(BOB, types[i], "photo.jpg"));
        EXPECT_EVENT(s, "line", "name", BOB, "~text", "photo.jpg");
    }
    settle(s);
}

/* Redacted before it was seen: an empty content is no line. */
static void redacted(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    push_event(s, DIRECT, event_new("m.room.message", BOB, "{}"));
    push_event(s, DIRECT, event_text(BOB, "after"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "after", "RECV");
    settle(s);
}

/* ---- encrypted rooms ---- */

static void push_encryption(Scenario *s, const char *room_id)
{
    push_event(s, room_id,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
}

/* What goes out says nothing. */
static void expect_encrypted(Scenario *s)
{
    FakeRequest *request;

    CHECK(s, host_send_im(s->account, BOB, "a secret"));
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "SEND", "text", "a secret");
    request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->args[1], "m.room.encrypted");
    CHECK(s, strstr(request->body, "a secret") == NULL);
    settle(s);
    forget_events(s);
}

/* The words stay in the window, and a line says that they went nowhere. */
static void expect_refusal(Scenario *s)
{
    guint n_sent = fake_server_count(s->server, "send");

    CHECK(s, host_send_im(s->account, BOB, "a secret"));
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "SEND", "text", "a secret");
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "ERROR", "~text", "encrypted");
    settle(s);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_count(s->server, "send"), n_sent);
}

static void encrypted_1(Scenario *s)
{
    JsonObject *event = event_new("m.room.encrypted", BOB,
                                  "{'algorithm':'m.megolm.v1.aes-sha2','ciphertext':'AwgA'}");

    start_direct(s);
    push_encryption(s, DIRECT);
    push_event(s, DIRECT, event);
    EXPECT_EVENT(s, "line", "name", BOB, "text", "Bob has switched on encryption.");
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "it is damaged");
    settle(s);
    expect_encrypted(s);
}

/* E7: once encrypted, always: a server that hides the state event changes nothing. */
static void encrypted_2(Scenario *s)
{
    come_back(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    settle(s);
    forget_events(s);
    expect_encrypted(s);
}

static void encrypted_3(Scenario *s)
{
    FakeAnswer bad = {.status = 400,
                      .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Invalid stream token\"}"};

    set_usual_rooms(s); /* without m.room.encryption */
    fake_server_once(s->server, "sync", bad);
    come_back(s);
    push_event(s, DIRECT, event_state("m.room.encryption", "", BOB, "{}"));
    settle(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_EVENT(s, "line", "name", BOB, "text", "Bob has switched on encryption.");
    settle(s);
    forget_events(s);
    expect_refusal(s);
}

static const ScenarioEntry entries[] = {
    {"live-direct", {live_direct}},
    {"live-room-of-two", {live_room_of_two}},
    {"live-open-window", {live_open_window}},
    {"unread-waits", {unread_waits}},
    {"unread-waits-over-restart", {unread_waits_1, unread_waits_2, unread_waits_3}},
    {"unread-thousand", {unread_thousand}},
    {"highlight-opens", {highlight_opens}},
    {"catch-up", {catch_up}},
    {"order-is-the-servers", {order_is_the_servers}},
    {"same-event-twice", {same_event_twice}},
    {"own-echo-after", {own_echo_after}},
    {"own-echo-before", {own_echo_before}},
    {"own-echo-without-transaction", {own_echo_without_transaction}},
    {"other-device", {other_device}},
    {"chat-echo", {chat_echo}},
    {"text-in", {text_in}},
    {"link-in", {link_in}},
    {"text-out", {text_out}},
    {"text-out-chat", {text_out_chat}},
    {"emotes-and-notices", {emotes_and_notices}},
    {"formatted-is-cleaned", {formatted_is_cleaned}},
    {"unknown-msgtypes", {unknown_msgtypes}},
    {"redacted", {redacted}},
    {"encrypted", {encrypted_1, encrypted_2, encrypted_3}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

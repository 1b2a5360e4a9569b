/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Messages that are about others: answers, threads, edits, reactions, mentions. */

#define GREY(text) "<font color=\"#77767b\">" text "</font>"

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

static void says(Scenario *s, const char *sender, const char *id, const char *text)
{
    push_event(s, ROOM, event_with_id(event_text(sender, text), id));
    EXPECT_LINE(s, ROOM, sender, text, "RECV");
}

static void say(Scenario *s, const char *text)
{
    CHECK(s, host_send_chat(s->account, ROOM, text));
    EXPECT_LINE(s, ROOM, NULL, text, "SEND");
    EXPECT_REQUEST(s, "send");
    settle(s);
}

static char *get_sent_id(Scenario *s, guint n)
{
    g_autofree char *text = fake_server_sent_event(s->server, n, FALSE);
    g_autoptr(JsonNode) node = json_text(text);

    return g_strdup(text_of(json_node_get_object(node), "event_id"));
}

/* A text with the members that `more` has. */
static JsonObject *event_about(const char *sender, const char *id, const char *body,
                               const char *more)
{
    g_autofree char *content = g_strdup_printf("{'msgtype':'m.text','body':'%s',%s}", body, more);

    return event_with_id(event_new("m.room.message", sender, content), id);
}

static JsonObject *answer(const char *sender, const char *id, const char *body, const char *target)
{
    g_autofree char *more =
        g_strdup_printf("'m.relates_to':{'m.in_reply_to':{'event_id':'%s'}}", target);

    return event_about(sender, id, body, more);
}

static JsonObject *edit(const char *sender, const char *id, const char *body, const char *target)
{
    g_autofree char *more =
        g_strdup_printf("'m.new_content':{'msgtype':'m.text','body':'%s'},'m.relates_to':"
                        "{'rel_type':'m.replace','event_id':'%s'}",
                        body, target);
    g_autofree char *fallback = g_strconcat("* ", body, NULL);

    return event_about(sender, id, fallback, more);
}

static JsonObject *in_thread(const char *sender, const char *id, const char *body, const char *root,
                             const char *target, gboolean falls_back)
{
    g_autofree char *more = g_strdup_printf(
        "'m.relates_to':{'rel_type':'m.thread','event_id':'%s','is_falling_back':%s,"
        "'m.in_reply_to':{'event_id':'%s'}}",
        root, falls_back ? "true" : "false", target);

    return event_about(sender, id, body, more);
}

static JsonObject *reaction(const char *sender, const char *id, const char *key, const char *target)
{
    g_autofree char *content = g_strdup_printf(
        "{'m.relates_to':{'rel_type':'m.annotation','event_id':'%s','key':'%s'}}", target, key);

    return event_with_id(event_new("m.reaction", sender, content), id);
}

/* The content of what was sent, as text of one member below it: "a/b". */
static const char *get_path(Scenario *s, JsonObject *content, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "|", -1);
    JsonObject *object = content;

    for (guint i = 0; names[i] != NULL; i++) {
        if (object == NULL || !json_object_has_member(object, names[i]))
            return NULL;
        if (names[i + 1] == NULL)
            return text_of(object, names[i]);
        object = json_object_get_object_member(object, names[i]);
    }
    return NULL;
}

static JsonObject *expect_sent(Scenario *s)
{
    FakeRequest *request = EXPECT_REQUEST(s, "send");

    EXPECT_TEXT(s, request->args[0], ROOM);
    return fake_request_json(request);
}

static void expect_mentions(Scenario *s, JsonObject *content, const char *wanted)
{
    JsonObject *mentions = json_object_get_object_member(content, "m.mentions");
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *quotes = json_quotes(wanted);

    CHECK(s, mentions != NULL);
    json_node_set_object(node, mentions);
    g_autofree char *text = json_to_string(node, FALSE);
    EXPECT_TEXT(s, text, quotes);
}

/* ---- answers ---- */

static void replies_in(Scenario *s)
{
    start(s);
    says(s, BOB, "$1", "what time do we meet?");
    push_event(s, ROOM, answer(CAROL, "$2", "at eight", "$1"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: what time do we meet?") "<br>at eight", "RECV");
    /* What old clients put before it is left out, in both forms; own quotes stay. */
    push_event(s, ROOM,
               answer(CAROL, "$3", "> <@bob:localhost> what time\\n> do\\n\\nor nine", "$1"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: what time do we meet?") "<br>or nine", "RECV");
    push_event(s, ROOM,
               event_about(BOB, "$4", "> <@carol:localhost> or\\n\\nfine",
                           "'format':'org.matrix.custom.html','formatted_body':"
                           "'<mx-reply><blockquote>x</blockquote></mx-reply><b>fine</b>',"
                           "'m.relates_to':{'m.in_reply_to':{'event_id':'$3'}}"));
    EXPECT_LINE(s, ROOM, BOB, GREY("&gt; Carol: or nine") "<br><b>fine</b>", "RECV");
    push_event(s, ROOM, answer(CAROL, "$5", "> said by hand\\n\\nyes", "$4"));
    EXPECT_EVENT(s, "line", "~text", GREY("&gt; Bob: fine"), "~text", "&gt; said by hand");
    push_event(s, ROOM,
               event_with_id(event_new("m.room.message", CAROL,
                                       "{'msgtype':'m.emote','body':'nods','m.relates_to':"
                                       "{'m.in_reply_to':{'event_id':'$1'}}}"),
                             "$6"));
    EXPECT_LINE(s, ROOM, CAROL, "/me nods<br>" GREY("&gt; Bob: what time do we meet?"), "RECV");
    /* Nothing foreign is markup, and a quote is short. */
    push_event(s, ROOM, event_with_id(event_text(BOB, "first\nsecond"), "$7"));
    EXPECT_LINE(s, ROOM, BOB, "first<br>second", "RECV");
    push_event(s, ROOM, answer(CAROL, "$8", "ok", "$7"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: first second") "<br>ok", "RECV");
    push_event(s, ROOM,
               event_with_id(event_text(BOB, "<b>x</b> 123456789 123456789 123456789 123456789 "
                                             "123456789 123456789 123456789"),
                             "$9"));
    EXPECT_EVENT(s, "line", "~text", "&lt;b&gt;x&lt;/b&gt; 123");
    push_event(s, ROOM, answer(CAROL, "$10", "ok", "$9"));
    EXPECT_EVENT(s, "line", "~text", "&gt; Bob: &lt;b&gt;x&lt;/b&gt; 123", "~text",
                 "…</font><br>ok");
    EXPECT_NOTHING(s, 50);
}

/* What is not here is asked for once, and what comes later waits for it. */
static void replies_to_unknown(Scenario *s)
{
    static const char event[] =
        "{\"type\":\"m.room.message\",\"event_id\":\"$old\",\"room_id\":\"" ROOM
        "\",\"sender\":\"" BOB
        "\",\"origin_server_ts\":1600000000000,\"content\":{\"msgtype\":\"m.text\",\"body\":\"of "
        "old\"}}";

    start(s);
    fake_server_once(s->server, "event",
                     (FakeAnswer){.status = 200, .body = event, .delay_ms = 700});
    push_event(s, ROOM, answer(CAROL, "$1", "I remember", "$old"));
    settle(s);
    push_event(s, ROOM, event_with_id(event_text(BOB, "later"), "$2"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$old");
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: of old") "<br>I remember", "RECV");
    EXPECT_LINE(s, ROOM, BOB, "later", "RECV");
    push_event(s, ROOM, answer(BOB, "$3", "so do I", "$old"));
    EXPECT_LINE(s, ROOM, BOB, GREY("&gt; Bob: of old") "<br>so do I", "RECV");
    /* Not to be had. */
    push_event(s, ROOM, answer(BOB, "$4", "and this", "$none"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "event")->args[1], "$none");
    EXPECT_LINE(s, ROOM, BOB, GREY("&gt; an older message") "<br>and this", "RECV");
    push_event(s, ROOM, answer(BOB, "$5", "and that", "$none"));
    EXPECT_LINE(s, ROOM, BOB, GREY("&gt; an older message") "<br>and that", "RECV");
    /* Redacted meanwhile. */
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$old'}"));
    EXPECT_EVENT(s, "line", "~text", "has removed an older message");
    push_event(s, ROOM, answer(BOB, "$6", "gone", "$old"));
    EXPECT_LINE(s, ROOM, BOB, GREY("&gt; Bob: a removed message") "<br>gone", "RECV");
    EXPECT_NOTHING(s, 50);
}

/* A homeserver that does not answer holds lines for three seconds, once. */
static void replies_to_silence(Scenario *s)
{
    gint64 began;

    start(s);
    fake_server_always(s->server, "event", (FakeAnswer){.how = FAKE_SILENT});
    began = g_get_monotonic_time();
    push_event(s, ROOM, answer(CAROL, "$1", "I remember", "$old"));
    EXPECT_REQUEST(s, "event");
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; an older message") "<br>I remember", "RECV");
    CHECK(s, g_get_monotonic_time() - began > 2900000);
    began = g_get_monotonic_time();
    push_event(s, ROOM, answer(CAROL, "$2", "this too", "$older"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; an older message") "<br>this too", "RECV");
    CHECK(s, g_get_monotonic_time() - began < 2500000);
    s->quits_at_once = TRUE;
}

static void replies_out(Scenario *s)
{
    g_autoptr(JsonObject) first = NULL, second = NULL, third = NULL;

    start(s);
    fails(s, "/reply hello", "Nobody else has written in this window yet.");
    says(s, BOB, "$1", "what time?");
    says(s, CAROL, "$2", "and where?");
    command(s, "/reply here & <now>");
    EXPECT_LINE(s, ROOM, NULL, GREY("&gt; Carol: and where?") "<br>here &amp; &lt;now&gt;", "SEND");
    first = expect_sent(s);
    EXPECT_TEXT(s, text_of(first, "body"), "here & <now>");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|m.in_reply_to|event_id"), "$2");
    CHECK(s, get_path(s, first, "m.relates_to|rel_type") == NULL);
    expect_mentions(s, first, "{'user_ids':['" CAROL "']}");
    settle(s);
    command(s, "/reply bob: at eight");
    EXPECT_LINE(s, ROOM, NULL, GREY("&gt; Bob: what time?") "<br>at eight", "SEND");
    second = expect_sent(s);
    EXPECT_TEXT(s, get_path(s, second, "m.relates_to|m.in_reply_to|event_id"), "$1");
    settle(s);
    fails(s, "/reply nobody: at eight", "Nobody called “nobody” has written here");
    fails(s, "/reply bob:", "There is no text");
    /* In a thread it stays there. */
    push_event(s, ROOM, in_thread(BOB, "$3", "aside", "$1", "$1", TRUE));
    EXPECT_LINE(s, ROOM, BOB, GREY("[thread] Bob: what time?") "<br>aside", "RECV");
    command(s, "/reply bob: indeed");
    EXPECT_LINE(s, ROOM, NULL, GREY("[thread] Bob: what time?<br>&gt; Bob: aside") "<br>indeed",
                "SEND");
    third = expect_sent(s);
    EXPECT_TEXT(s, get_path(s, third, "m.relates_to|rel_type"), "m.thread");
    EXPECT_TEXT(s, get_path(s, third, "m.relates_to|event_id"), "$1");
    EXPECT_TEXT(s, get_path(s, third, "m.relates_to|m.in_reply_to|event_id"), "$3");
    settle(s);
    EXPECT_NOTHING(s, 50);
}

/* ---- threads ---- */

static void threads(Scenario *s)
{
    g_autoptr(JsonObject) first = NULL, second = NULL;

    start(s);
    says(s, BOB, "$1", "the plan");
    push_event(s, ROOM, in_thread(CAROL, "$2", "I have doubts", "$1", "$1", TRUE));
    EXPECT_LINE(s, ROOM, CAROL, GREY("[thread] Bob: the plan") "<br>I have doubts", "RECV");
    push_event(s, ROOM, in_thread(BOB, "$3", "which?", "$1", "$2", FALSE));
    EXPECT_LINE(s, ROOM, BOB,
                GREY("[thread] Bob: the plan<br>&gt; Carol: I have doubts") "<br>which?", "RECV");
    command(s, "/thread carol: so have I");
    EXPECT_LINE(s, ROOM, NULL, GREY("[thread] Bob: the plan") "<br>so have I", "SEND");
    first = expect_sent(s);
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|rel_type"), "m.thread");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|event_id"), "$1");
    CHECK(s, json_object_get_boolean_member(json_object_get_object_member(first, "m.relates_to"),
                                            "is_falling_back"));
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|m.in_reply_to|event_id"), "$3");
    expect_mentions(s, first, "{}");
    settle(s);
    /* A new one. */
    says(s, CAROL, "$4", "another matter");
    command(s, "/thread tell me");
    EXPECT_LINE(s, ROOM, NULL, GREY("[thread] Carol: another matter") "<br>tell me", "SEND");
    second = expect_sent(s);
    EXPECT_TEXT(s, get_path(s, second, "m.relates_to|event_id"), "$4");
    EXPECT_TEXT(s, get_path(s, second, "m.relates_to|m.in_reply_to|event_id"), "$4");
    settle(s);
    EXPECT_NOTHING(s, 50);
}

/* ---- edits ---- */

static void edits_in(Scenario *s)
{
    const char *text;

    start(s);
    says(s, BOB, "$1", "at eight");
    push_event(s, ROOM, edit(BOB, "$2", "at <nine>", "$1"));
    text = text_of(EXPECT_EVENT(s, "line", "who", BOB), "text");
    CHECK(s, g_str_has_prefix(text, "<font color=\"#77767b\">[edited] "));
    CHECK(s, g_str_has_suffix(text, "</font><br>at &lt;nine&gt;"));
    /* A quote has the new text; so has one that answers the edit. */
    push_event(s, ROOM, answer(CAROL, "$3", "late", "$1"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: at &lt;nine&gt;") "<br>late", "RECV");
    /* Somebody else's, one of an edit, one of something else: nothing (F7). */
    push_event(s, ROOM, edit(CAROL, "$4", "forged", "$1"));
    push_event(s, ROOM, edit(BOB, "$5", "of an edit", "$2"));
    push_event(s, ROOM, event_with_id(event_state("m.room.topic", "", BOB, "{'topic':'t'}"), "$t"));
    EXPECT_EVENT(s, "topic", "topic", "t");
    EXPECT_EVENT(s, "line", "~text", "topic");
    push_event(s, ROOM, edit(BOB, "$6", "of state", "$t"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* Without new content it is a message. */
    push_event(s, ROOM,
               event_about(BOB, "$7", "* bare",
                           "'m.relates_to':{'rel_type':'m.replace','event_id':'$1'}"));
    EXPECT_LINE(s, ROOM, BOB, "* bare", "RECV");
    /* A small change of a long text is told as such. */
    says(s, BOB, "$8", "a long message with a word that is mispelled and goes on and on after it");
    push_event(s, ROOM,
               edit(BOB, "$9",
                    "a long message with a word that is misspelled and goes on and on after it",
                    "$8"));
    EXPECT_EVENT(s, "line", "~text", "word that is “mispelled” → “misspelled” and goes on");
    push_event(s, ROOM,
               edit(BOB, "$10",
                    "a long message with a word that is misspelled and goes on and off after it",
                    "$8"));
    EXPECT_EVENT(s, "line", "~text", "goes on and “on” → “off” after it");
    EXPECT_NOTHING(s, 50);
}

/* Catching up: what has not been shown yet is shown as it is now, once. */
static void edits_unread(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    sync_body_timeline(body, ROOM, event_with_id(event_text(BOB, "at eight"), "$1"));
    sync_body_timeline(body, ROOM, event_with_id(event_text(CAROL, "fine"), "$2"));
    sync_body_timeline(body, ROOM, edit(BOB, "$3", "at ten", "$1"));
    sync_body_timeline(body, ROOM, edit(BOB, "$4", "at nine", "$1"));
    push(s, sync_body_end(body));
    EXPECT_LINE(s, ROOM, BOB, "at nine " GREY("[edited]"), "RECV");
    EXPECT_LINE(s, ROOM, CAROL, "fine", "RECV");
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* An edit that has no line is not the last thing that somebody has said. */
    says(s, BOB, "$9", "something else");
    body = sync_body_new();
    sync_body_timeline(body, ROOM, edit(CAROL, "$8", "forged", "$1"));
    sync_body_timeline(body, ROOM, edit(BOB, "$7", "of an edit", "$4"));
    push(s, sync_body_end(body));
    settle(s);
    command(s, "/react bob: 👍");
    EXPECT_EVENT(s, "line", "~text", "Alice reacted with 👍 to Bob: something else");
    EXPECT_REQUEST(s, "send");
    settle(s);
    /* The edit goes, and with it the new text. */
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$4'}"));
    EXPECT_EVENT(s, "line", "~text", "has taken an edit back");
    push_event(s, ROOM, answer(CAROL, "$5", "really?", "$1"));
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; Bob: at ten") "<br>really?", "RECV");
}

static void edits_out(Scenario *s)
{
    g_autoptr(JsonObject) first = NULL, second = NULL, third = NULL, fourth = NULL;

    start(s);
    fails(s, "/edit x", "You have written no message in this window yet.");
    say(s, "Bob: at eigth, eigth");
    g_autofree char *id = get_sent_id(s, 0);
    fails(s, "/edit Bob: at nine", "Put -- before words that end with a colon.");
    command(s, "/edit -- Bob: at nine, Carol");
    EXPECT_EVENT(s, "line", "~text", "[edited] ", "~text", "</font><br>Bob: at nine, Carol");
    first = expect_sent(s);
    EXPECT_TEXT(s, text_of(first, "body"), "* Bob: at nine, Carol");
    EXPECT_TEXT(s, get_path(s, first, "m.new_content|body"), "Bob: at nine, Carol");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|rel_type"), "m.replace");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|event_id"), id);
    expect_mentions(s, first, "{}");
    expect_mentions(s, json_object_get_object_member(first, "m.new_content"),
                    "{'user_ids':['" BOB "']}");
    settle(s);
    /* The edit's line means the message. */
    CHECK(s, host_send_chat(s->account, ROOM, "s/nine/ten \\/ eleven/"));
    EXPECT_EVENT(s, "line", "~text", "[edited] ", "~text", "Bob: at ten / eleven, Carol");
    second = expect_sent(s);
    EXPECT_TEXT(s, get_path(s, second, "m.relates_to|event_id"), id);
    settle(s);
    CHECK(s, host_send_chat(s->account, ROOM, "s/e/E/g"));
    EXPECT_EVENT(s, "line", "~text", "Bob: at tEn / ElEvEn, Carol");
    third = expect_sent(s);
    settle(s);
    /* It fits nothing: then it is a message like any other. */
    CHECK(s, host_send_chat(s->account, ROOM, "s/twelve/one/"));
    EXPECT_LINE(s, ROOM, NULL, "s/twelve/one/", "SEND");
    fourth = expect_sent(s);
    CHECK(s, get_path(s, fourth, "m.relates_to|rel_type") == NULL);
    settle(s);
    fails(s, "/edit s/twelve/one/", "says already");
    /* What is on its way cannot be changed yet, and the correction is no message. */
    fake_server_once(s->server, "send", (FakeAnswer){.how = FAKE_WHOLE, .delay_ms = 500});
    CHECK(s, host_send_chat(s->account, ROOM, "a slwo one"));
    EXPECT_LINE(s, ROOM, NULL, "a slwo one", "SEND");
    CHECK(s, host_send_chat(s->account, ROOM, "s/slwo/slow/"));
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "still on its way");
    EXPECT_REQUEST(s, "send");
    settle(s);
    fails(s, "/edit bob: x", "Nobody called “bob” has written here");
    EXPECT_NOTHING(s, 50);
    /* Whom it answers is still meant, and not told again. */
    says(s, BOB, "$q", "and you?");
    command(s, "/reply Bob: me two");
    EXPECT_EVENT(s, "line", "~text", "me two");
    g_autoptr(JsonObject) reply = expect_sent(s);
    expect_mentions(s, reply, "{'user_ids':['" BOB "']}");
    settle(s);
    CHECK(s, host_send_chat(s->account, ROOM, "s/two/too/"));
    EXPECT_EVENT(s, "line", "~text", "[edited] ", "~text", "me too");
    g_autoptr(JsonObject) edit_of_it = expect_sent(s);
    expect_mentions(s, edit_of_it, "{}");
    expect_mentions(s, json_object_get_object_member(edit_of_it, "m.new_content"),
                    "{'user_ids':['" BOB "']}");
}

/* ---- interrupted ---- */

/* The program dies when the lines stand in the window and its log, and nothing else knows. */
static void killed(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    says(s, BOB, "$1", "at eight?");
    sync_body_timeline(body, ROOM, answer(CAROL, "$2", "fine", "$1"));
    sync_body_timeline(body, ROOM, in_thread(CAROL, "$3", "aside", "$1", "$2", FALSE));
    sync_body_timeline(body, ROOM, edit(BOB, "$4", "at nine?", "$1"));
    sync_body_timeline(body, ROOM, reaction(CAROL, "$5", "👍", "$1"));
    sync_body_timeline(body, ROOM, reaction(BOB, "$6", "🎉", "$1"));
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "line", "~text", "fine");
    EXPECT_EVENT(s, "line", "~text", "aside");
    EXPECT_EVENT(s, "line", "~text", "at nine?");
    EXPECT_EVENT(s, "line", "~text", "Reactions to Bob: at nine?");
    scenario_die(s);
}

static void killed_2(Scenario *s)
{
    come_back(s);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_NOTHING(s, 300);
}

/* The account goes while a line waits for what it answers: it is told once, afterwards. */
static void offline_while_asking(Scenario *s)
{
    start(s);
    fake_server_always(s->server, "event", (FakeAnswer){.how = FAKE_SILENT});
    push_event(s, ROOM, answer(CAROL, "$1", "I remember", "$old"));
    EXPECT_REQUEST(s, "event");
    go_offline(s);
    EXPECT_EVENT(s, "line", "~text", "The account has disconnected");
    fake_server_clear(s->server, "event");
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    EXPECT_REQUEST(s, "event");
    EXPECT_LINE(s, ROOM, CAROL, GREY("&gt; an older message") "<br>I remember", "RECV");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

/* ---- reactions ---- */

static void reactions_in(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    says(s, BOB, "$1", "at eight?");
    push_event(s, ROOM, reaction(CAROL, "$2", "👍", "$1"));
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text", "Carol reacted with 👍 to Bob: at eight?");
    /* The same once more, and odd ones. */
    push_event(s, ROOM, reaction(CAROL, "$3", "👍", "$1"));
    push_event(s, ROOM, event_new("m.reaction", CAROL, "{'m.relates_to':{'event_id':'$1'}}"));
    push_event(s, ROOM, event_new("m.reaction", CAROL, "{}"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* Many at once are one line. */
    sync_body_timeline(body, ROOM, reaction(BOB, "$4", "<b>", "$1"));
    sync_body_timeline(body, ROOM, reaction(CAROL, "$5", "🎉", "$1"));
    sync_body_timeline(body, ROOM, reaction("@dave:localhost", "$6", "🎉", "$1"));
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text",
                 "Reactions to Bob: at eight? — &lt;b&gt; Bob; 🎉 Carol, @dave:localhost");
    /* Taken back: quietly. */
    push_event(s, ROOM, event_new("m.room.redaction", CAROL, "{'redacts':'$2'}"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* Not unread, and no window for it. */
    push_event(s, DIRECT, event_with_id(event_text(BOB, "psst"), "$d"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "psst", "RECV");
    settle(s);
    forget_events(s);
    purple_account_set_bool(s->account, "show_reactions", FALSE);
    push_event(s, ROOM, reaction(BOB, "$7", "🙈", "$1"));
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static void reactions_out(Scenario *s)
{
    g_autoptr(JsonObject) first = NULL;
    FakeRequest *request;

    start(s);
    says(s, BOB, "$1", "at eight?");
    fails(s, "/react bob:", "Write one emoji");
    command(s, "/react 👍");
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "text", "Alice reacted with 👍 to Bob: at eight?");
    request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->args[1], "m.reaction");
    first = fake_request_json(request);
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|rel_type"), "m.annotation");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|event_id"), "$1");
    EXPECT_TEXT(s, get_path(s, first, "m.relates_to|key"), "👍");
    settle(s);
    g_autofree char *id = get_sent_id(s, 0);
    fails(s, "/react 👍", "You have reacted so already");
    fails(s, "/unreact 🎉", "no such reaction");
    command(s, "/react bob: 🎉");
    EXPECT_EVENT(s, "line", "~text", "reacted with 🎉");
    EXPECT_REQUEST(s, "send");
    settle(s);
    fails(s, "/unreact", "more than one reaction there (🎉, 👍)");
    command(s, "/unreact 👍");
    request = EXPECT_REQUEST(s, "redact");
    EXPECT_TEXT(s, request->args[1], id);
    settle(s);
    command(s, "/unreact");
    EXPECT_REQUEST(s, "redact");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

/* ---- mentions ---- */

#define PILL(name, id) "<a href=\"https://matrix.to/#/" id "\">" name "</a>"

static const struct {
    const char *typed, *mentions;
    const char *html; /* NULL: none */
} mentioning[] = {
    {"nobody here", "{}", NULL},
    {"Bob: hello", "{'user_ids':['" BOB "']}", PILL("Bob", BOB) ": hello"},
    {"bob: hello", "{'user_ids':['" BOB "']}", PILL("Bob", BOB) ": hello"},
    {"note: hello", "{}", NULL},
    {"Bob is away", "{}", NULL},
    {"ask @carol, or @bob:localhost.", "{'user_ids':['" CAROL "','" BOB "']}",
     "ask " PILL("Carol", CAROL) ", or " PILL("Bob", BOB) "."},
    {"@alice:localhost is me", "{}", PILL("Alice", ALICE) " is me"},
    {"mail bob@carol or @nobody", "{}", NULL},
    {"@room look", "{}", NULL},
};

static void mentions_out(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(mentioning); i++) {
        g_autoptr(JsonObject) content = NULL;
        CHECK(s, host_send_chat(s->account, ROOM, mentioning[i].typed));
        EXPECT_EVENT(s, "line", "~flags", "SEND");
        content = expect_sent(s);
        EXPECT_TEXT(s, text_of(content, "body"), mentioning[i].typed);
        EXPECT_TEXT(s, text_of(content, "formatted_body"), mentioning[i].html);
        expect_mentions(s, content, mentioning[i].mentions);
        settle(s);
    }
    CHECK(s, host_send_chat(s->account, ROOM, "<b>hey</b> @bob"));
    EXPECT_EVENT(s, "line", "~flags", "SEND");
    g_autoptr(JsonObject) formatted = expect_sent(s);
    EXPECT_TEXT(s, text_of(formatted, "formatted_body"), "<strong>hey</strong> " PILL("Bob", BOB));
    settle(s);
    push_event(s, ROOM, event_state("m.room.power_levels", "", BOB, "{'users':{'" ALICE "':50}}"));
    settle(s);
    forget_events(s);
    CHECK(s, host_send_chat(s->account, ROOM, "@room look"));
    EXPECT_EVENT(s, "line", "~flags", "SEND");
    g_autoptr(JsonObject) room = expect_sent(s);
    expect_mentions(s, room, "{'room':true}");
    settle(s);
    forget_events(s);
}

static const ScenarioEntry entries[] = {
    {"relations-replies-in", {replies_in}},
    {"relations-replies-to-unknown", {replies_to_unknown}},
    {"relations-replies-to-silence", {replies_to_silence}},
    {"relations-replies-out", {replies_out}},
    {"relations-threads", {threads}},
    {"relations-edits-in", {edits_in}},
    {"relations-edits-unread", {edits_unread}},
    {"relations-edits-out", {edits_out}},
    {"relations-killed", {killed, killed_2}},
    {"relations-offline-while-asking", {offline_while_asking}},
    {"relations-reactions-in", {reactions_in}},
    {"relations-reactions-out", {reactions_out}},
    {"relations-mentions-out", {mentions_out}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What becomes of what is typed: Markdown, /plain, /html, and texts too long for one message. */

#define PILL_BOB "<a href=\"https://matrix.to/#/@bob:localhost\">Bob</a>"

static void start(Scenario *s, gboolean markdown)
{
    set_usual_rooms(s);
    log_in(s);
    purple_account_set_bool(s->account, "markdown", markdown);
    open_chat(s, ROOM);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void fails(Scenario *s, const char *text, const char *why)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "FAILED");
    CHECK(s, error != NULL && strstr(error, why) != NULL);
    EXPECT_NOTHING(s, 50);
}

static void expect_mentions(Scenario *s, JsonObject *content, const char *mentions)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *given = json_object_get_object_member(content, "m.mentions");

    json_node_set_object(node, given);
    g_autofree char *text = json_to_string(node, FALSE);
    EXPECT_TEXT(s, text, mentions);
}

/* One message leaves with this content; html NULL: without formatting. */
static void expect_content(Scenario *s, const char *msgtype, const char *body, const char *html,
                           const char *mentions)
{
    EXPECT_EVENT(s, "line", "~flags", "SEND");
    g_autoptr(JsonObject) content = fake_request_json(EXPECT_REQUEST(s, "send"));
    EXPECT_TEXT(s, text_of(content, "msgtype"), msgtype);
    EXPECT_TEXT(s, text_of(content, "body"), body);
    EXPECT_TEXT(s, text_of(content, "formatted_body"), html);
    CHECK(s, json_object_has_member(content, "format") == (html != NULL));
    expect_mentions(s, content, mentions);
    settle(s);
}

#define BOB_IS_MENTIONED "{\"user_ids\":[\"@bob:localhost\"]}"

static const struct {
    const char *typed, *body, *html, *mentions;
} typing[] = {
    {"*a* b", "*a* b", "<em>a</em> b", "{}"},
    {"no marks_at_all &lt;b&gt; 2 * 3", "no marks_at_all <b> 2 * 3", NULL, "{}"},
    {"two<br>*lines*", "two\n*lines*", "two<br><em>lines</em>", "{}"},
    {"*x* &lt;b&gt;y&lt;/b&gt;", "*x* <b>y</b>", "<em>x</em> &lt;b&gt;y&lt;/b&gt;", "{}"},
    {"https://x.org/_a_/b_c", "https://x.org/_a_/b_c", NULL, "{}"},
    {"**@bob** `@carol`", "**@bob** `@carol`", "<strong>" PILL_BOB "</strong> <code>@carol</code>",
     BOB_IS_MENTIONED},
    {"Bob: *now*", "Bob: *now*", PILL_BOB ": <em>now</em>", BOB_IS_MENTIONED},
    {"```<br>@bob <br>@room x<br>```", "```\n@bob \n@room x\n```",
     "<pre><code>@bob \n@room x\n</code></pre>", "{}"},
    {"hi @bob", "hi @bob", "hi " PILL_BOB, BOB_IS_MENTIONED},
    /* The toolbar's is the toolbar's. */
    {"<b>fat</b> *stars*", "fat *stars*", "<strong>fat</strong> *stars*", "{}"},
    {"<A HREF=\"https://x.org/_a_\">https://x.org/_a_</A> *b*", "https://x.org/_a_ *b*",
     "https://x.org/_a_ <em>b</em>", "{}"},
};

static void markdown(Scenario *s)
{
    start(s, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(typing); i++) {
        CHECK(s, host_send_chat(s->account, ROOM, typing[i].typed));
        expect_content(s, "m.text", typing[i].body, typing[i].html, typing[i].mentions);
    }
    CHECK(s, host_send_chat(s->account, ROOM, "/me *waves*"));
    expect_content(s, "m.emote", "*waves*", "<em>waves</em>", "{}");
    command(s, "/notice *so*");
    expect_content(s, "m.notice", "*so*", "<em>so</em>", "{}");
    push_event(s, ROOM, event_state("m.room.power_levels", "", BOB, "{'users':{'" ALICE "':50}}"));
    settle(s);
    forget_events(s);
    CHECK(s, host_send_chat(s->account, ROOM, "**@room** `x`"));
    expect_content(s, "m.text", "**@room** `x`", "<strong>@room</strong> <code>x</code>",
                   "{\"room\":true}");
    CHECK(s, host_send_chat(s->account, ROOM, "no `@room here`, `but @room`"));
    expect_content(s, "m.text", "no `@room here`, `but @room`",
                   "no <code>@room here</code>, <code>but @room</code>", "{}");
    EXPECT_NOTHING(s, 50);
}

static void markdown_off(Scenario *s)
{
    start(s, FALSE);
    CHECK(s, host_send_chat(s->account, ROOM, "*a* `b`"));
    expect_content(s, "m.text", "*a* `b`", NULL, "{}");
    EXPECT_NOTHING(s, 50);
}

/* Answers, edits and s/old/new/ are typed as messages are. */
static void relations(Scenario *s)
{
    start(s, TRUE);
    push_event(s, ROOM, event_with_id(event_text(BOB, "hello"), "$b"));
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV");
    command(s, "/reply *yes*");
    expect_content(s, "m.text", "*yes*", "<em>yes</em>", BOB_IS_MENTIONED);
    command(s, "/edit *no*");
    expect_content(s, "m.text", "* *no*", "* <em>no</em>", "{}");
    CHECK(s, host_send_chat(s->account, ROOM, "s/no/`maybe`/"));
    expect_content(s, "m.text", "* *`maybe`*", "* <em><code>maybe</code></em>", "{}");
    forget_events(s);
}

static void plain(Scenario *s)
{
    start(s, TRUE);
    command(s, "/plain *a*  <b>b</b> `c` &amp; ~ ");
    expect_content(s, "m.text", "*a*  <b>b</b> `c` &amp; ~ ", NULL, "{}");
    command(s, "/plain line\n\n  *two*");
    expect_content(s, "m.text", "line\n\n  *two*", NULL, "{}");
    command(s, "/plain hi @bob");
    expect_content(s, "m.text", "hi @bob", NULL, BOB_IS_MENTIONED);
    command(s, "/plain s/hi/ho/");
    expect_content(s, "m.text", "s/hi/ho/", NULL, "{}");
    fails(s, "/plain", "There is no text; nothing was sent.");
    fails(s, "/plain  ", "There is no text; nothing was sent.");
}

static void html(Scenario *s)
{
    start(s, TRUE);
    command(s, "/html <b>x</b> &lt; <i onclick=\"y\">z</i> *s*");
    expect_content(s, "m.text", "x < z *s*", "<strong>x</strong> &lt; <em>z</em> *s*", "{}");
    command(s,
            "/html <ul><li>one<li>two</ul><script>evil()</script><a href=\"javascript:x\">l</a>");
    EXPECT_EVENT(s, "line", "~flags", "SEND");
    g_autoptr(JsonObject) content = fake_request_json(EXPECT_REQUEST(s, "send"));
    EXPECT_TEXT(s, text_of(content, "formatted_body"), "<ul><li>one</li><li>two</li></ul><a>l</a>");
    CHECK(s, strstr(text_of(content, "body"), "evil") == NULL);
    CHECK(s, strstr(text_of(content, "body"), "one\n") != NULL);
    settle(s);
    command(s, "/html <font color=\"red\">@bob</font> <code>@carol</code>");
    expect_content(s, "m.text", "@bob @carol",
                   "<span data-mx-color=\"#ff0000\">" PILL_BOB "</span> <code>@carol</code>",
                   BOB_IS_MENTIONED);
    command(s, "/html bare &amp; plain");
    expect_content(s, "m.text", "bare & plain", NULL, "{}");
    fails(s, "/html", "There is no text; nothing was sent.");
    fails(s, "/html <script>x</script>", "That HTML shows nothing; nothing was sent.");
    fails(s, "/html <img src=\"x\">", "That HTML shows nothing; nothing was sent.");
}

/* ---- too long ---- */

static char *make_words(guint bytes, const char *between)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; text->len < bytes; i++)
        g_string_append_printf(text, "%sword%u \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
                               i > 0 ? between : "", i);
    return g_string_free(text, FALSE);
}

/* The parts that leave, each of a size that servers take, are the text again. */
static void expect_parts(Scenario *s, const char *text, const char *between, guint n)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        EXPECT_EVENT(s, "line", "~flags", "SEND");
        FakeRequest *request = EXPECT_REQUEST(s, "send");
        CHECK(s, strlen(request->body) < 62000);
        g_autoptr(JsonObject) content = fake_request_json(request);
        g_string_append_printf(joined, "%s%s", i > 0 ? between : "", text_of(content, "body"));
    }
    CHECK(s, g_str_equal(joined->str, text));
    settle(s);
    EXPECT_NOTHING(s, 50);
}

static void refused(Scenario *s, const char *why)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", why);
    settle(s);
    EXPECT_NOTHING(s, 50);
    CHECK(s, fake_server_take_request(s->server, "send") == NULL);
}

static void long_text(Scenario *s)
{
    g_autofree char *words = make_words(100000, " "), *lines = make_words(150000, "\n");
    g_autofree char *huge = make_words(1500000, " "), *fits = make_words(50000, " ");
    g_autofree char *quotes = g_strnfill(50000, '"'), *escaped = g_markup_escape_text(quotes, -1);

    start(s, FALSE);
    CHECK(s, host_send_chat(s->account, ROOM, fits));
    expect_parts(s, fits, "", 1);
    CHECK(s, host_send_chat(s->account, ROOM, words));
    expect_parts(s, words, " ", 2);
    CHECK(s, host_send_chat(s->account, ROOM, lines));
    expect_parts(s, lines, "\n", 3);
    /* JSON makes it twice as long. */
    CHECK(s, host_send_chat(s->account, ROOM, escaped));
    expect_parts(s, quotes, "", 2);
    CHECK(s, host_send_chat(s->account, ROOM, huge));
    refused(s,
            "one message holds 61.4\xc2\xa0kB. It would be too many messages: send it as a file");
}

static void long_relations(Scenario *s)
{
    g_autofree char *words = make_words(100000, " ");
    g_autofree char *reply = g_strconcat("/reply ", words, NULL);
    g_autofree char *thread = g_strconcat("/thread ", words, NULL);
    g_autofree char *edit = g_strconcat("/edit ", words, NULL);

    start(s, FALSE);
    push_event(s, ROOM, event_with_id(event_text(BOB, "hello"), "$b"));
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV");
    for (int i = 0; i < 4; i++) {
        if (i % 2 == 0)
            command(s, i == 0 ? reply : thread);
        EXPECT_EVENT(s, "line", "~flags", "SEND");
        g_autoptr(JsonObject) content = fake_request_json(EXPECT_REQUEST(s, "send"));
        JsonObject *relation = json_object_has_member(content, "m.relates_to")
                                   ? json_object_get_object_member(content, "m.relates_to")
                                   : NULL;
        /* The answer is the first one; all are in the thread. */
        CHECK(s, (relation != NULL) == (i != 1));
        EXPECT_TEXT(s, i >= 2 ? text_of(relation, "rel_type") : NULL, i >= 2 ? "m.thread" : NULL);
        expect_mentions(s, content, i == 0 ? BOB_IS_MENTIONED : "{}");
    }
    settle(s);
    forget_events(s);
    command(s, edit);
    refused(s, "An edit cannot be cut into several; make it shorter.");
}

static void long_formatted(Scenario *s)
{
    g_autofree char *words = make_words(45000, " ");
    g_autofree char *bold = g_strdup_printf("<b>%s</b>", words);
    g_autofree char *many =
        g_strdup_printf("%s\n\n**fat**\n\n%s\n\n```\ncode *x*\n```", words, words);
    g_autofree char *code = g_strdup_printf("```\n%s\n%s\n```", words, words);

    start(s, TRUE);
    CHECK(s, host_send_chat(s->account, ROOM, bold));
    refused(s, "Formatted text is not cut: send it in parts, or without formatting.");
    CHECK(s, host_send_chat(s->account, ROOM, code));
    refused(s, "Formatted text is not cut: send it in parts, or without formatting.");
    CHECK(s, host_send_chat(s->account, ROOM, many));
    expect_parts(s, many, "\n\n", 4);
}

static const ScenarioEntry entries[] = {
    {"compose-markdown", {markdown}},
    {"compose-markdown-off", {markdown_off}},
    {"compose-relations", {relations}},
    {"compose-plain", {plain}},
    {"compose-html", {html}},
    {"compose-long", {long_text}},
    {"compose-long-relations", {long_relations}},
    {"compose-long-formatted", {long_formatted}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

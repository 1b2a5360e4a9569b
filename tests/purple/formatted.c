/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Formatted text in both directions: issue point 5 of rooms and people. */

static JsonObject *event_html(const char *sender, const char *msgtype, const char *body,
                              const char *html)
{
    JsonObject *event = event_message(sender, msgtype, body);
    JsonObject *content = json_object_get_object_member(event, "content");

    json_object_set_string_member(content, "format", "org.matrix.custom.html");
    json_object_set_string_member(content, "formatted_body", html);
    return event;
}

static void start_direct(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
}

/* What Pidgin and Finch make of a line before they draw it. */
static gboolean is_emote(const char *markup)
{
    g_autofree char *copy = g_strdup(markup);

    return purple_message_meify(copy, -1);
}

/* ---- in ---- */

static const struct {
    const char *html;
    const char *markup; /* in Pidgin's window */
    const char *plain;  /* in Finch's */
} incoming[] = {
    {"<strong>bold</strong> <em>it</em>", "<b>bold</b> <i>it</i>", "bold it"},
    {"<p>one</p><ul><li>a</li><li>b</li></ul>", "one<br>• a<br>• b", "one\n• a\n• b"},
    {"<a href=\"https://x.org/\">here</a>", "<a href=\"https://x.org/\">here</a>",
     "here (https://x.org/)"},
    {"<a href=\"file:///etc/passwd\">file</a>", "file", "file"},
    {"&lt;b&gt; &hellip; <b>&amp;</b>", "&lt;b&gt; … <b>&amp;</b>", "<b> … &"},
    {"<blockquote>old</blockquote>new", "&gt; <font color=\"#808080\">old</font><br>new",
     "> old\nnew"},
    {"<pre><code>if x:\n    y\n</code></pre>",
     "<font face=\"monospace\">if x:<br>&nbsp;&nbsp;&nbsp;&nbsp;y</font>", "if x:\n    y"},
    {"<script>x</script><img src=x onerror=y alt=\"cat\">", "cat", "cat"},
    {"<table><tr><th>a</th><td>b</td></tr></table>", "<b>a</b> | b", "a | b"},
    {"<span data-mx-spoiler>x</span>", "[spoiler: x]", "[spoiler: x]"},
};

static void formatted_in(Scenario *s)
{
    start_direct(s);
    for (guint i = 0; i < G_N_ELEMENTS(incoming); i++) {
        g_autofree char *plain = NULL;
        JsonObject *line;
        push_event(s, DIRECT, event_html(BOB, "m.text", "the body", incoming[i].html));
        line = EXPECT_LINE(s, BOB, BOB, incoming[i].markup, "RECV");
        plain = purple_markup_strip_html(text_of(line, "text"));
        EXPECT_TEXT(s, plain, incoming[i].plain);
    }
    settle(s);
}

static void formatted_in_chat(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_html(CAROL, "m.text", "**x**", "<b>x</b><script>y</script>"));
    EXPECT_LINE(s, ROOM, CAROL, "<b>x</b>", "RECV");
    push_event(s, ROOM, event_html(BOB, "m.notice", "n", "<code>n</code>"));
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "<font face=\"monospace\">n</font>");
    settle(s);
}

/* Without HTML that can be read the body counts, and it is never markup. */
static void formatted_falls_back(Scenario *s)
{
    g_autofree char *large = g_strnfill(200000, 'x');
    static const char *const empty[] = {"", " ", "<p></p>", "<script>x</script>",
                                        "<mx-reply>x</mx-reply>"};
    JsonObject *event;

    start_direct(s);
    for (guint i = 0; i < G_N_ELEMENTS(empty); i++) {
        push_event(s, DIRECT, event_html(BOB, "m.text", "<b>body</b>", empty[i]));
        EXPECT_LINE(s, BOB, BOB, "&lt;b&gt;body&lt;/b&gt;", "RECV");
    }
    push_event(s, DIRECT, event_html(BOB, "m.text", "too large", large));
    EXPECT_LINE(s, BOB, BOB, "too large", "RECV");
    event = event_html(BOB, "m.text", "another format", "<b>x</b>");
    json_object_set_string_member(json_object_get_object_member(event, "content"), "format",
                                  "org.example.bbcode");
    push_event(s, DIRECT, event);
    EXPECT_LINE(s, BOB, BOB, "another format", "RECV");
    event = event_html(BOB, "m.text", "no string", "<b>x</b>");
    json_object_set_int_member(json_object_get_object_member(event, "content"), "formatted_body",
                               5);
    push_event(s, DIRECT, event);
    EXPECT_LINE(s, BOB, BOB, "no string", "RECV");
    push_event(s, DIRECT, event_html(BOB, "org.example.odd", "odd type", "<b>x</b>"));
    EXPECT_LINE(s, BOB, BOB, "[org.example.odd] odd type", "RECV");
    settle(s);
}

static void formatted_emotes(Scenario *s)
{
    static const char *const no_actions[] = {"/me x", "<b>/me x</b>", "<p><i>/me x</i></p>",
                                             "&#47;me x", "<br>/me x"};
    JsonObject *line;

    start_direct(s);
    push_event(s, DIRECT, event_html(BOB, "m.emote", "*waves*", "<i>waves</i> &amp; smiles"));
    line = EXPECT_LINE(s, BOB, BOB, "/me <i>waves</i> &amp; smiles", "RECV");
    CHECK(s, is_emote(text_of(line, "text")));
    for (guint i = 0; i < G_N_ELEMENTS(no_actions); i++) {
        push_event(s, DIRECT, event_html(BOB, "m.text", "b", no_actions[i]));
        line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
        CHECK(s, !is_emote(text_of(line, "text")));
    }
    settle(s);
}

/* Pidgin shows no markup at all beyond a hundred tags. */
static void formatted_many_tags(Scenario *s)
{
    g_autoptr(GString) html = g_string_new("<ul>");
    guint tags = 0;
    JsonObject *line;

    for (guint i = 0; i < 200; i++)
        g_string_append_printf(html, "<li><b>item</b> %u</li>", i);
    start_direct(s);
    push_event(s, DIRECT, event_html(BOB, "m.text", "b", html->str));
    line = EXPECT_LINE(s, BOB, BOB, NULL, "RECV");
    for (const char *at = text_of(line, "text"); *at != '\0'; at++)
        tags += *at == '<';
    CHECK(s, tags <= 100);
    CHECK(s, strstr(text_of(line, "text"), "• item 199") != NULL);
    settle(s);
}

/* ---- out ---- */

static const struct {
    const char *markup; /* as Pidgin or Finch hands it over */
    const char *body;
    const char *html; /* or NULL: nothing is formatted */
    const char *shown;
} outgoing[] = {
    {"plain &lt;b&gt;", "plain <b>", NULL, "plain &lt;b&gt;"},
    {"<b>bold</b> text", "bold text", "<strong>bold</strong> text", "<b>bold</b> text"},
    {"<font color=\"#FF0000\"><font size=\"5\">red</font></font>", "red",
     "<span data-mx-color=\"#ff0000\">red</span>", "<font color=\"#ff0000\">red</font>"},
    {"<font size=\"5\">big</font>", "big", NULL, "big"},
    {"<A HREF=\"https://x.org/\">https://x.org/</A>", "https://x.org/", NULL, "https://x.org/"},
    {"<a href=\"https://x.org/\">here</a>", "here (https://x.org/)",
     "<a href=\"https://x.org/\">here</a>", "<a href=\"https://x.org/\">here</a>"},
    {"<b>a &lt; b</b><br>c", "a < b\nc", "<strong>a &lt; b</strong><br>c", "<b>a &lt; b</b><br>c"},
    {"<s>x</s>", "x", "<del>x</del>", "<s>x</s>"},
};

static void expect_content(Scenario *s, const char *msgtype, const char *body, const char *html)
{
    g_autoptr(JsonObject) content = fake_request_json(EXPECT_REQUEST(s, "send"));

    EXPECT_TEXT(s, text_of(content, "msgtype"), msgtype);
    EXPECT_TEXT(s, text_of(content, "body"), body);
    CHECK(s, json_object_has_member(content, "format") == (html != NULL));
    CHECK(s, json_object_has_member(content, "formatted_body") == (html != NULL));
    if (html == NULL)
        return;
    EXPECT_TEXT(s, text_of(content, "format"), "org.matrix.custom.html");
    EXPECT_TEXT(s, text_of(content, "formatted_body"), html);
}

static void formatted_out(Scenario *s)
{
    start_direct(s);
    for (guint i = 0; i < G_N_ELEMENTS(outgoing); i++) {
        CHECK(s, host_send_im(s->account, BOB, outgoing[i].markup));
        EXPECT_LINE(s, BOB, NULL, outgoing[i].shown, "SEND");
        expect_content(s, "m.text", outgoing[i].body, outgoing[i].html);
    }
    settle(s);
    EXPECT_NOTHING(s, 100); /* echoes draw nothing more */
}

static void formatted_out_chat(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    for (guint i = 0; i < G_N_ELEMENTS(outgoing); i++) {
        CHECK(s, host_send_chat(s->account, ROOM, outgoing[i].markup));
        EXPECT_LINE(s, ROOM, ALICE, outgoing[i].shown, "SEND");
        expect_content(s, "m.text", outgoing[i].body, outgoing[i].html);
    }
    settle(s);
}

static void formatted_emote_out(Scenario *s)
{
    start_direct(s);
    CHECK(s, host_send_im(s->account, BOB, "<font color=\"#00ff00\">/me waves</font>"));
    EXPECT_LINE(s, BOB, NULL, "/me <font color=\"#00ff00\">waves</font>", "SEND");
    expect_content(s, "m.emote", "waves", "<span data-mx-color=\"#00ff00\">waves</span>");
    CHECK(s, host_send_im(s->account, BOB, "/me is plain"));
    EXPECT_LINE(s, BOB, NULL, "/me is plain", "SEND");
    expect_content(s, "m.emote", "is plain", NULL);
    settle(s);
}

/* Text that fits into an event only once is not sent without its formatting: the user decides. */
static void formatted_too_long(Scenario *s)
{
    g_autofree char *text = g_strnfill(40000, 'x');
    g_autofree char *markup = g_strdup_printf("<b>%s</b>", text);

    start_direct(s);
    CHECK(s, host_send_im(s->account, BOB, markup));
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "ERROR", "~text",
                 "one message holds 61.4\xc2\xa0kB. Formatted text is not cut");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
}

static void formatted_other_device(Scenario *s)
{
    start_direct(s);
    push_event(s, DIRECT, event_html(ALICE, "m.text", "mine", "<b>mine</b>"));
    EXPECT_EVENT(s, "line", "name", BOB, "text", "<b>mine</b>", "~flags", "SEND", "~flags",
                 "REMOTE_SEND");
    settle(s);
}

static const ScenarioEntry entries[] = {
    {"formatted-in", {formatted_in}},
    {"formatted-in-chat", {formatted_in_chat}},
    {"formatted-falls-back", {formatted_falls_back}},
    {"formatted-emotes", {formatted_emotes}},
    {"formatted-many-tags", {formatted_many_tags}},
    {"formatted-out", {formatted_out}},
    {"formatted-out-chat", {formatted_out_chat}},
    {"formatted-emote-out", {formatted_emote_out}},
    {"formatted-too-long", {formatted_too_long}},
    {"formatted-other-device", {formatted_other_device}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

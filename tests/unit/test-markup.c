/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <util.h>

#include "../../src/purple/markup.h"

/* Plain text through libpurple's markup and back. */

#define ROUNDS 3000

static void test_from_plain(void)
{
    static const struct {
        const char *plain, *markup;
    } cases[] = {
        {"", ""},
        {"hello", "hello"},
        {"a < b && c > \"d\"", "a &lt; b &amp;&amp; c &gt; &quot;d&quot;"},
        {"<b>bold</b><script>", "&lt;b&gt;bold&lt;/b&gt;&lt;script&gt;"},
        {"&lt;", "&amp;lt;"},
        {"a\nb", "a<br>b"},
        {"a\r\nb", "a<br>b"},
        {"a\rb", "a<br>b"},
        {"\n\n", "<br><br>"},
        {"a\tb  c", "a\tb  c"},
        {"\xc3\xa9\xf0\x9f\x90\xb1", "\xc3\xa9\xf0\x9f\x90\xb1"},
        {"a\x1b[31mb\x7f\x01", "a\xef\xbf\xbd[31mb\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\xc2\x9b"
         "31m",
         "a\xef\xbf\xbd"
         "31m"},
        {"broken \xff", "broken \xef\xbf\xbd"},
        {"/me waves", "&#47;me waves"},
        {"/ME waves", "&#47;ME waves"},
        {"/me", "/me"},
        {"/mean", "/mean"},
        {"/me\twaves", "/me\twaves"},
        {" /me waves", " /me waves"},
        {"x /me waves", "x /me waves"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *markup = mxp_markup_from_plain(cases[i].plain, FALSE);
        g_assert_cmpstr(markup, ==, cases[i].markup);
    }
}

static void test_emote(void)
{
    static const struct {
        const char *plain, *markup;
    } cases[] = {
        {"waves", "/me waves"},
        {"", "/me "},
        {"/me waves", "/me /me waves"},
        {"a<b\nc", "/me a&lt;b<br>c"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *markup = mxp_markup_from_plain(cases[i].plain, TRUE);
        g_assert_cmpstr(markup, ==, cases[i].markup);
    }
}

/* What libpurple itself makes of it: nothing foreign is an action, an own one is. */
static void test_me_guard(void)
{
    static const char *const foreign[] = {"/me x", "/ME x", "/Me x", "/me  x"};
    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autofree char *guarded = mxp_markup_from_plain(foreign[i], FALSE);
        g_autofree char *back = mxp_markup_to_plain(guarded);
        g_assert_false(purple_message_meify(guarded, -1));
        g_assert_cmpstr(back, ==, foreign[i]);
    }
    g_autofree char *emote = mxp_markup_from_plain("x", TRUE);
    g_assert_true(purple_message_meify(emote, -1));
    g_assert_cmpstr(emote, ==, "x");
}

/* libpurple looks behind tags. */
static void test_me_after_line_break(void)
{
    static const char *const foreign[] = {"\n/me x", "\r\n\n/me x"};
    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autofree char *markup = mxp_markup_from_plain(foreign[i], FALSE);
        g_assert_false(purple_message_meify(markup, -1));
    }
}

static void test_escape(void)
{
    g_autofree char *escaped = mxp_markup_escape("/me <b>\n");
    g_assert_cmpstr(escaped, ==, "/me &lt;b&gt;<br>");
}

static void test_to_plain(void)
{
    static const struct {
        const char *markup, *plain;
    } cases[] = {
        {"", ""},
        {"hello", "hello"},
        {"<b>bold</b> <FONT COLOR=\"red\">red</FONT>", "bold red"},
        {"a<br>b<BR/>c<br />d", "a\nb\nc\nd"},
        {"a\nb", "a\nb"},
        {"a<hr>b", "a\n---\nb"},
        {"&lt;b&gt; &amp;amp; &quot;q&quot; &#39;&#x41;", "<b> &amp; \"q\" 'A"},
        {"&apos;", "'"},
        {"a & b", "a & b"},
        {"a &unknown; b", "a &unknown; b"},
        {"a < b", "a < b"},
        {"1 <2", "1 <2"},
        {"<3", "<3"},
        {"a <", "a <"},
        {"<b never closed", "<b never closed"},
        {"<a title=\">\" href=\"http://x/\">http://x/</a>", "http://x/"},
        {"<!-- gone -->x", "x"},
        {"<blink>x</blink>", "x"},
        /* links of typed addresses */
        {"<A HREF=\"http://x\">http://x</A>", "http://x"},
        {"see <A HREF=\"http://www.x.org\">www.x.org</A>!", "see www.x.org!"},
        {"<A HREF=\"mailto:a@b.c\">a@b.c</A>", "a@b.c"},
        {"<a href='https://x/?a=1&amp;b=2'>https://x/?a=1&amp;b=2</a>", "https://x/?a=1&b=2"},
        /* links with a text of their own keep both */
        {"<a href=\"http://x\">here</a>", "here (http://x)"},
        {"<a href=\"http://evil\">http://good</a>", "http://good (http://evil)"},
        {"<a href=\"http://x\"></a>", "http://x"},
        {"<a href=\"http://x\">open", "open (http://x)"},
        {"<a href=\"http://x\">a<a href=\"http://y\">b</a>", "a (http://x)b (http://y)"},
        {"<a>x</a>", "x"},
        {"<a href=\"\">x</a>", "x"},
        {"<abbr>x</abbr><article>y", "xy"},
        {"</a></a>x", "x"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = mxp_markup_to_plain(cases[i].markup);
        g_test_message("%s", cases[i].markup);
        g_assert_cmpstr(plain, ==, cases[i].plain);
    }
}

/* Nothing that is pasted may break what is sent. */
static void test_hostile(void)
{
    static const char *const markups[] = {
        "<",
        ">",
        "&",
        "&;",
        "&#;",
        "&#x;",
        "&#0;",
        "&#x0;x",
        "&#99999999999999999999;",
        "<a",
        "<a href",
        "<a href=",
        "<a href=\"",
        "<a href=\"x",
        "<a href='x>",
        "</",
        "<!",
        "<!--",
        "<!-- -->",
        "<\"",
        "<a href=\"x\" href=\"y\">z",
        "<<<<>>>>",
        "<b<b<b>",
        "&lt",
        "&ltx",
        "<a hrefhref=x>",
        "<br",
        "<p",
    };
    for (guint i = 0; i < G_N_ELEMENTS(markups); i++) {
        g_autofree char *plain = mxp_markup_to_plain(markups[i]);
        g_test_message("%s", markups[i]);
        g_assert_nonnull(plain);
        g_assert_true(g_utf8_validate(plain, -1, NULL));
    }
}

/* Numbers that are no character must not become bytes that no server takes. */
static void test_no_characters(void)
{
    static const char *const markups[] = {"&#55296;", "&#xdfff;", "&#1114112;", "&#xffffffff;",
                                          "&#2147483647;"};
    for (guint i = 0; i < G_N_ELEMENTS(markups); i++) {
        g_autofree char *plain = mxp_markup_to_plain(markups[i]);
        g_test_message("%s", markups[i]);
        g_assert_true(g_utf8_validate(plain, -1, NULL));
    }
}

/* ---- there and back ---- */

static const char *const pieces[] = {
    "<",
    ">",
    "&",
    "\"",
    "'",
    "\n",
    "\n\n",
    "\t",
    "  ",
    "&lt;",
    "&amp;",
    "&#65;",
    "<b>",
    "</b>",
    "<br>",
    "<!--",
    "/me ",
    "word",
    "\xc3\xa9",
    "\xe2\x82\xac",
    "\xf0\x9f\x90\xb1",
    "\xe2\x80\xae",
    ";",
    "#",
    "/",
    "=",
};

static const char *const addresses[] = {
    "http://x.org",
    "https://x.org/a?b=c&d=e",
    "http://x.org/(y)",
    "www.x.org/z",
    "ftp://x.org/f",
    "ftp.x.org",
    "a@b.org",
    "@alice:x.org",
    "mailto:a@b.org",
    "#room:x.org",
    "xmpp:a@b.org",
    "https://x.org/#/!r:x.org/$e?via=x.org",
    "http://x.org/%20'y'",
    "http://x.org/<y>",
    "http://[::1]:8008/",
};

static void append_random_character(GString *text)
{
    for (;;) {
        gunichar c = g_test_rand_int_range(0x20, g_test_rand_bit() ? 0x250 : 0x110000);
        if (g_unichar_validate(c) && (c < 0x7f || c >= 0xa0)) {
            g_string_append_unichar(text, c);
            return;
        }
    }
}

static char *make_text(gboolean with_addresses)
{
    GString *text = g_string_new(NULL);
    int length = g_test_rand_int_range(0, 20);
    for (int i = 0; i < length; i++) {
        int kind = g_test_rand_int_range(0, with_addresses ? 3 : 2);
        if (kind == 0)
            append_random_character(text);
        else if (kind == 1)
            g_string_append(text, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
        else
            g_string_append_printf(text, " %s ",
                                   addresses[g_test_rand_int_range(0, G_N_ELEMENTS(addresses))]);
    }
    return g_string_free(text, FALSE);
}

static void test_round_trip(void)
{
    for (guint i = 0; i < ROUNDS; i++) {
        g_autofree char *text = make_text(FALSE);
        g_autofree char *markup = mxp_markup_from_plain(text, FALSE);
        g_autofree char *back = mxp_markup_to_plain(markup);
        g_assert_cmpstr(back, ==, text);
    }
}

/* Pidgin escapes what was typed, makes links of the addresses and hands that over. */
static void assert_typed(const char *text)
{
    g_autofree char *escaped = mxp_markup_escape(text);
    g_autofree char *linkified = purple_markup_linkify(escaped);
    g_autofree char *back = mxp_markup_to_plain(linkified);
    g_autofree char *html = mxp_markup_to_html(linkified, 0);
    g_test_message("%s -> %s", text, linkified);
    g_assert_cmpstr(back, ==, text);
    g_assert_null(html); /* nothing of it is formatted */
}

static void test_typed_addresses(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autofree char *sentence = g_strdup_printf("see %s, or (%s)", addresses[i], addresses[i]);
        assert_typed(addresses[i]);
        assert_typed(sentence);
    }
    for (guint i = 0; i < ROUNDS; i++) {
        g_autofree char *text = make_text(TRUE);
        assert_typed(text);
    }
}

/* Addresses that were copied out of a page's source. */
static void test_typed_entities(void)
{
    assert_typed("http://x.org/?a=1&amp;b=2");
    assert_typed("http://x.org/?a=&lt;b&gt;");
}

static void test_many_lines(void)
{
    g_autoptr(GString) text = g_string_new("a");
    for (guint i = 0; i < 1000; i++)
        g_string_append(text, "\nb");
    g_autofree char *markup = mxp_markup_from_plain(text->str, FALSE);
    g_autofree char *back = mxp_markup_to_plain(markup);
    g_assert_cmpstr(back, ==, text->str);
    guint tags = 0;
    for (const char *at = markup; *at != '\0'; at++)
        tags += *at == '<';
    g_assert_cmpint(tags, <=, 100); /* with more, Pidgin shows no markup at all */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markup/from-plain", test_from_plain);
    g_test_add_func("/markup/emote", test_emote);
    g_test_add_func("/markup/me-guard", test_me_guard);
    g_test_add_func("/markup/escape", test_escape);
    g_test_add_func("/markup/to-plain", test_to_plain);
    g_test_add_func("/markup/hostile", test_hostile);
    g_test_add_func("/markup/round-trip", test_round_trip);
    g_test_add_func("/markup/many-lines", test_many_lines);
    g_test_add_func("/markup/typed-addresses", test_typed_addresses);
    g_test_add_func("/markup/typed-entities", test_typed_entities);
    g_test_add_func("/markup/no-characters", test_no_characters);
    g_test_add_func("/markup/me-after-line-break", test_me_after_line_break);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <util.h>

#include "../../src/purple/markup.h"
#include "mx-html.h"

/* Formatted text both ways. golden/html holds the pairs. */

#define ROUNDS 3000
#define PIDGINS_TAGS 100

static guint count_tags(const char *markup)
{
    guint count = 0;
    for (const char *at = markup; *at != '\0'; at++)
        count += *at == '<';
    return count;
}

/* ---- golden files ---- */

/* Runs the pairs and gives their number; "-" stands for NULL. */
static guint run_golden(const char *file, char *(*convert)(const char *input))
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "html", file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint count = 0;
    for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++) {
        if (!g_str_has_prefix(lines[i], "< "))
            continue;
        g_autofree char *input = g_strcompress(lines[i] + 2);
        g_assert_true(g_str_has_prefix(lines[i + 1], "> "));
        gboolean is_none = g_str_equal(lines[i + 1], "> -");
        g_autofree char *expected = is_none ? NULL : g_strcompress(lines[i + 1] + 2);
        g_autofree char *output = convert(input);
        g_test_message("line %u: %s", i + 1, input);
        g_assert_cmpstr(output, ==, expected);
        count++;
    }
    return count;
}

static char *squeeze_and_strip(const char *markup)
{
    g_autofree char *plain = purple_markup_strip_html(markup);
    g_auto(GStrv) words = g_strsplit_set(plain, " \t\n\r\v\f", -1);
    return g_strjoinv("", words);
}

/* log-tail.c compares what was written with what the logs make of it. */
static void assert_found_in_log(const char *markup)
{
    g_autofree char *xhtml = NULL;
    purple_markup_html_to_xhtml(markup, &xhtml, NULL);
    g_autofree char *written = squeeze_and_strip(markup);
    g_autofree char *logged = squeeze_and_strip(xhtml);
    g_assert_cmpstr(logged, ==, written);
}

/* Whatever came in. */
static void assert_sound(const char *markup)
{
    g_autofree char *copy = g_strdup(markup);
    g_assert_true(g_utf8_validate(markup, -1, NULL));
    g_assert_cmpuint(count_tags(markup), <=, PIDGINS_TAGS);
    g_assert_false(purple_message_meify(copy, -1));
    g_assert_null(strstr(markup, "<img"));
    g_assert_null(strstr(markup, "<script"));
    g_assert_null(strstr(markup, "=\"file:"));
}

static char *from_html(const char *html)
{
    char *markup = mxp_markup_from_html(html, FALSE);
    if (markup != NULL) {
        assert_sound(markup);
        assert_found_in_log(markup);
    }
    return markup;
}

static void test_golden_in(void)
{
    g_assert_cmpuint(run_golden("in.txt", from_html), >=, 150);
}

static char *to_html(const char *markup)
{
    return mxp_markup_to_html(markup, 0);
}

static void test_golden_out(void)
{
    g_assert_cmpuint(run_golden("out.txt", to_html), >=, 50);
}

/* What is sent has nothing that a strict reader would take away. */
static char *to_clean_html(const char *markup)
{
    char *html = mxp_markup_to_html(markup, 0);
    if (html != NULL) {
        g_assert_null(strstr(html, "<font"));
        g_assert_null(strstr(html, "style="));
        g_autofree char *shown = mxp_markup_from_html(html, FALSE);
        g_assert_nonnull(shown);
        /* What was shown and is sent again is the same. */
        g_autofree char *again = mxp_markup_to_html(shown, 0);
        g_assert_cmpstr(again, ==, html);
    }
    return html;
}

static void test_stable(void)
{
    static const char *const markups[] = {
        "<b>a</b> <i>b</i> <u>c</u> <s>d</s>",
        "<font color=\"#ff0000\" back=\"#00ff00\">x</font>",
        "<font face=\"monospace\">a  b</font>",
        "<a href=\"https://x.org/?a&amp;b\">x</a><br><b>y</b>",
    };
    for (guint i = 0; i < G_N_ELEMENTS(markups); i++) {
        g_autofree char *html = to_clean_html(markups[i]);
        g_assert_nonnull(html);
    }
}

static void test_emotes(void)
{
    g_autofree char *in = mxp_markup_from_html("<b>waves</b>", TRUE);
    g_assert_cmpstr(in, ==, "/me <b>waves</b>");
    g_autofree char *out = mxp_markup_to_html("/me <b>waves</b>", 4);
    g_assert_cmpstr(out, ==, "<strong>waves</strong>");
    g_autofree char *inside = mxp_markup_to_html("<b>/me</b> waves <i>x</i>", 4);
    g_assert_cmpstr(inside, ==, "waves <em>x</em>");
    g_autofree char *nothing = mxp_markup_to_html("<b>/me </b>waves", 4);
    g_assert_null(nothing);
}

/* ---- limits ---- */

static char *repeat(const char *piece, guint times)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < times; i++)
        g_string_append(text, piece);
    return g_string_free(text, FALSE);
}

static void count_depth(const MxHtmlNode *node, gpointer user_data)
{
    guint depth = 0;
    guint *deepest = user_data;
    for (const MxHtmlNode *at = node; at->parent != NULL; at = at->parent)
        depth++;
    *deepest = MAX(*deepest, depth);
}

static void leave(const MxHtmlNode *node, gpointer user_data)
{
}

static void test_depth(void)
{
    g_autofree char *open = repeat("<b>", 5000);
    g_autofree char *close = repeat("</b>", 5000);
    g_autofree char *html = g_strconcat(open, "x", close, "y", NULL);
    g_autoptr(MxHtml) tree = mx_html_parse(html, MX_HTML_FOREIGN);
    guint deepest = 0;
    mx_html_walk(mx_html_get_root(tree), count_depth, leave, &deepest);
    g_assert_cmpuint(deepest, ==, MX_HTML_MAX_DEPTH + 1); /* the text itself */
    g_autofree char *text = mx_html_dup_text(mx_html_get_root(tree));
    g_assert_cmpstr(text, ==, "xy");
    g_autofree char *markup = from_html(html);
    g_assert_cmpstr(markup, ==, "xy"); /* with so many tags Pidgin would show none */
}

static void test_size(void)
{
    g_autofree char *large = g_strnfill(MX_HTML_MAX_BYTES + 1, 'x');
    g_assert_null(mx_html_parse(large, MX_HTML_FOREIGN));
    g_assert_null(from_html(large));
    g_autofree char *many = repeat("a<br>", MX_HTML_MAX_NODES / 2 + 1);
    g_assert_null(mx_html_parse(many, MX_HTML_FOREIGN));
    g_assert_null(mx_html_parse("\xff", MX_HTML_FOREIGN));
}

/* Less and less is kept, but no text is lost. */
static void test_many_tags(void)
{
    static const struct {
        const char *piece;
        guint times;
        const char *contained, *missing;
    } cases[] = {
        {"<li><b>x</b> y</li>", 25, "<b>x</b> y<br>", "zzz"},
        {"<span data-mx-color=\"#ff0000\">x</span><br>", 40, "x<br>", "<font"},
        {"<b>x</b>y<br>", 40, "<b>x</b>y\n", "<br>"},
        {"<b>x</b> <a href=\"https://x.org/\">y</a> ", 100, "x y (https://x.org/)", "<"},
        {"<li><b>x</b></li>", 1000, "• x\n• x", "<"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *html = repeat(cases[i].piece, cases[i].times);
        g_autofree char *markup = from_html(html);
        g_assert_nonnull(markup);
        g_autofree char *beginning =
            g_utf8_substring(markup, 0, MIN(60, g_utf8_strlen(markup, -1)));
        g_test_message("%s", beginning);
        g_assert_nonnull(strstr(markup, cases[i].contained));
        g_assert_null(strstr(markup, cases[i].missing));
    }
}

/* Nothing that fits into an event takes long. */
static void test_speed(void)
{
    static const char *const pieces[] = {"<",
                                         "<a",
                                         "<a '",
                                         "<a \"",
                                         "&",
                                         "&#x",
                                         "<!--",
                                         "<script>",
                                         "<p>",
                                         "<table><tr><td>",
                                         "<b><i>",
                                         "</b>",
                                         "<ul><li>",
                                         "<blockquote>x<br>",
                                         "<script></scrip",
                                         "<b a=1 b=2 c=3 ",
                                         "<pre>\t"};
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *html = repeat(pieces[i], 65000 / strlen(pieces[i]));
        gint64 start = g_get_monotonic_time();
        g_autofree char *markup = mxp_markup_from_html(html, FALSE);
        g_test_message("%s: %" G_GINT64_FORMAT " us", pieces[i], g_get_monotonic_time() - start);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
        g_assert_true(markup == NULL || strlen(markup) < 500000);
    }
}

/* The shortest of some runs. */
static gint64 time_of(const char *html)
{
    gint64 shortest = G_MAXINT64;
    for (guint i = 0; i < 7; i++) {
        gint64 start = g_get_monotonic_time();
        g_autofree char *markup = mxp_markup_from_html(html, FALSE);
        g_autofree char *out = mxp_markup_to_html(html, 0);
        shortest = MIN(shortest, g_get_monotonic_time() - start);
        g_assert_nonnull(markup);
    }
    return shortest;
}

/* Deeply nested, a letter costs what it costs elsewhere. */
static void test_nested_speed(void)
{
    g_autofree char *letters = g_strnfill(60000, 'x');
    g_autofree char *open = repeat("<b>", 49);
    g_autofree char *nested = g_strconcat(open, letters, NULL);
    gint64 flat_us = time_of(letters), nested_us = time_of(nested);
    g_test_message("%" G_GINT64_FORMAT " us, nested %" G_GINT64_FORMAT " us", flat_us, nested_us);
    /* Working it out anew for each level would be 49 times. */
    g_assert_cmpint(nested_us, <, 20 * flat_us);
}

/* ---- properties ---- */

static const char *const tags[] = {"b",
                                   "i",
                                   "u",
                                   "s",
                                   "font color=\"#ff0000\"",
                                   "font face=\"monospace\"",
                                   "a href=\"https://x.org/\""};
static const char *const pieces[] = {"a",    " ",  "  ", "<", ">", "&",    "\"",
                                     "'",    "\n", "é",  "🐧", "ש", "word", "\xe2\x80\x8b",
                                     "/me ", "1",  ";",  "#"};

/* Random text with random tags, well nested, as an input field has it. */
static char *make_markup(void)
{
    g_autoptr(GString) markup = g_string_new(NULL);
    const char *open[30];
    guint depth = 0;
    for (int i = g_test_rand_int_range(1, 30); i > 0; i--) {
        int kind = g_test_rand_int_range(0, 4);
        if (kind == 0 && depth < G_N_ELEMENTS(open)) {
            open[depth] = tags[g_test_rand_int_range(0, G_N_ELEMENTS(tags))];
            /* A link inside of a link is none. */
            for (guint k = 0; k < depth; k++)
                if (*open[depth] == 'a' && *open[k] == 'a')
                    open[depth] = "b";
            g_string_append_printf(markup, "<%s>", open[depth++]);
        } else if (kind == 1 && depth > 0) {
            const char *tag = open[--depth];
            g_string_append_printf(markup, "</%.*s>", (int)strcspn(tag, " "), tag);
        } else {
            g_autofree char *escaped =
                mxp_markup_escape(pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
            g_string_append(markup, escaped);
        }
    }
    while (depth > 0) {
        const char *tag = open[--depth];
        g_string_append_printf(markup, "</%.*s>", (int)strcspn(tag, " "), tag);
    }
    return g_strdup(markup->str);
}

/* A link without visible text is said in different places. */
static gboolean has_empty_link(const char *markup)
{
    g_autoptr(GRegex) regex = g_regex_new("<a [^>]*>(\\s|<(?!/a>)[^>]*>)*</a>", 0, 0, NULL);
    return g_regex_match(regex, markup, 0, NULL);
}

static char *without_address(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, " (https://x.org/)", -1);
    return g_strjoinv("", parts);
}

/* F18: what is sent formatted is read as the text that was typed. */
static void test_round_trip(void)
{
    guint formatted = 0;
    for (guint i = 0; i < ROUNDS; i++) {
        g_autofree char *markup = make_markup();
        g_autofree char *html = mxp_markup_to_html(markup, 0);
        if (html == NULL || has_empty_link(markup))
            continue;
        formatted++;
        g_autofree char *shown = from_html(html);
        g_autofree char *typed = mxp_markup_to_plain(markup);
        g_test_message("%s -> %s -> %s", markup, html, shown);
        g_autofree char *back = mxp_markup_to_plain(shown);
        /* The space at a link's end moves out of it, and the address with it. */
        g_autofree char *bare_back = without_address(back);
        g_autofree char *bare_typed = without_address(typed);
        g_assert_cmpstr(bare_back, ==, bare_typed);
    }
    g_assert_cmpuint(formatted, >, ROUNDS / 4);
}

/* Text that is only escaped is never formatted. */
static void test_plain_stays_plain(void)
{
    for (guint i = 0; i < ROUNDS; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int k = g_test_rand_int_range(0, 20); k > 0; k--)
            g_string_append(text, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
        g_autofree char *markup = mxp_markup_escape(text->str);
        g_autofree char *html = mxp_markup_to_html(markup, 0);
        g_assert_null(html);
    }
}

/* Any bytes. */
static void test_hostile(void)
{
    static const char *const bits[] = {
        "<",
        ">",
        "/",
        "\"",
        "'",
        "=",
        "&",
        ";",
        "#x41",
        "<b>",
        "</b>",
        "<ul>",
        "<li>",
        "</ul>",
        "<pre>",
        "\n",
        "\t",
        " ",
        "<td>",
        "<table>",
        "<a href=",
        "file:",
        "https:",
        "<img ",
        "alt=",
        "<!--",
        "-->",
        "</",
        "<p>",
        "x",
        "<blockquote>",
        "<ol start=",
        "<span data-mx-spoiler",
        "<sup>",
        "</a>",
        "🐧",
        "&lt;",
        "/me ",
        "<mx-reply>",
        "</mx-reply>",
        "<br>",
    };
    for (guint i = 0; i < ROUNDS; i++) {
        g_autoptr(GString) html = g_string_new(NULL);
        for (int k = g_test_rand_int_range(0, 60); k > 0; k--)
            g_string_append(html, bits[g_test_rand_int_range(0, G_N_ELEMENTS(bits))]);
        g_test_message("%s", html->str);
        g_autofree char *markup = from_html(html->str);
        g_autofree char *out = mxp_markup_to_html(html->str, 0);
        g_assert_true(out == NULL || g_utf8_validate(out, -1, NULL));
    }
}

static void test_values(void)
{
    static const struct {
        const char *href;
        gboolean is_safe;
    } links[] = {
        {"https://x", TRUE},
        {"HTTP://x", TRUE},
        {"mailto:a@b", TRUE},
        {"ftp://x", TRUE},
        {"magnet:?x", TRUE},
        {"matrix:u/a:b", TRUE},
        {"https:", FALSE},
        {"", FALSE},
        {"file:///x", FALSE},
        {"javascript:x", FALSE},
        {"//x", FALSE},
        {"https://a b", FALSE},
        {"https://a\nb", FALSE},
        {"xhttps://a", FALSE},
        {"https://x/é", TRUE},
        {"https://x/\xc2\x9b"
         "2J",
         FALSE},
        {"https://x/\xe2\x80\xae"
         "gpj.exe",
         FALSE},
        {"https://x/\xe2\x81\xa6"
         "y",
         FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(links); i++)
        g_assert_cmpint(mx_html_is_safe_link(links[i].href), ==, links[i].is_safe);
    g_autofree char *color = mx_html_parse_color("#AbC");
    g_assert_cmpstr(color, ==, "#aabbcc");
    g_assert_null(mx_html_parse_color("#abcd"));
    g_assert_null(mx_html_parse_color("url(x)"));
    g_assert_null(mx_html_parse_color(""));
}

static void test_clean(void)
{
    static const struct {
        const char *html, *clean;
    } cases[] = {
        {"a < b & c", "a &lt; b &amp; c"},
        {"<b>x<i>y</b>z", "<strong>x<em>y</em></strong>z"},
        {"<script>x</script><!-- y --><style>z</style>w", "w"},
        {"<a href=\"javascript:x\" onclick=\"y\">l</a>", "<a>l</a>"},
        {"<A HREF='https://x.org/?a=1&amp;b=\"'>l</A>",
         "<a href=\"https://x.org/?a=1&amp;b=&quot;\">l</a>"},
        {"<font color=red size=9>x</font>", "<span data-mx-color=\"#ff0000\">x</span>"},
        {"<span data-mx-spoiler=\"why\">x</span>", "<span data-mx-spoiler=\"why\">x</span>"},
        {"<img src=x alt=\"<b>\">", "&lt;b&gt;"},
        {"<ol start=3><li>x<li>y</ol><hr>z<br/>",
         "<ol start=\"3\"><li>x</li><li>y</li></ol><hr>z<br>"},
        {"<blink>x</blink><p style=\"y\">z", "x<p>z</p>"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *clean = mx_html_clean(cases[i].html);
        g_autofree char *again = mx_html_clean(clean);
        g_test_message("%s", cases[i].html);
        g_assert_cmpstr(clean, ==, cases[i].clean);
        g_assert_cmpstr(again, ==, clean);
    }
    g_assert_null(mx_html_clean("\xff"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/golden-in", test_golden_in);
    g_test_add_func("/html/golden-out", test_golden_out);
    g_test_add_func("/html/stable", test_stable);
    g_test_add_func("/html/emotes", test_emotes);
    g_test_add_func("/html/depth", test_depth);
    g_test_add_func("/html/size", test_size);
    g_test_add_func("/html/many-tags", test_many_tags);
    g_test_add_func("/html/speed", test_speed);
    g_test_add_func("/html/nested-speed", test_nested_speed);
    g_test_add_func("/html/round-trip", test_round_trip);
    g_test_add_func("/html/plain-stays-plain", test_plain_stays_plain);
    g_test_add_func("/html/hostile", test_hostile);
    g_test_add_func("/html/values", test_values);
    g_test_add_func("/html/clean", test_clean);
    return g_test_run();
}

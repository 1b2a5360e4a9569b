/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-markdown.h"

/* Markdown that is typed: what of it becomes HTML, and what stays as it is. */

static void test_formats(void)
{
    static const struct {
        const char *text, *html;
    } cases[] = {
        {"*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"},
        {"a *b*\nc", "a <em>b</em><br>c"},
        {"a\n\n**b**", "<p>a</p>\n<p><strong>b</strong></p>"},
        {"# H\ntext", "<h1>H</h1>\n<p>text</p>"},
        {"> q", "<blockquote>\n<p>q</p>\n</blockquote>"},
        {"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
        {"3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>"},
        {"```c\na < b *c*\n```", "<pre><code class=\"language-c\">a &lt; b *c*\n</code></pre>"},
        {"a\n\n---", "<p>a</p>\n<hr>"},
        {"[x](https://x.org/a_b_c)", "<a href=\"https://x.org/a_b_c\">x</a>"},
        {"**see https://x.org/_a_**", "<strong>see https://x.org/_a_</strong>"},
        {"![cat](https://x.org/c.png)", "<a href=\"https://x.org/c.png\">cat</a>"},
        {"![*c*](x.png) **b**", "![<em>c</em>](x.png) <strong>b</strong>"},
        {"*a* <b>c</b> <script>x</script>",
         "<em>a</em> &lt;b&gt;c&lt;/b&gt; &lt;script&gt;x&lt;/script&gt;"},
        {"<div>\n*x*\n</div>\n\n*y*",
         "<p>&lt;div&gt;<br>*x*<br>&lt;/div&gt;</p>\n<p><em>y</em></p>"},
        {"[a](javascript:alert(1)) *b*", "[a](javascript:alert(1)) <em>b</em>"},
        {"\\*not\\*", "*not*"},
        {"*a* f[0](x)", "<em>a</em> f[0](x)"},
        {"*a* snake_case_name", "<em>a</em> snake_case_name"},
        {"*a* \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
         "<em>a</em> \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"},
        {"`#_irc_#x:y.org` @_a_:b.c", "<code>#_irc_#x:y.org</code> @_a_:b.c"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *html = mx_markdown_to_html(cases[i].text, NULL, 0);
        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(html, ==, cases[i].html);
    }
}

static void test_plain(void)
{
    static const char *const texts[] = {
        "",
        "hello",
        "two\nlines\n\nand a paragraph",
        "snake_case_name and __init__x, 2 * 3 * 4",
        "https://x.org/_foo_/*bar*/x_y_z",
        "see (www.x.org/_a_), matrix:r/_a_:b.org",
        "#_oftc_#foo:matrix.org @_irc_bob_:x.org",
        "a < b && c > d <b>not bold</b> &amp; &lt;",
        "<div>\nx\n</div>",
        "\xc2\xaf\\_(\xe3\x83\x84)_/\xc2\xaf",
        "array[i](x)",
        "C:\\[dir]\\x",
        "#channel +1 -x 1.5",
        "\xef\xb7\x90*a*", /* what nobody types */
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *html = mx_markdown_to_html(texts[i], NULL, 0);
        g_test_message("%s", texts[i]);
        g_assert_cmpstr(html, ==, NULL);
    }
}

static MxMarkdownName find(const char *text, const char *name, const char *href)
{
    const char *at = strstr(text, name);
    g_assert_nonnull(at);
    return (MxMarkdownName){at - text, strlen(name), href, "A & <B>", FALSE};
}

static void test_names(void)
{
    static const char text[] =
        "**@_a_ hi** `@_b_`\n\n    @_c_ code\n\n[x @_d_](https://x.org) @room";
    MxMarkdownName names[] = {
        find(text, "@_a_", "https://matrix.to/#/@a:x"),
        find(text, "@_b_", "https://matrix.to/#/@b:x"),
        find(text, "@_c_", "https://matrix.to/#/@c:x"),
        find(text, "@_d_", "https://matrix.to/#/@d:x"),
        find(text, "@room", NULL),
    };
    g_autofree char *html = mx_markdown_to_html(text, names, G_N_ELEMENTS(names));
    g_assert_cmpstr(
        html, ==,
        "<p><strong><a href=\"https://matrix.to/#/@a:x\">A &amp; &lt;B&gt;</a> hi</strong> "
        "<code>@_b_</code></p>\n<pre><code>@_c_ code\n</code></pre>\n"
        "<p><a href=\"https://x.org\">x @_d_</a> @room</p>");
    static const gboolean hidden[] = {FALSE, TRUE, TRUE, FALSE, FALSE};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpint(names[i].is_hidden, ==, hidden[i]);
    MxMarkdownName one = find("@bob hello", "@bob", "https://matrix.to/#/@b:x");
    one.start = 0;
    g_assert_null(mx_markdown_to_html("@bob hello", &one, 1));
    g_assert_false(one.is_hidden);
}

static void test_blocks(void)
{
    static const char text[] = "# a\n\npara\nmore\r\n\r\n```\nx\n\ny\n```\n- l\n- m\n";
    g_autoptr(GArray) offsets = mx_markdown_list_blocks(text);
    static const char *const begins[] = {"para", "```", "- l"};
    g_assert_cmpuint(offsets->len, ==, G_N_ELEMENTS(begins));
    for (guint i = 0; i < offsets->len; i++)
        g_assert_true(g_str_has_prefix(text + g_array_index(offsets, gsize, i), begins[i]));
}

/* Whatever is typed: it comes back, and no tag but ours. */
static void test_random(void)
{
    static const char *const parts[] = {
        "*",    "_",    "`",  "```\n", "[",     "](",           ")",        "<b>",
        "\n",   "\n\n", "> ", "- ",    "@bob ", "https://x_y/", "\\",       "&lt;",
        "    ", "# ",   "a",  " ",     "!",     "<!--",         "\xd7\xa9", "1. "};
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (guint round = 0; round < 5000; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GArray) names = g_array_new(FALSE, TRUE, sizeof(MxMarkdownName));
        for (int n = g_rand_int_range(rand, 0, 25); n > 0; n--) {
            const char *part = parts[g_rand_int_range(rand, 0, G_N_ELEMENTS(parts))];
            MxMarkdownName name = {text->len, 4, "https://matrix.to/#/@b:x", "Bob", FALSE};
            if (*part == '@')
                g_array_append_val(names, name);
            g_string_append(text, part);
        }
        g_autofree char *html =
            mx_markdown_to_html(text->str, (MxMarkdownName *)names->data, names->len);
        g_assert_true(html == NULL || g_utf8_validate(html, -1, NULL));
        g_assert_true(html == NULL ||
                      (strstr(html, "<b>") == NULL && strstr(html, "<!--") == NULL));
        g_assert_true(html == NULL || strstr(html, "\xef\xb7") == NULL);
        g_autoptr(GArray) blocks = mx_markdown_list_blocks(text->str);
        for (guint i = 0; i < blocks->len; i++)
            g_assert_cmpuint(g_array_index(blocks, gsize, i), <, text->len);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markdown/formats", test_formats);
    g_test_add_func("/markdown/plain", test_plain);
    g_test_add_func("/markdown/names", test_names);
    g_test_add_func("/markdown/blocks", test_blocks);
    g_test_add_func("/markdown/random", test_random);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-html.h"

/* A tree as HTML again: what the specification lets people send, and nothing else. */

static const char *const names[MX_HTML_N_TAGS] = {
    [MX_HTML_A] = "a",
    [MX_HTML_B] = "strong",
    [MX_HTML_BLOCKQUOTE] = "blockquote",
    [MX_HTML_BR] = "br",
    [MX_HTML_CAPTION] = "caption",
    [MX_HTML_CODE] = "code",
    [MX_HTML_DETAILS] = "details",
    [MX_HTML_DIV] = "div",
    [MX_HTML_FONT] = "span",
    [MX_HTML_H1] = "h1",
    [MX_HTML_H2] = "h2",
    [MX_HTML_H3] = "h3",
    [MX_HTML_H4] = "h4",
    [MX_HTML_H5] = "h5",
    [MX_HTML_H6] = "h6",
    [MX_HTML_HR] = "hr",
    [MX_HTML_I] = "em",
    [MX_HTML_LI] = "li",
    [MX_HTML_OL] = "ol",
    [MX_HTML_P] = "p",
    [MX_HTML_PRE] = "pre",
    [MX_HTML_S] = "del",
    [MX_HTML_SPAN] = "span",
    [MX_HTML_SUB] = "sub",
    [MX_HTML_SUMMARY] = "summary",
    [MX_HTML_SUP] = "sup",
    [MX_HTML_TABLE] = "table",
    [MX_HTML_TBODY] = "tbody",
    [MX_HTML_TD] = "td",
    [MX_HTML_TH] = "th",
    [MX_HTML_THEAD] = "thead",
    [MX_HTML_TR] = "tr",
    [MX_HTML_U] = "u",
    [MX_HTML_UL] = "ul",
};

static const struct {
    MxHtmlAttribute attribute;
    const char *name;
} attributes[] = {
    {MX_HTML_BG_COLOR, "data-mx-bg-color"},
    {MX_HTML_COLOR, "data-mx-color"},
    {MX_HTML_HREF, "href"},
    {MX_HTML_MATHS, "data-mx-maths"},
    {MX_HTML_SPOILER, "data-mx-spoiler"},
    {MX_HTML_START, "start"},
};

static void append_escaped(GString *html, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(html, escaped);
}

static void on_enter(const MxHtmlNode *node, gpointer user_data)
{
    GString *html = user_data;
    const char *alt = node->tag == MX_HTML_IMG ? mx_html_get_attribute(node, MX_HTML_ALT) : NULL;
    if (node->text != NULL || alt != NULL)
        append_escaped(html, alt != NULL ? alt : node->text);
    if (names[node->tag] == NULL)
        return;
    g_string_append_printf(html, "<%s", names[node->tag]);
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        const char *value = mx_html_get_attribute(node, attributes[i].attribute);
        if (value == NULL)
            continue;
        g_string_append_printf(html, " %s=\"", attributes[i].name);
        append_escaped(html, value);
        g_string_append_c(html, '"');
    }
    g_string_append_c(html, '>');
}

static void on_leave(const MxHtmlNode *node, gpointer user_data)
{
    if (names[node->tag] != NULL && node->tag != MX_HTML_BR && node->tag != MX_HTML_HR)
        g_string_append_printf(user_data, "</%s>", names[node->tag]);
}

char *mx_html_clean(const char *html)
{
    g_autoptr(MxHtml) tree = mx_html_parse(html, MX_HTML_FOREIGN);
    if (tree == NULL)
        return NULL;
    GString *clean = g_string_new(NULL);
    mx_html_walk(mx_html_get_root(tree), on_enter, on_leave, clean);
    return g_string_free(clean, FALSE);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "../../src/purple/markup.h"
#include "mx-html.h"
#include "mx-markdown.h"

/* Formatted text of strangers, and what Pidgin's input field or a paste makes of one's own. */

#define PIDGINS_TAGS 100

typedef struct {
    guint depth, left;
} Walk;

static void on_enter(const MxHtmlNode *node, gpointer user_data)
{
    Walk *walk = user_data;
    walk->depth++;
    g_assert_cmpuint(walk->depth, <=, MX_HTML_MAX_DEPTH + 2); /* the root and a text too */
    g_assert_true((node->tag == MX_HTML_TEXT) == (node->text != NULL));
    g_assert_true(node->text == NULL || g_utf8_validate(node->text, -1, NULL));
    const char *href = mx_html_get_attribute(node, MX_HTML_HREF);
    g_assert_true(href == NULL || mx_html_is_safe_link(href));
}

static void on_leave(const MxHtmlNode *node, gpointer user_data)
{
    Walk *walk = user_data;
    walk->depth--;
    walk->left++;
}

static void walk(const char *html, MxHtmlSource source)
{
    g_autoptr(MxHtml) tree = mx_html_parse(html, source);
    Walk state = {0};
    if (tree == NULL)
        return;
    mx_html_walk(mx_html_get_root(tree), on_enter, on_leave, &state);
    g_assert_cmpuint(state.depth, ==, 0);
    g_assert_cmpuint(state.left, >, 0);
}

static const char *const allowed[] = {"b>",  "/b>", "i>",    "/i>",    "u>",        "/u>", "s>",
                                      "/s>", "br>", "font ", "/font>", "a href=\"", "/a>"};

/* Only tags of ours, and few of them. */
static void check_markup(const char *markup)
{
    guint tags = 0;
    for (const char *at = markup; (at = strchr(at, '<')) != NULL; tags++) {
        gboolean is_known = FALSE;
        at++;
        for (guint i = 0; i < G_N_ELEMENTS(allowed) && !is_known; i++)
            is_known = g_str_has_prefix(at, allowed[i]);
        g_assert_true(is_known);
    }
    g_assert_cmpuint(tags, <=, PIDGINS_TAGS);
    g_assert_true(g_utf8_validate(markup, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *bytes = g_strndup((const char *)data, size);
    g_autofree char *html = g_utf8_make_valid(bytes, -1);
    walk(bytes, MX_HTML_FOREIGN);
    walk(html, MX_HTML_FOREIGN);
    walk(html, MX_HTML_TYPED);
    g_autofree char *markup = mxp_markup_from_html(html, FALSE);
    if (markup != NULL)
        check_markup(markup);
    g_autofree char *out = mxp_markup_to_html(html, 0);
    g_assert_true(out == NULL || g_utf8_validate(out, -1, NULL));
    g_autofree char *clean = mx_html_clean(html);
    g_assert_true(clean == NULL || g_utf8_validate(clean, -1, NULL));
    g_autofree char *marked = mx_markdown_to_html(html, NULL, 0);
    g_assert_true(marked == NULL || g_utf8_validate(marked, -1, NULL));
    g_autoptr(GArray) blocks = mx_markdown_list_blocks(html);
    for (guint i = 0; i < blocks->len; i++)
        g_assert_cmpuint(g_array_index(blocks, gsize, i), <, strlen(html));
    g_autofree char *plain = mxp_markup_to_plain(html);
    g_assert_true(g_utf8_validate(plain, -1, NULL));
    g_autofree char *back = out != NULL ? mxp_markup_from_html(out, TRUE) : NULL;
    if (back != NULL)
        check_markup(back);
    return 0;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "markup.h"

#include <stdlib.h>
#include <string.h>

#include "markup-private.h"
#include "mx-html.h"

/* What libpurple's clients make of typed text, as clean HTML for Matrix: only what says something,
 * in the tags that the specification recommends. */

typedef struct {
    char *open, *close; /* NULL: no tags of its own */
    gboolean is_open;   /* written; tags are written when there is text for them */
} Frame;

typedef struct {
    GString *html;
    GArray *frames;
    gsize skip; /* bytes of text still to be left out */
    guint spaces;
    guint open;        /* so many of the frames, from the outermost on, are written */
    gboolean is_start; /* of a line */
    gboolean is_formatted;
} Writer;

static void frame_clear(gpointer data)
{
    Frame *frame = data;
    g_free(frame->open);
    g_free(frame->close);
}

/* HTML keeps one space between words, and none at the ends of lines. */
static void write_spaces(Writer *writer, gboolean is_end)
{
    for (; writer->spaces > 0; writer->spaces--)
        g_string_append(writer->html,
                        writer->spaces > 1 || writer->is_start || is_end ? "\xc2\xa0" : " ");
}

static void write_break(Writer *writer)
{
    write_spaces(writer, TRUE);
    g_string_append(writer->html, "<br>");
    writer->is_start = TRUE;
}

/* Pidgin's "Insert Horizontal rule". */
static void write_rule(Writer *writer)
{
    write_spaces(writer, TRUE);
    g_string_append(writer->html, "<hr>");
    writer->is_start = writer->is_formatted = TRUE;
}

static void write_visible(Writer *writer, gunichar c)
{
    write_spaces(writer, FALSE);
    for (; writer->open < writer->frames->len; writer->open++) {
        Frame *frame = &g_array_index(writer->frames, Frame, writer->open);
        if (frame->open != NULL) {
            g_string_append(writer->html, frame->open);
            writer->is_formatted = TRUE;
        }
        frame->is_open = TRUE;
    }
    mxp_markup_append(writer->html, c, "");
    writer->is_start = FALSE;
}

static void write_text(Writer *writer, const char *text)
{
    gsize skipped = MIN(writer->skip, strlen(text));
    writer->skip -= skipped;
    for (const char *at = text + skipped; *at != '\0'; at = g_utf8_next_char(at)) {
        if (at[0] == '\r' && at[1] == '\n')
            continue;
        if (*at == '\n' || *at == '\r')
            write_break(writer);
        else if (*at == ' ')
            writer->spaces++;
        else if (*at == '\t')
            writer->spaces += 4;
        else
            write_visible(writer, g_utf8_get_char(at));
    }
}

/* ---- tags ---- */

typedef struct {
    GString *open, *close;
} Tags;

static void add_tag(Tags *tags, const char *name, const char *attributes)
{
    g_autofree char *close = g_strdup_printf("</%s>", name);
    g_string_append_printf(tags->open, "<%s%s>", name, attributes);
    g_string_prepend(tags->close, close);
}

static void add_colors(Tags *tags, const char *color, const char *back)
{
    g_autoptr(GString) attributes = g_string_new(NULL);
    if (color != NULL)
        g_string_append_printf(attributes, " data-mx-color=\"%s\"", color);
    if (back != NULL)
        g_string_append_printf(attributes, " data-mx-bg-color=\"%s\"", back);
    if (attributes->len > 0)
        add_tag(tags, "span", attributes->str);
}

static gboolean is_monospace(const char *face)
{
    g_autofree char *lower = g_ascii_strdown(face, -1);
    return strstr(lower, "mono") != NULL || strstr(lower, "courier") != NULL;
}

static void add_font(Tags *tags, const MxHtmlNode *node)
{
    const char *face = mx_html_get_attribute(node, MX_HTML_FACE);
    add_colors(tags, mx_html_get_attribute(node, MX_HTML_COLOR),
               mx_html_get_attribute(node, MX_HTML_BG_COLOR));
    if (face != NULL && is_monospace(face))
        add_tag(tags, "code", "");
}

static void add_declaration(Tags *tags, const char *name, const char *value)
{
    g_autofree char *color = mx_html_parse_color(value);
    if (g_ascii_strcasecmp(name, "color") == 0)
        add_colors(tags, color, NULL);
    else if (g_ascii_strcasecmp(name, "background") == 0 ||
             g_ascii_strcasecmp(name, "background-color") == 0)
        add_colors(tags, NULL, color);
    else if (g_ascii_strcasecmp(name, "font-family") == 0 && is_monospace(value))
        add_tag(tags, "code", "");
    else if (g_ascii_strcasecmp(name, "font-weight") == 0 &&
             (g_ascii_strncasecmp(value, "bold", 4) == 0 || atoi(value) >= 600))
        add_tag(tags, "strong", "");
    else if (g_ascii_strcasecmp(name, "font-style") == 0 &&
             g_ascii_strcasecmp(value, "italic") == 0)
        add_tag(tags, "em", "");
    else if (g_ascii_strcasecmp(name, "text-decoration") == 0 && strstr(value, "underline") != NULL)
        add_tag(tags, "u", "");
    else if (g_ascii_strcasecmp(name, "text-decoration") == 0 &&
             strstr(value, "line-through") != NULL)
        add_tag(tags, "del", "");
}

static void add_style(Tags *tags, const MxHtmlNode *node)
{
    const char *style = mx_html_get_attribute(node, MX_HTML_STYLE);
    if (style == NULL)
        return;
    g_auto(GStrv) declarations = g_strsplit(style, ";", 20);
    for (guint i = 0; declarations[i] != NULL; i++) {
        char *colon = strchr(declarations[i], ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        add_declaration(tags, g_strstrip(declarations[i]), g_strstrip(colon + 1));
    }
}

static void add_link(Tags *tags, const MxHtmlNode *node)
{
    const char *href = mx_html_get_attribute(node, MX_HTML_HREF);
    if (href == NULL)
        return;
    g_autofree char *text = mx_html_dup_text(node);
    g_autoptr(GString) decoded = g_string_new(NULL);
    /* libpurple's own linkify puts the address in without escaping it. */
    for (const char *at = text, *end = text + strlen(text); at < end;) {
        gsize used = *at == '&' ? mx_html_decode_entity(at, end, decoded) : 0;
        if (used == 0)
            g_string_append_c(decoded, *at++);
        at += used;
    }
    if (mxp_markup_is_address(href, text) || mxp_markup_is_address(href, decoded->str))
        return;
    g_autofree char *escaped = g_markup_escape_text(href, -1);
    g_autofree char *attribute = g_strdup_printf(" href=\"%s\"", escaped);
    add_tag(tags, "a", attribute);
}

static const char *const simple_tags[MX_HTML_N_TAGS] = {
    [MX_HTML_B] = "strong",  [MX_HTML_I] = "em",    [MX_HTML_U] = "u",     [MX_HTML_S] = "del",
    [MX_HTML_CODE] = "code", [MX_HTML_SUB] = "sub", [MX_HTML_SUP] = "sup",
};

static void add_tags(Tags *tags, const MxHtmlNode *node)
{
    if (simple_tags[node->tag] != NULL)
        add_tag(tags, simple_tags[node->tag], "");
    else if (node->tag == MX_HTML_FONT)
        add_font(tags, node);
    else if (node->tag == MX_HTML_SPAN)
        add_style(tags, node);
    else if (node->tag == MX_HTML_A)
        add_link(tags, node);
}

static void on_enter(const MxHtmlNode *node, gpointer user_data)
{
    Writer *writer = user_data;
    Frame frame = {.open = NULL};
    if (node->text != NULL) {
        write_text(writer, node->text);
        return;
    }
    if (node->tag == MX_HTML_BR)
        write_break(writer);
    else if (node->tag == MX_HTML_HR)
        write_rule(writer);
    Tags tags = {g_string_new(NULL), g_string_new(NULL)};
    add_tags(&tags, node);
    gboolean has_tags = tags.open->len > 0;
    frame.open = g_string_free(tags.open, !has_tags);
    frame.close = g_string_free(tags.close, !has_tags);
    g_array_append_val(writer->frames, frame);
}

static void on_leave(const MxHtmlNode *node, gpointer user_data)
{
    Writer *writer = user_data;
    if (node->text != NULL)
        return;
    Frame *frame = &g_array_index(writer->frames, Frame, writer->frames->len - 1);
    if (node->tag == MX_HTML_P || node->tag == MX_HTML_DIV)
        write_break(writer); /* as in the plain body */
    if (frame->close != NULL && frame->is_open)
        g_string_append(writer->html, frame->close);
    g_array_set_size(writer->frames, writer->frames->len - 1);
    writer->open = MIN(writer->open, writer->frames->len);
}

char *mxp_markup_to_html(const char *markup, gsize skip)
{
    g_autoptr(MxHtml) tree = mx_html_parse(markup, MX_HTML_TYPED);
    if (tree == NULL)
        return NULL;
    Writer writer = {.html = g_string_new(NULL), .skip = skip, .is_start = TRUE};
    writer.frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_array_set_clear_func(writer.frames, frame_clear);
    mx_html_walk(mx_html_get_root(tree), on_enter, on_leave, &writer);
    write_spaces(&writer, TRUE);
    g_array_unref(writer.frames);
    if (writer.is_formatted)
        return g_string_free(writer.html, FALSE);
    g_string_free(writer.html, TRUE);
    return NULL;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "markup.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "markup-private.h"
#include "mx-html.h"

/* Matrix's HTML as the markup of libpurple's clients. Pidgin knows some inline tags and line
 * breaks, Finch line breaks alone, so that everything else is written out as text. */

/* What is left of the markup, so that it stays under Pidgin's limit of tags. */
typedef enum {
    WITH_ALL,
    WITHOUT_FONTS,
    WITHOUT_BREAKS, /* line breaks are bare */
    WITHOUT_TAGS,
    N_LEVELS,
} Level;

#define RULE "──────────"
#define NBSP "&nbsp;"
/* Deeper ones are not told apart; a line must not become many times as long as its text. */
#define MAX_PREFIXES 8
#define MAX_START 1000000000
/* More in a row are no layout. */
#define MAX_SPACES 1000
#define QUOTE_COLOR "#808080"

typedef struct {
    const MxHtmlNode *node;
    char *open, *close; /* NULL: no markup of its own */
    gboolean is_open;   /* written; tags are written when there is text for them */
    gint64 count;       /* of a list's items or a row's cells so far */
    char *marker;       /* of an item, until it is written */
} Frame;

typedef struct {
    GString *markup;
    GArray *frames;
    Level level;
    guint tags;
    guint hard, block;         /* line breaks that are due: written ones, and those of blocks */
    guint spaces;              /* that are due */
    guint pre, cells;          /* how deep inside of these */
    const MxHtmlNode *formula; /* whose children say the same, or NULL */
    guint open;                /* so many of the frames, from the outermost on, are written */
    gboolean is_start;         /* of a line */
    gboolean after_p;          /* nothing was written since a paragraph's end */
    gboolean has_text;
} Writer;

static void frame_clear(gpointer data)
{
    Frame *frame = data;
    g_free(frame->open);
    g_free(frame->close);
    g_free(frame->marker);
}

static Frame *get_frame(Writer *writer, guint index)
{
    return &g_array_index(writer->frames, Frame, index);
}

/* ---- text ---- */

static void append_tags(Writer *writer, const char *tags)
{
    for (const char *at = tags; *at != '\0'; at++)
        writer->tags += *at == '<';
    g_string_append(writer->markup, tags);
}

static void write_breaks(Writer *writer)
{
    guint count = MAX(writer->hard, writer->has_text ? writer->block : 0);
    writer->hard = writer->block = 0;
    if (count == 0)
        return;
    writer->is_start = TRUE;
    for (; count > 0; count--)
        append_tags(writer, writer->level < WITHOUT_BREAKS ? "<br>" : "\n");
}

/* What stands in front of a line: quotes and the places in lists. */
static void write_prefix(Writer *writer)
{
    guint count = 0;
    for (guint i = 0; i < writer->frames->len && count < MAX_PREFIXES; i++) {
        Frame *frame = get_frame(writer, i);
        const char *prefix = NULL;
        if (frame->node->tag == MX_HTML_BLOCKQUOTE)
            prefix = "&gt; ";
        else if (frame->node->tag == MX_HTML_LI)
            prefix = frame->marker != NULL ? frame->marker : NBSP NBSP;
        if (prefix == NULL)
            continue;
        g_string_append(writer->markup, prefix);
        g_clear_pointer(&frame->marker, g_free);
        count++;
    }
}

static void write_spaces(Writer *writer)
{
    for (; writer->spaces > 0; writer->spaces--)
        g_string_append(writer->markup, writer->is_start ? NBSP : " ");
}

/* Asked before each character, so that it looks at new frames only. */
static void open_frames(Writer *writer)
{
    for (; writer->open < writer->frames->len; writer->open++) {
        Frame *frame = get_frame(writer, writer->open);
        if (frame->open != NULL)
            append_tags(writer, frame->open);
        frame->is_open = TRUE;
    }
}

static void write_visible(Writer *writer, gunichar c)
{
    write_breaks(writer);
    if (writer->is_start)
        write_prefix(writer);
    write_spaces(writer);
    open_frames(writer);
    if (c == 0xa0)
        g_string_append(writer->markup, NBSP);
    else
        mxp_markup_append(writer->markup, c, "");
    writer->is_start = writer->after_p = FALSE;
    writer->has_text |= c != 0xa0;
}

/* At the start of a line that is due or has begun, HTML has no spaces. */
static void write_space(Writer *writer, gunichar c)
{
    gboolean at_start = writer->is_start || writer->hard > 0 || writer->block > 0;
    if (writer->pre == 0)
        writer->spaces = at_start ? 0 : 1;
    else if (c == '\n' && writer->cells == 0)
        writer->hard++, writer->spaces = 0;
    else
        writer->spaces = MIN(writer->spaces + (c == '\t' ? 4 : 1), MAX_SPACES);
}

static void write_text(Writer *writer, const char *text)
{
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f')
            write_space(writer, c);
        else
            write_visible(writer, c);
    }
}

/* Around a block: a line of its own, or more. In a table's cell everything is one line. */
static void want_breaks(Writer *writer, guint count)
{
    if (writer->cells > 0) {
        writer->spaces = writer->is_start ? 0 : 1;
        return;
    }
    writer->spaces = 0;
    writer->block = MAX(writer->block, count);
}

/* ---- tags ---- */

static void set_tags(Writer *writer, Frame *frame, const char *open, const char *close)
{
    if (writer->level == WITHOUT_TAGS)
        return;
    if (writer->level >= WITHOUT_FONTS && g_str_has_prefix(open, "<font"))
        return;
    g_free(frame->open);
    g_free(frame->close);
    frame->open = g_strdup(open);
    frame->close = g_strdup(close);
    frame->is_open = FALSE;
    writer->open = MIN(writer->open, writer->frames->len - 1); /* it is the last one */
}

static void set_colors(Writer *writer, Frame *frame)
{
    const char *color = mx_html_get_attribute(frame->node, MX_HTML_COLOR);
    const char *back = mx_html_get_attribute(frame->node, MX_HTML_BG_COLOR);
    if (color == NULL && back == NULL)
        return;
    g_autoptr(GString) open = g_string_new("<font");
    if (color != NULL)
        g_string_append_printf(open, " color=\"%s\"", color);
    if (back != NULL)
        g_string_append_printf(open, " back=\"%s\"", back);
    g_string_append_c(open, '>');
    set_tags(writer, frame, open->str, "</font>");
}

static void enter_span(Writer *writer, Frame *frame)
{
    const char *spoiler = mx_html_get_attribute(frame->node, MX_HTML_SPOILER);
    set_colors(writer, frame);
    if (spoiler == NULL)
        return;
    /* TRANSLATORS: what follows is a text that gives something away; "]" closes it. */
    g_autofree char *text = *spoiler != '\0' ? g_strdup_printf(_("[spoiler, %s: "), spoiler)
                                             : g_strdup(_("[spoiler: "));
    write_text(writer, text);
}

/* A mention is a name; the address behind it is of no use outside of Matrix. */
static gboolean is_mention(const char *href)
{
    static const char *const prefixes[] = {"https://matrix.to/#/@", "https://matrix.to/#/%40",
                                           "matrix:u/"};
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_ascii_strncasecmp(href, prefixes[i], strlen(prefixes[i])) == 0)
            return TRUE;
    return FALSE;
}

static void enter_link(Writer *writer, Frame *frame)
{
    const char *href = mx_html_get_attribute(frame->node, MX_HTML_HREF);
    if (href == NULL || is_mention(href))
        return;
    g_autofree char *escaped = g_markup_escape_text(href, -1);
    g_autofree char *open = g_strdup_printf("<a href=\"%s\">", escaped);
    set_tags(writer, frame, open, "</a>");
}

static void leave_link(Writer *writer, Frame *frame)
{
    const char *href = mx_html_get_attribute(frame->node, MX_HTML_HREF);
    if (href == NULL || (is_mention(href) && frame->is_open))
        return;
    if (!frame->is_open) {
        write_text(writer, href);
        return;
    }
    g_autofree char *text = mx_html_dup_text(frame->node);
    if (frame->open != NULL || mxp_markup_is_address(href, g_strstrip(text)))
        return;
    g_autofree char *address = g_strdup_printf(" (%s)", href);
    write_text(writer, address);
}

static void enter_heading(Writer *writer, Frame *frame)
{
    want_breaks(writer, 1);
    if (writer->level >= WITHOUT_FONTS || frame->node->tag > MX_HTML_H3)
        set_tags(writer, frame, "<b>", "</b>");
    else if (frame->node->tag == MX_HTML_H3)
        set_tags(writer, frame, "<font size=\"4\"><b>", "</b></font>");
    else
        set_tags(writer, frame, "<font size=\"5\"><b>", "</b></font>");
}

static void enter_list(Writer *writer, Frame *frame)
{
    const char *start = mx_html_get_attribute(frame->node, MX_HTML_START);
    want_breaks(writer, 1);
    if (start == NULL ||
        !g_ascii_string_to_signed(start, 10, -MAX_START, MAX_START, &frame->count, NULL))
        frame->count = 1;
    frame->count--;
}

static void enter_item(Writer *writer, Frame *frame)
{
    Frame *list = writer->frames->len >= 2 ? get_frame(writer, writer->frames->len - 2) : NULL;
    want_breaks(writer, 1);
    if (list != NULL && list->node->tag == MX_HTML_OL)
        frame->marker = g_strdup_printf("%" G_GINT64_FORMAT ". ", ++list->count);
    else
        frame->marker = g_strdup("• ");
}

static void enter_cell(Writer *writer, Frame *frame)
{
    Frame *row = writer->frames->len >= 2 ? get_frame(writer, writer->frames->len - 2) : NULL;
    gboolean is_first = row == NULL || row->node->tag != MX_HTML_TR || row->count++ == 0;
    if (is_first && writer->cells == 0)
        want_breaks(writer, row != NULL && row->node->tag == MX_HTML_TR ? 0 : 1);
    else
        write_text(writer, " | ");
    writer->cells++;
    if (frame->node->tag == MX_HTML_TH)
        set_tags(writer, frame, "<b>", "</b>");
}

static void enter_image(Writer *writer, Frame *frame)
{
    const char *text = mx_html_get_attribute(frame->node, MX_HTML_ALT);
    if (text == NULL || *text == '\0')
        text = mx_html_get_attribute(frame->node, MX_HTML_TITLE);
    write_text(writer, text != NULL && *text != '\0' ? text : _("[image]"));
}

static void enter_pre(Writer *writer, Frame *frame)
{
    want_breaks(writer, 1);
    writer->pre++;
    set_tags(writer, frame, "<font face=\"monospace\">", "</font>");
}

/* The formula itself: what stands inside has lost its form, or is a picture, or the same again. */
static void enter_formula(Writer *writer, Frame *frame)
{
    const char *formula = mx_html_get_attribute(frame->node, MX_HTML_MATHS);
    if (formula == NULL || *formula == '\0')
        return;
    write_text(writer, formula);
    writer->formula = frame->node;
}

static void enter_inline(Writer *writer, Frame *frame)
{
    switch (frame->node->tag) {
    case MX_HTML_B:
        set_tags(writer, frame, "<b>", "</b>");
        break;
    case MX_HTML_I:
        set_tags(writer, frame, "<i>", "</i>");
        break;
    case MX_HTML_U:
        set_tags(writer, frame, "<u>", "</u>");
        break;
    case MX_HTML_S:
        set_tags(writer, frame, "<s>", "</s>");
        break;
    case MX_HTML_CODE:
        if (writer->pre == 0)
            set_tags(writer, frame, "<font face=\"monospace\">", "</font>");
        break;
    case MX_HTML_SUP:
        write_text(writer, "^");
        break;
    case MX_HTML_SUB:
        write_text(writer, "_");
        break;
    case MX_HTML_A:
        enter_link(writer, frame);
        break;
    case MX_HTML_IMG:
        enter_image(writer, frame);
        break;
    case MX_HTML_SPAN:
        enter_span(writer, frame);
        enter_formula(writer, frame);
        break;
    case MX_HTML_FONT:
        set_colors(writer, frame);
        break;
    default:
        break;
    }
}

static gboolean is_inside(Writer *writer, MxHtmlTag tag)
{
    for (guint i = 0; i + 1 < writer->frames->len; i++)
        if (get_frame(writer, i)->node->tag == tag)
            return TRUE;
    return FALSE;
}

static void enter_block(Writer *writer, Frame *frame)
{
    switch (frame->node->tag) {
    case MX_HTML_P:
        want_breaks(writer, writer->after_p && !is_inside(writer, MX_HTML_LI) ? 2 : 1);
        break;
    case MX_HTML_DIV:
        want_breaks(writer, 1);
        enter_formula(writer, frame);
        break;
    case MX_HTML_BLOCKQUOTE:
        want_breaks(writer, 1);
        if (!is_inside(writer, MX_HTML_BLOCKQUOTE))
            set_tags(writer, frame, "<font color=\"" QUOTE_COLOR "\">", "</font>");
        break;
    case MX_HTML_SUMMARY:
        want_breaks(writer, 1);
        write_text(writer, "▸ ");
        set_tags(writer, frame, "<b>", "</b>");
        break;
    case MX_HTML_HR:
        want_breaks(writer, 1);
        write_text(writer, RULE);
        want_breaks(writer, 1);
        break;
    default:
        want_breaks(writer, 1);
    }
}

static void enter_element(Writer *writer, Frame *frame)
{
    switch (frame->node->tag) {
    case MX_HTML_ROOT:
        break;
    case MX_HTML_BR:
        if (writer->cells > 0)
            want_breaks(writer, 1);
        else
            writer->hard++, writer->spaces = 0;
        break;
    case MX_HTML_H1:
    case MX_HTML_H2:
    case MX_HTML_H3:
    case MX_HTML_H4:
    case MX_HTML_H5:
    case MX_HTML_H6:
        enter_heading(writer, frame);
        break;
    case MX_HTML_OL:
    case MX_HTML_UL:
        enter_list(writer, frame);
        break;
    case MX_HTML_LI:
        enter_item(writer, frame);
        break;
    case MX_HTML_PRE:
        enter_pre(writer, frame);
        break;
    case MX_HTML_TD:
    case MX_HTML_TH:
        enter_cell(writer, frame);
        break;
    case MX_HTML_P:
    case MX_HTML_DIV:
    case MX_HTML_BLOCKQUOTE:
    case MX_HTML_DETAILS:
    case MX_HTML_SUMMARY:
    case MX_HTML_HR:
    case MX_HTML_TABLE:
    case MX_HTML_THEAD:
    case MX_HTML_TBODY:
    case MX_HTML_TR:
    case MX_HTML_CAPTION:
        enter_block(writer, frame);
        break;
    default:
        enter_inline(writer, frame);
    }
}

static void on_enter(const MxHtmlNode *node, gpointer user_data)
{
    Writer *writer = user_data;
    if (writer->formula != NULL)
        return;
    if (node->text != NULL) {
        gboolean is_first = node->parent->tag == MX_HTML_PRE && node->parent->first == node;
        write_text(writer, is_first && *node->text == '\n' ? node->text + 1 : node->text);
        return;
    }
    Frame frame = {.node = node};
    g_array_append_val(writer->frames, frame);
    enter_element(writer, get_frame(writer, writer->frames->len - 1));
}

static void leave_element(Writer *writer, Frame *frame)
{
    switch (frame->node->tag) {
    case MX_HTML_A:
        leave_link(writer, frame);
        break;
    case MX_HTML_SPAN:
        if (mx_html_get_attribute(frame->node, MX_HTML_SPOILER) != NULL)
            write_text(writer, "]");
        break;
    case MX_HTML_PRE:
        writer->pre--;
        writer->hard -= MIN(writer->hard, 1);
        break;
    case MX_HTML_TD:
    case MX_HTML_TH:
        writer->cells--;
        break;
    default:
        break;
    }
}

#define INLINE                                                                                     \
    {                                                                                              \
        [MX_HTML_A] = TRUE, [MX_HTML_B] = TRUE, [MX_HTML_BR] = TRUE, [MX_HTML_CODE] = TRUE,        \
        [MX_HTML_FONT] = TRUE, [MX_HTML_I] = TRUE, [MX_HTML_IMG] = TRUE, [MX_HTML_ROOT] = TRUE,    \
        [MX_HTML_S] = TRUE, [MX_HTML_SPAN] = TRUE, [MX_HTML_SUB] = TRUE, [MX_HTML_SUP] = TRUE,     \
        [MX_HTML_TD] = TRUE, [MX_HTML_TH] = TRUE, [MX_HTML_U] = TRUE, [MX_HTML_N_TAGS] = TRUE,     \
    }

static void on_leave(const MxHtmlNode *node, gpointer user_data)
{
    static const gboolean is_inline[] = INLINE;
    Writer *writer = user_data;
    if (writer->formula == node)
        writer->formula = NULL;
    if (node->text != NULL || writer->formula != NULL)
        return;
    Frame *frame = get_frame(writer, writer->frames->len - 1);
    leave_element(writer, frame);
    if (frame->close != NULL && frame->is_open)
        append_tags(writer, frame->close);
    if (!is_inline[node->tag]) {
        want_breaks(writer, 1);
        writer->after_p = node->tag == MX_HTML_P;
    }
    g_array_set_size(writer->frames, writer->frames->len - 1);
    writer->open = MIN(writer->open, writer->frames->len);
}

/* NULL when it has too many tags. */
static char *write_tree(const MxHtmlNode *root, Level level, gboolean *has_text)
{
    Writer writer = {.markup = g_string_new(NULL), .level = level, .is_start = TRUE};
    writer.frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_array_set_clear_func(writer.frames, frame_clear);
    mx_html_walk(root, on_enter, on_leave, &writer);
    writer.block = 0;
    write_breaks(&writer);
    g_array_unref(writer.frames);
    *has_text = writer.has_text;
    if (writer.tags <= MXP_MARKUP_MAX_TAGS)
        return g_string_free(writer.markup, FALSE);
    g_string_free(writer.markup, TRUE);
    return NULL;
}

char *mxp_markup_from_html(const char *html, gboolean is_emote)
{
    g_autoptr(MxHtml) tree = mx_html_parse(html, MX_HTML_FOREIGN);
    g_autofree char *markup = NULL;
    gboolean has_text = tree != NULL;
    for (int level = WITH_ALL; has_text && markup == NULL && level < N_LEVELS; level++)
        markup = write_tree(mx_html_get_root(tree), level, &has_text);
    if (!has_text || markup == NULL)
        return NULL;
    return is_emote ? g_strconcat("/me ", markup, NULL)
                    : mxp_markup_guard(g_steal_pointer(&markup));
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-markdown.h"

#include <string.h>

#include <cmark.h>

#include "mx-html.h"

/* What is not to be read as Markdown goes through cmark as characters that Unicode gives to nobody
 * (U+FDD0 to U+FDEF), which take part in no mark. */
#define HELD "\xef\xb7"
#define HELD_NAME "\xef\xb7\x90"       /* two digits follow */
#define HELD_UNDERSCORE "\xef\xb7\x91" /* of an address */
#define HELD_ASTERISK "\xef\xb7\x92"
#define HELD_DIGIT 0xfde0
#define HELD_BYTES 3
#define MAX_NAMES 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cmark_node, cmark_node_free)

typedef struct {
    const char *text;
    MxMarkdownName *names;
    guint n_names;
} Source;

static gboolean has_held(const char *text)
{
    for (const char *at = text; (at = strstr(at, HELD)) != NULL; at++)
        if ((guchar)at[2] >= 0x90 && (guchar)at[2] <= 0xaf)
            return TRUE;
    return FALSE;
}

/* ---- what cmark is given ---- */

static gboolean begins_address(const Source *source, const char *at)
{
    static const char *const schemes[] = {
        "http://", "https://", "ftp://", "mailto:", "matrix:r/", "matrix:u/", "magnet:", "www."};
    if (at > source->text && g_ascii_isalnum(at[-1]))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(at, schemes[i], strlen(schemes[i])) == 0)
            return TRUE;
    /* Matrix IDs and addresses of rooms */
    gboolean begins = at == source->text || strchr(" \t\r\n(", at[-1]) != NULL;
    return begins && (*at == '@' || *at == '#') && at[1] != ' ' && at[1] != *at;
}

/* The address without what ends a sentence or the emphasis around it. */
static gsize get_address_len(const char *at)
{
    gsize len = strcspn(at, " \t\r\n<>\"`");
    while (len > 1 && strchr(".,:;!?)]'*_", at[len - 1]) != NULL)
        len--;
    return len;
}

static void hold_address(GString *held, const char *at, gsize len)
{
    for (const char *end = at + len; at < end; at++) {
        if (*at == '_')
            g_string_append(held, HELD_UNDERSCORE);
        else if (*at == '*')
            g_string_append(held, HELD_ASTERISK);
        else
            g_string_append_c(held, *at);
    }
}

static char *hold(const Source *source)
{
    GString *held = g_string_sized_new(strlen(source->text) + 64);
    guint next = 0;
    for (const char *at = source->text; *at != '\0';) {
        const MxMarkdownName *name = next < source->n_names ? &source->names[next] : NULL;
        gsize left = name != NULL ? (gsize)(source->text + name->start - at) : strlen(at);
        if (name != NULL && left == 0) {
            g_string_append(held, HELD_NAME);
            g_string_append_unichar(held, HELD_DIGIT + next / 16);
            g_string_append_unichar(held, HELD_DIGIT + next % 16);
            at += name->len;
            next++;
        } else if (begins_address(source, at)) {
            gsize len = MIN(get_address_len(at), left);
            hold_address(held, at, len);
            at += len;
        } else {
            g_string_append_c(held, *at++);
        }
    }
    return g_string_free(held, FALSE);
}

/* ---- what cmark gives ---- */

static guint read_index(const char *mark)
{
    gunichar high = g_utf8_get_char(mark + HELD_BYTES);
    gunichar low = g_utf8_get_char(mark + 2 * HELD_BYTES);
    return (high - HELD_DIGIT) * 16 + low - HELD_DIGIT;
}

/* Up to the next name, as it was typed; at is behind it then. */
static char *release_until_name(const char **at)
{
    GString *text = g_string_new(NULL);
    while (**at != '\0' && !g_str_has_prefix(*at, HELD_NAME)) {
        if (g_str_has_prefix(*at, HELD_UNDERSCORE) || g_str_has_prefix(*at, HELD_ASTERISK)) {
            g_string_append_c(text, g_str_has_prefix(*at, HELD_ASTERISK) ? '*' : '_');
            *at += HELD_BYTES;
        } else {
            g_string_append_c(text, *(*at)++);
        }
    }
    return g_string_free(text, FALSE);
}

static char *release(const Source *source, const char *held)
{
    GString *text = g_string_new(NULL);
    for (const char *at = held; *at != '\0';) {
        g_autofree char *part = release_until_name(&at);
        g_string_append(text, part);
        if (*at == '\0')
            break;
        const MxMarkdownName *name = &source->names[read_index(at)];
        g_string_append_len(text, source->text + name->start, name->len);
        at += 3 * HELD_BYTES;
    }
    return g_string_free(text, FALSE);
}

static void add_text(cmark_node *before, const char *text)
{
    if (*text == '\0')
        return;
    cmark_node *node = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(node, text);
    cmark_node_insert_before(before, node);
}

static gboolean is_in_link(cmark_node *node)
{
    for (; node != NULL; node = cmark_node_parent(node))
        if (cmark_node_get_type(node) == CMARK_NODE_LINK)
            return TRUE;
    return FALSE;
}

static void add_name(const Source *source, cmark_node *before, MxMarkdownName *name)
{
    name->is_hidden = FALSE;
    if (name->href == NULL || is_in_link(before)) {
        g_autofree char *typed = g_strndup(source->text + name->start, name->len);
        add_text(before, typed);
        return;
    }
    cmark_node *link = cmark_node_new(CMARK_NODE_LINK);
    cmark_node *text = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_url(link, name->href);
    cmark_node_set_literal(text, name->text);
    cmark_node_append_child(link, text);
    cmark_node_insert_before(before, link);
}

static void finish_text(const Source *source, cmark_node *node)
{
    const char *literal = cmark_node_get_literal(node);
    if (literal == NULL || strstr(literal, HELD) == NULL)
        return;
    for (const char *at = literal; *at != '\0';) {
        g_autofree char *part = release_until_name(&at);
        add_text(node, part);
        if (*at == '\0')
            break;
        add_name(source, node, &source->names[read_index(at)]);
        at += 3 * HELD_BYTES;
    }
    cmark_node_free(node);
}

static void finish_code(const Source *source, cmark_node *node)
{
    g_autofree char *literal = release(source, cmark_node_get_literal(node));
    cmark_node_set_literal(node, literal);
    if (cmark_node_get_type(node) != CMARK_NODE_CODE_BLOCK)
        return;
    g_autofree char *info = release(source, cmark_node_get_fence_info(node));
    cmark_node_set_fence_info(node, info);
}

/* The HTML in it is what the user wants to be read. */
static void finish_html(const Source *source, cmark_node *node)
{
    g_autofree char *literal = release(source, cmark_node_get_literal(node));
    cmark_node *place = node;
    if (cmark_node_get_type(node) == CMARK_NODE_HTML_BLOCK) {
        place = cmark_node_new(CMARK_NODE_PARAGRAPH);
        cmark_node_insert_before(node, place);
    }
    g_auto(GStrv) lines = g_strsplit(g_strchomp(literal), "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        cmark_node *parts[] = {i > 0 ? cmark_node_new(CMARK_NODE_SOFTBREAK) : NULL,
                               cmark_node_new(CMARK_NODE_TEXT)};
        cmark_node_set_literal(parts[1], lines[i]);
        for (guint j = 0; j < G_N_ELEMENTS(parts); j++) {
            if (parts[j] != NULL && place == node)
                cmark_node_insert_before(node, parts[j]);
            else if (parts[j] != NULL)
                cmark_node_append_child(place, parts[j]);
        }
    }
    cmark_node_free(node);
}

/* A picture that is not on the homeserver is a link to it, and what leads nowhere is no link. */
static void finish_link(const Source *source, cmark_node *node)
{
    g_autofree char *url = release(source, cmark_node_get_url(node));
    gboolean is_link = mx_html_is_safe_link(url);
    cmark_node *link = cmark_node_new(CMARK_NODE_LINK);
    if (is_link) {
        cmark_node_set_url(link, url);
        cmark_node_insert_before(node, link);
    } else {
        add_text(node, cmark_node_get_type(node) == CMARK_NODE_IMAGE ? "![" : "[");
    }
    for (cmark_node *child; (child = cmark_node_first_child(node)) != NULL;) {
        if (is_link)
            cmark_node_append_child(link, child);
        else
            cmark_node_insert_before(node, child);
    }
    if (!is_link) {
        g_autofree char *rest = g_strdup_printf("](%s)", url);
        add_text(node, rest);
        cmark_node_free(link);
    }
    cmark_node_free(node);
}

static void finish_node(const Source *source, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        finish_text(source, node);
        break;
    case CMARK_NODE_CODE:
    case CMARK_NODE_CODE_BLOCK:
        finish_code(source, node);
        break;
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_HTML_INLINE:
        finish_html(source, node);
        break;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE:
        finish_link(source, node);
        break;
    default:
        break;
    }
}

static gboolean is_formatting(cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    return type != CMARK_NODE_DOCUMENT && type != CMARK_NODE_PARAGRAPH && type != CMARK_NODE_TEXT &&
           type != CMARK_NODE_SOFTBREAK && type != CMARK_NODE_LINEBREAK;
}

/* Nodes in the order of the text. */
static GPtrArray *list_nodes(cmark_node *document)
{
    GPtrArray *nodes = g_ptr_array_new();
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;)
        if (event == CMARK_EVENT_ENTER)
            g_ptr_array_add(nodes, cmark_iter_get_node(iter));
    cmark_iter_free(iter);
    return nodes;
}

/* names: whether links of names are formatting is the caller's to say, so they come in later. */
static cmark_node *parse(const Source *source, gboolean *is_formatted)
{
    g_autofree char *held = hold(source);
    cmark_node *document = cmark_parse_document(held, strlen(held), CMARK_OPT_DEFAULT);
    g_autoptr(GPtrArray) nodes = list_nodes(document);
    /* From the end, so that what is inside comes first. */
    for (guint i = nodes->len; i > 0; i--) {
        cmark_node_type type = cmark_node_get_type(nodes->pdata[i - 1]);
        if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE)
            finish_node(source, nodes->pdata[i - 1]);
    }
    g_autoptr(GPtrArray) rest = list_nodes(document);
    *is_formatted = FALSE;
    for (guint i = 0; i < rest->len; i++) {
        cmark_node_type type = cmark_node_get_type(rest->pdata[i]);
        if (type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE)
            continue;
        *is_formatted = *is_formatted || is_formatting(rest->pdata[i]);
    }
    for (guint i = 0; i < rest->len; i++)
        if (cmark_node_get_type(rest->pdata[i]) != CMARK_NODE_LINK)
            finish_node(source, rest->pdata[i]);
    return document;
}

/* A backslash counts where it keeps something from being formatted. */
static gboolean has_needed_escape(const char *text)
{
    if (strchr(text, '\\') == NULL)
        return FALSE;
    g_autoptr(GString) bare = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && g_ascii_ispunct(at[1]))
            at++;
        g_string_append_c(bare, *at);
    }
    gboolean is_formatted;
    Source source = {.text = bare->str};
    cmark_node_free(parse(&source, &is_formatted));
    return is_formatted;
}

/* One paragraph alone needs no tag. */
static char *render(cmark_node *document)
{
    cmark_node *only = cmark_node_first_child(document);
    char *rendered = cmark_render_html(document, CMARK_OPT_HARDBREAKS);
    g_autoptr(GString) html = g_string_new(rendered);
    cmark_get_default_mem_allocator()->free(rendered);
    g_string_replace(html, "<br />\n", "<br>", 0);
    g_string_replace(html, "<hr />", "<hr>", 0);
    if (html->len > 0 && html->str[html->len - 1] == '\n')
        g_string_truncate(html, html->len - 1);
    if (only != NULL && cmark_node_next(only) == NULL &&
        cmark_node_get_type(only) == CMARK_NODE_PARAGRAPH) {
        g_string_truncate(html, html->len - strlen("</p>"));
        g_string_erase(html, 0, strlen("<p>"));
    }
    return g_strdup(html->str);
}

char *mx_markdown_to_html(const char *text, MxMarkdownName *names, guint n_names)
{
    gboolean is_formatted;
    if (has_held(text) || n_names > MAX_NAMES || !g_utf8_validate(text, -1, NULL))
        return NULL;
    g_autofree MxMarkdownName *found = g_memdup2(names, n_names * sizeof *names);
    Source source = {text, found, n_names};
    for (guint i = 0; i < n_names; i++)
        found[i].is_hidden = TRUE;
    g_autoptr(cmark_node) document = parse(&source, &is_formatted);
    if (!is_formatted && !has_needed_escape(text))
        return NULL;
    for (guint i = 0; i < n_names; i++)
        names[i].is_hidden = found[i].is_hidden;
    return render(document);
}

/* ---- blocks ---- */

/* As cmark counts lines. */
static const char *skip_line(const char *at)
{
    at += strcspn(at, "\r\n");
    if (at[0] == '\r' && at[1] == '\n')
        return at + 2;
    return *at != '\0' ? at + 1 : at;
}

GArray *mx_markdown_list_blocks(const char *text)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    g_autoptr(cmark_node) document = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);
    const char *at = text;
    int line = 1;
    for (cmark_node *block = cmark_node_first_child(document); block != NULL;
         block = cmark_node_next(block)) {
        for (; line < cmark_node_get_start_line(block); line++)
            at = skip_line(at);
        gsize offset = at - text;
        if (offset > 0 && cmark_node_previous(block) != NULL)
            g_array_append_val(offsets, offset);
    }
    return offsets;
}

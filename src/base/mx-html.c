/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-html.h"

#include <string.h>

#include "mx-mxc.h"

struct _MxHtml {
    GPtrArray *nodes; /* owned; the root first */
};

typedef struct {
    MxHtml *html;
    MxHtmlNode *current;
    MxHtmlSource source;
    GString *text; /* not yet a node */
    const char *at, *end;
    guint depth;
    guint too_deep; /* open tags that were left out */
    guint bad_tags;
} Parser;

/* ---- what is allowed ---- */

static const struct {
    const char *name;
    MxHtmlTag tag;
} tag_names[] = {
    {"a", MX_HTML_A},
    {"b", MX_HTML_B},
    {"blockquote", MX_HTML_BLOCKQUOTE},
    {"br", MX_HTML_BR},
    {"caption", MX_HTML_CAPTION},
    {"code", MX_HTML_CODE},
    {"del", MX_HTML_S},
    {"details", MX_HTML_DETAILS},
    {"div", MX_HTML_DIV},
    {"em", MX_HTML_I},
    {"font", MX_HTML_FONT},
    {"h1", MX_HTML_H1},
    {"h2", MX_HTML_H2},
    {"h3", MX_HTML_H3},
    {"h4", MX_HTML_H4},
    {"h5", MX_HTML_H5},
    {"h6", MX_HTML_H6},
    {"hr", MX_HTML_HR},
    {"i", MX_HTML_I},
    {"img", MX_HTML_IMG},
    {"li", MX_HTML_LI},
    {"ol", MX_HTML_OL},
    {"p", MX_HTML_P},
    {"pre", MX_HTML_PRE},
    {"s", MX_HTML_S},
    {"span", MX_HTML_SPAN},
    {"strike", MX_HTML_S},
    {"strong", MX_HTML_B},
    {"sub", MX_HTML_SUB},
    {"summary", MX_HTML_SUMMARY},
    {"sup", MX_HTML_SUP},
    {"table", MX_HTML_TABLE},
    {"tbody", MX_HTML_TBODY},
    {"td", MX_HTML_TD},
    {"th", MX_HTML_TH},
    {"thead", MX_HTML_THEAD},
    {"tr", MX_HTML_TR},
    {"tt", MX_HTML_CODE},
    {"u", MX_HTML_U},
    {"ul", MX_HTML_UL},
};

/* These go with their text. */
static const char *const dropped_names[] = {"head",     "iframe",   "mx-reply", "noscript",
                                            "object",   "script",   "style",    "svg",
                                            "template", "textarea", "title"};

#define BIT(tag) (G_GUINT64_CONSTANT(1) << (tag))
#define VOID_TAGS (BIT(MX_HTML_BR) | BIT(MX_HTML_HR) | BIT(MX_HTML_IMG))
#define LISTS (BIT(MX_HTML_OL) | BIT(MX_HTML_UL))
#define CELLS (BIT(MX_HTML_TD) | BIT(MX_HTML_TH))
#define ROW_GROUPS (BIT(MX_HTML_THEAD) | BIT(MX_HTML_TBODY) | BIT(MX_HTML_CAPTION))
#define HEADINGS                                                                                   \
    (BIT(MX_HTML_H1) | BIT(MX_HTML_H2) | BIT(MX_HTML_H3) | BIT(MX_HTML_H4) | BIT(MX_HTML_H5) |     \
     BIT(MX_HTML_H6))
/* What a paragraph ends at. */
#define BLOCKS                                                                                     \
    (LISTS | HEADINGS | BIT(MX_HTML_P) | BIT(MX_HTML_BLOCKQUOTE) | BIT(MX_HTML_PRE) |              \
     BIT(MX_HTML_TABLE) | BIT(MX_HTML_DIV) | BIT(MX_HTML_DETAILS) | BIT(MX_HTML_HR))
/* What stands on its own: an inline tag's end inside does not reach a beginning outside. */
#define CONTAINERS                                                                                 \
    (LISTS | CELLS | ROW_GROUPS | BIT(MX_HTML_BLOCKQUOTE) | BIT(MX_HTML_TABLE) |                   \
     BIT(MX_HTML_DETAILS) | BIT(MX_HTML_DIV) | BIT(MX_HTML_LI) | BIT(MX_HTML_TR))

enum { FOREIGN = MX_HTML_FOREIGN, TYPED = MX_HTML_TYPED, BOTH = FOREIGN | TYPED };

static const struct {
    const char *name;
    guint64 tags;
    MxHtmlAttribute attribute;
    int sources;
} attribute_names[] = {
    {"alt", BIT(MX_HTML_IMG), MX_HTML_ALT, FOREIGN},
    {"back", BIT(MX_HTML_FONT), MX_HTML_BG_COLOR, TYPED},
    {"color", BIT(MX_HTML_FONT), MX_HTML_COLOR, BOTH},
    {"data-mx-bg-color", BIT(MX_HTML_FONT) | BIT(MX_HTML_SPAN), MX_HTML_BG_COLOR, FOREIGN},
    {"data-mx-color", BIT(MX_HTML_FONT) | BIT(MX_HTML_SPAN), MX_HTML_COLOR, FOREIGN},
    {"data-mx-emoticon", BIT(MX_HTML_IMG), MX_HTML_EMOTICON, FOREIGN},
    {"data-mx-maths", BIT(MX_HTML_SPAN) | BIT(MX_HTML_DIV), MX_HTML_MATHS, FOREIGN},
    {"data-mx-spoiler", BIT(MX_HTML_SPAN), MX_HTML_SPOILER, FOREIGN},
    {"face", BIT(MX_HTML_FONT), MX_HTML_FACE, TYPED},
    {"href", BIT(MX_HTML_A), MX_HTML_HREF, BOTH},
    {"src", BIT(MX_HTML_IMG), MX_HTML_SRC, FOREIGN},
    {"start", BIT(MX_HTML_OL), MX_HTML_START, FOREIGN},
    {"style", BIT(MX_HTML_SPAN), MX_HTML_STYLE, TYPED},
    {"title", BIT(MX_HTML_IMG), MX_HTML_TITLE, FOREIGN},
};

/* ---- the tree ---- */

static void node_free(gpointer data)
{
    MxHtmlNode *node = data;
    if (node->attributes != NULL)
        for (guint i = 0; i < MX_HTML_N_ATTRIBUTES; i++)
            g_free(node->attributes[i]);
    g_free(node->attributes);
    g_free(node->text);
    g_free(node);
}

static MxHtmlNode *add_node(Parser *parser, MxHtmlTag tag)
{
    MxHtmlNode *node = g_new0(MxHtmlNode, 1);
    MxHtmlNode *parent = parser->current;
    node->tag = tag;
    node->parent = parent;
    g_ptr_array_add(parser->html->nodes, node);
    if (parent != NULL && parent->last != NULL)
        parent->last->next = node;
    else if (parent != NULL)
        parent->first = node;
    if (parent != NULL)
        parent->last = node;
    return node;
}

static void flush_text(Parser *parser)
{
    if (parser->text->len == 0)
        return;
    add_node(parser, MX_HTML_TEXT)->text = g_strndup(parser->text->str, parser->text->len);
    g_string_truncate(parser->text, 0);
}

static void append_decoded(GString *decoded, const char *at, const char *end)
{
    while (at < end) {
        gsize used = *at == '&' ? mx_html_decode_entity(at, end, decoded) : 0;
        if (used == 0)
            g_string_append_c(decoded, *at++);
        at += used;
    }
}

/* Closes the innermost of these that is open, unless one of the borders is further in. */
static void close_one_of(Parser *parser, guint64 tags, guint64 borders)
{
    guint depth = parser->depth;
    for (MxHtmlNode *node = parser->current; node->parent != NULL; node = node->parent, depth--) {
        if ((BIT(node->tag) & tags) != 0) {
            flush_text(parser);
            parser->current = node->parent;
            parser->depth = depth - 1;
            return;
        }
        if ((BIT(node->tag) & borders) != 0)
            return;
    }
}

/* Ends that HTML lets people leave out. */
static void close_implied(Parser *parser, MxHtmlTag tag)
{
    guint64 bit = BIT(tag), table = BIT(MX_HTML_TABLE);
    if ((bit & BLOCKS) != 0)
        close_one_of(parser, BIT(MX_HTML_P), CONTAINERS);
    if (tag == MX_HTML_A)
        close_one_of(parser, bit, CONTAINERS);
    else if (tag == MX_HTML_LI)
        close_one_of(parser, bit, LISTS | table);
    else if ((bit & CELLS) != 0)
        close_one_of(parser, CELLS, table | BIT(MX_HTML_TR));
    else if (tag == MX_HTML_TR)
        close_one_of(parser, bit, table);
    else if ((bit & ROW_GROUPS) != 0)
        close_one_of(parser, ROW_GROUPS, table);
}

static void end_tag(Parser *parser, MxHtmlTag tag)
{
    guint64 bit = BIT(tag), borders = CONTAINERS;
    if ((bit & VOID_TAGS) != 0)
        return;
    if (parser->too_deep > 0) {
        parser->too_deep--;
        return;
    }
    if (tag == MX_HTML_LI)
        borders = LISTS;
    else if ((bit & (CELLS | BIT(MX_HTML_TR) | ROW_GROUPS)) != 0)
        borders = BIT(MX_HTML_TABLE);
    else if ((bit & CONTAINERS) != 0)
        borders = 0;
    close_one_of(parser, bit, borders);
}

/* ---- tags ---- */

/* Takes the value. */
static void set_attribute(MxHtmlNode *node, MxHtmlAttribute attribute, char *value)
{
    g_autofree char *owned = value;
    if (node->attributes == NULL)
        node->attributes = g_new0(char *, MX_HTML_N_ATTRIBUTES);
    if (node->attributes[attribute] != NULL)
        return;
    if (attribute == MX_HTML_COLOR || attribute == MX_HTML_BG_COLOR)
        node->attributes[attribute] = mx_html_parse_color(owned);
    else if (attribute == MX_HTML_HREF  ? mx_html_is_safe_link(owned)
             : attribute == MX_HTML_SRC ? mx_mxc_parse(owned, NULL, NULL)
                                        : TRUE)
        node->attributes[attribute] = g_steal_pointer(&owned);
}

static void take_attribute(Parser *parser, MxHtmlNode *node, const char *name, gsize len,
                           const char *value, const char *value_end)
{
    for (guint i = 0; i < G_N_ELEMENTS(attribute_names); i++) {
        if (strlen(attribute_names[i].name) != len ||
            g_ascii_strncasecmp(name, attribute_names[i].name, len) != 0 ||
            (attribute_names[i].tags & BIT(node->tag)) == 0 ||
            (attribute_names[i].sources & (int)parser->source) == 0)
            continue;
        GString *decoded = g_string_new(NULL);
        append_decoded(decoded, value, value_end);
        set_attribute(node, attribute_names[i].attribute,
                      g_strstrip(g_string_free(decoded, FALSE)));
        return;
    }
}

static const char *skip_any(const char *at, const char *end, const char *set)
{
    while (at < end && strchr(set, *at) != NULL)
        at++;
    return at;
}

static const char *skip_until(const char *at, const char *end, const char *set)
{
    while (at < end && strchr(set, *at) == NULL)
        at++;
    return at;
}

#define SPACES " \t\r\n\f"

static void read_attributes(Parser *parser, MxHtmlNode *node, const char *at, const char *end)
{
    while ((at = skip_any(at, end, SPACES "/")) < end) {
        const char *name = at;
        at = skip_until(at + 1, end, SPACES "/=");
        gsize len = at - name;
        const char *value = at, *value_end = at;
        const char *equals = skip_any(at, end, SPACES);
        if (equals < end && *equals == '=') {
            value = skip_any(equals + 1, end, SPACES);
            char quote[2] = {value < end ? *value : '\0', '\0'};
            if (quote[0] == '"' || quote[0] == '\'') {
                value_end = skip_until(++value, end, quote);
                at = MIN(value_end + 1, end);
            } else {
                at = value_end = skip_until(value, end, SPACES);
            }
        }
        take_attribute(parser, node, name, len, value, value_end);
    }
}

static void begin_tag(Parser *parser, MxHtmlTag tag, const char *at, const char *end)
{
    gboolean is_void = (BIT(tag) & VOID_TAGS) != 0;
    close_implied(parser, tag);
    if (!is_void && parser->depth >= MX_HTML_MAX_DEPTH) {
        parser->too_deep++;
        return;
    }
    flush_text(parser);
    MxHtmlNode *node = add_node(parser, tag);
    read_attributes(parser, node, at, end);
    if (is_void)
        return;
    parser->current = node;
    parser->depth++;
}

/* Goes on behind the end of a tag whose text goes too. */
static void drop(Parser *parser, const char *name)
{
    gsize len = strlen(name);
    while ((parser->at = skip_until(parser->at, parser->end, "<")) < parser->end) {
        const char *at = parser->at++;
        if (at[1] != '/' || g_ascii_strncasecmp(at + 2, name, len) != 0 ||
            g_ascii_isalnum(at[2 + len]))
            continue;
        parser->at = skip_until(at, parser->end, ">");
        if (parser->at < parser->end)
            parser->at++;
        return;
    }
}

static gboolean is_name(const char *name, gsize len, const char *wanted)
{
    return strlen(wanted) == len && g_ascii_strncasecmp(name, wanted, len) == 0;
}

/* A tag from its name on; parser->at is behind it already. */
static void take_tag(Parser *parser, const char *name, const char *end)
{
    gboolean is_end = *name == '/';
    if (is_end)
        name++;
    const char *rest = skip_until(name, end, SPACES "/");
    gsize len = rest - name;
    for (guint i = 0; i < G_N_ELEMENTS(tag_names); i++) {
        if (!is_name(name, len, tag_names[i].name))
            continue;
        if (is_end)
            end_tag(parser, tag_names[i].tag);
        else
            begin_tag(parser, tag_names[i].tag, rest, end);
        return;
    }
    if (!is_end && parser->source == MX_HTML_FOREIGN)
        for (guint i = 0; i < G_N_ELEMENTS(dropped_names); i++)
            if (is_name(name, len, dropped_names[i]))
                drop(parser, dropped_names[i]);
}

/* Looking for the ends of tags that have none must not take long. */
#define MAX_TAG_BYTES 0x4000
#define MAX_BAD_TAGS 50

/* The '>' of the tag at at ('<'), or NULL when this is a mere character. */
static const char *find_tag_end(Parser *parser, const char *at)
{
    const char *end = parser->end - at > MAX_TAG_BYTES ? at + MAX_TAG_BYTES : parser->end;
    char quote = '\0';
    if (!g_ascii_isalpha(at[1]) && at[1] != '/' && at[1] != '!' && at[1] != '?')
        return NULL;
    if (parser->bad_tags >= MAX_BAD_TAGS)
        return NULL;
    for (at++; at < end; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '>')
            return at;
    }
    parser->bad_tags++;
    return NULL;
}

static gboolean skip_comment(Parser *parser)
{
    if (parser->source != MX_HTML_FOREIGN || !g_str_has_prefix(parser->at, "<!--"))
        return FALSE;
    const char *end = strstr(parser->at + 4, "-->");
    parser->at = end != NULL ? end + 3 : parser->end;
    return TRUE;
}

static void parse(Parser *parser)
{
    while (parser->at < parser->end && parser->html->nodes->len < MX_HTML_MAX_NODES) {
        const char *at = parser->at;
        if (*at == '<' && skip_comment(parser))
            continue;
        const char *tag_end = *at == '<' ? find_tag_end(parser, at) : NULL;
        if (tag_end != NULL) {
            parser->at = tag_end + 1;
            take_tag(parser, at + 1, tag_end);
        } else {
            parser->at = skip_until(at + 1, parser->end, "<");
            append_decoded(parser->text, at, parser->at);
        }
    }
    flush_text(parser);
}

MxHtml *mx_html_parse(const char *html, MxHtmlSource source)
{
    gsize len = strlen(html);
    if (len > MX_HTML_MAX_BYTES || !g_utf8_validate(html, len, NULL))
        return NULL;
    g_autoptr(MxHtml) tree = g_new0(MxHtml, 1);
    tree->nodes = g_ptr_array_new_with_free_func(node_free);
    Parser parser = {.html = tree, .source = source, .at = html, .end = html + len};
    parser.current = add_node(&parser, MX_HTML_ROOT);
    parser.text = g_string_new(NULL);
    parse(&parser);
    g_string_free(parser.text, TRUE);
    return parser.at < parser.end ? NULL : g_steal_pointer(&tree);
}

void mx_html_free(MxHtml *html)
{
    if (html == NULL)
        return;
    g_ptr_array_unref(html->nodes);
    g_free(html);
}

const MxHtmlNode *mx_html_get_root(const MxHtml *html)
{
    return g_ptr_array_index(html->nodes, 0);
}

const char *mx_html_get_attribute(const MxHtmlNode *node, MxHtmlAttribute attribute)
{
    return node->attributes != NULL ? node->attributes[attribute] : NULL;
}

void mx_html_walk(const MxHtmlNode *node, MxHtmlVisit enter, MxHtmlVisit leave, gpointer user_data)
{
    const MxHtmlNode *at = node;
    for (;;) {
        enter(at, user_data);
        if (at->first != NULL) {
            at = at->first;
            continue;
        }
        leave(at, user_data);
        while (at != node && at->next == NULL) {
            at = at->parent;
            leave(at, user_data);
        }
        if (at == node)
            return;
        at = at->next;
    }
}

static void on_enter_text(const MxHtmlNode *node, gpointer user_data)
{
    if (node->text != NULL)
        g_string_append(user_data, node->text);
}

static void on_leave_nothing(const MxHtmlNode *node, gpointer user_data)
{
}

char *mx_html_dup_text(const MxHtmlNode *node)
{
    GString *text = g_string_new(NULL);
    mx_html_walk(node, on_enter_text, on_leave_nothing, text);
    return g_string_free(text, FALSE);
}

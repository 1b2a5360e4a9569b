/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "markup.h"
#include "markup-private.h"

#include <string.h>

#include <util.h>

/* ---- to markup ---- */

void mxp_markup_append(GString *markup, gunichar c, const char *line_break)
{
    switch (c) {
    case '&':
        g_string_append(markup, "&amp;");
        break;
    case '<':
        g_string_append(markup, "&lt;");
        break;
    case '>':
        g_string_append(markup, "&gt;");
        break;
    case '"':
        g_string_append(markup, "&quot;");
        break;
    case '\n':
        g_string_append(markup, line_break);
        break;
    case '\t':
        g_string_append_c(markup, '\t');
        break;
    default:
        /* Other control characters have no place in a line and upset terminals. */
        g_string_append_unichar(markup, c < 0x20 || (c >= 0x7f && c < 0xa0) ? 0xfffd : c);
    }
}

static int count_breaks(const char *text)
{
    int count = 0;
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r')
            count++;
    return count;
}

char *mxp_markup_escape(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *markup = g_string_sized_new(strlen(valid) + 32);
    /* Bare line breaks are shown by both clients, but logs in plain text do not keep them. */
    const char *line_break = count_breaks(valid) > MXP_MARKUP_MAX_TAGS ? "\n" : "<br>";
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        if (at[0] == '\r' && at[1] == '\n')
            continue;
        mxp_markup_append(markup, *at == '\r' ? '\n' : g_utf8_get_char(at), line_break);
    }
    return g_string_free(markup, FALSE);
}

char *mxp_markup_guard(char *markup)
{
    g_autofree char *owned = markup;
    /* libpurple looks for these bytes behind any leading tags, and before it decodes entities. */
    const char *start = owned;
    while (*start == '<' && strchr(start, '>') != NULL)
        start = strchr(start, '>') + 1;
    if (g_ascii_strncasecmp(start, "/me ", 4) != 0)
        return g_steal_pointer(&owned);
    return g_strdup_printf("%.*s&#47;%s", (int)(start - owned), owned, start + 1);
}

char *mxp_markup_from_plain(const char *text, gboolean is_emote)
{
    g_autofree char *escaped = mxp_markup_escape(text);
    if (is_emote)
        return g_strconcat("/me ", escaped, NULL);
    return mxp_markup_guard(g_steal_pointer(&escaped));
}

/* ---- to plain text ---- */

typedef struct {
    GString *plain;
    char *href;       /* of the link that is open, as it stands, or NULL */
    gsize link_start; /* where its text begins */
} Reader;

/* The end of the tag at at ('<'), its '>', or NULL when this is a mere character. */
static const char *find_tag_end(const char *at)
{
    if (!g_ascii_isalpha(at[1]) && at[1] != '/' && at[1] != '!')
        return NULL;
    char quote = '\0';
    for (at++; *at != '\0'; at++) {
        if (quote != '\0') {
            if (*at == quote)
                quote = '\0';
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '>') {
            return at;
        }
    }
    return NULL;
}

static gboolean tag_is(const char *tag, const char *name)
{
    gsize len = strlen(name);
    return g_ascii_strncasecmp(tag, name, len) == 0 && !g_ascii_isalnum(tag[len]);
}

static char *decode(const char *text, gsize len)
{
    GString *decoded = g_string_sized_new(len);
    const char *end = text + len;
    while (text < end) {
        int used = 0;
        const char *character = *text == '&' ? purple_markup_unescape_entity(text, &used) : NULL;
        /* A number may name half a character. */
        if (character != NULL && used > 0 && text + used <= end &&
            g_utf8_validate(character, -1, NULL)) {
            g_string_append(decoded, character);
            text += used;
        } else {
            g_string_append_c(decoded, *text++);
        }
    }
    return g_string_free(decoded, FALSE);
}

static char *get_href(const char *tag, const char *end)
{
    g_autofree char *copy = g_strndup(tag, end - tag);
    g_autofree char *lower = g_ascii_strdown(copy, -1);
    const char *at = strstr(lower, "href");
    if (at == NULL)
        return NULL;
    const char *value = copy + (at - lower) + strlen("href");
    value += strspn(value, " \t\n=");
    char quote = *value == '"' || *value == '\'' ? *value++ : '\0';
    gsize len = quote != '\0' ? strcspn(value, (char[]){quote, '\0'}) : strcspn(value, " \t\n");
    return g_strndup(value, len);
}

gboolean mxp_markup_is_address(const char *href, const char *text)
{
    static const char *const prefixes[] = {"", "http://", "https://", "ftp://", "mailto:"};
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(href, prefixes[i]) && g_str_equal(href + strlen(prefixes[i]), text))
            return TRUE;
    return FALSE;
}

static void end_link(Reader *reader)
{
    g_autofree char *href = g_steal_pointer(&reader->href);
    if (href == NULL || *href == '\0')
        return;
    const char *text = reader->plain->str + reader->link_start;
    g_autofree char *decoded = decode(href, strlen(href));
    /* libpurple's own linkify puts the address in without escaping it. */
    if (mxp_markup_is_address(decoded, text) || mxp_markup_is_address(href, text))
        return;
    if (*text == '\0')
        g_string_append(reader->plain, decoded);
    else
        g_string_append_printf(reader->plain, " (%s)", decoded);
}

static void read_tag(Reader *reader, const char *tag, const char *end)
{
    if (tag_is(tag, "br") || tag_is(tag, "/p") || tag_is(tag, "/div")) {
        g_string_append_c(reader->plain, '\n');
    } else if (tag_is(tag, "hr")) {
        g_string_append(reader->plain, "\n---\n"); /* as Pidgin writes it where it is no picture */
    } else if (tag_is(tag, "a")) {
        end_link(reader);
        reader->href = get_href(tag, end);
        reader->link_start = reader->plain->len;
    } else if (tag_is(tag, "/a")) {
        end_link(reader);
    }
}

static const char *read_text(Reader *reader, const char *at)
{
    gsize len = 1 + strcspn(at + 1, "<");
    g_autofree char *text = decode(at, len);
    g_string_append(reader->plain, text);
    return at + len;
}

char *mxp_markup_to_plain(const char *markup)
{
    Reader reader = {.plain = g_string_sized_new(strlen(markup))};
    const char *at = markup;
    while (*at != '\0') {
        const char *end = *at == '<' ? find_tag_end(at) : NULL;
        if (end != NULL) {
            read_tag(&reader, at + 1, end);
            at = end + 1;
        } else {
            at = read_text(&reader, at);
        }
    }
    end_link(&reader);
    return g_string_free(reader.plain, FALSE);
}

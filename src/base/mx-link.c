/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-link.h"

#include <string.h>

#include "mx-id.h"

/* Longer than any link of valid parts. */
#define MAX_LEN 8192

void mx_link_free(MxLink *link)
{
    if (link == NULL)
        return;
    g_free(link->id);
    g_free(link->event_id);
    g_strfreev(link->via);
    g_free(link);
}

/* Takes id. NULL unless it is an identifier that one can go to. */
static MxLink *new_link(char *id)
{
    g_autoptr(MxLink) link = g_new0(MxLink, 1);
    link->id = id;
    if (id == NULL)
        return NULL;
    if (mx_room_id_is_valid(id))
        link->kind = MX_LINK_ROOM;
    else if (mx_room_alias_is_valid(id))
        link->kind = MX_LINK_ALIAS;
    else if (mx_user_id_is_valid(id))
        link->kind = MX_LINK_USER;
    else
        return NULL;
    link->via = g_new0(char *, 1);
    return g_steal_pointer(&link);
}

/* Takes event_id, which may be NULL. FALSE: it is none, or the link leads to a person. */
static gboolean set_event(MxLink *link, char *event_id)
{
    link->event_id = event_id;
    return event_id != NULL && mx_event_id_is_valid(event_id) && link->kind != MX_LINK_USER;
}

static void read_parameter(MxLink *link, GPtrArray *via, const char *name, const char *value)
{
    if (g_str_equal(name, "via")) {
        if (via->len < MX_LINK_MAX_VIA && mx_server_name_is_valid(value) &&
            !g_ptr_array_find_with_equal_func(via, value, g_str_equal, NULL))
            g_ptr_array_add(via, g_strdup(value));
    } else if (g_str_equal(name, "action")) {
        if (g_str_equal(value, "join") && link->kind != MX_LINK_USER)
            link->action = MX_LINK_ACTION_JOIN;
        else if (g_str_equal(value, "chat") && link->kind == MX_LINK_USER)
            link->action = MX_LINK_ACTION_CHAT;
    }
}

/* Parameters that are not known, or broken, are passed over: the link may still lead somewhere. */
static void read_query(MxLink *link, const char *query)
{
    g_autoptr(GPtrArray) via = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) pairs = g_strsplit(query != NULL ? query : "", "&", -1);
    for (gsize i = 0; pairs[i] != NULL; i++) {
        char *equals = strchr(pairs[i], '=');
        g_autofree char *value = NULL;
        if (equals == NULL)
            continue;
        *equals = '\0';
        value = g_uri_unescape_string(equals + 1, NULL);
        if (value != NULL)
            read_parameter(link, via, pairs[i], value);
    }
    g_ptr_array_add(via, NULL);
    g_strfreev(link->via);
    link->via = (char **)g_ptr_array_free(g_steal_pointer(&via), FALSE);
}

/* Cuts text at the first of the character, and gives what follows it; NULL: there is none. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);
    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + 1;
}

/* IDENTIFIER[/EVENT][?QUERY]; many programs encode nothing. */
static MxLink *parse_matrix_to(char *rest)
{
    const char *query = cut(rest, '?');
    char *event = cut(rest, '/'); /* an event ID of room version 3 may have more of them */
    g_autoptr(MxLink) link = new_link(g_uri_unescape_string(rest, NULL));
    if (link == NULL)
        return NULL;
    if (event != NULL && *event != '\0' && !set_event(link, g_uri_unescape_string(event, NULL)))
        return NULL;
    read_query(link, query);
    return g_steal_pointer(&link);
}

static char *with_sigil(char sigil, const char *encoded)
{
    g_autofree char *decoded = g_uri_unescape_string(encoded, NULL);
    return decoded != NULL ? g_strdup_printf("%c%s", sigil, decoded) : NULL;
}

/* TYPE/ID[/e/EVENT][?QUERY][#...], identifiers without their sigils. */
static MxLink *parse_matrix_uri(char *rest)
{
    static const struct {
        const char *type;
        char sigil;
    } types[] = {
        {"u", '@'}, {"user", '@'}, {"r", '#'}, {"room", '#'}, {"roomid", '!'},
    };
    cut(rest, '#');
    const char *query = cut(rest, '?');
    g_auto(GStrv) parts = g_strsplit(rest, "/", 5);
    guint count = g_strv_length(parts);
    g_autoptr(MxLink) link = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(types) && (count == 2 || count == 4); i++)
        if (g_ascii_strcasecmp(parts[0], types[i].type) == 0)
            link = new_link(with_sigil(types[i].sigil, parts[1]));
    if (link == NULL)
        return NULL;
    if (count == 4) {
        if (g_ascii_strcasecmp(parts[2], "e") != 0 && g_ascii_strcasecmp(parts[2], "event") != 0)
            return NULL;
        if (!set_event(link, with_sigil('$', parts[3])))
            return NULL;
    }
    read_query(link, query);
    return g_steal_pointer(&link);
}

/* What follows the prefix, in whatever case that is written; NULL: it begins otherwise. */
static char *skip(char *text, const char *prefix)
{
    gsize len = strlen(prefix);
    return text != NULL && g_ascii_strncasecmp(text, prefix, len) == 0 ? text + len : NULL;
}

static char *skip_matrix_to(char *text)
{
    char *rest = skip(text, "https://");
    if (rest == NULL)
        rest = skip(text, "http://");
    if (rest == NULL)
        rest = text;
    char *bare = skip(rest, "www.");
    rest = skip(bare != NULL ? bare : rest, "matrix.to");
    /* The slash before the fragment is often left out. */
    char *fragment = skip(rest, "/#/");
    return fragment != NULL ? fragment : skip(rest, "#/");
}

MxLink *mx_link_parse(const char *text)
{
    if (text == NULL || strlen(text) > MAX_LEN || !g_utf8_validate(text, -1, NULL))
        return NULL;
    g_autofree char *copy = g_strstrip(g_strdup(text));
    if (*copy != '\0' && strchr("!#@", *copy) != NULL)
        return new_link(g_strdup(copy));
    char *rest = skip(copy, "matrix:");
    if (rest != NULL)
        return parse_matrix_uri(rest);
    rest = skip_matrix_to(copy);
    return rest != NULL ? parse_matrix_to(rest) : NULL;
}

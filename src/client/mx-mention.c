/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-mention.h"

#include <string.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-power.h"
#include "mx-room-name.h"

/* Names that are looked up in one message. */
#define MAX_LOOKUPS 50
#define MAX_WORDS 4
#define MAX_NAME_BYTES 300

typedef struct {
    gsize start, len; /* in the body */
    char *user_id;
} Pill;

static void pill_clear(gpointer data)
{
    g_free(((Pill *)data)->user_id);
}

typedef struct {
    MxStore *store;
    gint64 room;
    const char *body;
    GArray *pills; /* of Pill, in order */
    gboolean has_room;
    guint lookups;
} Search;

/* ---- who ---- */

static gboolean is_joined(Search *search, const char *user_id)
{
    g_autoptr(MxMemberRow) member = mx_store_get_member(search->store, search->room, user_id);
    return member != NULL && member->membership == MX_MEMBERSHIP_JOIN;
}

/* "Bob (@bob:server)", as a window calls one of two Bobs. */
static char *read_long_name(Search *search, const char *name)
{
    const char *open = strrchr(name, '(');
    gsize len = strlen(name);
    if (open == NULL || name[len - 1] != ')')
        return NULL;
    g_autofree char *user_id = g_strndup(open + 1, name + len - 1 - (open + 1));
    return mx_user_id_is_valid(user_id) && is_joined(search, user_id) ? g_steal_pointer(&user_id)
                                                                      : NULL;
}

/* The one joined member of that name, or NULL. */
static char *find_by_name(Search *search, const char *name)
{
    if (*name == '\0' || search->lookups++ >= MAX_LOOKUPS)
        return NULL;
    g_autofree char *user_id = mx_store_find_only_namesake(search->store, search->room, "", name);
    if (user_id != NULL)
        return is_joined(search, user_id) ? g_steal_pointer(&user_id) : NULL;
    return read_long_name(search, name);
}

static void add_pill(Search *search, const char *start, gsize len, char *user_id)
{
    Pill pill = {start - search->body, len, user_id};
    g_array_append_val(search->pills, pill);
}

/* ---- where ---- */

/* What ends a sentence is no part of a name. */
static gsize trim(const char *start, gsize len)
{
    while (len > 1 && strchr(".,:;!?)'\"", start[len - 1]) != NULL)
        len--;
    return len;
}

static gsize word_len(const char *at)
{
    return strcspn(at, " \t\r\n");
}

static gboolean read_id(Search *search, const char *at)
{
    gsize len = trim(at, MIN(word_len(at), 256));
    g_autofree char *user_id = g_strndup(at, len);
    if (!mx_user_id_is_valid(user_id) || !is_joined(search, user_id))
        return FALSE;
    add_pill(search, at, len, g_steal_pointer(&user_id));
    return TRUE;
}

/* "@Name" of up to four words, the longest that is somebody's. */
static gboolean read_name(Search *search, const char *at)
{
    gsize ends[MAX_WORDS];
    guint n = 0;
    for (const char *end = at; n < MAX_WORDS && end - at < MAX_NAME_BYTES;) {
        end += word_len(end);
        ends[n++] = end - at;
        if (*end != ' ')
            break;
        end++;
    }
    for (; n > 0; n--) {
        gsize len = trim(at, ends[n - 1]);
        g_autofree char *name = g_strndup(at + 1, len > 0 ? len - 1 : 0);
        char *user_id = find_by_name(search, name);
        if (user_id == NULL)
            continue;
        add_pill(search, at, len, user_id);
        return TRUE;
    }
    return FALSE;
}

static void read_at(Search *search, const char *at)
{
    gsize len = trim(at, word_len(at));
    if (len == strlen("@room") && strncmp(at, "@room", len) == 0)
        search->has_room = TRUE;
    else if (!read_id(search, at))
        read_name(search, at);
}

/* "Name: ..." */
static gsize read_start(Search *search)
{
    const char *colon = search->body;
    gsize line = strcspn(search->body, "\r\n");
    while ((colon = memchr(colon, ':', search->body + line - colon)) != NULL &&
           colon - search->body < MAX_NAME_BYTES) {
        if (colon[1] == ' ' || colon[1] == '\0') {
            g_autofree char *name = g_strndup(search->body, colon - search->body);
            char *user_id = find_by_name(search, name);
            if (user_id != NULL)
                add_pill(search, search->body, colon - search->body, user_id);
            return user_id != NULL ? colon - search->body : 0;
        }
        colon++;
    }
    return 0;
}

static void find_pills(Search *search)
{
    const char *at = search->body + (*search->body != '@' ? read_start(search) : 0);
    for (; (at = strchr(at, '@')) != NULL; at++) {
        gboolean begins = at == search->body || strchr(" \t\r\n(", at[-1]) != NULL;
        if (!begins)
            continue;
        guint n = search->pills->len;
        read_at(search, at);
        if (search->pills->len > n)
            at += g_array_index(search->pills, Pill, n).len - 1;
    }
}

/* ---- the message ---- */

static void append_text(GString *html, const char *text, gsize len)
{
    g_autofree char *part = g_strndup(text, len);
    g_auto(GStrv) lines = g_strsplit(part, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *escaped = g_markup_escape_text(lines[i], -1);
        g_string_append(html, i > 0 ? "<br>" : "");
        g_string_append(html, escaped);
    }
}

static char *make_link(Search *search, const Pill *pill)
{
    g_autofree char *name = mx_room_name_of_member(search->store, search->room, pill->user_id);
    g_autofree char *path = g_uri_escape_string(pill->user_id, "@:", FALSE);
    g_autofree char *shown = g_markup_escape_text(name, -1);
    return g_strdup_printf("<a href=\"https://matrix.to/#/%s\">%s</a>", path, shown);
}

static char *make_html(Search *search)
{
    GString *html = g_string_new(NULL);
    gsize at = 0;
    for (guint i = 0; i < search->pills->len; i++) {
        const Pill *pill = &g_array_index(search->pills, Pill, i);
        g_autofree char *link = make_link(search, pill);
        append_text(html, search->body + at, pill->start - at);
        g_string_append(html, link);
        at = pill->start + pill->len;
    }
    append_text(html, search->body + at, strlen(search->body + at));
    return g_string_free(html, FALSE);
}

static gboolean is_in_tag(const char *html, const char *at)
{
    while (at > html && *at != '<' && *at != '>')
        at--;
    return *at == '<';
}

/* In formatted text each name is a link where it stands first, outside of tags. */
static char *put_into_html(Search *search, const char *formatted)
{
    g_autoptr(GString) html = g_string_new(formatted);
    for (guint i = 0; i < search->pills->len; i++) {
        const Pill *pill = &g_array_index(search->pills, Pill, i);
        g_autofree char *typed = g_strndup(search->body + pill->start, pill->len);
        g_autofree char *escaped = g_markup_escape_text(typed, -1);
        g_autofree char *link = make_link(search, pill);
        const char *at = strstr(html->str, escaped);
        while (at != NULL && is_in_tag(html->str, at))
            at = strstr(at + 1, escaped);
        if (at == NULL)
            continue;
        gsize start = at - html->str;
        g_string_erase(html, start, strlen(escaped));
        g_string_insert(html, start, link);
    }
    return g_strdup(html->str);
}

static void add_user(JsonArray *users, GHashTable *seen, const char *user_id,
                     const char *own_user_id)
{
    if (user_id != NULL && !g_str_equal(user_id, own_user_id) &&
        g_hash_table_add(seen, g_strdup(user_id)))
        json_array_add_string_element(users, user_id);
}

static void set_mentions(Search *search, JsonObject *content, const char *own_user_id,
                         const char *also)
{
    JsonObject *mentions = json_object_new();
    g_autoptr(JsonArray) users = json_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_user(users, seen, also, own_user_id);
    for (guint i = 0; i < search->pills->len; i++)
        add_user(users, seen, g_array_index(search->pills, Pill, i).user_id, own_user_id);
    if (json_array_get_length(users) > 0)
        json_object_set_array_member(mentions, "user_ids", json_array_ref(users));
    if (search->has_room) {
        g_autoptr(MxPower) power = mx_power_load(search->store, search->room);
        if (mx_power_may_notify(power, own_user_id, "room"))
            json_object_set_boolean_member(mentions, "room", TRUE);
    }
    json_object_set_object_member(content, "m.mentions", mentions);
}

void mx_mention_apply(MxStore *store, gint64 room, const char *own_user_id, JsonObject *content,
                      const char *also)
{
    Search search = {.store = store, .room = room, .body = mx_json_string(content, "body")};
    if (search.body == NULL)
        search.body = "";
    search.pills = g_array_new(FALSE, FALSE, sizeof(Pill));
    g_array_set_clear_func(search.pills, pill_clear);
    find_pills(&search);
    const char *formatted = mx_json_string(content, "formatted_body");
    if (search.pills->len > 0) {
        g_autofree char *html =
            formatted != NULL ? put_into_html(&search, formatted) : make_html(&search);
        json_object_set_string_member(content, "format", "org.matrix.custom.html");
        json_object_set_string_member(content, "formatted_body", html);
    }
    set_mentions(&search, content, own_user_id, also);
    g_array_unref(search.pills);
}

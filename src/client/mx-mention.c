/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-mention.h"

#include <string.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-markdown.h"
#include "mx-power.h"
#include "mx-room-name.h"

/* Names that are looked up in one message. */
#define MAX_LOOKUPS 50
#define MAX_WORDS 4
#define MAX_NAME_BYTES 300

typedef struct {
    gsize start, len;   /* in the body */
    char *user_id;      /* NULL: "@room" */
    gboolean is_hidden; /* in code, where nobody is meant */
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
    MxTextFormat format;
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
    Pill pill = {start - search->body, len, user_id, FALSE};
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

/* What ends emphasis may be no part of it either. */
static gsize trim_marks(const Search *search, const char *start, gsize len)
{
    if (search->format != MX_TEXT_MARKDOWN)
        return len;
    while (len > 1 && strchr("*_]`.,:;!?)'\"", start[len - 1]) != NULL)
        len--;
    return len;
}

static gsize word_len(const char *at)
{
    return strcspn(at, " \t\r\n");
}

static gboolean read_id(Search *search, const char *at)
{
    gsize len = trim_marks(search, at, trim(at, MIN(word_len(at), 256)));
    g_autofree char *user_id = g_strndup(at, len);
    if (!mx_user_id_is_valid(user_id) || !is_joined(search, user_id))
        return FALSE;
    add_pill(search, at, len, g_steal_pointer(&user_id));
    return TRUE;
}

static gboolean try_name(Search *search, const char *at, gsize len)
{
    g_autofree char *name = g_strndup(at + 1, len > 0 ? len - 1 : 0);
    char *user_id = find_by_name(search, name);
    if (user_id == NULL)
        return FALSE;
    add_pill(search, at, len, user_id);
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
        gsize whole = trim(at, ends[n - 1]), bare = trim_marks(search, at, whole);
        if (try_name(search, at, whole) || (bare < whole && try_name(search, at, bare)))
            return TRUE;
    }
    return FALSE;
}

static void read_at(Search *search, const char *at)
{
    gsize len = trim_marks(search, at, trim(at, word_len(at)));
    if (len == strlen("@room") && strncmp(at, "@room", len) == 0)
        add_pill(search, at, len, NULL);
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
    const char *before = search->format == MX_TEXT_MARKDOWN ? " \t\r\n(*_[>~\"'" : " \t\r\n(";
    const char *at = search->body + (*search->body != '@' ? read_start(search) : 0);
    for (; (at = strchr(at, '@')) != NULL; at++) {
        gboolean begins = at == search->body || strchr(before, at[-1]) != NULL;
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

static char *dup_address(const Pill *pill)
{
    g_autofree char *path = g_uri_escape_string(pill->user_id, "@:", FALSE);
    return g_strconcat("https://matrix.to/#/", path, NULL);
}

static char *make_link(Search *search, const Pill *pill)
{
    g_autofree char *name = mx_room_name_of_member(search->store, search->room, pill->user_id);
    g_autofree char *address = dup_address(pill);
    g_autofree char *shown = g_markup_escape_text(name, -1);
    return g_strdup_printf("<a href=\"%s\">%s</a>", address, shown);
}

static char *make_html(Search *search)
{
    GString *html = g_string_new(NULL);
    gsize at = 0;
    for (guint i = 0; i < search->pills->len; i++) {
        const Pill *pill = &g_array_index(search->pills, Pill, i);
        if (pill->user_id == NULL)
            continue;
        g_autofree char *link = make_link(search, pill);
        append_text(html, search->body + at, pill->start - at);
        g_string_append(html, link);
        at = pill->start + pill->len;
    }
    append_text(html, search->body + at, strlen(search->body + at));
    return g_string_free(html, FALSE);
}

/* NULL: nothing of it is formatted. */
static char *make_markdown(Search *search)
{
    guint n = search->pills->len;
    g_autofree MxMarkdownName *names = g_new0(MxMarkdownName, MAX(n, 1));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++) {
        const Pill *pill = &g_array_index(search->pills, Pill, i);
        names[i].start = pill->start;
        names[i].len = pill->len;
        if (pill->user_id == NULL)
            continue;
        g_ptr_array_add(texts, dup_address(pill));
        names[i].href = texts->pdata[texts->len - 1];
        g_ptr_array_add(texts, mx_room_name_of_member(search->store, search->room, pill->user_id));
        names[i].text = texts->pdata[texts->len - 1];
    }
    char *html = mx_markdown_to_html(search->body, names, n);
    for (guint i = 0; html != NULL && i < n; i++)
        g_array_index(search->pills, Pill, i).is_hidden = names[i].is_hidden;
    return html;
}

static gboolean is_in_tag(const char *html, const char *at)
{
    while (at > html && *at != '<' && *at != '>')
        at--;
    return *at == '<';
}

static gboolean is_in_code(const char *html, const char *at)
{
    const char *open = g_strrstr_len(html, at - html, "<code");
    const char *close = g_strrstr_len(html, at - html, "</code>");
    return open != NULL && (close == NULL || close < open);
}

static gboolean is_in_link(const char *html, const char *at)
{
    const char *open = g_strrstr_len(html, at - html, "<a ");
    const char *close = g_strrstr_len(html, at - html, "</a>");
    return open != NULL && (close == NULL || close < open);
}

/* Where the name stands first, outside of tags, links and code. in_code: it does there. */
static const char *find_in_html(const char *html, const char *name, gboolean *in_code)
{
    *in_code = FALSE;
    for (const char *at = html; (at = strstr(at, name)) != NULL; at++) {
        if (is_in_tag(html, at) || is_in_link(html, at))
            continue;
        if (!is_in_code(html, at))
            return at;
        *in_code = TRUE;
    }
    return NULL;
}

/* In formatted text each name is a link where it stands first. */
static char *put_into_html(Search *search, const char *formatted)
{
    g_autoptr(GString) html = g_string_new(formatted);
    for (guint i = 0; i < search->pills->len; i++) {
        Pill *pill = &g_array_index(search->pills, Pill, i);
        g_autofree char *typed = g_strndup(search->body + pill->start, pill->len);
        g_autofree char *escaped = g_markup_escape_text(typed, -1);
        gboolean in_code;
        const char *at = find_in_html(html->str, escaped, &in_code);
        pill->is_hidden = at == NULL && in_code;
        if (at == NULL || pill->user_id == NULL)
            continue;
        g_autofree char *link = make_link(search, pill);
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
    gboolean has_room = FALSE;
    for (guint i = 0; i < search->pills->len; i++) {
        const Pill *pill = &g_array_index(search->pills, Pill, i);
        if (pill->is_hidden)
            continue;
        add_user(users, seen, pill->user_id, own_user_id);
        has_room = has_room || pill->user_id == NULL;
    }
    if (json_array_get_length(users) > 0)
        json_object_set_array_member(mentions, "user_ids", json_array_ref(users));
    if (has_room) {
        g_autoptr(MxPower) power = mx_power_load(search->store, search->room);
        if (mx_power_may_notify(power, own_user_id, "room"))
            json_object_set_boolean_member(mentions, "room", TRUE);
    }
    json_object_set_object_member(content, "m.mentions", mentions);
}

static gboolean has_people(const Search *search)
{
    for (guint i = 0; i < search->pills->len; i++)
        if (g_array_index(search->pills, Pill, i).user_id != NULL)
            return TRUE;
    return FALSE;
}

/* NULL: what there is stays. */
static char *format(Search *search, const char *formatted)
{
    if (search->format == MX_TEXT_LITERAL)
        return NULL;
    if (formatted != NULL)
        return search->pills->len > 0 ? put_into_html(search, formatted) : NULL;
    char *html = search->format == MX_TEXT_MARKDOWN ? make_markdown(search) : NULL;
    return html == NULL && has_people(search) ? make_html(search) : html;
}

void mx_mention_apply(MxStore *store, gint64 room, const char *own_user_id, JsonObject *content,
                      const char *also, MxTextFormat text_format)
{
    Search search = {.store = store,
                     .room = room,
                     .body = mx_json_string(content, "body"),
                     .format = text_format};
    if (search.body == NULL)
        search.body = "";
    search.pills = g_array_new(FALSE, FALSE, sizeof(Pill));
    g_array_set_clear_func(search.pills, pill_clear);
    find_pills(&search);
    g_autofree char *html = format(&search, mx_json_string(content, "formatted_body"));
    if (html != NULL) {
        json_object_set_string_member(content, "format", "org.matrix.custom.html");
        json_object_set_string_member(content, "formatted_body", html);
    }
    set_mentions(&search, content, own_user_id, also);
    g_array_unref(search.pills);
}

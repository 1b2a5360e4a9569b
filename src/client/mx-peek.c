/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-peek.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-aliases.h"
#include "mx-ask.h"
#include "mx-endpoints-rooms.h"
#include "mx-event.h"
#include "mx-extensible.h"
#include "mx-ignored-list.h"
#include "mx-name.h"

/* Of one message. Characters. */
#define MAX_WORDS 400
/* So many events may have 64 KiB each, and there is the members' state. */
#define MAX_ANSWER (4 * 1024 * 1024)
#define MAX_MEMBERS 200

/* ---- on the worker ---- */

typedef struct {
    GHashTable *ignored; /* set of user IDs */
    GHashTable *names;   /* user ID -> display name */
    GHashTable *keys;    /* what a name looks like -> user ID of the first; "" when of several */
    GPtrArray *lines;    /* the newest first */
} Reading;

static void add_name(Reading *reading, const char *user_id, char *name)
{
    g_autofree char *key = mx_name_make_key(name);
    if (key == NULL || g_hash_table_contains(reading->names, user_id)) {
        g_free(name);
        return;
    }
    g_hash_table_insert(reading->names, g_strdup(user_id), name);
    gboolean is_first = !g_hash_table_contains(reading->keys, key);
    g_hash_table_insert(reading->keys, g_steal_pointer(&key), g_strdup(is_first ? user_id : ""));
}

static void read_member(Reading *reading, MxJsonSlice slice)
{
    g_auto(MxEvent) event = {0};
    g_auto(MxMemberContent) member = {0};
    if (!mx_event_parse(&event, slice.text, slice.len, TRUE) || event.state_key == NULL ||
        event.content.text == NULL || !g_str_equal(event.type, "m.room.member"))
        return;
    mx_member_content_parse(&member, event.content);
    if (member.display_name != NULL)
        add_name(reading, event.state_key, g_steal_pointer(&member.display_name));
}

static void read_members(Reading *reading, MxJsonSlice state)
{
    MxJsonIter iter;
    MxJsonSlice event;
    if (state.text == NULL || state.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, state))
        return;
    for (guint n = 0; n < MAX_MEMBERS && mx_json_iter_next(&iter, NULL, &event); n++)
        if (event.type == MX_JSON_OBJECT)
            read_member(reading, event);
}

/* What could be taken for somebody else's name is not shown alone. */
static char *name_sender(const Reading *reading, const char *user_id)
{
    const char *name = g_hash_table_lookup(reading->names, user_id);
    if (name == NULL)
        return g_strdup(user_id);
    g_autofree char *key = mx_name_make_key(name);
    gboolean is_clear = g_strcmp0(g_hash_table_lookup(reading->keys, key), user_id) == 0 &&
                        !mx_name_looks_like_id(name);
    return is_clear ? g_strdup(name) : g_strdup_printf("%s (%s)", name, user_id);
}

static char *describe_time(gint64 ts)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(ts / 1000);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    if (when == NULL)
        return g_strdup("?");
    gboolean is_today = g_date_time_get_year(when) == g_date_time_get_year(now) &&
                        g_date_time_get_day_of_year(when) == g_date_time_get_day_of_year(now);
    return g_date_time_format(when, is_today ? "%H:%M" : "%x %H:%M");
}

/* NULL: there is nothing to show, as of one that was removed. */
static char *describe_message(const Reading *reading, const MxEvent *event)
{
    static const char *const members[] = {"msgtype", "body", NULL};
    MxJsonSlice values[2];
    mx_json_scan_members(event->content, members, values);
    g_autofree char *body = mx_extensible_dup_text(event->content);
    g_autofree char *words = g_str_equal(event->type, "m.room.encrypted")
                                 ? g_strdup(_("(an encrypted message)"))
                                 : mx_event_tidy_text(body, MAX_WORDS);
    if (words == NULL)
        return NULL;
    g_autofree char *time = describe_time(event->ts);
    g_autofree char *name = name_sender(reading, event->sender);
    return mx_json_slice_equals(values[0], "m.emote")
               ? g_strdup_printf("(%s) * %s %s", time, name, words)
               : g_strdup_printf("(%s) %s: %s", time, name, words);
}

static gboolean is_message(const MxEvent *event)
{
    return event->state_key == NULL && event->content.text != NULL &&
           (mx_store_is_message(event->type) || g_str_equal(event->type, "m.room.encrypted"));
}

static void read_message(Reading *reading, MxJsonSlice slice)
{
    g_auto(MxEvent) event = {0};
    if (slice.type != MX_JSON_OBJECT || !mx_event_parse(&event, slice.text, slice.len, TRUE) ||
        !is_message(&event) || g_hash_table_contains(reading->ignored, event.sender))
        return;
    char *line = describe_message(reading, &event);
    if (line != NULL)
        g_ptr_array_add(reading->lines, line);
}

static char *join_lines(const Reading *reading)
{
    GString *text = g_string_new(NULL);
    for (guint i = reading->lines->len; i > 0; i--)
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "",
                               (const char *)g_ptr_array_index(reading->lines, i - 1));
    return g_string_free(text, FALSE);
}

static gpointer read_messages(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    static const char *const members[] = {"chunk", "state", NULL};
    MxJsonSlice values[2], event;
    MxJsonIter iter;
    mx_json_scan_members(answer, members, values);
    if (values[0].text == NULL || values[0].type != MX_JSON_ARRAY ||
        !mx_json_iter_init(&iter, values[0]))
        return NULL;
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    Reading reading = {ignored, names, keys, lines};
    read_members(&reading, values[1]);
    while (lines->len < MX_PEEK_MESSAGES && mx_json_iter_next(&iter, NULL, &event))
        read_message(&reading, event);
    return join_lines(&reading);
}

/* ---- on the main loop ---- */

static void on_messages(MxClient *client, gpointer text, const GError *error, gpointer data)
{
    MxAsked *asked = data;
    ((MxPeekFunc)asked->func)(client, text, error, asked->user_data);
}

static void ask(MxClient *client, const char *room_id, MxAsked *asked)
{
    g_autoptr(MxRequest) request = mx_endpoint_peek(room_id, MX_PEEK_MESSAGES);
    mx_request_set_max_body(request, MAX_ANSWER);
    MxAsk question = {.read = read_messages,
                      .free_result = g_free,
                      .func = on_messages,
                      .user_data = asked,
                      .destroy = mx_asked_free};
    mx_client_ask(client, request, &question);
}

/* user_data goes on to the next request. */
static MxAsked *pass_on(MxAsked *asked)
{
    return mx_asked_new(asked->func, asked->user_data, g_steal_pointer(&asked->destroy));
}

static void on_resolved(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    MxAsked *asked = data;
    if (error != NULL)
        ((MxPeekFunc)asked->func)(client, NULL, error, asked->user_data);
    else
        ask(client, room_id, pass_on(asked));
}

void mx_client_peek(MxClient *client, const char *id_or_alias, MxPeekFunc func, gpointer user_data,
                    GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    MxAsked *asked = mx_asked_new(G_CALLBACK(func), user_data, destroy);
    if (*id_or_alias == '#')
        mx_client_resolve_alias(client, id_or_alias, on_resolved, asked, mx_asked_free);
    else
        ask(client, id_or_alias, asked);
}

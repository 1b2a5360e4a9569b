/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-directory.h"

#include "mx-ask.h"
#include "mx-endpoints-rooms.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-link.h"

/* Characters. */
#define MAX_TOPIC 300
/* Bytes of an answer. */
#define MAX_ANSWER (16 * 1024 * 1024)
/* So many servers are named in a link. */
#define MAX_VIA 3

/* ---- a room of a list ---- */

static void listed_free(gpointer data)
{
    MxListedRoom *room = data;
    g_free(room->room_id);
    g_free(room->name);
    g_free(room->alias);
    g_free(room->topic);
    g_free(room->link);
    g_free(room);
}

static char *read_tidy(MxJsonSlice slice, glong max_chars)
{
    g_autofree char *text = mx_json_slice_dup_string(slice);
    return mx_event_tidy_text(text, max_chars);
}

static MxListedRoom *listed_new(MxJsonSlice entry)
{
    static const char *const names[] = {
        "room_id",   "name", "canonical_alias", "topic", "num_joined_members", "join_rule",
        "room_type", NULL};
    MxJsonSlice values[7];
    if (entry.type != MX_JSON_OBJECT)
        return NULL;
    mx_json_scan_members(entry, names, values);
    g_autofree char *room_id = mx_json_slice_dup_string(values[0]);
    g_autofree char *alias = mx_json_slice_dup_string(values[2]);
    if (room_id == NULL || !mx_room_id_is_valid(room_id))
        return NULL;
    MxListedRoom *room = g_new0(MxListedRoom, 1);
    room->room_id = g_steal_pointer(&room_id);
    g_autofree char *name = mx_json_slice_dup_string(values[1]);
    room->name = mx_event_tidy_name(name);
    if (alias != NULL && mx_room_alias_is_valid(alias))
        room->alias = g_steal_pointer(&alias);
    room->topic = read_tidy(values[3], MAX_TOPIC);
    if (!mx_json_slice_get_int(values[4], &room->people) || room->people < 0)
        room->people = 0;
    /* In these lists "public" is what absent means. */
    room->join_rule =
        values[5].text != NULL ? mx_join_rule_from_slice(values[5]) : MX_JOIN_RULE_PUBLIC;
    room->is_space = mx_json_slice_equals(values[6], "m.space");
    return room;
}

/* ---- the way there ---- */

static void add_via(GString *link, guint *count, const char *server)
{
    if (*count >= MAX_VIA || server == NULL || !mx_server_name_is_valid(server))
        return;
    g_autofree char *escaped = g_uri_escape_string(server, NULL, FALSE);
    g_string_append_printf(link, "%cvia=%s", (*count)++ == 0 ? '?' : '&', escaped);
}

/* via: the array of an m.space.child, or nothing; then the server that has told of the room. */
static char *make_link(const char *room_id, MxJsonSlice via, const char *server)
{
    g_autofree char *escaped = g_uri_escape_string(room_id, NULL, FALSE);
    g_autoptr(GString) link = g_string_new("https://matrix.to/#/");
    guint count = 0;
    MxJsonIter iter;
    MxJsonSlice value;
    const char *domain = strchr(room_id, ':');
    g_string_append(link, escaped);
    if (via.text != NULL && via.type == MX_JSON_ARRAY && mx_json_iter_init(&iter, via))
        while (count < MAX_VIA && mx_json_iter_next(&iter, NULL, &value)) {
            g_autofree char *name = mx_json_slice_dup_string(value);
            add_via(link, &count, name);
        }
    add_via(link, &count, server);
    if (domain != NULL && g_strcmp0(server, domain + 1) != 0)
        add_via(link, &count, domain + 1);
    return g_strdup(link->str);
}

/* child room ID -> its via, within the answer */
static void read_children(GHashTable *children, MxJsonSlice entry)
{
    static const char *const names[] = {"type", "state_key", "content", NULL};
    MxJsonSlice list = mx_json_scan_member(entry, "children_state"), event, values[3];
    MxJsonIter iter;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (g_hash_table_size(children) < MX_MAX_LISTED && mx_json_iter_next(&iter, NULL, &event)) {
        if (event.type != MX_JSON_OBJECT)
            continue;
        mx_json_scan_members(event, names, values);
        char *room_id = mx_json_slice_dup_string(values[1]);
        MxJsonSlice via = {0};
        if (values[2].text != NULL && values[2].type == MX_JSON_OBJECT)
            via = mx_json_scan_member(values[2], "via");
        if (room_id != NULL && mx_json_slice_equals(values[0], "m.space.child"))
            g_hash_table_replace(children, room_id, g_memdup2(&via, sizeof via));
        else
            g_free(room_id);
    }
}

/* ---- a page ---- */

/* What the reader on the worker has to know. */
typedef struct {
    char *server; /* or NULL */
    char *space;  /* room ID, or NULL */
} Source;

static void source_free(gpointer data)
{
    Source *source = data;
    g_free(source->server);
    g_free(source->space);
    g_free(source);
}

static void page_free(gpointer data)
{
    MxRoomPage *page = data;
    g_ptr_array_unref(page->rooms);
    g_free(page->next);
    g_free(page);
}

/* A space's own entry, the first of its list, tells of its children. */
static void read_rooms(MxRoomPage *page, MxJsonSlice list, const Source *source)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) children = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    MxJsonIter iter;
    MxJsonSlice entry;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (mx_json_iter_next(&iter, NULL, &entry)) {
        if (page->rooms->len >= MX_MAX_LISTED) {
            page->left_out++;
            continue;
        }
        MxListedRoom *room = listed_new(entry);
        if (room == NULL)
            continue;
        if (g_strcmp0(room->room_id, source->space) == 0)
            read_children(children, entry);
        if (g_hash_table_contains(known, room->room_id) ||
            g_strcmp0(room->room_id, source->space) == 0) {
            listed_free(room);
            continue;
        }
        MxJsonSlice *via = g_hash_table_lookup(children, room->room_id);
        room->link =
            make_link(room->room_id, via != NULL ? *via : (MxJsonSlice){0}, source->server);
        g_hash_table_add(known, room->room_id);
        g_ptr_array_add(page->rooms, room);
    }
}

static gpointer read_page(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    static const char *const names[] = {"chunk", "rooms", "next_batch", NULL};
    const Source *source = read_data;
    MxRoomPage *page = g_new0(MxRoomPage, 1);
    MxJsonSlice values[3];
    mx_json_scan_members(answer, names, values);
    page->rooms = g_ptr_array_new_with_free_func(listed_free);
    page->next = mx_json_slice_dup_string(values[2]);
    if (page->next != NULL && *page->next == '\0')
        g_clear_pointer(&page->next, g_free);
    read_rooms(page, values[source->space != NULL ? 1 : 0], source);
    return page;
}

static void on_page(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    MxAsked *asked = user_data;
    ((MxRoomPageFunc)asked->func)(client, result, error, asked->user_data);
}

void mx_client_list_public(MxClient *client, const MxRoomQuery *query, GCancellable *cancellable,
                           MxRoomPageFunc func, gpointer user_data, GDestroyNotify destroy)
{
    Source *source = g_new0(Source, 1);
    g_autoptr(MxLink) link = mx_link_parse(query->space);
    source->space = link != NULL ? g_strdup(link->id) : NULL;
    source->server = g_strdup(link != NULL ? link->via[0] : query->server);
    g_autoptr(MxRequest) request =
        source->space != NULL
            ? mx_endpoint_hierarchy(source->space, query->from, query->limit)
            : mx_endpoint_public_rooms(query->server, query->words, query->from, query->limit);
    mx_request_set_max_body(request, MAX_ANSWER);
    MxAsk ask = {.cancellable = cancellable,
                 .read = read_page,
                 .read_data = source,
                 .free_read_data = source_free,
                 .free_result = page_free,
                 .func = on_page,
                 .user_data = mx_asked_new(G_CALLBACK(func), user_data, destroy),
                 .destroy = mx_asked_free};
    mx_client_ask(client, request, &ask);
}

/* ---- summary ---- */

static void summary_free(gpointer data)
{
    MxRoomSummary *summary = data;
    g_free(summary->name);
    mx_join_rules_free(summary->rules);
    g_free(summary);
}

static void add_allowed(MxJoinRules *rules, MxJsonSlice list)
{
    MxJsonIter iter;
    MxJsonSlice value;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (rules->allowed->len < MX_MAX_ALLOWED && mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *room_id = mx_json_slice_dup_string(value);
        if (room_id != NULL && mx_room_id_is_valid(room_id))
            g_ptr_array_add(rules->allowed, g_steal_pointer(&room_id));
    }
}

static gpointer read_summary(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    MxRoomSummary *summary = g_new0(MxRoomSummary, 1);
    g_autofree char *name = mx_json_slice_dup_string(mx_json_scan_member(answer, "name"));
    summary->name = mx_event_tidy_name(name);
    summary->rules = mx_join_rules_parse(answer); /* "join_rule" is there, "allow" is not */
    add_allowed(summary->rules, mx_json_scan_member(answer, "allowed_room_ids"));
    return summary;
}

static void on_summary(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    MxAsked *asked = user_data;
    ((MxRoomSummaryFunc)asked->func)(client, result, asked->user_data);
}

void mx_client_summarize(MxClient *client, const char *id_or_alias, const char *const *via,
                         MxRoomSummaryFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_room_summary(id_or_alias, via, TRUE);
    MxAsk ask = {.read = read_summary,
                 .free_result = summary_free,
                 .func = on_summary,
                 .user_data = mx_asked_new(G_CALLBACK(func), user_data, destroy),
                 .destroy = mx_asked_free};
    mx_client_ask(client, request, &ask);
}

/* ---- knocking ---- */

void mx_client_knock(MxClient *client, const char *id_or_alias, const char *const *via,
                     const char *reason, MxRoomFunc func, gpointer user_data,
                     GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_knock(id_or_alias, via, reason);
    mx_client_call(client, NULL, request, func, user_data, destroy);
}

void mx_client_deny_knock(MxClient *client, const char *room_id, const char *user_id,
                          const char *reason, MxRoomFunc func, gpointer user_data,
                          GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_moderate(room_id, "kick", user_id, reason);
    mx_client_call(client, room_id, request, func, user_data, destroy);
}

static void knock_free(gpointer data)
{
    MxKnock *knock = data;
    g_free(knock->user_id);
    g_free(knock->name);
    g_free(knock->reason);
    g_free(knock);
}

static MxKnock *knock_new(MxJsonSlice event)
{
    static const char *const names[] = {"state_key", "content", NULL};
    g_auto(MxMemberContent) member = {0};
    MxJsonSlice values[2];
    if (event.type != MX_JSON_OBJECT)
        return NULL;
    mx_json_scan_members(event, names, values);
    g_autofree char *user_id = mx_json_slice_dup_string(values[0]);
    if (user_id == NULL || !mx_user_id_is_valid(user_id) || values[1].text == NULL ||
        values[1].type != MX_JSON_OBJECT)
        return NULL;
    mx_member_content_parse(&member, values[1]);
    if (member.membership != MX_MEMBERSHIP_KNOCK)
        return NULL;
    MxKnock *knock = g_new0(MxKnock, 1);
    knock->user_id = g_steal_pointer(&user_id);
    knock->name = g_steal_pointer(&member.display_name);
    knock->reason = read_tidy(mx_json_scan_member(values[1], "reason"), MAX_TOPIC);
    return knock;
}

static gpointer read_knocks(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    GPtrArray *knocks = g_ptr_array_new_with_free_func(knock_free);
    MxJsonSlice chunk = mx_json_scan_member(answer, "chunk"), event;
    MxJsonIter iter;
    if (chunk.text == NULL || chunk.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, chunk))
        return knocks;
    while (knocks->len < MX_MAX_KNOCKS && mx_json_iter_next(&iter, NULL, &event)) {
        MxKnock *knock = knock_new(event);
        if (knock != NULL)
            g_ptr_array_add(knocks, knock);
    }
    return knocks;
}

static void on_knocks(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    MxAsked *asked = user_data;
    ((MxKnocksFunc)asked->func)(client, result, error, asked->user_data);
}

void mx_client_list_knocks(MxClient *client, const char *room_id, MxKnocksFunc func,
                           gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_members_who(room_id, "knock");
    mx_request_set_max_body(request, MAX_ANSWER);
    MxAsk ask = {.read = read_knocks,
                 .free_result = (GDestroyNotify)g_ptr_array_unref,
                 .func = on_knocks,
                 .user_data = mx_asked_new(G_CALLBACK(func), user_data, destroy),
                 .destroy = mx_asked_free};
    mx_client_ask(client, request, &ask);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-endpoints-rooms.h"

#include "mx-json.h"
#include "mx-uri.h"

/* A summary makes a sentence better that somebody waits for. */
#define SUMMARY_S 10

#define V3(...) ((const char *const[]){"_matrix", "client", "v3", __VA_ARGS__, NULL})
#define V1(...) ((const char *const[]){"_matrix", "client", "v1", __VA_ARGS__, NULL})
#define QUERY(...) ((const char *const[]){__VA_ARGS__, NULL})

/* body NULL: none. */
static MxRequest *new_request(const char *method, const char *const *segments,
                              const char *const *query, JsonObject *body)
{
    g_autofree char *path = mx_uri_build(NULL, segments, query);
    g_autofree char *text = body != NULL ? mx_json_object_to_text(body) : NULL;
    return mx_request_new(method, path, text);
}

MxRequest *mx_endpoint_resolve_alias(const char *alias)
{
    return new_request("GET", V3("directory", "room", alias), NULL, NULL);
}

MxRequest *mx_endpoint_add_alias(const char *alias, const char *room_id)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "room_id", room_id);
    return new_request("PUT", V3("directory", "room", alias), NULL, body);
}

MxRequest *mx_endpoint_remove_alias(const char *alias)
{
    return new_request("DELETE", V3("directory", "room", alias), NULL, NULL);
}

MxRequest *mx_endpoint_aliases(const char *room_id)
{
    return new_request("GET", V3("rooms", room_id, "aliases"), NULL, NULL);
}

MxRequest *mx_endpoint_visibility(const char *room_id)
{
    return new_request("GET", V3("directory", "list", "room", room_id), NULL, NULL);
}

MxRequest *mx_endpoint_set_visibility(const char *room_id, gboolean is_public)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "visibility", is_public ? "public" : "private");
    return new_request("PUT", V3("directory", "list", "room", room_id), NULL, body);
}

MxRequest *mx_endpoint_public_rooms(const char *server, const char *words, const char *since,
                                    guint limit)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_int_member(body, "limit", limit);
    if (since != NULL)
        json_object_set_string_member(body, "since", since);
    if (words != NULL) {
        JsonObject *filter = json_object_new();
        json_object_set_string_member(filter, "generic_search_term", words);
        json_object_set_object_member(body, "filter", filter);
    }
    MxRequest *request = new_request("POST", V3("publicRooms"), QUERY("server", server), body);
    mx_request_set_timeout(request, 0);
    return request;
}

static JsonObject *new_search_filter(const char *const *rooms, guint limit)
{
    JsonObject *filter = json_object_new();
    JsonArray *ids = json_array_new();
    for (; *rooms != NULL; rooms++)
        json_array_add_string_element(ids, *rooms);
    json_object_set_array_member(filter, "rooms", ids);
    json_object_set_int_member(filter, "limit", limit);
    return filter;
}

MxRequest *mx_endpoint_search(const char *words, const char *const *rooms, const char *from,
                              guint limit)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *categories = json_object_new();
    JsonObject *events = json_object_new();
    JsonArray *keys = json_array_new();
    json_array_add_string_element(keys, "content.body");
    json_object_set_string_member(events, "search_term", words);
    json_object_set_array_member(events, "keys", keys);
    json_object_set_string_member(events, "order_by", "recent");
    json_object_set_object_member(events, "filter", new_search_filter(rooms, limit));
    json_object_set_object_member(categories, "room_events", events);
    json_object_set_object_member(body, "search_categories", categories);
    return new_request("POST", V3("search"), QUERY("next_batch", from), body);
}

MxRequest *mx_endpoint_hierarchy(const char *room_id, const char *from, guint limit)
{
    g_autofree char *limit_text = g_strdup_printf("%u", limit);
    MxRequest *request =
        new_request("GET", V1("rooms", room_id, "hierarchy"),
                    QUERY("limit", limit_text, "max_depth", "1", "from", from), NULL);
    mx_request_set_timeout(request, 0);
    return request;
}

/* Servers older than version 1.12 of the specification know via as server_name. */
static GPtrArray *new_via_query(const char *const *via)
{
    GPtrArray *query = g_ptr_array_new();
    for (; via != NULL && *via != NULL; via++) {
        g_ptr_array_add(query, (gpointer) "via");
        g_ptr_array_add(query, (gpointer)*via);
        g_ptr_array_add(query, (gpointer) "server_name");
        g_ptr_array_add(query, (gpointer)*via);
    }
    g_ptr_array_add(query, NULL);
    return query;
}

MxRequest *mx_endpoint_room_summary(const char *id_or_alias, const char *const *via,
                                    gboolean is_stable)
{
    const char *const before[] = {"_matrix", "client",    "unstable", "im.nheko.summary",
                                  "summary", id_or_alias, NULL};
    g_autoptr(GPtrArray) query = new_via_query(via);
    MxRequest *request = new_request("GET", is_stable ? V1("room_summary", id_or_alias) : before,
                                     (const char *const *)query->pdata, NULL);
    mx_request_set_timeout(request, SUMMARY_S);
    mx_request_set_rate_limit_retries(request, 0);
    return request;
}

static JsonObject *new_reason(const char *reason)
{
    JsonObject *body = json_object_new();
    if (reason != NULL)
        json_object_set_string_member(body, "reason", reason);
    return body;
}

MxRequest *mx_endpoint_peek(const char *room_id, guint limit)
{
    g_autofree char *limit_text = g_strdup_printf("%u", limit);
    return new_request("GET", V3("rooms", room_id, "messages"),
                       QUERY("dir", "b", "limit", limit_text, "filter",
                             "{\"lazy_load_members\":true,\"types\":[\"m.room.message\","
                             "\"m.room.encrypted\",\"m.sticker\",\"m.poll.start\","
                             "\"org.matrix.msc3381.poll.start\"]}"),
                       NULL);
}

MxRequest *mx_endpoint_knock(const char *id_or_alias, const char *const *via, const char *reason)
{
    g_autoptr(JsonObject) body = new_reason(reason);
    g_autoptr(GPtrArray) query = new_via_query(via);
    MxRequest *request =
        new_request("POST", V3("knock", id_or_alias), (const char *const *)query->pdata, body);
    mx_request_set_timeout(request, 0);
    return request;
}

MxRequest *mx_endpoint_members_who(const char *room_id, const char *membership)
{
    return new_request("GET", V3("rooms", room_id, "members"), QUERY("membership", membership),
                       NULL);
}

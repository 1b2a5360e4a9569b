/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-endpoints.h"

#include "mx-json.h"
#include "mx-uri.h"

/* How long after the long poll's end an answer may still begin. */
#define SYNC_MARGIN_S 15
/* A homeserver may think for minutes over a first sync; a dead connection must end all the same. */
#define FIRST_SYNC_SILENCE_S 900

#define SEGMENTS(...) ((const char *const[]){"_matrix", "client", "v3", __VA_ARGS__, NULL})
#define QUERY(...) ((const char *const[]){__VA_ARGS__, NULL})

static MxRequest *new_get(const char *const *segments, const char *const *query)
{
    g_autofree char *path = mx_uri_build(NULL, segments, query);
    return mx_request_new("GET", path, NULL);
}

/* body NULL: an empty object, as the specification wants one wherever there is a body. */
static MxRequest *new_with_object(const char *method, const char *const *segments, JsonObject *body)
{
    g_autofree char *path = mx_uri_build(NULL, segments, NULL);
    g_autofree char *text = body != NULL ? mx_json_object_to_text(body) : g_strdup("{}");
    return mx_request_new(method, path, text);
}

MxRequest *mx_endpoint_login_flows(void)
{
    MxRequest *request = new_get(SEGMENTS("login"), NULL);
    mx_request_set_authorized(request, FALSE);
    return request;
}

MxRequest *mx_endpoint_login(JsonObject *body)
{
    MxRequest *request = new_with_object("POST", SEGMENTS("login"), body);
    mx_request_set_authorized(request, FALSE);
    return request;
}

MxRequest *mx_endpoint_logout(void)
{
    return new_with_object("POST", SEGMENTS("logout"), NULL);
}

MxRequest *mx_endpoint_refresh(const char *refresh_token)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "refresh_token", refresh_token);
    MxRequest *request = new_with_object("POST", SEGMENTS("refresh"), body);
    mx_request_set_authorized(request, FALSE);
    return request;
}

MxRequest *mx_endpoint_whoami(void)
{
    return new_get(SEGMENTS("account", "whoami"), NULL);
}

MxRequest *mx_endpoint_create_filter(const char *user_id, JsonObject *filter)
{
    return new_with_object("POST", SEGMENTS("user", user_id, "filter"), filter);
}

MxRequest *mx_endpoint_sync(const char *since, const char *filter, guint timeout_ms,
                            const char *set_presence)
{
    g_autofree char *timeout = g_strdup_printf("%u", timeout_ms);
    MxRequest *request =
        new_get(SEGMENTS("sync"), QUERY("since", since, "filter", filter, "timeout", timeout,
                                        "set_presence", set_presence, "use_state_after", "true",
                                        "org.matrix.msc4222.use_state_after", "true"));
    mx_request_set_timeout(request, since != NULL ? timeout_ms / 1000 + SYNC_MARGIN_S
                                                  : FIRST_SYNC_SILENCE_S);
    mx_request_set_rate_limit_retries(request, 0);
    return request;
}

MxRequest *mx_endpoint_send(const char *room_id, const char *type, const char *txn_id,
                            const char *content)
{
    g_autofree char *path =
        mx_uri_build(NULL, SEGMENTS("rooms", room_id, "send", type, txn_id), NULL);
    return mx_request_new("PUT", path, content);
}

MxRequest *mx_endpoint_messages(const char *room_id, const char *from, const char *to,
                                const char *dir, guint limit)
{
    g_autofree char *limit_text = g_strdup_printf("%u", limit);
    return new_get(SEGMENTS("rooms", room_id, "messages"),
                   QUERY("from", from, "to", to, "dir", dir, "limit", limit_text, "filter",
                         "{\"lazy_load_members\":true}"));
}

MxRequest *mx_endpoint_members(const char *room_id, const char *at, const char *not_membership)
{
    return new_get(SEGMENTS("rooms", room_id, "members"),
                   QUERY("at", at, "not_membership", not_membership));
}

MxRequest *mx_endpoint_joined_members(const char *room_id)
{
    return new_get(SEGMENTS("rooms", room_id, "joined_members"), NULL);
}

MxRequest *mx_endpoint_create_room(JsonObject *body)
{
    return new_with_object("POST", SEGMENTS("createRoom"), body);
}

/* Servers older than version 1.12 of the specification know via as server_name. */
MxRequest *mx_endpoint_join(const char *room_id_or_alias, const char *const *via, JsonObject *body)
{
    g_autoptr(GPtrArray) query = g_ptr_array_new();
    for (; via != NULL && *via != NULL; via++) {
        g_ptr_array_add(query, (gpointer) "via");
        g_ptr_array_add(query, (gpointer)*via);
        g_ptr_array_add(query, (gpointer) "server_name");
        g_ptr_array_add(query, (gpointer)*via);
    }
    g_ptr_array_add(query, NULL);
    g_autofree char *path =
        mx_uri_build(NULL, SEGMENTS("join", room_id_or_alias), (const char *const *)query->pdata);
    g_autofree char *text = body != NULL ? mx_json_object_to_text(body) : g_strdup("{}");
    MxRequest *request = mx_request_new("POST", path, text);
    mx_request_set_timeout(request, 0); /* a large room of other servers takes minutes (D1) */
    return request;
}

static JsonObject *new_reason(const char *reason)
{
    JsonObject *body = json_object_new();
    if (reason != NULL)
        json_object_set_string_member(body, "reason", reason);
    return body;
}

MxRequest *mx_endpoint_invite(const char *room_id, const char *user_id, const char *reason)
{
    g_autoptr(JsonObject) body = new_reason(reason);
    json_object_set_string_member(body, "user_id", user_id);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "invite"), body);
}

MxRequest *mx_endpoint_redact(const char *room_id, const char *event_id, const char *txn_id,
                              const char *reason)
{
    g_autoptr(JsonObject) body = new_reason(reason);
    return new_with_object("PUT", SEGMENTS("rooms", room_id, "redact", event_id, txn_id), body);
}

MxRequest *mx_endpoint_leave(const char *room_id, const char *reason)
{
    g_autoptr(JsonObject) body = new_reason(reason);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "leave"), body);
}

MxRequest *mx_endpoint_forget(const char *room_id)
{
    return new_with_object("POST", SEGMENTS("rooms", room_id, "forget"), NULL);
}

MxRequest *mx_endpoint_set_state(const char *room_id, const char *type, const char *state_key,
                                 JsonObject *content)
{
    const char *key = *state_key != '\0' ? state_key : NULL; /* an empty one is left out */
    return new_with_object("PUT", SEGMENTS("rooms", room_id, "state", type, key), content);
}

MxRequest *mx_endpoint_put_state(const char *room_id, const char *type, const char *state_key,
                                 const char *content)
{
    const char *key = *state_key != '\0' ? state_key : NULL;
    g_autofree char *path =
        mx_uri_build(NULL, SEGMENTS("rooms", room_id, "state", type, key), NULL);
    return mx_request_new("PUT", path, content);
}

MxRequest *mx_endpoint_whole_state(const char *room_id)
{
    return new_get(SEGMENTS("rooms", room_id, "state"), NULL);
}

MxRequest *mx_endpoint_get_state(const char *room_id, const char *type, const char *state_key)
{
    const char *key = *state_key != '\0' ? state_key : NULL;
    return new_get(SEGMENTS("rooms", room_id, "state", type, key), NULL);
}

MxRequest *mx_endpoint_state_event(const char *room_id, const char *type, const char *state_key)
{
    const char *key = *state_key != '\0' ? state_key : NULL;
    return new_get(SEGMENTS("rooms", room_id, "state", type, key), QUERY("format", "event"));
}

MxRequest *mx_endpoint_event(const char *room_id, const char *event_id)
{
    return new_get(SEGMENTS("rooms", room_id, "event", event_id), NULL);
}

MxRequest *mx_endpoint_context(const char *room_id, const char *event_id)
{
    return new_get(SEGMENTS("rooms", room_id, "context", event_id), QUERY("limit", "0"));
}

MxRequest *mx_endpoint_set_tag(const char *user_id, const char *room_id, const char *tag)
{
    return new_with_object("PUT", SEGMENTS("user", user_id, "rooms", room_id, "tags", tag), NULL);
}

MxRequest *mx_endpoint_delete_tag(const char *user_id, const char *room_id, const char *tag)
{
    g_autofree char *path =
        mx_uri_build(NULL, SEGMENTS("user", user_id, "rooms", room_id, "tags", tag), NULL);
    return mx_request_new("DELETE", path, NULL);
}

MxRequest *mx_endpoint_set_account_data(const char *user_id, const char *type, JsonObject *content)
{
    return new_with_object("PUT", SEGMENTS("user", user_id, "account_data", type), content);
}

MxRequest *mx_endpoint_get_account_data(const char *user_id, const char *type)
{
    return new_get(SEGMENTS("user", user_id, "account_data", type), NULL);
}

MxRequest *mx_endpoint_set_push_rule(const char *kind, const char *rule_id, JsonObject *rule)
{
    return new_with_object("PUT", SEGMENTS("pushrules", "global", kind, rule_id), rule);
}

MxRequest *mx_endpoint_enable_push_rule(const char *kind, const char *rule_id)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_boolean_member(body, "enabled", TRUE);
    return new_with_object("PUT", SEGMENTS("pushrules", "global", kind, rule_id, "enabled"), body);
}

MxRequest *mx_endpoint_delete_push_rule(const char *kind, const char *rule_id)
{
    g_autofree char *path =
        mx_uri_build(NULL, SEGMENTS("pushrules", "global", kind, rule_id), NULL);
    return mx_request_new("DELETE", path, NULL);
}

MxRequest *mx_endpoint_read_markers(const char *room_id, const char *event_id, gboolean is_private)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "m.fully_read", event_id);
    json_object_set_string_member(body, is_private ? "m.read.private" : "m.read", event_id);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "read_markers"), body);
}

MxRequest *mx_endpoint_typing(const char *room_id, const char *user_id, guint timeout_ms)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_boolean_member(body, "typing", timeout_ms > 0);
    if (timeout_ms > 0)
        json_object_set_int_member(body, "timeout", timeout_ms);
    MxRequest *request =
        new_with_object("PUT", SEGMENTS("rooms", room_id, "typing", user_id), body);
    mx_request_set_rate_limit_retries(request, 0);
    return request;
}

MxRequest *mx_endpoint_set_presence(const char *user_id, const char *presence,
                                    const char *status_msg)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "presence", presence);
    json_object_set_string_member(body, "status_msg", status_msg);
    return new_with_object("PUT", SEGMENTS("presence", user_id, "status"), body);
}

MxRequest *mx_endpoint_set_room_account_data(const char *user_id, const char *room_id,
                                             const char *type, JsonObject *content)
{
    return new_with_object("PUT", SEGMENTS("user", user_id, "rooms", room_id, "account_data", type),
                           content);
}

MxRequest *mx_endpoint_profile(const char *user_id)
{
    return new_get(SEGMENTS("profile", user_id), NULL);
}

MxRequest *mx_endpoint_set_profile(const char *user_id, const char *key, const char *value)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, key, value);
    return new_with_object("PUT", SEGMENTS("profile", user_id, key), body);
}

MxRequest *mx_endpoint_presence_of(const char *user_id)
{
    return new_get(SEGMENTS("presence", user_id, "status"), NULL);
}

MxRequest *mx_endpoint_mutual_rooms(const char *user_id, gboolean is_stable)
{
    static const char *const stable[] = {"_matrix", "client", "v1", "mutual_rooms", NULL};
    static const char *const before[] = {
        "_matrix", "client", "unstable", "uk.half-shot.msc2666", "user", "mutual_rooms", NULL};
    return new_get(is_stable ? stable : before, QUERY("user_id", user_id));
}

MxRequest *mx_endpoint_search_people(const char *words, guint limit)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "search_term", words);
    json_object_set_int_member(body, "limit", limit);
    return new_with_object("POST", SEGMENTS("user_directory", "search"), body);
}

/* ---- media ---- */

static MxRequest *new_media(const char *what, const char *server_name, const char *media_id,
                            const char *const *query, gboolean is_old, gsize max_bytes)
{
    const char *const now[] = {"_matrix", "client",    "v1",     "media",
                               what,      server_name, media_id, NULL};
    const char *const before[] = {"_matrix", "media", "v3", what, server_name, media_id, NULL};
    MxRequest *request = new_get(is_old ? before : now, query);
    mx_request_set_authorized(request, !is_old);
    mx_request_set_redirects_without_token(request, TRUE);
    mx_request_set_max_body(request, max_bytes);
    return request;
}

MxRequest *mx_endpoint_thumbnail(const char *server_name, const char *media_id, guint pixels,
                                 gboolean is_old, gsize max_bytes)
{
    g_autofree char *size = g_strdup_printf("%u", pixels);
    return new_media("thumbnail", server_name, media_id,
                     QUERY("width", size, "height", size, "method", "crop", "animated", "false"),
                     is_old, max_bytes);
}

MxRequest *mx_endpoint_download(const char *server_name, const char *media_id, gboolean is_old,
                                gsize max_bytes)
{
    return new_media("download", server_name, media_id, NULL, is_old, max_bytes);
}

MxRequest *mx_endpoint_upload(GBytes *content, const char *content_type)
{
    static const char *const segments[] = {"_matrix", "media", "v3", "upload", NULL};
    g_autofree char *path = mx_uri_build(NULL, segments, NULL);
    MxRequest *request = mx_request_new("POST", path, NULL);
    mx_request_set_content(request, content, content_type);
    return request;
}

MxRequest *mx_endpoint_upload_stream(const char *file_name, const char *content_type,
                                     MxRequestOpenFunc open, gpointer user_data, guint64 len)
{
    static const char *const segments[] = {"_matrix", "media", "v3", "upload", NULL};
    g_autofree char *path = mx_uri_build(NULL, segments, QUERY("filename", file_name));
    MxRequest *request = mx_request_new("POST", path, NULL);
    mx_request_set_stream(request, open, user_data, len, content_type);
    return request;
}

MxRequest *mx_endpoint_media_config(gboolean is_old)
{
    static const char *const now[] = {"_matrix", "client", "v1", "media", "config", NULL};
    static const char *const before[] = {"_matrix", "media", "v3", "config", NULL};
    return new_get(is_old ? before : now, NULL);
}

MxRequest *mx_endpoint_preview(const char *server_name, const char *media_id, guint width,
                               guint height, gboolean is_old, gsize max_bytes)
{
    g_autofree char *w = g_strdup_printf("%u", width);
    g_autofree char *h = g_strdup_printf("%u", height);
    return new_media("thumbnail", server_name, media_id,
                     QUERY("width", w, "height", h, "method", "scale", "animated", "false"), is_old,
                     max_bytes);
}

/* ---- moderation and upgrades ---- */

MxRequest *mx_endpoint_capabilities(void)
{
    return new_get(SEGMENTS("capabilities"), NULL);
}

MxRequest *mx_endpoint_upgrade(const char *room_id, const char *version)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "new_version", version);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "upgrade"), body);
}

MxRequest *mx_endpoint_moderate(const char *room_id, const char *deed, const char *user_id,
                                const char *reason)
{
    g_autoptr(JsonObject) body = new_reason(reason);
    json_object_set_string_member(body, "user_id", user_id);
    return new_with_object("POST", SEGMENTS("rooms", room_id, deed), body);
}

/* The specification wants a reason; it may be empty. */
static JsonObject *new_report(const char *reason)
{
    return new_reason(reason != NULL ? reason : "");
}

MxRequest *mx_endpoint_report_event(const char *room_id, const char *event_id, const char *reason)
{
    g_autoptr(JsonObject) body = new_report(reason);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "report", event_id), body);
}

MxRequest *mx_endpoint_report_room(const char *room_id, const char *reason)
{
    g_autoptr(JsonObject) body = new_report(reason);
    return new_with_object("POST", SEGMENTS("rooms", room_id, "report"), body);
}

MxRequest *mx_endpoint_report_user(const char *user_id, const char *reason)
{
    g_autoptr(JsonObject) body = new_report(reason);
    return new_with_object("POST", SEGMENTS("users", user_id, "report"), body);
}

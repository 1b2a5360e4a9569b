/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-http.h"

/* One function per operation of the client-server API; the only place that spells paths. Each gives
 * a new MxRequest (caller owns); strings and objects are copied. */

MxRequest *mx_endpoint_login_flows(void);                  /* GET /v3/login */
MxRequest *mx_endpoint_login(JsonObject *body);            /* POST /v3/login, not authorized */
MxRequest *mx_endpoint_logout(void);                       /* POST /v3/logout, body {} */
MxRequest *mx_endpoint_refresh(const char *refresh_token); /* POST /v3/refresh, not authorized */
MxRequest *mx_endpoint_whoami(void);                       /* GET /v3/account/whoami */
MxRequest *mx_endpoint_create_filter(const char *user_id, JsonObject *filter);
/* since, filter NULL: none. timeout_ms is the server's long poll; the request's own time-out is
 * that plus 15 s, and 15 minutes when since is NULL (a first sync takes long). set_presence:
 * "online", "unavailable", "offline" or NULL. Asks for use_state_after under both names. Rate
 * limits are not waited out inside (0 retries). */
MxRequest *mx_endpoint_sync(const char *since, const char *filter, guint timeout_ms,
                            const char *set_presence);
/* PUT /v3/rooms/{roomId}/send/{type}/{txnId}; content: JSON text, sent as it is */
MxRequest *mx_endpoint_send(const char *room_id, const char *type, const char *txn_id,
                            const char *content);
/* PUT /v3/rooms/{roomId}/redact/{eventId}/{txnId}; reason NULL: none */
MxRequest *mx_endpoint_redact(const char *room_id, const char *event_id, const char *txn_id,
                              const char *reason);
/* GET /v3/rooms/{roomId}/messages; dir "b" or "f"; to NULL: none; lazy members asked for */
MxRequest *mx_endpoint_messages(const char *room_id, const char *from, const char *to,
                                const char *dir, guint limit);
/* GET /v3/rooms/{roomId}/members; at, not_membership NULL: none */
MxRequest *mx_endpoint_members(const char *room_id, const char *at, const char *not_membership);
MxRequest *mx_endpoint_joined_members(const char *room_id);
MxRequest *mx_endpoint_create_room(JsonObject *body);
/* POST /v3/join/{roomIdOrAlias}; via NULL: none. No time-out. */
MxRequest *mx_endpoint_join(const char *room_id_or_alias, const char *const *via, JsonObject *body);
MxRequest *mx_endpoint_invite(const char *room_id, const char *user_id, const char *reason);
MxRequest *mx_endpoint_leave(const char *room_id, const char *reason);
MxRequest *mx_endpoint_forget(const char *room_id); /* POST /v3/rooms/{roomId}/forget */
/* PUT /v3/rooms/{roomId}/state/{type}/{stateKey} */
MxRequest *mx_endpoint_set_state(const char *room_id, const char *type, const char *state_key,
                                 JsonObject *content);
/* The same with content as JSON text, sent as it is. */
MxRequest *mx_endpoint_put_state(const char *room_id, const char *type, const char *state_key,
                                 const char *content);
/* GET /v3/rooms/{roomId}/state/{type}/{stateKey}: the content */
MxRequest *mx_endpoint_get_state(const char *room_id, const char *type, const char *state_key);
MxRequest *mx_endpoint_whole_state(const char *room_id); /* GET /v3/rooms/{roomId}/state */
/* GET /v3/rooms/{roomId}/state/{type}/{stateKey}: the whole event, or from servers older than
 * version 1.16 of the specification its content alone */
MxRequest *mx_endpoint_state_event(const char *room_id, const char *type, const char *state_key);
/* GET /v3/rooms/{roomId}/event/{eventId} */
MxRequest *mx_endpoint_event(const char *room_id, const char *event_id);
/* GET /v3/rooms/{roomId}/context/{eventId}: with the room's state at the event, and nothing else */
MxRequest *mx_endpoint_context(const char *room_id, const char *event_id);
/* PUT and DELETE /v3/user/{userId}/rooms/{roomId}/tags/{tag} */
MxRequest *mx_endpoint_set_tag(const char *user_id, const char *room_id, const char *tag);
MxRequest *mx_endpoint_delete_tag(const char *user_id, const char *room_id, const char *tag);
/* PUT /v3/user/{userId}/account_data/{type} */
MxRequest *mx_endpoint_set_account_data(const char *user_id, const char *type, JsonObject *content);
MxRequest *mx_endpoint_get_account_data(const char *user_id, const char *type);
/* PUT and DELETE /v3/pushrules/global/{kind}/{ruleId}, PUT .../enabled */
MxRequest *mx_endpoint_set_push_rule(const char *kind, const char *rule_id, JsonObject *rule);
MxRequest *mx_endpoint_enable_push_rule(const char *kind, const char *rule_id);
MxRequest *mx_endpoint_delete_push_rule(const char *kind, const char *rule_id);
/* POST /v3/rooms/{roomId}/read_markers: the fully-read marker, and with it an unthreaded receipt,
 * "m.read" or "m.read.private", for the same event */
MxRequest *mx_endpoint_read_markers(const char *room_id, const char *event_id, gboolean is_private);
/* PUT /v3/rooms/{roomId}/typing/{userId}; timeout_ms 0: no longer typing. Late it is worth nothing:
 * rate limits are not waited out. */
MxRequest *mx_endpoint_typing(const char *room_id, const char *user_id, guint timeout_ms);
/* PUT /v3/presence/{userId}/status; status_msg empty: none */
MxRequest *mx_endpoint_set_presence(const char *user_id, const char *presence,
                                    const char *status_msg);
/* PUT /v3/user/{userId}/rooms/{roomId}/account_data/{type} */
MxRequest *mx_endpoint_set_room_account_data(const char *user_id, const char *room_id,
                                             const char *type, JsonObject *content);
MxRequest *mx_endpoint_profile(const char *user_id); /* GET /v3/profile/{userId} */
/* PUT /v3/profile/{userId}/{keyName}; value: text */
MxRequest *mx_endpoint_set_profile(const char *user_id, const char *key, const char *value);
MxRequest *mx_endpoint_presence_of(const char *user_id); /* GET /v3/presence/{userId}/status */
/* GET /v1/mutual_rooms, or the path it had before version 1.19 of the specification. */
MxRequest *mx_endpoint_mutual_rooms(const char *user_id, gboolean is_stable);
/* POST /v3/user_directory/search */
MxRequest *mx_endpoint_search_people(const char *words, guint limit);

/* Media. is_old: the endpoints from before version 1.11, without a token. Redirects are followed,
 * the token stays here. max_bytes: a longer answer fails. */
MxRequest *mx_endpoint_thumbnail(const char *server_name, const char *media_id, guint pixels,
                                 gboolean is_old, gsize max_bytes);
MxRequest *mx_endpoint_download(const char *server_name, const char *media_id, gboolean is_old,
                                gsize max_bytes);
/* POST /_matrix/media/v3/upload */
MxRequest *mx_endpoint_upload(GBytes *content, const char *content_type);
/* The same with a stream as mx_request_set_stream() wants it; file_name: NULL, for nobody to see.
 */
MxRequest *mx_endpoint_upload_stream(const char *file_name, const char *content_type,
                                     MxRequestOpenFunc open, gpointer user_data, guint64 len);
/* GET /v1/media/config, or its older place */
MxRequest *mx_endpoint_media_config(gboolean is_old);
/* A thumbnail of the whole picture, at least so large: the server chooses. */
MxRequest *mx_endpoint_preview(const char *server_name, const char *media_id, guint width,
                               guint height, gboolean is_old, gsize max_bytes);

/* Moderation and upgrades. reason may be NULL. */
MxRequest *mx_endpoint_capabilities(void); /* GET /v3/capabilities */
MxRequest *mx_endpoint_upgrade(const char *room_id, const char *version);
/* deed: "kick", "ban" or "unban", as the path says it */
MxRequest *mx_endpoint_moderate(const char *room_id, const char *deed, const char *user_id,
                                const char *reason);
MxRequest *mx_endpoint_report_event(const char *room_id, const char *event_id, const char *reason);
MxRequest *mx_endpoint_report_room(const char *room_id, const char *reason);
MxRequest *mx_endpoint_report_user(const char *user_id, const char *reason);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* The body of a /sync answer, built piece by piece. JSON given as text may be written with ' for ",
 * so that C strings stay readable. */

typedef struct _SyncBody SyncBody;

SyncBody *sync_body_new(void);
/* Gives the text and frees the builder. Caller frees the text. */
char *sync_body_end(SyncBody *body);

/* Each takes the event. section is "join" unless it is named. */
void sync_body_timeline(SyncBody *body, const char *room_id, JsonObject *event);
void sync_body_state(SyncBody *body, const char *room_id, JsonObject *event);
void sync_body_state_after(SyncBody *body, const char *room_id, JsonObject *event);
void sync_body_leave(SyncBody *body, const char *room_id, JsonObject *event);
void sync_body_invite(SyncBody *body, const char *room_id, JsonObject *event);
void sync_body_limited(SyncBody *body, const char *room_id, const char *prev_batch);
void sync_body_prev_batch(SyncBody *body, const char *room_id, const char *prev_batch);
/* heroes: user IDs separated by spaces, or NULL */
void sync_body_summary(SyncBody *body, const char *room_id, int joined, int invited,
                       const char *heroes);
void sync_body_unread(SyncBody *body, const char *room_id, int notifications, int highlights);
/* content as in sync_body_account_data() */
void sync_body_ephemeral(SyncBody *body, const char *room_id, const char *type,
                         const char *content);
void sync_body_presence(SyncBody *body, const char *user, const char *content);
void sync_body_account_data(SyncBody *body, const char *type, const char *content);
void sync_body_room_account_data(SyncBody *body, const char *room_id, const char *type,
                                 const char *content);

/* The whole state of a room: create, power levels, a member event for each (displayname from the
 * localpart), the name unless it is NULL, the summary. members: user IDs separated by spaces, the
 * own one first. */
void sync_body_room(SyncBody *body, const char *room_id, const char *name, const char *members);
/* sync_body_room() with two members, and m.direct for it when listed. */
void sync_body_direct(SyncBody *body, const char *room_id, const char *own, const char *other);

/* Events get an ID of their own ("$e1", "$e2", ...) and the present time. */
JsonObject *event_new(const char *type, const char *sender, const char *content);
JsonObject *event_state(const char *type, const char *state_key, const char *sender,
                        const char *content);
JsonObject *event_member(const char *user, const char *membership, const char *name);
JsonObject *event_with_prev(JsonObject *event, const char *prev_content); /* the same object */
JsonObject *event_text(const char *sender, const char *body);
JsonObject *event_message(const char *sender, const char *msgtype, const char *body);
JsonObject *event_with_id(JsonObject *event, const char *id);        /* the same object */
JsonObject *event_with_time(JsonObject *event, gint64 milliseconds); /* the same object */
char *event_to_text(JsonObject *event);                              /* takes the event */

/* ' becomes ". Caller frees. */
char *json_quotes(const char *text);
/* Parses text with ' or ". Aborts on bad JSON: it is the test's own. */
JsonNode *json_text(const char *text);

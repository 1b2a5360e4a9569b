/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "sync-body.h"

#include <string.h>

struct _SyncBody {
    JsonObject *root;
};

char *json_quotes(const char *text)
{
    char *quoted = g_strdup(text);

    for (char *p = quoted; *p != '\0'; p++) {
        if (*p == '\'')
            *p = '"';
    }
    return quoted;
}

JsonNode *json_text(const char *text)
{
    g_autofree char *quoted = json_quotes(text);
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(quoted, &error);

    if (node == NULL)
        g_error("bad JSON in a test: %s: %s", error ? error->message : "?", quoted);
    return node;
}

static char *object_to_text(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

/* The member object, made when it is not there. Borrowed. */
static JsonObject *sub(JsonObject *object, const char *name)
{
    if (!json_object_has_member(object, name))
        json_object_set_object_member(object, name, json_object_new());
    return json_object_get_object_member(object, name);
}

static JsonArray *events_of(JsonObject *object)
{
    if (!json_object_has_member(object, "events"))
        json_object_set_array_member(object, "events", json_array_new());
    return json_object_get_array_member(object, "events");
}

static JsonObject *room_of(SyncBody *body, const char *section, const char *room_id)
{
    return sub(sub(sub(body->root, "rooms"), section), room_id);
}

SyncBody *sync_body_new(void)
{
    SyncBody *body = g_new0(SyncBody, 1);

    body->root = json_object_new();
    return body;
}

char *sync_body_end(SyncBody *body)
{
    char *text = object_to_text(body->root);

    json_object_unref(body->root);
    g_free(body);
    return text;
}

static void add(SyncBody *body, const char *section, const char *room_id, const char *part,
                JsonObject *event)
{
    JsonObject *room = room_of(body, section, room_id);

    json_array_add_object_element(events_of(sub(room, part)), event);
}

void sync_body_timeline(SyncBody *body, const char *room_id, JsonObject *event)
{
    add(body, "join", room_id, "timeline", event);
}

void sync_body_state(SyncBody *body, const char *room_id, JsonObject *event)
{
    add(body, "join", room_id, "state", event);
}

void sync_body_state_after(SyncBody *body, const char *room_id, JsonObject *event)
{
    add(body, "join", room_id, "state_after", event);
}

void sync_body_leave(SyncBody *body, const char *room_id, JsonObject *event)
{
    add(body, "leave", room_id, "timeline", event);
}

void sync_body_invite(SyncBody *body, const char *room_id, JsonObject *event)
{
    add(body, "invite", room_id, "invite_state", event);
}

void sync_body_prev_batch(SyncBody *body, const char *room_id, const char *prev_batch)
{
    json_object_set_string_member(sub(room_of(body, "join", room_id), "timeline"), "prev_batch",
                                  prev_batch);
}

void sync_body_limited(SyncBody *body, const char *room_id, const char *prev_batch)
{
    json_object_set_boolean_member(sub(room_of(body, "join", room_id), "timeline"), "limited",
                                   TRUE);
    sync_body_prev_batch(body, room_id, prev_batch);
}

void sync_body_summary(SyncBody *body, const char *room_id, int joined, int invited,
                       const char *heroes)
{
    JsonObject *summary = sub(room_of(body, "join", room_id), "summary");
    g_auto(GStrv) list = g_strsplit(heroes ? heroes : "", " ", -1);
    JsonArray *array = json_array_new();

    json_object_set_int_member(summary, "m.joined_member_count", joined);
    json_object_set_int_member(summary, "m.invited_member_count", invited);
    for (guint i = 0; list[i] != NULL && list[i][0] != '\0'; i++)
        json_array_add_string_element(array, list[i]);
    json_object_set_array_member(summary, "m.heroes", array);
}

void sync_body_unread(SyncBody *body, const char *room_id, int notifications, int highlights)
{
    JsonObject *unread = sub(room_of(body, "join", room_id), "unread_notifications");

    json_object_set_int_member(unread, "notification_count", notifications);
    json_object_set_int_member(unread, "highlight_count", highlights);
}

static JsonObject *data_event(const char *type, const char *content)
{
    JsonObject *event = json_object_new();

    json_object_set_string_member(event, "type", type);
    json_object_set_member(event, "content", json_text(content));
    return event;
}

void sync_body_account_data(SyncBody *body, const char *type, const char *content)
{
    json_array_add_object_element(events_of(sub(body->root, "account_data")),
                                  data_event(type, content));
}

void sync_body_room_account_data(SyncBody *body, const char *room_id, const char *type,
                                 const char *content)
{
    add(body, "join", room_id, "account_data", data_event(type, content));
}

void sync_body_ephemeral(SyncBody *body, const char *room_id, const char *type, const char *content)
{
    add(body, "join", room_id, "ephemeral", data_event(type, content));
}

void sync_body_presence(SyncBody *body, const char *user, const char *content)
{
    JsonObject *event = data_event("m.presence", content);

    json_object_set_string_member(event, "sender", user);
    json_array_add_object_element(events_of(sub(body->root, "presence")), event);
}

void sync_body_room(SyncBody *body, const char *room_id, const char *name, const char *members)
{
    g_auto(GStrv) users = g_strsplit(members, " ", -1);
    guint n = g_strv_length(users);
    g_autofree char *heroes = g_strjoinv(" ", users + (n > 0 ? 1 : 0));
    g_autoptr(JsonObject) content = json_object_new();
    g_autofree char *text = NULL;

    sync_body_state(body, room_id,
                    event_state("m.room.create", "", users[0], "{'room_version':'10'}"));
    for (guint i = 0; i < n; i++) {
        g_autofree char *local = g_strndup(users[i] + 1, strcspn(users[i] + 1, ":"));
        local[0] = g_ascii_toupper(local[0]);
        sync_body_state(body, room_id, event_member(users[i], "join", local));
    }
    sync_body_state(body, room_id,
                    event_state("m.room.power_levels", "", users[0], "{'users_default':0}"));
    if (name != NULL) {
        json_object_set_string_member(content, "name", name);
        text = object_to_text(content);
        sync_body_state(body, room_id, event_state("m.room.name", "", users[0], text));
    }
    sync_body_summary(body, room_id, n, 0, name == NULL ? heroes : NULL);
}

void sync_body_direct(SyncBody *body, const char *room_id, const char *own, const char *other)
{
    g_autofree char *members = g_strdup_printf("%s %s", own, other);
    g_autofree char *direct = g_strdup_printf("{'%s':['%s']}", other, room_id);

    sync_body_room(body, room_id, NULL, members);
    sync_body_account_data(body, "m.direct", direct);
}

/* ---- events ---- */

JsonObject *event_new(const char *type, const char *sender, const char *content)
{
    static guint last;
    JsonObject *event = json_object_new();
    g_autofree char *id = g_strdup_printf("$e%u:%08x", ++last, g_random_int());

    json_object_set_string_member(event, "type", type);
    json_object_set_string_member(event, "event_id", id);
    json_object_set_string_member(event, "sender", sender);
    json_object_set_int_member(event, "origin_server_ts", g_get_real_time() / 1000);
    json_object_set_member(event, "content", json_text(content));
    return event;
}

JsonObject *event_state(const char *type, const char *state_key, const char *sender,
                        const char *content)
{
    JsonObject *event = event_new(type, sender, content);

    json_object_set_string_member(event, "state_key", state_key);
    return event;
}

JsonObject *event_member(const char *user, const char *membership, const char *name)
{
    JsonObject *event = event_state("m.room.member", user, user, "{}");
    JsonObject *content = json_object_get_object_member(event, "content");

    json_object_set_string_member(content, "membership", membership);
    if (name != NULL)
        json_object_set_string_member(content, "displayname", name);
    return event;
}

JsonObject *event_with_prev(JsonObject *event, const char *prev_content)
{
    JsonObject *about = sub(event, "unsigned");

    json_object_set_member(about, "prev_content", json_text(prev_content));
    return event;
}

JsonObject *event_message(const char *sender, const char *msgtype, const char *body)
{
    JsonObject *event = event_new("m.room.message", sender, "{}");
    JsonObject *content = json_object_get_object_member(event, "content");

    json_object_set_string_member(content, "msgtype", msgtype);
    json_object_set_string_member(content, "body", body);
    return event;
}

JsonObject *event_text(const char *sender, const char *body)
{
    return event_message(sender, "m.text", body);
}

JsonObject *event_with_id(JsonObject *event, const char *id)
{
    json_object_set_string_member(event, "event_id", id);
    return event;
}

JsonObject *event_with_time(JsonObject *event, gint64 milliseconds)
{
    json_object_set_int_member(event, "origin_server_ts", milliseconds);
    return event;
}

char *event_to_text(JsonObject *event)
{
    char *text = object_to_text(event);

    json_object_unref(event);
    return text;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-new-room.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-error.h"
#include "mx-id.h"
#include "mx-json-scan.h"
#include "mx-json.h"
#include "mx-link.h"

#define SPACE " \t\r\n"
#define ENCRYPTION "m.room.encryption"
#define MEGOLM "m.megolm.v1.aes-sha2"

static void unref_object(gpointer object)
{
    json_object_unref(object);
}

MxNewRoom *mx_new_room_new(void)
{
    MxNewRoom *room = g_new0(MxNewRoom, 1);
    room->invitees = g_ptr_array_new_with_free_func(g_free);
    room->state = g_ptr_array_new_with_free_func(unref_object);
    return room;
}

void mx_new_room_free(MxNewRoom *room)
{
    g_free(room->name);
    g_free(room->topic);
    g_free(room->alias_localpart);
    g_free(room->version);
    g_free(room->type);
    g_free(room->join_rule);
    g_free(room->history);
    g_free(room->guests);
    g_free(room->power);
    g_free(room->creation);
    g_ptr_array_unref(room->invitees);
    g_ptr_array_unref(room->state);
    g_free(room);
}

/* ---- values ---- */

static gboolean fail(GError **error, const char *text)
{
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, text);
    return FALSE;
}

char *mx_new_room_read_alias(const char *typed, const char *own_server)
{
    g_autofree char *alias = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    char *localpart = alias[0] == '#' ? alias + 1 : alias;
    char *colon = strchr(localpart, ':');
    if (colon != NULL && !g_str_equal(colon + 1, own_server))
        return NULL;
    if (colon != NULL)
        *colon = '\0';
    g_autofree char *whole = g_strdup_printf("#%s:%s", localpart, own_server);
    return *localpart == '\0' || mx_room_alias_is_valid(whole) ? g_strdup(localpart) : NULL;
}

gboolean mx_new_room_add_people(MxNewRoom *room, const char *typed, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(typed != NULL ? typed : "", " ,;\t\r\n", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        g_autoptr(MxLink) link = mx_link_parse(words[i]);
        if (*words[i] == '\0')
            continue;
        if (link == NULL || link->kind != MX_LINK_USER) {
            g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                        _("“%s” is no Matrix ID (@name:server)."), words[i]);
            return FALSE;
        }
        g_ptr_array_add(room->invitees, g_strdup(link->id));
    }
    return TRUE;
}

static gboolean is_object(const char *text)
{
    gsize len = strlen(text);
    return mx_json_scan_validate(text, len) && mx_json_scan_root(text, len).type == MX_JSON_OBJECT;
}

static gboolean is_word(const char *value)
{
    return *value != '\0' && value[strcspn(value, SPACE)] == '\0';
}

/* ---- options ---- */

typedef struct {
    MxNewRoom *room;
    const char *own_server;
} Reading;

typedef gboolean (*ReadFunc)(Reading *reading, const char *value, GError **error);

static gboolean read_alias(Reading *reading, const char *value, GError **error)
{
    g_free(reading->room->alias_localpart);
    reading->room->alias_localpart = mx_new_room_read_alias(value, reading->own_server);
    return reading->room->alias_localpart != NULL ||
           fail(error, _("An address is a word without spaces, and it can only be one of your own "
                         "homeserver."));
}

static gboolean read_invite(Reading *reading, const char *value, GError **error)
{
    return mx_new_room_add_people(reading->room, value, error);
}

static void set_string(JsonObject *object, const char *name, const char *value)
{
    json_object_set_string_member(object, name, value);
}

/* Takes content. */
static JsonObject *new_event(const char *type, const char *key, JsonObject *content)
{
    JsonObject *event = json_object_new();
    set_string(event, "type", type);
    set_string(event, "state_key", key);
    json_object_set_object_member(event, "content", content);
    return event;
}

/* TYPE [KEY] {…} */
static gboolean read_state(Reading *reading, const char *value, GError **error)
{
    const char *json = strchr(value, '{');
    g_autofree char *head = json != NULL ? g_strndup(value, json - value) : NULL;
    g_auto(GStrv) words = head != NULL ? g_strsplit(g_strstrip(head), " ", 2) : NULL;
    JsonObject *content = json != NULL ? mx_json_parse_object(json, -1, NULL) : NULL;
    if (content == NULL || words == NULL || words[0] == NULL || *words[0] == '\0') {
        g_clear_pointer(&content, json_object_unref);
        return fail(error,
                    _("Write --state TYPE [KEY] {\"name\": \"value\"}, with content in JSON."));
    }
    const char *key = words[1] != NULL ? g_strstrip(words[1]) : "";
    g_ptr_array_add(reading->room->state, new_event(words[0], key, content));
    return TRUE;
}

typedef enum { FLAG, TEXT, WORD, OBJECT, OWN } Kind;

/* choices: the words it may be, or NULL. */
static const struct {
    const char *name;
    Kind kind;
    gsize offset;
    ReadFunc read; /* of OWN */
    const char *choices;
} options[] = {
    {"topic", TEXT, G_STRUCT_OFFSET(MxNewRoom, topic)},
    {"alias", OWN, 0, read_alias},
    {"invite", OWN, 0, read_invite},
    {"version", WORD, G_STRUCT_OFFSET(MxNewRoom, version)},
    {"public", FLAG, G_STRUCT_OFFSET(MxNewRoom, is_public)},
    {"listed", FLAG, G_STRUCT_OFFSET(MxNewRoom, is_listed)},
    {"unlisted", FLAG, G_STRUCT_OFFSET(MxNewRoom, is_unlisted)},
    {"no-federate", FLAG, G_STRUCT_OFFSET(MxNewRoom, is_local)},
    {"encrypted", FLAG, G_STRUCT_OFFSET(MxNewRoom, is_encrypted)},
    {"join", WORD, G_STRUCT_OFFSET(MxNewRoom, join_rule), NULL, "public, invite, knock"},
    {"history", WORD, G_STRUCT_OFFSET(MxNewRoom, history), NULL,
     "shared, invited, joined, world_readable"},
    {"guests", WORD, G_STRUCT_OFFSET(MxNewRoom, guests), NULL, "can_join, forbidden"},
    {"type", WORD, G_STRUCT_OFFSET(MxNewRoom, type)},
    {"power", OBJECT, G_STRUCT_OFFSET(MxNewRoom, power)},
    {"creation", OBJECT, G_STRUCT_OFFSET(MxNewRoom, creation)},
    {"state", OWN, 0, read_state},
};

static gboolean is_choice(const char *choices, const char *value)
{
    g_auto(GStrv) words = g_strsplit(choices, ", ", -1);
    return g_strv_contains((const char *const *)words, value);
}

static gboolean check_value(guint i, const char *value, GError **error)
{
    if (options[i].kind == FLAG && *value != '\0')
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("--%s takes no value; the name of the room stands before all options."),
                    options[i].name);
    else if (options[i].choices != NULL && !is_choice(options[i].choices, value))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID, _("--%s is one of: %s."), options[i].name,
                    options[i].choices);
    else if (options[i].kind == WORD && !is_word(value))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID, _("--%s needs one word."), options[i].name);
    else if (options[i].kind == OBJECT && !is_object(value))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("--%s needs a JSON object, {\"name\": \"value\"}."), options[i].name);
    else if (options[i].kind != FLAG && *value == '\0')
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID, _("--%s needs a value."), options[i].name);
    else
        return TRUE;
    return FALSE;
}

static gboolean read_option(Reading *reading, const char *name, const char *value, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        if (!g_str_equal(options[i].name, name))
            continue;
        gpointer field = G_STRUCT_MEMBER_P(reading->room, options[i].offset);
        if (!check_value(i, value, error))
            return FALSE;
        if (options[i].kind == OWN)
            return options[i].read(reading, value, error);
        if (options[i].kind == FLAG) {
            *(gboolean *)field = TRUE;
        } else {
            g_free(*(char **)field);
            *(char **)field = g_strdup(value);
        }
        return TRUE;
    }
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(options); i++)
        g_string_append_printf(known, "%s--%s", i > 0 ? " " : "", options[i].name);
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID, _("There is no option --%s. There are: %s"),
                name, known->str);
    return FALSE;
}

static gboolean is_option(const char *at)
{
    return at[0] == '-' && at[1] == '-' && g_ascii_isalpha(at[2]);
}

/* Where the next option begins, or the end; what stands in an object is none. */
static const char *find_option(const char *at)
{
    const char *end = at + strlen(at);
    for (gboolean begins = TRUE; at < end; at++) {
        if (begins && is_option(at))
            return at;
        const char *after = begins && *at == '{' ? mx_json_scan_skip(at, end) : NULL;
        if (after != NULL && after > at)
            at = after - 1;
        begins = strchr(SPACE, *at) != NULL;
    }
    return end;
}

static char *cut(const char *begin, const char *end)
{
    return g_strstrip(g_strndup(begin, end - begin));
}

MxNewRoom *mx_new_room_parse(const char *typed, const char *own_server, GError **error)
{
    g_autoptr(MxNewRoom) room = mx_new_room_new();
    Reading reading = {.room = room, .own_server = own_server};
    const char *at = find_option(typed);
    room->name = cut(typed, at);
    while (*at != '\0') {
        gsize len = strcspn(at, SPACE);
        const char *next = find_option(at + len);
        g_autofree char *name = g_strndup(at + 2, len - 2);
        g_autofree char *value = cut(at + len, next);
        if (!read_option(&reading, name, value, error))
            return NULL;
        at = next;
    }
    return g_steal_pointer(&room);
}

/* ---- the request ---- */

static void set_unless_empty(JsonObject *body, const char *member, const char *text)
{
    if (text != NULL && *text != '\0')
        set_string(body, member, text);
}

static void add_setting(JsonArray *state, const char *type, const char *member, const char *value)
{
    if (value == NULL)
        return;
    JsonObject *content = json_object_new();
    set_string(content, member, value);
    json_array_add_object_element(state, new_event(type, "", content));
}

static void add_state(JsonObject *body, const MxNewRoom *room)
{
    JsonArray *state = json_array_new();
    add_setting(state, "m.room.join_rules", "join_rule", room->join_rule);
    add_setting(state, "m.room.history_visibility", "history_visibility", room->history);
    add_setting(state, "m.room.guest_access", "guest_access", room->guests);
    if (room->is_encrypted)
        add_setting(state, ENCRYPTION, "algorithm", MEGOLM);
    for (guint i = 0; i < room->state->len; i++)
        json_array_add_object_element(state, json_object_ref(g_ptr_array_index(room->state, i)));
    json_object_set_array_member(body, "initial_state", state);
}

gboolean mx_new_room_wants_encryption(const MxNewRoom *room)
{
    gboolean is_wanted = room->is_encrypted;
    for (guint i = 0; i < room->state->len; i++) {
        JsonObject *event = g_ptr_array_index(room->state, i);
        is_wanted |= g_strcmp0(mx_json_string(event, "type"), ENCRYPTION) == 0 &&
                     g_strcmp0(mx_json_string(event, "state_key"), "") == 0;
    }
    return is_wanted;
}

static JsonObject *new_creation(const MxNewRoom *room)
{
    JsonObject *creation =
        room->creation != NULL ? mx_json_parse_object(room->creation, -1, NULL) : NULL;
    if (creation == NULL)
        creation = json_object_new();
    set_unless_empty(creation, "type", room->type);
    if (room->is_local)
        json_object_set_boolean_member(creation, "m.federate", FALSE);
    return creation;
}

JsonObject *mx_new_room_to_json(const MxNewRoom *room)
{
    JsonObject *body = json_object_new();
    gboolean is_listed = (room->is_public || room->is_listed) && !room->is_unlisted;
    JsonArray *invite = json_array_new();
    set_unless_empty(body, "name", room->name);
    set_unless_empty(body, "topic", room->topic);
    set_unless_empty(body, "room_alias_name", room->alias_localpart);
    set_unless_empty(body, "room_version", room->version);
    set_string(body, "preset", room->is_public ? "public_chat" : "private_chat");
    set_string(body, "visibility", is_listed ? "public" : "private");
    for (guint i = 0; i < room->invitees->len; i++)
        json_array_add_string_element(invite, g_ptr_array_index(room->invitees, i));
    json_object_set_array_member(body, "invite", invite);
    add_state(body, room);
    json_object_set_object_member(body, "creation_content", new_creation(room));
    JsonObject *power = room->power != NULL ? mx_json_parse_object(room->power, -1, NULL) : NULL;
    if (power != NULL)
        json_object_set_object_member(body, "power_level_content_override", power);
    return body;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-direct.h"

#include "mx-id.h"
#include "mx-json.h"
#include "mx-store-upgrades.h"

gint64 mx_direct_count_joined(MxStore *store, const MxRoomRow *room)
{
    return room->joined_count >= 0 ? room->joined_count
                                   : mx_store_count_members(store, room->key, MX_MEMBERSHIP_JOIN);
}

gint64 mx_direct_count_invited(MxStore *store, const MxRoomRow *room)
{
    return room->invited_count >= 0
               ? room->invited_count
               : mx_store_count_members(store, room->key, MX_MEMBERSHIP_INVITE);
}

static JsonObject *read_object(const char *text)
{
    return text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
}

/* Bots that only serve the room do not count as people (MSC4171, io.element.functional_members). */
static gint64 count_functional(MxStore *store, const MxRoomRow *room)
{
    g_autofree char *text =
        mx_store_get_state(store, room->key, "io.element.functional_members", "");
    g_autoptr(JsonObject) content = read_object(text);
    JsonArray *members = mx_json_array(content, "service_members");
    gint64 count = 0;
    for (guint i = 0; i < mx_json_array_length(members); i++) {
        const char *user_id = mx_json_array_string(members, i);
        g_autoptr(MxMemberRow) member =
            user_id != NULL ? mx_store_get_member(store, room->key, user_id) : NULL;
        if (member != NULL && (member->membership == MX_MEMBERSHIP_JOIN ||
                               member->membership == MX_MEMBERSHIP_INVITE))
            count++;
    }
    return count;
}

gint64 mx_direct_count_people(MxStore *store, const MxRoomRow *room)
{
    return mx_direct_count_joined(store, room) + mx_direct_count_invited(store, room) -
           count_functional(store, room);
}

/* How well the room serves as the user's IM: 2 both are there, 1 the partner has left, 0 it does
 * not. */
static int rate(MxStore *store, const MxRoomRow *room, const char *user_id, const char *own_user_id)
{
    if (room->membership != MX_MEMBERSHIP_JOIN && room->membership != MX_MEMBERSHIP_PENDING)
        return 0;
    if (mx_store_has_moved(store, room->key))
        return 0; /* it goes on elsewhere, with fewer messages */
    gint64 people = mx_direct_count_people(store, room);
    g_autoptr(MxMemberRow) partner = mx_store_get_member(store, room->key, user_id);
    gboolean is_away = partner != NULL && partner->membership != MX_MEMBERSHIP_JOIN &&
                       partner->membership != MX_MEMBERSHIP_INVITE;
    if (is_away)
        return people == 1 ? 1 : 0; /* two without the partner are others */
    gint64 wanted = g_str_equal(user_id, own_user_id) ? 1 : 2;
    if (people == wanted)
        return 2;
    return people == 1 ? 1 : 0;
}

typedef struct {
    char *user_id;
    gint64 room;
    int rating;
    gint64 last_ts;
} Choice;

static void on_choice_removed(gpointer data)
{
    Choice *choice = data;
    g_free(choice->user_id);
    g_free(choice);
}

static void consider(MxStore *store, GHashTable *choices, const char *user_id, const char *room_id,
                     const char *own_user_id)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room(store, room_id);
    int rating = room != NULL ? rate(store, room, user_id, own_user_id) : 0;
    if (rating == 0)
        return;
    Choice *best = g_hash_table_lookup(choices, user_id);
    if (best != NULL &&
        (best->rating > rating || (best->rating == rating && best->last_ts >= room->last_ts)))
        return;
    Choice *choice = g_new0(Choice, 1);
    choice->user_id = g_strdup(user_id);
    choice->room = room->key;
    choice->rating = rating;
    choice->last_ts = room->last_ts;
    g_hash_table_replace(choices, choice->user_id, choice);
}

/* user ID -> Choice */
static GHashTable *choose(MxStore *store, const char *own_user_id)
{
    GHashTable *choices = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, on_choice_removed);
    g_autofree char *text = mx_store_get_account_data(store, 0, "m.direct");
    g_autoptr(JsonObject) direct = read_object(text);
    g_autoptr(GList) users = direct != NULL ? json_object_get_members(direct) : NULL;
    for (GList *at = users; at != NULL; at = at->next) {
        const char *user_id = at->data;
        JsonArray *rooms = mx_json_array(direct, user_id);
        if (!mx_user_id_is_valid(user_id))
            continue;
        for (guint i = 0; i < mx_json_array_length(rooms); i++) {
            const char *room_id = mx_json_array_string(rooms, i);
            if (room_id != NULL)
                consider(store, choices, user_id, room_id, own_user_id);
        }
    }
    return choices;
}

/* room key -> user ID borrowed from choices. A room that m.direct lists for two people is the first
 * one's. */
static GHashTable *invert(GHashTable *choices)
{
    GHashTable *by_room = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, choices);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Choice *choice = value;
        const char *other = g_hash_table_lookup(by_room, &choice->room);
        if (other == NULL || strcmp(choice->user_id, other) < 0)
            g_hash_table_insert(by_room, &choice->room, choice->user_id);
    }
    return by_room;
}

GArray *mx_direct_update(MxStore *store, const char *own_user_id)
{
    GArray *changed = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GHashTable) choices = choose(store, own_user_id);
    g_autoptr(GHashTable) by_room = invert(choices);
    g_autoptr(GPtrArray) rooms = mx_store_list_rooms(store);
    for (guint i = 0; i < rooms->len; i++) {
        MxRoomRow *room = g_ptr_array_index(rooms, i);
        const char *user_id = g_hash_table_lookup(by_room, &room->key);
        if (room->membership == MX_MEMBERSHIP_PENDING || g_strcmp0(user_id, room->direct_user) == 0)
            continue;
        mx_store_set_direct_user(store, room->key, user_id);
        g_array_append_val(changed, room->key);
    }
    return changed;
}

gboolean mx_direct_is_listed(MxStore *store, const char *room_id)
{
    g_autofree char *text = mx_store_get_account_data(store, 0, "m.direct");
    g_autoptr(JsonObject) direct = read_object(text);
    g_autoptr(GList) users = direct != NULL ? json_object_get_members(direct) : NULL;
    for (GList *at = users; at != NULL; at = at->next) {
        JsonArray *rooms = mx_json_array(direct, at->data);
        for (guint i = 0; i < mx_json_array_length(rooms); i++)
            if (g_strcmp0(mx_json_array_string(rooms, i), room_id) == 0)
                return TRUE;
    }
    return FALSE;
}

/* ---- additions ---- */

#define ADDITIONS "m.direct additions"

static void add_missing(JsonObject *into, const char *user_id, JsonArray *rooms)
{
    JsonArray *known = mx_json_array(into, user_id);
    if (known == NULL) {
        known = json_array_new();
        json_object_set_array_member(into, user_id, known);
    }
    for (guint i = 0; i < mx_json_array_length(rooms); i++) {
        const char *room_id = mx_json_array_string(rooms, i);
        gboolean found = room_id == NULL;
        for (guint k = 0; k < mx_json_array_length(known) && !found; k++)
            found = g_strcmp0(mx_json_array_string(known, k), room_id) == 0;
        if (!found)
            json_array_add_string_element(known, room_id);
    }
}

JsonObject *mx_direct_merge(JsonObject *base, const char *additions)
{
    JsonObject *merged = base != NULL ? json_object_ref(base) : json_object_new();
    g_autoptr(JsonObject) added = read_object(additions);
    g_autoptr(GList) users = added != NULL ? json_object_get_members(added) : NULL;
    for (GList *at = users; at != NULL; at = at->next)
        add_missing(merged, at->data, mx_json_array(added, at->data));
    return merged;
}

static void merge_into_stored(MxStore *store, const char *additions)
{
    g_autofree char *text = mx_store_get_account_data(store, 0, "m.direct");
    g_autoptr(JsonObject) stored = read_object(text);
    g_autoptr(JsonObject) merged = mx_direct_merge(stored, additions);
    g_autofree char *merged_text = mx_json_object_to_text(merged);
    mx_store_set_account_data(store, 0, "m.direct", merged_text, strlen(merged_text));
}

void mx_direct_add(MxStore *store, const char *user_id, const char *room_id)
{
    g_autoptr(JsonObject) one = json_object_new();
    JsonArray *rooms = json_array_new();
    json_array_add_string_element(rooms, room_id);
    json_object_set_array_member(one, user_id, rooms);
    g_autofree char *one_text = mx_json_object_to_text(one);
    g_autofree char *before = mx_direct_get_additions(store);
    g_autoptr(JsonObject) additions = read_object(before);
    g_autoptr(JsonObject) more = mx_direct_merge(additions, one_text);
    g_autofree char *after = mx_json_object_to_text(more);
    mx_store_set_value(store, ADDITIONS, after);
    merge_into_stored(store, one_text);
}

char *mx_direct_get_additions(MxStore *store)
{
    return mx_store_get_value(store, ADDITIONS);
}

void mx_direct_forget_additions(MxStore *store, const char *published)
{
    g_autofree char *now = mx_direct_get_additions(store);
    if (g_strcmp0(now, published) == 0)
        mx_store_set_value(store, ADDITIONS, NULL);
}

void mx_direct_restore_additions(MxStore *store)
{
    g_autofree char *additions = mx_direct_get_additions(store);
    if (additions != NULL)
        merge_into_stored(store, additions);
}

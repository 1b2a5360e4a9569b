/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-place.h"

#include <string.h>

#include "mx-event.h"
#include "mx-id.h"
#include "mx-room-name.h"

/* So many tags of a room are looked at. */
#define MAX_TAGS 100
#define USER_TAG "u."

void mx_place_clear(MxPlace *place)
{
    g_clear_pointer(&place->id, g_free);
    g_clear_pointer(&place->name, g_free);
    place->kind = MX_PLACE_NONE;
}

typedef struct {
    gboolean is_favourite, is_low_priority, is_server_notice;
    char *user_tag; /* the first by its bytes, or NULL */
} Tags;

static void note_tag(Tags *tags, const char *tag)
{
    if (g_str_equal(tag, "m.favourite"))
        tags->is_favourite = TRUE;
    else if (g_str_equal(tag, "m.lowpriority"))
        tags->is_low_priority = TRUE;
    else if (g_str_equal(tag, "m.server_notice"))
        tags->is_server_notice = TRUE;
    if (!g_str_has_prefix(tag, USER_TAG) ||
        (tags->user_tag != NULL && strcmp(tags->user_tag, tag) <= 0))
        return;
    g_autofree char *shown = mx_event_tidy_name(tag + strlen(USER_TAG));
    if (shown == NULL)
        return;
    g_free(tags->user_tag);
    tags->user_tag = g_strdup(tag);
}

static void read_tags(Tags *tags, MxStore *store, gint64 room)
{
    g_autofree char *text = mx_store_get_account_data(store, room, "m.tag");
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (text == NULL ||
        !mx_json_iter_init(&iter,
                           mx_json_scan_member(mx_json_scan_root(text, strlen(text)), "tags")))
        return;
    for (guint i = 0; i < MAX_TAGS && mx_json_iter_next(&iter, &key, &value); i++) {
        g_autofree char *tag = key.text != NULL ? mx_json_slice_dup_string(key) : NULL;
        if (tag != NULL && value.type == MX_JSON_OBJECT)
            note_tag(tags, tag);
    }
}

/* A child without servers to join it by is none: so it is taken away again. */
static gboolean is_child(const MxSpaceLink *link)
{
    MxJsonSlice content = mx_json_scan_root(link->content, strlen(link->content));
    MxJsonSlice via = mx_json_scan_member(content, "via"), server;
    MxJsonIter iter;
    return via.text != NULL && via.type == MX_JSON_ARRAY && mx_json_iter_init(&iter, via) &&
           mx_json_iter_next(&iter, NULL, &server);
}

static gboolean find_space(MxPlace *place, MxStore *store, const MxRoomRow *room,
                           const char *own_user_id)
{
    g_autoptr(GPtrArray) links = mx_store_list_parents(store, room->room_id);
    for (guint i = 0; i < links->len; i++) {
        const MxSpaceLink *link = g_ptr_array_index(links, i);
        g_autoptr(MxRoomRow) space =
            is_child(link) ? mx_store_get_room_by_key(store, link->space) : NULL;
        if (space == NULL)
            continue;
        place->kind = MX_PLACE_SPACE;
        place->id = g_strdup(space->room_id);
        place->name = mx_room_name_compute(store, space, own_user_id);
        return TRUE;
    }
    return FALSE;
}

void mx_place_find(MxPlace *place, MxStore *store, const MxRoomRow *room, const char *own_user_id)
{
    Tags tags = {0};
    read_tags(&tags, store, room->key);
    g_autofree char *user_tag = tags.user_tag;
    mx_place_clear(place);
    if (tags.is_favourite) {
        place->kind = MX_PLACE_FAVOURITE;
    } else if (tags.is_server_notice) {
        place->kind = MX_PLACE_SERVER_NOTICE;
    } else if (user_tag != NULL) {
        place->kind = MX_PLACE_TAG;
        place->name = mx_event_tidy_name(user_tag + strlen(USER_TAG));
        place->id = g_steal_pointer(&user_tag);
    } else if (!find_space(place, store, room, own_user_id) && tags.is_low_priority) {
        place->kind = MX_PLACE_LOW_PRIORITY;
    }
}

void mx_place_add_child(const char *state_key, GHashTable *set)
{
    if (mx_room_id_is_valid(state_key))
        g_hash_table_add(set, g_strdup(state_key));
}

void mx_place_add_children(MxStore *store, gint64 space, GHashTable *set)
{
    g_autoptr(GPtrArray) children = mx_store_list_children(store, space);
    for (guint i = 0; i < children->len; i++)
        mx_place_add_child(g_ptr_array_index(children, i), set);
}

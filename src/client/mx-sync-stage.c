/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sync-stage.h"

#include <string.h>

#include "mx-id.h"
#include "mx-json-scan.h"

static void staged_room_free(gpointer data)
{
    MxStagedRoom *room = data;
    g_free(room->room_id);
    g_string_free(room->text, TRUE);
    g_array_unref(room->parts);
    g_free(room);
}

static MxStagedRoom *begin_room(MxSyncStage *stage, MxSyncSection section, const char *room_id)
{
    MxStagedRoom *room = g_hash_table_lookup(stage->by_id, room_id);
    if (room != NULL && room->section == section)
        return room;
    if (room != NULL) {
        /* The server named one room as joined and left at once; the later section is the truth. */
        g_hash_table_remove(stage->by_id, room_id); /* before its key goes */
        g_ptr_array_remove(stage->rooms, room);
    }
    room = g_new0(MxStagedRoom, 1);
    room->section = section;
    room->room_id = g_strdup(room_id);
    room->text = g_string_new(NULL);
    room->parts = g_array_new(FALSE, FALSE, sizeof(MxStagedPart));
    g_ptr_array_add(stage->rooms, room);
    g_hash_table_replace(stage->by_id, room->room_id, room);
    return room;
}

/* Only the own read receipts of a closed room matter. A user ID with an escape in it would not be
 * found. */
static gboolean is_wanted(const MxSyncStage *stage, const char *room_id, const char *json,
                          gsize len)
{
    return stage->open_rooms == NULL || g_hash_table_contains(stage->open_rooms, room_id) ||
           memmem(json, len, stage->own_user_id, strlen(stage->own_user_id)) != NULL ||
           memchr(json, '\\', len) != NULL;
}

static void on_room_part(MxSyncStage *stage, MxSyncSection section, const char *room_id,
                         MxSyncPart part, const char *json, gsize len)
{
    if (!g_hash_table_contains(stage->by_id, room_id) && !mx_room_id_is_valid(room_id))
        return;
    MxStagedRoom *room = begin_room(stage, section, room_id);
    MxStagedPart staged = {part, room->text->len, len};
    if (part == MX_SYNC_ROOM_BEGIN ||
        (part == MX_SYNC_ROOM_EPHEMERAL && !is_wanted(stage, room_id, json, len)))
        return;
    if (json != NULL)
        g_string_append_len(room->text, json, len);
    g_array_append_val(room->parts, staged);
}

static void replace_text(char **field, const char *json, gsize len)
{
    g_free(*field);
    *field = g_strndup(json, len);
}

static void on_part(MxSyncSection section, const char *room_id, MxSyncPart part, const char *json,
                    gsize len, gpointer user_data)
{
    MxSyncStage *stage = user_data;
    if (section != MX_SYNC_SECTION_NONE) {
        on_room_part(stage, section, room_id, part, json, len);
    } else if (part == MX_SYNC_NEXT_BATCH) {
        g_free(stage->next_batch);
        stage->next_batch = mx_json_slice_dup_string(mx_json_scan_root(json, len));
    } else if (part == MX_SYNC_ACCOUNT_DATA) {
        g_ptr_array_add(stage->account_data, g_strndup(json, len));
    } else if (part == MX_SYNC_PRESENCE) {
        g_ptr_array_add(stage->presence, g_strndup(json, len));
    } else if (part == MX_SYNC_TO_DEVICE) {
        g_ptr_array_add(stage->to_device, g_strndup(json, len));
    } else if (part == MX_SYNC_DEVICE_LISTS) {
        replace_text(&stage->device_lists, json, len);
    } else if (part == MX_SYNC_ONE_TIME_KEYS_COUNT) {
        replace_text(&stage->key_counts, json, len);
    } else if (part == MX_SYNC_UNUSED_FALLBACK_KEYS) {
        replace_text(&stage->fallback_types, json, len);
    }
}

MxSyncStage *mx_sync_stage_new(void)
{
    MxSyncStage *stage = g_new0(MxSyncStage, 1);
    stage->rooms = g_ptr_array_new_with_free_func(staged_room_free);
    stage->account_data = g_ptr_array_new_with_free_func(g_free);
    stage->presence = g_ptr_array_new_with_free_func(g_free);
    stage->to_device = g_ptr_array_new_with_free_func(g_free);
    stage->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    stage->parser = mx_sync_parser_new(on_part, stage);
    return stage;
}

void mx_sync_stage_free(MxSyncStage *stage)
{
    if (stage == NULL)
        return;
    mx_sync_parser_free(stage->parser);
    g_hash_table_unref(stage->by_id);
    g_ptr_array_unref(stage->rooms);
    g_ptr_array_unref(stage->account_data);
    g_ptr_array_unref(stage->presence);
    g_ptr_array_unref(stage->to_device);
    g_free(stage->device_lists);
    g_free(stage->key_counts);
    g_free(stage->fallback_types);
    g_clear_pointer(&stage->open_rooms, g_hash_table_unref);
    g_free(stage->own_user_id);
    g_free(stage->next_batch);
    g_free(stage);
}

void mx_sync_stage_set_open_rooms(MxSyncStage *stage, const char *own_user_id,
                                  GHashTable *open_rooms)
{
    g_free(stage->own_user_id);
    stage->own_user_id = g_strdup(own_user_id);
    g_clear_pointer(&stage->open_rooms, g_hash_table_unref);
    stage->open_rooms = open_rooms;
}

gboolean mx_sync_stage_feed(MxSyncStage *stage, const char *data, gsize len, GError **error)
{
    return mx_sync_parser_feed(stage->parser, data, len, error);
}

gboolean mx_sync_stage_finish(MxSyncStage *stage, GError **error)
{
    return mx_sync_parser_finish(stage->parser, error);
}

const char *mx_staged_room_get_part(const MxStagedRoom *room, guint i, gsize *len)
{
    const MxStagedPart *part = &g_array_index(room->parts, MxStagedPart, i);
    *len = part->len;
    return room->text->str + part->offset;
}

gboolean mx_staged_room_find(const MxStagedRoom *room, MxSyncPart part, guint *index)
{
    for (guint i = room->parts->len; i > 0; i--) {
        if (g_array_index(room->parts, MxStagedPart, i - 1).part == part) {
            *index = i - 1;
            return TRUE;
        }
    }
    return FALSE;
}

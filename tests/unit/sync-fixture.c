/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "sync-fixture.h"

#include <string.h>

/* Odd, so that pieces end everywhere. */
#define PIECE 13

void sync_fixture_set_up(SyncFixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->open_rooms = g_hash_table_new(g_str_hash, g_str_equal);
}

void sync_fixture_tear_down(SyncFixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->changes, mx_sync_changes_free);
    g_hash_table_unref(fixture->open_rooms);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static gboolean stage_text(MxSyncStage *stage, const char *text)
{
    gsize len = strlen(text);
    for (gsize at = 0; at < len; at += PIECE)
        if (!mx_sync_stage_feed(stage, text + at, MIN(PIECE, len - at), NULL))
            return FALSE;
    return mx_sync_stage_finish(stage, NULL);
}

gboolean sync_fixture_try(SyncFixture *fixture, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxSyncStage) stage = mx_sync_stage_new();
    g_autofree char *text = g_strdelimit(g_strdup(json), "'", '"');
    if (!stage_text(stage, text))
        return FALSE;
    g_autofree char *since = mx_store_get_value(fixture->store, MX_VALUE_NEXT_BATCH);
    MxApplyContext context = {
        .own_user_id = "@me:x",
        .since = fixture->is_full ? NULL : since,
        .is_catch_up = fixture->is_catch_up,
        .open_rooms = fixture->open_rooms,
    };
    g_clear_pointer(&fixture->changes, mx_sync_changes_free);
    fixture->changes = mx_sync_apply(fixture->store, stage, &context, &error);
    g_assert_no_error(error);
    g_assert_nonnull(fixture->changes);
    fixture->is_full = FALSE;
    return TRUE;
}

void sync_fixture_feed(SyncFixture *fixture, const char *members)
{
    g_autofree char *next_batch = g_strdup_printf("s%u", ++fixture->fed);
    g_autofree char *text = g_strdup_printf("{'next_batch':'%s'%s%s}", next_batch,
                                            *members != '\0' ? "," : "", members);
    g_assert_true(sync_fixture_try(fixture, text));
    g_autofree char *stored = mx_store_get_value(fixture->store, MX_VALUE_NEXT_BATCH);
    g_assert_cmpstr(stored, ==, next_batch);
    g_assert_cmpstr(fixture->changes->next_batch, ==, next_batch);
}

void sync_fixture_room(SyncFixture *fixture, const char *section, const char *room_id,
                       const char *members)
{
    g_autofree char *text =
        g_strdup_printf("'rooms':{'%s':{'%s':{%s}}}", section, room_id, members);
    sync_fixture_feed(fixture, text);
}

MxRoomChange *sync_fixture_change(SyncFixture *fixture, const char *room_id)
{
    MxRoomChange *found = NULL;
    for (guint i = 0; i < fixture->changes->rooms->len; i++) {
        MxRoomChange *change = g_ptr_array_index(fixture->changes->rooms, i);
        g_assert_nonnull(change->room);
        if (g_strcmp0(change->room->room_id, room_id) != 0)
            continue;
        g_assert_null(found); /* a room is said once */
        found = change;
    }
    return found;
}

MxRoomRow *sync_fixture_get_room(SyncFixture *fixture, const char *room_id)
{
    return mx_store_get_room(fixture->store, room_id);
}

gint64 sync_fixture_key(SyncFixture *fixture, const char *room_id)
{
    g_autoptr(MxRoomRow) room = sync_fixture_get_room(fixture, room_id);
    g_assert_nonnull(room);
    return room->key;
}

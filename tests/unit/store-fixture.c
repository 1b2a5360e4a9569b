/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "store-fixture.h"

#include <glib/gstdio.h>

#include "mx-json.h"

char *store_fixture_make_dir(void)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_dir_make_tmp("mx-store-XXXXXX", &error);
    g_assert_no_error(error);
    return dir;
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_all(inner);
    }
    g_remove(path);
}

void store_fixture_remove_dir(char *dir)
{
    remove_all(dir);
    g_free(dir);
}

MxStore *store_fixture_open(const char *dir)
{
    gboolean held_here = TRUE;
    g_autoptr(GError) error = NULL;
    MxStore *store = mx_store_open(dir, &held_here, &error);
    g_assert_no_error(error);
    g_assert_nonnull(store);
    g_assert_false(held_here);
    return store;
}

void store_fixture_commit(MxStore *store)
{
    g_autoptr(GError) error = NULL;
    gboolean committed = mx_store_commit(store, &error);
    g_assert_no_error(error);
    g_assert_true(committed);
}

MxRoomRow *store_fixture_add_room(MxStore *store, const char *room_id)
{
    MxRoomRow *room = mx_room_row_new(room_id);
    room->membership = MX_MEMBERSHIP_JOIN;
    mx_store_save_room(store, room);
    g_assert_cmpint(room->key, !=, 0);
    return room;
}

static char *make_content(const char *body)
{
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "msgtype", "m.text");
    json_object_set_string_member(content, "body", body);
    return mx_json_object_to_text(content);
}

gint64 store_fixture_add_line(MxStore *store, MxRoomRow *room, const char *event_id,
                              const char *sender, const char *txn_id, const char *body,
                              MxDisplay display)
{
    g_autofree char *content = make_content(body);
    MxTimelineRow row = {
        .room = room->key,
        .pos = ++room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)sender,
        .type = (char *)"m.room.message",
        .txn_id = (char *)txn_id,
        .content = content,
        .ts = 1000 * room->top_pos,
        .display = display,
    };
    g_assert_true(mx_store_add_timeline(store, &row));
    g_assert_cmpint(row.id, >, 0);
    mx_store_save_room(store, room);
    return row.id;
}

gint64 store_fixture_add_item(MxStore *store, MxRoomRow *room, const char *txn_id, const char *body)
{
    g_autofree char *content = make_content(body);
    MxQueueRow item = {
        .room = room->key,
        .row = store_fixture_add_line(store, room, NULL, "@me:x", txn_id, body, MX_DISPLAY_PENDING),
        .txn_id = (char *)txn_id,
        .type = (char *)"m.room.message",
        .content = content,
        .state = MX_QUEUE_QUEUED,
        .created_ms = 77,
    };
    mx_store_add_queue(store, &item);
    g_assert_cmpint(item.id, >, 0);
    return item.id;
}

char *store_fixture_list(MxStore *store, gint64 room, MxDisplay display)
{
    GString *list = g_string_new(NULL);
    g_autoptr(GPtrArray) rows = mx_store_list_display(store, room, display, G_MAXINT64, G_MAXINT);
    for (guint i = 0; i < rows->len; i++) {
        MxTimelineRow *row = g_ptr_array_index(rows, i);
        g_autoptr(JsonObject) content = mx_json_parse_object(row->content, -1, NULL);
        const char *body = mx_json_string(content, "body");
        g_string_append_printf(list, "%s%s", i > 0 ? "|" : "", body != NULL ? body : row->type);
    }
    return g_string_free(list, FALSE);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-history.h"

#include "mx-store-private.h"

GPtrArray *mx_store_list_history(MxStore *store, gint64 room, gint64 before_pos, gint64 floor_pos,
                                 gboolean with_waiting, int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE room = ? AND pos < ? AND pos > ? "
        "AND (? OR display NOT IN (1, 2)) AND (state_key IS NOT NULL OR type IN "
        "(" MX_MESSAGE_TYPES ", 'm.room.redaction', "
        "'m.poll.end', 'org.matrix.msc3381.poll.end')) "
        "ORDER BY pos DESC LIMIT ?",
        "iiidd", room, before_pos, floor_pos, (int)with_waiting, limit);
    while (mx_store_step(store, statement)) {
        MxTimelineRow *row = mx_store_read_timeline(store, statement);
        row->delayed = TRUE;
        g_ptr_array_add(rows, row);
    }
    return rows;
}

MxGapRow *mx_store_get_gap_below(MxStore *store, gint64 room, gint64 before_pos, gint64 passed_pos)
{
    return mx_store_read_gap(
        store,
        mx_store_query(store,
                       "SELECT id, pos, next_pos, from_token, to_token, waived FROM gap "
                       "WHERE room = ? AND next_pos < ? AND pos < ? ORDER BY pos DESC LIMIT 1",
                       "iii", room, before_pos, passed_pos),
        room);
}

gboolean mx_store_gap_goes_on_at(MxStore *store, gint64 id, const char *from)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM gap WHERE id = ? AND from_token = ?", "is",
                              id, from) != 0;
}

gint64 mx_store_get_lowest_pos(MxStore *store, gint64 room)
{
    gint64 row = mx_store_query_int(
        store, 1, "SELECT pos FROM timeline WHERE room = ? ORDER BY pos LIMIT 1", "i", room);
    gint64 gap = mx_store_query_int(
        store, G_MAXINT64, "SELECT pos FROM gap WHERE room = ? ORDER BY pos LIMIT 1", "i", room);
    return gap == G_MAXINT64 ? row : MIN(row, gap - MX_GAP_SPACE + 1);
}

char *mx_store_get_event_above(MxStore *store, gint64 room, gint64 floor_pos)
{
    return mx_store_query_text(store,
                               "SELECT event_id FROM timeline WHERE room = ? AND pos > ? "
                               "AND event_id IS NOT NULL ORDER BY pos LIMIT 1",
                               "ii", room, floor_pos);
}

gboolean mx_store_begins_with_create(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, 0,
                              "SELECT type = 'm.room.create' FROM timeline WHERE room = ? "
                              "ORDER BY pos LIMIT 1",
                              "i", room) != 0;
}

gint64 mx_store_get_ts_from(MxStore *store, gint64 room, gint64 pos)
{
    return mx_store_query_int(
        store, -1, "SELECT ts FROM timeline WHERE room = ? AND pos >= ? ORDER BY pos LIMIT 1", "ii",
        room, pos);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-relations.h"

#include "mx-store-private.h"
#include "mx-store-search.h"

GPtrArray *mx_store_list_relating(MxStore *store, gint64 room, const char *event_id, int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE room = ? AND "
                       "relates_to = ? ORDER BY ts DESC, event_id DESC LIMIT ?",
                       "isd", room, event_id, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, mx_store_read_timeline(store, statement));
    return rows;
}

gboolean mx_store_is_edit(MxStore *store, const MxTimelineRow *row)
{
    return mx_store_query_int(store, 0, "SELECT relates_to IS NOT NULL FROM timeline WHERE id = ?",
                              "i", row->id) != 0;
}

gboolean mx_store_has_gap_above(MxStore *store, gint64 room, gint64 pos)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM gap WHERE room = ? AND pos > ? LIMIT 1",
                              "ii", room, pos) != 0;
}

void mx_store_set_quoted(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(GBytes) sealed =
        row->is_secret ? mx_store_seal(store, "quoted", row->event_id, row->type, row->content)
                       : NULL;
    mx_store_exec(store,
                  "INSERT INTO quoted (room, event_id, sender, type, content, ts, sealed, reading) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, event_id) DO UPDATE SET "
                  "sender = excluded.sender, type = excluded.type, content = excluded.content, "
                  "ts = excluded.ts, sealed = excluded.sealed, reading = excluded.reading",
                  "issssibd", row->room, row->event_id, row->sender,
                  row->is_secret ? MX_SEALED_TYPE : row->type,
                  row->is_secret ? MX_SEALED_CONTENT : row->content, row->ts, sealed, row->reading);
}

#define QUOTED_COLUMNS "event_id, sender, type, content, ts, sealed, reading"

static MxTimelineRow *read_quoted(MxStore *store, sqlite3_stmt *statement, gint64 room)
{
    g_autoptr(MxTimelineRow) quoted = g_new0(MxTimelineRow, 1);
    quoted->room = room;
    quoted->event_id = mx_store_column_dup(statement, 0);
    quoted->sender = mx_store_column_dup(statement, 1);
    quoted->type = mx_store_column_dup(statement, 2);
    quoted->content = mx_store_column_dup(statement, 3);
    quoted->ts = sqlite3_column_int64(statement, 4);
    g_autoptr(GBytes) sealed = mx_store_column_bytes(statement, 5);
    quoted->reading = sqlite3_column_int(statement, 6);
    quoted->is_secret = sealed != NULL;
    if (sealed != NULL)
        mx_store_reveal(store, "quoted", quoted->event_id, sealed, &quoted->type, &quoted->content);
    gboolean is_whole = quoted->sender != NULL && quoted->type != NULL && quoted->content != NULL;
    return is_whole ? g_steal_pointer(&quoted) : NULL;
}

gboolean mx_store_get_quoted(MxStore *store, gint64 room, const char *event_id, MxTimelineRow **row)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT " QUOTED_COLUMNS " FROM quoted WHERE room = ? AND event_id = ?", "is", room,
        event_id);
    if (row != NULL)
        *row = NULL;
    if (!mx_store_step(store, statement))
        return FALSE;
    g_autoptr(MxTimelineRow) quoted = read_quoted(store, statement, room);
    mx_store_done(statement);
    if (row != NULL)
        *row = g_steal_pointer(&quoted);
    return TRUE;
}

void mx_store_set_bundled(MxStore *store, const MxTimelineRow *row)
{
    mx_store_set_quoted(store, row);
    mx_store_exec(store, "UPDATE quoted SET relates_to = ? WHERE room = ? AND event_id = ?", "sis",
                  row->relates_to, row->room, row->event_id);
}

GPtrArray *mx_store_list_bundled(MxStore *store, gint64 room, const char *event_id)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT " QUOTED_COLUMNS " FROM quoted WHERE room = ? AND relates_to = ?", "is",
        room, event_id);
    while (mx_store_step(store, statement)) {
        MxTimelineRow *row = read_quoted(store, statement, room);
        if (row != NULL)
            g_ptr_array_add(rows, row);
    }
    return rows;
}

void mx_store_blank_quoted(MxStore *store, gint64 room, const char *event_id)
{
    mx_store_search_bundled_gone(store, room, event_id);
    if (mx_store_exec(store,
                      "UPDATE quoted SET content = '{}', sealed = NULL "
                      "WHERE room = ? AND (event_id = ? OR relates_to = ?)",
                      "iss", room, event_id, event_id) > 0)
        store->empties_log = TRUE;
}

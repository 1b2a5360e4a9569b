/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-relations.h"

#include "mx-store-private.h"

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
                  "INSERT INTO quoted (room, event_id, sender, type, content, ts, sealed) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, event_id) DO UPDATE SET "
                  "sender = excluded.sender, type = excluded.type, content = excluded.content, "
                  "ts = excluded.ts, sealed = excluded.sealed",
                  "issssib", row->room, row->event_id, row->sender,
                  row->is_secret ? MX_SEALED_TYPE : row->type,
                  row->is_secret ? MX_SEALED_CONTENT : row->content, row->ts, sealed);
}

gboolean mx_store_get_quoted(MxStore *store, gint64 room, const char *event_id, MxTimelineRow **row)
{
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT sender, type, content, ts, sealed FROM quoted WHERE room = ? AND event_id = ?",
        "is", room, event_id);
    if (row != NULL)
        *row = NULL;
    if (!mx_store_step(store, statement))
        return FALSE;
    g_autoptr(MxTimelineRow) quoted = g_new0(MxTimelineRow, 1);
    quoted->room = room;
    quoted->event_id = g_strdup(event_id);
    quoted->sender = mx_store_column_dup(statement, 0);
    quoted->type = mx_store_column_dup(statement, 1);
    quoted->content = mx_store_column_dup(statement, 2);
    quoted->ts = sqlite3_column_int64(statement, 3);
    g_autoptr(GBytes) sealed = mx_store_column_bytes(statement, 4);
    mx_store_done(statement);
    quoted->is_secret = sealed != NULL;
    if (sealed != NULL)
        mx_store_reveal(store, "quoted", event_id, sealed, &quoted->type, &quoted->content);
    if (row != NULL && quoted->sender != NULL && quoted->type != NULL && quoted->content != NULL)
        *row = g_steal_pointer(&quoted);
    return TRUE;
}

void mx_store_blank_quoted(MxStore *store, gint64 room, const char *event_id)
{
    if (mx_store_exec(store,
                      "UPDATE quoted SET content = '{}', sealed = NULL "
                      "WHERE room = ? AND event_id = ?",
                      "is", room, event_id) > 0)
        store->empties_log = TRUE;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"
#include "mx-store-search.h"

#include <string.h>

MxTimelineRow *mx_store_get_event(MxStore *store, gint64 room, const char *event_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE room = ? AND event_id = ?", "is",
        room, event_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxTimelineRow *row = mx_store_read_timeline(store, statement);
    mx_store_done(statement);
    return row;
}

gboolean mx_store_is_message(const char *type)
{
    return g_str_equal(type, "m.room.message") || g_str_equal(type, "m.sticker") ||
           g_str_equal(type, "m.poll.start") || g_str_equal(type, "org.matrix.msc3381.poll.start");
}

GPtrArray *mx_store_list_newest_lines(MxStore *store, gint64 room, int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE room = ? AND display IN (2, 3) "
        "AND type IN (" MX_MESSAGE_TYPES ") AND content <> '{}' "
        "ORDER BY pos DESC LIMIT ?",
        "id", room, limit);
    while (mx_store_step(store, statement)) {
        g_autoptr(MxTimelineRow) row = mx_store_read_timeline(store, statement);
        if (mx_store_is_message(row->type) || g_str_equal(row->type, MX_SEALED_TYPE))
            g_ptr_array_add(rows, g_steal_pointer(&row));
    }
    return rows;
}

GPtrArray *mx_store_list_messages_of(MxStore *store, gint64 room, const char *sender, int limit)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT event_id FROM timeline WHERE room = ? AND sender = ? AND event_id IS NOT NULL "
        "AND type IN (" MX_MESSAGE_TYPES ") AND content <> '{}' "
        "ORDER BY pos DESC LIMIT ?",
        "isd", room, sender, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(ids, mx_store_column_dup(statement, 0));
    return ids;
}

/* An edit comes soon after what it is about; beyond so many rows nobody looks. */
#define MAX_BEHIND 20000

GPtrArray *mx_store_list_naming(MxStore *store, const MxTimelineRow *row)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " MX_TIMELINE_COLUMNS " FROM (SELECT * FROM timeline WHERE room = ? AND pos > ? "
        "ORDER BY pos LIMIT ?) WHERE sender = ? AND "
        "(sealed IS NOT NULL OR instr(content, ?) > 0)",
        "iidss", row->room, row->pos, MAX_BEHIND, row->sender, row->event_id);
    while (mx_store_step(store, statement)) {
        g_autoptr(MxTimelineRow) later = mx_store_read_timeline(store, statement);
        if (strstr(later->content, row->event_id) != NULL)
            g_ptr_array_add(rows, g_steal_pointer(&later));
    }
    return rows;
}

void mx_store_remove_row_of_txn(MxStore *store, gint64 room, const char *txn_id)
{
    gint64 id = mx_store_query_int(
        store, 0, "SELECT id FROM timeline WHERE txn_id = ? AND room = ?", "si", txn_id, room);
    mx_store_search_edit_gone(store, id);
    mx_store_exec(store, "DELETE FROM timeline WHERE id = ?", "i", id);
}

void mx_store_blank_row(MxStore *store, const MxTimelineRow *row, const char *content)
{
    mx_store_exec(store,
                  "UPDATE timeline SET content = ?, prev_content = NULL, "
                  "sealed = NULL, crypto = 0, session_id = NULL, late = 0, "
                  "display = CASE display WHEN 1 THEN 4 ELSE display END WHERE id = ?",
                  "si", content, row->id);
    /* What came next holds the same as what was before it. */
    if (row->state_key != NULL)
        mx_store_exec(store,
                      "UPDATE timeline SET prev_content = ? WHERE id = (SELECT id FROM timeline "
                      "WHERE room = ? AND pos > ? AND type = ? AND state_key = ? "
                      "ORDER BY pos LIMIT 1)",
                      "siiss", content, row->room, row->pos, row->type, row->state_key);
    mx_store_search_edit_gone(store, row->id);
    store->empties_log = TRUE;
}

gboolean mx_store_is_newest_of_key(MxStore *store, const MxTimelineRow *row)
{
    return mx_store_query_int(store, 0,
                              "SELECT 1 FROM timeline WHERE room = ? AND pos > ? AND type = ? "
                              "AND state_key = ? LIMIT 1",
                              "iiss", row->room, row->pos, row->type, row->state_key) == 0;
}

gboolean mx_store_find_state(MxStore *store, gint64 room, const char *event_id, char **type,
                             char **state_key, char **content)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT type, state_key, content FROM state WHERE room = ? AND event_id = ?", "is",
        room, event_id);
    if (!mx_store_step(store, statement))
        return FALSE;
    *type = mx_store_column_dup(statement, 0);
    *state_key = mx_store_column_dup(statement, 1);
    *content = mx_store_column_dup(statement, 2);
    mx_store_done(statement);
    return TRUE;
}

void mx_store_blank_state(MxStore *store, gint64 room, const char *event_id, const char *content)
{
    mx_store_exec(store, "UPDATE state SET content = ? WHERE room = ? AND event_id = ?", "sis",
                  content, room, event_id);
    store->empties_log = TRUE;
}

void mx_store_add_redacted(MxStore *store, gint64 room, const char *event_id)
{
    mx_store_exec(store, "INSERT OR IGNORE INTO redacted VALUES (?, ?)", "is", room, event_id);
}

gboolean mx_store_is_redacted(MxStore *store, gint64 room, const char *event_id)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM redacted WHERE room = ? AND event_id = ?",
                              "is", room, event_id) != 0;
}

void mx_store_set_shows_all(MxStore *store, gint64 room, gboolean shows_all)
{
    if (shows_all)
        mx_store_exec(store, "INSERT OR IGNORE INTO shows_all VALUES (?)", "i", room);
    else
        mx_store_exec(store, "DELETE FROM shows_all WHERE room = ?", "i", room);
}

gboolean mx_store_shows_all(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM shows_all WHERE room = ?", "i", room) != 0;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-share.h"

#include "mx-store-private.h"

/* ---- sessions ---- */

void mx_outbound_row_free(MxOutboundRow *row)
{
    if (row == NULL)
        return;
    g_free(row->session_id);
    g_free(row);
}

MxOutboundRow *mx_store_get_outbound(MxStore *store, gint64 room)
{
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT room, session_id, created, n_messages, period_ms, period_msgs, "
                       "shared_history, stale FROM outbound WHERE room = ?",
                       "i", room);
    if (!mx_store_step(store, statement))
        return NULL;
    MxOutboundRow *row = g_new0(MxOutboundRow, 1);
    row->room = sqlite3_column_int64(statement, 0);
    row->session_id = mx_store_column_dup(statement, 1);
    row->created_ms = sqlite3_column_int64(statement, 2);
    row->n_messages = sqlite3_column_int64(statement, 3);
    row->period_ms = sqlite3_column_int64(statement, 4);
    row->period_msgs = sqlite3_column_int64(statement, 5);
    row->shared_history = sqlite3_column_int(statement, 6);
    row->stale = sqlite3_column_int(statement, 7);
    mx_store_done(statement);
    return row;
}

void mx_store_save_outbound(MxStore *store, const MxOutboundRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO outbound (room, session_id, created, n_messages, "
                  "period_ms, period_msgs, shared_history, stale) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "isiiiidd", row->room, row->session_id, row->created_ms, row->n_messages,
                  row->period_ms, row->period_msgs, row->shared_history, row->stale);
}

void mx_store_set_outbound_stale(MxStore *store, gint64 room)
{
    mx_store_exec(store, "UPDATE outbound SET stale = 1 WHERE room = ?", "i", room);
}

void mx_store_set_all_outbounds_stale(MxStore *store)
{
    mx_store_exec(store, "UPDATE outbound SET stale = 1", "");
}

void mx_store_set_outbounds_stale_of(MxStore *store, const char *user_id, const char *device_id)
{
    mx_store_exec(store,
                  "UPDATE outbound SET stale = 1 WHERE session_id IN "
                  "(SELECT session_id FROM shared_with WHERE user_id = ? AND device_id = ? "
                  "AND idx >= 0)",
                  "ss", user_id, device_id);
}

/* ---- past sessions ---- */

void mx_past_outbound_free(MxPastOutbound *past)
{
    g_free(past->room_id);
    g_free(past->session_id);
    g_free(past);
}

void mx_store_add_past_outbound(MxStore *store, const char *room_id, const char *session_id,
                                gint64 ended_ms)
{
    mx_store_exec(store, "INSERT INTO past_outbound (room_id, session_id, ended) VALUES (?, ?, ?)",
                  "ssi", room_id, session_id, ended_ms);
}

GPtrArray *mx_store_take_past_outbounds(MxStore *store, gint64 ended_ms, guint max)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_past_outbound_free);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT id, room_id, session_id FROM past_outbound AS one WHERE ended <= ?1 OR "
        "(SELECT count(*) FROM past_outbound WHERE room_id = one.room_id AND id > one.id) >= ?2",
        "id", ended_ms, (int)max);
    while (mx_store_step(store, statement)) {
        gint64 id = sqlite3_column_int64(statement, 0);
        MxPastOutbound *past = g_new0(MxPastOutbound, 1);
        past->room_id = mx_store_column_dup(statement, 1);
        past->session_id = mx_store_column_dup(statement, 2);
        g_ptr_array_add(list, past);
        g_array_append_val(ids, id);
    }
    for (guint i = 0; i < ids->len; i++) {
        const MxPastOutbound *past = g_ptr_array_index(list, i);
        mx_store_exec(store, "DELETE FROM past_outbound WHERE id = ?", "i",
                      g_array_index(ids, gint64, i));
        mx_store_exec(store, "DELETE FROM shared_with WHERE room_id = ? AND session_id = ?", "ss",
                      past->room_id, past->session_id);
    }
    return list;
}

/* ---- who was given what ---- */

void mx_share_row_free(MxShareRow *row)
{
    if (row == NULL)
        return;
    g_free(row->user_id);
    g_free(row->device_id);
    g_free(row->curve25519);
    g_free(row->withheld);
    g_free(row);
}

#define SHARE_COLUMNS "user_id, device_id, curve25519, idx, withheld"

static MxShareRow *read_share(sqlite3_stmt *statement)
{
    MxShareRow *row = g_new0(MxShareRow, 1);
    row->user_id = mx_store_column_dup(statement, 0);
    row->device_id = mx_store_column_dup(statement, 1);
    row->curve25519 = mx_store_column_dup(statement, 2);
    row->index = sqlite3_column_int64(statement, 3);
    row->withheld = mx_store_column_dup(statement, 4);
    return row;
}

GPtrArray *mx_store_list_shares(MxStore *store, const char *room_id, const char *session_id)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_share_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " SHARE_COLUMNS " FROM shared_with WHERE room_id = ? AND session_id = ? "
        "ORDER BY user_id, device_id",
        "ss", room_id, session_id);
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, read_share(statement));
    return list;
}

MxShareRow *mx_store_get_share(MxStore *store, const char *room_id, const char *session_id,
                               const char *user_id, const char *device_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " SHARE_COLUMNS " FROM shared_with WHERE room_id = ? AND session_id = ? "
        "AND user_id = ? AND device_id = ?",
        "ssss", room_id, session_id, user_id, device_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxShareRow *row = read_share(statement);
    mx_store_done(statement);
    return row;
}

void mx_store_save_share(MxStore *store, const char *room_id, const char *session_id,
                         const MxShareRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO shared_with (room_id, session_id, " SHARE_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                  "sssssis", room_id, session_id, row->user_id, row->device_id, row->curve25519,
                  row->index, row->withheld);
}

GArray *mx_store_list_rooms_shared_with(MxStore *store, const char *user_id, const char *device_id)
{
    GArray *rooms = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT outbound.room FROM shared_with JOIN outbound USING (session_id) "
        "WHERE shared_with.user_id = ? AND shared_with.device_id = ? AND shared_with.idx >= 0",
        "ss", user_id, device_id);
    while (mx_store_step(store, statement)) {
        gint64 room = sqlite3_column_int64(statement, 0);
        g_array_append_val(rooms, room);
    }
    return rooms;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-key-requests.h"

#include "mx-store-private.h"

#define REQUEST_COLUMNS                                                                            \
    "SELECT room_id, session_id, request_id, sender_key, asked, due, is_waiting FROM key_request "

/* ---- the own ones ---- */

void mx_key_request_row_free(MxKeyRequestRow *row)
{
    if (row == NULL)
        return;
    g_free(row->room_id);
    g_free(row->session_id);
    g_free(row->request_id);
    g_free(row->sender_key);
    g_free(row);
}

static MxKeyRequestRow *read_request(sqlite3_stmt *statement)
{
    MxKeyRequestRow *row = g_new0(MxKeyRequestRow, 1);
    row->room_id = mx_store_column_dup(statement, 0);
    row->session_id = mx_store_column_dup(statement, 1);
    row->request_id = mx_store_column_dup(statement, 2);
    row->sender_key = mx_store_column_dup(statement, 3);
    row->asked_ms = sqlite3_column_int64(statement, 4);
    row->due_ms = sqlite3_column_int64(statement, 5);
    row->is_waiting = sqlite3_column_int(statement, 6);
    return row;
}

MxKeyRequestRow *mx_store_get_key_request(MxStore *store, const char *room_id,
                                          const char *session_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store, REQUEST_COLUMNS "WHERE room_id = ? AND session_id = ?", "ss", room_id, session_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxKeyRequestRow *row = read_request(statement);
    mx_store_done(statement);
    return row;
}

void mx_store_save_key_request(MxStore *store, const MxKeyRequestRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO key_request (room_id, session_id, request_id, "
                  "sender_key, asked, due, is_waiting) VALUES (?, ?, ?, ?, ?, ?, ?)",
                  "ssssiid", row->room_id, row->session_id, row->request_id, row->sender_key,
                  row->asked_ms, row->due_ms, (int)row->is_waiting);
}

void mx_store_remove_key_request(MxStore *store, const char *room_id, const char *session_id)
{
    mx_store_exec(store, "DELETE FROM key_request WHERE room_id = ? AND session_id = ?", "ss",
                  room_id, session_id);
}

GPtrArray *mx_store_list_key_requests(MxStore *store, guint max)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_key_request_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store, REQUEST_COLUMNS "WHERE is_waiting = 1 ORDER BY due LIMIT ?", "d", (int)max);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, read_request(statement));
    return rows;
}

void mx_store_prune_key_requests(MxStore *store, gint64 before_ms)
{
    mx_store_exec(store, "DELETE FROM key_request WHERE is_waiting = 0 AND asked < ?", "i",
                  before_ms);
}

/* ---- those of others ---- */

void mx_key_question_row_free(MxKeyQuestionRow *row)
{
    if (row == NULL)
        return;
    g_free(row->user_id);
    g_free(row->device_id);
    g_free(row->request_id);
    g_free(row->room_id);
    g_free(row->session_id);
    g_free(row);
}

void mx_store_add_key_question(MxStore *store, const MxKeyQuestionRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO key_question (user_id, device_id, request_id, room_id, "
                  "session_id, received) VALUES (?, ?, ?, ?, ?, ?)",
                  "sssssi", row->user_id, row->device_id, row->request_id, row->room_id,
                  row->session_id, row->received_ms);
}

gint64 mx_store_count_key_questions(MxStore *store, const char *user_id, const char *device_id)
{
    return mx_store_query_int(
        store, 0,
        "SELECT count(*) FROM key_question WHERE (?1 IS NULL OR user_id = ?1) "
        "AND (?2 IS NULL OR device_id = ?2)",
        "ss", user_id, device_id);
}

GPtrArray *mx_store_list_key_questions(MxStore *store, gint64 after, guint max)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_key_question_row_free);
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT id, user_id, device_id, request_id, room_id, session_id, received "
                       "FROM key_question WHERE id > ? ORDER BY id LIMIT ?",
                       "id", after, (int)max);
    while (mx_store_step(store, statement)) {
        MxKeyQuestionRow *row = g_new0(MxKeyQuestionRow, 1);
        row->id = sqlite3_column_int64(statement, 0);
        row->user_id = mx_store_column_dup(statement, 1);
        row->device_id = mx_store_column_dup(statement, 2);
        row->request_id = mx_store_column_dup(statement, 3);
        row->room_id = mx_store_column_dup(statement, 4);
        row->session_id = mx_store_column_dup(statement, 5);
        row->received_ms = sqlite3_column_int64(statement, 6);
        g_ptr_array_add(rows, row);
    }
    return rows;
}

void mx_store_remove_key_question(MxStore *store, gint64 id)
{
    mx_store_exec(store, "DELETE FROM key_question WHERE id = ?", "i", id);
}

void mx_store_cancel_key_question(MxStore *store, const char *user_id, const char *device_id,
                                  const char *request_id)
{
    mx_store_exec(store,
                  "DELETE FROM key_question WHERE user_id = ? AND device_id = ? AND request_id = ?",
                  "sss", user_id, device_id, request_id);
}

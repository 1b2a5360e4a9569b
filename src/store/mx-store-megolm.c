/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"

/* Anybody can say that something was withheld. */
#define MAX_WITHHELD 10000

gboolean mx_store_claim_index(MxStore *store, const char *room_id, const char *session_id,
                              gint64 message_index, const char *event_id, gint64 ts)
{
    if (mx_store_exec(store,
                      "INSERT INTO megolm_index VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                      "ssisi", room_id, session_id, message_index, event_id, ts) > 0)
        return TRUE;
    return mx_store_query_int(store, 0,
                              "SELECT event_id = ? FROM megolm_index WHERE room_id = ? AND "
                              "session_id = ? AND message_index = ?",
                              "sssi", event_id, room_id, session_id, message_index) != 0;
}

void mx_withheld_row_free(MxWithheldRow *row)
{
    if (row == NULL)
        return;
    g_free(row->code);
    g_free(row->reason);
    g_free(row);
}

void mx_store_set_withheld(MxStore *store, const char *room_id, const char *session_id,
                           const char *sender, const MxWithheldRow *row)
{
    if (mx_store_query_int(store, 0, "SELECT count(*) FROM withheld", "") >= MAX_WITHHELD)
        mx_store_exec(store, "DELETE FROM withheld WHERE ts = (SELECT min(ts) FROM withheld)", "");
    mx_store_exec(store, "REPLACE INTO withheld VALUES (?, ?, ?, ?, ?, ?)", "sssssi", room_id,
                  session_id, sender, row->code, row->reason, row->ts);
}

MxWithheldRow *mx_store_get_withheld(MxStore *store, const char *room_id, const char *session_id,
                                     const char *sender)
{
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT code, reason, ts FROM withheld WHERE room_id = ? AND session_id = ? AND sender = ?",
        "sss", room_id, session_id, sender);
    if (!mx_store_step(store, statement))
        return NULL;
    MxWithheldRow *row = g_new0(MxWithheldRow, 1);
    row->code = mx_store_column_dup(statement, 0);
    row->reason = mx_store_column_dup(statement, 1);
    row->ts = sqlite3_column_int64(statement, 2);
    mx_store_done(statement);
    return row;
}

void mx_store_remove_withheld(MxStore *store, const char *room_id, const char *session_id)
{
    mx_store_exec(store, "DELETE FROM withheld WHERE room_id = ? AND session_id = ?", "ss", room_id,
                  session_id);
}

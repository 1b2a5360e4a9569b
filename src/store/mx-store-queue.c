/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"

void mx_queue_row_free(MxQueueRow *row)
{
    if (row == NULL)
        return;
    g_free(row->txn_id);
    g_free(row->type);
    g_free(row->content);
    g_free(row->cipher);
    g_free(row);
}

void mx_store_add_queue(MxStore *store, MxQueueRow *row)
{
    g_autoptr(GBytes) sealed =
        row->is_secret ? mx_store_seal(store, "queue", row->txn_id, row->type, row->content) : NULL;
    mx_store_exec(store,
                  "INSERT INTO queue (room, row, txn_id, type, content, state, created_ms, sealed) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "iisssdib", row->room, row->row, row->txn_id,
                  row->is_secret ? MX_SEALED_TYPE : row->type,
                  row->is_secret ? MX_SEALED_CONTENT : row->content, (int)row->state,
                  row->created_ms, sealed);
    row->id = sqlite3_last_insert_rowid(store->db);
}

static MxQueueRow *one_item(MxStore *store, sqlite3_stmt *statement)
{
    if (!mx_store_step(store, statement))
        return NULL;
    MxQueueRow *row = g_new0(MxQueueRow, 1);
    row->id = sqlite3_column_int64(statement, 0);
    row->room = sqlite3_column_int64(statement, 1);
    row->row = sqlite3_column_int64(statement, 2);
    row->txn_id = mx_store_column_dup(statement, 3);
    row->type = mx_store_column_dup(statement, 4);
    row->content = mx_store_column_dup(statement, 5);
    row->state = sqlite3_column_int(statement, 6);
    row->created_ms = sqlite3_column_int64(statement, 7);
    row->uncertain_ms = sqlite3_column_int64(statement, 8);
    g_autoptr(GBytes) sealed = mx_store_column_bytes(statement, 9);
    row->is_secret = sealed != NULL;
    if (sealed != NULL)
        mx_store_reveal(store, "queue", row->txn_id, sealed, &row->type, &row->content);
    row->cipher = mx_store_column_dup(statement, 10);
    mx_store_done(statement);
    return row;
}

#define QUEUE_COLUMNS                                                                              \
    "id, room, row, txn_id, type, content, state, created_ms, uncertain_ms, sealed, cipher"

MxQueueRow *mx_store_get_queue_head(MxStore *store, gint64 room)
{
    return one_item(store, mx_store_query(store,
                                          "SELECT " QUEUE_COLUMNS " FROM queue WHERE room = ? "
                                          "AND state <> 3 ORDER BY id LIMIT 1",
                                          "i", room));
}

MxQueueRow *mx_store_get_queue_by_txn(MxStore *store, const char *txn_id)
{
    return one_item(
        store,
        mx_store_query(store, "SELECT " QUEUE_COLUMNS " FROM queue WHERE txn_id = ?", "s", txn_id));
}

void mx_store_set_queue_state(MxStore *store, gint64 id, MxQueueState state, gint64 uncertain_ms)
{
    mx_store_exec(store, "UPDATE queue SET state = ?, uncertain_ms = ? WHERE id = ?", "dii",
                  (int)state, uncertain_ms, id);
}

void mx_store_set_queue_cipher(MxStore *store, gint64 id, const char *cipher)
{
    mx_store_exec(store, "UPDATE queue SET cipher = ? WHERE id = ?", "si", cipher, id);
}

void mx_store_remove_queue(MxStore *store, gint64 id)
{
    mx_store_exec(store, "DELETE FROM queue WHERE id = ?", "i", id);
}

int mx_store_requeue_failed(MxStore *store, gint64 room)
{
    /* An item the user was asked about may have arrived after all: only a /sync may clear it, so it
     * stays uncertain. */
    return mx_store_exec(store,
                         "UPDATE queue SET state = CASE WHEN uncertain_ms > 0 THEN 2 ELSE 0 END, "
                         "uncertain_ms = 0 WHERE room = ? AND state = 3",
                         "i", room);
}

int mx_store_discard_failed(MxStore *store, gint64 room)
{
    return mx_store_exec(store, "DELETE FROM queue WHERE room = ? AND state = 3", "i", room);
}

void mx_store_fail_uncertain(MxStore *store)
{
    mx_store_exec(store, "UPDATE queue SET state = 3 WHERE state IN (1, 2)", "");
}

void mx_store_recover_queue(MxStore *store)
{
    mx_store_exec(store, "UPDATE queue SET state = 2 WHERE state = 1", "");
}

int mx_store_fail_queue(MxStore *store, gint64 room)
{
    return mx_store_exec(store, "UPDATE queue SET state = 3 WHERE room = ? AND state <> 3", "i",
                         room);
}

gint64 mx_store_count_failed(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, 0, "SELECT count(*) FROM queue WHERE room = ? AND state = 3",
                              "i", room);
}

void mx_store_move_queue(MxStore *store, gint64 from, MxRoomRow *to)
{
    gint64 lowest = mx_store_query_int(store, 0,
                                       "SELECT min(pos) FROM timeline WHERE id IN "
                                       "(SELECT row FROM queue WHERE room = ? AND state <> 3)",
                                       "i", from);
    gint64 highest = mx_store_query_int(store, 0,
                                        "SELECT max(pos) FROM timeline WHERE id IN "
                                        "(SELECT row FROM queue WHERE room = ? AND state <> 3)",
                                        "i", from);
    gint64 shift = to->top_pos + 1 - lowest;
    mx_store_exec(store,
                  "UPDATE timeline SET room = ?, pos = pos + ? WHERE id IN "
                  "(SELECT row FROM queue WHERE room = ? AND state <> 3)",
                  "iii", to->key, shift, from);
    mx_store_exec(store, "UPDATE queue SET room = ?, cipher = NULL WHERE room = ? AND state <> 3",
                  "ii", to->key, from);
    to->top_pos = MAX(to->top_pos, highest + shift);
}

GArray *mx_store_list_queue_rooms(MxStore *store)
{
    GArray *rooms = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *statement =
        mx_store_query(store, "SELECT DISTINCT room FROM queue WHERE state <> 3", "");
    while (mx_store_step(store, statement)) {
        gint64 room = sqlite3_column_int64(statement, 0);
        g_array_append_val(rooms, room);
    }
    return rooms;
}

char *mx_store_new_txn_id(MxStore *store)
{
    g_autofree char *last = mx_store_get_value(store, MX_VALUE_NEXT_TXN);
    gint64 next = last != NULL ? g_ascii_strtoll(last, NULL, 10) + 1 : 1;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, next);
    mx_store_set_value(store, MX_VALUE_NEXT_TXN, text);
    /* The clock keeps IDs apart from those of a database that was restored or removed. */
    return g_strdup_printf("pm%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, g_get_real_time() / 1000,
                           next);
}

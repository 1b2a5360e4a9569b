/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"

GBytes *mx_store_get_sealed(MxStore *store, const char *kind, const char *key)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT data FROM sealed WHERE kind = ? AND key = ?", "ss", kind, key);
    if (!mx_store_step(store, statement))
        return NULL;
    GBytes *data = mx_store_column_bytes(statement, 0);
    mx_store_done(statement);
    return data;
}

void mx_store_set_sealed(MxStore *store, const char *kind, const char *key, GBytes *data)
{
    if (data == NULL)
        mx_store_exec(store, "DELETE FROM sealed WHERE kind = ? AND key = ?", "ss", kind, key);
    else
        mx_store_exec(store,
                      "INSERT INTO sealed (kind, key, data) VALUES (?, ?, ?) "
                      "ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data",
                      "ssb", kind, key, data);
}

GPtrArray *mx_store_list_sealed(MxStore *store, const char *kind, const char *prefix)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT key FROM sealed WHERE kind = ? AND key >= ? AND key < ? || char(1114111) "
        "ORDER BY key",
        "sss", kind, prefix, prefix);
    while (mx_store_step(store, statement))
        g_ptr_array_add(keys, mx_store_column_dup(statement, 0));
    return keys;
}

void mx_store_clear_device(MxStore *store)
{
    mx_store_exec(store, "DELETE FROM sealed WHERE kind NOT LIKE 'kept-%'", "");
    mx_store_exec(store, "DELETE FROM to_device", "");
    mx_store_exec(store, "DELETE FROM olm_peer", "");
    mx_store_exec(store, "DELETE FROM olm_seen", "");
    mx_store_exec(store, "DELETE FROM stranger", "");
    mx_store_exec(store, "DELETE FROM key_request", "");
    mx_store_exec(store, "DELETE FROM key_question", "");
    mx_store_exec(store, "DELETE FROM stashed", "");
    mx_store_exec(store, "DELETE FROM outbound", "");
    mx_store_exec(store, "DELETE FROM past_outbound", "");
    mx_store_exec(store, "DELETE FROM shared_with", "");
    /* A deleted device's ciphertext is nobody's. */
    mx_store_exec(store, "UPDATE queue SET cipher = NULL", "");
    /* It was this device that knew the identity to be the user's own. */
    mx_store_exec(store, "UPDATE identity SET trusted = NULL", "");
}

/* ---- to-device messages on their way ---- */

void mx_to_device_row_free(MxToDeviceRow *row)
{
    if (row == NULL)
        return;
    g_free(row->txn_id);
    g_free(row->type);
    g_free(row->body);
    g_free(row->owner);
    g_free(row->context);
    g_free(row);
}

void mx_store_add_to_device(MxStore *store, const MxToDeviceRow *row)
{
    mx_store_exec(
        store, "INSERT INTO to_device (txn_id, type, body, owner, context) VALUES (?, ?, ?, ?, ?)",
        "sssss", row->txn_id, row->type, row->body, row->owner, row->context);
}

#define PLACE "owner IS NOT '" MX_TO_DEVICE_FIRST "', id"

MxToDeviceRow *mx_store_get_to_device(MxStore *store, gint64 after)
{
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT id, txn_id, type, body, owner, context FROM to_device "
                       "WHERE NOT EXISTS (SELECT 1 FROM to_device WHERE id = ?1) OR (" PLACE
                       ") > (SELECT " PLACE " FROM to_device WHERE id = ?1) "
                       "ORDER BY " PLACE " LIMIT 1",
                       "i", after);
    if (!mx_store_step(store, statement))
        return NULL;
    MxToDeviceRow *row = g_new0(MxToDeviceRow, 1);
    row->id = sqlite3_column_int64(statement, 0);
    row->txn_id = mx_store_column_dup(statement, 1);
    row->type = mx_store_column_dup(statement, 2);
    row->body = mx_store_column_dup(statement, 3);
    row->owner = mx_store_column_dup(statement, 4);
    row->context = mx_store_column_dup(statement, 5);
    mx_store_done(statement);
    return row;
}

void mx_store_remove_to_device(MxStore *store, gint64 id)
{
    mx_store_exec(store, "DELETE FROM to_device WHERE id = ?", "i", id);
}

gint64 mx_store_count_to_device(MxStore *store, const char *owner, const char *context)
{
    if (owner == NULL)
        return mx_store_query_int(store, 0, "SELECT count(*) FROM to_device", "");
    return mx_store_query_int(store, 0,
                              "SELECT count(*) FROM to_device WHERE owner = ? AND context = ?",
                              "ss", owner, context);
}

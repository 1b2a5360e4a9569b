/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-upgrades.h"

#include "mx-store-private.h"

void mx_upgrade_row_free(MxUpgradeRow *row)
{
    g_free(row->successor);
    g_free(row->via);
    g_free(row);
}

MxUpgradeRow *mx_store_get_upgrade(MxStore *store, gint64 room)
{
    MxUpgradeRow *row = NULL;
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT successor, via, stage, depth FROM upgrade WHERE room = ?", "i", room);
    while (mx_store_step(store, statement)) {
        row = g_new0(MxUpgradeRow, 1);
        row->room = room;
        row->successor = mx_store_column_dup(statement, 0);
        row->via = mx_store_column_dup(statement, 1);
        row->stage = sqlite3_column_int(statement, 2);
        row->depth = sqlite3_column_int(statement, 3);
        mx_store_done(statement);
        break;
    }
    return row;
}

void mx_store_save_upgrade(MxStore *store, const MxUpgradeRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO upgrade (room, successor, via, stage, depth) "
                  "VALUES (?, ?, ?, ?, ?)",
                  "issdd", row->room, row->successor, row->via, row->stage, row->depth);
}

gboolean mx_store_has_moved(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, 0, "SELECT stage FROM upgrade WHERE room = ?", "i", room) ==
           MX_UPGRADE_MOVED;
}

int mx_store_get_upgrade_depth(MxStore *store, const char *successor)
{
    return mx_store_query_int(
        store, -1, "SELECT depth FROM upgrade WHERE successor = ? ORDER BY depth DESC LIMIT 1", "s",
        successor);
}

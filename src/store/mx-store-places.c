/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"

/* No honest room is in so many spaces of one user. */
#define MAX_PARENTS 200

void mx_space_link_free(MxSpaceLink *link)
{
    g_free(link->content);
    g_free(link);
}

GPtrArray *mx_store_list_parents(MxStore *store, const char *child)
{
    GPtrArray *links = g_ptr_array_new_with_free_func((GDestroyNotify)mx_space_link_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT room.key, state.content FROM state JOIN room ON room.key = state.room "
        "WHERE state.type = 'm.space.child' AND state.state_key = ? AND room.membership = 1 "
        "AND room.room_type = 'm.space' ORDER BY room.room_id LIMIT ?",
        "sd", child, MAX_PARENTS);
    while (mx_store_step(store, statement)) {
        MxSpaceLink *link = g_new0(MxSpaceLink, 1);
        link->space = sqlite3_column_int64(statement, 0);
        link->content = mx_store_column_dup(statement, 1);
        g_ptr_array_add(links, link);
    }
    return links;
}

GPtrArray *mx_store_list_children(MxStore *store, gint64 space)
{
    GPtrArray *children = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT state_key FROM state WHERE room = ? AND type = 'm.space.child'", "i", space);
    while (mx_store_step(store, statement))
        g_ptr_array_add(children, mx_store_column_dup(statement, 0));
    return children;
}

void mx_store_add_listed(MxStore *store, const char *room_id)
{
    mx_store_exec(store, "INSERT OR IGNORE INTO listed SELECT key FROM room WHERE room_id = ?", "s",
                  room_id);
}

void mx_store_forget_listed(MxStore *store)
{
    mx_store_exec(store, "DELETE FROM listed", "");
}

gboolean mx_store_is_listed(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM listed WHERE room = ?", "i", room) != 0;
}

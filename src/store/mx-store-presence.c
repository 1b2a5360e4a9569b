/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-presence.h"

#include "mx-store-private.h"

void mx_presence_free(MxPresence *presence)
{
    if (presence == NULL)
        return;
    g_free(presence->user_id);
    g_free(presence->status_msg);
    g_free(presence);
}

MxPresence *mx_presence_copy(const MxPresence *presence)
{
    MxPresence *copy = g_memdup2(presence, sizeof *presence);
    copy->user_id = g_strdup(presence->user_id);
    copy->status_msg = g_strdup(presence->status_msg);
    return copy;
}

void mx_store_set_presence(MxStore *store, const MxPresence *presence)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO presence (user_id, state, status_msg, active_ms, "
                  "is_active) VALUES (?, ?, ?, ?, ?)",
                  "sdsid", presence->user_id, (int)presence->state, presence->status_msg,
                  presence->active_ms, presence->is_active);
}

GPtrArray *mx_store_list_presence(MxStore *store)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_presence_free);
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT user_id, state, status_msg, active_ms, is_active FROM presence", "");
    while (mx_store_step(store, statement)) {
        MxPresence *presence = g_new0(MxPresence, 1);
        presence->user_id = mx_store_column_dup(statement, 0);
        presence->state = sqlite3_column_int(statement, 1);
        presence->status_msg = mx_store_column_dup(statement, 2);
        presence->active_ms = sqlite3_column_int64(statement, 3);
        presence->is_active = sqlite3_column_int(statement, 4);
        g_ptr_array_add(list, presence);
    }
    return list;
}

GPtrArray *mx_store_list_direct_users(MxStore *store)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement =
        mx_store_query(store, "SELECT direct_user FROM room WHERE direct_user IS NOT NULL", "");
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, mx_store_column_dup(statement, 0));
    return list;
}

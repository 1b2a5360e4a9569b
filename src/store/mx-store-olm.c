/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-olm.h"

#include "mx-store-private.h"

/* A homeserver gives to-device messages once, and again when an answer was lost: the last few
 * thousand are far more than it can repeat by accident. */
#define MAX_SEEN 20000

#define PEER_COLUMNS                                                                               \
    "SELECT curve25519, user_id, device_id, want, failures, not_before, unwedged, told_no_olm "    \
    "FROM olm_peer "

void mx_olm_peer_free(MxOlmPeer *peer)
{
    if (peer == NULL)
        return;
    g_free(peer->curve25519);
    g_free(peer->user_id);
    g_free(peer->device_id);
    g_free(peer);
}

static MxOlmPeer *read_peer(sqlite3_stmt *statement)
{
    MxOlmPeer *peer = g_new0(MxOlmPeer, 1);
    peer->curve25519 = mx_store_column_dup(statement, 0);
    peer->user_id = mx_store_column_dup(statement, 1);
    peer->device_id = mx_store_column_dup(statement, 2);
    peer->want = sqlite3_column_int(statement, 3);
    peer->failures = sqlite3_column_int(statement, 4);
    peer->not_before_ms = sqlite3_column_int64(statement, 5);
    peer->unwedged_ms = sqlite3_column_int64(statement, 6);
    peer->told_no_olm = sqlite3_column_int(statement, 7);
    return peer;
}

MxOlmPeer *mx_store_get_olm_peer(MxStore *store, const char *curve25519, const char *user_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store, PEER_COLUMNS "WHERE curve25519 = ? AND user_id = ?", "ss", curve25519, user_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxOlmPeer *peer = read_peer(statement);
    mx_store_done(statement);
    return peer;
}

void mx_store_save_olm_peer(MxStore *store, const MxOlmPeer *peer)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO olm_peer (curve25519, user_id, device_id, want, "
                  "failures, not_before, unwedged, told_no_olm) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssddiid", peer->curve25519, peer->user_id, peer->device_id, (int)peer->want,
                  (int)peer->failures, peer->not_before_ms, peer->unwedged_ms,
                  (int)peer->told_no_olm);
}

GPtrArray *mx_store_list_olm_wants(MxStore *store)
{
    GPtrArray *peers = g_ptr_array_new_with_free_func((GDestroyNotify)mx_olm_peer_free);
    sqlite3_stmt *statement =
        mx_store_query(store, PEER_COLUMNS "WHERE want <> 0 ORDER BY user_id, device_id", "");
    while (mx_store_step(store, statement))
        g_ptr_array_add(peers, read_peer(statement));
    return peers;
}

gboolean mx_store_has_olm_seen(MxStore *store, GBytes *hash)
{
    return mx_store_query_int(store, 0, "SELECT 1 FROM olm_seen WHERE hash = ?", "b", hash) == 1;
}

void mx_store_add_olm_seen(MxStore *store, GBytes *hash)
{
    mx_store_exec(store, "INSERT OR IGNORE INTO olm_seen (hash) VALUES (?)", "b", hash);
    mx_store_exec(store, "DELETE FROM olm_seen WHERE id <= (SELECT max(id) FROM olm_seen) - ?", "d",
                  MAX_SEEN);
}

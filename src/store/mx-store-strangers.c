/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-strangers.h"

#include "mx-store-private.h"

/* Somebody who writes before the device list tells of the device is one of a few. */
#define MAX_STRANGERS 1000
/* Room keys sent ahead of an invitation, or to somebody invited. A device costs nothing to make, so
 * what counts is whose it is. */
#define MAX_OF_USER 100
#define MAX_OF_ALL 2000
/* The same for rooms that this account is in, and does not know all members of. */
#define MAX_UNLISTED_OF_USER 500
#define MAX_UNLISTED_OF_ALL 5000
/* The part of a limit that is made free at once, so that it need not be done for each key. */
#define SLACK 10

static GPtrArray *list_texts(MxStore *store, sqlite3_stmt *statement)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, mx_store_column_dup(statement, 0));
    return list;
}

/* ---- Olm sessions ---- */

void mx_store_note_stranger(MxStore *store, const char *curve25519)
{
    mx_store_exec(store, "INSERT OR REPLACE INTO stranger (curve25519) VALUES (?)", "s",
                  curve25519);
}

GPtrArray *mx_store_take_strangers(MxStore *store)
{
    if (mx_store_query_int(store, 0, "SELECT count(*) FROM stranger", "") <= MAX_STRANGERS)
        return g_ptr_array_new_with_free_func(g_free);
    gint64 last =
        mx_store_query_int(store, 0, "SELECT id FROM stranger ORDER BY id LIMIT 1 OFFSET ?", "d",
                           MAX_STRANGERS / SLACK);
    GPtrArray *list = list_texts(
        store,
        mx_store_query(store,
                       "SELECT curve25519 FROM stranger WHERE id <= ? AND NOT EXISTS (SELECT 1 "
                       "FROM device WHERE device.curve25519 = stranger.curve25519 AND gone = 0)",
                       "i", last));
    mx_store_exec(store, "DELETE FROM stranger WHERE id <= ?", "i", last);
    return list;
}

void mx_store_remove_olm_peers(MxStore *store, const char *curve25519)
{
    mx_store_exec(store, "DELETE FROM olm_peer WHERE curve25519 = ?", "s", curve25519);
}

/* ---- room keys ---- */

/* 1 is MX_MEMBERSHIP_JOIN, 2 MX_MEMBERSHIP_INVITE. */
#define IS_OF_ROOM(user, room)                                                                     \
    "EXISTS (SELECT 1 FROM room WHERE room_id = " room " AND membership = 1 AND encrypted = 1 "    \
    "AND EXISTS (SELECT 1 FROM member WHERE member.room = room.key AND member.user_id = " user     \
    "))"
#define IS_WANTED                                                                                  \
    "(" IS_OF_ROOM("stray_key.user_id",                                                            \
                   "stray_key.room_id") " OR EXISTS (SELECT 1 FROM megolm_index WHERE "            \
                                        "megolm_index.room_id = stray_key.room_id "                \
                                        "AND megolm_index.session_id = stray_key.session_id))"
/* Whoever sent it may be in that room. */
#define IS_UNLISTED                                                                                \
    "EXISTS (SELECT 1 FROM room WHERE room_id = stray_key.room_id AND membership = 1 AND "         \
    "encrypted = 1 AND members_complete = 0)"
#define IS_INVITED                                                                                 \
    "EXISTS (SELECT 1 FROM room WHERE room_id = stray_key.room_id AND membership = 2)"

void mx_store_note_stray_key(MxStore *store, const char *user_id, const char *room_id,
                             const char *session_id)
{
    mx_store_exec(store,
                  "INSERT OR IGNORE INTO stray_key (user_id, room_id, session_id) "
                  "SELECT ?1, ?2, ?3 WHERE NOT " IS_OF_ROOM("?1", "?2"),
                  "sss", user_id, room_id, session_id);
}

static gint64 count_all(MxStore *store, const char *user_id)
{
    return user_id != NULL
               ? mx_store_query_int(store, 0, "SELECT count(*) FROM stray_key WHERE user_id = ?",
                                    "s", user_id)
               : mx_store_query_int(store, 0, "SELECT count(*) FROM stray_key", "");
}

static gint64 count_stray_keys(MxStore *store, const char *user_id, gboolean is_unlisted)
{
    return mx_store_query_int(store, 0,
                              "SELECT count(*) FROM stray_key "
                              "WHERE (?1 IS NULL OR user_id = ?1) AND " IS_UNLISTED " = ?2",
                              "sd", user_id, is_unlisted);
}

static void take(MxStore *store, const char *user_id, gboolean is_unlisted, int n, GPtrArray *list)
{
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT room_id || '|' || session_id, id FROM stray_key "
                       "WHERE (?1 IS NULL OR user_id = ?1) AND " IS_UNLISTED
                       " = ?2 ORDER BY " IS_INVITED ", id LIMIT ?3",
                       "sdd", user_id, is_unlisted, n);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    while (mx_store_step(store, statement)) {
        gint64 id = sqlite3_column_int64(statement, 1);
        g_ptr_array_add(list, mx_store_column_dup(statement, 0));
        g_array_append_val(ids, id);
    }
    for (guint i = 0; i < ids->len; i++)
        mx_store_exec(store, "DELETE FROM stray_key WHERE id = ?", "i",
                      g_array_index(ids, gint64, i));
}

static void take_class(MxStore *store, const char *user_id, gboolean is_unlisted, int max,
                       GPtrArray *list)
{
    gint64 n = count_stray_keys(store, user_id, is_unlisted) - max;
    if (n > 0)
        take(store, user_id, is_unlisted, (int)n + max / SLACK, list);
}

/* Looking at each key takes time, so it is not done for every one that comes. */
static void take_beyond(MxStore *store, const char *user_id, int max, int max_unlisted,
                        GPtrArray *list)
{
    gint64 beyond = count_all(store, user_id) - max;
    if (beyond <= 0 || (beyond > 1 && beyond % (max / SLACK) != 0))
        return;
    /* What something speaks for by now is stray no more. */
    mx_store_exec(store, "DELETE FROM stray_key WHERE (?1 IS NULL OR user_id = ?1) AND " IS_WANTED,
                  "s", user_id);
    take_class(store, user_id, FALSE, max, list);
    take_class(store, user_id, TRUE, max_unlisted, list);
}

GPtrArray *mx_store_take_stray_keys(MxStore *store, const char *user_id)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    take_beyond(store, user_id, MAX_OF_USER, MAX_UNLISTED_OF_USER, list);
    take_beyond(store, NULL, MAX_OF_ALL, MAX_UNLISTED_OF_ALL, list);
    return list;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-store-private.h"

/* Rows of encrypted events. `content` keeps the ciphertext as it came; `sealed` holds what was read
 * of it, or typed here: type, NUL, content, NUL. crypto is MxRowCrypto. try_ms: 0 before the first
 * try, then when the next one is due. late: 1 it was shown as unreadable before, 2 a window is
 * being told so just now, 3 it was shown as unreadable while nothing sealed could be read. */

/* A clock that was set back must not hold a line for long. */
#define MAX_WAIT_MS G_GINT64_CONSTANT(60000)

void mx_store_set_reveal(MxStore *store, MxSealFunc seal, MxRevealFunc reveal, gpointer data)
{
    store->seal = seal;
    store->reveal = reveal;
    store->reveal_data = data;
}

GBytes *mx_store_seal(MxStore *store, const char *kind, const char *key, const char *type,
                      const char *content)
{
    g_autoptr(GError) error = NULL;
    gsize type_size = strlen(type) + 1, content_size = strlen(content) + 1;
    if (store->seal == NULL) {
        error = g_error_new(MX_ERROR, MX_ERROR_STORE,
                            _("The encryption of this account is not ready, so that texts of "
                              "encrypted rooms cannot be kept. Try again later."));
        mx_store_set_failed(store, error);
        return NULL;
    }
    g_autofree char *both = g_malloc(type_size + content_size);
    memcpy(both, type, type_size);
    memcpy(both + type_size, content, content_size);
    g_autoptr(GBytes) plain = g_bytes_new_static(both, type_size + content_size);
    GBytes *sealed = store->seal(store->reveal_data, kind, key, plain, &error);
    if (sealed == NULL)
        mx_store_set_failed(store, error);
    return sealed;
}

gboolean mx_store_reveal(MxStore *store, const char *kind, const char *key, GBytes *sealed,
                         char **type, char **content)
{
    g_autoptr(GBytes) plain =
        store->reveal != NULL ? store->reveal(store->reveal_data, kind, key, sealed) : NULL;
    gsize len = 0;
    const char *text = plain != NULL ? g_bytes_get_data(plain, &len) : NULL;
    const char *end = text != NULL ? memchr(text, '\0', len) : NULL;
    if (end == NULL || end + 1 >= text + len || text[len - 1] != '\0')
        return FALSE;
    g_free(*type);
    g_free(*content);
    *type = g_strdup(text);
    *content = g_strdup(end + 1);
    return TRUE;
}

MxTimelineRow *mx_store_read_timeline(MxStore *store, sqlite3_stmt *statement)
{
    MxTimelineRow *row = g_new0(MxTimelineRow, 1);
    row->id = sqlite3_column_int64(statement, 0);
    row->room = sqlite3_column_int64(statement, 1);
    row->pos = sqlite3_column_int64(statement, 2);
    row->event_id = mx_store_column_dup(statement, 3);
    row->sender = mx_store_column_dup(statement, 4);
    row->type = mx_store_column_dup(statement, 5);
    row->txn_id = mx_store_column_dup(statement, 6);
    row->content = mx_store_column_dup(statement, 7);
    row->state_key = mx_store_column_dup(statement, 8);
    row->prev_content = mx_store_column_dup(statement, 9);
    row->ts = sqlite3_column_int64(statement, 10);
    row->display = sqlite3_column_int(statement, 11);
    row->delayed = sqlite3_column_int(statement, 12);
    row->alert = sqlite3_column_int(statement, 13);
    row->crypto = sqlite3_column_int(statement, 14);
    row->reading = sqlite3_column_int(statement, 15);
    row->session_id = mx_store_column_dup(statement, 16);
    row->is_late = sqlite3_column_int(statement, 17) % 3 != 0;
    g_autoptr(GBytes) sealed = mx_store_column_bytes(statement, 18);
    row->is_secret = sealed != NULL;
    if (sealed != NULL)
        mx_store_reveal(store, "timeline", row->txn_id != NULL ? row->txn_id : row->event_id,
                        sealed, &row->type, &row->content);
    return row;
}

/* ---- what waits ---- */

#define IS_DUE "crypto = 1 AND (try_ms <= ? OR try_ms > ?)"

GPtrArray *mx_store_list_waiting(MxStore *store, gint64 room, gint64 now_ms, int limit)
{
    gint64 never_ms = MIN(now_ms, G_MAXINT64 - MAX_WAIT_MS) + MAX_WAIT_MS;
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    if (room == 0)
        room = mx_store_query_int(store, 0,
                                  "SELECT room FROM timeline WHERE " IS_DUE
                                  " ORDER BY display <> 1, id LIMIT 1",
                                  "ii", now_ms, never_ms);
    if (room == 0)
        return rows;
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE " IS_DUE
                       " AND room = ? ORDER BY display <> 1, pos LIMIT ?",
                       "iiid", now_ms, never_ms, room, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, mx_store_read_timeline(store, statement));
    return rows;
}

gint64 mx_store_get_waiting_ms(MxStore *store, gint64 now_ms)
{
    gint64 next =
        mx_store_query_int(store, -1, "SELECT min(try_ms) FROM timeline WHERE crypto = 1", "");
    return next < 0 ? -1 : CLAMP(next - now_ms, 0, MAX_WAIT_MS);
}

gint64 mx_store_get_waiting_pos(MxStore *store, gint64 room)
{
    return mx_store_query_int(store, G_MAXINT64,
                              "SELECT pos FROM timeline WHERE room = ? AND crypto = 1 "
                              "AND display = 1 AND late = 0 ORDER BY pos LIMIT 1",
                              "i", room);
}

void mx_store_put_off(MxStore *store, gint64 id, gint64 until_ms)
{
    mx_store_exec(store, "UPDATE timeline SET try_ms = ? WHERE id = ?", "ii", until_ms, id);
}

gboolean mx_store_was_put_off(MxStore *store, gint64 id)
{
    return mx_store_query_int(store, 0, "SELECT try_ms <> 0 FROM timeline WHERE id = ?", "i", id) !=
           0;
}

/* ---- what came of it ---- */

void mx_store_set_read(MxStore *store, MxTimelineRow *row, gboolean is_line)
{
    const char *key = row->txn_id != NULL ? row->txn_id : row->event_id;
    g_autoptr(GBytes) sealed = mx_store_seal(store, "timeline", key, row->type, row->content);
    gboolean was_shown = is_line && row->display == MX_DISPLAY_SHOWN;
    /* A window that is just being told that it cannot be read takes the rest when it says that it
     * is done: mx_store_set_display(). */
    gboolean is_being_shown = is_line && row->display == MX_DISPLAY_DELIVERING;
    MxDisplay display = was_shown ? MX_DISPLAY_PENDING : row->display;
    int late = was_shown ? 1 : is_being_shown ? 2 : row->is_late;
    mx_store_exec(store,
                  "UPDATE timeline SET crypto = 2, sealed = ?, reading = ?, display = ?, alert = ?,"
                  " late = ?, delayed = delayed OR ?, session_id = NULL, try_ms = 0 WHERE id = ?",
                  "bddddddi", sealed, row->reading, (int)display, (int)row->alert, late, late == 1,
                  row->id);
    row->display = display;
    row->is_late = late != 0;
    row->is_secret = TRUE;
    row->crypto = MX_ROW_READ;
}

void mx_store_set_unreadable(MxStore *store, const MxTimelineRow *row)
{
    mx_store_exec(store,
                  "UPDATE timeline SET crypto = 3, reading = ?, display = ?, alert = ?, try_ms = 0 "
                  "WHERE id = ?",
                  "dddi", row->reading, (int)row->display, (int)row->alert, row->id);
}

static GArray *list_rooms(MxStore *store, sqlite3_stmt *statement)
{
    GArray *rooms = g_array_new(FALSE, FALSE, sizeof(gint64));
    while (mx_store_step(store, statement)) {
        gint64 room = sqlite3_column_int64(statement, 0);
        g_array_append_val(rooms, room);
    }
    return rooms;
}

GArray *mx_store_give_up_waiting(MxStore *store, int reading)
{
    GArray *rooms = list_rooms(
        store,
        mx_store_query(store, "SELECT DISTINCT room FROM timeline WHERE crypto = 1 AND display = 1",
                       ""));
    mx_store_exec(store, "UPDATE timeline SET crypto = 3, reading = ? WHERE crypto = 1", "d",
                  reading);
    return rooms;
}

/* ---- while nothing sealed can be read ---- */

gboolean mx_store_is_locked(MxStore *store)
{
    return store->reveal == NULL;
}

void mx_store_note_telling(MxStore *store, gint64 id)
{
    int late = mx_store_is_locked(store) ? 3 : 0;
    mx_store_exec(store,
                  "UPDATE timeline SET late = ? WHERE id = ? AND sealed IS NOT NULL AND "
                  "late IN (0, 3)",
                  "di", late, id);
}

GArray *mx_store_retry_locked(MxStore *store)
{
    GArray *rooms = list_rooms(
        store, mx_store_query(store, "SELECT DISTINCT room FROM timeline WHERE late = 3", ""));
    mx_store_exec(store,
                  "UPDATE timeline SET late = CASE display WHEN 3 THEN 1 WHEN 2 THEN 2 ELSE 0 END, "
                  "delayed = delayed OR display = 3, "
                  "display = CASE display WHEN 3 THEN 1 ELSE display END WHERE late = 3",
                  "");
    return rooms;
}

/* ---- before a room was encrypted ---- */

/* What came encrypted was after the beginning, whatever the homeserver says of it now. */
#define NOTHING_ENCRYPTED                                                                          \
    "NOT EXISTS (SELECT 1 FROM timeline WHERE room = ?1 AND pos < ?2 AND crypto <> 0)"

gboolean mx_store_is_before_encryption(MxStore *store, gint64 room, gint64 pos)
{
    return mx_store_query_int(store, 0,
                              "SELECT 1 WHERE EXISTS (SELECT 1 FROM timeline WHERE room = ?1 AND "
                              "pos > ?2 AND type = 'm.room.encryption' AND "
                              "coalesce(prev_content, '') IN ('', '{}')) AND " NOTHING_ENCRYPTED,
                              "ii", room, pos) != 0;
}

void mx_store_note_encryption(MxStore *store, gint64 room, gint64 pos, int from, int to)
{
    mx_store_exec(store,
                  "UPDATE timeline SET reading = ?4 WHERE room = ?1 AND pos < ?2 AND reading = ?3 "
                  "AND display = 1 AND display IN (1, 2) AND " NOTHING_ENCRYPTED,
                  "iidd", room, pos, from, to);
}

int mx_store_hurry_session(MxStore *store, gint64 room, const char *session_id)
{
    return mx_store_exec(store,
                         "UPDATE timeline SET try_ms = 1 WHERE crypto = 1 AND room = ? AND "
                         "session_id = ? AND try_ms > 1",
                         "is", room, session_id);
}

int mx_store_retry_session(MxStore *store, gint64 room, const char *session_id)
{
    int n = mx_store_hurry_session(store, room, session_id);
    return n + mx_store_exec(store,
                             "UPDATE timeline SET crypto = 1, try_ms = 1 WHERE crypto = 3 AND "
                             "room = ? AND session_id = ?",
                             "is", room, session_id);
}

int mx_store_retry_reading(MxStore *store, int reading, const char *sender)
{
    return mx_store_exec(store,
                         "UPDATE timeline SET crypto = 1, try_ms = 1 WHERE crypto = 3 AND "
                         "reading = ?1 AND (?2 IS NULL OR sender = ?2)",
                         "ds", reading, sender);
}

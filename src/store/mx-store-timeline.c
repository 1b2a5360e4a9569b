/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-private.h"
#include "mx-store-search.h"

/* Making a room takes no longer. */
#define MX_MAKING_MS G_GINT64_CONSTANT(10000)

void mx_timeline_row_free(MxTimelineRow *row)
{
    if (row == NULL)
        return;
    g_free(row->event_id);
    g_free(row->sender);
    g_free(row->type);
    g_free(row->txn_id);
    g_free(row->content);
    g_free(row->state_key);
    g_free(row->prev_content);
    g_free(row->session_id);
    g_free(row);
}

/* The row's own name, from the beginning and for ever. */
static const char *get_seal_key(const MxTimelineRow *row)
{
    return row->txn_id != NULL ? row->txn_id : row->event_id;
}

gboolean mx_store_add_timeline(MxStore *store, MxTimelineRow *row)
{
    g_autoptr(GBytes) sealed = NULL;
    if (row->is_secret) {
        sealed = mx_store_seal(store, "timeline", get_seal_key(row), row->type, row->content);
        row->crypto = MX_ROW_READ;
    }
    int added = mx_store_exec(
        store,
        "INSERT INTO timeline (room, pos, event_id, sender, type, txn_id, ts, display, delayed, "
        "content, alert, state_key, prev_content, crypto, reading, session_id, sealed, relates_to) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        "iissssiddsdssddsbs", row->room, row->pos, row->event_id, row->sender,
        row->is_secret ? MX_SEALED_TYPE : row->type, row->txn_id, row->ts, (int)row->display,
        row->delayed, row->is_secret ? MX_SEALED_CONTENT : row->content, (int)row->alert,
        row->state_key, row->prev_content, (int)row->crypto, row->reading, row->session_id, sealed,
        row->relates_to);
    if (added > 0)
        row->id = sqlite3_last_insert_rowid(store->db);
    return added > 0;
}

gint64 mx_store_get_event_pos(MxStore *store, gint64 room, const char *event_id)
{
    return mx_store_query_int(store, G_MININT64,
                              "SELECT pos FROM timeline WHERE room = ? AND event_id = ?", "is",
                              room, event_id);
}

static MxTimelineRow *one_line(MxStore *store, sqlite3_stmt *statement)
{
    if (!mx_store_step(store, statement))
        return NULL;
    MxTimelineRow *row = g_new0(MxTimelineRow, 1);
    row->id = sqlite3_column_int64(statement, 0);
    row->room = sqlite3_column_int64(statement, 1);
    row->pos = sqlite3_column_int64(statement, 2);
    row->event_id = mx_store_column_dup(statement, 3);
    row->sender = mx_store_column_dup(statement, 4);
    row->type = mx_store_column_dup(statement, 5);
    row->ts = sqlite3_column_int64(statement, 6);
    mx_store_done(statement);
    return row;
}

MxTimelineRow *mx_store_get_line(MxStore *store, gint64 id)
{
    return one_line(
        store,
        mx_store_query(
            store, "SELECT id, room, pos, event_id, sender, type, ts FROM timeline WHERE id = ?",
            "i", id));
}

MxTimelineRow *mx_store_get_newest_line(MxStore *store, gint64 room, const char *sender)
{
    return one_line(store,
                    mx_store_query(store,
                                   "SELECT id, room, pos, event_id, sender, type, ts FROM timeline "
                                   "WHERE room = ? AND sender = ? AND display <> 0 "
                                   "ORDER BY pos DESC LIMIT 1",
                                   "is", room, sender));
}

gboolean mx_store_has_event(MxStore *store, gint64 room, const char *event_id)
{
    return mx_store_get_event_pos(store, room, event_id) != G_MININT64;
}

gboolean mx_store_has_synced_event(MxStore *store, gint64 room, const char *event_id)
{
    return mx_store_query_int(store, 0,
                              "SELECT 1 FROM timeline WHERE room = ? AND event_id = ? "
                              "AND txn_id IS NULL",
                              "is", room, event_id) != 0;
}

/* Where the answer to the sending was late, the redaction came before it was known which row it is
 * about: it was noted, or has emptied the row that the /sync brought. */
static void blank_if_redacted(MxStore *store, gint64 id, gint64 room, const char *event_id)
{
    if (mx_store_exec(
            store,
            "UPDATE timeline SET content = '{}', sealed = NULL, crypto = 0 WHERE id = ? AND "
            "(EXISTS (SELECT 1 FROM redacted WHERE room = ? AND event_id = ?) OR EXISTS "
            "(SELECT 1 FROM timeline WHERE room = ? AND event_id = ? AND content = '{}'))",
            "iisis", id, room, event_id, room, event_id) == 0)
        return;
    mx_store_search_edit_gone(store, id);
    store->empties_log = TRUE;
}

gboolean mx_store_set_event_id(MxStore *store, gint64 room, const char *txn_id,
                               const char *event_id)
{
    gint64 id = mx_store_query_int(
        store, 0, "SELECT id FROM timeline WHERE txn_id = ? AND room = ?", "si", txn_id, room);
    if (id == 0)
        return FALSE;
    blank_if_redacted(store, id, room, event_id);
    mx_store_exec(store, "DELETE FROM timeline WHERE room = ? AND event_id = ? AND id <> ?", "isi",
                  room, event_id, id);
    mx_store_exec(store, "UPDATE timeline SET event_id = ? WHERE id = ?", "si", event_id, id);
    return TRUE;
}

char *mx_store_dup_event_id_of_txn(MxStore *store, gint64 room, const char *txn_id)
{
    return mx_store_query_text(store, "SELECT event_id FROM timeline WHERE txn_id = ? AND room = ?",
                               "si", txn_id, room);
}

/* A late line stays: what was read is that it could not be read. */
int mx_store_skip_pending(MxStore *store, gint64 room, gint64 up_to_pos)
{
    return mx_store_exec(
        store,
        "UPDATE timeline SET display = 4 WHERE room = ? AND display = 1 AND display IN (1, 2) "
        "AND pos <= ? AND late = 0",
        "ii", room, up_to_pos);
}

void mx_store_skip_sender(MxStore *store, const char *sender)
{
    mx_store_exec(store,
                  "UPDATE timeline SET display = 4 WHERE display = 1 AND display IN (1, 2) "
                  "AND sender = ?",
                  "s", sender);
}

gint64 mx_store_count_pending(MxStore *store, gint64 room, const char *but_sender)
{
    return mx_store_query_int(
        store, 0,
        "SELECT count(*) FROM timeline WHERE room = ? AND display = 1 AND display IN (1, 2) "
        "AND sender <> ? AND (alert & 8) = 0 AND crypto <> 1",
        "is", room, but_sender);
}

gboolean mx_store_has_alert(MxStore *store, gint64 room, gint64 above_pos, const char *but_sender,
                            gboolean is_direct)
{
    return mx_store_query_int(store, 0,
                              "SELECT 1 FROM timeline WHERE room = ? AND display = 1 AND "
                              "display IN (1, 2) AND pos > ? AND sender <> ? AND crypto <> 1 "
                              "AND ((alert & 1) <> 0 OR (? AND (alert & 4) = 0)) LIMIT 1",
                              "iisd", room, above_pos, but_sender, is_direct) != 0;
}

GPtrArray *mx_store_list_display(MxStore *store, gint64 room, MxDisplay display, gint64 before_pos,
                                 int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " MX_TIMELINE_COLUMNS " FROM timeline "
        "WHERE room = ? AND display = ? AND display IN (1, 2) AND pos < ? ORDER BY pos LIMIT ?",
        "idid", room, (int)display, before_pos, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, mx_store_read_timeline(store, statement));
    return rows;
}

/* The newest pending row but `keep`, of those that are quiet or not; G_MININT64: there are not so
 * many. */
static gint64 find_pending(MxStore *store, gint64 room, gboolean is_quiet, int keep)
{
    return mx_store_query_int(
        store, G_MININT64,
        "SELECT pos FROM timeline WHERE room = ? AND display = 1 AND display IN (1, 2) "
        "AND ((alert & 8) <> 0) = ? ORDER BY pos DESC LIMIT 1 OFFSET ?",
        "idd", room, is_quiet, keep);
}

int mx_store_skip_all_but(MxStore *store, gint64 room, int keep, int keep_quiet)
{
    gint64 from = find_pending(store, room, FALSE, keep);
    gint64 quiet_from = MAX(from, find_pending(store, room, TRUE, keep_quiet));
    mx_store_exec(store,
                  "UPDATE timeline SET display = 4 WHERE room = ? AND display = 1 "
                  "AND display IN (1, 2) AND (alert & 8) <> 0 AND pos <= ?",
                  "ii", room, quiet_from);
    return from == G_MININT64 ? 0 : mx_store_skip_pending(store, room, from);
}

gboolean mx_store_is_being_made(MxStore *store, gint64 room, const char *sender, gint64 ts)
{
    return mx_store_query_int(store, 0,
                              "SELECT 1 FROM (SELECT type, sender, ts FROM timeline "
                              "WHERE room = ?1 ORDER BY pos LIMIT 1) "
                              "WHERE type = 'm.room.create' AND sender = ?2 AND ts + ?3 >= ?4 "
                              "AND NOT EXISTS (SELECT 1 FROM timeline WHERE room = ?1 AND "
                              "sender <> ?2)",
                              "isii", room, sender, MX_MAKING_MS, ts) != 0;
}

GPtrArray *mx_store_list_speakers(MxStore *store, gint64 room)
{
    GPtrArray *speakers = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT sender FROM (SELECT sender, pos, type FROM timeline WHERE room = ? "
        "ORDER BY pos DESC LIMIT 5000) WHERE type IN ('m.room.message', 'm.room.encrypted') "
        "GROUP BY sender ORDER BY max(pos) DESC",
        "i", room);
    while (mx_store_step(store, statement))
        g_ptr_array_add(speakers, mx_store_column_dup(statement, 0));
    return speakers;
}

void mx_store_set_display(MxStore *store, gint64 id, MxDisplay display)
{
    /* late = 2: it was read while a window was told that it cannot be. */
    mx_store_exec(store,
                  "UPDATE timeline SET "
                  "display = CASE WHEN ?1 = 3 AND late = 2 THEN 1 ELSE ?1 END, "
                  "late = CASE WHEN late = 2 AND ?1 <> 2 THEN ?1 = 3 ELSE late END, "
                  "delayed = delayed OR ?1 = 1 OR late = 2 WHERE id = ?2",
                  "di", (int)display, id);
}

int mx_store_count_shown_twins(MxStore *store, const MxTimelineRow *row)
{
    int n = 0;
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE room = ? AND "
                       "sender = ? AND display = 3 AND ts / 1000 = ?",
                       "isi", row->room, row->sender, row->ts / 1000);
    while (mx_store_step(store, statement)) {
        g_autoptr(MxTimelineRow) twin = mx_store_read_timeline(store, statement);
        n += g_str_equal(twin->content, row->content);
    }
    return n;
}

GArray *mx_store_list_rooms_with_display(MxStore *store, MxDisplay display)
{
    GArray *rooms = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT DISTINCT room FROM timeline WHERE display = ? AND display IN (1, 2)", "d",
        (int)display);
    while (mx_store_step(store, statement)) {
        gint64 room = sqlite3_column_int64(statement, 0);
        g_array_append_val(rooms, room);
    }
    return rooms;
}

/* Gaps */

void mx_gap_row_free(MxGapRow *gap)
{
    if (gap == NULL)
        return;
    g_free(gap->from);
    g_free(gap->to);
    g_free(gap);
}

/* Values of the column "waived". */
enum { GAP_BLOCKS, GAP_WAIVED, GAP_LEFT };

static void add_gap(MxStore *store, MxRoomRow *room, const char *from, const char *to, int waived)
{
    room->top_pos += MX_GAP_SPACE;
    mx_store_exec(store,
                  "INSERT INTO gap (room, pos, next_pos, from_token, to_token, waived) "
                  "VALUES (?, ?, ?, ?, ?, ?)",
                  "iiissd", room->key, room->top_pos, room->top_pos, from, to, waived);
}

void mx_store_add_gap(MxStore *store, MxRoomRow *room, const char *from, const char *to)
{
    add_gap(store, room, from, to, GAP_BLOCKS);
}

void mx_store_add_left_gap(MxStore *store, MxRoomRow *room, const char *from)
{
    add_gap(store, room, from, NULL, GAP_LEFT);
}

MxGapRow *mx_store_read_gap(MxStore *store, sqlite3_stmt *statement, gint64 room)
{
    if (!mx_store_step(store, statement))
        return NULL;
    MxGapRow *gap = g_new0(MxGapRow, 1);
    gap->id = sqlite3_column_int64(statement, 0);
    gap->room = room;
    gap->pos = sqlite3_column_int64(statement, 1);
    gap->next_pos = sqlite3_column_int64(statement, 2);
    gap->from = mx_store_column_dup(statement, 3);
    gap->to = mx_store_column_dup(statement, 4);
    gap->waived = sqlite3_column_int(statement, 5) != GAP_BLOCKS;
    gap->is_left = sqlite3_column_int(statement, 5) == GAP_LEFT;
    mx_store_done(statement);
    return gap;
}

MxGapRow *mx_store_get_gap(MxStore *store, gint64 room)
{
    return mx_store_read_gap(
        store,
        mx_store_query(store,
                       "SELECT id, pos, next_pos, from_token, to_token, waived FROM gap "
                       "WHERE room = ? AND waived <> 2 ORDER BY pos DESC LIMIT 1",
                       "i", room),
        room);
}

MxGapRow *mx_store_get_blocking_gap(MxStore *store, gint64 room)
{
    return mx_store_read_gap(
        store,
        mx_store_query(store,
                       "SELECT id, pos, next_pos, from_token, to_token, waived FROM gap "
                       "WHERE room = ? AND waived = 0 ORDER BY pos LIMIT 1",
                       "i", room),
        room);
}

void mx_store_save_gap(MxStore *store, MxGapRow *gap)
{
    mx_store_exec(store, "UPDATE gap SET next_pos = ?, from_token = ?, waived = ? WHERE id = ?",
                  "isdi", gap->next_pos, gap->from,
                  gap->is_left  ? GAP_LEFT
                  : gap->waived ? GAP_WAIVED
                                : GAP_BLOCKS,
                  gap->id);
}

void mx_store_remove_gap(MxStore *store, gint64 id)
{
    mx_store_exec(store, "DELETE FROM gap WHERE id = ?", "i", id);
}

void mx_store_waive_gaps(MxStore *store, gint64 room)
{
    mx_store_exec(store, "UPDATE gap SET waived = 1 WHERE room = ? AND waived = 0", "i", room);
}

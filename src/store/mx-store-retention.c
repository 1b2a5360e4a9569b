/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-retention.h"

#include "mx-store-private.h"
#include "mx-store-search.h"

#define DAY_MS (G_GINT64_CONSTANT(24) * 3600 * 1000)
/* So many pages stay for what comes next. */
#define SPARE_PAGES 256
#define SHRINK_PAGES 64

gint64 mx_store_get_next_room(MxStore *store, gint64 after)
{
    return mx_store_query_int(store, 0, "SELECT key FROM room WHERE key > ? ORDER BY key LIMIT 1",
                              "i", after);
}

/* The lowest position that stays, of the limit lowest ones. G_MININT64: all do. */
static gint64 find_floor(MxStore *store, gint64 room, gint64 before_ms, gint64 now_ms, int limit)
{
    gint64 newest = mx_store_query_int(store, G_MININT64,
                                       "SELECT pos FROM timeline WHERE room = ? AND "
                                       "event_id IS NOT NULL ORDER BY pos DESC LIMIT 1",
                                       "i", room);
    /* Of those alone that could go now. */
    gint64 kept = mx_store_query_int(store, G_MAXINT64,
                                     "SELECT min(pos) FROM (SELECT pos, ts FROM timeline "
                                     "WHERE room = ? ORDER BY pos LIMIT ?) "
                                     "WHERE ts BETWEEN ? AND ?",
                                     "idii", room, limit, before_ms, now_ms + DAY_MS);
    gint64 waiting = mx_store_query_int(
        store, G_MAXINT64, "SELECT min(pos) FROM timeline WHERE room = ? AND display IN (1, 2)",
        "i", room);
    gint64 unsent = mx_store_query_int(store, G_MAXINT64,
                                       "SELECT min(t.pos) FROM queue JOIN timeline t "
                                       "ON t.id = queue.row WHERE queue.room = ?",
                                       "i", room);
    return MIN(MIN(newest, kept), MIN(waiting, unsent));
}

/* Words of events that lines were about. Edits stay with what they are of. */
static void forget_quoted(MxStore *store, gint64 room, gint64 before_ms)
{
    if (mx_store_exec(store,
                      "DELETE FROM quoted WHERE room = ? AND ts < ? AND sender IS NOT NULL AND "
                      "NOT EXISTS (SELECT 1 FROM timeline WHERE room = quoted.room AND "
                      "event_id = quoted.relates_to)",
                      "ii", room, before_ms) > 0)
        store->empties_log = TRUE;
}

int mx_store_forget_before(MxStore *store, gint64 room, gint64 before_ms, gint64 now_ms, int limit)
{
    gint64 floor = find_floor(store, room, before_ms, now_ms, limit);
    int gone = mx_store_exec(store,
                             "DELETE FROM timeline WHERE id IN (SELECT id FROM timeline "
                             "WHERE room = ? AND pos < ? ORDER BY pos LIMIT ?)",
                             "iid", room, floor, limit);
    if (gone < limit)
        forget_quoted(store, room, before_ms);
    if (gone == 0)
        return 0;
    gint64 lowest = mx_store_query_int(
        store, floor, "SELECT pos FROM timeline WHERE room = ? ORDER BY pos LIMIT 1", "i", room);
    mx_store_exec(store, "DELETE FROM gap WHERE room = ? AND pos < ? AND waived <> 0", "ii", room,
                  lowest);
    /* Where history goes on is asked for anew, by the event that is now the oldest. */
    mx_store_exec(store, "UPDATE room SET prev_batch = NULL WHERE key = ?", "i", room);
    store->empties_log = TRUE;
    return gone;
}

gboolean mx_store_shrink(MxStore *store)
{
    if (mx_store_query_int(store, 0, "PRAGMA auto_vacuum", "") != 2)
        return FALSE; /* made before there was this: its pages are used again */
    gint64 unused = mx_store_query_int(store, 0, "PRAGMA freelist_count", "");
    if (unused <= SPARE_PAGES)
        return FALSE;
    mx_store_exec(store, "PRAGMA incremental_vacuum(" G_STRINGIFY(SHRINK_PAGES) ")", "");
    gint64 left = mx_store_query_int(store, unused, "PRAGMA freelist_count", "");
    return left < unused && left > SPARE_PAGES;
}

void mx_store_get_facts(MxStore *store, MxStoreFacts *facts)
{
    facts->bytes = mx_store_get_size(store);
    facts->events = mx_store_query_int(store, 0, "SELECT count(*) FROM timeline", "");
    facts->oldest_ms = mx_store_query_int(store, -1,
                                          "SELECT min((SELECT ts FROM timeline WHERE room = "
                                          "room.key ORDER BY pos LIMIT 1)) FROM room",
                                          "");
    facts->unindexed = mx_store_search_count_queue(store);
}

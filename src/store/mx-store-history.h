/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Reading the timeline backwards. Its newest part came with /sync; below lie gaps, and below all
 * rows what was never fetched. Positions there go down without end. */

/* What MxRoomRow.prev_batch is once the server has said that nothing is older. */
#define MX_HISTORY_ALL ""

/* Whole rows that a window could tell of, above floor_pos and below before_pos, the newest first.
 * with_waiting: also those that wait for the room's window. */
GPtrArray *mx_store_list_history(MxStore *store, gint64 room, gint64 before_pos, gint64 floor_pos,
                                 gboolean with_waiting, int limit);
/* The highest gap, left or not, that has its open end below before_pos and stands itself below
 * passed_pos. NULL: none. */
MxGapRow *mx_store_get_gap_below(MxStore *store, gint64 room, gint64 before_pos, gint64 passed_pos);
/* The gap is still there, and its next page is the one from this token. */
gboolean mx_store_gap_goes_on_at(MxStore *store, gint64 id, const char *from);
/* Where the oldest row stands, or the oldest gap may still put one; 1 when there is nothing. */
gint64 mx_store_get_lowest_pos(MxStore *store, gint64 room);
/* The oldest event above floor_pos that the server knows. NULL: none. The caller frees. */
char *mx_store_get_event_above(MxStore *store, gint64 room, gint64 floor_pos);
/* The room's m.room.create is stored as its first event: nothing is older. */
gboolean mx_store_begins_with_create(MxStore *store, gint64 room);
/* origin_server_ts of the oldest row from pos on, or -1. */
gint64 mx_store_get_ts_from(MxStore *store, gint64 room, gint64 pos);

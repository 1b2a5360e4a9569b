/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-push-rules.h"
#include "mx-sync-apply.h"

/* Encrypted lines are stored as they come, and read afterwards in small batches, each with a commit
 * of its own (design, "The way of the data").
 *
 * The order, and what a kill between two steps leaves:
 *   1. /sync commits the ciphertext as a row that waits, with the keys that came along.
 *      -> the row is found again at the next start.
 *   2. A batch commits, for each of its rows together: the index it has used (I8), its sealed text,
 *      its push rules' word, its place among the lines that wait for a window. -> all or nothing;
 *      a batch that was not committed is read again, and finds its indexes unused.
 *   3. The row goes to its window like every other line (mx-timeline.h).
 * A key that comes later marks the rows that want it in the transaction that stores it, and they go
 * through 2 again; those that a window has shown as unreadable through 3 too, as late lines, once.
 *
 * Until a line has been tried, later ones of its room wait (mx_timeline_take()). A key may come a
 * moment after its message: a line is given up only PATIENCE_MS after the first try. */

/* Worker, within a transaction: how a new line of the room begins. row->type and row->content are
 * those of the event. Gives row->session_id, for the caller to free. */
char *mx_decrypt_note(MxStore *store, const MxRoomRow *room, MxTimelineRow *row);
/* Worker, within a transaction: a state event of the timeline. Where it is the room's first
 * m.room.encryption, what comes before it is not marked as not encrypted. */
void mx_decrypt_note_encryption(MxStore *store, gint64 room, const MxEvent *event, gint64 pos);
/* Worker: of MxRoomChange, for rooms (gint64) in which lines wait no longer. */
GPtrArray *mx_decrypt_list_changes(MxStore *store, const GArray *rooms, const char *own_user_id);
/* Worker, within a transaction: reads what still waits in a room that ends now. */
void mx_decrypt_last(MxStore *store, MxRoomRow *room, const char *own_user_id,
                     const MxPushRules *rules);

/* Worker; commits: those of the rows, all of one room, that still wait are read now, for somebody
 * looks back at them. *changes: of MxRoomChange, owned by the caller; NULL: nothing waited. FALSE
 * and an error: nothing has changed. */
gboolean mx_decrypt_history(MxStore *store, GPtrArray *rows, const char *own_user_id,
                            GPtrArray **changes, GError **error);

typedef struct {
    const char *own_user_id;
    const MxPushRules *rules; /* or NULL */
    gint64 now_ms;            /* wall clock */
    GPtrArray *changes;       /* out: of MxRoomChange; NULL: nothing was due */
    gint64 wait_ms;           /* out: more is due then; -1: nothing waits */
} MxDecryptBatch;

/* Worker; commits. FALSE and an error: nothing has changed. */
gboolean mx_decrypt_run(MxStore *store, MxDecryptBatch *batch, GError **error);

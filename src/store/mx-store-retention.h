/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* How much history is kept, and what it takes on the disk. */

/* The next room (its key) after this one, 0 after the last. */
gint64 mx_store_get_next_room(MxStore *store, gint64 after);
/* Within a transaction: at most limit of the room's oldest events go, of those from before
 * before_ms; so do holes between them that nobody waits for. The newest event stays, and what waits
 * to be shown or sent; and everything after an event that stays. Gives how many went. now_ms: what
 * claims to be from later than a day after that keeps nothing. */
int mx_store_forget_before(MxStore *store, gint64 room, gint64 before_ms, gint64 now_ms, int limit);
/* Not within a transaction: gives some of the unused pages back. TRUE: there is more to do. */
gboolean mx_store_shrink(MxStore *store);

typedef struct {
    gint64 bytes;     /* on disk */
    gint64 events;    /* in timelines */
    gint64 oldest_ms; /* of the oldest event; -1: there is none */
    gint64 unindexed; /* messages that wait for the search index */
} MxStoreFacts;
void mx_store_get_facts(MxStore *store, MxStoreFacts *facts);

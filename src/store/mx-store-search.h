/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* The words of messages (SQLite's FTS5). What is new in the timeline waits in a queue until its
 * turn; what leaves the timeline leaves the index with it, in the same transaction (triggers). All
 * but the two that say so are called within a transaction. */

/* What FTS5 is to take as a part of a word is told it character by character: those of scripts that
 * write without spaces, and pictures, stand alone. The caller frees. */
char *mx_store_search_fold(const char *text);
/* A query that finds what has all the typed words, each as the beginning of a word, and "words
 * between quotation marks" side by side. Nothing typed is syntax to FTS5. NULL: there is nothing to
 * look for in it. The caller frees. */
char *mx_store_search_dup_query(const char *typed);

/* Texts of encrypted rooms go into the index, or leave it: at once, while it is made anew. Does
 * nothing where it is so already. */
void mx_store_search_set_secret(MxStore *store, gboolean takes_secret);
/* Rows that wait, of MxTimelineRow, the newest first. Outside of a transaction, too. */
GPtrArray *mx_store_search_list_queue(MxStore *store, int limit);
gint64 mx_store_search_count_queue(MxStore *store);
/* The row waits no longer. text NULL: it has no words. */
void mx_store_search_put(MxStore *store, const MxTimelineRow *row, const char *text);
/* What edits the event is not found by itself: the event is, by what it says now. */
void mx_store_search_drop_edits(MxStore *store, const MxTimelineRow *row);
/* What edits another event says nothing any more: that one leaves the index, and waits. Does
 * nothing where the row of that key, or the one that came inside of another event, is no edit. */
void mx_store_search_edit_gone(MxStore *store, gint64 id);
void mx_store_search_bundled_gone(MxStore *store, gint64 room, const char *event_id);
/* Takes what was removed out of the index's old segments, a slice at a time (FTS5 first only notes
 * that it is gone). TRUE: there is more to do. */
gboolean mx_store_search_scrub(MxStore *store);
/* Everything leaves the index, and waits. */
void mx_store_search_reset(MxStore *store);

/* Of MxTimelineRow, the newest first, from before the row of before_ts and before_id on
 * (G_MAXINT64: all). query: of mx_store_search_dup_query(). rooms: a JSON array of room keys; NULL:
 * all. Outside of a transaction, too. */
GPtrArray *mx_store_search_find(MxStore *store, const char *query, const char *rooms,
                                gint64 before_ts, gint64 before_id, int limit);

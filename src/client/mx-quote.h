/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"
#include "mx-store.h"

/* Short words of the messages that lines are about. Worker only. */

/* Characters of a quote. */
#define MX_QUOTE_MAX 60

/* The event's row, of the timeline or of those that were asked for; NULL: it is not known, or not
 * to be had. The caller frees. */
MxTimelineRow *mx_quote_find(MxStore *store, gint64 room, const char *event_id);
/* The same; an encrypted one that could not be read when it came is tried again. Within a
 * transaction. */
MxTimelineRow *mx_quote_find_now(MxStore *store, gint64 room, const char *event_id);
/* Events (char *) that the row's line is about and that nobody has asked for yet, put into
 * wanted. */
void mx_quote_list_wanted(MxStore *store, const MxTimelineRow *row, GPtrArray *wanted);
/* The beginning of what the message says now, in one line, without quotation marks; words for what
 * has none. Never NULL; the caller frees. */
char *mx_quote_get_excerpt(MxStore *store, const MxTimelineRow *row);
/* "Bob: what time do…"; row NULL: an older message. What ignored people said is left out. The
 * caller frees. */
char *mx_quote_describe(MxStore *store, gint64 room, const MxTimelineRow *row);

/* A time (ms) as the window shows it; with its day when that is another than beside's. The caller
 * frees. */
char *mx_quote_describe_time(gint64 ts, gint64 beside);

/* Keeps what GET /event has answered (JSON text, validated) under event_id, or that it is not to be
 * had. Within a transaction. */
void mx_quote_store(MxStore *store, gint64 room, const char *event_id, const char *answer,
                    gsize len);

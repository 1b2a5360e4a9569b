/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What a message is to be found by: its body, of an edit the new one, of a reply without what it
 * repeats; of a file its name too, of a poll question and answers. NULL: there is none. The caller
 * frees. */
char *mx_search_dup_text(const MxTimelineRow *row);
/* Puts a row that waits into the index: a message by what it says now, the valid edit that counts
 * instead of its own words; an edit alone only where what it edits is not here. Worker, within a
 * transaction. */
void mx_search_index(MxStore *store, const MxTimelineRow *row);
/* Around the first of the typed words, on one line and at most max_chars characters. The caller
 * frees. */
char *mx_search_dup_excerpt(const char *text, const char *typed, glong max_chars);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What is to be said of encrypted messages: why one cannot be read, and what to think of one that
 * can. Plain text for people, with one thing to do. Worker only. */

/* The row is one of type m.room.encrypted. The caller frees. */
char *mx_unreadable_describe(MxStore *store, const MxTimelineRow *row);
/* A few words to stand beside the text, or NULL. The caller frees. */
char *mx_unreadable_dup_mark(const MxTimelineRow *row, gboolean *is_warning);

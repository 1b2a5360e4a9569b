/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Reactions in words. Worker only. */

/* "Bob reacted with 👍 to Carol: meet at…". NULL: there is nothing to say, as it is no reaction, one
 * that was told already, or one to an edit. The caller frees. */
char *mx_reaction_line_describe(MxStore *store, const MxTimelineRow *row);
/* rows and the lines (MxLine) made of them: reactions that come one after the other are told in one
 * line for each message. */
void mx_reaction_line_group(MxStore *store, GPtrArray *rows, GPtrArray *lines);
/* Those to one message, as they are known: "👍 Bob, Carol; 🎉 Dave". ignored: user IDs. NULL: there
 * are none. The caller frees. */
char *mx_reaction_line_list(MxStore *store, const MxTimelineRow *row, GHashTable *ignored);

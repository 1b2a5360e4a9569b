/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Events that are about others (client-server API, "Forming relationships between events"). */

/* Rows of the timeline that edit the event, react to it or vote in it, the newest first by time,
 * then by ID; whole rows. */
GPtrArray *mx_store_list_relating(MxStore *store, gint64 room, const char *event_id, int limit);

/* The message was an edit; its relation is known when it has been removed, too. */
gboolean mx_store_is_edit(MxStore *store, const MxTimelineRow *row);

/* Something of the room above pos is missing. */
gboolean mx_store_has_gap_above(MxStore *store, gint64 room, gint64 pos);

/* Events that lines are about and that the timeline does not have: asked for once. row: of the room
 * and event ID; sender NULL: it is not to be had. is_secret: type and content are sealed. */
void mx_store_set_quoted(MxStore *store, const MxTimelineRow *row);
/* It was asked for; *row (may be NULL) is NULL when it is not to be had. The caller frees it. */
gboolean mx_store_get_quoted(MxStore *store, gint64 room, const char *event_id,
                             MxTimelineRow **row);
/* The same of an edit that came inside of row->relates_to, for mx_store_list_bundled(). */
void mx_store_set_bundled(MxStore *store, const MxTimelineRow *row);
/* Whole rows with id 0. */
GPtrArray *mx_store_list_bundled(MxStore *store, gint64 room, const char *event_id);
/* What it said is gone, and what edits of it said. */
void mx_store_blank_quoted(MxStore *store, gint64 room, const char *event_id);

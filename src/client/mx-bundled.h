/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"

/* Edits that the homeserver puts into the events they are about (client-server API, "Server-side
 * aggregation of m.replace relationships"), in /sync and in what is fetched of before. They count
 * as if they had come by themselves; when they do, no line tells them again. Worker only. */

/* The edit in event's unsigned, if it says that it is one of this event by the same sender; FALSE:
 * there is none. edit reads event's text. */
gboolean mx_bundled_parse(const MxEvent *event, MxEvent *edit);
/* Keeps that edit. row: of event, stored just now. Within a transaction. */
void mx_bundled_note(MxStore *store, const MxTimelineRow *row, const MxEvent *event);
/* Reads an encrypted one that was kept: target's own text could be read. Within a transaction. */
void mx_bundled_read(MxStore *store, const char *room_id, const MxTimelineRow *target);

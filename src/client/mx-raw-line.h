/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"

/* Events that nothing is known about: shown, where the user wants it, as they are. Worker only. */

/* The event is of that kind, and the room's window is to show it. */
gboolean mx_raw_line_is_wanted(MxStore *store, gint64 room, const MxEvent *event);
gboolean mx_raw_line_is_one(const MxTimelineRow *row);
/* Plain text; the caller frees. */
char *mx_raw_line_describe(MxStore *store, const MxTimelineRow *row);

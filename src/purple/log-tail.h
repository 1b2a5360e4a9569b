/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <log.h>

#include "mx-timeline.h"

/* Which of the lines (of MxLine) the end of the conversation's newest log has: gboolean each, the
 * caller frees. They are the last thing that was logged before a crash. A line is known by its time
 * of day and its text; the log must have as many of them as there are equal lines, those known to
 * be shown (shown_twins) included. */
GArray *mxp_log_tail_find(PurpleAccount *account, PurpleLogType type, const char *name,
                          GPtrArray *lines);

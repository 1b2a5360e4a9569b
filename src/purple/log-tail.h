/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <log.h>

#include "mx-timeline.h"

/* How many of the lines (of MxLine, in the order they were written) the newest log of the
 * conversation has. They are the last thing that was logged before a crash; a line counts with its
 * time of day and its text. */
guint mxp_log_tail_count(PurpleAccount *account, PurpleLogType type, const char *name,
                         GPtrArray *lines);

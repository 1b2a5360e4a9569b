/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

/* Finch prints the time alone: a line from another day than the one before gets its date in front.
 * Logs have dates, so it is not logged. */

/* *day: that of the line before, 0 for today; becomes that of ts (ms). The caller frees; NULL: no
 * date is due. */
char *mxp_day_line_get(gint64 ts, int *day);
void mxp_day_line_write(PurpleConversation *conversation, const char *text);

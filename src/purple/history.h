/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "mx-history.h"

/* What was said before, shown on demand. Windows only grow at their end: old lines stand there
 * between a heading and an end, with their own times. Each asking goes back from where the last one
 * in this window ended. They are never logged: a log is what happened in its window, and a line
 * that was never there is still stored to be read again. */

void mxp_history_init(MxpAccount *mxp);
void mxp_history_clear(MxpAccount *mxp);
/* The line is in the room's window. */
void mxp_history_note(MxpAccount *mxp, const MxRoom *room, const MxLine *line);
/* The room's window was closed. */
void mxp_history_forget(MxpAccount *mxp, const char *room_id);
/* FALSE and *error: what was asked for last is still on its way. */
gboolean mxp_history_show(MxpAccount *mxp, MxRoom *room, const MxHistoryQuery *query, char **error);

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

void mxp_history_unload(void);
void mxp_history_init(MxpAccount *mxp);
void mxp_history_clear(MxpAccount *mxp);
/* The line is in the room's window. */
void mxp_history_note(MxpAccount *mxp, MxRoom *room, const MxLine *line);
/* The room's window was closed. */
void mxp_history_forget(MxpAccount *mxp, const char *room_id);
/* FALSE and *error: what was asked for last is still on its way. */
gboolean mxp_history_show(MxpAccount *mxp, MxRoom *room, const MxHistoryQuery *query, char **error);

/* Account option: so many of the last lines stand in a window that is opened; 0: none. */
#define MXP_OPTION_LAST_LINES "last_lines"
#define MXP_LAST_LINES 20
#define MXP_LAST_LINES_MAX 100

/* Before the first new lines are written: gets what is stored of the lines before them, and writes
 * it into the room's window, or, where there is none, into the one that the first new line opens;
 * then calls done. FALSE, and done is not called: the window shows lines already, or the option
 * wants none. */
typedef void (*MxpHistoryFunc)(MxpAccount *mxp, MxRoom *room);
gboolean mxp_history_open(MxpAccount *mxp, MxRoom *room, MxpHistoryFunc done);
/* The new lines are written, or will not be. */
void mxp_history_opened(MxpAccount *mxp, const char *room_id);

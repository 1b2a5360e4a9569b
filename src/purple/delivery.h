/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Pending lines into windows, in order, each once, in slices that do not hold the main loop
 * (design, "Delivery"). */

/* Account option: which messages open a window by themselves. */
#define MXP_OPTION_OPEN_WINDOWS "open_windows"
#define MXP_OPEN_ALWAYS "always"
#define MXP_OPEN_BY_RULES "rules" /* the push rules; direct chats unless muted */
#define MXP_OPEN_NEVER "never"

void mxp_delivery_init(MxpAccount *mxp);
/* Tells the client which of the lines in hand were written. Before mx_client_stop(). */
void mxp_delivery_clear(MxpAccount *mxp);

/* Shows what is pending in the room; messages open its window. */
void mxp_delivery_run(MxpAccount *mxp, MxRoom *room);
/* Does so if the room's window is open, or the change opens it. */
void mxp_delivery_update(MxpAccount *mxp, MxRoomChange *change);
/* After connecting: windows that are open, and rooms whose lines an earlier run could not show any
 * more. */
void mxp_delivery_resume(MxpAccount *mxp);
/* The last lines of a room that is gone, before its window ends. */
void mxp_delivery_end(MxpAccount *mxp, MxRoomChange *change);
/* A line typed here. */
void mxp_delivery_own_line(MxpAccount *mxp, MxRoom *room, MxLine *line);
/* Lines that a killed program was writing: those the log has are shown, the others become pending
 * again. */
void mxp_delivery_recover(MxpAccount *mxp, MxRoom *room, GPtrArray *lines);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* What the user has read, and what the partner of a direct chat has. A line is read when it stands
 * in a window that has the focus while the user is not idle. */

/* Account option: only the user's own devices are told. */
#define MXP_OPTION_PRIVATE_RECEIPTS "private_receipts"

void mxp_receipts_init(MxpAccount *mxp);
void mxp_receipts_clear(MxpAccount *mxp);
/* The line was written to the room's window. */
void mxp_receipts_note(MxpAccount *mxp, MxRoom *room, const MxLine *line);
/* So much for now: what can be read is told if it is being looked at. */
void mxp_receipts_flush(MxpAccount *mxp, MxRoom *room);
/* The user is no longer idle. */
void mxp_receipts_flush_all(MxpAccount *mxp);
/* The partner has read the newest own line. ts: ms. */
void mxp_receipts_partner_read(MxpAccount *mxp, MxRoom *room, gint64 ts);

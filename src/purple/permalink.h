/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Links that lead to a message (appendices, "matrix.to navigation", "matrix: URI scheme"): it is
 * shown again at the end of its room's window. */

/* The room's window is open. */
void mxp_permalink_show(MxpAccount *mxp, MxRoom *room, const char *event_id);

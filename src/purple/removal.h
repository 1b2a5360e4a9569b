/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What happens when the user removes an account: its session is ended on the server, and what is
 * stored here is kept or erased as the user says. */

void mxp_removal_init(void);
void mxp_removal_uninit(void);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Dialogs about the user's own encryption keys. What is secret is typed into dialogs alone, never
 * into a conversation, whose text may be logged. */

void mxp_recovery_set_up(MxpAccount *mxp);
void mxp_recovery_recover(MxpAccount *mxp);
void mxp_recovery_reset_identity(MxpAccount *mxp);
void mxp_recovery_show_info(MxpAccount *mxp);

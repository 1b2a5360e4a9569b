/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* A question before something that cannot be undone. */

typedef void (*MxpConfirmFunc)(MxpAccount *mxp, gpointer user_data);

/* func is called when the answer is yes, at most once. yes: the button's label. Texts are plain.
 * destroy is for user_data, may be NULL. */
void mxp_confirm(MxpAccount *mxp, const char *primary, const char *secondary, const char *yes,
                 MxpConfirmFunc func, gpointer user_data, GDestroyNotify destroy);
/* The connection ends: its dialogs are gone, and what they held goes. */
void mxp_confirm_clear(MxpAccount *mxp);

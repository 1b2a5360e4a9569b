/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <purple.h>

/* Items of the account's menu; only asked for while it is connected. */
GList *mxp_actions_list(PurplePlugin *plugin, gpointer context);

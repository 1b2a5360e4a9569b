/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* /notify: sets what notifies of the room ("all", "mentions", "mute", "default"), or says what is
 * set ("" or NULL). FALSE and *error (the caller's) when the word is none of these. */
gboolean mxp_notify_run(MxpAccount *mxp, MxRoom *room, const char *word, char **error);

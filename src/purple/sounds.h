/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* The push rules say which lines are heard. The user interfaces play their sounds while a line is
 * written, and ask before. */
void mxp_sounds_init(MxpAccount *mxp);

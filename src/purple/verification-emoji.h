/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The emoji of a verification, by their numbers (0 to 63). Static. */
const char *mxp_verification_emoji_get_symbol(guint number);
/* In the user's language, where the specification has it; else in English. */
const char *mxp_verification_emoji_get_name(guint number);

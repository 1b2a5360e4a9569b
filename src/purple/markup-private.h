/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Shared by the three files of markup.h. */

/* Pidgin drops all markup of a message with more than a hundred '<'. */
#define MXP_MARKUP_MAX_TAGS 90

/* One character of text; a line break becomes line_break. */
void mxp_markup_append(GString *markup, gunichar c, const char *line_break);
/* Clients make links of typed addresses; then the text says it all. */
gboolean mxp_markup_is_address(const char *href, const char *text);
/* Keeps a message that merely begins with "/me " from looking like an action. Takes the markup and
 * gives what the caller frees. */
char *mxp_markup_guard(char *markup);

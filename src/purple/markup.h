/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Between Matrix's plain text and libpurple's markup. Nothing foreign is ever markup. The callers
 * free. */

/* Escapes everything and keeps every character and line break. is_emote puts "/me " in front, which
 * libpurple's clients show as an action; a message that merely begins with "/me " is kept from
 * looking like one. */
char *mxp_markup_from_plain(const char *text, gboolean is_emote);
/* The same without the rules for "/me ": names, reasons, error texts. */
char *mxp_markup_escape(const char *text);

/* What the user typed, as libpurple hands it over: tags go, line breaks and entities become
 * characters, and a link that the client made of a typed address becomes that address again. */
char *mxp_markup_to_plain(const char *markup);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Between Matrix's text, plain and formatted, and libpurple's markup. Nothing foreign is ever
 * markup. The callers free. */

/* Escapes everything and keeps every character and line break. is_emote puts "/me " in front, which
 * libpurple's clients show as an action; a message that merely begins with "/me " is kept from
 * looking like one. */
char *mxp_markup_from_plain(const char *text, gboolean is_emote);
/* The same without the rules for "/me ": names, reasons, error texts. */
char *mxp_markup_escape(const char *text);

/* What the user typed, as libpurple hands it over: tags go, line breaks and entities become
 * characters, and a link that the client made of a typed address becomes that address again. */
char *mxp_markup_to_plain(const char *markup);

/* A formatted_body (client-server API, m.room.message msgtypes) as the markup that Pidgin and Finch
 * both show: lists, quotes, tables and the like become lines of text, and there are never more tags
 * than Pidgin takes. NULL when it is too large or has nothing to show: then the body counts. */
char *mxp_markup_from_html(const char *html, gboolean is_emote);

/* What the user typed as a formatted_body; NULL when nothing of it is formatted. The first skip
 * bytes of the text ("/me ") are left out. */
char *mxp_markup_to_html(const char *markup, gsize skip);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Codes to be scanned, drawn; there only when the plugin was built with libqrencode. */

/* FALSE: too much for a code, or no memory. */
gboolean mxp_verification_code_fits(GBytes *content);
/* The same, and as text in a dialog on the terminal that this program has. */
gboolean mxp_verification_code_fits_terminal(GBytes *content);
/* A portable graymap, dark on light; of content that fits. */
GBytes *mxp_verification_code_make_image(GBytes *content);
/* Two rows of the code in each line: for terminals that write light on dark. The caller frees. */
char *mxp_verification_code_make_text(GBytes *content);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Names that people give themselves, as far as they can be mistaken for others'. */

/* The same for names that look alike: without case, invisible characters and white space, letters
 * of other scripts as the Latin ones they look like. NULL when nothing is left or name is NULL. The
 * caller frees. */
char *mx_name_make_key(const char *name);

/* Controls, line breaks among them, and marks that turn the direction of the text around them: in a
 * name they would reach beyond it, or mean something to a terminal. */
gboolean mx_name_is_control(gunichar c);

/* It looks like a Matrix ID, which is somebody else's then. */
gboolean mx_name_looks_like_id(const char *name);

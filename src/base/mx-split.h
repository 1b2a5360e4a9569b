/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Cuts a text (UTF-8) that is too long for one message: at the end of a paragraph, a line or a
 * word, and else between two characters as people see them, which are never cut (Unicode, UAX 29).
 */

/* How many bytes of the text, at most max, are the first part; 0: it cannot be cut. next: where the
 * next part begins. What is between, line breaks or one space, is in neither. */
gsize mx_split_find(const char *text, gsize max, gsize *next);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-store.h"

/* m.ignored_user_list in the database, and changes to it that the server does not have yet. Worker
 * only, but for mx_ignored_change(). */

/* Set of user IDs: the stored list with the changes. Never NULL; the caller frees. */
GHashTable *mx_ignored_load(MxStore *store);
/* Remembers a change. What of a person who is ignored from now on waits for its window is not shown
 * any more. */
void mx_ignored_note(MxStore *store, const char *user_id, gboolean is_ignored);
/* As JSON text, or NULL. The caller frees. */
char *mx_ignored_get_changes(MxStore *store);
/* These are settled; later ones stay. */
void mx_ignored_forget_changes(MxStore *store, const char *settled);
/* A list of the server was stored: lines of those who are in it and were not in before (a set) are
 * not shown any more. */
void mx_ignored_hide_new(MxStore *store, GHashTable *before);
/* Applies changes to the list's content, in place; all else in it stays (A14). */
void mx_ignored_change(JsonObject *content, const char *changes);

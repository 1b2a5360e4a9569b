/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Glob-style patterns of push rules (appendices, "Glob-style matching"): "*" is any text, "?" one
 * character, upper and lower case are alike. The time is bounded by the product of both lengths,
 * whatever they hold. */

typedef struct _MxPushGlob MxPushGlob;

MxPushGlob *mx_push_glob_new(const char *pattern);
MxPushGlob *mx_push_glob_new_literal(const char *text); /* "*" and "?" are themselves */
void mx_push_glob_free(MxPushGlob *glob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPushGlob, mx_push_glob_free)

/* text: UTF-8. The pattern is the whole of it. */
gboolean mx_push_glob_matches(const MxPushGlob *glob, const char *text);
/* The pattern is a part of it that begins and ends at word boundaries: the text's ends, and every
 * character but ASCII letters, digits and "_". */
gboolean mx_push_glob_matches_words(const MxPushGlob *glob, const char *text);

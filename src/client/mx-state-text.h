/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* A room's state as text for people: whole lists and single events, from what a homeserver sent.
 * Pure functions; the caller frees. */

/* Which events of a list are meant. */
typedef struct {
    const char *type;         /* NULL: any */
    const char *key;          /* the state key; NULL: any */
    const char *const *words; /* each stands somewhere in type, key or sender; NULL: none */
} MxStateFilter;

/* events: array of state events. One line each with type, key and sender, in order, at most 100;
 * members are only counted unless the filter asks for more. Never NULL. */
char *mx_state_text_list(MxJsonSlice events, const MxStateFilter *filter);
/* The first event of that type and key, or text NULL. */
MxJsonSlice mx_state_text_find(MxJsonSlice events, const char *type, const char *key);
/* One event, or the content alone of one: who set it, when, and what it says, pretty-printed. */
char *mx_state_text_event(MxJsonSlice event, const char *type, const char *key);
/* JSON in lines, at most 3,000 characters. */
char *mx_state_text_pretty(MxJsonSlice value);

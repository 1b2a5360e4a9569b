/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Which message a command means. The first word of what was typed may name it: "HH:MM" or
 * "HH:MM:SS", the time that the window shows, of today or else of the last day that has one; or
 * "nick:", the last message of that person. "--" says that there is none. Without one it is the
 * last message of the pool. */

typedef enum {
    MX_TARGET_ANY,       /* anybody's; without a word the last one of somebody else */
    MX_TARGET_ANY_OWN,   /* anybody's; without a word the own last one */
    MX_TARGET_OWN,       /* own ones alone */
    MX_TARGET_FILE,      /* anybody's with a file; without a word the last one of all */
    MX_TARGET_POLL,      /* anybody's poll; without a word the last one */
    MX_TARGET_OPEN_POLL, /* the same; without a word the last one that has not ended */
} MxTargetPool;

/* An edit's line means the message that was edited. Only lines that are in the window count. typed
 * may be NULL. *rest points behind the word, into typed or at an empty string. NULL and
 * MX_ERROR_INVALID, with a sentence for the user, when the word means no line or more than one.
 * Worker only; the caller frees. */
MxTimelineRow *mx_target_find(MxStore *store, gint64 room, const char *own_user_id,
                              const char *typed, MxTargetPool pool, const char **rest,
                              GError **error);

/* For those who want to know before: */
typedef enum { MX_TARGET_NONE, MX_TARGET_TIME, MX_TARGET_NICK } MxTargetKind;
typedef struct {
    MxTargetKind kind;
    int hour, minute, second; /* second -1: any */
    char *nick;
} MxTarget;
void mx_target_clear(MxTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxTarget, mx_target_clear)
/* Reads the word alone; gives what follows. */
const char *mx_target_read(const char *typed, MxTarget *target);

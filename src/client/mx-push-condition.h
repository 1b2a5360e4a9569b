/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* Conditions of push rules (client-server API, "Push Rules", "Conditions"). What is not understood
 * holds for no event. */

/* One event, made ready for many conditions; slices of its text. */
typedef struct {
    MxJsonSlice root, type, sender, content, state_key;
} MxPushEvent;

void mx_push_event_init(MxPushEvent *event, MxJsonSlice root);

/* What conditions ask about the room; asked only when a condition needs it. */
typedef struct {
    const char *room_id, *own_user_id;
    gint64 (*count_members)(gpointer data);
    char *(*dup_own_name)(gpointer data); /* as the room shows it, or NULL */
    /* The sender has the power to notify in this way: notifications.<key> of m.room.power_levels */
    gboolean (*may_notify)(gpointer data, const char *sender, const char *key);
    gpointer data;
} MxPushRoom;

typedef struct _MxPushCondition MxPushCondition;

MxPushCondition *mx_push_condition_new(MxJsonSlice object); /* of any type; never NULL */
/* content.body has the pattern in it, as for content rules. NULL: none, holds for nothing. */
MxPushCondition *mx_push_condition_new_words(const char *pattern);
/* The property (a path of one name) is this very text. */
MxPushCondition *mx_push_condition_new_text(const char *name, const char *text);
void mx_push_condition_free(MxPushCondition *condition);

gboolean mx_push_condition_holds(const MxPushCondition *condition, const MxPushEvent *event,
                                 const MxPushRoom *room);
/* The room that the condition is about, if it asks for nothing else; or NULL. */
const char *mx_push_condition_get_room(const MxPushCondition *condition);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"

/* What happened to a room, in words: membership (D11), names, topics, settings. Worker only. */

/* State of this kind is told in a line, if it has something to say in the end: that is known when
 * the line is made. The user's own coming and going is said by the window itself. */
gboolean mx_state_line_is_told(const MxEvent *event, const char *own_user_id);

/* There are words for events of this type. */
gboolean mx_state_line_is_known(const char *type);

/* Plain text of a stored row of this kind, or NULL when there is nothing to say. *is_minor:
 * somebody came, went or took another name; large rooms are full of that. The caller frees. */
char *mx_state_line_describe(MxStore *store, const MxTimelineRow *row, gboolean *is_minor);

/* For those who find the words: */
typedef struct {
    MxStore *store;
    gint64 room;
    const char *sender, *sender_name; /* user ID, and as the room shows it */
    const char *state_key;
    MxJsonSlice content, prev; /* prev: text NULL when there was none */
} MxStateChange;

/* Puts names in place of the text's "%s", in that order. The caller frees. */
char *mx_state_line_fill(const char *text, const char *first, const char *second);
char *mx_member_line_describe(const MxStateChange *change, gboolean *is_minor);
char *mx_power_line_describe(const MxStateChange *change);

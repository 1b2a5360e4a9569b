/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"
#include "mx-push-rules.h"

/* What the push rules say of the lines of a room in the database. Worker only. */

/* The rules as the last /sync told them; NULL: not known yet. */
MxPushRules *mx_notify_load_rules(MxStore *store);

/* rules NULL: lines of rooms of two open their window. */
MxAlert mx_notify_judge(const MxPushRules *rules, MxStore *store, const MxRoomRow *room,
                        const MxEvent *event, const char *own_user_id);

/* Whether lines that are not here yet may open the room's window, so that a gap is filled at once.
 * is_small: direct, or of two; has_mention: the server has counted one. */
gboolean mx_notify_opens_at_gap(const MxPushRules *rules, const char *room_id, gboolean is_small,
                                gboolean has_mention);

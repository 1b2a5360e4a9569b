/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* All messages of somebody in a room are taken away (I9), one after the other, whenever the room's
 * send queue has nothing else to do: what the user writes meanwhile does not wait for them, and the
 * queue knows about pauses that the homeserver asks for and about lost answers. What was not begun
 * when the client stops stays. */

/* So many at once, the newest. */
#define MX_MAX_REDACT_ALL 1000

typedef struct {
    guint count; /* that this device knows and that are there still; at least 1 */
    gboolean has_more;
    const char *name; /* whose they are, as the room shows it */
} MxRedactPlan;

/* plan is NULL when error is set: there is nothing to do, or the user's power does not suffice
 * (MX_ERROR_INVALID, a sentence). reason may be NULL. destroy is for user_data, may be NULL. */
typedef void (*MxRedactPlanFunc)(MxClient *client, MxRoom *room, const MxRedactPlan *plan,
                                 const GError *error, gpointer user_data);
void mx_client_plan_redact_all(MxClient *client, MxRoom *room, const char *user_id,
                               const char *reason, MxRedactPlanFunc func, gpointer user_data,
                               GDestroyNotify destroy);
/* Begins. "room-notice" says how it goes, and how it ended. */
void mx_client_redact_all(MxClient *client, MxRoom *room, const char *user_id, const char *reason);

/* The room's send queue is empty. */
void mx_redact_all_go_on(MxClient *client, gint64 room);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What is known of people's presence. A server tells only what has changed since the last /sync, so
 * that it has to be remembered over restarts. */

typedef enum {
    MX_PRESENCE_OFFLINE,
    MX_PRESENCE_UNAVAILABLE,
    MX_PRESENCE_ONLINE,
} MxPresenceState;

typedef struct {
    char *user_id;
    MxPresenceState state;
    char *status_msg;   /* or NULL */
    gint64 active_ms;   /* wall clock, when the user last did something; 0: not known */
    gboolean is_active; /* and is still at it */
} MxPresence;

void mx_presence_free(MxPresence *presence);
MxPresence *mx_presence_copy(const MxPresence *presence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPresence, mx_presence_free)

void mx_store_set_presence(MxStore *store, const MxPresence *presence);
GPtrArray *mx_store_list_presence(MxStore *store); /* of MxPresence */
/* User IDs (char *) of all partners of direct rooms. */
GPtrArray *mx_store_list_direct_users(MxStore *store);

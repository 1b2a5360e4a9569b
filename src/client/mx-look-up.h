/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Events that the user wants to see, wherever they are: from the database, else from the homeserver
 * (client-server API, "GET /rooms/{roomId}/event/{eventId}"), decrypted where they are encrypted.
 */

typedef struct {
    char *event_id;
    char *words;   /* "Bob: what time do…"; NULL: it is not to be had */
    gint64 ts;     /* ms */
    MxLine *line;  /* as it would be shown; NULL: there is none, or somebody ignored has sent it */
    GError *error; /* why it is not to be had, or NULL */
} MxLookedUp;

/* On the main loop. found: of MxLookedUp, in the order asked for; borrowed, and may be changed. Not
 * called when the client is stopped, or the room is gone. */
typedef void (*MxLookUpFunc)(MxClient *client, MxRoom *room, GPtrArray *found, gpointer user_data);
/* event_ids: char *, valid; NULL ends them. destroy is for user_data, may be NULL. */
void mx_client_look_up_events(MxClient *client, MxRoom *room, const char *const *event_ids,
                              MxLookUpFunc func, gpointer user_data, GDestroyNotify destroy);

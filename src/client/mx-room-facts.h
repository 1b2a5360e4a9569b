/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Everything worth knowing about a room, in words: for its information window and /room. */

typedef struct {
    char *label, *value; /* plain text; value may have lines */
} MxFact;

/* What the homeserver alone knows. */
typedef struct {
    const char *visibility; /* "public", "private"; NULL: not known */
    GPtrArray *aliases;     /* char *: all that lead to the room on the own homeserver; or NULL */
} MxRoomListing;

/* Worker only. Of MxFact. */
GPtrArray *mx_room_facts_load(MxStore *store, gint64 room, const MxRoomListing *listing);

/* facts (of MxFact) is borrowed. Not called when the room is gone meanwhile. */
typedef void (*MxRoomFactsFunc)(MxClient *client, MxRoom *room, GPtrArray *facts,
                                gpointer user_data);
/* destroy is for user_data, may be NULL. */
void mx_client_get_facts(MxClient *client, MxRoom *room, MxRoomFactsFunc func, gpointer user_data,
                         GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Where a room belongs in the user's list, by its tags (m.tag, client-server API "Room Tagging")
 * and the spaces that are joined (m.space.child). The first that fits counts. */

typedef enum {
    MX_PLACE_NONE,
    MX_PLACE_FAVOURITE,
    MX_PLACE_SERVER_NOTICE,
    MX_PLACE_TAG,   /* a tag that the user made up, u.<name> */
    MX_PLACE_SPACE, /* of several the one with the first room ID */
    MX_PLACE_LOW_PRIORITY,
} MxPlaceKind;

typedef struct {
    MxPlaceKind kind;
    char *id;   /* the tag's name or the space's room ID; NULL for the other kinds */
    char *name; /* what to show for id; never NULL beside an id */
} MxPlace;

void mx_place_clear(MxPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxPlace, mx_place_clear)

/* Worker only. */
void mx_place_find(MxPlace *place, MxStore *store, const MxRoomRow *room, const char *own_user_id);
/* Adds the IDs of the space's children to a set of strings that are freed with it. */
void mx_place_add_children(MxStore *store, gint64 space, GHashTable *set);
/* The same for the one room that an m.space.child is about. */
void mx_place_add_child(const char *state_key, GHashTable *set);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* The user upgrades a room (D17): POST /rooms/{roomId}/upgrade. */

/* What it would do. */
typedef struct {
    char *from, *to;        /* room versions */
    gboolean is_open;       /* its members can join the new room by themselves */
    gboolean makes_creator; /* the user becomes what nobody can take away: room version 12 */
    gint64 others;          /* joined members besides the user, as far as known */
} MxUpgradePlan;

/* plan is borrowed, NULL when error is set: the user's power does not suffice, the version is not
 * one that the homeserver can make (the error names those it can), or it is the room's already. */
typedef void (*MxUpgradePlanFunc)(MxClient *client, MxRoom *room, const MxUpgradePlan *plan,
                                  const GError *error, gpointer user_data);
/* version NULL: the homeserver's default. */
void mx_client_plan_upgrade(MxClient *client, MxRoom *room, const char *version,
                            MxUpgradePlanFunc func, gpointer user_data, GDestroyNotify destroy);
/* Members who cannot join by themselves are invited to the new room, one after the other. func as
 * in mx-client.h; room_id is the old room's. */
void mx_client_upgrade_room(MxClient *client, MxRoom *room, const char *version, gboolean invites,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-client.h"

/* What the user does to others in a room (D8, E2, E3). Where the stored power levels say that it
 * cannot be done, error is MX_ERROR_INVALID with a sentence, and nothing is asked. */

typedef enum { MX_MODERATE_KICK, MX_MODERATE_BAN, MX_MODERATE_UNBAN } MxModeration;

/* reason may be NULL. */
void mx_client_moderate(MxClient *client, MxRoom *room, MxModeration deed, const char *user_id,
                        const char *reason, MxRoomFunc func, gpointer user_data,
                        GDestroyNotify destroy);

/* Banned from the room, as the homeserver knows it. */
typedef struct {
    char *user_id;
    char *reason; /* or NULL */
} MxBan;
/* bans: of MxBan, borrowed, at most 200; NULL when error is set. total: how many there are. */
typedef void (*MxBansFunc)(MxClient *client, MxRoom *room, GPtrArray *bans, guint total,
                           const GError *error, gpointer user_data);
void mx_client_list_bans(MxClient *client, MxRoom *room, MxBansFunc func, gpointer user_data,
                         GDestroyNotify destroy);

/* What somebody's power level is to be. */
typedef enum {
    MX_POWER_WISH_OP,   /* 50; who has more keeps it */
    MX_POWER_WISH_DEOP, /* the room's default */
    MX_POWER_WISH_LEVEL,
} MxPowerWish;

typedef struct {
    gint64 level;              /* that it would be */
    gboolean is_self_demotion; /* nobody can give it back but others: to be asked first */
    gboolean is_v12;           /* creators have all power, and no place among "users" */
} MxPowerPlan;

/* plan is NULL when error is set: it is not allowed, or so already. level: for
 * MX_POWER_WISH_LEVEL. */
typedef void (*MxPowerPlanFunc)(MxClient *client, MxRoom *room, const MxPowerPlan *plan,
                                const GError *error, gpointer user_data);
void mx_client_plan_power(MxClient *client, MxRoom *room, const char *user_id, MxPowerWish wish,
                          gint64 level, MxPowerPlanFunc func, gpointer user_data,
                          GDestroyNotify destroy);
/* Reads the levels from the homeserver, changes one and writes them. */
void mx_client_set_power(MxClient *client, MxRoom *room, const char *user_id,
                         const MxPowerPlan *plan, MxRoomFunc func, gpointer user_data,
                         GDestroyNotify destroy);

/* Who has what power and what takes how much, in lines of plain text; borrowed. */
typedef void (*MxPowerTextFunc)(MxClient *client, MxRoom *room, const char *text,
                                gpointer user_data);
void mx_client_describe_power(MxClient *client, MxRoom *room, MxPowerTextFunc func,
                              gpointer user_data, GDestroyNotify destroy);

/* Sets user_id's level in an m.room.power_levels content, in place; what is not known here stays.
 * Levels that old rooms have as text become numbers: texts are refused today (E3). creator: who
 * has level 100 in a room without such an event (content is empty then), or NULL. */
void mx_power_edit(JsonObject *content, const char *creator, const char *user_id, gint64 level);

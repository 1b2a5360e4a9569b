/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Who may do what in a room (client-server API, m.room.power_levels and m.room.create). What is
 * said here is for display and for refusing early: the homeserver decides. */

typedef struct _MxPower MxPower;

/* Of a creator in room version 12 and later: above every level. */
#define MX_POWER_INFINITE G_MAXINT64

/* create, levels: contents as JSON text, validated, or NULL when the room has no such event (or it
 * is not known); creator: sender of m.room.create, or NULL. Never NULL; the caller frees. */
MxPower *mx_power_new(const char *create, const char *creator, const char *levels);
MxPower *mx_power_load(MxStore *store, gint64 room); /* worker only */
void mx_power_free(MxPower *power);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPower, mx_power_free)

gint64 mx_power_get(const MxPower *power, const char *user_id);
gint64 mx_power_get_default(const MxPower *power); /* users_default */
/* A creator of a room of version 12 or later, whose power nothing can change. */
gboolean mx_power_is_creator(const MxPower *power, const char *user_id);
gint64 mx_power_get_needed(const MxPower *power, const char *type, gboolean is_state);

typedef enum { MX_POWER_INVITE, MX_POWER_KICK, MX_POWER_BAN, MX_POWER_REDACT } MxPowerDeed;
gint64 mx_power_get_needed_for(const MxPower *power, MxPowerDeed deed);

gboolean mx_power_may_send_state(const MxPower *power, const char *user_id, const char *type);
gboolean mx_power_may_send_message(const MxPower *power, const char *user_id, const char *type);
gboolean mx_power_may_invite(const MxPower *power, const char *user_id);
/* target: whom it is done to. Nobody may do it to an equal, and all may "kick" themselves. */
gboolean mx_power_may_kick(const MxPower *power, const char *user_id, const char *target);
gboolean mx_power_may_ban(const MxPower *power, const char *user_id, const char *target);
gboolean mx_power_may_unban(const MxPower *power, const char *user_id, const char *target);
/* sender: of the event that is taken away. */
gboolean mx_power_may_redact(const MxPower *power, const char *user_id, const char *sender);
/* Gives target the level. */
gboolean mx_power_may_set(const MxPower *power, const char *user_id, const char *target,
                          gint64 level);
/* key: "room" for @room (notifications.room). */
gboolean mx_power_may_notify(const MxPower *power, const char *user_id, const char *key);

/* Whose level is another than the default in one or the other, sorted; strings are borrowed. */
GPtrArray *mx_power_list_users(const MxPower *power, const MxPower *other);

/* What a level is called (design, "Roles"). */
typedef enum {
    MX_ROLE_NONE,
    MX_ROLE_RAISED,    /* above the room's default */
    MX_ROLE_MODERATOR, /* 50 and more */
    MX_ROLE_ADMIN,     /* 100 and more */
    MX_ROLE_CREATOR,
} MxRole;
MxRole mx_power_get_role(const MxPower *power, const char *user_id);

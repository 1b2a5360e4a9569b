/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"
#include "mx-power.h"

/* A member as a window shows one. */
typedef struct {
    char *user_id;
    char *name; /* unique in the room (mx_room_name_of_member) */
    MxMembership membership;
    MxRole role;
} MxMember;

void mx_member_free(MxMember *member);
MxMember *mx_member_copy(const MxMember *member);
/* Which members are wanted. */
typedef struct {
    int limit;   /* at most so many: those with most power, then who wrote last; < 0: all */
    char *words; /* only those with all of these words in name or ID; or NULL */
} MxMemberQuery;

/* On the worker: joined and invited members. total: how many there are without the limit. The
 * caller owns the result. */
GPtrArray *mx_member_list(MxStore *store, gint64 room, const MxMemberQuery *query, guint *total);

/* What an answer changed in a room's list of members; on the worker. Zeroed, then store and room
 * set; is_wanted FALSE: changes are stored, and not noted down. */
typedef struct {
    MxStore *store;
    gint64 room;
    gboolean is_wanted;
    GPtrArray *members; /* MxMember that are not what they were, or NULL */
    gboolean is_stale;  /* so many have changed that the list is to be made anew */
    MxPower *power;     /* as it is now; NULL: not asked yet */
} MxMemberChanges;
void mx_member_changes_clear(MxMemberChanges *changes);
/* Stores an m.room.member event; content: as mx_member_content_parse() reads it. */
void mx_member_changes_add(MxMemberChanges *changes, const MxEvent *event,
                           const MxMemberContent *content);
/* Around storing m.room.power_levels or m.room.create. */
MxPower *mx_member_changes_begin_power(MxMemberChanges *changes);
void mx_member_changes_end_power(MxMemberChanges *changes, MxPower *before); /* takes before */

/* Stores the answer of GET /members (text), which tells of the moment `at` (a token), in a
 * transaction. If a /sync was stored meanwhile, what is known already is newer and stays. */
gboolean mx_member_store_answer(MxStore *store, gint64 room, const char *at, const char *text,
                                gsize len, GError **error);

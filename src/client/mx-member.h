/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* A member as a window shows one. */
typedef struct {
    char *user_id;
    char *name; /* unique in the room (mx_room_name_of_member) */
    MxMembership membership;
} MxMember;

void mx_member_free(MxMember *member);
MxMember *mx_member_copy(const MxMember *member);
/* On the worker. The caller owns the results. */
MxMember *mx_member_new(MxStore *store, gint64 room, const char *user_id, MxMembership membership);
GPtrArray *mx_member_list(MxStore *store, gint64 room, int limit);

/* Stores the answer of GET /members (text), which tells of the moment `at` (a token), in a
 * transaction. If a /sync was stored meanwhile, what is known already is newer and stays. */
gboolean mx_member_store_answer(MxStore *store, gint64 room, const char *at, const char *text,
                                gsize len, GError **error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-place.h"
#include "mx-store-upgrades.h"

/* What the main loop knows of a room: a few words. Made by the worker from the database, then never
 * changed; a change is a new summary in the old one's place. Members and history stay in the
 * database until a window is open. */
typedef struct {
    gatomicrefcount refs;
    gint64 key;
    char *room_id;
    char *canonical_alias; /* or NULL */
    char *name;            /* computed; never NULL */
    char *partner_name;    /* of direct_user, as the room shows it; or NULL */
    char *avatar;          /* the room's own, of one that is nobody's IM: mxc:// URI, "" for none */
    char *partner_avatar;  /* of direct_user: mxc:// URI, "" for none; NULL: not known */
    char *direct_user;     /* this room is that user's IM; or NULL */
    MxMembership membership;
    gboolean encrypted; /* for display only: the worker decides what is sent */
    gboolean is_space;
    gboolean hidden; /* the user took it out of the list */
    MxPlace place;   /* where it belongs in the list; none for what is no chat */
    MxUpgradeStage upgrade;
    char *successor;     /* of a closed room: the one that stands in for it; or NULL */
    char *successor_via; /* a server that knows that one, or NULL */
    /* of an invitation */
    char *inviter;      /* user ID, or NULL */
    char *inviter_name; /* as the invitation shows it, or NULL */
    char *invite_reason;
    gboolean invite_is_direct;
    gint64 people;     /* joined members, as far as known */
    gint64 unread;     /* lines of others that wait for a window */
    gboolean alerts;   /* one of them opens it by itself, the push rules say */
    gint64 highlights; /* as the homeserver counts them */
} MxRoom;

/* On the worker. The caller owns the result. */
MxRoom *mx_room_new(MxStore *store, const MxRoomRow *row, const char *own_user_id);
MxRoom *mx_room_ref(MxRoom *room);
void mx_room_unref(MxRoom *room);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxRoom, mx_room_unref)

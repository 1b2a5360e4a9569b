/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Who invites the user, and how (client-server API, "Stripped state"). It is an inviter's word and
 * no state of the room, so it is kept apart until the invitation is answered. Worker only. */
typedef struct {
    char *inviter; /* valid user ID, or NULL */
    char *reason;  /* tidied, or NULL */
    gboolean is_direct;
    gboolean accepted; /* here: m.direct is to name the room once it is joined */
} MxInvitation;

MxInvitation *mx_invitation_load(MxStore *store, const char *room_id); /* or NULL */
void mx_invitation_save(MxStore *store, const char *room_id, const MxInvitation *invitation);
void mx_invitation_remove(MxStore *store, const char *room_id);
void mx_invitation_free(MxInvitation *invitation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxInvitation, mx_invitation_free)

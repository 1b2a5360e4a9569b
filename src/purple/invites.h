/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Invitations that wait for an answer. A few are dialogs of libpurple's; more than that are one
 * list. Either way /invites, /accept and /reject do the same. */

void mxp_invites_init(MxpAccount *mxp);
void mxp_invites_clear(MxpAccount *mxp);
/* A room has changed: an invitation came, was answered, or was taken back. */
void mxp_invites_update(MxpAccount *mxp, MxRoom *room);
/* After connecting: what came until now is shown. */
void mxp_invites_resume(MxpAccount *mxp);
/* The room is being joined; or that has failed, and the invitation waits again. */
void mxp_invites_answered(MxpAccount *mxp, const char *room_id);
void mxp_invites_not_answered(MxpAccount *mxp, const char *room_id);

/* Opens the list, however few they are. */
void mxp_invites_show(MxpAccount *mxp);
/* All of them, with the numbers that /accept and /reject take, as markup. The caller frees. */
char *mxp_invites_list(MxpAccount *mxp);
/* number 0: the only one. FALSE: there is none of that number, or more than one without. */
gboolean mxp_invites_answer(MxpAccount *mxp, guint number, gboolean accept,
                            PurpleConversation *conversation);

/* Hook */
void mxp_invites_reject_chat(PurpleConnection *gc, GHashTable *components);

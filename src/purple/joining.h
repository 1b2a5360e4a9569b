/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* The way into a room: Join Chat, /join, double click, accepted invitation. What is joined already
 * is opened without asking anybody; the rest is asked for, and its window opens when the room
 * comes. */

void mxp_joining_init(MxpAccount *mxp);
void mxp_joining_clear(MxpAccount *mxp);

/* text: room ID, alias, user ID, or a link to one of them. conversation: where it was typed, or
 * NULL. reason may be NULL. FALSE: it is none of these, and nothing was said. */
gboolean mxp_joining_start(MxpAccount *mxp, const char *text, const char *reason,
                           PurpleConversation *conversation);
/* The room's window opens as soon as it is there, and has its name (NULL: it was given none): it
 * was made just now. */
void mxp_joining_expect(MxpAccount *mxp, const char *room_id, const char *name);
/* A room has changed. */
void mxp_joining_update(MxpAccount *mxp, MxRoom *room);

/* Hook */
void mxp_joining_join_chat(PurpleConnection *gc, GHashTable *components);

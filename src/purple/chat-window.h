/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "member-list.h"

/* The windows of rooms: one place that opens them, names them and keeps their lists of members. The
 * conversation's name is the room ID, its title the room's name, its id a counter. */

void mxp_chat_windows_init(MxpAccount *mxp);
void mxp_chat_windows_clear(MxpAccount *mxp);

PurpleConversation *mxp_chat_window_open(MxpAccount *mxp, MxRoom *room);
/* NULL when there is no window, or it is left over from before a reconnect. */
PurpleConversation *mxp_chat_window_find(MxpAccount *mxp, const char *room_id);
/* Whom of the people seen in the window this name, or Matrix ID, means. NULL: nobody, or several
 * (*is_shared). The caller frees. */
char *mxp_chat_window_find_user(MxpAccount *mxp, const char *room_id, const char *name,
                                gboolean *is_shared);
/* The chat's id for serv_got_chat_in(); the window must be open. */
int mxp_chat_window_get_id(MxpAccount *mxp, const char *room_id);
/* The room has no window of this kind any more; the text says why in the one that is open. */
void mxp_chat_window_end(MxpAccount *mxp, const char *room_id, const char *text);
void mxp_chat_window_update(MxpAccount *mxp, MxRoomChange *change);
/* The room behind a chat id, or NULL. */
MxRoom *mxp_chat_window_get_room(MxpAccount *mxp, int id);
/* NULL when there is no window. */
MxpMemberList *mxp_chat_window_get_members(MxpAccount *mxp, const char *room_id);

/* Hooks */
void mxp_chat_window_leave(PurpleConnection *gc, int id);
char *mxp_chat_window_get_cb_alias(PurpleConnection *gc, int id, const char *who);
char *mxp_chat_window_get_cb_real_name(PurpleConnection *gc, int id, const char *who);

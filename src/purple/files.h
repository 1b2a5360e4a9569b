/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>
#include <ft.h>

#include "account.h"

/* Files as libpurple's transfers: sent from IMs and chats, and fetched when the user asks for one.
 * No file comes by itself. */

void mxp_files_clear(MxpAccount *mxp); /* cancels what is under way */

/* /sendfile: typed is PATH [caption]. FALSE and *error: there is no such file. */
gboolean mxp_files_send(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                        char **error);
/* /download: typed is [TARGET] [PATH]. */
void mxp_files_download(MxpAccount *mxp, MxRoom *room, const char *typed,
                        PurpleConversation *conversation);
/* Sends the pictures that the user has put into a text, in their order. room or user_id may be
 * NULL. */
void mxp_files_send_inserted(MxpAccount *mxp, MxRoom *room, const char *user_id,
                             const char *markup);

/* Hooks */
void mxp_files_send_file(PurpleConnection *gc, const char *who, const char *path);
PurpleXfer *mxp_files_new_xfer(PurpleConnection *gc, const char *who);
gboolean mxp_files_chat_can_receive_file(PurpleConnection *gc, int id);
void mxp_files_chat_send_file(PurpleConnection *gc, int id, const char *path);

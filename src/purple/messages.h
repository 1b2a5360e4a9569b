/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Lines and conversations: how a line is written, and what becomes of what the user types. */

/* The room's window if there is one: IM of a direct room, else chat. */
PurpleConversation *mxp_messages_find_conversation(MxpAccount *mxp, MxRoom *room);
/* The same, opened when there is none. */
PurpleConversation *mxp_messages_open_conversation(MxpAccount *mxp, MxRoom *room);
/* Account option: lines about who joins, leaves and takes another name are left out. */
#define MXP_OPTION_HIDE_JOINS "hide_joins"
#define MXP_HIDE_IN_LARGE "large" /* in rooms of more people than this */
#define MXP_LARGE_ROOM 100
#define MXP_HIDE_ALWAYS "always"
#define MXP_HIDE_NEVER "never"

/* Account option: reactions have lines. */
#define MXP_OPTION_REACTIONS "show_reactions"
gboolean mxp_messages_shows_reactions(MxpAccount *mxp);

/* Account option: what is typed is Markdown. */
#define MXP_OPTION_MARKDOWN "markdown"

/* How what is typed is meant, by the account's options. */
MxTextFormat mxp_messages_get_format(MxpAccount *mxp);
/* Lines about who comes and goes are left out in this room. */
gboolean mxp_messages_hides_minor(MxpAccount *mxp, const MxRoom *room);
/* The line says something, and the account's options want it. */
gboolean mxp_messages_is_written(MxpAccount *mxp, const MxRoom *room, const MxLine *line);
/* Writes the line if so; the room's window is opened when it is not there. */
void mxp_messages_write(MxpAccount *mxp, MxRoom *room, const MxLine *line);
/* Writes a line of the past and nothing else: not through what tells of news, so that nothing
 * sounds, and what the window is called stays as it is. */
void mxp_messages_write_old(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line);
/* What the line looks like in the log, as plain text; NULL when it is not written at all. The
 * caller frees. */
char *mxp_messages_get_text(const MxLine *line);
/* An error or a hint about the room, in its window. */
void mxp_messages_notice(MxpAccount *mxp, MxRoom *room, const char *text, gboolean is_error);

/* Sends text, and perhaps HTML (else NULL), from the conversation; FALSE when it belongs to no room
 * or person. */
gboolean mxp_messages_send(MxpAccount *mxp, PurpleConversation *conversation, const char *msgtype,
                           const char *body, const char *html, MxTextFormat format);

/* Hooks */
int mxp_messages_send_im(PurpleConnection *gc, const char *who, const char *markup,
                         PurpleMessageFlags flags);
int mxp_messages_chat_send(PurpleConnection *gc, int id, const char *markup,
                           PurpleMessageFlags flags);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"
#include "mx-moderation.h"

/* What a user with power does to others in a room, and what anybody can: report. conversation is
 * where it was typed. What was done is told to the room by a line, so nothing else is said. */

/* reason may be NULL. */
void mxp_moderation_do(MxpAccount *mxp, MxRoom *room, MxModeration deed, const char *user_id,
                       const char *reason, PurpleConversation *conversation);
void mxp_moderation_list_bans(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
void mxp_moderation_list_power(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* level: for MX_POWER_WISH_LEVEL. Asks before the user gives away the own power. */
void mxp_moderation_set_power(MxpAccount *mxp, MxRoom *room, const char *user_id, MxPowerWish wish,
                              gint64 level, PurpleConversation *conversation);

/* Takes away all messages of somebody's that this device knows; asks before. reason may be NULL. */
void mxp_moderation_redact_all(MxpAccount *mxp, MxRoom *room, const char *user_id,
                               const char *reason, PurpleConversation *conversation);

/* Who can read the room's history. */
void mxp_moderation_say_visibility(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
/* FALSE: it is none of "shared", "invited", "joined", "world_readable". */
gboolean mxp_moderation_set_visibility(MxpAccount *mxp, MxRoom *room, const char *visibility,
                                       PurpleConversation *conversation);

/* typed, reason may be NULL. */
void mxp_moderation_report_message(MxpAccount *mxp, MxRoom *room, const char *typed,
                                   PurpleConversation *conversation);
void mxp_moderation_report_room(MxpAccount *mxp, MxRoom *room, const char *reason,
                                PurpleConversation *conversation);
void mxp_moderation_report_user(MxpAccount *mxp, const char *user_id, const char *reason,
                                PurpleConversation *conversation);
/* FALSE: text leads to no room. */
gboolean mxp_moderation_preview(MxpAccount *mxp, const char *text,
                                PurpleConversation *conversation);
/* The last lines of a room that the user is not in. Likewise. */
gboolean mxp_moderation_peek(MxpAccount *mxp, const char *text, PurpleConversation *conversation);

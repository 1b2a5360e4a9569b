/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

#include "account.h"

/* Where the answer to something the user did goes: into the conversation in which it was typed, by
 * its name, as it may be closed meanwhile; else into a dialog. All texts are plain. */

typedef struct {
    MxpAccount *mxp;
    PurpleConversationType type; /* UNKNOWN: a dialog */
    char *name;
} MxpReply;

/* conversation NULL: a dialog. */
MxpReply *mxp_reply_new(MxpAccount *mxp, PurpleConversation *conversation);
void mxp_reply_free(MxpReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxpReply, mxp_reply_free)

/* The conversation if it is there still and takes lines, or NULL. */
PurpleConversation *mxp_reply_get_conversation(const MxpReply *reply);
/* Something to know. What was not asked for in a conversation is not said. */
void mxp_reply_say(const MxpReply *reply, const char *text);
void mxp_reply_fail(const MxpReply *reply, const char *text);

/* What was tried. */
typedef enum {
    MXP_DEED_JOIN,
    MXP_DEED_REJECT,
    MXP_DEED_LEAVE,
    MXP_DEED_FORGET,
    MXP_DEED_INVITE,
    MXP_DEED_NAME, /* a room's */
    MXP_DEED_TOPIC,
    MXP_DEED_PLACE,
    MXP_DEED_SET_STATE, /* target: the type of the event; so below */
    MXP_DEED_SEND_EVENT,
    MXP_DEED_KICK,
    MXP_DEED_BAN,
    MXP_DEED_UNBAN,
    MXP_DEED_POWER, /* a person's */
    MXP_DEED_BANS,  /* their list */
    MXP_DEED_VISIBILITY,
    MXP_DEED_UPGRADE,
    MXP_DEED_REPORT,
    MXP_DEED_PREVIEW,
    MXP_DEED_PEEK,
    MXP_DEED_CREATE,
    MXP_DEED_INVITE_RULE,
    MXP_DEED_OWN_NAME, /* the user's own */
    MXP_DEED_AVATAR,
    MXP_DEED_SEARCH,
    MXP_DEED_SET_UP_RECOVERY,
    MXP_DEED_RECOVER,
    MXP_DEED_RESET_IDENTITY,
    MXP_DEED_READ_STATE,
    MXP_DEED_KNOCK,
    MXP_DEED_DENY,
    MXP_DEED_JOIN_RULE,
    MXP_DEED_ADDRESS,
    MXP_DEED_NO_ADDRESS,
    MXP_DEED_MAIN_ADDRESS,
    MXP_DEED_PUBLISH,
    MXP_DEED_LIST,
    MXP_DEED_PIN,
} MxpDeed;
/* Why it did not succeed, in sentences. target: the room or person as shown to the user; unused
 * from MXP_DEED_CREATE to _RESET_IDENTITY. The caller frees. */
char *mxp_reply_explain(MxpDeed deed, const char *target, const GError *error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <account.h>
#include <connection.h>

#include "mx-client.h"

#define MXP_OPTION_ENCRYPT_DIRECT "encrypt_direct" /* new direct rooms are encrypted */

typedef struct _MxpAvatars MxpAvatars;
typedef struct _MxpEmoji MxpEmoji;
typedef struct _MxpHistories MxpHistories;
typedef struct _MxpMessageSearch MxpMessageSearch;
typedef struct _MxpOwnIcon MxpOwnIcon;
typedef struct _MxpRoomSearch MxpRoomSearch;

/* One connected account: what ties a PurpleConnection to an MxClient. gc->proto_data. It lives from
 * login() to close(); MxClient sends no signal and calls nothing back after mx_client_stop(), so
 * nobody sees it afterwards. */
typedef struct {
    PurpleAccount *account;
    PurpleConnection *gc;
    MxClient *client;
    GHashTable *chats;      /* room ID -> PurpleChat: rooms.c */
    GHashTable *windows;    /* room ID -> MxpChatWindow: chat-window.c */
    GHashTable *by_chat_id; /* chat id -> MxpChatWindow, borrowed */
    int next_chat_id;
    GHashTable *buddy_rooms; /* room ID -> user ID whose buddy was made for it: buddies.c */
    GSList *to_show;         /* user IDs, to be shown as available: buddies.c */
    guint show_source;
    GHashTable *ghosts;    /* room ID -> PurpleChat outside the list: rooms.c */
    GHashTable *groups;    /* key -> PurpleGroup: groups.c */
    gboolean has_list;     /* the buddy list knew the account before it connected: rooms.c */
    GHashTable *partners;  /* room ID -> user ID whose IM it is: conversion.c */
    GHashTable *ended_ims; /* room ID -> user ID whose IM it was a moment ago */
    GHashTable *left_ims;  /* user ID -> room ID that was their IM when it was left */
    guint conversion_source;
    GHashTable *hidden; /* set of room IDs whose node the user removed: rooms.c */
    GHashTable
        *to_resume;    /* set of room IDs with lines a killed program did not write: delivery.c */
    GHashTable *joins; /* target -> join in progress: joining.c */
    gboolean is_signing_on; /* libpurple is being told of the connection */
    GPtrArray *invites;     /* waiting invitations: invites.c */
    guint last_invite, invite_source;
    void *invite_list;        /* the window that lists them, or NULL */
    gboolean is_asking;       /* our own dialog asks in place of libpurple's */
    const MxLine *line;       /* that is being written, or NULL: messages.c */
    GSList *raw_questions;    /* commands-raw.c */
    GHashTable *displayed;    /* room ID -> the newest line not yet read: receipts.c */
    GHashTable *typing;       /* room ID -> GPtrArray of user IDs shown as typing: typing.c */
    GHashTable *presences;    /* user ID -> MxPresence: presence.c */
    GHashTable *deliveries;   /* room ID -> delivery in progress: delivery.c */
    MxpHistories *histories;  /* history.c */
    MxpAvatars *avatars;      /* avatars.c */
    MxpEmoji *emoji;          /* emoji.c */
    MxpOwnIcon *own_icon;     /* own-icon.c */
    guint privacy_source;     /* privacy.c */
    GSList *state_questions;  /* room-state.c */
    GSList *confirmations;    /* confirm.c */
    GSList *verifications;    /* verification-ui.c */
    GSList *transfers;        /* of files: files.c */
    GSList *fetches;          /* lists of rooms under way: roomlist.c */
    GHashTable *knocks;       /* IDs of rooms that the user waits for: knocks.c */
    GHashTable *shown_knocks; /* room ID -> IDs of those who ask, as numbered: knocks.c */
    GSList *offers;           /* dialogs to ask for a room: knocks.c */
    MxpMessageSearch *message_search; /* the last /search, or NULL: message-search.c */
    MxpRoomSearch *room_search;       /* the last /list, or NULL: room-search.c */
} MxpAccount;

/* NULL unless the account is connected or connecting with this plugin. */
MxpAccount *mxp_account_get(PurpleAccount *account);
MxpAccount *mxp_account_from_gc(PurpleConnection *gc);

void mxp_account_login(PurpleAccount *account);
void mxp_account_close(PurpleConnection *gc);
/* The folder of the account's database. The caller frees. */
char *mxp_account_get_store_dir(PurpleAccount *account);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <stdlib.h>

#include <glib/gi18n-lib.h>

#include <cmds.h>

#include "account.h"
#include "buddies.h"
#include "chat-window.h"
#include "create.h"
#include "invites.h"
#include "joining.h"
#include "membership.h"
#include "messages.h"
#include "notify.h"
#include "plugin.h"
#include "unread.h"

static MxRoom *get_room(PurpleConversation *conversation, MxpAccount *mxp)
{
    const char *name = purple_conversation_get_name(conversation);
    return purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM
               ? mx_client_get_direct(mxp->client, name)
               : mx_client_get_room(mxp->client, name);
}

static PurpleCmdRet run_on_room(PurpleConversation *conversation, char **error,
                                void (*func)(MxClient *, MxRoom *))
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    MxRoom *room = mxp != NULL ? get_room(conversation, mxp) : NULL;
    if (room == NULL) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return PURPLE_CMD_RET_FAILED;
    }
    func(mxp->client, room);
    return PURPLE_CMD_RET_OK;
}

/* NULL, and *error said, unless the account is connected. */
static MxpAccount *get_connected(PurpleConversation *conversation, char **error)
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return mxp;
    *error = g_strdup(_("This account is not connected."));
    return NULL;
}

/* The same for the window's room, which the user is in. */
static MxRoom *get_joined(PurpleConversation *conversation, MxpAccount **mxp, char **error)
{
    *mxp = get_connected(conversation, error);
    MxRoom *room = *mxp != NULL ? get_room(conversation, *mxp) : NULL;
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        return room;
    if (*error == NULL)
        *error = g_strdup(_("This window belongs to no room that you are in."));
    return NULL;
}

/* What was typed after the first word, or NULL. */
static const char *get_rest(char **args, guint index)
{
    return args[index] != NULL && *args[index] != '\0' ? args[index] : NULL;
}

static PurpleCmdRet on_join(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp = get_connected(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_auto(GStrv) words = g_strsplit(args[0], " ", 2);
    if (mxp_joining_start(mxp, words[0], get_rest(words, words[0] != NULL ? 1 : 0), conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("That leads to no room. Type its address (#room:example.org), its ID "
                        "(!abc…) or a matrix.to or matrix: link."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_leave(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_membership_leave(mxp, room, get_rest(args, 0), conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_forget(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = get_connected(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_CHAT &&
        mxp_membership_forget(mxp, purple_conversation_get_name(conversation), conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("A room can be forgotten after you have left it: /leave."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_invite(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_auto(GStrv) words = g_strsplit(args[0], " ", 2);
    if (mxp_membership_invite(mxp, room, words[0], get_rest(words, words[0] != NULL ? 1 : 0),
                              conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("That is no Matrix ID. It has the form @name:server, for example "
                        "@alice:example.org."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_create(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = get_connected(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_create_start(mxp, args[0], conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_invites(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = get_connected(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *markup = mxp_invites_list(mxp);
    purple_conversation_write(
        conversation, NULL, markup,
        PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_NO_LINKIFY, time(NULL));
    return PURPLE_CMD_RET_OK;
}

/* /accept and /reject */
static PurpleCmdRet on_answer(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = get_connected(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    gboolean has_number = get_rest(args, 0) != NULL;
    int number = has_number ? atoi(args[0]) : 0;
    if ((!has_number || number > 0) &&
        mxp_invites_answer(mxp, number, g_str_equal(command, "accept"), conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("There is no such invitation. /invites lists them with their numbers."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_resend(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    return run_on_room(conversation, error, mx_client_resend);
}

static PurpleCmdRet on_discard(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    return run_on_room(conversation, error, mx_client_discard);
}

static PurpleCmdRet on_notice(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    if (mxp == NULL || !mxp_messages_send(mxp, conversation, "m.notice", args[0])) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return PURPLE_CMD_RET_FAILED;
    }
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_unread(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    if (mxp == NULL) {
        *error = g_strdup(_("This account is not connected."));
        return PURPLE_CMD_RET_FAILED;
    }
    mxp_unread_show(mxp, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_notify(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    MxRoom *room = mxp != NULL ? get_room(conversation, mxp) : NULL;
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return PURPLE_CMD_RET_FAILED;
    }
    return mxp_notify_run(mxp, room, args[0], error) ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

static const struct {
    const char *name, *args;
    PurpleCmdFunc func;
    const char *help;
    PurpleCmdFlag flags; /* besides those of all */
} commands[] = {
    {"join", "s", on_join,
     N_("join &lt;room&gt; [reason]: Joins a room by its address, its ID or a link to it.")},
    {"leave", "s", on_leave, N_("leave [reason]: Leaves the room."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"forget", "", on_forget, N_("forget: The server forgets a room that you have left.")},
    {"invite", "s", on_invite, N_("invite &lt;@user:server&gt; [reason]: Invites somebody.")},
    {"create", "s", on_create,
     N_("create [name]: Makes a private room of that name; without a name a dialog asks."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"invites", "", on_invites, N_("invites: Lists the invitations that wait for an answer.")},
    {"accept", "s", on_answer,
     N_("accept [number]: Accepts an invitation; without a number the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"reject", "s", on_answer,
     N_("reject [number]: Rejects an invitation; without a number the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"notice", "s", on_notice,
     N_("notice &lt;text&gt;: Sends a notice, which bots do not answer and nobody is alerted to.")},
    {"resend", "", on_resend, N_("resend: Sends again what could not be sent in this window.")},
    {"discard", "", on_discard, N_("discard: Drops what could not be sent in this window.")},
    {"notify", "s", on_notify,
     N_("notify [all|mentions|mute|default]: Says or sets which messages in this room notify "
        "you."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unread", "", on_unread, N_("unread: Lists the rooms with unread messages.")},
};
static PurpleCmdId ids[G_N_ELEMENTS(commands)];

void mxp_commands_register(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        ids[i] = purple_cmd_register(commands[i].name, commands[i].args, PURPLE_CMD_P_PRPL,
                                     PURPLE_CMD_FLAG_IM | PURPLE_CMD_FLAG_CHAT |
                                         PURPLE_CMD_FLAG_PRPL_ONLY | commands[i].flags,
                                     MXP_PLUGIN_ID, commands[i].func, _(commands[i].help), NULL);
}

void mxp_commands_unregister(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        purple_cmd_unregister(ids[i]);
}

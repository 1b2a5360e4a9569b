/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "messages.h"
#include "notify.h"
#include "unread.h"

static PurpleCmdRet run_on_room(PurpleConversation *conversation, char **error,
                                void (*func)(MxClient *, MxRoom *))
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    MxRoom *room = mxp != NULL ? mxp_command_get_room(conversation, mxp) : NULL;
    if (room == NULL) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return PURPLE_CMD_RET_FAILED;
    }
    func(mxp->client, room);
    return PURPLE_CMD_RET_OK;
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
    if (mxp == NULL || !mxp_messages_send(mxp, conversation, "m.notice", args[0], NULL,
                                          mxp_messages_get_format(mxp))) {
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
    MxRoom *room = mxp != NULL ? mxp_command_get_room(conversation, mxp) : NULL;
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return PURPLE_CMD_RET_FAILED;
    }
    return mxp_notify_run(mxp, room, args[0], error) ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

const MxpCommand mxp_commands_messages[] = {
    {"notice", "s", on_notice,
     N_("notice &lt;text&gt;: Sends a notice, which bots do not answer and nobody is alerted to.")},
    {"resend", "", on_resend, N_("resend: Sends again what could not be sent in this window.")},
    {"discard", "", on_discard, N_("discard: Drops what could not be sent in this window.")},
    {"notify", "s", on_notify,
     N_("notify [all|mentions|mute|default]: Says or sets which messages in this room notify "
        "you."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unread", "", on_unread, N_("unread: Lists the rooms with unread messages.")},
    {NULL},
};

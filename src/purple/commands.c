/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "plugin.h"

MxRoom *mxp_command_get_room(PurpleConversation *conversation, MxpAccount *mxp)
{
    const char *name = purple_conversation_get_name(conversation);
    return purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM
               ? mx_client_get_direct(mxp->client, name)
               : mx_client_get_room(mxp->client, name);
}

MxpAccount *mxp_command_get_account(PurpleConversation *conversation, char **error)
{
    MxpAccount *mxp = mxp_account_get(purple_conversation_get_account(conversation));
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return mxp;
    *error = g_strdup(_("This account is not connected."));
    return NULL;
}

MxRoom *mxp_command_get_joined(PurpleConversation *conversation, MxpAccount **mxp, char **error)
{
    *mxp = mxp_command_get_account(conversation, error);
    MxRoom *room = *mxp != NULL ? mxp_command_get_room(conversation, *mxp) : NULL;
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        return room;
    if (*error == NULL)
        *error = g_strdup(_("This window belongs to no room that you are in."));
    return NULL;
}

const char *mxp_command_get_rest(char **args, guint index)
{
    return args[index] != NULL && *args[index] != '\0' ? args[index] : NULL;
}

static const MxpCommand *const groups[] = {
    mxp_commands_messages,
    mxp_commands_people,
    mxp_commands_rooms,
};

static GSList *ids; /* of PurpleCmdId */

static void register_command(const MxpCommand *command)
{
    PurpleCmdId id = purple_cmd_register(command->name, command->args, PURPLE_CMD_P_PRPL,
                                         PURPLE_CMD_FLAG_IM | PURPLE_CMD_FLAG_CHAT |
                                             PURPLE_CMD_FLAG_PRPL_ONLY | command->flags,
                                         MXP_PLUGIN_ID, command->func, _(command->help), NULL);
    ids = g_slist_prepend(ids, GUINT_TO_POINTER(id));
}

void mxp_commands_register(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
        for (const MxpCommand *command = groups[i]; command->name != NULL; command++)
            register_command(command);
}

void mxp_commands_unregister(void)
{
    for (GSList *link = ids; link != NULL; link = link->next)
        purple_cmd_unregister(GPOINTER_TO_UINT(link->data));
    g_clear_pointer(&ids, g_slist_free);
}

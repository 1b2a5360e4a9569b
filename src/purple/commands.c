/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "chat-window.h"
#include "mx-id.h"
#include "mx-link.h"
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

char *mxp_command_find_person(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                              gboolean *is_shared, char **error)
{
    const char *name = purple_conversation_get_name(conversation);
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    g_autofree char *word = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    g_autoptr(MxLink) link = mx_link_parse(word);
    gboolean is_of_several = FALSE;
    if (is_shared != NULL)
        *is_shared = FALSE;
    if (link != NULL && link->kind == MX_LINK_USER)
        return g_strdup(link->id);
    if (*word == '\0' && is_im && mx_user_id_is_valid(name))
        return g_strdup(name);
    char *user_id = is_im ? NULL : mxp_chat_window_find_user(mxp, name, word, &is_of_several);
    if (user_id != NULL)
        return user_id;
    if (is_shared != NULL)
        *is_shared = is_of_several;
    *error = is_of_several ? g_strdup(_("Several people here have this name. Type a Matrix ID "
                                        "(@name:server)."))
                           : g_strdup(_("That means nobody here. Type a Matrix ID; it has the form "
                                        "@name:server, for example @alice:example.org."));
    return NULL;
}

static const MxpCommand *const groups[] = {
    mxp_commands_compose,   mxp_commands_directory,  mxp_commands_encryption,
    mxp_commands_files,     mxp_commands_history,    mxp_commands_members,
    mxp_commands_messages,  mxp_commands_moderation, mxp_commands_people,
    mxp_commands_pins,      mxp_commands_polls,      mxp_commands_raw,
    mxp_commands_relations, mxp_commands_rooms,      mxp_commands_search,
    mxp_commands_state,     mxp_commands_topic,      mxp_commands_trust,
    mxp_commands_verify,
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

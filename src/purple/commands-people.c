/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "people-search.h"
#include "privacy.h"
#include "profile.h"
#include "reply.h"
#include "system-line.h"

static PurpleCmdRet on_whois(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    g_autofree char *user_id =
        mxp != NULL
            ? mxp_command_find_person(mxp, conversation, mxp_command_get_rest(args, 0), NULL, error)
            : NULL;
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_profile_whois(mxp, user_id, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_nick(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *name = g_strstrip(g_strdup(args[0]));
    mxp_profile_set_name(mxp, name, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_users(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_people_search_start(mxp, args[0], conversation);
    return PURPLE_CMD_RET_OK;
}

/* /ignore and /unignore */
static PurpleCmdRet on_ignore(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    gboolean is_ignored = g_str_equal(command, "ignore");
    g_autofree char *user_id =
        mxp != NULL
            ? mxp_command_find_person(mxp, conversation, mxp_command_get_rest(args, 0), NULL, error)
            : NULL;
    if (user_id == NULL || !mxp_privacy_set_ignored(mxp, user_id, is_ignored, error))
        return PURPLE_CMD_RET_FAILED;
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
    g_autofree char *text =
        is_ignored
            ? g_strdup_printf(
                  _("You ignore %s: nothing they write from now on is shown, here and in "
                    "your other clients. /unignore ends it."),
                  user_id)
            : g_strdup_printf(_("You no longer ignore %s: what they write from now on is shown."),
                              user_id);
    mxp_reply_say(reply, text);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_ignored(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *markup = mxp_privacy_list(mxp);
    mxp_system_line_write(conversation, markup, PURPLE_MESSAGE_SYSTEM);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_people[] = {
    {"whois", "s", on_whois,
     N_("whois [name or @user:server]: Tells what is known of somebody; in a direct chat of the "
        "other "
        "one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"nick", "s", on_nick, N_("nick &lt;name&gt;: Sets your display name, in all rooms.")},
    {"users", "s", on_users,
     N_("users &lt;words&gt;: Searches your homeserver's directory of people.")},
    {"ignore", "s", on_ignore,
     N_("ignore [name or @user:server]: Hides what somebody writes, in all your clients."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unignore", "s", on_ignore, N_("unignore [name or @user:server]: Ends that."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"ignored", "", on_ignored, N_("ignored: Lists the people you ignore.")},
    {NULL},
};

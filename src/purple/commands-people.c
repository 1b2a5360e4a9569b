/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "chat-window.h"
#include "mx-id.h"
#include "mx-link.h"
#include "people-search.h"
#include "privacy.h"
#include "profile.h"
#include "reply.h"

/* Whom a Matrix ID, a link or, in a room, a name means; in an IM without a word the other one. NULL
 * and *error. The caller frees. */
static char *find_person(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                         char **error)
{
    const char *name = purple_conversation_get_name(conversation);
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    g_autofree char *word = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    g_autoptr(MxLink) link = mx_link_parse(word);
    gboolean is_shared = FALSE;
    if (link != NULL && link->kind == MX_LINK_USER)
        return g_strdup(link->id);
    if (*word == '\0' && is_im && mx_user_id_is_valid(name))
        return g_strdup(name);
    char *user_id = is_im ? NULL : mxp_chat_window_find_user(mxp, name, word, &is_shared);
    if (user_id != NULL)
        return user_id;
    *error = is_shared ? g_strdup(_("Several people here have this name. Type a Matrix ID "
                                    "(@name:server)."))
                       : g_strdup(_("That means nobody here. Type a Matrix ID; it has the form "
                                    "@name:server, for example @alice:example.org."));
    return NULL;
}

static PurpleCmdRet on_whois(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    g_autofree char *user_id =
        mxp != NULL ? find_person(mxp, conversation, mxp_command_get_rest(args, 0), error) : NULL;
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
        mxp != NULL ? find_person(mxp, conversation, mxp_command_get_rest(args, 0), error) : NULL;
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
    purple_conversation_write(
        conversation, NULL, markup,
        PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_NO_LINKIFY, time(NULL));
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

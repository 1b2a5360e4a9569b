/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <stdlib.h>

#include <glib/gi18n-lib.h>

#include "conversion.h"
#include "create.h"
#include "invite-rule.h"
#include "invites.h"
#include "joining.h"
#include "leaving.h"
#include "membership.h"
#include "system-line.h"

static PurpleCmdRet on_join(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_auto(GStrv) words = g_strsplit(g_strstrip(args[0]), " ", 2);
    if (mxp_joining_start(mxp, words[0], mxp_command_get_rest(words, words[0] != NULL ? 1 : 0),
                          conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("That leads to no room. Type its address (#room:example.org), its ID "
                        "(!abc…) or a matrix.to or matrix: link."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_leave(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    MxRoom *own = mxp_command_get_room(conversation, mxp);
    return mxp_leaving_start(mxp, own, mxp_command_get_rest(args, 0), conversation, error)
               ? PURPLE_CMD_RET_OK
               : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_forget(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    const char *name = purple_conversation_get_name(conversation);
    const char *room_id = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_CHAT
                              ? name
                              : mxp_conversion_get_left(mxp, name);
    if (room_id != NULL && mxp_membership_forget(mxp, room_id, conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("A room can be forgotten after you have left it: /leave."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_invite(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_auto(GStrv) words = g_strsplit(g_strstrip(args[0]), " ", 2);
    if (mxp_membership_invite(mxp, room, words[0],
                              mxp_command_get_rest(words, words[0] != NULL ? 1 : 0), conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("That is no Matrix ID. It has the form @name:server, for example "
                        "@alice:example.org."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_create(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    return mxp_create_start(mxp, args[0], conversation, error) ? PURPLE_CMD_RET_OK
                                                               : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_invites(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    const char *word = mxp_command_get_rest(args, 0);
    if (g_strcmp0(word, "block") == 0 || g_strcmp0(word, "allow") == 0) {
        mxp_invite_rule_set(mxp, g_str_equal(word, "block"), conversation);
        return PURPLE_CMD_RET_OK;
    }
    if (word != NULL) {
        *error = g_strdup(_("Type /invites alone for those that wait, /invites block to refuse all "
                            "that come, or /invites allow."));
        return PURPLE_CMD_RET_FAILED;
    }
    g_autofree char *markup = mxp_invites_list(mxp);
    mxp_system_line_write(conversation, markup, PURPLE_MESSAGE_SYSTEM);
    mxp_invite_rule_say(mxp, conversation);
    return PURPLE_CMD_RET_OK;
}

/* /accept and /reject */
static PurpleCmdRet on_answer(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    gboolean has_number = mxp_command_get_rest(args, 0) != NULL;
    int number = has_number ? atoi(args[0]) : 0;
    if ((!has_number || number > 0) &&
        mxp_invites_answer(mxp, number, g_str_equal(command, "accept"), conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("There is no such invitation. /invites lists them with their numbers."));
    return PURPLE_CMD_RET_FAILED;
}

const MxpCommand mxp_commands_rooms[] = {
    {"join", "s", on_join,
     N_("join &lt;room&gt; [reason]: Joins a room by its address, its ID or a link to it.")},
    {"leave", "s", on_leave,
     N_("leave [reason]: Leaves the room. leave &lt;name&gt;, or leave &lt;address or ID&gt; "
        "[reason]: Leaves another room, or a space. It asks first where more than /leave is "
        "typed."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"forget", "", on_forget, N_("forget: The server forgets a room that you have left.")},
    {"invite", "s", on_invite, N_("invite &lt;@user:server&gt; [reason]: Invites somebody.")},
    {"create", "s", on_create,
     N_("create [name] [options]: Makes a private room of that name; without a word a dialog "
        "asks. Options: --topic text, --alias #name, --invite people, --version number, --public, "
        "--listed, --unlisted, --join rule, --history who, --guests can_join, --no-federate, "
        "--encrypted, --type type, --state type [key] {…}, --power {…}, --creation {…}."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"invites", "s", on_invites,
     N_("invites [block|allow]: Lists the invitations that wait for an answer. /invites block: "
        "your "
        "homeserver refuses all that come; /invites allow: they come again."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"accept", "s", on_answer,
     N_("accept [number]: Accepts an invitation; without a number the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"reject", "s", on_answer,
     N_("reject [number]: Rejects an invitation; without a number the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

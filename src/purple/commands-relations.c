/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "messages.h"
#include "mx-client-relate.h"
#include "reply.h"
#include "upgrade.h"

/* Answers, edits, reactions and threads. What was done is told by a line of its own. */

static const struct {
    MxRelateDeed deed;
    const char *command;
} deeds[] = {
    {MX_RELATE_REPLY, "reply"}, {MX_RELATE_THREAD, "thread"},   {MX_RELATE_EDIT, "edit"},
    {MX_RELATE_REACT, "react"}, {MX_RELATE_UNREACT, "unreact"},
};

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void on_done(MxClient *client, const char *room_id, const GError *error, gpointer reply)
{
    if (error != NULL)
        mxp_reply_fail(reply, error->message);
}

static PurpleCmdRet on_relate(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *typed = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (mxp_upgrade_refuses(mxp, room, typed != NULL ? typed : ""))
        return PURPLE_CMD_RET_OK;
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++)
        if (g_ascii_strcasecmp(deeds[i].command, command) == 0)
            mx_client_relate(mxp->client, room, deeds[i].deed, typed, mxp_messages_get_format(mxp),
                             on_done, mxp_reply_new(mxp, conversation), free_reply);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_relations[] = {
    {"reply", "s", on_relate,
     N_("reply [HH:MM|nick:] &lt;text&gt;: Answers a message: the one of that time, that "
        "person's last one, or without it the last one of somebody else. -- stands before a text "
        "that looks like one of these.")},
    {"thread", "s", on_relate,
     N_("thread [HH:MM|nick:] &lt;text&gt;: Writes into the message's thread, or begins one "
        "with it.")},
    {"edit", "s", on_relate,
     N_("edit [HH:MM] &lt;text&gt;: Gives an own message, the last one, another text. "
        "s/old/new/ typed as a message changes a part of it.")},
    {"react", "s", on_relate,
     N_("react [HH:MM|nick:] &lt;emoji&gt;: Reacts to a message with an emoji.")},
    {"unreact", "s", on_relate, N_("unreact [HH:MM|nick:] [emoji]: Takes an own reaction back."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

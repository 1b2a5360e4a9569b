/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-poll.h"
#include "reply.h"
#include "upgrade.h"

/* Polls: what was done is told by a line of its own. */

static const struct {
    MxPollDeed deed;
    const char *command;
} deeds[] = {{MX_POLL_VOTE, "vote"}, {MX_POLL_END, "endpoll"}, {MX_POLL_SHOW, "poll"}};

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void on_done(MxClient *client, const char *text, const GError *error, gpointer reply)
{
    if (error != NULL)
        mxp_reply_fail(reply, error->message);
    else if (text != NULL)
        mxp_reply_say(reply, text);
}

static PurpleCmdRet on_poll(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *typed = mxp_command_get_rest(args, 0);
    gboolean is_change = g_ascii_strcasecmp(command, "poll") != 0;
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (is_change && mxp_upgrade_refuses(mxp, room, typed != NULL ? typed : ""))
        return PURPLE_CMD_RET_OK;
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++)
        if (g_ascii_strcasecmp(deeds[i].command, command) == 0)
            mx_client_poll(mxp->client, room, deeds[i].deed, typed, on_done,
                           mxp_reply_new(mxp, conversation), free_reply);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_polls[] = {
    {"vote", "s", on_poll,
     N_("vote [HH:MM|nick:] &lt;number&gt;[,&lt;number&gt;…]: Votes in the newest open poll, or in "
        "the one of that time or that person. Voting again changes the vote.")},
    {"poll", "s", on_poll, N_("poll [HH:MM|nick:]: Tells how a poll stands."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"endpoll", "s", on_poll,
     N_("endpoll [HH:MM|nick:]: Ends a poll of yours; as a moderator, anybody's."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

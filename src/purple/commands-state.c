/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-redaction.h"
#include "mx-room-state.h"
#include "reply.h"
#include "room-info.h"
#include "room-state.h"

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

/* That it was done is told by the room itself. */
static void on_redacted(MxClient *client, const char *room_id, const GError *error, gpointer reply)
{
    if (error != NULL)
        mxp_reply_fail(reply, error->message);
}

static PurpleCmdRet on_redact(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mx_client_redact(mxp->client, room, mxp_command_get_rest(args, 0), on_redacted,
                     mxp_reply_new(mxp, conversation), free_reply);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_state(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *typed = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    gboolean done = g_str_equal(command, "event")
                        ? mxp_room_state_send(mxp, room, conversation, typed, error)
                        : mxp_room_state_run(mxp, room, conversation, typed, error);
    return done ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_showall(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *word = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (g_strcmp0(word, "on") != 0 && g_strcmp0(word, "off") != 0) {
        *error = g_strdup(_("Type /showall on or /showall off."));
        return PURPLE_CMD_RET_FAILED;
    }
    mx_client_set_shows_all(mxp->client, room, g_str_equal(word, "on"));
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_room(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_room_info_show(mxp, room, conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_state[] = {
    {"redact", "s", on_redact,
     N_("redact [HH:MM|nick:] [reason]: Removes a message from the room for everybody: the one of "
        "that time, the last one of that person, or else your own last one. “--” stands before a "
        "reason that looks like one of these."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"room", "", on_room,
     N_("room: Shows what there is to know about the room: its version, rules, powers and so on.")},
    {"state", "s", on_state,
     N_("state [at HH:MM] [list words|type [key]] [content]: Lists the room's state, shows one "
        "event of it, or, with content in JSON, sets it; “at” shows it as it was at that message."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"event", "s", on_state,
     N_("event &lt;type&gt; &lt;content&gt;: Sends an event of any type, with content in JSON."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"showall", "s", on_showall,
     N_("showall &lt;on|off&gt;: Shows every new event of the room in this window, with type and "
        "content."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

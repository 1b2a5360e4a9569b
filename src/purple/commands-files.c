/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "files.h"

static PurpleCmdRet on_sendfile(PurpleConversation *conversation, const char *command, char **args,
                                char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    const char *typed = mxp_command_get_rest(args, 0);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    return mxp_files_send(mxp, conversation, typed != NULL ? typed : "", error)
               ? PURPLE_CMD_RET_OK
               : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_download(PurpleConversation *conversation, const char *command, char **args,
                                char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_files_download(mxp, room, mxp_command_get_rest(args, 0), conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_files[] = {
    {"sendfile", "s", on_sendfile, N_("sendfile &lt;path&gt; [caption]: Sends a file."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"download", "s", on_download,
     N_("download [HH:MM[:SS] | nick:] [path]: Saves the last file of this window, or that one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "message-search.h"
#include "storage.h"

static PurpleCmdRet on_search(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    return mxp != NULL &&
                   mxp_message_search_start(mxp, mxp_command_get_rest(args, 0), conversation, error)
               ? PURPLE_CMD_RET_OK
               : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_account(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_storage_show(mxp, conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_search[] = {
    {"account", "", on_account,
     N_("account: Tells who and what device you are, what is stored here, and for how long.")},
    {"search", "s", on_search,
     N_("search &lt;words&gt;, all &lt;words&gt; or more: Looks for messages of this room, or of "
        "all, that have all these words, \"words in a row\" between quotation marks; more goes "
        "on."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

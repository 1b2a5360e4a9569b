/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "verification-ui.h"

#define MAX_ID 255 /* bytes */

/* IDs of devices have neither sigil nor white space, and names of people come first. */
static gboolean may_be_device(const char *typed)
{
    return *typed != '@' && strlen(typed) <= MAX_ID && strpbrk(typed, " \t:/") == NULL;
}

static PurpleCmdRet start(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                          char **error)
{
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    const char *own = mx_client_get_user_id(mxp->client);
    gboolean is_shared = FALSE;
    if (typed == NULL && !is_im) {
        mxp_verification_start(mxp, own, NULL, conversation);
        return PURPLE_CMD_RET_OK;
    }
    g_autofree char *user_id = mxp_command_find_person(mxp, conversation, typed, &is_shared, error);
    if (user_id == NULL && !is_shared && typed != NULL && may_be_device(typed)) {
        g_clear_pointer(error, g_free);
        mxp_verification_start(mxp, own, typed, conversation);
        return PURPLE_CMD_RET_OK;
    }
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_verification_start(mxp, user_id, NULL, conversation);
    return PURPLE_CMD_RET_OK;
}

/* FALSE: the word is none of these. */
static gboolean find_deed(const char *typed, MxVerifyDeed *deed)
{
    static const char *const words[] = {
        [MX_VERIFY_ACCEPT] = "accept", [MX_VERIFY_EMOJI] = "emoji",
        [MX_VERIFY_MATCH] = "match",   [MX_VERIFY_MISMATCH] = "mismatch",
        [MX_VERIFY_CANCEL] = "cancel",
    };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(typed, words[i]) == 0) {
            *deed = i;
            return TRUE;
        }
    return FALSE;
}

static PurpleCmdRet on_verify(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    const char *typed = mxp_command_get_rest(args, 0);
    MxVerifyDeed deed;
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (!find_deed(typed, &deed))
        return start(mxp, conversation, typed, error);
    if (mxp_verification_answer(mxp, deed))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("No verification waits for that."));
    return PURPLE_CMD_RET_FAILED;
}

const MxpCommand mxp_commands_verify[] = {
    {"verify", "s", on_verify,
     N_("verify [name, @user:server, or ID of a device of yours]: Asks them to compare emoji with "
        "you; in a room without a name, your other devices. “verify accept”, “emoji”, “match”, "
        "“mismatch” "
        "and “cancel” answer what a dialog asks."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

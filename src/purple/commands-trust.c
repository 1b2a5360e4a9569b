/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "recovery.h"
#include "trust.h"

static PurpleCmdRet on_recovery(PurpleConversation *conversation, const char *command, char **args,
                                char **error, void *data)
{
    static const struct {
        const char *word;
        void (*func)(MxpAccount *mxp);
    } words[] = {
        {"", mxp_recovery_show_info},
        {"setup", mxp_recovery_set_up},
        {"recover", mxp_recovery_recover},
        {"reset", mxp_recovery_reset_identity},
    };
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *word = g_strstrip(g_strdup(args[0] != NULL ? args[0] : ""));
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(word, words[i].word)) {
            words[i].func(mxp);
            return PURPLE_CMD_RET_OK;
        }
    *error = g_strdup(_("Say /recovery, /recovery setup, /recovery recover or /recovery reset. "
                        "Never type a recovery key or passphrase here: a dialog asks for it."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_devices(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    const char *typed = mxp_command_get_rest(args, 0);
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    g_autofree char *user_id = typed == NULL && !is_im
                                   ? g_strdup(mx_client_get_user_id(mxp->client))
                                   : mxp_command_find_person(mxp, conversation, typed, NULL, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_trust_list_devices(mxp, user_id, conversation);
    return PURPLE_CMD_RET_OK;
}

/* /trust and /untrust */
static PurpleCmdRet on_trust(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    g_autofree char *user_id =
        mxp != NULL
            ? mxp_command_find_person(mxp, conversation, mxp_command_get_rest(args, 0), NULL, error)
            : NULL;
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_trust_do(mxp, g_str_equal(command, "trust") ? MX_TRUST_ACCEPT : MX_TRUST_WITHDRAW, user_id,
                 NULL, conversation);
    return PURPLE_CMD_RET_OK;
}

/* /block-device and /unblock-device: the device is the last word, as names have spaces. */
static PurpleCmdRet on_block(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *person = g_strstrip(g_strdup(args[0] != NULL ? args[0] : ""));
    char *space = strrchr(person, ' ');
    g_autofree char *device_id = g_strdup(space != NULL ? space + 1 : person);
    *(space != NULL ? space : person) = '\0';
    g_strstrip(person);
    if (*device_id == '\0') {
        *error = g_strdup(_("Say whose device it is, and its ID. “/devices” lists them."));
        return PURPLE_CMD_RET_FAILED;
    }
    g_autofree char *user_id =
        mxp_command_find_person(mxp, conversation, *person != '\0' ? person : NULL, NULL, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_trust_do(mxp, g_str_equal(command, "block-device") ? MX_TRUST_BLOCK : MX_TRUST_UNBLOCK,
                 user_id, device_id, conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_trust[] = {
    {"recovery", "s", on_recovery,
     N_("recovery [setup|recover|reset]: Tells of your own encryption; sets recovery up, recovers "
        "this device, or makes a new identity. Dialogs ask for what is secret."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"devices", "s", on_devices,
     N_("devices [name or @user:server]: Lists somebody's devices, and what is known of them; in a "
        "room without a name, your own."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"trust", "s", on_trust,
     N_("trust [name or @user:server]: Shows somebody's new identity, to be compared with what "
        "they see. If you accept it, what waited is sent."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"untrust", "s", on_trust,
     N_("untrust [name or @user:server]: Takes the verification of somebody back."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"block-device", "s", on_block,
     N_("block-device [name or @user:server] &lt;device ID&gt;: Encrypts nothing more to that "
        "device."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unblock-device", "s", on_block,
     N_("unblock-device [name or @user:server] &lt;device ID&gt;: Ends that."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

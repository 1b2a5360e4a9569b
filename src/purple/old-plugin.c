/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "old-plugin.h"

#define OLD_DEFAULT_HOME_SERVER "https://matrix.org"

static const char *const old_settings[] = {"access_token", "olm_account_keys", "next_batch",
                                           "device_id", "user_id"};

const char *mxp_old_plugin_get_token(PurpleAccount *account)
{
    const char *token = purple_account_get_string(account, "access_token", NULL);
    return token != NULL && *token != '\0' ? token : NULL;
}

const char *mxp_old_plugin_get_token_server(PurpleAccount *account)
{
    const char *typed = purple_account_get_string(account, "home_server", "");
    return *typed != '\0' ? typed : OLD_DEFAULT_HOME_SERVER;
}

const char *mxp_old_plugin_get_home_server(PurpleAccount *account)
{
    const char *typed = purple_account_get_string(account, "home_server", "");
    if (*typed == '\0' && purple_account_get_username(account)[0] != '@' &&
        mxp_old_plugin_get_token(account) != NULL)
        return OLD_DEFAULT_HOME_SERVER;
    return typed;
}

void mxp_old_plugin_forget(PurpleAccount *account)
{
    for (guint i = 0; i < G_N_ELEMENTS(old_settings); i++)
        purple_account_remove_setting(account, old_settings[i]);
}

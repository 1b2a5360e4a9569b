/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "actions.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "account.h"
#include "create.h"
#include "invite-rule.h"
#include "invites.h"
#include "leaving.h"
#include "people-search.h"
#include "profile.h"
#include "recovery.h"
#include "storage.h"
#include "unread.h"
#include "verification-ui.h"

static void on_log_out(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL)
        mx_client_log_out(mxp->client);
}

static void on_create(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_create_start(mxp, NULL, NULL, NULL);
}

static void on_invites(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_invites_show(mxp);
}

static void on_invite_rule(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_invite_rule_ask(mxp);
}

static void on_information(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_storage_show(mxp, NULL);
}

static void on_leave_spaces(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_leaving_ask_spaces(mxp);
}

static void on_unread(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL)
        mxp_unread_show(mxp, NULL);
}

static void on_search(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_people_search_start(mxp, NULL, NULL);
}

static void on_display_name(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_profile_ask_name(mxp);
}

static void on_set_up_recovery(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_recovery_set_up(mxp);
}

static void on_recover(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_recovery_recover(mxp);
}

static void on_verify(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_verification_start(mxp, mx_client_get_user_id(mxp->client), NULL, NULL);
}

static void on_encryption_info(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_recovery_show_info(mxp);
}

static void on_reset_identity(PurplePluginAction *action)
{
    MxpAccount *mxp = mxp_account_from_gc(action->context);
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_recovery_reset_identity(mxp);
}

GList *mxp_actions_list(PurplePlugin *plugin, gpointer context)
{
    GList *list = g_list_append(NULL, purple_plugin_action_new(_("Create room…"), on_create));
    list = g_list_append(list, purple_plugin_action_new(_("Invitations"), on_invites));
    list = g_list_append(
        list, purple_plugin_action_new(_("Block or allow invitations…"), on_invite_rule));
    list = g_list_append(list, purple_plugin_action_new(_("Unread messages"), on_unread));
    list = g_list_append(list, purple_plugin_action_new(_("Search for people…"), on_search));
    list = g_list_append(list, purple_plugin_action_new(_("Set display name…"), on_display_name));
    list =
        g_list_append(list, purple_plugin_action_new(_("Verify with another device…"), on_verify));
    list = g_list_append(list, purple_plugin_action_new(_("Set up recovery…"), on_set_up_recovery));
    list = g_list_append(list, purple_plugin_action_new(_("Recover encryption…"), on_recover));
    list = g_list_append(
        list, purple_plugin_action_new(_("Encryption information…"), on_encryption_info));
    list = g_list_append(list, purple_plugin_action_new(_("Reset identity…"), on_reset_identity));
    list = g_list_append(list, purple_plugin_action_new(_("Leave spaces…"), on_leave_spaces));
    list = g_list_append(list, purple_plugin_action_new(_("Account information"), on_information));
    return g_list_append(list, purple_plugin_action_new(_("Log out"), on_log_out));
}

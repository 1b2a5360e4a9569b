/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "removal.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <account.h>
#include <notify.h>
#include <request.h>

#include "account.h"
#include "mx-sign-out.h"
#include "plugin.h"
#include "proxy.h"
#include "reconnect.h"

/* Copied from the account, which is gone when the user answers. */
typedef struct {
    char *username, *store_dir, *ca_file, *proxy_uri;
    MxHttpProxy proxy;
} Removed;

static int handle;
static guint connect_source;
static GList *asked; /* of Removed whose question is open */

static void removed_free(gpointer data)
{
    Removed *removed = data;
    g_free(removed->username);
    g_free(removed->store_dir);
    g_free(removed->ca_file);
    g_free(removed->proxy_uri);
    g_free(removed);
}

static void on_signed_out(const GError *error, gpointer user_data)
{
    g_autofree char *username = user_data;
    if (error == NULL)
        return;
    g_autofree char *text = g_strdup_printf(
        _("The homeserver could not be told that %s is no longer used here (%s). You can remove "
          "this device in another client's list of devices."),
        username, error->message);
    purple_notify_warning(&handle, _("Matrix"), _("The session was not ended"), text);
}

static void sign_out(Removed *removed, gboolean erase)
{
    MxClientConfig config = {
        .store_dir = removed->store_dir,
        .user = removed->username,
        .user_agent = "pidgin-matrix/" MX_VERSION,
        .proxy = removed->proxy,
        .proxy_uri = removed->proxy_uri,
        .ca_file = removed->ca_file,
    };
    mx_sign_out(&config, erase, on_signed_out, g_strdup(removed->username));
}

static void forget(Removed *removed)
{
    asked = g_list_remove(asked, removed);
    removed_free(removed);
}

static void on_keep(Removed *removed, int action)
{
    forget(removed);
}

static void on_erase(Removed *removed, int action)
{
    sign_out(removed, TRUE); /* there is no token any more; what is left goes */
    forget(removed);
}

static void on_account_removed(PurpleAccount *account, gpointer data)
{
    g_autofree char *store_dir = NULL;
    if (g_strcmp0(purple_account_get_protocol_id(account), MXP_PLUGIN_ID) != 0)
        return;
    mxp_reconnect_forget(account);
    store_dir = mxp_account_get_store_dir(account);
    if (!mx_sign_out_has_store(store_dir))
        return;
    Removed *removed = g_new0(Removed, 1);
    removed->username = g_strdup(purple_account_get_username(account));
    removed->store_dir = g_steal_pointer(&store_dir);
    removed->ca_file = g_strdup(purple_account_get_string(account, "ca_file", ""));
    removed->proxy = mxp_proxy_get(account, &removed->proxy_uri);
    asked = g_list_prepend(asked, removed);
    sign_out(removed, FALSE); /* whatever the answer, and even if none comes */
    g_autofree char *text = g_strdup_printf(
        _("The account %s was removed and is being logged out. What this program has stored of its "
          "rooms can be kept, in case you add the account again, or erased for good."),
        removed->username);
    purple_request_action(&handle, _("Matrix"), _("Erase what was stored?"), text, 0, NULL, NULL,
                          NULL, removed, 2, _("Keep"), on_keep, _("Erase"), on_erase);
}

/* Accounts have no signals yet while plugins are loaded. */
static gboolean on_started(gpointer data)
{
    connect_source = 0;
    purple_signal_connect(purple_accounts_get_handle(), "account-removed", &handle,
                          PURPLE_CALLBACK(on_account_removed), NULL);
    return G_SOURCE_REMOVE;
}

void mxp_removal_init(void)
{
    connect_source = g_idle_add(on_started, NULL);
}

void mxp_removal_uninit(void)
{
    g_clear_handle_id(&connect_source, g_source_remove);
    purple_request_close_with_handle(&handle);
    g_list_free_full(g_steal_pointer(&asked), removed_free);
    purple_signals_disconnect_by_handle(&handle);
}

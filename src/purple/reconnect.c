/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconnect.h"

#include <gio/gio.h>

#include <account.h>
#include <core.h>

#include "mx-backoff.h"

#define FIRST_MS 5000
#define CAP_MS (2 * 60 * 1000)

typedef struct {
    PurpleAccount *account;
    MxBackoff backoff;
    guint source;
    gboolean waits;
} Watched;

static GHashTable *watched; /* PurpleAccount -> Watched */
static gulong monitor_handler;

static void watched_free(gpointer data)
{
    Watched *entry = data;
    g_clear_handle_id(&entry->source, g_source_remove);
    g_free(entry);
}

static void try_again(Watched *entry)
{
    PurpleAccount *account = entry->account;
    entry->waits = FALSE;
    g_clear_handle_id(&entry->source, g_source_remove);
    if (purple_account_get_enabled(account, purple_core_get_ui()) &&
        purple_account_is_disconnected(account) &&
        purple_presence_is_online(purple_account_get_presence(account)))
        purple_account_connect(account);
}

static gboolean on_time(gpointer data)
{
    Watched *entry = data;
    entry->source = 0;
    try_again(entry);
    return G_SOURCE_REMOVE;
}

static void on_network_changed(GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
    g_autoptr(GList) entries = g_hash_table_get_values(watched);
    for (GList *at = entries; available && at != NULL; at = at->next)
        if (((Watched *)at->data)->waits)
            try_again(at->data);
}

void mxp_reconnect_init(void)
{
    watched = g_hash_table_new_full(NULL, NULL, NULL, watched_free);
    monitor_handler = g_signal_connect(g_network_monitor_get_default(), "network-changed",
                                       G_CALLBACK(on_network_changed), NULL);
}

void mxp_reconnect_uninit(void)
{
    g_signal_handler_disconnect(g_network_monitor_get_default(), monitor_handler);
    g_clear_pointer(&watched, g_hash_table_unref);
}

void mxp_reconnect_forget(PurpleAccount *account)
{
    g_hash_table_remove(watched, account);
}

void mxp_reconnect_failed(PurpleAccount *account, PurpleConnectionError reason)
{
    if (reason != PURPLE_CONNECTION_ERROR_NETWORK_ERROR) {
        mxp_reconnect_forget(account);
        return;
    }
    Watched *entry = g_hash_table_lookup(watched, account);
    if (entry == NULL) {
        entry = g_new0(Watched, 1);
        entry->account = account;
        mx_backoff_init(&entry->backoff, FIRST_MS, CAP_MS);
        g_hash_table_insert(watched, account, entry);
    }
    g_clear_handle_id(&entry->source, g_source_remove);
    entry->waits = TRUE;
    entry->source = g_timeout_add(mx_backoff_next(&entry->backoff), on_time, entry);
}

void mxp_reconnect_succeeded(PurpleAccount *account)
{
    mxp_reconnect_forget(account);
}

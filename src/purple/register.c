/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "register.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>
#include <debug.h>
#include <notify.h>
#include <savedstatuses.h>

#include "errors.h"
#include "mx-id.h"
#include "old-plugin.h"
#include "plugin.h"
#include "proxy.h"

#define STEPS 3

typedef struct {
    PurpleAccount *account;
    PurpleConnection *gc;
    MxRegister *reg;
    guint end_source;
    gboolean is_created;
    char *user_id;
} Registration;

static GHashTable *registrations; /* PurpleConnection -> Registration */
static int handle;

static void registration_free(gpointer data)
{
    Registration *registration = data;
    g_clear_handle_id(&registration->end_source, g_source_remove);
    mx_register_stop(registration->reg);
    g_object_unref(registration->reg);
    g_free(registration->user_id);
    g_free(registration);
}

static Registration *find(PurpleConnection *gc)
{
    return registrations != NULL ? g_hash_table_lookup(registrations, gc) : NULL;
}

MxRegister *mxp_register_get(PurpleConnection *gc)
{
    Registration *registration = find(gc);
    return registration != NULL ? registration->reg : NULL;
}

/* ---- the end ---- */

/* What the homeserver calls the account, where a login under the typed name could miss it. */
static char *choose_username(Registration *registration)
{
    const char *typed = purple_account_get_username(registration->account);
    const char *user_id = registration->user_id;
    if (user_id == NULL) {
        /* All that is known is what was asked for. */
        const char *localpart = mx_register_get_localpart(registration->reg);
        if (typed[0] != '@')
            return g_strdup(localpart);
        g_autofree char *server_name = mx_user_id_get_server_name(typed);
        return mx_user_id_new(localpart, server_name);
    }
    g_autofree char *localpart = mx_user_id_get_localpart(user_id);
    return g_strdup(g_str_equal(typed, localpart) ? typed : user_id);
}

static gboolean is_same_server(const char *typed, const char *username)
{
    if (typed[0] != '@' || username[0] != '@')
        return typed[0] != '@'; /* a bare name has its server in the options */
    g_autofree char *one = mx_user_id_get_server_name(typed);
    g_autofree char *other = mx_user_id_get_server_name(username);
    return g_str_equal(one, other);
}

/* FALSE: another account of the list has this name. */
static gboolean rename_account(Registration *registration)
{
    PurpleAccount *account = registration->account;
    const char *typed = purple_account_get_username(account);
    g_autofree char *username = choose_username(registration);
    if (g_str_equal(typed, username))
        return TRUE;
    if (purple_accounts_find(username, MXP_PLUGIN_ID) != NULL)
        return FALSE;
    /* The server was found under the typed name; it may not be under its own. */
    if (!is_same_server(typed, username) && *mxp_old_plugin_get_home_server(account) == '\0')
        purple_account_set_string(account, "home_server",
                                  mx_register_get_base_url(registration->reg));
    purple_account_set_username(account, username);
    return TRUE;
}

/* Pidgin enables an account whose password it keeps; Finch none. */
static void enable(PurpleAccount *account)
{
    const char *ui = purple_core_get_ui();
    PurpleSavedStatus *status = purple_savedstatus_get_current();
    if (purple_account_get_enabled(account, ui) && !purple_account_is_disconnected(account))
        return;
    if (status != NULL)
        purple_savedstatus_activate_for_account(status, account);
    purple_account_set_enabled(account, ui, TRUE);
    if (purple_account_is_disconnected(account) &&
        purple_presence_is_online(purple_account_get_presence(account)))
        purple_account_connect(account);
}

static void log_in(Registration *registration)
{
    PurpleAccount *account = registration->account;
    if (!rename_account(registration))
        return;
    /* Ending the connection has made libpurple forget a password that is not to be remembered. */
    purple_account_set_password(account, mx_register_get_password(registration->reg));
    if (account->registration_cb != NULL)
        account->registration_cb(account, TRUE, account->registration_cb_user_data);
    enable(account);
}

static void warn_of_account(Registration *registration)
{
    g_autofree char *text = g_strdup_printf(
        _("The homeserver was not done when the registration of %s was ended, and may have created "
          "the account all the same. To find out, enable the account: if it exists, you can log in "
          "with the password you have chosen."),
        purple_account_get_username(registration->account));
    purple_notify_warning(&handle, _("Matrix"), _("The account may exist"), text);
}

static gboolean on_end(gpointer data)
{
    Registration *registration = data;
    registration->end_source = 0;
    g_hash_table_steal(registrations, registration->gc);
    if (!registration->is_created && mx_register_is_uncertain(registration->reg))
        warn_of_account(registration);
    purple_account_disconnect(registration->account);
    if (registration->is_created)
        log_in(registration);
    registration_free(registration);
    return G_SOURCE_REMOVE;
}

/* Never at once: a dialog of this connection may be the caller. Without a word to the callback of
 * purple_account_register() unless the account was created: Pidgin's would remove it from the list,
 * with all that was typed, even if it had been there before. */
static void end(Registration *registration)
{
    if (registration->end_source == 0)
        registration->end_source = g_idle_add(on_end, registration);
}

void mxp_register_cancel(PurpleConnection *gc)
{
    Registration *registration = find(gc);
    if (registration != NULL)
        end(registration);
}

void mxp_register_close(PurpleConnection *gc)
{
    Registration *registration = find(gc);
    if (registration == NULL)
        return;
    if (mx_register_is_uncertain(registration->reg))
        warn_of_account(registration);
    g_hash_table_remove(registrations, gc);
}

/* ---- what is told ---- */

static void on_progress(int step, const char *text, gpointer user_data)
{
    Registration *registration = user_data;
    purple_connection_update_progress(registration->gc, text, step, STEPS);
}

static void on_asked(const MxQuestion *question, gpointer user_data)
{
    Registration *registration = user_data;
    mxp_register_ask(registration->gc, question);
}

static void on_created(const char *user_id, gpointer user_data)
{
    Registration *registration = user_data;
    purple_debug_info("matrix", "the account was created\n");
    registration->is_created = TRUE;
    registration->user_id = g_strdup(user_id);
    end(registration);
}

static void on_failed(const GError *error, gpointer user_data)
{
    Registration *registration = user_data;
    g_autofree char *text = NULL;
    mxp_errors_get_reason(error, &text);
    purple_notify_error(&handle, _("Matrix"), _("The account was not created"), text);
    end(registration);
}

static const MxRegisterFuncs funcs = {on_progress, on_asked, on_created, on_failed};

void mxp_register_user(PurpleAccount *account)
{
    Registration *registration = g_new0(Registration, 1);
    g_autofree char *proxy_uri = NULL;
    MxClientConfig config = {
        .user = purple_account_get_username(account),
        .home_server = mxp_old_plugin_get_home_server(account),
        .password = purple_account_get_password(account),
        .user_agent = "pidgin-matrix/" MX_VERSION,
        .ca_file = purple_account_get_string(account, "ca_file", ""),
    };
    config.proxy = mxp_proxy_get(account, &proxy_uri);
    config.proxy_uri = proxy_uri;
    registration->account = account;
    registration->gc = purple_account_get_connection(account);
    /* Set by libpurple so that nobody connects again; but with it, removing the account would leave
     * the connection behind. */
    registration->gc->wants_to_die = FALSE;
    registration->reg = mx_register_new(&config, &funcs, registration);
    if (registrations == NULL)
        registrations = g_hash_table_new_full(NULL, NULL, NULL, registration_free);
    g_hash_table_insert(registrations, registration->gc, registration);
    mx_register_start(registration->reg);
}

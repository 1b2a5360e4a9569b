/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "privacy.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <privacy.h>

#include "buddies.h"
#include "markup.h"
#include "mx-id.h"
#include "mx-ignored.h"

#define SLICE_US (8 * 1000)
/* What was blocked before there was a list on the server, by an older plugin, went there. */
#define SETTING_MERGED "blocked_merged"

/* ---- from the server: libpurple's list is made equal, without telling the hooks ---- */

static char *find_surplus(MxpAccount *mxp)
{
    for (GSList *at = mxp->account->deny; at != NULL; at = at->next)
        if (!mx_client_is_ignored(mxp->client, at->data))
            return g_strdup(at->data);
    return NULL;
}

/* libpurple takes IDs that differ in case for one: of those the first is listed. TRUE while there
 * are more. */
static gboolean add_missing(MxpAccount *mxp, gint64 until)
{
    g_auto(GStrv) ids = mx_client_list_ignored(mxp->client);
    g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);
    for (GSList *at = mxp->account->deny; at != NULL; at = at->next)
        g_hash_table_add(listed, at->data);
    for (char **id = ids; *id != NULL; id++)
        if (!g_hash_table_contains(listed, *id) &&
            purple_privacy_deny_add(mxp->account, *id, TRUE) && g_get_monotonic_time() >= until)
            return TRUE;
    return FALSE;
}

static gboolean on_reconcile(gpointer data)
{
    MxpAccount *mxp = data;
    gint64 until = g_get_monotonic_time() + SLICE_US;
    for (;;) {
        g_autofree char *surplus = find_surplus(mxp);
        if (surplus == NULL)
            break;
        purple_privacy_deny_remove(mxp->account, surplus, TRUE);
        if (g_get_monotonic_time() >= until)
            return G_SOURCE_CONTINUE;
    }
    if (add_missing(mxp, until))
        return G_SOURCE_CONTINUE;
    mxp->privacy_source = 0;
    return G_SOURCE_REMOVE;
}

/* Never at once: the hooks are called from inside of libpurple's own changes. */
static void schedule_reconcile(MxpAccount *mxp)
{
    if (mxp->privacy_source == 0 && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp->privacy_source = g_idle_add(on_reconcile, mxp);
}

static void on_ignored_changed(MxClient *client, MxpAccount *mxp)
{
    schedule_reconcile(mxp);
}

void mxp_privacy_init(MxpAccount *mxp)
{
    g_signal_connect(mxp->client, "ignored-changed", G_CALLBACK(on_ignored_changed), mxp);
}

void mxp_privacy_clear(MxpAccount *mxp)
{
    g_clear_handle_id(&mxp->privacy_source, g_source_remove);
}

/* ---- to the server ---- */

gboolean mxp_privacy_set_ignored(MxpAccount *mxp, const char *user_id, gboolean is_ignored,
                                 char **why)
{
    if (!mx_user_id_is_valid(user_id)) {
        *why = g_strdup_printf(_("“%s” is no Matrix ID. It has the form @name:server, for example "
                                 "@alice:example.org."),
                               user_id);
        return FALSE;
    }
    if (is_ignored && g_strcmp0(user_id, mx_client_get_user_id(mxp->client)) == 0) {
        *why = g_strdup(_("You cannot ignore yourself."));
        return FALSE;
    }
    mx_client_set_ignored(mxp->client, user_id, is_ignored);
    return TRUE;
}

char *mxp_privacy_list(MxpAccount *mxp)
{
    g_auto(GStrv) ids = mx_client_list_ignored(mxp->client);
    if (ids[0] == NULL)
        return g_strdup(_("You ignore nobody."));
    GString *text = g_string_new(_("You ignore:"));
    for (char **id = ids; *id != NULL; id++) {
        g_autofree char *markup = mxp_markup_escape(*id);
        g_string_append_printf(text, "<br>%s", markup);
    }
    return g_string_free(text, FALSE);
}

/* ---- hooks ---- */

void mxp_privacy_add_deny(PurpleConnection *gc, const char *name)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    g_autofree char *why = NULL;
    g_autofree char *user_id = g_strdup(mxp_buddies_normalize(NULL, name));
    if (mxp == NULL || mxp_privacy_set_ignored(mxp, user_id, TRUE, &why))
        return;
    purple_notify_error(gc, _("Matrix"), _("Nobody was blocked"), why);
    schedule_reconcile(mxp);
}

void mxp_privacy_rem_deny(PurpleConnection *gc, const char *name)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    /* Blocking one person while all are allowed, libpurple empties the list first. That is not the
     * user's wish. */
    if (mxp->account->perm_deny == PURPLE_PRIVACY_ALLOW_ALL)
        schedule_reconcile(mxp);
    else if (mx_client_is_ignored(mxp->client, name))
        mx_client_set_ignored(mxp->client, name, FALSE);
}

static void merge_blocked(MxpAccount *mxp)
{
    if (purple_account_get_bool(mxp->account, SETTING_MERGED, FALSE))
        return;
    purple_account_set_bool(mxp->account, SETTING_MERGED, TRUE);
    for (GSList *at = mxp->account->deny; at != NULL; at = at->next) {
        g_autofree char *why = NULL;
        if (!mx_client_is_ignored(mxp->client, at->data))
            mxp_privacy_set_ignored(mxp, at->data, TRUE, &why);
    }
}

/* Called while connecting, after the first answer of the server, and for every change. */
void mxp_privacy_set_permit_deny(PurpleConnection *gc)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    if (mxp->is_signing_on)
        merge_blocked(mxp);
    if (mxp->account->perm_deny == PURPLE_PRIVACY_ALLOW_ALL) {
        mxp->account->perm_deny = PURPLE_PRIVACY_DENY_USERS;
        purple_blist_schedule_save();
        if (!mxp->is_signing_on && mxp->account->deny != NULL)
            purple_notify_info(gc, _("Matrix"), _("Blocked people stay blocked"),
                               _("On Matrix all people are allowed but those on your list. To hear "
                                 "of them again, take them off it."));
    }
    schedule_reconcile(mxp);
}

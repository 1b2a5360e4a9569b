/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "storage.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>

#include "logging.h"
#include "markup.h"
#include "mx-upkeep.h"
#include "system-line.h"

static int get_days(MxpAccount *mxp)
{
    return CLAMP(purple_account_get_int(mxp->account, MXP_OPTION_KEEP_DAYS, MX_KEEP_DEFAULT), 0,
                 100 * 365);
}

void mxp_storage_update(MxpAccount *mxp)
{
    mx_client_set_keeping(mxp->client, get_days(mxp),
                          purple_account_get_bool(mxp->account, MXP_OPTION_LOG_DECRYPTED, TRUE));
}

/* The conversation by its name: it may be closed when the answer comes. */
typedef struct {
    MxpAccount *mxp;
    PurpleConversationType type; /* UNKNOWN: a dialog */
    char *name;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->name);
    g_free(asked);
}

static void append(GString *markup, const char *sentence)
{
    g_autofree char *escaped = mxp_markup_escape(sentence);
    g_string_append_printf(markup, "%s%s", markup->len > 0 ? "<br>" : "", escaped);
}

static void append_size(GString *markup, const MxStoreFacts *facts)
{
    g_autofree char *size = g_format_size(MAX(facts->bytes, 0));
    g_autofree char *text = g_strdup_printf(
        _("Stored on this device: %s, with %" G_GINT64_FORMAT " messages and events."), size,
        facts->events);
    append(markup, text);
    g_autoptr(GDateTime) oldest =
        facts->oldest_ms > 0 ? g_date_time_new_from_unix_local(facts->oldest_ms / 1000) : NULL;
    if (oldest == NULL)
        return;
    g_autofree char *date = g_date_time_format(oldest, "%Y-%m-%d");
    g_autofree char *since = g_strdup_printf(_("The oldest one is from %s."), date);
    append(markup, since);
}

static void append_keeping(GString *markup, int days)
{
    g_autofree char *text =
        days == 0 ? g_strdup(_("All history is kept."))
                  : g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "History is kept for %d day.",
                                                "History is kept for %d days.", days),
                                    days);
    append(markup, text);
    append(markup, _("“Days of history kept” in the account's settings changes that; 0 keeps all. "
                     "The homeserver still has what is no longer here: /history."));
}

static char *describe(MxpAccount *mxp, const MxStoreFacts *facts)
{
    GString *markup = g_string_new(NULL);
    const char *user_id = mx_client_get_user_id(mxp->client);
    const char *device_id = mx_client_get_device_id(mxp->client);
    g_autofree char *who =
        g_strdup_printf(_("Matrix ID: %s, device: %s"), user_id != NULL ? user_id : "?",
                        device_id != NULL ? device_id : "?");
    append(markup, who);
    append_size(markup, facts);
    if (facts->unindexed > 0) {
        g_autofree char *text = g_strdup_printf(
            g_dngettext(GETTEXT_PACKAGE, "%" G_GINT64_FORMAT " message waits for the search index.",
                        "%" G_GINT64_FORMAT " messages wait for the search index.",
                        MIN(facts->unindexed, G_MAXINT)),
            facts->unindexed);
        append(markup, text);
    }
    append_keeping(markup, get_days(mxp));
    return g_string_free(markup, FALSE);
}

static void on_facts(MxClient *client, const MxStoreFacts *facts, gpointer data)
{
    Asked *asked = data;
    g_autofree char *markup = describe(asked->mxp, facts);
    if (asked->type == PURPLE_CONV_TYPE_UNKNOWN) {
        purple_notify_formatted(asked->mxp->gc, _("Account information"),
                                purple_account_get_username(asked->mxp->account), NULL, markup,
                                NULL, NULL);
        return;
    }
    PurpleConversation *conversation =
        purple_find_conversation_with_account(asked->type, asked->name, asked->mxp->account);
    if (conversation != NULL)
        mxp_system_line_write(conversation, markup, PURPLE_MESSAGE_SYSTEM);
}

void mxp_storage_show(MxpAccount *mxp, PurpleConversation *conversation)
{
    Asked *asked = g_new0(Asked, 1);
    asked->mxp = mxp;
    asked->type = conversation != NULL ? purple_conversation_get_type(conversation)
                                       : PURPLE_CONV_TYPE_UNKNOWN;
    asked->name =
        g_strdup(conversation != NULL ? purple_conversation_get_name(conversation) : NULL);
    mxp_storage_update(mxp);
    mx_client_get_store_facts(mxp->client, on_facts, asked, asked_free);
}

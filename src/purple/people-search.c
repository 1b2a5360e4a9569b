/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "people-search.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <blist.h>
#include <core.h>
#include <notify.h>
#include <request.h>
#include <server.h>

#include "markup.h"
#include "mx-user-directory.h"
#include "reply.h"
#include "system-line.h"

/* ---- buttons: the first column of a row is the Matrix ID ---- */

static void on_add(PurpleConnection *gc, GList *row, gpointer data)
{
    if (row != NULL && PURPLE_CONNECTION_IS_VALID(gc))
        purple_blist_request_add_buddy(
            purple_connection_get_account(gc), row->data, NULL,
            row->next != NULL && *(char *)row->next->data != '\0' ? row->next->data : NULL);
}

static void on_im(PurpleConnection *gc, GList *row, gpointer data)
{
    if (row == NULL || !PURPLE_CONNECTION_IS_VALID(gc))
        return;
    PurpleAccount *account = purple_connection_get_account(gc);
    PurpleConversation *conversation =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, row->data, account);
    if (conversation == NULL)
        conversation = purple_conversation_new(PURPLE_CONV_TYPE_IM, account, row->data);
    purple_conversation_present(conversation);
}

static void on_info(PurpleConnection *gc, GList *row, gpointer data)
{
    if (row != NULL && PURPLE_CONNECTION_IS_VALID(gc))
        serv_get_info(gc, row->data);
}

/* ---- results: both clients show the cells as plain text ---- */

static void show(MxpAccount *mxp, GPtrArray *people, gboolean is_limited, const char *words)
{
    PurpleNotifySearchResults *results = purple_notify_searchresults_new();
    g_autofree char *primary = g_strdup_printf(_("People found for “%s”"), words);
    purple_notify_searchresults_column_add(results,
                                           purple_notify_searchresults_column_new(_("Matrix ID")));
    purple_notify_searchresults_column_add(results,
                                           purple_notify_searchresults_column_new(_("Name")));
    for (guint i = 0; i < people->len; i++) {
        MxFoundPerson *person = g_ptr_array_index(people, i);
        GList *row = g_list_append(NULL, g_strdup(person->user_id));
        row =
            g_list_append(row, g_strdup(person->display_name != NULL ? person->display_name : ""));
        purple_notify_searchresults_row_add(results, row);
    }
    purple_notify_searchresults_button_add(results, PURPLE_NOTIFY_BUTTON_IM, on_im);
    purple_notify_searchresults_button_add(results, PURPLE_NOTIFY_BUTTON_INFO, on_info);
    purple_notify_searchresults_button_add(results, PURPLE_NOTIFY_BUTTON_ADD, on_add);
    purple_notify_searchresults(mxp->gc, _("Search for people"), primary,
                                is_limited ? _("There are more: type more of the name.") : NULL,
                                results, NULL, NULL);
}

/* Finch's columns are narrower than a Matrix ID: whoever has typed the command reads it there. */
static void write_lines(const MxpReply *reply, GPtrArray *people)
{
    PurpleConversation *conversation = mxp_reply_get_conversation(reply);
    if (conversation == NULL || g_strcmp0(purple_core_get_ui(), "gnt-purple") != 0)
        return;
    g_autoptr(GString) text = g_string_new(_("Found:"));
    for (guint i = 0; i < people->len; i++) {
        MxFoundPerson *person = g_ptr_array_index(people, i);
        g_autofree char *id = mxp_markup_escape(person->user_id);
        g_autofree char *name =
            mxp_markup_escape(person->display_name != NULL ? person->display_name : "");
        g_string_append_printf(text, "<br>%s %s", id, name);
    }
    mxp_system_line_write(conversation, text->str, PURPLE_MESSAGE_SYSTEM);
}

typedef struct {
    MxpReply *reply;
    char *words;
} Search;

static void search_free(gpointer data)
{
    Search *search = data;
    mxp_reply_free(search->reply);
    g_free(search->words);
    g_free(search);
}

static void on_found(MxClient *client, GPtrArray *people, gboolean is_limited, const GError *error,
                     gpointer user_data)
{
    Search *search = user_data;
    if (error != NULL) {
        g_autofree char *text = mxp_reply_explain(MXP_DEED_SEARCH, NULL, error);
        mxp_reply_fail(search->reply, text);
    } else if (people->len > 0) {
        write_lines(search->reply, people);
        show(search->reply->mxp, people, is_limited, search->words);
    } else {
        g_autofree char *text = g_strdup_printf(
            _("Your homeserver knows nobody by “%s”. People of other servers can be written to by "
              "their whole Matrix ID."),
            search->words);
        mxp_reply_fail(search->reply, text);
    }
}

/* ---- the question ---- */

static void on_words(PurpleConnection *gc, const char *words)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    g_autofree char *stripped = g_strstrip(g_strdup(words != NULL ? words : ""));
    if (mxp != NULL && *stripped != '\0')
        mxp_people_search_start(mxp, stripped, NULL);
}

static void on_cancelled(PurpleConnection *gc, const char *words)
{
}

void mxp_people_search_start(MxpAccount *mxp, const char *words, PurpleConversation *conversation)
{
    if (words == NULL) {
        purple_request_input(mxp->gc, _("Matrix"), _("Search for people"),
                             _("Part of a name or of a Matrix ID"), NULL, FALSE, FALSE, NULL,
                             _("_Search"), G_CALLBACK(on_words), _("_Cancel"),
                             G_CALLBACK(on_cancelled), mxp->account, NULL, NULL, mxp->gc);
        return;
    }
    Search *search = g_new0(Search, 1);
    search->reply = mxp_reply_new(mxp, conversation);
    search->words = g_strdup(words);
    mx_client_search_people(mxp->client, words, on_found, search, search_free);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "message-search.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "commands.h"
#include "logging.h"
#include "messages.h"
#include "mx-search-text.h"
#include "mx-search.h"
#include "reply.h"
#include "storage.h"

/* Characters of a message. */
#define MAX_EXCERPT 200

/* Counted in references: the account keeps the last one, for /search more. */
struct _MxpMessageSearch {
    MxpAccount *mxp;
    MxpReply *reply;
    MxSearch *search;
    guint found;      /* so far */
    gboolean is_busy; /* an answer is on its way */
    gboolean says_unsearched;
};

static void search_clear(gpointer data)
{
    MxpMessageSearch *search = data;
    mxp_reply_free(search->reply);
    g_clear_pointer(&search->search, mx_search_unref);
}

static void search_unref(gpointer search)
{
    g_rc_box_release_full(search, search_clear);
}

void mxp_message_search_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->message_search, search_unref);
}

/* ---- text ---- */

static void append_found(GString *text, const MxpMessageSearch *search, const MxFound *found)
{
    const MxLine *line = found->line;
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(line->ts / 1000);
    g_autofree char *time = when != NULL ? g_date_time_format(when, "%Y-%m-%d %H:%M") : NULL;
    g_autofree char *whole = mxp_messages_get_text(line);
    g_autofree char *excerpt =
        mx_search_dup_excerpt(whole != NULL ? whole : "", search->search->words, MAX_EXCERPT);
    g_autofree char *who =
        search->search->room != 0
            ? g_strdup(line->sender_name)
            : g_strdup_printf(_("%s in “%s”"), line->sender_name, found->room_name);
    g_string_append_printf(text, "\n%s  %s: %s", time != NULL ? time : "?", who, excerpt);
}

static void append_all(GString *text, const MxpMessageSearch *search, const MxFoundPage *page)
{
    if (page->stored->len > 0)
        g_string_append(text, search->found == 0 ? _("Found, newest first:") : _("Older ones:"));
    for (guint i = 0; i < page->stored->len; i++)
        append_found(text, search, g_ptr_array_index(page->stored, i));
    if (page->from_server->len > 0)
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "",
                               _("Found by the homeserver, newest first:"));
    for (guint i = 0; i < page->from_server->len; i++)
        append_found(text, search, g_ptr_array_index(page->from_server, i));
}

static void append_sentence(GString *text, const char *sentence)
{
    if (text->len > 0)
        g_string_append_c(text, '\n');
    g_string_append(text, sentence);
}

static void append_end(GString *text, const MxpMessageSearch *search, const MxFoundPage *page)
{
    if (page->has_more)
        append_sentence(text, _("There may be more: /search more."));
    else if (search->found == 0)
        append_sentence(text, _("Nothing was found."));
    else
        append_sentence(text, _("That is all."));
    if (page->server_error != NULL) {
        g_autofree char *sentence = g_strdup_printf(
            _("The homeserver could not be asked for more: %s"), page->server_error->message);
        append_sentence(text, sentence);
    }
    if (page->unindexed > 0) {
        g_autofree char *sentence = g_strdup_printf(
            g_dngettext(GETTEXT_PACKAGE,
                        "%" G_GINT64_FORMAT " older message could not be looked at yet. Try again "
                        "in a moment.",
                        "%" G_GINT64_FORMAT " older messages could not be looked at yet. Try again "
                        "in a moment.",
                        MIN(page->unindexed, G_MAXINT)),
            page->unindexed);
        append_sentence(text, sentence);
    }
    if (search->says_unsearched)
        append_sentence(text,
                        _("Messages of encrypted rooms are not searched, since “Log decrypted "
                          "messages” is not ticked in the account's settings."));
}

static void on_found(MxClient *client, const MxFoundPage *page, const GError *error, gpointer data)
{
    MxpMessageSearch *search = data;
    g_autoptr(GString) text = g_string_new(NULL);
    search->is_busy = FALSE;
    if (page == NULL) {
        mxp_reply_fail(search->reply, error->message);
        return;
    }
    append_all(text, search, page);
    search->found += page->stored->len + page->from_server->len;
    append_end(text, search, page);
    search->says_unsearched = FALSE;
    mxp_reply_say(search->reply, text->str);
}

/* ---- asking ---- */

static void ask(MxpMessageSearch *search)
{
    search->is_busy = TRUE;
    mx_client_search(search->mxp->client, search->search, on_found, g_rc_box_acquire(search),
                     search_unref);
}

static gboolean go_on(MxpAccount *mxp, PurpleConversation *conversation, char **error)
{
    MxpMessageSearch *search = mxp->message_search;
    if (search == NULL || (search->search->is_done && !search->is_busy)) {
        *error =
            g_strdup(search == NULL ? _("Nothing was searched for yet. Type /search and words.")
                                    : _("That was all. Type /search and other words."));
        return FALSE;
    }
    if (search->is_busy) {
        *error = g_strdup(_("What you asked for before is still on its way."));
        return FALSE;
    }
    mxp_reply_free(search->reply);
    search->reply = mxp_reply_new(mxp, conversation);
    ask(search);
    return TRUE;
}

/* Not encrypted, or its texts are in the index. */
static gboolean is_unsearched(MxpAccount *mxp, const MxRoom *room)
{
    if (purple_account_get_bool(mxp->account, MXP_OPTION_LOG_DECRYPTED, TRUE))
        return FALSE;
    if (room != NULL)
        return room->encrypted;
    g_autoptr(GList) rooms = mx_client_list_rooms(mxp->client);
    for (GList *at = rooms; at != NULL; at = at->next)
        if (((MxRoom *)at->data)->encrypted)
            return TRUE;
    return FALSE;
}

/* "all" and words. */
static const char *skip_all(const char *typed)
{
    if (!g_str_has_prefix(typed, "all") || !g_ascii_isspace(typed[3]))
        return NULL;
    return typed + 3 + strspn(typed + 3, " \t\n");
}

gboolean mxp_message_search_start(MxpAccount *mxp, const char *typed,
                                  PurpleConversation *conversation, char **error)
{
    g_autofree char *words = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    if (g_str_equal(words, "more"))
        return go_on(mxp, conversation, error);
    const char *everywhere = skip_all(words);
    MxRoom *room = everywhere == NULL ? mxp_command_get_room(conversation, mxp) : NULL;
    if (everywhere == NULL && room == NULL) {
        *error = g_strdup(_("This window belongs to no room that you are in. /search all and words "
                            "searches everywhere."));
        return FALSE;
    }
    g_autoptr(MxSearch) wanted = mx_search_new(everywhere != NULL ? everywhere : words, room);
    if (wanted == NULL) {
        *error = g_strdup(_("Type /search and the words to look for; /search all and words looks "
                            "everywhere, /search more goes on."));
        return FALSE;
    }
    mxp_storage_update(mxp);
    MxpMessageSearch *search = g_rc_box_new0(MxpMessageSearch);
    search->mxp = mxp;
    search->reply = mxp_reply_new(mxp, conversation);
    search->search = g_steal_pointer(&wanted);
    search->says_unsearched = is_unsearched(mxp, room);
    mxp_message_search_clear(mxp);
    mxp->message_search = search;
    ask(search);
    return TRUE;
}

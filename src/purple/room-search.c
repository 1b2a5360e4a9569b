/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "room-search.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-aliases.h"
#include "mx-directory.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-link.h"
#include "reply.h"
#include "rooms.h"

#define PAGE 20
/* Characters of a topic. */
#define MAX_TOPIC 120

/* What was asked for, counted in references; the account keeps the last one, for /list more. */
struct _MxpRoomSearch {
    MxpAccount *mxp;
    MxpReply *reply;
    char *server, *words, *space, *from;
};

static MxpRoomSearch *search_new(MxpAccount *mxp, PurpleConversation *conversation)
{
    MxpRoomSearch *search = g_rc_box_new0(MxpRoomSearch);
    search->mxp = mxp;
    search->reply = mxp_reply_new(mxp, conversation);
    return search;
}

static void search_clear(gpointer data)
{
    MxpRoomSearch *search = data;
    mxp_reply_free(search->reply);
    g_free(search->server);
    g_free(search->words);
    g_free(search->space);
    g_free(search->from);
}

static void search_unref(gpointer search)
{
    g_rc_box_release_full(search, search_clear);
}

void mxp_room_search_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->room_search, search_unref);
}

/* ---- text ---- */

static void append_room(GString *text, const MxListedRoom *room)
{
    const char *name = room->name != NULL ? room->name : room->alias;
    g_autofree char *topic = mx_event_tidy_text(room->topic, MAX_TOPIC);
    if (text->len > 0)
        g_string_append_c(text, '\n');
    g_string_append_printf(text, "%s – %s – ", name != NULL ? name : room->room_id,
                           room->alias != NULL ? room->alias : room->link);
    g_string_append_printf(text,
                           g_dngettext(GETTEXT_PACKAGE, "%" G_GINT64_FORMAT " member",
                                       "%" G_GINT64_FORMAT " members", MIN(room->people, G_MAXINT)),
                           room->people);
    if (room->is_space)
        g_string_append(text, _(", a space: /list and its address shows what is in it"));
    else if (mx_join_rule_has_knock(room->join_rule))
        g_string_append(text, _(", to be asked: /knock and its address"));
    if (topic != NULL)
        g_string_append_printf(text, " – %s", topic);
}

static char *get_source_name(const MxpRoomSearch *search)
{
    if (search->space != NULL) {
        g_autoptr(MxLink) link = mx_link_parse(search->space);
        MxRoom *room = mx_client_get_room(search->mxp->client, link->id);
        return g_strdup(room != NULL ? room->name : link->id);
    }
    return search->server != NULL
               ? g_strdup(search->server)
               : mx_user_id_get_server_name(mx_client_get_user_id(search->mxp->client));
}

static void on_page(MxClient *client, const MxRoomPage *page, const GError *error, gpointer data)
{
    MxpRoomSearch *search = data;
    g_autofree char *source = get_source_name(search);
    g_autoptr(GString) text = g_string_new(NULL);
    if (page == NULL) {
        g_autofree char *why = mxp_reply_explain(MXP_DEED_LIST, source, error);
        mxp_reply_fail(search->reply, why);
        return;
    }
    guint shown = MIN(page->rooms->len, PAGE);
    for (guint i = 0; i < shown; i++)
        append_room(text, g_ptr_array_index(page->rooms, i));
    if (shown == 0)
        g_string_append_printf(text, _("%s lists no such room."), source);
    else
        g_string_append(text, _("\n/join and an address joins a room."));
    if (shown < page->rooms->len)
        /* The server gave more than was asked for. */
        g_string_append_printf(text,
                               _(" %u more rooms were found; words to search for make the list "
                                 "shorter."),
                               page->rooms->len - shown + page->left_out);
    gboolean has_more = page->next != NULL && g_strcmp0(page->next, search->from) != 0;
    if (has_more)
        g_string_append(text, _(" There are more: /list more."));
    mxp_reply_say(search->reply, text->str);
    g_free(search->from);
    search->from = has_more ? g_strdup(page->next) : NULL;
}

/* ---- asking ---- */

static void ask(MxpRoomSearch *search)
{
    MxRoomQuery query = {.server = search->server,
                         .words = search->words,
                         .space = search->space,
                         .from = search->from,
                         .limit = PAGE};
    mx_client_list_public(search->mxp->client, &query, NULL, on_page, g_rc_box_acquire(search),
                          search_unref);
}

static void on_resolved(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    MxpRoomSearch *search = data;
    if (error != NULL) {
        g_autofree char *why = mxp_reply_explain(MXP_DEED_LIST, search->space, error);
        mxp_reply_fail(search->reply, why);
        return;
    }
    g_free(search->space);
    search->space = g_strdup(room_id);
    ask(search);
}

/* A first word that leads to a room is a space; one that looks like a homeserver is one. */
static void read_words(MxpRoomSearch *search, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", 2);
    g_autoptr(MxLink) link = mx_link_parse(parts[0]);
    gboolean is_server =
        parts[0] != NULL && strpbrk(parts[0], ".:") != NULL && mx_server_name_is_valid(parts[0]);
    if (link != NULL && link->kind != MX_LINK_USER) {
        /* A link to an ID may name servers. */
        search->space = g_strdup(link->kind == MX_LINK_ALIAS ? link->id : parts[0]);
    } else if (is_server) {
        search->server = g_strdup(parts[0]);
        search->words = g_strdup(parts[1]);
    } else if (*words != '\0') {
        search->words = g_strdup(words);
    }
}

static gboolean go_on(MxpAccount *mxp, PurpleConversation *conversation, char **error)
{
    MxpRoomSearch *search = mxp->room_search;
    if (search == NULL || search->from == NULL) {
        *error = g_strdup(_("There are no more rooms. /list begins again."));
        return FALSE;
    }
    mxp_reply_free(search->reply);
    search->reply = mxp_reply_new(mxp, conversation);
    ask(search);
    return TRUE;
}

gboolean mxp_room_search_start(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                               char **error)
{
    g_autofree char *stripped = g_strstrip(g_strdup(words != NULL ? words : ""));
    if (g_str_equal(stripped, "more"))
        return go_on(mxp, conversation, error);
    MxpRoomSearch *search = search_new(mxp, conversation);
    read_words(search, stripped);
    mxp_room_search_clear(mxp);
    mxp->room_search = search;
    MxRoom *room = search->space != NULL ? mxp_rooms_find(mxp, search->space) : NULL;
    if (search->space == NULL || search->space[0] != '#' || room != NULL) {
        if (room != NULL) {
            g_free(search->space);
            search->space = g_strdup(room->room_id);
        }
        ask(search);
    } else {
        mx_client_resolve_alias(mxp->client, search->space, on_resolved, g_rc_box_acquire(search),
                                search_unref);
    }
    return TRUE;
}

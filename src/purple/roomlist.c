/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "roomlist.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <request.h>

#include "mx-directory.h"
#include "mx-id.h"
#include "mx-link.h"
#include "reply.h"
#include "rooms.h"

/* Rooms asked for at once. */
#define PAGE 100
/* After so many rows a category "More rooms" stands for the rest. */
#define MAX_ROWS 500
/* A server that always has one more empty page is asked so often. */
#define MAX_PAGES 20
/* Rows are added for so long, in microseconds, before others have their turn. */
#define SLICE_US 4000

/* Each row has them, in this order. The hidden ones say how to go there, or on: libpurple does not
 * tell when a list is gone, so nothing about rows is kept elsewhere. */
static const struct {
    PurpleRoomlistFieldType type;
    const char *label, *name;
    gboolean is_hidden;
} fields[] = {
    {PURPLE_ROOMLIST_FIELD_STRING, "", MXP_COMPONENT_ROOM_ID, TRUE}, /* a link */
    {PURPLE_ROOMLIST_FIELD_STRING, "", "server", TRUE},
    {PURPLE_ROOMLIST_FIELD_STRING, "", "words", TRUE},
    {PURPLE_ROOMLIST_FIELD_STRING, "", "space", TRUE}, /* a link */
    {PURPLE_ROOMLIST_FIELD_STRING, "", "from", TRUE},
    {PURPLE_ROOMLIST_FIELD_INT, N_("Members"), "members", FALSE},
    {PURPLE_ROOMLIST_FIELD_STRING, N_("Address"), "address", FALSE},
    {PURPLE_ROOMLIST_FIELD_STRING, N_("Who may join"), "join_rule", FALSE},
    {PURPLE_ROOMLIST_FIELD_STRING, N_("Topic"), "topic", FALSE},
};
enum { LINK, SERVER, WORDS, SPACE, FROM };

/* Rows being fetched for a list. Its reference to the list is ours. */
typedef struct {
    MxpAccount *mxp;
    PurpleRoomlist *list;
    PurpleRoomlistRoom *parent; /* borrowed from the list, or NULL */
    char *server, *words, *space, *from;
    GCancellable *cancellable;
    void *dialog;      /* that asks for server and words, or NULL */
    GHashTable *known; /* set of links and tokens that were there */
    GPtrArray *rooms;  /* of MxListedRoom, on their way into the list */
    guint next_room, rows, pages, left_out;
    guint source;
} Fetch;

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_clear_handle_id(&fetch->source, g_source_remove);
    g_cancellable_cancel(fetch->cancellable);
    g_object_unref(fetch->cancellable);
    if (fetch->dialog != NULL)
        purple_request_close(PURPLE_REQUEST_FIELDS, fetch->dialog);
    g_clear_pointer(&fetch->rooms, g_ptr_array_unref);
    g_hash_table_unref(fetch->known);
    purple_roomlist_unref(fetch->list);
    g_free(fetch->server);
    g_free(fetch->words);
    g_free(fetch->space);
    g_free(fetch->from);
    g_free(fetch);
}

/* Takes the reference to list. */
static Fetch *fetch_new(MxpAccount *mxp, PurpleRoomlist *list, PurpleRoomlistRoom *parent)
{
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->mxp = mxp;
    fetch->list = list;
    fetch->parent = parent;
    fetch->cancellable = g_cancellable_new();
    fetch->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mxp->fetches = g_slist_prepend(mxp->fetches, fetch);
    purple_roomlist_set_in_progress(list, TRUE);
    return fetch;
}

static gboolean is_fetched(MxpAccount *mxp, PurpleRoomlist *list)
{
    for (GSList *at = mxp->fetches; at != NULL; at = at->next)
        if (((Fetch *)at->data)->list == list)
            return TRUE;
    return FALSE;
}

/* In this order: a window that is told of the end may let go of the list. */
static void finish(Fetch *fetch)
{
    MxpAccount *mxp = fetch->mxp;
    mxp->fetches = g_slist_remove(mxp->fetches, fetch);
    if (!is_fetched(mxp, fetch->list))
        purple_roomlist_set_in_progress(fetch->list, FALSE);
    fetch_free(fetch);
}

void mxp_roomlist_clear(MxpAccount *mxp)
{
    while (mxp->fetches != NULL)
        finish(mxp->fetches->data);
}

/* ---- rows ---- */

static const char *get_text(PurpleRoomlistRoom *row, guint field)
{
    return g_list_nth_data(purple_roomlist_room_get_fields(row), field);
}

static const char *describe_rule(MxJoinRule rule)
{
    switch (rule) {
    case MX_JOIN_RULE_PUBLIC:
        return _("anybody");
    case MX_JOIN_RULE_KNOCK:
        return _("who has asked");
    case MX_JOIN_RULE_RESTRICTED:
        return _("members of certain rooms");
    case MX_JOIN_RULE_KNOCK_RESTRICTED:
        return _("members of certain rooms, who has asked");
    default:
        return _("invited people");
    }
}

typedef struct {
    const char *hidden[FROM + 1];
    const MxListedRoom *room; /* or NULL */
} Row;

static PurpleRoomlistRoom *add_row(Fetch *fetch, PurpleRoomlistRoomType type, const char *name,
                                   PurpleRoomlistRoom *parent, const Row *values)
{
    PurpleRoomlistRoom *row = purple_roomlist_room_new(type, name, parent);
    const MxListedRoom *room = values->room;
    for (guint i = 0; i <= FROM; i++)
        purple_roomlist_room_add_field(fetch->list, row, values->hidden[i]);
    purple_roomlist_room_add_field(fetch->list, row,
                                   GINT_TO_POINTER(room != NULL ? MIN(room->people, G_MAXINT) : 0));
    purple_roomlist_room_add_field(fetch->list, row,
                                   room != NULL && room->alias != NULL ? room->alias : "");
    purple_roomlist_room_add_field(fetch->list, row,
                                   room != NULL ? describe_rule(room->join_rule) : "");
    purple_roomlist_room_add_field(fetch->list, row,
                                   room != NULL && room->topic != NULL ? room->topic : "");
    purple_roomlist_room_add(fetch->list, row);
    return row;
}

/* A space within itself would have no end. */
static gboolean is_inside(PurpleRoomlistRoom *parent, const char *room_id)
{
    for (; parent != NULL; parent = purple_roomlist_room_get_parent(parent)) {
        g_autoptr(MxLink) link = mx_link_parse(get_text(parent, SPACE));
        if (link != NULL && g_str_equal(link->id, room_id))
            return TRUE;
    }
    return FALSE;
}

static void add_room(Fetch *fetch, const MxListedRoom *room)
{
    const char *name = room->name != NULL    ? room->name
                       : room->alias != NULL ? room->alias
                                             : room->room_id;
    if (!g_hash_table_add(fetch->known, g_strdup(room->room_id)) ||
        is_inside(fetch->parent, room->room_id))
        return;
    fetch->rows++;
    Row row = {.hidden = {[LINK] = room->link}, .room = room};
    if (!room->is_space) {
        add_row(fetch, PURPLE_ROOMLIST_ROOMTYPE_ROOM, name, fetch->parent, &row);
        return;
    }
    row.hidden[SPACE] = room->link;
    row.hidden[SERVER] = fetch->server;
    PurpleRoomlistRoom *category =
        add_row(fetch, PURPLE_ROOMLIST_ROOMTYPE_CATEGORY, name, fetch->parent, &row);
    /* Finch joins no category, so that the space has a row within it. */
    g_autofree char *text = g_strdup_printf(_("The space “%s” itself"), name);
    row.hidden[SPACE] = NULL;
    add_row(fetch, PURPLE_ROOMLIST_ROOMTYPE_ROOM, text, category, &row);
}

static void add_more(Fetch *fetch)
{
    Row row = {.hidden = {[SERVER] = fetch->server,
                          [WORDS] = fetch->words,
                          [SPACE] = fetch->space,
                          [FROM] = fetch->from}};
    /* Beside the one before it, not within. */
    PurpleRoomlistRoom *parent = fetch->parent;
    if (parent != NULL && get_text(parent, FROM) != NULL)
        parent = purple_roomlist_room_get_parent(parent);
    add_row(fetch, PURPLE_ROOMLIST_ROOMTYPE_CATEGORY, _("More rooms…"), parent, &row);
}

/* ---- pages ---- */

static void ask(Fetch *fetch);

static void say(Fetch *fetch, const char *text)
{
    purple_notify_info(fetch->mxp->gc, _("Matrix"),
                       purple_account_get_username(fetch->mxp->account), text);
}

static void go_on(Fetch *fetch)
{
    if (fetch->from != NULL && fetch->rows < MAX_ROWS && fetch->pages < MAX_PAGES) {
        ask(fetch);
        return;
    }
    if (fetch->from != NULL)
        add_more(fetch);
    else if (fetch->rows == 0 && fetch->parent == NULL)
        say(fetch, _("No room was found."));
    if (fetch->left_out > 0) {
        g_autofree char *text = g_strdup_printf(
            _("%u more rooms are not shown. Words to search for make the list shorter."),
            fetch->left_out);
        say(fetch, text);
    }
    finish(fetch);
}

static gboolean on_slice(gpointer data)
{
    Fetch *fetch = data;
    gint64 end = g_get_monotonic_time() + SLICE_US;
    while (fetch->next_room < fetch->rooms->len && g_get_monotonic_time() < end)
        add_room(fetch, g_ptr_array_index(fetch->rooms, fetch->next_room++));
    if (fetch->next_room < fetch->rooms->len)
        return G_SOURCE_CONTINUE;
    fetch->source = 0;
    go_on(fetch);
    return G_SOURCE_REMOVE;
}

static void fail(Fetch *fetch, const GError *error)
{
    g_autofree char *server = g_strdup(fetch->server);
    if (server == NULL)
        server = mx_user_id_get_server_name(mx_client_get_user_id(fetch->mxp->client));
    g_autofree char *text = mxp_reply_explain(MXP_DEED_LIST,
                                              fetch->space != NULL && fetch->parent != NULL
                                                  ? purple_roomlist_room_get_name(fetch->parent)
                                                  : server,
                                              error);
    g_autoptr(MxpReply) reply = mxp_reply_new(fetch->mxp, NULL);
    if (fetch->parent != NULL)
        fetch->parent->expanded_once = FALSE; /* it can be tried again */
    finish(fetch);
    mxp_reply_fail(reply, text);
}

static void on_page(MxClient *client, const MxRoomPage *page, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    if (page == NULL) {
        fail(fetch, error);
        return;
    }
    fetch->rooms = g_ptr_array_ref(page->rooms);
    fetch->next_room = 0;
    fetch->pages++;
    fetch->left_out += page->left_out;
    g_free(fetch->from);
    fetch->from = NULL;
    /* A token that has been there leads in a circle. */
    g_autofree char *token = page->next != NULL ? g_strconcat("from ", page->next, NULL) : NULL;
    if (token != NULL && g_hash_table_add(fetch->known, g_steal_pointer(&token)))
        fetch->from = g_strdup(page->next);
    fetch->source = g_idle_add(on_slice, fetch);
}

static void ask(Fetch *fetch)
{
    MxRoomQuery query = {.server = fetch->server,
                         .words = fetch->words,
                         .space = fetch->space,
                         .from = fetch->from,
                         .limit = PAGE};
    g_clear_pointer(&fetch->rooms, g_ptr_array_unref);
    mx_client_list_public(fetch->mxp->client, &query, fetch->cancellable, on_page, fetch, NULL);
}

/* ---- the dialog before ---- */

static char *get_entered(PurpleRequestFields *entered, const char *id)
{
    const char *text = purple_request_fields_get_string(entered, id);
    g_autofree char *stripped = g_strstrip(g_strdup(text != NULL ? text : ""));
    return *stripped != '\0' ? g_steal_pointer(&stripped) : NULL;
}

static void on_entered(Fetch *fetch, PurpleRequestFields *entered)
{
    fetch->dialog = NULL;
    fetch->server = get_entered(entered, "server");
    fetch->words = get_entered(entered, "words");
    if (fetch->server != NULL && !mx_server_name_is_valid(fetch->server)) {
        g_autoptr(MxpReply) reply = mxp_reply_new(fetch->mxp, NULL);
        finish(fetch);
        mxp_reply_fail(reply, _("That is no name of a homeserver. It looks like example.org."));
        return;
    }
    ask(fetch);
}

static void on_cancelled(Fetch *fetch, PurpleRequestFields *entered)
{
    fetch->dialog = NULL;
    finish(fetch);
}

static void ask_what(Fetch *fetch)
{
    MxpAccount *mxp = fetch->mxp;
    PurpleRequestFields *all = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    purple_request_field_group_add_field(
        group, purple_request_field_string_new("server", _("Homeserver"), NULL, FALSE));
    purple_request_field_group_add_field(
        group, purple_request_field_string_new("words", _("Words to search for"), NULL, FALSE));
    purple_request_fields_add_group(all, group);
    fetch->dialog = purple_request_fields(
        mxp->gc, _("Matrix"), _("List rooms"),
        _("Without a homeserver yours is asked. Without words all rooms of its list are shown."),
        all, _("List"), G_CALLBACK(on_entered), _("Cancel"), G_CALLBACK(on_cancelled), mxp->account,
        NULL, NULL, fetch);
}

/* ---- hooks ---- */

PurpleRoomlist *mxp_roomlist_get_list(PurpleConnection *gc)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    GList *list_fields = NULL;
    if (mxp == NULL || !PURPLE_CONNECTION_IS_CONNECTED(gc))
        return NULL;
    PurpleRoomlist *list = purple_roomlist_new(mxp->account);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        list_fields = g_list_append(
            list_fields, purple_roomlist_field_new(
                             fields[i].type, *fields[i].label != '\0' ? _(fields[i].label) : "",
                             fields[i].name, fields[i].is_hidden));
    purple_roomlist_set_fields(list, list_fields);
    ask_what(fetch_new(mxp, list, NULL));
    return list;
}

void mxp_roomlist_cancel(PurpleRoomlist *list)
{
    MxpAccount *mxp = mxp_account_get(list->account);
    GSList *next;
    for (GSList *at = mxp != NULL ? mxp->fetches : NULL; at != NULL; at = next) {
        next = at->next;
        if (((Fetch *)at->data)->list == list)
            finish(at->data);
    }
}

void mxp_roomlist_expand_category(PurpleRoomlist *list, PurpleRoomlistRoom *category)
{
    MxpAccount *mxp = mxp_account_get(list->account);
    if (mxp == NULL || !PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return;
    purple_roomlist_ref(list);
    Fetch *fetch = fetch_new(mxp, list, category);
    fetch->server = g_strdup(get_text(category, SERVER));
    fetch->words = g_strdup(get_text(category, WORDS));
    fetch->space = g_strdup(get_text(category, SPACE));
    fetch->from = g_strdup(get_text(category, FROM));
    ask(fetch);
}

char *mxp_roomlist_room_serialize(PurpleRoomlistRoom *row)
{
    const char *link = get_text(row, LINK);
    return g_strdup(link != NULL ? link : "");
}

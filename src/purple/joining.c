/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "joining.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <server.h>

#include "buddies.h"
#include "chat-window.h"
#include "delivery.h"
#include "invites.h"
#include "knocks.h"
#include "mx-link.h"
#include "permalink.h"
#include "reply.h"
#include "rooms.h"

/* After so long the user is told that it goes on. */
#define SLOW_MS 3000
/* After so long without an answer, joining it again asks again: the servers may have forgotten. */
#define ASK_AGAIN_S 10
/* So long a new room's window waits for the name. */
#define NAME_MS 3000

typedef struct {
    MxpAccount *mxp;
    char *target;     /* room ID or alias, as asked for */
    char **via;       /* servers to ask */
    char *room_id;    /* once the answer names it; the room itself comes with a /sync */
    char *event_id;   /* a message to show then, or NULL */
    char *name;       /* or NULL; what it was made with, and may come a /sync later */
    MxpReply *reply;  /* NULL: nobody waits for words */
    gboolean is_hook; /* libpurple asked, and wants to know of a failure */
    gint64 since;     /* monotonic, us */
    guint attempt;    /* only the last one's failure counts */
    guint slow_source;
    void *notice; /* the dialog that says it takes long, or NULL */
} Join;

static void join_free(gpointer data)
{
    Join *join = data;
    g_clear_handle_id(&join->slow_source, g_source_remove);
    if (join->notice != NULL)
        purple_notify_close(PURPLE_NOTIFY_MESSAGE, join->notice); /* its callback clears it */
    g_clear_pointer(&join->reply, mxp_reply_free);
    g_free(join->target);
    g_strfreev(join->via);
    g_free(join->room_id);
    g_free(join->event_id);
    g_free(join->name);
    g_free(join);
}

void mxp_joining_init(MxpAccount *mxp)
{
    mxp->joins = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, join_free);
}

void mxp_joining_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->joins, g_hash_table_unref);
}

static Join *add_join(MxpAccount *mxp, const char *target)
{
    Join *join = g_new0(Join, 1);
    join->mxp = mxp;
    join->target = g_strdup(target);
    join->since = g_get_monotonic_time();
    g_hash_table_replace(mxp->joins, join->target, join);
    return join;
}

/* ---- open ---- */

/* event_id: of a message to show, or NULL. */
static void open_window(MxpAccount *mxp, MxRoom *room, const char *event_id, const MxpReply *reply)
{
    if (room->is_space) {
        g_autofree char *text = g_strdup_printf(
            _("“%s” is a space: you are in it now. It has no messages of its own."), room->name);
        if (reply != NULL && reply->name != NULL)
            mxp_reply_say(reply, text);
        else
            purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account),
                               text);
        return;
    }
    if (room->direct_user != NULL)
        mxp_buddies_open_im(mxp, room);
    else
        mxp_chat_window_open(mxp, room);
    mxp_delivery_run(mxp, room);
    if (event_id != NULL)
        mxp_permalink_show(mxp, room, event_id);
}

static gboolean is_for(const Join *join, const MxRoom *room)
{
    /* Finch shows for ever the title that a window had first. */
    if (join->name != NULL && !g_str_equal(join->name, room->name))
        return FALSE;
    return g_strcmp0(join->room_id, room->room_id) == 0 || g_str_equal(join->target, room->room_id);
}

void mxp_joining_update(MxpAccount *mxp, MxRoom *room)
{
    GHashTableIter iter;
    gpointer value;
    if (room->membership != MX_MEMBERSHIP_JOIN)
        return;
    g_hash_table_iter_init(&iter, mxp->joins);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Join *join = value;
        if (!is_for(join, room))
            continue;
        g_autoptr(MxpReply) reply = g_steal_pointer(&join->reply);
        g_autofree char *event_id = g_steal_pointer(&join->event_id);
        g_hash_table_iter_remove(&iter);
        open_window(mxp, room, event_id, reply);
        return;
    }
}

static gboolean on_nameless(gpointer data)
{
    Join *join = data;
    join->slow_source = 0;
    g_clear_pointer(&join->name, g_free);
    MxRoom *room = mx_client_get_room(join->mxp->client, join->target);
    if (room != NULL)
        mxp_joining_update(join->mxp, room); /* and join is gone */
    return G_SOURCE_REMOVE;
}

void mxp_joining_expect(MxpAccount *mxp, const char *room_id, const char *name)
{
    MxRoom *room = mx_client_get_room(mxp->client, room_id);
    Join *join = add_join(mxp, room_id);
    join->name = mx_event_tidy_name(name);
    if (join->name != NULL)
        join->slow_source = g_timeout_add(NAME_MS, on_nameless, join);
    if (room != NULL)
        mxp_joining_update(mxp, room);
}

/* ---- ask ---- */

static void on_notice_closed(gpointer data)
{
    Join *join = data;
    join->notice = NULL;
}

static gboolean on_slow(gpointer data)
{
    Join *join = data;
    join->slow_source = 0;
    g_autofree char *text = g_strdup_printf(
        _("Still joining %s: its servers have to be asked, which can take minutes. You can go on "
          "meanwhile; its window opens by itself."),
        join->target);
    if (mxp_reply_get_conversation(join->reply) != NULL)
        mxp_reply_say(join->reply, text);
    else
        join->notice = purple_notify_message(join->mxp->gc, PURPLE_NOTIFY_MSG_INFO, _("Matrix"),
                                             purple_account_get_username(join->mxp->account), text,
                                             on_notice_closed, join);
    return G_SOURCE_REMOVE;
}

/* libpurple and the user interfaces give back what they had kept for the join. */
static void tell_libpurple(MxpAccount *mxp, const char *text)
{
    g_autoptr(GHashTable) components = mxp_rooms_chat_info_defaults(mxp->gc, text);
    purple_serv_got_join_chat_failed(mxp->gc, components);
}

static void fail(Join *join, const GError *error)
{
    MxpAccount *mxp = join->mxp;
    MxRoom *room = mx_client_get_room(mxp->client, join->target);
    g_autofree char *shown = g_strdup(room != NULL ? room->name : join->target);
    g_autofree char *target = g_strdup(join->target);
    MxpReply *reply = g_steal_pointer(&join->reply);
    g_auto(GStrv) via = g_steal_pointer(&join->via);
    gboolean is_hook = join->is_hook;
    g_hash_table_remove(mxp->joins, target);
    if (is_hook)
        tell_libpurple(mxp, target);
    mxp_invites_not_answered(mxp, target);
    g_autofree char *text = mxp_reply_explain(MXP_DEED_JOIN, shown, error);
    mxp_knocks_explain_join(reply, target, (const char *const *)via, error, text);
}

typedef struct {
    MxpAccount *mxp;
    char *target;
    guint attempt;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->target);
    g_free(asked);
}

static void on_joined(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Asked *asked = data;
    MxpAccount *mxp = asked->mxp;
    Join *join = g_hash_table_lookup(mxp->joins, asked->target);
    if (error == NULL)
        mxp_rooms_claim_node(mxp, asked->target, room_id);
    if (join == NULL || join->reply == NULL)
        return; /* the /sync was faster */
    if (error != NULL) {
        if (asked->attempt == join->attempt)
            fail(join, error);
        return;
    }
    join->room_id = g_strdup(room_id);
    MxRoom *room = mx_client_get_room(mxp->client, room_id);
    if (room != NULL)
        mxp_joining_update(mxp, room);
}

static void send_attempt(Join *join, const MxLink *link, const char *reason)
{
    Asked *asked = g_new0(Asked, 1);
    asked->mxp = join->mxp;
    asked->target = g_strdup(join->target);
    asked->attempt = ++join->attempt;
    mx_client_join(join->mxp->client, link->id, (const char *const *)link->via, reason, on_joined,
                   asked, asked_free);
}

/* It is under way already, and the user asks again. */
static void ask_again(Join *join, const MxLink *link, const char *reason,
                      PurpleConversation *conversation)
{
    g_autoptr(MxpReply) reply = mxp_reply_new(join->mxp, conversation);
    int seconds = (g_get_monotonic_time() - join->since) / G_USEC_PER_SEC;
    if (conversation == NULL && seconds < SLOW_MS / 1000)
        return; /* a double click, or two reasons to join at the start */
    gboolean is_late = seconds >= ASK_AGAIN_S && join->room_id == NULL;
    g_autofree char *text =
        is_late
            ? g_strdup_printf(_("%s has not been joined in %d seconds. It is asked for again."),
                              join->target, seconds)
            : g_strdup_printf(_("%s is still being joined, for %d seconds now. Its window opens "
                                "by itself."),
                              join->target, seconds);
    if (is_late)
        send_attempt(join, link, reason);
    if (reply->name != NULL)
        mxp_reply_say(reply, text);
    else
        purple_notify_info(join->mxp->gc, _("Matrix"),
                           purple_account_get_username(join->mxp->account), text);
}

static void ask(MxpAccount *mxp, const MxLink *link, const char *reason,
                PurpleConversation *conversation, gboolean is_hook)
{
    Join *join = g_hash_table_lookup(mxp->joins, link->id);
    if (join != NULL) {
        if (join->reply != NULL)
            ask_again(join, link, reason, conversation);
        return; /* or it is joined, and comes with the next /sync */
    }
    join = add_join(mxp, link->id);
    join->reply = mxp_reply_new(mxp, conversation);
    join->is_hook = is_hook;
    join->via = g_strdupv(link->via);
    join->event_id = g_strdup(link->event_id);
    join->slow_source = g_timeout_add(SLOW_MS, on_slow, join);
    send_attempt(join, link, reason);
}

static void open_person(MxpAccount *mxp, const char *user_id)
{
    PurpleConversation *conversation = mxp_buddies_find_im(mxp, user_id);
    if (conversation == NULL)
        conversation = purple_conversation_new(PURPLE_CONV_TYPE_IM, mxp->account, user_id);
    purple_conversation_present(conversation);
}

static void go_to(MxpAccount *mxp, const MxLink *link, const char *reason,
                  PurpleConversation *conversation, gboolean is_hook)
{
    /* Any room can say of itself that it has an address: where that leads the homeserver knows. */
    MxRoom *room = mx_client_get_room(mxp->client, link->id);
    if (link->kind == MX_LINK_USER) {
        open_person(mxp, link->id);
    } else if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN) {
        g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
        open_window(mxp, room, link->event_id, reply);
    } else {
        mxp_invites_answered(mxp, link->id);
        ask(mxp, link, reason, conversation, is_hook);
    }
}

gboolean mxp_joining_start(MxpAccount *mxp, const char *text, const char *reason,
                           PurpleConversation *conversation)
{
    g_autoptr(MxLink) link = mx_link_parse(text);
    if (link == NULL)
        return FALSE;
    go_to(mxp, link, reason, conversation, FALSE);
    return TRUE;
}

/* ---- hook ---- */

/* At signing on the user interfaces join again what was open. That is no wish to come back to a
 * room which one has left, or was thrown out of; a node that is to be joined always is one. */
static gboolean is_only_rejoined(MxpAccount *mxp, const MxLink *link)
{
    return mxp->is_signing_on && !mxp_rooms_is_joined_always(mxp, link->id);
}

/* Its window said that it would be joined again. */
static void say_not_in(MxpAccount *mxp, const char *room_id)
{
    PurpleConversation *conversation =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_CHAT, room_id, mxp->account);
    const char *title =
        conversation != NULL ? purple_conversation_get_title(conversation) : room_id;
    g_autofree char *text = g_strdup_printf(
        _("You are no longer in the room “%s”, so it was not joined again."), title);
    purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

void mxp_joining_join_chat(PurpleConnection *gc, GHashTable *components)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    /* The hash may be NULL, and is gone when this returns. */
    g_autofree char *text = mxp_rooms_get_typed(components);
    g_autoptr(MxLink) link = mx_link_parse(text);
    if (mxp == NULL || !PURPLE_CONNECTION_IS_CONNECTED(gc))
        return;
    if (link == NULL) {
        g_autofree char *shown = mx_event_tidy_name(text);
        g_autofree char *why = g_strdup_printf(
            _("“%s” leads to no room. Type its address (#room:example.org), its ID (!abc…) or a "
              "matrix.to or matrix: link."),
            shown != NULL ? shown : "");
        purple_serv_got_join_chat_failed(gc, components);
        purple_notify_error(gc, _("Matrix"), _("The room cannot be opened"), why);
        return;
    }
    MxRoom *room = mxp_rooms_find(mxp, link->id);
    gboolean is_joined = room != NULL && room->membership == MX_MEMBERSHIP_JOIN;
    if (link->kind != MX_LINK_USER && !is_joined && is_only_rejoined(mxp, link)) {
        purple_serv_got_join_chat_failed(gc, components);
        say_not_in(mxp, link->id);
        return;
    }
    go_to(mxp, link, NULL, NULL, TRUE);
}

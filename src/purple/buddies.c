/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "buddies.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>

#include "delivery.h"
#include "groups.h"
#include "history.h"
#include "mx-id.h"
#include "presence.h"
#include "profile.h"
#include "rooms.h"

/* The room a buddy node was made for; the user's own buddies have none and are never removed. */
#define NODE_ROOM "matrix_room"
#define SLICE_US (8 * 1000)

static void remember_room(MxpAccount *mxp, PurpleBuddy *buddy, const char *room_id)
{
    purple_blist_node_set_string(&buddy->node, NODE_ROOM, room_id);
    g_hash_table_replace(mxp->buddy_rooms, g_strdup(room_id),
                         g_strdup(purple_buddy_get_name(buddy)));
}

/* An IM window that the user opened: what waits for it is shown, like in a chat's. */
static void on_conversation_created(PurpleConversation *conversation, MxpAccount *mxp)
{
    if (purple_conversation_get_account(conversation) != mxp->account ||
        purple_conversation_get_type(conversation) != PURPLE_CONV_TYPE_IM ||
        !PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return;
    MxRoom *room = mx_client_get_direct(mxp->client, purple_conversation_get_name(conversation));
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mxp_delivery_run(mxp, room);
}

void mxp_buddies_init(MxpAccount *mxp)
{
    mxp->buddy_rooms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GSList *buddies = purple_find_buddies(mxp->account, NULL);
    for (GSList *at = buddies; at != NULL; at = at->next) {
        PurpleBuddy *buddy = at->data;
        const char *room_id = purple_blist_node_get_string(&buddy->node, NODE_ROOM);
        if (room_id != NULL)
            g_hash_table_replace(mxp->buddy_rooms, g_strdup(room_id),
                                 g_strdup(purple_buddy_get_name(buddy)));
        else
            mx_client_watch_presence(mxp->client, purple_buddy_get_name(buddy));
    }
    g_slist_free(buddies);
    purple_signal_connect(purple_conversations_get_handle(), "conversation-created", mxp,
                          PURPLE_CALLBACK(on_conversation_created), mxp);
}

void mxp_buddies_clear(MxpAccount *mxp)
{
    g_clear_handle_id(&mxp->show_source, g_source_remove);
    g_slist_free_full(g_steal_pointer(&mxp->to_show), g_free);
    g_clear_pointer(&mxp->buddy_rooms, g_hash_table_unref);
}

static void add_buddy(MxpAccount *mxp, MxRoom *room)
{
    PurpleBuddy *buddy = purple_buddy_new(mxp->account, room->direct_user, NULL);
    purple_blist_add_buddy(buddy, NULL, mxp_groups_get_usual(mxp), NULL);
    /* An open window would tell of it as of a change. */
    purple_blist_server_alias_buddy(buddy, room->partner_name);
    remember_room(mxp, buddy, room->room_id);
}

/* The room is no longer this buddy's IM: it has become a chat. */
static void drop_buddy_of(MxpAccount *mxp, MxRoom *room)
{
    const char *user_id = g_hash_table_lookup(mxp->buddy_rooms, room->room_id);
    if (user_id == NULL)
        return;
    PurpleBuddy *buddy = purple_find_buddy(mxp->account, user_id);
    gboolean is_needed = mx_client_get_direct(mxp->client, user_id) != NULL;
    g_hash_table_remove(mxp->buddy_rooms, room->room_id);
    if (buddy != NULL && !is_needed)
        purple_blist_remove_buddy(buddy);
}

void mxp_buddies_set_name(MxpAccount *mxp, const char *user_id, const char *name)
{
    /* serv_got_alias() would also write of it into the window, where the room's own line does. */
    GSList *buddies = purple_find_buddies(mxp->account, user_id);
    for (GSList *at = buddies; at != NULL; at = at->next)
        purple_blist_server_alias_buddy(at->data, name);
    g_slist_free(buddies);
}

void mxp_buddies_update(MxpAccount *mxp, MxRoom *room)
{
    if (room->membership == MX_MEMBERSHIP_PENDING)
        return;
    if (room->direct_user == NULL) {
        if (room->membership == MX_MEMBERSHIP_JOIN)
            drop_buddy_of(mxp, room);
        return;
    }
    PurpleBuddy *buddy = purple_find_buddy(mxp->account, room->direct_user);
    if (buddy == NULL && mxp_rooms_is_hidden(mxp, room))
        return;
    if (buddy == NULL)
        add_buddy(mxp, room);
    else if (purple_blist_node_get_string(&buddy->node, NODE_ROOM) != NULL)
        remember_room(mxp, buddy, room->room_id);
    mxp_buddies_set_name(mxp, room->direct_user, room->partner_name);
    mxp_presence_show(mxp, room->direct_user);
}

static gboolean on_show_slice(gpointer data)
{
    MxpAccount *mxp = data;
    gint64 until = g_get_monotonic_time() + SLICE_US;
    while (mxp->to_show != NULL && g_get_monotonic_time() < until) {
        g_autofree char *user_id = mxp->to_show->data;
        mxp->to_show = g_slist_delete_link(mxp->to_show, mxp->to_show);
        mxp_presence_show(mxp, user_id);
    }
    if (mxp->to_show != NULL)
        return G_SOURCE_CONTINUE;
    mxp->show_source = 0;
    return G_SOURCE_REMOVE;
}

void mxp_buddies_show_present(MxpAccount *mxp)
{
    GSList *buddies = purple_find_buddies(mxp->account, NULL);
    for (GSList *at = buddies; at != NULL; at = at->next)
        mxp->to_show = g_slist_prepend(mxp->to_show, g_strdup(purple_buddy_get_name(at->data)));
    g_slist_free(buddies);
    if (mxp->show_source == 0)
        mxp->show_source = g_idle_add(on_show_slice, mxp);
}

PurpleConversation *mxp_buddies_find_im(MxpAccount *mxp, const char *user_id)
{
    return purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, user_id, mxp->account);
}

PurpleConversation *mxp_buddies_open_im(MxpAccount *mxp, MxRoom *room)
{
    PurpleConversation *conversation = mxp_buddies_find_im(mxp, room->direct_user);
    if (conversation == NULL)
        conversation =
            purple_conversation_new(PURPLE_CONV_TYPE_IM, mxp->account, room->direct_user);
    return conversation;
}

/* ---- hooks ---- */

void mxp_buddies_add_with_invite(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group,
                                 const char *message)
{
    const char *name = purple_buddy_get_name(buddy);
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    if (!mx_user_id_is_valid(name)) {
        g_autofree char *text =
            g_strdup_printf(_("“%s” is no Matrix ID. It has the form @name:server, for example "
                              "@alice:example.org."),
                            name);
        purple_notify_error(gc, _("Matrix"), _("This person cannot be written to"), text);
        return;
    }
    /* The room is made with the first message, not before. */
    mx_client_watch_presence(mxp->client, name);
    mxp_presence_show(mxp, name);
    if (mx_client_get_direct(mxp->client, name) == NULL)
        mxp_profile_learn(mxp, name);
}

void mxp_buddies_add(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group)
{
    mxp_buddies_add_with_invite(gc, buddy, group, NULL);
}

void mxp_buddies_remove(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group)
{
    /* A buddy is a line in the user's list. Removing it says nothing to the server and leaves no
     * room. */
}

void mxp_buddies_rename_group(PurpleConnection *gc, const char *old_name, PurpleGroup *group,
                              GList *moved)
{
}

const char *mxp_buddies_normalize(const PurpleAccount *account, const char *name)
{
    /* Identifiers compare byte by byte; only white space around a typed one goes. */
    static char buffer[1024];
    while (g_ascii_isspace(*name))
        name++;
    g_strlcpy(buffer, name, sizeof buffer);
    g_strchomp(buffer);
    return buffer;
}

void mxp_buddies_convo_closed(PurpleConnection *gc, const char *who)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room = mxp != NULL ? mx_client_get_direct(mxp->client, who) : NULL;
    if (room == NULL)
        return;
    mxp_history_forget(mxp, room->room_id);
    mx_client_close_room(mxp->client, room);
}

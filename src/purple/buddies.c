/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "buddies.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <prpl.h>
#include <server.h>

#include "mx-id.h"
#include "rooms.h"

/* The room a buddy node was made for; the user's own buddies have none and are never removed. */
#define NODE_ROOM "matrix_room"

static void show_available(MxpAccount *mxp, const char *user_id)
{
    purple_prpl_got_user_status(mxp->account, user_id, "available", NULL);
}

static void add_buddy(MxpAccount *mxp, MxRoom *room)
{
    PurpleBuddy *buddy = purple_buddy_new(mxp->account, room->direct_user, NULL);
    purple_blist_add_buddy(buddy, NULL, mxp_rooms_get_group(), NULL);
    purple_blist_node_set_string(&buddy->node, NODE_ROOM, room->room_id);
}

/* The room is no longer this buddy's IM: it has become a chat. */
static void drop_buddies_of(MxpAccount *mxp, MxRoom *room)
{
    GSList *buddies = purple_find_buddies(mxp->account, NULL);
    for (GSList *at = buddies; at != NULL; at = at->next) {
        PurpleBuddy *buddy = at->data;
        const char *made_for = purple_blist_node_get_string(&buddy->node, NODE_ROOM);
        if (g_strcmp0(made_for, room->room_id) == 0 &&
            mx_client_get_direct(mxp->client, purple_buddy_get_name(buddy)) == NULL)
            purple_blist_remove_buddy(buddy);
    }
    g_slist_free(buddies);
}

void mxp_buddies_update(MxpAccount *mxp, MxRoom *room)
{
    if (room->membership == MX_MEMBERSHIP_PENDING)
        return;
    if (room->direct_user == NULL) {
        if (room->membership == MX_MEMBERSHIP_JOIN && room->people <= 2)
            drop_buddies_of(mxp, room);
        return;
    }
    PurpleBuddy *buddy = purple_find_buddy(mxp->account, room->direct_user);
    if (buddy == NULL) {
        add_buddy(mxp, room);
    } else if (purple_blist_node_get_string(&buddy->node, NODE_ROOM) != NULL) {
        purple_blist_node_set_string(&buddy->node, NODE_ROOM, room->room_id);
    }
    serv_got_alias(mxp->gc, room->direct_user, room->partner_name);
    if (PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        show_available(mxp, room->direct_user);
}

void mxp_buddies_show_present(MxpAccount *mxp)
{
    GSList *buddies = purple_find_buddies(mxp->account, NULL);
    for (GSList *at = buddies; at != NULL; at = at->next)
        show_available(mxp, purple_buddy_get_name(at->data));
    g_slist_free(buddies);
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
    show_available(mxp, name);
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
    if (room != NULL)
        mx_client_close_room(mxp->client, room);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "rooms.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "buddies.h"
#include "groups.h"
#include "mx-link.h"

/* The name we gave the node last: an alias that is not this one is the user's, and stays. */
#define NODE_NAME "matrix_name"

static const char *get_room_id(PurpleChat *chat)
{
    GHashTable *components = purple_chat_get_components(chat);
    return components != NULL ? g_hash_table_lookup(components, MXP_COMPONENT_ROOM_ID) : NULL;
}

/* What a node is found by: the identifier in a link, else what was typed. The caller frees. */
static char *get_target(const char *typed)
{
    g_autoptr(MxLink) link = mx_link_parse(typed);
    return g_strdup(link != NULL ? link->id : typed);
}

static void on_ghost_removed(gpointer chat)
{
    purple_chat_destroy(chat);
}

static void hide(MxpAccount *mxp, const char *room_id)
{
    MxRoom *room = mx_client_get_room(mxp->client, room_id);
    g_hash_table_add(mxp->hidden, g_strdup(room_id));
    if (room != NULL)
        mx_client_hide_room(mxp->client, room);
}

static void on_buddy_removed(MxpAccount *mxp, PurpleBuddy *buddy)
{
    MxRoom *room = purple_buddy_get_account(buddy) == mxp->account
                       ? mx_client_get_direct(mxp->client, purple_buddy_get_name(buddy))
                       : NULL;
    if (room != NULL)
        hide(mxp, room->room_id);
}

/* There is no hook for this, and the address we keep is no longer good. */
static void on_node_removed(PurpleBlistNode *node, MxpAccount *mxp)
{
    if (PURPLE_BLIST_NODE_IS_BUDDY(node))
        on_buddy_removed(mxp, (PurpleBuddy *)node);
    if (!PURPLE_BLIST_NODE_IS_CHAT(node))
        return;
    g_autofree char *room_id = get_target(get_room_id((PurpleChat *)node));
    if (room_id == NULL || g_hash_table_lookup(mxp->chats, room_id) != node)
        return;
    hide(mxp, room_id);
    g_hash_table_remove(mxp->chats, room_id);
}

/* Also told of our own nodes, and of nodes that the user moves. */
static void on_node_added(PurpleBlistNode *node, MxpAccount *mxp)
{
    PurpleChat *chat = (PurpleChat *)node;
    if (!PURPLE_BLIST_NODE_IS_CHAT(node) || purple_chat_get_account(chat) != mxp->account ||
        get_room_id(chat) == NULL)
        return;
    g_autofree char *target = get_target(get_room_id(chat));
    if (g_hash_table_contains(mxp->chats, target))
        return;
    if (chat->alias != NULL && purple_blist_node_get_string(node, NODE_NAME) == NULL)
        purple_blist_node_set_string(node, NODE_NAME, ""); /* the alias is the user's */
    mxp_groups_leave_alone(chat);
    g_hash_table_insert(mxp->chats, g_steal_pointer(&target), chat);
}

/* Of the buddy list that this connection found: an empty one may have been lost. */
static gboolean has_list(MxpAccount *mxp)
{
    GSList *buddies = purple_find_buddies(mxp->account, NULL);
    gboolean has_buddies = buddies != NULL;
    g_slist_free(buddies);
    return has_buddies || g_hash_table_size(mxp->chats) > 0 || mxp_groups_are_there();
}

void mxp_rooms_init(MxpAccount *mxp)
{
    mxp_groups_init(mxp);
    mxp->hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mxp->ghosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, on_ghost_removed);
    purple_signal_connect(purple_blist_get_handle(), "blist-node-removed", mxp,
                          PURPLE_CALLBACK(on_node_removed), mxp);
    purple_signal_connect(purple_blist_get_handle(), "blist-node-added", mxp,
                          PURPLE_CALLBACK(on_node_added), mxp);
    mxp->chats = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL;
         node = purple_blist_node_next(node, TRUE)) {
        if (!PURPLE_BLIST_NODE_IS_CHAT(node))
            continue;
        PurpleChat *chat = (PurpleChat *)node;
        const char *room_id = get_room_id(chat);
        if (purple_chat_get_account(chat) == mxp->account && room_id != NULL &&
            !g_hash_table_contains(mxp->chats, room_id))
            g_hash_table_insert(mxp->chats, g_strdup(room_id), chat);
    }
    mxp->has_list = has_list(mxp);
}

void mxp_rooms_remember(MxpAccount *mxp)
{
    GPtrArray *listed = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GList) rooms = mx_client_list_rooms(mxp->client);
    for (GList *at = rooms; at != NULL; at = at->next) {
        MxRoom *room = at->data;
        if (g_hash_table_contains(mxp->chats, room->room_id) ||
            (room->direct_user != NULL && purple_find_buddy(mxp->account, room->direct_user)))
            g_ptr_array_add(listed, g_strdup(room->room_id));
    }
    mx_client_note_listed(mxp->client, listed);
}

gboolean mxp_rooms_is_hidden(MxpAccount *mxp, const MxRoom *room)
{
    /* The summary may be older than the user's hand. */
    return room->hidden || g_hash_table_contains(mxp->hidden, room->room_id);
}

void mxp_rooms_clear(MxpAccount *mxp)
{
    mxp_groups_clear(mxp);
    g_clear_pointer(&mxp->chats, g_hash_table_unref);
    g_clear_pointer(&mxp->hidden, g_hash_table_unref);
    g_clear_pointer(&mxp->ghosts, g_hash_table_unref);
}

static void rename_chat(PurpleChat *chat, const char *name)
{
    PurpleBlistNode *node = &chat->node;
    const char *given = purple_blist_node_get_string(node, NODE_NAME);
    gboolean is_users_own = chat->alias != NULL && *chat->alias != '\0' && given != NULL &&
                            !g_str_equal(chat->alias, given);
    if (g_strcmp0(given, name) == 0)
        return;
    purple_blist_node_set_string(node, NODE_NAME, name);
    if (!is_users_own)
        purple_blist_alias_chat(chat, name);
}

static PurpleChat *new_chat(MxpAccount *mxp, MxRoom *room)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(components, g_strdup(MXP_COMPONENT_ROOM_ID), g_strdup(room->room_id));
    return purple_chat_new(mxp->account, room->name, components);
}

static void add_chat(MxpAccount *mxp, MxRoom *room)
{
    PurpleChat *chat = new_chat(mxp, room);
    g_hash_table_remove(mxp->ghosts, room->room_id);
    mxp_groups_add_chat(mxp, chat, room);
    purple_blist_node_set_string(&chat->node, NODE_NAME, room->name);
    g_hash_table_insert(mxp->chats, g_strdup(room->room_id), chat);
}

static PurpleChat *find_chat(MxpAccount *mxp, const char *room_id)
{
    return g_hash_table_lookup(mxp->chats, room_id);
}

static void remove_chat(MxpAccount *mxp, const char *room_id)
{
    PurpleChat *chat = find_chat(mxp, room_id);
    if (chat == NULL)
        return;
    g_hash_table_remove(mxp->chats, room_id);
    mxp_groups_remove_chat(mxp, chat);
}

/* The earlier plugin's nodes may name a room by its alias. */
static PurpleChat *adopt_alias_node(MxpAccount *mxp, MxRoom *room)
{
    PurpleChat *chat = room->canonical_alias != NULL ? find_chat(mxp, room->canonical_alias) : NULL;
    if (chat == NULL)
        return NULL;
    g_hash_table_remove(mxp->chats, room->canonical_alias);
    g_hash_table_replace(purple_chat_get_components(chat), g_strdup(MXP_COMPONENT_ROOM_ID),
                         g_strdup(room->room_id));
    g_hash_table_insert(mxp->chats, g_strdup(room->room_id), chat);
    return chat;
}

MxRoom *mxp_rooms_find(MxpAccount *mxp, const char *id_or_alias)
{
    MxRoom *room = mx_client_get_room(mxp->client, id_or_alias);
    if (room != NULL || id_or_alias[0] != '#')
        return room;
    g_autoptr(GList) rooms = mx_client_list_rooms(mxp->client);
    for (GList *at = rooms; at != NULL && room == NULL; at = at->next)
        if (g_strcmp0(((MxRoom *)at->data)->canonical_alias, id_or_alias) == 0)
            room = at->data;
    return room;
}

void mxp_rooms_claim_node(MxpAccount *mxp, const char *typed, const char *room_id)
{
    PurpleChat *chat = find_chat(mxp, typed);
    if (chat == NULL || g_str_equal(typed, room_id))
        return;
    g_hash_table_remove(mxp->chats, typed);
    remove_chat(mxp, room_id); /* ours, if the room was faster; the user's stays */
    g_hash_table_replace(purple_chat_get_components(chat), g_strdup(MXP_COMPONENT_ROOM_ID),
                         g_strdup(room_id));
    g_hash_table_insert(mxp->chats, g_strdup(room_id), chat);
}

gboolean mxp_rooms_is_joined_always(MxpAccount *mxp, const char *id_or_alias)
{
    PurpleChat *chat = find_chat(mxp, id_or_alias);
    return chat != NULL && purple_blist_node_get_bool(&chat->node, "gtk-autojoin");
}

static void update_chat(MxpAccount *mxp, MxRoom *room)
{
    PurpleChat *chat = find_chat(mxp, room->room_id);
    if (chat == NULL)
        chat = adopt_alias_node(mxp, room);
    if (chat == NULL && !mxp_rooms_is_hidden(mxp, room)) {
        add_chat(mxp, room);
    } else if (chat != NULL) {
        mxp_groups_move_chat(mxp, chat, room);
        rename_chat(chat, room->name);
    }
}

/* The user took the node away while the account was not connected. */
static gboolean was_removed(MxpAccount *mxp, MxRoomChange *change)
{
    MxRoom *room = change->room;
    if (!change->was_listed || !mxp->has_list || find_chat(mxp, room->room_id) != NULL)
        return FALSE;
    if (room->canonical_alias != NULL && find_chat(mxp, room->canonical_alias) != NULL)
        return FALSE;
    return room->direct_user == NULL || purple_find_buddy(mxp->account, room->direct_user) == NULL;
}

void mxp_rooms_update(MxpAccount *mxp, MxRoomChange *change)
{
    MxRoom *room = change->room;
    if (was_removed(mxp, change))
        hide(mxp, room->room_id);
    if (room->membership == MX_MEMBERSHIP_JOIN && room->is_space) {
        mxp_groups_update_space(mxp, room);
    } else if (room->membership == MX_MEMBERSHIP_JOIN && room->direct_user == NULL) {
        update_chat(mxp, room);
    } else if (room->direct_user != NULL || change->is_gone) {
        if (find_chat(mxp, room->room_id) != NULL)
            g_hash_table_replace(mxp->ghosts, g_strdup(room->room_id), new_chat(mxp, room));
        remove_chat(mxp, room->room_id);
        if (change->is_gone)
            g_hash_table_remove(mxp->hidden, room->room_id);
    }
    mxp_buddies_update(mxp, room);
}

/* ---- hooks ---- */

GList *mxp_rooms_chat_info(PurpleConnection *gc)
{
    struct proto_chat_entry *entry = g_new0(struct proto_chat_entry, 1);
    entry->label = _("Address, ID or link:");
    entry->identifier = MXP_COMPONENT_ROOM_ID;
    entry->required = TRUE;
    return g_list_append(NULL, entry);
}

GHashTable *mxp_rooms_chat_info_defaults(PurpleConnection *gc, const char *name)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    if (name != NULL)
        g_hash_table_insert(components, MXP_COMPONENT_ROOM_ID, g_strdup(name));
    return components;
}

char *mxp_rooms_get_typed(GHashTable *components)
{
    const char *typed =
        components != NULL ? g_hash_table_lookup(components, MXP_COMPONENT_ROOM_ID) : NULL;
    return g_strstrip(g_strdup(typed != NULL ? typed : ""));
}

char *mxp_rooms_get_chat_name(GHashTable *components)
{
    g_autofree char *typed = mxp_rooms_get_typed(components);
    return get_target(typed);
}

PurpleChat *mxp_rooms_find_blist_chat(PurpleAccount *account, const char *name)
{
    MxpAccount *mxp = mxp_account_get(account);
    if (mxp == NULL || mxp->chats == NULL)
        return NULL;
    /* The window of a room that was left, or is an IM now, still asks for its name. */
    PurpleChat *chat = find_chat(mxp, name);
    return chat != NULL ? chat : g_hash_table_lookup(mxp->ghosts, name);
}

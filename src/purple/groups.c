/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "reply.h"
#include "rooms.h"

/* Of a node: the key of the group that we chose; empty when the user chose it. */
#define NODE_GROUP "matrix_group"
/* Of a group, with a key behind it: the name that we gave it. */
#define GROUP_KEY "matrix_group "
/* Of a group: we made it, and it goes when it is empty. */
#define GROUP_MADE "matrix_made"
/* The key of the group for all the rest, and the name older versions gave it. */
#define USUAL_KEY "usual"
#define USUAL_NAME "Matrix"

static gboolean is_group(PurpleBlistNode *node)
{
    return purple_blist_node_get_type(node) == PURPLE_BLIST_GROUP_NODE;
}

/* ---- keys and names ---- */

static char *get_key(const MxPlace *place)
{
    switch (place->kind) {
    case MX_PLACE_FAVOURITE:
        return g_strdup("favourite");
    case MX_PLACE_SERVER_NOTICE:
        return g_strdup("servernotice");
    case MX_PLACE_LOW_PRIORITY:
        return g_strdup("lowpriority");
    case MX_PLACE_TAG:
        return g_strconcat("tag ", place->id, NULL);
    case MX_PLACE_SPACE:
        return g_strconcat("space ", place->id, NULL);
    case MX_PLACE_NONE:
        break;
    }
    return g_strdup(USUAL_KEY);
}

static const char *get_name(const MxPlace *place)
{
    switch (place->kind) {
    case MX_PLACE_FAVOURITE:
        return _("Favourites");
    case MX_PLACE_SERVER_NOTICE:
        return _("Server notices");
    case MX_PLACE_LOW_PRIORITY:
        return _("Low priority");
    case MX_PLACE_TAG:
    case MX_PLACE_SPACE:
        return place->name;
    case MX_PLACE_NONE:
        break;
    }
    return USUAL_NAME;
}

/* ---- marks ---- */

/* The name that we gave the group for this key, or NULL. */
static const char *get_given_name(PurpleGroup *group, const char *key)
{
    g_autofree char *setting = g_strconcat(GROUP_KEY, key, NULL);
    return purple_blist_node_get_string((PurpleBlistNode *)group, setting);
}

static void mark(MxpAccount *mxp, PurpleGroup *group, const char *key)
{
    g_autofree char *setting = g_strconcat(GROUP_KEY, key, NULL);
    purple_blist_node_set_string((PurpleBlistNode *)group, setting, purple_group_get_name(group));
    g_hash_table_replace(mxp->groups, g_strdup(key), group);
}

static void unmark(MxpAccount *mxp, PurpleGroup *group, const char *key)
{
    g_autofree char *setting = g_strconcat(GROUP_KEY, key, NULL);
    purple_blist_node_remove_setting((PurpleBlistNode *)group, setting);
    g_hash_table_remove(mxp->groups, key);
}

static PurpleGroup *find_marked(MxpAccount *mxp, const char *key)
{
    PurpleGroup *group = g_hash_table_lookup(mxp->groups, key);
    if (group != NULL && get_given_name(group, key) != NULL)
        return group;
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL; node = node->next) {
        if (is_group(node) && get_given_name((PurpleGroup *)node, key) != NULL) {
            g_hash_table_replace(mxp->groups, g_strdup(key), node);
            return (PurpleGroup *)node;
        }
    }
    return NULL;
}

static gboolean is_group_gone(gpointer key, gpointer group, gpointer node)
{
    return group == node;
}

static void on_node_removed(PurpleBlistNode *node, MxpAccount *mxp)
{
    if (is_group(node))
        g_hash_table_foreach_remove(mxp->groups, is_group_gone, node);
}

void mxp_groups_init(MxpAccount *mxp)
{
    mxp->groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    purple_signal_connect(purple_blist_get_handle(), "blist-node-removed", mxp->groups,
                          PURPLE_CALLBACK(on_node_removed), mxp);
}

void mxp_groups_clear(MxpAccount *mxp)
{
    purple_signals_disconnect_by_handle(mxp->groups);
    g_clear_pointer(&mxp->groups, g_hash_table_unref);
}

/* One of the keys that the group is marked with, or NULL. */
static const char *find_key(PurpleBlistNode *group)
{
    GHashTableIter iter;
    gpointer setting;
    g_hash_table_iter_init(&iter, group->settings);
    while (g_hash_table_iter_next(&iter, &setting, NULL))
        if (g_str_has_prefix(setting, GROUP_KEY))
            return (const char *)setting + strlen(GROUP_KEY);
    return NULL;
}

gboolean mxp_groups_are_there(void)
{
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL; node = node->next)
        if (is_group(node) && find_key(node) != NULL)
            return TRUE;
    return FALSE;
}

/* ---- making and dropping ---- */

/* Favourites stand first, low priority last. */
static guint get_rank(const char *key)
{
    static const char *const beginnings[] = {"favourite", "servernotice", "tag ", "space ",
                                             USUAL_KEY};
    guint rank = 0;
    while (rank < G_N_ELEMENTS(beginnings) && !g_str_has_prefix(key, beginnings[rank]))
        rank++;
    return rank;
}

/* The node behind which a new group goes: among ours by rank, else at the end of the list. NULL:
 * before all. */
static PurpleBlistNode *find_neighbour(const char *key)
{
    guint rank = get_rank(key);
    PurpleBlistNode *last = NULL, *lower = NULL, *first = NULL;
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL; node = node->next) {
        const char *other = find_key(node);
        last = node;
        if (other != NULL && first == NULL)
            first = node;
        if (other != NULL && get_rank(other) <= rank)
            lower = node;
    }
    if (lower != NULL)
        return lower;
    return first != NULL ? first->prev : last;
}

static PurpleGroup *find_or_make(const char *name, PurpleBlistNode *neighbour)
{
    PurpleGroup *group = purple_find_group(name);
    if (group != NULL)
        return group;
    group = purple_group_new(name);
    purple_blist_node_set_bool((PurpleBlistNode *)group, GROUP_MADE, TRUE);
    purple_blist_add_group(group, neighbour);
    return group;
}

static PurpleGroup *get_group(MxpAccount *mxp, const char *key, const char *name)
{
    PurpleGroup *group = find_marked(mxp, key);
    if (group != NULL)
        return group;
    group = find_or_make(name, find_neighbour(key));
    mark(mxp, group, key);
    return group;
}

PurpleGroup *mxp_groups_get_usual(MxpAccount *mxp)
{
    return get_group(mxp, USUAL_KEY, USUAL_NAME);
}

/* A group that the user has renamed, or that was there before, stays. */
static void drop_if_empty(PurpleGroup *group, const char *key)
{
    PurpleBlistNode *node = (PurpleBlistNode *)group;
    if (node->child == NULL && purple_blist_node_get_bool(node, GROUP_MADE) &&
        g_strcmp0(get_given_name(group, key), purple_group_get_name(group)) == 0)
        purple_blist_remove_group(group);
}

/* ---- nodes ---- */

/* The key of the group that we chose, while the node is in it; else NULL. */
static const char *get_chosen_key(PurpleChat *chat)
{
    PurpleGroup *group = purple_chat_get_group(chat);
    const char *key = purple_blist_node_get_string(&chat->node, NODE_GROUP);
    if (group == NULL)
        return NULL;
    if (key == NULL) /* put there by a version that knew one group only */
        return g_str_equal(purple_group_get_name(group), USUAL_NAME) ? USUAL_KEY : NULL;
    return *key != '\0' && get_given_name(group, key) != NULL ? key : NULL;
}

void mxp_groups_leave_alone(PurpleChat *chat)
{
    purple_blist_node_set_string(&chat->node, NODE_GROUP, "");
}

static void put(MxpAccount *mxp, PurpleChat *chat, const MxPlace *place, const char *key)
{
    PurpleGroup *group = get_group(mxp, key, get_name(place));
    if (purple_chat_get_group(chat) != group)
        purple_blist_add_chat(chat, group, NULL);
    purple_blist_node_set_string(&chat->node, NODE_GROUP, key);
}

void mxp_groups_add_chat(MxpAccount *mxp, PurpleChat *chat, const MxRoom *room)
{
    g_autofree char *key = get_key(&room->place);
    put(mxp, chat, &room->place, key);
}

void mxp_groups_move_chat(MxpAccount *mxp, PurpleChat *chat, const MxRoom *room)
{
    g_autofree char *key = get_key(&room->place);
    g_autofree char *chosen = g_strdup(get_chosen_key(chat));
    if (chosen == NULL || g_str_equal(key, chosen))
        return;
    PurpleGroup *before = purple_chat_get_group(chat);
    put(mxp, chat, &room->place, key);
    drop_if_empty(before, chosen);
}

void mxp_groups_remove_chat(MxpAccount *mxp, PurpleChat *chat)
{
    PurpleGroup *group = purple_chat_get_group(chat);
    g_autofree char *chosen = g_strdup(get_chosen_key(chat));
    purple_blist_remove_chat(chat);
    if (chosen != NULL)
        drop_if_empty(group, chosen);
}

/* ---- spaces ---- */

/* Of whatever account: two may be in one space. */
static gboolean is_put_by(PurpleBlistNode *node, const char *key)
{
    return PURPLE_BLIST_NODE_IS_CHAT(node) &&
           g_strcmp0(purple_blist_node_get_string(node, NODE_GROUP), key) == 0;
}

static gboolean has_others(PurpleGroup *group, const char *key)
{
    for (PurpleBlistNode *node = ((PurpleBlistNode *)group)->child; node != NULL; node = node->next)
        if (!is_put_by(node, key))
            return TRUE;
    return FALSE;
}

static void move_all(PurpleGroup *from, PurpleGroup *to, const char *key)
{
    PurpleBlistNode *next;
    for (PurpleBlistNode *node = ((PurpleBlistNode *)from)->child; node != NULL; node = next) {
        next = node->next;
        if (is_put_by(node, key))
            purple_blist_add_chat((PurpleChat *)node, to, NULL);
    }
}

void mxp_groups_update_space(MxpAccount *mxp, const MxRoom *space)
{
    g_autofree char *key = g_strconcat("space ", space->room_id, NULL);
    PurpleGroup *group = find_marked(mxp, key);
    const char *given = group != NULL ? get_given_name(group, key) : NULL;
    const char *name = space->name;
    if (given == NULL || g_str_equal(given, name) ||
        !g_str_equal(given, purple_group_get_name(group))) /* the user has renamed it */
        return;
    if (purple_find_group(name) == NULL && !has_others(group, key)) {
        purple_blist_rename_group(group, name);
        mark(mxp, group, key);
        return;
    }
    /* Renaming it would take others along. */
    PurpleGroup *target = find_or_make(name, (PurpleBlistNode *)group);
    move_all(group, target, key);
    drop_if_empty(group, key);
    if (g_hash_table_contains(mxp->groups, key))
        unmark(mxp, group, key);
    mark(mxp, target, key);
}

/* ---- the user's choice ---- */

typedef struct {
    MxpReply *reply;
    MxPlaceKind kind;
    char *name;
} Choice;

static void choice_free(gpointer data)
{
    Choice *choice = data;
    mxp_reply_free(choice->reply);
    g_free(choice->name);
    g_free(choice);
}

static const char *describe_choice(MxPlaceKind kind)
{
    if (kind == MX_PLACE_FAVOURITE)
        return _("This room is one of your favourites now, on all your devices.");
    if (kind == MX_PLACE_LOW_PRIORITY)
        return _("This room is one of low priority now, on all your devices.");
    return _("This room is neither a favourite nor of low priority now.");
}

static void on_placed(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Choice *choice = data;
    if (error == NULL) {
        mxp_reply_say(choice->reply, describe_choice(choice->kind));
        return;
    }
    g_autofree char *text = mxp_reply_explain(MXP_DEED_PLACE, choice->name, error);
    mxp_reply_fail(choice->reply, text);
}

void mxp_groups_set_place(MxpAccount *mxp, MxRoom *room, MxPlaceKind kind,
                          PurpleConversation *conversation)
{
    Choice *choice = g_new0(Choice, 1);
    choice->reply = mxp_reply_new(mxp, conversation);
    choice->kind = kind;
    choice->name = g_strdup(room->name);
    mx_client_set_place(mxp->client, room->room_id, kind, on_placed, choice, choice_free);
}

static MxRoom *find_room(PurpleChat *chat, MxpAccount **mxp)
{
    *mxp = mxp_account_get(purple_chat_get_account(chat));
    g_autofree char *typed = mxp_rooms_get_typed(purple_chat_get_components(chat));
    MxRoom *room = *mxp != NULL ? mxp_rooms_find(*mxp, typed) : NULL;
    return room != NULL && room->membership == MX_MEMBERSHIP_JOIN ? room : NULL;
}

static void on_place_chosen(PurpleBlistNode *node, gpointer kind)
{
    MxpAccount *mxp;
    MxRoom *room = find_room((PurpleChat *)node, &mxp);
    if (room != NULL)
        mxp_groups_set_place(mxp, room, GPOINTER_TO_INT(kind), NULL);
}

static GList *add_action(GList *actions, const char *label, MxPlaceKind kind)
{
    return g_list_append(actions, purple_menu_action_new(label, PURPLE_CALLBACK(on_place_chosen),
                                                         GINT_TO_POINTER(kind), NULL));
}

GList *mxp_groups_list_actions(PurpleChat *chat)
{
    MxpAccount *mxp;
    MxRoom *room = find_room(chat, &mxp);
    if (room == NULL)
        return NULL;
    GList *actions = NULL;
    if (room->place.kind == MX_PLACE_FAVOURITE)
        actions = add_action(actions, _("Remove from Favourites"), MX_PLACE_NONE);
    else
        actions = add_action(actions, _("Add to Favourites"), MX_PLACE_FAVOURITE);
    if (room->place.kind == MX_PLACE_LOW_PRIORITY)
        return add_action(actions, _("Normal Priority"), MX_PLACE_NONE);
    return add_action(actions, _("Low Priority"), MX_PLACE_LOW_PRIORITY);
}

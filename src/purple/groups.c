/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "groups.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

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

static gboolean has_mark(const char *setting)
{
    return g_str_has_prefix(setting, GROUP_KEY);
}

gboolean mxp_groups_are_there(void)
{
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL; node = node->next) {
        GHashTableIter iter;
        gpointer setting;
        g_hash_table_iter_init(&iter, node->settings);
        while (is_group(node) && g_hash_table_iter_next(&iter, &setting, NULL))
            if (has_mark(setting))
                return TRUE;
    }
    return FALSE;
}

/* ---- making and dropping ---- */

/* after: the new one's neighbour, or NULL for the end of the list. */
static PurpleGroup *find_or_make(const char *name, PurpleGroup *after)
{
    PurpleGroup *group = purple_find_group(name);
    if (group != NULL)
        return group;
    group = purple_group_new(name);
    purple_blist_node_set_bool((PurpleBlistNode *)group, GROUP_MADE, TRUE);
    PurpleBlistNode *last = (PurpleBlistNode *)after;
    if (last == NULL)
        for (last = purple_blist_get_root(); last != NULL && last->next != NULL;)
            last = last->next;
    purple_blist_add_group(group, last);
    return group;
}

static PurpleGroup *get_group(MxpAccount *mxp, const char *key, const char *name)
{
    PurpleGroup *group = find_marked(mxp, key);
    if (group != NULL)
        return group;
    group = find_or_make(name, NULL);
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
    PurpleGroup *target = find_or_make(name, group);
    move_all(group, target, key);
    drop_if_empty(group, key);
    if (g_hash_table_contains(mxp->groups, key))
        unmark(mxp, group, key);
    mark(mxp, target, key);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "avatars.h"

#include <buddyicon.h>

#include "mx-media.h"

/* So many URIs that led to no picture are remembered, and not asked for again in this run. */
#define MAX_BAD 1000

typedef struct {
    char *mxc;
    gboolean is_fetching;
} Wanted;

struct _MxpAvatars {
    GHashTable *wanted; /* user or room ID -> Wanted */
    GHashTable *bad;    /* set of mxc:// URIs */
};

static void wanted_free(gpointer data)
{
    Wanted *wanted = data;
    g_free(wanted->mxc);
    g_free(wanted);
}

/* ---- whose it is: a buddy's, by the user ID, or a chat's, by the room ID ---- */

/* Settings of a chat's node: the mxc:// URI of the icon that it got here, and libpurple's file of
 * it. Where another file stands the user has chosen the icon, and it stays. */
#define NODE_AVATAR "matrix_avatar"
#define NODE_AVATAR_FILE "matrix_avatar_file"
#define NODE_ICON_FILE "custom_buddy_icon" /* libpurple's own setting */

static PurpleBlistNode *find_node(MxpAccount *mxp, const char *id)
{
    return *id == '@' ? (PurpleBlistNode *)purple_find_buddy(mxp->account, id)
                      : g_hash_table_lookup(mxp->chats, id);
}

static gboolean may_show(PurpleBlistNode *node)
{
    if (node == NULL || PURPLE_BLIST_NODE_IS_BUDDY(node))
        return node != NULL;
    const char *file = purple_blist_node_get_string(node, NODE_ICON_FILE);
    return file == NULL ||
           g_strcmp0(file, purple_blist_node_get_string(node, NODE_AVATAR_FILE)) == 0;
}

/* The mxc:// URI of what is shown, or NULL. */
static const char *get_shown(PurpleBlistNode *node)
{
    if (PURPLE_BLIST_NODE_IS_BUDDY(node))
        return purple_buddy_icons_get_checksum_for_user((PurpleBuddy *)node);
    return purple_blist_node_get_string(node, NODE_ICON_FILE) != NULL
               ? purple_blist_node_get_string(node, NODE_AVATAR)
               : NULL;
}

static void show_for_chat(PurpleBlistNode *node, guchar *data, gsize len, const char *mxc)
{
    purple_buddy_icons_node_set_custom_icon(node, data, len); /* takes data */
    const char *file = purple_blist_node_get_string(node, NODE_ICON_FILE);
    if (file != NULL) {
        purple_blist_node_set_string(node, NODE_AVATAR, mxc);
        purple_blist_node_set_string(node, NODE_AVATAR_FILE, file);
    } else {
        purple_blist_node_remove_setting(node, NODE_AVATAR);
        purple_blist_node_remove_setting(node, NODE_AVATAR_FILE);
    }
}

/* picture, mxc NULL: none. */
static void show(MxpAccount *mxp, const char *id, GBytes *picture, const char *mxc)
{
    PurpleBlistNode *node = find_node(mxp, id);
    gsize len = 0;
    gconstpointer bytes = picture != NULL ? g_bytes_get_data(picture, &len) : NULL;
    if (!may_show(node))
        return;
    guchar *data = g_memdup2(bytes, len);
    if (PURPLE_BLIST_NODE_IS_BUDDY(node))
        purple_buddy_icons_set_for_user(mxp->account, id, data, len, mxc);
    else
        show_for_chat(node, data, len, mxc);
}

/* ---- fetching ---- */

typedef struct {
    MxpAccount *mxp;
    char *id, *mxc;
} Fetch;

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_free(fetch->id);
    g_free(fetch->mxc);
    g_free(fetch);
}

static void on_picture(MxClient *client, GBytes *picture, const MxImageInfo *info,
                       const GError *error, gpointer user_data)
{
    Fetch *fetch = user_data;
    MxpAvatars *avatars = fetch->mxp->avatars;
    gboolean is_final = !mx_error_is_transient(error) && mx_error_get_status(error) != 401 &&
                        !mx_error_is_cancelled(error);
    if (picture == NULL && is_final && g_hash_table_size(avatars->bad) < MAX_BAD)
        g_hash_table_add(avatars->bad, g_strdup(fetch->mxc));
    Wanted *wanted = g_hash_table_lookup(avatars->wanted, fetch->id);
    if (wanted == NULL || !g_str_equal(wanted->mxc, fetch->mxc))
        return; /* there is a newer one */
    wanted->is_fetching = FALSE;
    if (picture == NULL && !is_final)
        return; /* again when the server is back */
    g_hash_table_remove(avatars->wanted, fetch->id);
    if (picture != NULL)
        show(fetch->mxp, fetch->id, picture, fetch->mxc);
}

static void start(MxpAccount *mxp, const char *id, Wanted *wanted)
{
    if (wanted->is_fetching)
        return;
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->mxp = mxp;
    fetch->id = g_strdup(id);
    fetch->mxc = g_strdup(wanted->mxc);
    wanted->is_fetching = TRUE;
    mx_client_fetch_avatar(mxp->client, wanted->mxc, FALSE, on_picture, fetch, fetch_free);
}

void mxp_avatars_resume(MxpAccount *mxp)
{
    GHashTableIter iter;
    gpointer id, wanted;
    g_hash_table_iter_init(&iter, mxp->avatars->wanted);
    while (g_hash_table_iter_next(&iter, &id, &wanted))
        start(mxp, id, wanted);
}

static void on_online_changed(MxClient *client, gboolean online, MxpAccount *mxp)
{
    if (online && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_avatars_resume(mxp);
}

/* ---- what is wanted ---- */

void mxp_avatars_want(MxpAccount *mxp, const char *id, const char *mxc)
{
    PurpleBlistNode *node = find_node(mxp, id);
    const char *has = node != NULL ? get_shown(node) : NULL;
    gboolean is_none = mxc == NULL || *mxc == '\0';
    if (!may_show(node) || (!is_none && g_strcmp0(has, mxc) == 0) || (is_none && has == NULL)) {
        g_hash_table_remove(mxp->avatars->wanted, id);
        return;
    }
    if (is_none) {
        g_hash_table_remove(mxp->avatars->wanted, id);
        show(mxp, id, NULL, NULL);
        return;
    }
    Wanted *wanted = g_hash_table_lookup(mxp->avatars->wanted, id);
    if (g_hash_table_contains(mxp->avatars->bad, mxc) ||
        (wanted != NULL && g_str_equal(wanted->mxc, mxc)))
        return;
    wanted = g_new0(Wanted, 1);
    wanted->mxc = g_strdup(mxc);
    g_hash_table_replace(mxp->avatars->wanted, g_strdup(id), wanted);
    if (PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        start(mxp, id, wanted);
}

/* Servers do not tell of changed profiles; the member event in the direct room does. */
static void on_room_changed(MxClient *client, MxRoomChange *change, MxpAccount *mxp)
{
    MxRoom *room = change->room;
    if (room->direct_user != NULL && room->partner_avatar != NULL)
        mxp_avatars_want(mxp, room->direct_user, room->partner_avatar);
    else if (room->avatar != NULL)
        mxp_avatars_want(mxp, room->room_id, room->avatar);
}

void mxp_avatars_init(MxpAccount *mxp)
{
    mxp->avatars = g_new0(MxpAvatars, 1);
    mxp->avatars->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wanted_free);
    mxp->avatars->bad = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    /* After the others, who make the buddy. */
    g_signal_connect_after(mxp->client, "room-changed", G_CALLBACK(on_room_changed), mxp);
    g_signal_connect(mxp->client, "online-changed", G_CALLBACK(on_online_changed), mxp);
}

void mxp_avatars_clear(MxpAccount *mxp)
{
    g_hash_table_unref(mxp->avatars->wanted);
    g_hash_table_unref(mxp->avatars->bad);
    g_clear_pointer(&mxp->avatars, g_free);
}

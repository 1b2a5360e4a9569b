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
    GHashTable *wanted; /* user ID -> Wanted */
    GHashTable *bad;    /* set of mxc:// URIs */
};

static void wanted_free(gpointer data)
{
    Wanted *wanted = data;
    g_free(wanted->mxc);
    g_free(wanted);
}

/* ---- fetching ---- */

typedef struct {
    MxpAccount *mxp;
    char *user_id, *mxc;
} Fetch;

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_free(fetch->user_id);
    g_free(fetch->mxc);
    g_free(fetch);
}

static void set_icon(MxpAccount *mxp, const char *user_id, GBytes *picture, const char *mxc)
{
    gsize len;
    gconstpointer data = g_bytes_get_data(picture, &len);
    if (purple_find_buddy(mxp->account, user_id) != NULL)
        purple_buddy_icons_set_for_user(mxp->account, user_id, g_memdup2(data, len), len, mxc);
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
    Wanted *wanted = g_hash_table_lookup(avatars->wanted, fetch->user_id);
    if (wanted == NULL || !g_str_equal(wanted->mxc, fetch->mxc))
        return; /* there is a newer one */
    wanted->is_fetching = FALSE;
    if (picture == NULL && !is_final)
        return; /* again when the server is back */
    g_hash_table_remove(avatars->wanted, fetch->user_id);
    if (picture != NULL)
        set_icon(fetch->mxp, fetch->user_id, picture, fetch->mxc);
}

static void start(MxpAccount *mxp, const char *user_id, Wanted *wanted)
{
    if (wanted->is_fetching)
        return;
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->mxp = mxp;
    fetch->user_id = g_strdup(user_id);
    fetch->mxc = g_strdup(wanted->mxc);
    wanted->is_fetching = TRUE;
    mx_client_fetch_avatar(mxp->client, wanted->mxc, FALSE, on_picture, fetch, fetch_free);
}

void mxp_avatars_resume(MxpAccount *mxp)
{
    GHashTableIter iter;
    gpointer user_id, wanted;
    g_hash_table_iter_init(&iter, mxp->avatars->wanted);
    while (g_hash_table_iter_next(&iter, &user_id, &wanted))
        start(mxp, user_id, wanted);
}

static void on_online_changed(MxClient *client, gboolean online, MxpAccount *mxp)
{
    if (online && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_avatars_resume(mxp);
}

/* ---- what is wanted ---- */

void mxp_avatars_want(MxpAccount *mxp, const char *user_id, const char *mxc)
{
    PurpleBuddy *buddy = purple_find_buddy(mxp->account, user_id);
    const char *has = buddy != NULL ? purple_buddy_icons_get_checksum_for_user(buddy) : NULL;
    gboolean is_none = mxc == NULL || *mxc == '\0';
    if (buddy == NULL || (!is_none && g_strcmp0(has, mxc) == 0) || (is_none && has == NULL)) {
        g_hash_table_remove(mxp->avatars->wanted, user_id);
        return;
    }
    if (is_none) {
        g_hash_table_remove(mxp->avatars->wanted, user_id);
        purple_buddy_icons_set_for_user(mxp->account, user_id, NULL, 0, NULL);
        return;
    }
    Wanted *wanted = g_hash_table_lookup(mxp->avatars->wanted, user_id);
    if (g_hash_table_contains(mxp->avatars->bad, mxc) ||
        (wanted != NULL && g_str_equal(wanted->mxc, mxc)))
        return;
    wanted = g_new0(Wanted, 1);
    wanted->mxc = g_strdup(mxc);
    g_hash_table_replace(mxp->avatars->wanted, g_strdup(user_id), wanted);
    if (PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        start(mxp, user_id, wanted);
}

/* Servers do not tell of changed profiles; the member event in the direct room does. */
static void on_room_changed(MxClient *client, MxRoomChange *change, MxpAccount *mxp)
{
    MxRoom *room = change->room;
    if (room->direct_user != NULL && room->partner_avatar != NULL)
        mxp_avatars_want(mxp, room->direct_user, room->partner_avatar);
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

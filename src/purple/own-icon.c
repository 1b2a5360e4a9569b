/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "own-icon.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <buddyicon.h>

#include "mx-media.h"
#include "mx-profile.h"
#include "reply.h"

/* The picture that the server has as this URI, as the account's settings remember it. */
#define SETTING_FILE "avatar_file"
#define SETTING_MXC "avatar_mxc"

struct _MxpOwnIcon {
    char *on_server;   /* mxc:// URI, or NULL */
    gboolean is_known; /* on_server is */
    gboolean is_following;
    guint choice; /* counts what the user chose: only the last one counts */
};

static const char *get_setting(MxpAccount *mxp, const char *name)
{
    return purple_account_get_string(mxp->account, name, NULL);
}

static const char *get_icon_file(MxpAccount *mxp)
{
    return purple_account_get_string(mxp->account, "buddy_icon", NULL);
}

static void remember(MxpAccount *mxp, const char *file, const char *mxc)
{
    if (g_strcmp0(file, get_setting(mxp, SETTING_FILE)) != 0)
        purple_account_set_string(mxp->account, SETTING_FILE, file);
    if (g_strcmp0(mxc, get_setting(mxp, SETTING_MXC)) != 0)
        purple_account_set_string(mxp->account, SETTING_MXC, mxc);
}

static void fail(MxpAccount *mxp, const GError *error)
{
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, NULL);
    g_autofree char *text = mxp_reply_explain(MXP_DEED_AVATAR, NULL, error);
    mxp_reply_fail(reply, text);
}

/* ---- to the server ---- */

typedef struct {
    MxpAccount *mxp;
    char *file, *mxc;
    guint choice;
} Chosen;

static void chosen_free(gpointer data)
{
    Chosen *chosen = data;
    g_free(chosen->file);
    g_free(chosen->mxc);
    g_free(chosen);
}

static Chosen *chosen_new(MxpAccount *mxp, const char *file, const char *mxc)
{
    Chosen *chosen = g_new0(Chosen, 1);
    chosen->mxp = mxp;
    chosen->file = g_strdup(file);
    chosen->mxc = g_strdup(mxc);
    chosen->choice = mxp->own_icon->choice;
    return chosen;
}

static gboolean is_outdated(const Chosen *chosen)
{
    return chosen->choice != chosen->mxp->own_icon->choice;
}

static void on_set(MxClient *client, const GError *error, gpointer user_data)
{
    Chosen *chosen = user_data;
    if (is_outdated(chosen))
        return;
    if (error != NULL)
        fail(chosen->mxp, error);
    else
        remember(chosen->mxp, chosen->file, chosen->mxc);
}

static void on_uploaded(MxClient *client, const char *mxc, const GError *error, gpointer user_data)
{
    Chosen *chosen = user_data;
    if (is_outdated(chosen))
        return;
    if (error != NULL)
        fail(chosen->mxp, error);
    else
        mx_client_set_avatar_url(client, mxc, on_set, chosen_new(chosen->mxp, chosen->file, mxc),
                                 chosen_free);
}

static void send(MxpAccount *mxp, PurpleStoredImage *image)
{
    gconstpointer data = purple_imgstore_get_data(image);
    gsize len = purple_imgstore_get_size(image);
    g_autoptr(GBytes) bytes = g_bytes_new(data, len);
    MxImageInfo info;
    mxp->own_icon->choice++;
    if (!mx_image_sniff(data, len, &info)) {
        g_autoptr(MxpReply) reply = mxp_reply_new(mxp, NULL);
        mxp_reply_fail(reply, _("Your avatar was not changed: choose a PNG, JPEG, GIF or WebP "
                                "picture."));
        return;
    }
    mx_client_upload(mxp->client, bytes, info.mimetype, on_uploaded,
                     chosen_new(mxp, purple_imgstore_get_filename(image), NULL), chosen_free);
}

void mxp_own_icon_set(PurpleConnection *gc, PurpleStoredImage *image)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL || mxp->own_icon->is_following || !PURPLE_CONNECTION_IS_CONNECTED(gc))
        return;
    MxpOwnIcon *own = mxp->own_icon;
    const char *file = image != NULL ? purple_imgstore_get_filename(image) : NULL;
    gboolean is_there =
        own->is_known && g_strcmp0(get_setting(mxp, SETTING_MXC), own->on_server) == 0;
    if (image != NULL) {
        if (!is_there || g_strcmp0(file, get_setting(mxp, SETTING_FILE)) != 0)
            send(mxp, image);
    } else if (!own->is_known || own->on_server != NULL) {
        own->choice++;
        mx_client_set_avatar_url(mxp->client, "", on_set, chosen_new(mxp, NULL, NULL), chosen_free);
    }
}

/* ---- from the server ---- */

static void set_account_icon(MxpAccount *mxp, GBytes *picture)
{
    gsize len = 0;
    gconstpointer data = picture != NULL ? g_bytes_get_data(picture, &len) : NULL;
    mxp->own_icon->is_following = TRUE;
    purple_buddy_icons_set_account_icon(mxp->account, g_memdup2(data, len), len);
    mxp->own_icon->is_following = FALSE;
}

static void on_picture(MxClient *client, GBytes *picture, const MxImageInfo *info,
                       const GError *error, gpointer user_data)
{
    Chosen *chosen = user_data;
    MxpAccount *mxp = chosen->mxp;
    if (picture == NULL || is_outdated(chosen) ||
        g_strcmp0(chosen->mxc, mxp->own_icon->on_server) != 0)
        return;
    set_account_icon(mxp, picture);
    remember(mxp, get_icon_file(mxp), chosen->mxc);
}

static void follow(MxpAccount *mxp)
{
    const char *mxc = mxp->own_icon->on_server;
    if (mxc != NULL) {
        mx_client_fetch_avatar(mxp->client, mxc, FALSE, on_picture, chosen_new(mxp, NULL, mxc),
                               chosen_free);
        return;
    }
    set_account_icon(mxp, NULL);
    remember(mxp, NULL, NULL);
}

/* An icon that was chosen while the account was not connected. A first login does not replace an
 * avatar by whatever icon Pidgin uses for all accounts. */
static gboolean was_chosen_offline(MxpAccount *mxp)
{
    const char *known = get_setting(mxp, SETTING_FILE);
    if (get_icon_file(mxp) == NULL || g_strcmp0(get_icon_file(mxp), known) == 0)
        return FALSE;
    return known != NULL || mxp->own_icon->on_server == NULL;
}

static void on_own_avatar(MxClient *client, const char *mxc, MxpAccount *mxp)
{
    MxpOwnIcon *own = mxp->own_icon;
    gboolean is_first = !own->is_known;
    g_free(own->on_server);
    own->on_server = g_strdup(mxc);
    own->is_known = TRUE;
    if (is_first && was_chosen_offline(mxp)) {
        PurpleStoredImage *image = purple_buddy_icons_find_account_icon(mxp->account);
        if (image != NULL)
            send(mxp, image);
        purple_imgstore_unref(image);
    } else if (g_strcmp0(mxc, get_setting(mxp, SETTING_MXC)) != 0) {
        follow(mxp);
    }
}

void mxp_own_icon_init(MxpAccount *mxp)
{
    mxp->own_icon = g_new0(MxpOwnIcon, 1);
    g_signal_connect(mxp->client, "own-avatar", G_CALLBACK(on_own_avatar), mxp);
}

void mxp_own_icon_clear(MxpAccount *mxp)
{
    g_free(mxp->own_icon->on_server);
    g_clear_pointer(&mxp->own_icon, g_free);
}

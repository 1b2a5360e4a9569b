/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "images.h"
#include "config.h"

#include <string.h>

#include <conversation.h>
#include <core.h>
#include <imgstore.h>

#include "messages.h"
#include "mx-media.h"

typedef struct {
    MxpAccount *mxp;
    char *room_id, *sender;
    gboolean is_own;
    gint64 ts;
} Picture;

static void picture_free(gpointer data)
{
    Picture *picture = data;
    g_free(picture->room_id);
    g_free(picture->sender);
    g_free(picture);
}

/* Not logged: the log would keep a copy of it, of encrypted rooms too. */
static void write_picture(const Picture *picture, PurpleConversation *conversation, GBytes *bytes)
{
    gsize len;
    gconstpointer data = g_bytes_get_data(bytes, &len);
    int id = purple_imgstore_add_with_id(g_memdup2(data, len), len, NULL);
    g_autofree char *markup = g_strdup_printf("<img id=\"%d\">", id);
    PurpleMessageFlags flags = picture->is_own ? PURPLE_MESSAGE_SEND : PURPLE_MESSAGE_RECV;
    purple_conversation_write(conversation, picture->sender, markup,
                              flags | PURPLE_MESSAGE_IMAGES | PURPLE_MESSAGE_NO_LOG |
                                  PURPLE_MESSAGE_DELAYED,
                              picture->ts / 1000);
    purple_imgstore_unref_by_id(id); /* the window has its own */
}

static void on_picture(MxClient *client, GBytes *bytes, const MxImageInfo *info,
                       const GError *error, gpointer user_data)
{
    Picture *picture = user_data;
    MxRoom *room = mx_client_get_room(client, picture->room_id);
    PurpleConversation *conversation =
        room != NULL ? mxp_messages_find_conversation(picture->mxp, room) : NULL;
    /* What failed can still be fetched by hand, as its line says. */
    if (bytes != NULL && conversation != NULL)
        write_picture(picture, conversation, bytes);
}

static gboolean fits(const MxFilePlace *place, gsize max_bytes)
{
    return place->mxc != NULL && (place->size <= 0 || (guint64)place->size <= max_bytes);
}

/* The sender's thumbnail where the picture is too large; of an encrypted one at any rate, as no
 * server makes another. One that anybody could have changed does not stand for what is encrypted.
 * NULL: nothing is to be shown. */
static const MxFilePlace *choose_place(const MxFile *file, gsize max_bytes)
{
    const MxFilePlace *place = &file->place, *thumbnail = &file->thumbnail;
    gboolean is_small = fits(place, max_bytes);
    if (thumbnail->is_encrypted == place->is_encrypted && fits(thumbnail, max_bytes) &&
        (place->is_encrypted || !is_small))
        return thumbnail;
    return is_small ? place : NULL;
}

void mxp_images_follow(MxpAccount *mxp, MxRoom *room, const MxLine *line)
{
    int max_kb = purple_account_get_int(mxp->account, MXP_OPTION_IMAGE_KB, MXP_IMAGE_KB);
    gboolean is_shown = line->file != NULL &&
                        (line->file->kind == MX_FILE_IMAGE || line->file->kind == MX_FILE_STICKER);
    if (!is_shown || line->is_from_here || max_kb <= 0 ||
        g_strcmp0(purple_core_get_ui(), "gnt-purple") == 0)
        return;
    gsize max_bytes = (gsize)MIN(max_kb, 64 * 1024) * 1000;
    const MxFilePlace *place = choose_place(line->file, max_bytes);
    if (place == NULL)
        return;
    Picture *picture = g_new0(Picture, 1);
    picture->mxp = mxp;
    picture->room_id = g_strdup(room->room_id);
    picture->sender = g_strdup(line->sender);
    picture->is_own = line->is_own;
    picture->ts = line->ts;
    mx_client_fetch_preview(mxp->client, place, max_bytes, on_picture, picture, picture_free);
}

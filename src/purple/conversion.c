/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversion.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "buddies.h"
#include "chat-window.h"
#include "delivery.h"
#include "markup.h"
#include "messages.h"

void mxp_conversion_init(MxpAccount *mxp)
{
    mxp->partners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mxp->ended_ims = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mxp->left_ims = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void mxp_conversion_clear(MxpAccount *mxp)
{
    g_clear_handle_id(&mxp->conversion_source, g_source_remove);
    g_clear_pointer(&mxp->partners, g_hash_table_unref);
    g_clear_pointer(&mxp->ended_ims, g_hash_table_unref);
    g_clear_pointer(&mxp->left_ims, g_hash_table_unref);
}

/* Who is writing in the one goes on in the other. */
static void open_in_place_of(PurpleConversation *before, MxpAccount *mxp, MxRoom *room)
{
    gboolean has_focus = purple_conversation_has_focus(before);
    PurpleConversation *now = mxp_messages_open_conversation(mxp, room);
    if (has_focus && now != NULL)
        purple_conversation_present(now);
    mxp_delivery_run(mxp, room);
}

static void move_to_im(MxpAccount *mxp, MxRoom *room)
{
    PurpleConversation *chat = mxp_chat_window_find(mxp, room->room_id);
    g_autofree char *text = g_strdup_printf(
        _("This is your direct conversation with %s now: it goes on in their window."),
        room->partner_name);
    mxp_chat_window_end(mxp, room->room_id, text);
    open_in_place_of(chat, mxp, room);
}

static void move_to_chat(MxpAccount *mxp, MxRoom *room, const char *user_id)
{
    PurpleConversation *im = mxp_buddies_find_im(mxp, user_id);
    /* Of several rooms with one person it may be another one's turn. */
    if (im == NULL || mx_client_get_direct(mxp->client, user_id) != NULL)
        return;
    g_autofree char *text = g_strdup_printf(
        _("This conversation is no longer a direct one: it goes on in the window “%s”. What you "
          "write here begins a new one with %s."),
        room->name, user_id);
    g_autofree char *markup = mxp_markup_escape(text);
    purple_conversation_write(im, NULL, markup, PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LINKIFY,
                              time(NULL));
    open_in_place_of(im, mxp, room);
}

static gboolean on_settled(gpointer data)
{
    MxpAccount *mxp = data;
    GHashTableIter iter;
    gpointer room_id, user_id;
    mxp->conversion_source = 0;
    g_hash_table_iter_init(&iter, mxp->ended_ims);
    while (g_hash_table_iter_next(&iter, &room_id, &user_id)) {
        MxRoom *room = mx_client_get_room(mxp->client, room_id);
        if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN && room->direct_user == NULL)
            move_to_chat(mxp, room, user_id);
    }
    g_hash_table_remove_all(mxp->ended_ims);
    return G_SOURCE_REMOVE;
}

/* The person's other rooms may change in the same moment: what to say is known after them. */
static void end_im(MxpAccount *mxp, const char *room_id, const char *user_id)
{
    g_hash_table_replace(mxp->ended_ims, g_strdup(room_id), g_strdup(user_id));
    if (mxp->conversion_source == 0)
        mxp->conversion_source = g_idle_add(on_settled, mxp);
}

void mxp_conversion_update(MxpAccount *mxp, MxRoomChange *change)
{
    MxRoom *room = change->room;
    const char *before = g_hash_table_lookup(mxp->partners, room->room_id);
    gboolean is_there = room->membership == MX_MEMBERSHIP_JOIN && !change->is_gone;
    if (is_there && room->direct_user != NULL && mxp_chat_window_find(mxp, room->room_id) != NULL)
        move_to_im(mxp, room);
    if (is_there && room->direct_user == NULL && before != NULL)
        end_im(mxp, room->room_id, before);
    if (change->is_gone && before != NULL)
        g_hash_table_replace(mxp->left_ims, g_strdup(before), g_strdup(room->room_id));
    if (is_there && room->direct_user != NULL)
        g_hash_table_replace(mxp->partners, g_strdup(room->room_id), g_strdup(room->direct_user));
    else
        g_hash_table_remove(mxp->partners, room->room_id);
}

const char *mxp_conversion_get_left(MxpAccount *mxp, const char *user_id)
{
    return g_hash_table_lookup(mxp->left_ims, user_id);
}

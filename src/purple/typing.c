/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "typing.h"

#include <plugin.h>
#include <privacy.h>
#include <server.h>

#include "buddies.h"
#include "chat-window.h"

/* It registers the signal "chat-conversation-typing", which libpurple does not have. */
#define GROUP_TYPING_PLUGIN "gtk-grouptyping"
/* Of the 30 s that the server keeps it. */
#define SAY_AGAIN_S 20

static gboolean has_group_typing(void)
{
    PurplePlugin *plugin = purple_plugins_find_with_id(GROUP_TYPING_PLUGIN);
    return plugin != NULL && purple_plugin_is_loaded(plugin);
}

/* ---- others ---- */

static gboolean types(MxpAccount *mxp, GPtrArray *user_ids, const char *user_id)
{
    return g_ptr_array_find_with_equal_func(user_ids, user_id, g_str_equal, NULL) &&
           purple_privacy_check(mxp->account, user_id);
}

static void update_im(MxpAccount *mxp, const char *user_id, gboolean is_typing)
{
    PurpleConversation *conversation = mxp_buddies_find_im(mxp, user_id);
    if (conversation == NULL)
        return;
    gboolean is_shown =
        purple_conv_im_get_typing_state(PURPLE_CONV_IM(conversation)) == PURPLE_TYPING;
    /* Without a timeout: the server says when it is over, and nothing while it goes on. */
    if (is_typing)
        serv_got_typing(mxp->gc, user_id, 0, PURPLE_TYPING);
    else if (is_shown)
        serv_got_typing_stopped(mxp->gc, user_id);
}

static void update_member(PurpleConvChat *chat, const char *user_id, gboolean is_typing)
{
    PurpleConvChatBuddyFlags flags = purple_conv_chat_user_get_flags(chat, user_id);
    PurpleConvChatBuddyFlags wanted =
        is_typing ? flags | PURPLE_CBFLAGS_TYPING : flags & ~PURPLE_CBFLAGS_TYPING;
    if (wanted != flags && purple_conv_chat_find_user(chat, user_id))
        purple_conv_chat_user_set_flags(chat, user_id, wanted);
}

static void update_chat(MxpAccount *mxp, const char *room_id, GPtrArray *user_ids)
{
    PurpleConversation *conversation = mxp_chat_window_find(mxp, room_id);
    GPtrArray *before = g_hash_table_lookup(mxp->typing, room_id);
    if (conversation == NULL || !has_group_typing()) {
        g_hash_table_remove(mxp->typing, room_id);
        return;
    }
    PurpleConvChat *chat = PURPLE_CONV_CHAT(conversation);
    GPtrArray *now = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < user_ids->len; i++) {
        const char *user_id = g_ptr_array_index(user_ids, i);
        if (!types(mxp, user_ids, user_id))
            continue;
        update_member(chat, user_id, TRUE);
        g_ptr_array_add(now, g_strdup(user_id));
    }
    for (guint i = 0; before != NULL && i < before->len; i++)
        if (!types(mxp, now, g_ptr_array_index(before, i)))
            update_member(chat, g_ptr_array_index(before, i), FALSE);
    g_hash_table_replace(mxp->typing, g_strdup(room_id), now);
}

void mxp_typing_update(MxpAccount *mxp, MxRoom *room, GPtrArray *user_ids)
{
    if (!PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return;
    if (room->direct_user != NULL)
        update_im(mxp, room->direct_user, types(mxp, user_ids, room->direct_user));
    else
        update_chat(mxp, room->room_id, user_ids);
}

void mxp_typing_forget(MxpAccount *mxp)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GList) room_ids = g_hash_table_get_keys(mxp->typing);
    for (GList *at = room_ids; at != NULL; at = at->next) {
        g_autofree char *room_id = g_strdup(at->data);
        update_chat(mxp, room_id, nobody);
    }
    for (GList *at = purple_get_ims(); at != NULL; at = at->next)
        if (purple_conversation_get_account(at->data) == mxp->account)
            update_im(mxp, purple_conversation_get_name(at->data), FALSE);
}

/* ---- the user ---- */

unsigned int mxp_typing_send(PurpleConnection *gc, const char *name, PurpleTypingState state)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room =
        mxp != NULL ? mx_client_get_direct(mxp->client, mxp_buddies_normalize(NULL, name)) : NULL;
    if (room == NULL)
        return 0;
    mx_client_set_typing(mxp->client, room, state == PURPLE_TYPING);
    return state == PURPLE_TYPING ? SAY_AGAIN_S : 0;
}

/* Gives the seconds as a pointer: that is how the plugin calls it. */
static gpointer on_chat_typing(PurpleConversation *conversation, PurpleTypingState state,
                               MxpAccount *mxp)
{
    MxRoom *room = purple_conversation_get_account(conversation) == mxp->account
                       ? mx_client_get_room(mxp->client, purple_conversation_get_name(conversation))
                       : NULL;
    if (room == NULL)
        return NULL;
    mx_client_set_typing(mxp->client, room, state == PURPLE_TYPING);
    return state == PURPLE_TYPING ? GUINT_TO_POINTER(SAY_AGAIN_S) : NULL;
}

static void connect_group_typing(MxpAccount *mxp)
{
    if (has_group_typing())
        purple_signal_connect(purple_conversations_get_handle(), "chat-conversation-typing", mxp,
                              PURPLE_CALLBACK(on_chat_typing), mxp);
}

static void on_plugin_load(PurplePlugin *plugin, MxpAccount *mxp)
{
    if (g_strcmp0(purple_plugin_get_id(plugin), GROUP_TYPING_PLUGIN) == 0)
        connect_group_typing(mxp);
}

void mxp_typing_init(MxpAccount *mxp)
{
    mxp->typing =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    purple_signal_connect(purple_plugins_get_handle(), "plugin-load", mxp,
                          PURPLE_CALLBACK(on_plugin_load), mxp);
    connect_group_typing(mxp);
}

void mxp_typing_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->typing, g_hash_table_unref);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "chat-window.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <server.h>

#include "history.h"
#include "markup.h"
#include "rooms.h"
#include "topic.h"

typedef struct {
    MxpAccount *mxp;
    char *room_id;
    int id;
    MxpMemberList *members;
} MxpChatWindow;

static void window_free(gpointer data)
{
    MxpChatWindow *window = data;
    mxp_member_list_free(window->members);
    g_free(window->room_id);
    g_free(window);
}

static MxpChatWindow *find_window(MxpAccount *mxp, const char *room_id)
{
    return g_hash_table_lookup(mxp->windows, room_id);
}

/* Both clients print, and Finch logs, a line for everybody who is added, unless a handler says not
 * to. */
static gboolean on_joining_or_leaving(PurpleConversation *conversation, MxpAccount *mxp)
{
    if (purple_conversation_get_account(conversation) != mxp->account)
        return FALSE;
    MxpChatWindow *window = find_window(mxp, purple_conversation_get_name(conversation));
    return window != NULL && mxp_member_list_is_silent(window->members);
}

static gboolean on_joining(PurpleConversation *conversation, const char *name,
                           PurpleConvChatBuddyFlags flags, MxpAccount *mxp)
{
    return on_joining_or_leaving(conversation, mxp);
}

static gboolean on_leaving(PurpleConversation *conversation, const char *name, const char *reason,
                           MxpAccount *mxp)
{
    return on_joining_or_leaving(conversation, mxp);
}

void mxp_chat_windows_init(MxpAccount *mxp)
{
    mxp->windows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, window_free);
    mxp->by_chat_id = g_hash_table_new(NULL, NULL);
    /* The handle is our own object, and goes with it. */
    purple_signal_connect(purple_conversations_get_handle(), "chat-buddy-joining", mxp,
                          PURPLE_CALLBACK(on_joining), mxp);
    purple_signal_connect(purple_conversations_get_handle(), "chat-buddy-leaving", mxp,
                          PURPLE_CALLBACK(on_leaving), mxp);
}

void mxp_chat_windows_clear(MxpAccount *mxp)
{

    g_clear_pointer(&mxp->by_chat_id, g_hash_table_unref);
    g_clear_pointer(&mxp->windows, g_hash_table_unref);
}

/* ---- open, find, close ---- */

static MxpChatWindow *add_window(MxpAccount *mxp, const char *room_id)
{
    MxpChatWindow *window = g_new0(MxpChatWindow, 1);
    window->mxp = mxp;
    window->room_id = g_strdup(room_id);
    window->id = ++mxp->next_chat_id;
    window->members = mxp_member_list_new(mxp, window->id);
    g_hash_table_insert(mxp->windows, window->room_id, window);
    g_hash_table_insert(mxp->by_chat_id, GINT_TO_POINTER(window->id), window);
    return window;
}

static void remove_window(MxpAccount *mxp, MxpChatWindow *window)
{
    mxp_history_forget(mxp, window->room_id);
    g_hash_table_remove(mxp->by_chat_id, GINT_TO_POINTER(window->id));
    g_hash_table_remove(mxp->windows, window->room_id);
}

PurpleConversation *mxp_chat_window_find(MxpAccount *mxp, const char *room_id)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    return window != NULL ? purple_find_chat(mxp->gc, window->id) : NULL;
}

char *mxp_chat_window_find_user(MxpAccount *mxp, const char *room_id, const char *name,
                                gboolean *is_shared)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    *is_shared = FALSE;
    return window != NULL ? mxp_member_list_find(window->members, name, is_shared) : NULL;
}

int mxp_chat_window_get_id(MxpAccount *mxp, const char *room_id)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    return window != NULL ? window->id : 0;
}

PurpleConversation *mxp_chat_window_open(MxpAccount *mxp, MxRoom *room)
{
    PurpleConversation *conversation = mxp_chat_window_find(mxp, room->room_id);
    /* A second serv_got_joined_chat() would make a second window that breaks the first. */
    if (conversation != NULL)
        return conversation;
    MxpChatWindow *window = add_window(mxp, room->room_id);
    conversation = serv_got_joined_chat(mxp->gc, window->id, room->room_id);
    if (conversation == NULL) {
        remove_window(mxp, window);
        return NULL;
    }
    /* Own lines are known by the Matrix ID, whatever the display name is. */
    purple_conv_chat_set_nick(PURPLE_CONV_CHAT(conversation), mx_client_get_user_id(mxp->client));
    purple_conversation_set_title(conversation, room->name);
    mx_client_open_room(mxp->client, room);
    mxp_member_list_load(window->members, room);
    mxp_topic_update(mxp, room);
    return conversation;
}

MxRoom *mxp_chat_window_get_room(MxpAccount *mxp, int id)
{
    MxpChatWindow *window = g_hash_table_lookup(mxp->by_chat_id, GINT_TO_POINTER(id));
    return window != NULL ? mx_client_get_room(mxp->client, window->room_id) : NULL;
}

MxpMemberList *mxp_chat_window_get_members(MxpAccount *mxp, const char *room_id)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    return window != NULL ? window->members : NULL;
}

static char *describe_departure(MxpAccount *mxp, MxpChatWindow *window, MxRoomChange *change)
{
    gboolean by_self =
        change->gone_by == NULL || g_str_equal(change->gone_by, mx_client_get_user_id(mxp->client));
    const char *name =
        change->gone_by != NULL ? mxp_member_list_get_name(window->members, change->gone_by) : NULL;
    g_autofree char *by = by_self ? NULL : mxp_markup_escape(name != NULL ? name : change->gone_by);
    g_autofree char *reason =
        change->gone_reason != NULL ? mxp_markup_escape(change->gone_reason) : g_strdup("");
    const char *colon = *reason != '\0' ? ": " : "";
    if (by_self)
        return g_strdup(_("You have left this room."));
    if (change->room->membership == MX_MEMBERSHIP_BAN)
        return g_strdup_printf(_("You were banned from this room by %s%s%s."), by, colon, reason);
    return g_strdup_printf(_("You were removed from this room by %s%s%s."), by, colon, reason);
}

static void end_window(MxpAccount *mxp, MxpChatWindow *window, const char *markup)
{
    PurpleConversation *conversation = purple_find_chat(mxp->gc, window->id);
    int id = window->id;
    remove_window(mxp, window);
    if (conversation == NULL)
        return;
    purple_conversation_write(conversation, NULL, markup,
                              PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LINKIFY, time(NULL));
    serv_got_chat_left(mxp->gc, id);
}

void mxp_chat_window_end(MxpAccount *mxp, const char *room_id, const char *text)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    g_autofree char *markup = mxp_markup_escape(text);
    if (window != NULL)
        end_window(mxp, window, markup);
}

void mxp_chat_window_update(MxpAccount *mxp, MxRoomChange *change)
{
    MxpChatWindow *window = find_window(mxp, change->room->room_id);
    if (window == NULL)
        return;
    if (change->is_gone) {
        g_autofree char *markup = describe_departure(mxp, window, change);
        end_window(mxp, window, markup);
        return;
    }
    if (change->members != NULL)
        mxp_member_list_update(window->members, change->members);
    if (change->members_stale)
        mxp_member_list_load(window->members, change->room);
    PurpleConversation *conversation = purple_find_chat(mxp->gc, window->id);
    if (conversation != NULL &&
        g_strcmp0(purple_conversation_get_title(conversation), change->room->name) != 0)
        purple_conversation_autoset_title(conversation);
}

/* ---- hooks ---- */

void mxp_chat_window_leave(PurpleConnection *gc, int id)
{
    /* Called when the window is closed. The room goes on; only the window is gone. */
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxpChatWindow *window =
        mxp != NULL ? g_hash_table_lookup(mxp->by_chat_id, GINT_TO_POINTER(id)) : NULL;
    if (window == NULL)
        return;
    MxRoom *room = mx_client_get_room(mxp->client, window->room_id);
    if (room != NULL)
        mx_client_close_room(mxp->client, room);
    remove_window(mxp, window);
}

char *mxp_chat_window_get_cb_alias(PurpleConnection *gc, int id, const char *who)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxpChatWindow *window =
        mxp != NULL ? g_hash_table_lookup(mxp->by_chat_id, GINT_TO_POINTER(id)) : NULL;
    /* Also asked for system lines, with the conversation's own name: that has no alias. */
    return window != NULL && who != NULL ? g_strdup(mxp_member_list_get_name(window->members, who))
                                         : NULL;
}

char *mxp_chat_window_get_cb_real_name(PurpleConnection *gc, int id, const char *who)
{
    return g_strdup(who); /* members are listed by Matrix ID */
}

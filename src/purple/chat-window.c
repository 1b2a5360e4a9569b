/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "chat-window.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <server.h>

#include "markup.h"
#include "rooms.h"

/* So many members a window lists; GTK's and ncurses' lists sort on every insertion. */
#define MAX_MEMBERS 2000
/* So many are added in one slice of the main loop: libpurple needs about 13 us each. */
#define MEMBERS_AT_ONCE 100
#define SLICE_US (8 * 1000)

typedef struct {
    MxpAccount *mxp;
    char *room_id;
    int id;
    GHashTable *names;  /* user ID -> display name */
    GPtrArray *members; /* MxMember still to be added, from next_member on */
    guint next_member;
    GPtrArray *updates; /* MxMember that changed since, in order */
    guint member_source;
    gboolean is_silent; /* what is added or removed now is not announced */
} MxpChatWindow;

static void window_free(gpointer data)
{
    MxpChatWindow *window = data;
    g_clear_handle_id(&window->member_source, g_source_remove);
    g_clear_pointer(&window->members, g_ptr_array_unref);
    g_ptr_array_unref(window->updates);
    g_hash_table_unref(window->names);
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
    return window != NULL && window->is_silent;
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

/* ---- members ---- */

static PurpleConvChat *get_chat(MxpChatWindow *window)
{
    PurpleConversation *conversation = purple_find_chat(window->mxp->gc, window->id);
    return conversation != NULL ? PURPLE_CONV_CHAT(conversation) : NULL;
}

static void remember_name(MxpChatWindow *window, const char *user_id, const char *name)
{
    g_hash_table_replace(window->names, g_strdup(user_id), g_strdup(name));
}

static void add_members(MxpChatWindow *window, PurpleConvChat *chat, guint from, guint to)
{
    GList *users = NULL, *messages = NULL, *flags = NULL;
    for (guint i = from; i < to; i++) {
        MxMember *member = g_ptr_array_index(window->members, i);
        remember_name(window, member->user_id, member->name);
        if (member->membership != MX_MEMBERSHIP_JOIN ||
            purple_conv_chat_find_user(chat, member->user_id))
            continue;
        users = g_list_prepend(users, member->user_id);
        messages = g_list_prepend(messages, NULL);
        flags = g_list_prepend(flags, GINT_TO_POINTER(PURPLE_CBFLAGS_NONE));
    }
    window->is_silent = TRUE;
    if (users != NULL)
        purple_conv_chat_add_users(chat, users, messages, flags, TRUE);
    window->is_silent = FALSE;
    g_list_free(users);
    g_list_free(messages);
    g_list_free(flags);
}

static gboolean is_full(PurpleConvChat *chat)
{
    return g_list_length(purple_conv_chat_get_users(chat)) >= MAX_MEMBERS;
}

static void update_member(MxpChatWindow *window, PurpleConvChat *chat, MxMember *member)
{
    gboolean is_listed = purple_conv_chat_find_user(chat, member->user_id);
    gboolean is_there = member->membership == MX_MEMBERSHIP_JOIN;
    const char *old_name = g_hash_table_lookup(window->names, member->user_id);
    gboolean is_renamed = is_listed && g_strcmp0(old_name, member->name) != 0;
    remember_name(window, member->user_id, member->name);
    window->is_silent = TRUE;
    /* libpurple has no call for a changed name: take out and put in again. */
    if (is_listed && (!is_there || is_renamed))
        purple_conv_chat_remove_user(chat, member->user_id, NULL);
    if (is_there && (is_renamed || (!is_listed && !is_full(chat))))
        purple_conv_chat_add_user(chat, member->user_id, NULL, PURPLE_CBFLAGS_NONE, TRUE);
    window->is_silent = FALSE;
}

/* The next part of the list. TRUE while there is more. */
static gboolean add_next_members(MxpChatWindow *window, PurpleConvChat *chat)
{
    guint last = MIN(window->members->len, MAX_MEMBERS);
    guint to = MIN(window->next_member + MEMBERS_AT_ONCE, last);
    add_members(window, chat, window->next_member, to);
    window->next_member = to;
    if (to < last)
        return TRUE;
    g_clear_pointer(&window->members, g_ptr_array_unref);
    return window->updates->len > 0;
}

static gboolean apply_next_updates(MxpChatWindow *window, PurpleConvChat *chat)
{
    gint64 until = g_get_monotonic_time() + SLICE_US;
    guint done = 0;
    while (done < window->updates->len && g_get_monotonic_time() < until)
        update_member(window, chat, g_ptr_array_index(window->updates, done++));
    if (done > 0)
        g_ptr_array_remove_range(window->updates, 0, done);
    return window->updates->len > 0;
}

static gboolean on_member_slice(gpointer data)
{
    MxpChatWindow *window = data;
    PurpleConvChat *chat = get_chat(window);
    if (chat != NULL && (window->members != NULL ? add_next_members(window, chat)
                                                 : apply_next_updates(window, chat)))
        return G_SOURCE_CONTINUE;
    window->member_source = 0;
    return G_SOURCE_REMOVE;
}

static void schedule_members(MxpChatWindow *window)
{
    if (window->member_source == 0)
        window->member_source = g_idle_add(on_member_slice, window);
}

static void on_members(MxClient *client, MxRoom *room, GPtrArray *members, gpointer user_data)
{
    MxpAccount *mxp = user_data;
    MxpChatWindow *window = find_window(mxp, room->room_id);
    if (window == NULL || window->members != NULL) {
        g_ptr_array_unref(members);
        return;
    }
    window->members = members;
    window->next_member = 0;
    schedule_members(window);
}

static void update_members(MxpChatWindow *window, GPtrArray *members)
{
    for (guint i = 0; i < members->len; i++) {
        MxMember *member = g_ptr_array_index(members, i);
        g_ptr_array_add(window->updates, mx_member_copy(member));
    }
    schedule_members(window);
}

/* ---- open, find, close ---- */

static MxpChatWindow *add_window(MxpAccount *mxp, const char *room_id)
{
    MxpChatWindow *window = g_new0(MxpChatWindow, 1);
    window->mxp = mxp;
    window->room_id = g_strdup(room_id);
    window->id = ++mxp->next_chat_id;
    window->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    window->updates = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_free);
    g_hash_table_insert(mxp->windows, window->room_id, window);
    g_hash_table_insert(mxp->by_chat_id, GINT_TO_POINTER(window->id), window);
    return window;
}

static void remove_window(MxpAccount *mxp, MxpChatWindow *window)
{
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
    const char *found = NULL;
    GHashTableIter iter;
    gpointer user_id, known;
    *is_shared = FALSE;
    if (window == NULL)
        return NULL;
    if (g_hash_table_contains(window->names, name))
        return g_strdup(name);
    g_hash_table_iter_init(&iter, window->names);
    while (g_hash_table_iter_next(&iter, &user_id, &known)) {
        if (g_strcmp0(known, name) != 0)
            continue;
        *is_shared = found != NULL;
        if (found != NULL)
            return NULL;
        found = user_id;
    }
    return g_strdup(found);
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
    mx_client_list_members(mxp->client, room, on_members, mxp);
    return conversation;
}

MxRoom *mxp_chat_window_get_room(MxpAccount *mxp, int id)
{
    MxpChatWindow *window = g_hash_table_lookup(mxp->by_chat_id, GINT_TO_POINTER(id));
    return window != NULL ? mx_client_get_room(mxp->client, window->room_id) : NULL;
}

void mxp_chat_window_learn_name(MxpAccount *mxp, const char *room_id, const char *user_id,
                                const char *name)
{
    MxpChatWindow *window = find_window(mxp, room_id);
    if (window != NULL)
        remember_name(window, user_id, name);
}

static char *describe_departure(MxpAccount *mxp, MxpChatWindow *window, MxRoomChange *change)
{
    gboolean by_self =
        change->gone_by == NULL || g_str_equal(change->gone_by, mx_client_get_user_id(mxp->client));
    const char *name =
        change->gone_by != NULL ? g_hash_table_lookup(window->names, change->gone_by) : NULL;
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

static void end_window(MxpAccount *mxp, MxpChatWindow *window, MxRoomChange *change)
{
    PurpleConversation *conversation = purple_find_chat(mxp->gc, window->id);
    g_autofree char *text = describe_departure(mxp, window, change);
    int id = window->id;
    remove_window(mxp, window);
    if (conversation == NULL)
        return;
    purple_conversation_write(conversation, NULL, text,
                              PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LINKIFY, time(NULL));
    serv_got_chat_left(mxp->gc, id);
}

void mxp_chat_window_update(MxpAccount *mxp, MxRoomChange *change)
{
    MxpChatWindow *window = find_window(mxp, change->room->room_id);
    if (window == NULL)
        return;
    if (change->is_gone) {
        end_window(mxp, window, change);
        return;
    }
    if (change->members != NULL)
        update_members(window, change->members);
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
    return window != NULL && who != NULL ? g_strdup(g_hash_table_lookup(window->names, who)) : NULL;
}

char *mxp_chat_window_get_cb_real_name(PurpleConnection *gc, int id, const char *who)
{
    return g_strdup(who); /* members are listed by Matrix ID */
}

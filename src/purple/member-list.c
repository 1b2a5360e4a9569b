/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "member-list.h"

#include <conversation.h>
#include <server.h>

#include "chat-window.h"

/* So many are added in one slice of the main loop. */
#define MEMBERS_AT_ONCE 100
#define SLICE_US (8 * 1000)

struct _MxpMemberList {
    MxpAccount *mxp;
    int id;
    int limit;
    guint count;        /* so many are listed */
    GHashTable *names;  /* user ID -> display name */
    GPtrArray *members; /* MxMember still to be added, from next_member on */
    guint next_member;
    GPtrArray *updates; /* MxMember that changed since, in order */
    guint source;
    gboolean is_silent;
};

MxpMemberList *mxp_member_list_new(MxpAccount *mxp, int id)
{
    MxpMemberList *list = g_new0(MxpMemberList, 1);
    list->mxp = mxp;
    list->id = id;
    list->limit = purple_account_get_int(mxp->account, MXP_OPTION_MAX_MEMBERS, MXP_MAX_MEMBERS);
    if (list->limit <= 0) /* what somebody typed who meant something else */
        list->limit = MXP_MAX_MEMBERS;
    list->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    list->updates = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_free);
    return list;
}

void mxp_member_list_free(MxpMemberList *list)
{
    g_clear_handle_id(&list->source, g_source_remove);
    g_clear_pointer(&list->members, g_ptr_array_unref);
    g_ptr_array_unref(list->updates);
    g_hash_table_unref(list->names);
    g_free(list);
}

gboolean mxp_member_list_is_silent(MxpMemberList *list)
{
    return list->is_silent;
}

const char *mxp_member_list_get_name(MxpMemberList *list, const char *user_id)
{
    return g_hash_table_lookup(list->names, user_id);
}

/* Shown as "name", or as "name (ID)" because others are called so too. */
static gboolean is_called(const char *shown, const char *user_id, const char *name)
{
    g_autofree char *long_form = g_strdup_printf("%s (%s)", name, user_id);
    return g_strcmp0(shown, name) == 0 || g_strcmp0(shown, long_form) == 0;
}

char *mxp_member_list_find(MxpMemberList *list, const char *name, gboolean *is_shared)
{
    const char *found = NULL;
    GHashTableIter iter;
    gpointer user_id, shown;
    *is_shared = FALSE;
    if (g_hash_table_contains(list->names, name))
        return g_strdup(name);
    g_hash_table_iter_init(&iter, list->names);
    while (g_hash_table_iter_next(&iter, &user_id, &shown)) {
        if (!is_called(shown, user_id, name))
            continue;
        *is_shared = found != NULL;
        if (found != NULL)
            return NULL;
        found = user_id;
    }
    return g_strdup(found);
}

static PurpleConvChat *get_chat(MxpMemberList *list)
{
    PurpleConversation *conversation = purple_find_chat(list->mxp->gc, list->id);
    return conversation != NULL ? PURPLE_CONV_CHAT(conversation) : NULL;
}

static void remember_name(MxpMemberList *list, const char *user_id, const char *name)
{
    g_hash_table_replace(list->names, g_strdup(user_id), g_strdup(name));
}

#define ROLES (PURPLE_CBFLAGS_FOUNDER | PURPLE_CBFLAGS_OP | PURPLE_CBFLAGS_HALFOP)

static PurpleConvChatBuddyFlags flags_of(MxRole role)
{
    switch (role) {
    case MX_ROLE_CREATOR:
    case MX_ROLE_ADMIN:
        return PURPLE_CBFLAGS_FOUNDER;
    case MX_ROLE_MODERATOR:
        return PURPLE_CBFLAGS_OP;
    case MX_ROLE_RAISED:
        return PURPLE_CBFLAGS_HALFOP;
    case MX_ROLE_NONE:
        break;
    }
    return PURPLE_CBFLAGS_NONE;
}

/* ---- one member ---- */

static void add_one(MxpMemberList *list, PurpleConvChat *chat, const char *user_id, MxRole role)
{
    list->is_silent = TRUE;
    purple_conv_chat_add_user(chat, user_id, NULL, flags_of(role), TRUE);
    list->is_silent = FALSE;
    list->count++;
}

static void remove_one(MxpMemberList *list, PurpleConvChat *chat, const char *user_id)
{
    list->is_silent = TRUE;
    purple_conv_chat_remove_user(chat, user_id, NULL);
    list->is_silent = FALSE;
    list->count--;
}

/* That somebody types is a flag too, and stays. */
static void set_role(PurpleConvChat *chat, const char *user_id, MxRole role)
{
    PurpleConvChatBuddyFlags flags = purple_conv_chat_user_get_flags(chat, user_id);
    PurpleConvChatBuddyFlags wanted = (flags & ~ROLES) | flags_of(role);
    if (wanted != flags)
        purple_conv_chat_user_set_flags(chat, user_id, wanted);
}

static void update_listed(MxpMemberList *list, PurpleConvChat *chat, const MxMember *member)
{
    const char *old_name = mxp_member_list_get_name(list, member->user_id);
    gboolean is_there = member->membership == MX_MEMBERSHIP_JOIN;
    gboolean is_renamed = g_strcmp0(old_name, member->name) != 0;
    remember_name(list, member->user_id, member->name);
    /* libpurple has no call for a changed name: take out and put in again. */
    if (!is_there || is_renamed)
        remove_one(list, chat, member->user_id);
    if (is_there && is_renamed)
        add_one(list, chat, member->user_id, member->role);
    else if (is_there)
        set_role(chat, member->user_id, member->role);
}

static void update_one(MxpMemberList *list, PurpleConvChat *chat, const MxMember *member)
{
    if (purple_conv_chat_find_user(chat, member->user_id)) {
        update_listed(list, chat, member);
        return;
    }
    if (mxp_member_list_get_name(list, member->user_id) != NULL)
        remember_name(list, member->user_id, member->name);
    /* Those with power are listed, however many there are. */
    if (member->membership != MX_MEMBERSHIP_JOIN ||
        (list->count >= (guint)list->limit && member->role == MX_ROLE_NONE))
        return;
    remember_name(list, member->user_id, member->name);
    add_one(list, chat, member->user_id, member->role);
}

void mxp_member_list_note_sender(MxpMemberList *list, const MxLine *line)
{
    PurpleConvChat *chat = get_chat(list);
    remember_name(list, line->sender, line->sender_name);
    /* Before the list is there, nobody is missing from it. */
    if (chat != NULL && line->is_from_member && list->members == NULL &&
        list->count >= (guint)list->limit && !purple_conv_chat_find_user(chat, line->sender))
        add_one(list, chat, line->sender, MX_ROLE_NONE);
}

/* ---- many ---- */

static void add_many(MxpMemberList *list, PurpleConvChat *chat, guint from, guint to)
{
    GList *users = NULL, *messages = NULL, *flags = NULL;
    for (guint i = from; i < to; i++) {
        MxMember *member = g_ptr_array_index(list->members, i);
        if (purple_conv_chat_find_user(chat, member->user_id)) {
            update_listed(list, chat, member);
        } else if (member->membership == MX_MEMBERSHIP_JOIN) {
            remember_name(list, member->user_id, member->name);
            users = g_list_prepend(users, member->user_id);
            messages = g_list_prepend(messages, NULL);
            flags = g_list_prepend(flags, GINT_TO_POINTER(flags_of(member->role)));
            list->count++;
        }
    }
    list->is_silent = TRUE;
    if (users != NULL)
        purple_conv_chat_add_users(chat, users, messages, flags, TRUE);
    list->is_silent = FALSE;
    g_list_free(users);
    g_list_free(messages);
    g_list_free(flags);
}

/* The next part of the list. TRUE while there is more. */
static gboolean add_next(MxpMemberList *list, PurpleConvChat *chat)
{
    guint to = MIN(list->next_member + MEMBERS_AT_ONCE, list->members->len);
    add_many(list, chat, list->next_member, to);
    list->next_member = to;
    if (to < list->members->len)
        return TRUE;
    g_clear_pointer(&list->members, g_ptr_array_unref);
    return list->updates->len > 0;
}

static gboolean apply_next_updates(MxpMemberList *list, PurpleConvChat *chat)
{
    gint64 until = g_get_monotonic_time() + SLICE_US;
    guint done = 0;
    while (done < list->updates->len && g_get_monotonic_time() < until)
        update_one(list, chat, g_ptr_array_index(list->updates, done++));
    if (done > 0)
        g_ptr_array_remove_range(list->updates, 0, done);
    return list->updates->len > 0;
}

static gboolean on_slice(gpointer data)
{
    MxpMemberList *list = data;
    PurpleConvChat *chat = get_chat(list);
    if (chat != NULL &&
        (list->members != NULL ? add_next(list, chat) : apply_next_updates(list, chat)))
        return G_SOURCE_CONTINUE;
    list->source = 0;
    return G_SOURCE_REMOVE;
}

static void schedule(MxpMemberList *list)
{
    if (list->source == 0)
        list->source = g_idle_add(on_slice, list);
}

static void on_members(MxClient *client, MxRoom *room, GPtrArray *members, guint total,
                       gpointer user_data)
{
    MxpMemberList *list = mxp_chat_window_get_members(user_data, room->room_id);
    if (list == NULL) {
        g_ptr_array_unref(members);
        return;
    }
    g_clear_pointer(&list->members, g_ptr_array_unref);
    list->members = members;
    list->next_member = 0;
    schedule(list);
}

void mxp_member_list_load(MxpMemberList *list, MxRoom *room)
{
    MxMemberQuery query = {.limit = list->limit};
    mx_client_list_members(list->mxp->client, room, &query, on_members, list->mxp, NULL);
}

void mxp_member_list_update(MxpMemberList *list, GPtrArray *members)
{
    for (guint i = 0; i < members->len; i++)
        g_ptr_array_add(list->updates, mx_member_copy(g_ptr_array_index(members, i)));
    schedule(list);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-member.h"

#include "mx-id.h"
#include "mx-name.h"
#include "mx-room-name.h"

void mx_member_free(MxMember *member)
{
    if (member == NULL)
        return;
    g_free(member->user_id);
    g_free(member->name);
    g_free(member);
}

MxMember *mx_member_copy(const MxMember *member)
{
    MxMember *copy = g_new0(MxMember, 1);
    copy->user_id = g_strdup(member->user_id);
    copy->name = g_strdup(member->name);
    copy->membership = member->membership;
    copy->role = member->role;
    return copy;
}

static MxMember *member_new(const char *user_id, MxMembership membership, const MxPower *power)
{
    MxMember *member = g_new0(MxMember, 1);
    member->user_id = g_strdup(user_id);
    member->membership = membership;
    member->role = mx_power_get_role(power, user_id);
    return member;
}

/* ---- the list ---- */

/* What decides who comes first. */
typedef struct {
    MxMember *member;
    gint64 power;
    guint speaks; /* 0: never; higher: later */
} Ranked;

static int compare_ranked(gconstpointer a, gconstpointer b)
{
    const Ranked *one = a, *other = b;
    gboolean is_in = one->member->membership == MX_MEMBERSHIP_JOIN;
    if (is_in != (other->member->membership == MX_MEMBERSHIP_JOIN))
        return is_in ? -1 : 1;
    if (one->power != other->power)
        return one->power > other->power ? -1 : 1;
    if (one->speaks != other->speaks)
        return one->speaks > other->speaks ? -1 : 1;
    return strcmp(one->member->user_id, other->member->user_id);
}

static GHashTable *count_names(GPtrArray *rows)
{
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < rows->len; i++) {
        MxMemberRow *row = g_ptr_array_index(rows, i);
        char *key = mx_name_make_key(row->display_name);
        if (key == NULL)
            continue;
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
        g_hash_table_insert(counts, key, GUINT_TO_POINTER(count + 1));
    }
    return counts;
}

static GHashTable *rank_speakers(MxStore *store, gint64 room)
{
    GHashTable *ranks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) speakers = mx_store_list_speakers(store, room);
    for (guint i = 0; i < speakers->len; i++)
        g_hash_table_insert(ranks, g_strdup(g_ptr_array_index(speakers, i)),
                            GUINT_TO_POINTER(speakers->len - i));
    return ranks;
}

static gboolean has_words(const MxMember *member, char **words)
{
    g_autofree char *both = g_strconcat(member->name, " ", member->user_id, NULL);
    g_autofree char *folded = g_utf8_casefold(both, -1);
    for (; words != NULL && *words != NULL; words++)
        if (strstr(folded, *words) == NULL)
            return FALSE;
    return TRUE;
}

static char *name_of(const MxMemberRow *row, GHashTable *counts)
{
    g_autofree char *key = mx_name_make_key(row->display_name);
    guint count = key != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(counts, key)) : 0;
    return mx_room_name_of_user(row->display_name, row->user_id, count > 1);
}

static GArray *rank_all(MxStore *store, gint64 room, char **words)
{
    GArray *ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    g_autoptr(GPtrArray) rows = mx_store_list_members(store, room, -1);
    g_autoptr(MxPower) power = mx_power_load(store, room);
    g_autoptr(GHashTable) counts = count_names(rows);
    g_autoptr(GHashTable) speakers = rank_speakers(store, room);
    for (guint i = 0; i < rows->len; i++) {
        MxMemberRow *row = g_ptr_array_index(rows, i);
        MxMember *member = member_new(row->user_id, row->membership, power);
        member->name = name_of(row, counts);
        Ranked one = {member, mx_power_get(power, row->user_id),
                      GPOINTER_TO_UINT(g_hash_table_lookup(speakers, row->user_id))};
        if (has_words(member, words))
            g_array_append_val(ranked, one);
        else
            mx_member_free(member);
    }
    g_array_sort(ranked, compare_ranked);
    return ranked;
}

GPtrArray *mx_member_list(MxStore *store, gint64 room, const MxMemberQuery *query, guint *total)
{
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_free);
    g_autofree char *folded = query->words != NULL ? g_utf8_casefold(query->words, -1) : NULL;
    g_auto(GStrv) words = folded != NULL ? g_strsplit(folded, " ", -1) : NULL;
    g_autoptr(GArray) ranked = rank_all(store, room, words);
    *total = ranked->len;
    for (guint i = 0; i < ranked->len; i++) {
        MxMember *member = g_array_index(ranked, Ranked, i).member;
        if (query->limit < 0 || i < (guint)query->limit)
            g_ptr_array_add(members, member);
        else
            mx_member_free(member);
    }
    return members;
}

/* ---- changes ---- */

void mx_member_changes_clear(MxMemberChanges *changes)
{
    g_clear_pointer(&changes->members, g_ptr_array_unref);
    g_clear_pointer(&changes->power, mx_power_free);
}

static void note(MxMemberChanges *changes, const char *user_id, MxMembership membership)
{
    if (changes->members == NULL)
        changes->members = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_free);
    if (changes->power == NULL)
        changes->power = mx_power_load(changes->store, changes->room);
    MxMember *member = member_new(user_id, membership, changes->power);
    member->name = mx_room_name_of_member(changes->store, changes->room, user_id);
    g_ptr_array_add(changes->members, member);
}

/* Who alone has the same name was shown without the ID, or will be. */
static void note_namesake(MxMemberChanges *changes, const char *user_id, const char *name)
{
    if (name == NULL)
        return;
    g_autofree char *other =
        mx_store_find_only_namesake(changes->store, changes->room, user_id, name);
    g_autoptr(MxMemberRow) row =
        other != NULL ? mx_store_get_member(changes->store, changes->room, other) : NULL;
    if (row != NULL)
        note(changes, row->user_id, row->membership);
}

/* An event that ends a membership has no name; the one it had is still how people know the user. */
static char *dup_kept_name(MxMemberChanges *changes, const MxEvent *event,
                           const MxMemberContent *content)
{
    if (content->display_name != NULL ||
        (content->membership != MX_MEMBERSHIP_LEAVE && content->membership != MX_MEMBERSHIP_BAN))
        return g_strdup(content->display_name);
    g_autofree char *before =
        mx_json_slice_dup_string(mx_json_scan_member(event->prev_content, "displayname"));
    char *name = mx_event_tidy_name(before);
    g_autoptr(MxMemberRow) known =
        name == NULL ? mx_store_get_member(changes->store, changes->room, event->state_key) : NULL;
    return known != NULL ? g_strdup(known->display_name) : name;
}

void mx_member_changes_add(MxMemberChanges *changes, const MxEvent *event,
                           const MxMemberContent *content)
{
    const char *user_id = event->state_key;
    g_autofree char *name = dup_kept_name(changes, event, content);
    g_autoptr(MxMemberRow) before =
        changes->is_wanted ? mx_store_get_member(changes->store, changes->room, user_id) : NULL;
    mx_store_set_member(changes->store, changes->room, user_id, content->membership, name,
                        content->avatar_url);
    if (!changes->is_wanted)
        return;
    note(changes, user_id, content->membership);
    if (before != NULL && g_strcmp0(before->display_name, name) != 0)
        note_namesake(changes, user_id, before->display_name);
    note_namesake(changes, user_id, name);
}

MxPower *mx_member_changes_begin_power(MxMemberChanges *changes)
{
    return changes->is_wanted ? mx_power_load(changes->store, changes->room) : NULL;
}

void mx_member_changes_end_power(MxMemberChanges *changes, MxPower *before)
{
    g_autoptr(MxPower) old = before;
    if (old == NULL)
        return;
    g_clear_pointer(&changes->power, mx_power_free);
    changes->power = mx_power_load(changes->store, changes->room);
    if (mx_power_get_default(old) != mx_power_get_default(changes->power)) {
        changes->is_stale = TRUE;
        return;
    }
    g_autoptr(GPtrArray) users = mx_power_list_users(old, changes->power);
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        if (mx_power_get_role(old, user_id) == mx_power_get_role(changes->power, user_id))
            continue;
        g_autoptr(MxMemberRow) row = mx_store_get_member(changes->store, changes->room, user_id);
        if (row != NULL)
            note(changes, user_id, row->membership);
    }
}

/* ---- GET /members ---- */

/* Somebody whom the list and what is known tell apart does not count as listed. */
static void store_member_event(MxStore *store, gint64 room, gboolean keep_known, GHashTable *listed,
                               MxJsonSlice text)
{
    g_auto(MxEvent) event = {0};
    if (!mx_event_parse(&event, text.text, text.len, FALSE) || event.state_key == NULL ||
        !g_str_equal(event.type, "m.room.member") || !mx_user_id_is_valid(event.state_key))
        return;
    g_auto(MxMemberContent) content = {0};
    mx_member_content_parse(&content, event.content);
    g_autoptr(MxMemberRow) known =
        keep_known ? mx_store_get_member(store, room, event.state_key) : NULL;
    if (known == NULL || known->membership == content.membership)
        g_hash_table_add(listed, g_strdup(event.state_key));
    if (known != NULL)
        return;
    mx_store_set_member(store, room, event.state_key, content.membership, content.display_name,
                        content.avatar_url);
}

/* The list is of another moment than what is known, and somebody who is known is not on it: come
 * since then, or gone while nobody looked. Nobody is to be given keys for having been forgotten
 * (crypto D12), so an encrypted room's list is asked for again. */
static gboolean is_in_doubt(MxStore *store, const MxRoomRow *room, GHashTable *listed)
{
    g_autoptr(GPtrArray) members = mx_store_list_members(store, room->key, -1);
    for (guint i = 0; i < members->len; i++)
        if (!g_hash_table_contains(listed, ((MxMemberRow *)g_ptr_array_index(members, i))->user_id))
            return TRUE;
    return FALSE;
}

gboolean mx_member_store_answer(MxStore *store, gint64 room, const char *at, const char *text,
                                gsize len, GError **error)
{
    MxJsonIter iter;
    MxJsonSlice event;
    if (!mx_json_scan_validate(text, len) ||
        !mx_json_iter_init(&iter, mx_json_scan_member(mx_json_scan_root(text, len), "chunk"))) {
        g_set_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                    _("The server's list of members cannot be read."));
        return FALSE;
    }
    mx_store_begin(store);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    g_autofree char *now = mx_store_get_value(store, MX_VALUE_NEXT_BATCH);
    gboolean keep_known = g_strcmp0(now, at) != 0;
    g_autoptr(GHashTable) listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!keep_known)
        mx_store_forget_members(store, room);
    while (mx_json_iter_next(&iter, NULL, &event))
        if (event.type == MX_JSON_OBJECT)
            store_member_event(store, room, keep_known, listed, event);
    if (row != NULL && !(row->encrypted && keep_known && is_in_doubt(store, row, listed))) {
        row->members_complete = TRUE;
        mx_store_save_room(store, row);
    }
    return mx_store_commit(store, error);
}

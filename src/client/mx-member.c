/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-member.h"

#include "mx-event.h"
#include "mx-id.h"
#include "mx-json.h"
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
    return copy;
}

MxMember *mx_member_new(MxStore *store, gint64 room, const char *user_id, MxMembership membership)
{
    MxMember *member = g_new0(MxMember, 1);
    member->user_id = g_strdup(user_id);
    member->name = mx_room_name_of_member(store, room, user_id);
    member->membership = membership;
    return member;
}

GPtrArray *mx_member_list(MxStore *store, gint64 room, int limit)
{
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_free);
    g_autoptr(GPtrArray) rows = mx_store_list_members(store, room, limit);
    for (guint i = 0; i < rows->len; i++) {
        MxMemberRow *row = g_ptr_array_index(rows, i);
        g_ptr_array_add(members, mx_member_new(store, room, row->user_id, row->membership));
    }
    return members;
}

static void store_member_event(MxStore *store, gint64 room, gboolean keep_known, MxJsonSlice text)
{
    g_auto(MxEvent) event = {0};
    if (!mx_event_parse(&event, text.text, text.len, FALSE) || event.state_key == NULL ||
        !g_str_equal(event.type, "m.room.member") || !mx_user_id_is_valid(event.state_key))
        return;
    g_autoptr(MxMemberRow) known =
        keep_known ? mx_store_get_member(store, room, event.state_key) : NULL;
    if (known != NULL)
        return;
    g_auto(MxMemberContent) content = {0};
    mx_member_content_parse(&content, event.content);
    mx_store_set_member(store, room, event.state_key, content.membership, content.display_name,
                        content.avatar_url);
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
    if (!keep_known)
        mx_store_forget_members(store, room);
    while (mx_json_iter_next(&iter, NULL, &event))
        if (event.type == MX_JSON_OBJECT)
            store_member_event(store, room, keep_known, event);
    if (row != NULL) {
        row->members_complete = TRUE;
        mx_store_save_room(store, row);
    }
    return mx_store_commit(store, error);
}

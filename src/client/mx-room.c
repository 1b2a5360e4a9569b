/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room.h"

#include <string.h>

#include "mx-direct.h"
#include "mx-invitation.h"
#include "mx-mxc.h"
#include "mx-room-name.h"

static void add_invitation(MxRoom *room, MxStore *store)
{
    g_autoptr(MxInvitation) invitation = mx_invitation_load(store, room->room_id);
    if (invitation == NULL)
        return;
    room->inviter = g_steal_pointer(&invitation->inviter);
    room->invite_reason = g_steal_pointer(&invitation->reason);
    room->invite_is_direct = invitation->is_direct && room->inviter != NULL;
    if (room->inviter != NULL)
        room->inviter_name = mx_room_name_of_member(store, room->key, room->inviter);
}

static void add_partner(MxRoom *room, MxStore *store)
{
    room->partner_name = mx_room_name_of_member(store, room->key, room->direct_user);
    g_autoptr(MxMemberRow) member = mx_store_get_member(store, room->key, room->direct_user);
    if (member == NULL)
        return;
    /* Who leaves takes no avatar along, and an invitation may not name one. */
    if (mx_mxc_parse(member->avatar_url, NULL, NULL))
        room->partner_avatar = g_strdup(member->avatar_url);
    else if (member->membership == MX_MEMBERSHIP_JOIN)
        room->partner_avatar = g_strdup("");
}

static void add_upgrade(MxRoom *room, MxStore *store)
{
    g_autoptr(MxUpgradeRow) upgrade = mx_store_get_upgrade(store, room->key);
    if (upgrade == NULL)
        return;
    room->upgrade = upgrade->stage;
    room->successor = g_steal_pointer(&upgrade->successor);
    room->successor_via = g_steal_pointer(&upgrade->via);
}

static void add_avatar(MxRoom *room, MxStore *store)
{
    g_autofree char *content = mx_store_get_state(store, room->key, "m.room.avatar", "");
    MxJsonSlice url = {0};
    if (content != NULL)
        url = mx_json_scan_member(mx_json_scan_root(content, strlen(content)), "url");
    room->avatar = mx_json_slice_dup_string(url);
    if (!mx_mxc_parse(room->avatar, NULL, NULL)) {
        g_free(room->avatar);
        room->avatar = g_strdup("");
    }
}

MxRoom *mx_room_new(MxStore *store, const MxRoomRow *row, const char *own_user_id)
{
    MxRoom *room = g_new0(MxRoom, 1);
    g_atomic_ref_count_init(&room->refs);
    room->key = row->key;
    room->room_id = g_strdup(row->room_id);
    room->canonical_alias = g_strdup(row->canonical_alias);
    room->name = mx_room_name_compute(store, row, own_user_id);
    room->direct_user = g_strdup(row->direct_user);
    if (row->direct_user != NULL)
        add_partner(room, store);
    room->membership = row->membership;
    room->encrypted = row->encrypted;
    room->is_space = g_strcmp0(row->room_type, "m.space") == 0;
    room->people = mx_direct_count_joined(store, row);
    room->unread = mx_store_count_pending(store, row->key, own_user_id);
    room->alerts =
        mx_store_has_alert(store, row->key, G_MININT64, own_user_id, row->direct_user != NULL);
    room->highlights = row->highlight_count;
    room->hidden = row->hidden;
    if (row->membership == MX_MEMBERSHIP_JOIN && row->direct_user == NULL && !room->is_space) {
        mx_place_find(&room->place, store, row, own_user_id);
        add_avatar(room, store);
    }
    if (row->membership == MX_MEMBERSHIP_INVITE)
        add_invitation(room, store);
    if (row->membership == MX_MEMBERSHIP_JOIN)
        add_upgrade(room, store);
    return room;
}

MxRoom *mx_room_ref(MxRoom *room)
{
    g_atomic_ref_count_inc(&room->refs);
    return room;
}

void mx_room_unref(MxRoom *room)
{
    if (!g_atomic_ref_count_dec(&room->refs))
        return;
    g_free(room->room_id);
    g_free(room->name);
    g_free(room->canonical_alias);
    g_free(room->direct_user);
    g_free(room->partner_name);
    g_free(room->avatar);
    g_free(room->partner_avatar);
    g_free(room->inviter);
    g_free(room->inviter_name);
    g_free(room->invite_reason);
    g_free(room->successor);
    g_free(room->successor_via);
    mx_place_clear(&room->place);
    g_free(room);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-upgrade.h"

#include <string.h>

#include "mx-id.h"

/* Rooms that lead to rooms that lead to rooms, or one that leads to another each minute: nobody
 * upgrades so often, so somebody is playing. */
#define MAX_DEPTH 5

void mx_predecessor_free(MxPredecessor *predecessor)
{
    g_free(predecessor->room_id);
    g_free(predecessor->event_id);
    g_free(predecessor);
}

MxPredecessor *mx_upgrade_get_predecessor(MxStore *store, gint64 room)
{
    g_autofree char *create = mx_store_get_state(store, room, "m.room.create", "");
    if (create == NULL)
        return NULL;
    MxJsonSlice member =
        mx_json_scan_member(mx_json_scan_root(create, strlen(create)), "predecessor");
    if (member.text == NULL || member.type != MX_JSON_OBJECT)
        return NULL;
    g_autofree char *room_id = mx_json_slice_dup_string(mx_json_scan_member(member, "room_id"));
    g_autofree char *event_id = mx_json_slice_dup_string(mx_json_scan_member(member, "event_id"));
    if (room_id == NULL || !mx_room_id_is_valid(room_id))
        return NULL;
    MxPredecessor *predecessor = g_new0(MxPredecessor, 1);
    predecessor->room_id = g_steal_pointer(&room_id);
    if (event_id != NULL && mx_event_id_is_valid(event_id))
        predecessor->event_id = g_steal_pointer(&event_id);
    return predecessor;
}

static gboolean names_room(MxJsonSlice tombstone, const MxRoomRow *room)
{
    g_autofree char *successor =
        mx_json_slice_dup_string(mx_json_scan_member(tombstone, "replacement_room"));
    return g_strcmp0(successor, room->room_id) == 0;
}

/* Apart from the room's state: who invites says what stands in that of a room one is not in. */
static char *get_name_of_claim(const char *older)
{
    return g_strconcat("continued by: ", older, NULL);
}

MxClaim mx_upgrade_check_claim(MxStore *store, const MxRoomRow *older, const MxRoomRow *room)
{
    gboolean knows_state = older->key != 0 && older->synced &&
                           older->membership != MX_MEMBERSHIP_INVITE &&
                           older->membership != MX_MEMBERSHIP_KNOCK;
    if (!knows_state) {
        g_autofree char *name = get_name_of_claim(older->room_id);
        g_autofree char *successor = mx_store_get_value(store, name);
        return g_strcmp0(successor, room->room_id) == 0 ? MX_CLAIM_TRUE : MX_CLAIM_UNKNOWN;
    }
    g_autofree char *text = mx_store_get_state(store, older->key, "m.room.tombstone", "");
    gboolean is_true = text != NULL && names_room(mx_json_scan_root(text, strlen(text)), room);
    return is_true ? MX_CLAIM_TRUE : MX_CLAIM_FALSE;
}

MxClaim mx_upgrade_keep_claim(MxStore *store, const char *older, const MxRoomRow *room,
                              MxJsonSlice tombstone)
{
    if (!names_room(tombstone, room))
        return MX_CLAIM_FALSE;
    g_autofree char *name = get_name_of_claim(older);
    mx_store_set_value(store, name, room->room_id);
    return MX_CLAIM_TRUE;
}

/* ---- a tombstone came ---- */

static char *get_server(const char *user_id)
{
    if (user_id == NULL || !mx_user_id_is_valid(user_id))
        return NULL;
    g_autofree char *server = mx_user_id_get_server_name(user_id);
    return mx_server_name_is_valid(server) ? g_steal_pointer(&server) : NULL;
}

static char *get_successor(const MxRoomRow *room, const MxEvent *tombstone)
{
    g_autofree char *successor =
        mx_json_slice_dup_string(mx_json_scan_member(tombstone->content, "replacement_room"));
    gboolean is_good = successor != NULL && mx_room_id_is_valid(successor) &&
                       !g_str_equal(successor, room->room_id);
    return is_good ? g_steal_pointer(&successor) : NULL;
}

/* A tombstone that says nothing has been taken back. */
static gboolean is_empty(const MxEvent *tombstone)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    return tombstone->content.text == NULL || !mx_json_iter_init(&iter, tombstone->content) ||
           !mx_json_iter_next(&iter, &key, &value);
}

void mx_upgrade_note(MxStore *store, const MxRoomRow *room, const MxEvent *tombstone,
                     gboolean is_first)
{
    g_autoptr(MxUpgradeRow) before = mx_store_get_upgrade(store, room->key);
    if (room->membership != MX_MEMBERSHIP_JOIN ||
        (before != NULL && before->stage == MX_UPGRADE_MOVED))
        return;
    gboolean is_open = is_empty(tombstone);
    g_autofree char *successor = is_open ? NULL : get_successor(room, tombstone);
    g_autofree char *via = is_open ? NULL : get_server(tombstone->sender);
    gboolean was_open = before == NULL || before->stage == MX_UPGRADE_NONE;
    if (is_open == was_open && (is_open || g_strcmp0(before->successor, successor) == 0))
        return;
    MxUpgradeRow row = {.room = room->key, .successor = successor, .via = via};
    row.depth = 1 + MAX(mx_store_get_upgrade_depth(store, room->room_id),
                        before != NULL ? before->depth : -1);
    if (is_open)
        row.stage = MX_UPGRADE_NONE;
    else if (successor != NULL && !is_first && row.depth < MAX_DEPTH)
        row.stage = MX_UPGRADE_FOLLOWED;
    else
        row.stage = MX_UPGRADE_KNOWN;
    mx_store_save_upgrade(store, &row);
}

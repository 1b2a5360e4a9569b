/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-name.h"
#include "mx-store-private.h"

MxMembership mx_membership_from_slice(MxJsonSlice slice)
{
    static const struct {
        const char *name;
        MxMembership membership;
    } names[] = {
        {"join", MX_MEMBERSHIP_JOIN},   {"invite", MX_MEMBERSHIP_INVITE},
        {"leave", MX_MEMBERSHIP_LEAVE}, {"ban", MX_MEMBERSHIP_BAN},
        {"knock", MX_MEMBERSHIP_KNOCK},
    };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (mx_json_slice_equals(slice, names[i].name))
            return names[i].membership;
    return MX_MEMBERSHIP_NONE;
}

MxRoomRow *mx_room_row_new(const char *room_id)
{
    MxRoomRow *row = g_new0(MxRoomRow, 1);
    row->room_id = g_strdup(room_id);
    row->joined_count = row->invited_count = -1;
    return row;
}

void mx_room_row_free(MxRoomRow *row)
{
    if (row == NULL)
        return;
    g_free(row->room_id);
    g_free(row->name);
    g_free(row->canonical_alias);
    g_free(row->room_type);
    g_free(row->heroes);
    g_free(row->direct_user);
    g_free(row->read_event_id);
    g_free(row->prev_batch);
    g_free(row);
}

#define ROOM_COLUMNS                                                                               \
    "key, room_id, membership, name, canonical_alias, room_type, heroes, direct_user, "            \
    "read_event_id, prev_batch, joined_count, invited_count, highlight_count, "                    \
    "notification_count, top_pos, last_ts, encrypted, members_complete, hidden, synced"

static MxRoomRow *read_room(sqlite3_stmt *statement)
{
    MxRoomRow *row = g_new0(MxRoomRow, 1);
    row->key = sqlite3_column_int64(statement, 0);
    row->room_id = mx_store_column_dup(statement, 1);
    row->membership = sqlite3_column_int(statement, 2);
    row->name = mx_store_column_dup(statement, 3);
    row->canonical_alias = mx_store_column_dup(statement, 4);
    row->room_type = mx_store_column_dup(statement, 5);
    row->heroes = mx_store_column_dup(statement, 6);
    row->direct_user = mx_store_column_dup(statement, 7);
    row->read_event_id = mx_store_column_dup(statement, 8);
    row->prev_batch = mx_store_column_dup(statement, 9);
    row->joined_count = sqlite3_column_int64(statement, 10);
    row->invited_count = sqlite3_column_int64(statement, 11);
    row->highlight_count = sqlite3_column_int64(statement, 12);
    row->notification_count = sqlite3_column_int64(statement, 13);
    row->top_pos = sqlite3_column_int64(statement, 14);
    row->last_ts = sqlite3_column_int64(statement, 15);
    row->encrypted = sqlite3_column_int(statement, 16);
    row->members_complete = sqlite3_column_int(statement, 17);
    row->hidden = sqlite3_column_int(statement, 18);
    row->synced = sqlite3_column_int(statement, 19);
    return row;
}

static MxRoomRow *one_room(MxStore *store, sqlite3_stmt *statement)
{
    if (!mx_store_step(store, statement))
        return NULL;
    MxRoomRow *row = read_room(statement);
    mx_store_done(statement);
    return row;
}

MxRoomRow *mx_store_get_room(MxStore *store, const char *room_id)
{
    return one_room(
        store,
        mx_store_query(store, "SELECT " ROOM_COLUMNS " FROM room WHERE room_id = ?", "s", room_id));
}

MxRoomRow *mx_store_find_direct(MxStore *store, const char *user_id)
{
    return one_room(store, mx_store_query(store,
                                          "SELECT " ROOM_COLUMNS " FROM room WHERE direct_user = ? "
                                          "AND membership = 1 LIMIT 1",
                                          "s", user_id));
}

MxRoomRow *mx_store_get_room_by_key(MxStore *store, gint64 key)
{
    return one_room(
        store, mx_store_query(store, "SELECT " ROOM_COLUMNS " FROM room WHERE key = ?", "i", key));
}

void mx_store_save_room(MxStore *store, MxRoomRow *row)
{
    if (row->key == 0) {
        mx_store_exec(store, "INSERT INTO room (room_id, membership) VALUES (?, 0)", "s",
                      row->room_id);
        row->key = sqlite3_last_insert_rowid(store->db);
    }
    mx_store_exec(store,
                  "UPDATE room SET room_id = ?, membership = ?, name = ?, canonical_alias = ?, "
                  "room_type = ?, heroes = ?, direct_user = ?, read_event_id = ?, prev_batch = ?, "
                  "joined_count = ?, invited_count = ?, highlight_count = ?, "
                  "notification_count = ?, top_pos = ?, last_ts = ?, encrypted = ?, "
                  "members_complete = ?, hidden = ?, synced = ? WHERE key = ?",
                  "sdsssssssiiiiiiddddi", row->room_id, row->membership, row->name,
                  row->canonical_alias, row->room_type, row->heroes, row->direct_user,
                  row->read_event_id, row->prev_batch, row->joined_count, row->invited_count,
                  row->highlight_count, row->notification_count, row->top_pos, row->last_ts,
                  row->encrypted, row->members_complete, row->hidden, row->synced, row->key);
}

GPtrArray *mx_store_list_rooms(MxStore *store)
{
    GPtrArray *rooms = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_row_free);
    sqlite3_stmt *statement =
        mx_store_query(store, "SELECT " ROOM_COLUMNS " FROM room ORDER BY key", "");
    while (mx_store_step(store, statement))
        g_ptr_array_add(rooms, read_room(statement));
    return rooms;
}

void mx_store_set_direct_user(MxStore *store, gint64 room, const char *user_id)
{
    mx_store_exec(store, "UPDATE room SET direct_user = ? WHERE key = ?", "si", user_id, room);
}

void mx_store_merge_room(MxStore *store, gint64 from, MxRoomRow *to)
{
    gint64 lowest =
        mx_store_query_int(store, 1, "SELECT min(pos) FROM timeline WHERE room = ?", "i", from);
    gint64 highest =
        mx_store_query_int(store, 0, "SELECT max(pos) FROM timeline WHERE room = ?", "i", from);
    gint64 shift = to->top_pos + 1 - lowest;
    mx_store_exec(store, "UPDATE timeline SET room = ?, pos = pos + ? WHERE room = ?", "iii",
                  to->key, shift, from);
    mx_store_exec(store, "UPDATE queue SET room = ? WHERE room = ?", "ii", to->key, from);
    mx_store_exec(store, "DELETE FROM room WHERE key = ?", "i", from);
    to->top_pos = MAX(to->top_pos, highest + shift);
}

/* State */

void mx_store_set_state(MxStore *store, gint64 room, const char *type, const char *state_key,
                        const char *event_id, const char *sender, MxJsonSlice content)
{
    mx_store_exec(store, "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)", "issssj", room,
                  type, state_key, event_id, sender, content);
}

char *mx_store_get_state(MxStore *store, gint64 room, const char *type, const char *state_key)
{
    return mx_store_query_text(
        store, "SELECT content FROM state WHERE room = ? AND type = ? AND state_key = ?", "iss",
        room, type, state_key);
}

GPtrArray *mx_store_list_state(MxStore *store, gint64 room, const char *type, int limit)
{
    GPtrArray *contents = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT content FROM state WHERE room = ? AND type = ? AND content != '{}' "
                       "ORDER BY state_key LIMIT ?",
                       "isd", room, type, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(contents, mx_store_column_dup(statement, 0));
    return contents;
}

char *mx_store_get_state_sender(MxStore *store, gint64 room, const char *type,
                                const char *state_key)
{
    return mx_store_query_text(
        store, "SELECT sender FROM state WHERE room = ? AND type = ? AND state_key = ?", "iss",
        room, type, state_key);
}

/* Members */

void mx_member_row_free(MxMemberRow *row)
{
    if (row == NULL)
        return;
    g_free(row->user_id);
    g_free(row->display_name);
    g_free(row->avatar_url);
    g_free(row);
}

void mx_store_set_member(MxStore *store, gint64 room, const char *user_id, MxMembership membership,
                         const char *display_name, const char *avatar_url)
{
    g_autofree char *name_key = mx_name_make_key(display_name);
    mx_store_exec(store, "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?)", "isdsss", room,
                  user_id, (int)membership, display_name, avatar_url, name_key);
}

static MxMemberRow *read_member(sqlite3_stmt *statement)
{
    MxMemberRow *row = g_new0(MxMemberRow, 1);
    row->user_id = mx_store_column_dup(statement, 0);
    row->membership = sqlite3_column_int(statement, 1);
    row->display_name = mx_store_column_dup(statement, 2);
    row->avatar_url = mx_store_column_dup(statement, 3);
    return row;
}

MxMemberRow *mx_store_get_member(MxStore *store, gint64 room, const char *user_id)
{
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT user_id, membership, display_name, avatar_url FROM member "
                       "WHERE room = ? AND user_id = ?",
                       "is", room, user_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxMemberRow *row = read_member(statement);
    mx_store_done(statement);
    return row;
}

GPtrArray *mx_store_list_members(MxStore *store, gint64 room, int limit)
{
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)mx_member_row_free);
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT user_id, membership, display_name, avatar_url FROM member "
                       "WHERE room = ? AND membership IN (1, 2) ORDER BY user_id LIMIT ?",
                       "id", room, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(members, read_member(statement));
    return members;
}

void mx_store_list_shared_rooms(MxStore *store, const char *user_id, GPtrArray *room_ids)
{
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT room.room_id FROM room JOIN member ON member.room = room.key AND "
                       "member.user_id = ? WHERE room.membership = 1 AND member.membership = 1",
                       "s", user_id);
    while (mx_store_step(store, statement))
        g_ptr_array_add(room_ids, mx_store_column_dup(statement, 0));
}

gint64 mx_store_count_members(MxStore *store, gint64 room, MxMembership membership)
{
    return mx_store_query_int(store, 0,
                              "SELECT count(*) FROM member WHERE room = ? AND membership = ?", "id",
                              room, (int)membership);
}

gboolean mx_store_is_name_shared(MxStore *store, gint64 room, const char *user_id,
                                 const char *display_name)
{
    g_autofree char *name_key = mx_name_make_key(display_name);
    return mx_store_query_int(store, 0,
                              "SELECT 1 FROM member WHERE room = ? AND name_key = ? AND "
                              "user_id <> ? AND membership IN (1, 2) LIMIT 1",
                              "iss", room, name_key, user_id) != 0;
}

char *mx_store_find_only_namesake(MxStore *store, gint64 room, const char *user_id,
                                  const char *display_name)
{
    g_autofree char *name_key = mx_name_make_key(display_name);
    return mx_store_query_text(store,
                               "SELECT min(user_id) FROM (SELECT user_id FROM member WHERE "
                               "room = ? AND name_key = ? AND user_id <> ? AND "
                               "membership IN (1, 2) LIMIT 2) HAVING count(*) = 1",
                               "iss", room, name_key, user_id);
}

void mx_store_forget_members(MxStore *store, gint64 room)
{
    mx_store_exec(store, "DELETE FROM member WHERE room = ?", "i", room);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sync-ephemeral.h"

#include <string.h>

#include "mx-event.h"
#include "mx-id.h"

/* More names than that nobody reads. */
#define MAX_TYPING 50

void mx_ephemeral_free(MxEphemeral *ephemeral)
{
    g_clear_pointer(&ephemeral->typing, g_ptr_array_unref);
    g_free(ephemeral);
}

/* ---- is that all? ---- */

static gboolean counts_are_known(const MxRoomRow *room, const char *text, gsize len)
{
    static const char *const names[] = {"highlight_count", "notification_count", NULL};
    MxJsonSlice values[2];
    gint64 highlights = room->highlight_count, notifications = room->notification_count;
    mx_json_scan_members(mx_json_scan_root(text, len), names, values);
    mx_json_slice_get_int(values[0], &highlights);
    mx_json_slice_get_int(values[1], &notifications);
    return highlights == room->highlight_count && notifications == room->notification_count;
}

static gboolean is_no_news(const MxRoomRow *room, MxSyncPart part, const char *text, gsize len)
{
    switch (part) {
    case MX_SYNC_ROOM_EPHEMERAL:
    case MX_SYNC_ROOM_PREV_BATCH:
    case MX_SYNC_ROOM_STATE_AFTER_PRESENT:
        return TRUE;
    case MX_SYNC_ROOM_LIMITED:
        return len == strlen("false");
    case MX_SYNC_ROOM_SUMMARY:
        return len == strlen("{}");
    case MX_SYNC_ROOM_UNREAD:
        return counts_are_known(room, text, len);
    default:
        return FALSE;
    }
}

gboolean mx_sync_ephemeral_is_all(const MxRoomRow *room, const MxStagedRoom *staged)
{
    if (staged->section != MX_SYNC_SECTION_JOIN || room->membership != MX_MEMBERSHIP_JOIN ||
        !room->synced)
        return FALSE;
    for (guint i = 0; i < staged->parts->len; i++) {
        gsize len;
        const char *text = mx_staged_room_get_part(staged, i, &len);
        if (!is_no_news(room, g_array_index(staged->parts, MxStagedPart, i).part, text, len))
            return FALSE;
    }
    return TRUE;
}

/* ---- receipts ---- */

/* The next ephemeral event of that type, from part *index on. event: cleared by the caller. */
static gboolean next_event(const MxStagedRoom *staged, const char *type, guint *index,
                           MxEvent *event)
{
    while (*index < staged->parts->len) {
        guint i = (*index)++;
        gsize len;
        if (g_array_index(staged->parts, MxStagedPart, i).part != MX_SYNC_ROOM_EPHEMERAL)
            continue;
        const char *text = mx_staged_room_get_part(staged, i, &len);
        mx_event_clear(event);
        if (mx_event_parse(event, text, len, FALSE) && g_str_equal(event->type, type))
            return TRUE;
    }
    return FALSE;
}

/* The user's receipt of this type for the room's main timeline, or text NULL. */
static MxJsonSlice find_receipt(MxJsonSlice by_type, const char *type, const char *user_id)
{
    MxJsonSlice none = {0};
    MxJsonSlice users = mx_json_scan_member(by_type, type);
    if (users.text == NULL || users.type != MX_JSON_OBJECT)
        return none;
    MxJsonSlice receipt = mx_json_scan_member(users, user_id);
    if (receipt.text == NULL || receipt.type != MX_JSON_OBJECT)
        return none;
    MxJsonSlice thread = mx_json_scan_member(receipt, "thread_id");
    return thread.text == NULL || mx_json_slice_equals(thread, "main") ? receipt : none;
}

/* Of several receipts the one that reaches furthest counts, in whatever order they stand. */
static gboolean note_read(MxStore *store, MxRoomRow *room, const char *event_id)
{
    if (g_strcmp0(room->read_event_id, event_id) == 0)
        return FALSE;
    gint64 pos = mx_store_get_event_pos(store, room->key, event_id);
    gint64 known = room->read_event_id != NULL
                       ? mx_store_get_event_pos(store, room->key, room->read_event_id)
                       : G_MININT64;
    if (known != G_MININT64 && pos <= known)
        return FALSE;
    g_free(room->read_event_id);
    room->read_event_id = g_strdup(event_id);
    return TRUE;
}

static gboolean read_receipts(MxStore *store, MxRoomRow *room, MxJsonSlice content,
                              const char *own_user_id)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    gboolean has_changed = FALSE;
    if (!mx_json_iter_init(&iter, content))
        return FALSE;
    while (mx_json_iter_next(&iter, &key, &value)) {
        if (value.type != MX_JSON_OBJECT ||
            (find_receipt(value, "m.read", own_user_id).text == NULL &&
             find_receipt(value, "m.read.private", own_user_id).text == NULL))
            continue;
        g_autofree char *event_id = mx_json_slice_dup_string(key);
        has_changed |= note_read(store, room, event_id);
    }
    return has_changed;
}

gboolean mx_sync_ephemeral_read(MxStore *store, MxRoomRow *room, const MxStagedRoom *staged,
                                const char *own_user_id)
{
    g_auto(MxEvent) event = {0};
    guint i = 0;
    gboolean has_changed = FALSE;
    while (next_event(staged, "m.receipt", &i, &event))
        has_changed |= read_receipts(store, room, event.content, own_user_id);
    return has_changed;
}

/* ---- for the window ---- */

static void add_typing(MxEphemeral *ephemeral, MxJsonSlice content, const char *own_user_id)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (!mx_json_iter_init(&iter, mx_json_scan_member(content, "user_ids")) || iter.in_object)
        return;
    g_clear_pointer(&ephemeral->typing, g_ptr_array_unref);
    ephemeral->typing = g_ptr_array_new_with_free_func(g_free);
    while (ephemeral->typing->len < MAX_TYPING && mx_json_iter_next(&iter, &key, &value)) {
        g_autofree char *user_id = mx_json_slice_dup_string(value);
        if (user_id != NULL && mx_user_id_is_valid(user_id) && !g_str_equal(user_id, own_user_id))
            g_ptr_array_add(ephemeral->typing, g_steal_pointer(&user_id));
    }
}

/* How far the partner has read, and when. */
static gint64 find_partners_receipt(MxStore *store, const MxRoomRow *room,
                                    const MxStagedRoom *staged, gint64 *ts)
{
    g_auto(MxEvent) event = {0};
    guint i = 0;
    gint64 furthest = G_MININT64;
    while (next_event(staged, "m.receipt", &i, &event)) {
        MxJsonIter iter;
        MxJsonSlice key, value;
        if (!mx_json_iter_init(&iter, event.content))
            continue;
        while (mx_json_iter_next(&iter, &key, &value)) {
            MxJsonSlice receipt = find_receipt(value, "m.read", room->direct_user);
            if (receipt.text == NULL)
                continue;
            g_autofree char *event_id = mx_json_slice_dup_string(key);
            gint64 pos = mx_store_get_event_pos(store, room->key, event_id);
            if (pos <= furthest)
                continue;
            furthest = pos;
            *ts = 0;
            mx_json_slice_get_int(mx_json_scan_member(receipt, "ts"), ts);
        }
    }
    return furthest;
}

static void note_partner(MxEphemeral *ephemeral, MxStore *store, const MxRoomRow *room,
                         const MxStagedRoom *staged, const char *own_user_id)
{
    gint64 pos = find_partners_receipt(store, room, staged, &ephemeral->read_ts);
    if (pos == G_MININT64 || g_str_equal(room->direct_user, own_user_id))
        return;
    g_autoptr(MxTimelineRow) own = mx_store_get_newest_line(store, room->key, own_user_id);
    g_autoptr(MxTimelineRow) partner =
        mx_store_get_newest_line(store, room->key, room->direct_user);
    ephemeral->partner_pos = partner != NULL ? partner->pos : G_MININT64;
    /* Who has answered has read: that needs no words. */
    if (own == NULL || own->event_id == NULL || own->pos > pos || own->pos < ephemeral->partner_pos)
        return;
    ephemeral->is_read = TRUE;
    ephemeral->own_ts = own->ts;
}

MxEphemeral *mx_sync_ephemeral_new(MxStore *store, const MxRoomRow *room,
                                   const MxStagedRoom *staged, const char *own_user_id)
{
    MxEphemeral *ephemeral = g_new0(MxEphemeral, 1);
    g_auto(MxEvent) event = {0};
    guint i = 0;
    ephemeral->room = room->key;
    while (next_event(staged, "m.typing", &i, &event))
        add_typing(ephemeral, event.content, own_user_id);
    if (room->direct_user != NULL)
        note_partner(ephemeral, store, room, staged, own_user_id);
    if (ephemeral->typing == NULL && !ephemeral->is_read)
        g_clear_pointer(&ephemeral, mx_ephemeral_free);
    return ephemeral;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sync-apply.h"

#include "mx-bundled.h"
#include "mx-decrypt.h"
#include "mx-direct.h"
#include "mx-id.h"
#include "mx-ignored-list.h"
#include "mx-invitation.h"
#include "mx-notify.h"
#include "mx-place.h"
#include "mx-raw-line.h"
#include "mx-redaction.h"
#include "mx-relation.h"
#include "mx-room-encryption.h"
#include "mx-state-line.h"
#include "mx-store-history.h"
#include "mx-sync-crypto.h"
#include "mx-sync-presence.h"
#include "mx-upgrade.h"
#include "mx-verify.h"

typedef struct {
    MxStore *store;
    const MxApplyContext *context;
    const MxSyncStage *stage;
    MxSyncChanges *changes;
    MxPushRules *rules;  /* NULL: not known yet */
    GHashTable *by_key;  /* room key, inside its summary -> MxRoomChange */
    GHashTable *ignored; /* set of user IDs */
    GHashTable *moved;   /* set of room IDs that spaces took in or let go */
    gboolean is_first;   /* first sync of the device: nothing of it is unread */
    gboolean direct_dirty;
} Apply;

#define MAX_LAST_LINES 200

/* What one room's pass has to remember. */
typedef struct {
    Apply *apply;
    const MxStagedRoom *staged;
    MxRoomRow *row;
    MxRoomChange *change;
    MxMemberChanges members;
    gboolean was_joined;
    gint64 old_people, old_highlights, old_top;
} RoomPass;

void mx_room_change_free(MxRoomChange *change)
{
    g_clear_pointer(&change->room, mx_room_unref);
    g_clear_pointer(&change->members, g_ptr_array_unref);
    g_clear_pointer(&change->last_lines, g_ptr_array_unref);
    g_free(change->gone_by);
    g_free(change->gone_reason);
    g_free(change);
}

void mx_sync_changes_free(MxSyncChanges *changes)
{
    if (changes == NULL)
        return;
    g_ptr_array_unref(changes->rooms);
    g_clear_pointer(&changes->ephemeral, g_ptr_array_unref);
    g_clear_pointer(&changes->presence, g_ptr_array_unref);
    g_free(changes->next_batch);
    g_clear_pointer(&changes->rules, mx_push_rules_unref);
    g_clear_pointer(&changes->ignored, g_hash_table_unref);
    g_free(changes);
}

static MxRoomChange *add_change(Apply *apply)
{
    MxRoomChange *change = g_new0(MxRoomChange, 1);
    g_ptr_array_add(apply->changes->rooms, change);
    return change;
}

/* State */

static void replace_string(char **field, MxJsonSlice content, const char *member)
{
    g_free(*field);
    *field = mx_json_slice_dup_string(mx_json_scan_member(content, member));
    if (*field != NULL && **field == '\0')
        g_clear_pointer(field, g_free);
}

static void replace_alias(MxRoomRow *row, MxJsonSlice content)
{
    replace_string(&row->canonical_alias, content, "alias");
    if (!mx_room_alias_is_valid(row->canonical_alias))
        g_clear_pointer(&row->canonical_alias, g_free);
}

static void note_invitation(RoomPass *pass, const MxEvent *event, const MxMemberContent *content)
{
    MxStore *store = pass->apply->store;
    g_autofree char *reason =
        mx_json_slice_dup_string(mx_json_scan_member(event->content, "reason"));
    g_autofree char *tidy = mx_event_tidy_name(reason);
    g_autoptr(MxInvitation) before = mx_invitation_load(store, pass->row->room_id);
    gboolean has_inviter = event->sender != NULL && mx_user_id_is_valid(event->sender);
    MxInvitation invitation = {
        .inviter = has_inviter ? event->sender : NULL,
        .reason = tidy,
        .is_direct = content->is_direct,
        /* A full sync repeats an invitation that was answered already. */
        .accepted =
            before != NULL && before->accepted && g_strcmp0(before->inviter, event->sender) == 0,
    };
    mx_invitation_save(store, pass->row->room_id, &invitation);
}

/* The invitation is over. One to a direct chat that was accepted here makes the room the inviter's,
 * in the moment in which it is joined. */
static void settle_invitation(RoomPass *pass, gboolean is_joined)
{
    MxStore *store = pass->apply->store;
    const char *room_id = pass->row->room_id;
    g_autoptr(MxInvitation) invitation = mx_invitation_load(store, room_id);
    if (invitation == NULL)
        return;
    mx_invitation_remove(store, room_id);
    if (!is_joined || !invitation->accepted || !invitation->is_direct ||
        invitation->inviter == NULL)
        return;
    mx_direct_add(store, invitation->inviter, room_id);
    pass->change->adds_direct = TRUE;
    pass->apply->direct_dirty = TRUE;
}

static void note_own_profile(RoomPass *pass, const MxMemberContent *content)
{
    const char *own_user_id = pass->apply->context->own_user_id;
    g_autoptr(MxMemberRow) before =
        mx_store_get_member(pass->apply->store, pass->row->key, own_user_id);
    if (before != NULL && (g_strcmp0(before->display_name, content->display_name) != 0 ||
                           g_strcmp0(before->avatar_url, content->avatar_url) != 0))
        pass->apply->changes->changes_profile = TRUE;
}

static void apply_own_membership(RoomPass *pass, const MxEvent *event,
                                 const MxMemberContent *content)
{
    MxRoomChange *change = pass->change;
    if (pass->staged->section == MX_SYNC_SECTION_INVITE)
        note_invitation(pass, event, content);
    if (pass->staged->section != MX_SYNC_SECTION_LEAVE)
        return;
    pass->row->membership =
        content->membership == MX_MEMBERSHIP_BAN ? MX_MEMBERSHIP_BAN : MX_MEMBERSHIP_LEAVE;
    g_free(change->gone_by);
    g_free(change->gone_reason);
    change->gone_by = g_strdup(event->sender);
    g_autofree char *reason =
        mx_json_slice_dup_string(mx_json_scan_member(event->content, "reason"));
    change->gone_reason = mx_event_tidy_name(reason);
}

static void apply_member(RoomPass *pass, const MxEvent *event)
{
    g_auto(MxMemberContent) content = {0};
    if (!mx_user_id_is_valid(event->state_key))
        return;
    mx_member_content_parse(&content, event->content);
    gboolean is_own = g_str_equal(event->state_key, pass->apply->context->own_user_id);
    if (is_own)
        note_own_profile(pass, &content);
    mx_member_changes_add(&pass->members, event, &content);
    if (g_strcmp0(event->state_key, pass->row->direct_user) == 0)
        pass->apply->direct_dirty = TRUE;
    if (is_own)
        apply_own_membership(pass, event, &content);
}

static void apply_state(RoomPass *pass, const MxEvent *event)
{
    MxRoomRow *row = pass->row;
    /* Stripped state is an inviter's word; the room's own state comes with joining. */
    if (row->membership == MX_MEMBERSHIP_JOIN || row->membership == MX_MEMBERSHIP_LEAVE)
        mx_room_encryption_note_state(row, event->type, event->state_key);
    if (g_str_equal(event->type, "m.room.member")) {
        apply_member(pass, event);
        return;
    }
    gboolean is_power = g_str_equal(event->type, "m.room.power_levels") ||
                        g_str_equal(event->type, "m.room.create");
    MxPower *before = is_power ? mx_member_changes_begin_power(&pass->members) : NULL;
    mx_store_set_state(pass->apply->store, row->key, event->type, event->state_key, event->event_id,
                       event->sender, event->content);
    mx_member_changes_end_power(&pass->members, before);
    if (g_str_equal(event->type, "m.space.child"))
        mx_place_add_child(event->state_key, pass->apply->moved);
    if (event->state_key[0] != '\0')
        return;
    if (g_str_equal(event->type, "m.room.name"))
        replace_string(&row->name, event->content, "name");
    else if (g_str_equal(event->type, "m.room.canonical_alias"))
        replace_alias(row, event->content);
    else if (g_str_equal(event->type, "m.room.create"))
        replace_string(&row->room_type, event->content, "type");
    else if (g_str_equal(event->type, "m.room.topic"))
        pass->change->has_new_topic = TRUE;
    else if (g_str_equal(event->type, "m.room.tombstone"))
        mx_upgrade_note(pass->apply->store, row, event, pass->apply->is_first);
    else if (g_str_equal(event->type, "io.element.functional_members"))
        pass->apply->direct_dirty = TRUE;
}

static void apply_state_parts(RoomPass *pass, MxSyncPart wanted, gboolean need_ids)
{
    for (guint i = 0; i < pass->staged->parts->len; i++) {
        g_auto(MxEvent) event = {0};
        gsize len;
        if (g_array_index(pass->staged->parts, MxStagedPart, i).part != wanted)
            continue;
        const char *text = mx_staged_room_get_part(pass->staged, i, &len);
        if (mx_event_parse(&event, text, len, need_ids) && event.state_key != NULL)
            apply_state(pass, &event);
    }
}

/* Timeline */

gboolean mx_sync_apply_is_line(const char *type)
{
    return mx_store_is_message(type) || g_str_equal(type, "m.room.encrypted");
}

/* The own line that this event is the echo of has its row already, and is never shown twice. */
static gboolean apply_echo(MxStore *store, MxRoomRow *room, const MxEvent *event)
{
    if (event->txn_id == NULL ||
        !mx_store_set_event_id(store, room->key, event->txn_id, event->event_id))
        return FALSE;
    g_autoptr(MxQueueRow) item = mx_store_get_queue_by_txn(store, event->txn_id);
    if (item != NULL)
        mx_store_remove_queue(store, item->id);
    return TRUE;
}

/* The server leaves most of it out. What ignored people do to a room or to others is still told;
 * what they call themselves is not. */
static gboolean is_ignored(const MxEvent *event, const MxNewLine *line)
{
    gboolean is_theirs = event->state_key == NULL || g_str_equal(event->state_key, event->sender);
    return is_theirs && line->ignored != NULL &&
           g_hash_table_contains(line->ignored, event->sender) &&
           !g_str_equal(event->sender, line->own_user_id);
}

gboolean mx_sync_apply_message(MxStore *store, MxRoomRow *room, const MxEvent *event,
                               const MxNewLine *line)
{
    mx_redaction_settle_echo(store, room, event);
    if (g_str_equal(event->sender, line->own_user_id) && apply_echo(store, room, event))
        return FALSE;
    if (event->state_key != NULL) { /* also where only state_after is state: seen is seen (E7) */
        mx_room_encryption_note_state(room, event->type, event->state_key);
        mx_decrypt_note_encryption(store, room->key, event, line->pos);
    }
    gboolean is_redacted = mx_store_is_redacted(store, room->key, event->event_id);
    g_autofree char *content = mx_redaction_dup_content(event, is_redacted);
    gboolean is_line = event->state_key == NULL && mx_sync_apply_is_line(event->type) &&
                       !mx_verify_is_request(event);
    g_autofree char *relates_to = mx_relation_dup_target(event);
    gboolean is_told = mx_state_line_is_told(event, line->own_user_id) || mx_redaction_is(event) ||
                       (relates_to != NULL && mx_relation_is_told(event->type)) ||
                       mx_raw_line_is_wanted(store, room->key, event);
    g_autofree char *prev_content =
        is_told ? g_strndup(event->prev_content.text, event->prev_content.len) : NULL;
    gboolean is_hidden = is_ignored(event, line);
    MxTimelineRow row = {
        .room = room->key,
        .pos = line->pos,
        .event_id = event->event_id,
        .sender = event->sender,
        .type = event->type,
        .content = content,
        .state_key = is_told ? event->state_key : NULL,
        .prev_content = prev_content,
        .ts = event->ts,
        .relates_to = relates_to,
        .display =
            (is_line || is_told) && !is_hidden && !is_redacted ? line->display : MX_DISPLAY_NONE,
        .delayed = line->delayed,
        .alert = is_told ? MX_ALERT_MUTED | MX_ALERT_QUIET : MX_ALERT_NONE,
    };
    if (row.state_key != NULL && event->prev_content.text == NULL &&
        mx_store_is_being_made(store, room->key, event->sender, event->ts))
        row.display = MX_DISPLAY_NONE;
    g_autofree char *session_id = is_line ? mx_decrypt_note(store, room, &row) : NULL;
    gboolean is_waiting = row.crypto == MX_ROW_WAITING;
    if (is_line && !is_waiting && row.display == MX_DISPLAY_PENDING)
        row.alert = mx_notify_judge(line->rules, store, room, event, line->own_user_id) |
                    (relates_to != NULL ? MX_ALERT_QUIET : MX_ALERT_NONE);
    if (!mx_store_add_timeline(store, &row))
        return FALSE;
    mx_bundled_note(store, &row, event);
    mx_verify_take_event(store, room->key, event);
    if (is_line && !is_waiting && !is_hidden)
        /* A clock that runs ahead must not make its room the newest for ever. */
        room->last_ts = MAX(room->last_ts, MIN(event->ts, g_get_real_time() / 1000));
    if (mx_redaction_is(event))
        mx_redaction_apply(store, room, content);
    return row.display == MX_DISPLAY_PENDING && !is_waiting;
}

static gboolean is_own_join(RoomPass *pass, const MxEvent *event)
{
    return event->state_key != NULL && g_str_equal(event->type, "m.room.member") &&
           g_str_equal(event->state_key, pass->apply->context->own_user_id);
}

static gboolean find_own_join(RoomPass *pass, guint *index)
{
    if (pass->was_joined || pass->apply->is_first)
        return FALSE;
    for (guint i = pass->staged->parts->len; i > 0; i--) {
        g_auto(MxEvent) event = {0};
        gsize len;
        const char *text = mx_staged_room_get_part(pass->staged, i - 1, &len);
        if (g_array_index(pass->staged->parts, MxStagedPart, i - 1).part == MX_SYNC_ROOM_TIMELINE &&
            mx_event_parse(&event, text, len, TRUE) && is_own_join(pass, &event)) {
            *index = i - 1;
            return TRUE;
        }
    }
    return FALSE;
}

/* In a room that was joined just now the lines before the own join are history, unless the room is
 * one of two people: what a friend wrote with the invitation is meant to be read. */
static gboolean has_early_messages(RoomPass *pass)
{
    return mx_direct_count_joined(pass->apply->store, pass->row) <= 2;
}

static void apply_timeline_event(RoomPass *pass, const MxEvent *event, gboolean is_history)
{
    Apply *apply = pass->apply;
    gboolean is_pending = !apply->is_first && !is_history;
    MxNewLine line = {
        .pos = ++pass->row->top_pos,
        .display = is_pending ? MX_DISPLAY_PENDING : MX_DISPLAY_NONE,
        .delayed = apply->context->is_catch_up,
        .own_user_id = apply->context->own_user_id,
        .rules = apply->rules,
        .ignored = apply->ignored,
    };
    pass->change->has_new_topic |= mx_redaction_is(event); /* it may have been the topic */
    if (mx_sync_apply_message(apply->store, pass->row, event, &line)) {
        pass->change->has_new_lines = TRUE;
        if (event->state_key != NULL || !mx_sync_apply_is_line(event->type))
            return;
        pass->change->has_new_messages = TRUE;
        if (!g_str_equal(event->sender, apply->context->own_user_id))
            pass->change->wants_window = TRUE; /* narrowed in finish_room() */
    }
}

static void apply_timeline(RoomPass *pass, gboolean state_too)
{
    guint own_join = 0;
    gboolean has_own_join = find_own_join(pass, &own_join);
    gboolean all_early = has_own_join && !has_early_messages(pass);
    for (guint i = 0; i < pass->staged->parts->len; i++) {
        g_auto(MxEvent) event = {0};
        gsize len;
        if (g_array_index(pass->staged->parts, MxStagedPart, i).part != MX_SYNC_ROOM_TIMELINE)
            continue;
        const char *text = mx_staged_room_get_part(pass->staged, i, &len);
        if (!mx_event_parse(&event, text, len, TRUE))
            continue;
        if (state_too && event.state_key != NULL)
            apply_state(pass, &event);
        apply_timeline_event(
            pass, &event, has_own_join && i < own_join && (all_early || event.state_key != NULL));
    }
}

static gboolean knows_a_timeline_event(RoomPass *pass)
{
    for (guint i = 0; i < pass->staged->parts->len; i++) {
        g_auto(MxEvent) event = {0};
        gsize len;
        const char *text = mx_staged_room_get_part(pass->staged, i, &len);
        if (g_array_index(pass->staged->parts, MxStagedPart, i).part == MX_SYNC_ROOM_TIMELINE &&
            mx_event_parse(&event, text, len, TRUE) &&
            /* An own line is known from the answer to its PUT; what came before it may be missing.
             */
            mx_store_has_synced_event(pass->apply->store, pass->row->key, event.event_id))
            return TRUE;
    }
    return FALSE;
}

/* What was fetched of a room before it was joined stands at positions below 1. */
static void note_history(RoomPass *pass, const char *prev_batch)
{
    MxRoomRow *row = pass->row;
    if (row->top_pos > 0 || mx_store_get_lowest_pos(pass->apply->store, row->key) < 1) {
        mx_store_add_left_gap(pass->apply->store, row, prev_batch);
    } else {
        g_free(row->prev_batch);
        row->prev_batch = g_strdup(prev_batch);
    }
}

/* C4: the server left out events between what is stored and this timeline. */
static void note_gap(RoomPass *pass)
{
    guint i;
    gsize len;
    if (!mx_staged_room_find(pass->staged, MX_SYNC_ROOM_LIMITED, &i))
        return;
    const char *limited = mx_staged_room_get_part(pass->staged, i, &len);
    if (len != 4 || memcmp(limited, "true", 4) != 0 ||
        !mx_staged_room_find(pass->staged, MX_SYNC_ROOM_PREV_BATCH, &i))
        return;
    const char *text = mx_staged_room_get_part(pass->staged, i, &len);
    g_autofree char *prev_batch = mx_json_slice_dup_string(mx_json_scan_root(text, len));
    guint own_join;
    /* A room that is new to this device has only history before the own join. */
    gboolean is_history = pass->apply->is_first ||
                          (find_own_join(pass, &own_join) && !has_early_messages(pass)) ||
                          (!pass->was_joined && pass->apply->context->since == NULL);
    if (is_history) {
        note_history(pass, prev_batch);
        return;
    }
    /* Lazily loaded membership changes inside the gap are not told. */
    pass->row->members_complete = FALSE;
    if (pass->was_joined && knows_a_timeline_event(pass))
        return;
    mx_store_add_gap(pass->apply->store, pass->row, prev_batch, pass->apply->context->since);
    pass->change->has_gap = TRUE;
}

/* The rest of a room */

static void apply_summary(RoomPass *pass)
{
    static const char *const names[] = {"m.heroes", "m.joined_member_count",
                                        "m.invited_member_count", NULL};
    MxJsonSlice values[3];
    guint i;
    gsize len;
    if (!mx_staged_room_find(pass->staged, MX_SYNC_ROOM_SUMMARY, &i))
        return;
    const char *text = mx_staged_room_get_part(pass->staged, i, &len);
    mx_json_scan_members(mx_json_scan_root(text, len), names, values);
    if (values[0].text != NULL && values[0].type == MX_JSON_ARRAY) {
        g_free(pass->row->heroes);
        pass->row->heroes = g_strndup(values[0].text, values[0].len);
    }
    gint64 count;
    if (mx_json_slice_get_int(values[1], &count) && count >= 0)
        pass->row->joined_count = count;
    if (mx_json_slice_get_int(values[2], &count) && count >= 0)
        pass->row->invited_count = count;
}

static void apply_unread(RoomPass *pass)
{
    static const char *const names[] = {"highlight_count", "notification_count", NULL};
    MxJsonSlice values[2];
    guint i;
    gsize len;
    if (!mx_staged_room_find(pass->staged, MX_SYNC_ROOM_UNREAD, &i))
        return;
    const char *text = mx_staged_room_get_part(pass->staged, i, &len);
    mx_json_scan_members(mx_json_scan_root(text, len), names, values);
    mx_json_slice_get_int(values[0], &pass->row->highlight_count);
    mx_json_slice_get_int(values[1], &pass->row->notification_count);
}

int mx_sync_apply_read(MxStore *store, const MxRoomRow *room)
{
    if (room->read_event_id == NULL)
        return 0;
    gint64 pos = mx_store_get_event_pos(store, room->key, room->read_event_id);
    return pos == G_MININT64 ? 0 : mx_store_skip_pending(store, room->key, pos);
}

static void apply_room_account_data(RoomPass *pass)
{
    for (guint i = 0; i < pass->staged->parts->len; i++) {
        g_auto(MxEvent) event = {0};
        gsize len;
        if (g_array_index(pass->staged->parts, MxStagedPart, i).part != MX_SYNC_ROOM_ACCOUNT_DATA)
            continue;
        const char *text = mx_staged_room_get_part(pass->staged, i, &len);
        if (mx_event_parse(&event, text, len, FALSE))
            mx_store_set_account_data(pass->apply->store, pass->row->key, event.type,
                                      event.content.text, event.content.len);
    }
}

static void apply_contents(RoomPass *pass)
{
    guint ignored;
    gboolean has_after =
        mx_staged_room_find(pass->staged, MX_SYNC_ROOM_STATE_AFTER_PRESENT, &ignored);
    apply_summary(pass);
    /* C6: where the server says what the state is after the timeline, nothing else is state. */
    apply_state_parts(pass, has_after ? MX_SYNC_ROOM_STATE_AFTER : MX_SYNC_ROOM_STATE, TRUE);
    note_gap(pass);
    apply_timeline(pass, !has_after);
    mx_sync_ephemeral_read(pass->apply->store, pass->row, pass->staged,
                           pass->apply->context->own_user_id);
    apply_room_account_data(pass);
    apply_unread(pass);
}

/* The room's end comes with its last lines: they are handed over with it, since nobody can ask for
 * them afterwards. */
static void take_last_lines(RoomPass *pass)
{
    MxStore *store = pass->apply->store;
    const char *own_user_id = pass->apply->context->own_user_id;
    if (!pass->change->is_gone ||
        !g_hash_table_contains(pass->apply->context->open_rooms, pass->row->room_id))
        return;
    mx_decrypt_last(store, pass->row, own_user_id, pass->apply->rules);
    g_autoptr(GPtrArray) rows = mx_store_list_display(store, pass->row->key, MX_DISPLAY_PENDING,
                                                      G_MAXINT64, MAX_LAST_LINES);
    pass->change->last_lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    for (guint i = 0; i < rows->len; i++) {
        MxTimelineRow *row = g_ptr_array_index(rows, i);
        mx_store_set_display(store, row->id, MX_DISPLAY_DELIVERING);
        g_ptr_array_add(pass->change->last_lines, mx_line_new(store, row, own_user_id));
    }
}

static gboolean wants_window(RoomPass *pass, gint64 people)
{
    MxRoomChange *change = pass->change;
    MxRoomRow *row = pass->row;
    if (pass->apply->is_first || change->is_gone)
        return FALSE;
    if (change->wants_window &&
        mx_store_has_alert(pass->apply->store, row->key, pass->old_top,
                           pass->apply->context->own_user_id, row->direct_user != NULL))
        return TRUE;
    return (change->has_gap || (change->wants_window && pass->apply->rules == NULL)) &&
           mx_notify_opens_at_gap(pass->apply->rules, row->room_id,
                                  row->direct_user != NULL || people == 2,
                                  row->highlight_count > pass->old_highlights);
}

static void finish_room(RoomPass *pass)
{
    MxRoomRow *row = pass->row;
    MxStore *store = pass->apply->store;
    MxRoomChange *change = pass->change;
    change->was_read = mx_sync_apply_read(store, row) > 0;
    change->members = g_steal_pointer(&pass->members.members);
    change->members_stale = pass->members.is_stale;
    take_last_lines(pass);
    mx_store_save_room(store, row);
    gint64 people = mx_direct_count_joined(store, row);
    if (people + mx_direct_count_invited(store, row) != pass->old_people ||
        pass->was_joined != (row->membership == MX_MEMBERSHIP_JOIN) ||
        (change->has_new_lines && row->direct_user == NULL &&
         mx_direct_count_people(store, row) <= 2 && mx_direct_is_listed(store, row->room_id)))
        pass->apply->direct_dirty = TRUE;
    change->room = mx_room_new(store, row, pass->apply->context->own_user_id);
    if (change->room->is_space && pass->was_joined != (row->membership == MX_MEMBERSHIP_JOIN))
        mx_place_add_children(store, row->key, pass->apply->moved);
    change->wants_window = wants_window(pass, people);
    g_hash_table_insert(pass->apply->by_key, &change->room->key, change);
}

static void apply_join(RoomPass *pass)
{
    pass->row->membership = MX_MEMBERSHIP_JOIN;
    pass->row->synced = TRUE;
    settle_invitation(pass, TRUE);
    apply_contents(pass);
}

static void apply_leave(RoomPass *pass)
{
    pass->row->membership = MX_MEMBERSHIP_LEAVE;
    pass->row->hidden = FALSE; /* joined again, it is listed again */
    pass->change->is_gone = pass->was_joined;
    settle_invitation(pass, FALSE);
    apply_contents(pass);
}

static void apply_invite(RoomPass *pass)
{
    pass->row->membership =
        pass->staged->section == MX_SYNC_SECTION_KNOCK ? MX_MEMBERSHIP_KNOCK : MX_MEMBERSHIP_INVITE;
    pass->change->is_gone = pass->was_joined;
    apply_state_parts(pass, MX_SYNC_ROOM_STATE, FALSE);
}

static void add_ephemeral(Apply *apply, const MxRoomRow *row, const MxStagedRoom *staged)
{
    if (!g_hash_table_contains(apply->context->open_rooms, row->room_id))
        return;
    MxEphemeral *ephemeral =
        mx_sync_ephemeral_new(apply->store, row, staged, apply->context->own_user_id);
    if (ephemeral != NULL)
        g_ptr_array_add(apply->changes->ephemeral, ephemeral);
}

/* Typing and others' receipts change nothing that is stored: the room's row and summary stay. */
static gboolean is_ephemeral_only(Apply *apply, MxRoomRow *row, const MxStagedRoom *staged)
{
    return row != NULL && apply->context->since != NULL && mx_sync_ephemeral_is_all(row, staged) &&
           !mx_sync_ephemeral_read(apply->store, row, staged, apply->context->own_user_id);
}

static void apply_room(Apply *apply, const MxStagedRoom *staged)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room(apply->store, staged->room_id);
    if (is_ephemeral_only(apply, row, staged)) {
        add_ephemeral(apply, row, staged);
        return;
    }
    if (row == NULL) {
        row = mx_room_row_new(staged->room_id);
        mx_store_save_room(apply->store, row);
    }
    RoomPass pass = {
        .apply = apply,
        .staged = staged,
        .row = row,
        .change = add_change(apply),
        .was_joined = row->membership == MX_MEMBERSHIP_JOIN,
        .old_people =
            mx_direct_count_joined(apply->store, row) + mx_direct_count_invited(apply->store, row),
        .old_highlights = row->highlight_count,
        .old_top = row->top_pos,
        .members = {.store = apply->store,
                    .room = row->key,
                    .is_wanted = g_hash_table_contains(apply->context->open_rooms, row->room_id)},
    };
    row->members_complete &= pass.was_joined; /* nobody looked while it was left (crypto D12) */
    if (staged->section == MX_SYNC_SECTION_JOIN)
        apply_join(&pass);
    else if (staged->section == MX_SYNC_SECTION_LEAVE)
        apply_leave(&pass);
    else
        apply_invite(&pass);
    finish_room(&pass);
    add_ephemeral(apply, row, staged);
    mx_member_changes_clear(&pass.members);
}

/* Account data, and the rooms that changed because of it */

static void note_ignored(Apply *apply)
{
    mx_ignored_hide_new(apply->store, apply->ignored);
    g_clear_pointer(&apply->ignored, g_hash_table_unref);
    apply->ignored = mx_ignored_load(apply->store);
    g_clear_pointer(&apply->changes->ignored, g_hash_table_unref);
    apply->changes->ignored = g_hash_table_ref(apply->ignored);
}

static void apply_account_data(Apply *apply)
{
    apply->ignored = mx_ignored_load(apply->store);
    for (guint i = 0; i < apply->stage->account_data->len; i++) {
        g_auto(MxEvent) event = {0};
        const char *text = g_ptr_array_index(apply->stage->account_data, i);
        if (!mx_event_parse(&event, text, strlen(text), FALSE))
            continue;
        mx_store_set_account_data(apply->store, 0, event.type, event.content.text,
                                  event.content.len);
        if (g_str_equal(event.type, "m.direct")) {
            mx_direct_restore_additions(apply->store);
            apply->direct_dirty = TRUE;
        }
        if (g_str_equal(event.type, "m.ignored_user_list"))
            note_ignored(apply);
        if (g_str_equal(event.type, "m.push_rules"))
            g_clear_pointer(&apply->rules, mx_push_rules_unref);
    }
    if (apply->rules == NULL)
        apply->rules = mx_notify_load_rules(apply->store);
}

static MxRoomChange *find_change(Apply *apply, gint64 key)
{
    MxRoomChange *change = g_hash_table_lookup(apply->by_key, &key);
    return change != NULL ? change : add_change(apply);
}

/* A new summary of a room that something else has changed. */
static MxRoomChange *renew(Apply *apply, const MxRoomRow *row)
{
    MxRoomChange *change = find_change(apply, row->key);
    g_hash_table_remove(apply->by_key, &row->key); /* its key lives in the summary that goes now */
    g_clear_pointer(&change->room, mx_room_unref);
    change->room = mx_room_new(apply->store, row, apply->context->own_user_id);
    g_hash_table_insert(apply->by_key, &change->room->key, change);
    return change;
}

static void update_places(Apply *apply)
{
    GHashTableIter iter;
    gpointer room_id;
    g_hash_table_iter_init(&iter, apply->moved);
    while (g_hash_table_iter_next(&iter, &room_id, NULL)) {
        g_autoptr(MxRoomRow) row = mx_store_get_room(apply->store, room_id);
        if (row != NULL && row->membership == MX_MEMBERSHIP_JOIN)
            renew(apply, row);
    }
}

static void update_direct(Apply *apply)
{
    g_autoptr(GArray) keys = mx_direct_update(apply->store, apply->context->own_user_id);
    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(apply->store, key);
        MxRoomChange *change = renew(apply, row);
        /* A new direct room and its first message may come in one answer. */
        if (row->direct_user != NULL && change->has_new_lines && change->room->alerts &&
            !apply->is_first)
            change->wants_window = TRUE;
    }
}

/* A full sync names every joined room; what it does not name was left while nobody looked. Its node
 * in the list stays: only an explicit rooms.leave takes one away. */
static void drop_unnamed_rooms(Apply *apply)
{
    g_autoptr(GPtrArray) rooms = mx_store_list_rooms(apply->store);
    for (guint i = 0; i < rooms->len; i++) {
        MxRoomRow *row = g_ptr_array_index(rooms, i);
        if (row->membership == MX_MEMBERSHIP_PENDING || row->membership == MX_MEMBERSHIP_LEAVE ||
            row->membership == MX_MEMBERSHIP_BAN ||
            g_hash_table_contains(apply->stage->by_id, row->room_id))
            continue;
        MxRoomChange *change = add_change(apply);

        row->membership = MX_MEMBERSHIP_LEAVE;
        mx_store_save_room(apply->store, row);
        change->room = mx_room_new(apply->store, row, apply->context->own_user_id);
        g_hash_table_insert(apply->by_key, &change->room->key, change);
        if (change->room->is_space)
            mx_place_add_children(apply->store, row->key, apply->moved);
        apply->direct_dirty = TRUE;
    }
}

static gboolean is_first_sync(MxStore *store)
{
    g_autofree char *done = mx_store_get_value(store, MX_VALUE_FIRST_SYNC_DONE);
    return done == NULL;
}

MxSyncChanges *mx_sync_apply(MxStore *store, const MxSyncStage *stage,
                             const MxApplyContext *context, GError **error)
{
    g_autoptr(GHashTable) by_key = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autoptr(GHashTable) moved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Apply apply = {
        .store = store, .context = context, .stage = stage, .by_key = by_key, .moved = moved};
    apply.changes = g_new0(MxSyncChanges, 1);
    apply.changes->rooms = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    apply.changes->ephemeral = g_ptr_array_new_with_free_func((GDestroyNotify)mx_ephemeral_free);
    apply.changes->next_batch = g_strdup(stage->next_batch);
    apply.rules = context->rules != NULL ? mx_push_rules_ref(context->rules) : NULL;
    mx_store_begin(store);
    apply.is_first = is_first_sync(store);
    mx_sync_crypto_begin(store, stage);
    apply_account_data(&apply);
    for (guint i = 0; i < stage->rooms->len; i++)
        apply_room(&apply, g_ptr_array_index(stage->rooms, i));
    if (context->since == NULL)
        drop_unnamed_rooms(&apply);
    if (apply.direct_dirty)
        update_direct(&apply);
    update_places(&apply);
    apply.changes->rules = apply.rules;
    apply.changes->presence = mx_sync_presence_apply(store, stage, context->watched);
    g_hash_table_unref(apply.ignored);
    mx_sync_crypto_end(store, stage, context);
    mx_store_set_value(store, MX_VALUE_NEXT_BATCH, stage->next_batch);
    mx_store_set_value(store, MX_VALUE_FIRST_SYNC_DONE, "1");
    if (mx_store_commit(store, error))
        return apply.changes;
    mx_sync_crypto_failed(store);
    mx_sync_changes_free(apply.changes);
    return NULL;
}

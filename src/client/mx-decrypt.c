/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-decrypt.h"

#include <string.h>

#include "mx-bundled.h"
#include "mx-direct.h"
#include "mx-ignored-list.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-notify.h"
#include "mx-old-copy.h"
#include "mx-raw-line.h"
#include "mx-relation.h"
#include "mx-verify.h"

#define ENCRYPTED "m.room.encrypted"
#define BATCH 25
#define MAX_LAST 200
#define PATIENCE_MS 3000

/* One batch, or what is left of a room. */
typedef struct {
    MxStore *store;
    MxRoomRow *room;
    const char *own_user_id;
    const MxPushRules *rules;
    GHashTable *ignored; /* set of user IDs */
    gint64 now_ms;       /* wall clock; G_MAXINT64: there will be no later */
    MxRoomChange *change;
    gboolean is_newer; /* the room's newest message is another */
} Pass;

/* ---- as it comes ---- */

char *mx_decrypt_note(MxStore *store, const MxRoomRow *room, MxTimelineRow *row)
{
    if (!g_str_equal(row->type, ENCRYPTED)) {
        if (room->encrypted && !mx_store_is_before_encryption(store, room->key, row->pos))
            row->reading = MX_READING_PACK(MX_READ_OK, MX_SHIELD_RED_NOT_ENCRYPTED);
        return NULL;
    }
    if (g_str_equal(row->content, "{}")) /* redacted */
        return NULL;
    row->session_id = mx_inbound_dup_session_id(row->content);
    row->crypto = mx_crypto_of(store) != NULL ? MX_ROW_WAITING : MX_ROW_UNREADABLE;
    if (mx_crypto_of(store) != NULL && row->session_id != NULL)
        mx_old_copy_note_event(mx_crypto_of(store), room, row->sender, row->content,
                               row->session_id);
    row->reading = MX_READING_PACK(MX_READ_NOT_TRIED, MX_SHIELD_NONE);
    return row->session_id;
}

void mx_decrypt_note_encryption(MxStore *store, gint64 room, const MxEvent *event, gint64 pos)
{
    g_autofree char *before = g_strndup(event->prev_content.text, event->prev_content.len);
    if (!g_str_equal(event->type, "m.room.encryption") || *event->state_key != '\0' ||
        (before != NULL && !g_str_equal(before, "{}")))
        return;
    mx_store_note_encryption(store, room, pos,
                             MX_READING_PACK(MX_READ_OK, MX_SHIELD_RED_NOT_ENCRYPTED),
                             MX_READING_PACK(MX_READ_OK, MX_SHIELD_NONE));
}

/* ---- one row ---- */

/* The event as it would have come without encryption. */
static char *make_event(const MxTimelineRow *row, const char *type, const char *content)
{
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "type", type);
    json_object_set_string_member(event, "sender", row->sender);
    json_object_set_string_member(event, "event_id", row->event_id);
    json_object_set_int_member(event, "origin_server_ts", row->ts);
    g_autofree char *text = mx_json_object_to_text(event);
    text[strlen(text) - 1] = '\0';
    return g_strconcat(text, ",\"content\":", content, "}", NULL);
}

static gboolean is_shown(const MxTimelineRow *row)
{
    return row->display == MX_DISPLAY_PENDING || row->display == MX_DISPLAY_DELIVERING ||
           row->display == MX_DISPLAY_SHOWN;
}

static void note_line(Pass *pass, const MxTimelineRow *row)
{
    gint64 ts = MIN(row->ts, g_get_real_time() / 1000);
    if (g_hash_table_contains(pass->ignored, row->sender) || ts <= pass->room->last_ts)
        return;
    pass->room->last_ts = ts;
    pass->is_newer = TRUE;
}

static void note_change(Pass *pass, const MxTimelineRow *row, gboolean is_line)
{
    MxRoomChange *change = pass->change;
    gboolean opens = (row->alert & MX_ALERT_OPENS) != 0 ||
                     (pass->room->direct_user != NULL && (row->alert & MX_ALERT_MUTED) == 0);
    if (row->display != MX_DISPLAY_PENDING)
        return;
    change->has_new_lines = TRUE;
    change->has_new_messages |= is_line;
    change->wants_window |= is_line && opens && !g_str_equal(row->sender, pass->own_user_id);
}

static void take_text(Pass *pass, MxTimelineRow *row, MxReading *reading)
{
    g_auto(MxEvent) event = {0};
    g_autofree char *text = make_event(row, reading->type, reading->content);
    gboolean is_line = mx_event_parse(&event, text, strlen(text), TRUE) &&
                       mx_sync_apply_is_line(reading->type) && !mx_verify_is_request(&event);
    if (is_line)
        note_line(pass, row);
    if (event.type != NULL)
        mx_verify_take_event(pass->store, pass->room->key, &event);
    g_autofree char *relates_to = event.type != NULL ? mx_relation_dup_target(&event) : NULL;
    gboolean is_told =
        event.type != NULL && (mx_raw_line_is_wanted(pass->store, pass->room->key, &event) ||
                               (relates_to != NULL && mx_relation_is_told(event.type)));
    if (is_line && is_shown(row))
        row->alert =
            mx_notify_judge(pass->rules, pass->store, pass->room, &event, pass->own_user_id) |
            (relates_to != NULL ? MX_ALERT_QUIET : MX_ALERT_NONE);
    else if (is_told)
        row->alert = MX_ALERT_MUTED | MX_ALERT_QUIET;
    else if (row->display == MX_DISPLAY_PENDING) /* nothing to show; a redaction inside has
                                                    no power (I13) */
        row->display = MX_DISPLAY_NONE;
    g_free(row->type);
    g_free(row->content);
    row->type = g_steal_pointer(&reading->type);
    row->content = g_steal_pointer(&reading->content);
    mx_store_set_read(pass->store, row, is_line || is_told);
    mx_bundled_read(pass->store, pass->room->room_id, row);
    note_change(pass, row, is_line);
}

static void take_failure(Pass *pass, MxTimelineRow *row)
{
    g_auto(MxEvent) event = {0};
    g_autofree char *text = make_event(row, row->type, row->content);
    note_line(pass, row);
    if (row->display == MX_DISPLAY_PENDING && mx_event_parse(&event, text, strlen(text), TRUE))
        row->alert =
            mx_notify_judge(pass->rules, pass->store, pass->room, &event, pass->own_user_id);
    mx_store_set_unreadable(pass->store, row);
    note_change(pass, row, TRUE);
}

static gboolean is_put_off(Pass *pass, const MxTimelineRow *row, const MxReading *reading)
{
    if (!reading->may_change || row->display != MX_DISPLAY_PENDING || pass->now_ms == G_MAXINT64 ||
        mx_store_was_put_off(pass->store, row->id))
        return FALSE;
    mx_store_put_off(pass->store, row->id, pass->now_ms + PATIENCE_MS);
    return TRUE;
}

static void read_row(Pass *pass, MxTimelineRow *row)
{
    g_auto(MxReading) reading = {0};
    mx_inbound_read(mx_crypto_of(pass->store), pass->room->room_id, row->event_id, row->sender,
                    row->ts, row->content, &reading);
    if (is_put_off(pass, row, &reading))
        return;
    row->reading = MX_READING_PACK(reading.result,
                                   reading.result == MX_READ_OK ? reading.shield : MX_SHIELD_NONE);
    if (reading.result == MX_READ_OK)
        take_text(pass, row, &reading);
    else
        take_failure(pass, row);
}

static void read_rows(Pass *pass, GPtrArray *rows)
{
    pass->ignored = mx_ignored_load(pass->store);
    for (guint i = 0; i < rows->len; i++)
        read_row(pass, g_ptr_array_index(rows, i));
    g_clear_pointer(&pass->ignored, g_hash_table_unref);
}

void mx_decrypt_last(MxStore *store, MxRoomRow *room, const char *own_user_id,
                     const MxPushRules *rules)
{
    if (mx_crypto_of(store) == NULL)
        return;
    MxRoomChange change = {0};
    Pass pass = {.store = store,
                 .room = room,
                 .own_user_id = own_user_id,
                 .rules = rules,
                 .now_ms = G_MAXINT64,
                 .change = &change};
    g_autoptr(GPtrArray) rows = mx_store_list_waiting(store, room->key, G_MAXINT64, MAX_LAST);
    read_rows(&pass, rows);
}

/* ---- a batch ---- */

static void add_change(MxDecryptBatch *batch, MxStore *store, gint64 key, MxRoomChange *change)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, key);
    if (row == NULL) {
        g_free(change);
        return;
    }
    change->room = mx_room_new(store, row, batch->own_user_id);
    g_ptr_array_add(batch->changes, change);
}

GPtrArray *mx_decrypt_list_changes(MxStore *store, const GArray *rooms, const char *own_user_id)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    MxDecryptBatch batch = {.own_user_id = own_user_id, .changes = changes};
    for (guint i = 0; i < rooms->len; i++) {
        gint64 key = g_array_index(rooms, gint64, i);
        g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, key);
        MxRoomChange *change = g_new0(MxRoomChange, 1);
        change->has_new_lines = change->has_new_messages = TRUE;
        change->wants_window =
            row != NULL &&
            mx_store_has_alert(store, key, G_MININT64, own_user_id, row->direct_user != NULL);
        add_change(&batch, store, key, change);
    }
    return changes;
}

/* The newest message decides which room is a person's IM. */
static void update_direct(MxDecryptBatch *batch, Pass *pass)
{
    if (!pass->is_newer || pass->room->direct_user != NULL ||
        !mx_direct_is_listed(pass->store, pass->room->room_id))
        return;
    g_autoptr(GArray) keys = mx_direct_update(pass->store, batch->own_user_id);
    for (guint i = 0; i < keys->len; i++)
        if (g_array_index(keys, gint64, i) != pass->room->key)
            add_change(batch, pass->store, g_array_index(keys, gint64, i), g_new0(MxRoomChange, 1));
}

/* Only now is it known that the lines open a window: a gap before them has to be filled for that.
 */
static void note_gap(Pass *pass)
{
    g_autoptr(MxGapRow) gap = mx_store_get_blocking_gap(pass->store, pass->room->key);
    pass->change->has_gap = gap != NULL;
}

static void run_rows(MxStore *store, MxDecryptBatch *batch, GPtrArray *rows)
{
    gint64 key = ((MxTimelineRow *)g_ptr_array_index(rows, 0))->room;
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, key);
    Pass pass = {.store = store,
                 .room = room,
                 .own_user_id = batch->own_user_id,
                 .rules = batch->rules,
                 .now_ms = batch->now_ms};
    if (room == NULL) /* the transaction has failed */
        return;
    pass.change = g_new0(MxRoomChange, 1);
    batch->changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    read_rows(&pass, rows);
    note_gap(&pass);
    pass.change->was_read = mx_sync_apply_read(store, room) > 0;
    mx_store_save_room(store, room);
    update_direct(batch, &pass);
    add_change(batch, store, key, pass.change);
}

/* Together: the rows are of one room. */
static gboolean commit_rows(MxStore *store, MxDecryptBatch *batch, GPtrArray *rows, GError **error)
{
    mx_store_begin(store);
    run_rows(store, batch, rows);
    if (mx_store_commit(store, error))
        return TRUE;
    mx_crypto_forget(mx_crypto_of(store));
    g_clear_pointer(&batch->changes, g_ptr_array_unref);
    return FALSE;
}

gboolean mx_decrypt_run(MxStore *store, MxDecryptBatch *batch, GError **error)
{
    batch->wait_ms = -1;
    if (mx_crypto_of(store) == NULL)
        return TRUE;
    g_autoptr(GPtrArray) rows = mx_store_list_waiting(store, 0, batch->now_ms, BATCH);
    if (rows->len > 0 && !commit_rows(store, batch, rows, error))
        return FALSE;
    batch->wait_ms = mx_store_get_waiting_ms(store, batch->now_ms);
    return TRUE;
}

gboolean mx_decrypt_history(MxStore *store, GPtrArray *rows, const char *own_user_id,
                            GPtrArray **changes, GError **error)
{
    g_autoptr(MxPushRules) rules = NULL;
    g_autoptr(GPtrArray) waiting = g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++)
        if (((MxTimelineRow *)g_ptr_array_index(rows, i))->crypto == MX_ROW_WAITING)
            g_ptr_array_add(waiting, g_ptr_array_index(rows, i));
    *changes = NULL;
    if (mx_crypto_of(store) == NULL || waiting->len == 0)
        return TRUE;
    rules = mx_notify_load_rules(store);
    /* Whoever looks back waits for no key. */
    MxDecryptBatch batch = {.own_user_id = own_user_id, .rules = rules, .now_ms = G_MAXINT64};
    gboolean is_read = commit_rows(store, &batch, waiting, error);
    *changes = batch.changes;
    return is_read;
}

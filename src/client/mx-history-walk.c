/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-history-walk.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-decrypt.h"
#include "mx-ignored-list.h"
#include "mx-reaction-line.h"
#include "mx-relation-line.h"
#include "mx-room-name.h"
#include "mx-upgrade.h"

#define ROWS_AT_ONCE 100
/* A room where little is shown, or little may be read, is not fetched whole by one command. */
#define MAX_PAGES 30
/* One line with a wrong clock does not end a walk back to a time; so many in a row do. */
#define ENOUGH_OLDER 3
/* Rooms that continue rooms that continue rooms: somebody is playing. */
#define MAX_DEPTH 20

void mx_history_free(MxHistory *history)
{
    g_ptr_array_unref(history->lines);
    g_free(history->trouble);
    g_free(history);
}

MxHistoryWalk *mx_history_walk_new(const MxHistoryPlace *place, const MxHistoryQuery *query,
                                   gint64 window_room, const char *own_user_id)
{
    MxHistoryWalk *walk = g_new0(MxHistoryWalk, 1);
    walk->query = *query;
    walk->own_user_id = g_strdup(own_user_id);
    walk->window_room = window_room;
    walk->start = *place;
    if (place->room == 0)
        walk->start = (MxHistoryPlace){.room = window_room, .pos = G_MAXINT64};
    walk->place = walk->start;
    walk->passed_pos = G_MAXINT64;
    walk->lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    walk->changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    return walk;
}

static void clear_need(MxHistoryWalk *walk)
{
    walk->need = MX_WALK_DONE;
    g_clear_pointer(&walk->room_id, g_free);
    g_clear_pointer(&walk->from, g_free);
    g_clear_pointer(&walk->to, g_free);
    g_clear_pointer(&walk->event_id, g_free);
    g_clear_pointer(&walk->answer, g_bytes_unref);
    g_clear_error(&walk->failure);
}

void mx_history_walk_free(MxHistoryWalk *walk)
{
    clear_need(walk);
    g_free(walk->own_user_id);
    g_free(walk->trouble);
    g_clear_pointer(&walk->lines, g_ptr_array_unref);
    g_clear_pointer(&walk->changes, g_ptr_array_unref);
    g_clear_error(&walk->broken);
    g_clear_pointer(&walk->ignored, g_hash_table_unref);
    g_free(walk);
}

static gboolean is_in_window_room(const MxHistoryWalk *walk)
{
    return walk->place.room == walk->window_room;
}

/* ---- lines ---- */

static void add_remark(MxHistoryWalk *walk, char *text)
{
    MxLine *line = g_new0(MxLine, 1);
    line->kind = MX_LINE_STATE;
    line->body = text;
    g_ptr_array_add(walk->lines, line);
}

/* In the window people have the names of its own room. */
static void rename_sender(MxStore *store, const MxHistoryWalk *walk, MxLine *line)
{
    if (is_in_window_room(walk))
        return;
    g_autoptr(MxMemberRow) member = mx_store_get_member(store, walk->window_room, line->sender);
    if (member == NULL)
        return;
    g_free(line->sender_name);
    line->sender_name = mx_room_name_of_member(store, walk->window_room, line->sender);
}

/* What ignored people do to a room or to others is still told. */
static gboolean is_ignored(const MxHistoryWalk *walk, const MxTimelineRow *row)
{
    return (row->state_key == NULL || g_str_equal(row->state_key, row->sender)) &&
           g_hash_table_contains(walk->ignored, row->sender);
}

/* What has not gone out does not look as if it had. */
static void mark_unsent(MxStore *store, const MxTimelineRow *row, MxLine *line)
{
    g_autoptr(MxQueueRow) item =
        row->txn_id != NULL ? mx_store_get_queue_by_txn(store, row->txn_id) : NULL;
    gboolean is_on_its_way = item != NULL && item->state != MX_QUEUE_FAILED;
    if (row->event_id == NULL && line->mark == NULL)
        line->mark = g_strdup(is_on_its_way ? _("not sent yet") : _("not sent"));
}

static void add_row(MxStore *store, MxHistoryWalk *walk, const MxTimelineRow *row)
{
    walk->place.pos = row->pos;
    if (is_ignored(walk, row) || mx_related_line_is_told_before(store, row))
        return;
    g_autoptr(MxLine) line = mx_line_new(store, row, walk->own_user_id);
    if (line->kind == MX_LINE_NOTHING || (line->is_minor && walk->query.leaves_out_minor) ||
        (line->kind == MX_LINE_STATE && row->event_id == NULL)) /* that has not happened yet */
        return;
    walk->older = line->ts < walk->since_ms ? walk->older + 1 : 0;
    line->is_from_member = FALSE; /* nobody is listed for having spoken then */
    mark_unsent(store, row, line);
    if (line->kind != MX_LINE_STATE)
        line->reactions = mx_reaction_line_list(store, row, walk->ignored);
    rename_sender(store, walk, line);
    g_ptr_array_add(walk->lines, g_steal_pointer(&line));
}

static gboolean has_enough(const MxHistoryWalk *walk)
{
    guint wanted = walk->query.lines > 0 ? walk->query.lines : MX_HISTORY_MAX_LINES;
    return walk->lines->len >= MIN(wanted, MX_HISTORY_MAX_LINES) || walk->older >= ENOUGH_OLDER;
}

/* FALSE: the database. */
static gboolean read_waiting(MxStore *store, MxHistoryWalk *walk, GPtrArray *rows)
{
    g_autoptr(GPtrArray) changes = NULL;
    gboolean is_read = mx_decrypt_history(store, rows, walk->own_user_id, &changes, &walk->broken);
    if (changes != NULL)
        g_ptr_array_extend_and_steal(walk->changes, g_steal_pointer(&changes));
    return is_read;
}

/* FALSE: all there is above the floor was taken. */
static gboolean collect(MxStore *store, MxHistoryWalk *walk, gint64 floor)
{
    for (;;) {
        g_autoptr(GPtrArray) rows =
            mx_store_list_history(store, walk->place.room, walk->place.pos, floor,
                                  !is_in_window_room(walk), ROWS_AT_ONCE);
        if (!has_enough(walk) && !read_waiting(store, walk, rows))
            return TRUE;
        for (guint i = 0; i < rows->len; i++) {
            if (has_enough(walk))
                return TRUE;
            add_row(store, walk, g_ptr_array_index(rows, i));
        }
        if (rows->len < ROWS_AT_ONCE)
            return has_enough(walk);
    }
}

/* ---- where it goes on ---- */

static gboolean stop(MxHistoryWalk *walk, MxHistoryEnd end)
{
    walk->end = end;
    walk->need = MX_WALK_DONE;
    return FALSE;
}

static gboolean ask(MxHistoryWalk *walk, MxWalkNeed need, const MxRoomRow *room, gint64 gap)
{
    if (need == MX_WALK_PAGE && walk->pages++ >= MAX_PAGES)
        return stop(walk, MX_HISTORY_TIRED);
    walk->need = need;
    walk->gap = gap;
    walk->room_id = g_strdup(room->room_id);
    return FALSE;
}

static gboolean ask_page(MxHistoryWalk *walk, const MxRoomRow *room, gint64 gap, const char *from,
                         const char *to)
{
    walk->from = g_strdup(from);
    walk->to = g_strdup(to);
    return ask(walk, MX_WALK_PAGE, room, gap);
}

/* Without an event to begin at: FALSE as well, with the room's newest page. */
static gboolean ask_context(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *room, gint64 gap,
                            gint64 floor)
{
    walk->event_id = mx_store_get_event_above(store, room->key, floor);
    if (walk->event_id == NULL)
        return ask_page(walk, room, gap, NULL, NULL);
    return ask(walk, MX_WALK_CONTEXT, room, gap);
}

static gboolean pass_gap(MxHistoryWalk *walk, const MxGapRow *gap)
{
    walk->passed_pos = gap->pos;
    walk->place.pos = gap->next_pos + 1;
    if (walk->lines->len > 0)
        add_remark(walk, g_strdup(_("Here messages are missing.")));
    return TRUE;
}

static gboolean meet_gap(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *room,
                         const MxGapRow *gap)
{
    if (walk->is_offline)
        return pass_gap(walk, gap);
    if (!gap->is_left && room->membership == MX_MEMBERSHIP_JOIN) {
        if (walk->waited_gap != gap->id) {
            walk->waited_gap = gap->id;
            return ask(walk, MX_WALK_GAP, room, gap->id);
        }
        return pass_gap(walk, gap);
    }
    if (*gap->from == '\0')
        return ask_context(store, walk, room, gap->id, gap->next_pos);
    return ask_page(walk, room, gap->id, gap->from, gap->to);
}

/* A room that was never seen here is asked for, and known once the server has given of it. */
static MxRoomRow *get_room_or_new(MxStore *store, const char *room_id)
{
    MxRoomRow *room = mx_store_get_room(store, room_id);
    return room != NULL ? room : mx_room_row_new(room_id);
}

static void say_where_rooms_meet(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *older)
{
    g_autofree char *name = older->synced ? mx_room_name_compute(store, older, walk->own_user_id)
                                          : g_strdup(older->room_id);
    add_remark(walk, g_strdup_printf(_("Here the room was upgraded. Above is the old one, "
                                       "“%s”; below is the one that continues it."),
                                     name));
}

static gboolean enter(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *older)
{
    say_where_rooms_meet(store, walk, older);
    walk->passed_pos = G_MAXINT64;
    walk->was_refused = FALSE;
    walk->place.depth++;
    walk->place.room = older->key;
    walk->place.pos = G_MAXINT64;
    return TRUE;
}

/* Its first events can be had although what was said until one joined cannot. */
static gboolean hides_from_newcomers(MxStore *store, gint64 room)
{
    g_autofree char *content = mx_store_get_state(store, room, "m.room.history_visibility", "");
    if (content == NULL)
        return FALSE;
    MxJsonSlice visibility =
        mx_json_scan_member(mx_json_scan_root(content, strlen(content)), "history_visibility");
    return mx_json_slice_equals(visibility, "joined") ||
           mx_json_slice_equals(visibility, "invited");
}

/* The walk came through that room, or is in it: rooms may claim to continue each other in a ring.
 */
static gboolean was_walked(MxStore *store, const MxHistoryWalk *walk, gint64 key)
{
    gint64 at = walk->window_room;
    for (guint depth = 0; at != key && at != walk->place.room && depth <= MAX_DEPTH; depth++) {
        g_autoptr(MxPredecessor) before = mx_upgrade_get_predecessor(store, at);
        g_autoptr(MxRoomRow) older =
            before != NULL ? mx_store_get_room(store, before->room_id) : NULL;
        if (older == NULL)
            return FALSE;
        at = older->key;
    }
    return at == key || key == walk->place.room;
}

/* The room is at its end; it may continue another one. */
static gboolean leave_room(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *room)
{
    g_autoptr(MxPredecessor) before = mx_upgrade_get_predecessor(store, room->key);
    gboolean is_beginning =
        mx_store_begins_with_create(store, room->key) && !hides_from_newcomers(store, room->key);
    g_autoptr(MxRoomRow) older = before != NULL ? get_room_or_new(store, before->room_id) : NULL;
    /* Else lines of one room would look as if they had been read by those of another. */
    MxClaim claim = older != NULL ? mx_upgrade_check_claim(store, older, room) : MX_CLAIM_FALSE;
    if (older == NULL || walk->place.depth >= MAX_DEPTH || was_walked(store, walk, older->key) ||
        claim == MX_CLAIM_FALSE || walk->is_disowned)
        return stop(walk, is_beginning ? MX_HISTORY_BEGINNING : MX_HISTORY_NO_MORE);
    if (older->key != 0 && claim == MX_CLAIM_TRUE)
        return enter(store, walk, older);
    if (walk->is_offline)
        return stop(walk, MX_HISTORY_MORE);
    if (claim == MX_CLAIM_UNKNOWN)
        return ask(walk, MX_WALK_TOMBSTONE, older, 0);
    return ask_page(walk, older, 0, NULL, NULL);
}

static gboolean meet_bottom(MxStore *store, MxHistoryWalk *walk, const MxRoomRow *room)
{
    if (g_strcmp0(room->prev_batch, MX_HISTORY_ALL) == 0 ||
        mx_store_begins_with_create(store, room->key))
        return leave_room(store, walk, room);
    if (walk->is_offline)
        return stop(walk, MX_HISTORY_MORE);
    if (room->prev_batch != NULL)
        return ask_page(walk, room, 0, room->prev_batch, NULL);
    return ask_context(store, walk, room, 0, G_MININT64);
}

/* TRUE: there is more to do here. */
static gboolean advance(MxStore *store, MxHistoryWalk *walk)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, walk->place.room);
    if (room == NULL)
        return stop(walk, MX_HISTORY_NO_MORE);
    g_autoptr(MxGapRow) gap =
        mx_store_get_gap_below(store, room->key, walk->place.pos, walk->passed_pos);
    if (collect(store, walk, gap != NULL ? gap->next_pos : G_MININT64))
        return stop(walk, MX_HISTORY_MORE);
    if (walk->query.is_brief)
        return stop(walk, MX_HISTORY_MORE);
    return gap != NULL ? meet_gap(store, walk, room, gap) : meet_bottom(store, walk, room);
}

/* ---- answers ---- */

/* Where an answer goes. */
typedef struct {
    MxRoomRow *room;
    MxGapRow *gap; /* NULL: below all */
    gint64 pos;    /* of the next older event */
    gboolean is_closed;
} Hole;

static void hole_clear(Hole *hole)
{
    g_clear_pointer(&hole->room, mx_room_row_free);
    g_clear_pointer(&hole->gap, mx_gap_row_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hole, hole_clear)

/* FALSE: it is no longer what it was when the question was asked. */
static gboolean find_hole(MxStore *store, const MxHistoryWalk *walk, Hole *hole)
{
    hole->room = get_room_or_new(store, walk->room_id);
    if (walk->gap == 0) {
        if (hole->room->key != 0 && walk->need == MX_WALK_PAGE && walk->from != NULL &&
            g_strcmp0(hole->room->prev_batch, walk->from) != 0)
            return FALSE;
        hole->pos = mx_store_get_lowest_pos(store, hole->room->key) - 1;
        return TRUE;
    }
    hole->gap = mx_store_get_gap_below(store, hole->room->key, walk->place.pos, walk->passed_pos);
    if (hole->gap == NULL || hole->gap->id != walk->gap)
        return FALSE;
    hole->pos = hole->gap->next_pos;
    return walk->need != MX_WALK_PAGE || walk->from == NULL ||
           g_str_equal(hole->gap->from, walk->from);
}

static void save_hole(MxStore *store, Hole *hole, const char *token)
{
    if (hole->gap == NULL) {
        g_free(hole->room->prev_batch);
        hole->room->prev_batch = g_strdup(hole->is_closed ? MX_HISTORY_ALL : token);
    } else if (hole->is_closed) {
        mx_store_remove_gap(store, hole->gap->id);
    } else {
        g_free(hole->gap->from);
        hole->gap->from = g_strdup(token != NULL ? token : "");
        hole->gap->next_pos = hole->pos;
        mx_store_save_gap(store, hole->gap);
    }
    mx_store_save_room(store, hole->room);
}

/* What the old room's state is not stored for: which room it continues. */
static void keep_create(MxStore *store, const MxRoomRow *room, const MxEvent *event)
{
    if (event->state_key == NULL || !g_str_equal(event->type, "m.room.create"))
        return;
    g_autofree char *known = mx_store_get_state(store, room->key, "m.room.create", "");
    if (known == NULL && event->state_key[0] == '\0')
        mx_store_set_state(store, room->key, event->type, "", event->event_id, event->sender,
                           event->content);
}

static void store_event(MxStore *store, MxHistoryWalk *walk, Hole *hole, MxJsonSlice text)
{
    g_auto(MxEvent) event = {0};
    MxRoomRow *room = hole->room;
    if (text.type != MX_JSON_OBJECT || !mx_event_parse(&event, text.text, text.len, TRUE))
        return;
    gint64 known = mx_store_get_event_pos(store, room->key, event.event_id);
    if (known != G_MININT64) {
        /* Own lines of this device do not close a gap: others' lines before them may be missing. */
        hole->is_closed |= hole->gap != NULL && known <= hole->pos &&
                           mx_store_has_synced_event(store, room->key, event.event_id);
        return;
    }
    MxNewLine line = {
        .pos = hole->pos--,
        .display = MX_DISPLAY_NONE,
        .delayed = TRUE,
        .own_user_id = walk->own_user_id,
        .ignored = walk->ignored,
    };
    mx_sync_apply_message(store, room, &event, &line);
    keep_create(store, room, &event);
}

static MxJsonSlice get_root(const MxHistoryWalk *walk)
{
    gsize len;
    const char *text = g_bytes_get_data(walk->answer, &len);
    if (text == NULL || !mx_json_scan_validate(text, len))
        return (MxJsonSlice){0};
    return mx_json_scan_root(text, len);
}

static void fail(MxHistoryWalk *walk)
{
    g_set_error_literal(&walk->failure, MX_ERROR, MX_ERROR_BAD_ANSWER,
                        _("The server's answer with earlier messages cannot be read."));
}

static void store_page(MxStore *store, MxHistoryWalk *walk, Hole *hole)
{
    static const char *const names[] = {"chunk", "end", "state", NULL};
    MxJsonSlice values[3];
    MxJsonIter iter;
    MxJsonSlice event;
    mx_json_scan_members(get_root(walk), names, values);
    if (!mx_json_iter_init(&iter, values[0])) {
        fail(walk);
        return;
    }
    if (hole->room->key == 0) {
        hole->room->membership = MX_MEMBERSHIP_LEAVE;
        mx_store_save_room(store, hole->room);
    }
    mx_gap_learn_members(store, hole->room->key, values[2], TRUE);
    while (!hole->is_closed && mx_json_iter_next(&iter, NULL, &event))
        store_event(store, walk, hole, event);
    g_autofree char *end = mx_json_slice_dup_string(values[1]);
    /* An empty chunk is not the end; an absent token is. The same token again would never end. */
    hole->is_closed |= end == NULL || *end == '\0' || g_strcmp0(end, walk->from) == 0;
    save_hole(store, hole, end);
    if (hole->room->key != walk->place.room) /* it was not known before */
        enter(store, walk, hole->room);
}

static void store_start(MxStore *store, MxHistoryWalk *walk, Hole *hole)
{
    g_autofree char *start = mx_json_slice_dup_string(mx_json_scan_member(get_root(walk), "start"));
    if (start == NULL || *start == '\0')
        fail(walk);
    else
        save_hole(store, hole, start);
}

static void set_trouble(MxHistoryWalk *walk, const char *text)
{
    if (walk->trouble == NULL)
        walk->trouble = g_strdup(text);
}

/* ---- what cannot be had ---- */

static char *explain(const GError *failure)
{
    guint status = mx_error_get_status(failure);
    if (mx_error_is_transient(failure) || status == 0)
        return g_strdup(_("Older messages could not be fetched, since the homeserver gave no "
                          "usable answer. Try again later."));
    if (status == 403)
        return g_strdup(_("The homeserver does not let you read older messages."));
    return g_strdup_printf(_("The homeserver does not give older messages: %s"), failure->message);
}

/* Tokens may go stale; what they stood for can be found again by the event above. */
static gboolean forget_token(MxStore *store, MxHistoryWalk *walk, Hole *hole)
{
    guint status = mx_error_get_status(walk->failure);
    if (walk->was_refused || walk->need != MX_WALK_PAGE || walk->from == NULL ||
        (status != 400 && status != 404))
        return FALSE;
    walk->was_refused = TRUE;
    save_hole(store, hole, NULL);
    return TRUE;
}

static void take_failure(MxStore *store, MxHistoryWalk *walk, Hole *hole)
{
    if (forget_token(store, walk, hole))
        return;
    g_autofree char *text = explain(walk->failure);
    set_trouble(walk, text);
    /* Nothing more is asked for: the next answer would be no better, and what is stored is there.
     */
    walk->is_offline = TRUE;
}

static void take_tombstone(MxStore *store, MxHistoryWalk *walk)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, walk->place.room);
    gboolean is_known = walk->answer != NULL || (!mx_error_is_transient(walk->failure) &&
                                                 mx_error_get_status(walk->failure) != 0);
    if (!is_known) {
        walk->is_offline = TRUE;
        g_autofree char *text = explain(walk->failure);
        set_trouble(walk, text);
        return;
    }
    walk->is_disowned =
        walk->answer == NULL || room == NULL ||
        mx_upgrade_keep_claim(store, walk->room_id, room, get_root(walk)) != MX_CLAIM_TRUE;
}

/* FALSE with an error: the database. */
static gboolean take_answer(MxStore *store, MxHistoryWalk *walk, GError **error)
{
    g_auto(Hole) hole = {0};
    mx_store_begin(store);
    if (walk->need == MX_WALK_TOMBSTONE) {
        take_tombstone(store, walk);
    } else if (walk->need != MX_WALK_GAP && find_hole(store, walk, &hole)) {
        if (walk->answer != NULL && walk->need == MX_WALK_PAGE)
            store_page(store, walk, &hole);
        else if (walk->answer != NULL)
            store_start(store, walk, &hole);
        if (walk->failure != NULL)
            take_failure(store, walk, &hole);
    } else if (walk->failure != NULL) {
        take_failure(store, walk, &hole);
    }
    return mx_store_commit(store, error);
}

/* ---- a walk back to a time ---- */

static void find_since(MxStore *store, MxHistoryWalk *walk)
{
    const MxHistoryQuery *query = &walk->query;
    walk->since_ms = query->since_ms;
    if (query->lines > 0 || query->hour < 0 || query->since_ms != 0)
        return;
    gint64 now_ms = g_get_real_time() / 1000;
    gint64 shown_ms = mx_store_get_ts_from(store, walk->start.room, walk->start.pos);
    gint64 before_ms = shown_ms > 0 ? MIN(shown_ms, now_ms) : now_ms;
    g_autoptr(GDateTime) before = g_date_time_new_from_unix_local(before_ms / 1000);
    g_autoptr(GDateTime) since = g_date_time_new_local(
        g_date_time_get_year(before), g_date_time_get_month(before),
        g_date_time_get_day_of_month(before), query->hour, query->minute, query->second);
    if (since != NULL && g_date_time_compare(since, before) > 0) {
        GDateTime *day_before = g_date_time_add_days(since, -1);
        g_date_time_unref(since);
        since = day_before;
    }
    walk->since_ms = since != NULL ? g_date_time_to_unix(since) * 1000 : before_ms;
}

/* What is from before the time is not shown, but for what only looks so. */
static void drop_older(MxHistoryWalk *walk)
{
    gboolean dropped = FALSE;
    while (walk->since_ms > 0 && walk->lines->len > 0) {
        MxLine *line = g_ptr_array_index(walk->lines, walk->lines->len - 1);
        if (line->row != 0 && line->ts >= walk->since_ms)
            break;
        if (line->row == 0 && !dropped)
            break;
        dropped = TRUE;
        g_ptr_array_remove_index(walk->lines, walk->lines->len - 1);
    }
    if (!dropped)
        return;
    walk->end = MX_HISTORY_MORE;
    walk->place = walk->start;
    for (guint i = 0; i < walk->lines->len; i++) {
        MxLine *line = g_ptr_array_index(walk->lines, i);
        if (line->row == 0)
            continue;
        if (line->room != walk->place.room)
            walk->place.depth++;
        walk->place.room = line->room;
        walk->place.pos = line->pos;
    }
}

static void drop_lone_remarks(MxHistoryWalk *walk)
{
    for (guint i = 0; i < walk->lines->len; i++)
        if (((MxLine *)g_ptr_array_index(walk->lines, i))->row != 0)
            return;
    g_ptr_array_set_size(walk->lines, 0);
}

gboolean mx_history_walk_step(MxStore *store, MxHistoryWalk *walk, GError **error)
{
    gboolean is_begun = walk->ignored != NULL;
    if (!is_begun) {
        walk->ignored = mx_ignored_load(store);
        g_hash_table_remove(walk->ignored, walk->own_user_id);
        find_since(store, walk);
    } else if (!take_answer(store, walk, error)) {
        return FALSE;
    }
    clear_need(walk);
    while (advance(store, walk))
        ;
    if (walk->broken != NULL) {
        g_propagate_error(error, g_steal_pointer(&walk->broken));
        return FALSE;
    }
    if (walk->need == MX_WALK_DONE) {
        drop_older(walk);
        drop_lone_remarks(walk);
    }
    return TRUE;
}

MxHistory *mx_history_walk_finish(MxHistoryWalk *walk)
{
    MxHistory *history = g_new0(MxHistory, 1);
    history->lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    for (guint i = walk->lines->len; i > 0; i--)
        g_ptr_array_add(history->lines, g_ptr_array_steal_index(walk->lines, i - 1));
    history->place = walk->place;
    history->end = walk->end;
    history->trouble = g_steal_pointer(&walk->trouble);
    return history;
}

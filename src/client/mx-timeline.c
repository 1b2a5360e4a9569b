/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-timeline.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-message-kind.h"
#include "mx-poll-line.h"
#include "mx-poll.h"
#include "mx-quote.h"
#include "mx-raw-line.h"
#include "mx-reaction-line.h"
#include "mx-redaction.h"
#include "mx-relation-line.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-server-notice.h"
#include "mx-state-line.h"
#include "mx-sync-apply.h"
#include "mx-unreadable.h"

void mx_line_free(MxLine *line)
{
    if (line == NULL)
        return;
    g_free(line->sender);
    g_free(line->sender_name);
    g_free(line->body);
    g_free(line->formatted_body);
    g_free(line->about);
    g_free(line->mark);
    g_free(line->reactions);
    mx_file_free(line->file);
    g_free(line);
}

static MxLineKind kind_of_message(MxJsonSlice msgtype)
{
    if (mx_json_slice_equals(msgtype, "m.notice"))
        return MX_LINE_NOTICE;
    return mx_json_slice_equals(msgtype, "m.emote") ? MX_LINE_EMOTE : MX_LINE_TEXT;
}

static gboolean is_empty(MxJsonSlice object)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    return !mx_json_iter_init(&iter, object) || !mx_json_iter_next(&iter, &key, &value);
}

/* F3: HTML in this format alone, and only where the specification has it. */
static char *dup_formatted_body(MxJsonSlice msgtype, MxJsonSlice format, MxJsonSlice formatted_body)
{
    static const char *const msgtypes[] = {"m.text", "m.notice", "m.emote"};
    if (!mx_json_slice_equals(format, "org.matrix.custom.html"))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(msgtypes); i++)
        if (mx_json_slice_equals(msgtype, msgtypes[i]))
            return mx_json_slice_dup_string(formatted_body);
    return NULL;
}

static void read_state(MxLine *line, MxStore *store, const MxTimelineRow *row)
{
    line->is_reaction = mx_relation_is_reaction(row->type);
    if (line->is_reaction)
        line->body = mx_reaction_line_describe(store, row);
    else if (mx_poll_is_response(row->type) || mx_poll_is_end(row->type))
        line->body = mx_poll_line_describe(store, row);
    else if (mx_raw_line_is_one(row))
        line->body = mx_raw_line_describe(store, row);
    else if (row->state_key != NULL)
        line->body = mx_state_line_describe(store, row, &line->is_minor);
    else if (!row->is_secret) /* a redaction inside has taken nothing away (I13) */
        line->body = mx_redaction_describe(store, row);
    line->kind = line->body != NULL ? MX_LINE_STATE : MX_LINE_NOTHING;
}

static gboolean is_member(MxStore *store, gint64 room, const char *user_id)
{
    g_autoptr(MxMemberRow) member = mx_store_get_member(store, room, user_id);
    return member != NULL && member->membership == MX_MEMBERSHIP_JOIN;
}

static void add_mark(MxLine *line, const char *words)
{
    g_autofree char *before = g_steal_pointer(&line->mark);
    line->mark = before != NULL ? g_strdup_printf("%s, %s", before, words) : g_strdup(words);
}

/* What is to be thought of whoever has edited it counts, not only what is of the first text. */
static void take_edit(MxLine *line, const MxTimelineRow *edit)
{
    gboolean is_warned;
    g_autofree char *mark = mx_unreadable_dup_mark(edit, &is_warned);
    if (mark != NULL && g_strcmp0(mark, line->mark) != 0)
        add_mark(line, mark);
    line->is_warned |= is_warned;
    add_mark(line, edit->event_id != NULL ? _("edited") : _("edited, but not sent"));
}

static void take_text(MxLine *line, MxRelatedLine *related, const MxJsonSlice *values)
{
    line->kind = kind_of_message(values[0]);
    line->formatted_body = dup_formatted_body(values[0], values[2], values[3]);
    line->about = g_steal_pointer(&related->about);
    if (related->edit != NULL)
        take_edit(line, related->edit);
    if (related->body != NULL)
        g_clear_pointer(&line->formatted_body, g_free);
    g_autofree char *body = g_steal_pointer(&line->body);
    line->body = related->body != NULL ? g_steal_pointer(&related->body)
                 : related->is_answer  ? mx_relation_strip_fallback(body)
                                       : g_steal_pointer(&body);
}

/* What a file is called and how large it is, then its caption. */
static void read_file(MxLine *line, const char *type, MxJsonSlice content)
{
    line->file = mx_file_read(type, content);
    if (line->file == NULL)
        return;
    g_autofree char *text = mx_file_describe(line->file);
    const char *caption = line->file->caption;
    g_free(line->body);
    line->body = caption != NULL ? g_strconcat(text, " ", caption, NULL) : g_strdup(text);
    g_autofree char *html = mx_file_dup_html_caption(line->file, content);
    if (html == NULL)
        return;
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    line->formatted_body = g_strconcat(escaped, " ", html, NULL);
}

static void read_content(MxLine *line, MxStore *store, const MxTimelineRow *row)
{
    static const char *const names[] = {"msgtype", "body", "format", "formatted_body", NULL};
    MxJsonSlice values[4];
    g_auto(MxRelatedLine) related = {0};
    mx_related_line_read(&related, store, row);
    const char *text = related.content != NULL ? related.content : row->content;
    MxJsonSlice content = mx_json_scan_root(text, strlen(text));
    mx_json_scan_members(content, names, values);
    line->body = mx_json_slice_equals(values[0], "m.server_notice")
                     ? mx_server_notice_describe(store, row->room, content)
                 : mx_poll_is_start(row->type) ? mx_poll_line_dup_question(content)
                                               : mx_message_kind_dup_text(row->type, content);
    if (is_empty(content) || related.is_nothing ||
        mx_json_slice_equals(values[0], "m.key.verification.request")) {
        line->kind = MX_LINE_NOTHING;
        line->is_void = related.is_nothing;
    } else if (g_str_equal(row->type, "m.room.encrypted")) {
        line->kind = MX_LINE_ENCRYPTED;
        g_free(line->body);
        line->body = mx_unreadable_describe(store, row);
    } else if (line->body == NULL) {
        line->kind = MX_LINE_UNREADABLE;
    } else {
        take_text(line, &related, values);
        read_file(line, row->type, content);
    }
}

MxLine *mx_line_new(MxStore *store, const MxTimelineRow *row, const char *own_user_id)
{
    MxLine *line = g_new0(MxLine, 1);
    line->row = row->id;
    line->room = row->room;
    line->pos = row->pos;
    line->sender = g_strdup(row->sender);
    line->sender_name = mx_room_name_of_member(store, row->room, row->sender);
    line->ts = row->ts;
    line->is_own = g_str_equal(row->sender, own_user_id);
    line->is_from_here = row->txn_id != NULL;
    line->is_delayed = row->delayed;
    line->is_highlight = (row->alert & MX_ALERT_HIGHLIGHT) != 0;
    line->makes_sound = (row->alert & MX_ALERT_SOUND) != 0;
    line->is_muted = (row->alert & MX_ALERT_MUTED) != 0;
    line->is_from_member = is_member(store, row->room, row->sender);
    line->mark = mx_unreadable_dup_mark(row, &line->is_warned);
    if (row->state_key == NULL && mx_sync_apply_is_line(row->type))
        read_content(line, store, row);
    else
        read_state(line, store, row);
    return line;
}

static GPtrArray *lines_from_rows(MxStore *store, GPtrArray *rows, const char *own_user_id)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(lines, mx_line_new(store, g_ptr_array_index(rows, i), own_user_id));
    mx_reaction_line_group(store, rows, lines);
    return lines;
}

static GPtrArray *list_ready(MxStore *store, gint64 room, int limit)
{
    g_autoptr(MxGapRow) gap = mx_store_get_blocking_gap(store, room);
    /* What was stored before the gap may go on; what fills it and what is after it waits. */
    gint64 before = gap != NULL ? gap->pos - MX_GAP_SPACE + 1 : G_MAXINT64;
    before = MIN(before, mx_store_get_waiting_pos(store, room));
    return mx_store_list_display(store, room, MX_DISPLAY_PENDING, before, limit);
}

GPtrArray *mx_timeline_list_wanted(MxStore *store, gint64 room, int limit)
{
    GPtrArray *wanted = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) rows = list_ready(store, room, limit);
    for (guint i = 0; i < rows->len; i++)
        mx_quote_list_wanted(store, g_ptr_array_index(rows, i), wanted);
    return wanted;
}

/* Commands look for what a window has shown: an edit that has no line is not among it. */
static gboolean skip_void(MxStore *store, GPtrArray *lines, GError **error)
{
    mx_store_begin(store);
    for (guint i = lines->len; i > 0; i--) {
        const MxLine *line = g_ptr_array_index(lines, i - 1);
        if (!line->is_void)
            continue;
        mx_store_set_display(store, line->row, MX_DISPLAY_SKIPPED);
        g_ptr_array_remove_index(lines, i - 1);
    }
    return mx_store_commit(store, error);
}

static gboolean has_void(GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        if (((MxLine *)g_ptr_array_index(lines, i))->is_void)
            return TRUE;
    return FALSE;
}

GPtrArray *mx_timeline_take(MxStore *store, gint64 room, int limit, const char *own_user_id,
                            GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    while (lines->len == 0) {
        g_autoptr(GPtrArray) rows = list_ready(store, room, limit);
        if (rows->len == 0)
            break;
        mx_store_begin(store);
        for (guint i = 0; i < rows->len; i++) {
            MxTimelineRow *row = g_ptr_array_index(rows, i);
            mx_store_note_telling(store, row->id);
            mx_store_set_display(store, row->id, MX_DISPLAY_DELIVERING);
        }
        if (!mx_store_commit(store, error))
            return NULL;
        g_ptr_array_unref(lines);
        lines = lines_from_rows(store, rows, own_user_id);
        if (has_void(lines) && !skip_void(store, lines, error))
            return NULL;
    }
    return g_steal_pointer(&lines);
}

GPtrArray *mx_timeline_list_delivering(MxStore *store, gint64 room, const char *own_user_id)
{
    g_autoptr(GPtrArray) rows =
        mx_store_list_display(store, room, MX_DISPLAY_DELIVERING, G_MAXINT64, G_MAXINT);
    GPtrArray *lines = lines_from_rows(store, rows, own_user_id);
    for (guint i = 0; i < lines->len; i++)
        ((MxLine *)g_ptr_array_index(lines, i))->shown_twins =
            mx_store_count_shown_twins(store, g_ptr_array_index(rows, i));
    return lines;
}

gboolean mx_timeline_set_display(MxStore *store, const GArray *rows, MxDisplay display,
                                 GError **error)
{
    mx_store_begin(store);
    for (guint i = 0; i < rows->len; i++)
        mx_store_set_display(store, g_array_index(rows, gint64, i), display);
    return mx_store_commit(store, error);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-relation-line.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-poll.h"
#include "mx-quote.h"
#include "mx-relation.h"

/* Characters: a change beyond it is told as the whole new text; so are short messages. */
#define MAX_CHANGE 40
#define MIN_TEXT 60
/* Characters around it. */
#define AROUND 20

void mx_related_line_clear(MxRelatedLine *line)
{
    g_clear_pointer(&line->content, g_free);
    g_clear_pointer(&line->about, g_free);
    g_clear_pointer(&line->body, g_free);
    g_clear_pointer(&line->edit, mx_timeline_row_free);
}

/* ---- what has changed ---- */

static gboolean is_space(const char *at)
{
    return g_unichar_isspace(g_utf8_get_char(at));
}

/* Where both texts differ first, at the beginning of a word. */
static gsize get_common_start(const char *one, const char *other)
{
    gsize word = 0, at = 0;
    for (; one[at] != '\0' && one[at] == other[at]; at++)
        if (one[at] == ' ')
            word = at + 1;
    gboolean are_at_ends =
        (one[at] == '\0' || one[at] == ' ') && (other[at] == '\0' || other[at] == ' ');
    return are_at_ends ? at : word;
}

/* Bytes from the end that are the same, beginning with a word. */
static gsize get_common_end(const char *one, gsize one_len, const char *other, gsize other_len)
{
    gsize word = 0, n = 0;
    for (; n < one_len && n < other_len && one[one_len - n - 1] == other[other_len - n - 1]; n++)
        if (one[one_len - n - 1] == ' ')
            word = n + 1;
    return word;
}

static char *get_before(const char *text, gsize len)
{
    const char *at = text + len;
    for (guint n = 0; at > text && n < AROUND; n++)
        at = g_utf8_find_prev_char(text, at);
    while (at > text && !is_space(at) && at < text + len)
        at = g_utf8_next_char(at);
    g_autofree char *part = g_strndup(at, text + len - at);
    return g_strconcat(at > text ? "…" : "", part, NULL);
}

static char *get_behind(const char *text)
{
    const char *at = text;
    for (guint n = 0; *at != '\0' && n < AROUND; n++)
        at = g_utf8_next_char(at);
    while (*at != '\0' && !is_space(at))
        at = g_utf8_next_char(at);
    g_autofree char *part = g_strndup(text, at - text);
    return g_strconcat(part, *at != '\0' ? "…" : "", NULL);
}

char *mx_relation_describe_change(const char *before, const char *now)
{
    if (g_utf8_strlen(now, -1) < MIN_TEXT || strchr(now, '\n') != NULL ||
        strchr(before, '\n') != NULL || g_str_equal(before, now))
        return NULL;
    gsize start = get_common_start(before, now);
    gsize before_len = strlen(before) - start, now_len = strlen(now) - start;
    gsize end = get_common_end(before + start, before_len, now + start, now_len);
    g_autofree char *old = g_strndup(before + start, before_len - end);
    g_autofree char *new = g_strndup(now + start, now_len - end);
    g_strstrip(old);
    g_strstrip(new);
    if (g_utf8_strlen(old, -1) > MAX_CHANGE || g_utf8_strlen(new, -1) > MAX_CHANGE)
        return NULL;
    g_autofree char *head = get_before(now, start);
    g_autofree char *tail = get_behind(now + start + now_len - end);
    g_strchomp(head);
    g_strchug(tail);
    return g_strdup_printf("%s%s“%s” → “%s”%s%s", head, *head != '\0' ? " " : "", old, new,
                           *tail != '\0' ? " " : "", tail);
}

/* ---- words before the text ---- */

static char *describe_reply(MxStore *store, gint64 room, const char *event_id)
{
    g_autoptr(MxTimelineRow) target = mx_quote_find(store, room, event_id);
    g_autofree char *quote = mx_quote_describe(store, room, target);
    return g_strconcat("> ", quote, NULL);
}

static char *describe_thread(MxStore *store, gint64 room, const MxRelation *relation)
{
    g_autoptr(MxTimelineRow) root = mx_quote_find(store, room, relation->event_id);
    g_autofree char *quote = mx_quote_describe(store, room, root);
    g_autofree char *thread = g_strdup_printf(_("[thread] %s"), quote);
    if (relation->reply_to == NULL || g_str_equal(relation->reply_to, relation->event_id))
        return g_steal_pointer(&thread);
    g_autofree char *reply = describe_reply(store, room, relation->reply_to);
    return g_strconcat(thread, "\n", reply, NULL);
}

static char *describe_relation(MxStore *store, gint64 room, const MxRelation *relation)
{
    switch (relation->kind) {
    case MX_RELATION_REPLY:
        return describe_reply(store, room, relation->event_id);
    case MX_RELATION_THREAD:
        return describe_thread(store, room, relation);
    default:
        return NULL;
    }
}

/* ---- edits ---- */

static char *dup_body_of(const char *text, const MxRelation *relation)
{
    return mx_relation_dup_body(relation, mx_json_scan_root(text, strlen(text)));
}

/* The text that this edit took the place of: that of the edit before it, or the original. */
static char *dup_text_before(MxStore *store, const MxTimelineRow *target, const MxTimelineRow *edit)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, target);
    g_autoptr(MxTimelineRow) earlier = mx_relation_find_edit_before(store, target, edit);
    g_autofree char *content =
        earlier != NULL ? mx_relation_dup_new_content(earlier) : g_strdup(target->content);
    return dup_body_of(content, &relation);
}

static void read_edit(MxRelatedLine *line, MxStore *store, const MxTimelineRow *row,
                      const MxRelation *relation)
{
    g_autoptr(MxTimelineRow) target = mx_quote_find(store, row->room, relation->event_id);
    MxEditState state = mx_relation_judge_edit(relation, row, target);
    /* A message that is just being shown has the new text already. */
    line->is_nothing = state == MX_EDIT_INVALID ||
                       (state == MX_EDIT_VALID && target->display == MX_DISPLAY_DELIVERING &&
                        target->id != 0 && row->id != 0 && row->txn_id == NULL) ||
                       (state == MX_EDIT_VALID && mx_relation_came_bundled(store, row, target));
    if (line->is_nothing)
        return;
    line->content = mx_relation_dup_new_content(row);
    line->is_answer = TRUE;
    if (state == MX_EDIT_UNKNOWN) {
        line->about = g_strdup(_("[edited] an older message"));
        return;
    }
    g_autofree char *time = mx_quote_describe_time(target->ts, row->ts);
    line->about = g_strdup_printf(_("[edited] %s"), time);
    g_autofree char *before = dup_text_before(store, target, row);
    g_autofree char *after = dup_body_of(line->content, relation);
    if (before != NULL && after != NULL && !mx_poll_is_start(row->type))
        line->body = mx_relation_describe_change(before, after);
}

void mx_related_line_read(MxRelatedLine *line, MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    if (relation.kind == MX_RELATION_EDIT) {
        read_edit(line, store, row, &relation);
        return;
    }
    line->edit = mx_relation_find_newest_edit(store, row);
    line->content =
        line->edit != NULL ? mx_relation_dup_new_content(line->edit) : g_strdup(row->content);
    line->is_answer = relation.kind != MX_RELATION_NONE;
    line->about = describe_relation(store, row->room, &relation);
}

gboolean mx_related_line_is_told_before(MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    if (relation.kind != MX_RELATION_EDIT)
        return FALSE;
    g_autoptr(MxTimelineRow) target = mx_store_get_event(store, row->room, relation.event_id);
    return mx_relation_judge_edit(&relation, row, target) == MX_EDIT_VALID;
}

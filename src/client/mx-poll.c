/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-poll.h"

#include <string.h>

#include "mx-event.h"
#include "mx-extensible.h"
#include "mx-power.h"
#include "mx-relation.h"
#include "mx-store-relations.h"

#define UNSTABLE "org.matrix.msc3381.poll."
/* So many votes and the like of one poll are looked at. */
#define MAX_VOTES 10000

static gboolean is_one(const char *type, const char *name)
{
    const char *rest = g_str_has_prefix(type, UNSTABLE)    ? type + strlen(UNSTABLE)
                       : g_str_has_prefix(type, "m.poll.") ? type + strlen("m.poll.")
                                                           : "";
    return g_str_equal(rest, name);
}

gboolean mx_poll_is_start(const char *type)
{
    return is_one(type, "start");
}

gboolean mx_poll_is_response(const char *type)
{
    return is_one(type, "response");
}

gboolean mx_poll_is_end(const char *type)
{
    return is_one(type, "end");
}

gboolean mx_poll_is_stable(const char *type)
{
    return !g_str_has_prefix(type, UNSTABLE);
}

void mx_poll_free(MxPoll *poll)
{
    if (poll == NULL)
        return;
    g_free(poll->question);
    g_ptr_array_unref(poll->ids);
    g_ptr_array_unref(poll->answers);
    g_free(poll);
}

/* ---- reading ---- */

static gboolean is_object(MxJsonSlice slice)
{
    return slice.text != NULL && slice.type == MX_JSON_OBJECT;
}

static char *dup_words(MxJsonSlice object, glong max_chars)
{
    g_autofree char *text = mx_extensible_dup_text(object);
    return mx_event_tidy_text(text, max_chars);
}

static void add_answer(MxPoll *poll, MxJsonSlice answer)
{
    static const char *const names[] = {"m.id", "id", NULL};
    MxJsonSlice values[2];
    if (!is_object(answer))
        return;
    mx_json_scan_members(answer, names, values);
    g_autofree char *id = mx_json_slice_dup_string(values[0].text != NULL ? values[0] : values[1]);
    if (id == NULL || g_ptr_array_find_with_equal_func(poll->ids, id, g_str_equal, NULL))
        return;
    char *words = dup_words(answer, MX_POLL_MAX_ANSWER);
    g_ptr_array_add(poll->ids, g_steal_pointer(&id));
    g_ptr_array_add(poll->answers, words != NULL ? words : g_strdup("…"));
}

static MxJsonSlice get_start(MxJsonSlice content)
{
    static const char *const names[] = {"m.poll", "m.poll.start", UNSTABLE "start", NULL};
    MxJsonSlice values[3];
    mx_json_scan_members(content, names, values);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        if (is_object(values[i]))
            return values[i];
    return (MxJsonSlice){0};
}

MxPoll *mx_poll_read(MxJsonSlice content)
{
    static const char *const names[] = {"question", "kind", "max_selections", "answers", NULL};
    MxJsonSlice values[4], answer;
    MxJsonIter iter;
    gint64 max;
    MxJsonSlice start = is_object(content) ? get_start(content) : content;
    if (!is_object(start))
        return NULL;
    mx_json_scan_members(start, names, values);
    if (values[3].text == NULL || values[3].type != MX_JSON_ARRAY ||
        !mx_json_iter_init(&iter, values[3]))
        return NULL;
    g_autoptr(MxPoll) poll = g_new0(MxPoll, 1);
    poll->ids = g_ptr_array_new_with_free_func(g_free);
    poll->answers = g_ptr_array_new_with_free_func(g_free);
    poll->question = dup_words(values[0], MX_POLL_MAX_QUESTION);
    poll->is_disclosed = mx_json_slice_equals(values[1], "m.disclosed") ||
                         mx_json_slice_equals(values[1], UNSTABLE "disclosed") ||
                         mx_json_slice_equals(values[1], "org.matrix.msc3381.disclosed");
    while (poll->ids->len < MX_POLL_MAX_ANSWERS && mx_json_iter_next(&iter, NULL, &answer))
        add_answer(poll, answer);
    gboolean has_max = mx_json_slice_get_int(values[2], &max);
    poll->max_selections = has_max ? (guint)CLAMP(max, 1, MX_POLL_MAX_ANSWERS) : 1;
    return poll->question != NULL && poll->ids->len > 0 ? g_steal_pointer(&poll) : NULL;
}

MxPoll *mx_poll_load(MxStore *store, const MxTimelineRow *row)
{
    g_autofree char *content = mx_relation_dup_content(store, row);
    return mx_poll_read(mx_json_scan_root(content, strlen(content)));
}

/* ---- votes ---- */

static MxJsonSlice get_selections(MxJsonSlice content)
{
    static const char *const names[] = {"m.selections", "m.poll.response", UNSTABLE "response",
                                        NULL};
    MxJsonSlice values[3];
    mx_json_scan_members(content, names, values);
    if (values[0].text != NULL)
        return values[0];
    for (guint i = 1; i < G_N_ELEMENTS(values); i++)
        if (is_object(values[i]))
            return mx_json_scan_member(values[i], "answers");
    return (MxJsonSlice){0};
}

guint32 mx_poll_read_vote(const MxPoll *poll, MxJsonSlice content)
{
    MxJsonIter iter;
    MxJsonSlice selection;
    guint32 vote = 0;
    MxJsonSlice selections = get_selections(content);
    if (selections.text == NULL || selections.type != MX_JSON_ARRAY ||
        !mx_json_iter_init(&iter, selections))
        return 0;
    for (guint n = 0; n < poll->max_selections && mx_json_iter_next(&iter, NULL, &selection); n++) {
        guint index;
        g_autofree char *id = mx_json_slice_dup_string(selection);
        if (id == NULL || !g_ptr_array_find_with_equal_func(poll->ids, id, g_str_equal, &index))
            return 0;
        vote |= 1u << index;
    }
    return vote;
}

/* What stands in the clear about an encrypted poll the homeserver may have written (crypto I12). */
static gboolean is_trusted(const MxTimelineRow *poll, const MxTimelineRow *row)
{
    return row->event_id != NULL && (!poll->is_secret || row->is_secret) &&
           !g_str_equal(row->content, "{}");
}

void mx_poll_count(MxStore *store, const MxTimelineRow *row, const MxPoll *poll, gint64 until,
                   const char *own_user_id, MxPollTally *tally)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) rows = mx_store_list_relating(store, row->room, row->event_id, MAX_VOTES);
    memset(tally, 0, sizeof *tally);
    tally->is_part = row->id == 0 || rows->len == MAX_VOTES ||
                     mx_store_has_gap_above(store, row->room, row->pos);
    for (guint i = 0; i < rows->len; i++) {
        const MxTimelineRow *vote = g_ptr_array_index(rows, i);
        if (!mx_poll_is_response(vote->type) || vote->ts > until || !is_trusted(row, vote) ||
            !g_hash_table_add(seen, vote->sender))
            continue;
        guint32 chosen =
            mx_poll_read_vote(poll, mx_json_scan_root(vote->content, strlen(vote->content)));
        tally->voters += chosen != 0;
        for (guint n = 0; n < poll->ids->len; n++)
            tally->counts[n] += (chosen >> n) & 1;
        if (g_strcmp0(vote->sender, own_user_id) == 0)
            tally->own = chosen;
    }
}

/* ---- the end ---- */

gboolean mx_poll_may_end(MxStore *store, const MxTimelineRow *row, const MxTimelineRow *end)
{
    if (row->is_secret && !end->is_secret)
        return FALSE;
    if (g_str_equal(row->sender, end->sender))
        return TRUE;
    g_autoptr(MxPower) power = mx_power_load(store, row->room);
    return mx_power_may_redact(power, end->sender, row->sender);
}

MxTimelineRow *mx_poll_find_end(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(MxTimelineRow) first = NULL;
    if (row->event_id == NULL)
        return NULL;
    g_autoptr(GPtrArray) rows = mx_store_list_relating(store, row->room, row->event_id, MAX_VOTES);
    for (guint i = rows->len; first == NULL && i > 0; i--) { /* the oldest first */
        const MxTimelineRow *end = g_ptr_array_index(rows, i - 1);
        if (mx_poll_is_end(end->type) && is_trusted(row, end) && mx_poll_may_end(store, row, end))
            first = g_ptr_array_steal_index(rows, i - 1);
    }
    return g_steal_pointer(&first);
}

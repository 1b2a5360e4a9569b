/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-poll-line.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-extensible.h"
#include "mx-quote.h"
#include "mx-relation.h"
#include "mx-room-name.h"

/* Characters of a question in a line about it. */
#define MAX_QUESTION 100

static const char *get_answer(const MxPoll *poll, guint index)
{
    return g_ptr_array_index(poll->answers, index);
}

static char *dup_hint(const MxPoll *poll)
{
    g_autofree char *several =
        g_strdup_printf(_("/vote and up to %u numbers, as in /vote 1,2"), poll->max_selections);
    const char *how = poll->max_selections > 1 ? several : _("/vote and a number");
    return poll->is_disclosed
               ? g_strdup_printf("(%s)", how)
               : g_strdup_printf(_("(%s; the result is shown when the poll ends)"), how);
}

char *mx_poll_line_dup_question(MxJsonSlice content)
{
    g_autoptr(MxPoll) poll = mx_poll_read(content);
    if (poll == NULL) {
        char *text = mx_extensible_dup_text(content);
        return text != NULL ? text : g_strdup(_("[a poll that cannot be shown]"));
    }
    g_autofree char *hint = dup_hint(poll);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, _("[poll] %s"), poll->question);
    for (guint i = 0; i < poll->ids->len; i++)
        g_string_append_printf(text, "\n%u. %s", i + 1, get_answer(poll, i));
    g_string_append_printf(text, "\n%s", hint);
    return g_string_free(text, FALSE);
}

char *mx_poll_line_dup_choice(const MxPoll *poll, guint32 vote)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < poll->ids->len; i++)
        if ((vote >> i) & 1)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", get_answer(poll, i));
    return g_string_free(text, FALSE);
}

/* The answer with most votes but those in done. */
static guint find_best(const MxPoll *poll, const MxPollTally *tally, guint32 done)
{
    guint best = G_MAXUINT;
    for (guint i = 0; i < poll->ids->len; i++)
        if (((done >> i) & 1) == 0 && (best == G_MAXUINT || tally->counts[i] > tally->counts[best]))
            best = i;
    return best;
}

char *mx_poll_line_dup_result(const MxPoll *poll, const MxPollTally *tally)
{
    GString *text = g_string_new(NULL);
    guint32 done = 0;
    for (guint i = 0; i < poll->ids->len && tally->voters > 0; i++) {
        guint best = find_best(poll, tally, done);
        done |= 1u << best;
        g_string_append_printf(text, "%s%s %u", i > 0 ? ", " : "", get_answer(poll, best),
                               tally->counts[best]);
    }
    if (tally->voters == 0)
        g_string_append(text, _("nobody has voted"));
    else
        g_string_append_printf(text,
                               g_dngettext(GETTEXT_PACKAGE, " (%u person has voted)",
                                           " (%u people have voted)", tally->voters),
                               tally->voters);
    if (tally->is_part)
        g_string_append(text, _(", as far as is known here"));
    return g_string_free(text, FALSE);
}

/* ---- lines ---- */

static char *describe_vote(MxStore *store, const MxTimelineRow *row, const MxTimelineRow *start)
{
    g_autoptr(MxPoll) poll = start != NULL ? mx_poll_load(store, start) : NULL;
    guint32 vote =
        poll != NULL
            ? mx_poll_read_vote(poll, mx_json_scan_root(row->content, strlen(row->content)))
            : 0;
    if (vote == 0)
        return NULL;
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    g_autofree char *choice = mx_poll_line_dup_choice(poll, vote);
    g_autofree char *question = mx_event_tidy_text(poll->question, MAX_QUESTION);
    return g_strdup_printf(_("%s voted for “%s” in the poll “%s”"), name, choice, question);
}

/* Of what cannot be read here the end's own words are told. */
static char *describe_unknown(const MxTimelineRow *row, const char *name)
{
    MxJsonSlice content = mx_json_scan_root(row->content, strlen(row->content));
    g_autofree char *words = mx_extensible_dup_text(content);
    g_autofree char *tidy = mx_event_tidy_text(words, MX_POLL_MAX_QUESTION);
    return tidy != NULL ? g_strdup_printf(_("%s has ended a poll: %s"), name, tidy)
                        : g_strdup_printf(_("%s has ended a poll"), name);
}

static char *describe_end(MxStore *store, const MxTimelineRow *row, const MxTimelineRow *start)
{
    MxPollTally tally;
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    if (start != NULL && !g_str_equal(start->type, "m.room.encrypted") &&
        (!mx_poll_is_start(start->type) || !mx_poll_may_end(store, start, row)))
        return NULL;
    g_autoptr(MxPoll) poll =
        start != NULL && mx_poll_is_start(start->type) ? mx_poll_load(store, start) : NULL;
    if (poll == NULL)
        return describe_unknown(row, name);
    g_autoptr(MxTimelineRow) first = mx_poll_find_end(store, start);
    if (first != NULL && first->id != row->id)
        return NULL;
    mx_poll_count(store, start, poll, row->ts, NULL, &tally);
    g_autofree char *result = mx_poll_line_dup_result(poll, &tally);
    g_autofree char *question = mx_event_tidy_text(poll->question, MAX_QUESTION);
    return g_strdup_printf(_("%s has ended the poll “%s”: %s"), name, question, result);
}

char *mx_poll_line_describe(MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    gboolean is_vote = mx_poll_is_response(row->type);
    if (relation.kind != MX_RELATION_REFERENCE || (is_vote && row->txn_id == NULL))
        return NULL;
    g_autoptr(MxTimelineRow) start = mx_quote_find(store, row->room, relation.event_id);
    return is_vote ? describe_vote(store, row, start) : describe_end(store, row, start);
}

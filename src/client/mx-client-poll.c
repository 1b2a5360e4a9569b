/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-poll.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-event.h"
#include "mx-json.h"
#include "mx-poll-line.h"
#include "mx-target.h"

#define UNSTABLE "org.matrix.msc3381.poll."
/* Characters. */
#define MAX_QUESTION 100

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id, *typed, *text;
    MxPollDeed deed;
    MxLine *line;
    MxPollFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} PollJob;

static void poll_job_free(gpointer data)
{
    PollJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->own_user_id);
    g_free(job->typed);
    g_free(job->text);
    g_clear_pointer(&job->line, mx_line_free);
    mx_client_job_clear(job);
    g_free(job);
}

static void refuse(PollJob *job, const char *sentence)
{
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, sentence);
}

/* What is about the poll, under names that who has sent it understands. */
static void add_event(MxStore *store, PollJob *job, const MxTimelineRow *poll, const char *name,
                      JsonObject *content)
{
    JsonObject *relation = json_object_new();
    json_object_set_string_member(relation, "rel_type", "m.reference");
    json_object_set_string_member(relation, "event_id", poll->event_id);
    json_object_set_object_member(content, "m.relates_to", relation);
    g_autofree char *json = mx_json_object_to_text(content);
    g_autofree char *type =
        g_strconcat(mx_poll_is_stable(poll->type) ? "m.poll." : UNSTABLE, name, NULL);
    mx_store_begin(store);
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    if (room == NULL) {
        mx_store_rollback(store);
        refuse(job, _("You are no longer in that room."));
        return;
    }
    job->line = mx_send_add(store, room, job->own_user_id, type, json);
    if (!mx_store_commit(store, &job->base.error))
        g_clear_pointer(&job->line, mx_line_free);
}

/* ---- votes ---- */

/* Numbers of answers from 1 on with commas or spaces between them. 0: the text is none. */
static guint32 read_numbers(const MxPoll *poll, const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, ", \t\n", -1);
    guint32 vote = 0;
    for (guint i = 0; words[i] != NULL; i++) {
        guint64 number;
        if (*words[i] == '\0')
            continue;
        if (!g_ascii_string_to_unsigned(words[i], 10, 1, poll->ids->len, &number, NULL))
            return 0;
        vote |= 1u << (number - 1);
    }
    return vote;
}

static guint count_bits(guint32 vote)
{
    guint count = 0;
    for (; vote != 0; vote &= vote - 1)
        count++;
    return count;
}

static JsonObject *new_vote(const MxTimelineRow *row, const MxPoll *poll, guint32 vote)
{
    JsonArray *selections = json_array_new();
    JsonObject *content = json_object_new();
    for (guint i = 0; i < poll->ids->len; i++)
        if ((vote >> i) & 1)
            json_array_add_string_element(selections, g_ptr_array_index(poll->ids, i));
    if (mx_poll_is_stable(row->type)) {
        json_object_set_array_member(content, "m.selections", selections);
        return content;
    }
    JsonObject *response = json_object_new();
    json_object_set_array_member(response, "answers", selections);
    json_object_set_object_member(content, UNSTABLE "response", response);
    return content;
}

static void run_vote(MxStore *store, PollJob *job, const MxTimelineRow *row, const MxPoll *poll,
                     const char *text)
{
    MxPollTally tally;
    guint32 vote = read_numbers(poll, text);
    if (vote == 0) {
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                    _("Write the number of an answer, 1 to %u, behind /vote; nothing was done."),
                    poll->ids->len);
        return;
    }
    if (count_bits(vote) > poll->max_selections) {
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                    g_dngettext(GETTEXT_PACKAGE,
                                "This poll takes %u answer from each person; nothing was done.",
                                "This poll takes %u answers from each person; nothing was done.",
                                poll->max_selections),
                    poll->max_selections);
        return;
    }
    mx_poll_count(store, row, poll, G_MAXINT64, job->own_user_id, &tally);
    if (tally.own == vote) {
        refuse(job, _("That is what you have voted for already; nothing was done."));
        return;
    }
    g_autoptr(JsonObject) content = new_vote(row, poll, vote);
    add_event(store, job, row, "response", content);
}

/* ---- the end ---- */

static JsonObject *new_results(const MxPoll *poll, const MxPollTally *tally)
{
    JsonObject *results = json_object_new();
    for (guint i = 0; i < poll->ids->len; i++)
        json_object_set_int_member(results, g_ptr_array_index(poll->ids, i), tally->counts[i]);
    return results;
}

static JsonArray *new_text(const char *text)
{
    JsonArray *list = json_array_new();
    JsonObject *plain = json_object_new();
    json_object_set_string_member(plain, "body", text);
    json_array_add_object_element(list, plain);
    return list;
}

static void run_end(MxStore *store, PollJob *job, const MxTimelineRow *row, const MxPoll *poll,
                    const char *text)
{
    MxPollTally tally;
    MxTimelineRow end = {.sender = job->own_user_id, .is_secret = row->is_secret};
    if (*text != '\0') {
        refuse(job, _("Write nothing behind /endpoll but which poll is meant; nothing was done."));
        return;
    }
    if (!mx_poll_may_end(store, row, &end)) {
        refuse(job, _("Only who has started a poll, and moderators, may end it; nothing was "
                      "done."));
        return;
    }
    mx_poll_count(store, row, poll, G_MAXINT64, NULL, &tally);
    g_autofree char *result = mx_poll_line_dup_result(poll, &tally);
    g_autofree char *words = g_strdup_printf(_("The poll has ended: %s"), result);
    g_autoptr(JsonObject) content = json_object_new();
    if (mx_poll_is_stable(row->type)) {
        json_object_set_object_member(content, "m.poll.results", new_results(poll, &tally));
        json_object_set_array_member(content, "m.text", new_text(words));
    } else {
        json_object_set_object_member(content, UNSTABLE "end", json_object_new());
        json_object_set_string_member(content, "org.matrix.msc1767.text", words);
    }
    add_event(store, job, row, "end", content);
}

/* ---- how it stands ---- */

static void run_show(MxStore *store, PollJob *job, const MxTimelineRow *row, const MxPoll *poll,
                     const char *text)
{
    MxPollTally tally;
    if (*text != '\0') {
        refuse(job, _("Write nothing behind /poll but which poll is meant."));
        return;
    }
    g_autoptr(MxTimelineRow) end = mx_poll_find_end(store, row);
    mx_poll_count(store, row, poll, end != NULL ? end->ts : G_MAXINT64, job->own_user_id, &tally);
    g_autofree char *question = mx_event_tidy_text(poll->question, MAX_QUESTION);
    g_autofree char *result = mx_poll_line_dup_result(poll, &tally);
    g_autofree char *own = mx_poll_line_dup_choice(poll, tally.own);
    g_autofree char *state =
        end != NULL ? g_strdup_printf(_("The poll “%s” has ended: %s."), question, result)
        : poll->is_disclosed
            ? g_strdup_printf(_("The poll “%s” so far: %s."), question, result)
            : g_strdup_printf(_("The result of the poll “%s” is shown when it ends."), question);
    job->text =
        *own != '\0' ? g_strdup_printf(_("%s You voted for “%s”."), state, own) : g_strdup(state);
}

/* ---- all ---- */

static const struct {
    MxTargetPool pool;
    gboolean is_change;
    void (*run)(MxStore *store, PollJob *job, const MxTimelineRow *row, const MxPoll *poll,
                const char *text);
} deeds[] = {
    [MX_POLL_VOTE] = {MX_TARGET_OPEN_POLL, TRUE, run_vote},
    [MX_POLL_END] = {MX_TARGET_OPEN_POLL, TRUE, run_end},
    [MX_POLL_SHOW] = {MX_TARGET_POLL, FALSE, run_show},
};

static gboolean is_over(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(MxTimelineRow) end = mx_poll_find_end(store, row);
    return end != NULL;
}

static void run_poll(MxStore *store, gpointer data)
{
    PollJob *job = data;
    const char *rest;
    g_autoptr(MxTimelineRow) row = mx_target_find(store, job->room, job->own_user_id, job->typed,
                                                  deeds[job->deed].pool, &rest, &job->base.error);
    g_autoptr(MxPoll) poll = row != NULL ? mx_poll_load(store, row) : NULL;
    if (row == NULL)
        return;
    g_autofree char *text = g_strchomp(g_strdup(rest));
    if (row->event_id == NULL)
        refuse(job, _("That poll has not been sent yet; nothing was done."));
    else if (poll == NULL)
        refuse(job, _("That poll cannot be read here; nothing was done."));
    else if (deeds[job->deed].is_change && is_over(store, row))
        refuse(job, _("That poll has ended; nothing was done."));
    else
        deeds[job->deed].run(store, job, row, poll, text);
}

static void on_stored(gpointer data)
{
    PollJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    job->func(client, job->text, job->base.error, job->user_data);
    if (job->line == NULL)
        return;
    if (room != NULL)
        mx_client_emit_own_line(client, room, job->line);
    mx_send_queue_kick(client, job->room);
}

void mx_client_poll(MxClient *client, MxRoom *room, MxPollDeed deed, const char *typed,
                    MxPollFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    PollJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strdup(typed);
    job->deed = deed;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_poll, on_stored, job, poll_job_free);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-redact-all.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-power.h"
#include "mx-redaction.h"
#include "mx-room-encryption.h"
#include "mx-room-name.h"

/* After so many refusals the rest is not tried. */
#define MAX_REFUSED 3
/* It is said how far it is after so many. */
#define SAY_EVERY 50

/* Of one room. */
typedef struct {
    gint64 room;
    char *user_id, *name, *reason;
    GPtrArray *event_ids; /* the newest first */
    guint next;           /* index of the one that comes next */
    guint removed, refused;
    gboolean has_more;
    char *txn_id; /* of the one before, or NULL */
    gboolean is_busy;
} Run;

static void run_free(gpointer data)
{
    Run *run = data;
    g_free(run->user_id);
    g_free(run->name);
    g_free(run->reason);
    g_free(run->txn_id);
    g_clear_pointer(&run->event_ids, g_ptr_array_unref);
    g_free(run);
}

static Run *find_run(MxClient *client, gint64 room)
{
    return client->redact_runs != NULL ? g_hash_table_lookup(client->redact_runs, &room) : NULL;
}

/* ---- which ones ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id, *user_id, *reason, *name;
    GPtrArray *event_ids;
    gboolean has_more;
    MxRedactPlanFunc func; /* NULL: it is begun */
    gpointer user_data;
    GDestroyNotify destroy;
} PlanJob;

static void plan_job_free(gpointer data)
{
    PlanJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->own_user_id);
    g_free(job->user_id);
    g_free(job->reason);
    g_free(job->name);
    g_clear_pointer(&job->event_ids, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static const char *find_obstacle(MxStore *store, const PlanJob *job)
{
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (!mx_power_may_redact(power, job->own_user_id, job->user_id))
        return _("Your power level in this room does not allow you to remove messages of others. "
                 "Nothing was removed.");
    if (job->reason != NULL && mx_room_encryption_decide(store, job->room) != MX_SEND_PLAIN)
        return _("This room is encrypted, and the reason would be readable for its servers. "
                 "Nothing was removed; type it without a reason.");
    return job->event_ids->len == 0
               ? _("No message of theirs in this room is known here that is not removed yet.")
               : NULL;
}

static void run_plan(MxStore *store, gpointer data)
{
    PlanJob *job = data;
    job->event_ids =
        mx_store_list_messages_of(store, job->room, job->user_id, MX_MAX_REDACT_ALL + 1);
    job->has_more = job->event_ids->len > MX_MAX_REDACT_ALL;
    if (job->has_more)
        g_ptr_array_set_size(job->event_ids, MX_MAX_REDACT_ALL);
    job->name = mx_room_name_of_member(store, job->room, job->user_id);
    const char *obstacle = find_obstacle(store, job);
    if (obstacle != NULL)
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, obstacle);
}

static void push_plan(MxClient *client, MxRoom *room, PlanJob *job, const char *user_id,
                      const char *reason, MxJobDone done)
{
    job->room = room->key;
    job->own_user_id = g_strdup(client->user_id);
    job->user_id = g_strdup(user_id);
    job->reason = g_strdup(reason);
    mx_worker_push(client->worker, MX_JOB_USER, run_plan, done, job, plan_job_free);
}

static void on_planned(gpointer data)
{
    PlanJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    MxRedactPlan plan = {job->event_ids->len, job->has_more, job->name};
    if (room == NULL)
        return;
    if (job->base.error == NULL && find_run(client, job->room) != NULL)
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("Messages are being removed from this room already. Wait until that "
                              "is done."));
    job->func(client, room, job->base.error == NULL ? &plan : NULL, job->base.error,
              job->user_data);
}

void mx_client_plan_redact_all(MxClient *client, MxRoom *room, const char *user_id,
                               const char *reason, MxRedactPlanFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    PlanJob *job = mx_client_job_new(client, sizeof *job);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    push_plan(client, room, job, user_id, reason, on_planned);
}

/* ---- words ---- */

static void say(MxClient *client, const Run *run, const char *text, gboolean is_error)
{
    MxRoom *room = mx_client_get_room_by_key(client, run->room);
    if (room != NULL && is_error)
        mx_client_emit_room_error(client, room, text);
    else if (room != NULL)
        mx_client_emit_notice(client, room, text);
}

static char *describe_end(const Run *run)
{
    guint tried = run->removed + run->refused, all = run->event_ids->len;
    if (tried < all)
        return g_strdup_printf(_("%u of %u messages of %s's were removed; the others stay."),
                               run->removed, all, run->name);
    if (run->refused > 0)
        return g_strdup_printf(_("%u of %u messages of %s's were removed; the homeserver refused "
                                 "the others."),
                               run->removed, all, run->name);
    g_autofree char *text =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%u message of %s's was removed.",
                                    "%u messages of %s's were removed.", run->removed),
                        run->removed, run->name);
    return g_strconcat(text,
                       run->has_more ? _(" There are more: the same command removes the next ones.")
                                     : _(" Those that this device does not know are there still."),
                       NULL);
}

static void end(MxClient *client, const Run *run, const GError *error)
{
    g_autofree char *text = describe_end(run);
    if (error != NULL)
        say(client, run, error->message, TRUE);
    say(client, run, text, error != NULL || run->removed < run->event_ids->len);
    gint64 room = run->room;
    g_hash_table_remove(client->redact_runs, &room);
}

/* ---- one after the other ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id, *user_id, *reason;
    char *event_id;       /* that is taken away now; NULL: the last one is done */
    char *txn_id;         /* of the one before; then of this one; or NULL */
    gboolean was_refused; /* the one before */
    gboolean is_gone;     /* there is nothing to take away any more */
    guint refusals_left;  /* so many more, and it ends */
} StepJob;

static void step_job_free(gpointer data)
{
    StepJob *job = data;
    g_free(job->own_user_id);
    g_free(job->user_id);
    g_free(job->reason);
    g_free(job->event_id);
    g_free(job->txn_id);
    mx_client_job_clear(job);
    g_free(job);
}

static gboolean may_go_on(MxStore *store, StepJob *job)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN &&
        mx_power_may_redact(power, job->own_user_id, job->user_id))
        return TRUE;
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                        _("You may no longer remove messages from this room."));
    return FALSE;
}

/* What the queue is done with is no longer there; what was refused waits for the user. */
static void run_step(MxStore *store, gpointer data)
{
    StepJob *job = data;
    if (job->txn_id != NULL) {
        g_autoptr(MxQueueRow) before = mx_store_get_queue_by_txn(store, job->txn_id);
        job->was_refused = before != NULL;
        g_clear_pointer(&job->txn_id, g_free);
    }
    if (job->event_id == NULL || (job->was_refused && job->refusals_left <= 1) ||
        !may_go_on(store, job))
        return;
    g_autoptr(MxTimelineRow) target = mx_store_get_event(store, job->room, job->event_id);
    job->is_gone = target == NULL || g_str_equal(target->content, "{}");
    if (!job->is_gone)
        job->txn_id = mx_redaction_queue(store, job->room, job->own_user_id, job->event_id,
                                         job->reason, &job->base.error);
}

static void say_progress(MxClient *client, const Run *run)
{
    if (run->removed == 0 || run->removed % SAY_EVERY != 0 || run->next >= run->event_ids->len)
        return;
    g_autofree char *text = g_strdup_printf(_("%u of %u messages of %s's are removed."),
                                            run->removed, run->event_ids->len, run->name);
    say(client, run, text, FALSE);
}

static void on_stepped(gpointer data)
{
    StepJob *job = data;
    MxClient *client = job->base.client;
    Run *run = find_run(client, job->room);
    if (run == NULL)
        return;
    gboolean had_one = run->txn_id != NULL;
    run->is_busy = FALSE;
    run->refused += job->was_refused;
    run->removed += (had_one && !job->was_refused) || job->is_gone;
    g_free(run->txn_id);
    run->txn_id = g_steal_pointer(&job->txn_id);
    if (job->base.error != NULL || (run->txn_id == NULL && !job->is_gone)) {
        end(client, run, job->base.error);
        return;
    }
    run->next++;
    say_progress(client, run);
    if (job->is_gone)
        mx_redact_all_go_on(client, job->room);
    else
        mx_send_queue_kick(client, job->room);
}

void mx_redact_all_go_on(MxClient *client, gint64 room)
{
    Run *run = find_run(client, room);
    if (run == NULL || run->is_busy)
        return;
    run->is_busy = TRUE;
    StepJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->own_user_id = g_strdup(client->user_id);
    job->user_id = g_strdup(run->user_id);
    job->reason = g_strdup(run->reason);
    job->txn_id = g_strdup(run->txn_id);
    job->refusals_left = MAX_REFUSED - run->refused;
    if (run->next < run->event_ids->len)
        job->event_id = g_strdup(g_ptr_array_index(run->event_ids, run->next));
    mx_worker_push(client->worker, MX_JOB_USER, run_step, on_stepped, job, step_job_free);
}

static void on_begun(gpointer data)
{
    PlanJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (room == NULL || find_run(client, job->room) != NULL)
        return;
    if (job->base.error != NULL) {
        mx_client_emit_room_error(client, room, job->base.error->message);
        return;
    }
    Run *run = g_new0(Run, 1);
    run->room = job->room;
    run->user_id = g_steal_pointer(&job->user_id);
    run->name = g_steal_pointer(&job->name);
    run->reason = g_steal_pointer(&job->reason);
    run->event_ids = g_steal_pointer(&job->event_ids);
    run->has_more = job->has_more;
    if (client->redact_runs == NULL)
        client->redact_runs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, run_free);
    g_hash_table_insert(client->redact_runs, &run->room, run);
    mx_send_queue_kick(client, job->room); /* once it is empty this goes on */
}

void mx_client_redact_all(MxClient *client, MxRoom *room, const char *user_id, const char *reason)
{
    g_return_if_fail(client->worker != NULL);
    push_plan(client, room, mx_client_job_new(client, sizeof(PlanJob)), user_id, reason, on_begun);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-edit.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-fetch.h"
#include "mx-json.h"
#include "mx-power.h"

/* One edit at a time: two that were typed one after the other would both begin with the same
 * content, and the second would take back the first. */

typedef struct {
    MxClientJob base;
    guint refs;          /* one for each step that is under way */
    gboolean is_running; /* and not only in the queue */
    gint64 room;
    char *room_id, *own_user_id;
    MxStateEdit edit;
    JsonObject *content;
    gboolean is_same;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* or NULL */
} EditJob;

static void start_next(MxClient *client);

static void edit_job_unref(gpointer data)
{
    EditJob *job = data;
    if (--job->refs > 0)
        return;
    g_autoptr(MxClient) client = g_object_ref(job->base.client);
    gboolean was_running = job->is_running;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    if (job->edit.free_edit_data != NULL)
        job->edit.free_edit_data(job->edit.edit_data);
    g_clear_pointer(&job->content, json_object_unref);
    g_free(job->room_id);
    g_free(job->own_user_id);
    mx_client_job_clear(job);
    g_free(job);
    if (was_running)
        start_next(client);
}

static EditJob *edit_job_ref(EditJob *job)
{
    job->refs++;
    return job;
}

static int clamp(gint64 level)
{
    return CLAMP(level, G_MININT, G_MAXINT);
}

static void on_written(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    EditJob *job = data;
    job->func(client, job->room_id, error, job->user_data);
}

static void run_edit(MxStore *store, gpointer data)
{
    EditJob *job = data;
    job->edit.edit(store, job->room, job->content, job->edit.edit_data, &job->is_same,
                   &job->base.error);
}

static void on_edited(gpointer data)
{
    EditJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL || job->is_same) {
        on_written(client, job->room_id, job->base.error, job);
        return;
    }
    g_autoptr(MxRequest) request =
        mx_endpoint_set_state(job->room_id, job->edit.type, "", job->content);
    mx_client_call(client, job->room_id, request, on_written, edit_job_ref(job), edit_job_unref);
}

static void on_content(MxClient *client, JsonObject *answer, const GError *error, gpointer data)
{
    EditJob *job = data;
    if (error != NULL && g_strcmp0(mx_error_get_errcode(error), "M_NOT_FOUND") != 0) {
        on_written(client, job->room_id, error, job);
        return;
    }
    job->content = answer != NULL ? json_object_ref(answer) : json_object_new();
    mx_worker_push(client->worker, MX_JOB_USER, run_edit, on_edited, edit_job_ref(job),
                   edit_job_unref);
}

static void run_check(MxStore *store, gpointer data)
{
    EditJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (!mx_power_may_send_state(power, job->own_user_id, job->edit.type))
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                    _("In this room that takes a power level of %d, and yours is %d."),
                    clamp(mx_power_get_needed(power, job->edit.type, TRUE)),
                    clamp(mx_power_get(power, job->own_user_id)));
}

static void on_checked(gpointer data)
{
    EditJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL || job->edit.edit == NULL) {
        on_written(client, job->room_id, job->base.error, job);
        return;
    }
    g_autoptr(MxRequest) request = mx_endpoint_get_state(job->room_id, job->edit.type, "");
    mx_client_fetch(client, request, on_content, edit_job_ref(job), edit_job_unref);
}

static void start_next(MxClient *client)
{
    EditJob *job = g_queue_pop_head(&client->state_edits);
    client->is_editing_state = job != NULL;
    if (job == NULL)
        return;
    job->is_running = TRUE;
    if (client->state == MX_CLIENT_STOPPED) {
        edit_job_unref(job); /* and with it the next one */
        return;
    }
    mx_worker_push(client->worker, MX_JOB_USER, run_check, on_checked, job, edit_job_unref);
}

void mx_client_edit_state(MxClient *client, MxRoom *room, const MxStateEdit *edit, MxRoomFunc func,
                          gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    EditJob *job = mx_client_job_new(client, sizeof *job);
    job->refs = 1;
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->edit = *edit;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    g_queue_push_tail(&client->state_edits, job);
    if (!client->is_editing_state)
        start_next(client);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-edit.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-json.h"
#include "mx-power.h"

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id;
    MxStateEdit edit;
    JsonObject *content;
    gboolean is_same;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL once user_data is the request's */
} EditJob;

static void edit_job_free(gpointer data)
{
    EditJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    if (job->edit.free_edit_data != NULL)
        job->edit.free_edit_data(job->edit.edit_data);
    g_clear_pointer(&job->content, json_object_unref);
    g_free(job->room_id);
    g_free(job->own_user_id);
    mx_client_job_clear(job);
    g_free(job);
}

static int clamp(gint64 level)
{
    return CLAMP(level, G_MININT, G_MAXINT);
}

static void run_edit(MxStore *store, gpointer data)
{
    EditJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (!mx_power_may_send_state(power, job->own_user_id, job->edit.type)) {
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                    _("In this room that takes a power level of %d, and yours is %d."),
                    clamp(mx_power_get_needed(power, job->edit.type, TRUE)),
                    clamp(mx_power_get(power, job->own_user_id)));
        return;
    }
    if (job->edit.edit == NULL)
        return;
    g_autofree char *text = mx_store_get_state(store, job->room, job->edit.type, "");
    job->content = text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
    if (job->content == NULL)
        job->content = json_object_new();
    job->edit.edit(store, job->room, job->content, job->edit.edit_data, &job->is_same,
                   &job->base.error);
}

static void on_edited(gpointer data)
{
    EditJob *job = data;
    if (job->base.error != NULL || job->content == NULL || job->is_same) {
        job->func(job->base.client, job->room_id, job->base.error, job->user_data);
        return;
    }
    g_autoptr(MxRequest) request =
        mx_endpoint_set_state(job->room_id, job->edit.type, "", job->content);
    mx_client_call(job->base.client, job->room_id, request, job->func, job->user_data,
                   g_steal_pointer(&job->destroy));
}

void mx_client_edit_state(MxClient *client, MxRoom *room, const MxStateEdit *edit, MxRoomFunc func,
                          gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    EditJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->edit = *edit;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_edit, on_edited, job, edit_job_free);
}

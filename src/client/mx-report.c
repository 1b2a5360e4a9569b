/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-report.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-fetch.h"
#include "mx-client-private.h"
#include "mx-room-name.h"
#include "mx-target.h"

/* Of the message, in the sentence about it. Characters. */
#define MAX_QUOTED 80

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *typed;
    char *event_id, *reason, *what;
    MxReportFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} ReportJob;

static void report_job_free(gpointer data)
{
    ReportJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->typed);
    g_free(job->event_id);
    g_free(job->reason);
    g_free(job->what);
    mx_client_job_clear(job);
    g_free(job);
}

static char *describe_message(MxStore *store, const MxTimelineRow *row)
{
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    MxJsonSlice content = mx_json_scan_root(row->content, strlen(row->content));
    g_autofree char *body = mx_json_slice_dup_string(mx_json_scan_member(content, "body"));
    g_autofree char *text = mx_event_tidy_text(body, MAX_QUOTED);
    return g_strdup_printf("%s: %s", name, text != NULL ? text : _("(an encrypted message)"));
}

static void run_find(MxStore *store, gpointer data)
{
    ReportJob *job = data;
    const char *rest;
    g_autoptr(MxTimelineRow) row = mx_target_find(store, job->room, job->own_user_id, job->typed,
                                                  MX_TARGET_ANY, &rest, &job->base.error);
    if (row == NULL)
        return;
    if (row->event_id == NULL) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("That message is not on the server yet."));
        return;
    }
    job->event_id = g_strdup(row->event_id);
    job->reason = g_strstrip(g_strdup(rest));
    job->what = describe_message(store, row);
}

static void on_reported(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    ReportJob *job = data;
    job->func(client, job->what, error, job->user_data);
}

/* What the request needs goes along; the base stays with its own job. */
static ReportJob *move_job(ReportJob *from)
{
    ReportJob *job = mx_client_job_new(from->base.client, sizeof *job);
    job->what = g_steal_pointer(&from->what);
    job->func = from->func;
    job->user_data = from->user_data;
    job->destroy = from->destroy;
    from->destroy = NULL;
    return job;
}

static void on_found(gpointer data)
{
    ReportJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL) {
        job->func(client, NULL, job->base.error, job->user_data);
        return;
    }
    g_autoptr(MxRequest) request =
        mx_endpoint_report_event(job->room_id, job->event_id, job->reason);
    mx_client_call(client, job->room_id, request, on_reported, move_job(job), report_job_free);
}

void mx_client_report_message(MxClient *client, MxRoom *room, const char *typed, MxReportFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    ReportJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strdup(typed != NULL ? typed : "");
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_find, on_found, job, report_job_free);
}

void mx_client_report_room(MxClient *client, const char *room_id, const char *reason,
                           MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    g_autoptr(MxRequest) request = mx_endpoint_report_room(room_id, reason);
    mx_client_call(client, room_id, request, func, user_data, destroy);
}

void mx_client_report_user(MxClient *client, const char *user_id, const char *reason,
                           MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    g_autoptr(MxRequest) request = mx_endpoint_report_user(user_id, reason);
    mx_client_call(client, user_id, request, func, user_data, destroy);
}

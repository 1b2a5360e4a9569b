/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-ask.h"
#include "config.h"

#include <glib/gi18n-lib.h>

typedef struct {
    MxClientJob base;
    MxAsk ask;
    GBytes *answer;
    gpointer result;
} AskJob;

static void job_free(gpointer data)
{
    AskJob *job = data;
    if (job->ask.free_read_data != NULL)
        job->ask.free_read_data(job->ask.read_data);
    if (job->result != NULL && job->ask.free_result != NULL)
        job->ask.free_result(job->result);
    if (job->ask.destroy != NULL)
        job->ask.destroy(job->ask.user_data);
    g_clear_object(&job->ask.cancellable);
    g_clear_pointer(&job->answer, g_bytes_unref);
    mx_client_job_clear(job);
    g_free(job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AskJob, job_free)

static void run_read(MxStore *store, gpointer data)
{
    AskJob *job = data;
    gsize len;
    const char *text = g_bytes_get_data(job->answer, &len);
    MxJsonSlice root = {0};
    if (text != NULL && mx_json_scan_validate(text, len))
        root = mx_json_scan_root(text, len);
    if (root.text != NULL && root.type == MX_JSON_OBJECT)
        job->result = job->ask.read(store, root, job->ask.read_data);
    if (job->result == NULL)
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("The homeserver's answer cannot be read."));
}

static void on_read(gpointer data)
{
    AskJob *job = data;
    if (!g_cancellable_is_cancelled(job->ask.cancellable))
        job->ask.func(job->base.client, job->result, job->base.error, job->ask.user_data);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(AskJob) job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(client, source, result, &response, &job->base.error))
        return;
    if (response == NULL) {
        on_read(job);
        return;
    }
    job->answer = g_bytes_ref(response->body);
    mx_worker_push(client->worker, MX_JOB_USER, run_read, on_read, g_steal_pointer(&job), job_free);
}

void mx_client_ask(MxClient *client, MxRequest *request, const MxAsk *ask)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    AskJob *job = mx_client_job_new(client, sizeof *job);
    job->ask = *ask;
    job->ask.cancellable =
        g_object_ref(ask->cancellable != NULL ? ask->cancellable : client->cancellable);
    mx_http_send_async(client->http, request, job->ask.cancellable, on_answer, job);
}

MxAsked *mx_asked_new(GCallback func, gpointer user_data, GDestroyNotify destroy)
{
    MxAsked *asked = g_new0(MxAsked, 1);
    asked->func = func;
    asked->user_data = user_data;
    asked->destroy = destroy;
    return asked;
}

void mx_asked_free(gpointer data)
{
    MxAsked *asked = data;
    if (asked->destroy != NULL)
        asked->destroy(asked->user_data);
    g_free(asked);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-mark.h"

#include "mx-json.h"
#include "mx-old-copy.h"

#define TIMEOUT_S 3

typedef struct {
    MxClientJob base;
    char *type; /* or NULL */
    void (*func)(MxClient *client);
} MarkJob;

static void mark_job_free(gpointer data)
{
    MarkJob *job = data;
    g_free(job->type);
    mx_client_job_clear(job);
    g_free(job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MarkJob, mark_job_free)

char *mx_mark_get_type(MxStore *store)
{
    g_autofree char *device_id = mx_store_get_value(store, MX_VALUE_DEVICE_ID);
    g_autofree char *type = device_id != NULL ? mx_old_copy_get_type(device_id) : NULL;
    g_autofree char *text = type != NULL ? mx_store_get_account_data(store, 0, type) : NULL;
    g_autoptr(JsonObject) content = text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
    MxCrypto *crypto = mx_crypto_of(store);
    /* One that was just made is not known by way of /sync. */
    gboolean is_there = (crypto != NULL && mx_old_copy_note_blanked(crypto)) ||
                        mx_json_string(content, "mark") != NULL;
    return is_there ? g_steal_pointer(&type) : NULL;
}

MxRequest *mx_mark_new_request(const char *user_id, const char *type)
{
    g_autoptr(JsonObject) blank = json_object_new();
    MxRequest *request = mx_endpoint_set_account_data(user_id, type, blank);
    mx_request_set_timeout(request, TIMEOUT_S);
    mx_request_set_rate_limit_retries(request, 0);
    return request;
}

static void run_find(MxStore *store, gpointer data)
{
    MarkJob *job = data;
    job->type = mx_mark_get_type(store);
}

static void on_blanked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MarkJob) job = user_data;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    if (job->base.client->state != MX_CLIENT_STOPPED)
        job->func(job->base.client);
}

static void on_found(gpointer data)
{
    MarkJob *found = data;
    MxClient *client = found->base.client;
    if (found->type == NULL) {
        found->func(client);
        return;
    }
    MarkJob *job = mx_client_job_new(client, sizeof *job);
    job->func = found->func;
    g_autoptr(MxRequest) request = mx_mark_new_request(client->user_id, found->type);
    mx_http_send_async(client->http, request, client->cancellable, on_blanked, job);
}

void mx_mark_end(MxClient *client, void (*func)(MxClient *client))
{
    MarkJob *job = mx_client_job_new(client, sizeof *job);
    job->func = func;
    mx_worker_push(client->worker, MX_JOB_USER, run_find, on_found, job, mark_job_free);
}

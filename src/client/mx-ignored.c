/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-ignored.h"

#include "mx-client-private.h"
#include "mx-id.h"
#include "mx-ignored-list.h"
#include "mx-json.h"

#define TYPE "m.ignored_user_list"

/* ---- what is known ---- */

gboolean mx_client_is_ignored(MxClient *client, const char *user_id)
{
    return client->ignored != NULL && g_hash_table_contains(client->ignored, user_id);
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **mx_client_list_ignored(MxClient *client)
{
    GPtrArray *ids = g_ptr_array_new();
    GHashTableIter iter;
    gpointer id;
    if (client->ignored != NULL) {
        g_hash_table_iter_init(&iter, client->ignored);
        while (g_hash_table_iter_next(&iter, &id, NULL))
            g_ptr_array_add(ids, g_strdup(id));
    }
    g_ptr_array_sort(ids, compare_ids);
    g_ptr_array_add(ids, NULL);
    return (char **)g_ptr_array_free(ids, FALSE);
}

void mx_ignored_take(MxClient *client, GHashTable *ignored)
{
    g_clear_pointer(&client->ignored, g_hash_table_unref);
    client->ignored = ignored;
    mx_client_emit_ignored_changed(client);
}

/* ---- jobs ---- */

typedef struct {
    MxClientJob base;
    char *user_id;
    gboolean is_ignored;
    char *changes, *content;
    GHashTable *ignored;
} IgnoreJob;

static void ignore_job_free(gpointer data)
{
    IgnoreJob *job = data;
    g_free(job->user_id);
    g_free(job->changes);
    g_free(job->content);
    g_clear_pointer(&job->ignored, g_hash_table_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void push_job(MxClient *client, MxJobFunc run, MxJobDone done, IgnoreJob *job)
{
    mx_worker_push(client->worker, MX_JOB_USER, run, done, job, ignore_job_free);
}

static void run_note(MxStore *store, gpointer data)
{
    IgnoreJob *job = data;
    mx_store_begin(store);
    mx_ignored_note(store, job->user_id, job->is_ignored);
    if (mx_store_commit(store, &job->base.error))
        job->ignored = mx_ignored_load(store);
}

static void on_noted(gpointer data)
{
    IgnoreJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL) {
        mx_client_emit_account_notice(client, job->base.error->message);
        mx_client_emit_ignored_changed(client); /* it has not */
        return;
    }
    mx_ignored_take(client, g_steal_pointer(&job->ignored));
    if (client->state != MX_CLIENT_STOPPED)
        mx_ignored_publish(client);
}

void mx_client_set_ignored(MxClient *client, const char *user_id, gboolean is_ignored)
{
    g_return_if_fail(mx_user_id_is_valid(user_id));
    if (client->worker == NULL)
        return;
    IgnoreJob *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(user_id);
    job->is_ignored = is_ignored;
    push_job(client, run_note, on_noted, job);
}

/* ---- to the server: read, change, write; one at a time ---- */

static gboolean on_publish_again(gpointer data)
{
    MxClient *client = data;
    client->ignoring.source = 0;
    mx_ignored_publish(client);
    return G_SOURCE_REMOVE;
}

static void end_publishing(MxClient *client, gboolean succeeded)
{
    MxIgnoring *ignoring = &client->ignoring;
    ignoring->is_busy = FALSE;
    if (client->state == MX_CLIENT_STOPPED || ignoring->source != 0)
        return;
    if (succeeded)
        mx_backoff_reset(&ignoring->backoff);
    if (!succeeded || ignoring->again)
        ignoring->source = g_timeout_add(succeeded ? 0 : mx_backoff_next(&ignoring->backoff),
                                         on_publish_again, client);
}

/* content NULL: the server refuses the changes, and they are undone here too. */
static void run_settle(MxStore *store, gpointer data)
{
    IgnoreJob *job = data;
    mx_store_begin(store);
    mx_ignored_forget_changes(store, job->changes);
    /* What the server has from now on; the next /sync says the same. */
    if (job->content != NULL)
        mx_store_set_account_data(store, 0, TYPE, job->content, strlen(job->content));
    if (mx_store_commit(store, &job->base.error))
        job->ignored = mx_ignored_load(store);
}

static void on_settled(gpointer data)
{
    IgnoreJob *job = data;
    if (job->ignored != NULL)
        mx_ignored_take(job->base.client, g_steal_pointer(&job->ignored));
    end_publishing(job->base.client, TRUE);
}

static void refuse(IgnoreJob *job, const GError *error)
{
    MxClient *client = job->base.client;
    const char *why = mx_error_get_server_text(error);
    g_autofree char *text =
        g_strdup_printf(_("The list of ignored people was not changed. The homeserver says: %s"),
                        why != NULL ? why : error->message);
    mx_client_emit_account_notice(client, text);
    g_clear_pointer(&job->content, g_free);
    push_job(client, run_settle, on_settled, job);
}

static gboolean is_refusal(const GError *error)
{
    guint status = mx_error_get_status(error);
    return status >= 400 && status < 500 && status != 401 && status != 429;
}

static void on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    IgnoreJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state != MX_CLIENT_STOPPED && response != NULL) {
        push_job(client, run_settle, on_settled, job);
    } else if (client->state != MX_CLIENT_STOPPED && is_refusal(error)) {
        refuse(job, error);
    } else {
        if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(error) == 401)
            mx_session_token_refused(client, error);
        end_publishing(client, FALSE);
        ignore_job_free(job);
    }
}

/* An empty object when the server has none, NULL when it cannot be told. */
static JsonObject *read_server_list(MxResponse *response, const GError *error)
{
    if (response == NULL)
        return mx_error_get_status(error) == 404 ? json_object_new() : NULL;
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    return mx_json_parse_object(text, len, NULL);
}

static void on_server_list(GObject *source, GAsyncResult *result, gpointer user_data)
{
    IgnoreJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    g_autoptr(JsonObject) list = read_server_list(response, error);
    if (client->state == MX_CLIENT_STOPPED || list == NULL) {
        if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(error) == 401)
            mx_session_token_refused(client, error);
        end_publishing(client, FALSE);
        ignore_job_free(job);
        return;
    }
    mx_ignored_change(list, job->changes);
    job->content = mx_json_object_to_text(list);
    g_autoptr(MxRequest) request = mx_endpoint_set_account_data(client->user_id, TYPE, list);
    mx_http_send_async(client->http, request, client->cancellable, on_written, job);
}

static void run_read_changes(MxStore *store, gpointer data)
{
    IgnoreJob *job = data;
    job->changes = mx_ignored_get_changes(store);
}

static void on_changes_read(gpointer data)
{
    IgnoreJob *from = data;
    MxClient *client = from->base.client;
    if (from->changes == NULL) {
        end_publishing(client, TRUE);
        return;
    }
    IgnoreJob *job = mx_client_job_new(client, sizeof *job);
    job->changes = g_steal_pointer(&from->changes);
    g_autoptr(MxRequest) request = mx_endpoint_get_account_data(client->user_id, TYPE);
    mx_http_send_async(client->http, request, client->cancellable, on_server_list, job);
}

void mx_ignored_publish(MxClient *client)
{
    client->ignoring.again = client->ignoring.is_busy;
    if (client->ignoring.is_busy || client->worker == NULL)
        return;
    client->ignoring.is_busy = TRUE;
    push_job(client, run_read_changes, on_changes_read,
             mx_client_job_new(client, sizeof(IgnoreJob)));
}

void mx_ignored_init(MxClient *client)
{
    mx_backoff_init(&client->ignoring.backoff, 1000, 5 * 60 * 1000);
}

void mx_ignored_stop(MxClient *client)
{
    g_clear_handle_id(&client->ignoring.source, g_source_remove);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"
#include "mx-id.h"
#include "mx-json.h"
#include "mx-room-facts.h"

/* Two questions to the homeserver, whose answers are taken if they come, and then the database. */

#define MAX_ALIASES 50

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *visibility;
    GPtrArray *aliases;
    GPtrArray *facts;
    MxRoomFactsFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} FactsJob;

static void facts_job_free(gpointer data)
{
    FactsJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->visibility);
    g_ptr_array_unref(job->aliases);
    g_clear_pointer(&job->facts, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_load(MxStore *store, gpointer data)
{
    FactsJob *job = data;
    const MxRoomListing listing = {.visibility = job->visibility, .aliases = job->aliases};
    job->facts = mx_room_facts_load(store, job->room, &listing);
}

static void on_loaded(gpointer data)
{
    FactsJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->facts, job->user_data);
}

/* NULL: it was refused, or did not come. *is_over: so is everything. */
static JsonObject *take_answer(FactsJob *job, GObject *source, GAsyncResult *result,
                               gboolean *is_over)
{
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    *is_over = job->base.client->state == MX_CLIENT_STOPPED;
    if (response == NULL || *is_over)
        return NULL;
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    return mx_json_parse_object(text, len, NULL);
}

static void on_aliases(GObject *source, GAsyncResult *result, gpointer data)
{
    FactsJob *job = data;
    gboolean is_over;
    g_autoptr(JsonObject) answer = take_answer(job, source, result, &is_over);
    JsonArray *aliases = mx_json_array(answer, "aliases");
    if (is_over) {
        facts_job_free(job);
        return;
    }
    for (guint i = 0; i < MIN(mx_json_array_length(aliases), MAX_ALIASES); i++) {
        const char *alias = mx_json_array_string(aliases, i);
        if (alias != NULL && mx_room_alias_is_valid(alias))
            g_ptr_array_add(job->aliases, g_strdup(alias));
    }
    mx_worker_push(job->base.client->worker, MX_JOB_USER, run_load, on_loaded, job, facts_job_free);
}

static void on_visibility(GObject *source, GAsyncResult *result, gpointer data)
{
    FactsJob *job = data;
    MxClient *client = job->base.client;
    gboolean is_over;
    g_autoptr(JsonObject) answer = take_answer(job, source, result, &is_over);
    if (is_over) {
        facts_job_free(job);
        return;
    }
    job->visibility = g_strdup(mx_json_string(answer, "visibility"));
    g_autoptr(MxRequest) request = mx_endpoint_aliases(job->room_id);
    mx_http_send_async(client->http, request, client->cancellable, on_aliases, job);
}

void mx_client_get_facts(MxClient *client, MxRoom *room, MxRoomFactsFunc func, gpointer user_data,
                         GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    FactsJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->aliases = g_ptr_array_new_with_free_func(g_free);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_directory_entry(room->room_id);
    mx_http_send_async(client->http, request, client->cancellable, on_visibility, job);
}

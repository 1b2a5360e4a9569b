/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-quote-fetch.h"

#include "mx-ask.h"
#include "mx-quote.h"

#define WAIT_MS 3000
/* After that was not enough: for so long nothing waits (microseconds). */
#define PAUSE_US (60 * G_USEC_PER_SEC)

/* Kept by its questions: when the last one is answered or dropped, it goes. */
typedef struct {
    guint refs;
    MxClient *client;
    gint64 room;
    GPtrArray *event_ids;
    guint left; /* unanswered */
    guint source;
    gboolean is_over;
    MxQuotesFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Fetch;

static void fetch_unref(gpointer data)
{
    Fetch *fetch = data;
    if (--fetch->refs > 0)
        return;
    g_clear_handle_id(&fetch->source, g_source_remove);
    if (fetch->destroy != NULL)
        fetch->destroy(fetch->user_data);
    g_ptr_array_unref(fetch->event_ids);
    g_object_unref(fetch->client);
    g_free(fetch);
}

gboolean mx_quotes_may_wait(MxClient *client)
{
    return client->state == MX_CLIENT_ONLINE &&
           g_get_monotonic_time() >= client->quotes_pause_until;
}

/* ---- the end ---- */

typedef struct {
    MxClientJob base;
    Fetch *fetch; /* the worker reads room and event_ids alone, which never change */
} EndJob;

static void end_job_free(gpointer data)
{
    EndJob *job = data;
    fetch_unref(job->fetch);
    mx_client_job_clear(job);
    g_free(job);
}

/* What has not been answered is not asked for again. */
static void run_end(MxStore *store, gpointer data)
{
    EndJob *job = data;
    mx_store_begin(store);
    for (guint i = 0; i < job->fetch->event_ids->len; i++)
        mx_quote_store(store, job->fetch->room, g_ptr_array_index(job->fetch->event_ids, i), NULL,
                       0);
    mx_store_commit(store, &job->base.error);
}

static void on_ended(gpointer data)
{
    EndJob *job = data;
    job->fetch->func(job->base.client, job->fetch->user_data);
}

static void end(Fetch *fetch)
{
    if (fetch->is_over)
        return;
    fetch->is_over = TRUE;
    g_clear_handle_id(&fetch->source, g_source_remove);
    EndJob *job = mx_client_job_new(fetch->client, sizeof *job);
    job->fetch = fetch;
    fetch->refs++;
    mx_worker_push(fetch->client->worker, MX_JOB_USER, run_end, on_ended, job, end_job_free);
}

static gboolean on_waited(gpointer data)
{
    Fetch *fetch = data;
    fetch->source = 0;
    if (fetch->client->state == MX_CLIENT_STOPPED)
        return G_SOURCE_REMOVE;
    fetch->client->quotes_pause_until = g_get_monotonic_time() + PAUSE_US;
    end(fetch);
    return G_SOURCE_REMOVE;
}

/* ---- one event ---- */

typedef struct {
    gint64 room;
    char *event_id;
} Wanted;

static void wanted_free(gpointer data)
{
    Wanted *wanted = data;
    g_free(wanted->event_id);
    g_free(wanted);
}

static gpointer read_event(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    const Wanted *wanted = read_data;
    mx_store_begin(store);
    mx_quote_store(store, wanted->room, wanted->event_id, answer.text, answer.len);
    return GINT_TO_POINTER(mx_store_commit(store, NULL));
}

static void on_event(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    Fetch *fetch = user_data;
    if (--fetch->left == 0)
        end(fetch);
}

static void ask(Fetch *fetch, const char *room_id, const char *event_id)
{
    Wanted *wanted = g_new0(Wanted, 1);
    wanted->room = fetch->room;
    wanted->event_id = g_strdup(event_id);
    MxAsk question = {
        .read = read_event,
        .read_data = wanted,
        .free_read_data = wanted_free,
        .func = on_event,
        .user_data = fetch,
        .destroy = fetch_unref,
    };
    fetch->refs++;
    fetch->left++;
    g_autoptr(MxRequest) request = mx_endpoint_event(room_id, event_id);
    mx_client_ask(fetch->client, request, &question);
}

void mx_quotes_fetch(MxClient *client, MxRoom *room, GPtrArray *event_ids, MxQuotesFunc func,
                     gpointer user_data, GDestroyNotify destroy)
{
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->refs = 1;
    fetch->client = g_object_ref(client);
    fetch->room = room->key;
    fetch->event_ids = event_ids;
    fetch->func = func;
    fetch->user_data = user_data;
    fetch->destroy = destroy;
    fetch->source = g_timeout_add(WAIT_MS, on_waited, fetch);
    for (guint i = 0; i < event_ids->len; i++)
        ask(fetch, room->room_id, g_ptr_array_index(event_ids, i));
    fetch_unref(fetch);
}

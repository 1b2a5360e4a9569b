/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-upkeep.h"

#include "mx-client-private.h"
#include "mx-search-text.h"
#include "mx-store-search.h"

#define SLICE_US (20 * 1000)
#define ROWS_AT_ONCE 25
#define FORGET_AT_ONCE 100
/* How often it is looked for what has become too old. */
#define FORGET_EVERY_S (6 * 3600)
#define DAY_MS (G_GINT64_CONSTANT(24) * 3600 * 1000)

typedef struct {
    MxClientJob base;
    int keep_days;
    gboolean indexes_secret;
    gint64 room; /* whose history is looked at next; 0: none */
    gboolean has_more;
} UpkeepJob;

static void upkeep_job_free(gpointer data)
{
    mx_client_job_clear(data);
    g_free(data);
}

/* ---- on the worker ---- */

gboolean mx_upkeep_index(MxStore *store, gint64 for_us, gboolean *has_more, GError **error)
{
    gint64 until = g_get_monotonic_time() + for_us;
    *has_more = FALSE;
    mx_store_begin(store);
    do {
        g_autoptr(GPtrArray) rows = mx_store_search_list_queue(store, ROWS_AT_ONCE);
        for (guint i = 0; i < rows->len; i++)
            mx_search_index(store, g_ptr_array_index(rows, i));
        *has_more = rows->len == ROWS_AT_ONCE;
    } while (*has_more && g_get_monotonic_time() < until);
    return mx_store_commit(store, error);
}

/* TRUE: there was something. */
static gboolean scrub(MxStore *store, UpkeepJob *job)
{
    mx_store_begin(store);
    gboolean has_more = mx_store_search_scrub(store);
    return mx_store_commit(store, &job->base.error) && has_more;
}

/* One room after the other. */
static void forget(MxStore *store, UpkeepJob *job)
{
    gint64 now_ms = g_get_real_time() / 1000;
    gint64 until = g_get_monotonic_time() + SLICE_US;
    if (job->keep_days <= 0) {
        job->room = 0;
        return;
    }
    mx_store_begin(store);
    while (job->room != 0 && g_get_monotonic_time() < until) {
        gint64 before_ms = now_ms - job->keep_days * DAY_MS;
        if (mx_store_forget_before(store, job->room, before_ms, now_ms, FORGET_AT_ONCE) <
            FORGET_AT_ONCE)
            job->room = mx_store_get_next_room(store, job->room);
    }
    mx_store_commit(store, &job->base.error);
}

static gboolean set_secret(MxStore *store, UpkeepJob *job)
{
    mx_store_begin(store);
    /* Without the encryption nothing that is sealed can be read: later it is. */
    mx_store_search_set_secret(store, job->indexes_secret && mx_crypto_of(store) != NULL);
    return mx_store_commit(store, &job->base.error);
}

static void run_slice(MxStore *store, gpointer data)
{
    UpkeepJob *job = data;
    if (!set_secret(store, job) ||
        !mx_upkeep_index(store, SLICE_US, &job->has_more, &job->base.error) || job->has_more)
        return;
    if (job->room != 0)
        forget(store, job);
    job->has_more =
        job->base.error == NULL && (job->room != 0 || scrub(store, job) || mx_store_shrink(store));
}

/* ---- on the main loop ---- */

static void on_slice_done(gpointer data)
{
    UpkeepJob *job = data;
    MxUpkeep *upkeep = &job->base.client->upkeep;
    upkeep->is_busy = FALSE;
    if (job->base.error != NULL) {
        g_message("upkeep of the database: %s", job->base.error->message);
        return;
    }
    upkeep->room = job->room;
    if (job->has_more || upkeep->again)
        mx_upkeep_kick(job->base.client);
}

void mx_upkeep_kick(MxClient *client)
{
    MxUpkeep *upkeep = &client->upkeep;
    if (!upkeep->is_started || client->worker == NULL || client->state == MX_CLIENT_STOPPED)
        return;
    upkeep->again = upkeep->is_busy;
    if (upkeep->is_busy)
        return;
    upkeep->is_busy = TRUE;
    UpkeepJob *job = mx_client_job_new(client, sizeof *job);
    job->keep_days = upkeep->keep_days;
    job->indexes_secret = upkeep->indexes_secret;
    job->room = upkeep->room;
    mx_worker_push(client->worker, MX_JOB_BULK, run_slice, on_slice_done, job, upkeep_job_free);
}

/* There is no room 0: the first one comes after it. */
#define FROM_THE_FIRST (-1)

static gboolean on_forget_due(gpointer data)
{
    MxClient *client = data;
    client->upkeep.room = FROM_THE_FIRST;
    mx_upkeep_kick(client);
    return G_SOURCE_CONTINUE;
}

void mx_upkeep_start(MxClient *client)
{
    MxUpkeep *upkeep = &client->upkeep;
    if (upkeep->is_started)
        return;
    upkeep->is_started = TRUE;
    upkeep->source = g_timeout_add_seconds(FORGET_EVERY_S, on_forget_due, client);
    on_forget_due(client);
}

void mx_upkeep_stop(MxClient *client)
{
    g_clear_handle_id(&client->upkeep.source, g_source_remove);
}

void mx_client_set_keeping(MxClient *client, int days, gboolean indexes_secret)
{
    MxUpkeep *upkeep = &client->upkeep;
    if (upkeep->keep_days == days && upkeep->indexes_secret == indexes_secret)
        return;
    upkeep->keep_days = days;
    upkeep->indexes_secret = indexes_secret;
    upkeep->room = FROM_THE_FIRST;
    mx_upkeep_kick(client);
}

/* ---- facts ---- */

typedef struct {
    MxClientJob base;
    MxStoreFacts facts;
    MxFactsFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} FactsJob;

static void facts_job_free(gpointer data)
{
    FactsJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_facts(MxStore *store, gpointer data)
{
    mx_store_get_facts(store, &((FactsJob *)data)->facts);
}

static void on_facts(gpointer data)
{
    FactsJob *job = data;
    job->func(job->base.client, &job->facts, job->user_data);
}

void mx_client_get_store_facts(MxClient *client, MxFactsFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    FactsJob *job = mx_client_job_new(client, sizeof *job);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_facts, on_facts, job, facts_job_free);
}

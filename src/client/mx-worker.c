/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-worker.h"

#define LOCK_WAIT_MS 30000
#define LOCK_RETRY_MS 50

typedef struct {
    MxWorker *worker;
    int rank; /* priority; the end mark stands between user and bulk jobs */
    guint64 serial;
    MxJobFunc run;
    MxJobDone done;
    gpointer data;
    GDestroyNotify destroy;
} Job;

enum { RANK_USER, RANK_END, RANK_BULK };

struct _MxWorker {
    gatomicrefcount refs; /* the owner, the thread, and each job on its way */
    char *dir;
    GAsyncQueue *jobs;
    guint64 next_serial;
    gint stopped; /* set by the main loop only; atomic */
    GMutex mutex;
    GCond drained_cond;
    gboolean drained; /* every user job has run */
    gint user_jobs;   /* pushed and not run yet; atomic */
    MxWorkerOpened on_opened;
    gpointer user_data;
    GError *open_error;
};

static MxWorker *worker_ref(MxWorker *worker)
{
    g_atomic_ref_count_inc(&worker->refs);
    return worker;
}

static void worker_unref(MxWorker *worker)
{
    if (!g_atomic_ref_count_dec(&worker->refs))
        return;
    g_async_queue_unref(worker->jobs);
    g_mutex_clear(&worker->mutex);
    g_cond_clear(&worker->drained_cond);
    g_clear_error(&worker->open_error);
    g_free(worker->dir);
    g_free(worker);
}

/* Never g_main_context_invoke(): it may run the function on the calling thread while the main loop
 * is between two iterations. */
static void call_on_main_loop(GSourceFunc func, gpointer data)
{
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, func, data, NULL);
    g_source_attach(source, NULL);
}

static gboolean on_job_finished(gpointer data)
{
    Job *job = data;
    if (job->done != NULL && !g_atomic_int_get(&job->worker->stopped))
        job->done(job->data);
    if (job->destroy != NULL)
        job->destroy(job->data);
    worker_unref(job->worker);
    g_free(job);
    return G_SOURCE_REMOVE;
}

static gboolean on_open_finished(gpointer data)
{
    MxWorker *worker = data;
    if (!g_atomic_int_get(&worker->stopped))
        worker->on_opened(worker->open_error, worker->user_data);
    worker_unref(worker);
    return G_SOURCE_REMOVE;
}

static int compare_jobs(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Job *one = a, *other = b;
    if (one->rank != other->rank)
        return one->rank - other->rank;
    return one->serial < other->serial ? -1 : one->serial > other->serial;
}

static void report_drained(MxWorker *worker)
{
    g_mutex_lock(&worker->mutex);
    worker->drained = TRUE;
    g_cond_signal(&worker->drained_cond);
    g_mutex_unlock(&worker->mutex);
}

static void drop_remaining_jobs(MxWorker *worker)
{
    Job *job;
    while ((job = g_async_queue_try_pop(worker->jobs)) != NULL)
        call_on_main_loop(on_job_finished, job);
}

static MxStore *open_store(MxWorker *worker)
{
    for (int waited = 0;; waited += LOCK_RETRY_MS) {
        gboolean held_here = FALSE;
        g_autoptr(GError) error = NULL;
        MxStore *store = mx_store_open(worker->dir, &held_here, &error);
        if (store != NULL)
            return store;
        if (!held_here || waited >= LOCK_WAIT_MS || g_atomic_int_get(&worker->stopped)) {
            worker->open_error = g_steal_pointer(&error);
            return NULL;
        }
        g_usleep(LOCK_RETRY_MS * 1000);
    }
}

static gpointer run_worker(gpointer data)
{
    MxWorker *worker = data;
    MxStore *store = open_store(worker);
    worker_ref(worker);
    call_on_main_loop(on_open_finished, worker);
    for (;;) {
        Job *job = g_async_queue_pop(worker->jobs);
        if (job->rank == RANK_END) {
            worker_unref(job->worker);
            g_free(job);
            break;
        }
        if (store != NULL)
            job->run(store, job->data);
        else
            job->done = NULL;
        if (job->rank == RANK_USER)
            g_atomic_int_add(&worker->user_jobs, -1);
        call_on_main_loop(on_job_finished, job);
    }
    report_drained(worker);
    drop_remaining_jobs(worker);
    mx_store_close(store);
    worker_unref(worker);
    return NULL;
}

MxWorker *mx_worker_new(const char *dir, MxWorkerOpened on_opened, gpointer user_data)
{
    MxWorker *worker = g_new0(MxWorker, 1);
    g_atomic_ref_count_init(&worker->refs);
    worker->dir = g_strdup(dir);
    worker->jobs = g_async_queue_new();
    worker->on_opened = on_opened;
    worker->user_data = user_data;
    g_mutex_init(&worker->mutex);
    g_cond_init(&worker->drained_cond);
    g_thread_unref(g_thread_new("matrix-store", run_worker, worker_ref(worker)));
    return worker;
}

static void push(MxWorker *worker, int rank, MxJobFunc run, MxJobDone done, gpointer data,
                 GDestroyNotify destroy)
{
    Job *job = g_new0(Job, 1);
    job->worker = worker_ref(worker);
    job->rank = rank;
    job->serial = worker->next_serial++;
    job->run = run;
    job->done = done;
    job->data = data;
    job->destroy = destroy;
    if (rank == RANK_USER)
        g_atomic_int_inc(&worker->user_jobs);
    g_async_queue_push_sorted(worker->jobs, job, compare_jobs, NULL);
}

void mx_worker_push(MxWorker *worker, MxJobPriority priority, MxJobFunc run, MxJobDone done,
                    gpointer data, GDestroyNotify destroy)
{
    push(worker, priority == MX_JOB_USER ? RANK_USER : RANK_BULK, run, done, data, destroy);
}

void mx_worker_stop(MxWorker *worker, guint wait_ms)
{
    gint64 until = g_get_monotonic_time() + wait_ms * G_TIME_SPAN_MILLISECOND;
    g_atomic_int_set(&worker->stopped, 1);
    push(worker, RANK_END, NULL, NULL, NULL, NULL);
    g_mutex_lock(&worker->mutex);
    /* A bulk job alone is not waited for: it commits by itself or leaves nothing behind. */
    while (!worker->drained && g_atomic_int_get(&worker->user_jobs) > 0 &&
           g_cond_wait_until(&worker->drained_cond, &worker->mutex, until))
        ;
    g_mutex_unlock(&worker->mutex);
    worker_unref(worker);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-direct-room.h"

/* The /sync loop. Bytes go to the worker as they arrive; the worker commits the whole answer at
 * once; what changed is applied here in slices; only then is the next answer asked for. */

#define HOLD_MS 30000
#define SLICE_US (8 * 1000)
#define RETRY_FIRST_MS 500
/* Not longer: people expect to be back within ten seconds of the network. */
#define RETRY_CAP_MS 8000
/* Before the first success libpurple is told after so many failures, about ten seconds. */
#define FIRST_SYNC_TRIES 5
#define GIVE_UP_US (15 * G_TIME_SPAN_MINUTE)
#define MEGABYTE (1000 * 1000)
#define CLOCK_INTERVAL_S 5
/* A clock that jumped this far means that the machine slept. */
#define SLEPT_US (20 * G_TIME_SPAN_SECOND)

static void request_sync(MxClient *client);

/* One answer on its way to the worker. stage belongs to the worker once the first job is pushed. */
typedef struct {
    gatomicrefcount refs;
    MxSyncStage *stage;
    GError *error; /* the first piece that was refused */
} Feed;

static Feed *feed_ref(Feed *feed)
{
    g_atomic_ref_count_inc(&feed->refs);
    return feed;
}

static void feed_unref(Feed *feed)
{
    if (!g_atomic_ref_count_dec(&feed->refs))
        return;
    g_clear_pointer(&feed->stage, mx_sync_stage_free);
    g_clear_error(&feed->error);
    g_free(feed);
}

typedef struct {
    Feed *feed;
    GBytes *chunk;
    char *own_user_id; /* with the answer's first piece, like open_rooms */
    GHashTable *open_rooms;
} FeedJob;

static void run_feed(MxStore *store, gpointer data)
{
    FeedJob *job = data;
    gsize len;
    const char *bytes = g_bytes_get_data(job->chunk, &len);
    if (job->open_rooms != NULL)
        mx_sync_stage_set_open_rooms(job->feed->stage, job->own_user_id,
                                     g_steal_pointer(&job->open_rooms));
    if (job->feed->error == NULL)
        mx_sync_stage_feed(job->feed->stage, bytes, len, &job->feed->error);
}

static void feed_job_free(gpointer data)
{
    FeedJob *job = data;
    feed_unref(job->feed);
    g_bytes_unref(job->chunk);
    g_free(job->own_user_id);
    g_clear_pointer(&job->open_rooms, g_hash_table_unref);
    g_free(job);
}

typedef struct {
    MxClient *client; /* referenced */
    Feed *feed;
    gboolean had_since;
    guint64 keys_serial; /* see mx_device_keys_note_counts() */
    gsize received;
} Request;

static GHashTable *copy_set(GHashTable *set)
{
    GHashTable *copy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer member;
    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &member, NULL))
        g_hash_table_add(copy, g_strdup(member));
    return copy;
}

/* A first sync of a large account takes its time, and should be seen to move. */
static void show_progress(Request *request, gsize len)
{
    gsize before = request->received / MEGABYTE;
    request->received += len;
    gsize now = request->received / MEGABYTE;
    if (request->client->is_ready || now == before)
        return;
    g_autofree char *text = g_strdup_printf(_("Receiving your rooms: %u MB"), (guint)now);
    mx_client_emit_progress(request->client, 3, text);
}

static void on_chunk(GBytes *chunk, gpointer user_data)
{
    Request *request = user_data;
    gboolean is_first = request->received == 0;
    show_progress(request, g_bytes_get_size(chunk));
    FeedJob *job = g_new0(FeedJob, 1);
    if (is_first) {
        job->own_user_id = g_strdup(request->client->user_id);
        job->open_rooms = copy_set(request->client->open_rooms);
    }
    job->feed = feed_ref(request->feed);
    job->chunk = g_bytes_ref(chunk);
    if (request->client->worker != NULL)
        mx_worker_push(request->client->worker, MX_JOB_BULK, run_feed, NULL, job, feed_job_free);
    else
        feed_job_free(job);
}

/* The end of an answer: commit on the worker */

typedef struct {
    MxClientJob base;
    Feed *feed;
    char *own_user_id, *since;
    gboolean is_catch_up;
    guint64 keys_serial;
    GHashTable *open_rooms, *watched;
    MxPushRules *rules;
    MxSyncChanges *changes;
} ApplyJob;

static void run_apply(MxStore *store, gpointer data)
{
    ApplyJob *job = data;
    MxApplyContext context = {.own_user_id = job->own_user_id,
                              .since = job->since,
                              .is_catch_up = job->is_catch_up,
                              .keys_serial = job->keys_serial,
                              .open_rooms = job->open_rooms,
                              .watched = job->watched,
                              .rules = job->rules};
    if (job->feed->error != NULL)
        g_propagate_error(&job->base.error, g_steal_pointer(&job->feed->error));
    else if (mx_sync_stage_finish(job->feed->stage, &job->base.error))
        job->changes = mx_sync_apply(store, job->feed->stage, &context, &job->base.error);
    /* Freed here, not on the main loop: it may be a hundred megabytes. */
    g_clear_pointer(&job->feed->stage, mx_sync_stage_free);
}

static void apply_job_free(gpointer data)
{
    ApplyJob *job = data;
    feed_unref(job->feed);
    g_free(job->own_user_id);
    g_free(job->since);
    g_hash_table_unref(job->open_rooms);
    g_hash_table_unref(job->watched);
    g_clear_pointer(&job->rules, mx_push_rules_unref);
    mx_sync_changes_free(job->changes);
    mx_client_job_clear(job);
    g_free(job);
}

static gboolean on_retry(gpointer data)
{
    MxClient *client = data;
    client->sync.retry_source = 0;
    request_sync(client);
    return G_SOURCE_REMOVE;
}

static void schedule_retry(MxClient *client, const GError *error)
{
    gint64 wait =
        MAX((gint64)mx_backoff_next(&client->sync.backoff), mx_error_get_retry_after_ms(error));
    g_clear_handle_id(&client->sync.retry_source, g_source_remove);
    client->sync.retry_source = g_timeout_add(CLAMP(wait, 0, 300000), on_retry, client);
}

/* A full disk: nothing is taken in until it can be kept. next_batch stays, so nothing is lost. */
static void say_store_failed(MxClient *client, const GError *error)
{
    if (!client->sync.store_failed)
        mx_client_emit_account_notice(client, error->message);
    client->sync.store_failed = TRUE;
}

/* A refused request is repeated without what the server may have forgotten: the stored filter, or
 * the token (C11). After a full sync nothing is shown twice: events are known by ID. */
static gboolean start_over(MxClient *client, const GError *error)
{
    MxSyncLoop *sync = &client->sync;
    gboolean names_token = g_strcmp0(mx_error_get_errcode(error), "M_UNKNOWN") == 0 ||
                           mx_error_get_errcode(error) == NULL;
    if (!names_token && client->filter_id != NULL && client->filter_id[0] != '{') {
        g_message("sync: the server refused its own filter");
        mx_session_forget_filter(client);
        return TRUE;
    }
    if (sync->since == NULL)
        return FALSE;
    g_message("sync: the server refused its own token; a full sync follows");
    g_clear_pointer(&sync->since, g_free);
    return TRUE;
}

static void on_failure(MxClient *client, const GError *error)
{
    MxSyncLoop *sync = &client->sync;
    sync->failed_last = TRUE;
    mx_look_back_failed(client);
    if (g_error_matches(error, MX_ERROR, MX_ERROR_STORE))
        say_store_failed(client, error);
    if (mx_error_get_status(error) == 401) {
        mx_session_token_refused(client, error);
        return;
    }
    if (mx_error_get_status(error) == 400 && start_over(client, error)) {
        schedule_retry(client, NULL);
        return;
    }
    if (client->is_ready && g_get_monotonic_time() - sync->last_success < GIVE_UP_US) {
        mx_client_set_state(client, MX_CLIENT_OFFLINE);
        schedule_retry(client, error);
        return;
    }
    if (mx_error_is_transient(error) && sync->backoff.failures < FIRST_SYNC_TRIES) {
        schedule_retry(client, error);
        return;
    }
    if (mx_error_get_status(error) == 429) {
        schedule_retry(client, error); /* slow down is not no */
        return;
    }
    mx_client_emit_failed(client, g_error_copy(error));
}

static void clear_pending(MxSyncLoop *sync)
{
    g_clear_pointer(&sync->pending, g_ptr_array_unref);
    g_clear_pointer(&sync->ephemeral, g_ptr_array_unref);
    g_clear_pointer(&sync->presence, g_ptr_array_unref);
    sync->next_pending = sync->next_ephemeral = sync->next_presence = 0;
}

static void finish_applying(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    clear_pending(sync);
    if (sync->applied == 0 && !sync->is_loading) {
        mx_direct_room_publish(client); /* what an earlier run could not write */
        mx_ignored_publish(client);
    }
    if (sync->is_loading) {
        sync->is_loading = FALSE;
        mx_client_places_loaded(client);
        mx_decrypt_start(client);
        mx_upkeep_start(client);
        mx_client_set_state(client, MX_CLIENT_SYNCING);
        mx_sync_start(client);
        return;
    }
    sync->applied = sync->started;
    sync->failed_last = FALSE;
    sync->store_failed = FALSE;
    mx_look_back_succeeded(client);
    sync->last_success = g_get_monotonic_time();
    mx_backoff_reset(&sync->backoff);
    if (!client->is_signing_in)
        mx_client_set_state(client, MX_CLIENT_ONLINE);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    mx_client_crypto_kick(client);
    mx_send_queue_kick_all(client);
    mx_gap_retry_all(client);
    mx_upgrade_kick_all(client);
    mx_receipts_kick_all(client);
    mx_presence_kick(client);
    request_sync(client);
}

/* FALSE: everything is applied. */
static gboolean apply_next(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    if (sync->next_pending < sync->pending->len) {
        mx_client_put_change(client, g_ptr_array_index(sync->pending, sync->next_pending++));
        return TRUE;
    }
    if (sync->ephemeral != NULL && sync->next_ephemeral < sync->ephemeral->len) {
        MxEphemeral *ephemeral = g_ptr_array_index(sync->ephemeral, sync->next_ephemeral++);
        if (ephemeral->typing != NULL)
            mx_typing_apply(client, ephemeral);
        if (ephemeral->is_read && client->state != MX_CLIENT_STOPPED)
            mx_receipts_apply(client, ephemeral);
        return TRUE;
    }
    if (sync->presence != NULL && sync->next_presence < sync->presence->len) {
        mx_client_emit_presence(client, g_ptr_array_index(sync->presence, sync->next_presence++));
        return TRUE;
    }
    return FALSE;
}

static gboolean on_apply_slice(gpointer data)
{
    g_autoptr(MxClient) client = g_object_ref(data);
    MxSyncLoop *sync = &client->sync;
    /* a handler may end it all */
    g_autoptr(GPtrArray) rooms = g_ptr_array_ref(sync->pending);
    g_autoptr(GPtrArray) ephemeral =
        sync->ephemeral != NULL ? g_ptr_array_ref(sync->ephemeral) : NULL;
    g_autoptr(GPtrArray) presence = sync->presence != NULL ? g_ptr_array_ref(sync->presence) : NULL;
    gint64 until = g_get_monotonic_time() + SLICE_US;
    while (apply_next(client)) {
        if (client->state == MX_CLIENT_STOPPED)
            return G_SOURCE_REMOVE;
        if (g_get_monotonic_time() >= until)
            return G_SOURCE_CONTINUE;
    }
    sync->apply_source = 0;
    finish_applying(client);
    return G_SOURCE_REMOVE;
}

static void on_apply_done(gpointer data)
{
    ApplyJob *job = data;
    MxClient *client = job->base.client;
    MxSyncLoop *sync = &client->sync;
    sync->is_committing = FALSE;
    if (job->changes == NULL) {
        on_failure(client, job->base.error);
        return;
    }
    g_free(sync->since);
    sync->since = g_strdup(job->changes->next_batch);
    g_clear_pointer(&client->rules, mx_push_rules_unref);
    client->rules = g_steal_pointer(&job->changes->rules);
    if (job->changes->ignored != NULL)
        mx_ignored_take(client, g_steal_pointer(&job->changes->ignored));
    if (job->changes->changes_profile)
        mx_own_profile_changed(client);
    sync->pending = g_ptr_array_ref(job->changes->rooms);
    sync->ephemeral = g_ptr_array_ref(job->changes->ephemeral);
    sync->presence = g_ptr_array_ref(job->changes->presence);
    /* Idle priority: input and drawing come first. */
    sync->apply_source = g_idle_add(on_apply_slice, client);
}

static void push_apply(MxClient *client, Request *request)
{
    ApplyJob *job = mx_client_job_new(client, sizeof *job);
    job->feed = feed_ref(request->feed);
    job->own_user_id = g_strdup(client->user_id);
    job->since = request->had_since ? g_strdup(client->sync.since) : NULL;
    job->is_catch_up = !client->is_ready || client->sync.failed_last;
    job->keys_serial = request->keys_serial;
    job->open_rooms = copy_set(client->open_rooms);
    job->watched = copy_set(client->watched);
    job->rules = client->rules != NULL ? mx_push_rules_ref(client->rules) : NULL;
    client->sync.is_committing = TRUE;
    mx_worker_push(client->worker, MX_JOB_BULK, run_apply, on_apply_done, job, apply_job_free);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Request *request = user_data;
    MxClient *client = request->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    gboolean is_current = client->state != MX_CLIENT_STOPPED;
    if (is_current) {
        g_clear_object(&client->sync.cancellable);
        if (response != NULL)
            push_apply(client, request);
        else if (mx_error_is_cancelled(error))
            request_sync(client); /* mx_sync_hurry() */
        else
            on_failure(client, error);
    }
    feed_unref(request->feed);
    g_free(request);
    g_object_unref(client);
}

static void request_sync(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    /* One at a time, and none while an answer is being stored or applied. */
    if (client->state == MX_CLIENT_STOPPED || client->is_signing_in || client->is_signing_out ||
        sync->cancellable != NULL || sync->retry_source != 0 || sync->is_committing ||
        sync->pending != NULL)
        return;
    Request *request = g_new0(Request, 1);
    request->client = g_object_ref(client);
    request->feed = g_new0(Feed, 1);
    g_atomic_ref_count_init(&request->feed->refs);
    request->feed->stage = mx_sync_stage_new();
    request->had_since = sync->since != NULL;
    request->keys_serial = client->crypto.serial;
    gboolean holds = client->is_ready && !sync->hurry && !sync->failed_last;
    sync->hurry = FALSE;
    sync->started++;
    sync->cancellable = g_cancellable_new();
    g_autoptr(MxRequest) message = mx_endpoint_sync(
        sync->since, client->filter_id, holds ? HOLD_MS : 0, mx_presence_get_state(client));
    mx_request_set_chunk_func(message, on_chunk, request);
    mx_http_send_async(client->http, message, sync->cancellable, on_answer, request);
}

void mx_sync_retry(MxClient *client, const GError *error)
{
    schedule_retry(client, error);
}

void mx_sync_hurry(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    sync->hurry = TRUE;
    if (sync->cancellable != NULL) {
        g_cancellable_cancel(sync->cancellable);
    } else if (sync->retry_source != 0) {
        g_clear_handle_id(&sync->retry_source, g_source_remove);
        request_sync(client);
    }
}

/* The machine slept: the connection in use is dead, and nobody will say so for minutes. */
static gboolean on_clock(gpointer data)
{
    MxClient *client = data;
    gint64 now = g_get_real_time();
    gint64 passed = now - client->clock_last;
    client->clock_last = now;
    if (passed <= SLEPT_US + CLOCK_INTERVAL_S * G_USEC_PER_SEC)
        return G_SOURCE_CONTINUE;
    client->sync.failed_last = TRUE; /* what comes now is a catch-up */
    mx_http_forget_connections(client->http);
    mx_sync_hurry(client);
    return G_SOURCE_CONTINUE;
}

void mx_sync_start(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    mx_backoff_init(&sync->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    sync->last_success = g_get_monotonic_time();
    if (client->clock_source == 0) {
        client->clock_last = g_get_real_time();
        client->clock_source = g_timeout_add_seconds(CLOCK_INTERVAL_S, on_clock, client);
    }
    request_sync(client);
}

void mx_sync_resume(MxClient *client)
{
    mx_sync_hurry(client);
    request_sync(client); /* if none is under way */
}

void mx_sync_load(MxClient *client, GPtrArray *changes, GPtrArray *presence)
{
    client->sync.is_loading = TRUE;
    client->sync.pending = changes;
    client->sync.presence = presence;
    client->sync.apply_source = g_idle_add(on_apply_slice, client);
}

void mx_sync_pause(MxClient *client)
{
    if (client->sync.cancellable != NULL)
        g_cancellable_cancel(client->sync.cancellable);
    g_clear_handle_id(&client->sync.retry_source, g_source_remove);
}

void mx_sync_stop(MxClient *client)
{
    MxSyncLoop *sync = &client->sync;
    if (sync->cancellable != NULL)
        g_cancellable_cancel(sync->cancellable);
    g_clear_handle_id(&sync->retry_source, g_source_remove);
    g_clear_handle_id(&sync->apply_source, g_source_remove);
    g_clear_handle_id(&client->clock_source, g_source_remove);
    clear_pending(sync);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"
#include "mx-decrypt.h"
#include "mx-inbound.h"
#include "mx-notify.h"

/* The main loop's side of reading encrypted lines: one batch after the other on the worker, as a
 * bulk job each, so that what the user does comes between. */

#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000

typedef struct {
    MxClientJob base;
    char *own_user_id, *trusted; /* trusted: whose devices are judged anew, or NULL */
    int reading;                 /* what could not be read for this reason is tried again */
    MxPushRules *rules;
    GPtrArray *changes;
    gint64 wait_ms;
} DecryptJob;

static void decrypt_job_free(gpointer data)
{
    DecryptJob *job = data;
    g_free(job->own_user_id);
    g_free(job->trusted);
    g_clear_pointer(&job->rules, mx_push_rules_unref);
    g_clear_pointer(&job->changes, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_batch(MxStore *store, gpointer data)
{
    DecryptJob *job = data;
    if (job->rules == NULL)
        job->rules = mx_notify_load_rules(store);
    MxDecryptBatch batch = {
        .own_user_id = job->own_user_id, .rules = job->rules, .now_ms = g_get_real_time() / 1000};
    mx_decrypt_run(store, &batch, &job->base.error);
    job->changes = batch.changes;
    job->wait_ms = batch.wait_ms;
}

static gboolean on_due(gpointer data)
{
    MxClient *client = data;
    client->decrypting.source = 0;
    mx_decrypt_kick(client);
    return G_SOURCE_REMOVE;
}

static void wait_for(MxClient *client, gint64 wait_ms)
{
    g_clear_handle_id(&client->decrypting.source, g_source_remove);
    client->decrypting.source = g_timeout_add(CLAMP(wait_ms, 0, RETRY_CAP_MS), on_due, client);
}

/* Summaries that an answer of /sync has brought and that are not applied yet are older. */
void mx_decrypt_tell(MxClient *client, GPtrArray *changes)
{
    while (changes->len > 0 && client->state != MX_CLIENT_STOPPED) {
        MxRoomChange *change = g_ptr_array_steal_index(changes, 0);
        if (client->sync.pending != NULL) {
            g_ptr_array_add(client->sync.pending, change);
            continue;
        }
        if (mx_client_get_room_by_key(client, change->room->key) != NULL)
            mx_client_put_change(client, change);
        mx_room_change_free(change);
    }
}

static void on_batch_done(gpointer data)
{
    DecryptJob *job = data;
    g_autoptr(MxClient) client = g_object_ref(job->base.client);
    MxDecrypting *decrypting = &client->decrypting;
    decrypting->is_busy = FALSE;
    if (job->base.error != NULL) {
        g_message("encrypted lines could not be stored; they are read again later");
        wait_for(client, mx_backoff_next(&decrypting->backoff));
        return;
    }
    mx_backoff_reset(&decrypting->backoff);
    if (job->changes != NULL)
        mx_decrypt_tell(client, job->changes);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (job->changes != NULL)
        mx_client_crypto_kick(client); /* it may have read a verification's events */
    if (decrypting->again || job->changes != NULL)
        mx_decrypt_kick(client);
    else if (job->wait_ms >= 0)
        wait_for(client, job->wait_ms + 1);
}

static DecryptJob *new_job(MxClient *client)
{
    DecryptJob *job = mx_client_job_new(client, sizeof *job);
    job->own_user_id = g_strdup(client->user_id);
    job->rules = client->rules != NULL ? mx_push_rules_ref(client->rules) : NULL;
    return job;
}

void mx_decrypt_kick(MxClient *client)
{
    MxDecrypting *decrypting = &client->decrypting;
    if (client->worker == NULL || client->state == MX_CLIENT_STOPPED)
        return;
    decrypting->again = decrypting->is_busy;
    if (decrypting->is_busy)
        return;
    decrypting->is_busy = TRUE;
    g_clear_handle_id(&decrypting->source, g_source_remove);
    mx_worker_push(client->worker, MX_JOB_BULK, run_batch, on_batch_done, new_job(client),
                   decrypt_job_free);
}

/* ---- again ---- */

static GArray *take_retry(MxStore *store, const DecryptJob *job)
{
    if (mx_crypto_of(store) == NULL)
        return mx_store_give_up_waiting(store, MX_READING_PACK(MX_READ_NOT_TRIED, MX_SHIELD_NONE));
    mx_store_retry_reading(store, job->reading, job->trusted);
    return mx_store_retry_locked(store);
}

static void run_retry(MxStore *store, gpointer data)
{
    DecryptJob *job = data;
    mx_store_begin(store);
    g_autoptr(GArray) rooms = take_retry(store, job);
    if (mx_store_commit(store, &job->base.error))
        job->changes = mx_decrypt_list_changes(store, rooms, job->own_user_id);
}

static void on_retry_noted(gpointer data)
{
    DecryptJob *job = data;
    g_autoptr(MxClient) client = g_object_ref(job->base.client);
    if (job->changes != NULL)
        mx_decrypt_tell(client, job->changes);
    mx_decrypt_kick(client);
}

static void retry(MxClient *client, MxReadResult result, MxShield shield, const char *sender)
{
    DecryptJob *job = new_job(client);
    job->reading = MX_READING_PACK(result, shield);
    job->trusted = g_strdup(sender);
    mx_worker_push(client->worker, MX_JOB_BULK, run_retry, on_retry_noted, job, decrypt_job_free);
}

void mx_decrypt_start(MxClient *client)
{
    mx_backoff_init(&client->decrypting.backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    if (client->worker != NULL)
        retry(client, MX_READ_NOT_TRIED, MX_SHIELD_NONE, NULL);
}

void mx_decrypt_take_news(MxClient *client, const MxCryptoNews *news)
{
    if (client->worker == NULL || client->state == MX_CLIENT_STOPPED)
        return;
    if (news->kind == MX_CRYPTO_NEWS_SESSION)
        mx_decrypt_kick(client);
    else if (news->kind == MX_CRYPTO_NEWS_TRUST)
        retry(client, MX_READ_UNSIGNED_DEVICE, MX_SHIELD_NONE, news->user_id);
}

void mx_decrypt_stop(MxClient *client)
{
    g_clear_handle_id(&client->decrypting.source, g_source_remove);
}

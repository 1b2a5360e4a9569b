/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-trust.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-error.h"
#include "mx-share.h"

#define GROUP 4 /* characters of a fingerprint */

char *mx_fingerprint_format(const char *ed25519)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; ed25519[i] != '\0'; i++) {
        if (i > 0 && i % GROUP == 0)
            g_string_append_c(text, ' ');
        g_string_append_c(text, ed25519[i]);
    }
    return g_string_free(text, FALSE);
}

/* Any of the questions. */
typedef struct {
    MxClientJob base;
    MxTrustDeed deed;
    char *user_id, *device_id, *value;
    GPtrArray *devices, *rooms;
    MxIdentity *identity;
    MxEncryptionInfo *info;
    GCallback func;
    gpointer user_data;
    GDestroyNotify destroy;
} TrustJob;

static void job_free(gpointer data)
{
    TrustJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->user_id);
    g_free(job->device_id);
    g_free(job->value);
    g_clear_pointer(&job->devices, g_ptr_array_unref);
    g_clear_pointer(&job->rooms, g_ptr_array_unref);
    mx_identity_free(job->identity);
    if (job->info != NULL) {
        g_free(job->info->device_id);
        g_free(job->info->fingerprint);
        g_free(job->info);
    }
    mx_client_job_clear(job);
    g_free(job);
}

static TrustJob *job_new(MxClient *client, const char *user_id, GCallback func, gpointer user_data,
                         GDestroyNotify destroy)
{
    TrustJob *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(user_id);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    return job;
}

static void push(TrustJob *job, MxJobFunc run, MxJobDone done)
{
    mx_worker_push(job->base.client->worker, MX_JOB_USER, run, done, job, job_free);
}

/* ---- devices ---- */

/* This device is trusted here in any case; what is told is how others see it. */
static void judge_this_device(MxCrypto *crypto, MxDevice *device)
{
    if (g_str_equal(device->user_id, mx_crypto_get_user_id(crypto)) &&
        g_str_equal(device->device_id, mx_crypto_get_device_id(crypto)) &&
        mx_cross_signing_get_state(crypto) != MX_IDENTITY_READY)
        device->trust = MX_DEVICE_UNSIGNED;
}

static void run_devices(MxStore *store, gpointer data)
{
    TrustJob *job = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    job->devices = mx_device_list_get(crypto, job->user_id);
    for (guint i = 0; i < job->devices->len; i++)
        judge_this_device(crypto, g_ptr_array_index(job->devices, i));
    job->identity = mx_identity_get(crypto, job->user_id);
}

static void on_devices(gpointer data)
{
    TrustJob *job = data;
    ((MxDevicesFunc)job->func)(job->base.client, job->user_id, job->devices, job->identity,
                               job->user_data);
}

void mx_client_list_devices(MxClient *client, const char *user_id, MxDevicesFunc func,
                            gpointer user_data, GDestroyNotify destroy)
{
    push(job_new(client, user_id, G_CALLBACK(func), user_data, destroy), run_devices, on_devices);
}

/* ---- deeds ---- */

/* NULL: it may be done. */
static const char *find_obstacle(MxCrypto *crypto, const TrustJob *job)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, job->user_id);
    gboolean is_of_device = job->deed == MX_TRUST_BLOCK || job->deed == MX_TRUST_UNBLOCK;
    g_autoptr(MxDevice) device =
        is_of_device ? mx_device_list_find(crypto, job->user_id, job->device_id) : NULL;
    if (is_of_device && device == NULL)
        return _("No such device is known of this person. “/devices” lists those that are.");
    if (is_of_device && g_strcmp0(job->device_id, mx_crypto_get_device_id(crypto)) == 0 &&
        g_str_equal(job->user_id, mx_crypto_get_user_id(crypto)))
        return _("This is the device you are using.");
    if (is_of_device)
        return NULL;
    if (identity == NULL)
        return _("No identity is known of this person.");
    if (job->deed == MX_TRUST_ACCEPT && !identity->is_changed)
        return _("The identity of this person has not changed, so there is nothing to accept.");
    if (job->deed == MX_TRUST_ACCEPT && g_str_equal(job->user_id, mx_crypto_get_user_id(crypto)))
        return _("A new identity of your own is accepted with your recovery key: choose “Recover "
                 "encryption…” in the account's menu, or type “/recovery recover”.");
    if (job->deed == MX_TRUST_WITHDRAW && !identity->was_verified)
        return _("This person was not verified, so there is nothing to withdraw.");
    return NULL;
}

static void do_deed(MxCrypto *crypto, const TrustJob *job)
{
    switch (job->deed) {
    case MX_TRUST_ACCEPT:
        mx_identity_accept(crypto, job->user_id);
        break;
    case MX_TRUST_WITHDRAW:
        mx_identity_withdraw(crypto, job->user_id);
        break;
    case MX_TRUST_BLOCK:
    case MX_TRUST_UNBLOCK:
        mx_device_list_set_blocked(crypto, job->user_id, job->device_id,
                                   job->deed == MX_TRUST_BLOCK);
        break;
    }
}

static void run_deed(MxStore *store, gpointer data)
{
    TrustJob *job = data;
    MxCrypto *crypto = mx_crypto_of(store);
    const char *obstacle = crypto != NULL ? find_obstacle(crypto, job)
                                          : _("The encryption of this account is not open.");
    if (obstacle != NULL) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, obstacle);
        return;
    }
    mx_store_begin(store);
    do_deed(crypto, job);
    if (!mx_store_commit(store, &job->base.error))
        mx_crypto_forget(crypto);
}

static void on_deed(gpointer data)
{
    TrustJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error == NULL) {
        mx_client_crypto_kick(client);
        mx_send_queue_kick_all(client); /* what waited for this */
    }
    ((MxTrustFunc)job->func)(client, job->base.error, job->user_data);
}

void mx_client_trust(MxClient *client, MxTrustDeed deed, const char *user_id, const char *device_id,
                     MxTrustFunc func, gpointer user_data, GDestroyNotify destroy)
{
    TrustJob *job = job_new(client, user_id, G_CALLBACK(func), user_data, destroy);
    job->deed = deed;
    job->device_id = g_strdup(device_id);
    push(job, run_deed, on_deed);
}

/* ---- the policy ---- */

static void run_policy(MxStore *store, gpointer data)
{
    TrustJob *job = data;
    g_autofree char *present = mx_store_get_value(store, MX_VALUE_ENCRYPT_TO);
    if (g_str_equal(present != NULL ? present : "signed", job->value))
        return;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_ENCRYPT_TO, job->value);
    mx_store_commit(store, &job->base.error);
}

void mx_client_set_encrypt_to(MxClient *client, const char *policy)
{
    if (client->worker == NULL || client->state == MX_CLIENT_STOPPED)
        return; /* it has failed already */
    TrustJob *job = job_new(client, NULL, NULL, NULL, NULL);
    job->value = g_strdup(policy);
    push(job, run_policy, NULL);
}

/* ---- information ---- */

static void run_info(MxStore *store, gpointer data)
{
    TrustJob *job = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    job->info = g_new0(MxEncryptionInfo, 1);
    job->info->device_id = g_strdup(mx_crypto_get_device_id(crypto));
    job->info->fingerprint = mx_fingerprint_format(mx_crypto_get_ed25519(crypto));
    job->info->identity = mx_cross_signing_get_state(crypto);
    g_autoptr(GPtrArray) devices = mx_device_list_get(crypto, mx_crypto_get_user_id(crypto));
    job->info->n_devices = devices->len;
    for (guint i = 0; i < devices->len; i++) {
        const MxDevice *device = g_ptr_array_index(devices, i);
        gboolean is_this = g_str_equal(device->device_id, job->info->device_id);
        job->info->n_signed += is_this ? job->info->identity == MX_IDENTITY_READY
                                       : device->trust != MX_DEVICE_UNSIGNED;
    }
}

static void on_info(gpointer data)
{
    TrustJob *job = data;
    MxClient *client = job->base.client;
    ((MxEncryptionInfoFunc)job->func)(client, job->info, mx_client_crypto_get_failure(client),
                                      job->user_data);
}

void mx_client_get_encryption_info(MxClient *client, MxEncryptionInfoFunc func, gpointer user_data,
                                   GDestroyNotify destroy)
{
    push(job_new(client, NULL, G_CALLBACK(func), user_data, destroy), run_info, on_info);
}

/* ---- changes ---- */

static void run_rooms(MxStore *store, gpointer data)
{
    TrustJob *job = data;
    job->rooms = g_ptr_array_new_with_free_func(g_free);
    mx_store_list_shared_rooms(store, job->user_id, job->rooms);
}

static void on_rooms(gpointer data)
{
    TrustJob *job = data;
    MxClient *client = job->base.client;
    g_autofree char *text = g_strdup_printf(
        _("The identity of %s has changed: they have made a new one, or somebody pretends to be "
          "them. Ask them another way. Until you accept it with “/trust %s”, nothing is sent to "
          "encrypted rooms that they are in."),
        job->user_id, job->user_id);
    guint n_told = 0;
    for (guint i = 0; i < job->rooms->len; i++) {
        MxRoom *room = mx_client_get_room(client, g_ptr_array_index(job->rooms, i));
        if (room == NULL || !room->encrypted)
            continue;
        mx_client_emit_room_error(client, room, text);
        n_told++;
    }
    if (n_told == 0)
        mx_client_emit_account_notice(client, text);
}

void mx_trust_identity_changed(MxClient *client, const MxCryptoNews *news)
{
    if (g_strcmp0(news->user_id, mx_client_get_user_id(client)) == 0)
        mx_client_emit_account_notice(
            client,
            _("The identity of your account has been changed by another device. If that was you, "
              "choose “Recover encryption…” in the account's menu (or type “/recovery recover”) "
              "with the new "
              "recovery key. If not, change your password now: somebody else has it."));
    else
        push(job_new(client, news->user_id, NULL, NULL, NULL), run_rooms, on_rooms);
}

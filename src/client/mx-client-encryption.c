/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-encryption.h"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "mx-client-private.h"
#include "mx-share.h"
#include "mx-state-edit.h"

#define TYPE "m.room.encryption"
#define MEGOLM "m.megolm.v1.aes-sha2"

/* ---- switching on ---- */

/* Whoever was faster has done it. */
static gboolean edit_encryption(MxStore *store, gint64 room, JsonObject *content,
                                gconstpointer edit_data, gboolean *is_same, GError **error)
{
    (void)store;
    (void)room;
    (void)edit_data;
    (void)error;
    *is_same = json_object_has_member(content, "algorithm");
    if (!*is_same)
        json_object_set_string_member(content, "algorithm", MEGOLM);
    return TRUE;
}

static char *find_obstacle(MxClient *client, const MxRoom *room)
{
    const char *failure = mx_client_crypto_get_failure(client);
    if (room->encrypted)
        return g_strdup(_("This room is encrypted already."));
    if (failure != NULL)
        return g_strdup_printf(_("The encryption of this account is not ready. %s"), failure);
    return NULL;
}

/* From the homeserver's yes on, whether or not it shows the event (G1): the user has been told. */
typedef struct {
    MxClientJob base;
    char *room_id, *own_user_id;
    MxRoomChange *change;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} LatchJob;

static void latch_job_free(gpointer data)
{
    LatchJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_clear_pointer(&job->change, mx_room_change_free);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_latch(MxStore *store, gpointer data)
{
    static const char content[] = "{\"algorithm\":\"" MEGOLM "\"}";
    LatchJob *job = data;
    mx_store_begin(store);
    g_autoptr(MxRoomRow) row = mx_store_get_room(store, job->room_id);
    g_autofree char *known = row != NULL ? mx_store_get_state(store, row->key, TYPE, "") : NULL;
    if (row != NULL) {
        row->encrypted = TRUE;
        mx_store_save_room(store, row);
        if (known == NULL)
            mx_store_set_state(store, row->key, TYPE, "", NULL, job->own_user_id,
                               mx_json_scan_root(content, strlen(content)));
        job->change = g_new0(MxRoomChange, 1);
        job->change->room = mx_room_new(store, row, job->own_user_id);
    }
    mx_store_commit(store, &job->base.error);
}

static void on_latched(gpointer data)
{
    LatchJob *job = data;
    if (job->base.error == NULL && job->change != NULL)
        mx_client_put_change(job->base.client, job->change);
    job->func(job->base.client, job->room_id, job->base.error, job->user_data);
}

static void on_set(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    LatchJob *wish = data;
    if (error != NULL) {
        wish->func(client, room_id, error, wish->user_data);
        return;
    }
    LatchJob *job = mx_client_job_new(client, sizeof *job);
    job->room_id = g_strdup(room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->func = wish->func;
    job->user_data = wish->user_data;
    job->destroy = g_steal_pointer(&wish->destroy);
    mx_worker_push(client->worker, MX_JOB_USER, run_latch, on_latched, job, latch_job_free);
}

static void set_encryption(MxClient *client, MxRoom *room, MxStateEditFunc edit, MxRoomFunc func,
                           gpointer user_data, GDestroyNotify destroy)
{
    g_autofree char *obstacle = find_obstacle(client, room);
    if (obstacle == NULL) {
        MxStateEdit state = {TYPE, edit, NULL, NULL};
        mx_client_edit_state(client, room, &state, func, user_data, destroy);
        return;
    }
    g_autoptr(GError) error = g_error_new_literal(MX_ERROR, MX_ERROR_INVALID, obstacle);
    func(client, room->room_id, error, user_data);
    if (destroy != NULL)
        destroy(user_data);
}

void mx_client_check_encrypt(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                             GDestroyNotify destroy)
{
    set_encryption(client, room, NULL, func, user_data, destroy);
}

void mx_client_encrypt(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                       GDestroyNotify destroy)
{
    LatchJob *job = mx_client_job_new(client, sizeof *job);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    set_encryption(client, room, edit_encryption, on_set, job, latch_job_free);
}

/* ---- a new session ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} DiscardJob;

static void discard_job_free(gpointer data)
{
    DiscardJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_discard(MxStore *store, gpointer data)
{
    DiscardJob *job = data;
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, job->room);
    MxCrypto *crypto = mx_crypto_of(store);
    if (row == NULL || !row->encrypted || crypto == NULL) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("Nothing is encrypted here."));
        return;
    }
    mx_store_begin(store);
    mx_share_discard(crypto, job->room);
    if (!mx_store_commit(store, &job->base.error))
        mx_crypto_forget(crypto);
}

static void on_discarded(gpointer data)
{
    DiscardJob *job = data;
    job->func(job->base.client, job->room_id, job->base.error, job->user_data);
}

void mx_client_discard_session(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
    DiscardJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_discard, on_discarded, job, discard_job_free);
}

/* ---- direct rooms ---- */

void mx_client_set_encrypts_direct(MxClient *client, gboolean encrypts)
{
    client->keeps_direct_plain = !encrypts;
}

gboolean mx_client_encrypts_direct(MxClient *client)
{
    return !client->keeps_direct_plain && mx_client_crypto_get_failure(client) == NULL;
}

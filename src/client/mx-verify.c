/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-verify.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-error.h"

#define PREFIX "m.key.verification."
#define REQUEST "m.key.verification.request"

/* ---- events of rooms ---- */

gboolean mx_verify_is_request(const MxEvent *event)
{
    return event->state_key == NULL && g_str_equal(event->type, "m.room.message") &&
           mx_json_slice_equals(mx_json_scan_member(event->content, "msgtype"), REQUEST);
}

void mx_verify_take_event(MxStore *store, gint64 room, const MxEvent *event)
{
    MxCrypto *crypto = mx_crypto_of(store);
    gboolean is_one = g_str_has_prefix(event->type, PREFIX) || mx_verify_is_request(event);
    if (!is_one || crypto == NULL || event->state_key != NULL || event->content.text == NULL)
        return;
    MxVerificationEvent one = {.room = room,
                               .event_id = event->event_id,
                               .sender = event->sender,
                               .type = event->type,
                               .ts = event->ts,
                               .content = event->content.text,
                               .len = event->content.len};
    mx_verification_receive_in_room(crypto, &one);
}

char *mx_verify_send(MxStore *store, gint64 room, const char *type, const char *content)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    const char *own_user_id = mx_crypto_get_user_id(mx_crypto_of(store));
    return row != NULL ? mx_send_add_hidden(store, row, own_user_id, type, content) : NULL;
}

/* ---- the user ---- */

typedef struct {
    MxClientJob base;
    char *user_id, *device_id;
    gint64 rooms[2]; /* to be asked in: the first that they are in; 0: none */
    guint64 id;
    MxVerifyDeed deed;
    MxVerifyFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} VerifyJob;

static void job_free(gpointer data)
{
    VerifyJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->user_id);
    g_free(job->device_id);
    mx_client_job_clear(job);
    g_free(job);
}

static void refuse(VerifyJob *job, const char *text)
{
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, text);
}

static gint64 find_room(MxStore *store, const VerifyJob *job)
{
    for (guint i = 0; i < G_N_ELEMENTS(job->rooms); i++) {
        g_autoptr(MxMemberRow) member =
            job->rooms[i] != 0 ? mx_store_get_member(store, job->rooms[i], job->user_id) : NULL;
        if (member != NULL && member->membership == MX_MEMBERSHIP_JOIN)
            return job->rooms[i];
    }
    return 0;
}

static void commit(MxStore *store, MxCrypto *crypto, VerifyJob *job)
{
    if (!mx_store_commit(store, &job->base.error))
        mx_crypto_forget(crypto);
}

static void run_request(MxStore *store, gpointer data)
{
    VerifyJob *job = data;
    MxCrypto *crypto = mx_crypto_of(store);
    gint64 room = find_room(store, job);
    if (crypto == NULL) {
        refuse(job, _("The encryption of this account is not open."));
        return;
    }
    if (room == 0 && !g_str_equal(job->user_id, mx_crypto_get_user_id(crypto))) {
        refuse(job, _("You have no conversation with them to do this in. Send them a message, and "
                      "try again when they have joined."));
        return;
    }
    mx_store_begin(store);
    job->id = mx_verification_request(crypto, job->user_id, job->device_id, room);
    commit(store, crypto, job);
}

static void on_requested(gpointer data)
{
    VerifyJob *job = data;
    MxClient *client = job->base.client;
    job->func(client, job->base.error == NULL ? job->id : 0, job->base.error, job->user_data);
    mx_client_crypto_kick(client);
}

void mx_client_verify(MxClient *client, const char *user_id, const char *device_id, MxRoom *room,
                      MxVerifyFunc func, gpointer user_data, GDestroyNotify destroy)
{
    MxRoom *direct = mx_client_get_direct(client, user_id);
    VerifyJob *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(user_id);
    job->device_id = g_strdup(device_id);
    job->rooms[0] = direct != NULL ? direct->key : 0;
    job->rooms[1] = room != NULL ? room->key : 0;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_request, on_requested, job, job_free);
}

static void run_deed(MxStore *store, gpointer data)
{
    VerifyJob *job = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    mx_store_begin(store);
    switch (job->deed) {
    case MX_VERIFY_ACCEPT:
        mx_verification_accept(crypto, job->id);
        break;
    case MX_VERIFY_EMOJI:
        mx_verification_start(crypto, job->id);
        break;
    case MX_VERIFY_MATCH:
    case MX_VERIFY_MISMATCH:
        mx_verification_confirm(crypto, job->id, job->deed == MX_VERIFY_MATCH);
        break;
    case MX_VERIFY_CANCEL:
        mx_verification_cancel(crypto, job->id);
        break;
    }
    commit(store, crypto, job);
}

static void on_deed(gpointer data)
{
    VerifyJob *job = data;
    mx_client_crypto_kick(job->base.client);
}

void mx_client_answer_verification(MxClient *client, guint64 id, MxVerifyDeed deed)
{
    VerifyJob *job = mx_client_job_new(client, sizeof *job);
    job->id = id;
    job->deed = deed;
    mx_worker_push(client->worker, MX_JOB_USER, run_deed, on_deed, job, job_free);
}

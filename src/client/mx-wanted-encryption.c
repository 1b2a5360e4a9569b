/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-wanted-encryption.h"

#include "mx-client-encryption.h"

#define WANTED "1"
#define REFUSED "refused" /* and it was said */

static char *make_name(const char *room_id)
{
    return g_strconcat("to be encrypted ", room_id, NULL);
}

void mx_wanted_encryption_note(MxStore *store, const char *room_id)
{
    g_autofree char *name = make_name(room_id);
    mx_store_set_value(store, name, WANTED);
}

void mx_wanted_encryption_waive(MxStore *store, const MxRoomRow *room)
{
    g_autofree char *name = make_name(room->room_id);
    g_autofree char *value = mx_store_get_value(store, name);
    if (g_strcmp0(value, REFUSED) == 0)
        mx_store_set_value(store, name, NULL);
}

gboolean mx_wanted_encryption_is_missing(MxStore *store, const MxRoomRow *room)
{
    g_autofree char *name = make_name(room->room_id);
    g_autofree char *value = mx_store_get_value(store, name);
    return value != NULL && room->synced && !room->encrypted;
}

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *body;
    gboolean is_secret;
    MxDirectRoomFunc func;
} Job;

static void job_free(gpointer data)
{
    Job *job = data;
    g_free(job->room_id);
    g_free(job->body);
    mx_client_job_clear(job);
    g_free(job);
}

/* It has been said that the room stays as it is: /resend, and nothing else, is the user's word that
 * it may. */
static void run_give_up(MxStore *store, gpointer data)
{
    Job *job = data;
    g_autofree char *name = make_name(job->room_id);
    mx_store_begin(store);
    if (!job->is_secret)
        mx_store_set_value(store, name, REFUSED);
    mx_store_fail_queue(store, job->room);
    mx_store_commit(store, &job->base.error);
}

static void on_given_up(gpointer data)
{
    Job *job = data;
    MxDirectOutcome outcome = job->base.error != NULL ? MX_DIRECT_LATER : MX_DIRECT_REFUSED;
    job->func(job->base.client, job->room, outcome, job->base.error);
}

static void say_refused(Job *job, const GError *error)
{
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    const char *why = mx_error_get_server_text(error);
    if (why == NULL)
        why = error->message;
    g_autofree char *text =
        job->is_secret
            ? g_strdup_printf(_("Not sent: “%s”. This conversation was to be encrypted, and the "
                                "homeserver refuses that: %s. Type /resend to try again, or "
                                "/discard to drop it."),
                              job->body, why)
            : g_strdup_printf(_("Not sent: “%s”. This conversation was to be encrypted, and the "
                                "homeserver refuses that: %s. Type /resend to send it all the "
                                "same, in the clear, or /discard to drop it."),
                              job->body, why);
    if (room != NULL)
        mx_client_emit_room_error(client, room, text);
}

static void on_encrypted(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Job *job = data;
    (void)room_id;
    if (error == NULL || mx_error_is_transient(error) || mx_error_get_status(error) == 401) {
        job->func(client, job->room, error == NULL ? MX_DIRECT_READY : MX_DIRECT_LATER, error);
        return;
    }
    Job *next = mx_client_job_new(client, sizeof *next);
    next->room = job->room;
    next->room_id = g_strdup(job->room_id);
    next->is_secret = job->is_secret;
    next->func = job->func;
    say_refused(job, error);
    mx_worker_push(client->worker, MX_JOB_USER, run_give_up, on_given_up, next, job_free);
}

void mx_wanted_encryption_make_up(MxClient *client, gint64 room, const char *body,
                                  gboolean is_secret, MxDirectRoomFunc func)
{
    MxRoom *summary = mx_client_get_room_by_key(client, room);
    /* As when it is about to be encrypted by another device: the next look decides. */
    if (summary == NULL || summary->encrypted || mx_client_crypto_get_failure(client) != NULL) {
        func(client, room, MX_DIRECT_LATER, NULL);
        return;
    }
    Job *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->room_id = g_strdup(summary->room_id);
    job->body = g_strdup(body);
    job->is_secret = is_secret;
    job->func = func;
    mx_client_encrypt(client, summary, on_encrypted, job, job_free);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"

/* Which rooms the user's list held when it was last seen: what is missing from it at the next start
 * was taken out by the user. It is kept from the end of one connection to the next one's start, so
 * that a list which a crash did not save hides nothing. */

typedef struct {
    MxClientJob base;
    GPtrArray *room_ids;
} ListedJob;

static void listed_job_free(gpointer data)
{
    ListedJob *job = data;
    g_clear_pointer(&job->room_ids, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_listed(MxStore *store, gpointer data)
{
    ListedJob *job = data;
    mx_store_begin(store);
    mx_store_forget_listed(store);
    for (guint i = 0; job->room_ids != NULL && i < job->room_ids->len; i++)
        mx_store_add_listed(store, g_ptr_array_index(job->room_ids, i));
    mx_store_commit(store, &job->base.error);
}

static void push_listed(MxClient *client, GPtrArray *room_ids)
{
    ListedJob *job = mx_client_job_new(client, sizeof *job);
    job->room_ids = room_ids;
    mx_worker_push(client->worker, MX_JOB_USER, run_listed, NULL, job, listed_job_free);
}

void mx_client_places_loaded(MxClient *client)
{
    client->places_loaded = TRUE;
    push_listed(client, NULL);
}

void mx_client_note_listed(MxClient *client, GPtrArray *room_ids)
{
    if (client->worker != NULL && client->places_loaded)
        push_listed(client, room_ids);
    else
        g_ptr_array_unref(room_ids);
}

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

/* ---- tags ---- */

/* One request after the other. Reference counted: each request holds it. */
typedef struct {
    char *room_id;
    GQueue requests; /* of MxRequest */
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Tagging;

static void tagging_clear(gpointer data)
{
    Tagging *tagging = data;
    g_queue_clear_full(&tagging->requests, (GDestroyNotify)mx_request_unref);
    if (tagging->destroy != NULL)
        tagging->destroy(tagging->user_data);
    g_free(tagging->room_id);
}

static void tagging_unref(gpointer tagging)
{
    g_rc_box_release_full(tagging, tagging_clear);
}

static void on_tagged(MxClient *client, const char *room_id, const GError *error, gpointer data);

static void tag_next(MxClient *client, Tagging *tagging)
{
    g_autoptr(MxRequest) request = g_queue_pop_head(&tagging->requests);
    mx_client_call(client, tagging->room_id, request, on_tagged, g_rc_box_acquire(tagging),
                   tagging_unref);
}

static void on_tagged(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Tagging *tagging = data;
    gboolean is_done = error == NULL || mx_error_get_status(error) == 404; /* it has no such tag */
    if (is_done && !g_queue_is_empty(&tagging->requests))
        tag_next(client, tagging);
    else
        tagging->func(client, room_id, is_done ? NULL : error, tagging->user_data);
}

static void add_tag_step(Tagging *tagging, const char *user_id, const char *tag, gboolean has_it)
{
    MxRequest *request = has_it ? mx_endpoint_set_tag(user_id, tagging->room_id, tag)
                                : mx_endpoint_delete_tag(user_id, tagging->room_id, tag);
    g_queue_push_tail(&tagging->requests, request);
}

void mx_client_set_place(MxClient *client, const char *room_id, MxPlaceKind kind, MxRoomFunc func,
                         gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Tagging *tagging = g_rc_box_new0(Tagging);
    tagging->room_id = g_strdup(room_id);
    tagging->func = func;
    tagging->user_data = user_data;
    tagging->destroy = destroy;
    gboolean is_low = kind == MX_PLACE_LOW_PRIORITY;
    add_tag_step(tagging, client->user_id, is_low ? "m.favourite" : "m.lowpriority", FALSE);
    add_tag_step(tagging, client->user_id, is_low ? "m.lowpriority" : "m.favourite",
                 kind != MX_PLACE_NONE);
    tag_next(client, tagging);
    tagging_unref(tagging);
}

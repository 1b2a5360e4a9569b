/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"

/* The members of a room, for its window. Lazy loading leaves holes in what /sync brings (C12), so
 * the first window asks for the whole list; after that /sync keeps it. */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *at; /* the moment it tells of */
    GBytes *answer;
    gboolean is_complete;
    MxMemberQuery query;
    GPtrArray *members;
    guint total;
    MxMembersFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} MembersJob;

static void members_job_free(gpointer data)
{
    MembersJob *job = data;
    g_free(job->at);
    g_free(job->query.words);
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_clear_pointer(&job->answer, g_bytes_unref);
    g_clear_pointer(&job->members, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

/* The same again; what the callback gets goes along. */
static MembersJob *move_job(MembersJob *from)
{
    MembersJob *job = mx_client_job_new(from->base.client, sizeof *job);
    job->room = from->room;
    job->query.limit = from->query.limit;
    job->query.words = g_steal_pointer(&from->query.words);
    job->func = from->func;
    job->user_data = from->user_data;
    job->destroy = from->destroy;
    from->destroy = NULL;
    return job;
}

static void run_list(MxStore *store, gpointer data)
{
    MembersJob *job = data;
    if (job->answer != NULL) {
        gsize len;
        const char *text = g_bytes_get_data(job->answer, &len);
        mx_member_store_answer(store, job->room, job->at, text, len, &job->base.error);
    }
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, job->room);
    job->is_complete = row != NULL && row->members_complete;
    job->members = mx_member_list(store, job->room, &job->query, &job->total);
}

static void give(MembersJob *job)
{
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, g_steal_pointer(&job->members), job->total,
                  job->user_data);
}

static void on_listed_again(gpointer data)
{
    give(data);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MembersJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED) {
        members_job_free(job);
        return;
    }
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
    if (response != NULL)
        job->answer = g_bytes_ref(response->body);
    mx_worker_push(client->worker, MX_JOB_USER, run_list, on_listed_again, job, members_job_free);
}

static void on_listed(gpointer data)
{
    MembersJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->is_complete || room == NULL || room->membership != MX_MEMBERSHIP_JOIN) {
        give(job);
        return;
    }
    MembersJob *next = move_job(job);
    next->at = g_strdup(client->sync.since);
    g_autoptr(MxRequest) request = mx_endpoint_members(room->room_id, next->at, "leave");
    mx_http_send_async(client->http, request, client->cancellable, on_answer, next);
}

void mx_client_list_members(MxClient *client, MxRoom *room, const MxMemberQuery *query,
                            MxMembersFunc func, gpointer user_data, GDestroyNotify destroy)
{
    if (client->worker == NULL) {
        if (destroy != NULL)
            destroy(user_data);
        return;
    }
    MembersJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->query.limit = query->limit;
    job->query.words = g_strdup(query->words);
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_list, on_listed, job, members_job_free);
}

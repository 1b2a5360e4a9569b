/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-history.h"

#include "mx-client-private.h"
#include "mx-history-walk.h"

/* Carries the walk (mx-history-walk.h) to and fro between the worker and the network. */

#define PAGE 100
/* A page of so many events of the largest size fits. */
#define MAX_PAGE_BYTES (16 * 1024 * 1024)
#define TIMEOUT_S 30
#define WAIT_S 12

typedef struct {
    MxClientJob base;
    gint64 room;
    MxHistoryWalk *walk;
    guint wait_source;
    MxHistoryFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Reading;

static void reading_free(gpointer data)
{
    Reading *reading = data;
    g_clear_handle_id(&reading->wait_source, g_source_remove);
    mx_history_walk_free(reading->walk);
    if (reading->destroy != NULL)
        reading->destroy(reading->user_data);
    mx_client_job_clear(reading);
    g_free(reading);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

/* A worker's job that lends the reading: the next step takes it on. */
typedef struct {
    Reading *reading;
} Step;

static void step_free(gpointer data)
{
    Step *step = data;
    g_clear_pointer(&step->reading, reading_free);
    g_free(step);
}

static void take_step(Reading *reading);

static void run_step(MxStore *store, gpointer data)
{
    Reading *reading = ((Step *)data)->reading;
    mx_history_walk_step(store, reading->walk, &reading->base.error);
}

static void end(Reading *reading)
{
    g_autoptr(Reading) ended = reading;
    MxRoom *room = mx_client_get_room_by_key(ended->base.client, ended->room);
    if (room == NULL)
        return;
    MxHistory *history = ended->base.error == NULL ? mx_history_walk_finish(ended->walk) : NULL;
    ended->func(ended->base.client, room, history, ended->base.error, ended->user_data);
}

/* ---- the network ---- */

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(Reading) reading = data;
    g_autoptr(MxResponse) response = NULL;
    MxHistoryWalk *walk = reading->walk;
    if (!mx_client_take_answer(reading->base.client, source, result, &response, &walk->failure))
        return;
    if (response != NULL)
        walk->answer = g_bytes_ref(response->body);
    take_step(g_steal_pointer(&reading));
}

static MxRequest *new_request(const MxHistoryWalk *walk)
{
    if (walk->need == MX_WALK_TOMBSTONE)
        return mx_endpoint_get_state(walk->room_id, "m.room.tombstone", "");
    if (walk->need == MX_WALK_CONTEXT)
        return mx_endpoint_context(walk->room_id, walk->event_id);
    return mx_endpoint_messages(walk->room_id, walk->from, walk->to, "b", PAGE);
}

static void ask(Reading *reading)
{
    MxHistoryWalk *walk = reading->walk;
    MxClient *client = reading->base.client;
    g_autoptr(MxRequest) request = new_request(walk);
    mx_request_set_timeout(request, TIMEOUT_S);
    mx_request_set_max_body(request, MAX_PAGE_BYTES);
    mx_http_send_async(client->http, request, client->cancellable, on_answer, reading);
}

/* ---- what is filled by itself comes first ---- */

static void stop_waiting(Reading *reading)
{
    MxClient *client = reading->base.client;
    client->history_waits = g_slist_remove(client->history_waits, reading);
    g_clear_handle_id(&reading->wait_source, g_source_remove);
    take_step(reading);
}

static gboolean on_waited_long(gpointer data)
{
    Reading *reading = data;
    reading->wait_source = 0;
    stop_waiting(reading);
    return G_SOURCE_REMOVE;
}

void mx_history_gap_filled(MxClient *client, gint64 room)
{
    g_autoptr(GSList) waits = g_slist_copy(client->history_waits);
    for (GSList *at = waits; at != NULL; at = at->next) {
        Reading *reading = at->data;
        if (reading->walk->place.room == room)
            stop_waiting(reading);
    }
}

void mx_history_clear(MxClient *client)
{
    g_slist_free_full(g_steal_pointer(&client->history_waits), reading_free);
}

/* Also in a room without a window: what is found in it was not read, and waits like all that is
 * new. */
static void wait_for_gap(Reading *reading)
{
    MxClient *client = reading->base.client;
    client->history_waits = g_slist_prepend(client->history_waits, reading);
    reading->wait_source = g_timeout_add_seconds(WAIT_S, on_waited_long, reading);
    mx_gap_fill(client, reading->walk->place.room, FALSE);
}

/* ---- */

static void on_step(gpointer data)
{
    Reading *reading = g_steal_pointer(&((Step *)data)->reading);
    mx_decrypt_tell(reading->base.client, reading->walk->changes);
    if (reading->base.client->state == MX_CLIENT_STOPPED)
        reading_free(reading);
    else if (reading->base.error != NULL || reading->walk->need == MX_WALK_DONE)
        end(reading);
    else if (reading->walk->need == MX_WALK_GAP)
        wait_for_gap(reading);
    else
        ask(reading);
}

static void take_step(Reading *reading)
{
    Step *step = g_new0(Step, 1);
    step->reading = reading;
    mx_worker_push(reading->base.client->worker, MX_JOB_USER, run_step, on_step, step, step_free);
}

void mx_client_read_history(MxClient *client, MxRoom *room, const MxHistoryPlace *place,
                            const MxHistoryQuery *query, MxHistoryFunc func, gpointer user_data,
                            GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL && client->http != NULL);
    Reading *reading = mx_client_job_new(client, sizeof *reading);
    reading->room = room->key;
    reading->walk = mx_history_walk_new(place, query, room->key, client->user_id);
    reading->func = func;
    reading->user_data = user_data;
    reading->destroy = destroy;
    take_step(reading);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-power.h"

/* What a room says of itself: read from the database, changed on the server. A change is asked for
 * only where the user's power allows it, as far as that is known here. */

typedef struct {
    MxClientJob base;
    gint64 room;
    MxRoomInfo *info;
    MxRoomInfoFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} InfoJob;

static void info_job_free(gpointer data)
{
    InfoJob *job = data;
    g_clear_pointer(&job->info, mx_room_info_free);
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_info(MxStore *store, gpointer data)
{
    InfoJob *job = data;
    job->info = mx_room_info_load(store, job->room);
}

static void on_info(gpointer data)
{
    InfoJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->info, job->user_data);
}

void mx_client_get_info(MxClient *client, MxRoom *room, MxRoomInfoFunc func, gpointer user_data,
                        GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    InfoJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_info, on_info, job, info_job_free);
}

/* ---- change ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *type;
    JsonObject *content;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL once user_data is the request's */
} StateJob;

static void state_job_free(gpointer data)
{
    StateJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->type);
    json_object_unref(job->content);
    mx_client_job_clear(job);
    g_free(job);
}

static int clamp(gint64 level)
{
    return CLAMP(level, G_MININT, G_MAXINT);
}

static void run_check_power(MxStore *store, gpointer data)
{
    StateJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (mx_power_may_send_state(power, job->own_user_id, job->type))
        return;
    g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                _("In this room that takes a power level of %d, and yours is %d."),
                clamp(mx_power_get_needed(power, job->type, TRUE)),
                clamp(mx_power_get(power, job->own_user_id)));
}

static void on_power_checked(gpointer data)
{
    StateJob *job = data;
    if (job->base.error != NULL) {
        job->func(job->base.client, job->room_id, job->base.error, job->user_data);
        return;
    }
    g_autoptr(MxRequest) request = mx_endpoint_set_state(job->room_id, job->type, "", job->content);
    mx_client_call(job->base.client, job->room_id, request, job->func, job->user_data,
                   g_steal_pointer(&job->destroy));
}

/* Takes content. */
static void set_state(MxClient *client, MxRoom *room, const char *type, JsonObject *content,
                      MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    StateJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->type = g_strdup(type);
    job->content = content;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_check_power, on_power_checked, job,
                   state_job_free);
}

void mx_client_set_room_name(MxClient *client, MxRoom *room, const char *name, MxRoomFunc func,
                             gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "name", name);
    set_state(client, room, "m.room.name", content, func, user_data, destroy);
}

/* The same text as "m.topic", for clients that prefer that. */
static JsonObject *new_topic_block(const char *topic)
{
    JsonObject *block = json_object_new();
    JsonArray *texts = json_array_new();
    JsonObject *text = json_object_new();
    json_object_set_string_member(text, "body", topic);
    json_array_add_object_element(texts, text);
    json_object_set_array_member(block, "m.text", texts);
    return block;
}

void mx_client_set_room_topic(MxClient *client, MxRoom *room, const char *topic, MxRoomFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "topic", topic);
    if (*topic != '\0')
        json_object_set_object_member(content, "m.topic", new_topic_block(topic));
    set_state(client, room, "m.room.topic", content, func, user_data, destroy);
}

void mx_client_set_history_visibility(MxClient *client, MxRoom *room, const char *visibility,
                                      MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "history_visibility", visibility);
    set_state(client, room, "m.room.history_visibility", content, func, user_data, destroy);
}

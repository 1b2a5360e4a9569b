/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-id.h"
#include "mx-invitation.h"
#include "mx-json.h"
#include "mx-wanted-encryption.h"

/* Rooms come and go by the user's hand: one request each. What it brought about is told by the next
 * /sync. */

typedef struct {
    MxClient *client;
    char *room_id;     /* NULL: the answer names it */
    gboolean is_noted; /* the room is to be encrypted, which is remembered first */
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RoomCall;

static void room_call_free(RoomCall *call)
{
    if (call->destroy != NULL)
        call->destroy(call->user_data);
    g_free(call->room_id);
    g_object_unref(call->client);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RoomCall, room_call_free)

static RoomCall *room_call_new(MxClient *client, const char *room_id, MxRoomFunc func,
                               gpointer user_data, GDestroyNotify destroy)
{
    RoomCall *call = g_new0(RoomCall, 1);
    call->client = g_object_ref(client);
    call->room_id = g_strdup(room_id);
    call->func = func;
    call->user_data = user_data;
    call->destroy = destroy;
    return call;
}

static void read_room_id(RoomCall *call, MxResponse *response, GError **error)
{
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    const char *room_id = mx_json_string(answer, "room_id");
    if (room_id != NULL && mx_room_id_is_valid(room_id))
        call->room_id = g_strdup(room_id);
    else
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("The homeserver's answer names no room."));
}

/* What a room call has done before its end. */
typedef struct {
    MxClientJob base;
    RoomCall *call;
} NoteJob;

static void note_job_free(gpointer data)
{
    NoteJob *job = data;
    room_call_free(job->call);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_note(MxStore *store, gpointer data)
{
    NoteJob *job = data;
    mx_store_begin(store);
    mx_wanted_encryption_note(store, job->call->room_id);
    mx_store_commit(store, &job->base.error);
}

static void on_noted(gpointer data)
{
    NoteJob *job = data;
    job->call->func(job->base.client, job->call->room_id, job->base.error, job->call->user_data);
}

static void note_wanted_encryption(RoomCall *call)
{
    NoteJob *job = mx_client_job_new(call->client, sizeof *job);
    job->call = call;
    mx_worker_push(call->client->worker, MX_JOB_USER, run_note, on_noted, job, note_job_free);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(RoomCall) call = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(call->client, source, result, &response, &error))
        return;
    if (response != NULL && call->room_id == NULL)
        read_room_id(call, response, &error);
    if (call->is_noted && error == NULL)
        note_wanted_encryption(g_steal_pointer(&call));
    else
        call->func(call->client, call->room_id, error, call->user_data);
}

static void send_call(RoomCall *call, MxRequest *request)
{
    mx_http_send_async(call->client->http, request, call->client->cancellable, on_answer, call);
}

void mx_client_call(MxClient *client, const char *room_id, MxRequest *request, MxRoomFunc func,
                    gpointer user_data, GDestroyNotify destroy)
{
    send_call(room_call_new(client, room_id, func, user_data, destroy), request);
}

/* ---- join ---- */

/* An invitation to a direct chat is marked as accepted first, so that m.direct names the room in
 * the same moment in which it is joined, whatever happens in between. */
typedef struct {
    MxClientJob base;
    char *room_id;
    MxRequest *request;
    RoomCall *call;
} AcceptJob;

static void accept_job_free(gpointer data)
{
    AcceptJob *job = data;
    g_free(job->room_id);
    g_clear_pointer(&job->request, mx_request_unref);
    g_clear_pointer(&job->call, room_call_free);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_accept(MxStore *store, gpointer data)
{
    AcceptJob *job = data;
    mx_store_begin(store);
    g_autoptr(MxInvitation) invitation = mx_invitation_load(store, job->room_id);
    if (invitation != NULL) {
        invitation->accepted = TRUE;
        mx_invitation_save(store, job->room_id, invitation);
    }
    mx_store_commit(store, &job->base.error);
}

static void on_accept_stored(gpointer data)
{
    AcceptJob *job = data;
    if (job->base.error != NULL)
        job->call->func(job->base.client, NULL, job->base.error, job->call->user_data);
    else
        send_call(g_steal_pointer(&job->call), job->request);
}

void mx_client_join(MxClient *client, const char *id_or_alias, const char *const *via,
                    const char *reason, MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    g_autoptr(JsonObject) body = json_object_new();
    if (reason != NULL)
        json_object_set_string_member(body, "reason", reason);
    g_autoptr(MxRequest) request = mx_endpoint_join(id_or_alias, via, body);
    RoomCall *call = room_call_new(client, NULL, func, user_data, destroy);
    MxRoom *room = mx_client_get_room(client, id_or_alias);
    if (room == NULL || !room->invite_is_direct) {
        send_call(call, request);
        return;
    }
    AcceptJob *job = mx_client_job_new(client, sizeof *job);
    job->room_id = g_strdup(room->room_id);
    job->request = mx_request_ref(request);
    job->call = call;
    mx_worker_push(client->worker, MX_JOB_USER, run_accept, on_accept_stored, job, accept_job_free);
}

/* ---- the others ---- */

void mx_client_leave(MxClient *client, const char *room_id, const char *reason, MxRoomFunc func,
                     gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    g_autoptr(MxRequest) request = mx_endpoint_leave(room_id, reason);
    send_call(room_call_new(client, room_id, func, user_data, destroy), request);
}

void mx_client_forget(MxClient *client, const char *room_id, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    g_autoptr(MxRequest) request = mx_endpoint_forget(room_id);
    send_call(room_call_new(client, room_id, func, user_data, destroy), request);
}

void mx_client_invite(MxClient *client, const char *room_id, const char *user_id,
                      const char *reason, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    g_autoptr(MxRequest) request = mx_endpoint_invite(room_id, user_id, reason);
    send_call(room_call_new(client, room_id, func, user_data, destroy), request);
}

void mx_client_create_room(MxClient *client, const MxNewRoom *wanted, MxRoomFunc func,
                           gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    g_autoptr(JsonObject) body = mx_new_room_to_json(wanted);
    g_autoptr(MxRequest) request = mx_endpoint_create_room(body);
    mx_request_set_timeout(request, 0); /* each invitee's server may be asked first */
    RoomCall *call = room_call_new(client, NULL, func, user_data, destroy);
    call->is_noted = mx_new_room_wants_encryption(wanted);
    send_call(call, request);
}

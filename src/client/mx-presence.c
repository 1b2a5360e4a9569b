/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"

/* The user's own presence (client-server API, "Presence"), and whose else matters. What asking for
 * news says (set_presence) is enough for most; a change, or a status message, is told at once. Many
 * homeservers have no presence: one refusal, and nothing more is asked. */

#define RETRY_FIRST_MS 2000
#define RETRY_CAP_MS (5 * 60 * 1000)

struct _MxOwnPresence {
    const char *state, *told_state; /* static; told_state NULL: not known */
    char *message, *told_message;   /* never NULL */
    gboolean is_refused, is_busy;
    MxBackoff backoff;
    gint64 not_before; /* monotonic, us */
};

void mx_presence_init(MxClient *client)
{
    MxOwnPresence *own = g_new0(MxOwnPresence, 1);
    own->message = g_strdup("");
    own->told_message = g_strdup("");
    mx_backoff_init(&own->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    client->own_presence = own;
    client->watched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void mx_presence_clear(MxClient *client)
{
    g_free(client->own_presence->message);
    g_free(client->own_presence->told_message);
    g_clear_pointer(&client->own_presence, g_free);
    g_clear_pointer(&client->watched, g_hash_table_unref);
}

const char *mx_presence_get_state(MxClient *client)
{
    return client->own_presence->state;
}

void mx_presence_set_told(MxClient *client, const char *message)
{
    MxOwnPresence *own = client->own_presence;
    /* The first /sync tells the state, but nothing of a message that an earlier run has set. */
    own->told_state = own->state;
    g_free(own->told_message);
    own->told_message = g_strdup(message != NULL ? message : "");
}

/* ---- telling ---- */

typedef struct {
    MxClientJob base;
    char *message;
} MessageJob;

static void message_job_free(gpointer data)
{
    MessageJob *job = data;
    g_free(job->message);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_save_message(MxStore *store, gpointer data)
{
    MessageJob *job = data;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_STATUS_MSG, job->message);
    mx_store_commit(store, &job->base.error);
}

static void note_told(MxClient *client, const char *state, char *message)
{
    MxOwnPresence *own = client->own_presence;
    own->told_state = state;
    if (g_str_equal(own->told_message, message)) {
        g_free(message);
        return;
    }
    g_free(own->told_message);
    own->told_message = message;
    MessageJob *job = mx_client_job_new(client, sizeof *job);
    job->message = *message != '\0' ? g_strdup(message) : NULL;
    mx_worker_push(client->worker, MX_JOB_USER, run_save_message, NULL, job, message_job_free);
}

typedef struct {
    MxClient *client;
    const char *state;
    char *message;
} Telling;

static void telling_free(Telling *telling)
{
    g_free(telling->message);
    g_object_unref(telling->client);
    g_free(telling);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Telling, telling_free)

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Telling) telling = user_data;
    MxClient *client = telling->client;
    MxOwnPresence *own = client->own_presence;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    own->is_busy = FALSE;
    if (response != NULL) {
        mx_backoff_reset(&own->backoff);
        note_told(client, telling->state, g_steal_pointer(&telling->message));
        mx_presence_kick(client);
        return;
    }
    own->not_before =
        g_get_monotonic_time() + mx_backoff_next(&own->backoff) * G_GINT64_CONSTANT(1000);
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
    else if (!mx_error_is_transient(error))
        own->is_refused = TRUE;
}

void mx_presence_kick(MxClient *client)
{
    MxOwnPresence *own = client->own_presence;
    gboolean is_told =
        g_strcmp0(own->state, own->told_state) == 0 && g_str_equal(own->message, own->told_message);
    if (is_told || own->is_busy || own->is_refused || client->state != MX_CLIENT_ONLINE ||
        client->is_signing_in || client->is_signing_out || g_get_monotonic_time() < own->not_before)
        return;
    Telling *telling = g_new0(Telling, 1);
    telling->client = g_object_ref(client);
    telling->state = own->state;
    telling->message = g_strdup(own->message);
    own->is_busy = TRUE;
    g_autoptr(MxRequest) request =
        mx_endpoint_set_presence(client->user_id, own->state, own->message);
    mx_http_send_async(client->http, request, client->cancellable, on_answer, telling);
}

void mx_client_set_presence(MxClient *client, const char *presence, const char *message)
{
    MxOwnPresence *own = client->own_presence;
    own->state = presence;
    g_free(own->message);
    own->message = g_strdup(message != NULL ? message : "");
    mx_presence_kick(client);
}

/* ---- others ---- */

void mx_client_watch_presence(MxClient *client, const char *user_id)
{
    g_hash_table_add(client->watched, g_strdup(user_id));
}

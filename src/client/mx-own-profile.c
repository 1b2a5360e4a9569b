/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-mxc.h"
#include "mx-profile.h"

/* The user's own profile. Servers do not tell of changes to it, but an own member event in a room
 * that the user is in does: then it is asked for again. */

/* One change makes an event in each of the user's rooms. */
#define GATHER_MS 500

typedef struct {
    MxClientJob base;
    char *name;
} NameJob;

static void run_save_name(MxStore *store, gpointer data)
{
    NameJob *job = data;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_OWN_NAME, job->name);
    mx_store_commit(store, &job->base.error);
}

static void name_job_free(gpointer data)
{
    NameJob *job = data;
    g_free(job->name);
    mx_client_job_clear(job);
    g_free(job);
}

static void take_name(MxClient *client, const char *name)
{
    mx_client_emit_own_name(client, name);
    if (client->worker == NULL)
        return;
    NameJob *job = mx_client_job_new(client, sizeof *job);
    job->name = g_strdup(name);
    mx_worker_push(client->worker, MX_JOB_USER, run_save_name, NULL, job, name_job_free);
}

static void on_profile(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    gboolean is_empty = mx_error_get_status(error) == 404;
    if (client->state == MX_CLIENT_STOPPED || (response == NULL && !is_empty))
        return;
    gsize len = 0;
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "{}";
    g_autoptr(JsonObject) profile = mx_json_parse_object(text, response != NULL ? len : 2, NULL);
    if (profile == NULL)
        return;
    g_autofree char *name = mx_event_tidy_name(mx_json_string(profile, "displayname"));
    const char *mxc = mx_json_string(profile, "avatar_url");
    take_name(client, name);
    if (client->state != MX_CLIENT_STOPPED)
        mx_client_emit_own_avatar(client, mx_mxc_parse(mxc, NULL, NULL) ? mxc : NULL);
}

void mx_own_profile_ask(MxClient *client)
{
    g_autoptr(MxRequest) request = mx_endpoint_profile(client->user_id);
    mx_http_send_async(client->http, request, client->cancellable, on_profile,
                       g_object_ref(client));
}

static gboolean on_gathered(gpointer data)
{
    MxClient *client = data;
    client->profile_source = 0;
    mx_own_profile_ask(client);
    return G_SOURCE_REMOVE;
}

void mx_own_profile_changed(MxClient *client)
{
    if (client->is_ready && client->profile_source == 0)
        client->profile_source = g_timeout_add(GATHER_MS, on_gathered, client);
}

void mx_own_profile_stop(MxClient *client)
{
    g_clear_handle_id(&client->profile_source, g_source_remove);
}

/* ---- changes ---- */

typedef struct {
    MxClient *client;
    char *name, *mxc; /* the new one; NULL: the other one was set */
    MxProfileFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} SetCall;

static void set_call_free(SetCall *call)
{
    if (call->destroy != NULL)
        call->destroy(call->user_data);
    g_free(call->name);
    g_free(call->mxc);
    g_object_unref(call->client);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SetCall, set_call_free)

static const char *null_if_empty(const char *text)
{
    return *text != '\0' ? text : NULL;
}

static void on_set(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(SetCall) call = user_data;
    MxClient *client = call->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(client, source, result, &response, &error))
        return;
    if (call->func != NULL)
        call->func(client, error, call->user_data);
    if (error != NULL || client->state == MX_CLIENT_STOPPED)
        return;
    if (call->name != NULL)
        take_name(client, null_if_empty(call->name));
    else
        mx_client_emit_own_avatar(client, null_if_empty(call->mxc));
}

static void set(MxClient *client, const char *key, const char *value, SetCall *call)
{
    g_autoptr(MxRequest) request = mx_endpoint_set_profile(client->user_id, key, value);
    call->client = g_object_ref(client);
    mx_http_send_async(client->http, request, client->cancellable, on_set, call);
}

void mx_client_set_display_name(MxClient *client, const char *text, MxProfileFunc func,
                                gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->user_id != NULL);
    SetCall *call = g_new0(SetCall, 1);
    call->name = g_strdup(text);
    call->func = func;
    call->user_data = user_data;
    call->destroy = destroy;
    set(client, "displayname", text, call);
}

void mx_client_set_avatar_url(MxClient *client, const char *mxc, MxProfileFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->user_id != NULL);
    SetCall *call = g_new0(SetCall, 1);
    call->mxc = g_strdup(mxc);
    call->func = func;
    call->user_data = user_data;
    call->destroy = destroy;
    set(client, "avatar_url", mxc, call);
}

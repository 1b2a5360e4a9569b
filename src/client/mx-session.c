/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-device-keys.h"
#include "mx-discovery.h"
#include "mx-id.h"
#include "mx-ignored-list.h"
#include "mx-json.h"
#include "mx-mark.h"
#include "mx-uri.h"
#include "mx-vault.h"

/* From the database to a token that works: one device for ever, a login only when there is no
 * token. */

/* A change of the filter's text needs a new version here, so that stored filter IDs are not used
 * for it. */
#define DEVICE_ID_LENGTH 10
#define FILTER_VERSION "1:"
#define FILTER                                                                                     \
    "{\"room\":{\"state\":{\"lazy_load_members\":true},\"timeline\":{\"limit\":20,"                \
    "\"lazy_load_members\":true}}}"

/* ---- stored rooms to the main loop ---- */

typedef struct {
    MxClientJob base;
    char *own_user_id;
    GPtrArray *changes;   /* MxRoomChange */
    GPtrArray *recovered; /* of GPtrArray of MxLine; room in keys */
    GArray *recovered_keys;
    GHashTable *ignored;
    GPtrArray *presence; /* MxPresence */
    char *since, *filter_id, *own_name, *status_msg;
    char *device_id;
    GError *crypto_error; /* why the encryption is not open */
    guint64 keys_serial;
} LoadJob;

/* FALSE: without keys there is nothing to load for this device. */
static gboolean open_crypto(MxStore *store, LoadJob *job)
{
    if (mx_client_crypto_open(store, job->own_user_id, job->device_id, &job->crypto_error))
        job->keys_serial = mx_device_keys_get_serial(mx_crypto_of(store));
    return !g_error_matches(job->crypto_error, MX_ERROR, MX_ERROR_KEYS_LOST);
}

static void run_load(MxStore *store, gpointer data)
{
    LoadJob *job = data;
    if (!open_crypto(store, job))
        return;
    g_autoptr(GPtrArray) rows = mx_store_list_rooms(store);
    job->changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    job->recovered = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    mx_store_begin(store);
    mx_store_recover_queue(store);
    if (!mx_store_commit(store, &job->base.error))
        return;
    for (guint i = 0; i < rows->len; i++) {
        MxRoomRow *row = g_ptr_array_index(rows, i);
        if (row->membership == MX_MEMBERSHIP_LEAVE || row->membership == MX_MEMBERSHIP_BAN)
            continue;
        MxRoomChange *change = g_new0(MxRoomChange, 1);
        change->room = mx_room_new(store, row, job->own_user_id);
        change->was_listed = mx_store_is_listed(store, row->key);
        g_ptr_array_add(job->changes, change);
    }
    job->recovered_keys = mx_store_list_rooms_with_display(store, MX_DISPLAY_DELIVERING);
    for (guint i = 0; i < job->recovered_keys->len; i++)
        g_ptr_array_add(job->recovered, mx_timeline_list_delivering(
                                            store, g_array_index(job->recovered_keys, gint64, i),
                                            job->own_user_id));
    job->since = mx_store_get_value(store, MX_VALUE_NEXT_BATCH);
    job->filter_id = mx_store_get_value(store, MX_VALUE_FILTER_ID);
    job->own_name = mx_store_get_value(store, MX_VALUE_OWN_NAME);
    job->ignored = mx_ignored_load(store);
    job->status_msg = mx_store_get_value(store, MX_VALUE_STATUS_MSG);
    job->presence = mx_store_list_presence(store);
}

static void load_job_free(gpointer data)
{
    LoadJob *job = data;
    g_clear_pointer(&job->changes, g_ptr_array_unref);
    g_clear_pointer(&job->recovered, g_ptr_array_unref);
    g_clear_pointer(&job->recovered_keys, g_array_unref);
    g_clear_pointer(&job->ignored, g_hash_table_unref);
    g_free(job->own_user_id);
    g_free(job->device_id);
    g_clear_error(&job->crypto_error);
    g_free(job->since);
    g_free(job->filter_id);
    g_free(job->own_name);
    g_free(job->status_msg);
    g_clear_pointer(&job->presence, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void begin_sync(MxClient *client, LoadJob *job)
{
    if (job->own_name != NULL)
        mx_client_emit_own_name(client, job->own_name);
    for (guint i = 0; i < job->recovered->len; i++)
        mx_client_emit_recovered(client, g_array_index(job->recovered_keys, gint64, i),
                                 g_ptr_array_index(job->recovered, i));
    mx_client_emit_progress(client, 2, _("Loading rooms"));
}

static void save_filter(MxStore *store, gpointer data)
{
    LoadJob *job = data;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_FILTER_ID, job->filter_id);
    mx_store_commit(store, &job->base.error);
}

void mx_session_forget_filter(MxClient *client)
{
    g_free(client->filter_id);
    client->filter_id = g_strdup(FILTER);
    LoadJob *job = mx_client_job_new(client, sizeof *job);
    mx_worker_push(client->worker, MX_JOB_USER, save_filter, NULL, job, load_job_free);
}

static void start_loading(MxClient *client);
static void sign_in_as_new_device(MxClient *client);

static void on_filter(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (mx_error_get_status(error) == 401) {
        mx_session_token_refused(client, error);
        return;
    }
    if (error != NULL && mx_error_is_transient(error)) {
        mx_client_emit_failed(client, g_steal_pointer(&error));
        return;
    }
    gsize len = 0;
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    const char *filter_id = mx_json_string(answer, "filter_id");
    g_free(client->filter_id);
    /* Without a stored filter the text itself goes along with each request: longer, but the same.
     */
    client->filter_id = g_strdup(filter_id != NULL ? filter_id : FILTER);
    if (filter_id != NULL) {
        LoadJob *job = mx_client_job_new(client, sizeof *job);
        job->filter_id = g_strconcat(FILTER_VERSION, filter_id, NULL);
        mx_worker_push(client->worker, MX_JOB_USER, save_filter, NULL, job, load_job_free);
    }
    start_loading(client);
}

static void create_filter(MxClient *client)
{
    g_autoptr(JsonObject) filter = mx_json_parse_object(FILTER, -1, NULL);
    g_autoptr(MxRequest) request = mx_endpoint_create_filter(client->user_id, filter);
    mx_http_send_async(client->http, request, client->cancellable, on_filter, g_object_ref(client));
}

static void on_loaded(gpointer data)
{
    LoadJob *job = data;
    MxClient *client = job->base.client;
    if (g_error_matches(job->crypto_error, MX_ERROR, MX_ERROR_KEYS_LOST)) {
        sign_in_as_new_device(client);
        return;
    }
    if (job->base.error != NULL) {
        mx_client_emit_failed(client, g_steal_pointer(&job->base.error));
        return;
    }
    client->crypto.serial = job->keys_serial;
    mx_client_crypto_opened(client, job->crypto_error);
    g_free(client->sync.since);
    client->sync.since = g_steal_pointer(&job->since);
    if (client->filter_id == NULL && job->filter_id != NULL &&
        g_str_has_prefix(job->filter_id, FILTER_VERSION))
        client->filter_id = g_strdup(job->filter_id + strlen(FILTER_VERSION));
    if (client->filter_id == NULL) {
        create_filter(client);
        return;
    }
    mx_ignored_take(client, g_steal_pointer(&job->ignored));
    /* The rooms are in place before the lines that name them. */
    for (guint i = 0; i < job->changes->len; i++)
        mx_client_know_room(client, ((MxRoomChange *)g_ptr_array_index(job->changes, i))->room);
    begin_sync(client, job);
    mx_presence_set_told(client, job->status_msg);
    mx_sync_load(client, g_steal_pointer(&job->changes), g_steal_pointer(&job->presence));
}

static void start_loading(MxClient *client)
{
    mx_client_set_state(client, MX_CLIENT_LOADING);
    LoadJob *job = mx_client_job_new(client, sizeof *job);
    job->own_user_id = g_strdup(client->user_id);
    job->device_id = g_strdup(client->device_id);
    mx_worker_push(client->worker, MX_JOB_USER, run_load, on_loaded, job, load_job_free);
}

/* ---- the session in the database ---- */

typedef struct {
    MxClientJob base;
    char *user_id, *device_id, *access_token, *refresh_token, *base_url, *home_server;
} SessionJob;

static void session_job_free(gpointer data)
{
    SessionJob *job = data;
    g_free(job->user_id);
    g_free(job->device_id);
    g_free(job->access_token);
    g_free(job->refresh_token);
    g_free(job->base_url);
    g_free(job->home_server);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_read_session(MxStore *store, gpointer data)
{
    SessionJob *job = data;
    job->user_id = mx_store_get_value(store, MX_VALUE_USER_ID);
    job->device_id = mx_store_get_value(store, MX_VALUE_DEVICE_ID);
    job->access_token = mx_store_get_value(store, MX_VALUE_ACCESS_TOKEN);
    job->refresh_token = mx_store_get_value(store, MX_VALUE_REFRESH_TOKEN);
    job->base_url = mx_store_get_value(store, MX_VALUE_BASE_URL);
    job->home_server = mx_store_get_value(store, MX_VALUE_HOME_SERVER);
}

/* The encryption of the account that was. Not within a transaction. */
static void drop_crypto(MxStore *store)
{
    mx_store_attach(store, NULL, NULL);
    mx_vault_forget(store, mx_store_get_dir(store));
}

static void run_save_session(MxStore *store, gpointer data)
{
    SessionJob *job = data;
    g_autofree char *before = mx_store_get_value(store, MX_VALUE_USER_ID);
    /* Somebody else's account is behind this name now; nothing of the old one may show up in it. */
    gboolean is_other = before != NULL && !g_str_equal(before, job->user_id);
    if (is_other)
        drop_crypto(store);
    mx_store_begin(store);
    if (is_other)
        mx_store_clear(store);
    mx_store_set_value(store, MX_VALUE_USER_ID, job->user_id);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, job->device_id);
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, job->access_token);
    mx_store_set_value(store, MX_VALUE_REFRESH_TOKEN, job->refresh_token);
    mx_store_set_value(store, MX_VALUE_BASE_URL, job->base_url);
    mx_store_set_value(store, MX_VALUE_HOME_SERVER, job->home_server);
    mx_store_commit(store, &job->base.error);
}

static void run_drop_token(MxStore *store, gpointer data)
{
    SessionJob *job = data;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, NULL);
    mx_store_set_value(store, MX_VALUE_REFRESH_TOKEN, NULL);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, job->device_id);
    mx_store_commit(store, &job->base.error);
}

static void run_clear(MxStore *store, gpointer data)
{
    SessionJob *job = data;
    drop_crypto(store);
    mx_store_begin(store);
    mx_store_clear(store);
    mx_store_commit(store, &job->base.error);
}

/* ---- login ---- */

static void begin_login(MxClient *client);

static void fail_with(MxClient *client, int code, const char *text)
{
    mx_client_emit_failed(client, g_error_new_literal(MX_ERROR, code, text));
}

static void on_old_token_revoked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    g_object_unref(source);
}

/* The token that the earlier plugin kept in accounts.xml is of no use to anybody now. */
static void revoke_old_token(MxClient *client, const char *base_url)
{
    g_autofree char *token = g_steal_pointer(&client->old_token);
    /* To nobody but the server that has issued it. */
    if (token == NULL || client->old_token_server == NULL ||
        !mx_uri_same_origin(base_url, client->old_token_server))
        return;
    MxHttp *http =
        mx_http_new(client->user_agent, client->proxy, client->proxy_uri, client->ca_file, NULL);
    if (http == NULL)
        return;
    mx_http_set_session(http, base_url, token);
    g_autoptr(MxRequest) request = mx_endpoint_logout();
    mx_http_send_async(http, request, NULL, on_old_token_revoked, NULL);
}

static void on_session_saved(gpointer data)
{
    SessionJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL) {
        mx_client_emit_failed(client, g_steal_pointer(&job->base.error));
        return;
    }
    client->is_signing_in = FALSE;
    mx_http_set_session(client->http, job->base_url, job->access_token);
    revoke_old_token(client, job->base_url);
    if (client->is_ready) {
        mx_client_set_state(client, MX_CLIENT_OFFLINE);
        mx_sync_resume(client);
    } else {
        start_loading(client);
    }
}

/* The answer may name a better address for the homeserver; the user's own choice stands above it.
 */
static char *choose_base_url(MxClient *client, JsonObject *answer)
{
    const char *named = mx_json_string(
        mx_json_object(mx_json_object(answer, "well_known"), "m.homeserver"), "base_url");
    const char *used = mx_http_get_base_url(client->http);
    gboolean is_plain = FALSE;
    g_autofree char *base_url = NULL;
    if (named != NULL && client->home_server == NULL)
        base_url = mx_uri_normalize_base(named, &is_plain, NULL);
    if (base_url == NULL || (is_plain && !mx_uri_is_loopback(base_url)))
        return g_strdup(used);
    return g_steal_pointer(&base_url);
}

static void accept_login(MxClient *client, JsonObject *answer)
{
    const char *user_id = mx_json_string(answer, "user_id");
    const char *device_id = mx_json_string(answer, "device_id");
    const char *token = mx_json_string(answer, "access_token");
    if (user_id == NULL || !mx_user_id_is_valid(user_id) || device_id == NULL || token == NULL ||
        *token == '\0') {
        fail_with(client, MX_ERROR_BAD_ANSWER,
                  _("The homeserver's answer to the login cannot be understood."));
        return;
    }
    g_free(client->user_id);
    g_free(client->device_id);
    client->user_id = g_strdup(user_id);
    client->device_id = g_strdup(device_id);
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(user_id);
    job->device_id = g_strdup(device_id);
    job->access_token = g_strdup(token);
    g_free(client->refresh_token);
    client->refresh_token = g_strdup(mx_json_string(answer, "refresh_token"));
    job->refresh_token = g_strdup(client->refresh_token);
    job->base_url = choose_base_url(client, answer);
    job->home_server = g_strdup(client->home_server);
    mx_worker_push(client->worker, MX_JOB_USER, run_save_session, on_session_saved, job,
                   session_job_free);
}

static void on_login(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (response == NULL) {
        mx_client_emit_failed(client, g_steal_pointer(&error));
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    accept_login(client, answer);
}

static void post_login(MxClient *client)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *identifier = json_object_new();
    json_object_set_string_member(identifier, "type", "m.id.user");
    json_object_set_string_member(identifier, "user", client->user);
    json_object_set_object_member(body, "identifier", identifier);
    json_object_set_string_member(body, "type", "m.login.password");
    json_object_set_string_member(body, "password", client->password);
    json_object_set_string_member(body, "initial_device_display_name", client->device_name);
    json_object_set_boolean_member(body, "refresh_token", TRUE);
    if (client->device_id != NULL)
        json_object_set_string_member(body, "device_id", client->device_id);
    g_autoptr(MxRequest) request = mx_endpoint_login(body);
    mx_client_emit_progress(client, 1, _("Logging in"));
    mx_http_send_async(client->http, request, client->cancellable, on_login, g_object_ref(client));
}

static void run_save_device(MxStore *store, gpointer data)
{
    SessionJob *job = data;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, job->device_id);
    mx_store_fail_uncertain(store);
    mx_store_commit(store, &job->base.error);
}

static void on_device_saved(gpointer data)
{
    SessionJob *job = data;
    if (job->base.error != NULL)
        mx_client_emit_failed(job->base.client, g_steal_pointer(&job->base.error));
    else
        post_login(job->base.client);
}

/* The device is named here and stored before the login: if the answer is lost, or the program dies,
 * the next login is of the same device and not of one more. */
static void send_login(MxClient *client)
{
    if (client->device_id != NULL) {
        post_login(client);
        return;
    }
    GString *device_id = g_string_new(NULL);
    for (int i = 0; i < DEVICE_ID_LENGTH; i++)
        g_string_append_c(device_id, 'A' + g_random_int_range(0, 26));
    client->device_id = g_string_free(device_id, FALSE);
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    job->device_id = g_strdup(client->device_id);
    mx_worker_push(client->worker, MX_JOB_USER, run_save_device, on_device_saved, job,
                   session_job_free);
}

static gboolean offers_password(JsonObject *answer)
{
    JsonArray *flows = mx_json_array(answer, "flows");
    for (guint i = 0; i < mx_json_array_length(flows); i++)
        if (g_strcmp0(mx_json_string(mx_json_array_object(flows, i), "type"), "m.login.password") ==
            0)
            return TRUE;
    return FALSE;
}

static void on_flows(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (response == NULL && (mx_error_is_transient(error) || mx_error_get_status(error) == 0)) {
        mx_client_emit_failed(client, g_steal_pointer(&error));
        return;
    }
    gsize len = 0;
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    if (offers_password(answer))
        send_login(client);
    else
        fail_with(client, MX_ERROR_NO_LOGIN,
                  _("This homeserver does not accept a login with a password, and this version "
                    "knows no other way to sign in."));
}

static void ask_flows(MxClient *client, const char *base_url)
{
    g_autoptr(MxRequest) request = mx_endpoint_login_flows();
    mx_http_set_session(client->http, base_url, NULL);
    mx_http_send_async(client->http, request, client->cancellable, on_flows, g_object_ref(client));
}

static void on_discovered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autofree char *base_url = mx_discovery_run_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (base_url == NULL)
        mx_client_emit_failed(client, g_steal_pointer(&error));
    else
        ask_flows(client, base_url);
}

static void begin_login(MxClient *client)
{
    mx_client_set_state(client, MX_CLIENT_LOGIN);
    client->is_signing_in = TRUE;
    if (client->password == NULL || *client->password == '\0') {
        mx_client_emit_password_needed(client, NULL);
        return;
    }
    g_autofree char *server_name =
        client->user[0] == '@' ? mx_user_id_get_server_name(client->user) : NULL;
    mx_client_emit_progress(client, 0, _("Finding the homeserver"));
    mx_discovery_run_async(client->http, server_name, client->home_server, client->cancellable,
                           on_discovered, g_object_ref(client));
}

void mx_session_password_given(MxClient *client)
{
    if (client->state == MX_CLIENT_LOGIN)
        begin_login(client);
}

/* ---- start, refusal, end ---- */

static void on_session_read(gpointer data)
{
    SessionJob *job = data;
    MxClient *client = job->base.client;
    client->device_id = g_strdup(job->device_id);
    gboolean same_server = g_strcmp0(job->home_server, client->home_server) == 0;
    if (job->access_token == NULL || job->user_id == NULL || job->base_url == NULL ||
        !same_server) {
        begin_login(client);
        return;
    }
    client->user_id = g_strdup(job->user_id);
    client->refresh_token = g_strdup(job->refresh_token);
    mx_http_set_session(client->http, job->base_url, job->access_token);
    start_loading(client);
}

static void on_store_opened(const GError *error, gpointer user_data)
{
    MxClient *client = user_data;
    if (error != NULL) {
        mx_client_emit_failed(client, g_error_copy(error));
        return;
    }
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    mx_worker_push(client->worker, MX_JOB_USER, run_read_session, on_session_read, job,
                   session_job_free);
}

static gboolean is_user_usable(MxClient *client)
{
    if (client->user[0] == '@' && !mx_user_id_is_valid(client->user)) {
        fail_with(client, MX_ERROR_INVALID,
                  _("This is no Matrix ID. Write it as @name:server, for example "
                    "@alice:example.org."));
        return FALSE;
    }
    if (client->user[0] != '@' && client->home_server == NULL) {
        fail_with(client, MX_ERROR_INVALID,
                  _("Write the whole Matrix ID (@name:server) as the username, or give the "
                    "homeserver's address in the account's advanced options."));
        return FALSE;
    }
    return TRUE;
}

void mx_session_start(MxClient *client)
{
    GError *error = NULL;
    if (!is_user_usable(client))
        return;
    client->http =
        mx_http_new(client->user_agent, client->proxy, client->proxy_uri, client->ca_file, &error);
    if (client->http == NULL) {
        mx_client_emit_failed(client, error);
        return;
    }
    mx_client_set_state(client, MX_CLIENT_OPENING);
    client->worker = mx_worker_new(client->store_dir, on_store_opened, client);
}

static void drop_token(MxClient *client, gboolean keep_device)
{
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    job->device_id = keep_device ? g_strdup(client->device_id) : NULL;
    mx_http_set_session(client->http, mx_http_get_base_url(client->http), NULL);
    mx_worker_push(client->worker, MX_JOB_USER, run_drop_token, NULL, job, session_job_free);
}

static void sign_in_again(MxClient *client, const GError *error)
{
    gboolean is_soft = mx_error_is_soft_logout(error);
    drop_token(client, is_soft);
    if (is_soft) {
        begin_login(client);
        return;
    }
    /* Somebody ended this session on purpose, perhaps after losing the machine: never sign in again
     * by itself. */
    mx_client_emit_failed(client, g_error_copy(error));
}

static void on_old_device_logged_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
}

/* B3: keys of a device are for ever, and these are gone. So the device goes too: others would go on
 * encrypting for it. */
static void sign_in_as_new_device(MxClient *client)
{
    g_autoptr(MxRequest) request = mx_endpoint_logout();
    mx_client_emit_account_notice(
        client, _("The encryption keys of this device can no longer be read, so you are signed in "
                  "again as a new device. Messages of encrypted rooms that were sent before can "
                  "be read only where their keys are kept elsewhere."));
    mx_http_send_async(client->http, request, NULL, on_old_device_logged_out, NULL);
    drop_token(client, FALSE);
    g_clear_pointer(&client->device_id, g_free);
    begin_login(client);
}

/* A new pair of tokens is in the database before it is used: a crash in between leaves the old
 * refresh token good. */
static void accept_refresh(MxClient *client, JsonObject *answer)
{
    const char *token = mx_json_string(answer, "access_token");
    const char *refresh_token = mx_json_string(answer, "refresh_token");
    if (token == NULL || *token == '\0') {
        fail_with(client, MX_ERROR_BAD_ANSWER,
                  _("The homeserver's answer to the login cannot be understood."));
        return;
    }
    if (refresh_token != NULL) {
        g_free(client->refresh_token);
        client->refresh_token = g_strdup(refresh_token);
    }
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(client->user_id);
    job->device_id = g_strdup(client->device_id);
    job->access_token = g_strdup(token);
    job->refresh_token = g_strdup(client->refresh_token);
    job->base_url = g_strdup(mx_http_get_base_url(client->http));
    job->home_server = g_strdup(client->home_server);
    mx_worker_push(client->worker, MX_JOB_USER, run_save_session, on_session_saved, job,
                   session_job_free);
}

typedef struct {
    MxClient *client;
    GError *refusal; /* what the access token was answered with */
} Refresh;

static void on_refreshed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Refresh *refresh = user_data;
    g_autoptr(MxClient) client = refresh->client;
    g_autoptr(GError) refusal = refresh->refusal;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    g_free(refresh);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (response != NULL) {
        gsize len;
        const char *text = g_bytes_get_data(response->body, &len);
        g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
        accept_refresh(client, answer);
    } else if (mx_error_is_transient(error) || mx_error_get_status(error) == 0) {
        /* Back to the loop: its next refusal leads here again. */
        client->is_signing_in = FALSE;
        mx_client_set_state(client, client->is_ready ? MX_CLIENT_OFFLINE : MX_CLIENT_SYNCING);
        mx_sync_retry(client, error);
    } else {
        client->is_signing_in = FALSE;
        g_clear_pointer(&client->refresh_token, g_free);
        sign_in_again(client, refusal);
    }
}

static void refresh_token(MxClient *client, const GError *refusal)
{
    Refresh *refresh = g_new0(Refresh, 1);
    refresh->client = g_object_ref(client);
    refresh->refusal = g_error_copy(refusal);
    mx_client_set_state(client, MX_CLIENT_LOGIN);
    client->is_signing_in = TRUE;
    g_autoptr(MxRequest) request = mx_endpoint_refresh(client->refresh_token);
    mx_http_send_async(client->http, request, client->cancellable, on_refreshed, refresh);
}

void mx_session_token_refused(MxClient *client, const GError *error)
{
    if (client->is_signing_in || client->is_signing_out)
        return; /* being taken care of */
    if (g_strcmp0(mx_error_get_errcode(error), "M_USER_LOCKED") == 0)
        mx_client_emit_failed(client, g_error_copy(error)); /* the token stays good */
    else if (client->refresh_token != NULL)
        refresh_token(client, error);
    else
        sign_in_again(client, error);
}

static void on_cleared(gpointer data)
{
    SessionJob *job = data;
    mx_client_emit_signed_out(job->base.client);
}

static void on_logged_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (response == NULL && mx_error_get_status(error) != 401) {
        client->is_signing_out = FALSE;
        mx_sync_resume(client);
        mx_client_crypto_kick(client);
        mx_client_emit_account_notice(
            client, _("The homeserver could not be reached, so you are still logged in. Try "
                      "“Log out” again when the connection is back."));
        return;
    }
    mx_sync_stop(client);
    SessionJob *job = mx_client_job_new(client, sizeof *job);
    /* Bulk: after an answer that is still being stored. */
    mx_worker_push(client->worker, MX_JOB_BULK, run_clear, on_cleared, job, session_job_free);
}

static void send_logout(MxClient *client)
{
    g_autoptr(MxRequest) request = mx_endpoint_logout();
    mx_http_send_async(client->http, request, client->cancellable, on_logged_out,
                       g_object_ref(client));
}

/* After an upload of a new mark. */
static void end_mark(MxClient *client)
{
    mx_mark_end(client, send_logout);
}

/* Keys that arrive after the log-out would make the homeserver list the device again. */
void mx_session_log_out(MxClient *client)
{
    if (client->http == NULL || client->worker == NULL)
        return;
    mx_sync_pause(client);
    mx_client_crypto_finish(client, end_mark);
}

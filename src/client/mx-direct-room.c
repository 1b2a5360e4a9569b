/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-wanted-encryption.h"
#include "mx-client-encryption.h"

#include "mx-ask.h"
#include "mx-direct.h"
#include "mx-endpoints-crypto.h"
#include "mx-id.h"
#include "mx-json.h"

char *mx_direct_room_placeholder(const char *user_id)
{
    return g_strconcat("!pending ", user_id, NULL); /* a space: no server can give such an ID */
}

typedef struct {
    MxClientJob base;
    gint64 room;
    char *user_id, *own_user_id;
    char *new_room_id; /* of the room just created, or found */
    gboolean is_second_try, is_pending;
    gboolean is_encrypted;    /* the room that it takes the place of */
    gboolean asks_encryption; /* of the room that is being made */
    MxDirectRoomFunc func;
    GPtrArray *changes; /* MxRoomChange */
    char *content;      /* m.direct */
    int failed;
} DirectJob;

static void direct_job_free(gpointer data)
{
    DirectJob *job = data;
    g_free(job->user_id);
    g_free(job->own_user_id);
    g_free(job->new_room_id);
    g_free(job->content);
    g_clear_pointer(&job->changes, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static DirectJob *copy_job(const DirectJob *from)
{
    DirectJob *job = mx_client_job_new(from->base.client, sizeof *job);
    job->room = from->room;
    job->user_id = g_strdup(from->user_id);
    job->own_user_id = g_strdup(from->own_user_id);
    job->is_second_try = from->is_second_try;
    job->is_pending = from->is_pending;
    job->is_encrypted = from->is_encrypted;
    job->asks_encryption = from->asks_encryption;
    job->func = from->func;
    return job;
}

/* ---- worker ---- */

static gboolean is_unnamed_pair(MxStore *store, const MxRoomRow *room, const char *user_id)
{
    g_autoptr(MxMemberRow) partner = mx_store_get_member(store, room->key, user_id);
    return room->membership == MX_MEMBERSHIP_JOIN && room->name == NULL &&
           room->canonical_alias == NULL && partner != NULL &&
           (partner->membership == MX_MEMBERSHIP_JOIN ||
            partner->membership == MX_MEMBERSHIP_INVITE) &&
           mx_direct_count_joined(store, room) + mx_direct_count_invited(store, room) == 2;
}

static char *attempt_name(const DirectJob *job)
{
    return g_strconcat("creating room for ", job->user_id, NULL);
}

/* The user's IM came into being elsewhere meanwhile, or the room of an attempt whose answer was
 * lost. Never one in the clear for one that was encrypted. */
static void run_look(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    g_autofree char *attempt = attempt_name(job);
    g_autofree char *before = mx_store_get_value(store, attempt);
    if (before != NULL)
        job->is_second_try = TRUE;
    g_autoptr(MxRoomRow) old = mx_store_get_room_by_key(store, job->room);
    job->is_encrypted = old != NULL && old->encrypted;
    g_autoptr(GPtrArray) rooms = mx_store_list_rooms(store);
    for (guint i = rooms->len; i > 0 && job->new_room_id == NULL; i--) {
        MxRoomRow *room = g_ptr_array_index(rooms, i - 1);
        if (room->key == job->room || room->membership != MX_MEMBERSHIP_JOIN ||
            (job->is_encrypted && room->synced && !room->encrypted))
            continue;
        if (g_strcmp0(room->direct_user, job->user_id) == 0 ||
            (job->is_second_try && is_unnamed_pair(store, room, job->user_id)))
            job->new_room_id = g_strdup(room->room_id);
    }
    if (job->new_room_id != NULL)
        return;
    /* Remembered before the request: if the answer is lost, the room is looked for first. */
    mx_store_begin(store);
    mx_store_set_value(store, attempt, "1");
    mx_store_commit(store, &job->base.error);
}

static MxRoomRow *get_or_add_room(MxStore *store, const DirectJob *job)
{
    MxRoomRow *room = mx_store_get_room(store, job->new_room_id);
    if (room != NULL)
        return room;
    gboolean with_oneself = g_str_equal(job->user_id, job->own_user_id);
    room = mx_room_row_new(job->new_room_id);
    room->joined_count = 1;
    room->invited_count = with_oneself ? 0 : 1;
    mx_store_save_room(store, room);
    mx_store_set_member(store, room->key, job->own_user_id, MX_MEMBERSHIP_JOIN, NULL, NULL);
    if (!with_oneself)
        mx_store_set_member(store, room->key, job->user_id, MX_MEMBERSHIP_INVITE, NULL, NULL);
    return room;
}

static void note_change(MxStore *store, DirectJob *job, gint64 key)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, key);
    MxRoomChange *change = g_new0(MxRoomChange, 1);
    change->room = mx_room_new(store, row, job->own_user_id);
    g_ptr_array_add(job->changes, change);
}

static void run_adopt(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    job->changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    mx_store_begin(store);
    g_autoptr(MxRoomRow) room = get_or_add_room(store, job);
    room->membership = MX_MEMBERSHIP_JOIN;
    g_free(room->direct_user);
    room->direct_user = g_strdup(job->user_id);
    if (job->is_pending)
        mx_store_merge_room(store, job->room, room);
    else
        mx_store_move_queue(store, job->room, room);
    mx_store_save_room(store, room);
    if (job->asks_encryption)
        mx_wanted_encryption_note(store, job->new_room_id);
    g_autofree char *attempt = attempt_name(job);
    mx_store_set_value(store, attempt, NULL);
    mx_direct_add(store, job->user_id, job->new_room_id);
    g_autoptr(GArray) keys = mx_direct_update(store, job->own_user_id);
    note_change(store, job, room->key);
    for (guint i = 0; i < keys->len; i++)
        if (g_array_index(keys, gint64, i) != room->key)
            note_change(store, job, g_array_index(keys, gint64, i));
    mx_store_commit(store, &job->base.error);
}

static void run_fail(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    g_autofree char *attempt = attempt_name(job);
    mx_store_begin(store);
    mx_store_set_value(store, attempt, NULL);
    job->failed = mx_store_fail_queue(store, job->room);
    mx_store_commit(store, &job->base.error);
}

/* ---- main loop ---- */

static void on_adopted(gpointer data)
{
    DirectJob *job = data;
    MxClient *client = job->base.client;
    if (job->base.error != NULL) {
        job->func(client, job->room, MX_DIRECT_LATER, job->base.error);
        return;
    }
    if (job->is_pending) {
        g_autofree char *placeholder = mx_direct_room_placeholder(job->user_id);
        mx_client_forget_room(client, placeholder);
    }
    gint64 room = 0;
    for (guint i = 0; i < job->changes->len; i++) {
        MxRoomChange *change = g_ptr_array_index(job->changes, i);
        if (g_str_equal(change->room->room_id, job->new_room_id))
            room = change->room->key;
        mx_client_put_change(client, change);
    }
    job->func(client, job->room, MX_DIRECT_READY, NULL);
    mx_send_queue_kick(client, room);
    mx_direct_room_publish(client);
}

static void on_queue_failed(gpointer data)
{
    DirectJob *job = data;
    job->func(job->base.client, job->room, MX_DIRECT_REFUSED, NULL);
}

static void adopt(DirectJob *from, const char *room_id)
{
    DirectJob *job = copy_job(from);
    job->new_room_id = g_strdup(room_id);
    mx_worker_push(job->base.client->worker, MX_JOB_USER, run_adopt, on_adopted, job,
                   direct_job_free);
}

static void refuse(DirectJob *from, const GError *error)
{
    MxClient *client = from->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, from->room);
    const char *why = mx_error_get_server_text(error);
    g_autofree char *text = g_strdup_printf(
        _("Not sent: a conversation with %s could not be opened. The homeserver says: %s. Type "
          "/resend to try again, or /discard to drop what was typed."),
        from->user_id, why != NULL ? why : error->message);
    if (room != NULL)
        mx_client_emit_room_error(client, room, text);
    mx_worker_push(client->worker, MX_JOB_USER, run_fail, on_queue_failed, copy_job(from),
                   direct_job_free);
}

static void handle_failure(DirectJob *job, const GError *error)
{
    guint status = mx_error_get_status(error);
    if (status == 401)
        mx_session_token_refused(job->base.client, error);
    /* A standard error is the homeserver's own word, a bare 502 a proxy's. Asking again after the
     * former could make one more room each time. */
    gboolean is_final = status >= 500 && mx_error_get_errcode(error) != NULL;
    if (!is_final && (status == 0 || status == 401 || status == 429 || status >= 500))
        job->func(job->base.client, job->room, MX_DIRECT_LATER, error);
    else
        refuse(job, error);
}

static void on_created(GObject *source, GAsyncResult *result, gpointer user_data)
{
    DirectJob *job = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (job->base.client->state != MX_CLIENT_STOPPED) {
        gsize len = 0;
        const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
        g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
        const char *room_id = mx_json_string(answer, "room_id");
        if (room_id != NULL && mx_room_id_is_valid(room_id))
            adopt(job, room_id);
        else if (error != NULL)
            handle_failure(job, error);
        else
            job->func(job->base.client, job->room, MX_DIRECT_LATER, NULL);
    }
    direct_job_free(job);
}

/* G6 */
static JsonArray *make_encryption(void)
{
    JsonObject *content = json_object_new(), *event = json_object_new();
    json_object_set_string_member(content, "algorithm", "m.megolm.v1.aes-sha2");
    json_object_set_string_member(event, "type", "m.room.encryption");
    json_object_set_string_member(event, "state_key", "");
    json_object_set_object_member(event, "content", content);
    JsonArray *state = json_array_new();
    json_array_add_object_element(state, event);
    return state;
}

static void create(DirectJob *from, gboolean is_encrypted)
{
    DirectJob *job = copy_job(from);
    job->asks_encryption = is_encrypted;
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_boolean_member(body, "is_direct", TRUE);
    json_object_set_string_member(body, "preset", "trusted_private_chat");
    JsonArray *invite = json_array_new();
    if (!g_str_equal(job->user_id, job->own_user_id))
        json_array_add_string_element(invite, job->user_id);
    json_object_set_array_member(body, "invite", invite);
    if (is_encrypted)
        json_object_set_array_member(body, "initial_state", make_encryption());
    g_autoptr(MxRequest) request = mx_endpoint_create_room(body);
    mx_http_send_async(job->base.client->http, request, job->base.client->cancellable, on_created,
                       job);
}

/* POST /keys/query: whether one device of the partner has keys. What cannot be told counts as one.
 */
static gpointer read_devices(MxStore *store, MxJsonSlice answer, gconstpointer user_id)
{
    MxJsonSlice devices = mx_json_scan_member(mx_json_scan_member(answer, "device_keys"), user_id);
    MxJsonSlice failures = mx_json_scan_member(answer, "failures"), key, value;
    MxJsonIter iter;
    gboolean can_encrypt =
        (mx_json_iter_init(&iter, devices) && mx_json_iter_next(&iter, &key, &value)) ||
        (mx_json_iter_init(&iter, failures) && mx_json_iter_next(&iter, &key, &value));
    return g_memdup2(&can_encrypt, sizeof can_encrypt);
}

static void on_devices(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    DirectJob *job = user_data;
    if (error != NULL && mx_error_is_transient(error))
        job->func(client, job->room, MX_DIRECT_LATER, error);
    else
        create(job, result == NULL || *(gboolean *)result);
}

/* Bots and bridges often cannot encrypt: an encrypted room would leave them without a word. */
static void ask_devices(DirectJob *from)
{
    g_autoptr(JsonObject) body = json_object_new(), users = json_object_new();
    json_object_set_array_member(users, from->user_id, json_array_new());
    json_object_set_object_member(body, "device_keys", json_object_ref(users));
    g_autofree char *text = mx_json_object_to_text(body);
    g_autoptr(MxRequest) request = mx_endpoint_keys_query(text);
    MxAsk ask = {.read = read_devices,
                 .read_data = g_strdup(from->user_id),
                 .free_read_data = g_free,
                 .free_result = g_free,
                 .func = on_devices,
                 .user_data = copy_job(from),
                 .destroy = direct_job_free};
    mx_client_ask(from->base.client, request, &ask);
}

static void on_looked(gpointer data)
{
    DirectJob *job = data;
    if (job->base.error != NULL)
        job->func(job->base.client, job->room, MX_DIRECT_LATER, job->base.error);
    else if (job->new_room_id != NULL)
        adopt(job, job->new_room_id);
    else if (job->is_encrypted)
        create(job, TRUE);
    else if (mx_client_encrypts_direct(job->base.client))
        ask_devices(job);
    else
        create(job, FALSE);
}

/* A new room; but an earlier attempt may have made one already. */
static void look(DirectJob *job)
{
    mx_worker_push(job->base.client->worker, MX_JOB_USER, run_look, on_looked, job,
                   direct_job_free);
}

static void run_invited(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    mx_store_begin(store);
    mx_store_set_member(store, job->room, job->user_id, MX_MEMBERSHIP_INVITE, NULL, NULL);
    mx_store_commit(store, &job->base.error);
}

static void on_invite_stored(gpointer data)
{
    DirectJob *job = data;
    job->func(job->base.client, job->room, MX_DIRECT_READY, NULL);
}

static void on_invited(GObject *source, GAsyncResult *result, gpointer user_data)
{
    DirectJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state != MX_CLIENT_STOPPED) {
        guint status = mx_error_get_status(error);
        if (error == NULL) {
            /* The next /sync tells the membership; until then the message may already go. */
            mx_worker_push(client->worker, MX_JOB_USER, run_invited, on_invite_stored,
                           copy_job(job), direct_job_free);
        } else if (status == 403 || status == 404 || status == 400) {
            look(copy_job(job));
        } else {
            handle_failure(job, error);
        }
    }
    direct_job_free(job);
}

static void invite(DirectJob *from, const char *room_id)
{
    g_autoptr(MxRequest) request = mx_endpoint_invite(room_id, from->user_id, NULL);
    mx_http_send_async(from->base.client->http, request, from->base.client->cancellable, on_invited,
                       copy_job(from));
}

void mx_direct_room_prepare(MxClient *client, gint64 room, const char *room_id, const char *user_id,
                            gboolean is_pending, gboolean is_second_try, MxDirectRoomFunc func)
{
    DirectJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->user_id = g_strdup(user_id);
    job->own_user_id = g_strdup(client->user_id);
    job->is_pending = is_pending;
    job->is_second_try = is_second_try;
    job->func = func;
    if (is_pending) {
        look(job);
    } else {
        invite(job, room_id);
        direct_job_free(job);
    }
}

/* ---- m.direct on the server: read, change, write; one at a time, or an older reading would be
 * written over a newer one ---- */

static void run_read_additions(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    job->content = mx_direct_get_additions(store);
}

static void run_forget_additions(MxStore *store, gpointer data)
{
    DirectJob *job = data;
    mx_store_begin(store);
    mx_direct_forget_additions(store, job->content);
    mx_store_commit(store, &job->base.error);
}

static gboolean on_publish_again(gpointer data)
{
    MxClient *client = data;
    client->publish_source = 0;
    mx_direct_room_publish(client);
    return G_SOURCE_REMOVE;
}

static void end_publishing(MxClient *client, gboolean succeeded)
{
    client->publish_busy = FALSE;
    if (client->state == MX_CLIENT_STOPPED || client->publish_source != 0)
        return;
    if (succeeded)
        mx_backoff_reset(&client->publish_backoff);
    if (!succeeded || client->publish_again)
        client->publish_source = g_timeout_add(
            succeeded ? 0 : mx_backoff_next(&client->publish_backoff), on_publish_again, client);
}

static void on_forgotten(gpointer data)
{
    DirectJob *job = data;
    end_publishing(job->base.client, TRUE);
}

static void on_published(GObject *source, GAsyncResult *result, gpointer user_data)
{
    DirectJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    if (response != NULL && client->state != MX_CLIENT_STOPPED) {
        mx_worker_push(client->worker, MX_JOB_USER, run_forget_additions, on_forgotten, job,
                       direct_job_free);
        return;
    }
    end_publishing(client, FALSE);
    direct_job_free(job);
}

/* What the server has: an empty object when it has none, NULL when it cannot be told. */
static JsonObject *read_server_direct(MxResponse *response, const GError *error)
{
    if (response == NULL)
        return mx_error_get_status(error) == 404 ? json_object_new() : NULL;
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    return mx_json_parse_object(text, len, NULL);
}

static void on_server_direct(GObject *source, GAsyncResult *result, gpointer user_data)
{
    DirectJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    g_autoptr(JsonObject) server = read_server_direct(response, error);
    if (client->state == MX_CLIENT_STOPPED || server == NULL) {
        end_publishing(client, FALSE);
        direct_job_free(job);
        return;
    }
    /* Another client may have written meanwhile: what the server has stays, ours is added. */
    g_autoptr(JsonObject) merged = mx_direct_merge(server, job->content);
    g_autoptr(MxRequest) request =
        mx_endpoint_set_account_data(client->user_id, "m.direct", merged);
    mx_http_send_async(client->http, request, client->cancellable, on_published, job);
}

static void on_additions_read(gpointer data)
{
    DirectJob *from = data;
    MxClient *client = from->base.client;
    if (from->content == NULL) {
        end_publishing(client, TRUE);
        return;
    }
    DirectJob *job = copy_job(from);
    job->content = g_steal_pointer(&from->content);
    g_autoptr(MxRequest) request = mx_endpoint_get_account_data(client->user_id, "m.direct");
    mx_http_send_async(client->http, request, client->cancellable, on_server_direct, job);
}

void mx_direct_room_publish(MxClient *client)
{
    client->publish_again = client->publish_busy;
    if (client->publish_busy)
        return;
    client->publish_busy = TRUE;
    DirectJob *job = mx_client_job_new(client, sizeof *job);
    mx_worker_push(client->worker, MX_JOB_USER, run_read_additions, on_additions_read, job,
                   direct_job_free);
}

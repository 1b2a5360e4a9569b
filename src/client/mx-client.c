/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-direct-room.h"
#include "mx-json.h"
#include "mx-quote-fetch.h"
#include "mx-uri.h"

#define STOP_WAIT_MS 2000

enum {
    SIGNAL_PROGRESS,
    SIGNAL_PASSWORD_NEEDED,
    SIGNAL_READY,
    SIGNAL_ONLINE_CHANGED,
    SIGNAL_ROOM_CHANGED,
    SIGNAL_LINES_RECOVERED,
    SIGNAL_OWN_LINE,
    SIGNAL_ROOM_NOTICE,
    SIGNAL_TYPING_CHANGED,
    SIGNAL_PARTNER_READ,
    SIGNAL_PRESENCE_CHANGED,
    SIGNAL_VERIFICATION_CHANGED,
    SIGNAL_ACCOUNT_NOTICE,
    SIGNAL_ACCOUNT_HINT,
    SIGNAL_OWN_NAME,
    SIGNAL_OWN_AVATAR,
    SIGNAL_IGNORED_CHANGED,
    SIGNAL_ROOM_MOVED,
    SIGNAL_SIGNED_OUT,
    SIGNAL_FAILED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MxClient, mx_client, G_TYPE_OBJECT)

static void mx_client_finalize(GObject *object)
{
    MxClient *client = MX_CLIENT(object);
    char *strings[] = {client->store_dir,    client->user,
                       client->home_server,  client->password,
                       client->device_name,  client->user_agent,
                       client->proxy_uri,    client->ca_file,
                       client->old_token,    client->user_id,
                       client->device_id,    client->filter_id,
                       client->sync.since,   client->old_token_server,
                       client->refresh_token};
    for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    g_clear_object(&client->http);
    g_clear_object(&client->cancellable);
    g_clear_object(&client->sync.cancellable);
    mx_send_queue_clear(client);
    mx_gap_clear(client);
    mx_look_back_clear(client);
    mx_client_notify_clear(client);
    mx_media_free(client->media);
    g_clear_pointer(&client->ignored, g_hash_table_unref);
    mx_receipts_clear(client);
    mx_typing_clear(client);
    mx_upgrade_clear(client);
    mx_presence_clear(client);
    g_hash_table_unref(client->direct);
    g_hash_table_unref(client->by_key);
    g_hash_table_unref(client->rooms);
    g_hash_table_unref(client->open_rooms);
    g_hash_table_unref(client->opened_now);
    G_OBJECT_CLASS(mx_client_parent_class)->finalize(object);
}

static guint add_signal(const char *name, guint n, GType first, GType second, GType third)
{
    GType types[] = {first, second, third};
    return g_signal_newv(name, MX_TYPE_CLIENT, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL,
                         G_TYPE_NONE, n, types);
}

static void mx_client_class_init(MxClientClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = mx_client_finalize;
    signals[SIGNAL_PROGRESS] = add_signal("progress", 2, G_TYPE_INT, G_TYPE_STRING, 0);
    signals[SIGNAL_PASSWORD_NEEDED] = add_signal("password-needed", 1, G_TYPE_STRING, 0, 0);
    signals[SIGNAL_READY] = add_signal("ready", 0, 0, 0, 0);
    signals[SIGNAL_ONLINE_CHANGED] = add_signal("online-changed", 1, G_TYPE_BOOLEAN, 0, 0);
    signals[SIGNAL_ROOM_CHANGED] = add_signal("room-changed", 1, G_TYPE_POINTER, 0, 0);
    signals[SIGNAL_LINES_RECOVERED] =
        add_signal("lines-recovered", 2, G_TYPE_POINTER, G_TYPE_POINTER, 0);
    signals[SIGNAL_OWN_LINE] = add_signal("own-line", 2, G_TYPE_POINTER, G_TYPE_POINTER, 0);
    signals[SIGNAL_ROOM_NOTICE] =
        add_signal("room-notice", 3, G_TYPE_POINTER, G_TYPE_STRING, G_TYPE_BOOLEAN);
    signals[SIGNAL_TYPING_CHANGED] =
        add_signal("typing-changed", 2, G_TYPE_POINTER, G_TYPE_POINTER, 0);
    signals[SIGNAL_PARTNER_READ] = add_signal("partner-read", 2, G_TYPE_POINTER, G_TYPE_INT64, 0);
    signals[SIGNAL_PRESENCE_CHANGED] = add_signal("presence-changed", 1, G_TYPE_POINTER, 0, 0);
    signals[SIGNAL_VERIFICATION_CHANGED] =
        add_signal("verification-changed", 1, G_TYPE_POINTER, 0, 0);
    signals[SIGNAL_ACCOUNT_NOTICE] = add_signal("account-notice", 1, G_TYPE_STRING, 0, 0);
    signals[SIGNAL_ACCOUNT_HINT] = add_signal("account-hint", 1, G_TYPE_STRING, 0, 0);
    signals[SIGNAL_OWN_NAME] = add_signal("own-name", 1, G_TYPE_STRING, 0, 0);
    signals[SIGNAL_OWN_AVATAR] = add_signal("own-avatar", 1, G_TYPE_STRING, 0, 0);
    signals[SIGNAL_IGNORED_CHANGED] = add_signal("ignored-changed", 0, 0, 0, 0);
    signals[SIGNAL_ROOM_MOVED] = add_signal("room-moved", 2, G_TYPE_POINTER, G_TYPE_POINTER, 0);
    signals[SIGNAL_SIGNED_OUT] = add_signal("signed-out", 0, 0, 0, 0);
    signals[SIGNAL_FAILED] = add_signal("failed", 1, G_TYPE_POINTER, 0, 0);
}

static void mx_client_init(MxClient *client)
{
    client->cancellable = g_cancellable_new();
    client->rooms =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)mx_room_unref);
    client->by_key = g_hash_table_new(g_int64_hash, g_int64_equal);
    client->direct = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    client->open_rooms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    client->opened_now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mx_send_queue_init(client);
    mx_gap_init(client);
    mx_ignored_init(client);
    mx_receipts_init(client);
    mx_typing_init(client);
    mx_upgrade_init(client);
    mx_presence_init(client);
    mx_backoff_init(&client->publish_backoff, 1000, 5 * 60 * 1000);
}

static char *dup_unless_empty(const char *text)
{
    return text != NULL && *text != '\0' ? g_strdup(text) : NULL;
}

MxClient *mx_client_new(const MxClientConfig *config)
{
    MxClient *client = g_object_new(MX_TYPE_CLIENT, NULL);
    client->store_dir = g_strdup(config->store_dir);
    client->user = g_strstrip(g_strdup(config->user));
    client->home_server = dup_unless_empty(config->home_server);
    client->password = dup_unless_empty(config->password);
    client->device_name = g_strdup(config->device_name);
    client->user_agent = g_strdup(config->user_agent);
    client->proxy = config->proxy;
    client->proxy_uri = g_strdup(config->proxy_uri);
    client->ca_file = dup_unless_empty(config->ca_file);
    client->old_token = dup_unless_empty(config->old_token);
    if (config->old_token_server != NULL)
        client->old_token_server = mx_uri_normalize_base(config->old_token_server, NULL, NULL);
    return client;
}

/* ---- signals ---- */

void mx_client_emit_failed(MxClient *client, GError *error)
{
    g_autoptr(GError) owned = error;
    if (client->state != MX_CLIENT_STOPPED && !mx_error_is_cancelled(owned))
        g_signal_emit(client, signals[SIGNAL_FAILED], 0, owned);
}

void mx_client_emit_notice(MxClient *client, MxRoom *room, const char *text)
{
    g_signal_emit(client, signals[SIGNAL_ROOM_NOTICE], 0, room, text, FALSE);
}

void mx_client_emit_room_error(MxClient *client, MxRoom *room, const char *text)
{
    g_signal_emit(client, signals[SIGNAL_ROOM_NOTICE], 0, room, text, TRUE);
}

void mx_client_emit_account_hint(MxClient *client, const char *text)
{
    g_signal_emit(client, signals[SIGNAL_ACCOUNT_HINT], 0, text);
}

void mx_client_emit_account_notice(MxClient *client, const char *text)
{
    g_signal_emit(client, signals[SIGNAL_ACCOUNT_NOTICE], 0, text);
}

void mx_client_emit_typing(MxClient *client, MxRoom *room, GPtrArray *user_ids)
{
    g_signal_emit(client, signals[SIGNAL_TYPING_CHANGED], 0, room, user_ids);
}

void mx_client_emit_partner_read(MxClient *client, MxRoom *room, gint64 ts)
{
    g_signal_emit(client, signals[SIGNAL_PARTNER_READ], 0, room, ts);
}

void mx_client_emit_verification(MxClient *client, const MxVerification *verification)
{
    g_signal_emit(client, signals[SIGNAL_VERIFICATION_CHANGED], 0, verification);
}

void mx_client_emit_presence(MxClient *client, const MxPresence *presence)
{
    g_signal_emit(client, signals[SIGNAL_PRESENCE_CHANGED], 0, presence);
}

void mx_client_emit_progress(MxClient *client, int step, const char *text)
{
    if (!client->is_ready)
        g_signal_emit(client, signals[SIGNAL_PROGRESS], 0, step, text);
}

void mx_client_emit_password_needed(MxClient *client, const char *why)
{
    g_signal_emit(client, signals[SIGNAL_PASSWORD_NEEDED], 0, why);
}

void mx_client_emit_signed_out(MxClient *client)
{
    g_signal_emit(client, signals[SIGNAL_SIGNED_OUT], 0);
}

void mx_client_emit_room_moved(MxClient *client, MxRoom *from, MxRoom *to)
{
    g_autoptr(MxRoom) old = mx_room_ref(from);
    g_autoptr(MxRoom) next = mx_room_ref(to);
    g_signal_emit(client, signals[SIGNAL_ROOM_MOVED], 0, old, next);
}

void mx_client_emit_own_line(MxClient *client, MxRoom *room, MxLine *line)
{
    g_signal_emit(client, signals[SIGNAL_OWN_LINE], 0, room, line);
}

void mx_client_emit_recovered(MxClient *client, gint64 room, GPtrArray *lines)
{
    MxRoom *summary = mx_client_get_room_by_key(client, room);
    if (summary != NULL)
        g_signal_emit(client, signals[SIGNAL_LINES_RECOVERED], 0, summary, lines);
}

void mx_client_emit_own_name(MxClient *client, const char *name)
{
    g_signal_emit(client, signals[SIGNAL_OWN_NAME], 0, name);
}

void mx_client_emit_own_avatar(MxClient *client, const char *mxc)
{
    g_signal_emit(client, signals[SIGNAL_OWN_AVATAR], 0, mxc);
}

void mx_client_emit_ignored_changed(MxClient *client)
{
    if (client->state != MX_CLIENT_STOPPED)
        g_signal_emit(client, signals[SIGNAL_IGNORED_CHANGED], 0);
}

void mx_client_set_state(MxClient *client, MxClientState state)
{
    MxClientState before = client->state;
    if (before == state || before == MX_CLIENT_STOPPED)
        return;
    client->state = state;
    if (state == MX_CLIENT_SYNCING)
        mx_client_emit_progress(client, 3, _("Waiting for the first synchronization"));
    if (state == MX_CLIENT_ONLINE && !client->is_ready) {
        client->is_ready = TRUE;
        g_signal_emit(client, signals[SIGNAL_READY], 0);
        if (client->state != MX_CLIENT_STOPPED)
            mx_own_profile_ask(client);
    }
    if (client->is_ready && (state == MX_CLIENT_ONLINE) != (before == MX_CLIENT_ONLINE))
        g_signal_emit(client, signals[SIGNAL_ONLINE_CHANGED], 0, state == MX_CLIENT_ONLINE);
}

/* ---- jobs ---- */

gpointer mx_client_job_new(MxClient *client, gsize size)
{
    MxClientJob *job = g_malloc0(size);
    job->client = g_object_ref(client);
    return job;
}

void mx_client_job_clear(gpointer job)
{
    MxClientJob *base = job;
    g_clear_object(&base->client);
    g_clear_error(&base->error);
}

gboolean mx_client_take_answer(MxClient *client, GObject *source, GAsyncResult *result,
                               MxResponse **response, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(MxResponse) answer = mx_http_send_finish(MX_HTTP(source), result, &failure);
    if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(failure) == 401)
        mx_session_token_refused(client, failure);
    if (client->state == MX_CLIENT_STOPPED) /* perhaps just now */
        return FALSE;
    *response = g_steal_pointer(&answer);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return TRUE;
}

/* ---- rooms ---- */

MxRoom *mx_client_get_room(MxClient *client, const char *room_id)
{
    return room_id != NULL ? g_hash_table_lookup(client->rooms, room_id) : NULL;
}

MxRoom *mx_client_get_room_by_key(MxClient *client, gint64 key)
{
    return g_hash_table_lookup(client->by_key, &key);
}

MxRoom *mx_client_get_direct(MxClient *client, const char *user_id)
{
    return mx_client_get_room(client, g_hash_table_lookup(client->direct, user_id));
}

GList *mx_client_list_rooms(MxClient *client)
{
    return g_hash_table_get_values(client->rooms);
}

static void drop_from_maps(MxClient *client, MxRoom *room)
{
    if (room->direct_user != NULL &&
        g_strcmp0(g_hash_table_lookup(client->direct, room->direct_user), room->room_id) == 0)
        g_hash_table_remove(client->direct, room->direct_user);
    g_hash_table_remove(client->by_key, &room->key);
    g_hash_table_remove(client->rooms, room->room_id);
}

void mx_client_forget_room(MxClient *client, const char *room_id)
{
    MxRoom *room = mx_client_get_room(client, room_id);
    if (room != NULL)
        drop_from_maps(client, room);
}

void mx_client_know_room(MxClient *client, MxRoom *room)
{
    g_autoptr(MxRoom) kept = mx_room_ref(room); /* it may be the very one that goes */
    MxRoom *old = mx_client_get_room(client, room->room_id);
    if (old != NULL)
        drop_from_maps(client, old);
    if (room->membership == MX_MEMBERSHIP_LEAVE || room->membership == MX_MEMBERSHIP_BAN)
        return;
    mx_room_ref(room);
    g_hash_table_insert(client->rooms, room->room_id, room);
    g_hash_table_insert(client->by_key, &room->key, room);
    if (room->direct_user != NULL)
        g_hash_table_replace(client->direct, g_strdup(room->direct_user), g_strdup(room->room_id));
}

void mx_client_put_change(MxClient *client, MxRoomChange *change)
{
    mx_client_know_room(client, change->room);
    if (change->has_gap &&
        (change->wants_window || g_hash_table_contains(client->open_rooms, change->room->room_id)))
        mx_gap_fill(client, change->room->key, change->wants_window);
    if (change->adds_direct)
        mx_direct_room_publish(client);
    if (change->has_new_messages)
        mx_look_back_at(client, change->room);
    mx_upgrade_room_changed(client, change->room);
    mx_decrypt_kick(client); /* encrypted events may come in any room */
    mx_upkeep_kick(client);
    g_signal_emit(client, signals[SIGNAL_ROOM_CHANGED], 0, change);
}

/* ---- life ---- */

const char *mx_client_get_user_id(MxClient *client)
{
    return client->user_id;
}

const char *mx_client_get_device_id(MxClient *client)
{
    return client->device_id;
}

static void on_network_changed(GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
    if (available)
        mx_client_wake(user_data);
}

void mx_client_start(MxClient *client)
{
    g_return_if_fail(client->state == MX_CLIENT_NEW);
    g_signal_connect_object(g_network_monitor_get_default(), "network-changed",
                            G_CALLBACK(on_network_changed), client, 0);
    mx_session_start(client);
}

void mx_client_stop(MxClient *client)
{
    if (client->state == MX_CLIENT_STOPPED)
        return;
    client->state = MX_CLIENT_STOPPED;
    g_signal_handlers_disconnect_by_data(g_network_monitor_get_default(), client);
    mx_sync_stop(client);
    mx_client_crypto_clear(client);
    g_cancellable_cancel(client->cancellable);
    mx_history_clear(client);
    mx_gap_clear(client);
    mx_look_back_clear(client);
    mx_send_queue_clear(client);
    mx_media_clear(client);
    mx_own_profile_stop(client);
    mx_ignored_stop(client);
    mx_decrypt_stop(client);
    mx_upkeep_stop(client);
    g_clear_handle_id(&client->publish_source, g_source_remove);
    if (client->worker != NULL)
        mx_worker_stop(g_steal_pointer(&client->worker), STOP_WAIT_MS);
}

void mx_client_set_password(MxClient *client, const char *password)
{
    g_free(client->password);
    client->password = dup_unless_empty(password);
    mx_session_password_given(client);
}

void mx_client_log_out(MxClient *client)
{
    client->is_signing_out = TRUE;
    mx_session_log_out(client);
}

void mx_client_wake(MxClient *client)
{
    if (!client->is_ready || client->state == MX_CLIENT_STOPPED)
        return;
    mx_http_forget_connections(client->http);
    mx_sync_hurry(client);
}

/* ---- windows ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id;
    int limit;
    gboolean is_first;
    gboolean may_wait; /* for what the lines are about */
    GPtrArray *wanted; /* event IDs: it waits */
    int left_out;
    gboolean has_gap;
    gint64 failed;
    GPtrArray *lines;
    MxLinesFunc func;
    gpointer user_data;
} WindowJob;

static void window_job_free(gpointer data)
{
    WindowJob *job = data;
    g_free(job->own_user_id);
    g_clear_pointer(&job->lines, g_ptr_array_unref);
    g_clear_pointer(&job->wanted, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static WindowJob *new_window_job(MxClient *client, MxRoom *room)
{
    WindowJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->own_user_id = g_strdup(client->user_id);
    return job;
}

static void run_open(MxStore *store, gpointer data)
{
    WindowJob *job = data;
    g_autoptr(MxGapRow) gap = mx_store_get_gap(store, job->room);
    job->has_gap = gap != NULL;
    job->failed = mx_store_count_failed(store, job->room);
}

static void on_opened(gpointer data)
{
    WindowJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->has_gap)
        mx_gap_fill(client, job->room, FALSE);
    if (job->failed == 0 || room == NULL)
        return;
    g_autofree char *text = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE,
                    "%d message could not be sent. Type /resend to try again, or /discard.",
                    "%d messages could not be sent. Type /resend to try again, or /discard.",
                    job->failed),
        (int)job->failed);
    mx_client_emit_notice(client, room, text);
}

void mx_client_open_room(MxClient *client, MxRoom *room)
{
    if (client->worker == NULL || !g_hash_table_add(client->open_rooms, g_strdup(room->room_id)))
        return;
    g_hash_table_add(client->opened_now, g_strdup(room->room_id));
    mx_worker_push(client->worker, MX_JOB_USER, run_open, on_opened, new_window_job(client, room),
                   window_job_free);
}

void mx_client_close_room(MxClient *client, MxRoom *room)
{
    g_hash_table_remove(client->open_rooms, room->room_id);
    g_hash_table_remove(client->opened_now, room->room_id);
}

static void run_hide(MxStore *store, gpointer data)
{
    WindowJob *job = data;
    mx_store_begin(store);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, job->room);
    if (row != NULL) {
        row->hidden = TRUE;
        mx_store_save_room(store, row);
    }
    mx_store_commit(store, &job->base.error);
}

void mx_client_hide_room(MxClient *client, MxRoom *room)
{
    if (client->worker != NULL)
        mx_worker_push(client->worker, MX_JOB_USER, run_hide, NULL, new_window_job(client, room),
                       window_job_free);
}

/* Lines a slice of the main loop can write to a conversation; also what a crash can leave half
 * written. */
#define LINES_AT_ONCE 20
/* What a window takes of a long absence. */
#define WINDOW_LINES 1000
/* The same of what happened to the room meanwhile. */
#define WINDOW_STATE_LINES 50

static void run_take(MxStore *store, gpointer data)
{
    WindowJob *job = data;
    if (job->is_first) {
        mx_store_begin(store);
        job->left_out += mx_store_skip_all_but(store, job->room, WINDOW_LINES, WINDOW_STATE_LINES);
        if (!mx_store_commit(store, &job->base.error))
            return;
    }
    if (job->may_wait) {
        job->wanted = mx_timeline_list_wanted(store, job->room, LINES_AT_ONCE);
        if (job->wanted->len > 0)
            return;
    }
    job->lines =
        mx_timeline_take(store, job->room, LINES_AT_ONCE, job->own_user_id, &job->base.error);
}

static void push_take(WindowJob *job);

static void on_quoted(MxClient *client, gpointer data)
{
    const WindowJob *waiting = data;
    WindowJob *job = mx_client_job_new(client, sizeof *job);
    job->room = waiting->room;
    job->own_user_id = g_strdup(waiting->own_user_id);
    job->is_first = waiting->is_first;
    job->left_out = waiting->left_out;
    job->func = waiting->func;
    job->user_data = waiting->user_data;
    push_take(job);
}

/* The same once more, when what its lines are about is here. */
static void wait_for_quotes(MxClient *client, MxRoom *room, WindowJob *job)
{
    WindowJob *waiting = new_window_job(client, room);
    waiting->is_first = job->is_first;
    waiting->left_out = job->left_out;
    waiting->func = job->func;
    waiting->user_data = job->user_data;
    mx_quotes_fetch(client, room, g_steal_pointer(&job->wanted), on_quoted, waiting,
                    window_job_free);
}

static void on_taken(gpointer data)
{
    WindowJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->wanted != NULL && job->wanted->len > 0 && room != NULL) {
        wait_for_quotes(client, room, job);
        return;
    }
    if (job->base.error != NULL)
        mx_client_emit_account_notice(client, job->base.error->message);
    if (job->lines == NULL)
        job->lines = g_ptr_array_new();
    /* Lines that wait for a gap come later; the limit is for them too. */
    if (job->is_first && job->lines->len == 0 && room != NULL &&
        g_hash_table_contains(client->open_rooms, room->room_id))
        g_hash_table_add(client->opened_now, g_strdup(room->room_id));
    if (room == NULL)
        mx_client_lines_not_shown(client,
                                  job->lines); /* it is gone; joined again, they are there */
    else
        job->func(client, room, g_steal_pointer(&job->lines), job->left_out, job->user_data);
}

static void push_take(WindowJob *job)
{
    mx_worker_push(job->base.client->worker, MX_JOB_USER, run_take, on_taken, job, window_job_free);
}

void mx_client_take_lines(MxClient *client, MxRoom *room, MxLinesFunc func, gpointer user_data)
{
    if (client->worker == NULL)
        return;
    WindowJob *job = new_window_job(client, room);
    job->is_first = g_hash_table_remove(client->opened_now, room->room_id);
    job->may_wait = mx_quotes_may_wait(client);
    job->func = func;
    job->user_data = user_data;
    push_take(job);
}

typedef struct {
    MxClientJob base;
    GArray *rows;
    MxDisplay display;
} DisplayJob;

static void display_job_free(gpointer data)
{
    DisplayJob *job = data;
    g_array_unref(job->rows);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_display(MxStore *store, gpointer data)
{
    DisplayJob *job = data;
    mx_timeline_set_display(store, job->rows, job->display, &job->base.error);
}

static void set_display(MxClient *client, GPtrArray *lines, MxDisplay display)
{
    if (client->worker == NULL || lines->len == 0)
        return;
    DisplayJob *job = mx_client_job_new(client, sizeof *job);
    job->rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    job->display = display;
    for (guint i = 0; i < lines->len; i++)
        g_array_append_val(job->rows, ((MxLine *)g_ptr_array_index(lines, i))->row);
    mx_worker_push(client->worker, MX_JOB_USER, run_display, NULL, job, display_job_free);
}

void mx_client_lines_shown(MxClient *client, GPtrArray *lines)
{
    set_display(client, lines, MX_DISPLAY_SHOWN);
}

void mx_client_lines_not_shown(MxClient *client, GPtrArray *lines)
{
    set_display(client, lines, MX_DISPLAY_PENDING);
}

/* ---- rooms with unread lines ---- */

typedef struct {
    MxClientJob base;
    char *own_user_id;
    GPtrArray *rooms;
    MxUnreadFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} UnreadJob;

static void run_unread(MxStore *store, gpointer data)
{
    UnreadJob *job = data;
    g_autoptr(GArray) keys = mx_store_list_rooms_with_display(store, MX_DISPLAY_PENDING);
    job->rooms = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_unref);
    for (guint i = 0; i < keys->len; i++) {
        g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, g_array_index(keys, gint64, i));
        g_autoptr(MxRoom) room = row != NULL && row->membership == MX_MEMBERSHIP_JOIN
                                     ? mx_room_new(store, row, job->own_user_id)
                                     : NULL;
        if (room != NULL && room->unread > 0)
            g_ptr_array_add(job->rooms, g_steal_pointer(&room));
    }
}

static void on_unread(gpointer data)
{
    UnreadJob *job = data;
    job->func(job->base.client, g_steal_pointer(&job->rooms), job->user_data);
}

static void unread_job_free(gpointer data)
{
    UnreadJob *job = data;
    g_clear_pointer(&job->rooms, g_ptr_array_unref);
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->own_user_id);
    mx_client_job_clear(job);
    g_free(job);
}

void mx_client_list_unread(MxClient *client, MxUnreadFunc func, gpointer user_data,
                           GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    UnreadJob *job = mx_client_job_new(client, sizeof *job);
    job->own_user_id = g_strdup(client->user_id);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_unread, on_unread, job, unread_job_free);
}

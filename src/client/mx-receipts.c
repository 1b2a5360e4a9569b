/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"

#include "mx-json.h"

/* Read receipts and the fully-read marker (client-server API, "Receipts" and "Fully read markers"),
 * with one request for both. Each room has at most one under way; of those that come meanwhile only
 * the furthest is sent. What could not be told is told after a later /sync. */

#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS (5 * 60 * 1000)
/* After that long a new line says once more that the partner has read. */
#define SAY_AGAIN_MS (10 * 60 * G_GINT64_CONSTANT(1000))

typedef struct {
    gint64 room;
    char *wanted; /* event ID still to be told, or NULL */
    gint64 wanted_pos;
    gboolean is_private;
    gboolean is_busy;
    gint64 told_pos; /* furthest that was sent */
    MxBackoff backoff;
    gint64 not_before; /* monotonic, us */
    /* the partner's */
    gboolean was_said;
    gint64 said_partner_pos, said_own_ts;
} RoomReceipts;

static void room_receipts_free(gpointer data)
{
    RoomReceipts *receipts = data;
    g_free(receipts->wanted);
    g_free(receipts);
}

void mx_receipts_init(MxClient *client)
{
    client->receipts = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, room_receipts_free);
}

void mx_receipts_clear(MxClient *client)
{
    g_clear_pointer(&client->receipts, g_hash_table_unref);
}

static RoomReceipts *get_receipts(MxClient *client, gint64 room)
{
    RoomReceipts *receipts = g_hash_table_lookup(client->receipts, &room);
    if (receipts != NULL)
        return receipts;
    receipts = g_new0(RoomReceipts, 1);
    receipts->room = room;
    receipts->told_pos = G_MININT64;
    mx_backoff_init(&receipts->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    g_hash_table_insert(client->receipts, &receipts->room, receipts);
    return receipts;
}

/* ---- sending ---- */

typedef struct {
    MxClient *client;
    gint64 room;
    char *event_id;
    gint64 pos;
    gboolean is_private;
} Sending;

static void sending_free(Sending *sending)
{
    g_free(sending->event_id);
    g_object_unref(sending->client);
    g_free(sending);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sending, sending_free)

static void send_next(MxClient *client, RoomReceipts *receipts);

static void want_again(RoomReceipts *receipts, Sending *sending)
{
    gint64 wait = mx_backoff_next(&receipts->backoff);
    receipts->not_before = g_get_monotonic_time() + wait * 1000;
    if (receipts->wanted != NULL)
        return; /* a later one says more */
    receipts->wanted = g_steal_pointer(&sending->event_id);
    receipts->wanted_pos = sending->pos;
    receipts->is_private = sending->is_private;
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Sending) sending = user_data;
    MxClient *client = sending->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    RoomReceipts *receipts = get_receipts(client, sending->room);
    receipts->is_busy = FALSE;
    if (response != NULL) {
        mx_backoff_reset(&receipts->backoff);
        receipts->told_pos = MAX(receipts->told_pos, sending->pos);
    } else if (mx_error_get_status(error) == 401 || mx_error_is_transient(error)) {
        want_again(receipts, sending);
    } /* else: refused; the next line read is told of all the same */
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
    else if (response != NULL)
        send_next(client, receipts);
}

static void send_next(MxClient *client, RoomReceipts *receipts)
{
    MxRoom *room = mx_client_get_room_by_key(client, receipts->room);
    if (receipts->is_busy || receipts->wanted == NULL || client->is_signing_in ||
        client->is_signing_out || g_get_monotonic_time() < receipts->not_before)
        return;
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN) {
        g_clear_pointer(&receipts->wanted, g_free);
        return;
    }
    Sending *sending = g_new0(Sending, 1);
    sending->client = g_object_ref(client);
    sending->room = receipts->room;
    sending->event_id = g_steal_pointer(&receipts->wanted);
    sending->pos = receipts->wanted_pos;
    sending->is_private = receipts->is_private;
    receipts->is_busy = TRUE;
    g_autoptr(MxRequest) request =
        mx_endpoint_read_markers(room->room_id, sending->event_id, sending->is_private);
    mx_http_send_async(client->http, request, client->cancellable, on_answer, sending);
}

void mx_receipts_kick_all(MxClient *client)
{
    g_autoptr(GList) list = g_hash_table_get_values(client->receipts);
    for (GList *at = list; at != NULL; at = at->next)
        send_next(client, at->data);
}

/* ---- what was read ---- */

typedef struct {
    MxClientJob base;
    gint64 line, room;
    char *own_user_id;
    gboolean is_private;
    char *event_id; /* NULL: nothing to tell */
    gint64 pos;
    gboolean was_marked;
} ReadJob;

static void read_job_free(gpointer data)
{
    ReadJob *job = data;
    g_free(job->own_user_id);
    g_free(job->event_id);
    mx_client_job_clear(job);
    g_free(job);
}

/* The user, or another client, marked the room as unread to come back to it. */
static gboolean is_marked_unread(MxStore *store, gint64 room)
{
    g_autofree char *text = mx_store_get_account_data(store, room, "m.marked_unread");
    gboolean unread = FALSE;
    if (text != NULL)
        mx_json_slice_get_bool(mx_json_scan_member(mx_json_scan_root(text, strlen(text)), "unread"),
                               &unread);
    return unread;
}

static void run_read(MxStore *store, gpointer data)
{
    ReadJob *job = data;
    g_autoptr(MxTimelineRow) line = mx_store_get_line(store, job->line);
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    if (line == NULL || room == NULL || line->room != job->room || line->event_id == NULL ||
        g_str_equal(line->sender, job->own_user_id))
        return;
    job->was_marked = is_marked_unread(store, job->room);
    /* Never backwards: another device may be further. */
    if (room->read_event_id != NULL &&
        mx_store_get_event_pos(store, job->room, room->read_event_id) >= line->pos)
        return;
    job->event_id = g_strdup(line->event_id);
    job->pos = line->pos;
}

static void on_unmarked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
}

static void unmark(MxClient *client, gint64 key)
{
    MxRoom *room = mx_client_get_room_by_key(client, key);
    g_autoptr(JsonObject) content = json_object_new();
    if (room == NULL)
        return;
    json_object_set_boolean_member(content, "unread", FALSE);
    g_autoptr(MxRequest) request = mx_endpoint_set_room_account_data(client->user_id, room->room_id,
                                                                     "m.marked_unread", content);
    mx_http_send_async(client->http, request, client->cancellable, on_unmarked,
                       g_object_ref(client));
}

static void on_read(gpointer data)
{
    ReadJob *job = data;
    MxClient *client = job->base.client;
    RoomReceipts *receipts = get_receipts(client, job->room);
    if (job->was_marked)
        unmark(client, job->room);
    if (job->event_id == NULL || job->pos <= receipts->told_pos ||
        (receipts->wanted != NULL && job->pos <= receipts->wanted_pos))
        return;
    g_free(receipts->wanted);
    receipts->wanted = g_steal_pointer(&job->event_id);
    receipts->wanted_pos = job->pos;
    receipts->is_private = job->is_private;
    send_next(client, receipts);
}

void mx_client_mark_read(MxClient *client, MxRoom *room, gint64 line, gboolean is_private)
{
    if (client->worker == NULL)
        return;
    ReadJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->line = line;
    job->own_user_id = g_strdup(client->user_id);
    job->is_private = is_private;
    mx_worker_push(client->worker, MX_JOB_USER, run_read, on_read, job, read_job_free);
}

/* ---- what the partner has read ---- */

void mx_receipts_apply(MxClient *client, const MxEphemeral *ephemeral)
{
    MxRoom *room = mx_client_get_room_by_key(client, ephemeral->room);
    RoomReceipts *receipts = get_receipts(client, ephemeral->room);
    /* Once for what the user has written in one go, not after each line of it. */
    gboolean is_known = receipts->was_said &&
                        receipts->said_partner_pos == ephemeral->partner_pos &&
                        ephemeral->own_ts - receipts->said_own_ts < SAY_AGAIN_MS;
    if (is_known || room == NULL || room->direct_user == NULL)
        return;
    receipts->was_said = TRUE;
    receipts->said_partner_pos = ephemeral->partner_pos;
    receipts->said_own_ts = ephemeral->own_ts;
    mx_client_emit_partner_read(client, room, ephemeral->read_ts);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-wanted-encryption.h"
#include "mx-direct-room.h"
#include "mx-json.h"
#include "mx-ratchet.h"
#include "mx-redact-all.h"
#include "mx-send-decision.h"

/* The way out (F1). What the user typed is a row before it is anything else. Each room sends one
 * message at a time, in order. A PUT without an answer may or may not have arrived: it goes out
 * again, with the same transaction ID, only after a /sync that began later has not contained it. A
 * refusal fails that one message, with a line, and the next one's turn comes. */

#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 30000
#define MAX_PAUSE_MS 60000
#define SAY_AFTER_MS 60000

typedef struct {
    MxClient *client;
    gint64 room;
    gboolean busy;
    gboolean again;        /* kicked while busy */
    guint64 uncertain_at;  /* serial number of the newest /sync when an answer failed to come */
    gboolean is_marked;    /* uncertain_mark belongs to current_item */
    gint64 uncertain_mark; /* monotonic, us: since when this uncertainty counts */
    gint64 current_item;   /* the one that is, or was last, on its way */
    MxBackoff backoff;     /* for that one */
    guint retry_source;    /* until then it waits */
    MxKeyWait keys;        /* for an encrypted room's (mx-send-keys.c) */
} RoomQueue;

typedef struct {
    MxClient *client;
    gint64 room;
    MxQueueRow *item;
    char *body;
} Sending;

static void room_queue_free(gpointer data)
{
    RoomQueue *queue = data;
    g_clear_handle_id(&queue->retry_source, g_source_remove);
    mx_key_wait_clear(&queue->keys);
    g_free(queue);
}

void mx_send_queue_init(MxClient *client)
{
    client->queues = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, room_queue_free);
}

void mx_send_queue_clear(MxClient *client)
{
    g_clear_pointer(&client->queues, g_hash_table_unref);
    g_clear_pointer(&client->redact_runs, g_hash_table_unref);
}

static RoomQueue *get_queue(MxClient *client, gint64 room)
{
    RoomQueue *queue = g_hash_table_lookup(client->queues, &room);
    if (queue != NULL)
        return queue;
    queue = g_new0(RoomQueue, 1);
    queue->client = client;
    queue->room = room;
    mx_backoff_init(&queue->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    mx_key_wait_init(&queue->keys, client, room);
    g_hash_table_insert(client->queues, &queue->room, queue);
    return queue;
}

static MxSendJob *new_job(MxClient *client, gint64 room)
{
    MxSendJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->own_user_id = g_strdup(client->user_id);
    return job;
}

static void run_answer(MxStore *store, gpointer data)
{
    MxSendJob *job = data;
    mx_store_begin(store);
    switch (job->result) {
    case MX_SENT_OK:
        if (mx_send_is_redaction(job->item))
            mx_store_remove_row_of_txn(store, job->room, job->item->txn_id);
        else
            mx_store_set_event_id(store, job->room, job->item->txn_id, job->event_id);
        mx_store_remove_queue(store, job->item->id);
        break;
    case MX_SENT_UNCERTAIN:
        mx_store_set_queue_state(store, job->item->id, MX_QUEUE_UNCERTAIN, job->uncertain_ms);
        break;
    case MX_SENT_NOT_NOW:
        mx_store_set_queue_state(store, job->item->id, MX_QUEUE_QUEUED, 0);
        break;
    case MX_SENT_REFUSED:
        mx_store_set_queue_state(store, job->item->id, MX_QUEUE_FAILED, 0);
        break;
    }
    mx_store_commit(store, &job->base.error);
}

/* ---- main loop ---- */

static void set_idle(MxClient *client, gint64 room)
{
    RoomQueue *queue = get_queue(client, room);
    queue->busy = FALSE;
    if (queue->again)
        mx_send_queue_kick(client, room);
}

/* Nothing is left to send: the room costs nothing any more. */
static void set_empty(MxClient *client, gint64 room)
{
    RoomQueue *queue = get_queue(client, room);
    if (queue->again)
        set_idle(client, room);
    else
        g_hash_table_remove(client->queues, &room);
    mx_redact_all_go_on(client, room);
}

static gboolean on_retry(gpointer data)
{
    RoomQueue *queue = data;
    queue->retry_source = 0;
    mx_send_queue_kick(queue->client, queue->room);
    return G_SOURCE_REMOVE;
}

static void retry_later(MxClient *client, gint64 room, gint64 at_least_ms)
{
    RoomQueue *queue = get_queue(client, room);
    gint64 wait = MAX((gint64)mx_backoff_next(&queue->backoff), at_least_ms);
    g_clear_handle_id(&queue->retry_source, g_source_remove);
    queue->retry_source = g_timeout_add(CLAMP(wait, 0, 600000), on_retry, queue);
}

static void say(MxClient *client, gint64 room, const char *text)
{
    MxRoom *summary = mx_client_get_room_by_key(client, room);
    if (summary != NULL)
        mx_client_emit_room_error(client, summary, text);
}

static void say_refused(MxClient *client, gint64 room, const char *body, const GError *error)
{
    const char *why = mx_error_get_server_text(error);
    g_autofree char *text = NULL;
    if (mx_error_get_status(error) == 413 ||
        g_strcmp0(mx_error_get_errcode(error), "M_TOO_LARGE") == 0)
        text = g_strdup_printf(
            _("Not sent, it is too long: “%s”. Type /discard to drop it, and send it in parts."),
            body);
    else
        text = g_strdup_printf(
            _("Not sent: “%s”. The homeserver refused it: %s. Type /resend to try again, or "
              "/discard to drop it."),
            body, why != NULL ? why : error->message);
    say(client, room, text);
}

static void on_answer_stored(gpointer data)
{
    MxSendJob *job = data;
    MxClient *client = job->base.client;
    RoomQueue *queue = get_queue(client, job->room);
    if (job->result == MX_SENT_OK) {
        mx_backoff_reset(&queue->backoff);
        queue->uncertain_at = 0;
        queue->again = TRUE;
    }
    if (job->result == MX_SENT_REFUSED)
        queue->again = TRUE;
    set_idle(client, job->room);
}

static MxSendResult classify(const GError *error)
{
    guint status = mx_error_get_status(error);
    if (status == 401 || status == 429)
        return MX_SENT_NOT_NOW;
    if (status == 0 || status >= 500)
        return MX_SENT_UNCERTAIN;
    return MX_SENT_REFUSED;
}

static void sending_free(Sending *sending)
{
    g_object_unref(sending->client);
    g_clear_pointer(&sending->item, mx_queue_row_free);
    g_free(sending->body);
    g_free(sending);
}

static char *read_event_id(MxResponse *response)
{
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    return g_strdup(mx_json_string(answer, "event_id"));
}

/* Said once, while it is still being tried. */
static void say_slow(Sending *sending)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent yet: “%s”. The homeserver does not answer as it should; it is tried again."),
        sending->body);
    MxRoom *room = mx_client_get_room_by_key(sending->client, sending->room);
    if (room != NULL)
        mx_client_emit_notice(sending->client, room, text);
}

static void handle_uncertain(Sending *sending, MxSendJob *job)
{
    MxClient *client = sending->client;
    RoomQueue *queue = get_queue(client, sending->room);
    gint64 now = g_get_monotonic_time();
    /* Tries are at most half a minute apart while the server is there; a longer pause was offline.
     */
    gint64 passed_ms = MIN((now - queue->uncertain_mark) / 1000, MAX_PAUSE_MS);
    job->uncertain_ms = sending->item->uncertain_ms + passed_ms;
    queue->uncertain_mark = now;
    if (job->uncertain_ms >= SAY_AFTER_MS && sending->item->uncertain_ms < SAY_AFTER_MS)
        say_slow(sending);
    queue->uncertain_at = client->sync.started;
    /* A held /sync would answer only with the next event: ask for the present at once. */
    retry_later(client, sending->room, 0);
    mx_sync_hurry(client);
}

static void handle_error(Sending *sending, MxSendJob *job, const GError *error)
{
    MxClient *client = sending->client;
    job->result = classify(error);
    switch (job->result) {
    case MX_SENT_UNCERTAIN:
        handle_uncertain(sending, job);
        break;
    case MX_SENT_NOT_NOW:
        retry_later(client, sending->room, mx_error_get_retry_after_ms(error));
        if (mx_error_get_status(error) == 401)
            mx_session_token_refused(client, error);
        break;
    default:
        say_refused(client, sending->room, sending->body, error);
    }
}

static void on_put_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Sending *sending = user_data;
    MxClient *client = sending->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state == MX_CLIENT_STOPPED) {
        sending_free(sending);
        return;
    }
    MxSendJob *job = new_job(client, sending->room);
    if (response != NULL && (job->event_id = read_event_id(response)) == NULL)
        g_set_error(&error, MX_ERROR, MX_ERROR_BAD_ANSWER, "no event_id");
    if (error == NULL)
        job->result = MX_SENT_OK;
    else
        handle_error(sending, job, error);
    job->item = g_steal_pointer(&sending->item);
    mx_worker_push(client->worker, MX_JOB_USER, run_answer, on_answer_stored, job,
                   mx_send_job_free);
    sending_free(sending);
}

static MxRequest *new_request(const char *room_id, const MxQueueRow *item)
{
    static const char *const names[] = {"redacts", "reason", NULL};
    MxJsonSlice values[2];
    if (item->cipher != NULL)
        return mx_endpoint_send(room_id, "m.room.encrypted", item->txn_id, item->cipher);
    if (!mx_send_is_redaction(item))
        return mx_endpoint_send(room_id, item->type, item->txn_id, item->content);
    mx_json_scan_members(mx_json_scan_root(item->content, strlen(item->content)), names, values);
    g_autofree char *event_id = mx_json_slice_dup_string(values[0]);
    g_autofree char *reason = mx_json_slice_dup_string(values[1]);
    return mx_endpoint_redact(room_id, event_id, item->txn_id, reason);
}

static void put(MxSendJob *job)
{
    MxClient *client = job->base.client;
    RoomQueue *queue = get_queue(client, job->room);
    Sending *sending = g_new0(Sending, 1);
    sending->client = g_object_ref(client);
    sending->room = job->room;
    sending->item = g_steal_pointer(&job->item);
    sending->body = g_steal_pointer(&job->body);
    if (!queue->is_marked)
        queue->uncertain_mark = g_get_monotonic_time();
    queue->is_marked = TRUE;
    g_autoptr(MxRequest) request = new_request(job->room_id, sending->item);
    mx_http_send_async(client->http, request, client->cancellable, on_put_answer, sending);
}

static void on_prepared(MxClient *client, gint64 room, MxDirectOutcome outcome, const GError *error)
{
    RoomQueue *queue = get_queue(client, room);
    if (outcome == MX_DIRECT_READY || outcome == MX_DIRECT_REFUSED) {
        /* Refused: every message that waited for the room has failed, and that was said. */
        queue->again = TRUE;
    } else {
        queue->uncertain_at = client->sync.started;
        retry_later(client, room, mx_error_get_retry_after_ms(error));
        mx_sync_hurry(client);
    }
    set_idle(client, room);
}

static void say_unknown_encryption(MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent: “%s”. This room is encrypted in a way that is not known here. Nothing was "
          "sent in the clear. Type /discard to drop it."),
        job->body);
    say(job->base.client, job->room, text);
}

static void say_not_plain(MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent: “%s”. You wrote it into an encrypted conversation, and this one is not "
          "encrypted. Type /discard to drop it."),
        job->body);
    say(job->base.client, job->room, text);
}

static void say_plain_file(MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent: “%s”. This room became encrypted after the file was uploaded. Type /discard, "
          "then send the file again."),
        job->body);
    say(job->base.client, job->room, text);
}

/* G7 */
static void say_downgraded(MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent: “%s”. The room that this one continues was encrypted, and this one is not: "
          "its servers can read everything. Type /resend to send it all the same, or /discard to "
          "drop it."),
        job->body);
    say(job->base.client, job->room, text);
}

static void say_unencryptable(MxSendJob *job)
{
    gboolean is_long =
        g_error_matches(job->encrypt_error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_TOO_LONG);
    g_autofree char *text = g_strdup_printf(
        is_long
            ? _("Not sent, it is too long: “%s”. Type /discard to drop it, and send it in parts.")
            : _("Not sent: “%s” could not be encrypted. Nothing was sent in the clear. Type "
                "/resend to try again, or /discard to drop it."),
        job->body);
    say(job->base.client, job->room, text);
}

/* There may be no window left to say it in. */
static void say_gone(MxSendJob *job)
{
    g_autofree char *text =
        g_strdup_printf(_("Not sent: “%s”. You are no longer in that room."), job->body);
    mx_client_emit_account_notice(job->base.client, text);
}

static void say_uncertain(MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("It is not known whether “%s” has arrived: the homeserver has not answered for a day. "
          "Type /resend to send it again, or /discard to drop it."),
        job->body);
    say(job->base.client, job->room, text);
}

/* A new item does not wait for what the one before it has met with: an echo may have settled that.
 */
static void begin_item(RoomQueue *queue, const MxSendJob *job)
{
    if (job->item == NULL || job->item->id == queue->current_item)
        return;
    queue->current_item = job->item->id;
    queue->is_marked = FALSE;
    mx_backoff_reset(&queue->backoff);
    g_clear_handle_id(&queue->retry_source, g_source_remove);
}

static void say_failed(MxSendJob *job)
{
    static const struct {
        MxSendNext next;
        void (*func)(MxSendJob *job);
    } sayings[] = {
        {MX_NEXT_REFUSED, say_unknown_encryption},
        {MX_NEXT_NOT_PLAIN, say_not_plain},
        {MX_NEXT_PLAIN_FILE, say_plain_file},
        {MX_NEXT_WARN, say_downgraded},
        {MX_NEXT_UNENCRYPTABLE, say_unencryptable},
        {MX_NEXT_GONE, say_gone},
        {MX_NEXT_ASK, say_uncertain},
    };
    for (guint i = 0; i < G_N_ELEMENTS(sayings); i++)
        if (sayings[i].next == job->next)
            sayings[i].func(job);
}

static void on_decided(gpointer data)
{
    MxSendJob *job = data;
    MxClient *client = job->base.client;
    RoomQueue *queue = get_queue(client, job->room);
    if (job->base.error != NULL) {
        mx_client_emit_account_notice(client, job->base.error->message);
        retry_later(client, job->room, RETRY_CAP_MS);
        set_idle(client, job->room);
        return;
    }
    begin_item(queue, job);
    if (job->is_encrypting)
        mx_client_crypto_kick(client); /* it has keys to send */
    if (job->next != MX_NEXT_KEYS)
        mx_key_wait_end(&queue->keys);
    switch (job->next) {
    case MX_NEXT_SEND:
        put(job);
        return;
    case MX_NEXT_PREPARE:
        mx_direct_room_prepare(client, job->room, job->room_id, job->direct_user,
                               job->is_pending_room, queue->uncertain_at != 0, on_prepared);
        return;
    case MX_NEXT_ENCRYPT:
        mx_wanted_encryption_make_up(client, job->room, job->body, job->item->is_secret,
                                     on_prepared);
        return;
    case MX_NEXT_WAIT_GAP:
        mx_gap_fill(client, job->room, FALSE);
        break;
    case MX_NEXT_NOTHING:
        set_empty(client, job->room);
        return;
    case MX_NEXT_KEYS:
        queue->again |= mx_key_wait_step(&queue->keys, job);
        break;
    case MX_NEXT_WAIT_SYNC: /* every applied /sync kicks */
        break;
    default:
        say_failed(job);
        queue->again = TRUE;
    }
    set_idle(client, job->room);
}

void mx_send_queue_kick(MxClient *client, gint64 room)
{
    if (client->queues == NULL)
        return;
    /* From here on the room is known to have something to send, whenever the server is back. */
    RoomQueue *queue = get_queue(client, room);
    if (client->state != MX_CLIENT_ONLINE)
        return;
    if (queue->busy) {
        queue->again = TRUE;
        return;
    }
    queue->busy = TRUE;
    queue->again = FALSE;
    MxSendJob *job = new_job(client, room);
    job->may_resend = client->sync.applied > queue->uncertain_at;
    job->waiting_item = queue->retry_source != 0 ? queue->current_item : 0;
    mx_worker_push(client->worker, MX_JOB_USER, mx_send_run_decide, on_decided, job,
                   mx_send_job_free);
}

typedef struct {
    MxClientJob base;
    GArray *rooms;
} KickJob;

static void run_list(MxStore *store, gpointer data)
{
    KickJob *job = data;
    job->rooms = mx_store_list_queue_rooms(store);
}

static void on_listed(gpointer data)
{
    KickJob *job = data;
    for (guint i = 0; i < job->rooms->len; i++)
        mx_send_queue_kick(job->base.client, g_array_index(job->rooms, gint64, i));
}

static void kick_job_free(gpointer data)
{
    KickJob *job = data;
    g_clear_pointer(&job->rooms, g_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

void mx_send_queue_kick_all(MxClient *client)
{
    /* Nothing typed since the start and nothing left from before: then there is nothing to look
     * for. */
    if (client->queues_listed && g_hash_table_size(client->queues) == 0)
        return;
    client->queues_listed = TRUE;
    KickJob *job = mx_client_job_new(client, sizeof *job);
    mx_worker_push(client->worker, MX_JOB_USER, run_list, on_listed, job, kick_job_free);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-state.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-canonical-json.h"
#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-power.h"
#include "mx-room-encryption.h"
#include "mx-state-text.h"
#include "mx-target.h"

/* ---- read ---- */

/* One question; it goes to and fro between the worker, which reads, and the network. */
typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id;
    char *type, *key, *at;
    char **words;
    char *event_id; /* of the message in whose time the state is wanted */
    char *replaces; /* the event before */
    GBytes *answer;
    GString *text;
    MxTextFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Reading;

static void reading_free(gpointer data)
{
    Reading *reading = data;
    if (reading->destroy != NULL)
        reading->destroy(reading->user_data);
    g_free(reading->room_id);
    g_free(reading->own_user_id);
    g_free(reading->type);
    g_free(reading->key);
    g_free(reading->at);
    g_strfreev(reading->words);
    g_free(reading->event_id);
    g_free(reading->replaces);
    g_clear_pointer(&reading->answer, g_bytes_unref);
    g_string_free(reading->text, TRUE);
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

static void push_step(Reading *reading, MxJobFunc run, MxJobDone done)
{
    Step *step = g_new0(Step, 1);
    step->reading = reading;
    mx_worker_push(reading->base.client->worker, MX_JOB_USER, run, done, step, step_free);
}

static void end(Reading *reading, const GError *error)
{
    reading->func(reading->base.client, error == NULL ? reading->text->str : NULL, error,
                  reading->user_data);
    reading_free(reading);
}

static void ask(Reading *reading, MxRequest *request, GAsyncReadyCallback on_answer)
{
    MxClient *client = reading->base.client;
    mx_http_send_async(client->http, request, client->cancellable, on_answer, reading);
    mx_request_unref(request);
}

/* FALSE: the reading is over. */
static gboolean take_answer(Reading *reading, GObject *source, GAsyncResult *result, GError **error)
{
    MxClient *client = reading->base.client;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(client, source, result, &response, error)) {
        reading_free(reading);
        return FALSE;
    }
    g_clear_pointer(&reading->answer, g_bytes_unref);
    if (response != NULL)
        reading->answer = g_bytes_ref(response->body);
    return TRUE;
}

static MxJsonSlice get_answer(const Reading *reading)
{
    gsize len;
    const char *text = g_bytes_get_data(reading->answer, &len);
    if (text == NULL || !mx_json_scan_validate(text, len))
        return (MxJsonSlice){0};
    return mx_json_scan_root(text, len);
}

static void append_before(Reading *reading, MxJsonSlice content)
{
    g_autofree char *pretty = mx_state_text_pretty(content);
    g_string_append_printf(reading->text, _("\nBefore:\n%s"), pretty);
}

/* E5: what was there before is in the event, or in the one that it replaces. */
static void read_event(Reading *reading, MxJsonSlice event)
{
    static const char *const names[] = {"prev_content", "replaces_state", NULL};
    MxJsonSlice values[2];
    g_autofree char *text = mx_state_text_event(event, reading->type, reading->key);
    g_string_append(reading->text, text);
    MxJsonSlice more = mx_json_scan_member(event, "unsigned");
    if (more.text == NULL || more.type != MX_JSON_OBJECT)
        return;
    mx_json_scan_members(more, names, values);
    if (values[0].text != NULL && values[0].type == MX_JSON_OBJECT)
        append_before(reading, values[0]);
    else
        reading->replaces = mx_json_slice_dup_string(values[1]);
}

static void run_read(MxStore *store, gpointer data)
{
    Reading *reading = ((Step *)data)->reading;
    MxStateFilter filter = {
        .type = reading->type, .key = reading->key, .words = (const char *const *)reading->words};
    MxJsonSlice root = get_answer(reading);
    MxJsonSlice events = root;
    if (reading->at != NULL)
        events = mx_json_scan_member(root, "state");
    gboolean is_event = reading->type != NULL && root.text != NULL;
    if (is_event && reading->at != NULL)
        events = mx_state_text_find(events, reading->type, reading->key);
    if (is_event && events.text != NULL && events.type == MX_JSON_OBJECT) {
        read_event(reading, events);
        return;
    }
    if (is_event)
        events = (MxJsonSlice){0};
    g_autofree char *list = mx_state_text_list(events, &filter);
    g_string_append(reading->text, list);
}

static void run_read_before(MxStore *store, gpointer data)
{
    Reading *reading = ((Step *)data)->reading;
    MxJsonSlice content = mx_json_scan_member(get_answer(reading), "content");
    if (content.text != NULL && content.type == MX_JSON_OBJECT)
        append_before(reading, content);
}

static void on_read_before(gpointer data)
{
    end(g_steal_pointer(&((Step *)data)->reading), NULL);
}

/* That the older one cannot be had takes nothing from the newer. */
static void on_event_before(GObject *source, GAsyncResult *result, gpointer data)
{
    Reading *reading = data;
    g_autoptr(GError) error = NULL;
    if (!take_answer(reading, source, result, &error))
        return;
    if (reading->answer == NULL)
        end(reading, NULL);
    else
        push_step(reading, run_read_before, on_read_before);
}

static void on_read(gpointer data)
{
    Reading *reading = g_steal_pointer(&((Step *)data)->reading);
    if (reading->replaces == NULL)
        end(reading, NULL);
    else
        ask(reading, mx_endpoint_event(reading->room_id, reading->replaces), on_event_before);
}

static void on_state(GObject *source, GAsyncResult *result, gpointer data)
{
    Reading *reading = data;
    g_autoptr(GError) error = NULL;
    if (!take_answer(reading, source, result, &error))
        return;
    if (mx_error_get_status(error) == 404 && reading->type != NULL && reading->at == NULL) {
        g_string_append(reading->text, _("The room has no such state."));
        end(reading, NULL);
    } else if (error != NULL) {
        end(reading, error);
    } else {
        push_step(reading, run_read, on_read);
    }
}

static void run_find_message(MxStore *store, gpointer data)
{
    Reading *reading = ((Step *)data)->reading;
    const char *rest;
    g_autoptr(MxTimelineRow) target =
        mx_target_find(store, reading->room, reading->own_user_id, reading->at, MX_TARGET_ANY,
                       &rest, &reading->base.error);
    if (target != NULL && target->event_id == NULL)
        g_set_error_literal(&reading->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("That message is not on the server yet."));
    if (target != NULL)
        reading->event_id = g_strdup(target->event_id);
}

static void on_message_found(gpointer data)
{
    Reading *reading = g_steal_pointer(&((Step *)data)->reading);
    if (reading->base.error != NULL)
        end(reading, reading->base.error);
    else
        ask(reading, mx_endpoint_context(reading->room_id, reading->event_id), on_state);
}

void mx_client_read_state(MxClient *client, MxRoom *room, const MxStateQuery *query,
                          MxTextFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    Reading *reading = mx_client_job_new(client, sizeof *reading);
    reading->room = room->key;
    reading->room_id = g_strdup(room->room_id);
    reading->own_user_id = g_strdup(client->user_id);
    reading->type = g_strdup(query->type);
    reading->key = query->type != NULL && query->key == NULL ? g_strdup("") : g_strdup(query->key);
    reading->at = g_strdup(query->at);
    reading->words = g_strdupv((char **)query->words);
    reading->text = g_string_new(NULL);
    reading->func = func;
    reading->user_data = user_data;
    reading->destroy = destroy;
    if (reading->at != NULL)
        push_step(reading, run_find_message, on_message_found);
    else if (reading->type != NULL)
        ask(reading, mx_endpoint_state_event(reading->room_id, reading->type, reading->key),
            on_state);
    else
        ask(reading, mx_endpoint_whole_state(reading->room_id), on_state);
}

/* ---- write ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *type, *key, *content; /* key NULL: of the timeline */
    char *txn_id;
    gboolean is_queued;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL once user_data is the request's */
} Writing;

static void writing_free(gpointer data)
{
    Writing *writing = data;
    if (writing->destroy != NULL)
        writing->destroy(writing->user_data);
    g_free(writing->room_id);
    g_free(writing->own_user_id);
    g_free(writing->type);
    g_free(writing->key);
    g_free(writing->content);
    g_free(writing->txn_id);
    mx_client_job_clear(writing);
    g_free(writing);
}

gboolean mx_client_is_json_object(const char *text)
{
    if (!mx_json_scan_validate(text, strlen(text)) ||
        mx_json_scan_root(text, strlen(text)).type != MX_JSON_OBJECT)
        return FALSE;
    g_autoptr(JsonNode) node = mx_json_parse(text, -1, NULL);
    g_autofree char *canonical = node != NULL ? mx_canonical_json_encode(node, NULL) : NULL;
    return canonical != NULL;
}

static gboolean may_send(MxStore *store, const Writing *writing)
{
    g_autoptr(MxPower) power = mx_power_load(store, writing->room);
    return writing->key != NULL
               ? mx_power_may_send_state(power, writing->own_user_id, writing->type)
               : mx_power_may_send_message(power, writing->own_user_id, writing->type);
}

/* A row that no window shows: its echo is recognised by it. */
static void add_to_queue(MxStore *store, const Writing *writing)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, writing->room);
    MxTimelineRow row = {.room = room->key,
                         .pos = ++room->top_pos,
                         .sender = writing->own_user_id,
                         .type = writing->type,
                         .txn_id = writing->txn_id,
                         .content = writing->content,
                         .ts = g_get_real_time() / 1000,
                         .is_secret = room->encrypted};
    mx_store_add_timeline(store, &row);
    MxQueueRow item = {.room = room->key,
                       .row = row.id,
                       .txn_id = row.txn_id,
                       .type = row.type,
                       .content = row.content,
                       .created_ms = row.ts,
                       .is_secret = room->encrypted};
    mx_store_add_queue(store, &item);
    mx_store_save_room(store, room);
}

static void run_check(MxStore *store, gpointer data)
{
    Writing *writing = data;
    GError **error = &writing->base.error;
    if (!mx_client_is_json_object(writing->content))
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("That is no JSON object; it has the form {\"name\": \"value\"}, and "
                              "its numbers are whole ones."));
    else if (!may_send(store, writing))
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("Your power level in this room does not allow it."));
    if (*error != NULL)
        return;
    mx_store_begin(store);
    writing->txn_id = mx_store_new_txn_id(store);
    /* Only the queue encrypts. A plain room gets its answer at once. */
    writing->is_queued =
        writing->key == NULL && mx_room_encryption_decide(store, writing->room) != MX_SEND_PLAIN;
    if (writing->is_queued)
        add_to_queue(store, writing);
    mx_store_commit(store, error);
}

static void on_checked(gpointer data)
{
    Writing *writing = data;
    MxClient *client = writing->base.client;
    if (writing->is_queued && writing->base.error == NULL)
        mx_send_queue_kick(client, writing->room);
    if (writing->is_queued || writing->base.error != NULL) {
        writing->func(client, writing->room_id, writing->base.error, writing->user_data);
        return;
    }
    g_autoptr(MxRequest) request =
        writing->key != NULL
            ? mx_endpoint_put_state(writing->room_id, writing->type, writing->key, writing->content)
            : mx_endpoint_send(writing->room_id, writing->type, writing->txn_id, writing->content);
    mx_client_call(client, writing->room_id, request, writing->func, writing->user_data,
                   g_steal_pointer(&writing->destroy));
}

static void push_writing(MxClient *client, MxRoom *room, Writing *writing)
{
    writing->room = room->key;
    writing->room_id = g_strdup(room->room_id);
    writing->own_user_id = g_strdup(client->user_id);
    mx_worker_push(client->worker, MX_JOB_USER, run_check, on_checked, writing, writing_free);
}

void mx_client_write_state(MxClient *client, MxRoom *room, const char *type, const char *key,
                           const char *content, MxRoomFunc func, gpointer user_data,
                           GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    Writing *writing = mx_client_job_new(client, sizeof *writing);
    writing->type = g_strdup(type);
    writing->key = g_strdup(key);
    writing->content = g_strdup(content);
    writing->func = func;
    writing->user_data = user_data;
    writing->destroy = destroy;
    push_writing(client, room, writing);
}

void mx_client_send_event(MxClient *client, MxRoom *room, const char *type, const char *content,
                          MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    mx_client_write_state(client, room, type, NULL, content, func, user_data, destroy);
}

/* ---- what is shown ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    gboolean shows_all;
} ShowJob;

static void show_job_free(gpointer data)
{
    mx_client_job_clear(data);
    g_free(data);
}

static void run_show(MxStore *store, gpointer data)
{
    ShowJob *job = data;
    mx_store_begin(store);
    mx_store_set_shows_all(store, job->room, job->shows_all);
    mx_store_commit(store, &job->base.error);
}

static void on_show_stored(gpointer data)
{
    ShowJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room == NULL)
        return;
    if (job->base.error != NULL)
        mx_client_emit_room_error(job->base.client, room, job->base.error->message);
    else
        mx_client_emit_notice(job->base.client, room,
                              job->shows_all
                                  ? _("From now on this window shows every event of the room.")
                                  : _("This window shows only what it has words for."));
}

void mx_client_set_shows_all(MxClient *client, MxRoom *room, gboolean shows_all)
{
    g_return_if_fail(client->worker != NULL);
    ShowJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->shows_all = shows_all;
    mx_worker_push(client->worker, MX_JOB_USER, run_show, on_show_stored, job, show_job_free);
}

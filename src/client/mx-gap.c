/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-direct.h"
#include "mx-ignored-list.h"
#include "mx-notify.h"
#include "mx-store-history.h"

/* Fills holes that limited timelines leave (C4): GET /messages backwards from the hole's upper end
 * until its lower end or an event that an earlier /sync has brought. Later lines of the room wait
 * for it, at most WAIT_S seconds. */

#define PAGE 100
#define WAIT_S 10
#define RETRY_FIRST_MS 500
#define RETRY_CAP_MS 30000
/* A hole without a lower end (after a full sync) is not followed for ever. */
#define MAX_PAGES 50

typedef struct {
    MxClient *client;
    gint64 room;
    gboolean busy;
    guint pages;
    guint wait_source;
    MxBackoff backoff;
    guint retry_source;
    gboolean wants_window; /* what waits, or was found, opens the room's window */
} GapFill;

static void gap_fill_free(gpointer data)
{
    GapFill *fill = data;
    g_clear_handle_id(&fill->wait_source, g_source_remove);
    g_clear_handle_id(&fill->retry_source, g_source_remove);
    g_free(fill);
}

void mx_gap_init(MxClient *client)
{
    client->gaps = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, gap_fill_free);
}

void mx_gap_clear(MxClient *client)
{
    g_clear_pointer(&client->gaps, g_hash_table_unref);
}

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id;
    MxGapRow *gap; /* found, or being filled */
    GBytes *body;
    gboolean is_last_page;
    gboolean is_closed;
    gboolean is_history; /* what is left in it is none of what was missed */
    gboolean remove;     /* the server does not give it */
    gboolean found_others;
    gboolean wants_window; /* of the fill */
    MxPushRules *rules;
    GHashTable *ignored; /* set of user IDs */
    MxRoomChange *change;
} GapJob;

static void gap_job_free(gpointer data)
{
    GapJob *job = data;
    g_clear_pointer(&job->gap, mx_gap_row_free);
    g_clear_pointer(&job->body, g_bytes_unref);
    g_clear_pointer(&job->change, mx_room_change_free);
    g_clear_pointer(&job->rules, mx_push_rules_unref);
    g_clear_pointer(&job->ignored, g_hash_table_unref);
    g_free(job->own_user_id);
    mx_client_job_clear(job);
    g_free(job);
}

static GapJob *new_job(MxClient *client, gint64 room)
{
    GapJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->own_user_id = g_strdup(client->user_id);
    job->rules = client->rules != NULL ? mx_push_rules_ref(client->rules) : NULL;
    return job;
}

/* ---- worker ---- */

static void run_find(MxStore *store, gpointer data)
{
    GapJob *job = data;
    job->gap = mx_store_get_gap(store, job->room);
}

static void run_waive(MxStore *store, gpointer data)
{
    GapJob *job = data;
    mx_store_begin(store);
    mx_store_waive_gaps(store, job->room);
    mx_store_commit(store, &job->base.error);
}

void mx_gap_learn_members(MxStore *store, gint64 room, MxJsonSlice state, gboolean is_long_ago)
{
    MxJsonIter iter;
    MxJsonSlice value;
    if (!mx_json_iter_init(&iter, state))
        return;
    while (mx_json_iter_next(&iter, NULL, &value)) {
        g_auto(MxEvent) event = {0};
        g_auto(MxMemberContent) content = {0};
        if (value.type != MX_JSON_OBJECT || !mx_event_parse(&event, value.text, value.len, TRUE) ||
            event.state_key == NULL || !g_str_equal(event.type, "m.room.member"))
            continue;
        /* What is known is newer: this is the state in the past. */
        g_autoptr(MxMemberRow) known = mx_store_get_member(store, room, event.state_key);
        if (known != NULL)
            continue;
        mx_member_content_parse(&content, event.content);
        mx_store_set_member(store, room, event.state_key,
                            is_long_ago ? MX_MEMBERSHIP_LEAVE : content.membership,
                            content.display_name, content.avatar_url);
    }
}

/* TRUE when the event is the first one below the hole. Own lines of this device do not count: they
 * are known from the answer to their PUT, and others' lines before them may still be missing. */
static gboolean store_event(MxStore *store, GapJob *job, MxRoomRow *room, MxJsonSlice text)
{
    g_auto(MxEvent) event = {0};
    if (text.type != MX_JSON_OBJECT || !mx_event_parse(&event, text.text, text.len, TRUE))
        return FALSE;
    if (mx_store_has_synced_event(store, room->key, event.event_id))
        return TRUE;
    /* What was said before one joined is history, except between two. */
    gboolean is_own_join = event.state_key != NULL && g_str_equal(event.type, "m.room.member") &&
                           g_str_equal(event.state_key, job->own_user_id);
    if (is_own_join && mx_direct_count_joined(store, room) > 2)
        return job->is_history = TRUE;
    if (job->gap->next_pos <= job->gap->pos - MX_GAP_SPACE + 1)
        return TRUE;
    MxNewLine line = {
        .pos = job->gap->next_pos,
        .display = MX_DISPLAY_PENDING,
        .delayed = TRUE,
        .own_user_id = job->own_user_id,
        .rules = job->rules,
        .ignored = job->ignored,
    };
    if (mx_sync_apply_message(store, room, &event, &line)) {
        job->change->has_new_lines = TRUE;
        if (event.state_key == NULL && mx_sync_apply_is_line(event.type) &&
            !g_str_equal(event.sender, job->own_user_id))
            job->found_others = TRUE;
    }
    job->gap->next_pos--;
    return FALSE;
}

static gboolean store_page(MxStore *store, GapJob *job, MxRoomRow *room)
{
    static const char *const names[] = {"chunk", "end", "state", NULL};
    MxJsonSlice values[3];
    MxJsonIter iter;
    MxJsonSlice event;
    gsize len;
    const char *text = g_bytes_get_data(job->body, &len);
    if (!mx_json_scan_validate(text, len))
        return FALSE;
    mx_json_scan_members(mx_json_scan_root(text, len), names, values);
    if (!mx_json_iter_init(&iter, values[0]))
        return FALSE;
    mx_gap_learn_members(store, room->key, values[2], FALSE);
    while (!job->is_closed && mx_json_iter_next(&iter, NULL, &event))
        job->is_closed = store_event(store, job, room, event);
    g_autofree char *end = mx_json_slice_dup_string(values[1]);
    /* An empty chunk is not the end; an absent token is. The same token again would never end. */
    if (end == NULL || g_str_equal(end, job->gap->from))
        job->is_closed = TRUE;
    else {
        g_free(job->gap->from);
        job->gap->from = g_steal_pointer(&end);
    }
    return TRUE;
}

/* What is not filled by itself stays a hole, which reading the history goes on with. */
static void save_gap(MxStore *store, GapJob *job)
{
    if (job->is_closed && !job->is_history) {
        mx_store_remove_gap(store, job->gap->id);
        return;
    }
    job->gap->is_left = job->is_history || job->remove || job->is_last_page;
    if (job->is_history) { /* the token is that of the page's end */
        g_free(job->gap->from);
        job->gap->from = g_strdup("");
    }
    mx_store_save_gap(store, job->gap);
}

static void run_store_page(MxStore *store, gpointer data)
{
    GapJob *job = data;
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    /* Reading the history may have got there first: then it is looked at again. */
    if (room == NULL || !mx_store_gap_goes_on_at(store, job->gap->id, job->gap->from))
        return;
    mx_store_begin(store);
    job->change = g_new0(MxRoomChange, 1);
    job->ignored = mx_ignored_load(store);
    if (job->rules == NULL) /* nothing was synchronized since the start */
        job->rules = mx_notify_load_rules(store);
    if (job->body != NULL && !store_page(store, job, room)) {
        mx_store_rollback(store);
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                    _("The server's answer with earlier messages cannot be read."));
        return;
    }
    save_gap(store, job);
    mx_sync_apply_read(store, room);
    mx_store_save_room(store, room);
    job->change->room = mx_room_new(store, room, job->own_user_id);
    job->change->wants_window = job->found_others && job->change->room->alerts;
    mx_store_commit(store, &job->base.error);
}

/* ---- main loop ---- */

static void request_page(GapFill *fill, MxGapRow *gap);
static void find_gap(GapFill *fill);

static GapFill *get_fill(MxClient *client, gint64 room)
{
    return client->gaps != NULL ? g_hash_table_lookup(client->gaps, &room) : NULL;
}

static gboolean on_retry(gpointer data)
{
    GapFill *fill = data;
    fill->retry_source = 0;
    if (!fill->busy)
        find_gap(fill);
    return G_SOURCE_REMOVE;
}

static void retry_later(GapFill *fill)
{
    fill->busy = FALSE;
    g_clear_handle_id(&fill->retry_source, g_source_remove);
    fill->retry_source = g_timeout_add(mx_backoff_next(&fill->backoff), on_retry, fill);
}

static void finish(GapFill *fill)
{
    MxClient *client = fill->client;
    gint64 room = fill->room;
    g_hash_table_remove(client->gaps, &room);
    mx_send_queue_kick(client, room);
    mx_history_gap_filled(client, room);
}

static void say_incomplete(GapFill *fill, const char *text)
{
    MxRoom *room = mx_client_get_room_by_key(fill->client, fill->room);
    if (room != NULL)
        mx_client_emit_notice(fill->client, room, text);
}

static void on_waived(gpointer data)
{
    GapJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    g_autofree MxRoomChange *change = g_new0(MxRoomChange, 1);
    if (room == NULL)
        return;
    change->room = mx_room_ref(room);
    change->has_new_lines = TRUE;
    change->has_new_messages = TRUE;
    change->wants_window = job->wants_window;
    mx_client_put_change(job->base.client, change);
    g_clear_pointer(&change->room, mx_room_unref);
}

static void waive(GapFill *fill)
{
    g_clear_handle_id(&fill->wait_source, g_source_remove);
    say_incomplete(fill, _("Some earlier messages could not be fetched yet. They follow when the "
                           "homeserver gives them."));
    GapJob *job = new_job(fill->client, fill->room);
    job->wants_window = fill->wants_window;
    mx_worker_push(fill->client->worker, MX_JOB_USER, run_waive, on_waived, job, gap_job_free);
}

static gboolean on_waited_long(gpointer data)
{
    GapFill *fill = data;
    fill->wait_source = 0;
    waive(fill);
    return G_SOURCE_REMOVE;
}

static void on_page_stored(gpointer data)
{
    GapJob *job = data;
    MxClient *client = job->base.client;
    GapFill *fill = get_fill(client, job->room);
    if (fill == NULL)
        return;
    if (job->base.error != NULL || job->change == NULL) {
        retry_later(fill);
        return;
    }
    fill->wants_window |= job->change->wants_window;
    job->change->wants_window = fill->wants_window;
    job->change->has_new_lines = job->is_closed || job->remove || job->is_last_page;
    job->change->has_new_messages = job->change->has_new_lines && job->change->room->unread > 0;
    if (job->change->has_new_lines)
        mx_client_put_change(client, job->change);
    if (job->is_last_page && !job->is_closed)
        say_incomplete(fill, _("Many earlier messages are missing here."));
    if (job->is_last_page) {
        finish(fill);
    } else if (job->is_closed || job->remove) {
        fill->busy = FALSE;
        find_gap(fill); /* there may be an older one */
    } else {
        request_page(fill, job->gap);
    }
}

typedef struct {
    MxClient *client;
    gint64 room;
    MxGapRow *gap;
} PageRequest;

static void store_answer(PageRequest *request, GBytes *body, gboolean remove)
{
    GapFill *fill = get_fill(request->client, request->room);
    if (fill == NULL)
        return;
    GapJob *job = new_job(request->client, request->room);
    job->gap = g_steal_pointer(&request->gap);
    job->body = body != NULL ? g_bytes_ref(body) : NULL;
    job->remove = remove;
    job->is_last_page = ++fill->pages >= MAX_PAGES;
    mx_worker_push(request->client->worker, MX_JOB_BULK, run_store_page, on_page_stored, job,
                   gap_job_free);
}

static void on_page_failed(PageRequest *request, const GError *error)
{
    GapFill *fill = get_fill(request->client, request->room);
    if (fill == NULL)
        return;
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(request->client, error);
    if (mx_error_is_transient(error) || mx_error_get_status(error) == 401 ||
        mx_error_get_status(error) == 0) {
        retry_later(fill);
        return;
    }
    say_incomplete(fill, _("Some earlier messages are missing here: the homeserver does not give "
                           "them."));
    store_answer(request, NULL, TRUE);
}

static void on_page(GObject *source, GAsyncResult *result, gpointer user_data)
{
    PageRequest *request = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (request->client->state != MX_CLIENT_STOPPED) {
        if (response != NULL)
            store_answer(request, response->body, FALSE);
        else
            on_page_failed(request, error);
    }
    g_clear_pointer(&request->gap, mx_gap_row_free);
    g_object_unref(request->client);
    g_free(request);
}

static MxGapRow *copy_gap(const MxGapRow *gap)
{
    MxGapRow *copy = g_memdup2(gap, sizeof *gap);
    copy->from = g_strdup(gap->from);
    copy->to = g_strdup(gap->to);
    return copy;
}

static void request_page(GapFill *fill, MxGapRow *gap)
{
    MxRoom *room = mx_client_get_room_by_key(fill->client, fill->room);
    if (room == NULL) {
        finish(fill);
        return;
    }
    PageRequest *request = g_new0(PageRequest, 1);
    request->client = g_object_ref(fill->client);
    request->room = fill->room;
    request->gap = copy_gap(gap);
    fill->busy = TRUE;
    g_autoptr(MxRequest) message =
        mx_endpoint_messages(room->room_id, gap->from, gap->to, "b", PAGE);
    mx_http_send_async(fill->client->http, message, fill->client->cancellable, on_page, request);
}

static void on_found(gpointer data)
{
    GapJob *job = data;
    GapFill *fill = get_fill(job->base.client, job->room);
    if (fill == NULL)
        return;
    if (job->gap == NULL)
        finish(fill);
    else
        request_page(fill, job->gap);
}

static void find_gap(GapFill *fill)
{
    fill->busy = TRUE;
    mx_worker_push(fill->client->worker, MX_JOB_USER, run_find, on_found,
                   new_job(fill->client, fill->room), gap_job_free);
}

void mx_gap_fill(MxClient *client, gint64 room, gboolean wants_window)
{
    GapFill *fill = get_fill(client, room);
    if (fill != NULL)
        fill->wants_window |= wants_window;
    if (fill != NULL || client->gaps == NULL)
        return;
    fill = g_new0(GapFill, 1);
    fill->wants_window = wants_window;
    mx_backoff_init(&fill->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    fill->client = client;
    fill->room = room;
    fill->wait_source = g_timeout_add_seconds(WAIT_S, on_waited_long, fill);
    g_hash_table_insert(client->gaps, &fill->room, fill);
    find_gap(fill);
}

void mx_gap_retry_all(MxClient *client)
{
    g_autoptr(GList) fills = g_hash_table_get_values(client->gaps);
    for (GList *at = fills; at != NULL; at = at->next) {
        GapFill *fill = at->data;
        if (!fill->busy)
            find_gap(fill);
    }
}

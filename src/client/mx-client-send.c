/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-direct-room.h"
#include "mx-client-relate.h"
#include "mx-compose.h"
#include "mx-json.h"
#include "mx-own-identity.h"
#include "mx-relation.h"
#include "mx-wanted-encryption.h"

/* From the input field to the send queue: one commit, then the line is drawn. */

typedef struct {
    MxClientJob base;
    gint64 room;     /* 0: the user's direct room, wherever that is */
    gboolean is_new; /* a placeholder had to be made */
    char *direct_user, *own_user_id;
    JsonObject *content;
    MxTextFormat format;

    GPtrArray *lines;     /* of MxLine; NULL: nothing was stored */
    MxRoomChange *change; /* of a placeholder just made */
} SendJob;

static void send_job_free(gpointer data)
{
    SendJob *job = data;
    g_free(job->direct_user);
    g_free(job->own_user_id);
    g_clear_pointer(&job->content, json_object_unref);
    g_clear_pointer(&job->lines, g_ptr_array_unref);
    g_clear_pointer(&job->change, mx_room_change_free);
    mx_client_job_clear(job);
    g_free(job);
}

static MxRoomRow *get_room(MxStore *store, SendJob *job)
{
    MxRoomRow *known = job->room != 0 ? mx_store_get_room_by_key(store, job->room) : NULL;
    /* The main loop's picture may be older than the database: the person counts, not the room. */
    if (known == NULL && job->direct_user != NULL)
        known = mx_store_find_direct(store, job->direct_user);
    if (known != NULL || job->direct_user == NULL)
        return known;
    job->is_new = TRUE;
    g_autofree char *room_id = mx_direct_room_placeholder(job->direct_user);
    MxRoomRow *room = mx_store_get_room(store, room_id);
    if (room == NULL)
        room = mx_room_row_new(room_id);
    room->membership = MX_MEMBERSHIP_PENDING;
    g_free(room->direct_user);
    room->direct_user = g_strdup(job->direct_user);
    mx_store_save_room(store, room);
    return room;
}

/* row: what is borrowed in it is the caller's, but for its txn_id, which is to be freed. */
static void add(MxStore *store, MxRoomRow *room, MxTimelineRow *row)
{
    const char *type = row->type, *content = row->content;
    char *txn_id = mx_store_new_txn_id(store);
    g_autofree char *relates_to =
        mx_relation_dup_target_of(type, mx_json_scan_root(content, strlen(content)));
    gint64 now_ms = g_get_real_time() / 1000;
    gboolean is_secret = room->encrypted && !mx_relation_is_reaction(type);
    row->room = room->key;
    row->pos = ++room->top_pos;
    row->txn_id = txn_id;
    row->ts = now_ms;
    row->is_secret = is_secret;
    row->relates_to = relates_to;
    mx_store_add_timeline(store, row);
    row->relates_to = NULL;
    MxQueueRow item = {
        .room = room->key,
        .row = row->id,
        .txn_id = txn_id,
        .type = row->type,
        .content = row->content,
        .is_secret = is_secret,
        .state = MX_QUEUE_QUEUED,
        .created_ms = now_ms,
    };
    mx_store_add_queue(store, &item);
}

MxLine *mx_send_add(MxStore *store, MxRoomRow *room, const char *own_user_id, const char *type,
                    const char *content)
{
    MxTimelineRow row = {
        .sender = (char *)own_user_id,
        .type = (char *)type,
        .content = (char *)content,
        .display = MX_DISPLAY_DELIVERING,
    };
    add(store, room, &row);
    room->last_ts = MAX(room->last_ts, row.ts);
    mx_store_save_room(store, room);
    MxLine *line = mx_line_new(store, &row, own_user_id);
    g_free(row.txn_id);
    return line;
}

char *mx_send_add_hidden(MxStore *store, MxRoomRow *room, const char *own_user_id, const char *type,
                         const char *content)
{
    MxTimelineRow row = {
        .sender = (char *)own_user_id,
        .type = (char *)type,
        .content = (char *)content,
        .display = MX_DISPLAY_NONE,
    };
    add(store, room, &row);
    mx_store_save_room(store, room);
    return row.txn_id;
}

/* The contents of what is to be sent; NULL: it is to be said why nothing is. */
static GPtrArray *make_contents(MxStore *store, SendJob *job, const MxRoomRow *room)
{
    g_autofree char *edit = mx_relate_read_substitution(
        store, room->key, job->own_user_id, job->content, job->format, &job->base.error);
    if (job->base.error != NULL ||
        (edit != NULL && !mx_compose_check(room, edit, &job->base.error)))
        return NULL;
    /* F11: without m.mentions servers fall back to looking for names in the text. */
    if (edit == NULL)
        return mx_compose(store, room, job->own_user_id, job->content, NULL, job->format,
                          &job->base.error);
    GPtrArray *contents = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(contents, g_steal_pointer(&edit));
    return contents;
}

static gboolean add_rows(MxStore *store, SendJob *job, MxRoomRow *room)
{
    g_autoptr(GPtrArray) contents = make_contents(store, job, room);
    if (contents == NULL)
        return FALSE;
    job->lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    for (guint i = 0; i < contents->len; i++)
        g_ptr_array_add(job->lines, mx_send_add(store, room, job->own_user_id, "m.room.message",
                                                contents->pdata[i]));
    return TRUE;
}

static void run_send(MxStore *store, gpointer data)
{
    SendJob *job = data;
    mx_store_begin(store);
    g_autoptr(MxRoomRow) room = get_room(store, job);
    if (room == NULL) {
        mx_store_rollback(store);
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_FAILED,
                            _("You are no longer in that room."));
        return;
    }
    if (!add_rows(store, job, room)) {
        mx_store_rollback(store);
        job->room = room->key;
        return;
    }
    if (!mx_store_commit(store, &job->base.error)) {
        g_clear_pointer(&job->lines, g_ptr_array_unref);
        return;
    }
    job->room = room->key;
    if (job->is_new) {
        job->change = g_new0(MxRoomChange, 1);
        job->change->room = mx_room_new(store, room, job->own_user_id);
    }
}

static void on_stored(gpointer data)
{
    SendJob *job = data;
    MxClient *client = job->base.client;
    if (job->change != NULL)
        mx_client_put_change(client, job->change);
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->base.error != NULL) {
        gboolean is_said = g_error_matches(job->base.error, MX_ERROR, MX_ERROR_INVALID);
        g_autofree char *text = g_strdup_printf(
            is_said ? "%s" : _("Your message could not be stored and was not sent. %s"),
            job->base.error->message);
        if (room != NULL)
            mx_client_emit_room_error(client, room, text);
        else
            mx_client_emit_account_notice(client, text);
    } else if (job->lines != NULL && room != NULL) {
        for (guint i = 0; i < job->lines->len; i++)
            mx_client_emit_own_line(client, room, job->lines->pdata[i]);
        mx_send_queue_kick(client, room->key);
        if (room->encrypted)
            mx_own_identity_remind(client, room);
    }
}

void mx_client_send_content(MxClient *client, gint64 room, const char *direct_user,
                            JsonObject *content, MxTextFormat format)
{
    SendJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room;
    job->direct_user = g_strdup(direct_user);
    job->own_user_id = g_strdup(client->user_id);
    job->content = json_object_ref(content);
    job->format = format;
    mx_worker_push(client->worker, MX_JOB_USER, run_send, on_stored, job, send_job_free);
}

static void send(MxClient *client, gint64 room, const char *direct_user, const char *msgtype,
                 const char *body, const char *formatted_body, MxTextFormat format)
{
    if (client->worker == NULL)
        return;
    mx_typing_stop(client, room);
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "msgtype", msgtype);
    json_object_set_string_member(content, "body", body);
    if (formatted_body != NULL) {
        json_object_set_string_member(content, "format", "org.matrix.custom.html");
        json_object_set_string_member(content, "formatted_body", formatted_body);
    }
    mx_client_send_content(client, room, direct_user, content, format);
}

void mx_client_send_message(MxClient *client, MxRoom *room, const char *msgtype, const char *body,
                            const char *formatted_body, MxTextFormat format)
{
    send(client, room->key, NULL, msgtype, body, formatted_body, format);
}

void mx_client_send_direct(MxClient *client, const char *user_id, const char *msgtype,
                           const char *body, const char *formatted_body, MxTextFormat format)
{
    MxRoom *room = mx_client_get_direct(client, user_id);
    send(client, room != NULL ? room->key : 0, user_id, msgtype, body, formatted_body, format);
}

/* ---- what was refused ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    gboolean discard;
    int count;
} RetryJob;

static void retry_job_free(gpointer data)
{
    mx_client_job_clear(data);
    g_free(data);
}

static void run_retry(MxStore *store, gpointer data)
{
    RetryJob *job = data;
    mx_store_begin(store);
    job->count = job->discard ? mx_store_discard_failed(store, job->room)
                              : mx_store_requeue_failed(store, job->room);
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    if (room != NULL && !job->discard && job->count > 0)
        mx_wanted_encryption_waive(store, room);
    mx_store_commit(store, &job->base.error);
}

static void on_retry_stored(gpointer data)
{
    RetryJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (room == NULL)
        return;
    g_autofree char *text = NULL;
    if (job->base.error != NULL)
        text = g_strdup(job->base.error->message);
    else if (job->count == 0)
        text = g_strdup(_("There is no message here that could not be sent."));
    else if (job->discard)
        text = g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%d message was dropped.",
                                           "%d messages were dropped.", job->count),
                               job->count);
    else
        text = g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%d message is sent again.",
                                           "%d messages are sent again.", job->count),
                               job->count);
    mx_client_emit_notice(client, room, text);
    mx_send_queue_kick(client, job->room);
}

static void retry_failed(MxClient *client, MxRoom *room, gboolean discard)
{
    if (client->worker == NULL)
        return;
    RetryJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->discard = discard;
    mx_worker_push(client->worker, MX_JOB_USER, run_retry, on_retry_stored, job, retry_job_free);
}

void mx_client_resend(MxClient *client, MxRoom *room)
{
    retry_failed(client, room, FALSE);
}

void mx_client_discard(MxClient *client, MxRoom *room)
{
    retry_failed(client, room, TRUE);
}

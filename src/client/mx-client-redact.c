/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-power.h"
#include "mx-redaction.h"
#include "mx-room-encryption.h"
#include "mx-target.h"

/* Taking a message away: a row of the send queue like any other, so that a lost answer is no lost
 * wish. It has a row of the timeline that is never shown; the line comes with the next /sync. */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *typed;
    gboolean is_dropped;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RedactJob;

static void redact_job_free(gpointer data)
{
    RedactJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->typed);
    mx_client_job_clear(job);
    g_free(job);
}

/* A message that is not on the server. */
static void drop(MxStore *store, RedactJob *job, const MxTimelineRow *target)
{
    g_autoptr(MxQueueRow) item = mx_store_get_queue_by_txn(store, target->txn_id);
    if (item != NULL && (item->state == MX_QUEUE_SENDING || item->state == MX_QUEUE_UNCERTAIN)) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("That message is on its way; nothing was removed. Try again when it "
                              "has arrived."));
        return;
    }
    mx_store_begin(store);
    if (item != NULL)
        mx_store_remove_queue(store, item->id);
    mx_store_blank_row(store, target, "{}");
    job->is_dropped = mx_store_commit(store, &job->base.error);
}

static gboolean may_redact(MxStore *store, RedactJob *job, const MxTimelineRow *target,
                           const char *reason)
{
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (!mx_power_may_redact(power, job->own_user_id, target->sender)) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("Your power level in this room does not allow you to remove "
                              "messages of others. Nothing was removed."));
        return FALSE;
    }
    if (*reason != '\0' && mx_room_encryption_decide(store, job->room) != MX_SEND_PLAIN) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("This room is encrypted, and the reason would be readable for its "
                              "servers. Nothing was removed; type /redact without a reason."));
        return FALSE;
    }
    return TRUE;
}

char *mx_redaction_queue(MxStore *store, gint64 room_key, const char *own_user_id,
                         const char *event_id, const char *reason, GError **error)
{
    mx_store_begin(store);
    g_autofree char *txn_id = mx_store_new_txn_id(store);
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "redacts", event_id);
    if (reason != NULL && *reason != '\0')
        json_object_set_string_member(object, "reason", reason);
    g_autofree char *content = mx_json_object_to_text(object);
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, room_key);
    MxTimelineRow row = {
        .room = room_key,
        .pos = ++room->top_pos,
        .sender = (char *)own_user_id,
        .type = (char *)"m.room.redaction",
        .txn_id = txn_id,
        .content = content,
        .ts = g_get_real_time() / 1000,
    };
    mx_store_add_timeline(store, &row);
    MxQueueRow item = {
        .room = room_key,
        .row = row.id,
        .txn_id = txn_id,
        .type = row.type,
        .content = content,
        .created_ms = row.ts,
    };
    mx_store_add_queue(store, &item);
    mx_store_save_room(store, room);
    return mx_store_commit(store, error) ? g_steal_pointer(&txn_id) : NULL;
}

static void run_redact(MxStore *store, gpointer data)
{
    RedactJob *job = data;
    const char *reason;
    g_autoptr(MxTimelineRow) target = mx_target_find(store, job->room, job->own_user_id, job->typed,
                                                     MX_TARGET_ANY_OWN, &reason, &job->base.error);
    if (target == NULL)
        return;
    if (target->event_id == NULL)
        drop(store, job, target);
    else if (may_redact(store, job, target, reason))
        g_free(mx_redaction_queue(store, job->room, job->own_user_id, target->event_id, reason,
                                  &job->base.error));
}

static void on_redact_stored(gpointer data)
{
    RedactJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    job->func(client, job->room_id, job->base.error, job->user_data);
    if (job->is_dropped && room != NULL)
        mx_client_emit_notice(client, room, _("That message had not been sent, and will not be."));
    else if (job->base.error == NULL)
        mx_send_queue_kick(client, job->room);
}

void mx_client_redact(MxClient *client, MxRoom *room, const char *typed, MxRoomFunc func,
                      gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    RedactJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strdup(typed);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_redact, on_redact_stored, job, redact_job_free);
}

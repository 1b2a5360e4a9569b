/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-send-decision.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-wanted-encryption.h"
#include "mx-json.h"
#include "mx-relation.h"
#include "mx-room-encryption.h"
#include "mx-upgrade.h"

/* What becomes of the oldest message of a room's queue: decided, and encrypted, on the worker. */

/* So long without an answer, time offline not counted, and the user is asked. */
#define ASK_AFTER_MS (24 * 3600 * G_GINT64_CONSTANT(1000))

void mx_send_job_free(gpointer data)
{
    MxSendJob *job = data;
    g_clear_pointer(&job->item, mx_queue_row_free);
    g_free(job->own_user_id);
    g_free(job->room_id);
    g_free(job->direct_user);
    g_free(job->event_id);
    g_free(job->body);
    mx_share_step_clear(&job->step);
    g_clear_error(&job->encrypt_error);
    mx_client_job_clear(job);
    g_free(job);
}

gboolean mx_send_is_redaction(const MxQueueRow *item)
{
    return g_str_equal(item->type, "m.room.redaction");
}

/* Reactions and redactions are never encrypted. */
static gboolean is_clear(const MxQueueRow *item)
{
    return mx_send_is_redaction(item) || mx_relation_is_reaction(item->type);
}

static char *dup_body(const MxQueueRow *item)
{
    if (is_clear(item))
        return g_strdup(mx_send_is_redaction(item) ? "/redact" : "/react");
    MxJsonSlice content = mx_json_scan_root(item->content, strlen(item->content));
    g_autofree char *body = mx_json_slice_dup_string(mx_json_scan_member(content, "body"));
    if (g_str_has_prefix(item->type, "m.key.verification.") ||
        mx_json_slice_equals(mx_json_scan_member(content, "msgtype"), "m.key.verification.request"))
        return g_strdup("/verify");
    if (body == NULL)
        return g_strdup("");
    if (g_utf8_strlen(body, -1) <= 60)
        return g_steal_pointer(&body);
    g_autofree char *beginning = g_utf8_substring(body, 0, 60);
    return g_strconcat(beginning, "…", NULL);
}

/* ---- worker: what comes next ---- */

static gboolean partner_is_away(MxStore *store, const MxRoomRow *room, const char *own_user_id)
{
    if (room->direct_user == NULL || g_str_equal(room->direct_user, own_user_id))
        return FALSE;
    g_autoptr(MxMemberRow) partner = mx_store_get_member(store, room->key, room->direct_user);
    return partner != NULL && partner->membership != MX_MEMBERSHIP_JOIN &&
           partner->membership != MX_MEMBERSHIP_INVITE;
}

static MxSendNext decide_uncertain(MxStore *store, MxSendJob *job)
{
    if (job->item->uncertain_ms >= ASK_AFTER_MS)
        return MX_NEXT_ASK;
    if (!job->may_resend)
        return MX_NEXT_WAIT_SYNC;
    g_autoptr(MxGapRow) gap = mx_store_get_gap(store, job->room);
    return gap != NULL ? MX_NEXT_WAIT_GAP : MX_NEXT_SEND;
}

/* A redaction is never encrypted, and reveals nothing but the reason that may be in it: one that
 * was given before the room was encrypted does not leave any more. */
static void drop_reason(MxQueueRow *item)
{
    MxJsonSlice content = mx_json_scan_root(item->content, strlen(item->content));
    g_autofree char *event_id = mx_json_slice_dup_string(mx_json_scan_member(content, "redacts"));
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "redacts", event_id);
    g_free(item->content);
    item->content = mx_json_object_to_text(object);
}

/* What is encrypted already needs no decision. */
static MxSendDecision decide_encryption(MxStore *store, const MxSendJob *job)
{
    if (job->is_pending_room || is_clear(job->item) || job->item->cipher != NULL)
        return MX_SEND_PLAIN;
    return mx_room_encryption_decide(store, job->room);
}

/* It was written into an encrypted room, and came here because that room's partner had left. */
static gboolean is_for_encrypted(const MxQueueRow *item)
{
    return item->is_secret && item->cipher == NULL && !is_clear(item);
}

/* The room was not encrypted yet when the file was uploaded. */
static gboolean has_plain_file(const MxQueueRow *item)
{
    static const char *const names[] = {"url", "info", NULL};
    MxJsonSlice values[2];
    MxJsonSlice content = mx_json_scan_root(item->content, strlen(item->content));
    if (!g_str_equal(item->type, "m.room.message"))
        return FALSE;
    mx_json_scan_members(content, names, values);
    return values[0].text != NULL || (values[1].text != NULL && values[1].type == MX_JSON_OBJECT &&
                                      mx_json_scan_member(values[1], "thumbnail_url").text != NULL);
}

static char *name_warning(const MxSendJob *job)
{
    return g_strconcat("warned of plain ", job->room_id, NULL);
}

/* G7: the room that it continues was encrypted. The user is warned once. */
static gboolean is_downgraded(MxStore *store, const MxSendJob *job)
{
    g_autoptr(MxPredecessor) predecessor = mx_upgrade_get_predecessor(store, job->room);
    g_autoptr(MxRoomRow) before =
        predecessor != NULL ? mx_store_get_room(store, predecessor->room_id) : NULL;
    if (before == NULL || !before->encrypted)
        return FALSE;
    g_autofree char *name = name_warning(job);
    g_autofree char *warned = mx_store_get_value(store, name);
    return warned == NULL;
}

static MxSendNext decide(MxStore *store, MxSendJob *job)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    job->item = mx_store_get_queue_head(store, job->room);
    if (job->item == NULL || room == NULL)
        return MX_NEXT_NOTHING;
    if (job->item->id == job->waiting_item)
        return MX_NEXT_WAIT_SYNC;
    job->body = dup_body(job->item);
    job->room_id = g_strdup(room->room_id);
    job->direct_user = g_strdup(room->direct_user);
    job->is_pending_room = room->membership == MX_MEMBERSHIP_PENDING;
    if (!job->is_pending_room && room->membership != MX_MEMBERSHIP_JOIN)
        return MX_NEXT_GONE;
    /* Encryption comes first: no way around it may lead through another room. */
    MxSendDecision decision = decide_encryption(store, job);
    if (decision == MX_SEND_REFUSE)
        return MX_NEXT_REFUSED;
    /* A room just made may be encrypted by the homeserver's own rule; only its state tells. */
    if (!job->is_pending_room && !room->synced)
        return MX_NEXT_WAIT_SYNC;
    if (mx_send_is_redaction(job->item) && room->encrypted)
        drop_reason(job->item);
    if (job->is_pending_room || partner_is_away(store, room, job->own_user_id))
        return job->may_resend ? MX_NEXT_PREPARE : MX_NEXT_WAIT_SYNC;
    if (decision == MX_SEND_PLAIN && job->item->cipher == NULL &&
        !mx_send_is_redaction(job->item) && mx_wanted_encryption_is_missing(store, room))
        return MX_NEXT_ENCRYPT;
    if (decision == MX_SEND_PLAIN && is_for_encrypted(job->item))
        return MX_NEXT_NOT_PLAIN;
    if (decision == MX_SEND_PLAIN && job->item->cipher == NULL && !is_clear(job->item) &&
        is_downgraded(store, job))
        return MX_NEXT_WARN;
    if (decision == MX_SEND_ENCRYPT && has_plain_file(job->item))
        return MX_NEXT_PLAIN_FILE;
    MxSendNext next =
        job->item->state == MX_QUEUE_UNCERTAIN ? decide_uncertain(store, job) : MX_NEXT_SEND;
    return next == MX_NEXT_SEND && decision == MX_SEND_ENCRYPT ? MX_NEXT_KEYS : next;
}

/* ---- worker: encryption ---- */

/* The ratchet moves on and the ciphertext is stored in one transaction; what leaves is that
 * ciphertext and no other, however often it is tried (H12, V5). */
static void encrypt(MxStore *store, MxCrypto *crypto, MxSendJob *job)
{
    MxQueueRow *item = job->item;
    item->cipher =
        mx_share_encrypt(crypto, job->room, item->type, item->content, &job->encrypt_error);
    job->next = item->cipher != NULL ? MX_NEXT_SEND : MX_NEXT_UNENCRYPTABLE;
    if (item->cipher != NULL)
        mx_store_set_queue_cipher(store, item->id, item->cipher);
    mx_store_set_queue_state(store, item->id,
                             item->cipher != NULL ? MX_QUEUE_SENDING : MX_QUEUE_FAILED,
                             item->uncertain_ms);
}

static void run_keys(MxStore *store, MxSendJob *job)
{
    MxCrypto *crypto = mx_crypto_of(store);
    job->is_encrypting = crypto != NULL;
    mx_store_begin(store);
    mx_share_prepare(crypto, job->room, &job->step);
    if (job->step.state == MX_SHARE_READY)
        encrypt(store, crypto, job);
    if (!mx_store_commit(store, &job->base.error) && crypto != NULL)
        mx_crypto_forget(crypto);
}

/* ---- worker: files ---- */

gboolean mx_send_decide_upload(MxStore *store, gint64 room_key, gboolean *is_plain, GError **error)
{
    g_autoptr(MxRoomRow) room = room_key != 0 ? mx_store_get_room_by_key(store, room_key) : NULL;
    *is_plain = FALSE;
    if (room == NULL || room->membership == MX_MEMBERSHIP_PENDING)
        return TRUE;
    if (room->membership != MX_MEMBERSHIP_JOIN) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED, _("You are no longer in that room."));
        return FALSE;
    }
    MxSendJob job = {.room = room_key, .room_id = room->room_id};
    MxSendDecision decision = mx_room_encryption_decide(store, room_key);
    if (decision == MX_SEND_REFUSE) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED,
                            _("This room is encrypted in a way that is not known here. Nothing was "
                              "sent in the clear."));
        return FALSE;
    }
    *is_plain = decision == MX_SEND_PLAIN && room->synced && !room->encrypted &&
                !is_downgraded(store, &job);
    return TRUE;
}

static gboolean is_failure(MxSendNext next)
{
    return next == MX_NEXT_PLAIN_FILE || next == MX_NEXT_REFUSED || next == MX_NEXT_NOT_PLAIN ||
           next == MX_NEXT_WARN || next == MX_NEXT_ASK || next == MX_NEXT_GONE;
}

void mx_send_run_decide(MxStore *store, gpointer data)
{
    MxSendJob *job = data;
    job->next = decide(store, job);
    if (job->next == MX_NEXT_KEYS) {
        run_keys(store, job);
        return;
    }
    MxQueueState state = MX_QUEUE_SENDING;
    if (is_failure(job->next))
        state = MX_QUEUE_FAILED;
    else if (job->next != MX_NEXT_SEND)
        return;
    mx_store_begin(store);
    if (job->next == MX_NEXT_WARN) {
        g_autofree char *name = name_warning(job);
        mx_store_set_value(store, name, "1");
    }
    mx_store_set_queue_state(store, job->item->id, state, job->item->uncertain_ms);
    mx_store_commit(store, &job->base.error);
}

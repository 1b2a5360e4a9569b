/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-key-request.h"

#include <string.h>

#include "mx-crypto-private.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-primitives.h"
#include "mx-share.h"
#include "mx-store-key-requests.h"

/* Both sides of key requests. Rows of the database say what is asked for and who asks; the
 * collector works them off, a few at a time, when other to-device messages have left. */

#define REQUEST_TYPE "m.room_key_request"
#define OWNER "key-request"

/* A key that is a little late needs no request. */
#define DELAY_MS 3000
#define REPEAT_MS (60 * 60 * 1000)
#define FORGET_MS (G_GINT64_CONSTANT(30) * 24 * REPEAT_MS)
/* Requests and answers that are worked off in one transaction. */
#define SLICE 10
/* K5: questions of one own device, or of all devices of another user, in one minute, and those that
 * wait; and those of all others that wait. */
#define MINUTE_MS 60000
#define MAX_PER_MINUTE 100
#define MAX_WAITING 200
#define MAX_WAITING_IN_ALL 1000
/* Answers are made when no more to-device messages than these are on their way. */
#define MAX_ON_THEIR_WAY 20
/* A device that no session can be had with is not waited for longer. */
#define QUESTION_AGE_MS REPEAT_MS
#define MAX_ID 255 /* bytes */

typedef struct {
    gint64 since_ms;
    guint n;
} Rate;

typedef struct {
    GHashTable *rates; /* "user device", of others "user" -> Rate, of this minute */
    gboolean is_pruned;
} Part;

gpointer mx_key_request_part_new(void)
{
    Part *part = g_new0(Part, 1);
    part->rates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return part;
}

void mx_key_request_part_free(gpointer data)
{
    Part *part = data;
    g_hash_table_unref(part->rates);
    g_free(part);
}

static gboolean is_id(const char *text)
{
    return text != NULL && *text != '\0' && strlen(text) <= MAX_ID;
}

/* ---- asking ---- */

/* K1: own, verified, and not this one. */
static gboolean may_ask(MxCrypto *crypto, const MxDevice *device)
{
    return device->trust == MX_DEVICE_VERIFIED && !device->is_blocked && !device->is_dehydrated &&
           !g_str_equal(device->device_id, crypto->device_id);
}

static GPtrArray *list_askable(MxCrypto *crypto)
{
    GPtrArray *devices = mx_device_list_get(crypto, crypto->user_id);
    for (guint i = devices->len; i > 0; i--)
        if (!may_ask(crypto, g_ptr_array_index(devices, i - 1)))
            g_ptr_array_remove_index(devices, i - 1);
    return devices;
}

static gboolean can_ask(MxCrypto *crypto)
{
    g_autoptr(GPtrArray) devices = list_askable(crypto);
    return devices->len > 0;
}

void mx_key_request_want(MxCrypto *crypto, const char *room_id, const char *session_id,
                         const char *sender_curve25519)
{
    if (!is_id(room_id) || !is_id(session_id))
        return;
    gint64 now = crypto->get_now_ms();
    g_autoptr(MxKeyRequestRow) row = mx_store_get_key_request(crypto->store, room_id, session_id);
    gint64 age = row != NULL ? now - row->asked_ms : 0;
    if ((row != NULL && (row->is_waiting || (age >= 0 && age < REPEAT_MS))) || !can_ask(crypto))
        return;
    if (row == NULL) {
        row = g_new0(MxKeyRequestRow, 1);
        row->room_id = g_strdup(room_id);
        row->session_id = g_strdup(session_id);
        row->request_id = mx_store_new_txn_id(crypto->store);
        row->sender_key = is_id(sender_curve25519) ? g_strdup(sender_curve25519) : NULL;
    }
    row->is_waiting = TRUE;
    row->due_ms = now + DELAY_MS;
    mx_store_save_key_request(crypto->store, row);
}

static JsonObject *make_request(MxCrypto *crypto, const MxKeyRequestRow *row, gboolean cancels)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "action", cancels ? "request_cancellation" : "request");
    json_object_set_string_member(content, "request_id", row->request_id);
    json_object_set_string_member(content, "requesting_device_id", crypto->device_id);
    if (cancels)
        return content;
    JsonObject *body = json_object_new();
    json_object_set_string_member(body, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(body, "room_id", row->room_id);
    json_object_set_string_member(body, "session_id", row->session_id);
    if (row->sender_key != NULL)
        json_object_set_string_member(body, "sender_key", row->sender_key);
    json_object_set_object_member(content, "body", body);
    return content;
}

/* To all of the own devices that may be asked, at once. FALSE: there are none. */
static gboolean send_request(MxCrypto *crypto, const MxKeyRequestRow *row, gboolean cancels)
{
    g_autoptr(GPtrArray) devices = list_askable(crypto);
    g_autoptr(JsonObject) content = make_request(crypto, row, cancels);
    g_autoptr(JsonObject) messages = json_object_new();
    JsonObject *own = json_object_new();
    json_object_set_object_member(messages, crypto->user_id, own);
    for (guint i = 0; i < devices->len && i < MX_TO_DEVICE_MAX; i++) {
        const MxDevice *device = g_ptr_array_index(devices, i);
        json_object_set_object_member(own, device->device_id, json_object_ref(content));
    }
    if (devices->len > 0)
        mx_crypto_send_to_device(crypto, REQUEST_TYPE, messages, OWNER, "");
    return devices->len > 0;
}

void mx_key_request_note_arrived(MxCrypto *crypto, const char *room_id, const char *session_id)
{
    g_autoptr(MxKeyRequestRow) row = mx_store_get_key_request(crypto->store, room_id, session_id);
    if (row == NULL)
        return;
    if (row->asked_ms > 0)
        send_request(crypto, row, TRUE);
    mx_store_remove_key_request(crypto->store, room_id, session_id);
}

/* Gives the wait until the next one is due, or -1. */
static gint64 send_due(MxCrypto *crypto)
{
    /* Keys of rooms that people wait for come first: those of ours must not pile up before them. */
    if (mx_store_count_to_device(crypto->store, OWNER, "") > 0)
        return -1;
    g_autoptr(GPtrArray) rows = mx_store_list_key_requests(crypto->store, SLICE);
    gint64 now = crypto->get_now_ms();
    for (guint i = 0; i < rows->len; i++) {
        MxKeyRequestRow *row = g_ptr_array_index(rows, i);
        gint64 wait = row->due_ms - now;
        if (wait > 0 && wait <= DELAY_MS)
            return wait;
        row->is_waiting = FALSE;
        row->asked_ms = now;
        if (send_request(crypto, row, FALSE))
            mx_store_save_key_request(crypto->store, row);
        else
            mx_store_remove_key_request(crypto->store, row->room_id, row->session_id);
    }
    return -1;
}

/* ---- what others forward ---- */

void mx_key_request_receive(MxCrypto *crypto, const MxOlmMessage *message)
{
    JsonObject *content = message->content;
    gboolean unstable = mx_json_bool(content, "org.matrix.msc3061.shared_history", FALSE);
    g_autofree char *curve25519 =
        mx_olm_canonical_curve25519(mx_json_string(content, "sender_key"));
    MxRoomKey key = {
        .room_id = mx_json_string(content, "room_id"),
        .session_id = mx_json_string(content, "session_id"),
        .session_key = mx_json_string(content, "session_key"),
        .curve25519 = curve25519,
        .ed25519 = mx_json_string(content, "sender_claimed_ed25519_key"),
        .source = MX_KEY_SOURCE_FORWARDED,
        .forwarder = message->curve25519,
        .shared_history = mx_json_bool(content, "shared_history", unstable),
    };
    if (message->device == NULL || !g_str_equal(message->sender, crypto->user_id) ||
        !may_ask(crypto, message->device) || !is_id(key.room_id) || !is_id(key.session_id) ||
        key.session_key == NULL || curve25519 == NULL ||
        !mx_olm_same_key(key.ed25519, key.ed25519) ||
        g_strcmp0(mx_json_string(content, "algorithm"), MX_ALGORITHM_MEGOLM) != 0)
        return;
    g_autoptr(MxKeyRequestRow) row =
        mx_store_get_key_request(crypto->store, key.room_id, key.session_id);
    if (row == NULL || row->asked_ms == 0)
        return;
    mx_inbound_add(crypto, &key);
}

/* ---- answering ---- */

/* K5. device_id NULL: all of the user's. */
static gboolean is_too_fast(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    Part *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_KEY_REQUEST);
    g_autofree char *key = g_strjoin(" ", user_id, device_id, NULL);
    Rate *rate = g_hash_table_lookup(part->rates, key);
    if (rate == NULL) {
        rate = g_new0(Rate, 1);
        g_hash_table_insert(part->rates, g_steal_pointer(&key), rate);
    }
    gint64 age = crypto->get_now_ms() - rate->since_ms;
    if (age < 0 || age >= MINUTE_MS) {
        rate->since_ms = crypto->get_now_ms();
        rate->n = 0;
    }
    if (++rate->n > MAX_PER_MINUTE ||
        mx_store_count_key_questions(crypto->store, user_id, device_id) >= MAX_WAITING)
        return TRUE;
    return device_id == NULL &&
           mx_store_count_key_questions(crypto->store, NULL, NULL) >= MAX_WAITING_IN_ALL;
}

/* K1: own devices that are verified get what there is; those of others at most what they have been
 * given before. Whoever else asks hears nothing, and costs nothing but this look. */
static gboolean may_question(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                             const char *session_id)
{
    if (g_str_equal(device->user_id, crypto->user_id))
        return may_ask(crypto, device);
    return !device->is_blocked && !device->is_dehydrated &&
           mx_share_get_shared_index(crypto, room_id, session_id, device) >= 0;
}

void mx_key_request_note_question(MxCrypto *crypto, JsonObject *event)
{
    JsonObject *content = mx_json_object(event, "content");
    JsonObject *body = mx_json_object(content, "body");
    const char *action = mx_json_string(content, "action");
    MxKeyQuestionRow row = {
        .user_id = (char *)mx_json_string(event, "sender"),
        .device_id = (char *)mx_json_string(content, "requesting_device_id"),
        .request_id = (char *)mx_json_string(content, "request_id"),
        .room_id = (char *)mx_json_string(body, "room_id"),
        .session_id = (char *)mx_json_string(body, "session_id"),
        .received_ms = crypto->get_now_ms(),
    };
    if (!is_id(row.user_id) || !is_id(row.device_id) || !is_id(row.request_id))
        return;
    if (g_strcmp0(action, "request_cancellation") == 0) {
        mx_store_cancel_key_question(crypto->store, row.user_id, row.device_id, row.request_id);
        return;
    }
    if (g_strcmp0(action, "request") != 0 || !is_id(row.room_id) || !is_id(row.session_id) ||
        g_strcmp0(mx_json_string(body, "algorithm"), MX_ALGORITHM_MEGOLM) != 0)
        return;
    gboolean is_own = g_str_equal(row.user_id, crypto->user_id);
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, row.user_id, row.device_id);
    if (device != NULL && !is_too_fast(crypto, row.user_id, is_own ? row.device_id : NULL) &&
        may_question(crypto, device, row.room_id, row.session_id))
        mx_store_add_key_question(crypto->store, &row);
}

/* H10 */
static void send_unavailable(MxCrypto *crypto, const MxDevice *device, const MxKeyQuestionRow *row)
{
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(content, "room_id", row->room_id);
    json_object_set_string_member(content, "session_id", row->session_id);
    json_object_set_string_member(content, "sender_key", crypto->curve25519);
    json_object_set_string_member(content, "code", "m.unavailable");
    json_object_set_string_member(content, "reason",
                                  "The requested key was not found on this device.");
    mx_olm_send_plain(crypto, device, "m.room_key.withheld", content);
}

/* K4. The chain names the devices that the key has come through so far, this one not yet. */
static JsonObject *make_forward(const MxRoomKey *key, const char *session_key)
{
    JsonArray *chain = json_array_new();
    if (key->forwarder != NULL)
        json_array_add_string_element(chain, key->forwarder);
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(content, "room_id", key->room_id);
    json_object_set_string_member(content, "session_id", key->session_id);
    json_object_set_string_member(content, "session_key", session_key);
    json_object_set_string_member(content, "sender_key", key->curve25519);
    json_object_set_string_member(content, "sender_claimed_ed25519_key",
                                  key->ed25519 != NULL ? key->ed25519 : "");
    json_object_set_array_member(content, "forwarding_curve25519_key_chain", chain);
    json_object_set_boolean_member(content, "shared_history", key->shared_history);
    return content;
}

/* K4: why the beginning is not there, as its creator has said. */
static void add_withheld(MxCrypto *crypto, const MxRoomKey *key, JsonObject *content)
{
    g_autoptr(MxWithheldRow) row =
        key->sender != NULL
            ? mx_store_get_withheld(crypto->store, key->room_id, key->session_id, key->sender)
            : NULL;
    if (row == NULL)
        return;
    JsonObject *withheld = json_object_new();
    json_object_set_string_member(withheld, "code", row->code);
    json_object_set_string_member(withheld, "reason", row->reason != NULL ? row->reason : "");
    json_object_set_object_member(content, "withheld", withheld);
}

static void forward(MxCrypto *crypto, const MxDevice *device, const MxKeyQuestionRow *row)
{
    MxRoomKey key = {0};
    char *session_key = NULL;
    if (mx_inbound_get(crypto, row->room_id, row->session_id, &key)) {
        gint64 index = mx_inbound_get_first_index(crypto, row->room_id, row->session_id);
        session_key = mx_inbound_export(crypto, row->room_id, row->session_id, index);
    }
    if (session_key != NULL && key.curve25519 != NULL) {
        g_autoptr(JsonObject) content = make_forward(&key, session_key);
        add_withheld(crypto, &key, content);
        mx_olm_send(crypto, device, "m.forwarded_room_key", content);
    } else
        send_unavailable(crypto, device, row);
    mx_secret_free(session_key);
    mx_room_key_clear(&key);
}

/* FALSE: its device has no session yet, but will. What was true when the question came may not be
 * any more, so all is looked at anew. */
static gboolean answer_one(MxCrypto *crypto, const MxKeyQuestionRow *row)
{
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, row->user_id, row->device_id);
    gint64 age = crypto->get_now_ms() - row->received_ms;
    if (device == NULL || !may_question(crypto, device, row->room_id, row->session_id) || age < 0 ||
        age > QUESTION_AGE_MS)
        return TRUE;
    gboolean is_own = g_str_equal(row->user_id, crypto->user_id);
    MxOlmState state = mx_olm_prepare(crypto, device);
    if (state == MX_OLM_CLAIMING)
        return FALSE;
    if (state == MX_OLM_READY && is_own)
        forward(crypto, device, row);
    else if (state == MX_OLM_READY)
        mx_share_reshare(crypto, device, row->room_id, row->session_id);
    return TRUE;
}

/* TRUE: there may be more to do at once. */
static gboolean answer_some(MxCrypto *crypto)
{
    gint64 after = 0;
    guint n_answered = 0;
    if (mx_store_count_to_device(crypto->store, NULL, NULL) > MAX_ON_THEIR_WAY)
        return FALSE; /* asked again when the next one has arrived */
    for (;;) {
        g_autoptr(GPtrArray) rows = mx_store_list_key_questions(crypto->store, after, SLICE);
        for (guint i = 0; i < rows->len; i++) {
            const MxKeyQuestionRow *row = g_ptr_array_index(rows, i);
            after = row->id;
            if (!answer_one(crypto, row))
                continue;
            mx_store_remove_key_question(crypto->store, row->id);
            if (++n_answered == SLICE)
                return TRUE;
        }
        if (rows->len < SLICE)
            return FALSE;
    }
}

gint64 mx_key_request_collect(MxCrypto *crypto)
{
    Part *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_KEY_REQUEST);
    if (!part->is_pruned) {
        mx_store_prune_key_requests(crypto->store, crypto->get_now_ms() - FORGET_MS);
        part->is_pruned = TRUE;
    }
    gint64 wait = send_due(crypto);
    return answer_some(crypto) ? 0 : wait;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-olm-private.h"

#include <string.h>

#include "mx-json.h"
#include "mx-primitives.h"
#include "mx-share.h"
#include "mx-signed-json.h"
#include "mx-store-olm.h"

/* One-time keys of devices that there is no session with yet, or none that works (E4-E6, H11). What
 * is wanted is in the database; a device whose key could not be had is left alone for a while. */

/* A batch costs a millisecond of arithmetic for each device, in one transaction. */
#define BATCH_SIZE 100
#define CLAIM_TIMEOUT_MS 10000
#define RETRY_FIRST_MS 15000
#define RETRY_CAP_MS (60 * 60 * 1000)
#define UNWEDGE_AFTER_MS (60 * 60 * 1000)
#define SERVER_RETRY_FIRST_MS 2000
#define SERVER_RETRY_CAP_MS 60000
#define LATE_FIRST_MS 60000
#define LATE_CAP_MS (15 * 60 * 1000)
#define SPLIT_MS 500 /* before what is left of a refused batch */
#define KEY_ALGORITHM "signed_curve25519"

/* ---- peers ---- */

static char *dup_name(const MxOlmPeer *peer)
{
    return g_strconcat(peer->curve25519, " ", peer->user_id, NULL);
}

static MxOlmPeer *get_peer(MxCrypto *crypto, const MxDevice *device, const char *curve25519)
{
    MxOlmPeer *peer = mx_store_get_olm_peer(crypto->store, curve25519, device->user_id);
    if (peer == NULL) {
        peer = g_new0(MxOlmPeer, 1);
        peer->curve25519 = g_strdup(curve25519);
        peer->user_id = g_strdup(device->user_id);
    }
    g_free(peer->device_id);
    peer->device_id = g_strdup(device->device_id);
    return peer;
}

/* A time that a clock set back has moved far away is no reason to wait. */
static gboolean is_held(const MxCrypto *crypto, gint64 not_before_ms, gint64 cap_ms)
{
    gint64 wait = not_before_ms - crypto->get_now_ms();
    return wait > 0 && wait <= cap_ms;
}

static gboolean is_recent(const MxCrypto *crypto, gint64 time_ms)
{
    gint64 age = crypto->get_now_ms() - time_ms;
    return age >= 0 && age <= UNWEDGE_AFTER_MS;
}

MxOlmState mx_olm_prepare(MxCrypto *crypto, const MxDevice *device)
{
    g_autofree char *curve25519 = mx_olm_canonical_curve25519(device->curve25519);
    if (curve25519 == NULL || g_str_equal(curve25519, crypto->curve25519)) /* A5, E10 */
        return MX_OLM_NONE;
    if (mx_olm_sessions_exist(crypto, curve25519, device->user_id))
        return MX_OLM_READY;
    g_autoptr(MxOlmPeer) peer = get_peer(crypto, device, curve25519);
    if (peer->want == MX_OLM_WANT_NOTHING) {
        if (is_held(crypto, peer->not_before_ms, RETRY_CAP_MS))
            return MX_OLM_NONE;
        peer->want = MX_OLM_WANT_SESSION;
        mx_store_save_olm_peer(crypto->store, peer);
    }
    return MX_OLM_CLAIMING;
}

static char *dup_device_name(const MxDevice *device)
{
    g_autofree char *curve25519 = mx_olm_canonical_curve25519(device->curve25519);
    return g_strconcat(curve25519 != NULL ? curve25519 : "", " ", device->user_id, NULL);
}

void mx_olm_note_late(MxCrypto *crypto, const MxDevice *device)
{
    MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    g_autofree char *name = dup_device_name(device);
    MxOlmLate *late = g_hash_table_lookup(part->late, name);
    if (late == NULL) {
        late = g_new0(MxOlmLate, 1);
        mx_backoff_init(&late->backoff, LATE_FIRST_MS, LATE_CAP_MS);
        g_hash_table_insert(part->late, g_steal_pointer(&name), late);
    }
    if (!is_held(crypto, late->until_ms, LATE_CAP_MS))
        late->until_ms = crypto->get_now_ms() + mx_backoff_next(&late->backoff);
}

gboolean mx_olm_is_late(MxCrypto *crypto, const MxDevice *device)
{
    MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    g_autofree char *name = dup_device_name(device);
    const MxOlmLate *late = g_hash_table_lookup(part->late, name);
    return late != NULL && is_held(crypto, late->until_ms, LATE_CAP_MS);
}

void mx_olm_unwedge(MxCrypto *crypto, const MxDevice *device)
{
    g_autofree char *curve25519 = mx_olm_canonical_curve25519(device->curve25519);
    if (curve25519 == NULL || device->is_blocked || g_str_equal(curve25519, crypto->curve25519))
        return;
    g_autoptr(MxOlmPeer) peer = get_peer(crypto, device, curve25519);
    if (peer->want == MX_OLM_WANT_UNWEDGE || is_recent(crypto, peer->unwedged_ms))
        return;
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(crypto, curve25519, device->user_id);
    for (guint i = 0; i < sessions->len; i++) {
        const MxOlmEntry *entry = g_ptr_array_index(sessions, i);
        if (entry->order != MX_OLM_RETIRED && is_recent(crypto, entry->created_ms))
            return;
    }
    peer->want = MX_OLM_WANT_UNWEDGE;
    peer->unwedged_ms = crypto->get_now_ms();
    mx_store_save_olm_peer(crypto->store, peer);
}

void mx_olm_note_session(MxCrypto *crypto, const char *curve25519, const char *user_id)
{
    g_autoptr(MxOlmPeer) peer = mx_store_get_olm_peer(crypto->store, curve25519, user_id);
    if (peer == NULL)
        return;
    if (peer->want == MX_OLM_WANT_SESSION)
        peer->want = MX_OLM_WANT_NOTHING;
    peer->failures = 0;
    peer->not_before_ms = 0;
    peer->told_no_olm = FALSE;
    mx_store_save_olm_peer(crypto->store, peer);
}

/* ---- what is sent over or instead of a session ---- */

void mx_olm_send_plain(MxCrypto *crypto, const MxDevice *device, const char *type,
                       JsonObject *content)
{
    g_autoptr(JsonObject) messages = json_object_new();
    JsonObject *devices = json_object_new();
    json_object_set_object_member(devices, device->device_id, json_object_ref(content));
    json_object_set_object_member(messages, device->user_id, devices);
    mx_crypto_send_to_device(crypto, type, messages, NULL, NULL);
}

gboolean mx_olm_send(MxCrypto *crypto, const MxDevice *device, const char *type,
                     JsonObject *content)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) encrypted = mx_olm_encrypt(crypto, device, type, content, &error);
    if (encrypted == NULL) {
        g_message("a to-device message could not be encrypted: %s", error->message);
        return FALSE;
    }
    mx_olm_send_plain(crypto, device, "m.room.encrypted", encrypted);
    return TRUE;
}

/* H11 */
static void tell_no_olm(MxCrypto *crypto, const MxDevice *device, MxOlmPeer *peer)
{
    if (peer->told_no_olm)
        return;
    peer->told_no_olm = TRUE;
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(content, "code", "m.no_olm");
    json_object_set_string_member(content, "reason", "Unable to establish a secure channel.");
    json_object_set_string_member(content, "sender_key", crypto->curve25519);
    mx_olm_send_plain(crypto, device, "m.room_key.withheld", content);
}

/* ---- answers ---- */

static void note_failed(MxCrypto *crypto, const MxOlmPeer *target, gboolean is_definite)
{
    g_autoptr(MxOlmPeer) peer =
        mx_store_get_olm_peer(crypto->store, target->curve25519, target->user_id);
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, target->user_id, target->device_id);
    if (peer == NULL)
        return;
    MxBackoff backoff;
    mx_backoff_init(&backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    backoff.failures = peer->failures++;
    peer->not_before_ms = crypto->get_now_ms() + mx_backoff_next(&backoff);
    if (is_definite && peer->want == MX_OLM_WANT_SESSION && device != NULL)
        tell_no_olm(crypto, device, peer);
    peer->want = MX_OLM_WANT_NOTHING;
    mx_store_save_olm_peer(crypto->store, peer);
}

/* The device has signed this one-time key (E4, A4); the ratchet looks at the key itself (A5). */
static gboolean read_one_time_key(const MxDevice *device, MxJsonSlice slice,
                                  guint8 one_time[MX_KEY_LEN])
{
    guint8 ed25519[MX_KEY_LEN];
    g_autofree char *key_id = g_strconcat("ed25519:", device->device_id, NULL);
    g_autoptr(JsonObject) object = mx_signed_json_parse(slice.text, (gssize)slice.len, NULL);
    return object != NULL && mx_base64_decode_fixed(device->ed25519, ed25519, sizeof ed25519) &&
           mx_signed_json_verify(object, device->user_id, key_id, ed25519) &&
           mx_base64_decode_fixed(mx_json_string(object, "key"), one_time, MX_KEY_LEN);
}

/* keys: {"signed_curve25519:AAAA": {…}}; anything else in it is passed over. */
static gboolean find_one_time_key(const MxDevice *device, MxJsonSlice keys,
                                  guint8 one_time[MX_KEY_LEN])
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (!mx_json_iter_init(&iter, keys) || !iter.in_object)
        return FALSE;
    while (mx_json_iter_next(&iter, &key, &value)) {
        g_autofree char *name = mx_json_slice_dup_string(key);
        if (name != NULL && g_str_has_prefix(name, KEY_ALGORITHM ":") &&
            value.type == MX_JSON_OBJECT)
            return read_one_time_key(device, value, one_time);
    }
    return FALSE;
}

static gboolean make_session(MxCrypto *crypto, const MxDevice *device, const char *curve25519,
                             MxJsonSlice keys)
{
    guint8 identity[MX_KEY_LEN], one_time[MX_KEY_LEN];
    if (!find_one_time_key(device, keys, one_time) ||
        !mx_base64_decode_fixed(curve25519, identity, sizeof identity))
        return FALSE;
    MxOlmSession *session =
        mx_olm_account_create_outbound(crypto->account, identity, one_time, NULL);
    if (session == NULL)
        return FALSE;
    mx_olm_sessions_add(crypto, curve25519, device->user_id, session);
    return TRUE;
}

static void finish_one(MxCrypto *crypto, const MxOlmPeer *target, MxJsonSlice one_time_keys)
{
    MxJsonSlice of_user = mx_json_scan_member(one_time_keys, target->user_id);
    MxJsonSlice keys = mx_json_scan_member(of_user, target->device_id);
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, target->user_id, target->device_id);
    if (device == NULL || !mx_olm_same_key(device->curve25519, target->curve25519) ||
        !make_session(crypto, device, target->curve25519, keys)) {
        note_failed(crypto, target, TRUE);
        return;
    }
    mx_olm_note_session(crypto, target->curve25519, target->user_id);
    g_autoptr(MxOlmPeer) peer =
        mx_store_get_olm_peer(crypto->store, target->curve25519, target->user_id);
    if (peer == NULL || peer->want != MX_OLM_WANT_UNWEDGE)
        return;
    peer->want = MX_OLM_WANT_NOTHING;
    mx_store_save_olm_peer(crypto->store, peer);
    g_autoptr(JsonObject) nothing = json_object_new();
    mx_olm_send(crypto, device, "m.dummy", nothing);
    mx_share_reshare(crypto, device, NULL, NULL);
}

/* The user's server could not be reached. */
static gboolean has_failed(MxJsonSlice failures, const char *user_id)
{
    const char *server = strchr(user_id, ':');
    return server != NULL && mx_json_scan_member(failures, server + 1).text != NULL;
}

static void take_answer(MxCrypto *crypto, GPtrArray *targets, const MxCryptoAnswer *answer)
{
    MxJsonSlice members[2] = {{0}};
    if (answer->body != NULL && mx_json_scan_validate(answer->body, answer->len))
        mx_json_scan_members(mx_json_scan_root(answer->body, answer->len),
                             (const char *const[]){"one_time_keys", "failures", NULL}, members);
    for (guint i = 0; i < targets->len; i++) {
        const MxOlmPeer *target = g_ptr_array_index(targets, i);
        if (answer->status >= 400 || has_failed(members[1], target->user_id))
            note_failed(crypto, target, FALSE);
        else
            finish_one(crypto, target, members[0]);
    }
}

/* One name that the homeserver does not like makes it refuse all: smaller batches find it. */
static gboolean split(MxCrypto *crypto, MxOlmPart *part, GPtrArray *targets)
{
    if (targets->len == 1)
        return FALSE;
    part->batch_size = targets->len / 2;
    part->not_before_ms = crypto->get_now_ms() + SPLIT_MS;
    return TRUE; /* they stay wanted */
}

/* Being offline is another matter: then nothing else leaves either. */
static void note_failing(MxCrypto *crypto, MxOlmPart *part, const MxCryptoAnswer *answer)
{
    if (answer->status < 500)
        part->failing_since_ms = 0;
    else if (part->failing_since_ms == 0)
        part->failing_since_ms = crypto->get_now_ms();
}

gboolean mx_olm_is_failing(MxCrypto *crypto, gint64 since_ms)
{
    const MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    return part->failing_since_ms != 0 && crypto->get_now_ms() - part->failing_since_ms >= since_ms;
}

static void on_claim_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                            const MxCryptoAnswer *answer, gpointer user_data)
{
    (void)request;
    GPtrArray *targets = user_data;
    MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    for (guint i = 0; i < targets->len; i++) {
        g_autofree char *name = dup_name(g_ptr_array_index(targets, i));
        g_hash_table_remove(part->in_flight, name);
        if (!mx_crypto_answer_is_passing(answer))
            g_hash_table_remove(part->late, name);
    }
    note_failing(crypto, part, answer);
    if (mx_crypto_answer_is_passing(answer)) { /* they stay wanted */
        gint64 wait = mx_crypto_get_retry_ms(&part->backoff, answer);
        part->not_before_ms = crypto->get_now_ms() + wait;
        return;
    }
    mx_backoff_reset(&part->backoff);
    if (answer->status >= 400 && split(crypto, part, targets))
        return;
    if (answer->status < 400)
        part->batch_size = MIN(part->batch_size * 2, BATCH_SIZE);
    take_answer(crypto, targets, answer);
}

/* ---- requests ---- */

static char *make_body(GPtrArray *targets)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *users = json_object_new();
    json_object_set_int_member(body, "timeout", CLAIM_TIMEOUT_MS);
    json_object_set_object_member(body, "one_time_keys", users);
    for (guint i = 0; i < targets->len; i++) {
        const MxOlmPeer *target = g_ptr_array_index(targets, i);
        JsonObject *devices = mx_json_object(users, target->user_id);
        if (devices == NULL) {
            devices = json_object_new();
            json_object_set_object_member(users, target->user_id, devices);
        }
        json_object_set_string_member(devices, target->device_id, KEY_ALGORITHM);
    }
    return mx_json_object_to_text(body);
}

static void claim(MxCrypto *crypto, MxOlmPart *part, GPtrArray *targets)
{
    for (guint i = 0; i < targets->len; i++)
        g_hash_table_add(part->in_flight, dup_name(g_ptr_array_index(targets, i)));
    mx_crypto_add_request(crypto, MX_CRYPTO_KEYS_CLAIM, make_body(targets), on_claim_answer,
                          targets, (GDestroyNotify)g_ptr_array_unref);
}

static GPtrArray *new_batch(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)mx_olm_peer_free);
}

gint64 mx_olm_collect(MxCrypto *crypto)
{
    MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    g_autoptr(GPtrArray) wants = mx_store_list_olm_wants(crypto->store);
    if (wants->len > 0 && is_held(crypto, part->not_before_ms, RETRY_CAP_MS))
        return part->not_before_ms - crypto->get_now_ms();
    g_autoptr(GPtrArray) batch = new_batch();
    for (guint i = 0; i < wants->len; i++) {
        MxOlmPeer *peer = g_ptr_array_index(wants, i);
        g_autofree char *name = dup_name(peer);
        if (g_hash_table_contains(part->in_flight, name))
            continue;
        wants->pdata[i] = NULL;
        g_ptr_array_add(batch, peer);
        if (batch->len == part->batch_size) {
            claim(crypto, part, g_steal_pointer(&batch));
            batch = new_batch();
        }
    }
    if (batch->len > 0)
        claim(crypto, part, g_steal_pointer(&batch));
    return -1;
}

/* ---- memory ---- */

gpointer mx_olm_part_new(void)
{
    MxOlmPart *part = g_new0(MxOlmPart, 1);
    part->in_flight = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    part->late = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    part->refreshed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mx_backoff_init(&part->backoff, SERVER_RETRY_FIRST_MS, SERVER_RETRY_CAP_MS);
    part->batch_size = BATCH_SIZE;
    return part;
}

void mx_olm_part_free(gpointer data)
{
    MxOlmPart *part = data;
    g_hash_table_unref(part->in_flight);
    g_hash_table_unref(part->late);
    g_hash_table_unref(part->refreshed);
    g_free(part);
}

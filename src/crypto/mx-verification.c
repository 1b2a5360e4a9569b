/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-verification.h"

#include <string.h>

#include "mx-device-list.h"
#include "mx-json.h"
#include "mx-verification-private.h"

/* The flows: their life, what they send, what the user does with them, and time. */

#define AUTO_START_MS 2000 /* who has asked begins; some only wait */
#define LOOK_AGAIN_MS 1000 /* for keys that are being asked for */
#define MAX_ENDED 100

/* ---- life ---- */

void mx_held_free(gpointer data)
{
    MxHeld *held = data;
    g_free(held->type);
    json_object_unref(held->content);
    g_free(held);
}

static void flow_free(gpointer data)
{
    MxFlow *flow = data;
    g_free(flow->txn_id);
    g_free(flow->queue_txn);
    g_free(flow->user_id);
    g_free(flow->device_id);
    g_ptr_array_unref(flow->targets);
    g_free(flow->wanted_device);
    g_free(flow->device_name);
    g_free(flow->ed25519);
    g_free(flow->master);
    g_free(flow->code);
    g_free(flow->reason);
    g_queue_clear_full(&flow->held, mx_held_free);
    mx_sas_free(flow->sas);
    g_free(flow->start);
    g_free(flow->commitment);
    g_clear_pointer(&flow->their_mac, json_object_unref);
    g_clear_pointer(&flow->qr_code, g_bytes_unref);
    mx_memzero(flow->code_secret, sizeof flow->code_secret);
    g_free(flow);
}

gpointer mx_verification_part_new(void)
{
    MxFlows *part = g_new0(MxFlows, 1);
    part->flows = g_ptr_array_new_with_free_func(flow_free);
    g_queue_init(&part->ended);
    return part;
}

void mx_verification_part_free(gpointer data)
{
    MxFlows *part = data;
    g_ptr_array_unref(part->flows);
    g_queue_clear_full(&part->ended, g_free);
    g_free(part);
}

MxFlows *mx_flows_get(MxCrypto *crypto)
{
    return mx_crypto_get_part(crypto, MX_CRYPTO_PART_VERIFICATION);
}

void mx_verification_set_sender(MxCrypto *crypto, MxVerificationSendFunc func)
{
    crypto->send_in_room = func;
}

MxFlow *mx_flow_new(MxCrypto *crypto, const char *user_id, const char *txn_id, gint64 room)
{
    MxFlows *part = mx_flows_get(crypto);
    MxFlow *flow = g_new0(MxFlow, 1);
    /* A dialog of an earlier run of the encryption means no flow of this one. */
    part->last_id = MAX(part->last_id + 1, (guint64)g_get_monotonic_time());
    flow->id = part->last_id;
    flow->user_id = g_strdup(user_id);
    flow->txn_id = g_strdup(txn_id);
    flow->room = room;
    flow->targets = g_ptr_array_new_with_free_func(g_free);
    flow->began_ms = crypto->get_now_ms();
    g_queue_init(&flow->held);
    g_ptr_array_add(part->flows, flow);
    return flow;
}

gboolean mx_flow_is_own(MxCrypto *crypto, const MxFlow *flow)
{
    return g_str_equal(flow->user_id, crypto->user_id);
}

gboolean mx_flow_is_at_end(const MxFlow *flow)
{
    return flow->state >= MX_VERIFICATION_VERIFIED;
}

/* ---- what has ended ---- */

static char *make_end_name(gint64 room, const char *user_id, const char *txn_id)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %s", room, user_id, txn_id);
}

void mx_flows_note_ended(MxFlows *part, gint64 room, const char *user_id, const char *txn_id)
{
    g_queue_push_tail(&part->ended, make_end_name(room, user_id, txn_id));
    if (part->ended.length > MAX_ENDED)
        g_free(g_queue_pop_head(&part->ended));
}

gboolean mx_flows_has_ended(MxFlows *part, gint64 room, const char *user_id, const char *txn_id)
{
    g_autofree char *name = make_end_name(room, user_id, txn_id);
    return g_queue_find_custom(&part->ended, name, (GCompareFunc)strcmp) != NULL;
}

void mx_flow_end(MxCrypto *crypto, MxFlow *flow, MxVerificationState state)
{
    if (flow->txn_id != NULL)
        mx_flows_note_ended(mx_flows_get(crypto), flow->room, flow->user_id, flow->txn_id);
    flow->is_over = TRUE;
    mx_flow_set_state(flow, state);
}

/* As if it had never been. */
void mx_flow_forget(MxCrypto *crypto, MxFlow *flow)
{
    mx_flow_end(crypto, flow, MX_VERIFICATION_DISMISSED);
    flow->is_changed = FALSE;
}

void mx_flow_set_state(MxFlow *flow, MxVerificationState state)
{
    flow->state = state;
    flow->is_changed = TRUE;
}

/* ---- sending ---- */

/* To those that were asked, until one of them has answered. */
static void send_to_device(MxCrypto *crypto, const MxFlow *flow, const char *type,
                           JsonObject *content)
{
    g_autoptr(JsonObject) messages = json_object_new();
    g_autofree char *full_type = g_strconcat(MX_VERIFICATION_TYPE, type, NULL);
    JsonObject *of_user = json_object_new();
    json_object_set_object_member(messages, flow->user_id, of_user);
    if (flow->targets->len == 0 && flow->device_id != NULL)
        json_object_set_object_member(of_user, flow->device_id, json_object_ref(content));
    for (guint i = 0; i < flow->targets->len; i++)
        json_object_set_object_member(of_user, g_ptr_array_index(flow->targets, i),
                                      json_object_ref(content));
    if (json_object_get_size(of_user) > 0)
        mx_crypto_send_to_device(crypto, full_type, messages, NULL, NULL);
}

static char *put_in_room(MxCrypto *crypto, gint64 room, const char *type, JsonObject *content)
{
    g_autofree char *text = mx_json_object_to_text(content);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_ROOM_READY, room, NULL, NULL, NULL);
    return crypto->send_in_room != NULL ? crypto->send_in_room(crypto->store, room, type, text)
                                        : NULL;
}

void mx_flow_send(MxCrypto *crypto, MxFlow *flow, const char *type, JsonObject *content)
{
    g_autoptr(JsonObject) owned = content;
    if (flow->room == 0) {
        json_object_set_string_member(owned, "transaction_id", flow->txn_id);
        send_to_device(crypto, flow, type, owned);
        return;
    }
    if (flow->txn_id == NULL)
        return; /* nobody can know of it yet */
    g_autofree char *full_type = g_strconcat(MX_VERIFICATION_TYPE, type, NULL);
    JsonObject *relation = json_object_new();
    json_object_set_string_member(relation, "rel_type", "m.reference");
    json_object_set_string_member(relation, "event_id", flow->txn_id);
    json_object_set_object_member(owned, "m.relates_to", relation);
    g_free(put_in_room(crypto, flow->room, full_type, owned));
}

/* `reason` is for clients that do not know the code. */
static const struct {
    const char *code, *reason;
} codes[] = {
    {"m.user", "The user cancelled the verification."},
    {"m.timeout", "The verification took too long."},
    {"m.unknown_transaction", "There is no such verification."},
    {"m.unknown_method", "The devices have no method in common."},
    {"m.unexpected_message", "This message was not expected now."},
    {"m.key_mismatch", "The keys are not the expected ones."},
    {"m.user_mismatch", "The user is not the expected one."},
    {"m.invalid_message", "The message makes no sense."},
    {"m.accepted", "Another device has accepted."},
    {"m.mismatched_commitment", "The key is not the one that was committed to."},
    {"m.mismatched_sas", "The user says that the emoji or numbers differ."},
};

JsonObject *mx_flow_make_cancel(const char *code)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "code", code);
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        if (g_str_equal(codes[i].code, code))
            json_object_set_string_member(content, "reason", codes[i].reason);
    return content;
}

void mx_flow_cancel(MxCrypto *crypto, MxFlow *flow, const char *code)
{
    /* What is verified stays so, whatever comes late. */
    if (mx_flow_is_at_end(flow))
        return;
    mx_flow_send(crypto, flow, "cancel", mx_flow_make_cancel(code));
    g_free(flow->code);
    flow->code = g_strdup(code);
    flow->is_ended_here = TRUE;
    mx_flow_end(crypto, flow, MX_VERIFICATION_CANCELLED);
}

void mx_flow_cancel_targets(MxCrypto *crypto, MxFlow *flow, const char *device_id, const char *code)
{
    for (guint i = flow->targets->len; i > 0; i--)
        if (g_strcmp0(g_ptr_array_index(flow->targets, i - 1), device_id) == 0)
            g_ptr_array_remove_index(flow->targets, i - 1);
    if (flow->targets->len > 0)
        mx_flow_send(crypto, flow, "cancel", mx_flow_make_cancel(code));
    g_ptr_array_set_size(flow->targets, 0);
}

void mx_flow_refuse_unknown(MxCrypto *crypto, const char *user_id, const char *txn_id)
{
    MxFlow whole = {.user_id = (char *)user_id,
                    .txn_id = (char *)txn_id,
                    .device_id = (char *)"*",
                    .targets = g_ptr_array_new()};
    mx_flow_send(crypto, &whole, "cancel", mx_flow_make_cancel("m.unknown_transaction"));
    g_ptr_array_unref(whole.targets);
}

/* ---- the user ---- */

void mx_verification_set_shows_codes(MxCrypto *crypto, gboolean shows_codes)
{
    crypto->shows_codes = shows_codes;
}

/* With a code on the screen, the users choose. */
void mx_flow_begin(MxCrypto *crypto, MxFlow *flow)
{
    mx_flow_set_state(flow, MX_VERIFICATION_READY);
    if (crypto->shows_codes && mx_flow_make_code(crypto, flow))
        return;
    if (!flow->is_incoming)
        mx_flow_start(crypto, flow);
    else
        flow->start_ms = crypto->get_now_ms() + AUTO_START_MS;
}

static MxFlow *find_by_id(MxCrypto *crypto, guint64 id)
{
    MxFlows *part = mx_flows_get(crypto);
    for (guint i = 0; i < part->flows->len; i++) {
        MxFlow *flow = g_ptr_array_index(part->flows, i);
        if (flow->id == id && !mx_flow_is_at_end(flow))
            return flow;
    }
    return NULL;
}

/* N2 */
static JsonArray *make_methods(MxCrypto *crypto)
{
    JsonArray *methods = json_array_new();
    json_array_add_string_element(methods, MX_METHOD_SAS);
    if (crypto->shows_codes) {
        json_array_add_string_element(methods, MX_METHOD_SHOW);
        json_array_add_string_element(methods, MX_METHOD_RECIPROCATE);
    }
    return methods;
}

static void add_targets(MxCrypto *crypto, MxFlow *flow)
{
    g_autoptr(GPtrArray) devices = mx_device_list_get(crypto, crypto->user_id);
    for (guint i = 0; i < devices->len && flow->targets->len < MX_TO_DEVICE_MAX; i++) {
        const MxDevice *device = g_ptr_array_index(devices, i);
        if (!g_str_equal(device->device_id, crypto->device_id) && !device->is_dehydrated &&
            !device->is_blocked &&
            (flow->wanted_device == NULL || g_str_equal(device->device_id, flow->wanted_device)))
            g_ptr_array_add(flow->targets, g_strdup(device->device_id));
    }
}

static JsonObject *make_request(MxCrypto *crypto)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "from_device", crypto->device_id);
    json_object_set_array_member(content, "methods", make_methods(crypto));
    return content;
}

static void send_own_request(MxCrypto *crypto, MxFlow *flow)
{
    JsonObject *content = make_request(crypto);
    json_object_set_int_member(content, "timestamp", crypto->get_now_ms());
    mx_flow_send(crypto, flow, "request", content);
}

static void send_room_request(MxCrypto *crypto, MxFlow *flow)
{
    g_autoptr(JsonObject) content = make_request(crypto);
    g_autofree char *body = g_strdup_printf(
        "%s would like to verify keys with you, but your program does not support that.",
        crypto->user_id);
    json_object_set_string_member(content, "msgtype", MX_VERIFICATION_REQUEST);
    json_object_set_string_member(content, "body", body);
    json_object_set_string_member(content, "to", flow->user_id);
    flow->queue_txn = put_in_room(crypto, flow->room, "m.room.message", content);
}

static void end_impossible(MxCrypto *crypto, MxFlow *flow, MxVerificationProblem problem)
{
    flow->problem = problem;
    mx_flow_end(crypto, flow, MX_VERIFICATION_IMPOSSIBLE);
}

void mx_flow_send_request(MxCrypto *crypto, MxFlow *flow)
{
    mx_device_list_track(crypto, flow->user_id);
    flow->waits_for_keys = mx_device_list_is_pending(crypto, flow->user_id);
    if (flow->waits_for_keys)
        return;
    MxVerificationProblem problem = mx_flow_find_problem(crypto, flow->user_id);
    if (problem == MX_VERIFICATION_FINE && mx_flow_is_own(crypto, flow)) {
        add_targets(crypto, flow);
        problem = flow->targets->len == 0 ? MX_VERIFICATION_NO_DEVICE : MX_VERIFICATION_FINE;
    }
    if (problem != MX_VERIFICATION_FINE) {
        end_impossible(crypto, flow, problem);
        return;
    }
    flow->is_unsent = FALSE;
    if (mx_flow_is_own(crypto, flow))
        send_own_request(crypto, flow);
    else
        send_room_request(crypto, flow);
    mx_flow_set_state(flow, MX_VERIFICATION_REQUESTED);
}

guint64 mx_verification_request(MxCrypto *crypto, const char *user_id, const char *device_id,
                                gint64 room)
{
    gboolean is_own = g_str_equal(user_id, crypto->user_id);
    guint8 random[16];
    gboolean is_random = mx_random(random, sizeof random, NULL);
    g_autofree char *txn_id = is_own ? mx_base64url_encode(random, sizeof random) : NULL;
    gboolean is_full = mx_flows_are_full(crypto);
    MxFlow *flow = mx_flow_new(crypto, user_id, txn_id, is_own ? 0 : room);
    flow->is_unsent = TRUE;
    flow->wanted_device = g_strdup(device_id);
    if (!is_random)
        end_impossible(crypto, flow, MX_VERIFICATION_NO_RANDOMNESS);
    else if (is_full)
        end_impossible(crypto, flow, MX_VERIFICATION_TOO_MANY);
    else
        mx_flow_send_request(crypto, flow);
    return flow->id;
}

gboolean mx_verification_accept(MxCrypto *crypto, guint64 id)
{
    MxFlow *flow = find_by_id(crypto, id);
    if (flow == NULL || !flow->is_incoming || flow->state != MX_VERIFICATION_REQUESTED ||
        flow->waits_for_keys)
        return FALSE;
    if (flow->is_legacy) {
        mx_flow_set_state(flow, MX_VERIFICATION_READY);
        mx_flow_take_held(crypto, flow);
        return TRUE;
    }
    mx_flow_send(crypto, flow, "ready", make_request(crypto));
    mx_flow_begin(crypto, flow);
    return TRUE;
}

gboolean mx_verification_start(MxCrypto *crypto, guint64 id)
{
    MxFlow *flow = find_by_id(crypto, id);
    if (flow == NULL || flow->state != MX_VERIFICATION_READY)
        return FALSE;
    mx_flow_start(crypto, flow);
    return TRUE;
}

gboolean mx_verification_confirm(MxCrypto *crypto, guint64 id, gboolean matches)
{
    MxFlow *flow = find_by_id(crypto, id);
    if (flow == NULL ||
        (flow->state != MX_VERIFICATION_COMPARING && flow->state != MX_VERIFICATION_SCANNED))
        return FALSE;
    gboolean is_scan = flow->state == MX_VERIFICATION_SCANNED;
    if (!matches)
        mx_flow_cancel(crypto, flow, is_scan ? "m.key_mismatch" : "m.mismatched_sas");
    else if (is_scan)
        mx_flow_confirm_scan(crypto, flow);
    else
        mx_flow_confirm(crypto, flow);
    return TRUE;
}

gboolean mx_verification_cancel(MxCrypto *crypto, guint64 id)
{
    MxFlow *flow = find_by_id(crypto, id);
    if (flow == NULL)
        return FALSE;
    /* Its event ID may have come meanwhile. */
    mx_flows_find(crypto, flow->room, NULL, "");
    mx_flow_cancel(crypto, flow, "m.user");
    return TRUE;
}

/* ---- time, and what is told ---- */

static gint64 get_deadline(const MxFlow *flow)
{
    gint64 deadline = flow->began_ms + MX_FLOW_MS;
    if (flow->is_incoming && flow->state == MX_VERIFICATION_REQUESTED)
        deadline = MIN(deadline, flow->prompt_until_ms);
    if (flow->state == MX_VERIFICATION_READY && flow->start_ms != 0)
        deadline = MIN(deadline, flow->start_ms);
    return deadline;
}

static void on_deadline(MxCrypto *crypto, MxFlow *flow)
{
    if (flow->state == MX_VERIFICATION_VERIFIED)
        flow->is_over = TRUE; /* N18 */
    else if (crypto->get_now_ms() >= flow->began_ms + MX_FLOW_MS)
        mx_flow_cancel(crypto, flow, "m.timeout");
    else if (flow->state == MX_VERIFICATION_READY)
        mx_flow_start(crypto, flow);
    else if (flow->waits_for_keys || flow->ed25519 == NULL)
        mx_flow_forget(crypto, flow);
    else
        mx_flow_end(crypto, flow, MX_VERIFICATION_DISMISSED);
}

gint64 mx_verification_collect(MxCrypto *crypto)
{
    MxFlows *part = mx_flows_get(crypto);
    gint64 wait = -1;
    if (!part->has_ended_kept)
        mx_flows_end_kept(crypto);
    part->has_ended_kept = TRUE;
    for (guint i = 0; i < part->flows->len; i++) {
        MxFlow *flow = g_ptr_array_index(part->flows, i);
        mx_flow_keep(crypto, flow);
        if (flow->is_over)
            continue;
        if (flow->waits_for_keys)
            mx_flow_resume(crypto, flow);
        /* A clock that was set back makes nothing last longer. */
        flow->began_ms = MIN(flow->began_ms, crypto->get_now_ms());
        if (!flow->is_over && crypto->get_now_ms() >= get_deadline(flow))
            on_deadline(crypto, flow);
        gint64 left = get_deadline(flow) - crypto->get_now_ms();
        if (flow->waits_for_keys)
            left = MIN(left, LOOK_AGAIN_MS);
        if (!flow->is_over)
            wait = wait < 0 ? MAX(left, 1) : MIN(wait, MAX(left, 1));
    }
    return wait;
}

void mx_verification_free(MxVerification *verification)
{
    g_free(verification->user_id);
    g_free(verification->device_id);
    g_free(verification->device_name);
    g_free(verification->code);
    g_clear_pointer(&verification->qr_code, g_bytes_unref);
    g_free(verification->reason);
    g_free(verification);
}

static MxVerification *take_picture(MxCrypto *crypto, MxFlow *flow)
{
    MxVerification *picture = g_new0(MxVerification, 1);
    picture->id = flow->id;
    picture->user_id = g_strdup(flow->user_id);
    picture->device_id = g_strdup(flow->device_id);
    picture->device_name = g_strdup(flow->device_name);
    picture->room = flow->room;
    picture->is_own = mx_flow_is_own(crypto, flow);
    picture->is_incoming = flow->is_incoming;
    picture->state = flow->state;
    picture->problem = flow->problem;
    picture->text = flow->text;
    picture->has_emoji = flow->has_emoji;
    if (flow->state == MX_VERIFICATION_READY && flow->qr_code != NULL)
        picture->qr_code = g_bytes_ref(flow->qr_code);
    picture->code = g_strdup(flow->code);
    picture->reason = g_strdup(flow->reason);
    picture->is_ended_here = flow->is_ended_here;
    flow->is_changed = FALSE;
    return picture;
}

GPtrArray *mx_verification_take_changes(MxCrypto *crypto)
{
    MxFlows *part = mx_flows_get(crypto);
    GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_verification_free);
    for (guint i = 0; i < part->flows->len; i++) {
        MxFlow *flow = g_ptr_array_index(part->flows, i);
        if (flow->is_changed && !flow->waits_for_keys)
            g_ptr_array_add(changes, take_picture(crypto, flow));
    }
    for (guint i = part->flows->len; i > 0; i--) {
        const MxFlow *flow = g_ptr_array_index(part->flows, i - 1);
        if (flow->is_over && !flow->is_kept)
            g_ptr_array_remove_index(part->flows, i - 1);
    }
    return changes;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-cross-signing.h"
#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-secrets.h"
#include "mx-verification-private.h"

/* What comes in: which flow it belongs to, and whether it may be believed. */

#define MINUTE_MS (G_GINT64_CONSTANT(60) * 1000)
#define FUTURE_MS (5 * MINUTE_MS)
#define PROMPT_MS (2 * MINUTE_MS)
#define MAX_FLOWS 20
#define MAX_REFUSALS 20 /* in MX_FLOW_MS (XV8) */
#define MAX_HELD 10
#define MAX_ID 255 /* bytes */
#define MAX_CODE 100
#define MAX_REASON 300
#define MAX_METHODS 50

typedef struct {
    const char *type; /* after MX_VERIFICATION_TYPE */
    const char *sender, *txn_id;
    gint64 room, ts; /* ts: of a request */
    JsonObject *content;
} Message;

/* ---- whose keys ---- */

typedef enum { KEYS_KNOWN, KEYS_PENDING, KEYS_NONE } Keys;

/* N14: from now on these keys are meant, whatever the homeserver says later. */
static Keys fix_keys(MxCrypto *crypto, MxFlow *flow)
{
    mx_device_list_track(crypto, flow->user_id);
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, flow->user_id, flow->device_id);
    if (device == NULL && !flow->has_refreshed) {
        flow->has_refreshed = TRUE;
        mx_device_list_refresh(crypto, flow->user_id);
    }
    if (mx_device_list_is_pending(crypto, flow->user_id))
        return KEYS_PENDING;
    if (device == NULL || device->is_blocked || device->is_dehydrated)
        return KEYS_NONE;
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, flow->user_id);
    flow->ed25519 = g_strdup(device->ed25519);
    flow->device_name = g_strdup(device->display_name);
    if (identity != NULL && !identity->is_changed && !identity->is_ambiguous)
        flow->master = g_strdup(identity->master);
    return KEYS_KNOWN;
}

static gboolean has_seed(MxCrypto *crypto, MxCrossSigningKey key)
{
    char *seed = mx_cross_signing_get_seed(crypto, key);
    gboolean is_there = seed != NULL;
    mx_secret_free(seed);
    return is_there;
}

/* Whether anything could come of it. */
MxVerificationProblem mx_flow_find_problem(MxCrypto *crypto, const char *user_id)
{
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    g_autoptr(MxIdentity) theirs = mx_identity_get(crypto, user_id);
    if (own == NULL || own->is_changed || own->is_ambiguous)
        return MX_VERIFICATION_NOT_OURS;
    if (g_str_equal(user_id, crypto->user_id))
        return MX_VERIFICATION_FINE;
    if (!own->is_verified || !has_seed(crypto, MX_CROSS_SIGNING_USER))
        return MX_VERIFICATION_NOT_OURS;
    if (theirs == NULL || theirs->is_ambiguous)
        return MX_VERIFICATION_NOT_THEIRS;
    return theirs->is_changed ? MX_VERIFICATION_THEIRS_NEW : MX_VERIFICATION_FINE;
}

/* ---- messages ---- */

static gboolean is_id(const char *text)
{
    return text != NULL && *text != '\0' && strlen(text) <= MAX_ID;
}

static gboolean has_method(JsonObject *content, const char *method)
{
    JsonArray *methods = mx_json_array(content, "methods");
    for (guint i = 0; i < MIN(mx_json_array_length(methods), MAX_METHODS); i++)
        if (g_strcmp0(mx_json_array_string(methods, i), method) == 0)
            return TRUE;
    return FALSE;
}

/* FALSE: there is none in common. */
static gboolean take_methods(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    flow->they_scan =
        has_method(content, MX_METHOD_SCAN) && has_method(content, MX_METHOD_RECIPROCATE);
    return has_method(content, MX_METHOD_SAS) || (flow->they_scan && crypto->shows_codes);
}

/* N8: attempts of one device that are under way. TRUE: there were some, and they are cancelled. */
static gboolean cancel_others(MxCrypto *crypto, const MxFlow *flow)
{
    MxFlows *part = mx_flows_get(crypto);
    gboolean has_others = FALSE;
    for (guint i = 0; i < part->flows->len; i++) {
        MxFlow *other = g_ptr_array_index(part->flows, i);
        if (other == flow || !other->is_incoming || mx_flow_is_at_end(other) ||
            !g_str_equal(other->user_id, flow->user_id) ||
            g_strcmp0(other->device_id, flow->device_id) != 0)
            continue;
        has_others = TRUE;
        mx_flow_cancel(crypto, other, "m.unexpected_message");
    }
    return has_others;
}

/* The device of an incoming flow is known: the user may be asked. */
static void begin_incoming(MxCrypto *crypto, MxFlow *flow)
{
    if (cancel_others(crypto, flow)) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    if (flow->problem == MX_VERIFICATION_FINE)
        flow->problem = mx_flow_find_problem(crypto, flow->user_id);
    if (flow->problem != MX_VERIFICATION_FINE)
        mx_flow_end(crypto, flow, MX_VERIFICATION_IMPOSSIBLE);
    else
        mx_flow_set_state(flow, MX_VERIFICATION_REQUESTED);
}

/* The device that has answered an own request is known. */
static void begin_outgoing(MxCrypto *crypto, MxFlow *flow)
{
    if (flow->room == 0)
        mx_flow_cancel_targets(crypto, flow, flow->device_id, "m.accepted");
    if (!mx_flow_is_own(crypto, flow) && flow->master == NULL) {
        mx_flow_cancel(crypto, flow, "m.key_mismatch");
        return;
    }
    mx_flow_begin(crypto, flow);
}

static void take(MxCrypto *crypto, MxFlow *flow, const char *type, JsonObject *content);

void mx_flow_take_held(MxCrypto *crypto, MxFlow *flow)
{
    MxHeld *held;
    while (!flow->waits_for_keys && (held = g_queue_pop_head(&flow->held)) != NULL) {
        take(crypto, flow, held->type, held->content);
        mx_held_free(held);
    }
}

/* XV11: a device that is not the sender's is not spoken to. */
void mx_flow_resume(MxCrypto *crypto, MxFlow *flow)
{
    if (flow->is_unsent) {
        mx_flow_send_request(crypto, flow);
        return;
    }
    Keys keys = fix_keys(crypto, flow);
    flow->waits_for_keys = keys == KEYS_PENDING;
    if (flow->waits_for_keys)
        return;
    if (keys == KEYS_NONE) {
        g_message("a verification names a device that is not its sender's");
        if (flow->is_incoming)
            mx_flow_forget(crypto, flow);
        else /* somebody else may answer yet */
            g_clear_pointer(&flow->device_id, g_free);
        flow->has_refreshed = FALSE;
        g_queue_clear_full(&flow->held, mx_held_free);
        return;
    }
    if (flow->is_incoming)
        begin_incoming(crypto, flow);
    else
        begin_outgoing(crypto, flow);
    if (!flow->is_legacy) /* else the user is to agree first */
        mx_flow_take_held(crypto, flow);
}

/* N20: not from this very device, and with an ID that may be looked up. */
static gboolean is_from_device(MxCrypto *crypto, const char *sender, const char *device_id)
{
    return is_id(device_id) &&
           !(g_str_equal(sender, crypto->user_id) && g_str_equal(device_id, crypto->device_id));
}

gboolean mx_flows_are_full(MxCrypto *crypto)
{
    MxFlows *part = mx_flows_get(crypto);
    guint n = 0;
    for (guint i = 0; i < part->flows->len; i++)
        n += !mx_flow_is_at_end(g_ptr_array_index(part->flows, i));
    return n >= MAX_FLOWS;
}

static MxFlow *new_incoming(MxCrypto *crypto, const Message *message)
{
    MxFlows *part = mx_flows_get(crypto);
    const char *device_id = mx_json_string(message->content, "from_device");
    if (!is_from_device(crypto, message->sender, device_id) ||
        mx_flows_has_ended(part, message->room, message->sender, message->txn_id) ||
        mx_flows_are_full(crypto))
        return NULL;
    MxFlow *flow = mx_flow_new(crypto, message->sender, message->txn_id, message->room);
    flow->is_incoming = TRUE;
    flow->device_id = g_strdup(device_id);
    flow->prompt_until_ms = flow->began_ms + PROMPT_MS;
    return flow;
}

/* N4 */
static void on_request(MxCrypto *crypto, const Message *message)
{
    gint64 now_ms = crypto->get_now_ms();
    if (message->ts < now_ms - MX_FLOW_MS || message->ts > now_ms + FUTURE_MS)
        return;
    MxFlow *flow = new_incoming(crypto, message);
    if (flow == NULL)
        return;
    flow->prompt_until_ms = MIN(flow->prompt_until_ms, message->ts + MX_FLOW_MS);
    if (!take_methods(crypto, flow, message->content))
        flow->problem = MX_VERIFICATION_NO_METHOD;
    mx_flow_resume(crypto, flow);
}

/* N3. What was sent stays until the user has agreed. */
static void on_legacy_start(MxCrypto *crypto, const Message *message)
{
    MxFlow *flow = new_incoming(crypto, message);
    if (flow == NULL)
        return;
    flow->is_legacy = TRUE;
    MxHeld *held = g_new0(MxHeld, 1);
    held->type = g_strdup("start");
    held->content = json_object_ref(message->content);
    g_queue_push_tail(&flow->held, held);
    if (g_strcmp0(mx_json_string(message->content, "method"), MX_METHOD_SAS) != 0)
        mx_flow_cancel(crypto, flow, "m.unknown_method");
    else
        mx_flow_resume(crypto, flow);
}

static void take_ready(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    const char *device_id = mx_json_string(content, "from_device");
    if (flow->is_incoming || flow->state != MX_VERIFICATION_REQUESTED || flow->device_id != NULL) {
        /* In a room every device of theirs may say it; the first one counts (N5). */
        if (flow->room == 0 || g_strcmp0(device_id, flow->device_id) == 0)
            mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    if (!is_from_device(crypto, flow->user_id, device_id) ||
        (flow->room == 0 &&
         !g_ptr_array_find_with_equal_func(flow->targets, device_id, g_str_equal, NULL)))
        return;
    if (!take_methods(crypto, flow, content)) {
        mx_flow_cancel(crypto, flow, "m.unknown_method");
        return;
    }
    flow->device_id = g_strdup(device_id);
    mx_flow_resume(crypto, flow);
}

static void take_start(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    gboolean is_scan = g_strcmp0(mx_json_string(content, "method"), MX_METHOD_RECIPROCATE) == 0;
    if (g_strcmp0(mx_json_string(content, "from_device"), flow->device_id) != 0) {
        if (flow->room == 0)
            mx_flow_cancel(crypto, flow, "m.unexpected_message");
    } else if (is_scan && flow->state == MX_VERIFICATION_READY && flow->qr_code != NULL)
        mx_flow_take_reciprocate(crypto, flow, content);
    else
        mx_flow_take_start(crypto, flow, content);
}

static void take_done(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    (void)content;
    if (flow->state == MX_VERIFICATION_SCANNED) {
        flow->their_done = TRUE;
        return;
    }
    if (flow->state != MX_VERIFICATION_VERIFIED) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    mx_flow_note_done(crypto, flow);
}

static char *dup_short(const char *text, gsize max)
{
    return text != NULL && strlen(text) <= max && g_utf8_validate(text, -1, NULL) ? g_strdup(text)
                                                                                  : NULL;
}

/* N7: never answered. Nothing is taken back of what was verified. */
static void take_cancel(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    if (mx_flow_is_at_end(flow))
        return;
    flow->code = dup_short(mx_json_string(content, "code"), MAX_CODE);
    flow->reason = dup_short(mx_json_string(content, "reason"), MAX_REASON);
    gboolean is_taken = flow->is_incoming && flow->state == MX_VERIFICATION_REQUESTED &&
                        g_strcmp0(flow->code, "m.accepted") == 0;
    /* Which of the devices it was is not said, so all are told (N5). */
    if (!flow->is_incoming && flow->room == 0 && flow->device_id == NULL)
        mx_flow_cancel_targets(crypto, flow, NULL, "m.user");
    mx_flow_end(crypto, flow, is_taken ? MX_VERIFICATION_DISMISSED : MX_VERIFICATION_CANCELLED);
    /* The user has not been asked yet. */
    if (flow->is_incoming && flow->ed25519 == NULL)
        flow->is_changed = FALSE;
}

static const struct {
    const char *type;
    void (*func)(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
    gboolean is_answered; /* N7: also when nobody knows the transaction */
} types[] = {
    {"ready", take_ready, TRUE},           {"start", take_start, FALSE},
    {"accept", mx_flow_take_accept, TRUE}, {"key", mx_flow_take_key, TRUE},
    {"mac", mx_flow_take_mac, TRUE},       {"done", take_done, FALSE},
    {"cancel", take_cancel, FALSE},
};

static void take(MxCrypto *crypto, MxFlow *flow, const char *type, JsonObject *content)
{
    gboolean is_cancel = g_str_equal(type, "cancel");
    if (flow->is_over || (flow->state == MX_VERIFICATION_VERIFIED && !g_str_equal(type, "done")))
        return;
    if (flow->waits_for_keys && !is_cancel) {
        MxHeld *held = g_new0(MxHeld, 1);
        held->type = g_strdup(type);
        held->content = json_object_ref(content);
        g_queue_push_tail(&flow->held, held);
        if (flow->held.length > MAX_HELD)
            mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    /* Nobody has agreed to anything, or they have not said who they are. */
    if (flow->state == MX_VERIFICATION_REQUESTED && !is_cancel && !g_str_equal(type, "ready")) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, type))
            types[i].func(crypto, flow, content);
}

/* ---- finding the flow ---- */

MxFlow *mx_flows_find(MxCrypto *crypto, gint64 room, const char *user_id, const char *txn_id)
{
    MxFlows *part = mx_flows_get(crypto);
    for (guint i = 0; i < part->flows->len; i++) {
        MxFlow *flow = g_ptr_array_index(part->flows, i);
        /* The answer to the request's PUT has brought the event ID, or its echo has. */
        if (flow->queue_txn != NULL && flow->txn_id == NULL && room == flow->room)
            flow->txn_id = mx_store_dup_event_id_of_txn(crypto->store, room, flow->queue_txn);
        if (flow->room == room && g_strcmp0(flow->txn_id, txn_id) == 0 &&
            (user_id == NULL || g_str_equal(flow->user_id, user_id)))
            return flow;
    }
    return NULL;
}

/* To all devices of the sender, as it does not say which it is; not to those of our own user, who
 * may use the transaction among each other. */
static void refuse_unknown(MxCrypto *crypto, const Message *message)
{
    MxFlows *part = mx_flows_get(crypto);
    gboolean is_answered = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        is_answered |= g_str_equal(types[i].type, message->type) && types[i].is_answered;
    if (!is_answered || mx_flows_has_ended(part, 0, message->sender, message->txn_id))
        return;
    mx_flows_note_ended(part, 0, message->sender, message->txn_id);
    if (g_str_equal(message->sender, crypto->user_id))
        return;
    if (ABS(crypto->get_now_ms() - part->refusals_ms) > MX_FLOW_MS) {
        part->refusals_ms = crypto->get_now_ms();
        part->n_refusals = 0;
    }
    if (part->n_refusals++ >= MAX_REFUSALS)
        return;
    mx_flow_refuse_unknown(crypto, message->sender, message->txn_id);
}

void mx_verification_receive(MxCrypto *crypto, JsonObject *event)
{
    const char *type = mx_json_string(event, "type");
    Message message = {
        .type = type + strlen(MX_VERIFICATION_TYPE),
        .sender = mx_json_string(event, "sender"),
        .content = mx_json_object(event, "content"),
    };
    message.txn_id = mx_json_string(message.content, "transaction_id");
    message.ts = mx_json_int_or(message.content, "timestamp", 0);
    if (!is_id(message.txn_id) || !is_id(message.sender))
        return;
    MxFlow *flow = mx_flows_find(crypto, 0, message.sender, message.txn_id);
    if (g_str_equal(message.type, "request")) {
        if (flow == NULL) /* else it has come twice */
            on_request(crypto, &message);
    } else if (flow != NULL)
        take(crypto, flow, message.type, message.content);
    else if (g_str_equal(message.type, "start"))
        on_legacy_start(crypto, &message);
    else
        refuse_unknown(crypto, &message);
}

/* N5: another device of the user has answered the request. */
static void note_own_answer(MxCrypto *crypto, MxFlow *flow, const Message *message)
{
    const char *device_id = mx_json_string(message->content, "from_device");
    gboolean is_ready =
        g_str_equal(message->type, "ready") && g_strcmp0(device_id, crypto->device_id) != 0;
    if (flow->is_incoming && !mx_flow_is_at_end(flow) && flow->state == MX_VERIFICATION_REQUESTED &&
        (is_ready || g_str_equal(message->type, "cancel")))
        mx_flow_end(crypto, flow, MX_VERIFICATION_DISMISSED);
}

static void take_in_room(MxCrypto *crypto, Message *message)
{
    JsonObject *relation = mx_json_object(message->content, "m.relates_to");
    message->txn_id = mx_json_string(relation, "event_id");
    if (!is_id(message->txn_id) ||
        g_strcmp0(mx_json_string(relation, "rel_type"), "m.reference") != 0)
        return;
    MxFlow *flow = mx_flows_find(crypto, message->room, NULL, message->txn_id);
    if (flow == NULL)
        return; /* others' matter, or other devices' */
    if (g_str_equal(message->sender, crypto->user_id))
        note_own_answer(crypto, flow, message);
    else if (g_str_equal(message->sender, flow->user_id))
        take(crypto, flow, message->type, message->content);
}

void mx_verification_receive_in_room(MxCrypto *crypto, const MxVerificationEvent *event)
{
    g_autoptr(JsonObject) content = mx_json_parse_object(event->content, (gssize)event->len, NULL);
    gboolean is_request = g_str_equal(event->type, "m.room.message");
    Message message = {
        .type = is_request ? "request" : event->type + strlen(MX_VERIFICATION_TYPE),
        .sender = event->sender,
        .room = event->room,
        .ts = event->ts,
        .txn_id = event->event_id,
        .content = content,
    };
    if (content == NULL || !is_id(event->sender))
        return;
    if (!is_request)
        take_in_room(crypto, &message);
    else if (!g_str_equal(event->sender, crypto->user_id) &&
             g_strcmp0(mx_json_string(content, "to"), crypto->user_id) == 0 &&
             mx_flows_find(crypto, event->room, NULL, event->event_id) == NULL)
        on_request(crypto, &message);
}

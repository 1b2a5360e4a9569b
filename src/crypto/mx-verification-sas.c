/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-canonical-json.h"
#include "mx-cross-signing.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-secrets.h"
#include "mx-verification-private.h"

/* From start to done with the method m.sas.v1. */

#define PROTOCOL "curve25519-hkdf-sha256"
#define HASH "sha256"
#define ED25519 "ed25519:"
#define MAX_MACS 50

/* In the order in which they are chosen (N9). */
static const struct {
    const char *name;
    MxSasMac method;
} macs[] = {
    {"hkdf-hmac-sha256.v2", MX_SAS_MAC_V2},
    {"hkdf-hmac-sha256", MX_SAS_MAC_BROKEN},
};

static gboolean contains(JsonArray *array, const char *word)
{
    for (guint i = 0; i < mx_json_array_length(array); i++)
        if (g_strcmp0(mx_json_array_string(array, i), word) == 0)
            return TRUE;
    return FALSE;
}

static JsonArray *make_list(const char *first, const char *second)
{
    JsonArray *list = json_array_new();
    json_array_add_string_element(list, first);
    if (second != NULL)
        json_array_add_string_element(list, second);
    return list;
}

/* NULL: it has no canonical form. The caller frees. */
static char *canonicalize(JsonObject *content)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, content);
    return mx_canonical_json_encode(node, NULL);
}

/* ---- start ---- */

/* Steps back to before any start. */
static void forget_start(MxFlow *flow)
{
    g_clear_pointer(&flow->start, g_free);
    g_clear_pointer(&flow->commitment, g_free);
    g_clear_pointer(&flow->sas, mx_sas_free);
    flow->we_started = FALSE;
}

/* mx_flow_send() would add it, but what is committed to is what is sent. */
static void add_reference(const MxFlow *flow, JsonObject *content)
{
    if (flow->room == 0) {
        json_object_set_string_member(content, "transaction_id", flow->txn_id);
        return;
    }
    JsonObject *relation = json_object_new();
    json_object_set_string_member(relation, "rel_type", "m.reference");
    json_object_set_string_member(relation, "event_id", flow->txn_id);
    json_object_set_object_member(content, "m.relates_to", relation);
}

void mx_flow_start(MxCrypto *crypto, MxFlow *flow)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "from_device", crypto->device_id);
    json_object_set_string_member(content, "method", MX_METHOD_SAS);
    json_object_set_array_member(content, "key_agreement_protocols", make_list(PROTOCOL, NULL));
    json_object_set_array_member(content, "hashes", make_list(HASH, NULL));
    json_object_set_array_member(content, "message_authentication_codes",
                                 make_list(macs[0].name, macs[1].name));
    json_object_set_array_member(content, "short_authentication_string",
                                 make_list("decimal", "emoji"));
    add_reference(flow, content);
    flow->start = canonicalize(content);
    flow->we_started = TRUE;
    mx_flow_set_state(flow, MX_VERIFICATION_EXCHANGING);
    mx_flow_send(crypto, flow, "start", content);
}

/* N6: both have begun. TRUE: theirs does not count. */
static gboolean is_ours_first(MxCrypto *crypto, const MxFlow *flow)
{
    int order = strcmp(crypto->user_id, flow->user_id);
    return order < 0 || (order == 0 && strcmp(crypto->device_id, flow->device_id) < 0);
}

static gboolean make_sas(MxCrypto *crypto, MxFlow *flow)
{
    g_autoptr(GError) error = NULL;
    flow->sas = mx_sas_new(&error);
    if (flow->sas != NULL)
        return TRUE;
    g_warning("no key for a verification can be made: %s", error->message);
    mx_flow_cancel(crypto, flow, "m.user");
    return FALSE;
}

static void send_accept(MxCrypto *crypto, MxFlow *flow, const char *mac)
{
    JsonObject *content = json_object_new();
    g_autofree char *commitment = mx_sas_get_commitment(mx_sas_get_public(flow->sas), flow->start);
    json_object_set_string_member(content, "method", MX_METHOD_SAS);
    json_object_set_string_member(content, "key_agreement_protocol", PROTOCOL);
    json_object_set_string_member(content, "hash", HASH);
    json_object_set_string_member(content, "message_authentication_code", mac);
    json_object_set_array_member(content, "short_authentication_string",
                                 make_list("decimal", flow->has_emoji ? "emoji" : NULL));
    json_object_set_string_member(content, "commitment", commitment);
    mx_flow_send(crypto, flow, "accept", content);
}

/* NULL: none that is good enough. */
static const char *choose_mac(JsonArray *offered, MxSasMac *method)
{
    for (guint i = 0; i < G_N_ELEMENTS(macs); i++)
        if (contains(offered, macs[i].name)) {
            *method = macs[i].method;
            return macs[i].name;
        }
    return NULL;
}

static void answer_start(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    JsonArray *texts = mx_json_array(content, "short_authentication_string");
    const char *mac =
        choose_mac(mx_json_array(content, "message_authentication_codes"), &flow->mac_method);
    if (mac == NULL || !contains(mx_json_array(content, "key_agreement_protocols"), PROTOCOL) ||
        !contains(mx_json_array(content, "hashes"), HASH) || !contains(texts, "decimal")) {
        mx_flow_cancel(crypto, flow, "m.unknown_method");
        return;
    }
    flow->has_emoji = contains(texts, "emoji");
    flow->start = canonicalize(content);
    if (flow->start == NULL) {
        mx_flow_cancel(crypto, flow, "m.invalid_message");
        return;
    }
    if (!make_sas(crypto, flow))
        return;
    mx_flow_set_state(flow, MX_VERIFICATION_EXCHANGING);
    send_accept(crypto, flow, mac);
}

void mx_flow_take_start(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    gboolean is_sas = g_strcmp0(mx_json_string(content, "method"), MX_METHOD_SAS) == 0;
    gboolean is_collision =
        flow->state == MX_VERIFICATION_EXCHANGING && flow->we_started && flow->sas == NULL;
    if ((flow->state != MX_VERIFICATION_READY && !is_collision) || (is_collision && !is_sas)) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    if (is_collision && is_ours_first(crypto, flow))
        return;
    if (!is_sas) {
        mx_flow_cancel(crypto, flow, "m.unknown_method");
        return;
    }
    forget_start(flow);
    answer_start(crypto, flow, content);
}

/* ---- accept and key ---- */

static gboolean is_mac_method(const char *name, MxSasMac *method)
{
    for (guint i = 0; i < G_N_ELEMENTS(macs); i++)
        if (g_strcmp0(name, macs[i].name) == 0) {
            *method = macs[i].method;
            return TRUE;
        }
    return FALSE;
}

static void send_key(MxCrypto *crypto, MxFlow *flow)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "key", mx_sas_get_public(flow->sas));
    mx_flow_send(crypto, flow, "key", content);
}

void mx_flow_take_accept(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    guint8 hash[MX_SHA256_LEN];
    const char *commitment = mx_json_string(content, "commitment");
    JsonArray *texts = mx_json_array(content, "short_authentication_string");
    if (flow->state != MX_VERIFICATION_EXCHANGING || !flow->we_started || flow->sas != NULL) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    /* XV6: only what was offered. */
    if (g_strcmp0(mx_json_string(content, "key_agreement_protocol"), PROTOCOL) != 0 ||
        g_strcmp0(mx_json_string(content, "hash"), HASH) != 0 ||
        !is_mac_method(mx_json_string(content, "message_authentication_code"), &flow->mac_method) ||
        !(contains(texts, "decimal") || contains(texts, "emoji"))) {
        mx_flow_cancel(crypto, flow, "m.unknown_method");
        return;
    }
    if (!mx_base64_decode_fixed(commitment, hash, sizeof hash)) {
        mx_flow_cancel(crypto, flow, "m.invalid_message");
        return;
    }
    flow->has_emoji = contains(texts, "emoji");
    flow->commitment = mx_base64_encode(hash, sizeof hash);
    if (make_sas(crypto, flow))
        send_key(crypto, flow);
}

/* N11: who has started comes first. */
static char *make_sas_info(MxCrypto *crypto, const MxFlow *flow)
{
    g_autofree char *ours =
        g_strjoin("|", crypto->user_id, crypto->device_id, mx_sas_get_public(flow->sas), NULL);
    g_autofree char *theirs =
        g_strjoin("|", flow->user_id, flow->device_id, mx_sas_get_other(flow->sas), NULL);
    return g_strjoin("|", "MATRIX_KEY_VERIFICATION_SAS", flow->we_started ? ours : theirs,
                     flow->we_started ? theirs : ours, flow->txn_id, NULL);
}

static gboolean is_committed(const MxFlow *flow)
{
    g_autofree char *commitment = mx_sas_get_commitment(mx_sas_get_other(flow->sas), flow->start);
    return strlen(commitment) == strlen(flow->commitment) &&
           mx_equal_ct((const guint8 *)commitment, (const guint8 *)flow->commitment,
                       strlen(commitment));
}

void mx_flow_take_key(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    if (flow->state != MX_VERIFICATION_EXCHANGING || flow->sas == NULL) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    if (!mx_sas_set_other(flow->sas, mx_json_string(content, "key"))) { /* N12 */
        mx_flow_cancel(crypto, flow, "m.invalid_message");
        return;
    }
    if (flow->we_started && !is_committed(flow)) {
        mx_flow_cancel(crypto, flow, "m.mismatched_commitment");
        return;
    }
    if (!flow->we_started)
        send_key(crypto, flow);
    g_autofree char *info = make_sas_info(crypto, flow);
    mx_sas_get_text(flow->sas, info, &flow->text);
    mx_flow_set_state(flow, MX_VERIFICATION_COMPARING);
}

/* ---- mac ---- */

static char *make_mac(MxCrypto *crypto, const MxFlow *flow, gboolean is_ours, const char *text,
                      const char *key_id)
{
    const char *const us[] = {crypto->user_id, crypto->device_id};
    const char *const them[] = {flow->user_id, flow->device_id};
    const char *const *from = is_ours ? us : them, *const *to = is_ours ? them : us;
    g_autofree char *info = g_strconcat("MATRIX_KEY_VERIFICATION_MAC", from[0], from[1], to[0],
                                        to[1], flow->txn_id, key_id, NULL);
    return mx_sas_get_mac(flow->sas, flow->mac_method, text, info);
}

/* The IDs of the keys that have a MAC, sorted, with commas. */
static char *list_ids(JsonObject *mac)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_autoptr(GList) members = g_list_sort(json_object_get_members(mac), (GCompareFunc)strcmp);
    for (GList *at = members; at != NULL; at = at->next)
        g_ptr_array_add(ids, at->data);
    g_ptr_array_add(ids, NULL);
    return g_strjoinv(",", (char **)ids->pdata);
}

static void add_mac(MxCrypto *crypto, const MxFlow *flow, JsonObject *mac, const char *name,
                    const char *key)
{
    g_autofree char *key_id = g_strconcat(ED25519, name, NULL);
    g_autofree char *value = make_mac(crypto, flow, TRUE, key, key_id);
    json_object_set_string_member(mac, key_id, value);
}

/* N13 */
static void send_mac(MxCrypto *crypto, MxFlow *flow)
{
    JsonObject *content = json_object_new(), *mac = json_object_new();
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    add_mac(crypto, flow, mac, crypto->device_id, crypto->ed25519);
    if (own != NULL && own->is_verified)
        add_mac(crypto, flow, mac, own->master, own->master);
    g_autofree char *ids = list_ids(mac);
    g_autofree char *keys = make_mac(crypto, flow, TRUE, ids, "KEY_IDS");
    json_object_set_object_member(content, "mac", mac);
    json_object_set_string_member(content, "keys", keys);
    mx_flow_send(crypto, flow, "mac", content);
}

static gboolean is_mac_of(MxCrypto *crypto, const MxFlow *flow, const char *value, const char *text,
                          const char *key_id)
{
    g_autofree char *expected = make_mac(crypto, flow, FALSE, text, key_id);
    gsize len = strlen(expected);
    return value != NULL && strlen(value) == len &&
           mx_equal_ct((const guint8 *)value, (const guint8 *)expected, len);
}

typedef struct {
    gboolean device, master;
} Proved;

/* N14. FALSE: something in it is wrong. name: of the key; key NULL: none is expected. */
static gboolean check_key(MxCrypto *crypto, const MxFlow *flow, JsonObject *mac, const char *name,
                          const char *key, gboolean *is_proved)
{
    g_autofree char *key_id = g_strconcat(ED25519, name, NULL);
    if (key == NULL || !json_object_has_member(mac, key_id))
        return TRUE;
    *is_proved = is_mac_of(crypto, flow, mx_json_string(mac, key_id), key, key_id);
    return *is_proved;
}

static gboolean check_macs(MxCrypto *crypto, const MxFlow *flow, Proved *proved)
{
    JsonObject *mac = mx_json_object(flow->their_mac, "mac");
    if (mac == NULL || json_object_get_size(mac) > MAX_MACS)
        return FALSE;
    g_autofree char *ids = list_ids(mac);
    /* N15: what the name means could be chosen by whoever made the device. */
    if (g_strcmp0(flow->device_id, flow->master) == 0 ||
        !is_mac_of(crypto, flow, mx_json_string(flow->their_mac, "keys"), ids, "KEY_IDS"))
        return FALSE;
    return check_key(crypto, flow, mac, flow->device_id, flow->ed25519, &proved->device) &&
           (flow->master == NULL ||
            check_key(crypto, flow, mac, flow->master, flow->master, &proved->master));
}

/* ---- success ---- */

static gboolean accept_own(MxCrypto *crypto, const MxFlow *flow, gboolean device, gboolean master)
{
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    if (own == NULL || own->is_ambiguous)
        return FALSE;
    if (own->is_verified && device &&
        mx_cross_signing_sign_device(crypto, flow->device_id, flow->ed25519))
        return TRUE;
    if (!master || g_strcmp0(own->master, flow->master) != 0 || own->is_changed)
        return FALSE;
    mx_identity_set_own_trusted(crypto, TRUE);
    return TRUE;
}

gboolean mx_flow_accept_keys(MxCrypto *crypto, MxFlow *flow, gboolean device, gboolean master)
{
    if (mx_flow_is_own(crypto, flow))
        return accept_own(crypto, flow, device, master);
    return master && mx_cross_signing_sign_user(crypto, flow->user_id, flow->master);
}

void mx_flow_note_done(MxCrypto *crypto, MxFlow *flow)
{
    mx_flows_note_ended(mx_flows_get(crypto), flow->room, flow->user_id, flow->txn_id);
    flow->is_over = TRUE;
    /* Only now does the other device trust this one, and answers. */
    if (mx_flow_is_own(crypto, flow))
        mx_secrets_ask_again(crypto);
}

void mx_flow_succeed(MxCrypto *crypto, MxFlow *flow)
{
    mx_flow_send(crypto, flow, "done", json_object_new());
    mx_flow_set_state(flow, MX_VERIFICATION_VERIFIED);
    if (mx_flow_is_own(crypto, flow))
        mx_secrets_ask_again(crypto);
    if (flow->their_done)
        mx_flow_note_done(crypto, flow);
}

static void finish(MxCrypto *crypto, MxFlow *flow)
{
    Proved proved = {0};
    if (check_macs(crypto, flow, &proved) &&
        mx_flow_accept_keys(crypto, flow, proved.device, proved.master))
        mx_flow_succeed(crypto, flow);
    else
        mx_flow_cancel(crypto, flow, "m.key_mismatch");
}

void mx_flow_take_mac(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    if ((flow->state != MX_VERIFICATION_COMPARING && flow->state != MX_VERIFICATION_CONFIRMED) ||
        flow->their_mac != NULL) {
        mx_flow_cancel(crypto, flow, "m.unexpected_message");
        return;
    }
    flow->their_mac = json_object_ref(content);
    if (flow->state == MX_VERIFICATION_CONFIRMED)
        finish(crypto, flow);
}

void mx_flow_confirm(MxCrypto *crypto, MxFlow *flow)
{
    send_mac(crypto, flow);
    mx_flow_set_state(flow, MX_VERIFICATION_CONFIRMED);
    if (flow->their_mac != NULL)
        finish(crypto, flow);
}

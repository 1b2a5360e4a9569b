/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-olm-private.h"

#include <string.h>

#include "mx-json.h"
#include "mx-primitives.h"
#include "mx-signed-json.h"
#include "mx-store-olm.h"

/* Users that are asked for because of devices nobody knows, in one run. */
#define MAX_REFRESHED 1000

/* One message for this device, as it came. */
typedef struct {
    const char *sender; /* of the event: the homeserver's word */
    char *sender_key;   /* canonical */
    gint64 type;
    const char *body;
    GBytes *hash;
} Incoming;

static void incoming_clear(Incoming *incoming)
{
    g_free(incoming->sender_key);
    g_clear_pointer(&incoming->hash, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Incoming, incoming_clear)

void mx_olm_message_clear(MxOlmMessage *message)
{
    g_clear_pointer(&message->sender, g_free);
    g_clear_pointer(&message->curve25519, g_free);
    g_clear_pointer(&message->ed25519, g_free);
    g_clear_pointer(&message->device, mx_device_free);
    g_clear_pointer(&message->type, g_free);
    g_clear_pointer(&message->content, json_object_unref);
}

/* ---- the envelope ---- */

/* The same ciphertext, however it is padded. */
static GBytes *hash_body(const char *sender_key, const char *body)
{
    g_autoptr(GBytes) raw = mx_base64_decode(body, -1);
    if (raw == NULL)
        return NULL;
    gsize len;
    const guint8 *data = g_bytes_get_data(raw, &len);
    guint8 hash[2 * MX_SHA256_LEN];
    mx_sha256(sender_key, strlen(sender_key), hash);
    mx_sha256(data, len, hash + MX_SHA256_LEN);
    mx_sha256(hash, sizeof hash, hash);
    return g_bytes_new(hash, MX_SHA256_LEN);
}

/* F3, A9. FALSE: it is not for this device, or nothing that can be looked at. */
static gboolean read_envelope(MxCrypto *crypto, JsonObject *event, Incoming *incoming)
{
    JsonObject *content = mx_json_object(event, "content");
    JsonObject *ciphertext = mx_json_object(content, "ciphertext");
    JsonObject *own = mx_json_object(ciphertext, crypto->curve25519);
    incoming->sender = mx_json_string(event, "sender");
    incoming->body = mx_json_string(own, "body");
    incoming->type = mx_json_int_or(own, "type", -1);
    if (g_strcmp0(mx_json_string(content, "algorithm"), MX_ALGORITHM_OLM) != 0 ||
        incoming->sender == NULL || incoming->body == NULL ||
        strlen(incoming->body) > MX_RATCHET_MAX_BODY ||
        (incoming->type != MX_OLM_PRE_KEY && incoming->type != MX_OLM_NORMAL))
        return FALSE;
    incoming->sender_key = mx_olm_canonical_curve25519(mx_json_string(content, "sender_key"));
    if (incoming->sender_key == NULL || g_str_equal(incoming->sender_key, crypto->curve25519))
        return FALSE;
    incoming->hash = hash_body(incoming->sender_key, incoming->body);
    return incoming->hash != NULL;
}

/* ---- the ratchets ---- */

/* E2: the sessions that are there. *is_theirs: a pre-key message of one of them, so that no new
 * session may be made from it. */
static GBytes *try_sessions(MxCrypto *crypto, const Incoming *incoming, const guint8 *identity,
                            gboolean *is_theirs)
{
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(crypto, incoming->sender_key, NULL);
    for (guint i = 0; i < sessions->len; i++) {
        MxOlmEntry *entry = g_ptr_array_index(sessions, i);
        if (incoming->type == MX_OLM_PRE_KEY) {
            if (!mx_olm_session_matches_pre_key(entry->session, identity, incoming->body))
                continue;
            *is_theirs = TRUE;
        }
        GBytes *plaintext =
            mx_olm_session_decrypt(entry->session, (guint)incoming->type, incoming->body, NULL);
        if (plaintext == NULL)
            continue;
        mx_olm_sessions_promote(crypto, sessions, entry);
        return plaintext;
    }
    return NULL;
}

static GBytes *decrypt(MxCrypto *crypto, const Incoming *incoming)
{
    guint8 identity[MX_KEY_LEN];
    gboolean is_theirs = FALSE;
    GBytes *plaintext = NULL;
    if (!mx_base64_decode_fixed(incoming->sender_key, identity, sizeof identity))
        return NULL;
    plaintext = try_sessions(crypto, incoming, identity, &is_theirs);
    if (plaintext != NULL || is_theirs || incoming->type != MX_OLM_PRE_KEY)
        return plaintext;
    /* C7: the one-time key goes only when this succeeds. */
    MxOlmSession *session =
        mx_olm_account_create_inbound(crypto->account, identity, incoming->body, &plaintext, NULL);
    if (session == NULL)
        return NULL;
    mx_crypto_save_account(crypto);
    mx_olm_sessions_add(crypto, incoming->sender_key, MX_OLM_OF_KEY, session);
    return plaintext;
}

/* ---- what it says ---- */

/* F5. FALSE: it is there and lies. *claimed: the device, NULL when it is not there. */
static gboolean read_device_keys(const Incoming *incoming, const char *ed25519, const char *text,
                                 gsize len, MxDevice **claimed)
{
    *claimed = NULL;
    MxJsonSlice slice = mx_json_scan_member(mx_json_scan_root(text, len), "sender_device_keys");
    if (slice.text == NULL)
        return TRUE;
    g_autoptr(JsonObject) object = mx_signed_json_parse(slice.text, (gssize)slice.len, NULL);
    const char *device_id = mx_json_string(object, "device_id");
    g_autoptr(MxDevice) device =
        device_id != NULL ? mx_device_parse(object, incoming->sender, device_id) : NULL;
    if (device == NULL || !mx_olm_same_key(device->curve25519, incoming->sender_key) ||
        !mx_olm_same_key(device->ed25519, ed25519))
        return FALSE;
    *claimed = g_steal_pointer(&device);
    return TRUE;
}

static char *canonical_key(const char *text)
{
    guint8 key[MX_KEY_LEN];
    return mx_base64_decode_fixed(text, key, sizeof key) ? mx_base64_encode(key, sizeof key) : NULL;
}

/* F6: a device that nobody has told of yet; its user is asked for once. */
static void look_for_device(MxCrypto *crypto, const Incoming *incoming)
{
    MxOlmPart *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLM);
    if (g_hash_table_size(part->refreshed) < MAX_REFRESHED &&
        g_hash_table_add(part->refreshed, g_strdup(incoming->sender_key)))
        mx_device_list_refresh(crypto, incoming->sender);
}

/* F4-F6, F11. That somebody else has published a copy of one of the keys does not matter (D8), but
 * the sender's device must not be known with another fingerprint (XK4). */
static gboolean check_device(MxCrypto *crypto, const Incoming *incoming, const char *ed25519,
                             const MxDevice *claimed, MxOlmMessage *message)
{
    MxDevice *device =
        mx_device_list_find_by_keys(crypto, incoming->sender, incoming->sender_key, ed25519);
    message->device = device;
    if (device != NULL)
        return !device->is_dehydrated &&
               (claimed == NULL || g_str_equal(claimed->device_id, device->device_id));
    g_autoptr(MxDevice) other =
        mx_device_list_find_by_key(crypto, incoming->sender, incoming->sender_key);
    if (other != NULL)
        return FALSE;
    look_for_device(crypto, incoming);
    return TRUE;
}

static gboolean check_payload(MxCrypto *crypto, const Incoming *incoming, const char *text,
                              gsize len, MxOlmMessage *message)
{
    if (!mx_json_scan_validate(text, len))
        return FALSE;
    g_autoptr(JsonObject) payload = mx_json_parse_object(text, (gssize)len, NULL);
    g_autofree char *ed25519 =
        canonical_key(mx_json_string(mx_json_object(payload, "keys"), "ed25519"));
    const char *recipient_key =
        mx_json_string(mx_json_object(payload, "recipient_keys"), "ed25519");
    const char *type = mx_json_string(payload, "type");
    JsonObject *content = mx_json_object(payload, "content");
    g_autoptr(MxDevice) claimed = NULL;
    if (type == NULL || content == NULL || ed25519 == NULL ||
        g_strcmp0(mx_json_string(payload, "sender"), incoming->sender) != 0 ||
        g_strcmp0(mx_json_string(payload, "recipient"), crypto->user_id) != 0 ||
        !mx_olm_same_key(recipient_key, crypto->ed25519) ||
        !read_device_keys(incoming, ed25519, text, len, &claimed) ||
        !check_device(crypto, incoming, ed25519, claimed, message))
        return FALSE;
    message->sender = g_strdup(incoming->sender);
    message->curve25519 = g_strdup(incoming->sender_key);
    message->ed25519 = g_steal_pointer(&ed25519);
    message->type = g_strdup(type);
    message->content = json_object_ref(content);
    return TRUE;
}

static void note_failure(MxCrypto *crypto, const Incoming *incoming)
{
    g_autoptr(MxDevice) device =
        mx_device_list_find_by_key(crypto, incoming->sender, incoming->sender_key);
    if (device != NULL)
        mx_olm_unwedge(crypto, device);
    else
        look_for_device(crypto, incoming);
}

MxOlmResult mx_olm_decrypt(MxCrypto *crypto, JsonObject *event, MxOlmMessage *message)
{
    g_auto(Incoming) incoming = {0};
    memset(message, 0, sizeof *message);
    if (!read_envelope(crypto, event, &incoming))
        return MX_OLM_FAILED;
    if (mx_store_has_olm_seen(crypto->store, incoming.hash))
        return MX_OLM_DUPLICATE;
    g_autoptr(GBytes) plaintext = decrypt(crypto, &incoming);
    if (plaintext == NULL) {
        note_failure(crypto, &incoming);
        return MX_OLM_FAILED;
    }
    mx_store_add_olm_seen(crypto->store, incoming.hash);
    mx_olm_note_session(crypto, incoming.sender_key, incoming.sender);
    gsize len;
    const char *text = g_bytes_get_data(plaintext, &len);
    gboolean is_right = check_payload(crypto, &incoming, text, len, message);
    if (message->device == NULL)
        mx_olm_note_stranger(crypto, incoming.sender_key);
    if (is_right)
        return MX_OLM_DECRYPTED;
    mx_olm_message_clear(message);
    return MX_OLM_REFUSED;
}

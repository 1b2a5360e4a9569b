/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-olm-private.h"

#include <string.h>

#include "mx-device-keys.h"
#include "mx-json.h"
#include "mx-old-copy.h"
#include "mx-primitives.h"

/* ---- keys ---- */

char *mx_olm_canonical_curve25519(const char *text)
{
    guint8 key[MX_KEY_LEN];
    if (!mx_base64_decode_fixed(text, key, sizeof key) || !mx_curve25519_key_is_ok(key))
        return NULL;
    return mx_base64_encode(key, sizeof key);
}

gboolean mx_olm_same_key(const char *a, const char *b)
{
    guint8 first[MX_KEY_LEN], second[MX_KEY_LEN];
    return mx_base64_decode_fixed(a, first, sizeof first) &&
           mx_base64_decode_fixed(b, second, sizeof second) &&
           mx_equal_ct(first, second, sizeof first);
}

/* ---- encryption ---- */

static JsonObject *make_key_object(const char *ed25519)
{
    JsonObject *keys = json_object_new();
    json_object_set_string_member(keys, "ed25519", ed25519);
    return keys;
}

/* E9 */
static char *make_payload(MxCrypto *crypto, const MxDevice *device, const char *type,
                          JsonObject *content)
{
    g_autoptr(JsonObject) payload = json_object_new();
    json_object_set_string_member(payload, "type", type);
    json_object_set_object_member(payload, "content", json_object_ref(content));
    json_object_set_string_member(payload, "sender", crypto->user_id);
    json_object_set_object_member(payload, "keys", make_key_object(crypto->ed25519));
    json_object_set_string_member(payload, "recipient", device->user_id);
    json_object_set_object_member(payload, "recipient_keys", make_key_object(device->ed25519));
    JsonObject *own = mx_device_keys_get_object(crypto);
    if (own != NULL)
        json_object_set_object_member(payload, "sender_device_keys", own);
    return mx_json_object_to_text(payload);
}

static JsonObject *make_content(MxCrypto *crypto, const char *curve25519, guint type,
                                const char *body)
{
    JsonObject *message = json_object_new();
    json_object_set_int_member(message, "type", type);
    json_object_set_string_member(message, "body", body);
    JsonObject *ciphertext = json_object_new();
    json_object_set_object_member(ciphertext, curve25519, message);
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_OLM);
    json_object_set_string_member(content, "sender_key", crypto->curve25519);
    json_object_set_object_member(content, "ciphertext", ciphertext);
    return content;
}

JsonObject *mx_olm_encrypt(MxCrypto *crypto, const MxDevice *device, const char *type,
                           JsonObject *content, GError **error)
{
    g_autofree char *curve25519 = mx_olm_canonical_curve25519(device->curve25519);
    if (curve25519 == NULL || g_str_equal(curve25519, crypto->curve25519) || /* A5, E10 */
        mx_device_keys_are_wrong(crypto)) {                                  /* B4 */
        g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY,
                            "Not a device to write to");
        return NULL;
    }
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(crypto, curve25519, device->user_id);
    const MxOlmEntry *entry = sessions->len > 0 ? g_ptr_array_index(sessions, 0) : NULL;
    if (entry == NULL || entry->order == MX_OLM_RETIRED) {
        g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_UNKNOWN_KEY,
                            "No Olm session with this device");
        return NULL;
    }
    char *payload = make_payload(crypto, device, type, content);
    guint message_type = 0;
    g_autofree char *body = NULL;
    gboolean encrypted = mx_olm_session_encrypt(entry->session, payload, strlen(payload),
                                                &message_type, &body, error);
    mx_secret_free(payload);
    if (!encrypted)
        return NULL;
    mx_olm_sessions_save(crypto, entry);
    mx_old_copy_note_use(crypto);
    return make_content(crypto, curve25519, message_type, body);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-to-device.h"

#include <string.h>

#include "mx-crypto-private.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-key-request.h"
#include "mx-olm.h"
#include "mx-secrets.h"
#include "mx-verification.h"

/* Two tables decide what a to-device event may do: what counts in the clear, and what only over Olm
 * (F7). What stands in neither is passed over, so nothing decrypted is decrypted again (F10), and
 * nothing that Megolm has encrypted is looked at (F3). */

#define MAX_ID 255      /* bytes, of IDs that a database row is made for */
#define MAX_REASON 1000 /* bytes */
#define MAX_CODE 100

static gboolean is_id(const char *text)
{
    return text != NULL && *text != '\0' && strlen(text) <= MAX_ID;
}

/* ---- over Olm ---- */

static void on_room_key(MxCrypto *crypto, const MxOlmMessage *message)
{
    JsonObject *content = message->content;
    gboolean unstable = mx_json_bool(content, "org.matrix.msc3061.shared_history", FALSE);
    MxRoomKey key = {
        .room_id = mx_json_string(content, "room_id"),
        .session_id = mx_json_string(content, "session_id"),
        .session_key = mx_json_string(content, "session_key"),
        .sender = message->sender,
        .curve25519 = message->curve25519,
        .ed25519 = message->ed25519,
        .source = MX_KEY_SOURCE_DIRECT,
        .shared_history = mx_json_bool(content, "shared_history", unstable),
    };
    if (g_strcmp0(mx_json_string(content, "algorithm"), MX_ALGORITHM_MEGOLM) != 0 ||
        !is_id(key.room_id) || !is_id(key.session_id) || key.session_key == NULL)
        return;
    mx_inbound_add(crypto, &key);
}

typedef struct {
    const char *type;
    /* F8, U1: keys for reading are taken from every device, with a record of whose they are; all
     * else only from those of ours that are verified. */
    gboolean from_any;
    void (*func)(MxCrypto *crypto, const MxOlmMessage *message);
} InnerType;

static const InnerType inner_types[] = {
    {"m.room_key", TRUE, on_room_key},
    {"m.forwarded_room_key", FALSE, mx_key_request_receive},
    {"m.secret.send", FALSE, mx_secrets_receive},
    /* m.dummy has done its work when its message was decrypted. */
};

static gboolean is_own_verified(MxCrypto *crypto, const MxDevice *device)
{
    return device != NULL && g_str_equal(device->user_id, crypto->user_id) &&
           device->trust == MX_DEVICE_VERIFIED && !device->is_blocked;
}

static void on_encrypted(MxCrypto *crypto, JsonObject *event)
{
    g_auto(MxOlmMessage) message = {0};
    if (mx_olm_decrypt(crypto, event, &message) != MX_OLM_DECRYPTED)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(inner_types); i++)
        if (g_str_equal(inner_types[i].type, message.type) &&
            (inner_types[i].from_any || is_own_verified(crypto, message.device)))
            inner_types[i].func(crypto, &message);
}

/* ---- in the clear ---- */

/* L3: it may have no session with us because ours is broken. */
static void note_no_olm(MxCrypto *crypto, const char *sender, const char *sender_key)
{
    g_autoptr(MxDevice) device =
        sender_key != NULL ? mx_device_list_find_by_key(crypto, sender, sender_key) : NULL;
    if (device != NULL)
        mx_olm_unwedge(crypto, device);
}

/* L4: anybody's word, so it decides about wording alone. */
static void on_withheld(MxCrypto *crypto, JsonObject *event)
{
    JsonObject *content = mx_json_object(event, "content");
    const char *sender = mx_json_string(event, "sender");
    const char *code = mx_json_string(content, "code");
    const char *reason = mx_json_string(content, "reason");
    const char *room_id = mx_json_string(content, "room_id");
    const char *session_id = mx_json_string(content, "session_id");
    if (code == NULL || strlen(code) > MAX_CODE ||
        g_strcmp0(mx_json_string(content, "algorithm"), MX_ALGORITHM_MEGOLM) != 0)
        return;
    if (reason != NULL && strlen(reason) > MAX_REASON)
        reason = NULL;
    if (g_str_equal(code, "m.no_olm")) {
        note_no_olm(crypto, sender, mx_json_string(content, "sender_key"));
        mx_inbound_note_withheld(crypto, NULL, NULL, sender, code, reason);
    } else if (is_id(room_id) && is_id(session_id))
        mx_inbound_note_withheld(crypto, room_id, session_id, sender, code, reason);
}

static void on_secret_request(MxCrypto *crypto, JsonObject *event)
{
    if (g_str_equal(mx_json_string(event, "sender"), crypto->user_id))
        mx_secrets_note_request(crypto, event);
}

static const struct {
    const char *type;
    void (*func)(MxCrypto *crypto, JsonObject *event);
} outer_types[] = {
    {"m.room.encrypted", on_encrypted},
    {"m.room_key_request", mx_key_request_note_question},
    {"m.room_key.withheld", on_withheld},
    {"m.secret.request", on_secret_request},
    {"m.key.verification.request", mx_verification_receive},
    {"m.key.verification.ready", mx_verification_receive},
    {"m.key.verification.start", mx_verification_receive},
    {"m.key.verification.accept", mx_verification_receive},
    {"m.key.verification.key", mx_verification_receive},
    {"m.key.verification.mac", mx_verification_receive},
    {"m.key.verification.done", mx_verification_receive},
    {"m.key.verification.cancel", mx_verification_receive},
};

void mx_to_device_receive(MxCrypto *crypto, const char *text, gsize len)
{
    g_autoptr(JsonObject) event = mx_json_parse_object(text, (gssize)len, NULL);
    const char *type = mx_json_string(event, "type");
    if (type == NULL || !is_id(mx_json_string(event, "sender")))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(outer_types); i++)
        if (g_str_equal(outer_types[i].type, type))
            outer_types[i].func(crypto, event);
}

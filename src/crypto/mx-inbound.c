/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-inbound.h"

#include <string.h>

#include "mx-crypto-private.h"
#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-inbound-private.h"
#include "mx-json-scan.h"
#include "mx-key-request.h"
#include "mx-share.h"
#include "mx-store-devices.h"

/* From an m.room.encrypted event of a room to what it says, or to the reason why not (I11). */

#define ALGORITHM "m.megolm.v1.aes-sha2"

void mx_reading_clear(MxReading *reading)
{
    g_free(reading->type);
    g_free(reading->content);
    g_free(reading->code);
    g_free(reading->session_id);
    memset(reading, 0, sizeof *reading);
}

/* What all steps need. */
typedef struct {
    MxCrypto *crypto;
    const char *room_id, *event_id, *sender;
    gint64 ts;
    MxJsonSlice content;
    const MxInboundSession *session;
    MxReading *reading;
} Pass;

static MxReadResult read_envelope(Pass *pass, char **ciphertext)
{
    static const char *const names[] = {"algorithm", "session_id", "ciphertext", "sender_key",
                                        NULL};
    MxJsonSlice values[4];
    mx_json_scan_members(pass->content, names, values);
    if (values[0].text != NULL && values[0].type == MX_JSON_STRING &&
        !mx_json_slice_equals(values[0], ALGORITHM))
        return MX_READ_UNKNOWN_ALGORITHM;
    g_autofree char *session_id = mx_json_slice_dup_string(values[1]);
    *ciphertext = mx_json_slice_dup_string(values[2]);
    if (values[0].text == NULL || values[0].type != MX_JSON_STRING || *ciphertext == NULL ||
        !mx_inbound_is_session_id(session_id))
        return MX_READ_DAMAGED;
    pass->reading->session_id = g_steal_pointer(&session_id);
    return MX_READ_OK;
}

char *mx_inbound_dup_session_id(const char *content)
{
    MxJsonSlice root = mx_json_scan_root(content, strlen(content));
    if (root.text == NULL || root.type != MX_JSON_OBJECT)
        return NULL;
    g_autofree char *session_id = mx_json_slice_dup_string(mx_json_scan_member(root, "session_id"));
    return mx_inbound_is_session_id(session_id) ? g_steal_pointer(&session_id) : NULL;
}

/* L1, L3 */
static gboolean is_withheld(Pass *pass)
{
    MxStore *store = pass->crypto->store;
    g_autoptr(MxWithheldRow) row =
        mx_store_get_withheld(store, pass->room_id, pass->reading->session_id, pass->sender);
    if (row == NULL) {
        row = mx_store_get_withheld(store, "", "", pass->sender);
        if (row == NULL || row->ts < pass->ts)
            return FALSE;
    }
    pass->reading->code = g_steal_pointer(&row->code);
    return TRUE;
}

/* The event's sender_key is a hint whom to ask, and nothing more (I1). */
static void want_key(Pass *pass)
{
    g_autofree char *sender_key =
        mx_json_slice_dup_string(mx_json_scan_member(pass->content, "sender_key"));
    mx_key_request_want(pass->crypto, pass->room_id, pass->reading->session_id, sender_key);
}

static MxReadResult explain_absence(Pass *pass, MxReadResult otherwise)
{
    want_key(pass);
    if (is_withheld(pass))
        return MX_READ_WITHHELD;
    pass->reading->may_change = TRUE;
    return otherwise;
}

/* ---- who says so (I7, J1, J5) ---- */

/* Only for sessions whose creator Olm did not name: whose device is it? */
static gboolean is_owner(Pass *pass, const MxDevice *device)
{
    const MxInboundSession *session = pass->session;
    if (session->source == MX_KEY_SOURCE_SELF && session->sender == NULL)
        return g_str_equal(pass->sender, pass->crypto->user_id);
    if (session->sender != NULL)
        return g_str_equal(pass->sender, session->sender);
    /* Whoever gave the key does not say whose it is; but a device that is known is somebody's. */
    return device != NULL || (!g_str_equal(session->curve25519, pass->crypto->curve25519) &&
                              (session->ed25519 == NULL ||
                               !mx_store_has_device_with_keys(
                                   pass->crypto->store, session->curve25519, session->ed25519)));
}

static gboolean is_own_session(const Pass *pass)
{
    return pass->session->source == MX_KEY_SOURCE_SELF ||
           (g_str_equal(pass->session->curve25519, pass->crypto->curve25519) &&
            g_str_equal(pass->sender, pass->crypto->user_id));
}

/* What somebody has said does not go when they log out (J1: a deleted device is named, not hidden).
 */
static gboolean was_signed(const Pass *pass)
{
    const MxInboundSession *session = pass->session;
    g_autoptr(MxIdentity) identity = mx_identity_get(pass->crypto, pass->sender);
    return identity != NULL && identity->self_signing != NULL &&
           mx_store_was_device_signed(pass->crypto->store, pass->sender, session->curve25519,
                                      session->ed25519, identity->self_signing);
}

/* Or of one that nothing can be said of, as its session came in a roundabout way (J5). */
static gboolean is_of_signed_device(const Pass *pass, const MxDevice *device)
{
    return pass->session->source > MX_KEY_SOURCE_DIRECT || is_own_session(pass) ||
           (device != NULL ? device->trust != MX_DEVICE_UNSIGNED : was_signed(pass));
}

static MxShield judge(Pass *pass, const MxDevice *device)
{
    const MxInboundSession *session = pass->session;
    if (session->source > MX_KEY_SOURCE_DIRECT)
        return MX_SHIELD_GREY;
    if (is_own_session(pass))
        return MX_SHIELD_NONE;
    g_autoptr(MxIdentity) identity = mx_identity_get(pass->crypto, pass->sender);
    if (identity != NULL && identity->was_verified && !identity->is_verified)
        return MX_SHIELD_RED_IDENTITY_CHANGED;
    if (device == NULL)
        return MX_SHIELD_RED_UNKNOWN_DEVICE;
    return device->trust == MX_DEVICE_UNSIGNED ? MX_SHIELD_RED_UNSIGNED : MX_SHIELD_NONE;
}

gboolean mx_inbound_hides_unsigned(MxCrypto *crypto)
{
    g_autofree char *policy = mx_store_get_value(crypto->store, MX_VALUE_ENCRYPT_TO);
    if (g_strcmp0(policy, "all") == 0)
        return FALSE;
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    return own != NULL && own->is_verified;
}

/* D8: with both keys given, it does not matter that somebody has copied one of them. */
static MxDevice *find_creator(const Pass *pass)
{
    const MxInboundSession *session = pass->session;
    if (session->ed25519 == NULL)
        return mx_device_list_find_by_key(pass->crypto, pass->sender, session->curve25519);
    return mx_device_list_find_by_keys(pass->crypto, pass->sender, session->curve25519,
                                       session->ed25519);
}

static MxReadResult check_sender(Pass *pass)
{
    MxReading *reading = pass->reading;
    g_autoptr(MxDevice) device = find_creator(pass);
    if (!is_owner(pass, device))
        return MX_READ_WRONG_SENDER;
    reading->shield = judge(pass, device);
    if (is_of_signed_device(pass, device))
        return MX_READ_OK;
    reading->may_change = mx_device_list_is_pending(pass->crypto, pass->sender);
    return mx_inbound_hides_unsigned(pass->crypto) ? MX_READ_UNSIGNED_DEVICE : MX_READ_OK;
}

/* ---- what it says (I6) ---- */

/* The payload's own relation counts; a sender who left it in the clear alone is helped (H9). */
static char *merge_relation(MxJsonSlice content, MxJsonSlice outer)
{
    MxJsonIter iter;
    MxJsonSlice key, value, relation = mx_json_scan_member(outer, "m.relates_to");
    gboolean is_empty =
        !mx_json_iter_init(&iter, content) || !mx_json_iter_next(&iter, &key, &value);
    if (relation.text == NULL || relation.type != MX_JSON_OBJECT ||
        mx_json_scan_member(content, "m.relates_to").text != NULL)
        return g_strndup(content.text, content.len);
    GString *text = g_string_new("{\"m.relates_to\":");
    g_string_append_len(text, relation.text, relation.len);
    g_string_append(text, is_empty ? "" : ",");
    g_string_append_len(text, content.text + 1, content.len - 1);
    return g_string_free(text, FALSE);
}

static MxReadResult read_payload(Pass *pass, GBytes *plain)
{
    static const char *const names[] = {"type", "content", "room_id", "state_key", NULL};
    MxJsonSlice values[4];
    gsize len;
    const char *text = g_bytes_get_data(plain, &len);
    if (len == 0 || memchr(text, '\0', len) != NULL || !mx_json_scan_validate(text, len))
        return MX_READ_DAMAGED;
    MxJsonSlice root = mx_json_scan_root(text, len);
    if (root.type != MX_JSON_OBJECT)
        return MX_READ_DAMAGED;
    mx_json_scan_members(root, names, values);
    g_autofree char *type = mx_json_slice_dup_string(values[0]);
    if (type == NULL || *type == '\0' || g_str_equal(type, "m.room.encrypted") ||
        values[1].text == NULL || values[1].type != MX_JSON_OBJECT ||
        !mx_json_slice_equals(values[2], pass->room_id) || values[3].text != NULL)
        return MX_READ_DAMAGED;
    pass->reading->type = g_steal_pointer(&type);
    pass->reading->content = merge_relation(values[1], pass->content);
    return MX_READ_OK;
}

static MxReadResult decrypt(Pass *pass, const char *ciphertext, GBytes **plain, guint32 *index)
{
    g_autoptr(GError) error = NULL;
    *plain = mx_megolm_inbound_decrypt(pass->session->ratchet, ciphertext, index, &error);
    if (*plain != NULL)
        return MX_READ_OK;
    if (g_error_matches(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_UNKNOWN_INDEX))
        return explain_absence(pass, MX_READ_INDEX_TOO_OLD);
    return MX_READ_DAMAGED;
}

static MxReadResult read_with(Pass *pass, const char *ciphertext)
{
    g_autoptr(GBytes) plain = NULL;
    guint32 index = 0;
    MxReadResult result = decrypt(pass, ciphertext, &plain, &index);
    if (result == MX_READ_OK)
        result = read_payload(pass, plain);
    MxReadResult sender = result == MX_READ_OK ? check_sender(pass) : MX_READ_OK;
    if (sender == MX_READ_WRONG_SENDER)
        return sender;
    /* Last, so that what is refused anyway takes no index from what is good (I8). */
    if (result == MX_READ_OK &&
        !mx_store_claim_index(pass->crypto->store, pass->room_id, pass->reading->session_id, index,
                              pass->event_id, pass->ts))
        return MX_READ_REPLAY;
    return result == MX_READ_OK ? sender : result;
}

static MxReadResult read_event(Pass *pass)
{
    g_autofree char *ciphertext = NULL;
    if (pass->content.text == NULL || pass->content.type != MX_JSON_OBJECT)
        return MX_READ_DAMAGED;
    MxReadResult result = read_envelope(pass, &ciphertext);
    if (result != MX_READ_OK)
        return result;
    pass->session = mx_inbound_find(pass->crypto, pass->room_id, pass->reading->session_id);
    if (pass->session == NULL)
        return explain_absence(pass, MX_READ_NO_KEY);
    return read_with(pass, ciphertext);
}

void mx_inbound_read(MxCrypto *crypto, const char *room_id, const char *event_id,
                     const char *sender, gint64 ts, const char *content, MxReading *reading)
{
    Pass pass = {
        .crypto = crypto,
        .room_id = room_id,
        .event_id = event_id,
        .sender = sender,
        .ts = ts,
        .content = mx_json_scan_root(content, strlen(content)),
        .reading = reading,
    };
    memset(reading, 0, sizeof *reading);
    reading->result = read_event(&pass);
    if (reading->result == MX_READ_OK || reading->result == MX_READ_UNSIGNED_DEVICE)
        return;
    g_clear_pointer(&reading->type, g_free);
    g_clear_pointer(&reading->content, g_free);
    reading->shield = MX_SHIELD_NONE;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-ratchet-private.h"

#include <string.h>

/* The formats of Olm and Megolm messages ("Message format" of both specifications) and of Megolm's
 * session keys ("Session sharing format", "Session export format") */
#define MESSAGE_VERSION 3
#define SESSION_KEY_VERSION 2
#define EXPORT_VERSION 1
#define MAC_LEN 8
#define AES_BLOCK 16
#define RATCHET_LEN 128
#define EXPORT_LEN (1 + 4 + RATCHET_LEN + MX_KEY_LEN)

/* (field number << 3) | wire type */
enum {
    TAG_ONE_TIME_KEY = 0x0a,
    TAG_BASE_KEY = 0x12,
    TAG_IDENTITY_KEY = 0x1a,
    TAG_MESSAGE = 0x22,
    TAG_RATCHET_KEY = 0x0a,
    TAG_CHAIN_INDEX = 0x10,
    TAG_CIPHERTEXT = 0x22,
    TAG_MEGOLM_INDEX = 0x08,
    TAG_MEGOLM_CIPHERTEXT = 0x12,
};

G_DEFINE_QUARK(mx - ratchet - error - quark, mx_ratchet_error)

void mx_one_time_key_free(MxOneTimeKey *key)
{
    if (key == NULL)
        return;
    g_free(key->id);
    g_free(key->key);
    g_free(key);
}

guint8 *mx_ratchet_random(gsize len, GError **error)
{
    g_autofree guint8 *bytes = g_malloc0(len);
    if (mx_random(bytes, len, NULL))
        return g_steal_pointer(&bytes);
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_RANDOM, "No random bytes");
    return NULL;
}

gboolean mx_ratchet_check_curve_key(const guint8 key[MX_KEY_LEN], GError **error)
{
    if (mx_curve25519_key_is_ok(key))
        return TRUE;
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY,
                        "A Curve25519 key of low order");
    return FALSE;
}

/* ---- fields ---- */

typedef struct {
    const guint8 *at, *end;
} Reader;

static gboolean read_tag(Reader *reader, guint8 tag)
{
    return reader->at < reader->end && *reader->at++ == tag;
}

/* In its one shortest form: libolm would cut a longer number off. */
static gboolean read_varint(Reader *reader, guint32 *value)
{
    *value = 0;
    for (guint shift = 0; shift < 35 && reader->at < reader->end; shift += 7) {
        guint8 byte = *reader->at++;
        if (shift == 28 && byte > 0x0f)
            return FALSE;
        *value |= (guint32)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return byte != 0 || shift == 0;
    }
    return FALSE;
}

static gboolean read_number(Reader *reader, guint8 tag, guint32 *value)
{
    return read_tag(reader, tag) && read_varint(reader, value);
}

static gboolean read_string(Reader *reader, guint8 tag, Reader *content)
{
    guint32 len;
    if (!read_tag(reader, tag) || !read_varint(reader, &len) ||
        len > (gsize)(reader->end - reader->at))
        return FALSE;
    content->at = reader->at;
    content->end = reader->at += len;
    return TRUE;
}

static gboolean read_key(Reader *reader, guint8 tag, guint8 key[MX_KEY_LEN])
{
    Reader content;
    if (!read_string(reader, tag, &content) || content.end - content.at != MX_KEY_LEN)
        return FALSE;
    memcpy(key, content.at, MX_KEY_LEN);
    return TRUE;
}

static gboolean read_ciphertext(Reader *reader, guint8 tag, gsize *len)
{
    Reader content;
    if (!read_string(reader, tag, &content))
        return FALSE;
    *len = (gsize)(content.end - content.at);
    return *len > 0 && *len % AES_BLOCK == 0;
}

/* The version, and what of the message comes before its trailer. */
static gboolean read_head(Reader *reader, const guint8 *data, gsize len, gsize trailer)
{
    if (len < 1 + trailer || data[0] != MESSAGE_VERSION)
        return FALSE;
    reader->at = data + 1;
    reader->end = data + len - trailer;
    return TRUE;
}

/* ---- messages ---- */

static gboolean set_damaged(GError **error)
{
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_DAMAGED, "A damaged message");
    return FALSE;
}

static GBytes *decode_body(const char *body)
{
    if (body == NULL || strnlen(body, MX_RATCHET_MAX_BODY + 1) > MX_RATCHET_MAX_BODY)
        return NULL;
    return mx_base64_decode(body, -1);
}

static char *dup_unpadded(const char *base64)
{
    return g_strndup(base64, strcspn(base64, "="));
}

static gboolean read_normal(MxOlmEnvelope *envelope, const guint8 *data, gsize len)
{
    Reader reader;
    return read_head(&reader, data, len, MAC_LEN) &&
           read_key(&reader, TAG_RATCHET_KEY, envelope->ratchet) &&
           read_number(&reader, TAG_CHAIN_INDEX, &envelope->counter) &&
           read_ciphertext(&reader, TAG_CIPHERTEXT, &envelope->ciphertext_len) &&
           reader.at == reader.end;
}

static gboolean read_pre_key(MxOlmEnvelope *envelope, const guint8 *data, gsize len)
{
    Reader reader, message;
    return read_head(&reader, data, len, 0) &&
           read_key(&reader, TAG_ONE_TIME_KEY, envelope->one_time) &&
           read_key(&reader, TAG_BASE_KEY, envelope->base) &&
           read_key(&reader, TAG_IDENTITY_KEY, envelope->identity) &&
           read_string(&reader, TAG_MESSAGE, &message) && reader.at == reader.end &&
           read_normal(envelope, message.at, (gsize)(message.end - message.at));
}

static gboolean check_keys(MxOlmEnvelope *envelope, guint type, GError **error)
{
    if (type == MX_OLM_PRE_KEY && (!mx_ratchet_check_curve_key(envelope->one_time, error) ||
                                   !mx_ratchet_check_curve_key(envelope->base, error) ||
                                   !mx_ratchet_check_curve_key(envelope->identity, error)))
        return FALSE;
    return mx_ratchet_check_curve_key(envelope->ratchet, error);
}

gboolean mx_olm_envelope_read(MxOlmEnvelope *envelope, guint type, const char *body, GError **error)
{
    *envelope = (MxOlmEnvelope){0};
    g_autoptr(GBytes) bytes = decode_body(body);
    if (bytes == NULL || (type != MX_OLM_PRE_KEY && type != MX_OLM_NORMAL))
        return set_damaged(error);
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    if (!(type == MX_OLM_PRE_KEY ? read_pre_key : read_normal)(envelope, data, len))
        return set_damaged(error);
    if (!check_keys(envelope, type, error))
        return FALSE;
    envelope->body = dup_unpadded(body);
    return TRUE;
}

void mx_olm_envelope_clear(MxOlmEnvelope *envelope)
{
    g_clear_pointer(&envelope->body, g_free);
}

gboolean mx_megolm_envelope_read(MxMegolmEnvelope *envelope, const char *body,
                                 const guint8 signing_key[MX_KEY_LEN], GError **error)
{
    *envelope = (MxMegolmEnvelope){0};
    g_autoptr(GBytes) bytes = decode_body(body);
    if (bytes == NULL)
        return set_damaged(error);
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    Reader reader;
    if (!read_head(&reader, data, len, MAC_LEN + MX_SIGNATURE_LEN) ||
        !read_number(&reader, TAG_MEGOLM_INDEX, &envelope->index) ||
        !read_ciphertext(&reader, TAG_MEGOLM_CIPHERTEXT, &envelope->ciphertext_len) ||
        reader.at != reader.end)
        return set_damaged(error);
    gsize signed_len = len - MX_SIGNATURE_LEN;
    if (!mx_ed25519_verify(signing_key, data, signed_len, data + signed_len))
        return set_damaged(error);
    envelope->body = dup_unpadded(body);
    return TRUE;
}

void mx_megolm_envelope_clear(MxMegolmEnvelope *envelope)
{
    g_clear_pointer(&envelope->body, g_free);
}

/* ---- Megolm session keys ---- */

static gboolean session_key_is_ok(GBytes *bytes, gboolean exported)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    const guint8 *key = data + EXPORT_LEN - MX_KEY_LEN;
    if (exported)
        return len == EXPORT_LEN && data[0] == EXPORT_VERSION && mx_ed25519_key_is_ok(key);
    return len == EXPORT_LEN + MX_SIGNATURE_LEN && data[0] == SESSION_KEY_VERSION &&
           mx_ed25519_verify(key, data, EXPORT_LEN, data + EXPORT_LEN);
}

char *mx_megolm_session_key_check(const char *text, gboolean exported, GError **error)
{
    g_autoptr(GBytes) bytes = decode_body(text);
    if (bytes != NULL && session_key_is_ok(bytes, exported))
        return dup_unpadded(text);
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_BAD_KEY, "A bad session key");
    return NULL;
}

MxMegolmOrder mx_megolm_inbound_compare(MxMegolmInbound *a, MxMegolmInbound *b)
{
    guint32 first_a = mx_megolm_inbound_get_first_index(a);
    guint32 first_b = mx_megolm_inbound_get_first_index(b);
    char *export_a = mx_megolm_inbound_export(a, MAX(first_a, first_b), NULL);
    char *export_b = mx_megolm_inbound_export(b, MAX(first_a, first_b), NULL);
    gsize len = export_a != NULL ? strlen(export_a) : 0;
    /* The export format contains the signing key. */
    gboolean connected = export_a != NULL && export_b != NULL && strlen(export_b) == len &&
                         mx_equal_ct((guint8 *)export_a, (guint8 *)export_b, len);
    mx_secret_free(export_a);
    mx_secret_free(export_b);
    if (!connected)
        return MX_MEGOLM_UNCONNECTED;
    if (first_a == first_b)
        return MX_MEGOLM_EQUAL;
    return first_a < first_b ? MX_MEGOLM_BETTER : MX_MEGOLM_WORSE;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sas.h"

#include <string.h>

#define N_BYTES 6 /* emoji take 42 bits of them, numbers 39 */

struct _MxSas {
    guint8 secret[MX_KEY_LEN], shared[MX_KEY_LEN];
    char *public, *other; /* base64 */
};

MxSas *mx_sas_new_from_secret(const guint8 secret[MX_KEY_LEN])
{
    guint8 public[MX_KEY_LEN];
    MxSas *sas = g_new0(MxSas, 1);
    memcpy(sas->secret, secret, MX_KEY_LEN);
    mx_x25519_public(secret, public);
    sas->public = mx_base64_encode(public, sizeof public);
    return sas;
}

MxSas *mx_sas_new(GError **error)
{
    guint8 secret[MX_KEY_LEN];
    if (!mx_random(secret, sizeof secret, error))
        return NULL;
    MxSas *sas = mx_sas_new_from_secret(secret);
    mx_memzero(secret, sizeof secret);
    return sas;
}

void mx_sas_free(MxSas *sas)
{
    if (sas == NULL)
        return;
    g_free(sas->public);
    g_free(sas->other);
    mx_memzero(sas, sizeof *sas);
    g_free(sas);
}

const char *mx_sas_get_public(const MxSas *sas)
{
    return sas->public;
}

const char *mx_sas_get_other(const MxSas *sas)
{
    return sas->other;
}

gboolean mx_sas_set_other(MxSas *sas, const char *text)
{
    guint8 key[MX_KEY_LEN];
    if (sas->other != NULL || !mx_base64_decode_fixed(text, key, sizeof key) ||
        !mx_curve25519_key_is_ok(key) || !mx_x25519(sas->secret, key, sas->shared))
        return FALSE;
    g_autofree char *other = mx_base64_encode(key, sizeof key);
    /* Somebody who sends our own key back knows what we show, and nothing else of us. */
    if (g_str_equal(other, sas->public))
        return FALSE;
    sas->other = g_steal_pointer(&other);
    return TRUE;
}

static void derive(const MxSas *sas, const char *info, guint8 *out, gsize len)
{
    mx_hkdf_sha256(sas->shared, sizeof sas->shared, NULL, 0, info, strlen(info), out, len);
}

void mx_sas_text_from_bytes(const guint8 bytes[N_BYTES], MxSasText *text)
{
    guint64 bits = 0;
    for (guint i = 0; i < N_BYTES; i++)
        bits = bits << 8 | bytes[i];
    for (guint i = 0; i < MX_SAS_N_EMOJI; i++)
        text->emoji[i] = bits >> (42 - 6 * i) & 0x3f;
    for (guint i = 0; i < MX_SAS_N_NUMBERS; i++)
        text->numbers[i] = (bits >> (35 - 13 * i) & 0x1fff) + 1000;
}

void mx_sas_get_text(const MxSas *sas, const char *info, MxSasText *text)
{
    guint8 bytes[N_BYTES];
    derive(sas, info, bytes, sizeof bytes);
    mx_sas_text_from_bytes(bytes, text);
    mx_memzero(bytes, sizeof bytes);
}

/* The first implementation encoded the MAC over itself, and so read what it had written; all that
 * speak hkdf-hmac-sha256 do the same. */
char *mx_sas_encode_broken(const guint8 mac[MX_SHA256_LEN])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    guint8 *text = g_malloc0(44);
    memcpy(text, mac, MX_SHA256_LEN);
    for (guint in = 0, out = 0; in < MX_SHA256_LEN; in += 3, out += 4) {
        gboolean is_last = in + 3 > MX_SHA256_LEN;
        guint32 value = text[in] << 16 | text[in + 1] << 8 | (is_last ? 0 : text[in + 2]);
        for (guint i = 0; i < (is_last ? 3u : 4u); i++)
            text[out + i] = (guint8)letters[value >> (18 - 6 * i) & 0x3f];
    }
    text[43] = '\0';
    return (char *)text;
}

char *mx_sas_get_mac(const MxSas *sas, MxSasMac method, const char *text, const char *info)
{
    guint8 key[MX_SHA256_LEN], mac[MX_SHA256_LEN];
    derive(sas, info, key, sizeof key);
    mx_hmac_sha256(key, sizeof key, text, strlen(text), mac);
    mx_memzero(key, sizeof key);
    return method == MX_SAS_MAC_V2 ? mx_base64_encode(mac, sizeof mac) : mx_sas_encode_broken(mac);
}

char *mx_sas_get_commitment(const char *key, const char *canonical)
{
    guint8 hash[MX_SHA256_LEN];
    g_autofree char *text = g_strconcat(key, canonical, NULL);
    mx_sha256(text, strlen(text), hash);
    return mx_base64_encode(hash, sizeof hash);
}

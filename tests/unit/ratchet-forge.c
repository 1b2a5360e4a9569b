/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "ratchet-forge.h"

#include <string.h>

#include <gcrypt.h>

#define MAC_LEN 8
#define BLOCK 16

const guint8 forge_low_order[FORGE_N_LOW_ORDER][MX_KEY_LEN] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

/* ---- AES-256 and HMAC-SHA-256 keys of a message ---- */

typedef struct {
    guint8 aes[MX_KEY_LEN], mac[MX_KEY_LEN], iv[BLOCK];
    guint8 uneven;
} Keys;

static Keys derive(const guint8 *key, gsize len, const char *info)
{
    guint8 out[2 * MX_KEY_LEN + BLOCK];
    Keys keys = {0};
    mx_hkdf_sha256(key, len, NULL, 0, info, strlen(info), out, sizeof out);
    memcpy(keys.aes, out, sizeof keys.aes);
    memcpy(keys.mac, out + sizeof keys.aes, sizeof keys.mac);
    memcpy(keys.iv, out + sizeof keys.aes + sizeof keys.mac, sizeof keys.iv);
    return keys;
}

/* One block, padded; and 17 bytes or none, if that is the flaw. */
static GByteArray *encrypt(const Keys *keys, ForgeFlaw flaw)
{
    guint8 block[BLOCK];
    gsize text_len = strlen(FORGE_TEXT);
    memset(block, (int)(flaw == FORGE_PADDING ? 0xff : BLOCK - text_len), sizeof block);
    memcpy(block, FORGE_TEXT, text_len);
    gcry_cipher_hd_t cipher;
    g_assert_cmpint(gcry_cipher_open(&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CBC, 0), ==, 0);
    gcry_cipher_setkey(cipher, keys->aes, sizeof keys->aes);
    gcry_cipher_setiv(cipher, keys->iv, sizeof keys->iv);
    g_assert_cmpint(gcry_cipher_encrypt(cipher, block, sizeof block, NULL, 0), ==, 0);
    gcry_cipher_close(cipher);
    GByteArray *out = g_byte_array_new();
    if (flaw != FORGE_EMPTY_CIPHERTEXT)
        g_byte_array_append(out, block, sizeof block);
    if (flaw == FORGE_UNEVEN_CIPHERTEXT)
        g_byte_array_append(out, &keys->uneven, 1);
    return out;
}

static void put_mac(GByteArray *message, const Keys *keys, ForgeFlaw flaw)
{
    guint8 mac[MX_SHA256_LEN];
    mx_hmac_sha256(keys->mac, sizeof keys->mac, message->data, message->len, mac);
    if (flaw == FORGE_MAC)
        mac[0] ^= 1;
    g_byte_array_append(message, mac, MAC_LEN);
}

/* ---- fields ---- */

static void put_byte(GByteArray *out, guint8 byte)
{
    g_byte_array_append(out, &byte, 1);
}

static void put_varint(GByteArray *out, guint64 value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(out, (guint8)(value | 0x80));
    put_byte(out, (guint8)value);
}

static void put_string(GByteArray *out, guint8 tag, const guint8 *data, gsize len)
{
    put_byte(out, tag);
    put_varint(out, len);
    g_byte_array_append(out, data, (guint)len);
}

static void put_number(GByteArray *out, guint8 tag, guint32 number, ForgeFlaw flaw)
{
    static const guint8 endless[20] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (flaw == FORGE_NO_NUMBER)
        return;
    put_byte(out, tag);
    if (flaw == FORGE_ENDLESS_NUMBER)
        g_byte_array_append(out, endless, sizeof endless);
    put_varint(out, flaw == FORGE_HUGE_NUMBER ? number | (G_GUINT64_CONSTANT(1) << 32) : number);
    if (flaw == FORGE_LONG_NUMBER) {
        out->data[out->len - 1] |= 0x80;
        put_byte(out, 0);
    }
    if (flaw == FORGE_FIELD_TWICE)
        put_number(out, tag, number, FORGE_NOTHING);
}

static void put_ciphertext(GByteArray *out, guint8 tag, const Keys *keys, ForgeFlaw flaw)
{
    g_autoptr(GByteArray) ciphertext = encrypt(keys, flaw);
    guint at = out->len + 1;
    put_string(out, tag, ciphertext->data, ciphertext->len);
    if (flaw == FORGE_LENGTH_BEYOND)
        out->data[at] += 1;
}

static void put_number_and_ciphertext(GByteArray *out, guint8 number_tag, guint32 number,
                                      guint8 tag, const Keys *keys, ForgeFlaw flaw)
{
    if (flaw == FORGE_UNKNOWN_FIELD)
        put_string(out, 5 << 3 | 2, (const guint8 *)"?", 1);
    if (flaw == FORGE_OTHER_ORDER)
        put_ciphertext(out, tag, keys, flaw);
    put_number(out, number_tag, number, flaw);
    if (flaw != FORGE_OTHER_ORDER)
        put_ciphertext(out, tag, keys, flaw);
}

/* ---- Megolm ---- */

void forge_megolm_init(ForgeMegolm *megolm, guint32 counter)
{
    for (gsize at = 0; at < sizeof megolm->ratchet; at += 16)
        memcpy(megolm->ratchet + at, "0123456789ABCDEF", 16);
    megolm->counter = counter;
    megolm->uneven = 0;
    memset(megolm->seed, 7, sizeof megolm->seed);
    mx_ed25519_public_from_seed(megolm->seed, megolm->public);
}

static GByteArray *put_session(const ForgeMegolm *megolm, guint8 version)
{
    GByteArray *out = g_byte_array_new();
    guint32 counter = GUINT32_TO_BE(megolm->counter);
    put_byte(out, version);
    g_byte_array_append(out, (guint8 *)&counter, sizeof counter);
    g_byte_array_append(out, megolm->ratchet, sizeof megolm->ratchet);
    g_byte_array_append(out, megolm->public, sizeof megolm->public);
    return out;
}

static void put_signature(GByteArray *out, const ForgeMegolm *megolm, ForgeFlaw flaw)
{
    static const guint8 order[MX_KEY_LEN] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                             0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                             0,    0,    0,    0,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0,    0x10};
    guint8 signature[MX_SIGNATURE_LEN];
    mx_ed25519_sign(megolm->seed, out->data, out->len, signature);
    if (flaw == FORGE_SIGNATURE)
        signature[0] ^= 1;
    guint carry = 0;
    for (gsize i = 0; flaw == FORGE_MALLEATED && i < MX_KEY_LEN; i++) {
        carry += signature[MX_KEY_LEN + i] + (guint)order[i];
        signature[MX_KEY_LEN + i] = (guint8)carry;
        carry >>= 8;
    }
    g_byte_array_append(out, signature, sizeof signature);
}

char *forge_megolm_export(const ForgeMegolm *megolm)
{
    g_autoptr(GByteArray) out = put_session(megolm, 1);
    return mx_base64_encode(out->data, out->len);
}

char *forge_megolm_session_key(const ForgeMegolm *megolm)
{
    g_autoptr(GByteArray) out = put_session(megolm, 2);
    put_signature(out, megolm, FORGE_NOTHING);
    return mx_base64_encode(out->data, out->len);
}

char *forge_megolm_message(const ForgeMegolm *megolm, guint32 index, ForgeFlaw flaw)
{
    Keys keys = derive(megolm->ratchet, sizeof megolm->ratchet, "MEGOLM_KEYS");
    keys.uneven = megolm->uneven;
    g_autoptr(GByteArray) out = g_byte_array_new();
    put_byte(out, flaw == FORGE_VERSION ? 2 : 3);
    put_number_and_ciphertext(out, 0x08, index, 0x12, &keys, flaw);
    put_mac(out, &keys, flaw);
    put_signature(out, megolm, flaw);
    return mx_base64_encode(out->data, out->len);
}

char *forge_megolm_wrap(const ForgeMegolm *megolm, const guint8 *data, gsize len)
{
    Keys keys = derive(megolm->ratchet, sizeof megolm->ratchet, "MEGOLM_KEYS");
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_byte_array_append(out, data, (guint)len);
    put_mac(out, &keys, FORGE_NOTHING);
    put_signature(out, megolm, FORGE_NOTHING);
    return mx_base64_encode(out->data, out->len);
}

/* ---- Olm ---- */

void forge_olm_init(ForgeOlm *olm, const guint8 identity[MX_KEY_LEN],
                    const guint8 one_time[MX_KEY_LEN])
{
    memset(olm->identity, 1, MX_KEY_LEN);
    memset(olm->base, 2, MX_KEY_LEN);
    memset(olm->ratchet, 3, MX_KEY_LEN);
    mx_x25519_public(olm->identity, olm->identity_public);
    mx_x25519_public(olm->base, olm->base_public);
    mx_x25519_public(olm->ratchet, olm->ratchet_public);
    memcpy(olm->one_time, one_time, MX_KEY_LEN);
    guint8 shared[3 * MX_KEY_LEN], keys[2 * MX_KEY_LEN];
    g_assert_true(mx_x25519(olm->identity, one_time, shared));
    g_assert_true(mx_x25519(olm->base, identity, shared + MX_KEY_LEN));
    g_assert_true(mx_x25519(olm->base, one_time, shared + 2 * MX_KEY_LEN));
    mx_hkdf_sha256(shared, sizeof shared, NULL, 0, "OLM_ROOT", 8, keys, sizeof keys);
    memcpy(olm->chain_key, keys + MX_KEY_LEN, MX_KEY_LEN);
}

void forge_olm_advance(ForgeOlm *olm)
{
    guint8 next[MX_SHA256_LEN];
    mx_hmac_sha256(olm->chain_key, sizeof olm->chain_key, "\x02", 1, next);
    memcpy(olm->chain_key, next, sizeof next);
}

static Keys derive_message_keys(const ForgeOlm *olm)
{
    guint8 key[MX_SHA256_LEN];
    mx_hmac_sha256(olm->chain_key, sizeof olm->chain_key, "\x01", 1, key);
    return derive(key, sizeof key, "OLM_KEYS");
}

static GByteArray *put_normal(const ForgeOlm *olm, guint32 number, ForgeFlaw flaw)
{
    Keys keys = derive_message_keys(olm);
    GByteArray *out = g_byte_array_new();
    put_byte(out, flaw == FORGE_VERSION ? 2 : 3);
    put_string(out, 0x0a, olm->ratchet_public, MX_KEY_LEN);
    put_number_and_ciphertext(out, 0x10, number, 0x22, &keys, flaw);
    put_mac(out, &keys, flaw);
    return out;
}

char *forge_olm_normal(const ForgeOlm *olm, guint32 number, ForgeFlaw flaw)
{
    g_autoptr(GByteArray) out = put_normal(olm, number, flaw);
    return mx_base64_encode(out->data, out->len);
}

static char *put_pre_key(const ForgeOlm *olm, const GByteArray *message)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    put_byte(out, 3);
    put_string(out, 0x0a, olm->one_time, MX_KEY_LEN);
    put_string(out, 0x12, olm->base_public, MX_KEY_LEN);
    put_string(out, 0x1a, olm->identity_public, MX_KEY_LEN);
    put_string(out, 0x22, message->data, message->len);
    return mx_base64_encode(out->data, out->len);
}

char *forge_olm_pre_key(const ForgeOlm *olm, guint32 number, ForgeFlaw flaw)
{
    g_autoptr(GByteArray) message = put_normal(olm, number, flaw);
    return put_pre_key(olm, message);
}

char *forge_olm_wrap(const ForgeOlm *olm, const guint8 *data, gsize len)
{
    Keys keys = derive_message_keys(olm);
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_byte_array_append(message, data, (guint)len);
    put_mac(message, &keys, FORGE_NOTHING);
    return put_pre_key(olm, message);
}

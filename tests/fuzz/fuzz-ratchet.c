/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-ratchet.h"
#include "ratchet-forge.h"

/* Messages and session keys of hostile peers. The first byte says where the others go: as they are,
 * or written over a good message, with valid MACs and signatures, so that what is behind those is
 * reached too. What is refused changes nothing. */

static MxOlmAccount *account;
static ForgeOlm olm;
static ForgeMegolm megolm;
static MxMegolmInbound *inbound;

static void make_keys(void)
{
    g_assert_true(mx_primitives_init(NULL));
    account = mx_olm_account_new(NULL);
    g_assert_true(mx_olm_account_generate_one_time_keys(account, 1, NULL));
    g_autoptr(GPtrArray) keys = mx_olm_account_list_unpublished(account);
    MxOneTimeKey *key = g_ptr_array_index(keys, 0);
    guint8 identity[MX_KEY_LEN], one_time[MX_KEY_LEN];
    g_assert_true(mx_base64_decode_fixed(key->key, one_time, sizeof one_time));
    mx_olm_account_get_keys(account, identity, NULL);
    forge_olm_init(&olm, identity, one_time);
    forge_megolm_init(&megolm, 0);
    g_autofree char *exported = forge_megolm_export(&megolm);
    inbound = mx_megolm_inbound_import(exported, NULL);
    g_assert_nonnull(inbound);
}

static void try_megolm(const char *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = mx_megolm_inbound_decrypt(inbound, body, NULL, &error);
    g_assert_true((text != NULL) == (error == NULL));
}

/* The account is put back after a success, which takes the one-time key. */
static void try_pre_key(const char *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = NULL;
    g_autoptr(GBytes) before = mx_olm_account_pickle(account, NULL);
    g_autoptr(MxOlmSession) session =
        mx_olm_account_create_inbound(account, olm.identity_public, body, &text, &error);
    g_assert_true((session != NULL) == (error == NULL));
    g_assert_true((session != NULL) == (text != NULL));
    g_autoptr(GBytes) after = mx_olm_account_pickle(account, NULL);
    g_assert_true(g_bytes_equal(before, after) == (session == NULL));
    if (session == NULL)
        return;
    mx_olm_account_free(account);
    account = mx_olm_account_unpickle(before, NULL);
    g_autoptr(GBytes) again = mx_olm_session_decrypt(session, MX_OLM_PRE_KEY, body, NULL);
    g_assert_null(again);
}

static void try_key(MxMegolmInbound *(*read_key)(const char *, GError **), const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxMegolmInbound) session = read_key(text, &error);
    g_assert_true((session != NULL) == (error == NULL));
    if (session != NULL)
        g_assert_cmpint(mx_megolm_inbound_compare(session, session), ==, MX_MEGOLM_EQUAL);
}

/* The bytes of a message without its trailer, with data written over it from the place that data's
 * first byte names on */
static GByteArray *overwrite(const char *message, gsize trailer, const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = mx_base64_decode(message, -1);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, g_bytes_get_data(bytes, NULL),
                        (guint)(g_bytes_get_size(bytes) - trailer));
    gsize at = size > 0 ? data[0] % (out->len + 1) : 0;
    g_byte_array_set_size(out, MAX(out->len, (guint)(at + (size > 0 ? size - 1 : 0))));
    if (size > 1)
        memcpy(out->data + at, data + 1, size - 1);
    return out;
}

static void try_wrapped(gboolean is_megolm, const uint8_t *data, size_t size)
{
    g_autofree char *good = is_megolm ? forge_megolm_message(&megolm, 0, FORGE_NOTHING)
                                      : forge_olm_normal(&olm, 0, FORGE_NOTHING);
    g_autoptr(GByteArray) changed = overwrite(good, is_megolm ? 8 + 64 : 8, data, size);
    g_autofree char *body = is_megolm ? forge_megolm_wrap(&megolm, changed->data, changed->len)
                                      : forge_olm_wrap(&olm, changed->data, changed->len);
    if (is_megolm)
        try_megolm(body);
    else
        try_pre_key(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (account == NULL)
        make_keys();
    if (size == 0)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    g_autofree char *encoded = mx_base64_encode(data + 1, size - 1);
    g_autofree char *key = forge_megolm_export(&megolm);
    g_autoptr(GByteArray) changed = overwrite(key, 0, data + 1, size - 1);
    g_autofree char *changed_key = mx_base64_encode(changed->data, changed->len);
    const char *body = data[0] & 1 ? encoded : text;
    try_megolm(body);
    try_pre_key(body);
    try_key(mx_megolm_inbound_new, body);
    try_key(mx_megolm_inbound_import, body);
    try_key(mx_megolm_inbound_import, changed_key);
    try_wrapped(TRUE, data + 1, size - 1);
    try_wrapped(FALSE, data + 1, size - 1);
    return 0;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-cross-signing.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-verification-private.h"

/* A code that the other side scans ("QR codes"). It is shown here, never scanned (N2). */

typedef enum {
    MODE_OTHER,     /* somebody else's identity */
    MODE_TRUSTED,   /* an own device; this one knows the identity to be the user's */
    MODE_UNTRUSTED, /* an own device, and this one does not */
} Mode;

GBytes *mx_verification_make_code(guint8 mode, const char *txn_id, const guint8 first[MX_KEY_LEN],
                                  const guint8 second[MX_KEY_LEN], const guint8 *secret, gsize len)
{
    const guint8 head[] = {2, mode, (guint8)(strlen(txn_id) >> 8), (guint8)strlen(txn_id)};
    GByteArray *code = g_byte_array_new();
    g_byte_array_append(code, (const guint8 *)"MATRIX", 6);
    g_byte_array_append(code, head, sizeof head);
    g_byte_array_append(code, (const guint8 *)txn_id, (guint)strlen(txn_id));
    g_byte_array_append(code, first, MX_KEY_LEN);
    g_byte_array_append(code, second, MX_KEY_LEN);
    g_byte_array_append(code, secret, (guint)len);
    return g_byte_array_free_to_bytes(code);
}

static gboolean has_self_signing(MxCrypto *crypto)
{
    char *seed = mx_cross_signing_get_seed(crypto, MX_CROSS_SIGNING_SELF);
    gboolean is_there = seed != NULL;
    mx_secret_free(seed);
    return is_there;
}

/* FALSE: nothing would come of it. */
static gboolean choose_keys(MxCrypto *crypto, MxFlow *flow, const char **first, const char **second)
{
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    if (own == NULL || own->is_changed || flow->ed25519 == NULL)
        return FALSE;
    if (!mx_flow_is_own(crypto, flow)) {
        flow->code_mode = MODE_OTHER;
        *first = g_intern_string(own->master);
        *second = flow->master;
    } else if (own->is_verified) {
        flow->code_mode = MODE_TRUSTED;
        *first = g_intern_string(own->master);
        *second = has_self_signing(crypto) ? flow->ed25519 : NULL;
    } else {
        flow->code_mode = MODE_UNTRUSTED;
        *first = crypto->ed25519;
        *second = flow->master;
    }
    return TRUE;
}

gboolean mx_flow_make_code(MxCrypto *crypto, MxFlow *flow)
{
    const char *first = NULL, *second = NULL;
    guint8 keys[2][MX_KEY_LEN];
    if (!flow->they_scan || !choose_keys(crypto, flow, &first, &second) ||
        !mx_base64_decode_fixed(first, keys[0], MX_KEY_LEN) ||
        !mx_base64_decode_fixed(second, keys[1], MX_KEY_LEN) ||
        !mx_random(flow->code_secret, sizeof flow->code_secret, NULL))
        return FALSE;
    flow->qr_code = mx_verification_make_code(flow->code_mode, flow->txn_id, keys[0], keys[1],
                                              flow->code_secret, sizeof flow->code_secret);
    return TRUE;
}

void mx_flow_take_reciprocate(MxCrypto *crypto, MxFlow *flow, JsonObject *content)
{
    guint8 secret[MX_CODE_SECRET_LEN];
    gboolean is_good =
        mx_base64_decode_fixed(mx_json_string(content, "secret"), secret, sizeof secret) &&
        mx_equal_ct(secret, flow->code_secret, sizeof secret);
    if (is_good)
        mx_flow_set_state(flow, MX_VERIFICATION_SCANNED); /* the user has seen it there, or not */
    else
        mx_flow_cancel(crypto, flow, "m.key_mismatch");
}

void mx_flow_confirm_scan(MxCrypto *crypto, MxFlow *flow)
{
    gboolean is_device = flow->code_mode == MODE_TRUSTED;
    if (!mx_flow_accept_keys(crypto, flow, is_device, !is_device)) {
        mx_flow_cancel(crypto, flow, "m.key_mismatch");
        return;
    }
    mx_flow_succeed(crypto, flow);
}

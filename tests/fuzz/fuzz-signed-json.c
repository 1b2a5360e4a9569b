/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-canonical-json.h"
#include "mx-json.h"
#include "mx-recovery-key.h"
#include "mx-secret-storage.h"
#include "mx-signed-json.h"

/* What the strict reader accepts has a canonical form, which reads back as itself; it can be
 * signed, and holds after a journey as text. The same bytes are tried as base64, as a recovery key,
 * and as a description and a secret of secret storage. */

#define USER "@fuzz:x"
#define KEY_ID "ed25519:FUZZ"

static char *to_canonical(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    char *text = mx_canonical_json_encode(node, NULL);
    g_assert_nonnull(text);
    return text;
}

static void check_signing(JsonObject *object)
{
    guint8 seed[MX_KEY_LEN] = {1}, key[MX_KEY_LEN];
    mx_ed25519_public_from_seed(seed, key);
    mx_signed_json_verify(object, USER, KEY_ID, key);
    g_assert_true(mx_signed_json_sign(object, USER, KEY_ID, mx_sign_with_seed, seed, NULL));
    g_assert_true(mx_signed_json_verify(object, USER, KEY_ID, key));
    g_autofree char *text = to_canonical(object);
    g_autoptr(JsonObject) received = mx_signed_json_parse(text, -1, NULL);
    g_assert_nonnull(received);
    g_assert_true(mx_signed_json_verify(received, USER, KEY_ID, key));
    json_object_set_int_member(received, "fuzz", 1);
    json_object_set_int_member(object, "fuzz", 2);
    g_assert_false(mx_signed_json_verify(received, USER, KEY_ID, key) &&
                   mx_signed_json_verify(object, USER, KEY_ID, key));
}

static void check_json(const char *text, gsize size)
{
    g_autoptr(JsonObject) object = mx_signed_json_parse(text, (gssize)size, NULL);
    if (object == NULL)
        return;
    g_autofree char *canonical = to_canonical(object);
    g_autoptr(JsonObject) again = mx_signed_json_parse(canonical, -1, NULL);
    g_assert_nonnull(again);
    g_autofree char *same = to_canonical(again);
    g_assert_cmpstr(canonical, ==, same);
    guint8 key[MX_KEY_LEN] = {2};
    mx_secret_storage_check_key(object, key);
    mx_secret_free(mx_secret_storage_decrypt(key, "m.fuzz", object, NULL));
    check_signing(object);
}

static void check_text(const char *text, gsize size)
{
    g_autoptr(GBytes) bytes = mx_base64_decode(text, (gssize)size);
    if (bytes != NULL) {
        g_autofree char *encoded =
            mx_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        g_autoptr(GBytes) back = mx_base64_decode(encoded, -1);
        g_assert_true(g_bytes_equal(bytes, back));
    }
    guint8 key[MX_KEY_LEN], same[MX_KEY_LEN];
    g_autofree char *copy = g_strndup(text, size);
    if (!mx_recovery_key_decode(copy, key, NULL))
        return;
    char *written = mx_recovery_key_encode(key);
    g_assert_true(mx_recovery_key_decode(written, same, NULL));
    g_assert_cmpmem(key, sizeof key, same, sizeof same);
    mx_secret_free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_assert_true(mx_primitives_init(NULL));
    check_json((const char *)data, size);
    check_text((const char *)data, size);
    return 0;
}

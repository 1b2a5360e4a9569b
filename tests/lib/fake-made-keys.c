/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

#include <sodium.h>
#include <string.h>

/* Devices and identities of people who have no client here: nobody reads what is encrypted for
 * them. */

#define BASE64_LEN 100

typedef struct {
    guint8 secret[crypto_sign_SECRETKEYBYTES];
    char public[BASE64_LEN];
} SigningKey;

static void encode(char *text, const guint8 *bytes, gsize len)
{
    sodium_bin2base64(text, BASE64_LEN, bytes, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static void make_signing_key(SigningKey *key)
{
    guint8 bytes[crypto_sign_PUBLICKEYBYTES];

    crypto_sign_keypair(bytes, key->secret);
    encode(key->public, bytes, sizeof bytes);
}

static void make_curve_key(char *text)
{
    guint8 public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];

    crypto_box_keypair(public, secret);
    encode(text, public, sizeof public);
}

/* `,"ed25519:ID":"…"` of canonical text. */
static char *sign(const SigningKey *key, const char *id, const char *text)
{
    guint8 bytes[crypto_sign_BYTES];
    char signature[BASE64_LEN];

    crypto_sign_detached(bytes, NULL, (const guint8 *)text, strlen(text), key->secret);
    encode(signature, bytes, sizeof bytes);
    return g_strdup_printf("\"ed25519:%s\":\"%s\"", id, signature);
}

/* signatures: of one user, with commas between. */
static JsonObject *with_signatures(const char *text, const char *user_id, const char *signatures)
{
    g_autofree char *signed_text = g_strdup_printf(
        "%.*s,\"signatures\":{\"%s\":{%s}}}", (int)strlen(text) - 1, text, user_id, signatures);
    g_autoptr(JsonNode) node = json_from_string(signed_text, NULL);

    return json_node_dup_object(node);
}

/* ---- identities ---- */

static const SigningKey *get_self_signing(FakeServer *server, const char *user_id)
{
    return g_hash_table_lookup(server->made_identities, user_id);
}

static void set_identity_key(FakeServer *server, const char *kind, const char *user_id,
                             JsonObject *object)
{
    if (!json_object_has_member(server->identities, kind))
        json_object_set_object_member(server->identities, kind, json_object_new());
    json_object_set_object_member(json_object_get_object_member(server->identities, kind), user_id,
                                  object);
}

void fake_server_make_identity(FakeServer *server, const char *user_id)
{
    SigningKey master, *self = g_new0(SigningKey, 1);

    make_signing_key(&master);
    make_signing_key(self);
    g_autofree char *text =
        g_strdup_printf("{\"keys\":{\"ed25519:%s\":\"%s\"},\"usage\":[\"master\"],"
                        "\"user_id\":\"%s\"}",
                        master.public, master.public, user_id);
    g_autofree char *self_text =
        g_strdup_printf("{\"keys\":{\"ed25519:%s\":\"%s\"},\"usage\":[\"self_signing\"],"
                        "\"user_id\":\"%s\"}",
                        self->public, self->public, user_id);
    g_autofree char *of_master = sign(&master, master.public, text);
    g_autofree char *of_self = sign(&master, master.public, self_text);

    set_identity_key(server, "master_keys", user_id, with_signatures(text, user_id, of_master));
    set_identity_key(server, "self_signing_keys", user_id,
                     with_signatures(self_text, user_id, of_self));
    g_hash_table_replace(server->made_identities, g_strdup(user_id), self);
}

/* ---- devices ---- */

static void add_one_time_key(FakeServer *server, const char *user_id, const char *device_id,
                             const SigningKey *key)
{
    char curve[BASE64_LEN];

    make_curve_key(curve);
    g_autofree char *text = g_strdup_printf("{\"key\":\"%s\"}", curve);
    g_autofree char *signature = sign(key, device_id, text);
    fake_keys_add_one_time(server, user_id, device_id, "signed_curve25519:AAAAAQ",
                           with_signatures(text, user_id, signature));
}

void fake_server_make_device(FakeServer *server, const char *user_id, const char *device_id,
                             gboolean is_signed)
{
    const SigningKey *self = is_signed ? get_self_signing(server, user_id) : NULL;
    SigningKey key;
    char curve[BASE64_LEN];

    make_signing_key(&key);
    make_curve_key(curve);
    g_autofree char *text = g_strdup_printf(
        "{\"algorithms\":[\"m.olm.v1.curve25519-aes-sha2\",\"m.megolm.v1.aes-sha2\"],"
        "\"device_id\":\"%s\",\"keys\":{\"curve25519:%s\":\"%s\",\"ed25519:%s\":\"%s\"},"
        "\"user_id\":\"%s\"}",
        device_id, device_id, curve, device_id, key.public, user_id);
    g_autofree char *own = sign(&key, device_id, text);
    g_autofree char *owner = self != NULL ? sign(self, self->public, text) : NULL;
    g_autofree char *signatures =
        owner != NULL ? g_strconcat(own, ",", owner, NULL) : g_strdup(own);
    g_autoptr(JsonObject) object = with_signatures(text, user_id, signatures);
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    g_autofree char *keys = json_to_string(node, FALSE);

    fake_server_set_device(server, user_id, device_id, keys);
    add_one_time_key(server, user_id, device_id, &key);
}

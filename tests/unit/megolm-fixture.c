/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "megolm-fixture.h"

#include <string.h>

#include "mx-json.h"
#include "mx-key-request.h"
#include "mx-primitives.h"

#define DEVICES 4

gboolean megolm_fixture_is_pending;
MxIdentity *megolm_fixture_identity, *megolm_fixture_own_identity;
guint megolm_fixture_wanted;
static struct {
    MegolmPeer *peer;
    MxDeviceTrust trust;
} known[DEVICES];

void megolm_fixture_reset(void)
{
    memset(known, 0, sizeof known);
    megolm_fixture_is_pending = FALSE;
    megolm_fixture_identity = NULL;
    megolm_fixture_own_identity = NULL;
    megolm_fixture_wanted = 0;
}

void megolm_fixture_know(MegolmPeer *peer, MxDeviceTrust trust)
{
    guint i = 0;
    while (i < DEVICES && known[i].peer != NULL && known[i].peer != peer)
        i++;
    g_assert_cmpuint(i, <, DEVICES);
    known[i].peer = peer;
    known[i].trust = trust;
}

MxDevice *__wrap_mx_device_list_find_by_key(MxCrypto *crypto, const char *user_id,
                                            const char *curve25519);
MxDevice *__wrap_mx_device_list_find_by_keys(MxCrypto *crypto, const char *user_id,
                                             const char *curve25519, const char *ed25519);
gboolean __wrap_mx_device_list_is_pending(MxCrypto *crypto, const char *user_id);
void __wrap_mx_device_free(MxDevice *device);
MxIdentity *__wrap_mx_identity_get(MxCrypto *crypto, const char *user_id);
void __wrap_mx_identity_free(MxIdentity *identity);
void __wrap_mx_key_request_want(MxCrypto *crypto, const char *room_id, const char *session_id,
                                const char *sender_curve25519);

MxDevice *__wrap_mx_device_list_find_by_key(MxCrypto *crypto, const char *user_id,
                                            const char *curve25519)
{
    for (guint i = 0; i < DEVICES && known[i].peer != NULL; i++) {
        if (!g_str_equal(known[i].peer->user_id, user_id) ||
            !g_str_equal(known[i].peer->curve25519, curve25519))
            continue;
        MxDevice *device = g_new0(MxDevice, 1);
        device->curve25519 = g_strdup(curve25519);
        device->ed25519 = g_strdup(known[i].peer->ed25519);
        device->trust = known[i].trust;
        return device;
    }
    return NULL;
}

MxDevice *__wrap_mx_device_list_find_by_keys(MxCrypto *crypto, const char *user_id,
                                             const char *curve25519, const char *ed25519)
{
    MxDevice *device = __wrap_mx_device_list_find_by_key(crypto, user_id, curve25519);
    if (device == NULL || g_str_equal(device->ed25519, ed25519))
        return device;
    __wrap_mx_device_free(device);
    return NULL;
}

gboolean __wrap_mx_device_list_is_pending(MxCrypto *crypto, const char *user_id)
{
    return megolm_fixture_is_pending;
}

void __wrap_mx_device_free(MxDevice *device)
{
    if (device == NULL)
        return;
    g_free(device->curve25519);
    g_free(device->ed25519);
    g_free(device);
}

MxIdentity *__wrap_mx_identity_get(MxCrypto *crypto, const char *user_id)
{
    return megolm_fixture_own_identity != NULL && g_str_equal(user_id, "@me:x")
               ? megolm_fixture_own_identity
               : megolm_fixture_identity;
}

void __wrap_mx_identity_free(MxIdentity *identity)
{
}

void __wrap_mx_key_request_want(MxCrypto *crypto, const char *room_id, const char *session_id,
                                const char *sender_curve25519)
{
    megolm_fixture_wanted++;
}

MxCrypto *megolm_fixture_open(MxStore *store)
{
    g_autoptr(GError) error = NULL;
    g_setenv("MX_NO_KEYRING", "1", TRUE);
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_USER_ID, "@me:x");
    g_assert_true(mx_store_commit(store, &error));
    MxCrypto *crypto = mx_crypto_open(store, "@me:x", "DEVICE", &error);
    g_assert_no_error(error);
    g_assert_nonnull(crypto);
    return crypto;
}

static char *random_key(void)
{
    guint8 bytes[MX_KEY_LEN];
    g_assert_true(mx_random(bytes, sizeof bytes, NULL));
    return mx_base64_encode(bytes, sizeof bytes);
}

MegolmPeer *megolm_peer_new(const char *user_id)
{
    MegolmPeer *peer = g_new0(MegolmPeer, 1);
    g_assert_true(mx_primitives_init(NULL));
    peer->user_id = user_id;
    peer->curve25519 = random_key();
    peer->ed25519 = random_key();
    peer->session = mx_megolm_outbound_new(NULL);
    peer->session_id = mx_megolm_outbound_get_id(peer->session);
    return peer;
}

void megolm_peer_free(MegolmPeer *peer)
{
    g_free(peer->curve25519);
    g_free(peer->ed25519);
    g_free(peer->session_id);
    mx_megolm_outbound_free(peer->session);
    g_free(peer);
}

gboolean megolm_peer_give(MegolmPeer *peer, MxCrypto *crypto, const char *room_id,
                          MxKeySource source)
{
    g_autofree char *shared = mx_megolm_outbound_get_session_key(peer->session);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_new(shared, NULL);
    g_autofree char *exported =
        mx_megolm_inbound_export(inbound, mx_megolm_inbound_get_first_index(inbound), NULL);
    gboolean is_direct = source <= MX_KEY_SOURCE_DIRECT;
    MxRoomKey key = {
        .room_id = room_id,
        .session_id = peer->session_id,
        .session_key = is_direct ? shared : exported,
        .sender = is_direct ? peer->user_id : NULL,
        .curve25519 = peer->curve25519,
        .ed25519 = peer->ed25519,
        .source = source,
    };
    return mx_inbound_add(crypto, &key);
}

char *megolm_peer_encrypt(MegolmPeer *peer, const char *payload)
{
    g_autofree char *body =
        mx_megolm_outbound_encrypt(peer->session, payload, strlen(payload), NULL);
    return g_strdup_printf("{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"session_id\":\"%s\","
                           "\"ciphertext\":\"%s\",\"sender_key\":\"%s\",\"device_id\":\"D\"}",
                           peer->session_id, body, peer->curve25519);
}

char *megolm_peer_say(MegolmPeer *peer, const char *room_id, const char *body)
{
    g_autofree char *payload =
        g_strdup_printf("{\"type\":\"m.room.message\",\"room_id\":\"%s\","
                        "\"content\":{\"msgtype\":\"m.text\",\"body\":\"%s\"}}",
                        room_id, body);
    return megolm_peer_encrypt(peer, payload);
}

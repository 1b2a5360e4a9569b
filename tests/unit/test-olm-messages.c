/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-json.h"
#include "olm-fixture.h"

/* ---- what a message claims to be ---- */

/* Takes payload. The ratchet may move; nothing else may change. */
static void assert_payload(OlmFixture *fixture, JsonObject *payload, MxOlmResult expected)
{
    g_autofree char *text = mx_json_object_to_text(payload);
    json_object_unref(payload);
    g_autofree char *before = crypto_machine_digest(fixture->bob, "sealed olm_seen stranger");
    JsonObject *content = olm_fixture_encrypt_raw(fixture->alice, fixture->bob, text);
    g_assert_cmpint(olm_fixture_decrypt(fixture->bob, ALICE, content, NULL), ==, expected);
    g_autofree char *after = crypto_machine_digest(fixture->bob, "sealed olm_seen stranger");
    g_assert_cmpstr(before, ==, after);
}

static void assert_changed(OlmFixture *fixture, const char *member, const char *inner,
                           const char *value)
{
    JsonObject *payload = olm_fixture_make_payload(fixture->alice, fixture->bob);
    JsonObject *object = inner != NULL ? mx_json_object(payload, member) : payload;
    const char *name = inner != NULL ? inner : member;
    if (value != NULL)
        json_object_set_string_member(object, name, value);
    else
        json_object_remove_member(object, name);
    assert_payload(fixture, payload, MX_OLM_REFUSED);
}

static void test_recipient(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    olm_fixture_establish(fixture->alice, fixture->bob);
    assert_payload(fixture, olm_fixture_make_payload(fixture->alice, fixture->bob),
                   MX_OLM_DECRYPTED);
    assert_changed(fixture, "recipient", NULL, "@carol:c");
    assert_changed(fixture, "recipient", NULL, NULL);
    assert_changed(fixture, "recipient_keys", "ed25519", fixture->alice->crypto->ed25519);
    assert_changed(fixture, "recipient_keys", NULL, NULL);
    assert_changed(fixture, "sender", NULL, "@carol:c");
    assert_changed(fixture, "sender", NULL, NULL);
    assert_changed(fixture, "keys", "ed25519", fixture->bob->crypto->ed25519);
    assert_changed(fixture, "keys", "ed25519", "short");
    assert_changed(fixture, "keys", NULL, NULL);
    assert_changed(fixture, "type", NULL, NULL);
    assert_changed(fixture, "content", NULL, NULL);
    assert_changed(fixture, "content", NULL, "text");
    /* The ratchet went on, and is good for the next one. */
    olm_fixture_pass(fixture->alice, fixture->bob, 1);
}

static void assert_device_keys(OlmFixture *fixture, JsonObject *keys, MxOlmResult expected)
{
    JsonObject *payload = olm_fixture_make_payload(fixture->alice, fixture->bob);
    json_object_set_object_member(payload, "sender_device_keys", keys);
    assert_payload(fixture, payload, expected);
}

static void test_device_keys(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice;
    olm_fixture_establish(alice, fixture->bob);
    g_autofree char *good = olm_fixture_get_device_keys(alice),
                    *others = olm_fixture_get_device_keys(fixture->bob);
    assert_device_keys(fixture, crypto_json("%s", good), MX_OLM_DECRYPTED);
    /* XK2: somebody else's, or with somebody else's name */
    assert_device_keys(fixture, crypto_json("%s", others), MX_OLM_REFUSED);
    JsonObject *keys = crypto_json("%s", good);
    json_object_set_string_member(keys, "user_id", "@carol:c");
    json_object_remove_member(keys, "signatures");
    crypto_machine_sign(alice, keys);
    assert_device_keys(fixture, keys, MX_OLM_REFUSED);
    /* XK3: not signed, changed after it was signed, another curve key */
    keys = crypto_json("%s", good);
    json_object_remove_member(keys, "signatures");
    assert_device_keys(fixture, keys, MX_OLM_REFUSED);
    keys = crypto_json("%s", good);
    json_object_set_string_member(keys, "more", "x");
    assert_device_keys(fixture, keys, MX_OLM_REFUSED);
    keys = crypto_json("%s", good);
    json_object_set_string_member(mx_json_object(keys, "keys"), "curve25519:ALICEDEV",
                                  fixture->bob->crypto->curve25519);
    json_object_remove_member(keys, "signatures");
    crypto_machine_sign(alice, keys);
    assert_device_keys(fixture, keys, MX_OLM_REFUSED);
    olm_fixture_pass(alice, fixture->bob, 1);
}

/* XK4: keys.ed25519 is another device's, with and without device keys that would prove it. */
static void test_fake_identity(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    olm_fixture_establish(fixture->alice, fixture->bob);
    assert_changed(fixture, "keys", "ed25519", carol->crypto->ed25519);
    g_autofree char *good = olm_fixture_get_device_keys(fixture->alice);
    JsonObject *payload = olm_fixture_make_payload(fixture->alice, fixture->bob);
    json_object_set_string_member(mx_json_object(payload, "keys"), "ed25519",
                                  carol->crypto->ed25519);
    json_object_set_object_member(payload, "sender_device_keys", crypto_json("%s", good));
    assert_payload(fixture, payload, MX_OLM_REFUSED);
}

/* XK5: Eve publishes Alice's identity key as hers, and sends what Alice has sent. */
static void test_forwarded(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    olm_fixture_establish(alice, bob);
    g_autoptr(JsonObject) content = olm_fixture_encrypt(alice, bob, "for bob");
    g_autofree char *before = crypto_machine_digest(bob, "sealed olm_seen stranger");
    g_assert_cmpint(olm_fixture_decrypt(bob, "@eve:e", json_object_ref(content), NULL), ==,
                    MX_OLM_REFUSED);
    g_autofree char *after = crypto_machine_digest(bob, "sealed olm_seen stranger");
    g_assert_cmpstr(before, ==, after);
    /* And the copy of the key takes nothing from Alice. */
    CryptoMachine *eve = crypto_world_add(fixture->world, "@eve:e", "EVEDEV");
    g_free(eve->crypto->curve25519);
    eve->crypto->curve25519 = g_strdup(alice->crypto->curve25519);
    crypto_machine_meet(bob, eve, MX_DEVICE_SIGNED);
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "sender", ALICE);
    json_object_set_object_member(event, "content", olm_fixture_encrypt(alice, bob, "hers"));
    g_auto(MxOlmMessage) message = {0};
    crypto_machine_begin(bob);
    g_assert_cmpint(mx_olm_decrypt(bob->crypto, event, &message), ==, MX_OLM_DECRYPTED);
    crypto_machine_commit(bob);
    g_assert_cmpstr(message.sender, ==, ALICE);
    g_assert_nonnull(message.device);
    g_assert_cmpstr(message.device->user_id, ==, ALICE);
}

/* F6: a device that is not known yet; with the same keys it is recognised when it is. */
static void test_unknown_device(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    crypto_machine_publish(carol, 1, FALSE);
    crypto_machine_meet(carol, bob, MX_DEVICE_SIGNED);
    olm_fixture_establish(carol, bob);
    for (guint known = 0; known < 2; known++) {
        g_autoptr(JsonObject) event = json_object_new();
        json_object_set_string_member(event, "sender", "@carol:c");
        json_object_set_object_member(event, "content", olm_fixture_encrypt(carol, bob, "x"));
        g_auto(MxOlmMessage) message = {0};
        crypto_machine_begin(bob);
        g_assert_cmpint(mx_olm_decrypt(bob->crypto, event, &message), ==, MX_OLM_DECRYPTED);
        crypto_machine_commit(bob);
        g_assert_cmpstr(message.curve25519, ==, carol->crypto->curve25519);
        g_assert_cmpstr(message.ed25519, ==, carol->crypto->ed25519);
        g_assert_true((message.device != NULL) == (known == 1));
        crypto_machine_meet(bob, carol, MX_DEVICE_UNSIGNED);
    }
}

/* XK4 of a device that nobody knows yet: what it shows of itself has to agree. */
static void test_unknown_fake(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *bob = fixture->bob;
    CryptoMachine *carol = crypto_world_add(fixture->world, "@carol:c", "CAROLDEV");
    crypto_machine_publish(carol, 1, FALSE);
    crypto_machine_meet(carol, bob, MX_DEVICE_SIGNED);
    olm_fixture_establish(carol, bob);
    g_autofree char *keys = olm_fixture_get_device_keys(carol);
    g_autoptr(JsonObject) payload = olm_fixture_make_payload(carol, bob);
    json_object_set_object_member(payload, "sender_device_keys", crypto_json("%s", keys));
    g_autofree char *good = mx_json_object_to_text(payload);
    json_object_set_string_member(mx_json_object(payload, "keys"), "ed25519",
                                  fixture->alice->crypto->ed25519);
    g_autofree char *bad = mx_json_object_to_text(payload);
    g_assert_cmpint(
        olm_fixture_decrypt(bob, "@carol:c", olm_fixture_encrypt_raw(carol, bob, bad), NULL), ==,
        MX_OLM_REFUSED);
    g_assert_cmpint(
        olm_fixture_decrypt(bob, "@carol:c", olm_fixture_encrypt_raw(carol, bob, good), NULL), ==,
        MX_OLM_DECRYPTED);
}

/* ---- the envelope ---- */

/* F3, A9, XK7: nothing is touched by what is no message for us. */
static void test_envelope(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *alice = fixture->alice, *bob = fixture->bob;
    const char *own = bob->crypto->curve25519, *from = alice->crypto->curve25519;
    g_autofree char *huge = g_strnfill(70000, 'A');
    char *cases[] = {
        g_strdup("{}"),
        g_strdup("{\"algorithm\": 3, \"ciphertext\": [], \"sender_key\": {}}"),
        g_strdup_printf("{\"algorithm\": \"m.megolm.v1.aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 0, \"body\": \"AAAA\"}}}",
                        from, own),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 2, \"body\": \"AAAA\"}}}",
                        from, own),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 0, \"body\": \"AAAA\"}}}",
                        from, from),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": "
                        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 0, \"body\": \"AAAA\"}}}",
                        own),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 0, \"body\": \"AAAA\"}}}",
                        own, own),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 0, \"body\": \"%s\"}}}",
                        from, own, huge),
        g_strdup_printf("{\"algorithm\": \"m.olm.v1.curve25519-aes-sha2\", \"sender_key\": \"%s\", "
                        "\"ciphertext\": {\"%s\": {\"type\": 1, \"body\": \"!!\"}}}",
                        from, own),
    };
    g_autofree char *before = crypto_machine_digest(bob, "");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(olm_fixture_decrypt(bob, ALICE, crypto_json("%s", cases[i]), NULL), ==,
                        MX_OLM_FAILED);
    g_autofree char *after = crypto_machine_digest(bob, "");
    g_assert_cmpstr(before, ==, after);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_free(cases[i]);
}

#define ADD(path, func)                                                                            \
    g_test_add("/olm-messages/" path, OlmFixture, NULL, olm_fixture_setup, func,                   \
               olm_fixture_teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("XK1-mismatch", test_recipient);
    ADD("XK2-XK3-device-keys", test_device_keys);
    ADD("XK4-fake-identity", test_fake_identity);
    ADD("XK4-unknown-device", test_unknown_fake);
    ADD("XK5-forwarded", test_forwarded);
    ADD("F6-unknown-device", test_unknown_device);
    ADD("F3-envelope", test_envelope);
    return g_test_run();
}

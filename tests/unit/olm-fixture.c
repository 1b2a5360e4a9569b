/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "olm-fixture.h"

#include <string.h>

#include "mx-json.h"

void olm_fixture_setup(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world = crypto_world_new();
    fixture->alice = crypto_world_add(fixture->world, ALICE, "ALICEDEV");
    fixture->bob = crypto_world_add(fixture->world, BOB, "BOBDEV");
    crypto_machine_publish(fixture->alice, 5, FALSE);
    crypto_machine_publish(fixture->bob, 5, FALSE);
    crypto_machine_meet(fixture->alice, fixture->bob, MX_DEVICE_SIGNED);
    crypto_machine_meet(fixture->bob, fixture->alice, MX_DEVICE_SIGNED);
}

void olm_fixture_teardown(OlmFixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_free(fixture->world);
}

MxOlmState olm_fixture_prepare(CryptoMachine *from, CryptoMachine *to)
{
    g_autoptr(MxDevice) device = crypto_machine_find(from, to);
    crypto_machine_begin(from);
    MxOlmState state = mx_olm_prepare(from->crypto, device);
    crypto_machine_commit(from);
    return state;
}

void olm_fixture_establish(CryptoMachine *from, CryptoMachine *to)
{
    g_assert_cmpint(olm_fixture_prepare(from, to), ==, MX_OLM_CLAIMING);
    g_assert_cmpuint(crypto_machine_run(from), ==, 1);
    g_assert_cmpint(olm_fixture_prepare(from, to), ==, MX_OLM_READY);
}

/* The m.room.encrypted content of a message; committed. */
JsonObject *olm_fixture_encrypt(CryptoMachine *from, CryptoMachine *to, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxDevice) device = crypto_machine_find(from, to);
    g_autoptr(JsonObject) content = crypto_json("{\"text\": \"%s\"}", text);
    crypto_machine_begin(from);
    JsonObject *encrypted = mx_olm_encrypt(from->crypto, device, "test", content, &error);
    g_assert_no_error(error);
    crypto_machine_commit(from);
    return encrypted;
}

/* Takes content. The text of the message, when it is read. */
MxOlmResult olm_fixture_decrypt(CryptoMachine *to, const char *sender, JsonObject *content,
                                char **text)
{
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "type", "m.room.encrypted");
    json_object_set_string_member(event, "sender", sender);
    json_object_set_object_member(event, "content", content);
    g_auto(MxOlmMessage) message = {0};
    crypto_machine_begin(to);
    MxOlmResult result = mx_olm_decrypt(to->crypto, event, &message);
    crypto_machine_commit(to);
    if (text != NULL)
        *text = g_strdup(mx_json_string(message.content, "text"));
    g_assert_true((result == MX_OLM_DECRYPTED) == (message.content != NULL));
    return result;
}

void olm_fixture_assert_reads(CryptoMachine *to, CryptoMachine *from, JsonObject *content,
                              const char *expected)
{
    g_autofree char *text = NULL;
    g_assert_cmpint(olm_fixture_decrypt(to, from->user_id, content, &text), ==, MX_OLM_DECRYPTED);
    g_assert_cmpstr(text, ==, expected);
}

void olm_fixture_pass(CryptoMachine *from, CryptoMachine *to, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *text = g_strdup_printf("%s %u", from->device_id, i);
        olm_fixture_assert_reads(to, from, olm_fixture_encrypt(from, to, text), text);
    }
}

GPtrArray *olm_fixture_load_sessions(CryptoMachine *machine, CryptoMachine *other)
{
    return mx_olm_sessions_load(machine->crypto, other->crypto->curve25519, other->user_id);
}

guint olm_fixture_count_sessions(CryptoMachine *machine, CryptoMachine *other)
{
    g_autoptr(GPtrArray) sessions = olm_fixture_load_sessions(machine, other);
    return sessions->len;
}

const char *olm_fixture_get_body(JsonObject *content, CryptoMachine *to)
{
    return mx_json_string(
        mx_json_object(mx_json_object(content, "ciphertext"), to->crypto->curve25519), "body");
}

gint64 olm_fixture_get_type(JsonObject *content, CryptoMachine *to)
{
    return mx_json_int_or(
        mx_json_object(mx_json_object(content, "ciphertext"), to->crypto->curve25519), "type", -1);
}

/* What a device says that makes its payload as it likes. */
JsonObject *olm_fixture_encrypt_raw(CryptoMachine *from, CryptoMachine *to, const char *payload)
{
    g_autoptr(GPtrArray) sessions = olm_fixture_load_sessions(from, to);
    g_assert_cmpuint(sessions->len, >, 0);
    MxOlmEntry *entry = g_ptr_array_index(sessions, 0);
    guint type = 9;
    g_autofree char *body = NULL;
    g_assert_true(
        mx_olm_session_encrypt(entry->session, payload, strlen(payload), &type, &body, NULL));
    crypto_machine_begin(from);
    mx_olm_sessions_save(from->crypto, entry);
    crypto_machine_commit(from);
    return crypto_json("{\"algorithm\": \"" MX_ALGORITHM_OLM "\", \"sender_key\": \"%s\", "
                       "\"ciphertext\": {\"%s\": {\"type\": %u, \"body\": \"%s\"}}}",
                       from->crypto->curve25519, to->crypto->curve25519, type, body);
}

JsonObject *olm_fixture_make_payload(CryptoMachine *from, CryptoMachine *to)
{
    return crypto_json("{\"type\": \"test\", \"content\": {\"text\": \"x\"}, \"sender\": \"%s\", "
                       "\"recipient\": \"%s\", \"recipient_keys\": {\"ed25519\": \"%s\"}, "
                       "\"keys\": {\"ed25519\": \"%s\"}}",
                       from->user_id, to->user_id, to->crypto->ed25519, from->crypto->ed25519);
}

char *olm_fixture_get_device_keys(CryptoMachine *machine)
{
    g_autofree char *name = g_strconcat(machine->user_id, " ", machine->device_id, NULL);
    return g_strdup(g_hash_table_lookup(machine->world->device_keys, name));
}

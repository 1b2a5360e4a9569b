/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-primitives.h"
#include "mx-store-devices.h"
#include "mx-store-strangers.h"
#include "olm-fixture.h"
#include "store-fixture.h"

/* What anybody can send to anybody takes no more than so much room (crypto E1, I3). */

#define IN "!in:x"
#define MALLORY "@mallory:evil"
#define N_KEYS 10000
#define MAX_STRANGERS 1000
#define MAX_OF_USER 100
#define MAX_OF_ALL 2000

static guint count_sealed(CryptoMachine *machine, const char *kind)
{
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(machine->store, kind, "");
    return keys->len;
}

/* ---- Olm sessions ---- */

static void get_fallback(CryptoMachine *machine, guint8 key[MX_KEY_LEN])
{
    g_autofree char *name = g_strconcat(machine->user_id, " ", machine->device_id, NULL);
    g_autoptr(JsonObject) keys =
        crypto_json("%s", (const char *)g_hash_table_lookup(machine->world->fallback, name));
    GList *members = json_object_get_members(keys);
    const char *text = mx_json_string(mx_json_object(keys, members->data), "key");
    g_assert_true(mx_base64_decode_fixed(text, key, MX_KEY_LEN));
    g_list_free(members);
}

/* The first message of a device that nobody has heard of. Within a transaction. */
static void knock(CryptoMachine *to, guint n)
{
    guint8 identity[MX_KEY_LEN], fallback[MX_KEY_LEN], own[MX_KEY_LEN], fingerprint[MX_KEY_LEN];
    guint type = 9;
    g_autofree char *body = NULL, *key = NULL;
    MxOlmAccount *account = mx_olm_account_new(NULL);
    get_fallback(to, fallback);
    g_assert_true(mx_base64_decode_fixed(to->crypto->curve25519, identity, sizeof identity));
    MxOlmSession *session = mx_olm_account_create_outbound(account, identity, fallback, NULL);
    g_assert_true(mx_olm_session_encrypt(session, "{}", 2, &type, &body, NULL));
    mx_olm_account_get_keys(account, own, fingerprint);
    key = mx_base64_encode(own, sizeof own);
    g_autoptr(JsonObject) event = crypto_json(
        "{\"type\": \"m.room.encrypted\", \"sender\": \"@m%u:evil\", \"content\": {\"algorithm\": "
        "\"" MX_ALGORITHM_OLM "\", \"sender_key\": \"%s\", \"ciphertext\": {\"%s\": {\"type\": %u, "
        "\"body\": \"%s\"}}}}",
        n, key, to->crypto->curve25519, type, body);
    g_auto(MxOlmMessage) message = {0};
    g_assert_cmpint(mx_olm_decrypt(to->crypto, event, &message), ==, MX_OLM_REFUSED);
    mx_olm_session_free(session);
    mx_olm_account_free(account);
}

static void flood(CryptoMachine *to, guint n)
{
    crypto_machine_begin(to);
    for (guint i = 0; i < n; i++)
        knock(to, i);
    crypto_machine_commit(to);
}

static void test_olm_flood(OlmFixture *fixture, gconstpointer data)
{
    CryptoMachine *alice = fixture->alice;
    CryptoMachine *bob = crypto_world_add(fixture->world, "@bob2:b", "OTHER");
    crypto_machine_publish(bob, 5, TRUE);
    crypto_machine_meet(alice, bob, MX_DEVICE_SIGNED);
    crypto_machine_meet(bob, alice, MX_DEVICE_SIGNED);
    olm_fixture_establish(alice, bob);
    olm_fixture_pass(alice, bob, 2);
    flood(bob, MAX_STRANGERS + 150);
    g_assert_cmpuint(count_sealed(bob, "olm"), <=, MAX_STRANGERS + 1);
    g_assert_cmpuint(count_sealed(bob, "olm"), >, MAX_STRANGERS / 2);
    /* Who is known keeps the sessions. */
    olm_fixture_pass(alice, bob, 2);
    olm_fixture_pass(bob, alice, 2);
    crypto_machine_restart(bob);
    olm_fixture_pass(alice, bob, 2);
    /* As does a device that is gone, for a while only. */
    crypto_machine_begin(bob);
    mx_store_remove_device(bob->store, ALICE, "ALICEDEV");
    mx_olm_note_device_gone(bob->crypto, ALICE, "ALICEDEV");
    crypto_machine_commit(bob);
    g_assert_cmpuint(olm_fixture_count_sessions(bob, alice), ==, 1);
    flood(bob, MAX_STRANGERS + 150);
    g_assert_cmpuint(olm_fixture_count_sessions(bob, alice), ==, 0);
    g_assert_cmpuint(count_sealed(bob, "olm"), <=, MAX_STRANGERS);
}

/* ---- room keys ---- */

/* Within a transaction. The session's ID, which the caller frees. */
static char *give_key(CryptoMachine *to, const char *room_id, const char *sender,
                      MxKeySource source)
{
    MxMegolmOutbound *outbound = mx_megolm_outbound_new(NULL);
    char *session_id = mx_megolm_outbound_get_id(outbound);
    g_autofree char *session_key = mx_megolm_outbound_get_session_key(outbound);
    g_autofree char *exported = NULL;
    if (source > MX_KEY_SOURCE_DIRECT) {
        g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_new(session_key, NULL);
        exported = mx_megolm_inbound_export(inbound, 0, NULL);
    }
    MxRoomKey key = {
        .room_id = room_id,
        .session_id = session_id,
        .session_key = exported != NULL ? exported : session_key,
        .sender = source > MX_KEY_SOURCE_DIRECT ? NULL : sender,
        .curve25519 = to->crypto->curve25519,
        .ed25519 = to->crypto->ed25519,
        .source = source,
    };
    g_assert_true(mx_inbound_add(to->crypto, &key));
    mx_megolm_outbound_free(outbound);
    return session_id;
}

static void give_many(CryptoMachine *to, const char *room_id, const char *sender, guint n)
{
    for (guint i = 0; i < n; i++)
        g_free(give_key(to, room_id, sender, MX_KEY_SOURCE_DIRECT));
}

static MxRoomRow *add_room(CryptoMachine *machine, const char *room_id, MxMembership membership,
                           gboolean encrypted)
{
    MxRoomRow *room = store_fixture_add_room(machine->store, room_id);
    room->membership = membership;
    room->encrypted = encrypted;
    room->members_complete = TRUE;
    mx_store_save_room(machine->store, room);
    return room;
}

static gboolean has(CryptoMachine *machine, const char *room_id, const char *session_id)
{
    return mx_inbound_get_first_index(machine->crypto, room_id, session_id) == 0;
}

static void test_key_flood(OlmFixture *fixture, gconstpointer data)
{
    CryptoMachine *bob = fixture->bob;
    crypto_machine_begin(bob);
    g_autoptr(MxRoomRow) in = add_room(bob, IN, MX_MEMBERSHIP_JOIN, TRUE);
    mx_store_set_member(bob->store, in->key, ALICE, MX_MEMBERSHIP_LEAVE, NULL, NULL);
    g_autofree char *first = give_key(bob, IN, ALICE, MX_KEY_SOURCE_DIRECT);
    give_many(bob, IN, ALICE, 3 * MAX_OF_USER); /* who belongs there, or did */
    g_autofree char *imported = give_key(bob, "!old:x", MALLORY, MX_KEY_SOURCE_IMPORT);
    guint before = count_sealed(bob, "kept-inbound");
    g_assert_cmpuint(before, ==, 3 * MAX_OF_USER + 2);
    /* A stranger: for a room of his own, for one that he knows by name, for one in the clear. */
    mx_room_row_free(add_room(bob, "!plain:x", MX_MEMBERSHIP_JOIN, FALSE));
    give_many(bob, "!his:evil", MALLORY, N_KEYS / 2);
    give_many(bob, IN, MALLORY, N_KEYS / 4);
    give_many(bob, "!plain:x", MALLORY, N_KEYS / 4);
    g_assert_cmpuint(count_sealed(bob, "kept-inbound"), <=, before + MAX_OF_USER);
    /* Many of them */
    for (guint i = 0; i < 50; i++) {
        g_autofree char *user_id = g_strdup_printf("@m%u:evil", i);
        give_many(bob, "!his:evil", user_id, MAX_OF_USER);
    }
    g_assert_cmpuint(count_sealed(bob, "kept-inbound"), <=, before + MAX_OF_ALL);
    crypto_machine_commit(bob);
    crypto_machine_restart(bob);
    g_assert_true(has(bob, IN, first));
    g_assert_true(has(bob, "!old:x", imported));
}

/* What came before its room did is kept when it turns out to be good for something. */
static void test_late_room(OlmFixture *fixture, gconstpointer data)
{
    static const char *const soon[] = {"!soon:x", "!unlisted:x"};
    CryptoMachine *bob = fixture->bob;
    g_autofree char *read = NULL;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    crypto_machine_begin(bob);
    for (guint i = 0; i < 2; i++)
        g_ptr_array_add(keys, give_key(bob, soon[i], ALICE, MX_KEY_SOURCE_DIRECT));
    read = give_key(bob, "!left:x", ALICE, MX_KEY_SOURCE_DIRECT);
    g_assert_true(mx_store_claim_index(bob->store, "!left:x", read, 0, "$1", 1));
    g_autofree char *useless = give_key(bob, "!left:x", ALICE, MX_KEY_SOURCE_DIRECT);
    g_autoptr(MxRoomRow) room = add_room(bob, soon[0], MX_MEMBERSHIP_JOIN, TRUE);
    mx_store_set_member(bob->store, room->key, ALICE, MX_MEMBERSHIP_JOIN, NULL, NULL);
    g_autoptr(MxRoomRow) unlisted = add_room(bob, soon[1], MX_MEMBERSHIP_JOIN, TRUE);
    unlisted->members_complete = FALSE; /* whoever is in it */
    mx_store_save_room(bob->store, unlisted);
    give_many(bob, "!his:evil", ALICE, 3 * MAX_OF_USER);
    for (guint i = 0; i < 2; i++)
        g_assert_true(has(bob, soon[i], g_ptr_array_index(keys, i)));
    g_assert_true(has(bob, "!left:x", read));
    g_assert_false(has(bob, "!left:x", useless));
    crypto_machine_commit(bob);
}

/* Nor is a room without end whose members are not all known. */
static void test_unlisted(OlmFixture *fixture, gconstpointer data)
{
    CryptoMachine *bob = fixture->bob;
    crypto_machine_begin(bob);
    g_autoptr(MxRoomRow) room = add_room(bob, IN, MX_MEMBERSHIP_JOIN, TRUE);
    room->members_complete = FALSE;
    mx_store_save_room(bob->store, room);
    give_many(bob, IN, MALLORY, 400);
    g_assert_cmpuint(count_sealed(bob, "kept-inbound"), ==, 400);
    give_many(bob, IN, MALLORY, 800);
    g_assert_cmpuint(count_sealed(bob, "kept-inbound"), <=, 510);
    crypto_machine_commit(bob);
}

/* An invitation is worth more than none, but not all there is. */
static void test_invited(OlmFixture *fixture, gconstpointer data)
{
    CryptoMachine *bob = fixture->bob;
    crypto_machine_begin(bob);
    mx_room_row_free(add_room(bob, "!inviting:x", MX_MEMBERSHIP_INVITE, TRUE));
    g_autofree char *key = give_key(bob, "!inviting:x", ALICE, MX_KEY_SOURCE_DIRECT);
    for (guint i = 0; i < 2 * MAX_OF_ALL / MAX_OF_USER; i++) {
        g_autofree char *user_id = g_strdup_printf("@m%u:evil", i);
        give_many(bob, "!his:evil", user_id, MAX_OF_USER);
    }
    g_assert_true(has(bob, "!inviting:x", key));
    give_many(bob, "!inviting:x", MALLORY, N_KEYS / 10);
    g_assert_true(has(bob, "!inviting:x", key));
    g_assert_cmpuint(count_sealed(bob, "kept-inbound"), <=, MAX_OF_ALL);
    crypto_machine_commit(bob);
}

#define ADD(path, func)                                                                            \
    g_test_add("/strangers/" path, OlmFixture, NULL, olm_fixture_setup, func, olm_fixture_teardown)

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("olm-sessions", test_olm_flood);
    ADD("room-keys", test_key_flood);
    ADD("late-room", test_late_room);
    ADD("unlisted", test_unlisted);
    ADD("invited", test_invited);
    return g_test_run();
}

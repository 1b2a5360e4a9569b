/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "megolm-fixture.h"
#include "mx-crypto-private.h"
#include "mx-primitives.h"
#include "mx-share.h"
#include "mx-store-devices.h"
#include "store-fixture.h"

/* Inbound sessions and what they read (crypto 2.I, 2.J, 2.L). */

#define ROOM "!r:x"
#define OTHER "!other:x"

typedef struct {
    char *dir;
    MxStore *store;
    MxCrypto *crypto;
    MegolmPeer *bob;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    megolm_fixture_reset();
    f->dir = store_fixture_make_dir();
    f->store = store_fixture_open(f->dir);
    f->crypto = megolm_fixture_open(f->store);
    f->bob = megolm_peer_new("@bob:x");
    megolm_fixture_know(f->bob, MX_DEVICE_SIGNED);
    mx_store_begin(f->store);
    mx_room_row_free(store_fixture_add_room(f->store, ROOM));
    mx_room_row_free(store_fixture_add_room(f->store, OTHER));
}

static void tear_down(Fixture *f, gconstpointer data)
{
    mx_store_rollback(f->store);
    megolm_peer_free(f->bob);
    mx_store_close(f->store);
    store_fixture_remove_dir(f->dir);
}

static void reopen(Fixture *f)
{
    store_fixture_commit(f->store);
    mx_store_close(f->store);
    f->store = store_fixture_open(f->dir);
    f->crypto = megolm_fixture_open(f->store);
    mx_store_begin(f->store);
}

static MxReadResult read_as(Fixture *f, const char *room_id, const char *event_id,
                            const char *sender, const char *content, MxReading *reading)
{
    mx_inbound_read(f->crypto, room_id, event_id, sender, 1000, content, reading);
    g_assert_true((reading->content != NULL) ==
                  (reading->result == MX_READ_OK || reading->result == MX_READ_UNSIGNED_DEVICE));
    return reading->result;
}

#define assert_read(f, room_id, event_id, sender, content, expected)                               \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_auto(MxReading) reading_ = {0};                                                          \
        g_assert_cmpint(read_as(f, room_id, event_id, sender, content, &reading_), ==, expected);  \
    }                                                                                              \
    G_STMT_END

static void test_reads(Fixture *f, gconstpointer data)
{
    g_auto(MxReading) reading = {0};
    g_assert_true(megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT));
    g_autofree char *hello = megolm_peer_say(f->bob, ROOM, "hello");
    g_assert_cmpint(read_as(f, ROOM, "$1", "@bob:x", hello, &reading), ==, MX_READ_OK);
    g_assert_cmpint(reading.shield, ==, MX_SHIELD_NONE);
    g_assert_cmpstr(reading.type, ==, "m.room.message");
    g_assert_cmpstr(reading.content, ==, "{\"msgtype\":\"m.text\",\"body\":\"hello\"}");
    g_assert_cmpstr(reading.session_id, ==, f->bob->session_id);
    /* the same event again, also after a restart (I8), from the stored session (W2) */
    assert_read(f, ROOM, "$1", "@bob:x", hello, MX_READ_OK);
    reopen(f);
    assert_read(f, ROOM, "$1", "@bob:x", hello, MX_READ_OK);
}

/* I14 */
static void test_keeps_state(Fixture *f, gconstpointer data)
{
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autofree char *key = g_strconcat(ROOM "|", f->bob->session_id, NULL);
    g_autoptr(GBytes) before = mx_store_get_sealed(f->store, "kept-inbound", key);
    g_autofree char *one = megolm_peer_say(f->bob, ROOM, "one");
    g_autofree char *two = megolm_peer_say(f->bob, ROOM, "two");
    assert_read(f, ROOM, "$2", "@bob:x", two, MX_READ_OK);
    assert_read(f, ROOM, "$1", "@bob:x", one, MX_READ_OK);
    g_autoptr(GBytes) after = mx_store_get_sealed(f->store, "kept-inbound", key);
    g_assert_true(g_bytes_equal(before, after));
    g_assert_cmpint(mx_inbound_get_first_index(f->crypto, ROOM, f->bob->session_id), ==, 0);
}

static void test_wants_key(Fixture *f, gconstpointer data)
{
    g_auto(MxReading) reading = {0};
    g_autofree char *early = megolm_peer_say(f->bob, ROOM, "early");
    g_assert_cmpint(read_as(f, ROOM, "$1", "@bob:x", early, &reading), ==, MX_READ_NO_KEY);
    g_assert_true(reading.may_change);
    g_assert_cmpuint(megolm_fixture_wanted, ==, 1);
    /* I9: the key begins later */
    g_assert_true(megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT));
    assert_read(f, ROOM, "$1", "@bob:x", early, MX_READ_INDEX_TOO_OLD);
    g_assert_cmpuint(megolm_fixture_wanted, ==, 2);
}

static void test_news(Fixture *f, gconstpointer data)
{
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autoptr(GPtrArray) news = mx_crypto_take_news(f->crypto);
    g_assert_cmpuint(news->len, ==, 1);
    MxCryptoNews *one = g_ptr_array_index(news, 0);
    g_assert_cmpint(one->kind, ==, MX_CRYPTO_NEWS_SESSION);
    g_assert_cmpstr(one->text, ==, f->bob->session_id);
    g_autoptr(MxRoomRow) room = mx_store_get_room(f->store, ROOM);
    g_assert_cmpint(one->room, ==, room->key);
    /* The same again is no news. */
    g_assert_false(megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT));
}

/* ---- keys: I2, I4, I5 ---- */

static char *seal_of(Fixture *f, const char *session_id)
{
    g_autofree char *key = g_strconcat(ROOM "|", session_id, NULL);
    g_autoptr(GBytes) sealed = mx_store_get_sealed(f->store, "kept-inbound", key);
    return sealed != NULL ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, sealed) : NULL;
}

static void test_session_id_lies(Fixture *f, gconstpointer data)
{
    g_autoptr(MegolmPeer) eve = megolm_peer_new("@eve:x");
    char *own = eve->session_id;
    eve->session_id = f->bob->session_id;
    g_assert_false(megolm_peer_give(eve, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT));
    g_assert_false(megolm_peer_give(eve, f->crypto, ROOM, MX_KEY_SOURCE_IMPORT));
    g_assert_null(seal_of(f, f->bob->session_id));
    g_autoptr(GPtrArray) rows = mx_store_list_sealed(f->store, "kept-inbound", "");
    g_assert_cmpuint(rows->len, ==, 0);
    eve->session_id = own;
}

/* Eve has Bob's session, and says it is hers. */
static void test_foreign_key(Fixture *f, gconstpointer data)
{
    g_autoptr(MegolmPeer) eve = megolm_peer_new("@eve:x");
    g_autofree char *early = mx_megolm_outbound_get_session_key(f->bob->session);
    g_autofree char *one = megolm_peer_say(f->bob, ROOM, "one");
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT); /* from 1 on */
    g_autofree char *before = seal_of(f, f->bob->session_id);
    MxRoomKey key = {.room_id = ROOM,
                     .session_id = f->bob->session_id,
                     .session_key = early,
                     .sender = "@eve:x",
                     .curve25519 = eve->curve25519,
                     .ed25519 = eve->ed25519,
                     .source = MX_KEY_SOURCE_DIRECT};
    g_assert_false(mx_inbound_add(f->crypto, &key));
    g_autofree char *after = seal_of(f, f->bob->session_id);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(mx_inbound_get_first_index(f->crypto, ROOM, f->bob->session_id), ==, 1);
    assert_read(f, ROOM, "$1", "@bob:x", one, MX_READ_INDEX_TOO_OLD);
}

/* I4: trust and index are merged apart. */
/* XB3, XM4: with the ID of Bob's session, but not his ratchet. It reads nothing, and goes when
 * Bob's own key comes; afterwards it is refused. */
static void test_forged_backup(Fixture *f, gconstpointer data)
{
    g_autofree char *shared = mx_megolm_outbound_get_session_key(f->bob->session);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_new(shared, NULL);
    g_autofree char *exported = mx_megolm_inbound_export(inbound, 0, NULL);
    g_autoptr(GBytes) raw = mx_base64_decode(exported, -1);
    g_autofree guint8 *bytes = g_memdup2(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
    bytes[5] ^= 1; /* the ratchet's first byte, after version and index */
    g_autofree char *forged = mx_base64_encode(bytes, g_bytes_get_size(raw));
    MxRoomKey key = {.room_id = ROOM,
                     .session_id = f->bob->session_id,
                     .session_key = forged,
                     .curve25519 = f->bob->curve25519,
                     .ed25519 = f->bob->ed25519,
                     .source = MX_KEY_SOURCE_BACKUP};
    g_assert_true(mx_inbound_add(f->crypto, &key));
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "true");
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_DAMAGED);
    key.session_key = exported; /* of no better source */
    g_assert_false(mx_inbound_add(f->crypto, &key));
    key.session_key = shared;
    key.source = MX_KEY_SOURCE_DIRECT;
    key.sender = "@bob:x";
    g_assert_true(mx_inbound_add(f->crypto, &key));
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
    key.session_key = forged;
    key.source = MX_KEY_SOURCE_BACKUP;
    g_assert_false(mx_inbound_add(f->crypto, &key));
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
}

static void test_merge(Fixture *f, gconstpointer data)
{
    g_auto(MxReading) reading = {0};
    g_autofree char *shared = mx_megolm_outbound_get_session_key(f->bob->session);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_new(shared, NULL);
    g_autofree char *exported = mx_megolm_inbound_export(inbound, 0, NULL);
    g_autofree char *one = megolm_peer_say(f->bob, ROOM, "one");
    g_assert_true(megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_BACKUP));
    g_assert_true(megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT));
    MxRoomKey key = {.room_id = ROOM,
                     .session_id = f->bob->session_id,
                     .session_key = exported,
                     .curve25519 = f->bob->curve25519,
                     .source = MX_KEY_SOURCE_BACKUP};
    g_assert_true(mx_inbound_add(f->crypto, &key));
    g_assert_cmpint(mx_inbound_get_first_index(f->crypto, ROOM, f->bob->session_id), ==, 0);
    reopen(f);
    g_assert_cmpint(read_as(f, ROOM, "$1", "@bob:x", one, &reading), ==, MX_READ_OK);
    g_assert_cmpint(reading.shield, ==, MX_SHIELD_NONE);
    MxRoomKey got = {0};
    g_assert_true(mx_inbound_get(f->crypto, ROOM, f->bob->session_id, &got));
    g_assert_cmpint(got.source, ==, MX_KEY_SOURCE_DIRECT);
    g_assert_cmpstr(got.sender, ==, "@bob:x");
    g_assert_cmpstr(got.session_key, ==, exported);
    mx_room_key_clear(&got);
}

static void test_export(Fixture *f, gconstpointer data)
{
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autofree char *from_two = mx_inbound_export(f->crypto, ROOM, f->bob->session_id, 2);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_import(from_two, NULL);
    g_assert_cmpuint(mx_megolm_inbound_get_first_index(inbound), ==, 2);
    g_assert_null(mx_inbound_export(f->crypto, OTHER, f->bob->session_id, 0));
    g_assert_cmpint(mx_inbound_get_first_index(f->crypto, OTHER, f->bob->session_id), ==, -1);
}

/* ---- attacks on events ---- */

/* XM1, I7 */
static void test_sender(Fixture *f, gconstpointer data)
{
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "mine");
    assert_read(f, ROOM, "$1", "@eve:x", text, MX_READ_WRONG_SENDER);
    /* It has not used up what the true one needs. */
    assert_read(f, ROOM, "$2", "@bob:x", text, MX_READ_OK);
}

/* XM1, I7: the session came in a roundabout way, so Olm has named nobody; but the device that made
 * it is known. */
static void test_sender_of_backup(Fixture *f, gconstpointer data)
{
    MxDeviceRow row = {.user_id = "@bob:x",
                       .device_id = "B",
                       .curve25519 = f->bob->curve25519,
                       .ed25519 = f->bob->ed25519,
                       .object = "{}"};
    mx_store_save_device(f->store, &row);
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_BACKUP);
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "mine");
    assert_read(f, ROOM, "$1", "@eve:x", text, MX_READ_WRONG_SENDER);
    assert_read(f, ROOM, "$2", "@bob:x", text, MX_READ_OK);
}

/* XM2 */
static void test_two_rooms(Fixture *f, gconstpointer data)
{
    g_autoptr(MegolmPeer) eve = megolm_peer_new("@eve:x");
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    megolm_peer_give(f->bob, f->crypto, OTHER, MX_KEY_SOURCE_DIRECT);
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "here");
    assert_read(f, OTHER, "$1", "@bob:x", text, MX_READ_DAMAGED); /* the payload names its room */
    assert_read(f, ROOM, "$2", "@bob:x", text, MX_READ_OK);
}

/* XN7 */
static void test_replay(Fixture *f, gconstpointer data)
{
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "once");
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
    assert_read(f, ROOM, "$2", "@bob:x", text, MX_READ_REPLAY);
    reopen(f);
    assert_read(f, ROOM, "$3", "@bob:x", text, MX_READ_REPLAY);
    /* after the session was restored from elsewhere */
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_BACKUP);
    assert_read(f, ROOM, "$3", "@bob:x", text, MX_READ_REPLAY);
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
    /* an index that was not committed is free */
    g_autofree char *next = megolm_peer_say(f->bob, ROOM, "next");
    reopen(f);
    assert_read(f, ROOM, "$4", "@bob:x", next, MX_READ_OK);
    mx_store_rollback(f->store);
    mx_crypto_forget(f->crypto);
    mx_store_begin(f->store);
    assert_read(f, ROOM, "$5", "@bob:x", next, MX_READ_OK);
}

/* XM5 */
static void test_damaged(Fixture *f, gconstpointer data)
{
    static const char *const contents[] = {
        "{}",
        "[]",
        "7",
        "\"x\"",
        "{\"algorithm\":7}",
        "{\"algorithm\":\"m.megolm.v1.aes-sha2\"}",
        "{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"session_id\":\"x|y\",\"ciphertext\":\"AwgA\"}",
        "{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"session_id\":[],\"ciphertext\":{}}",
    };
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    for (guint i = 0; i < G_N_ELEMENTS(contents); i++)
        assert_read(f, ROOM, "$1", "@bob:x", contents[i], MX_READ_DAMAGED);
    static const char *const bodies[] = {
        "", "A", "AwgA", "!!!!", "AwgAEgA", "Awj/////DxIA", "Aw", "AwiAgICACBIAAAAAAAAAAAAA"};
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *content = g_strdup_printf(
            "{\"algorithm\":\"m.megolm.v1.aes-sha2\",\"session_id\":\"%s\",\"ciphertext\":\"%s\"}",
            f->bob->session_id, bodies[i]);
        assert_read(f, ROOM, "$1", "@bob:x", content, MX_READ_DAMAGED);
    }
    g_autofree char *olm = g_strdup("{\"algorithm\":\"m.olm.v1.curve25519-aes-sha2\"}");
    assert_read(f, ROOM, "$1", "@bob:x", olm, MX_READ_UNKNOWN_ALGORITHM);
    g_autofree char *fine = megolm_peer_say(f->bob, ROOM, "fine");
    char *middle = strstr(fine, "ciphertext") + 60;
    *middle = *middle == 'A' ? 'B' : 'A';
    assert_read(f, ROOM, "$1", "@bob:x", fine, MX_READ_DAMAGED);
    *middle = *middle == 'A' ? 'B' : 'A';
}

/* XM6, I6, F10, G9 */
static void test_payloads(Fixture *f, gconstpointer data)
{
    static const char *const payloads[] = {
        "{\"type\":\"m.room.encrypted\",\"room_id\":\"!r:x\",\"content\":{}}",
        "{\"type\":\"m.room.name\",\"room_id\":\"!r:x\",\"state_key\":\"\",\"content\":{}}",
        "{\"type\":\"m.room.message\",\"room_id\":\"!other:x\",\"content\":{}}",
        "{\"type\":\"m.room.message\",\"content\":{}}",
        "{\"type\":\"m.room.message\",\"room_id\":\"!r:x\",\"content\":[]}",
        "{\"type\":\"m.room.message\",\"room_id\":\"!r:x\"}",
        "{\"type\":7,\"room_id\":\"!r:x\",\"content\":{}}",
        "{\"room_id\":\"!r:x\",\"content\":{}}",
        "[]",
        "nonsense",
        "{\"type\":\"m.room.message\",\"room_id\":\"!r:x\",\"content\":{}",
        "",
    };
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    for (guint i = 0; i < G_N_ELEMENTS(payloads); i++) {
        g_autofree char *content = megolm_peer_encrypt(f->bob, payloads[i]);
        assert_read(f, ROOM, "$1", "@bob:x", content, MX_READ_DAMAGED);
    }
}

/* XR2 */
static void test_quotes(Fixture *f, gconstpointer data)
{
    const char *room_id = "!a'b\"c|d;--:x";
    g_assert_true(megolm_peer_give(f->bob, f->crypto, room_id, MX_KEY_SOURCE_DIRECT));
    g_autofree char *payload = g_strdup("{\"type\":\"m.x\",\"room_id\":\"!a'b\\\"c|d;--:x\","
                                        "\"content\":{}}");
    g_autofree char *content = megolm_peer_encrypt(f->bob, payload);
    reopen(f);
    assert_read(f, room_id, "$'1", "@bob:x", content, MX_READ_OK);
    assert_read(f, room_id, "$\"2", "@bob:x", content, MX_READ_REPLAY);
    g_autofree char *inside = g_strconcat("d;--:x|", f->bob->session_id, NULL);
    g_assert_cmpint(mx_inbound_get_first_index(f->crypto, "!a'b\"c", inside), ==, -1);
}

/* H9 */
static void test_relation(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *inside, *outside, *expected;
    } cases[] = {
        {"{\"a\":1}", "{\"b\":2}", "{\"m.relates_to\":{\"b\":2},\"a\":1}"},
        {"{}", "{\"b\":2}", "{\"m.relates_to\":{\"b\":2}}"},
        {"{\"m.relates_to\":{\"c\":3}}", "{\"b\":2}", "{\"m.relates_to\":{\"c\":3}}"},
        {"{\"a\":1}", "7", "{\"a\":1}"},
    };
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MxReading) reading = {0};
        g_autofree char *payload = g_strdup_printf(
            "{\"type\":\"m.x\",\"room_id\":\"!r:x\",\"content\":%s}", cases[i].inside);
        g_autofree char *bare = megolm_peer_encrypt(f->bob, payload);
        bare[strlen(bare) - 1] = '\0';
        g_autofree char *content =
            g_strdup_printf("%s,\"m.relates_to\":%s}", bare, cases[i].outside);
        g_autofree char *event_id = g_strdup_printf("$%u", i);
        read_as(f, ROOM, event_id, "@bob:x", content, &reading);
        g_assert_cmpstr(reading.content, ==, cases[i].expected);
    }
}

/* ---- trust: J1, J5, U1, U2 ---- */

static void test_shields(Fixture *f, gconstpointer data)
{
    MxIdentity own = {.is_verified = TRUE}, changed = {.was_verified = TRUE};
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "never");
    g_clear_pointer(&text, g_free);
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    text = megolm_peer_say(f->bob, ROOM, "text");
    const struct {
        MxDeviceTrust trust;
        gboolean is_known, hides;
        MxIdentity *identity;
        MxReadResult result;
        MxShield shield;
    } cases[] = {
        {MX_DEVICE_VERIFIED, TRUE, FALSE, NULL, MX_READ_OK, MX_SHIELD_NONE},
        {MX_DEVICE_SIGNED, TRUE, TRUE, &own, MX_READ_OK, MX_SHIELD_NONE},
        {MX_DEVICE_UNSIGNED, TRUE, FALSE, NULL, MX_READ_OK, MX_SHIELD_RED_UNSIGNED},
        {MX_DEVICE_UNSIGNED, TRUE, TRUE, &own, MX_READ_UNSIGNED_DEVICE, MX_SHIELD_RED_UNSIGNED},
        {MX_DEVICE_SIGNED, FALSE, FALSE, NULL, MX_READ_OK, MX_SHIELD_RED_UNKNOWN_DEVICE},
        {MX_DEVICE_SIGNED, FALSE, TRUE, &own, MX_READ_UNSIGNED_DEVICE,
         MX_SHIELD_RED_UNKNOWN_DEVICE},
        {MX_DEVICE_SIGNED, TRUE, FALSE, &changed, MX_READ_OK, MX_SHIELD_RED_IDENTITY_CHANGED},
        /* A homeserver that shows another identity does not get its own devices' messages shown. */
        {MX_DEVICE_UNSIGNED, TRUE, TRUE, &changed, MX_READ_UNSIGNED_DEVICE,
         MX_SHIELD_RED_IDENTITY_CHANGED},
        {MX_DEVICE_SIGNED, FALSE, TRUE, &changed, MX_READ_UNSIGNED_DEVICE,
         MX_SHIELD_RED_IDENTITY_CHANGED},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MxReading) reading = {0};
        megolm_fixture_reset();
        if (cases[i].is_known)
            megolm_fixture_know(f->bob, cases[i].trust);
        megolm_fixture_identity = cases[i].identity;
        megolm_fixture_own_identity = cases[i].hides ? &own : NULL;
        g_assert_cmpint(read_as(f, ROOM, "$1", "@bob:x", text, &reading), ==, cases[i].result);
        g_assert_cmpint(reading.shield, ==, cases[i].shield);
    }
    /* U3: the user wants all */
    mx_store_set_value(f->store, MX_VALUE_ENCRYPT_TO, "all");
    megolm_fixture_reset();
    megolm_fixture_identity = &own;
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
    /* F6: whose list is being asked for may be known in a moment */
    g_auto(MxReading) reading = {0};
    megolm_fixture_is_pending = TRUE;
    read_as(f, ROOM, "$1", "@bob:x", text, &reading);
    g_assert_true(reading.may_change);
}

/* J1: what a signed device has said does not go when it is deleted. */
static void test_deleted_device(Fixture *f, gconstpointer data)
{
    MxIdentity own = {.is_verified = TRUE};
    MxIdentity signer = {.self_signing = (char *)"key"};
    MxDeviceRow gone = {.user_id = (char *)"@bob:x",
                        .device_id = (char *)"BOB",
                        .curve25519 = f->bob->curve25519,
                        .ed25519 = f->bob->ed25519,
                        .object = (char *)"{}",
                        .signed_by = signer.self_signing};
    mx_store_track_user(f->store, gone.user_id);
    mx_store_save_device(f->store, &gone);
    mx_store_remove_device(f->store, gone.user_id, gone.device_id);
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "text");
    megolm_fixture_reset();
    megolm_fixture_identity = &signer;
    megolm_fixture_own_identity = &own;
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_OK);
    signer.self_signing = (char *)"other key";
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_UNSIGNED_DEVICE);
}

static void test_grey(Fixture *f, gconstpointer data)
{
    static const MxKeySource sources[] = {MX_KEY_SOURCE_FORWARDED, MX_KEY_SOURCE_BACKUP,
                                          MX_KEY_SOURCE_IMPORT, MX_KEY_SOURCE_BUNDLE};
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_auto(MxReading) reading = {0};
        g_autoptr(MegolmPeer) eve = megolm_peer_new("@eve:x");
        megolm_peer_give(eve, f->crypto, ROOM, sources[i]);
        g_autofree char *text = megolm_peer_say(eve, ROOM, "text");
        g_assert_cmpint(read_as(f, ROOM, "$1", "@eve:x", text, &reading), ==, MX_READ_OK);
        g_assert_cmpint(reading.shield, ==, MX_SHIELD_GREY);
    }
    /* A device that claims another's signing key is not that device (F6). */
    g_auto(MxReading) reading = {0};
    g_autoptr(MegolmPeer) liar = megolm_peer_new("@bob:x");
    megolm_peer_give(liar, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    g_free(liar->ed25519);
    liar->ed25519 = g_strdup(f->bob->ed25519);
    megolm_fixture_know(liar, MX_DEVICE_VERIFIED);
    g_autofree char *text = megolm_peer_say(liar, ROOM, "text");
    read_as(f, ROOM, "$1", "@bob:x", text, &reading);
    g_assert_cmpint(reading.shield, ==, MX_SHIELD_RED_UNKNOWN_DEVICE);
}

/* ---- L ---- */

static void test_withheld(Fixture *f, gconstpointer data)
{
    g_autofree char *text = megolm_peer_say(f->bob, ROOM, "no");
    const char *id = f->bob->session_id;
    mx_inbound_note_withheld(f->crypto, ROOM, id, "@eve:x", "m.blacklisted", NULL);
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_NO_KEY); /* Eve has no say in it */
    mx_inbound_note_withheld(f->crypto, ROOM, id, "@bob:x", "m.unverified", "because");
    mx_inbound_note_withheld(f->crypto, ROOM, "x'y", "@bob:x", "m.unverified", "because");
    mx_inbound_note_withheld(f->crypto, NULL, id, "@bob:x", "m.unverified", "because");
    reopen(f);
    g_auto(MxReading) reading = {0};
    g_assert_cmpint(read_as(f, ROOM, "$1", "@bob:x", text, &reading), ==, MX_READ_WITHHELD);
    g_assert_cmpstr(reading.code, ==, "m.unverified");
    /* L2 */
    megolm_peer_give(f->bob, f->crypto, ROOM, MX_KEY_SOURCE_DIRECT);
    assert_read(f, ROOM, "$1", "@bob:x", text, MX_READ_INDEX_TOO_OLD);
    /* L3 */
    g_autoptr(MegolmPeer) carol = megolm_peer_new("@carol:x");
    g_autofree char *early = megolm_peer_say(carol, ROOM, "no");
    mx_inbound_note_withheld(f->crypto, NULL, NULL, "@carol:x", "m.no_olm", NULL);
    assert_read(f, ROOM, "$2", "@carol:x", early, MX_READ_WITHHELD);
    g_auto(MxReading) later = {0};
    mx_inbound_read(f->crypto, ROOM, "$3", "@carol:x", G_MAXINT64, early, &later);
    g_assert_cmpint(later.result, ==, MX_READ_NO_KEY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/inbound/reads", test_reads);
    ADD("/inbound/I14-keeps-state", test_keeps_state);
    ADD("/inbound/I9-wants-key", test_wants_key);
    ADD("/inbound/news", test_news);
    ADD("/inbound/XM3-session-id-lies", test_session_id_lies);
    ADD("/inbound/XM4-foreign-key", test_foreign_key);
    ADD("/inbound/I4-merge", test_merge);
    ADD("/inbound/XB3-forged-backup", test_forged_backup);
    ADD("/inbound/export", test_export);
    ADD("/inbound/XM1-sender", test_sender);
    ADD("/inbound/XM1-sender-of-backup", test_sender_of_backup);
    ADD("/inbound/XM2-two-rooms", test_two_rooms);
    ADD("/inbound/XN7-replay", test_replay);
    ADD("/inbound/XM5-damaged", test_damaged);
    ADD("/inbound/XM6-payloads", test_payloads);
    ADD("/inbound/XR2-quotes", test_quotes);
    ADD("/inbound/H9-relation", test_relation);
    ADD("/inbound/J1-shields", test_shields);
    ADD("/inbound/J5-grey", test_grey);
    ADD("/inbound/J1-deleted-device", test_deleted_device);
    ADD("/inbound/L-withheld", test_withheld);
    return g_test_run();
}

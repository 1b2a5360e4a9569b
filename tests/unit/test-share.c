/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fixture.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-room-encryption.h"
#include "mx-share.h"
#include "mx-store-devices.h"
#include "mx-store-share.h"

#define ROOM "!room:b"
#define HOUR_MS G_GINT64_CONSTANT(3600000)
#define WEEK_MS (7 * 24 * HOUR_MS)
#define TEXT "{\"msgtype\":\"m.text\",\"body\":\"hello\"}"

typedef struct {
    CryptoWorld *world;
    CryptoMachine *bob, *alice;
    gint64 room; /* key at bob */
} Fixture;

/* ---- the room ---- */

static void set_state(CryptoMachine *machine, gint64 room, const char *type, const char *content)
{
    MxJsonSlice slice = mx_json_scan_root(content, strlen(content));
    crypto_machine_begin(machine);
    mx_store_set_state(machine->store, room, type, "", "$state", "@bob:b", slice);
    crypto_machine_commit(machine);
}

static void set_encryption(Fixture *fixture, const char *members)
{
    g_autofree char *content =
        g_strdup_printf("{\"algorithm\":\"m.megolm.v1.aes-sha2\"%s}", members);
    set_state(fixture->bob, fixture->room, "m.room.encryption", content);
}

static void set_visibility(Fixture *fixture, const char *visibility)
{
    g_autofree char *content = g_strdup_printf("{\"history_visibility\":\"%s\"}", visibility);
    set_state(fixture->bob, fixture->room, "m.room.history_visibility", content);
}

static void set_member(Fixture *fixture, const char *user_id, MxMembership membership)
{
    crypto_machine_begin(fixture->bob);
    mx_store_set_member(fixture->bob->store, fixture->room, user_id, membership, NULL, NULL);
    crypto_machine_commit(fixture->bob);
}

static void save_flags(Fixture *fixture, gboolean members_complete)
{
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(fixture->bob->store, fixture->room);
    row->membership = MX_MEMBERSHIP_JOIN;
    row->encrypted = row->synced = TRUE;
    row->members_complete = members_complete;
    mx_store_save_room(fixture->bob->store, row);
    crypto_machine_commit(fixture->bob);
}

/* Nobody's devices are being asked for. */
static void settle_lists(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    g_autoptr(GPtrArray) users = mx_store_list_outdated(machine->store);
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        gint64 dirty_seq = mx_store_get_tracked_user(machine->store, user_id).dirty_seq;
        mx_store_set_current(machine->store, user_id, dirty_seq);
    }
    crypto_machine_commit(machine);
}

static CryptoMachine *add_device(Fixture *fixture, const char *user_id, const char *device_id,
                                 MxDeviceTrust trust)
{
    CryptoMachine *machine = crypto_world_add(fixture->world, user_id, device_id);
    crypto_machine_publish(machine, 10, FALSE);
    crypto_machine_meet(fixture->bob, machine, trust);
    crypto_machine_meet(machine, fixture->bob, MX_DEVICE_SIGNED);
    settle_lists(fixture->bob);
    return machine;
}

static void setup(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world = crypto_world_new();
    fixture->bob = crypto_world_add(fixture->world, "@bob:b", "BOBDEV");
    crypto_machine_publish(fixture->bob, 10, FALSE);
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_room_row_new(ROOM);
    mx_store_save_room(fixture->bob->store, row);
    fixture->room = row->key;
    crypto_machine_commit(fixture->bob);
    save_flags(fixture, TRUE);
    set_encryption(fixture, "");
    set_member(fixture, "@bob:b", MX_MEMBERSHIP_JOIN);
    set_member(fixture, "@alice:a", MX_MEMBERSHIP_JOIN);
    fixture->alice = add_device(fixture, "@alice:a", "ALICEDEV", MX_DEVICE_SIGNED);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_world_free(fixture->world);
}

/* ---- steps ---- */

static MxShareState prepare(Fixture *fixture)
{
    g_auto(MxShareStep) step = {0};
    crypto_machine_begin(fixture->bob);
    mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
    crypto_machine_commit(fixture->bob);
    return step.state;
}

/* The content of an encrypted event, after all that has to come before it. */
static JsonObject *send_text(Fixture *fixture, const char *content)
{
    g_autofree char *text = NULL;
    for (guint round = 0; text == NULL; round++) {
        g_assert_cmpuint(round, <, 50);
        g_auto(MxShareStep) step = {0};
        g_autoptr(GError) error = NULL;
        crypto_machine_begin(fixture->bob);
        mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
        if (step.state == MX_SHARE_READY) {
            text = mx_share_encrypt(fixture->bob->crypto, fixture->room, "m.room.message", content,
                                    &error);
            g_assert_no_error(error);
        } else
            g_assert_cmpint(step.state, ==, MX_SHARE_WAIT);
        crypto_machine_commit(fixture->bob);
        crypto_world_settle(fixture->world);
    }
    return crypto_json("%s", text);
}

static char *send_session(Fixture *fixture)
{
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    return g_strdup(mx_json_string(event, "session_id"));
}

/* The payload as the machine reads it, and its index; NULL: it has no key for it. */
static JsonObject *read_event(CryptoMachine *machine, JsonObject *event, guint32 *index)
{
    const char *session_id = mx_json_string(event, "session_id");
    gint64 first = mx_inbound_get_first_index(machine->crypto, ROOM, session_id);
    if (first < 0)
        return NULL;
    g_autofree char *exported = mx_inbound_export(machine->crypto, ROOM, session_id, first);
    g_autoptr(MxMegolmInbound) session = mx_megolm_inbound_import(exported, NULL);
    g_autoptr(GBytes) plain =
        mx_megolm_inbound_decrypt(session, mx_json_string(event, "ciphertext"), index, NULL);
    return plain != NULL ? crypto_json("%.*s", (int)g_bytes_get_size(plain),
                                       (const char *)g_bytes_get_data(plain, NULL))
                         : NULL;
}

static gboolean can_read(CryptoMachine *machine, JsonObject *event)
{
    guint32 index;
    g_autoptr(JsonObject) payload = read_event(machine, event, &index);
    return payload != NULL;
}

static gint64 get_first(CryptoMachine *machine, const char *session_id)
{
    return mx_inbound_get_first_index(machine->crypto, ROOM, session_id);
}

static void assert_rotates(Fixture *fixture, const char **session_id, gboolean rotates)
{
    char *next = send_session(fixture);
    if (rotates)
        g_assert_cmpstr(next, !=, *session_id);
    else
        g_assert_cmpstr(next, ==, *session_id);
    g_free((char *)*session_id);
    *session_id = next;
}

static guint count_withheld(Fixture *fixture)
{
    return crypto_world_count(fixture->world, fixture->bob, MX_CRYPTO_SEND_TO_DEVICE,
                              "m.room_key.withheld");
}

/* The last m.room_key.withheld had this code. */
static gboolean was_told(Fixture *fixture, const char *code)
{
    const char *body = "";
    for (guint i = 0; i < fixture->world->sent->len; i++) {
        const CryptoSent *sent = g_ptr_array_index(fixture->world->sent, i);
        if (g_strcmp0(sent->event_type, "m.room_key.withheld") == 0)
            body = sent->body;
    }
    return strstr(body, code) != NULL;
}

static void forget_keys(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(machine->store, "kept-inbound", "");
    g_assert_cmpuint(keys->len, >, 0);
    for (guint i = 0; i < keys->len; i++)
        mx_store_set_sealed(machine->store, "kept-inbound", g_ptr_array_index(keys, i), NULL);
    crypto_machine_commit(machine);
    mx_crypto_forget(machine->crypto);
}

/* ---- H2, H3, H8, H9 ---- */

static void order(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT); /* for the one-time key */
    crypto_machine_run(fixture->bob);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT); /* for the key to arrive */
    g_assert_cmpuint(
        crypto_world_count(fixture->world, fixture->bob, MX_CRYPTO_SEND_TO_DEVICE, NULL), ==, 0);
    crypto_machine_run(fixture->bob);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_READY);
    g_autoptr(JsonObject) event =
        send_text(fixture, "{\"body\":\"hello\",\"m.relates_to\":{\"rel_type\":\"m.thread\"}}");
    g_assert_cmpstr(mx_json_string(event, "algorithm"), ==, MX_ALGORITHM_MEGOLM);
    g_assert_cmpstr(mx_json_string(event, "sender_key"), ==, fixture->bob->crypto->curve25519);
    g_assert_cmpstr(mx_json_string(event, "device_id"), ==, "BOBDEV");
    g_assert_cmpstr(mx_json_string(mx_json_object(event, "m.relates_to"), "rel_type"), ==,
                    "m.thread");
    g_assert_null(mx_json_string(event, "body"));
    guint32 index;
    g_autoptr(JsonObject) payload = read_event(fixture->alice, event, &index);
    g_assert_nonnull(payload);
    g_assert_cmpstr(mx_json_string(payload, "room_id"), ==, ROOM);
    g_assert_cmpstr(mx_json_string(payload, "type"), ==, "m.room.message");
    g_assert_cmpstr(mx_json_string(mx_json_object(payload, "content"), "body"), ==, "hello");
    g_assert_true(can_read(fixture->bob, event)); /* the twin */
    MxRoomKey key = {0};
    g_assert_true(
        mx_inbound_get(fixture->alice->crypto, ROOM, mx_json_string(event, "session_id"), &key));
    g_assert_true(key.shared_history);
    mx_room_key_clear(&key);
}

/* The room is told once that it waits no longer. */
static void news(Fixture *fixture, gconstpointer data)
{
    (void)data;
    guint n_ready = 0;
    prepare(fixture);
    for (guint i = 0; i < 4; i++) {
        crypto_machine_run(fixture->bob);
        g_autoptr(GPtrArray) list = mx_crypto_take_news(fixture->bob->crypto);
        for (guint j = 0; j < list->len; j++) {
            MxCryptoNews *one = g_ptr_array_index(list, j);
            if (one->kind == MX_CRYPTO_NEWS_ROOM_READY) {
                n_ready++;
                g_assert_cmpint(one->room, ==, fixture->room);
                prepare(fixture);
            }
            mx_crypto_news_free(one);
        }
        g_ptr_array_set_free_func(list, NULL);
    }
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_READY);
    g_assert_cmpuint(n_ready, ==, 2); /* the claim; the key has arrived */
}

/* H12: no index twice, also when the program ends in between. */
static void indexes(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < 6; i++) {
        guint32 index;
        g_autoptr(JsonObject) event = send_text(fixture, TEXT);
        g_autoptr(JsonObject) payload = read_event(fixture->alice, event, &index);
        g_assert_nonnull(payload);
        g_assert_true(g_hash_table_add(
            seen, g_strdup_printf("%s %u", mx_json_string(event, "session_id"), index)));
        if (i % 2 == 1)
            crypto_machine_restart(fixture->bob);
    }
}

/* A transaction that is not committed has encrypted nothing: nothing has left. */
static void rolled_back(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *before = send_session(fixture);
    g_autofree char *digest = crypto_machine_digest(fixture->bob, "");
    g_auto(MxShareStep) step = {0};
    crypto_machine_begin(fixture->bob);
    mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
    g_autofree char *text =
        mx_share_encrypt(fixture->bob->crypto, fixture->room, "m.room.message", TEXT, NULL);
    g_assert_nonnull(text);
    mx_store_rollback(fixture->bob->store);
    mx_crypto_forget(fixture->bob->crypto);
    g_autofree char *after = crypto_machine_digest(fixture->bob, "");
    g_assert_cmpstr(digest, ==, after);
}

/* ---- H1, U ---- */

static void own_devices(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *second = add_device(fixture, "@bob:b", "SECOND", MX_DEVICE_VERIFIED);
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_assert_true(can_read(second, event));
    g_assert_true(can_read(fixture->alice, event));
}

static void invited(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_member(fixture, "@carol:a", MX_MEMBERSHIP_INVITE);
    CryptoMachine *carol = add_device(fixture, "@carol:a", "CAROLDEV", MX_DEVICE_SIGNED);
    set_visibility(fixture, "joined");
    g_autoptr(JsonObject) first = send_text(fixture, TEXT);
    g_assert_false(can_read(carol, first));
    set_visibility(fixture, "invited");
    g_autoptr(JsonObject) second = send_text(fixture, TEXT);
    g_assert_true(can_read(carol, second));
    MxRoomKey key = {0};
    g_assert_true(mx_inbound_get(carol->crypto, ROOM, mx_json_string(second, "session_id"), &key));
    g_assert_false(key.shared_history); /* H8 */
    mx_room_key_clear(&key);
}

/* XS6: an invitation gives no key of before, and none to a device that nobody has signed. */
static void invited_unsigned(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_visibility(fixture, "shared");
    g_autoptr(JsonObject) before = send_text(fixture, TEXT);
    set_member(fixture, "@carol:a", MX_MEMBERSHIP_INVITE);
    CryptoMachine *carol = add_device(fixture, "@carol:a", "CAROLDEV", MX_DEVICE_SIGNED);
    CryptoMachine *added = add_device(fixture, "@carol:a", "ADDED", MX_DEVICE_UNSIGNED);
    g_autoptr(JsonObject) after = send_text(fixture, TEXT);
    g_assert_true(can_read(carol, after));
    g_assert_true(!can_read(carol, before) && !can_read(added, after));
}

/* U1, H10: told once for each session why not. */
static void unsigned_device(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *added = add_device(fixture, "@alice:a", "ADDED", MX_DEVICE_UNSIGNED);
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_assert_true(can_read(fixture->alice, event));
    g_assert_false(can_read(added, event));
    g_assert_true(was_told(fixture, "m.unverified"));
    g_assert_cmpuint(count_withheld(fixture), ==, 1);
    g_autoptr(JsonObject) again = send_text(fixture, TEXT);
    g_assert_cmpstr(mx_json_string(again, "session_id"), ==, mx_json_string(event, "session_id"));
    g_assert_cmpuint(count_withheld(fixture), ==, 1);
    /* Its owner has signed it: the key comes, from here on. */
    crypto_machine_meet(fixture->bob, added, MX_DEVICE_SIGNED);
    g_autoptr(JsonObject) third = send_text(fixture, TEXT);
    g_assert_true(can_read(added, third));
    g_assert_false(can_read(added, again));
}

/* XN1: a member that the homeserver has added gets nothing while only verified people do. */
static void verified_only(Fixture *fixture, gconstpointer data)
{
    (void)data;
    mx_share_set_policy(fixture->bob->store, MX_SHARE_WITH_VERIFIED);
    crypto_machine_meet(fixture->bob, fixture->alice, MX_DEVICE_VERIFIED);
    set_member(fixture, "@eve:e", MX_MEMBERSHIP_JOIN);
    CryptoMachine *eve = add_device(fixture, "@eve:e", "EVEDEV", MX_DEVICE_SIGNED);
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_assert_false(can_read(eve, event));
    g_assert_true(can_read(fixture->alice, event));
}

/* U2: without cross-signing of one's own everybody gets keys, and that is said once. */
static void no_cross_signing(void)
{
    Fixture fixture = {0};
    fixture.world = crypto_world_new();
    fixture.bob = crypto_world_add(fixture.world, "@bob:b", "BOBDEV");
    crypto_machine_publish(fixture.bob, 10, FALSE);
    crypto_machine_begin(fixture.bob);
    g_autoptr(MxRoomRow) row = mx_room_row_new(ROOM);
    mx_store_save_room(fixture.bob->store, row);
    fixture.room = row->key;
    crypto_machine_commit(fixture.bob);
    save_flags(&fixture, TRUE);
    set_encryption(&fixture, "");
    set_member(&fixture, "@alice:a", MX_MEMBERSHIP_JOIN);
    fixture.alice = crypto_world_add(fixture.world, "@alice:a", "ALICEDEV");
    crypto_machine_publish(fixture.alice, 10, FALSE);
    crypto_machine_meet(fixture.bob, fixture.alice, MX_DEVICE_UNSIGNED);
    crypto_machine_meet(fixture.alice, fixture.bob, MX_DEVICE_UNSIGNED);
    settle_lists(fixture.bob);
    guint n_told = 0;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(JsonObject) event = send_text(&fixture, TEXT);
        g_assert_true(can_read(fixture.alice, event));
        g_autoptr(GPtrArray) list = mx_crypto_take_news(fixture.bob->crypto);
        for (guint j = 0; j < list->len; j++)
            n_told +=
                ((MxCryptoNews *)g_ptr_array_index(list, j))->kind == MX_CRYPTO_NEWS_NO_POLICY;
    }
    g_assert_cmpuint(n_told, ==, 1);
    crypto_world_free(fixture.world);
}

static void blocked(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(JsonObject) before = send_text(fixture, TEXT);
    crypto_machine_begin(fixture->bob);
    mx_device_list_set_blocked(fixture->bob->crypto, "@alice:a", "ALICEDEV", TRUE);
    crypto_machine_commit(fixture->bob);
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_assert_cmpstr(mx_json_string(before, "session_id"), !=, mx_json_string(event, "session_id"));
    g_assert_false(can_read(fixture->alice, event));
    g_assert_true(was_told(fixture, "m.blacklisted"));
}

/* H13 */
static void identity_changed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *digest = NULL;
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(fixture->bob->store, "@alice:a");
    row->new_master = g_strdup("another");
    row->new_master_object = g_strdup("{}");
    mx_store_save_identity(fixture->bob->store, row);
    crypto_machine_commit(fixture->bob);
    digest = crypto_machine_digest(fixture->bob, "");
    g_auto(MxShareStep) step = {0};
    crypto_machine_begin(fixture->bob);
    mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(step.state, ==, MX_SHARE_IDENTITY_CHANGED);
    g_assert_cmpstr(step.user_id, ==, "@alice:a");
    g_autofree char *after = crypto_machine_digest(fixture->bob, "");
    g_assert_cmpstr(digest, ==, after);
}

/* D12 */
static void members(Fixture *fixture, gconstpointer data)
{
    (void)data;
    save_flags(fixture, FALSE);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_NEEDS_MEMBERS);
}

/* D11: whose devices are being asked for is waited for, but not for ever. */
static void pending(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_machine_begin(fixture->bob);
    mx_device_list_refresh(fixture->bob->crypto, "@alice:a");
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lost = mx_crypto_take_requests(fixture->bob->crypto, &error);
    g_assert_cmpuint(lost->len, >, 0); /* no answer comes */
    crypto_world_advance(9000);
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    g_autoptr(MxOutboundRow) none = mx_store_get_outbound(fixture->bob->store, fixture->room);
    g_assert_null(none);
    crypto_world_advance(2000);
    prepare(fixture);
    g_autoptr(MxOutboundRow) session = mx_store_get_outbound(fixture->bob->store, fixture->room);
    g_assert_nonnull(session);
}

/* ---- H4-H7, H14 ---- */

static void rotation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *session_id = send_session(fixture);
    assert_rotates(fixture, &session_id, FALSE);
    crypto_machine_restart(fixture->bob);
    assert_rotates(fixture, &session_id, FALSE);
    crypto_world_advance(WEEK_MS);
    assert_rotates(fixture, &session_id, TRUE);
    crypto_world_advance(-2 * WEEK_MS); /* XR10 */
    assert_rotates(fixture, &session_id, TRUE);
    crypto_machine_begin(fixture->bob);
    mx_share_discard(fixture->bob->crypto, fixture->room);
    crypto_machine_commit(fixture->bob);
    assert_rotates(fixture, &session_id, TRUE);
    set_member(fixture, "@alice:a", MX_MEMBERSHIP_JOIN); /* a name, say */
    assert_rotates(fixture, &session_id, FALSE);
    set_member(fixture, "@alice:a", MX_MEMBERSHIP_LEAVE);
    assert_rotates(fixture, &session_id, TRUE);
    g_assert_cmpint(get_first(fixture->alice, session_id), ==, -1);
    set_encryption(fixture, ",\"rotation_period_msgs\":2"); /* may shorten (G5) */
    assert_rotates(fixture, &session_id, FALSE);
    assert_rotates(fixture, &session_id, TRUE);
    set_encryption(fixture, ",\"rotation_period_msgs\":1000"); /* and not lengthen */
    assert_rotates(fixture, &session_id, FALSE);
    assert_rotates(fixture, &session_id, TRUE);
    g_free((char *)session_id);
}

static void device_gone(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *second = add_device(fixture, "@alice:a", "ASECOND", MX_DEVICE_SIGNED);
    const char *session_id = send_session(fixture);
    g_assert_cmpint(get_first(second, session_id), ==, 0);
    crypto_machine_begin(fixture->bob);
    mx_store_remove_device(fixture->bob->store, "@alice:a", "ASECOND");
    crypto_machine_commit(fixture->bob);
    assert_rotates(fixture, &session_id, TRUE);
    g_assert_cmpint(get_first(second, session_id), ==, -1);
    crypto_machine_begin(fixture->bob);
    mx_share_note_device_gone(fixture->bob->crypto, "@alice:a", "ALICEDEV");
    crypto_machine_commit(fixture->bob);
    assert_rotates(fixture, &session_id, TRUE);
    g_free((char *)session_id);
}

/* H4: at the present index, and no new session. */
static void new_device(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *session_id = send_session(fixture);
    assert_rotates(fixture, &session_id, FALSE);
    CryptoMachine *second = add_device(fixture, "@alice:a", "ASECOND", MX_DEVICE_SIGNED);
    assert_rotates(fixture, &session_id, FALSE);
    g_assert_cmpint(get_first(fixture->alice, session_id), ==, 0);
    g_assert_cmpint(get_first(second, session_id), ==, 2);
    g_autoptr(MxDevice) device = crypto_machine_find(fixture->bob, second);
    g_assert_cmpint(mx_share_get_shared_index(fixture->bob->crypto, ROOM, session_id, device), ==,
                    2);
    /* H7 */
    device->curve25519[0] = device->curve25519[0] == 'A' ? 'B' : 'A';
    g_assert_cmpint(mx_share_get_shared_index(fixture->bob->crypto, ROOM, session_id, device), ==,
                    -1);
    g_free((char *)session_id);
}

/* E6, K1: once more what was given, not less and not more. */
static void reshare(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *session_id = send_session(fixture);
    CryptoMachine *second = add_device(fixture, "@alice:a", "ASECOND", MX_DEVICE_SIGNED);
    g_autofree char *same = send_session(fixture);
    g_autofree char *still = send_session(fixture);
    g_assert_cmpstr(session_id, ==, still);
    g_assert_cmpint(get_first(second, session_id), ==, 1);
    forget_keys(second);
    g_autoptr(MxDevice) device = crypto_machine_find(fixture->bob, second);
    crypto_machine_begin(fixture->bob);
    mx_share_reshare(fixture->bob->crypto, device, NULL, NULL);
    crypto_machine_commit(fixture->bob);
    crypto_world_settle(fixture->world);
    g_assert_cmpint(get_first(second, session_id), ==, 1);
    CryptoMachine *third = add_device(fixture, "@alice:a", "ATHIRD", MX_DEVICE_SIGNED);
    g_autoptr(MxDevice) stranger = crypto_machine_find(fixture->bob, third);
    crypto_machine_begin(fixture->bob);
    mx_share_reshare(fixture->bob->crypto, stranger, ROOM, session_id);
    crypto_machine_commit(fixture->bob);
    crypto_world_settle(fixture->world);
    g_assert_cmpint(get_first(third, session_id), ==, -1);
}

/* ---- attacks ---- */

/* XS2 */
static void hostile_rotation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const struct {
        const char *members;
        gint64 period_ms, period_msgs;
    } cases[] = {
        {"", WEEK_MS, 100},
        {",\"rotation_period_msgs\":0", WEEK_MS, 1},
        {",\"rotation_period_msgs\":-1", WEEK_MS, 1},
        {",\"rotation_period_msgs\":9223372036854775808", WEEK_MS, 100},
        {",\"rotation_period_msgs\":9007199254740991", WEEK_MS, 10000},
        {",\"rotation_period_ms\":0", HOUR_MS, 100},
        {",\"rotation_period_ms\":-5", HOUR_MS, 100},
        {",\"rotation_period_ms\":\"1\"", WEEK_MS, 100},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxRoomEncryption settings;
        set_encryption(fixture, cases[i].members);
        g_assert_true(mx_room_encryption_read(fixture->bob->store, fixture->room, &settings));
        g_assert_cmpint(settings.period_ms, ==, cases[i].period_ms);
        g_assert_cmpint(settings.period_msgs, ==, cases[i].period_msgs);
    }
}

/* XS1: whatever the homeserver says of the room later, nothing goes out in the clear. */
static void downgrade(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char *const contents[] = {"{}",
                                           "{\"algorithm\":null}",
                                           "{\"algorithm\":\"none\"}",
                                           "{\"algorithm\":\"\"}",
                                           "{\"algorithm\":[\"m.megolm.v1.aes-sha2\"]}",
                                           "{\"algorithm\":\"m.megolm.v2\"}"};
    MxStore *store = fixture->bob->store;
    g_assert_cmpint(mx_room_encryption_decide(store, fixture->room), ==, MX_SEND_ENCRYPT);
    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        set_state(fixture->bob, fixture->room, "m.room.encryption", contents[i]);
        g_assert_cmpint(mx_room_encryption_decide(store, fixture->room), ==, MX_SEND_REFUSE);
        g_autofree char *digest = crypto_machine_digest(fixture->bob, "");
        g_assert_cmpint(prepare(fixture), ==, MX_SHARE_UNKNOWN_ALGORITHM);
        g_autofree char *after = crypto_machine_digest(fixture->bob, "");
        g_assert_cmpstr(digest, ==, after);
    }
    crypto_machine_restart(fixture->bob);
    g_assert_cmpint(mx_room_encryption_decide(fixture->bob->store, fixture->room), ==,
                    MX_SEND_REFUSE);
    g_assert_cmpint(mx_room_encryption_decide(fixture->bob->store, 12345), ==, MX_SEND_REFUSE);
}

/* G3 */
static void unknown_state(Fixture *fixture, gconstpointer data)
{
    (void)data;
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_room_row_new("!new:b");
    row->membership = MX_MEMBERSHIP_JOIN;
    mx_store_save_room(fixture->bob->store, row);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(mx_room_encryption_decide(fixture->bob->store, row->key), ==, MX_SEND_HOLD);
}

/* XS3, XS5: what happened in a gap is not known, so nobody keeps the key. */
static void gap(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *session_id = send_session(fixture);
    save_flags(fixture, FALSE);
    save_flags(fixture, TRUE);
    assert_rotates(fixture, &session_id, TRUE);
    set_member(fixture, "@alice:a", MX_MEMBERSHIP_LEAVE);
    set_member(fixture, "@alice:a", MX_MEMBERSHIP_JOIN);
    assert_rotates(fixture, &session_id, TRUE);
    g_assert_cmpint(get_first(fixture->alice, session_id), ==, 0);
    g_free((char *)session_id);
}

/* XS4 */
static void visibility(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const struct {
        const char *visibility;
        gboolean rotates;
    } cases[] = {{"world_readable", FALSE}, {"invited", TRUE}, {"joined", FALSE},
                 {"shared", TRUE},          {"odd", TRUE},     {"shared", TRUE}};
    const char *session_id = send_session(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_visibility(fixture, cases[i].visibility);
        assert_rotates(fixture, &session_id, cases[i].rotates);
    }
    g_free((char *)session_id);
}

/* ---- amounts and failures ---- */

/* W5 */
static void large(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (guint i = 0; i < 120; i++) {
        g_autofree char *device_id = g_strdup_printf("DEVICE%u", i);
        add_device(fixture, "@alice:a", device_id, MX_DEVICE_SIGNED);
    }
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    crypto_machine_run(fixture->bob); /* claims */
    g_auto(MxShareStep) step = {0};
    crypto_machine_begin(fixture->bob);
    mx_share_prepare(fixture->bob->crypto, fixture->room, &step);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(step.state, ==, MX_SHARE_WAIT);
    g_assert_true(step.has_more);
    g_assert_cmpuint(step.n_all, ==, 121);
    g_assert_cmpuint(step.n_done, ==, 100);
    crypto_machine_restart(fixture->bob); /* goes on where it was */
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    for (guint i = 1; i < fixture->world->machines->len; i++)
        g_assert_true(can_read(g_ptr_array_index(fixture->world->machines, i), event));
    g_assert_cmpuint(crypto_world_count(fixture->world, fixture->bob, MX_CRYPTO_SEND_TO_DEVICE,
                                        "m.room.encrypted"),
                     ==, 2);
}

static gboolean refuse_to_device(CryptoMachine *machine, const MxCryptoRequest *request,
                                 guint *status, char **body)
{
    (void)machine;
    (void)body;
    if (request->kind != MX_CRYPTO_SEND_TO_DEVICE)
        return FALSE;
    *status = 400;
    return TRUE;
}

/* Keys that the homeserver does not take hold nothing up, and are not tried over and over. */
static void refused(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->world->intercept = refuse_to_device;
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_autoptr(JsonObject) again = send_text(fixture, TEXT);
    g_assert_cmpuint(
        crypto_world_count(fixture->world, fixture->bob, MX_CRYPTO_SEND_TO_DEVICE, NULL), ==, 1);
    g_autoptr(MxDevice) device = crypto_machine_find(fixture->bob, fixture->alice);
    g_assert_cmpint(mx_share_get_shared_index(fixture->bob->crypto, ROOM,
                                              mx_json_string(event, "session_id"), device),
                    ==, -1);
}

/* Told of it, a device would begin a session of its own. */
static gboolean swallow_withheld(CryptoMachine *machine, const MxCryptoRequest *request,
                                 guint *status, char **body)
{
    (void)machine;
    *status = 200;
    if (g_strcmp0(request->event_type, "m.room_key.withheld") != 0)
        return FALSE;
    *body = g_strdup("{}");
    return TRUE;
}

/* H11: a device without one-time keys is left out. */
static void no_one_time_key(Fixture *fixture, gconstpointer data)
{
    (void)data;
    CryptoMachine *empty = add_device(fixture, "@alice:a", "EMPTY", MX_DEVICE_SIGNED);
    crypto_machine_publish(empty, 0, FALSE);
    fixture->world->intercept = swallow_withheld;
    g_autoptr(JsonObject) event = send_text(fixture, TEXT);
    g_assert_true(can_read(fixture->alice, event));
    g_assert_false(can_read(empty, event));
}

static void closed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_auto(MxShareStep) step = {0};
    mx_share_prepare(NULL, fixture->room, &step);
    g_assert_cmpint(step.state, ==, MX_SHARE_NO_KEYS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/share/" path, Fixture, NULL, setup, func, teardown)
    ADD("order", order);
    ADD("news", news);
    ADD("indexes", indexes);
    ADD("rolled-back", rolled_back);
    ADD("own-devices", own_devices);
    ADD("invited", invited);
    ADD("XN2-unsigned-device", unsigned_device);
    ADD("XS6-invited", invited_unsigned);
    ADD("XN1-verified-only", verified_only);
    g_test_add_func("/share/no-cross-signing", no_cross_signing);
    ADD("blocked", blocked);
    ADD("identity-changed", identity_changed);
    ADD("members", members);
    ADD("pending", pending);
    ADD("rotation", rotation);
    ADD("device-gone", device_gone);
    ADD("new-device", new_device);
    ADD("reshare", reshare);
    ADD("XS1-downgrade", downgrade);
    ADD("unknown-state", unknown_state);
    ADD("XS2-rotation-settings", hostile_rotation);
    ADD("XS3-XS5-gap", gap);
    ADD("XS4-visibility", visibility);
    ADD("large", large);
    ADD("refused", refused);
    ADD("no-one-time-key", no_one_time_key);
    ADD("closed", closed);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "crypto-fixture.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-share.h"
#include "mx-store-devices.h"
#include "mx-store-share.h"

/* What is told and done when keys cannot be carried or stored as they should (crypto E5, H3, V6).
 */

#define ROOM "!room:b"
#define N_DEVICES 11
#define MAX_PAST 50

typedef struct {
    CryptoWorld *world;
    CryptoMachine *bob;
    gint64 room; /* key at bob */
} Fixture;

/* ---- the room ---- */

static void add_device(Fixture *fixture, const char *user_id, const char *device_id)
{
    CryptoMachine *machine = crypto_world_add(fixture->world, user_id, device_id);
    crypto_machine_publish(machine, 2, FALSE);
    crypto_machine_meet(fixture->bob, machine, MX_DEVICE_SIGNED);
    crypto_machine_begin(fixture->bob);
    mx_store_set_member(fixture->bob->store, fixture->room, user_id, MX_MEMBERSHIP_JOIN, NULL,
                        NULL);
    g_autoptr(GPtrArray) users = mx_store_list_outdated(fixture->bob->store);
    for (guint i = 0; i < users->len; i++) {
        const char *user = g_ptr_array_index(users, i);
        mx_store_set_current(fixture->bob->store, user,
                             mx_store_get_tracked_user(fixture->bob->store, user).dirty_seq);
    }
    crypto_machine_commit(fixture->bob);
}

static void setup(Fixture *fixture, gconstpointer data)
{
    static const char encryption[] = "{\"algorithm\":\"m.megolm.v1.aes-sha2\"}";
    fixture->world = crypto_world_new();
    fixture->bob = crypto_world_add(fixture->world, "@bob:b", "BOBDEV");
    crypto_machine_publish(fixture->bob, 10, FALSE);
    crypto_machine_begin(fixture->bob);
    g_autoptr(MxRoomRow) row = mx_room_row_new(ROOM);
    row->membership = MX_MEMBERSHIP_JOIN;
    row->encrypted = row->synced = row->members_complete = TRUE;
    mx_store_save_room(fixture->bob->store, row);
    fixture->room = row->key;
    mx_store_set_state(fixture->bob->store, row->key, "m.room.encryption", "", "$state", "@bob:b",
                       mx_json_scan_root(encryption, strlen(encryption)));
    mx_store_set_member(fixture->bob->store, row->key, "@bob:b", MX_MEMBERSHIP_JOIN, NULL, NULL);
    crypto_machine_commit(fixture->bob);
    for (guint i = 0; i < N_DEVICES; i++) {
        g_autofree char *user_id = g_strdup_printf("@u%u:a", i);
        add_device(fixture, user_id, "DEVICE");
    }
}

static void teardown(Fixture *fixture, gconstpointer data)
{
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

/* Encrypts a message as soon as that may be done, and gives how long that took, in ms. */
static gint64 send_text(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    gint64 begin = crypto_world_now();
    while (prepare(fixture) != MX_SHARE_READY) {
        g_assert_cmpint(crypto_world_now() - begin, <, 60000);
        if (crypto_machine_run(fixture->bob) == 0)
            crypto_world_advance(1000);
    }
    crypto_machine_begin(fixture->bob);
    g_autofree char *text = mx_share_encrypt(fixture->bob->crypto, fixture->room, "m.room.message",
                                             "{\"body\":\"hello\"}", &error);
    g_assert_no_error(error);
    crypto_machine_commit(fixture->bob);
    return crypto_world_now() - begin;
}

/* Devices that have been given the present key. */
static guint count_given(Fixture *fixture)
{
    guint n = 0;
    g_autoptr(MxOutboundRow) row = mx_store_get_outbound(fixture->bob->store, fixture->room);
    g_autoptr(GPtrArray) shares = mx_store_list_shares(fixture->bob->store, ROOM, row->session_id);
    for (guint i = 0; i < shares->len; i++)
        n += ((MxShareRow *)g_ptr_array_index(shares, i))->index >= 0;
    return n;
}

static guint count_told(Fixture *fixture)
{
    guint n = 0;
    g_autoptr(GPtrArray) news = mx_crypto_take_news(fixture->bob->crypto);
    for (guint i = 0; i < news->len; i++) {
        const MxCryptoNews *one = g_ptr_array_index(news, i);
        if (one->kind != MX_CRYPTO_NEWS_KEYS_REFUSED)
            continue;
        g_assert_cmpint(one->room, ==, fixture->room);
        g_assert_true(g_str_has_prefix(one->user_id, "@u"));
        n++;
    }
    return n;
}

static guint count_sent(Fixture *fixture)
{
    return crypto_world_count(fixture->world, fixture->bob, MX_CRYPTO_SEND_TO_DEVICE, NULL);
}

/* ---- to-device messages ---- */

static gboolean is_for(const MxCryptoRequest *request, const char *user_id)
{
    return request->kind == MX_CRYPTO_SEND_TO_DEVICE && strstr(request->body, user_id) != NULL;
}

/* A proxy in front of it passes on but little at once. */
static gboolean refuse_large(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                             char **body)
{
    guint n = 0;
    for (guint i = 0; i < N_DEVICES; i++) {
        g_autofree char *user_id = g_strdup_printf("\"@u%u:a\"", i);
        n += is_for(request, user_id);
    }
    if (n > 3)
        *status = 413;
    return n > 3;
}

static void too_large(Fixture *fixture, gconstpointer data)
{
    fixture->world->intercept = refuse_large;
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES);
    g_assert_cmpuint(count_sent(fixture), ==, 7); /* 11; 6, 5; 3, 3, 3, 2 */
    g_assert_cmpuint(count_told(fixture), ==, 0);
    crypto_world_settle(fixture->world);
}

static gboolean refuse_one(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                           char **body)
{
    if (!is_for(request, "\"@u4:a\"") && !is_for(request, "\"@u7:a\""))
        return FALSE;
    *status = 400;
    return TRUE;
}

/* Those that it has something against are found, and told of once. */
static void bad_device(Fixture *fixture, gconstpointer data)
{
    fixture->world->intercept = refuse_one;
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES - 2);
    g_assert_cmpuint(count_told(fixture), ==, 1);
    guint n = count_sent(fixture);
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_sent(fixture), ==, n); /* nor tried again with this key */
    g_assert_cmpuint(count_told(fixture), ==, 0);
}

static gboolean forbid(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                       char **body)
{
    if (request->kind != MX_CRYPTO_SEND_TO_DEVICE)
        return FALSE;
    *status = 403;
    return TRUE;
}

/* It takes nothing at all: that is not asked for each device. */
static void forbidden(Fixture *fixture, gconstpointer data)
{
    fixture->world->intercept = forbid;
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, 0);
    g_assert_cmpuint(count_sent(fixture), ==, 1);
    g_assert_cmpuint(count_told(fixture), ==, 1);
    /* A new key is a new try. */
    fixture->world->intercept = NULL;
    crypto_machine_begin(fixture->bob);
    mx_share_discard(fixture->bob->crypto, fixture->room);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES);
}

/* ---- claims ---- */

static gboolean fail_claims(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                            char **body)
{
    if (request->kind != MX_CRYPTO_KEYS_CLAIM)
        return FALSE;
    *status = 502;
    return TRUE;
}

/* One message waits for a homeserver that is unwell, and not each of them. */
static void failing_claims(Fixture *fixture, gconstpointer data)
{
    fixture->world->intercept = fail_claims;
    g_assert_cmpint(send_text(fixture), ==, 10000);
    for (guint i = 0; i < 5; i++)
        g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, 0);
    /* It goes on being asked, and those devices get the keys with a later message. */
    fixture->world->intercept = NULL;
    for (guint i = 0; i < 60; i++) {
        crypto_world_advance(1000);
        crypto_machine_run(fixture->bob);
    }
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES);
}

static gboolean lose_claims(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                            char **body)
{
    if (request->kind != MX_CRYPTO_KEYS_CLAIM)
        return FALSE;
    *status = 0;
    return TRUE;
}

/* One message waits for a claim that is not answered, and for a while no other. */
static void lost_claims(Fixture *fixture, gconstpointer data)
{
    fixture->world->intercept = lose_claims;
    g_assert_cmpint(send_text(fixture), ==, 10000);
    for (guint i = 0; i < 5; i++)
        g_assert_cmpint(send_text(fixture), ==, 0);
    crypto_world_advance(5 * 60 * 1000);
    g_assert_cmpint(send_text(fixture), ==, 10000);
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, 0);
    fixture->world->intercept = NULL;
    for (guint i = 0; i < 60; i++) {
        crypto_world_advance(1000);
        crypto_machine_run(fixture->bob);
    }
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES);
}

/* Nothing else waits with the device whose claim hangs. */
static void hanging_claim(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(send_text(fixture), ==, 0);
    add_device(fixture, "@late:a", "LATE");
    g_assert_cmpint(prepare(fixture), ==, MX_SHARE_WAIT);
    g_autoptr(GPtrArray) lost = mx_crypto_take_requests(fixture->bob->crypto, &error);
    g_assert_cmpuint(lost->len, >, 0); /* the answer never comes */
    g_assert_cmpint(send_text(fixture), ==, 10000);
    g_assert_cmpint(send_text(fixture), ==, 0);
    crypto_machine_begin(fixture->bob);
    mx_share_discard(fixture->bob->crypto, fixture->room);
    crypto_machine_commit(fixture->bob);
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES);
    add_device(fixture, "@later:a", "LATER"); /* is asked for all the same */
    g_assert_cmpint(send_text(fixture), ==, 0);
    g_assert_cmpuint(count_given(fixture), ==, N_DEVICES + 1);
}

/* ---- sessions of the past ---- */

static char *send_with_new(Fixture *fixture)
{
    crypto_machine_begin(fixture->bob);
    mx_share_discard(fixture->bob->crypto, fixture->room);
    crypto_machine_commit(fixture->bob);
    send_text(fixture);
    g_autoptr(MxOutboundRow) row = mx_store_get_outbound(fixture->bob->store, fixture->room);
    return g_strdup(row->session_id);
}

static guint count_shares(Fixture *fixture, const char *session_id)
{
    g_autoptr(GPtrArray) shares = mx_store_list_shares(fixture->bob->store, ROOM, session_id);
    return shares->len;
}

static guint count_keys(Fixture *fixture)
{
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(fixture->bob->store, "outbound-key", "");
    return keys->len;
}

/* Who was given old keys is not remembered for ever; what was sent with them stays readable. */
static void past_sessions(Fixture *fixture, gconstpointer data)
{
    g_autofree char *first = send_with_new(fixture), *last = NULL;
    g_assert_cmpuint(count_shares(fixture, first), ==, N_DEVICES);
    for (guint i = 0; i < MAX_PAST; i++) {
        g_free(last);
        last = send_with_new(fixture);
    }
    g_assert_cmpuint(count_shares(fixture, first), ==, N_DEVICES);
    g_assert_cmpuint(count_keys(fixture), ==, MAX_PAST + 1);
    g_free(send_with_new(fixture));
    g_assert_cmpuint(count_shares(fixture, first), ==, 0);
    g_assert_cmpuint(count_shares(fixture, last), ==, N_DEVICES);
    g_assert_cmpuint(count_keys(fixture), ==, MAX_PAST + 1);
    crypto_world_advance(G_GINT64_CONSTANT(31) * 24 * 3600 * 1000);
    g_free(send_with_new(fixture)); /* only this one has ended lately */
    g_assert_cmpuint(count_shares(fixture, last), ==, 0);
    g_assert_cmpuint(count_keys(fixture), ==, 2);
    g_assert_cmpint(mx_inbound_get_first_index(fixture->bob->crypto, ROOM, first), ==, 0);
}

/* ---- news ---- */

static void tell(Fixture *fixture, gint64 room, gboolean fails)
{
    g_autoptr(GError) failure = g_error_new_literal(MX_ERROR, MX_ERROR_STORE, "full");
    g_autoptr(GError) error = NULL;
    crypto_machine_begin(fixture->bob);
    mx_crypto_tell(fixture->bob->crypto, MX_CRYPTO_NEWS_ROOM_READY, room, NULL, NULL, NULL);
    if (fails)
        mx_store_set_failed(fixture->bob->store, failure);
    g_assert_true(mx_store_commit(fixture->bob->store, &error) == !fails);
    if (fails)
        mx_crypto_forget(fixture->bob->crypto);
}

/* A transaction that fails takes along what it has told itself, and nothing of others. */
static void news_of_failure(Fixture *fixture, gconstpointer data)
{
    g_ptr_array_unref(mx_crypto_take_news(fixture->bob->crypto));
    tell(fixture, 1, FALSE);
    tell(fixture, 2, FALSE);
    tell(fixture, 3, TRUE);
    tell(fixture, 4, TRUE);
    g_autoptr(GPtrArray) news = mx_crypto_take_news(fixture->bob->crypto);
    g_assert_cmpuint(news->len, ==, 2);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpint(((MxCryptoNews *)g_ptr_array_index(news, i))->room, ==, i + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/share-refusals/" path, Fixture, NULL, setup, func, teardown)
    ADD("H3-too-large", too_large);
    ADD("H3-bad-device", bad_device);
    ADD("H3-forbidden", forbidden);
    ADD("E5-failing-claims", failing_claims);
    ADD("E5-lost-claims", lost_claims);
    ADD("E5-hanging-claim", hanging_claim);
    ADD("past-sessions", past_sessions);
    ADD("V6-news", news_of_failure);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "device-fixture.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"
#include "store-fixture.h"

static Machine machine;
static const Device bob_phone = {BOB, "PHONE", 1, 2};
static const Device bob_laptop = {BOB, "LAPTOP", 3, 4};

static void set_up(void)
{
    machine_open(&machine, "MACHINE");
    g_autoptr(GPtrArray) requests = machine_take(&machine); /* the first upload, and oneself */
    for (guint i = 0; i < requests->len; i++) {
        MxCryptoRequest *request = g_ptr_array_index(requests, i);
        machine_answer(&machine, request->id, "{}");
    }
    g_autofree MxCryptoRequest *own = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    if (own != NULL) {
        machine_answer(&machine, own->id, "{}");
        g_free(own->body);
    }
    g_ptr_array_unref(mx_crypto_take_news(machine.crypto));
}

static char *bob_with(JsonObject *first, JsonObject *second)
{
    Answer answer = answer_new();
    answer_add_user(&answer, BOB);
    if (first != NULL)
        answer_add_device(&answer, BOB, mx_json_string(first, "device_id"), first);
    if (second != NULL)
        answer_add_device(&answer, BOB, mx_json_string(second, "device_id"), second);
    return answer_end(&answer);
}

static guint count_devices(const char *user_id)
{
    g_autoptr(GPtrArray) devices = mx_device_list_get(machine.crypto, user_id);
    return devices->len;
}

static void note(const char *device_lists)
{
    mx_store_begin(machine.store);
    mx_device_list_note_changes(machine.crypto,
                                mx_json_scan_root(device_lists, strlen(device_lists)));
    store_fixture_commit(machine.store);
}

static void track(const char *user_id)
{
    mx_store_begin(machine.store);
    mx_device_list_track(machine.crypto, user_id);
    store_fixture_commit(machine.store);
}

static void learn_bob(void)
{
    machine_learn(&machine, bob_with(device_new(&bob_phone), device_new(&bob_laptop)), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 2);
    g_ptr_array_unref(mx_crypto_take_news(machine.crypto));
}

/* ---- D1, D2: who is followed ---- */

static void test_tracking(void)
{
    set_up();
    mx_store_begin(machine.store);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(machine.store, "!room:example.org");
    mx_store_set_member(machine.store, room->key, BOB, MX_MEMBERSHIP_JOIN, NULL, NULL);
    store_fixture_commit(machine.store);
    g_assert_false(mx_store_get_tracked_user(machine.store, BOB).tracked);
    /* A room becomes encrypted: who is in it is followed. */
    room->encrypted = TRUE;
    mx_store_begin(machine.store);
    mx_store_save_room(machine.store, room);
    store_fixture_commit(machine.store);
    g_assert_true(mx_store_get_tracked_user(machine.store, BOB).outdated);
    /* Who is invited later too; who was banned is not. */
    mx_store_begin(machine.store);
    mx_store_set_member(machine.store, room->key, CAROL, MX_MEMBERSHIP_INVITE, NULL, NULL);
    mx_store_set_member(machine.store, room->key, "@eve:example.org", MX_MEMBERSHIP_BAN, NULL,
                        NULL);
    store_fixture_commit(machine.store);
    g_assert_true(mx_store_get_tracked_user(machine.store, CAROL).tracked);
    g_assert_false(mx_store_get_tracked_user(machine.store, "@eve:example.org").tracked);
    /* The homeserver says that Bob is gone, but he is in the room. */
    note("{\"left\":[\"" BOB "\"]}");
    g_assert_true(mx_store_get_tracked_user(machine.store, BOB).tracked);
    mx_store_begin(machine.store);
    mx_store_set_member(machine.store, room->key, BOB, MX_MEMBERSHIP_LEAVE, NULL, NULL);
    store_fixture_commit(machine.store);
    note("{\"left\":[\"" BOB "\",\"" ALICE "\"]}");
    g_assert_false(mx_store_get_tracked_user(machine.store, BOB).tracked);
    g_assert_true(mx_store_get_tracked_user(machine.store, ALICE).tracked);
    /* Back again, what is known is old. */
    mx_store_begin(machine.store);
    mx_store_set_member(machine.store, room->key, BOB, MX_MEMBERSHIP_JOIN, NULL, NULL);
    store_fixture_commit(machine.store);
    g_assert_true(mx_store_get_tracked_user(machine.store, BOB).outdated);
    machine_clear(&machine);
}

static void test_changed(void)
{
    set_up();
    learn_bob();
    g_assert_false(mx_device_list_is_pending(machine.crypto, BOB));
    /* Strangers and nonsense change nothing. */
    note("{\"changed\":[\"" CAROL "\",7,null,\"no user\"],\"left\":{\"a\":1}}");
    note("[1]");
    g_assert_false(mx_store_get_tracked_user(machine.store, CAROL).outdated);
    note("{\"changed\":[\"" BOB "\"]}");
    g_assert_true(mx_device_list_is_pending(machine.crypto, BOB));
    machine_reopen(&machine); /* the flags stay */
    g_assert_true(mx_device_list_is_pending(machine.crypto, BOB));
    machine_learn(&machine, bob_with(device_new(&bob_phone), NULL), BOB, NULL);
    g_assert_false(mx_device_list_is_pending(machine.crypto, BOB));
    /* D3 */
    mx_store_begin(machine.store);
    mx_device_list_note_full_sync(machine.crypto);
    store_fixture_commit(machine.store);
    g_assert_true(mx_device_list_is_pending(machine.crypto, BOB));
    machine_clear(&machine);
}

/* ---- D4: races ---- */

static void free_request(MxCryptoRequest *request)
{
    mx_crypto_request_free(request);
}

static void test_race(void)
{
    set_up();
    track(BOB);
    MxCryptoRequest *request = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    note("{\"changed\":[\"" BOB "\"]}"); /* while the answer is on its way */
    g_autofree char *text = bob_with(device_new(&bob_phone), NULL);
    machine_answer(&machine, request->id, text);
    free_request(request);
    g_assert_cmpuint(count_devices(BOB), ==, 1);
    g_assert_true(mx_store_get_tracked_user(machine.store, BOB).outdated);
    machine_advance(10000); /* D11: changes without end hold nobody up */
    g_assert_false(mx_device_list_is_pending(machine.crypto, BOB));
    request = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    g_assert_nonnull(request);
    g_assert_null(machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY)); /* one in flight per user */
    machine_answer(&machine, request->id, text);
    free_request(request);
    g_assert_false(mx_store_get_tracked_user(machine.store, BOB).outdated);
    machine_clear(&machine);
}

/* Attack XS8: two answers come in reverse order. */
static void test_reordered(void)
{
    set_up();
    track(BOB);
    MxCryptoRequest *first = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    mx_crypto_forget(machine.crypto); /* a commit has failed */
    MxCryptoRequest *second = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    g_assert_nonnull(second);
    g_autofree char *newer = bob_with(device_new(&bob_phone), device_new(&bob_laptop));
    g_autofree char *older = bob_with(device_new(&bob_phone), NULL);
    machine_answer(&machine, second->id, newer);
    machine_answer(&machine, first->id, older);
    g_assert_cmpuint(count_devices(BOB), ==, 2);
    free_request(first);
    free_request(second);
    machine_clear(&machine);
}

/* ---- D5: batches and failures ---- */

static guint count_asked(const MxCryptoRequest *request)
{
    g_autoptr(JsonObject) body = mx_json_parse_object(request->body, -1, NULL);
    return json_object_get_size(mx_json_object(body, "device_keys"));
}

static void test_batches(void)
{
    set_up();
    mx_store_begin(machine.store);
    for (guint i = 0; i < 600; i++) {
        g_autofree char *user_id = g_strdup_printf("@user%03u:example.org", i);
        mx_device_list_track(machine.crypto, user_id);
    }
    store_fixture_commit(machine.store);
    guint n_users = 0;
    while (n_users < 600) {
        g_autoptr(GPtrArray) requests = machine_take(&machine);
        g_assert_cmpuint(requests->len, >, 0);
        for (guint i = 0; i < requests->len; i++) {
            MxCryptoRequest *request = g_ptr_array_index(requests, i);
            guint n = count_asked(request);
            g_assert_cmpuint(n, <=, 250);
            n_users += n;
            machine_answer(&machine, request->id, "{}");
        }
    }
    g_assert_cmpuint(n_users, ==, 600);
    machine_clear(&machine);
}

static void test_failures(void)
{
    set_up();
    machine_learn(&machine, g_strdup("{\"failures\":{\"far.example\":{}}}"), CAROL, NULL);
    g_assert_true(mx_store_get_tracked_user(machine.store, CAROL).outdated);
    /* D11: nobody waits for a server that does not answer. */
    g_assert_false(mx_device_list_is_pending(machine.crypto, CAROL));
    g_assert_null(machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY));
    gint64 wait = mx_crypto_get_wait(machine.crypto);
    g_assert_cmpint(wait, >, 0);
    g_assert_cmpint(wait, <=, 15000);
    machine_advance(16000);
    MxCryptoRequest *request = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    g_assert_nonnull(request);
    machine_answer(&machine, request->id, "{}");
    free_request(request);
    g_assert_false(mx_store_get_tracked_user(machine.store, CAROL).outdated);
    machine_clear(&machine);
}

/* An ID that the homeserver does not like keeps nobody else's devices away. */
static void test_refused(void)
{
    set_up();
    track(BOB);
    track(CAROL);
    gboolean bob_is_known = FALSE;
    guint n_refused = 0;
    for (guint i = 0; i < 8; i++) {
        machine_advance(1000);
        g_autoptr(GPtrArray) requests = machine_take(&machine);
        for (guint j = 0; j < requests->len; j++) {
            const MxCryptoRequest *request = g_ptr_array_index(requests, j);
            if (request->kind != MX_CRYPTO_KEYS_QUERY)
                continue;
            if (strstr(request->body, CAROL) != NULL) {
                machine_refuse(&machine, request->id, 400, "M_INVALID_PARAM", "no");
                n_refused++;
            } else {
                bob_is_known |= strstr(request->body, BOB) != NULL;
                machine_answer(&machine, request->id, "{}");
            }
        }
    }
    g_assert_true(bob_is_known);
    g_assert_cmpuint(n_refused, ==, 2);
    g_assert_false(mx_store_get_tracked_user(machine.store, BOB).outdated);
    g_assert_true(mx_store_get_tracked_user(machine.store, CAROL).outdated);
    g_assert_false(mx_device_list_is_pending(machine.crypto, CAROL));
    machine_clear(&machine);
}

static void test_no_answer(void)
{
    set_up();
    track(BOB);
    MxCryptoRequest *request = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    machine_refuse(&machine, request->id, 0, NULL, NULL);
    free_request(request);
    g_assert_null(machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY));
    g_assert_true(mx_device_list_is_pending(machine.crypto, BOB));
    machine_advance(10000); /* D11: long enough */
    g_assert_false(mx_device_list_is_pending(machine.crypto, BOB));
    request = machine_take_one(&machine, MX_CRYPTO_KEYS_QUERY);
    g_assert_nonnull(request);
    machine_answer(&machine, request->id, "not JSON");
    free_request(request);
    g_assert_true(mx_store_get_tracked_user(machine.store, BOB).outdated);
    machine_clear(&machine);
}

/* ---- D6: what is believed ---- */

typedef enum {
    SPOIL_NOTHING,
    SPOIL_UNKNOWN_MEMBER, /* A3: verifies all the same */
    SPOIL_USER,
    SPOIL_DEVICE,
    SPOIL_NO_CURVE25519,
    SPOIL_NO_ED25519,
    SPOIL_SHORT_KEY,
    SPOIL_NO_SIGNATURE,
    SPOIL_AFTERWARDS,
    SPOIL_OTHER_SIGNER,
    SPOIL_NUMBER,
    N_SPOILS,
} Spoil;

static JsonObject *spoiled(Spoil spoil)
{
    JsonObject *object = device_new(&bob_laptop);
    JsonObject *keys = json_object_get_object_member(object, "keys");
    gboolean sign_again = TRUE;
    switch (spoil) {
    case SPOIL_UNKNOWN_MEMBER:
        json_object_set_string_member(object, "org.example.colour", "blue");
        break;
    case SPOIL_USER:
        json_object_set_string_member(object, "user_id", CAROL);
        break;
    case SPOIL_DEVICE:
        json_object_set_string_member(object, "device_id", "OTHER");
        break;
    case SPOIL_NO_CURVE25519:
        json_object_remove_member(keys, "curve25519:LAPTOP");
        break;
    case SPOIL_NO_ED25519:
        json_object_remove_member(keys, "ed25519:LAPTOP");
        break;
    case SPOIL_SHORT_KEY:
        json_object_set_string_member(keys, "curve25519:LAPTOP", "AAAA");
        break;
    case SPOIL_NO_SIGNATURE:
        json_object_remove_member(object, "signatures");
        sign_again = FALSE;
        break;
    case SPOIL_AFTERWARDS:
        json_object_set_string_member(object, "more", "text");
        sign_again = FALSE;
        break;
    case SPOIL_OTHER_SIGNER:
        sign_with(object, BOB, "ed25519:LAPTOP", 99);
        sign_again = FALSE;
        break;
    case SPOIL_NUMBER: /* has no canonical form, whatever is signed */
        json_object_set_double_member(object, "half", 0.5);
        sign_again = FALSE;
        break;
    default:
        break;
    }
    if (sign_again)
        sign_with(object, BOB, "ed25519:LAPTOP", bob_laptop.ed25519);
    return object;
}

static void test_device_checks(void)
{
    for (Spoil spoil = SPOIL_NOTHING; spoil < N_SPOILS; spoil++) {
        set_up();
        Answer answer = answer_new();
        answer_add_device(&answer, BOB, "PHONE", device_new(&bob_phone));
        answer_add_device(&answer, BOB, "LAPTOP", spoiled(spoil));
        machine_learn(&machine, answer_end(&answer), BOB, NULL);
        gboolean is_good = spoil == SPOIL_NOTHING || spoil == SPOIL_UNKNOWN_MEMBER;
        g_assert_cmpuint(count_devices(BOB), ==, is_good ? 2 : 1); /* the others stay */
        g_autoptr(MxDevice) laptop = mx_device_list_find(machine.crypto, BOB, "LAPTOP");
        g_assert_true((laptop != NULL) == is_good);
        machine_clear(&machine);
    }
}

/* Attack XK7, A5: points of low order as identity key. */
static void test_low_order(void)
{
    static const char *const points[] = {
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA",
        "X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc",
        "7P///////////////////////////////////////38",
        "7f///////////////////////////////////////38",
        "7v///////////////////////////////////////38",
    };
    set_up();
    learn_bob();
    g_autofree char *before = machine_digest(&machine);
    for (guint i = 0; i < G_N_ELEMENTS(points); i++) {
        JsonObject *evil = device_new(&(Device){BOB, "EVIL", 20, 21});
        json_object_set_string_member(json_object_get_object_member(evil, "keys"),
                                      "curve25519:EVIL", points[i]);
        sign_with(evil, BOB, "ed25519:EVIL", 20);
        Answer answer = answer_new();
        answer_add_device(&answer, BOB, "PHONE", device_new(&bob_phone));
        answer_add_device(&answer, BOB, "LAPTOP", device_new(&bob_laptop));
        answer_add_device(&answer, BOB, "EVIL", evil);
        machine_learn(&machine, answer_end(&answer), BOB, NULL);
        g_autofree char *after = machine_digest(&machine);
        g_assert_cmpstr(after, ==, before);
    }
    machine_clear(&machine);
}

/* Attack XK8, A4: the identity point as fingerprint, which lax checks take for any signature. */
static void test_forged_signature(void)
{
    static const char point[] = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char signature[] =
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAA";
    set_up();
    JsonObject *evil = device_new(&(Device){BOB, "EVIL", 20, 21});
    json_object_set_string_member(json_object_get_object_member(evil, "keys"), "ed25519:EVIL",
                                  point);
    json_object_set_string_member(
        json_object_get_object_member(json_object_get_object_member(evil, "signatures"), BOB),
        "ed25519:EVIL", signature);
    machine_learn(&machine, bob_with(evil, NULL), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 0);
    machine_clear(&machine);
}

/* ---- D7 to D9 ---- */

/* Attack XS8: other keys under a known ID. */
static void test_swapped_keys(void)
{
    static const Device swaps[] = {
        {BOB, "PHONE", 1, 50},  /* the identity key alone */
        {BOB, "PHONE", 51, 2},  /* the fingerprint alone */
        {BOB, "PHONE", 52, 53}, /* both */
    };
    for (guint i = 0; i < G_N_ELEMENTS(swaps); i++) {
        set_up();
        learn_bob();
        g_autofree char *before = machine_digest(&machine);
        machine_learn(&machine, bob_with(device_new(&swaps[i]), device_new(&bob_laptop)), BOB,
                      NULL);
        g_autofree char *after = machine_digest(&machine);
        g_assert_cmpstr(after, ==, before);
        g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==, 1);
        machine_clear(&machine);
    }
}

static void test_gone_and_back(void)
{
    set_up();
    learn_bob();
    mx_store_begin(machine.store);
    mx_device_list_set_blocked(machine.crypto, BOB, "LAPTOP", TRUE);
    store_fixture_commit(machine.store);
    machine_learn(&machine, bob_with(device_new(&bob_phone), NULL), BOB, NULL); /* D9 */
    g_assert_cmpuint(count_devices(BOB), ==, 1);
    g_assert_null(mx_device_list_find(machine.crypto, BOB, "LAPTOP"));
    /* Back: still blocked; with its fingerprint and another identity key: not at all. */
    Device half = {BOB, "LAPTOP", bob_laptop.ed25519, 60};
    machine_learn(&machine, bob_with(device_new(&bob_phone), device_new(&half)), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 1);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==, 1);
    learn_bob();
    g_autoptr(MxDevice) laptop = mx_device_list_find(machine.crypto, BOB, "LAPTOP");
    g_assert_true(laptop->is_blocked);
    machine_clear(&machine);
}

/* An ID that was given to others meanwhile is told of. */
static void test_replaced(void)
{
    static const Device other = {BOB, "LAPTOP", 70, 71};
    set_up();
    learn_bob();
    machine_learn(&machine, bob_with(device_new(&bob_phone), NULL), BOB, NULL);
    machine_learn(&machine, bob_with(device_new(&bob_phone), device_new(&other)), BOB, NULL);
    g_autoptr(MxDevice) laptop = mx_device_list_find(machine.crypto, BOB, "LAPTOP");
    g_autofree char *key = key_of(70);
    g_assert_cmpstr(laptop->ed25519, ==, key);
    g_autoptr(GPtrArray) news = mx_crypto_take_news(machine.crypto);
    g_assert_cmpuint(news->len, ==, 1);
    const MxCryptoNews *one = g_ptr_array_index(news, 0);
    g_assert_cmpint(one->kind, ==, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED);
    g_assert_cmpstr(one->text, ==, MX_CRYPTO_DEVICE_REPLACED);
    g_assert_cmpstr(one->device_id, ==, "LAPTOP");
    /* The first one does not come back in its turn unnoticed. */
    machine_learn(&machine, bob_with(device_new(&bob_phone), NULL), BOB, NULL);
    machine_learn(&machine, bob_with(device_new(&bob_phone), device_new(&bob_laptop)), BOB, NULL);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==, 1);
    machine_clear(&machine);
}

static void test_missing_user(void)
{
    set_up();
    learn_bob();
    /* Nothing is said of Bob: nothing of his is gone. */
    machine_learn(&machine, g_strdup("{\"device_keys\":{}}"), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 2);
    machine_learn(&machine, g_strdup("{\"failures\":{\"example.org\":{}}}"), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 2);
    machine_clear(&machine);
}

/* What was not asked for is not taken. */
static void test_unasked(void)
{
    set_up();
    Answer answer = answer_new();
    answer_add_user(&answer, BOB);
    answer_add_device(&answer, CAROL, "SPY", device_new(&(Device){CAROL, "SPY", 7, 8}));
    answer_add_identity(&answer, CAROL, "master", identity_new(CAROL, "master", 9, 0));
    machine_learn(&machine, answer_end(&answer), BOB, NULL);
    g_assert_cmpuint(count_devices(CAROL), ==, 0);
    g_assert_null(mx_identity_get(machine.crypto, CAROL));
    machine_clear(&machine);
}

static void test_shared_key(void)
{
    const Device thief = {CAROL, "THIEF", 70, 2}; /* with the identity key of Bob's phone */
    g_autofree char *curve25519 = curve_of(2), *ed25519 = key_of(1), *other = key_of(70);
    set_up();
    learn_bob();
    g_autoptr(MxDevice) found = mx_device_list_find_by_key(machine.crypto, BOB, curve25519);
    g_assert_nonnull(found);
    Answer answer = answer_new();
    answer_add_device(&answer, CAROL, "THIEF", device_new(&thief));
    machine_learn(&machine, answer_end(&answer), CAROL, NULL);
    g_assert_null(mx_device_list_find_by_key(machine.crypto, BOB, curve25519));
    g_assert_null(mx_device_list_find_by_key(machine.crypto, CAROL, curve25519));
    /* With both keys it is clear who is meant. */
    g_autoptr(MxDevice) both =
        mx_device_list_find_by_keys(machine.crypto, BOB, curve25519, ed25519);
    g_assert_cmpstr(both->device_id, ==, "PHONE");
    g_assert_null(mx_device_list_find_by_keys(machine.crypto, BOB, curve25519, other));
    machine_clear(&machine);
}

/* ---- identities: O3, J2, J3, D10 ---- */

static char *bob_identity(guint8 master, guint8 self_signing, JsonObject *device)
{
    Answer answer = answer_new();
    answer_add_device(&answer, BOB, mx_json_string(device, "device_id"), device);
    answer_add_identity(&answer, BOB, "master", identity_new(BOB, "master", master, 0));
    answer_add_identity(&answer, BOB, "self_signing",
                        identity_new(BOB, "self_signing", self_signing, master));
    return answer_end(&answer);
}

static MxDeviceTrust trust_of(const char *device_id)
{
    g_autoptr(MxDevice) device = mx_device_list_find(machine.crypto, BOB, device_id);
    return device->trust;
}

static JsonObject *signed_phone(guint8 self_signing)
{
    JsonObject *phone = device_new(&bob_phone);
    sign_with_identity(phone, BOB, self_signing);
    return phone;
}

/* What was signed is not replaced by what is not; its owner may give the ID to another device. */
static void test_signed_and_replaced(void)
{
    static const Device other = {BOB, "PHONE", 70, 71};
    set_up();
    machine_learn(&machine, bob_identity(10, 11, signed_phone(11)), BOB, NULL);
    machine_learn(&machine, bob_with(NULL, NULL), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 0);
    g_ptr_array_unref(mx_crypto_take_news(machine.crypto));
    for (guint i = 0; i < 2; i++) { /* told once */
        machine_learn(&machine, bob_identity(10, 11, device_new(&other)), BOB, NULL);
        g_assert_cmpuint(count_devices(BOB), ==, 0);
        g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==,
                         1 - i);
    }
    JsonObject *vouched = device_new(&other);
    sign_with_identity(vouched, BOB, 11);
    machine_learn(&machine, bob_identity(10, 11, vouched), BOB, NULL);
    g_assert_cmpuint(count_devices(BOB), ==, 1);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==, 0);
    machine_clear(&machine);
}

static void test_signed_device(void)
{
    set_up();
    machine_learn(&machine, bob_identity(10, 11, device_new(&bob_phone)), BOB, NULL);
    g_assert_cmpint(trust_of("PHONE"), ==, MX_DEVICE_UNSIGNED);
    machine_count_news(&machine, MX_CRYPTO_NEWS_TRUST);
    machine_learn(&machine, bob_identity(10, 11, signed_phone(11)), BOB, NULL);
    g_assert_cmpint(trust_of("PHONE"), ==, MX_DEVICE_SIGNED);
    /* U1: what was kept back is looked at again; but once. */
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_TRUST), ==, 1);
    machine_learn(&machine, bob_identity(10, 11, signed_phone(11)), BOB, NULL);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_TRUST), ==, 0);
    /* A self-signing key that the master key has not signed signs nothing (O3). */
    Answer answer = answer_new();
    answer_add_device(&answer, BOB, "LAPTOP", device_new(&bob_laptop));
    answer_add_identity(&answer, BOB, "master", identity_new(BOB, "master", 10, 0));
    answer_add_identity(&answer, BOB, "self_signing", identity_new(BOB, "self_signing", 66, 67));
    machine_learn(&machine, answer_end(&answer), BOB, NULL);
    g_autoptr(MxIdentity) identity = mx_identity_get(machine.crypto, BOB);
    g_autofree char *pinned = key_of(11);
    g_assert_cmpstr(identity->self_signing, ==, pinned);
    machine_clear(&machine);
}

static void test_identity_checks(void)
{
    JsonObject *bad[4];
    bad[0] = identity_new(CAROL, "master", 10, 0); /* of somebody else */
    bad[1] = identity_new(BOB, "self_signing", 10, 0);
    bad[2] = identity_new(BOB, "master", 10, 0);
    json_object_set_string_member(json_object_get_object_member(bad[2], "keys"), "ed25519:more",
                                  "more");
    bad[3] = identity_new(BOB, "master", 10, 0);
    json_object_remove_member(bad[3], "keys");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        set_up();
        Answer answer = answer_new();
        answer_add_user(&answer, BOB);
        answer_add_identity(&answer, BOB, "master", bad[i]);
        machine_learn(&machine, answer_end(&answer), BOB, NULL);
        g_assert_null(mx_identity_get(machine.crypto, BOB));
        machine_clear(&machine);
    }
}

/* Attack XS9: the homeserver puts another identity in the place of the one that is known. */
static void test_pinned(void)
{
    set_up();
    machine_learn(&machine, bob_identity(10, 11, signed_phone(11)), BOB, NULL);
    g_ptr_array_unref(mx_crypto_take_news(machine.crypto));
    JsonObject *evil = device_new(&bob_laptop);
    sign_with_identity(evil, BOB, 31);
    machine_learn(&machine, bob_identity(30, 31, evil), BOB, NULL);
    g_autoptr(MxIdentity) changed = mx_identity_get(machine.crypto, BOB);
    g_autofree char *pinned = key_of(10), *other = key_of(30);
    g_assert_cmpstr(changed->master, ==, pinned);
    g_assert_cmpstr(changed->new_master, ==, other);
    g_assert_true(changed->is_changed);
    g_assert_false(changed->is_verified);
    g_assert_cmpint(trust_of("LAPTOP"), ==, MX_DEVICE_UNSIGNED);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 1);
    machine_learn(&machine, bob_identity(30, 31, signed_phone(31)), BOB, NULL);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_IDENTITY_CHANGED), ==, 0);
    /* The user says that it is Bob all the same. */
    mx_store_begin(machine.store);
    mx_identity_accept(machine.crypto, BOB);
    store_fixture_commit(machine.store);
    g_autoptr(MxIdentity) accepted = mx_identity_get(machine.crypto, BOB);
    g_assert_cmpstr(accepted->master, ==, other);
    g_assert_false(accepted->is_changed);
    g_assert_false(accepted->is_verified);
    g_assert_cmpint(trust_of("PHONE"), ==, MX_DEVICE_SIGNED);
    /* An identity that is hidden stays pinned. */
    machine_learn(&machine, bob_with(signed_phone(31), NULL), BOB, NULL);
    g_autoptr(MxIdentity) hidden = mx_identity_get(machine.crypto, BOB);
    g_assert_cmpstr(hidden->master, ==, other);
    machine_clear(&machine);
}

static char *own_identity(guint8 master, guint8 user_signing)
{
    Answer answer = answer_new();
    answer_add_identity(&answer, ALICE, "master", identity_new(ALICE, "master", master, 0));
    answer_add_identity(&answer, ALICE, "user_signing",
                        identity_new(ALICE, "user_signing", user_signing, master));
    return answer_end(&answer);
}

static char *bob_signed_by_alice(guint8 user_signing)
{
    JsonObject *master = identity_new(BOB, "master", 10, 0);
    sign_with_identity(master, ALICE, user_signing);
    Answer answer = answer_new();
    answer_add_device(&answer, BOB, "PHONE", signed_phone(11));
    answer_add_identity(&answer, BOB, "master", master);
    answer_add_identity(&answer, BOB, "self_signing", identity_new(BOB, "self_signing", 11, 10));
    return answer_end(&answer);
}

static void set_trusted(gboolean is_trusted)
{
    mx_store_begin(machine.store);
    mx_identity_set_own_trusted(machine.crypto, is_trusted);
    store_fixture_commit(machine.store);
}

static gboolean is_verified(const char *user_id)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(machine.crypto, user_id);
    return identity->is_verified;
}

/* J3, J4, and attack XS9 on the own identity. */
static void test_verified(void)
{
    set_up();
    machine_learn(&machine, bob_signed_by_alice(41), BOB, NULL);
    machine_learn(&machine, own_identity(40, 41), ALICE, NULL);
    g_assert_false(is_verified(ALICE)); /* the homeserver's word is nothing */
    g_assert_false(is_verified(BOB));
    set_trusted(TRUE);
    g_assert_true(is_verified(ALICE));
    g_assert_true(is_verified(BOB));
    g_assert_cmpint(trust_of("PHONE"), ==, MX_DEVICE_VERIFIED);
    machine_reopen(&machine);
    g_assert_true(is_verified(BOB));
    machine_learn(&machine, own_identity(44, 45), ALICE, NULL);
    g_assert_false(is_verified(ALICE));
    g_assert_false(is_verified(BOB));
    g_assert_cmpint(trust_of("PHONE"), ==, MX_DEVICE_SIGNED);
    g_autoptr(MxIdentity) bob = mx_identity_get(machine.crypto, BOB);
    g_assert_true(bob->was_verified);
    /* Shown again, the old one has to be trusted again (O6). */
    machine_learn(&machine, own_identity(40, 41), ALICE, NULL);
    g_assert_false(is_verified(BOB));
    set_trusted(TRUE);
    g_assert_true(is_verified(BOB));
    mx_store_begin(machine.store);
    mx_identity_withdraw(machine.crypto, BOB);
    store_fixture_commit(machine.store);
    g_autoptr(MxIdentity) withdrawn = mx_identity_get(machine.crypto, BOB);
    g_assert_false(withdrawn->was_verified);
    /* The homeserver still has the signature, which does not make it good again; nor does a detour
     * over another identity, or a second withdrawal. */
    machine_learn(&machine, bob_signed_by_alice(41), BOB, NULL);
    g_assert_false(is_verified(BOB));
    machine_learn(&machine, bob_identity(70, 71, signed_phone(71)), BOB, NULL);
    mx_store_begin(machine.store);
    mx_identity_withdraw(machine.crypto, BOB);
    store_fixture_commit(machine.store);
    machine_learn(&machine, bob_signed_by_alice(41), BOB, NULL);
    set_trusted(TRUE);
    g_assert_false(is_verified(BOB));
    machine_clear(&machine);
}

static void test_foreign_user_signing(void)
{
    set_up();
    machine_learn(&machine, own_identity(40, 41), ALICE, NULL);
    set_trusted(TRUE);
    machine_learn(&machine, bob_signed_by_alice(99), BOB, NULL); /* no key of Alice's */
    g_assert_false(is_verified(BOB));
    machine_clear(&machine);
}

/* Attack XN3, D10: a device whose ID is the user's master key. */
static void test_device_named_like_key(void)
{
    g_autofree char *master = key_of(10);
    set_up();
    machine_learn(&machine, own_identity(40, 41), ALICE, NULL);
    set_trusted(TRUE);
    machine_learn(&machine, bob_signed_by_alice(41), BOB, NULL);
    g_assert_true(is_verified(BOB));
    g_ptr_array_unref(mx_crypto_take_news(machine.crypto));
    Answer answer = answer_new();
    Device evil = {BOB, master, 80, 81};
    answer_add_device(&answer, BOB, "PHONE", signed_phone(11));
    answer_add_device(&answer, BOB, master, device_new(&evil));
    machine_learn(&machine, answer_end(&answer), BOB, NULL);
    g_assert_null(mx_device_list_find(machine.crypto, BOB, master));
    g_autoptr(MxIdentity) identity = mx_identity_get(machine.crypto, BOB);
    g_assert_true(identity->is_ambiguous);
    g_assert_false(identity->is_verified);
    g_assert_cmpuint(machine_count_news(&machine, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED), ==, 1);
    machine_clear(&machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("MX_NO_KEYRING", "1", TRUE);
    g_test_add_func("/device-list/D1-tracking", test_tracking);
    g_test_add_func("/device-list/D2-changed", test_changed);
    g_test_add_func("/device-list/D4-race", test_race);
    g_test_add_func("/device-list/D5-refused", test_refused);
    g_test_add_func("/device-list/XS8-reordered", test_reordered);
    g_test_add_func("/device-list/D5-batches", test_batches);
    g_test_add_func("/device-list/D5-failures", test_failures);
    g_test_add_func("/device-list/D11-no-answer", test_no_answer);
    g_test_add_func("/device-list/D6-checks", test_device_checks);
    g_test_add_func("/device-list/XK7-low-order", test_low_order);
    g_test_add_func("/device-list/XK8-forged-signature", test_forged_signature);
    g_test_add_func("/device-list/XS8-swapped-keys", test_swapped_keys);
    g_test_add_func("/device-list/XS8-gone-and-back", test_gone_and_back);
    g_test_add_func("/device-list/D7-replaced", test_replaced);
    g_test_add_func("/device-list/D7-signed-and-replaced", test_signed_and_replaced);
    g_test_add_func("/device-list/D9-missing-user", test_missing_user);
    g_test_add_func("/device-list/unasked", test_unasked);
    g_test_add_func("/device-list/D8-shared-key", test_shared_key);
    g_test_add_func("/identity/signed-device", test_signed_device);
    g_test_add_func("/identity/O3-checks", test_identity_checks);
    g_test_add_func("/identity/XS9-pinned", test_pinned);
    g_test_add_func("/identity/XS9-verified", test_verified);
    g_test_add_func("/identity/J3-foreign-user-signing", test_foreign_user_signing);
    g_test_add_func("/identity/XN3-device-named-like-key", test_device_named_like_key);
    return g_test_run();
}

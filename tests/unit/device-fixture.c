/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "device-fixture.h"

#include <string.h>

#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"
#include "store-fixture.h"

static gint64 now_ms = 1700000000000;

static gint64 get_now(void)
{
    return now_ms;
}

void machine_advance(gint64 ms)
{
    now_ms += ms;
}

/* ---- the machine ---- */

void machine_open(Machine *machine, const char *device_id)
{
    g_autoptr(GError) error = NULL;
    if (machine->dir == NULL)
        machine->dir = store_fixture_make_dir();
    machine->store = store_fixture_open(machine->dir);
    mx_store_set_value(machine->store, MX_VALUE_USER_ID, ALICE);
    machine->crypto = mx_crypto_open(machine->store, ALICE, device_id, &error);
    g_assert_no_error(error);
    machine->crypto->get_now_ms = get_now;
}

void machine_close(Machine *machine)
{
    g_clear_pointer(&machine->store, mx_store_close);
    machine->crypto = NULL;
}

void machine_reopen(Machine *machine)
{
    g_autofree char *device_id = g_strdup(mx_crypto_get_device_id(machine->crypto));
    machine_close(machine);
    machine_open(machine, device_id);
}

void machine_clear(Machine *machine)
{
    machine_close(machine);
    store_fixture_remove_dir(machine->dir);
    machine->dir = NULL;
}

GPtrArray *machine_take(Machine *machine)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *requests = mx_crypto_take_requests(machine->crypto, &error);
    g_assert_no_error(error);
    return requests;
}

static void answer_with(Machine *machine, guint64 id, const MxCryptoAnswer *answer)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(mx_crypto_answer(machine->crypto, id, answer, &error));
    g_assert_no_error(error);
}

void machine_answer(Machine *machine, guint64 id, const char *body)
{
    MxCryptoAnswer answer = {
        .status = 200, .body = body, .len = strlen(body), .retry_after_ms = -1};
    answer_with(machine, id, &answer);
}

void machine_refuse(Machine *machine, guint64 id, guint status, const char *errcode,
                    const char *text)
{
    MxCryptoAnswer answer = {
        .status = status, .errcode = errcode, .server_text = text, .retry_after_ms = -1};
    answer_with(machine, id, &answer);
}

MxCryptoRequest *machine_take_one(Machine *machine, MxCryptoRequestKind kind)
{
    g_autoptr(GPtrArray) requests = machine_take(machine);
    MxCryptoRequest *found = NULL;
    for (guint i = 0; i < requests->len; i++) {
        MxCryptoRequest *request = g_ptr_array_index(requests, i);
        if (request->kind != kind) {
            machine_refuse(machine, request->id, 503, NULL, NULL);
            continue;
        }
        g_assert_null(found);
        found = g_memdup2(request, sizeof *request);
        memset(request, 0, sizeof *request);
    }
    return found;
}

guint machine_count_news(Machine *machine, MxCryptoNewsKind kind)
{
    g_autoptr(GPtrArray) news = mx_crypto_take_news(machine->crypto);
    guint count = 0;
    for (guint i = 0; i < news->len; i++)
        count += ((MxCryptoNews *)g_ptr_array_index(news, i))->kind == kind;
    return count;
}

static void add_text(GString *text, const char *field)
{
    g_string_append_printf(text, "%s|", field != NULL ? field : "-");
}

char *machine_digest(Machine *machine)
{
    static const char *const users[] = {ALICE, BOB, CAROL};
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autoptr(GPtrArray) rows = mx_store_list_devices(machine->store, users[i]);
        g_autoptr(MxIdentityRow) identity = mx_store_get_identity(machine->store, users[i]);
        for (guint j = 0; j < rows->len; j++) {
            const MxDeviceRow *row = g_ptr_array_index(rows, j);
            add_text(text, row->device_id);
            add_text(text, row->curve25519);
            add_text(text, row->ed25519);
            add_text(text, row->object);
            add_text(text, row->signed_by);
        }
        if (identity == NULL)
            continue;
        add_text(text, identity->master);
        add_text(text, identity->self_signing);
        add_text(text, identity->user_signing);
        add_text(text, identity->signed_by);
        add_text(text, identity->trusted);
        add_text(text, identity->new_master);
    }
    return g_string_free(text, FALSE);
}

/* ---- keys ---- */

static void fill(guint8 out[MX_KEY_LEN], guint8 seed)
{
    memset(out, seed, MX_KEY_LEN);
}

char *key_of(guint8 seed)
{
    guint8 secret[MX_KEY_LEN], public[MX_KEY_LEN];
    fill(secret, seed);
    mx_ed25519_public_from_seed(secret, public);
    return mx_base64_encode(public, MX_KEY_LEN);
}

char *curve_of(guint8 seed)
{
    guint8 secret[MX_KEY_LEN], public[MX_KEY_LEN];
    fill(secret, seed);
    mx_x25519_public(secret, public);
    return mx_base64_encode(public, MX_KEY_LEN);
}

void sign_with(JsonObject *object, const char *user_id, const char *key_id, guint8 seed)
{
    guint8 secret[MX_KEY_LEN];
    g_autoptr(GError) error = NULL;
    fill(secret, seed);
    mx_signed_json_sign(object, user_id, key_id, mx_sign_with_seed, secret, &error);
    g_assert_no_error(error);
}

JsonObject *device_new(const Device *device)
{
    JsonObject *object = json_object_new(), *keys = json_object_new();
    JsonArray *algorithms = json_array_new();
    g_autofree char *ed25519_id = g_strconcat("ed25519:", device->device_id, NULL);
    g_autofree char *curve25519_id = g_strconcat("curve25519:", device->device_id, NULL);
    g_autofree char *ed25519 = key_of(device->ed25519);
    g_autofree char *curve25519 = curve_of(device->curve25519);
    json_array_add_string_element(algorithms, "m.olm.v1.curve25519-aes-sha2");
    json_object_set_array_member(object, "algorithms", algorithms);
    json_object_set_string_member(object, "user_id", device->user_id);
    json_object_set_string_member(object, "device_id", device->device_id);
    json_object_set_string_member(keys, ed25519_id, ed25519);
    json_object_set_string_member(keys, curve25519_id, curve25519);
    json_object_set_object_member(object, "keys", keys);
    sign_with(object, device->user_id, ed25519_id, device->ed25519);
    return object;
}

void sign_with_identity(JsonObject *object, const char *user_id, guint8 seed)
{
    g_autofree char *key = key_of(seed);
    g_autofree char *key_id = g_strconcat("ed25519:", key, NULL);
    sign_with(object, user_id, key_id, seed);
}

JsonObject *identity_new(const char *user_id, const char *usage, guint8 seed, guint8 signer)
{
    JsonObject *object = json_object_new(), *keys = json_object_new();
    JsonArray *usages = json_array_new();
    g_autofree char *key = key_of(seed);
    g_autofree char *key_id = g_strconcat("ed25519:", key, NULL);
    json_array_add_string_element(usages, usage);
    json_object_set_array_member(object, "usage", usages);
    json_object_set_string_member(object, "user_id", user_id);
    json_object_set_string_member(keys, key_id, key);
    json_object_set_object_member(object, "keys", keys);
    if (signer != 0)
        sign_with_identity(object, user_id, signer);
    return object;
}

/* ---- answers ---- */

static JsonObject *ensure(JsonObject *object, const char *name)
{
    if (!json_object_has_member(object, name))
        json_object_set_object_member(object, name, json_object_new());
    return json_object_get_object_member(object, name);
}

Answer answer_new(void)
{
    return (Answer){json_object_new()};
}

void answer_add_user(Answer *answer, const char *user_id)
{
    ensure(ensure(answer->root, "device_keys"), user_id);
}

void answer_add_device(Answer *answer, const char *user_id, const char *device_id,
                       JsonObject *device)
{
    json_object_set_object_member(ensure(ensure(answer->root, "device_keys"), user_id), device_id,
                                  device);
}

void answer_add_identity(Answer *answer, const char *user_id, const char *usage,
                         JsonObject *identity)
{
    g_autofree char *name = g_strconcat(usage, "_keys", NULL);
    json_object_set_object_member(ensure(answer->root, name), user_id, identity);
}

char *answer_end(Answer *answer)
{
    char *text = mx_json_object_to_text(answer->root);
    g_clear_pointer(&answer->root, json_object_unref);
    return text;
}

void machine_learn(Machine *machine, char *text, ...)
{
    va_list users;
    const char *user_id;
    mx_store_begin(machine->store);
    va_start(users, text);
    while ((user_id = va_arg(users, const char *)) != NULL) {
        mx_device_list_track(machine->crypto, user_id);
        mx_device_list_refresh(machine->crypto, user_id);
    }
    va_end(users);
    machine_advance(61000); /* whatever was refused before may be asked again */
    store_fixture_commit(machine->store);
    g_autofree MxCryptoRequest *request = machine_take_one(machine, MX_CRYPTO_KEYS_QUERY);
    g_assert_nonnull(request);
    machine_answer(machine, request->id, text);
    g_free(request->body);
    g_free(text);
}

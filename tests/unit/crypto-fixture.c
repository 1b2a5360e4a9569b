/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto-fixture.h"

#include <string.h>

#include "mx-cross-signing.h"
#include "mx-json.h"
#include "mx-keyring.h"
#include "mx-primitives.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"
#include "mx-store-private.h"
#include "mx-to-device.h"
#include "store-fixture.h"

#define START_MS G_GINT64_CONSTANT(1700000000000)

static gint64 now_ms;

gint64 crypto_world_now(void)
{
    return now_ms;
}

void crypto_world_advance(gint64 ms)
{
    now_ms += ms;
}

JsonObject *crypto_json(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GError) error = NULL;
    JsonObject *object = mx_json_parse_object(text, -1, &error);
    g_assert_no_error(error);
    return object;
}

/* ---- machines ---- */

static void machine_free(gpointer data)
{
    CryptoMachine *machine = data;
    mx_store_close(machine->store);
    store_fixture_remove_dir(machine->dir);
    g_queue_clear_full(&machine->inbox, g_free);
    g_free(machine->user_id);
    g_free(machine->device_id);
    g_free(machine);
}

static void open_machine(CryptoMachine *machine)
{
    g_autoptr(GError) error = NULL;
    machine->store = store_fixture_open(machine->dir);
    mx_store_set_value(machine->store, MX_VALUE_USER_ID, machine->user_id);
    machine->crypto = mx_crypto_open(machine->store, machine->user_id, machine->device_id, &error);
    g_assert_no_error(error);
    machine->crypto->get_now_ms = crypto_world_now;
    /* Nobody pulls the plug here. */
    sqlite3_exec(machine->store->db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
}

CryptoMachine *crypto_world_add(CryptoWorld *world, const char *user_id, const char *device_id)
{
    CryptoMachine *machine = g_new0(CryptoMachine, 1);
    machine->world = world;
    machine->user_id = g_strdup(user_id);
    machine->device_id = g_strdup(device_id);
    machine->dir = store_fixture_make_dir();
    g_queue_init(&machine->inbox);
    open_machine(machine);
    g_ptr_array_add(world->machines, machine);
    return machine;
}

void crypto_machine_restart(CryptoMachine *machine)
{
    mx_store_close(machine->store);
    open_machine(machine);
}

static void restart_with_copy(CryptoMachine *machine, const char *from, const char *to)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL, *source = g_build_filename(machine->dir, from, NULL);
    g_autofree char *target = g_build_filename(machine->dir, to, NULL);
    gsize len;
    mx_store_close(machine->store);
    g_assert_true(g_file_get_contents(source, &text, &len, &error));
    g_assert_true(g_file_set_contents(target, text, (gssize)len, &error));
    open_machine(machine);
}

void crypto_machine_keep_copy(CryptoMachine *machine)
{
    restart_with_copy(machine, "account.db", "account.db.copy");
}

void crypto_machine_put_back(CryptoMachine *machine)
{
    restart_with_copy(machine, "account.db.copy", "account.db");
}

void crypto_machine_begin(CryptoMachine *machine)
{
    mx_store_begin(machine->store);
}

void crypto_machine_commit(CryptoMachine *machine)
{
    store_fixture_commit(machine->store);
}

/* ---- keys ---- */

static gboolean sign_with_account(const void *message, gsize len,
                                  guint8 signature[MX_SIGNATURE_LEN], gpointer data, GError **error)
{
    (void)error;
    g_autofree char *text = mx_olm_account_sign(data, message, len);
    return mx_base64_decode_fixed(text, signature, MX_SIGNATURE_LEN);
}

void crypto_machine_sign(CryptoMachine *machine, JsonObject *object)
{
    g_autofree char *key_id = g_strconcat("ed25519:", machine->device_id, NULL);
    g_autoptr(GError) error = NULL;
    mx_signed_json_sign(object, machine->user_id, key_id, sign_with_account,
                        machine->crypto->account, &error);
    g_assert_no_error(error);
}

static char *make_name(const char *user_id, const char *device_id)
{
    return g_strconcat(user_id, " ", device_id, NULL);
}

static char *make_device_keys(CryptoMachine *machine)
{
    g_autoptr(JsonObject) object = crypto_json(
        "{\"user_id\": \"%s\", \"device_id\": \"%s\", \"algorithms\": [\"" MX_ALGORITHM_OLM
        "\", \"" MX_ALGORITHM_MEGOLM
        "\"], \"keys\": {\"curve25519:%s\": \"%s\", \"ed25519:%s\": \"%s\"}}",
        machine->user_id, machine->device_id, machine->device_id, machine->crypto->curve25519,
        machine->device_id, machine->crypto->ed25519);
    crypto_machine_sign(machine, object);
    return mx_json_object_to_text(object);
}

static void free_queue(gpointer queue)
{
    g_queue_free_full(queue, g_free);
}

static GQueue *get_one_time_keys(CryptoWorld *world, const char *name)
{
    GQueue *queue = g_hash_table_lookup(world->one_time, name);
    if (queue == NULL) {
        queue = g_queue_new();
        g_hash_table_insert(world->one_time, g_strdup(name), queue);
    }
    return queue;
}

void crypto_machine_publish(CryptoMachine *machine, guint n_one_time, gboolean fallback)
{
    CryptoWorld *world = machine->world;
    g_autofree char *name = make_name(machine->user_id, machine->device_id);
    while (crypto_machine_run(machine) > 0)
        continue;
    g_assert_nonnull(g_hash_table_lookup(world->device_keys, name));
    GQueue *keys = get_one_time_keys(world, name);
    g_assert_cmpuint(keys->length, >=, n_one_time);
    while (keys->length > n_one_time)
        g_free(g_queue_pop_tail(keys));
    if (!fallback)
        g_hash_table_remove(world->fallback, name);
}

/* An identity whose keys nobody has: what is stored of it says what was found out. */
static void set_identity(CryptoMachine *machine, const char *user_id, MxDeviceTrust trust)
{
    gboolean is_own = g_str_equal(user_id, machine->user_id);
    gboolean is_verified = trust == MX_DEVICE_VERIFIED;
    MxIdentityRow row = {
        .user_id = (char *)user_id,
        .master = (char *)"master",
        .self_signing = (char *)"self-signing",
        .user_signing = (char *)(is_own ? "user-signing" : NULL),
        .master_object = (char *)"{}",
        .signed_by = (char *)(is_verified && !is_own ? "user-signing" : NULL),
        .trusted = (char *)(is_verified && is_own ? "master" : NULL),
    };
    if (is_own)
        mx_cross_signing_drop_made(machine->crypto);
    mx_store_save_identity(machine->store, &row);
}

void crypto_machine_meet(CryptoMachine *machine, CryptoMachine *other, MxDeviceTrust trust)
{
    g_autofree char *object = make_device_keys(other);
    MxDeviceRow row = {
        .user_id = other->user_id,
        .device_id = other->device_id,
        .curve25519 = other->crypto->curve25519,
        .ed25519 = other->crypto->ed25519,
        .object = object,
        .signed_by = (char *)(trust != MX_DEVICE_UNSIGNED ? "self-signing" : NULL),
    };
    crypto_machine_begin(machine);
    mx_store_save_device(machine->store, &row);
    if (trust != MX_DEVICE_UNSIGNED) {
        set_identity(machine, machine->user_id, MX_DEVICE_VERIFIED);
        set_identity(machine, other->user_id, trust);
    }
    crypto_machine_commit(machine);
}

MxDevice *crypto_machine_find(CryptoMachine *machine, CryptoMachine *other)
{
    MxDevice *device = mx_device_list_find(machine->crypto, other->user_id, other->device_id);
    g_assert_nonnull(device);
    return device;
}

/* ---- the homeserver ---- */

void crypto_machine_deliver(CryptoMachine *machine, const char *sender, const char *type,
                            JsonObject *content)
{
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "sender", sender);
    json_object_set_string_member(event, "type", type);
    json_object_set_object_member(event, "content", content);
    g_queue_push_tail(&machine->inbox, mx_json_object_to_text(event));
}

static char *get_one_time_key(CryptoWorld *world, const char *name)
{
    GQueue *queue = g_hash_table_lookup(world->one_time, name);
    char *key = queue != NULL ? g_queue_pop_head(queue) : NULL;
    return key != NULL ? key : g_strdup(g_hash_table_lookup(world->fallback, name));
}

static void for_each_member(JsonObject *object,
                            void (*func)(const char *name, JsonNode *node, gpointer data),
                            gpointer data)
{
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *at = names; at != NULL; at = at->next)
        func(at->data, json_object_get_member(object, at->data), data);
}

static char *answer_claim(CryptoWorld *world, JsonObject *body)
{
    g_autoptr(JsonObject) answer = crypto_json("{\"one_time_keys\": {}}");
    JsonObject *asked = mx_json_object(body, "one_time_keys");
    g_autoptr(GList) users = json_object_get_members(asked);
    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *of_user = json_object_new();
        json_object_set_object_member(mx_json_object(answer, "one_time_keys"), user->data, of_user);
        g_autoptr(GList) devices = json_object_get_members(mx_json_object(asked, user->data));
        for (GList *device = devices; device != NULL; device = device->next) {
            g_autofree char *name = make_name(user->data, device->data);
            g_autofree char *key = get_one_time_key(world, name);
            if (key != NULL)
                json_object_set_object_member(of_user, device->data, crypto_json("%s", key));
        }
    }
    return mx_json_object_to_text(answer);
}

static char *answer_query(CryptoWorld *world, JsonObject *body)
{
    static const char *const kinds[] = {"master_keys", "self_signing_keys", "user_signing_keys"};
    g_autoptr(JsonObject) answer =
        crypto_json("{\"device_keys\": {}, \"master_keys\": {}, \"self_signing_keys\": {}, "
                    "\"user_signing_keys\": {}}");
    g_autoptr(GList) users = json_object_get_members(mx_json_object(body, "device_keys"));
    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *of_user = json_object_new();
        json_object_set_object_member(mx_json_object(answer, "device_keys"), user->data, of_user);
        g_autofree char *prefix = make_name(user->data, "");
        GHashTableIter iter;
        gpointer name, text;
        g_hash_table_iter_init(&iter, world->device_keys);
        while (g_hash_table_iter_next(&iter, &name, &text))
            if (g_str_has_prefix(name, prefix))
                json_object_set_object_member(of_user, (char *)name + strlen(prefix),
                                              crypto_json("%s", (char *)text));
        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
            g_autofree char *key = make_name(kinds[i], user->data);
            if ((text = g_hash_table_lookup(world->identities, key)) != NULL)
                json_object_set_object_member(mx_json_object(answer, kinds[i]), user->data,
                                              crypto_json("%s", (char *)text));
        }
    }
    return mx_json_object_to_text(answer);
}

static void deliver_to_devices(CryptoMachine *from, const char *type, const char *user_id,
                               JsonObject *devices)
{
    CryptoWorld *world = from->world;
    for (guint i = 0; i < world->machines->len; i++) {
        CryptoMachine *to = g_ptr_array_index(world->machines, i);
        JsonObject *content = mx_json_object(devices, to->device_id);
        if (content == NULL)
            content = mx_json_object(devices, "*");
        if (content != NULL && g_str_equal(to->user_id, user_id))
            crypto_machine_deliver(to, from->user_id, type, json_object_ref(content));
    }
}

static char *answer_to_device(CryptoMachine *from, const MxCryptoRequest *request, JsonObject *body)
{
    if (!g_hash_table_add(from->world->txn_ids, make_name(from->device_id, request->txn_id)))
        return g_strdup("{}");
    JsonObject *messages = mx_json_object(body, "messages");
    g_autoptr(GList) users = json_object_get_members(messages);
    for (GList *user = users; user != NULL; user = user->next)
        deliver_to_devices(from, request->event_type, user->data,
                           mx_json_object(messages, user->data));
    return g_strdup("{}");
}

static void take_one_time_key(const char *name, JsonNode *node, gpointer data)
{
    g_autoptr(JsonObject) key = json_object_new();
    json_object_set_member(key, name, json_node_copy(node));
    g_queue_push_tail(data, mx_json_object_to_text(key));
}

static void take_fallback(const char *name, JsonNode *node, gpointer data)
{
    g_autoptr(JsonObject) key = json_object_new();
    json_object_set_member(key, name, json_node_copy(node));
    *(char **)data = mx_json_object_to_text(key);
}

static char *answer_upload(CryptoMachine *from, JsonObject *body)
{
    CryptoWorld *world = from->world;
    g_autofree char *name = make_name(from->user_id, from->device_id);
    GQueue *queue = get_one_time_keys(world, name);
    if (mx_json_object(body, "device_keys") != NULL)
        g_hash_table_insert(world->device_keys, g_strdup(name),
                            mx_json_object_to_text(mx_json_object(body, "device_keys")));
    if (mx_json_object(body, "one_time_keys") != NULL)
        for_each_member(mx_json_object(body, "one_time_keys"), take_one_time_key, queue);
    if (mx_json_object(body, "fallback_keys") != NULL) {
        char *text = NULL;
        for_each_member(mx_json_object(body, "fallback_keys"), take_fallback, &text);
        if (text != NULL)
            g_hash_table_insert(world->fallback, g_strdup(name), text);
    }
    return g_strdup_printf("{\"one_time_key_counts\": {\"signed_curve25519\": %u}}", queue->length);
}

static char *answer_request(CryptoMachine *from, const MxCryptoRequest *request, JsonObject *body)
{
    switch (request->kind) {
    case MX_CRYPTO_KEYS_UPLOAD:
        return answer_upload(from, body);
    case MX_CRYPTO_KEYS_QUERY:
        return answer_query(from->world, body);
    case MX_CRYPTO_KEYS_CLAIM:
        return answer_claim(from->world, body);
    case MX_CRYPTO_SEND_TO_DEVICE:
        return answer_to_device(from, request, body);
    default:
        return g_strdup("{}");
    }
}

static void carry(CryptoMachine *machine, const MxCryptoRequest *request)
{
    CryptoSent *sent = g_new0(CryptoSent, 1);
    sent->machine = machine;
    sent->kind = request->kind;
    sent->event_type = g_strdup(request->event_type);
    sent->txn_id = g_strdup(request->txn_id);
    sent->body = g_strdup(request->body);
    g_ptr_array_add(machine->world->sent, sent);
    g_autofree char *text = NULL;
    guint status = 200;
    g_autoptr(JsonObject) body = crypto_json("%s", request->body);
    if (machine->world->intercept == NULL ||
        !machine->world->intercept(machine, request, &status, &text))
        text = answer_request(machine, request, body);
    MxCryptoAnswer answer = {.status = status,
                             .body = status == 200 ? text : NULL,
                             .len = status == 200 ? strlen(text) : 0,
                             .retry_after_ms = -1};
    g_autoptr(GError) error = NULL;
    mx_crypto_answer(machine->crypto, request->id, &answer, &error);
    g_assert_no_error(error);
}

guint crypto_machine_run(CryptoMachine *machine)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) due = mx_crypto_take_requests(machine->crypto, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < due->len; i++)
        carry(machine, g_ptr_array_index(due, i));
    return due->len;
}

guint crypto_machine_sync(CryptoMachine *machine)
{
    guint n = machine->inbox.length;
    char *text;
    crypto_machine_begin(machine);
    while ((text = g_queue_pop_head(&machine->inbox)) != NULL) {
        mx_to_device_receive(machine->crypto, text, strlen(text));
        g_free(text);
    }
    crypto_machine_commit(machine);
    return n;
}

void crypto_world_settle(CryptoWorld *world)
{
    guint n = 1;
    for (guint round = 0; n > 0; round++) {
        g_assert_cmpuint(round, <, 1000);
        n = 0;
        for (guint i = 0; i < world->machines->len; i++) {
            CryptoMachine *machine = g_ptr_array_index(world->machines, i);
            n += crypto_machine_run(machine) + crypto_machine_sync(machine);
        }
    }
}

guint crypto_world_count(CryptoWorld *world, CryptoMachine *machine, MxCryptoRequestKind kind,
                         const char *event_type)
{
    guint n = 0;
    for (guint i = 0; i < world->sent->len; i++) {
        const CryptoSent *sent = g_ptr_array_index(world->sent, i);
        n += sent->kind == kind && (machine == NULL || sent->machine == machine) &&
             (event_type == NULL || g_strcmp0(sent->event_type, event_type) == 0);
    }
    return n;
}

/* ---- the database ---- */

static void add_rows(sqlite3 *db, const char *table, GChecksum *sum)
{
    g_autofree char *sql = g_strdup_printf("SELECT * FROM \"%s\" ORDER BY 1, 2", table);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        g_free(sql);
        sql = g_strdup_printf("SELECT * FROM \"%s\" ORDER BY 1", table);
        g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    }
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            int len = sqlite3_column_bytes(statement, i);
            g_checksum_update(sum, (const guchar *)&len, sizeof len);
            if (len > 0)
                g_checksum_update(sum, sqlite3_column_blob(statement, i), len);
        }
    sqlite3_finalize(statement);
}

char *crypto_machine_digest(CryptoMachine *machine, const char *except)
{
    g_auto(GStrv) left_out = g_strsplit(except, " ", -1);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(machine->store->db,
                       "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1,
                       &statement, NULL);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (!g_strv_contains((const char *const *)left_out, name) &&
            !g_str_equal(name, "sqlite_sequence"))
            add_rows(machine->store->db, name, sum);
    }
    sqlite3_finalize(statement);
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- the world ---- */

static void sent_free(gpointer data)
{
    CryptoSent *sent = data;
    g_free(sent->event_type);
    g_free(sent->txn_id);
    g_free(sent->body);
    g_free(sent);
}

CryptoWorld *crypto_world_new(void)
{
    CryptoWorld *world = g_new0(CryptoWorld, 1);
    g_setenv(MX_KEYRING_OFF_VARIABLE, "1", TRUE);
    now_ms = START_MS;
    world->machines = g_ptr_array_new_with_free_func(machine_free);
    world->sent = g_ptr_array_new_with_free_func(sent_free);
    world->device_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world->one_time = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_queue);
    world->fallback = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world->txn_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return world;
}

void crypto_world_free(CryptoWorld *world)
{
    g_ptr_array_unref(world->machines);
    g_ptr_array_unref(world->sent);
    g_hash_table_unref(world->device_keys);
    g_hash_table_unref(world->one_time);
    g_hash_table_unref(world->fallback);
    g_hash_table_unref(world->identities);
    g_hash_table_unref(world->txn_ids);
    g_free(world);
}

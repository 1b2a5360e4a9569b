/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

#include <string.h>

/* Keys of devices, and messages between them. */

typedef struct {
    JsonObject *keys;     /* device_keys, or NULL */
    JsonObject *one_time; /* ID with algorithm -> object */
    JsonObject *fallback; /* likewise */
} FakeDevice;

static void device_free(gpointer data)
{
    FakeDevice *device = data;

    g_clear_pointer(&device->keys, json_object_unref);
    json_object_unref(device->one_time);
    json_object_unref(device->fallback);
    g_free(device);
}

void fake_keys_init(FakeServer *server)
{
    server->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, device_free);
    server->identities = json_object_new();
    server->made_identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void fake_keys_clear(FakeServer *server)
{
    g_hash_table_unref(server->devices);
    json_object_unref(server->identities);
    g_hash_table_unref(server->made_identities);
    g_free(server->identity_password);
}

void fake_server_show_keys(FakeServer *server)
{
    server->shows_keys = TRUE;
}

gboolean fake_keys_is_hidden(FakeServer *server, const char *endpoint)
{
    static const char *const endpoints[] = {"keys-upload",    "keys-query", "keys-claim",
                                            "send-to-device", "signatures", "device-signing"};

    if (!server->takes_identities && g_str_equal(endpoint, "device-signing"))
        return TRUE;
    for (guint i = 0; !server->shows_keys && i < G_N_ELEMENTS(endpoints); i++)
        if (g_str_equal(endpoints[i], endpoint))
            return TRUE;
    return FALSE;
}

/* ---- devices ---- */

static FakeDevice *ensure_device(FakeServer *server, const char *user, const char *device_id)
{
    g_autofree char *name = g_strconcat(user, " ", device_id, NULL);
    FakeDevice *device = g_hash_table_lookup(server->devices, name);

    if (device == NULL) {
        device = g_new0(FakeDevice, 1);
        device->one_time = json_object_new();
        device->fallback = json_object_new();
        g_hash_table_insert(server->devices, g_steal_pointer(&name), device);
    }
    return device;
}

static JsonObject *parse(const char *text)
{
    g_autoptr(JsonNode) node = text != NULL ? json_from_string(text, NULL) : NULL;

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_dup_object(node) : NULL;
}

void fake_server_set_device(FakeServer *server, const char *user_id, const char *device_id,
                            const char *keys)
{
    FakeDevice *device = ensure_device(server, user_id, device_id);

    g_clear_pointer(&device->keys, json_object_unref);
    device->keys = parse(keys);
}

void fake_keys_add_one_time(FakeServer *server, const char *user_id, const char *device_id,
                            const char *key_id, JsonObject *key)
{
    FakeDevice *device = ensure_device(server, user_id, device_id);

    json_object_set_object_member(device->one_time, key_id, key);
}

/* ---- text ---- */

static FakeReply reply(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, object);
    return (FakeReply){200, json_to_string(node, FALSE)};
}

static JsonObject *object_member(JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean equals(JsonObject *a, const char *name, JsonNode *b)
{
    g_autofree char *one = json_to_string(json_object_get_member(a, name), FALSE);
    g_autofree char *other = json_to_string(b, FALSE);

    return g_str_equal(one, other);
}

char *fake_keys_counts(FakeServer *server, const char *token)
{
    g_autofree char *user = fake_token_user(token), *device_id = fake_token_device(token);
    FakeDevice *device = ensure_device(server, user, device_id);

    return g_strdup_printf("\"device_one_time_keys_count\":{\"signed_curve25519\":%u},"
                           "\"device_unused_fallback_key_types\":[%s]",
                           json_object_get_size(device->one_time),
                           json_object_get_size(device->fallback) > 0 ? "\"signed_curve25519\""
                                                                      : "");
}

/* ---- endpoints ---- */

FakeReply fake_answer_keys_upload(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *user = fake_token_user(request->token),
                    *device_id = fake_token_device(request->token);
    FakeDevice *device = ensure_device(server, user, device_id);
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *one_time = object_member(body, "one_time_keys");
    JsonObject *counts = json_object_new(), *answer = json_object_new();
    g_autoptr(GList) ids = one_time ? json_object_get_members(one_time) : NULL;

    for (GList *id = ids; id != NULL; id = id->next) {
        JsonNode *key = json_object_get_member(one_time, id->data);
        if (json_object_has_member(device->one_time, id->data) &&
            !equals(device->one_time, id->data, key)) {
            json_object_unref(counts);
            json_object_unref(answer);
            return fake_reply_error(400, "M_UNKNOWN", "One time key already exists");
        }
        json_object_set_member(device->one_time, id->data, json_node_copy(key));
    }
    if (object_member(body, "device_keys") != NULL) {
        g_clear_pointer(&device->keys, json_object_unref);
        device->keys = json_object_ref(object_member(body, "device_keys"));
    }
    if (object_member(body, "fallback_keys") != NULL) {
        json_object_unref(device->fallback);
        device->fallback = json_object_ref(object_member(body, "fallback_keys"));
    }
    json_object_set_int_member(counts, "signed_curve25519", json_object_get_size(device->one_time));
    json_object_set_object_member(answer, "one_time_key_counts", counts);
    return reply(answer);
}

static JsonObject *devices_of(FakeServer *server, const char *user)
{
    g_autofree char *prefix = g_strconcat(user, " ", NULL);
    JsonObject *devices = json_object_new();
    GHashTableIter iter;
    gpointer name, device;

    g_hash_table_iter_init(&iter, server->devices);
    while (g_hash_table_iter_next(&iter, &name, &device)) {
        JsonObject *keys = ((FakeDevice *)device)->keys;
        if (g_str_has_prefix(name, prefix) && keys != NULL)
            json_object_set_object_member(devices, (char *)name + strlen(prefix),
                                          json_object_ref(keys));
    }
    return devices;
}

FakeReply fake_answer_keys_query(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *wanted = object_member(body, "device_keys");
    JsonObject *answer = json_object_new(), *by_user = json_object_new();
    g_autoptr(GList) users = wanted ? json_object_get_members(wanted) : NULL;

    for (GList *user = users; user != NULL; user = user->next)
        json_object_set_object_member(by_user, user->data, devices_of(server, user->data));
    json_object_set_object_member(answer, "device_keys", by_user);
    g_autoptr(GList) kinds = json_object_get_members(server->identities);
    for (GList *kind = kinds; kind != NULL; kind = kind->next)
        json_object_set_member(
            answer, kind->data,
            json_node_copy(json_object_get_member(server->identities, kind->data)));
    json_object_set_object_member(answer, "failures", json_object_new());
    return reply(answer);
}

static JsonObject *claim(FakeServer *server, const char *user, const char *device_id)
{
    FakeDevice *device = ensure_device(server, user, device_id);
    gboolean is_fallback = json_object_get_size(device->one_time) == 0;
    JsonObject *keys = is_fallback ? device->fallback : device->one_time;
    g_autoptr(GList) ids = json_object_get_members(keys);
    JsonObject *key = json_object_new();

    if (ids == NULL)
        return key;
    json_object_set_member(key, ids->data, json_node_copy(json_object_get_member(keys, ids->data)));
    if (!is_fallback)
        json_object_remove_member(keys, ids->data);
    return key;
}

FakeReply fake_answer_keys_claim(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *wanted = object_member(body, "one_time_keys");
    JsonObject *answer = json_object_new(), *by_user = json_object_new();
    g_autoptr(GList) users = wanted ? json_object_get_members(wanted) : NULL;

    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *by_device = json_object_new();
        g_autoptr(GList) ids = json_object_get_members(object_member(wanted, user->data));
        for (GList *id = ids; id != NULL; id = id->next)
            json_object_set_object_member(by_device, id->data, claim(server, user->data, id->data));
        json_object_set_object_member(by_user, user->data, by_device);
    }
    json_object_set_object_member(answer, "one_time_keys", by_user);
    return reply(answer);
}

/* ---- identities ---- */

void fake_server_take_identities(FakeServer *server, const char *password)
{
    server->takes_identities = TRUE;
    g_free(server->identity_password);
    server->identity_password = g_strdup(password);
}

static FakeReply challenge(const char *error)
{
    return (FakeReply){401,
                       g_strdup_printf("{%s\"session\":\"s\",\"params\":{},\"flows\":[{\"stages\":"
                                       "[\"m.login.password\"]}]}",
                                       error)};
}

static JsonObject *ensure_member(JsonObject *object, const char *name)
{
    if (object_member(object, name) == NULL)
        json_object_set_object_member(object, name, json_object_new());
    return object_member(object, name);
}

FakeReply fake_answer_device_signing(FakeServer *server, const FakeRequest *request)
{
    static const char *const names[][2] = {{"master_key", "master_keys"},
                                           {"self_signing_key", "self_signing_keys"},
                                           {"user_signing_key", "user_signing_keys"}};
    g_autofree char *user = fake_token_user(request->token);
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *auth = object_member(body, "auth");

    if (!server->takes_identities)
        return fake_reply_error(404, "M_UNRECOGNIZED", "Unrecognized request");
    if (server->identity_password != NULL && auth == NULL)
        return challenge("");
    if (server->identity_password != NULL &&
        !g_str_equal(json_object_get_string_member_with_default(auth, "password", ""),
                     server->identity_password))
        return challenge("\"errcode\":\"M_FORBIDDEN\",\"error\":\"Invalid password\",");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        json_object_set_object_member(ensure_member(server->identities, names[i][1]), user,
                                      json_object_ref(object_member(body, names[i][0])));
    return (FakeReply){200, g_strdup("{}")};
}

static void add_signatures(JsonObject *stored, JsonObject *given)
{
    JsonObject *signatures = object_member(given, "signatures");
    g_autoptr(GList) users = json_object_get_members(signatures);

    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *by = object_member(signatures, user->data);
        JsonObject *known = ensure_member(ensure_member(stored, "signatures"), user->data);
        g_autoptr(GList) ids = json_object_get_members(by);
        for (GList *id = ids; id != NULL; id = id->next)
            json_object_set_member(known, id->data,
                                   json_node_copy(json_object_get_member(by, id->data)));
    }
}

FakeReply fake_answer_signatures(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *user = fake_token_user(request->token);
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *objects = object_member(body, user);
    JsonObject *master = object_member(ensure_member(server->identities, "master_keys"), user);
    g_autoptr(GList) ids = objects != NULL ? json_object_get_members(objects) : NULL;

    for (GList *id = ids; id != NULL; id = id->next) {
        g_autofree char *name = g_strconcat(user, " ", (char *)id->data, NULL);
        FakeDevice *device = g_hash_table_lookup(server->devices, name);
        JsonObject *stored = device != NULL ? device->keys : master;
        if (stored != NULL)
            add_signatures(stored, object_member(objects, id->data));
    }
    return (FakeReply){200, g_strdup("{\"failures\":{}}")};
}

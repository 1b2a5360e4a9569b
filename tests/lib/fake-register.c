/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

/* New accounts, with User-Interactive Authentication: one session, as there is one registration at
 * a time. */

struct _FakeRegistering {
    char *flows;           /* JSON text of an array */
    char *params;          /* JSON text of an object */
    GHashTable *completed; /* set of stages */
    GHashTable *finished;  /* likewise: by a person, elsewhere */
    GHashTable *users;     /* set of localparts */
    char *made;            /* by this session */
    guint session;
};

void fake_register_init(FakeServer *server)
{
    FakeRegistering *self = g_new0(FakeRegistering, 1);

    self->flows = g_strdup("[{\"stages\":[\"m.login.dummy\"]}]");
    self->params = g_strdup("{}");
    self->completed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->finished = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    server->registering = self;
}

void fake_register_clear(FakeServer *server)
{
    FakeRegistering *self = server->registering;

    g_free(self->flows);
    g_free(self->params);
    g_free(self->made);
    g_hash_table_unref(self->completed);
    g_hash_table_unref(self->finished);
    g_hash_table_unref(self->users);
    g_free(self);
}

void fake_server_set_flows(FakeServer *server, const char *flows, const char *params)
{
    FakeRegistering *self = server->registering;

    g_free(self->flows);
    g_free(self->params);
    self->flows = g_strdup(flows);
    self->params = g_strdup(params != NULL ? params : "{}");
}

void fake_server_finish_stage(FakeServer *server, const char *stage)
{
    g_hash_table_add(server->registering->finished, g_strdup(stage));
}

void fake_server_add_user(FakeServer *server, const char *localpart)
{
    g_hash_table_add(server->registering->users, g_strdup(localpart));
}

gboolean fake_server_has_user(FakeServer *server, const char *localpart)
{
    return g_hash_table_contains(server->registering->users, localpart);
}

static const char *member(JsonObject *object, const char *name)
{
    return object != NULL ? json_object_get_string_member_with_default(object, name, NULL) : NULL;
}

static JsonObject *object_member(JsonObject *object, const char *name)
{
    return object != NULL && json_object_has_member(object, name)
               ? json_object_get_object_member(object, name)
               : NULL;
}

static FakeReply challenge(FakeRegistering *self, const char *error)
{
    GString *completed = g_string_new(NULL);
    GHashTableIter iter;
    gpointer stage;

    g_hash_table_iter_init(&iter, self->completed);
    while (g_hash_table_iter_next(&iter, &stage, NULL))
        g_string_append_printf(completed, "%s\"%s\"", completed->len > 0 ? "," : "", (char *)stage);
    g_autofree char *words =
        error != NULL ? g_strdup_printf(",\"errcode\":\"M_UNAUTHORIZED\",\"error\":\"%s\"", error)
                      : g_strdup("");
    char *body = g_strdup_printf(
        "{\"session\":\"session%u\",\"flows\":%s,\"params\":%s,\"completed\":[%s]%s}",
        self->session, self->flows, self->params, completed->str, words);
    g_string_free(completed, TRUE);
    return (FakeReply){401, body};
}

/* NULL: the stage is done. */
static const char *try_stage(FakeRegistering *self, const char *type, JsonObject *auth)
{
    if (g_str_equal(type, "m.login.dummy") || g_str_equal(type, "m.login.terms"))
        return NULL;
    if (g_str_equal(type, "m.login.registration_token"))
        return g_strcmp0(member(auth, "token"), "good") == 0 ? NULL : "Invalid <b>token</b>";
    if (g_str_equal(type, "m.login.password"))
        return g_strcmp0(member(auth, "password"), "sesame") == 0 ? NULL : "Invalid password";
    if (g_str_equal(type, "m.login.email.identity") &&
        g_strcmp0(member(object_member(auth, "threepid_creds"), "sid"), "sid1") == 0 &&
        g_hash_table_contains(self->finished, type))
        return NULL;
    return "Unable to get validated threepid";
}

static gboolean is_done(FakeRegistering *self)
{
    g_autoptr(JsonNode) node = json_from_string(self->flows, NULL);
    JsonArray *flows = json_node_get_array(node);

    for (guint i = 0; i < json_array_get_length(flows); i++) {
        JsonArray *stages =
            json_object_get_array_member(json_array_get_object_element(flows, i), "stages");
        gboolean done = TRUE;
        for (guint j = 0; j < json_array_get_length(stages); j++)
            done &=
                g_hash_table_contains(self->completed, json_array_get_string_element(stages, j));
        if (done)
            return TRUE;
    }
    return FALSE;
}

static void take_finished(FakeRegistering *self)
{
    GHashTableIter iter;
    gpointer stage;

    g_hash_table_iter_init(&iter, self->finished);
    while (g_hash_table_iter_next(&iter, &stage, NULL))
        if (!g_str_equal(stage, "m.login.email.identity"))
            g_hash_table_add(self->completed, g_strdup(stage));
}

static FakeReply made(FakeRegistering *self)
{
    return (FakeReply){200, g_strdup_printf("{\"user_id\":\"@%s:localhost\"}", self->made)};
}

FakeReply fake_answer_register(FakeServer *server, const FakeRequest *request)
{
    FakeRegistering *self = server->registering;
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *auth = object_member(body, "auth");
    const char *name = member(body, "username");
    g_autofree char *session = g_strdup_printf("session%u", self->session);
    const char *error = NULL;

    if (auth != NULL && self->made != NULL && g_strcmp0(member(auth, "session"), session) == 0)
        return made(self);
    if (name == NULL || fake_server_has_user(server, name))
        return fake_reply_error(400, "M_USER_IN_USE", "User ID already taken.");
    if (auth == NULL || g_strcmp0(member(auth, "session"), session) != 0) {
        self->session++;
        g_hash_table_remove_all(self->completed);
        g_clear_pointer(&self->made, g_free);
        return challenge(self, NULL);
    }
    take_finished(self);
    if (member(auth, "type") != NULL) {
        error = try_stage(self, member(auth, "type"), auth);
        if (error == NULL)
            g_hash_table_add(self->completed, g_strdup(member(auth, "type")));
    }
    if (!is_done(self))
        return challenge(self, error);
    fake_server_add_user(server, name);
    self->made = g_strdup(name);
    return made(self);
}

FakeReply fake_answer_register_available(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *name = fake_request_query(request, "username");

    if (name == NULL || fake_server_has_user(server, name))
        return fake_reply_error(400, "M_USER_IN_USE", "User ID already taken.");
    return (FakeReply){200, g_strdup("{\"available\":true}")};
}

FakeReply fake_answer_token_validity(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *token = fake_request_query(request, "token");

    return (FakeReply){
        200, g_strdup_printf("{\"valid\":%s}", g_strcmp0(token, "bad") == 0 ? "false" : "true")};
}

FakeReply fake_answer_register_email(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);

    if (g_strcmp0(member(body, "email"), "used@example.org") == 0)
        return fake_reply_error(400, "M_THREEPID_IN_USE", "Email is already in use");
    return (FakeReply){200, g_strdup("{\"sid\":\"sid1\"}")};
}

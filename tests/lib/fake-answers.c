/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

#include <stdio.h>
#include <string.h>

/* What a healthy homeserver answers. Tokens carry their device and user, so that they hold across a
 * restart of the test's process. */

#define TOKEN_PREFIX "mxt."

typedef FakeReply (*AnswerFunc)(FakeServer *server, const FakeRequest *request);

static FakeReply reply(guint status, const char *body)
{
    return (FakeReply){status, g_strdup(body)};
}

FakeReply fake_reply_error(guint status, const char *errcode, const char *error)
{
    return (FakeReply){status,
                       g_strdup_printf("{\"errcode\":\"%s\",\"error\":\"%s\"}", errcode, error)};
}

static char *quote(const char *text)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_VALUE);

    json_node_set_string(node, text);
    return json_to_string(node, FALSE);
}

static char *object_to_text(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

/* ---- users ---- */

/* "mxt.RANDOM.DEVICE.@user:host" */
static char *token_part(const char *token, guint n)
{
    g_auto(GStrv) parts = token ? g_strsplit(token, ".", 4) : NULL;

    if (parts == NULL || g_strv_length(parts) != 4 || !g_str_has_prefix(token, TOKEN_PREFIX))
        return NULL;
    return g_strdup(parts[n]);
}

char *fake_token_user(const char *token)
{
    return token_part(token, 3);
}

char *fake_token_device(const char *token)
{
    return token_part(token, 2);
}

static const char *member(JsonObject *object, const char *name)
{
    if (object == NULL || !json_object_has_member(object, name))
        return NULL;
    return json_object_get_string_member_with_default(object, name, NULL);
}

static char *login_user(JsonObject *body)
{
    JsonObject *identifier = NULL;
    const char *user;

    if (body != NULL && json_object_has_member(body, "identifier"))
        identifier = json_object_get_object_member(body, "identifier");
    user = member(identifier, "user");
    if (user == NULL)
        return NULL;
    return user[0] == '@' ? g_strdup(user) : g_strdup_printf("@%s:localhost", user);
}

/* A pair of tokens, or one. */
static FakeReply reply_tokens(FakeServer *server, const char *device, const char *user)
{
    guint random = g_random_int();
    g_autofree char *more = g_strdup("");

    if (server->refresh) {
        g_free(more);
        more = g_strdup_printf(",\"refresh_token\":\"mxr.%08x.%s.%s\",\"expires_in_ms\":300000",
                               random, device, user);
    }
    return (FakeReply){200, g_strdup_printf("{\"user_id\":\"%s\",\"device_id\":\"%s\","
                                            "\"access_token\":\"" TOKEN_PREFIX "%08x.%s.%s\"%s}",
                                            user, device, random, device, user, more)};
}

static FakeReply answer_login(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    g_autofree char *user = login_user(body);
    g_autofree char *new_device = g_strdup_printf("DEV%08X", g_random_int());
    const char *device = member(body, "device_id");

    if (user == NULL || g_strcmp0(member(body, "type"), "m.login.password") != 0)
        return fake_reply_error(400, "M_UNKNOWN", "Bad login");
    if (g_strcmp0(member(body, "password"), server->password) != 0)
        return fake_reply_error(403, "M_FORBIDDEN", "Invalid username or password");
    if (device == NULL)
        device = new_device;
    return reply_tokens(server, device, user);
}

static FakeReply answer_refresh(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    const char *token = member(body, "refresh_token");
    g_auto(GStrv) parts = token ? g_strsplit(token, ".", 4) : NULL;

    if (parts == NULL || g_strv_length(parts) != 4 || !g_str_equal(parts[0], "mxr") ||
        g_hash_table_contains(server->revoked, token))
        return fake_reply_error(401, "M_UNKNOWN_TOKEN", "Unknown refresh token");
    g_hash_table_add(server->revoked, g_strdup(token));
    return reply_tokens(server, parts[2], parts[3]);
}

static FakeReply answer_login_flows(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"flows\":[{\"type\":\"m.login.password\"}]}");
}

static FakeReply answer_logout(FakeServer *server, const FakeRequest *request)
{
    g_hash_table_add(server->revoked, g_strdup(request->token));
    return reply(200, "{}");
}

static FakeReply answer_whoami(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *user = token_part(request->token, 3);
    g_autofree char *device = token_part(request->token, 2);

    return (FakeReply){200,
                       g_strdup_printf("{\"user_id\":\"%s\",\"device_id\":\"%s\"}", user, device)};
}

static FakeReply answer_versions(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"versions\":[\"r0.6.1\",\"v1.1\",\"v1.11\",\"v1.12\"]}");
}

static FakeReply answer_filter(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"filter_id\":\"f1\"}");
}

void fake_server_set_refresh(FakeServer *server, gboolean refresh)
{
    server->refresh = refresh;
}

void fake_server_set_password(FakeServer *server, const char *password)
{
    g_free(server->password);
    server->password = g_strdup(password);
}

void fake_server_revoke(FakeServer *server, const char *token)
{
    g_hash_table_add(server->revoked, g_strdup(token));
}

/* ---- sync ---- */

guint fake_server_position(FakeServer *server)
{
    return server->base + server->batches->len;
}

void fake_server_set_position(FakeServer *server, guint position)
{
    server->base = position - server->batches->len;
}

/* The body is not parsed: some tests push what no parser should see. */
static char *with_next_batch(FakeServer *server, const FakeRequest *request, const char *body,
                             guint next)
{
    g_autofree char *keys = fake_keys_counts(server, request->token);
    const char *rest = strchr(body, '{') + 1;
    const char *comma = strspn(rest, " \n\t") == strcspn(rest, "}") ? "" : ",";

    return g_strdup_printf("{\"next_batch\":\"s%u\",%s%s%s", next, keys, comma, rest);
}

FakeReply fake_answer_sync(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *since = fake_request_query(request, "since");
    guint64 position;

    if (since == NULL)
        return (FakeReply){
            200, with_next_batch(server, request, server->first, fake_server_position(server))};
    position = g_ascii_strtoull(since + 1, NULL, 10);
    if (since[0] != 's' || position < server->base || position > fake_server_position(server))
        return fake_reply_error(400, "M_UNKNOWN", "Invalid stream token");
    if (position == fake_server_position(server))
        return (FakeReply){200, NULL};
    return (FakeReply){200, with_next_batch(server, request,
                                            server->batches->pdata[position - server->base],
                                            position + 1)};
}

void fake_server_set_first(FakeServer *server, const char *body)
{
    g_free(server->first);
    server->first = g_strdup(body);
}

void fake_server_push(FakeServer *server, const char *body)
{
    g_ptr_array_add(server->batches, g_strdup(body));
    fake_server_wake(server);
}

/* ---- sending ---- */

static void sent_free(gpointer data)
{
    FakeSent *sent = data;

    g_free(sent->room_id);
    g_free(sent->type);
    g_free(sent->transaction_id);
    g_free(sent->event_id);
    g_free(sent->sender);
    g_free(sent->content);
    g_free(sent);
}

static FakeSent *find_sent(FakeServer *server, const FakeRequest *request)
{
    for (guint i = 0; i < server->sent->len; i++) {
        FakeSent *sent = server->sent->pdata[i];
        if (g_strcmp0(sent->transaction_id, request->args[2]) == 0 &&
            g_strcmp0(sent->room_id, request->args[0]) == 0)
            return sent;
    }
    return NULL;
}

static FakeSent *add_sent(FakeServer *server, const FakeRequest *request)
{
    FakeSent *sent = g_new0(FakeSent, 1);

    sent->room_id = g_strdup(request->args[0]);
    sent->type = g_strdup(request->args[1]);
    sent->transaction_id = g_strdup(request->args[2]);
    sent->event_id = g_strdup_printf("$sent%u-%08x", server->sent->len, g_random_int());
    sent->sender = fake_token_user(request->token);
    sent->content = g_strdup(request->body);
    sent->time_ms = g_get_real_time() / 1000;
    g_ptr_array_add(server->sent, sent);
    return sent;
}

char *fake_server_sent_event(FakeServer *server, guint n, gboolean with_transaction_id)
{
    FakeSent *sent = n < server->sent->len ? server->sent->pdata[n] : NULL;
    g_autofree char *transaction = NULL;

    if (sent == NULL)
        return NULL;
    if (with_transaction_id)
        transaction =
            g_strdup_printf(",\"unsigned\":{\"transaction_id\":\"%s\"}", sent->transaction_id);
    return g_strdup_printf("{\"type\":\"%s\",\"event_id\":\"%s\",\"sender\":\"%s\","
                           "\"origin_server_ts\":%" G_GINT64_FORMAT ",\"content\":%s%s}",
                           sent->type, sent->event_id, sent->sender, sent->time_ms, sent->content,
                           transaction ? transaction : "");
}

const char *fake_server_sent_room(FakeServer *server, guint n)
{
    return n < server->sent->len ? ((FakeSent *)server->sent->pdata[n])->room_id : NULL;
}

guint fake_server_sent_count(FakeServer *server)
{
    return server->sent->len;
}

static gboolean on_wake_later(gpointer data)
{
    FakeServer *server = data;

    server->wake_timer = 0;
    fake_server_wake(server);
    return G_SOURCE_REMOVE;
}

/* What a request caused comes a moment after its answer, unless the answer is delayed. */
static void push_later(FakeServer *server, const char *body)
{
    g_ptr_array_add(server->batches, g_strdup(body));
    if (server->wake_timer == 0)
        server->wake_timer = g_timeout_add(30, on_wake_later, server);
}

static void push_timeline(FakeServer *server, const char *room_id, const char *event)
{
    g_autofree char *room = quote(room_id);
    g_autofree char *body = g_strdup_printf(
        "{\"rooms\":{\"join\":{%s:{\"timeline\":{\"events\":[%s]}}}}}", room, event);

    push_later(server, body);
}

static FakeReply answer_send(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) content = fake_request_json(request);
    FakeSent *sent = find_sent(server, request);

    if (content == NULL)
        return fake_reply_error(400, "M_NOT_JSON", "Content not JSON.");
    if (sent == NULL) {
        sent = add_sent(server, request);
        if (server->echo) {
            g_autofree char *event = fake_server_sent_event(server, server->sent->len - 1, TRUE);
            push_timeline(server, sent->room_id, event);
        }
    }
    return (FakeReply){200, g_strdup_printf("{\"event_id\":\"%s\"}", sent->event_id)};
}

void fake_server_set_echo(FakeServer *server, gboolean echo)
{
    server->echo = echo;
}

/* ---- rooms ---- */

static FakeReply answer_messages(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *from = fake_request_query(request, "from");
    g_autofree char *key = g_strdup_printf("%s %s", request->args[0], from ? from : "");
    const char *page = g_hash_table_lookup(server->pages, key);

    if (page != NULL)
        return reply(200, page);
    return (FakeReply){200, g_strdup_printf("{\"start\":\"%s\",\"chunk\":[]}", from ? from : "")};
}

void fake_server_set_page(FakeServer *server, const char *room_id, const char *from,
                          const char *body)
{
    g_hash_table_insert(server->pages, g_strdup_printf("%s %s", room_id, from), g_strdup(body));
}

static FakeReply answer_members(FakeServer *server, const FakeRequest *request)
{
    const char *body = g_hash_table_lookup(server->members, request->args[0]);

    return reply(200, body ? body : "{\"chunk\":[]}");
}

void fake_server_set_members(FakeServer *server, const char *room_id, const char *body)
{
    g_hash_table_insert(server->members, g_strdup(room_id), g_strdup(body));
}

static FakeReply answer_joined_members(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"joined\":{}}");
}

static void append_member(GString *events, const char *user, const char *membership, guint n)
{
    g_string_append_printf(events,
                           ",{\"type\":\"m.room.member\",\"event_id\":\"$new%u-%s\","
                           "\"sender\":\"%s\",\"state_key\":\"%s\",\"origin_server_ts\":1000,"
                           "\"content\":{\"membership\":\"%s\",\"is_direct\":true}}",
                           n, user, user, user, membership);
}

/* As a real server does: the new room comes with the next sync. */
static FakeReply answer_create_room(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    g_autofree char *user = fake_token_user(request->token);
    g_autoptr(GString) events = g_string_new(NULL);
    g_autofree char *room_id = NULL;
    JsonArray *invites = NULL;
    guint n = ++server->rooms;

    room_id = g_strdup_printf("!new%u:localhost", n);
    g_string_append_printf(events,
                           "{\"type\":\"m.room.create\",\"event_id\":\"$create%u\",\"sender\":"
                           "\"%s\",\"state_key\":\"\",\"origin_server_ts\":1000,\"content\":"
                           "{\"creator\":\"%s\",\"room_version\":\"10\"}}",
                           n, user, user);
    append_member(events, user, "join", n);
    if (body != NULL && json_object_has_member(body, "invite"))
        invites = json_object_get_array_member(body, "invite");
    for (guint i = 0; invites != NULL && i < json_array_get_length(invites); i++)
        append_member(events, json_array_get_string_element(invites, i), "invite", n);
    push_timeline(server, room_id, events->str);
    return (FakeReply){200, g_strdup_printf("{\"room_id\":\"%s\"}", room_id)};
}

static FakeReply answer_join(FakeServer *server, const FakeRequest *request)
{
    const char *known = g_hash_table_lookup(server->aliases, request->args[0]);
    g_autofree char *room_id = quote(known != NULL ? known : request->args[0]);

    if (known == NULL && request->args[0][0] == '#')
        return fake_reply_error(404, "M_NOT_FOUND", "Room alias not found");
    return (FakeReply){200, g_strdup_printf("{\"room_id\":%s}", room_id)};
}

void fake_server_set_alias(FakeServer *server, const char *alias, const char *room_id)
{
    g_hash_table_insert(server->aliases, g_strdup(alias), g_strdup(room_id));
}

static FakeReply answer_empty(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{}");
}

static FakeReply answer_presence(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"presence\":\"online\",\"currently_active\":true}");
}

static FakeReply answer_state(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "[]");
}

static FakeReply answer_no_event(FakeServer *server, const FakeRequest *request)
{
    return fake_reply_error(404, "M_NOT_FOUND", "Event not found.");
}

static FakeReply answer_redact(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    FakeSent *sent = find_sent(server, request);

    if (body == NULL)
        return fake_reply_error(400, "M_NOT_JSON", "Content not JSON.");
    if (sent == NULL) {
        sent = add_sent(server, request);
        g_free(sent->type);
        g_free(sent->content);
        sent->type = g_strdup("m.room.redaction");
        json_object_set_string_member(body, "redacts", request->args[1]);
        sent->content = object_to_text(body);
        if (server->echo) {
            g_autofree char *event = fake_server_sent_event(server, server->sent->len - 1, TRUE);
            push_timeline(server, sent->room_id, event);
        }
    }
    return (FakeReply){200, g_strdup_printf("{\"event_id\":\"%s\"}", sent->event_id)};
}

static FakeReply answer_aliases(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"aliases\":[]}");
}

static FakeReply answer_directory_entry(FakeServer *server, const FakeRequest *request)
{
    return reply(200, "{\"visibility\":\"private\"}");
}

/* ---- account data ---- */

static FakeReply answer_get_account_data(FakeServer *server, const FakeRequest *request)
{
    const char *content = g_hash_table_lookup(server->data, request->args[1]);

    if (content == NULL)
        return fake_reply_error(404, "M_NOT_FOUND", "Account data not found");
    return reply(200, content);
}

static FakeReply answer_set_account_data(FakeServer *server, const FakeRequest *request)
{
    g_autoptr(JsonObject) content = fake_request_json(request);
    g_autofree char *body =
        g_strdup_printf("{\"account_data\":{\"events\":[{\"type\":\"%s\",\"content\":%s}]}}",
                        request->args[1], request->body);

    if (content == NULL)
        return fake_reply_error(400, "M_NOT_JSON", "Content not JSON.");
    fake_server_set_account_data(server, request->args[1], request->body);
    push_later(server, body);
    return reply(200, "{}");
}

/* Nobody else has it, and the device knows it. */
static FakeReply answer_set_mark(FakeServer *server, const FakeRequest *request)
{
    fake_server_set_account_data(server, request->args[1], request->body);
    return reply(200, "{}");
}

void fake_server_set_account_data(FakeServer *server, const char *type, const char *content)
{
    g_hash_table_insert(server->data, g_strdup(type), g_strdup(content));
}

const char *fake_server_account_data(FakeServer *server, const char *type)
{
    return g_hash_table_lookup(server->data, type);
}

/* ---- state ---- */

static char *state_name(const char *room_id, const char *type, const char *state_key)
{
    return g_strdup_printf("state %s %s %s", room_id, type, state_key != NULL ? state_key : "");
}

void fake_server_set_state(FakeServer *server, const char *room_id, const char *type,
                           const char *content)
{
    g_hash_table_insert(server->data, state_name(room_id, type, NULL), g_strdup(content));
}

static FakeReply answer_state_event(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *name = state_name(request->args[0], request->args[1], request->args[2]);
    const char *content = g_hash_table_lookup(server->data, name);

    if (content == NULL)
        return fake_reply_error(404, "M_NOT_FOUND", "Event not found.");
    return reply(200, content);
}

static FakeReply answer_set_state(FakeServer *server, const FakeRequest *request)
{
    g_hash_table_insert(server->data,
                        state_name(request->args[0], request->args[1], request->args[2]),
                        g_strdup(request->body));
    return answer_empty(server, request);
}

/* ---- table ---- */

static const struct {
    const char *endpoint;
    AnswerFunc func;
    gboolean is_public;
} answers[] = {
    {"versions", answer_versions, TRUE},
    {"login-flows", answer_login_flows, TRUE},
    {"login", answer_login, TRUE},
    {"refresh", answer_refresh, TRUE},
    {"logout", answer_logout},
    {"whoami", answer_whoami},
    {"filter", answer_filter},
    {"sync", fake_answer_sync},
    {"send", answer_send},
    {"messages", answer_messages},
    {"members", answer_members},
    {"joined-members", answer_joined_members},
    {"create-room", answer_create_room},
    {"join", answer_join},
    {"knock", answer_join},
    {"resolve-alias", answer_join},
    {"add-alias", answer_empty},
    {"remove-alias", answer_empty},
    {"set-visibility", answer_empty},
    {"kick", answer_empty},
    {"set-state", answer_set_state},
    {"set-tag", answer_empty},
    {"delete-tag", answer_empty},
    {"invite", answer_empty},
    {"leave", answer_empty},
    {"forget", answer_empty},
    {"state-event", answer_state_event},
    {"ban", answer_empty},
    {"unban", answer_empty},
    {"upgrade", answer_empty},
    {"report-room", answer_empty},
    {"report-event", answer_empty},
    {"report-user", answer_empty},
    {"receipt", answer_empty},
    {"read-markers", answer_empty},
    {"set-room-account-data", answer_empty},
    {"typing", answer_empty},
    {"presence", answer_empty},
    {"capabilities", answer_empty},
    {"pushrules", answer_empty},
    {"state", answer_state},
    {"event", answer_no_event},
    {"context", answer_no_event},
    {"redact", answer_redact},
    {"aliases", answer_aliases},
    {"visibility", answer_directory_entry},
    {"get-account-data", answer_get_account_data},
    {"set-account-data", answer_set_account_data},
    {"set-mark", answer_set_mark},
    {"profile", fake_answer_profile, TRUE},
    {"set-profile", fake_answer_set_profile},
    {"get-presence", answer_presence},
    {"search-people", fake_answer_search},
    {"thumbnail", fake_answer_media},
    {"download", fake_answer_media},
    {"media-config", fake_answer_media_config},
    {"upload", fake_answer_upload},
    {"keys-upload", fake_answer_keys_upload},
    {"keys-query", fake_answer_keys_query},
    {"keys-claim", fake_answer_keys_claim},
    {"device-signing", fake_answer_device_signing},
    {"signatures", fake_answer_signatures},
    {"send-to-device", answer_empty},
    {"register", fake_answer_register, TRUE},
    {"register-available", fake_answer_register_available, TRUE},
    {"token-validity", fake_answer_token_validity, TRUE},
    {"register-email", fake_answer_register_email, TRUE},
};

FakeReply fake_answer(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *user = fake_token_user(request->token);
    gboolean known = user != NULL && !g_hash_table_contains(server->revoked, request->token);

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (!g_str_equal(answers[i].endpoint, request->endpoint))
            continue;
        if (!known && !answers[i].is_public)
            return fake_reply_error(401, request->token ? "M_UNKNOWN_TOKEN" : "M_MISSING_TOKEN",
                                    "Unrecognised access token");
        return answers[i].func(server, request);
    }
    return fake_reply_error(404, "M_UNRECOGNIZED", "Unrecognized request");
}

void fake_answers_init(FakeServer *server)
{
    server->password = g_strdup("secret");
    server->first = g_strdup("{}");
    server->echo = TRUE;
    server->batches = g_ptr_array_new_with_free_func(g_free);
    server->sent = g_ptr_array_new_with_free_func(sent_free);
    server->pages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    server->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    server->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    server->data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    server->revoked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fake_people_init(server);
    fake_keys_init(server);
    fake_register_init(server);
}

void fake_answers_clear(FakeServer *server)
{
    if (server->wake_timer != 0)
        g_source_remove(server->wake_timer);
    g_free(server->password);
    g_free(server->first);
    g_ptr_array_unref(server->batches);
    g_ptr_array_unref(server->sent);
    g_hash_table_unref(server->pages);
    g_hash_table_unref(server->members);
    g_hash_table_unref(server->aliases);
    g_hash_table_unref(server->data);
    g_hash_table_unref(server->revoked);
    fake_people_clear(server);
    fake_keys_clear(server);
    fake_register_clear(server);
}

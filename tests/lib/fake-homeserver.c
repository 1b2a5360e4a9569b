/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

#include <string.h>

/* Transport: routing, recording, faults. What a healthy server says is in fake-answers.c. */

#define DRIP_BYTES 16
#define DRIP_MS 20
#define DRIP_MAX_STEPS 40 /* longer bodies drip in bigger pieces */

typedef struct {
    FakeServer *server;
    SoupServerMessage *message;
    FakeRequest *request;
    FakeAnswer answer;
    guint timer;
} FakeWaiting;

/* ---- requests ---- */

void fake_request_free(FakeRequest *request)
{
    g_free(request->method);
    g_free(request->path);
    g_free(request->query);
    g_free(request->token);
    g_free(request->body);
    for (guint i = 0; i < G_N_ELEMENTS(request->args); i++)
        g_free(request->args[i]);
    g_free(request);
}

static FakeRequest *request_copy(const FakeRequest *request)
{
    FakeRequest *copy = g_memdup2(request, sizeof *request);

    copy->method = g_strdup(request->method);
    copy->path = g_strdup(request->path);
    copy->query = g_strdup(request->query);
    copy->token = g_strdup(request->token);
    copy->body = g_memdup2(request->body, request->body_len + 1);
    for (guint i = 0; i < G_N_ELEMENTS(request->args); i++)
        copy->args[i] = g_strdup(request->args[i]);
    return copy;
}

JsonObject *fake_request_json(const FakeRequest *request)
{
    g_autoptr(JsonNode) node = json_from_string(request->body, NULL);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    return json_node_dup_object(node);
}

char *fake_request_query(const FakeRequest *request, const char *name)
{
    g_autoptr(GHashTable) values = NULL;

    if (request->query == NULL)
        return NULL;
    values = g_uri_parse_params(request->query, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
    return values ? g_strdup(g_hash_table_lookup(values, name)) : NULL;
}

static const struct {
    const char *method;
    const char *path;
    const char *endpoint;
} routes[] = {
    {"GET", "/.well-known/matrix/client", "well-known"},
    {"GET", "/_matrix/client/versions", "versions"},
    {"GET", "login", "login-flows"},
    {"POST", "login", "login"},
    {"POST", "refresh", "refresh"},
    {"POST", "logout", "logout"},
    {"GET", "account/whoami", "whoami"},
    {"GET", "capabilities", "capabilities"},
    {"GET", "pushrules/", "pushrules"},
    {"PUT", "pushrules/global/*/*", "pushrules"},
    {"PUT", "pushrules/global/*/*/*", "pushrules"},
    {"DELETE", "pushrules/global/*/*", "pushrules"},
    {"POST", "user/*/filter", "filter"},
    {"GET", "user/*/account_data/*", "get-account-data"},
    {"PUT", "user/*/account_data/*", "set-account-data"},
    {"PUT", "user/*/rooms/*/tags/*", "set-tag"},
    {"DELETE", "user/*/rooms/*/tags/*", "delete-tag"},
    {"GET", "sync", "sync"},
    {"PUT", "rooms/*/send/*/*", "send"},
    {"GET", "rooms/*/messages", "messages"},
    {"GET", "rooms/*/members", "members"},
    {"GET", "rooms/*/joined_members", "joined-members"},
    {"PUT", "rooms/*/redact/*/*", "redact"},
    {"GET", "rooms/*/state", "state"},
    {"GET", "rooms/*/state/*", "state-event"},
    {"GET", "rooms/*/state/*/*", "state-event"},
    {"GET", "rooms/*/event/*", "event"},
    {"GET", "rooms/*/context/*", "context"},
    {"GET", "rooms/*/aliases", "aliases"},
    {"PUT", "rooms/*/state/*", "set-state"},
    {"PUT", "rooms/*/state/*/*", "set-state"},
    {"POST", "rooms/*/invite", "invite"},
    {"POST", "rooms/*/join", "join"},
    {"POST", "rooms/*/leave", "leave"},
    {"POST", "rooms/*/forget", "forget"},
    {"POST", "rooms/*/kick", "kick"},
    {"POST", "rooms/*/ban", "ban"},
    {"POST", "rooms/*/unban", "unban"},
    {"POST", "rooms/*/upgrade", "upgrade"},
    {"POST", "rooms/*/report", "report-room"},
    {"POST", "rooms/*/report/*", "report-event"},
    {"POST", "users/*/report", "report-user"},
    {"GET", "room_summary/*", "room-summary"},
    {"GET", "/_matrix/client/unstable/im.nheko.summary/summary/*", "old-room-summary"},
    {"POST", "rooms/*/receipt/*/*", "receipt"},
    {"POST", "rooms/*/read_markers", "read-markers"},
    {"PUT", "rooms/*/typing/*", "typing"},
    {"PUT", "user/*/rooms/*/account_data/*", "set-room-account-data"},
    {"POST", "join/*", "join"},
    {"POST", "createRoom", "create-room"},
    {"GET", "profile/*", "profile"},
    {"GET", "profile/*/*", "profile"},
    {"PUT", "presence/*/status", "presence"},
    {"GET", "presence/*/status", "get-presence"},
    {"PUT", "profile/*/*", "set-profile"},
    {"GET", "mutual_rooms", "mutual-rooms"},
    {"POST", "user_directory/search", "search-people"},
    {"POST", "search", "search"},
    {"GET", "directory/room/*", "resolve-alias"},
    {"PUT", "directory/room/*", "add-alias"},
    {"DELETE", "directory/room/*", "remove-alias"},
    {"GET", "directory/list/room/*", "visibility"},
    {"PUT", "directory/list/room/*", "set-visibility"},
    {"POST", "publicRooms", "public-rooms"},
    {"GET", "rooms/*/hierarchy", "hierarchy"},
    {"POST", "knock/*", "knock"},
    {"GET", "media/thumbnail/*/*", "thumbnail"},
    {"GET", "media/download/*/*", "download"},
    {"GET", "media/config", "media-config"},
    {"GET", "/_matrix/media/v3/thumbnail/*/*", "old-thumbnail"},
    {"GET", "/_matrix/media/v3/download/*/*", "old-download"},
    {"POST", "/_matrix/media/v3/upload", "upload"},
    {"POST", "register", "register"},
    {"GET", "register/available", "register-available"},
    {"GET", "register/m.login.registration_token/validity", "token-validity"},
    {"POST", "register/email/requestToken", "register-email"},
    {"POST", "keys/upload", "keys-upload"},
    {"POST", "keys/query", "keys-query"},
    {"POST", "keys/claim", "keys-claim"},
    {"PUT", "sendToDevice/*/*", "send-to-device"},
    {"POST", "keys/signatures/upload", "signatures"},
    {"POST", "keys/device_signing/upload", "device-signing"},
};

/* "/_matrix/client/v3/x" -> "x" */
static const char *after_version(const char *path)
{
    static const char *const prefixes[] = {"/_matrix/client/v3/", "/_matrix/client/v1/",
                                           "/_matrix/client/r0/"};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(path, prefixes[i]))
            return path + strlen(prefixes[i]);
    }
    return path;
}

static gboolean match_route(const char *route, const char *path, char *args[4])
{
    g_auto(GStrv) wanted = g_strsplit(route, "/", -1);
    g_auto(GStrv) given = g_strsplit(path, "/", -1);
    guint n = 0;

    if (g_strv_length(wanted) != g_strv_length(given))
        return FALSE;
    for (guint i = 0; wanted[i] != NULL; i++) {
        if (!g_str_equal(wanted[i], "*") && !g_str_equal(wanted[i], given[i]))
            return FALSE;
    }
    for (guint i = 0; wanted[i] != NULL; i++) {
        if (g_str_equal(wanted[i], "*"))
            args[n++] = g_uri_unescape_string(given[i], NULL);
    }
    return TRUE;
}

static void find_route(FakeRequest *request)
{
    request->endpoint = "unknown";
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
        const char *path = request->path;
        /* A homeserver behind a path of a proxy (A2). */
        if (g_str_has_prefix(path, "/prefix/"))
            path += strlen("/prefix");
        if (routes[i].path[0] != '/')
            path = after_version(path);
        if (g_str_equal(routes[i].method, request->method) &&
            match_route(routes[i].path, path, request->args)) {
            request->endpoint = routes[i].endpoint;
            /* The device's own business, whatever a test is about. */
            if (g_str_equal(request->endpoint, "set-account-data") &&
                g_str_has_prefix(request->args[1], "pidgin-matrix.database."))
                request->endpoint = "set-mark";
            return;
        }
    }
}

/* A real homeserver refuses floats, and integers that not every reader of JSON can hold (A11). */
static void check_numbers(JsonNode *node)
{
    const gint64 limit = (G_GINT64_CONSTANT(1) << 53) - 1;

    if (JSON_NODE_HOLDS_OBJECT(node)) {
        g_autoptr(GList) values = json_object_get_values(json_node_get_object(node));
        for (GList *link = values; link != NULL; link = link->next)
            check_numbers(link->data);
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++)
            check_numbers(json_array_get_element(json_node_get_array(node), i));
    } else if (json_node_get_value_type(node) == G_TYPE_DOUBLE) {
        g_error("a float was sent");
    } else if (json_node_get_value_type(node) == G_TYPE_INT64) {
        g_assert_cmpint(ABS(json_node_get_int(node)), <=, limit);
    }
}

static void check_body(const FakeRequest *request)
{
    g_autoptr(JsonNode) node =
        request->body[0] == '{' ? json_from_string(request->body, NULL) : NULL;

    if (node != NULL)
        check_numbers(node);
}

static FakeRequest *request_new(SoupServerMessage *message)
{
    FakeRequest *request = g_new0(FakeRequest, 1);
    GUri *uri = soup_server_message_get_uri(message);
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    const char *authorization = soup_message_headers_get_one(headers, "Authorization");
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    g_autoptr(GBytes) bytes = soup_message_body_flatten(body);

    request->method = g_strdup(soup_server_message_get_method(message));
    request->path = g_strdup(g_uri_get_path(uri));
    request->query = g_strdup(g_uri_get_query(uri));
    if (authorization != NULL && g_str_has_prefix(authorization, "Bearer "))
        request->token = g_strdup(authorization + strlen("Bearer "));
    request->body_len = g_bytes_get_size(bytes);
    request->body = g_malloc0(request->body_len + 1);
    if (request->body_len > 0)
        memcpy(request->body, g_bytes_get_data(bytes, NULL), request->body_len);
    request->time = g_get_monotonic_time();
    check_body(request);
    find_route(request);
    return request;
}

static void record(FakeServer *server, const FakeRequest *request)
{
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(server->counts, request->endpoint));

    g_hash_table_insert(server->counts, (gpointer)request->endpoint, GUINT_TO_POINTER(count + 1));
    if (!fake_keys_is_hidden(server, request->endpoint))
        g_queue_push_tail(&server->requests, request_copy(request));
}

GQueue *fake_server_requests(FakeServer *server)
{
    return &server->requests;
}

FakeRequest *fake_server_take_request(FakeServer *server, const char *endpoint)
{
    for (GList *l = server->requests.head; l != NULL; l = l->next) {
        FakeRequest *request = l->data;
        if (g_str_equal(request->endpoint, endpoint)) {
            g_queue_delete_link(&server->requests, l);
            return request;
        }
    }
    return NULL;
}

guint fake_server_count(FakeServer *server, const char *endpoint)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(server->counts, endpoint));
}

/* ---- overrides ---- */

static FakeAnswer *answer_copy(const FakeAnswer *answer)
{
    FakeAnswer *copy = g_memdup2(answer, sizeof *answer);

    /* Texts of a test may be on its stack; the few bytes live as long as the process. */
    if (answer->body_len == 0)
        copy->body = g_intern_string(answer->body);
    copy->content_type = g_intern_string(answer->content_type);
    copy->header = g_intern_string(answer->header);
    copy->header_value = g_intern_string(answer->header_value);
    return copy;
}

void fake_server_once(FakeServer *server, const char *endpoint, FakeAnswer answer)
{
    GQueue *queue = g_hash_table_lookup(server->once, endpoint);

    if (queue == NULL) {
        queue = g_queue_new();
        g_hash_table_insert(server->once, g_strdup(endpoint), queue);
    }
    g_queue_push_tail(queue, answer_copy(&answer));
}

void fake_server_always(FakeServer *server, const char *endpoint, FakeAnswer answer)
{
    g_hash_table_insert(server->always, g_strdup(endpoint), answer_copy(&answer));
}

void fake_server_clear(FakeServer *server, const char *endpoint)
{
    g_hash_table_remove(server->once, endpoint);
    g_hash_table_remove(server->always, endpoint);
}

guint fake_server_overrides_left(FakeServer *server)
{
    GHashTableIter iter;
    gpointer queue;
    guint left = 0;

    g_hash_table_iter_init(&iter, server->once);
    while (g_hash_table_iter_next(&iter, NULL, &queue))
        left += g_queue_get_length(queue);
    return left;
}

static FakeAnswer take_answer(FakeServer *server, const char *endpoint)
{
    GQueue *queue = g_hash_table_lookup(server->once, endpoint);
    FakeAnswer *always;

    if (queue != NULL && !g_queue_is_empty(queue)) {
        g_autofree FakeAnswer *first = g_queue_pop_head(queue);
        return *first;
    }
    always = g_hash_table_lookup(server->always, endpoint);
    return always ? *always : (FakeAnswer){0};
}

/* ---- connections taken over ---- */

typedef struct {
    const char *data;
    gsize len;
    const char *content_type;
} FakeBody;

static void hold(FakeServer *server, GIOStream *stream)
{
    server->held = g_list_prepend(server->held, stream);
}

static void release(FakeServer *server, GIOStream *stream)
{
    if (g_list_find(server->held, stream) == NULL)
        return;
    server->held = g_list_remove(server->held, stream);
    g_io_stream_close(stream, NULL, NULL);
    g_object_unref(stream);
}

static gboolean write_raw(GIOStream *stream, const char *data, gsize len)
{
    GOutputStream *out = g_io_stream_get_output_stream(stream);

    return g_output_stream_write_all(out, data, len, NULL, NULL, NULL);
}

static char *raw_answer(const FakeAnswer *answer, guint status, const FakeBody *body,
                        gsize *head_len, gsize *len)
{
    GString *raw = g_string_new(NULL);

    g_string_append_printf(raw, "HTTP/1.1 %u Whatever\r\nContent-Type: %s\r\n", status,
                           body->content_type);
    if (answer->header != NULL)
        g_string_append_printf(raw, "%s: %s\r\n", answer->header, answer->header_value);
    g_string_append_printf(raw, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body->len);
    *head_len = raw->len;
    g_string_append_len(raw, body->data, body->len);
    *len = raw->len;
    return g_string_free(raw, FALSE);
}

typedef struct {
    FakeServer *server;
    GIOStream *stream;
    char *raw;
    gsize len;
    gsize done;
    gsize piece;
} Drip;

static gboolean on_drip(gpointer data)
{
    Drip *drip = data;
    gsize piece = MIN(drip->piece, drip->len - drip->done);

    if (g_list_find(drip->server->held, drip->stream) == NULL)
        return G_SOURCE_REMOVE;
    if (piece > 0 && write_raw(drip->stream, drip->raw + drip->done, piece)) {
        drip->done += piece;
        return G_SOURCE_CONTINUE;
    }
    release(drip->server, drip->stream);
    return G_SOURCE_REMOVE;
}

static void drip_free(gpointer data)
{
    Drip *drip = data;

    g_free(drip->raw);
    g_free(drip);
}

static void start_drip(FakeServer *server, GIOStream *stream, char *raw, gsize len)
{
    Drip *drip = g_new0(Drip, 1);

    drip->server = server;
    drip->stream = stream;
    drip->raw = raw;
    drip->len = len;
    drip->piece = MAX(DRIP_BYTES, drip->len / DRIP_MAX_STEPS);
    g_timeout_add_full(G_PRIORITY_DEFAULT, DRIP_MS, on_drip, drip, drip_free);
}

static void answer_broken(FakeServer *server, SoupServerMessage *message, const FakeAnswer *answer,
                          guint status, const FakeBody *body)
{
    gsize head_len, len;
    g_autofree char *raw = raw_answer(answer, status, body, &head_len, &len);
    GIOStream *stream = soup_server_message_steal_connection(message);

    if (stream == NULL)
        return; /* the client has gone already */
    hold(server, stream);
    if (answer->how == FAKE_DRIP) {
        start_drip(server, stream, g_steal_pointer(&raw), len);
        return;
    }
    if (answer->how == FAKE_CUT)
        write_raw(stream, raw, head_len + body->len / 2);
    if (answer->how != FAKE_SILENT)
        release(server, stream);
}

/* ---- answering ---- */

static void send_answer(FakeServer *server, SoupServerMessage *message, const FakeAnswer *answer,
                        guint status, const FakeBody *body)
{
    if (answer->how != FAKE_WHOLE) {
        answer_broken(server, message, answer, status, body);
        return;
    }
    soup_server_message_set_status(message, status, NULL);
    if (answer->header != NULL)
        soup_message_headers_append(soup_server_message_get_response_headers(message),
                                    answer->header, answer->header_value);
    soup_server_message_set_response(message, body->content_type, SOUP_MEMORY_COPY, body->data,
                                     body->len);
    soup_server_message_unpause(message);
}

static void waiting_free(FakeWaiting *waiting)
{
    waiting->server->waiting = g_list_remove(waiting->server->waiting, waiting);
    if (waiting->timer != 0)
        g_source_remove(waiting->timer);
    g_object_unref(waiting->message);
    fake_request_free(waiting->request);
    g_free(waiting);
}

static void finish_reply(FakeWaiting *waiting, const FakeReply *reply)
{
    const char *type = waiting->answer.content_type;
    FakeBody body = {reply->body, reply->len != 0 ? reply->len : strlen(reply->body),
                     type != NULL                  ? type
                     : reply->content_type != NULL ? reply->content_type
                                                   : "application/json"};
    send_answer(waiting->server, waiting->message, &waiting->answer, reply->status, &body);
    waiting_free(waiting);
}

static void finish(FakeWaiting *waiting, guint status, const char *body)
{
    FakeReply reply = {status, (char *)body};
    finish_reply(waiting, &reply);
}

/* The end of a long poll without news. */
static gboolean on_poll_over(gpointer data)
{
    FakeWaiting *waiting = data;
    g_autofree char *body =
        g_strdup_printf("{\"next_batch\":\"s%u\"}", fake_server_position(waiting->server));

    waiting->timer = 0;
    finish(waiting, 200, body);
    return G_SOURCE_REMOVE;
}

static guint poll_time(const FakeRequest *request)
{
    g_autofree char *text = fake_request_query(request, "timeout");

    return text ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

static gboolean is_poll(FakeWaiting *waiting)
{
    return g_str_equal(waiting->request->endpoint, "sync") && waiting->answer.status == 0;
}

static void answer_now(FakeWaiting *waiting)
{
    FakeServer *server = waiting->server;
    FakeReply reply = {waiting->answer.status, NULL};
    g_autofree char *body = NULL;

    if (waiting->answer.status == 0)
        reply = fake_answer(server, waiting->request);
    else if (waiting->answer.body_len != 0) {
        reply.body = g_memdup2(waiting->answer.body, waiting->answer.body_len);
        reply.len = waiting->answer.body_len;
    } else
        reply.body = g_strdup(waiting->answer.body ? waiting->answer.body : "");
    body = reply.body;
    if (body != NULL)
        finish_reply(waiting, &reply);
    else
        waiting->timer = g_timeout_add(poll_time(waiting->request), on_poll_over, waiting);
}

static gboolean on_delay(gpointer data)
{
    FakeWaiting *waiting = data;

    waiting->timer = 0;
    waiting->answer.delay_ms = 0;
    answer_now(waiting);
    return G_SOURCE_REMOVE;
}

void fake_server_wake(FakeServer *server)
{
    g_autoptr(GList) copy = g_list_copy(server->waiting);

    for (GList *l = copy; l != NULL; l = l->next) {
        FakeWaiting *waiting = l->data;
        FakeReply reply;
        if (!is_poll(waiting) || waiting->answer.delay_ms != 0)
            continue;
        reply = fake_answer_sync(server, waiting->request);
        if (reply.body != NULL)
            finish(waiting, reply.status, reply.body);
        g_free(reply.body);
    }
}

/* A delayed answer is to what was asked now: the server works first and speaks later. */
static void process_now(FakeWaiting *waiting)
{
    FakeReply reply;

    if (is_poll(waiting) || (waiting->answer.status != 0 && !waiting->answer.process))
        return;
    reply = fake_answer(waiting->server, waiting->request);
    if (waiting->answer.status == 0) {
        waiting->answer.status = reply.status;
        waiting->answer.body = g_intern_string(reply.body);
    }
    g_free(reply.body);
}

static void on_request(SoupServer *soup, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    FakeServer *server = data;
    FakeWaiting *waiting = g_new0(FakeWaiting, 1);

    waiting->server = server;
    waiting->message = g_object_ref(message);
    waiting->request = request_new(message);
    waiting->answer = take_answer(server, waiting->request->endpoint);
    server->waiting = g_list_append(server->waiting, waiting);
    record(server, waiting->request);
    soup_server_message_pause(message);
    if (waiting->answer.delay_ms == 0 && !waiting->answer.process) {
        answer_now(waiting);
        return;
    }
    process_now(waiting);
    waiting->timer = g_timeout_add(waiting->answer.delay_ms, on_delay, waiting);
}

gboolean fake_server_is_waited_for(FakeServer *server)
{
    for (GList *l = server->waiting; l != NULL; l = l->next) {
        FakeWaiting *waiting = l->data;
        g_autofree char *since = NULL;
        if (!is_poll(waiting))
            continue;
        since = fake_request_query(waiting->request, "since");
        if (since != NULL && g_ascii_strtoull(since + 1, NULL, 10) == fake_server_position(server))
            return TRUE;
    }
    return FALSE;
}

/* ---- life ---- */

static void free_answers(gpointer queue)
{
    g_queue_free_full(queue, g_free);
}

static gboolean listen_local(FakeServer *server, GError **error)
{
    SoupServerListenOptions options = SOUP_SERVER_LISTEN_IPV4_ONLY;

    server->soup = soup_server_new("server-header", "fake ", "raw-paths", TRUE, NULL);
    if (server->tls != NULL) {
        soup_server_set_tls_certificate(server->soup, server->tls);
        options |= SOUP_SERVER_LISTEN_HTTPS;
    }
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    return soup_server_listen_local(server->soup, server->port, options, error);
}

FakeServer *fake_server_new(guint port, GTlsCertificate *tls)
{
    FakeServer *server = g_new0(FakeServer, 1);
    g_autoptr(GError) error = NULL;
    GSList *uris;

    server->port = port;
    server->tls = tls ? g_object_ref(tls) : NULL;
    server->counts = g_hash_table_new(g_str_hash, g_str_equal);
    server->once = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_answers);
    server->always = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake_answers_init(server);
    if (!listen_local(server, &error))
        g_error("the fake homeserver cannot listen: %s", error->message);
    uris = soup_server_get_uris(server->soup);
    server->port = g_uri_get_port(uris->data);
    server->url = g_strdup_printf("%s://127.0.0.1:%u", tls ? "https" : "http", server->port);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    return server;
}

void fake_server_down(FakeServer *server)
{
    while (server->waiting != NULL)
        waiting_free(server->waiting->data);
    while (server->held != NULL)
        release(server, server->held->data);
    if (server->soup != NULL)
        soup_server_disconnect(server->soup);
    g_clear_object(&server->soup);
}

void fake_server_up(FakeServer *server)
{
    g_autoptr(GError) error = NULL;

    if (server->soup == NULL && !listen_local(server, &error))
        g_error("the fake homeserver cannot listen again: %s", error->message);
}

void fake_server_free(FakeServer *server)
{
    fake_server_down(server);
    g_queue_clear_full(&server->requests, (GDestroyNotify)fake_request_free);
    g_hash_table_unref(server->counts);
    g_hash_table_unref(server->once);
    g_hash_table_unref(server->always);
    fake_answers_clear(server);
    g_clear_object(&server->tls);
    g_free(server->url);
    g_free(server);
}

guint fake_server_port(FakeServer *server)
{
    return server->port;
}

const char *fake_server_url(FakeServer *server)
{
    return server->url;
}

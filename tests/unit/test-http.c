/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json.h"
#include "net-fixture.h"

#define TOKEN "syt_secret_token"

/* One server with a path for each behaviour; what it has seen is kept for the assertions. */
typedef struct {
    SoupServer *server;
    guint16 port;
    MxHttp *http;
    guint requests;
    char *authorization, *body, *user_agent, *path;
    GHashTable *connections; /* of SoupServerMessage's sockets */
} World;

static void answer(SoupServerMessage *message, guint status, const char *type, const char *body)
{
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, type, SOUP_MEMORY_COPY, body, strlen(body));
}

static void set_header(SoupServerMessage *message, const char *name, const char *value)
{
    soup_message_headers_replace(soup_server_message_get_response_headers(message), name, value);
}

#define LIMIT_ERROR "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"slow\""

static void serve_limits(World *self, SoupServerMessage *message, const char *kind)
{
    if (self->requests > 1 && !g_str_equal(kind, "always")) {
        answer(message, 200, "application/json", "{\"ok\":true}");
        return;
    }
    gboolean is_in_body = g_str_equal(kind, "body") || g_str_equal(kind, "always");
    answer(message, 429, "application/json",
           is_in_body ? LIMIT_ERROR ",\"retry_after_ms\":300}" : LIMIT_ERROR "}");
    if (g_str_equal(kind, "seconds")) {
        set_header(message, "Retry-After", "1");
    } else if (g_str_equal(kind, "date")) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autoptr(GDateTime) soon = g_date_time_add_seconds(now, 2);
        g_autofree char *text = soup_date_time_to_string(soon, SOUP_DATE_HTTP);
        set_header(message, "Retry-After", text);
    } else if (g_str_equal(kind, "long")) {
        set_header(message, "Retry-After", "100");
    }
}

static void serve_gzip(SoupServerMessage *message)
{
    g_autofree char *text = g_strnfill(300000, 'z');
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_autofree char *packed = g_malloc(10000);
    gsize read, written;
    g_converter_convert(G_CONVERTER(zlib), text, 300000, packed, 10000, G_CONVERTER_INPUT_AT_END,
                        &read, &written, NULL);
    soup_server_message_set_status(message, 200, NULL);
    soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_COPY, packed, written);
    set_header(message, "Content-Encoding", "gzip");
}

static void serve_redirect(World *self, SoupServerMessage *message, const char *kind)
{
    g_autofree char *target = NULL;
    if (g_str_equal(kind, "loop"))
        target = g_strdup("/redirect/loop");
    else if (g_str_equal(kind, "twice"))
        target = g_strdup("/redirect/once");
    else if (g_str_equal(kind, "file"))
        target = g_strdup("file:///etc/passwd");
    else
        target = g_strdup_printf("http://localhost:%u/ok", self->port);
    answer(message, g_str_equal(kind, "twice") ? 302 : 307, "text/plain", "moved");
    set_header(message, "Location", target);
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer user_data)
{
    World *self = user_data;
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    self->requests++;
    g_free(self->authorization);
    self->authorization = g_strdup(soup_message_headers_get_one(headers, "Authorization"));
    g_free(self->user_agent);
    self->user_agent = g_strdup(soup_message_headers_get_one(headers, "User-Agent"));
    g_assert_null(soup_message_headers_get_one(headers, "Cookie"));
    g_free(self->body);
    self->body = g_strndup(body->data, (gsize)body->length);
    g_free(self->path);
    self->path = g_uri_to_string(soup_server_message_get_uri(message));
    g_hash_table_add(self->connections,
                     g_object_ref(soup_server_message_get_remote_address(message)));

    if (g_str_has_prefix(path, "/limit/")) {
        serve_limits(self, message, path + strlen("/limit/"));
    } else if (g_str_has_prefix(path, "/redirect/")) {
        serve_redirect(self, message, path + strlen("/redirect/"));
    } else if (g_str_equal(path, "/gzip")) {
        serve_gzip(message);
    } else if (g_str_equal(path, "/html")) {
        answer(message, 502, "text/html", "<html>Bad gateway " TOKEN "</html>");
    } else if (g_str_equal(path, "/echo-token")) {
        answer(message, 400, "application/json", "{\"errcode\":\"M_X\",\"error\":\"" TOKEN "\"}");
    } else if (g_str_equal(path, "/logout")) {
        answer(message, 401, "application/json",
               "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"gone\",\"soft_logout\":true}");
    } else if (g_str_equal(path, "/odd")) {
        answer(message, 403, "application/json",
               "{\"errcode\":[1],\"error\":{},\"soft_logout\":1}");
    } else if (g_str_equal(path, "/basic")) {
        answer(message, 401, "text/plain", "");
        set_header(message, "WWW-Authenticate", "Basic realm=\"x\"");
    } else {
        answer(message, 200, "application/json", "{\"ok\":true}");
        set_header(message, "Set-Cookie", "a=b; Path=/");
    }
}

static void world_set_up(World *self, gconstpointer data)
{
    self->server = fixture_server_new(NULL, on_request, self, &self->port);
    self->connections = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    self->http = fixture_http_new(NULL, NULL);
    g_autofree char *base = g_strdup_printf("http://127.0.0.1:%u/", self->port);
    mx_http_set_session(self->http, base, TOKEN);
}

static void world_tear_down(World *self, gconstpointer data)
{
    g_assert_finalize_object(self->http);
    soup_server_disconnect(self->server);
    g_object_unref(self->server);
    g_hash_table_unref(self->connections);
    g_free(self->authorization);
    g_free(self->body);
    g_free(self->user_agent);
    g_free(self->path);
}

static MxResponse *run(World *self, const char *path, GError **error)
{
    g_autoptr(MxRequest) request = mx_request_new("GET", path, NULL);
    return fixture_send(self->http, request, NULL, error);
}

static MxResponse *run_url(World *self, const char *path, GError **error)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s", self->port, path);
    return run(self, url, error);
}

static void check_ok(MxResponse *response, GError *error)
{
    g_assert_no_error(error);
    g_assert_cmpuint(response->status, ==, 200);
    g_autoptr(GBytes) expected = g_bytes_new_static("{\"ok\":true}", 11);
    g_assert_true(g_bytes_equal(response->body, expected));
}

static void test_simple(World *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = run(self, "/rooms/%21a%2Fb?x=%20", &error);
    check_ok(response, error);
    g_assert_cmpstr(self->authorization, ==, "Bearer " TOKEN);
    g_assert_true(g_str_has_prefix(self->user_agent, "pidgin-matrix-test/1"));
    /* The server decodes; the encoded form is looked at where a proxy sees it (test-http-tls.c). */
    g_assert_nonnull(strstr(self->path, "/rooms/!a/b?x=%20"));
    g_assert_null(strstr(self->path, TOKEN));
    g_assert_false(g_str_has_suffix(mx_http_get_base_url(self->http), "/"));
}

static void test_put_and_keep_alive(World *self, gconstpointer data)
{
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MxRequest) request = mx_request_new("PUT", "/x", "{\"a\":\"\xc3\xa4\"}");
        g_autoptr(MxResponse) response = fixture_send(self->http, request, NULL, &error);
        check_ok(response, error);
        g_assert_cmpstr(self->body, ==, "{\"a\":\"\xc3\xa4\"}");
    }
    g_assert_cmpuint(g_hash_table_size(self->connections), ==, 1);
    mx_http_forget_connections(self->http);
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = run(self, "/x", &error);
    check_ok(response, error);
    g_assert_cmpuint(g_hash_table_size(self->connections), ==, 2);
}

static void test_tokens(World *self, gconstpointer data)
{
    g_autoptr(GError) missing = NULL, malformed = NULL, nowhere = NULL, none = NULL;
    g_autofree char *base = g_strdup(mx_http_get_base_url(self->http));
    g_autoptr(MxResponse) by_url = run_url(self, "/x", &none);
    check_ok(by_url, none);
    g_assert_null(self->authorization);

    self->requests = 0;
    mx_http_set_session(self->http, base, NULL);
    g_assert_null(run(self, "/x", &missing));
    g_assert_cmpuint(mx_error_get_status(missing), ==, 401);
    g_assert_cmpstr(mx_error_get_errcode(missing), ==, "M_MISSING_TOKEN");
    mx_http_set_session(self->http, base, "a\r\nX-Evil: 1");
    g_assert_null(run(self, "/x", &malformed));
    g_assert_error(malformed, MX_ERROR, MX_ERROR_INVALID);
    mx_http_set_session(self->http, NULL, TOKEN);
    g_assert_null(run(self, "/x", &nowhere));
    g_assert_error(nowhere, MX_ERROR, MX_ERROR_FAILED);
    g_assert_cmpuint(self->requests, ==, 0);
}

static void test_errors(World *self, gconstpointer data)
{
    static const struct {
        const char *path;
        guint status;
        const char *errcode, *text;
        gboolean soft_logout;
    } cases[] = {
        {"/html", 502, NULL, NULL, FALSE},  {"/logout", 401, "M_UNKNOWN_TOKEN", "gone", TRUE},
        {"/odd", 403, NULL, NULL, FALSE},   {"/echo-token", 400, "M_X", NULL, FALSE},
        {"/basic", 401, NULL, NULL, FALSE}, {"/redirect/once", 307, NULL, NULL, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        self->requests = 0;
        g_assert_null(run(self, cases[i].path, &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_HTTP);
        g_assert_cmpuint(mx_error_get_status(error), ==, cases[i].status);
        g_assert_cmpstr(mx_error_get_errcode(error), ==, cases[i].errcode);
        g_assert_cmpstr(mx_error_get_server_text(error), ==, cases[i].text);
        g_assert_cmpint(mx_error_is_soft_logout(error), ==, cases[i].soft_logout);
        g_assert_null(strstr(error->message, TOKEN));
        g_assert_cmpuint(self->requests, ==, 1);
    }
}

static void test_rate_limits(World *self, gconstpointer data)
{
    static const struct {
        const char *path;
        guint at_least_ms, at_most_ms;
    } cases[] = {
        {"/limit/seconds", 950, 2500},
        {"/limit/date", 500, 3500},
        {"/limit/body", 250, 900},
        {"/limit/nothing", 450, 2000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        self->requests = 0;
        gint64 start = g_get_monotonic_time();
        g_autoptr(MxRequest) request = mx_request_new("PUT", cases[i].path, "{\"same\":1}");
        g_autoptr(MxResponse) response = fixture_send(self->http, request, NULL, &error);
        gint64 taken_ms = (g_get_monotonic_time() - start) / 1000;
        check_ok(response, error);
        g_assert_cmpuint(self->requests, ==, 2);
        g_assert_cmpstr(self->body, ==, "{\"same\":1}");
        g_assert_cmpint(taken_ms, >=, cases[i].at_least_ms);
        g_assert_cmpint(taken_ms, <=, cases[i].at_most_ms + 2000);
    }
}

static void test_rate_limit_becomes_error(World *self, gconstpointer data)
{
    g_autoptr(GError) first = NULL, last = NULL, header = NULL;
    g_autoptr(MxRequest) request = mx_request_new("GET", "/limit/always", NULL);
    mx_request_set_rate_limit_retries(request, 0);
    g_assert_null(fixture_send(self->http, request, NULL, &first));
    g_assert_cmpuint(mx_error_get_status(first), ==, 429);
    g_assert_cmpint(mx_error_get_retry_after_ms(first), ==, 300);
    g_assert_cmpuint(self->requests, ==, 1);

    mx_request_set_rate_limit_retries(request, 2);
    g_assert_null(fixture_send(self->http, request, NULL, &last));
    g_assert_cmpstr(mx_error_get_errcode(last), ==, "M_LIMIT_EXCEEDED");
    g_assert_cmpuint(self->requests, ==, 4);

    self->requests = 0;
    g_autoptr(MxRequest) patient = mx_request_new("GET", "/limit/long", NULL);
    mx_request_set_rate_limit_retries(patient, 0);
    g_assert_null(fixture_send(self->http, patient, NULL, &header));
    g_assert_cmpint(mx_error_get_retry_after_ms(header), ==, 100000);
}

static gboolean on_cancel_time(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void test_cancel_while_waiting(World *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(MxRequest) request = mx_request_new("GET", "/limit/long", NULL);
    g_timeout_add(300, on_cancel_time, cancellable);
    gint64 start = g_get_monotonic_time();
    g_assert_null(fixture_send(self->http, request, cancellable, &error));
    g_assert_true(mx_error_is_cancelled(error));
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
    g_assert_cmpuint(self->requests, ==, 1);
}

static void test_redirects(World *self, gconstpointer data)
{
    g_autoptr(GError) none = NULL, loop = NULL, scheme = NULL, posted = NULL, refused = NULL;
    g_autoptr(MxResponse) response = run_url(self, "/redirect/twice", &none);
    check_ok(response, none);
    g_assert_cmpuint(self->requests, ==, 3);
    g_assert_null(self->authorization);

    self->requests = 0;
    g_assert_null(run_url(self, "/redirect/loop", &loop));
    g_assert_cmpuint(mx_error_get_status(loop), ==, 307);
    g_assert_cmpuint(self->requests, ==, 11);

    g_assert_null(run_url(self, "/redirect/file", &scheme));
    g_assert_cmpuint(mx_error_get_status(scheme), ==, 307);

    self->requests = 0;
    g_autoptr(MxRequest) login = mx_request_new("POST", "/redirect/once", "{\"password\":\"x\"}");
    mx_request_set_authorized(login, FALSE);
    g_assert_null(fixture_send(self->http, login, NULL, &posted));
    g_assert_cmpuint(mx_error_get_status(posted), ==, 307);
    g_autoptr(MxRequest) strict = mx_request_new("GET", "/redirect/once", NULL);
    mx_request_set_authorized(strict, FALSE);
    mx_request_set_follow_redirects(strict, FALSE);
    g_assert_null(fixture_send(self->http, strict, NULL, &refused));
    g_assert_cmpuint(mx_error_get_status(refused), ==, 307);
    g_assert_cmpuint(self->requests, ==, 2);
}

/* Media may be elsewhere; the token is for the homeserver alone (A16). */
static void test_redirect_without_token(World *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL, loop = NULL;
    g_autoptr(MxRequest) media = mx_request_new("GET", "/redirect/twice", NULL);
    mx_request_set_redirects_without_token(media, TRUE);
    g_autoptr(MxResponse) response = fixture_send(self->http, media, NULL, &error);
    check_ok(response, error);
    g_assert_cmpuint(self->requests, ==, 3);
    g_assert_null(self->authorization);

    g_autoptr(MxRequest) endless = mx_request_new("GET", "/redirect/loop", NULL);
    mx_request_set_redirects_without_token(endless, TRUE);
    g_assert_null(fixture_send(self->http, endless, NULL, &loop));
    g_assert_cmpuint(mx_error_get_status(loop), ==, 307);
}

static void on_chunk(GBytes *chunk, gpointer user_data)
{
    gsize size;
    const char *bytes = g_bytes_get_data(chunk, &size);
    g_assert_cmpuint(size, >, 0);
    g_string_append_len(user_data, bytes, (gssize)size);
}

static void test_chunks_and_gzip(World *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL, failure = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(MxRequest) request = mx_request_new("GET", "/gzip", NULL);
    mx_request_set_chunk_func(request, on_chunk, text);
    mx_request_set_max_body(request, 10); /* not for chunks */
    g_autoptr(MxResponse) response = fixture_send(self->http, request, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(response->body), ==, 0);
    g_assert_cmpuint(text->len, ==, 300000);
    g_assert_cmpint(text->str[299999], ==, 'z');

    g_string_truncate(text, 0);
    g_autoptr(MxRequest) bad = mx_request_new("GET", "/html", NULL);
    mx_request_set_chunk_func(bad, on_chunk, text);
    g_assert_null(fixture_send(self->http, bad, NULL, &failure));
    g_assert_cmpuint(text->len, ==, 0);
}

static void test_max_body(World *self, gconstpointer data)
{
    static const struct {
        const char *path;
        gsize max;
        gboolean fits;
    } cases[] = {
        {"/gzip", 300000, TRUE}, {"/gzip", 299999, FALSE}, {"/x", 11, TRUE}, {"/x", 10, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MxRequest) request = mx_request_new("GET", cases[i].path, NULL);
        mx_request_set_max_body(request, cases[i].max);
        g_autoptr(MxResponse) response = fixture_send(self->http, request, NULL, &error);
        if (cases[i].fits) {
            g_assert_no_error(error);
            g_assert_cmpuint(g_bytes_get_size(response->body), ==, cases[i].max);
        } else {
            g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/http/" path, World, NULL, world_set_up, func, world_tear_down)
    ADD("simple", test_simple);
    ADD("put-and-keep-alive", test_put_and_keep_alive);
    ADD("tokens", test_tokens);
    ADD("errors", test_errors);
    ADD("rate-limits", test_rate_limits);
    ADD("rate-limit-becomes-error", test_rate_limit_becomes_error);
    ADD("cancel-while-waiting", test_cancel_while_waiting);
    ADD("redirects", test_redirects);
    ADD("redirect-without-token", test_redirect_without_token);
    ADD("chunks-and-gzip", test_chunks_and_gzip);
    ADD("max-body", test_max_body);
    return g_test_run();
}

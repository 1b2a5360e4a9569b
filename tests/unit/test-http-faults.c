/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "net-fixture.h"

/* What a network does to a request: nothing answers, answers break off, silence, cancellation at
 * any point. */

static MxHttp *http_for_port(guint16 port)
{
    MxHttp *http = fixture_http_new(NULL, NULL);
    g_autofree char *base = g_strdup_printf("http://127.0.0.1:%u", port);
    mx_http_set_session(http, base, "token");
    return http;
}

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* Ten bytes without NUL: a header that announces 257 bytes of extra field */
#define GZIP_START "\x1f\x8b\x08\x04\x01\x01\x01\x01\x02\x03"
#define GZIP HEAD "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *name;
    RawScript script;
    gboolean is_success;
} answers[] = {
    {"whole", {{HEAD "Content-Length: 4\r\n\r\n", "12", "34", NULL}}, TRUE},
    {"whole-chunked", {{CHUNKED "2\r\n12\r\n", "2\r\n34\r\n0\r\n\r\n", NULL}, 0, TRUE}, TRUE},
    {"whole-chunked-closing",
     {{HEAD "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            "4\r\n1234\r\n0\r\n\r\n",
       NULL}},
     TRUE},
    {"until-close", {{"HTTP/1.0 200 OK\r\n\r\n", "1234", NULL}}, TRUE},
    {"cut-length", {{HEAD "Content-Length: 9\r\n\r\n", "1234", NULL}}, FALSE},
    {"cut-empty", {{HEAD "Content-Length: 9\r\n\r\n", NULL}}, FALSE},
    {"cut-between-chunks", {{CHUNKED "4\r\n1234\r\n", NULL}}, FALSE},
    {"cut-in-chunk", {{CHUNKED "9\r\n1234", NULL}}, FALSE},
    {"cut-in-last-chunk", {{CHUNKED "4\r\n1234\r\n0\r\n", NULL}}, FALSE},
    {"bad-chunk-size", {{CHUNKED "4\r\n1234\r\nzz\r\n", NULL}}, FALSE},
    /* libsoup does not miss the end of packed text, so the framing around it has to be watched. */
    {"cut-gzip-length",
     {{HEAD "Content-Encoding: gzip\r\nContent-Length: 400\r\n\r\n" GZIP_START, NULL}},
     FALSE},
    {"cut-gzip-between-chunks", {{GZIP "a\r\n" GZIP_START "\r\n", NULL}}, FALSE},
    {"cut-gzip-in-chunk", {{GZIP "ff\r\n" GZIP_START, NULL}}, FALSE},
    {"cut-in-headers", {{"HTTP/1.1 200 OK\r\nContent-Le", NULL}}, FALSE},
    {"no-http", {{"SSH-2.0-OpenSSH_9.2\r\n\r\n", NULL}}, FALSE},
    {"nothing", {{"", NULL}}, FALSE},
    /* libsoup hands on what is not packed as it is; whether it is JSON is seen later. */
    {"not-gzip", {{HEAD "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n1234", NULL}}, TRUE},
};

static void test_answer(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    guint16 port;
    g_autoptr(GSocketService) server = fixture_raw_server_new(&answers[i].script, &port);
    g_autoptr(MxHttp) http = http_for_port(port);
    g_autoptr(GError) error = NULL;
    /* A POST, as libsoup may repeat what is idempotent. */
    g_autoptr(MxRequest) request = mx_request_new("POST", "/x", "{}");
    g_autoptr(MxResponse) response = fixture_send(http, request, NULL, &error);
    if (answers[i].is_success) {
        g_assert_no_error(error);
        g_assert_cmpuint(g_bytes_get_size(response->body), ==, 4);
    } else {
        g_test_message("%s", error != NULL ? error->message : "no error");
        g_assert_error(error, MX_ERROR, MX_ERROR_NETWORK);
        g_assert_null(response);
    }
    g_socket_service_stop(server);
}

static void test_refused_and_unknown(void)
{
    static const RawScript script = {{NULL}};
    guint16 port;
    GSocketService *server = fixture_raw_server_new(&script, &port);
    g_socket_service_stop(server);
    g_socket_listener_close(G_SOCKET_LISTENER(server));
    g_object_unref(server);
    g_autoptr(MxHttp) http = http_for_port(port);
    g_autoptr(GError) refused = NULL, unknown = NULL, no_url = NULL;
    g_autoptr(MxRequest) request = mx_request_new("GET", "/x", NULL);
    g_assert_null(fixture_send(http, request, NULL, &refused));
    g_assert_error(refused, MX_ERROR, MX_ERROR_NETWORK);

    g_autoptr(MxRequest) nowhere = mx_request_new("GET", "http://nowhere.invalid/x", NULL);
    g_assert_null(fixture_send(http, nowhere, NULL, &unknown));
    g_assert_error(unknown, MX_ERROR, MX_ERROR_NETWORK);
    g_assert_nonnull(strstr(unknown->message, "nowhere.invalid"));

    g_autoptr(MxRequest) bad = mx_request_new("GET", "no-url", NULL);
    g_assert_null(fixture_send(http, bad, NULL, &no_url));
    g_assert_error(no_url, MX_ERROR, MX_ERROR_INVALID);
}

static void test_slow_drip(void)
{
    static const RawScript script = {
        {"HTTP/1.1 200 OK\r\n", "Content-Length: 4\r\n\r\n", "1", "2", "3", "4", NULL}, 400};
    guint16 port;
    g_autoptr(GSocketService) server = fixture_raw_server_new(&script, &port);
    g_autoptr(MxHttp) http = http_for_port(port);
    g_autoptr(MxRequest) request = mx_request_new("GET", "/x", NULL);
    mx_request_set_timeout(request, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = fixture_send(http, request, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(response->body), ==, 4);
    g_socket_service_stop(server);
}

static const struct {
    const char *name;
    const char *scheme;
    RawScript script;
} stages[] = {
    {"tls-handshake", "https", {{NULL}, 0, TRUE}},
    {"no-answer", "http", {{"", NULL}, 0, TRUE}},
    {"in-headers", "http", {{"HTTP/1.1 200 OK\r\nX-Y", NULL}, 0, TRUE}},
    {"before-body", "http", {{HEAD "Content-Length: 9\r\n\r\n", NULL}, 0, TRUE}},
    {"in-body", "http", {{HEAD "Content-Length: 9\r\n\r\n", "1234", NULL}, 0, TRUE}},
    {"in-error-body", "http", {{"HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\n1", NULL}, 0, TRUE}},
};

static MxRequest *request_for_stage(gsize i, GSocketService **server)
{
    guint16 port;
    *server = fixture_raw_server_new(&stages[i].script, &port);
    g_autofree char *url = g_strdup_printf("%s://127.0.0.1:%u/x", stages[i].scheme, port);
    return mx_request_new("GET", url, NULL);
}

static void test_silence(gconstpointer data)
{
    g_autoptr(GSocketService) server = NULL;
    g_autoptr(MxHttp) http = fixture_http_new(NULL, NULL);
    g_autoptr(MxRequest) request = request_for_stage(GPOINTER_TO_SIZE(data), &server);
    mx_request_set_timeout(request, 1);
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();
    g_assert_null(fixture_send(http, request, NULL, &error));
    gint64 taken = g_get_monotonic_time() - start;
    g_assert_error(error, MX_ERROR, MX_ERROR_NETWORK);
    g_assert_nonnull(strstr(error->message, "in time"));
    g_assert_cmpint(taken, >=, 0.9 * G_USEC_PER_SEC);
    g_assert_cmpint(taken, <, 3 * G_USEC_PER_SEC);
    g_socket_service_stop(server);
}

static gboolean on_cancel_time(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void test_cancel(gconstpointer data)
{
    g_autoptr(GSocketService) server = NULL;
    g_autoptr(MxHttp) http = fixture_http_new(NULL, NULL);
    g_autoptr(MxRequest) request = request_for_stage(GPOINTER_TO_SIZE(data), &server);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_timeout_add(150, on_cancel_time, cancellable);
    gint64 start = g_get_monotonic_time();
    g_assert_null(fixture_send(http, request, cancellable, &error));
    g_assert_true(mx_error_is_cancelled(error));
    g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);
    g_socket_service_stop(server);
}

static void test_cancelled_before(void)
{
    g_autoptr(MxHttp) http = http_for_port(9);
    g_autoptr(MxRequest) request = mx_request_new("GET", "/x", NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_cancellable_cancel(cancellable);
    g_assert_null(fixture_send(http, request, cancellable, &error));
    g_assert_true(mx_error_is_cancelled(error));
}

static void on_chunk_cancel(GBytes *chunk, gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
}

static void test_cancel_in_chunk(void)
{
    static const RawScript script = {{HEAD "Content-Length: 4\r\n\r\n", "12", "34", NULL}, 50};
    guint16 port;
    g_autoptr(GSocketService) server = fixture_raw_server_new(&script, &port);
    g_autoptr(MxHttp) http = http_for_port(port);
    g_autoptr(MxRequest) request = mx_request_new("GET", "/x", NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    mx_request_set_chunk_func(request, on_chunk_cancel, cancellable);
    g_assert_null(fixture_send(http, request, cancellable, &error));
    g_assert_true(mx_error_is_cancelled(error));
    g_socket_service_stop(server);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

/* Live requests survive forgetting; the object may be dropped while one is under way. */
static void test_forget_and_drop(void)
{
    static const RawScript script = {{HEAD "Content-Length: 4\r\n\r\n", "12", "34", NULL}, 150};
    guint16 port;
    g_autoptr(GSocketService) server = fixture_raw_server_new(&script, &port);
    MxHttp *http = http_for_port(port);
    g_autoptr(MxRequest) request = mx_request_new("GET", "/x", NULL);
    g_autoptr(GAsyncResult) result = NULL;
    mx_http_send_async(http, request, NULL, on_done, &result);
    for (guint i = 0; i < 3; i++)
        g_main_context_iteration(NULL, TRUE);
    mx_http_forget_connections(http);
    g_object_unref(http);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(http, result, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(response->body), ==, 4);
    g_socket_service_stop(server);
}

static void add_stages(const char *prefix, GTestDataFunc func)
{
    for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
        g_autofree char *path = g_strconcat(prefix, stages[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), func);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *path = g_strconcat("/http-faults/answer/", answers[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_answer);
    }
    add_stages("/http-faults/silence/", test_silence);
    add_stages("/http-faults/cancel/", test_cancel);
    g_test_add_func("/http-faults/refused-and-unknown", test_refused_and_unknown);
    g_test_add_func("/http-faults/slow-drip", test_slow_drip);
    g_test_add_func("/http-faults/cancelled-before", test_cancelled_before);
    g_test_add_func("/http-faults/cancel-in-chunk", test_cancel_in_chunk);
    g_test_add_func("/http-faults/forget-and-drop", test_forget_and_drop);
    int failures = g_test_run();
    fixture_wait_for_threads();
    return failures;
}

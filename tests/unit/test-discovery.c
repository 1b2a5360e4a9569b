/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "net-fixture.h"

/* https://hs.test and its neighbours are one TLS server on loopback behind a proxy, so that names
 * and ports are the real ones. */

#define WELL_KNOWN(url) "{\"m.homeserver\":{\"base_url\":\"" url "\"}}"
#define VERSIONS "{\"versions\":[\"r0.6.1\",\"v1.1\",\"v1.12\"]}"
#define NONE -1 /* MxErrorCode: success */

typedef struct {
    const char *name;
    guint well_known_status;
    const char *well_known;
    guint versions_status;
    const char *versions;
    const char *base; /* the result, or NULL */
    int code;
    const char *said; /* part of the message */
    const char *typed, *server_name;
    enum { FAULT_NONE, FAULT_429_HEADER, FAULT_429_BODY, FAULT_CUT, FAULT_DRIP } fault;
} Case;

static const Case cases[] = {
    {"delegated", 200, WELL_KNOWN("https://matrix.hs.test/"), 200, VERSIONS,
     "https://matrix.hs.test", NONE},
    {"with-path", 200, WELL_KNOWN("https://hs.test:8443/pre/fix"), 200, VERSIONS,
     "https://hs.test:8443/pre/fix", NONE},
    {"further-members", 200,
     "{\"m.homeserver\":{\"base_url\":\"https://hs.test\",\"x\":1},\"m.identity_server\":0}", 200,
     VERSIONS, "https://hs.test", NONE},
    {"not-found", 404, "<html>", 200, VERSIONS, "https://hs.test", NONE},
    {"not-found-with-port", 404, "", 200, VERSIONS, "https://hs.test:8448", NONE, NULL, NULL,
     "hs.test:8448"},
    {"redirected", 302, "https://other.hs.test/.well-known/matrix/client", 200, VERSIONS,
     "https://redirected.hs.test", NONE},
    {"redirected-to-plain", 302, "http://other.hs.test/.well-known/matrix/client", 200, VERSIONS,
     NULL, MX_ERROR_NO_MATRIX, "302"},
    {"redirect-loop", 302, "/.well-known/matrix/client", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX,
     "302"},
    {"forbidden", 403, "", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX, "403"},
    {"may-recover", 502, "<html>", 200, VERSIONS, NULL, MX_ERROR_HTTP, "502"},
    {"limited-header", 200, WELL_KNOWN("https://m.hs.test"), 200, VERSIONS, "https://m.hs.test",
     NONE, NULL, NULL, NULL, FAULT_429_HEADER},
    {"limited-body", 200, WELL_KNOWN("https://m.hs.test"), 200, VERSIONS, "https://m.hs.test", NONE,
     NULL, NULL, NULL, FAULT_429_BODY},
    {"cut", 200, WELL_KNOWN("https://m.hs.test"), 200, VERSIONS, NULL, MX_ERROR_NETWORK, "hs.test",
     NULL, NULL, FAULT_CUT},
    {"drip", 200, WELL_KNOWN("https://m.hs.test"), 200, VERSIONS, "https://m.hs.test", NONE, NULL,
     NULL, NULL, FAULT_DRIP},
    {"base-url-number", 200, "{\"m.homeserver\":{\"base_url\":17}}", 200, VERSIONS, NULL,
     MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"base-url-array", 200, "{\"m.homeserver\":{\"base_url\":[]}}", 200, VERSIONS, NULL,
     MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"html", 200, "<html></html>", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"empty", 200, "", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"array", 200, "[]", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"no-homeserver", 200, "{}", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"homeserver-no-object", 200, "{\"m.homeserver\":\"https://hs.test\"}", 200, VERSIONS, NULL,
     MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"no-base-url", 200, "{\"m.homeserver\":{}}", 200, VERSIONS, NULL, MX_ERROR_NO_MATRIX,
     "names no homeserver"},
    {"base-url-null", 200, "{\"m.homeserver\":{\"base_url\":null}}", 200, VERSIONS, NULL,
     MX_ERROR_NO_MATRIX, "names no homeserver"},
    {"base-url-empty", 200, WELL_KNOWN(""), 200, VERSIONS, NULL, MX_ERROR_INVALID, "hs.test"},
    {"base-url-scheme", 200, WELL_KNOWN("ftp://hs.test"), 200, VERSIONS, NULL, MX_ERROR_INVALID,
     "ftp://"},
    {"base-url-user", 200, WELL_KNOWN("https://a:b@hs.test"), 200, VERSIONS, NULL, MX_ERROR_INVALID,
     "user name"},
    {"base-url-plain", 200, WELL_KNOWN("http://hs.test"), 200, VERSIONS, NULL, MX_ERROR_INVALID,
     "not encrypted"},
    {"versions-not-found", 404, "", 404, "", NULL, MX_ERROR_NO_MATRIX, "versions"},
    {"versions-may-recover", 404, "", 503, "", NULL, MX_ERROR_HTTP, "503"},
    {"versions-redirected", 404, "", 301, "https://www.hs.test/", NULL, MX_ERROR_NO_MATRIX, "301"},
    {"versions-html", 404, "", 200, "<html>", NULL, MX_ERROR_NO_MATRIX, "JSON"},
    {"versions-missing", 404, "", 200, "{}", NULL, MX_ERROR_NO_MATRIX, "homeserver"},
    {"versions-no-array", 404, "", 200, "{\"versions\":\"v1.1\"}", NULL, MX_ERROR_NO_MATRIX,
     "homeserver"},
    {"versions-numbers", 404, "", 200, "{\"versions\":[1,null,{}]}", NULL, MX_ERROR_NO_MATRIX,
     "homeserver"},
    {"versions-old", 404, "", 200, "{\"versions\":[\"r0.6.0\",\"v1.\",\"v2.0\"]}", NULL,
     MX_ERROR_NO_MATRIX, "too old"},
    {"typed", 500, "", 200, VERSIONS, "https://matrix.hs.test/x", NONE, NULL,
     "matrix.hs.test:443/x/"},
    {"typed-bad", 500, "", 200, VERSIONS, NULL, MX_ERROR_INVALID, "mailto", "mailto://x"},
    {"certificate", 404, "", 200, VERSIONS, NULL, MX_ERROR_TLS, "asking wrong.test", NULL,
     "wrong.test"},
    {"bad-server-name", 404, "", 200, VERSIONS, NULL, MX_ERROR_INVALID, "a b", NULL, "a b"},
};

typedef struct {
    const Case *current;
    char *pem;
    SoupServer *server;
    FixtureProxy *proxy;
    MxHttp *http;
    guint asked; /* for /.well-known, in this case */
} World;

static World world;

static void answer(SoupServerMessage *message, guint status, const char *body)
{
    soup_server_message_set_status(message, status, NULL);
    if (status / 100 == 3)
        soup_message_headers_replace(soup_server_message_get_response_headers(message), "Location",
                                     body);
    else
        soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, body,
                                         strlen(body));
}

static void answer_limited(SoupServerMessage *message, gboolean in_header)
{
    answer(message, 429,
           in_header ? "{}" : "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":5}");
    if (in_header)
        soup_message_headers_replace(soup_server_message_get_response_headers(message),
                                     "Retry-After", "0");
}

/* What is left of a body that comes byte by byte. */
typedef struct {
    GIOStream *stream;
    char *text;
    gsize next;
} Drip;

static gboolean on_drip(gpointer data)
{
    Drip *drip = data;
    g_output_stream_write_all(g_io_stream_get_output_stream(drip->stream), drip->text + drip->next,
                              1, NULL, NULL, NULL);
    if (drip->text[++drip->next] != '\0')
        return G_SOURCE_CONTINUE;
    g_object_unref(drip->stream);
    g_free(drip->text);
    g_free(drip);
    return G_SOURCE_REMOVE;
}

static void answer_by_hand(SoupServerMessage *message, const char *body, gboolean is_cut)
{
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);
    GOutputStream *out = g_io_stream_get_output_stream(stream);
    g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                            "Content-Length: %zu\r\n\r\n",
                                            strlen(body));
    g_output_stream_write_all(out, head, strlen(head), NULL, NULL, NULL);
    Drip *drip = g_new0(Drip, 1);
    drip->stream = g_steal_pointer(&stream);
    drip->text = g_strndup(body, is_cut ? strlen(body) / 2 : strlen(body));
    g_timeout_add(10, on_drip, drip);
}

static void answer_well_known(SoupServerMessage *message, const Case *current)
{
    gboolean is_first = world.asked++ == 0;
    if (is_first && (current->fault == FAULT_429_HEADER || current->fault == FAULT_429_BODY))
        answer_limited(message, current->fault == FAULT_429_HEADER);
    else if (current->fault == FAULT_CUT || current->fault == FAULT_DRIP)
        answer_by_hand(message, current->well_known, current->fault == FAULT_CUT);
    else
        answer(message, current->well_known_status, current->well_known);
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer user_data)
{
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    const Case *current = world.current;
    g_assert_null(soup_message_headers_get_one(headers, "Authorization"));
    if (g_str_equal(soup_message_headers_get_one(headers, "Host"), "other.hs.test"))
        answer(message, 200, WELL_KNOWN("https://redirected.hs.test"));
    else if (g_str_equal(path, "/.well-known/matrix/client"))
        answer_well_known(message, current);
    else if (g_str_has_suffix(path, "/_matrix/client/versions"))
        answer(message, current->versions_status, current->versions);
    else
        answer(message, 404, "unexpected");
}

static gboolean world_set_up(void)
{
    world.pem = fixture_make_certificate("DNS:hs.test,DNS:*.hs.test");
    if (world.pem == NULL)
        return FALSE;
    guint16 port;
    g_autoptr(GTlsCertificate) certificate = fixture_load_certificate(world.pem);
    world.server = fixture_server_new(certificate, on_request, NULL, &port);
    world.proxy = fixture_proxy_new(port);
    g_autofree char *uri = g_strdup_printf("http://127.0.0.1:%u", world.proxy->port);
    world.http = fixture_http_new(uri, world.pem);
    mx_http_set_session(world.http, "https://hs.test", "token of an earlier session");
    return TRUE;
}

static void world_tear_down(void)
{
    if (world.http == NULL)
        return;
    g_clear_object(&world.http);
    fixture_proxy_free(world.proxy);
    soup_server_disconnect(world.server);
    g_object_unref(world.server);
    g_unlink(world.pem);
    g_free(world.pem);
}

static void test_case(gconstpointer data)
{
    const Case *c = world.current = data;
    world.asked = 0;
    if (world.http == NULL && !world_set_up())
        return;
    g_autoptr(GError) error = NULL;
    const char *server_name = c->server_name != NULL ? c->server_name : "hs.test";
    g_autofree char *base = fixture_discover(world.http, server_name, c->typed, &error);
    g_test_message("%s", error != NULL ? error->message : base);
    g_assert_cmpstr(base, ==, c->base);
    if (c->fault == FAULT_429_HEADER || c->fault == FAULT_429_BODY)
        g_assert_cmpuint(world.asked, ==, 2);
    if (c->code == NONE) {
        g_assert_no_error(error);
        return;
    }
    g_assert_error(error, MX_ERROR, c->code);
    g_assert_nonnull(strstr(error->message, c->said));
}

/* ---- without the proxy ---- */

static const Case plain_case = {"", 404, "", 200, VERSIONS};

static void test_plain(void)
{
    guint16 port;
    world.current = &plain_case;
    SoupServer *server = fixture_server_new(NULL, on_request, NULL, &port);
    g_autoptr(MxHttp) http = fixture_http_new(NULL, NULL);
    g_autofree char *name = g_strdup_printf("127.0.0.1:%u", port);
    g_autofree char *expected = g_strdup_printf("http://127.0.0.1:%u", port);
    g_autoptr(GError) typed_error = NULL, found_error = NULL;
    g_autofree char *typed = fixture_discover(http, "hs.test", expected, &typed_error);
    g_assert_no_error(typed_error);
    g_assert_cmpstr(typed, ==, expected);
    g_autofree char *found = fixture_discover(http, name, "", &found_error);
    g_assert_no_error(found_error);
    g_assert_cmpstr(found, ==, expected);
    soup_server_disconnect(server);
    g_object_unref(server);
}

static void test_unreachable(void)
{
    static const struct {
        const char *server_name, *typed;
    } unreachable[] = {
        {"nowhere.invalid", NULL}, {"hs.test", "http://127.0.0.1:1"}, {"127.0.0.1:1", NULL}};
    g_autoptr(MxHttp) http = fixture_http_new(NULL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(unreachable); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(
            fixture_discover(http, unreachable[i].server_name, unreachable[i].typed, &error));
        g_test_message("%s", error->message);
        g_assert_error(error, MX_ERROR, MX_ERROR_NETWORK);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/discovery/case/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/discovery/plain", test_plain);
    g_test_add_func("/discovery/unreachable", test_unreachable);
    int failures = g_test_run();
    world_tear_down();
    return failures;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "net-fixture.h"

/* Certificates and proxies. */

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer user_data)
{
    soup_server_message_set_status(message, 200, NULL);
    soup_server_message_set_response(message, "application/json", SOUP_MEMORY_STATIC, "{}", 2);
}

static void stop(SoupServer *server)
{
    soup_server_disconnect(server);
    g_object_unref(server);
}

static SoupServer *start_tls(const char *pem, guint16 *port)
{
    g_autoptr(GTlsCertificate) certificate = fixture_load_certificate(pem);
    return fixture_server_new(certificate, on_request, NULL, port);
}

static void check_get(MxHttp *http, const char *url, gboolean succeeds, GError **error)
{
    g_autoptr(MxRequest) request = mx_request_new("GET", url, NULL);
    g_autoptr(MxResponse) response = fixture_send(http, request, NULL, error);
    g_assert_cmpint(response != NULL, ==, succeeds);
}

static void test_certificates(void)
{
    g_autofree char *pem = fixture_make_certificate("IP:127.0.0.1");
    if (pem == NULL)
        return;
    g_autofree char *other = fixture_make_certificate("IP:127.0.0.1");
    guint16 port;
    SoupServer *server = start_tls(pem, &port);
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u/", port);
    const struct {
        const char *ca_file;
        gboolean succeeds;
    } cases[] = {{NULL, FALSE}, {pem, TRUE}, {other, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxHttp) http = fixture_http_new(NULL, cases[i].ca_file);
        g_autoptr(GError) error = NULL;
        check_get(http, url, cases[i].succeeds, &error);
        if (cases[i].succeeds)
            continue;
        g_assert_error(error, MX_ERROR, MX_ERROR_TLS);
        g_assert_cmpuint(mx_error_get_tls_flags(error), ==, G_TLS_CERTIFICATE_UNKNOWN_CA);
        g_assert_nonnull(strstr(error->message, "127.0.0.1"));
    }
    stop(server);
    g_unlink(pem);
    g_unlink(other);
}

/* The CA file does not help against a certificate for somebody else. */
static void test_wrong_name(void)
{
    g_autofree char *pem = fixture_make_certificate("DNS:somebody.example");
    if (pem == NULL)
        return;
    guint16 port;
    SoupServer *server = start_tls(pem, &port);
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u/", port);
    g_autoptr(MxHttp) http = fixture_http_new(NULL, pem);
    g_autoptr(GError) error = NULL;
    check_get(http, url, FALSE, &error);
    g_assert_error(error, MX_ERROR, MX_ERROR_TLS);
    g_assert_true(mx_error_get_tls_flags(error) & G_TLS_CERTIFICATE_BAD_IDENTITY);
    stop(server);
    g_unlink(pem);
}

static void test_no_tls_there(void)
{
    guint16 port;
    SoupServer *server = fixture_server_new(NULL, on_request, NULL, &port);
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u/", port);
    g_autoptr(MxHttp) http = fixture_http_new(NULL, NULL);
    g_autoptr(GError) error = NULL;
    /* It takes the handshake for a request that has not ended, and waits for more. */
    g_autoptr(MxRequest) request = mx_request_new("GET", url, NULL);
    mx_request_set_timeout(request, 1);
    g_assert_null(fixture_send(http, request, NULL, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_NETWORK);
    stop(server);
}

static void test_bad_ca_files(void)
{
    g_autofree char *garbage = NULL;
    g_close(g_file_open_tmp("mx-test-XXXXXX.pem", &garbage, NULL), NULL);
    g_assert_true(g_file_set_contents(garbage, "no certificate\n", -1, NULL));
    const char *const paths[] = {"/nonexistent/ca.pem", g_get_tmp_dir(), garbage};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mx_http_new("x", MX_HTTP_PROXY_NONE, NULL, paths[i], &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, paths[i]));
    }
    g_unlink(garbage);
}

static void test_bad_proxies(void)
{
    static const char *const uris[] = {NULL,           "",          "nonsense",
                                       "ftp://host:1", "socks5://", "http://u:secret@[::1"};
    for (gsize i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mx_http_new("x", MX_HTTP_PROXY_URI, uris[i], NULL, &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
        g_assert_null(strstr(error->message, "secret"));
    }
}

/* Names are resolved by the proxy: example.invalid exists nowhere. */
static void test_proxies(void)
{
    g_autofree char *pem = fixture_make_certificate("DNS:example.invalid");
    guint16 plain_port, tls_port = 0;
    SoupServer *plain = fixture_server_new(NULL, on_request, NULL, &plain_port);
    SoupServer *tls = pem != NULL ? start_tls(pem, &tls_port) : NULL;
    const struct {
        const char *scheme, *url, *asked;
        guint16 target_port;
    } cases[] = {
        {"http", "http://example.invalid:81/a%2Fb%21?c=%20",
         "GET http://example.invalid:81/a%2Fb%21?c=%20 HTTP/1.1", plain_port},
        {"socks5", "http://example.invalid:81/a", "example.invalid:81", plain_port},
        {"http", "https://example.invalid/a", "example.invalid:443", tls_port},
        {"socks5", "https://example.invalid/a", "example.invalid:443", tls_port},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].target_port == 0)
            continue;
        g_autoptr(FixtureProxy) proxy = fixture_proxy_new(cases[i].target_port);
        g_autofree char *uri = g_strdup_printf("%s://127.0.0.1:%u", cases[i].scheme, proxy->port);
        g_autoptr(MxHttp) http = fixture_http_new(uri, pem);
        g_autoptr(GError) error = NULL;
        g_test_message("%s through %s", cases[i].url, cases[i].scheme);
        check_get(http, cases[i].url, TRUE, &error);
        g_assert_true(fixture_proxy_was_asked(proxy, cases[i].asked));
    }
    stop(plain);
    if (tls != NULL)
        stop(tls);
    if (pem != NULL)
        g_unlink(pem);
}

static void test_refusing_proxies(void)
{
    static const char *const schemes[] = {"http", "socks5"};
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        g_autoptr(FixtureProxy) proxy = fixture_proxy_new(0);
        g_autofree char *uri = g_strdup_printf("%s://127.0.0.1:%u", schemes[i], proxy->port);
        g_autoptr(MxHttp) http = fixture_http_new(uri, NULL);
        g_autoptr(GError) error = NULL;
        check_get(http, "https://example.invalid/", FALSE, &error);
        g_test_message("%s", error->message);
        g_assert_true(mx_error_is_transient(error));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-tls/certificates", test_certificates);
    g_test_add_func("/http-tls/wrong-name", test_wrong_name);
    g_test_add_func("/http-tls/no-tls-there", test_no_tls_there);
    g_test_add_func("/http-tls/bad-ca-files", test_bad_ca_files);
    g_test_add_func("/http-tls/bad-proxies", test_bad_proxies);
    g_test_add_func("/http-tls/proxies", test_proxies);
    g_test_add_func("/http-tls/refusing-proxies", test_refusing_proxies);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Certificates, proxies, and a second program on the same folder. */

static char *cert_path(const char *name)
{
    return g_build_filename(g_getenv("MX_TEST_CERTS"), name, NULL);
}

/* ---- certificates ---- */

/* The scenario's server goes; one with a certificate takes its place. */
static void serve_tls(Scenario *s, const char *name)
{
    g_autofree char *path = cert_path(name);
    g_autoptr(GError) error = NULL;
    g_autoptr(GTlsCertificate) certificate = g_tls_certificate_new_from_file(path, &error);

    if (certificate == NULL)
        FAIL(s, "%s: %s", path, error->message);
    fake_server_free(s->server);
    s->server = fake_server_new(0, certificate);
}

static void enable_with_ca(Scenario *s, const char *ca)
{
    g_autofree char *path = ca ? cert_path(ca) : NULL;

    s->account = scenario_account(s, ALICE, "secret");
    if (path != NULL)
        purple_account_set_string(s->account, "ca_file", path);
    host_account_enable(s->account, TRUE);
}

static void refused(Scenario *s, const char *certificate, const char *ca, const char *reason)
{
    serve_tls(s, certificate);
    enable_with_ca(s, ca);
    EXPECT_EVENT(s, "connection-error", "reason", reason, "fatal", "true", "~text", "certificate");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, g_queue_get_length(fake_server_requests(s->server)), 0);
}

static void tls_untrusted(Scenario *s)
{
    refused(s, "good.pem", NULL, "CERT_UNTRUSTED");
}

static void tls_self_signed(Scenario *s)
{
    refused(s, "self-signed.pem", NULL, "CERT_UNTRUSTED");
}

static void tls_expired(Scenario *s)
{
    refused(s, "expired.pem", "ca.pem", "CERT_EXPIRED");
}

static void tls_other_host(Scenario *s)
{
    refused(s, "other-host.pem", "ca.pem", "CERT_HOSTNAME_MISMATCH");
}

static void tls_ca_file(Scenario *s)
{
    serve_tls(s, "good.pem");
    enable_with_ca(s, "ca.pem");
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void tls_ca_file_unreadable(Scenario *s)
{
    serve_tls(s, "good.pem");
    enable_with_ca(s, "nosuch.pem");
    EXPECT_EVENT(s, "connection-error", "reason", "INVALID_SETTINGS", "fatal", "true", "~text",
                 "nosuch.pem");
    EXPECT_EVENT(s, "disconnected");
}

static gboolean last_request_is_answered(gpointer data)
{
    return host_debug_contains("keys/device_signing/upload: HTTP 404");
}

/* The certificate changes under a session: the token must not go to whoever this is. */
static void tls_changes_later(Scenario *s)
{
    guint port;
    g_autofree char *path = cert_path("self-signed.pem");
    g_autoptr(GTlsCertificate) other = g_tls_certificate_new_from_file(path, NULL);

    serve_tls(s, "good.pem");
    enable_with_ca(s, "ca.pem");
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
    /* A server that goes waits for the handshakes under way, and those wait for this thread. */
    WAIT(s, last_request_is_answered, NULL);
    host_iterate(1000);
    port = fake_server_port(s->server);
    fake_server_free(s->server);
    s->server = fake_server_new(port, other);
    host_iterate(4000);
    EXPECT_INT(s, g_queue_get_length(fake_server_requests(s->server)), 0);
    while (host_take_event("connection-error") != NULL || host_take_event("disconnected") != NULL)
        ;
    forget_events(s);
}

/* ---- proxies ---- */

#define HIDDEN "http://matrix.invalid"

static void enable_behind(Scenario *s, const char *type, guint port)
{
    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_string(s->account, "home_server", HIDDEN);
    CHECK(s, host_account_set_proxy(s->account, type, "127.0.0.1", port, NULL, NULL));
    host_account_enable(s->account, TRUE);
}

/* A proxy of plain HTTP is asked as the server would be, with the whole address. */
static void proxy_http(Scenario *s)
{
    enable_behind(s, "http", fake_server_port(s->server));
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void proxy_refuses(Scenario *s)
{
    fake_server_down(s->server);
    enable_behind(s, "http", fake_server_port(s->server));
    EXPECT_EVENT(s, "connection-error", "reason", "NETWORK_ERROR", "fatal", "false");
    EXPECT_EVENT(s, "disconnected");
}

/* "No proxy" means none, whatever the environment says. */
static void proxy_none(Scenario *s)
{
    g_setenv("http_proxy", "http://127.0.0.1:9", TRUE);
    s->account = scenario_account(s, ALICE, "secret");
    CHECK(s, host_account_set_proxy(s->account, "none", NULL, 0, NULL, NULL));
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* A SOCKS5 proxy on threads. It notes the names it is asked for, and connects to the fake
 * homeserver whatever they are. */
typedef struct {
    guint target;
    GMutex lock;
    char *host;
    guint count;
} Socks;

static gboolean read_bytes(GIOStream *stream, guint8 *buffer, gsize len)
{
    gsize done;

    return g_input_stream_read_all(g_io_stream_get_input_stream(stream), buffer, len, &done, NULL,
                                   NULL) &&
           done == len;
}

static gboolean write_bytes(GIOStream *stream, const guint8 *bytes, gsize len)
{
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream), bytes, len, NULL, NULL,
                                     NULL);
}

/* Only names are understood: an address would mean that somebody has looked the name up outside the
 * proxy. */
static gboolean greet(Socks *socks, GIOStream *client)
{
    static const guint8 no_login[] = {5, 0};
    static const guint8 connected[] = {5, 0, 0, 1, 127, 0, 0, 1, 0, 80};
    guint8 buffer[512];

    if (!read_bytes(client, buffer, 2) || !read_bytes(client, buffer + 2, buffer[1]) ||
        !write_bytes(client, no_login, sizeof no_login) || !read_bytes(client, buffer, 5) ||
        buffer[3] != 3 || !read_bytes(client, buffer + 5, buffer[4] + 2))
        return FALSE;
    g_mutex_lock(&socks->lock);
    g_free(socks->host);
    socks->host = g_strndup((char *)buffer + 5, buffer[4]);
    socks->count++;
    g_mutex_unlock(&socks->lock);
    return write_bytes(client, connected, sizeof connected);
}

typedef struct {
    GIOStream *from, *to;
} Pipe;

static gpointer copy_bytes(gpointer data)
{
    Pipe *copier = data;
    char buffer[4096];
    gssize n;

    while ((n = g_input_stream_read(g_io_stream_get_input_stream(copier->from), buffer,
                                    sizeof buffer, NULL, NULL)) > 0) {
        if (!write_bytes(copier->to, (guint8 *)buffer, n))
            break;
    }
    g_socket_shutdown(g_socket_connection_get_socket(G_SOCKET_CONNECTION(copier->to)), FALSE, TRUE,
                      NULL);
    return NULL;
}

static gboolean on_socks(GThreadedSocketService *service, GSocketConnection *client,
                         GObject *source, gpointer data)
{
    Socks *socks = data;
    g_autoptr(GSocketClient) connector = g_socket_client_new();
    g_autoptr(GSocketConnection) server = NULL;
    Pipe up, down;
    GThread *thread;

    if (!greet(socks, G_IO_STREAM(client)))
        return FALSE;
    g_socket_client_set_enable_proxy(connector, FALSE);
    server = g_socket_client_connect_to_host(connector, "127.0.0.1", socks->target, NULL, NULL);
    if (server == NULL)
        return FALSE;
    up = (Pipe){G_IO_STREAM(client), G_IO_STREAM(server)};
    down = (Pipe){G_IO_STREAM(server), G_IO_STREAM(client)};
    thread = g_thread_new("socks", copy_bytes, &up);
    copy_bytes(&down);
    g_thread_join(thread);
    return FALSE;
}

static void proxy_socks(Scenario *s, const char *type)
{
    static Socks socks;
    GSocketService *service = g_threaded_socket_service_new(20);
    guint16 port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);

    socks.target = fake_server_port(s->server);
    g_signal_connect(service, "run", G_CALLBACK(on_socks), &socks);
    g_socket_service_start(service);
    enable_behind(s, type, port);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_TEXT(s, socks.host, "matrix.invalid");
    CHECK(s, socks.count > 0);
    g_socket_service_stop(service);
}

static void proxy_socks5(Scenario *s)
{
    proxy_socks(s, "socks5");
}

static void proxy_tor(Scenario *s)
{
    proxy_socks(s, "tor");
}

/* ---- two programs, one folder ---- */

typedef struct {
    GDataInputStream *lines;
    GString *text;
    gboolean ended;
} DriverOutput;

static void on_driver_line(GObject *source, GAsyncResult *result, gpointer data)
{
    DriverOutput *output = data;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, NULL, NULL);

    if (line == NULL) {
        output->ended = TRUE;
        return;
    }
    g_string_append_printf(output->text, "%s\n", line);
    g_data_input_stream_read_line_async(output->lines, 0, NULL, on_driver_line, output);
}

static gboolean has_decided(gpointer data)
{
    DriverOutput *output = data;

    return output->ended || strstr(output->text->str, "\"connection-error\"") != NULL ||
           strstr(output->text->str, "\"connected\"") != NULL;
}

static void second_program_refused(Scenario *s)
{
    g_autofree char *user_dir = g_build_filename(s->dir, "purple", NULL);
    g_autofree char *account =
        g_strdup_printf("{\"cmd\":\"account\",\"username\":\"" ALICE "\",\"password\":\"secret\","
                        "\"options\":{\"home_server\":\"%s\"},\"enable\":true}\n",
                        fake_server_url(s->server));
    g_autoptr(GSubprocess) driver = NULL;
    DriverOutput output = {NULL, g_string_new(NULL), FALSE};
    g_autoptr(GError) error = NULL;

    log_in(s);
    driver = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                              &error, g_getenv("MX_DRIVER"), "--user-dir", user_dir, "--plugin-dir",
                              g_getenv("MX_PLUGIN_DIR"), NULL);
    if (driver == NULL)
        FAIL(s, "the driver does not start: %s", error->message);
    output.lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(driver));
    g_data_input_stream_read_line_async(output.lines, 0, NULL, on_driver_line, &output);
    g_output_stream_write_all(g_subprocess_get_stdin_pipe(driver), account, strlen(account), NULL,
                              NULL, NULL);
    WAIT(s, has_decided, &output);
    if (strstr(output.text->str, "\"connection-error\"") == NULL)
        FAIL(s, "the second program was not refused: %s", output.text->str);
    g_output_stream_close(g_subprocess_get_stdin_pipe(driver), NULL, NULL);
    for (guint i = 0; i < 100 && !output.ended; i++)
        host_iterate(50);
    g_subprocess_force_exit(driver);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

static const ScenarioEntry entries[] = {
    {"tls-untrusted", {tls_untrusted}},
    {"tls-self-signed", {tls_self_signed}},
    {"tls-expired", {tls_expired}},
    {"tls-other-host", {tls_other_host}},
    {"tls-ca-file", {tls_ca_file}},
    {"tls-ca-file-unreadable", {tls_ca_file_unreadable}},
    {"tls-changes-later", {tls_changes_later}},
    {"proxy-http", {proxy_http}},
    {"proxy-refuses", {proxy_refuses}},
    {"proxy-none", {proxy_none}},
    {"proxy-socks5", {proxy_socks5}},
    {"proxy-tor", {proxy_tor}},
    {"second-program-refused", {second_program_refused}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}

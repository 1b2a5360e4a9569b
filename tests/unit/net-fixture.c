/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "net-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "mx-discovery.h"

#define THREADS 16
#define END_TIMEOUT_MS 5000

static int serving; /* connections being served in threads */

void fixture_wait_for_threads(void)
{
    for (guint i = 0; i < END_TIMEOUT_MS && g_atomic_int_get(&serving) > 0; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    g_assert_cmpint(g_atomic_int_get(&serving), ==, 0);
}

SoupServer *fixture_server_new(GTlsCertificate *tls, SoupServerCallback handler, gpointer user_data,
                               guint16 *port)
{
    g_autoptr(GError) error = NULL;
    SoupServer *server = soup_server_new("server-header", "test", NULL);
    if (tls != NULL)
        soup_server_set_tls_certificate(server, tls);
    soup_server_add_handler(server, NULL, handler, user_data, NULL);
    soup_server_listen_local(
        server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY | (tls != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0),
        &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(server);
    *port = (guint16)g_uri_get_port(uris->data);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    return server;
}

static GSocketService *listen_in_threads(GCallback on_run, gpointer user_data, guint16 *port)
{
    g_autoptr(GError) error = NULL;
    /* No idle threads at the end of the program, which leak checkers stumble over. */
    g_thread_pool_set_max_unused_threads(0);
    GSocketService *service = g_threaded_socket_service_new(THREADS);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(loopback, 0), real = NULL;
    g_socket_listener_add_address(G_SOCKET_LISTENER(service), wanted, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, NULL, &real, &error);
    g_assert_no_error(error);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(real));
    g_signal_connect(service, "run", on_run, user_data);
    g_socket_service_start(service);
    return service;
}

/* ---- raw server ---- */

/* Up to and with the empty line; FALSE when the client went away. */
static gboolean read_head(GInputStream *in, GString *head)
{
    char byte;
    while (!g_str_has_suffix(head->str, "\r\n\r\n")) {
        if (g_input_stream_read(in, &byte, 1, NULL, NULL) != 1)
            return FALSE;
        g_string_append_c(head, byte);
    }
    return TRUE;
}

/* Closing with unread bytes would reset the connection, and the client lose what it has not read
 * yet. */
static gboolean skip_body(GInputStream *in, const char *head)
{
    const char *length = strstr(head, "Content-Length: ");
    gint64 left = length != NULL ? g_ascii_strtoll(length + 16, NULL, 10) : 0;
    char byte;
    for (; left > 0; left--)
        if (g_input_stream_read(in, &byte, 1, NULL, NULL) != 1)
            return FALSE;
    return TRUE;
}

static void serve_raw(const RawScript *script, GSocketConnection *connection)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autoptr(GString) head = g_string_new(NULL);
    char byte;
    if (script->texts[0] != NULL && (!read_head(in, head) || !skip_body(in, head->str)))
        return;
    for (gsize i = 0; script->texts[i] != NULL; i++) {
        g_usleep(script->pause_ms * 1000);
        if (!g_output_stream_write_all(out, script->texts[i], strlen(script->texts[i]), NULL, NULL,
                                       NULL))
            return;
    }
    while (script->hangs && g_input_stream_read(in, &byte, 1, NULL, NULL) > 0)
        ;
    g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
}

static gboolean on_raw_run(GThreadedSocketService *service, GSocketConnection *connection,
                           GObject *source, gpointer user_data)
{
    g_atomic_int_inc(&serving);
    serve_raw(user_data, connection);
    g_atomic_int_add(&serving, -1);
    return TRUE;
}

GSocketService *fixture_raw_server_new(const RawScript *script, guint16 *port)
{
    return listen_in_threads(G_CALLBACK(on_raw_run), (gpointer)script, port);
}

/* ---- proxy ---- */

static gpointer copy_back(gpointer data)
{
    GIOStream **ends = data;
    g_output_stream_splice(g_io_stream_get_output_stream(ends[0]),
                           g_io_stream_get_input_stream(ends[1]), G_OUTPUT_STREAM_SPLICE_NONE, NULL,
                           NULL);
    g_socket_shutdown(g_socket_connection_get_socket(G_SOCKET_CONNECTION(ends[0])), FALSE, TRUE,
                      NULL);
    return NULL;
}

static void join_streams(GIOStream *client, GIOStream *target)
{
    GIOStream *ends[] = {client, target};
    GThread *thread = g_thread_new("proxy", copy_back, ends);
    g_output_stream_splice(g_io_stream_get_output_stream(target),
                           g_io_stream_get_input_stream(client), G_OUTPUT_STREAM_SPLICE_NONE, NULL,
                           NULL);
    /* Both directions: an idle SoupServer does not look whether its client has gone. */
    g_socket_shutdown(g_socket_connection_get_socket(G_SOCKET_CONNECTION(target)), TRUE, TRUE,
                      NULL);
    g_thread_join(thread);
}

static GIOStream *connect_to_target(FixtureProxy *self)
{
    if (self->target_port == 0)
        return NULL;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    return G_IO_STREAM(
        g_socket_client_connect_to_host(client, "127.0.0.1", self->target_port, NULL, NULL));
}

static void note_asked(FixtureProxy *self, char *target)
{
    g_mutex_lock(&self->mutex);
    g_ptr_array_add(self->asked, target);
    g_mutex_unlock(&self->mutex);
}

static gboolean read_bytes(GIOStream *client, guint8 *bytes, gsize count)
{
    gsize got;
    return g_input_stream_read_all(g_io_stream_get_input_stream(client), bytes, count, &got, NULL,
                                   NULL) &&
           got == count;
}

static void write_bytes(GIOStream *stream, const char *bytes, gsize count)
{
    g_output_stream_write_all(g_io_stream_get_output_stream(stream), bytes, count, NULL, NULL,
                              NULL);
}

/* RFC 1928, names only, no authentication; the version byte has been read. */
static void serve_socks(FixtureProxy *self, GIOStream *client)
{
    guint8 bytes[300], length;
    if (!read_bytes(client, bytes, 1) || !read_bytes(client, bytes + 1, bytes[0]))
        return;
    write_bytes(client, "\5\0", 2);
    if (!read_bytes(client, bytes, 4))
        return;
    g_assert_cmpuint(bytes[3], ==, 3);
    if (!read_bytes(client, &length, 1) || !read_bytes(client, bytes, length + 2u))
        return;
    guint port = bytes[length] * 256u + bytes[length + 1];
    note_asked(self, g_strdup_printf("%.*s:%u", length, (char *)bytes, port));
    g_autoptr(GIOStream) target = connect_to_target(self);
    write_bytes(client, target != NULL ? "\5\0\0\1\0\0\0\0\0\0" : "\5\5\0\1\0\0\0\0\0\0", 10);
    if (target != NULL)
        join_streams(client, target);
}

static void serve_http(FixtureProxy *self, GIOStream *client, char first)
{
    g_autoptr(GString) head = g_string_new(NULL);
    g_string_append_c(head, first);
    if (!read_head(g_io_stream_get_input_stream(client), head))
        return;
    g_autofree char *line = g_strndup(head->str, strcspn(head->str, "\r"));
    gboolean is_connect = g_str_has_prefix(line, "CONNECT ");
    note_asked(self, is_connect ? g_strndup(line + 8, strcspn(line + 8, " ")) : g_strdup(line));
    g_autoptr(GIOStream) target = connect_to_target(self);
    if (target == NULL) {
        static const char refusal[] = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
        write_bytes(client, refusal, strlen(refusal));
        return;
    }
    static const char established[] = "HTTP/1.1 200 Yes\r\n\r\n";
    if (is_connect)
        write_bytes(client, established, strlen(established));
    else
        write_bytes(target, head->str, head->len);
    join_streams(client, target);
}

static gboolean on_proxy_run(GThreadedSocketService *service, GSocketConnection *connection,
                             GObject *source, gpointer user_data)
{
    GIOStream *client = G_IO_STREAM(connection);
    guint8 first;
    g_atomic_int_inc(&serving);
    if (read_bytes(client, &first, 1)) {
        if (first == 5)
            serve_socks(user_data, client);
        else
            serve_http(user_data, client, (char)first);
    }
    g_io_stream_close(client, NULL, NULL);
    g_atomic_int_add(&serving, -1);
    return TRUE;
}

FixtureProxy *fixture_proxy_new(guint16 target_port)
{
    FixtureProxy *self = g_new0(FixtureProxy, 1);
    self->target_port = target_port;
    self->asked = g_ptr_array_new_with_free_func(g_free);
    g_mutex_init(&self->mutex);
    self->service = listen_in_threads(G_CALLBACK(on_proxy_run), self, &self->port);
    return self;
}

void fixture_proxy_free(FixtureProxy *self)
{
    g_socket_service_stop(self->service);
    g_socket_listener_close(G_SOCKET_LISTENER(self->service));
    fixture_wait_for_threads();
    g_object_unref(self->service);
    g_ptr_array_unref(self->asked);
    g_mutex_clear(&self->mutex);
    g_free(self);
}

gboolean fixture_proxy_was_asked(FixtureProxy *self, const char *target)
{
    g_mutex_lock(&self->mutex);
    gboolean found = FALSE;
    for (guint i = 0; i < self->asked->len; i++)
        found = found || g_str_equal(self->asked->pdata[i], target);
    g_mutex_unlock(&self->mutex);
    return found;
}

/* ---- certificates ---- */

char *fixture_make_certificate(const char *names)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    if (openssl == NULL) {
        g_test_skip("THE OPENSSL PROGRAM IS MISSING: certificates are not tested");
        return NULL;
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("mx-test-XXXXXX.pem", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_autofree char *key_path = g_strconcat(path, ".key", NULL);
    g_autofree char *extension = g_strconcat("subjectAltName=", names, NULL);
    const char *argv[] = {openssl, "req", "-x509",   "-newkey",  "rsa:2048", "-nodes",
                          "-days", "2",   "-subj",   "/CN=test", "-addext",  extension,
                          "-out",  path,  "-keyout", key_path,   NULL};
    int status;
    g_autoptr(GError) error = NULL;
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    g_autofree char *certificate = NULL, *key = NULL;
    g_assert_true(g_file_get_contents(path, &certificate, NULL, NULL));
    g_assert_true(g_file_get_contents(key_path, &key, NULL, NULL));
    g_autofree char *both = g_strconcat(certificate, key, NULL);
    g_assert_true(g_file_set_contents(path, both, -1, NULL));
    g_unlink(key_path);
    return g_steal_pointer(&path);
}

GTlsCertificate *fixture_load_certificate(const char *path)
{
    g_autoptr(GError) error = NULL;
    GTlsCertificate *certificate = g_tls_certificate_new_from_file(path, &error);
    g_assert_no_error(error);
    return certificate;
}

/* ---- client ---- */

MxHttp *fixture_http_new(const char *proxy_uri, const char *ca_file)
{
    g_autoptr(GError) error = NULL;
    MxHttpProxy proxy = proxy_uri != NULL ? MX_HTTP_PROXY_URI : MX_HTTP_PROXY_NONE;
    MxHttp *http = mx_http_new("pidgin-matrix-test/1", proxy, proxy_uri, ca_file, &error);
    g_assert_no_error(error);
    return http;
}

static void on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static GAsyncResult *wait_for(GAsyncResult **result)
{
    /* mx_http_send_async() must never call back at once. */
    g_assert_null(*result);
    while (*result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return *result;
}

MxResponse *fixture_send(MxHttp *http, MxRequest *request, GCancellable *cancellable,
                         GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    mx_http_send_async(http, request, cancellable, on_done, &result);
    return mx_http_send_finish(http, wait_for(&result), error);
}

char *fixture_discover(MxHttp *http, const char *server_name, const char *typed, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    mx_discovery_run_async(http, server_name, typed, NULL, on_done, &result);
    return mx_discovery_run_finish(http, wait_for(&result), error);
}

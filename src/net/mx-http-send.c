/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-http-private.h"

#include <string.h>

#include "mx-backoff.h"
#include "mx-json.h"
#include "mx-uri.h"

#define READ_SIZE (64 * 1024)
/* An error's body that is longer is no Matrix error; the rest of it is not read. */
#define MAX_ERROR_BODY (256 * 1024)
#define MAX_REDIRECTS 10
#define STATUS_UNAUTHORIZED 401
#define STATUS_RATE_LIMITED 429
#define RATE_LIMIT_FIRST_MS 1000
#define RATE_LIMIT_CAP_MS 60000
/* No single wait is longer, whatever the server says: it may be wrong about its own limits, and
 * asking is cheap. */
#define MAX_WAIT_MS (5 * 60 * 1000)
/* Waiting for a free connection is not the server's silence, but must end too. */
#define QUEUE_TIMEOUT_FACTOR 4

/* One request on its way, with all its attempts; owned by its GTask. Every pending operation and
 * source holds a reference to the task, and end() takes the sources away. */
typedef struct {
    MxRequest *request;
    SoupSession *session;
    char *url, *authorization;
    SoupMessage *message;
    GInputStream *stream, *wire;
    /* The caller's cancellable and the silence timer both act through this one. */
    GCancellable *inner;
    GSource *cancel_source, *silence_source, *wait_source;
    GMainContext *context;
    GByteArray *body;
    guint64 received, sent;
    MxBackoff backoff;
    guint retries_left, redirects;
    GTlsCertificateFlags tls_flags;
    gboolean timed_out, was_restarted;
} Send;

static void start_attempt(GTask *task);
static void read_next(GTask *task);

static void drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void drop_attempt(Send *send)
{
    drop_source(&send->silence_source);
    drop_source(&send->wait_source);
    if (send->message != NULL)
        g_signal_handlers_disconnect_by_data(send->message, send);
    g_clear_object(&send->stream);
    g_clear_object(&send->wire);
    g_clear_object(&send->message);
    g_byte_array_set_size(send->body, 0);
    send->received = send->sent = 0;
}

static void send_free(gpointer data)
{
    Send *send = data;
    drop_attempt(send);
    drop_source(&send->cancel_source);
    g_byte_array_unref(send->body);
    g_object_unref(send->inner);
    g_object_unref(send->session);
    g_main_context_unref(send->context);
    mx_request_unref(send->request);
    g_free(send->url);
    g_free(send->authorization);
    g_free(send);
}

static GSource *attach_source(Send *send, GSource *source, GSourceFunc func, GTask *task)
{
    g_source_set_callback(source, func, g_object_ref(task), g_object_unref);
    g_source_attach(source, send->context);
    return source;
}

/* ---- the end ---- */

static void log_end(Send *send, const char *outcome)
{
    /* Without the query, which holds sync tokens and search words. */
    g_autofree char *path = g_strndup(send->request->target, strcspn(send->request->target, "?#"));
    g_debug("%s %s: %s", send->request->method, path, outcome);
}

static void end_with_error(GTask *task, GError *error)
{
    Send *send = g_task_get_task_data(task);
    log_end(send, error->message);
    drop_attempt(send);
    drop_source(&send->cancel_source);
    g_task_return_error(task, error);
}

static void end_with_text(GTask *task, MxErrorCode code, const char *text)
{
    end_with_error(task, g_error_new_literal(MX_ERROR, (int)code, text));
}

static void response_free(gpointer response)
{
    mx_response_free(response);
}

static void end_with_response(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    MxResponse *response = g_new0(MxResponse, 1);
    response->status = soup_message_get_status(send->message);
    response->body = g_bytes_new(send->body->data, send->body->len);
    log_end(send, "done");
    drop_attempt(send);
    drop_source(&send->cancel_source);
    g_task_return_pointer(task, response, response_free);
}

static const char *get_host(Send *send)
{
    return send->message != NULL ? g_uri_get_host(soup_message_get_uri(send->message)) : "?";
}

static GError *translate_tls_error(Send *send, const GError *error)
{
    g_assert(error != NULL);
    GTlsCertificateFlags flags = soup_message_get_tls_peer_certificate_errors(send->message);
    g_autofree char *text =
        g_strdup_printf(_("the certificate of %s was refused: %s"), get_host(send), error->message);
    return mx_error_new_tls(flags | send->tls_flags, text);
}

/* From libsoup's and GIO's many domains to the few kinds a caller can act on. */
static GError *translate_error(GTask *task, const GError *error)
{
    g_assert(error != NULL);
    Send *send = g_task_get_task_data(task);
    GCancellable *outer = g_task_get_cancellable(task);
    if (outer != NULL && g_cancellable_is_cancelled(outer))
        return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
    if (send->was_restarted)
        return g_error_new(MX_ERROR, MX_ERROR_NETWORK, _("%s closed the connection"),
                           get_host(send));
    if (send->timed_out)
        return g_error_new(MX_ERROR, MX_ERROR_NETWORK, _("%s did not answer in time"),
                           get_host(send));
    if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE) ||
        g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED))
        return translate_tls_error(send, error);
    return g_error_new(MX_ERROR, MX_ERROR_NETWORK, "%s: %s", get_host(send), error->message);
}

/* ---- cancellation and silence ---- */

static gboolean on_cancelled(GCancellable *cancellable, gpointer task)
{
    Send *send = g_task_get_task_data(task);
    if (send->wait_source == NULL) {
        g_cancellable_cancel(send->inner);
        return G_SOURCE_REMOVE;
    }
    /* Nothing is under way that would notice. */
    g_autoptr(GTask) kept = g_object_ref(task);
    end_with_error(kept, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled"));
    return G_SOURCE_REMOVE;
}

static void watch_cancellable(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    GCancellable *outer = g_task_get_cancellable(task);
    if (outer == NULL)
        return;
    /* A source, not g_cancellable_connect(): it runs outside of the canceller's call, which may
     * hold anything. */
    send->cancel_source =
        attach_source(send, g_cancellable_source_new(outer), G_SOURCE_FUNC(on_cancelled), task);
}

static gboolean on_silence(gpointer task)
{
    Send *send = g_task_get_task_data(task);
    send->timed_out = TRUE;
    g_cancellable_cancel(send->inner);
    return G_SOURCE_REMOVE;
}

static void watch_silence(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    guint seconds = send->request->timeout;
    if (seconds == 0)
        return;
    GSource *source = g_timeout_source_new_seconds(MIN(seconds, 86400) * QUEUE_TIMEOUT_FACTOR);
    send->silence_source = attach_source(send, source, on_silence, task);
}

static void note_activity(Send *send)
{
    if (send->silence_source == NULL)
        return;
    gint64 silence_us = (gint64)send->request->timeout * G_USEC_PER_SEC;
    g_source_set_ready_time(send->silence_source, g_get_monotonic_time() + silence_us);
}

static void on_network_event(SoupMessage *message, GSocketClientEvent event, GIOStream *connection,
                             gpointer send)
{
    note_activity(send);
}

static void on_starting(SoupMessage *message, gpointer send)
{
    note_activity(send);
}

static void on_wrote_body_data(SoupMessage *message, guint size, gpointer data)
{
    Send *send = data;
    note_activity(send);
    send->sent += size;
    if (send->request->on_sent != NULL)
        send->request->on_sent(send->sent, send->request->sent_data);
}

/* ---- rate limits ---- */

static gint64 read_retry_after(Send *send)
{
    const char *header = soup_message_headers_get_one(
        soup_message_get_response_headers(send->message), "Retry-After");
    if (header == NULL)
        return -1;
    guint64 seconds;
    if (g_ascii_string_to_unsigned(header, 10, 0, G_MAXINT32, &seconds, NULL))
        return (gint64)seconds * 1000;
    g_autoptr(GDateTime) date = soup_date_time_new_from_http_string(header);
    if (date == NULL)
        return -1;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return MAX(g_date_time_difference(date, now) / 1000, 0);
}

static gint64 find_retry_after(Send *send, JsonObject *body)
{
    gint64 from_header = read_retry_after(send);
    gint64 from_body = mx_json_int_or(body, "retry_after_ms", -1);
    return from_header >= 0 ? from_header : MAX(from_body, -1);
}

static gboolean on_wait_over(gpointer data)
{
    g_autoptr(GTask) task = g_object_ref(data);
    Send *send = g_task_get_task_data(task);
    drop_source(&send->wait_source);
    start_attempt(task);
    return G_SOURCE_REMOVE;
}

static void wait_and_retry(GTask *task, gint64 wait_ms)
{
    Send *send = g_task_get_task_data(task);
    if (wait_ms < 0)
        wait_ms = mx_backoff_next(&send->backoff);
    send->retries_left--;
    drop_attempt(send);
    log_end(send, "rate limited, waiting");
    guint capped = (guint)MIN(wait_ms, MAX_WAIT_MS);
    send->wait_source = attach_source(send, g_timeout_source_new(capped), on_wait_over, task);
    if (g_cancellable_is_cancelled(send->inner))
        end_with_error(task, translate_error(task, NULL));
}

/* ---- answers that are no success ---- */

static gboolean is_redirect(guint status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where to go on, or NULL when the redirect is not to be followed. */
static char *find_redirect(Send *send)
{
    if ((send->authorization != NULL && !send->request->redirects_without_token) ||
        !send->request->follow_redirects || !g_str_equal(send->request->method, "GET") ||
        send->redirects == MAX_REDIRECTS)
        return NULL;
    const char *location =
        soup_message_headers_get_one(soup_message_get_response_headers(send->message), "Location");
    if (location == NULL)
        return NULL;
    g_autofree char *url = g_uri_resolve_relative(send->url, location, SOUP_HTTP_URI_FLAGS, NULL);
    g_autoptr(GUri) uri = url != NULL ? g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
    if (uri == NULL || g_uri_get_host(uri) == NULL || g_uri_get_userinfo(uri) != NULL)
        return NULL;
    const char *scheme = g_uri_get_scheme(uri);
    if (!g_str_equal(scheme, "http") && !g_str_equal(scheme, "https"))
        return NULL;
    if (g_str_equal(scheme, "http") && g_str_has_prefix(send->url, "https:") &&
        !mx_uri_is_loopback(url))
        return NULL;
    return g_steal_pointer(&url);
}

static gboolean errcode_is_usable(const char *errcode)
{
    if (errcode == NULL || *errcode == '\0' || strlen(errcode) > 255)
        return FALSE;
    for (; *errcode != '\0'; errcode++)
        if (!g_ascii_isgraph(*errcode))
            return FALSE;
    return TRUE;
}

/* A proxy's debug page may repeat the request's headers. */
static gboolean repeats_token(Send *send, const char *text)
{
    return text != NULL && send->authorization != NULL &&
           strstr(text, send->authorization + strlen("Bearer ")) != NULL;
}

static GError *build_http_error(Send *send, JsonObject *body)
{
    const char *errcode = mx_json_string(body, "errcode");
    const char *text = mx_json_string(body, "error");
    if (!errcode_is_usable(errcode) || repeats_token(send, errcode))
        errcode = NULL;
    if (repeats_token(send, text))
        text = NULL;
    return mx_error_new_http(soup_message_get_status(send->message), errcode, text,
                             find_retry_after(send, body),
                             mx_json_bool(body, "soft_logout", FALSE));
}

static void end_unsuccessful(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    guint status = soup_message_get_status(send->message);
    g_autofree char *target = is_redirect(status) ? find_redirect(send) : NULL;
    if (target != NULL) {
        g_free(send->url);
        send->url = g_steal_pointer(&target);
        g_clear_pointer(&send->authorization, g_free); /* A16 */
        send->redirects++;
        drop_attempt(send);
        start_attempt(task);
        return;
    }
    if (status == STATUS_UNAUTHORIZED && send->request->takes_challenge) {
        end_with_response(task);
        return;
    }
    g_autoptr(JsonObject) body =
        mx_json_parse_object((const char *)send->body->data, (gssize)send->body->len, NULL);
    if (status == STATUS_RATE_LIMITED && send->retries_left > 0)
        wait_and_retry(task, find_retry_after(send, body));
    else
        end_with_error(task, build_http_error(send, body));
}

/* ---- reading ---- */

static gboolean is_success(Send *send)
{
    return SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(send->message));
}

/* libsoup reports this as well; but a truncated answer taken for a whole one loses messages, so it
 * is checked here. */
static gboolean is_shorter_than_announced(Send *send, SoupMessageHeaders *headers)
{
    if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH ||
        soup_message_headers_get_one(headers, "Content-Encoding") != NULL ||
        g_str_equal(send->request->method, "HEAD"))
        return FALSE;
    return (goffset)send->received < soup_message_headers_get_content_length(headers);
}

/* libsoup takes the end of the connection between two chunks for the end of the body. After a whole
 * answer a connection that was to be kept alive is silent; after one that was cut off, reading from
 * it gives the end again. */
static gboolean is_cut_between_chunks(Send *send, SoupMessageHeaders *headers)
{
    if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CHUNKED ||
        soup_message_get_http_version(send->message) != SOUP_HTTP_1_1 || send->wire == NULL ||
        !soup_message_is_keepalive(send->message))
        return FALSE;
    char byte;
    g_autoptr(GError) error = NULL;
    g_pollable_input_stream_read_nonblocking(G_POLLABLE_INPUT_STREAM(send->wire), &byte, 1, NULL,
                                             &error);
    return !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static gboolean is_short(Send *send)
{
    SoupMessageHeaders *headers = soup_message_get_response_headers(send->message);
    return is_shorter_than_announced(send, headers) || is_cut_between_chunks(send, headers);
}

/* The connection itself, under all the layers of decoding; or NULL. */
static GInputStream *find_wire(GInputStream *stream)
{
    while (G_IS_FILTER_INPUT_STREAM(stream))
        stream = g_filter_input_stream_get_base_stream(G_FILTER_INPUT_STREAM(stream));
    if (!G_IS_POLLABLE_INPUT_STREAM(stream) ||
        !g_pollable_input_stream_can_poll(G_POLLABLE_INPUT_STREAM(stream)))
        return NULL;
    return g_object_ref(stream);
}

static void end_of_body(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    if (!is_success(send))
        end_unsuccessful(task);
    else if (is_short(send))
        end_with_text(task, MX_ERROR_NETWORK, _("the answer was cut off"));
    else
        end_with_response(task);
}

static void take_error_bytes(GTask *task, GBytes *bytes)
{
    Send *send = g_task_get_task_data(task);
    g_byte_array_append(send->body, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    if (send->body->len > MAX_ERROR_BODY)
        end_of_body(task);
    else
        read_next(task);
}

static void take_bytes(GTask *task, GBytes *bytes)
{
    Send *send = g_task_get_task_data(task);
    MxRequest *request = send->request;
    gsize size = g_bytes_get_size(bytes);
    send->received += size;
    if (request->on_chunk != NULL) {
        request->on_chunk(bytes, request->chunk_data);
    } else if (size > request->max_body - send->body->len) {
        end_with_text(task, MX_ERROR_BAD_ANSWER, _("the answer is too long"));
        return;
    } else {
        g_byte_array_append(send->body, g_bytes_get_data(bytes, NULL), (guint)size);
    }
    read_next(task);
}

static void on_read(GObject *stream, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Send *send = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, &error);
    if (bytes == NULL) {
        end_with_error(task, translate_error(task, error));
        return;
    }
    note_activity(send);
    if (g_bytes_get_size(bytes) == 0)
        end_of_body(task);
    else if (is_success(send))
        take_bytes(task, bytes);
    else
        take_error_bytes(task, bytes);
}

static void read_next(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    g_input_stream_read_bytes_async(send->stream, READ_SIZE, G_PRIORITY_DEFAULT, send->inner,
                                    on_read, g_object_ref(task));
}

static void on_answered(GObject *session, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Send *send = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    send->stream = soup_session_send_finish(SOUP_SESSION(session), result, &error);
    if (send->stream == NULL) {
        end_with_error(task, translate_error(task, error));
        return;
    }
    note_activity(send);
    send->wire = find_wire(send->stream);
    SoupMessageHeaders *headers = soup_message_get_response_headers(send->message);
    goffset announced = soup_message_headers_get_content_length(headers);
    if (is_success(send) && send->request->on_chunk == NULL && announced > 0 &&
        (guint64)announced > send->request->max_body)
        end_with_text(task, MX_ERROR_BAD_ANSWER, _("the answer is too long"));
    else
        read_next(task);
}

/* ---- the start ---- */

static gboolean on_accept_certificate(SoupMessage *message, GTlsCertificate *certificate,
                                      GTlsCertificateFlags flags, gpointer data)
{
    GTask *task = data;
    Send *send = g_task_get_task_data(task);
    send->tls_flags = flags;
    return mx_http_accepts_certificate(g_task_get_source_object(task), message, certificate, flags);
}

/* libsoup sends a PUT again by itself when the connection closes before an answer. Whether that may
 * be done is not decided here: the server may have acted. */
static void on_restarted(SoupMessage *message, gpointer data)
{
    Send *send = data;
    if (g_str_equal(send->request->method, "GET"))
        return;
    send->was_restarted = TRUE;
    g_cancellable_cancel(send->inner);
}

static gboolean set_body(Send *send, SoupMessage *message, GError **error)
{
    MxRequest *request = send->request;
    if (request->open != NULL) {
        g_autoptr(GInputStream) stream = request->open(request->open_data, error);
        if (stream == NULL)
            return FALSE;
        soup_message_set_request_body(message, request->content_type, stream,
                                      (gssize)request->stream_len);
    } else if (request->content != NULL) {
        soup_message_set_request_body_from_bytes(message, request->content_type, request->content);
    } else if (request->body != NULL) {
        g_autoptr(GBytes) bytes = g_bytes_new(request->body, strlen(request->body));
        soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    }
    return TRUE;
}

static SoupMessage *create_message(GTask *task, GError **error)
{
    Send *send = g_task_get_task_data(task);
    g_autoptr(SoupMessage) message = soup_message_new(send->request->method, send->url);
    if (message == NULL) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("the address of the request is not a URL"));
        return NULL;
    }
    if (!set_body(send, message, error))
        return NULL;
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    if (send->authorization != NULL)
        soup_message_headers_replace(soup_message_get_request_headers(message), "Authorization",
                                     send->authorization);
    g_signal_connect(message, "network-event", G_CALLBACK(on_network_event), send);
    g_signal_connect(message, "starting", G_CALLBACK(on_starting), send);
    g_signal_connect(message, "restarted", G_CALLBACK(on_restarted), send);
    g_signal_connect(message, "wrote-body-data", G_CALLBACK(on_wrote_body_data), send);
    g_signal_connect_object(message, "accept-certificate", G_CALLBACK(on_accept_certificate), task,
                            0);
    return g_steal_pointer(&message);
}

static void start_attempt(GTask *task)
{
    Send *send = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    send->message = create_message(task, &error);
    if (send->message == NULL) {
        end_with_error(task, g_steal_pointer(&error));
        return;
    }
    watch_silence(task);
    soup_session_send_async(send->session, send->message, G_PRIORITY_DEFAULT, send->inner,
                            on_answered, g_object_ref(task));
}

static gboolean token_is_usable(const char *token)
{
    for (const char *at = token; *at != '\0'; at++)
        if (!g_ascii_isgraph(*at))
            return FALSE;
    return *token != '\0';
}

static GError *prepare(Send *send, MxHttp *http)
{
    gboolean is_path = send->request->target[0] == '/';
    if (is_path && http->base_url == NULL)
        return g_error_new_literal(MX_ERROR, MX_ERROR_FAILED, _("no homeserver is set"));
    send->url = is_path ? g_strconcat(http->base_url, send->request->target, NULL)
                        : g_strdup(send->request->target);
    if (!send->request->authorized)
        return NULL;
    if (http->access_token == NULL)
        return mx_error_new_http(401, "M_MISSING_TOKEN", "no access token", -1, FALSE);
    if (!token_is_usable(http->access_token))
        return g_error_new_literal(MX_ERROR, MX_ERROR_INVALID, _("the access token is malformed"));
    send->authorization = g_strconcat("Bearer ", http->access_token, NULL);
    return NULL;
}

void mx_http_send_async(MxHttp *http, MxRequest *request, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
    g_return_if_fail(MX_IS_HTTP(http) && request != NULL);
    g_autoptr(GTask) task = g_task_new(http, cancellable, callback, user_data);
    g_task_set_source_tag(task, mx_http_send_async);

    Send *send = g_new0(Send, 1);
    send->request = mx_request_ref(request);
    send->session = g_object_ref(http->session);
    send->context = g_main_context_ref(g_task_get_context(task));
    send->inner = g_cancellable_new();
    send->body = g_byte_array_new();
    send->retries_left = request->rate_limit_retries;
    mx_backoff_init(&send->backoff, RATE_LIMIT_FIRST_MS, RATE_LIMIT_CAP_MS);
    g_task_set_task_data(task, send, send_free);

    GError *error = prepare(send, http);
    if (error != NULL) {
        end_with_error(task, error);
        return;
    }
    watch_cancellable(task);
    start_attempt(task);
}

MxResponse *mx_http_send_finish(MxHttp *http, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, http), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

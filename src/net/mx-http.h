/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <gio/gio.h>

#include "mx-error.h"

/* The one HTTP class: bearer header, rate limits, proxy, TLS, time-outs, cancellation, streaming.
 * Lives on the main loop; never blocks. The access token goes into the Authorization header and
 * nowhere else: not into URLs, errors or log lines. */

typedef enum {
    MX_HTTP_PROXY_NONE,
    MX_HTTP_PROXY_SYSTEM, /* GIO's own resolver: environment and desktop settings */
    MX_HTTP_PROXY_URI,    /* http://, socks4://, socks4a://, socks5:// with user info in the URI */
} MxHttpProxy;

#define MX_TYPE_HTTP (mx_http_get_type())
G_DECLARE_FINAL_TYPE(MxHttp, mx_http, MX, HTTP, GObject)

/* ca_file: path to PEM certificates trusted besides the system's, or NULL. Fails with
 * MX_ERROR_INVALID for an unreadable ca_file, and with MX_ERROR_FAILED and a clear sentence when
 * libsoup 2 in the same process has taken libsoup 3's type names (soup_session_new() gives NULL
 * then). */
MxHttp *mx_http_new(const char *user_agent, MxHttpProxy proxy, const char *proxy_uri,
                    const char *ca_file, GError **error);

/* The homeserver that requests made with segments go to. access_token NULL: none. A request marked
 * authorized while there is no token fails with M_MISSING_TOKEN's shape (HTTP 401) without touching
 * the network. */
void mx_http_set_session(MxHttp *http, const char *base_url, const char *access_token);
const char *mx_http_get_base_url(MxHttp *http);

/* One request. Built by mx-endpoints.h; immutable once sent. */
typedef struct _MxRequest MxRequest;
/* A piece of the body as it arrives; only for 2xx answers. */
typedef void (*MxRequestChunkFunc)(GBytes *chunk, gpointer user_data);

/* path: "/_matrix/..." encoded, with query; or a whole http(s) URL, which is never authorized.
 * body: JSON text or NULL. Takes no ownership. */
MxRequest *mx_request_new(const char *method, const char *path_or_url, const char *body);
MxRequest *mx_request_ref(MxRequest *request);
void mx_request_unref(MxRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxRequest, mx_request_unref)
void mx_request_set_authorized(MxRequest *request,
                               gboolean authorized); /* default TRUE for a path */
/* Longest silence (no byte arriving) in seconds; 0 is none. Default 60. */
void mx_request_set_timeout(MxRequest *request, guint seconds);
/* How often a 429 is waited out inside before it becomes an error. Default 5. The same body is sent
 * again after Retry-After (seconds or HTTP date), else retry_after_ms, else an exponential wait. */
void mx_request_set_rate_limit_retries(MxRequest *request, guint count);
/* Redirects are followed only for requests that are not authorized (discovery), at most 10. Only
 * GET, as a password must not travel on; never from https to plain http elsewhere than loopback.
 * FALSE: a redirect is MX_ERROR_HTTP. */
void mx_request_set_follow_redirects(MxRequest *request, gboolean follow); /* default TRUE */
/* Authorized requests too, of GET, may be led elsewhere (media: 307 and 308); the token stays
 * behind. Default FALSE. */
void mx_request_set_redirects_without_token(MxRequest *request, gboolean redirects);
/* HTTP 401 is an answer too, as of an endpoint with User-Interactive Authentication. Default FALSE.
 */
void mx_request_set_takes_challenge(MxRequest *request, gboolean takes_challenge);
/* A body that is no JSON text. Takes nothing. */
void mx_request_set_content(MxRequest *request, GBytes *content, const char *content_type);
/* A body that is read while it is sent, so that it is never in memory as a whole: exactly len
 * bytes. open gives a new stream for each attempt, or NULL and an error that ends the request. */
typedef GInputStream *(*MxRequestOpenFunc)(gpointer user_data, GError **error);
void mx_request_set_stream(MxRequest *request, MxRequestOpenFunc open, gpointer user_data,
                           guint64 len, const char *content_type);
/* How many bytes of the body have been sent in this attempt. */
typedef void (*MxRequestSentFunc)(guint64 sent, gpointer user_data);
void mx_request_set_sent_func(MxRequest *request, MxRequestSentFunc func, gpointer user_data);
/* The body goes to func instead of into the response. notify of the end is the finish call. */
void mx_request_set_chunk_func(MxRequest *request, MxRequestChunkFunc func, gpointer user_data);
/* Largest body in bytes kept in memory without a chunk function: more is MX_ERROR_BAD_ANSWER.
 * Default 64 MiB. */
void mx_request_set_max_body(MxRequest *request, gsize bytes);

const char *mx_request_get_method(MxRequest *request);
const char *mx_request_get_target(MxRequest *request); /* path with query, or URL */
const char *mx_request_get_body(MxRequest *request);   /* or NULL */
gboolean mx_request_is_authorized(MxRequest *request);
guint mx_request_get_timeout(MxRequest *request); /* seconds */
guint mx_request_get_rate_limit_retries(MxRequest *request);

typedef struct {
    guint status; /* 2xx; 401 only where it was asked for */
    GBytes *body; /* empty with a chunk function */
} MxResponse;
void mx_response_free(MxResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxResponse, mx_response_free)

/* Errors: MX_ERROR_NETWORK, _TLS, _HTTP (errcode parsed), G_IO_ERROR_CANCELLED. A body shorter than
 * Content-Length or a broken chunked coding is MX_ERROR_NETWORK, never a success. Always completes
 * asynchronously. */
void mx_http_send_async(MxHttp *http, MxRequest *request, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
MxResponse *mx_http_send_finish(MxHttp *http, GAsyncResult *result, GError **error);
/* Drops idle connections, so that the next request does not wait on one that a suspended network
 * has killed. */
void mx_http_forget_connections(MxHttp *http);

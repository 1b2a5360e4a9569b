/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "mx-http.h"

/* What the files of this folder share about MxHttp and MxRequest. */

struct _MxRequest {
    grefcount references;
    char *method, *target;
    char *body;
    GBytes *content; /* in place of body, or NULL */
    char *content_type;
    MxRequestOpenFunc open; /* in place of both, or NULL */
    gpointer open_data;
    guint64 stream_len;
    MxRequestSentFunc on_sent;
    gpointer sent_data;
    gboolean authorized, follow_redirects, redirects_without_token, takes_challenge;
    guint timeout, rate_limit_retries;
    gsize max_body;
    MxRequestChunkFunc on_chunk;
    gpointer chunk_data;
};

struct _MxHttp {
    GObject parent_instance;
    SoupSession *session;
    char *user_agent;
    MxHttpProxy proxy;
    GProxyResolver *resolver;    /* for MX_HTTP_PROXY_URI */
    GTlsDatabase *extra_anchors; /* the CA file, or NULL */
    char *base_url, *access_token;
};

/* For SoupMessage::accept-certificate. */
gboolean mx_http_accepts_certificate(MxHttp *self, SoupMessage *message,
                                     GTlsCertificate *certificate, GTlsCertificateFlags flags);

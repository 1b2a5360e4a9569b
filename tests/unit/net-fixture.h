/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "mx-http.h"

/* Servers and clients on loopback for the tests of src/net. */

/* tls: NULL for plain HTTP. *port gets the port it listens on. */
SoupServer *fixture_server_new(GTlsCertificate *tls, SoupServerCallback handler, gpointer user_data,
                               guint16 *port);

/* A server that says exactly what it is told, in threads of its own: after the request's empty line
 * it writes each text after its pause, then closes the connection, or keeps it open until the
 * client closes. */
typedef struct {
    const char *texts[8]; /* ends with NULL */
    guint pause_ms;
    gboolean hangs;
} RawScript;
GSocketService *fixture_raw_server_new(const RawScript *script, guint16 *port);

/* Until every connection of the raw servers and proxies has been closed by its client. */
void fixture_wait_for_threads(void);

/* SOCKS5, CONNECT and plain HTTP, told apart by the first byte. Every connection goes to
 * target_port on loopback, whatever the client asked for; target_port 0 refuses each. */
typedef struct {
    GSocketService *service;
    guint16 port, target_port;
    GMutex mutex;
    GPtrArray *asked; /* of char *: "host:port" or a plain request's first line */
} FixtureProxy;
FixtureProxy *fixture_proxy_new(guint16 target_port);
void fixture_proxy_free(FixtureProxy *proxy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixtureProxy, fixture_proxy_free)
gboolean fixture_proxy_was_asked(FixtureProxy *proxy, const char *target);

/* A self-signed certificate for these names ("DNS:example.org,IP:127.0.0.1"), as a PEM file with
 * its key. NULL when the openssl program is missing; the test has been marked as skipped then. The
 * caller frees. */
char *fixture_make_certificate(const char *names);
GTlsCertificate *fixture_load_certificate(const char *path);

MxHttp *fixture_http_new(const char *proxy_uri, const char *ca_file);
/* The main loop runs until the request has ended. */
MxResponse *fixture_send(MxHttp *http, MxRequest *request, GCancellable *cancellable,
                         GError **error);
char *fixture_discover(MxHttp *http, const char *server_name, const char *typed, GError **error);

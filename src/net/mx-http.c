/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-http-private.h"

#include <string.h>

/* The long poll takes one for itself; the rest is for what the user does meanwhile. */
#define MAX_CONNECTIONS_PER_HOST 8
#define MAX_CONNECTIONS 16
#define IDLE_TIMEOUT_S 60

G_DEFINE_FINAL_TYPE(MxHttp, mx_http, G_TYPE_OBJECT)

static void mx_http_init(MxHttp *self)
{
}

static void mx_http_finalize(GObject *object)
{
    MxHttp *self = MX_HTTP(object);
    g_clear_object(&self->session);
    g_clear_object(&self->resolver);
    g_clear_object(&self->extra_anchors);
    g_free(self->user_agent);
    g_free(self->base_url);
    g_free(self->access_token);
    G_OBJECT_CLASS(mx_http_parent_class)->finalize(object);
}

static void mx_http_class_init(MxHttpClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = mx_http_finalize;
}

/* libsoup's own time-out is one for the whole session, so it is off and each request watches
 * itself. No cookie jar, no cache, no HSTS store: none of these features is there unless it is
 * added. */
static SoupSession *create_session(MxHttp *self)
{
    SoupSession *session = soup_session_new_with_options(
        "user-agent", self->user_agent, "timeout", 0u, "idle-timeout", (guint)IDLE_TIMEOUT_S,
        "max-conns-per-host", MAX_CONNECTIONS_PER_HOST, "max-conns", MAX_CONNECTIONS, NULL);
    if (session == NULL)
        return NULL;
    if (self->proxy == MX_HTTP_PROXY_NONE)
        soup_session_set_proxy_resolver(session, NULL);
    else if (self->proxy == MX_HTTP_PROXY_URI)
        soup_session_set_proxy_resolver(session, self->resolver);
    return session;
}

static gboolean proxy_uri_is_valid(const char *proxy_uri)
{
    static const char *const schemes[] = {"http", "socks4", "socks4a", "socks5", NULL};
    g_autoptr(GUri) uri =
        proxy_uri != NULL ? g_uri_parse(proxy_uri, G_URI_FLAGS_HAS_PASSWORD, NULL) : NULL;
    return uri != NULL && g_strv_contains(schemes, g_uri_get_scheme(uri)) &&
           g_uri_get_host(uri) != NULL && *g_uri_get_host(uri) != '\0';
}

static gboolean load_proxy(MxHttp *self, const char *proxy_uri, GError **error)
{
    if (self->proxy != MX_HTTP_PROXY_URI)
        return TRUE;
    if (!proxy_uri_is_valid(proxy_uri)) {
        /* Not repeated in the message: it may hold a password. */
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("the proxy's address is not usable"));
        return FALSE;
    }
    self->resolver = g_simple_proxy_resolver_new(proxy_uri, NULL);
    return TRUE;
}

static gboolean load_anchors(MxHttp *self, const char *ca_file, GError **error)
{
    if (ca_file == NULL || *ca_file == '\0')
        return TRUE;
    g_autoptr(GError) local = NULL;
    g_autofree char *path = g_canonicalize_filename(ca_file, NULL);
    /* The database accepts a file without any certificate; a user would not learn of the mistake.
     */
    GList *certificates = g_tls_certificate_list_new_from_file(path, &local);
    gboolean has_certificates = certificates != NULL;
    g_list_free_full(certificates, g_object_unref);
    if (has_certificates)
        self->extra_anchors = G_TLS_DATABASE(g_tls_file_database_new(path, &local));
    if (self->extra_anchors != NULL)
        return TRUE;
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID, _("the CA file %s cannot be used: %s"), path,
                local != NULL ? local->message : _("there is no certificate in it"));
    return FALSE;
}

static gboolean open_session(MxHttp *self, GError **error)
{
    /* With libsoup 2 in the process the type system refuses libsoup 3's classes, and nothing else
     * says so. */
    if (G_TYPE_IS_OBJECT(soup_session_get_type()))
        self->session = create_session(self);
    if (self->session != NULL)
        return TRUE;
    g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED,
                        _("libsoup 3 cannot be used: another plugin has loaded libsoup 2 into this "
                          "program. Disable that plugin and restart."));
    return FALSE;
}

MxHttp *mx_http_new(const char *user_agent, MxHttpProxy proxy, const char *proxy_uri,
                    const char *ca_file, GError **error)
{
    g_autoptr(MxHttp) self = g_object_new(MX_TYPE_HTTP, NULL);
    self->user_agent = g_strdup(user_agent);
    self->proxy = proxy;
    if (!load_proxy(self, proxy_uri, error) || !load_anchors(self, ca_file, error) ||
        !open_session(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void mx_http_set_session(MxHttp *self, const char *base_url, const char *access_token)
{
    g_return_if_fail(MX_IS_HTTP(self));
    g_autofree char *base = g_strdup(base_url);
    gsize len = base != NULL ? strlen(base) : 0;
    while (len > 0 && base[len - 1] == '/')
        base[--len] = '\0';
    g_autofree char *token = g_strdup(access_token);
    g_free(self->base_url);
    g_free(self->access_token);
    self->base_url = g_steal_pointer(&base);
    self->access_token = g_steal_pointer(&token);
}

const char *mx_http_get_base_url(MxHttp *self)
{
    g_return_val_if_fail(MX_IS_HTTP(self), NULL);
    return self->base_url;
}

/* Requests under way keep the old session, and its connections, until they end;
 * soup_session_abort() would end them now. Later ones start with a session that has no connections.
 */
void mx_http_forget_connections(MxHttp *self)
{
    g_return_if_fail(MX_IS_HTTP(self));
    g_autoptr(SoupSession) old = self->session;
    self->session = create_session(self);
}

/* The user's CA file can only help against an unknown issuer: a wrong host name or an expired
 * certificate is refused whoever signed it. */
gboolean mx_http_accepts_certificate(MxHttp *self, SoupMessage *message,
                                     GTlsCertificate *certificate, GTlsCertificateFlags flags)
{
    if (self->extra_anchors == NULL || flags != G_TLS_CERTIFICATE_UNKNOWN_CA)
        return FALSE;
    GUri *uri = soup_message_get_uri(message);
    int port = g_uri_get_port(uri);
    g_autoptr(GSocketConnectable) identity =
        g_network_address_new(g_uri_get_host(uri), port > 0 ? (guint16)port : 443);
    g_autoptr(GError) error = NULL;
    GTlsCertificateFlags left = g_tls_database_verify_chain(
        self->extra_anchors, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity,
        NULL, G_TLS_DATABASE_VERIFY_NONE, NULL, &error);
    return error == NULL && left == 0;
}

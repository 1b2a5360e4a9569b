/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-uri.h"

#include <gio/gio.h>
#include <string.h>

#include "mx-error.h"

/* Segments "." and ".." would change the path's meaning at a proxy, unreserved as the dots are. */
static void append_segment(GString *uri, const char *segment)
{
    if (g_str_equal(segment, "."))
        g_string_append(uri, "/%2E");
    else if (g_str_equal(segment, ".."))
        g_string_append(uri, "/%2E%2E");
    else if (*segment != '\0')
        g_string_append_uri_escaped(g_string_append_c(uri, '/'), segment, NULL, FALSE);
}

static void append_query(GString *uri, const char *const *names_and_values)
{
    char separator = '?';
    for (; names_and_values[0] != NULL; names_and_values += 2) {
        if (names_and_values[1] == NULL)
            continue;
        g_string_append_c(uri, separator);
        g_string_append_uri_escaped(uri, names_and_values[0], NULL, FALSE);
        g_string_append_c(uri, '=');
        g_string_append_uri_escaped(uri, names_and_values[1], NULL, FALSE);
        separator = '&';
    }
}

char *mx_uri_build(const char *base, const char *const *segments,
                   const char *const *names_and_values)
{
    GString *uri = g_string_new(base);
    while (uri->len > 0 && uri->str[uri->len - 1] == '/')
        g_string_truncate(uri, uri->len - 1);
    for (; segments != NULL && *segments != NULL; segments++)
        append_segment(uri, *segments);
    if (names_and_values != NULL)
        append_query(uri, names_and_values);
    return g_string_free(uri, FALSE);
}

static gboolean has_only_visible_bytes(const char *text)
{
    for (const guint8 *at = (const guint8 *)text; *at != '\0'; at++)
        if (*at <= 0x20 || *at == 0x7f)
            return FALSE;
    return g_utf8_validate(text, -1, NULL);
}

/* A name for DNS or an address; underscores are no host names by the book, but container networks
 * have them. */
static gboolean host_is_usable(const char *host)
{
    if (*host == '\0')
        return FALSE;
    if (strchr(host, ':') != NULL)
        return strchr(host, '%') == NULL && g_hostname_is_ip_address(host);
    for (; *host != '\0'; host++)
        if (!g_ascii_isalnum(*host) && strchr("-._", *host) == NULL)
            return FALSE;
    return TRUE;
}

static int default_port(gboolean is_plain)
{
    return is_plain ? 80 : 443;
}

static char *refuse(const char *typed, const char *why, GError **error)
{
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                _("\"%s\" cannot be a homeserver's address: %s."), typed, why);
    return NULL;
}

static const char *find_fault(GUri *uri)
{
    const char *scheme = g_uri_get_scheme(uri);
    if (!g_str_equal(scheme, "https") && !g_str_equal(scheme, "http"))
        return _("it must begin with https:// or http://");
    if (g_uri_get_userinfo(uri) != NULL)
        return _("it contains a user name");
    if (g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL)
        return _("it contains a query or fragment");
    if (g_uri_get_port(uri) == 0)
        return _("port 0 cannot be used");
    return NULL;
}

static void append_path(GString *base, const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    for (gsize i = 0; segments[i] != NULL; i++) {
        if (*segments[i] == '\0')
            continue;
        g_string_append_c(base, '/');
        g_string_append_uri_escaped(base, segments[i],
                                    G_URI_RESERVED_CHARS_ALLOWED_IN_PATH_ELEMENT "%", FALSE);
    }
}

static char *compose_base(GUri *uri, const char *host)
{
    gboolean is_plain = g_str_equal(g_uri_get_scheme(uri), "http");
    gboolean is_ipv6 = strchr(host, ':') != NULL;
    g_autofree char *small = g_ascii_strdown(host, -1);
    GString *base = g_string_new(NULL);
    g_string_printf(base, "%s://%s%s%s", g_uri_get_scheme(uri), is_ipv6 ? "[" : "", small,
                    is_ipv6 ? "]" : "");
    int port = g_uri_get_port(uri);
    if (port > 0 && port != default_port(is_plain))
        g_string_append_printf(base, ":%d", port);
    append_path(base, g_uri_get_path(uri));
    return g_string_free(base, FALSE);
}

char *mx_uri_normalize_base(const char *typed, gboolean *is_plain, GError **error)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    if (*trimmed == '\0' || !has_only_visible_bytes(trimmed)) {
        g_autofree char *shown = g_utf8_make_valid(trimmed, -1);
        return refuse(shown, _("it is empty or contains spaces"), error);
    }
    g_autofree char *full =
        strstr(trimmed, "://") != NULL ? g_strdup(trimmed) : g_strconcat("https://", trimmed, NULL);
    g_autoptr(GUri) uri = g_uri_parse(full, G_URI_FLAGS_ENCODED_PATH, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL)
        return refuse(trimmed, _("it is not a URL"), error);
    const char *fault = find_fault(uri);
    if (fault != NULL)
        return refuse(trimmed, fault, error);
    g_autofree char *host = g_hostname_to_ascii(g_uri_get_host(uri));
    if (host == NULL || !host_is_usable(host))
        return refuse(trimmed, _("it has no usable host name"), error);
    if (is_plain != NULL)
        *is_plain = g_str_equal(g_uri_get_scheme(uri), "http");
    return compose_base(uri, host);
}

gboolean mx_uri_is_loopback(const char *base_url)
{
    g_autoptr(GUri) uri =
        base_url != NULL ? g_uri_parse(base_url, G_URI_FLAGS_ENCODED, NULL) : NULL;
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    if (host == NULL)
        return FALSE;
    if (g_ascii_strcasecmp(host, "localhost") == 0)
        return TRUE;
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    return address != NULL && g_inet_address_get_is_loopback(address);
}

static int effective_port(GUri *uri)
{
    int port = g_uri_get_port(uri);
    if (port >= 0)
        return port;
    return default_port(g_ascii_strcasecmp(g_uri_get_scheme(uri), "http") == 0);
}

gboolean mx_uri_same_origin(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return FALSE;
    g_autoptr(GUri) first = g_uri_parse(a, G_URI_FLAGS_ENCODED, NULL);
    g_autoptr(GUri) second = g_uri_parse(b, G_URI_FLAGS_ENCODED, NULL);
    if (first == NULL || second == NULL || g_uri_get_host(first) == NULL ||
        g_uri_get_host(second) == NULL)
        return FALSE;
    return g_ascii_strcasecmp(g_uri_get_scheme(first), g_uri_get_scheme(second)) == 0 &&
           g_ascii_strcasecmp(g_uri_get_host(first), g_uri_get_host(second)) == 0 &&
           effective_port(first) == effective_port(second);
}

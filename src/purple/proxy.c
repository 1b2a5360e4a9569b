/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy.h"

#include <prefs.h>
#include <proxy.h>

static const char *get_scheme(PurpleProxyType type)
{
    switch (type) {
    case PURPLE_PROXY_HTTP:
        return "http";
    case PURPLE_PROXY_SOCKS4:
        return purple_prefs_get_bool("/purple/proxy/socks4_remotedns") ? "socks4a" : "socks4";
    case PURPLE_PROXY_SOCKS5:
    case PURPLE_PROXY_TOR: /* names are resolved by the proxy; nothing is looked up here */
        return "socks5";
    default:
        return NULL;
    }
}

static char *build_uri(PurpleProxyInfo *info, const char *scheme)
{
    const char *host = purple_proxy_info_get_host(info);
    const char *username = purple_proxy_info_get_username(info);
    const char *password = purple_proxy_info_get_password(info);
    GString *uri = g_string_new(scheme);
    g_string_append(uri, "://");
    if (username != NULL && *username != '\0') {
        g_string_append_uri_escaped(uri, username, NULL, TRUE);
        if (password != NULL && *password != '\0') {
            g_string_append_c(uri, ':');
            g_string_append_uri_escaped(uri, password, NULL, TRUE);
        }
        g_string_append_c(uri, '@');
    }
    g_string_append_printf(uri, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host,
                           purple_proxy_info_get_port(info));
    return g_string_free(uri, FALSE);
}

MxHttpProxy mxp_proxy_get(PurpleAccount *account, char **uri)
{
    PurpleProxyInfo *info = purple_proxy_get_setup(account);
    PurpleProxyType type = info != NULL ? purple_proxy_info_get_type(info) : PURPLE_PROXY_NONE;
    *uri = NULL;
    if (type == PURPLE_PROXY_NONE)
        return MX_HTTP_PROXY_NONE;
    const char *scheme = get_scheme(type);
    const char *host = purple_proxy_info_get_host(info);
    if (scheme == NULL)
        return MX_HTTP_PROXY_SYSTEM; /* the environment's and the desktop's settings */
    if (host == NULL || *host == '\0') {
        *uri = g_strdup(""); /* refused: never go round a proxy that was asked for */
        return MX_HTTP_PROXY_URI;
    }
    *uri = build_uri(info, scheme);
    return MX_HTTP_PROXY_URI;
}

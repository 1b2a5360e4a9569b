/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "errors.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>

#include "mx-error.h"

static PurpleConnectionError explain_tls(const GError *error, char **text)
{
    static const struct {
        GTlsCertificateFlags flag;
        PurpleConnectionError reason;
        const char *text;
    } cases[] = {
        {G_TLS_CERTIFICATE_BAD_IDENTITY, PURPLE_CONNECTION_ERROR_CERT_HOSTNAME_MISMATCH,
         N_("The homeserver's certificate belongs to another name. Check the homeserver's address, "
            "or ask its administrator.")},
        {G_TLS_CERTIFICATE_EXPIRED, PURPLE_CONNECTION_ERROR_CERT_EXPIRED,
         N_("The homeserver's certificate has expired. Check this computer's clock, or ask the "
            "server's administrator.")},
        {G_TLS_CERTIFICATE_NOT_ACTIVATED, PURPLE_CONNECTION_ERROR_CERT_NOT_ACTIVATED,
         N_("The homeserver's certificate is not valid yet. Check this computer's clock.")},
        {G_TLS_CERTIFICATE_REVOKED, PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR,
         N_("The homeserver's certificate was revoked. Ask the server's administrator.")},
        {G_TLS_CERTIFICATE_UNKNOWN_CA, PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED,
         N_("The homeserver's certificate is signed by nobody this computer knows. If your "
            "organization has its own authority, choose its file as “Certificate authority file” "
            "in the account's advanced options.")},
    };
    GTlsCertificateFlags flags = mx_error_get_tls_flags(error);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (flags & cases[i].flag) {
            *text = g_strdup(_(cases[i].text));
            return cases[i].reason;
        }
    }
    *text = g_strdup_printf(_("A secure connection to the homeserver failed: %s"), error->message);
    return PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR;
}

static PurpleConnectionError explain_http(const GError *error, char **text)
{
    const char *errcode = mx_error_get_errcode(error);
    const char *server = mx_error_get_server_text(error);
    guint status = mx_error_get_status(error);
    if (g_strcmp0(errcode, "M_USER_DEACTIVATED") == 0) {
        *text = g_strdup(_("This account was deactivated; it cannot be used any more."));
        return PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED;
    }
    if (g_strcmp0(errcode, "M_USER_LOCKED") == 0) {
        *text = g_strdup(_("The homeserver's administrators have locked this account."));
        return PURPLE_CONNECTION_ERROR_NETWORK_ERROR;
    }
    if (g_strcmp0(errcode, "M_UNKNOWN_TOKEN") == 0 || status == 401) {
        *text =
            g_strdup(_("This session was ended from another client or by the homeserver. Enable "
                       "the account again to log in."));
        return PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED;
    }
    if (status == 403) {
        *text = g_strdup(_("The homeserver does not accept this name and password. Check both and "
                           "enable the account again."));
        return PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED;
    }
    if (mx_error_is_transient(error)) {
        *text = g_strdup_printf(
            _("The homeserver is in trouble (HTTP status %u). It will be tried again."), status);
        return PURPLE_CONNECTION_ERROR_NETWORK_ERROR;
    }
    *text = g_strdup_printf(_("The homeserver refused the connection: %s"),
                            server != NULL ? server : error->message);
    return PURPLE_CONNECTION_ERROR_OTHER_ERROR;
}

PurpleConnectionError mxp_errors_get_reason(const GError *error, char **text)
{
    if (error->domain != MX_ERROR) {
        *text = g_strdup(error->message);
        return PURPLE_CONNECTION_ERROR_NETWORK_ERROR;
    }
    switch ((MxErrorCode)error->code) {
    case MX_ERROR_TLS:
        return explain_tls(error, text);
    case MX_ERROR_HTTP:
        return explain_http(error, text);
    case MX_ERROR_NETWORK:
        *text = g_strdup_printf(_("The homeserver cannot be reached: %s. Check the network and the "
                                  "homeserver's address; it will be tried again."),
                                error->message);
        return PURPLE_CONNECTION_ERROR_NETWORK_ERROR;
    case MX_ERROR_BAD_ANSWER:
        *text = g_strdup(error->message);
        return PURPLE_CONNECTION_ERROR_NETWORK_ERROR;
    case MX_ERROR_INVALID:
    case MX_ERROR_NO_MATRIX:
        *text = g_strdup(error->message);
        return PURPLE_CONNECTION_ERROR_INVALID_SETTINGS;
    case MX_ERROR_NO_LOGIN:
        *text = g_strdup(error->message);
        return PURPLE_CONNECTION_ERROR_AUTHENTICATION_IMPOSSIBLE;
    case MX_ERROR_LOCKED:
        *text = g_strdup(error->message);
        return PURPLE_CONNECTION_ERROR_NAME_IN_USE;
    case MX_ERROR_KEYS_LOST:
    case MX_ERROR_STORE:
    case MX_ERROR_KEY_LOCKED:
    case MX_ERROR_KEY_LOST:
    case MX_ERROR_FAILED:
        break;
    }
    *text = g_strdup(error->message);
    return PURPLE_CONNECTION_ERROR_OTHER_ERROR;
}

const char *mxp_errors_ui_name(void)
{
    GHashTable *info = purple_core_get_ui_info();
    const char *name = info != NULL ? g_hash_table_lookup(info, "name") : NULL;
    return name != NULL ? name : "libpurple";
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <gio/gio.h>

/* Every failure below src/purple is a GError of this domain, or G_IO_ERROR_CANCELLED. A
 * homeserver's standard error response (client-server API, "Standard error response") keeps its
 * errcode, status and waiting time. */

typedef enum {
    MX_ERROR_FAILED,     /* something local that should not happen */
    MX_ERROR_NETWORK,    /* no answer: name not found, refused, reset, timed out */
    MX_ERROR_TLS,        /* the certificate was refused; see mx_error_get_tls_flags() */
    MX_ERROR_HTTP,       /* the server answered with a status other than 2xx */
    MX_ERROR_BAD_ANSWER, /* a 2xx answer that is not what the specification promises */
    MX_ERROR_INVALID,    /* what the user gave cannot be right (identifier, URL, CA file) */
    MX_ERROR_NO_MATRIX,  /* discovery: the server exists, but there is no homeserver at it */
    MX_ERROR_NO_LOGIN,   /* the homeserver offers no way to sign in that is known here */
    MX_ERROR_STORE,      /* the database cannot be read or written */
    MX_ERROR_LOCKED,     /* another program uses this account's database */
    MX_ERROR_KEYS_LOST,  /* this device's keys are gone: only a new device can encrypt */
    MX_ERROR_KEY_LOCKED, /* the keyring does not give the database's key now; it may later */
    MX_ERROR_KEY_LOST,   /* that key is gone: what was sealed with it can never be read again */
} MxErrorCode;

#define MX_ERROR (mx_error_quark())
GQuark mx_error_quark(void);

/* An MX_ERROR_HTTP. errcode may be NULL (the answer was no standard error); server_text is the
 * server's own English sentence, untrusted, may be NULL; retry_after_ms is -1 when the server named
 * no time. */
GError *mx_error_new_http(guint status, const char *errcode, const char *server_text,
                          gint64 retry_after_ms, gboolean soft_logout);
GError *mx_error_new_tls(GTlsCertificateFlags flags, const char *message);

/* All of these accept any GError, and NULL. */
const char *mx_error_get_errcode(const GError *error); /* "M_FORBIDDEN", or NULL */
guint mx_error_get_status(const GError *error);        /* HTTP status, or 0 */
gint64 mx_error_get_retry_after_ms(const GError *error);
gboolean mx_error_is_soft_logout(const GError *error);
const char *mx_error_get_server_text(const GError *error); /* or NULL */
GTlsCertificateFlags mx_error_get_tls_flags(const GError *error);
gboolean mx_error_is_cancelled(const GError *error);
/* True when the same request may succeed later without anybody changing anything: no network, 5xx,
 * 429. */
gboolean mx_error_is_transient(const GError *error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-error.h"

typedef struct {
    guint status;
    char *errcode, *server_text;
    gint64 retry_after_ms;
    gboolean soft_logout;
    GTlsCertificateFlags tls_flags;
} MxErrorPrivate;

static void mx_error_private_init(MxErrorPrivate *priv)
{
    g_assert(priv != NULL);
    priv->retry_after_ms = -1;
}

static void mx_error_private_copy(const MxErrorPrivate *source, MxErrorPrivate *target)
{
    g_assert(source != NULL && target != NULL);
    *target = *source;
    target->errcode = g_strdup(source->errcode);
    target->server_text = g_strdup(source->server_text);
}

static void mx_error_private_clear(MxErrorPrivate *priv)
{
    g_assert(priv != NULL);
    g_free(priv->errcode);
    g_free(priv->server_text);
}

G_DEFINE_EXTENDED_ERROR(MxError, mx_error)

static const MxErrorPrivate *get_private(const GError *error)
{
    return error != NULL && error->domain == MX_ERROR ? mx_error_get_private(error) : NULL;
}

GError *mx_error_new_http(guint status, const char *errcode, const char *server_text,
                          gint64 retry_after_ms, gboolean soft_logout)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_string_printf(message, "HTTP %u", status);
    if (errcode != NULL)
        g_string_append_printf(message, " %s", errcode);
    if (server_text != NULL && *server_text != '\0')
        g_string_append_printf(message, ": %s", server_text);

    GError *error = g_error_new_literal(MX_ERROR, MX_ERROR_HTTP, message->str);
    MxErrorPrivate *priv = mx_error_get_private(error);
    g_assert(priv != NULL); /* it is of this domain */
    priv->status = status;
    priv->errcode = g_strdup(errcode);
    if (server_text != NULL && *server_text != '\0')
        priv->server_text = g_strdup(server_text);
    priv->retry_after_ms = retry_after_ms < 0 ? -1 : retry_after_ms;
    priv->soft_logout = soft_logout;
    return error;
}

GError *mx_error_new_tls(GTlsCertificateFlags flags, const char *message)
{
    GError *error = g_error_new_literal(MX_ERROR, MX_ERROR_TLS, message);
    MxErrorPrivate *priv = mx_error_get_private(error);
    g_assert(priv != NULL);
    priv->tls_flags = flags;
    return error;
}

const char *mx_error_get_errcode(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL ? priv->errcode : NULL;
}

guint mx_error_get_status(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL ? priv->status : 0;
}

gint64 mx_error_get_retry_after_ms(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL ? priv->retry_after_ms : -1;
}

gboolean mx_error_is_soft_logout(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL && priv->soft_logout;
}

const char *mx_error_get_server_text(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL ? priv->server_text : NULL;
}

GTlsCertificateFlags mx_error_get_tls_flags(const GError *error)
{
    const MxErrorPrivate *priv = get_private(error);
    return priv != NULL ? priv->tls_flags : 0;
}

gboolean mx_error_is_cancelled(const GError *error)
{
    return error != NULL && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

gboolean mx_error_is_transient(const GError *error)
{
    if (error == NULL || error->domain != MX_ERROR)
        return FALSE;
    if (error->code == MX_ERROR_NETWORK)
        return TRUE;
    guint status = mx_error_get_status(error);
    return error->code == MX_ERROR_HTTP && (status == 429 || (status >= 500 && status <= 599));
}

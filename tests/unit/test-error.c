/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-error.h"

static void test_http_keeps_everything(void)
{
    g_autoptr(GError) error =
        mx_error_new_http(429, "M_LIMIT_EXCEEDED", "Too many requests", 1500, TRUE);
    g_assert_error(error, MX_ERROR, MX_ERROR_HTTP);
    g_assert_cmpuint(mx_error_get_status(error), ==, 429);
    g_assert_cmpstr(mx_error_get_errcode(error), ==, "M_LIMIT_EXCEEDED");
    g_assert_cmpstr(mx_error_get_server_text(error), ==, "Too many requests");
    g_assert_cmpint(mx_error_get_retry_after_ms(error), ==, 1500);
    g_assert_true(mx_error_is_soft_logout(error));
    g_assert_cmpstr(error->message, ==, "HTTP 429 M_LIMIT_EXCEEDED: Too many requests");
}

static void test_copy_outlives(void)
{
    GError *error = mx_error_new_http(403, "M_FORBIDDEN", "no", -1, FALSE);
    g_autoptr(GError) copy = g_error_copy(error);
    g_error_free(error);
    g_prefix_error(&copy, "joining: ");
    g_assert_cmpstr(mx_error_get_errcode(copy), ==, "M_FORBIDDEN");
    g_assert_cmpstr(mx_error_get_server_text(copy), ==, "no");
    g_assert_cmpstr(copy->message, ==, "joining: HTTP 403 M_FORBIDDEN: no");
}

static void test_bare_http(void)
{
    g_autoptr(GError) error = mx_error_new_http(502, NULL, NULL, -7, FALSE);
    g_assert_null(mx_error_get_errcode(error));
    g_assert_null(mx_error_get_server_text(error));
    g_assert_cmpint(mx_error_get_retry_after_ms(error), ==, -1);
    g_assert_cmpstr(error->message, ==, "HTTP 502");
}

static void test_tls(void)
{
    GTlsCertificateFlags flags = G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_UNKNOWN_CA;
    g_autoptr(GError) error = mx_error_new_tls(flags, "refused");
    g_assert_error(error, MX_ERROR, MX_ERROR_TLS);
    g_assert_cmpuint(mx_error_get_tls_flags(error), ==, flags);
    g_assert_false(mx_error_is_transient(error));
}

static void check_is_plain(const GError *error)
{
    g_assert_null(mx_error_get_errcode(error));
    g_assert_null(mx_error_get_server_text(error));
    g_assert_cmpuint(mx_error_get_status(error), ==, 0);
    g_assert_cmpint(mx_error_get_retry_after_ms(error), ==, -1);
    g_assert_false(mx_error_is_soft_logout(error));
    g_assert_cmpuint(mx_error_get_tls_flags(error), ==, 0);
    g_assert_false(mx_error_is_transient(error));
}

static void test_others_and_null(void)
{
    g_autoptr(GError) cancelled = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "stop");
    g_autoptr(GError) own = g_error_new_literal(MX_ERROR, MX_ERROR_STORE, "disk");
    check_is_plain(NULL);
    check_is_plain(cancelled);
    check_is_plain(own);
    g_assert_true(mx_error_is_cancelled(cancelled));
    g_assert_false(mx_error_is_cancelled(own));
    g_assert_false(mx_error_is_cancelled(NULL));
}

static void test_transient(void)
{
    static const struct {
        guint status;
        gboolean transient;
    } cases[] = {{400, FALSE}, {401, FALSE}, {404, FALSE}, {429, TRUE},
                 {500, TRUE},  {502, TRUE},  {599, TRUE},  {302, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = mx_error_new_http(cases[i].status, NULL, NULL, -1, FALSE);
        g_assert_cmpint(mx_error_is_transient(error), ==, cases[i].transient);
    }
    g_autoptr(GError) network = g_error_new_literal(MX_ERROR, MX_ERROR_NETWORK, "gone");
    g_assert_true(mx_error_is_transient(network));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/http", test_http_keeps_everything);
    g_test_add_func("/error/copy", test_copy_outlives);
    g_test_add_func("/error/bare-http", test_bare_http);
    g_test_add_func("/error/tls", test_tls);
    g_test_add_func("/error/others", test_others_and_null);
    g_test_add_func("/error/transient", test_transient);
    return g_test_run();
}

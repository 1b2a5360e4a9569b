/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/purple/errors.h"

#include <string.h>

#include "mx-error.h"

/* libpurple connects again by itself after a network error, and after nothing else: what may pass
 * is one, and what cannot pass is none. */

static GError *make_network(void)
{
    return g_error_new(MX_ERROR, MX_ERROR_NETWORK, "Connection refused");
}

static GError *make_bad_answer(void)
{
    return g_error_new(MX_ERROR, MX_ERROR_BAD_ANSWER, "Half an answer");
}

static GError *make_foreign(void)
{
    return g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Timed out");
}

static void test_codes(void)
{
    static const struct {
        MxErrorCode code;
        PurpleConnectionError reason;
    } codes[] = {
        {MX_ERROR_FAILED, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {MX_ERROR_NETWORK, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {MX_ERROR_TLS, PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR},
        {MX_ERROR_BAD_ANSWER, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {MX_ERROR_INVALID, PURPLE_CONNECTION_ERROR_INVALID_SETTINGS},
        {MX_ERROR_NO_MATRIX, PURPLE_CONNECTION_ERROR_INVALID_SETTINGS},
        {MX_ERROR_NO_LOGIN, PURPLE_CONNECTION_ERROR_AUTHENTICATION_IMPOSSIBLE},
        {MX_ERROR_KEYS_LOST, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {MX_ERROR_STORE, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {MX_ERROR_LOCKED, PURPLE_CONNECTION_ERROR_NAME_IN_USE},
        {MX_ERROR_KEY_LOCKED, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
    };
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(GError) error = g_error_new(MX_ERROR, codes[i].code, "What has happened");
        g_autofree char *text = NULL;
        g_test_message("code %d", codes[i].code);
        g_assert_cmpint(mxp_errors_get_reason(error, &text), ==, codes[i].reason);
        g_assert_nonnull(strstr(text, "What has happened"));
    }
}

static void test_passing(void)
{
    static GError *(*const passing[])(void) = {make_network, make_bad_answer, make_foreign};
    for (guint i = 0; i < G_N_ELEMENTS(passing); i++) {
        g_autoptr(GError) error = passing[i]();
        g_autofree char *text = NULL;
        g_assert_cmpint(mxp_errors_get_reason(error, &text), ==,
                        PURPLE_CONNECTION_ERROR_NETWORK_ERROR);
        g_assert_cmpstr(text, !=, "");
    }
}

static void test_http(void)
{
    static const struct {
        guint status;
        const char *errcode, *server_text;
        PurpleConnectionError reason;
    } cases[] = {
        {429, "M_LIMIT_EXCEEDED", "Too Many Requests", PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {429, NULL, NULL, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {500, "M_UNKNOWN", "oops", PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {502, NULL, NULL, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {503, NULL, NULL, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {599, NULL, NULL, PURPLE_CONNECTION_ERROR_NETWORK_ERROR},
        {401, "M_UNKNOWN_TOKEN", "gone", PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED},
        {401, NULL, NULL, PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED},
        {403, "M_FORBIDDEN", "wrong", PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED},
        {403, "M_USER_DEACTIVATED", "x", PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED},
        {401, "M_USER_LOCKED", "x", PURPLE_CONNECTION_ERROR_NETWORK_ERROR}, /* may be unlocked */
        {400, "M_BAD_JSON", "bad", PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {404, NULL, NULL, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {404, "M_NOT_FOUND", "", PURPLE_CONNECTION_ERROR_OTHER_ERROR},
        {302, NULL, NULL, PURPLE_CONNECTION_ERROR_OTHER_ERROR},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error =
            mx_error_new_http(cases[i].status, cases[i].errcode, cases[i].server_text, -1, FALSE);
        g_autofree char *text = NULL;
        g_test_message("%u %s", cases[i].status, cases[i].errcode);
        g_assert_cmpint(mxp_errors_get_reason(error, &text), ==, cases[i].reason);
        g_assert_nonnull(text);
        g_assert_cmpint(strlen(text), >, 20);
        g_assert_false(g_str_has_suffix(text, ": ")); /* no sentence without an end */
        if (mx_error_is_transient(error))
            g_assert_cmpint(cases[i].reason, ==, PURPLE_CONNECTION_ERROR_NETWORK_ERROR);
    }
}

static void test_tls(void)
{
    static const struct {
        GTlsCertificateFlags flags;
        PurpleConnectionError reason;
        const char *word;
    } cases[] = {
        {G_TLS_CERTIFICATE_UNKNOWN_CA, PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED, "authority file"},
        {G_TLS_CERTIFICATE_BAD_IDENTITY, PURPLE_CONNECTION_ERROR_CERT_HOSTNAME_MISMATCH, "name"},
        {G_TLS_CERTIFICATE_EXPIRED, PURPLE_CONNECTION_ERROR_CERT_EXPIRED, "clock"},
        {G_TLS_CERTIFICATE_NOT_ACTIVATED, PURPLE_CONNECTION_ERROR_CERT_NOT_ACTIVATED, "clock"},
        {G_TLS_CERTIFICATE_REVOKED, PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR, "revoked"},
        {G_TLS_CERTIFICATE_INSECURE, PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR, "handshake"},
        {0, PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR, "handshake"},
        {G_TLS_CERTIFICATE_UNKNOWN_CA | G_TLS_CERTIFICATE_BAD_IDENTITY,
         PURPLE_CONNECTION_ERROR_CERT_HOSTNAME_MISMATCH, "name"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = mx_error_new_tls(cases[i].flags, "the handshake failed");
        g_autofree char *text = NULL;
        g_assert_cmpint(mxp_errors_get_reason(error, &text), ==, cases[i].reason);
        g_assert_nonnull(strstr(text, cases[i].word));
    }
}

static void test_ui_name(void)
{
    g_assert_cmpstr(mxp_errors_ui_name(), ==, "libpurple"); /* nobody has said who they are */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/errors/codes", test_codes);
    g_test_add_func("/errors/passing", test_passing);
    g_test_add_func("/errors/tls", test_tls);
    g_test_add_func("/errors/ui-name", test_ui_name);
    g_test_add_func("/errors/http", test_http);
    return g_test_run();
}

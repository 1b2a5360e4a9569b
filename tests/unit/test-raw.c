/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-client-raw.h"
#include "mx-error.h"

/* What /matrix lets through, and how an answer is shown. */

#define ROOT "/_matrix/client/"

static const struct {
    const char *method, *path, *body;
    const char *sent, *sent_body; /* the method; NULL: refused */
    const char *hint;             /* in the refusal */
} cases[] = {
    {"GET", ROOT "versions", NULL, "GET", NULL, NULL},
    {"get", ROOT "v3/sync?timeout=0&filter=%7B%7D", NULL, "GET", NULL, NULL},
    {"GET", ROOT "v3/rooms/!r:x/state/m.room.name/", NULL, "GET", NULL, NULL},
    {"GET", ROOT "v3/rooms/%21r%3Ax/event/%24a%2Fb", NULL, "GET", NULL, NULL},
    {"GET", ROOT "v3/directory/room/%23a%25b:x", NULL, "GET", NULL, NULL},
    {"GET", ROOT "v3/directory/room/%23%C3%A9:x", NULL, "GET", NULL, NULL},
    {"GET", ROOT "v3/profile/@a..b:x", NULL, "GET", NULL, NULL},
    {"post", ROOT "v3/logout", NULL, "POST", "{}", NULL},
    {"Put", ROOT "v3/x", "{\"a\":[1,{}]}", "PUT", "{\"a\":[1,{}]}", NULL},
    {"DELETE", ROOT "v3/x", NULL, "DELETE", NULL, NULL},
    {"DELETE", ROOT "v3/x", "{}", "DELETE", "{}", NULL},
    /* methods */
    {"PATCH", ROOT "v3/x", NULL, NULL, NULL, "GET, POST, PUT or DELETE"},
    {"", ROOT "v3/x", NULL, NULL, NULL, "GET, POST"},
    {"GET", ROOT "v3/x", "{}", NULL, NULL, "GET takes no JSON"},
    /* places */
    {"GET", "v3/sync", NULL, NULL, NULL, "begin with"},
    {"GET", "https://example.org" ROOT "versions", NULL, NULL, NULL, "begin with"},
    {"GET", "//example.org" ROOT "versions", NULL, NULL, NULL, "begin with"},
    {"GET", "@example.org" ROOT "versions", NULL, NULL, NULL, "begin with"},
    {"GET", "/_synapse/admin/v1/users", NULL, NULL, NULL, "begin with"},
    {"GET", "/_matrix/federation/v1/version", NULL, NULL, NULL, "begin with"},
    {"GET", "/_matrix/clientele", NULL, NULL, NULL, "begin with"},
    {"GET", "/_matrix/Client/versions", NULL, NULL, NULL, "begin with"},
    {"GET", "/%5Fmatrix/client/versions", NULL, NULL, NULL, "begin with"},
    {"GET", ROOT "../federation/v1/version", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "v3/..", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "./versions", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "%2e%2E/federation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT ".%2e/federation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "v3%2F..%2F..%2Ffederation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "v3%5c..%5cfederation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "%252e%252e/federation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "%25252e%25252e/federation", NULL, NULL, NULL, "“..”"},
    {"GET", ROOT "%2525252525252e/x", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "%c0%ae%c0%ae/federation", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "a%00b", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "a%2500b", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "a%0d%0aHost:%20x", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "a%zz", NULL, NULL, NULL, "odd codes"},
    {"GET", ROOT "a%2", NULL, NULL, NULL, "odd codes"},
    /* characters */
    {"GET", ROOT "v3/directory/room/#a:x", NULL, NULL, NULL, "%23"},
    {"GET", ROOT "a\\..\\b", NULL, NULL, NULL, "as in a URL"},
    {"GET", ROOT "a b", NULL, NULL, NULL, "as in a URL"},
    {"GET", ROOT "a\r\nHost: x", NULL, NULL, NULL, "as in a URL"},
    {"GET", ROOT "é", NULL, NULL, NULL, "as in a URL"},
    {"GET", ROOT "a<b>", NULL, NULL, NULL, "as in a URL"},
    /* tokens */
    {"GET", ROOT "versions?access_token=x", NULL, NULL, NULL, "access token"},
    {"GET", ROOT "versions?a=b&access%5Ftoken=x", NULL, NULL, NULL, "access token"},
    {"GET", ROOT "versions?a=%", NULL, NULL, NULL, "%25"},
    /* JSON */
    {"PUT", ROOT "x", "{\"a\":}", NULL, NULL, "character 6, “}”"},
    {"PUT", ROOT "x", "{\"é\":ü}", NULL, NULL, "character 6, “ü”"},
    {"PUT", ROOT "x", "{'a':1}", NULL, NULL, "character 2, “'”"},
    {"PUT", ROOT "x", "[1]", NULL, NULL, "character 1, “[”"},
    {"PUT", ROOT "x", "{} x", NULL, NULL, "character 4, “x”"},
    {"PUT", ROOT "x", "{\"a\":1", NULL, NULL, "too early"},
    {"PUT", ROOT "x", "{\"a\":1.}", NULL, NULL, "character 8"},
};

static void test_requests(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MxRequest) request =
            mx_client_raw_new(cases[i].method, cases[i].path, cases[i].body, &error);
        g_test_message("%s %s %s", cases[i].method, cases[i].path, cases[i].body);
        if (cases[i].sent == NULL) {
            g_assert_null(request);
            g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
            g_test_message("%s", error->message);
            g_assert_nonnull(strstr(error->message, cases[i].hint));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(mx_request_get_method(request), ==, cases[i].sent);
        g_assert_cmpstr(mx_request_get_target(request), ==, cases[i].path);
        g_assert_cmpstr(mx_request_get_body(request), ==, cases[i].sent_body);
        g_assert_true(mx_request_is_authorized(request));
    }
}

static char *format(const char *answer, gsize max, gsize *left_out)
{
    return mx_client_raw_format(answer, strlen(answer), max, left_out);
}

static void test_secrets(void)
{
    const char *answer =
        "{\"access_token\":\"s3cr\",\"refresh_token\":\"s3cr\",\"device_id\":\"D\",\"login_token\":"
        "{\"x\":\"s3cr\"},\"list\":[{\"password\":\"s3cr\",\"uris\":[\"turn:x\"]}],\"private_key\":"
        "[\"s3cr\"],\"token\":null,\"next_batch\":\"s1\"}";
    g_autofree char *text = format(answer, 10000, NULL);
    g_assert_null(strstr(text, "s3cr"));
    g_assert_nonnull(strstr(text, "\"access_token\" : \"…\""));
    g_assert_nonnull(strstr(text, "\"device_id\" : \"D\""));
    g_assert_nonnull(strstr(text, "\"turn:x\""));
    g_assert_nonnull(strstr(text, "\"next_batch\" : \"s1\""));
    g_assert_nonnull(strstr(text, "\"token\" : null"));
}

static void test_lengths(void)
{
    gsize left_out;
    g_autofree char *whole = format("{\"a\":1}", 100, &left_out);
    g_autofree char *cut = format("{\"a\":\"éééé\"}", 12, &left_out);
    g_autofree char *plain = format("<html>no JSON", 6, NULL);
    g_autofree char *empty = format("", 6, NULL);
    g_assert_cmpstr(whole, ==, "{\n  \"a\" : 1\n}");
    g_assert_true(g_utf8_validate(cut, -1, NULL));
    g_assert_cmpuint(left_out + strlen(cut), ==, strlen("{\n  \"a\" : \"éééé\"\n}"));
    g_assert_cmpstr(plain, ==, "<html>");
    g_assert_cmpstr(empty, ==, "");
}

static void test_odd(void)
{
    g_autofree char *deep = g_strnfill(5000, '[');
    g_autofree char *invalid = mx_client_raw_format("\xff\xfe", 2, 10, NULL);
    g_autofree char *text = format(deep, 100, NULL);
    g_autofree char *root = format("null", 100, NULL);
    g_autofree char *nul = format("{\"a\":\"x\\u0000y\"}", 100, NULL);
    g_assert_true(g_utf8_validate(invalid, -1, NULL));
    g_assert_cmpuint(strlen(text), ==, 100);
    g_assert_cmpstr(root, ==, "null");
    g_assert_nonnull(strstr(nul, "y"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/raw/requests", test_requests);
    g_test_add_func("/raw/secrets", test_secrets);
    g_test_add_func("/raw/lengths", test_lengths);
    g_test_add_func("/raw/odd", test_odd);
    return g_test_run();
}

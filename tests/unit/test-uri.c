/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-error.h"
#include "mx-uri.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check_build(const char *base, const char *const *segments, const char *const *query,
                        const char *expected)
{
    g_autofree char *uri = mx_uri_build(base, segments, query);
    g_assert_cmpstr(uri, ==, expected);
}

static void test_build(void)
{
    check_build(NULL, LIST("a", "b"), NULL, "/a/b");
    check_build("https://h", LIST("a"), NULL, "https://h/a");
    check_build("https://h/", LIST("a"), NULL, "https://h/a");
    check_build("https://h/pre/fix//", LIST("a"), NULL, "https://h/pre/fix/a");
    check_build(NULL, LIST("!r:h", "$e/v", "#\xc3\xa4 +%?:@"), NULL,
                "/%21r%3Ah/%24e%2Fv/%23%C3%A4%20%2B%25%3F%3A%40");
    check_build(NULL, LIST("AZaz09-._~"), NULL, "/AZaz09-._~");
    check_build(NULL, LIST("a%2Fb"), NULL, "/a%252Fb");
    check_build(NULL, LIST("a", "..", ".", "b"), NULL, "/a/%2E%2E/%2E/b");
    check_build(NULL, LIST("state", "m.room.name", ""), NULL, "/state/m.room.name");
    check_build(NULL, LIST("a"), LIST("x", "1 2&3", "y", "\xc3\xa4"), "/a?x=1%202%263&y=%C3%A4");
    check_build(NULL, LIST("a"), LIST("x", ""), "/a?x=");
    const char *const query[] = {"since", NULL, "timeout", "0", "filter", NULL, NULL};
    check_build(NULL, LIST("a"), query, "/a?timeout=0");
}

static void test_normalize(void)
{
    static const struct {
        const char *typed, *base; /* NULL: refused */
        gboolean is_plain;
    } cases[] = {
        {"example.org", "https://example.org", FALSE},
        {"  https://example.org/ \n", "https://example.org", FALSE},
        {"HTTPS://Example.ORG", "https://example.org", FALSE},
        {"https://example.org:443/", "https://example.org", FALSE},
        {"https://example.org:80", "https://example.org:80", FALSE},
        {"http://example.org:80", "http://example.org", TRUE},
        {"http://127.0.0.1:8008", "http://127.0.0.1:8008", TRUE},
        {"localhost:8448", "https://localhost:8448", FALSE},
        {"https://[::1]:8448//", "https://[::1]:8448", FALSE},
        {"https://example.org/pre/fix///", "https://example.org/pre/fix", FALSE},
        {"https://example.org//pre//fix", "https://example.org/pre/fix", FALSE},
        {"https://example.org/a%20b", "https://example.org/a%20b", FALSE},
        {"https://b\xc3\xbc"
         "cher.example",
         "https://xn--bcher-kva.example", FALSE},
        {"http://my_synapse:8008", "http://my_synapse:8008", TRUE},
        {NULL, NULL},
        {"", NULL},
        {"   ", NULL},
        {"ftp://example.org", NULL},
        {"file:///etc/passwd", NULL},
        {"https://", NULL},
        {"https:///path", NULL},
        {"https://user@example.org", NULL},
        {"https://user:pw@example.org", NULL},
        {"https://@example.org", NULL},
        {"https://example.org?a=b", NULL},
        {"https://example.org/?", NULL},
        {"https://example.org/#x", NULL},
        {"https://exa mple.org", NULL},
        {"https://example.org\r\nX: y", NULL},
        {"https://example.org:99999", NULL},
        {"https://example.org:0", NULL},
        {"https://example.org:x", NULL},
        {"https://ex<am>ple.org", NULL},
        {"https://a%2Fb", NULL},
        {"https://[::1", NULL},
        {"mailto:alice@example.org", NULL},
        {"@alice:example.org", NULL},
        {"https://\xff.org", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean is_plain = -1;
        g_autoptr(GError) error = NULL;
        g_autofree char *base = mx_uri_normalize_base(cases[i].typed, &is_plain, &error);
        g_assert_cmpstr(base, ==, cases[i].base);
        if (base == NULL) {
            g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpint(is_plain, ==, cases[i].is_plain);
        g_autofree char *again = mx_uri_normalize_base(base, NULL, NULL);
        g_assert_cmpstr(again, ==, base);
    }
}

static void test_loopback(void)
{
    static const struct {
        const char *url;
        gboolean is_loopback;
    } cases[] = {
        {"http://localhost", TRUE},
        {"http://LOCALHOST:8008/x", TRUE},
        {"http://127.0.0.1:8008", TRUE},
        {"https://127.9.9.9", TRUE},
        {"http://[::1]:8008", TRUE},
        {"http://localhost.example.org", FALSE},
        {"http://127.0.0.1.nip.io", FALSE},
        {"http://128.0.0.1", FALSE},
        {"http://[::2]", FALSE},
        {"http://example.org/localhost", FALSE},
        {"http://localhost@example.org", FALSE},
        {"nonsense", FALSE},
        {NULL, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mx_uri_is_loopback(cases[i].url), ==, cases[i].is_loopback);
}

static void test_same_origin(void)
{
    static const struct {
        const char *a, *b;
        gboolean same;
    } cases[] = {
        {"https://a", "https://a/x?y", TRUE},
        {"https://a", "https://A:443", TRUE},
        {"http://a", "http://a:80/", TRUE},
        {"https://a", "http://a", FALSE},
        {"https://a", "https://a:8448", FALSE},
        {"https://a", "https://b", FALSE},
        {"https://a", "https://a.evil", FALSE},
        {"https://a", "https://a@evil", FALSE},
        {"HTTPS://a", "https://a", TRUE},
        {"https://[::1]:1", "https://[::1]:1", TRUE},
        {"https://a", NULL, FALSE},
        {"", "", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mx_uri_same_origin(cases[i].a, cases[i].b), ==, cases[i].same);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uri/build", test_build);
    g_test_add_func("/uri/normalize", test_normalize);
    g_test_add_func("/uri/loopback", test_loopback);
    g_test_add_func("/uri/same-origin", test_same_origin);
    return g_test_run();
}

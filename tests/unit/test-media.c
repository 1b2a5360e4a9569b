/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-image.h"
#include "mx-mxc.h"

/* What may be asked for as media, and what counts as a picture. */

static void test_mxc(void)
{
    g_autofree char *server = NULL;
    g_autofree char *id = NULL;
    g_assert_true(mx_mxc_parse("mxc://example.org:8448/AQwafuaFswefuhsfAFAgsw_-9", &server, &id));
    g_assert_cmpstr(server, ==, "example.org:8448");
    g_assert_cmpstr(id, ==, "AQwafuaFswefuhsfAFAgsw_-9");
    g_assert_true(mx_mxc_parse("mxc://[::1]/a", NULL, NULL));
}

static void test_mxc_refused(void)
{
    static const char *const wrong[] = {
        "",
        "mxc://",
        "mxc://example.org",
        "mxc://example.org/",
        "mxc:///abc",
        "http://example.org/abc",
        "MXC://example.org/abc",
        "mxc://example.org/a/b",
        "mxc://example.org/..",
        "mxc://example.org/../../v3/account/whoami",
        "mxc://example.org/%2e%2e",
        "mxc://example.org/abc?width=1",
        "mxc://example.org/abc#x",
        "mxc://../abc",
        "mxc://user@example.org/abc",
        "mxc://exa mple.org/abc",
        "mxc://example.org/ab\xc3\xa9",
        "mxc://example.org/abc\n",
        " mxc://example.org/abc",
    };
    g_autofree char *letters = g_strnfill(256, 'a');
    g_autofree char *too_long = g_strconcat("mxc://example.org/", letters, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(mx_mxc_parse(wrong[i], NULL, NULL));
    g_assert_false(mx_mxc_parse(too_long, NULL, NULL));
    g_assert_false(mx_mxc_parse(NULL, NULL, NULL));
}

typedef struct {
    const char *data;
    gsize len;
    const char *mimetype; /* NULL: no picture */
    guint width, height;
} Picture;
#define PICTURE(bytes, ...)                                                                        \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, __VA_ARGS__                                                      \
    }

static const Picture pictures[] = {
    PICTURE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x60\0\x01\x86\xa0\x08", "image/png", 96, 100000),
    PICTURE("GIF89a\x02\x01\x03\0\0\0", "image/gif", 258, 3),
    PICTURE("\xff\xd8\xff\xe0\0\x04xx\xff\xff\xc2\0\x0b\x08\0\x10\0\x20\x01\x11\0", "image/jpeg",
            32, 16),
    PICTURE("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0", "image/webp", 16, 32),
    PICTURE("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x0f\xc0\x07\0\0\0\0\0\0", "image/webp", 16, 32),
    PICTURE("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x10\0\x20\0", "image/webp", 16, 32),
    PICTURE("<!DOCTYPE html><script>alert(1)</script>...", NULL),
    PICTURE("<svg xmlns='http://www.w3.org/2000/svg'></svg>", NULL),
    PICTURE("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0", NULL),
    PICTURE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\x01\x08", NULL), /* no width */
    PICTURE("\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0\0\0", NULL),                /* a part without end */
    PICTURE("", NULL),
};

static void test_pictures(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        MxImageInfo info = {0};
        const guint8 *data = (const guint8 *)pictures[i].data;
        gboolean is_picture = mx_image_sniff(data, pictures[i].len, &info);
        g_assert_true(is_picture == (pictures[i].mimetype != NULL));
        if (!is_picture)
            continue;
        g_assert_cmpstr(info.mimetype, ==, pictures[i].mimetype);
        g_assert_cmpuint(info.width, ==, pictures[i].width);
        g_assert_cmpuint(info.height, ==, pictures[i].height);
    }
}

/* The end may come anywhere. Each prefix stands in memory of its own, so that a sanitizer sees. */
static void test_cut_pictures(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++)
        for (gsize len = 0; len < pictures[i].len; len++) {
            MxImageInfo info = {0};
            g_autofree guint8 *cut = g_memdup2(pictures[i].data, len);
            mx_image_sniff(cut, len, &info);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/media/mxc", test_mxc);
    g_test_add_func("/media/mxc-refused", test_mxc_refused);
    g_test_add_func("/media/pictures", test_pictures);
    g_test_add_func("/media/cut-pictures", test_cut_pictures);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "verification-code.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <qrencode.h>

#define QUIET 4       /* modules around the code (ISO/IEC 18004) */
#define QUIET_TEXT 2  /* a terminal has few */
#define ROWS_AROUND 9 /* of a dialog: its border, sentence and buttons; and of the bar below it */
#define PIXELS 5      /* of a module */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(QRcode, QRcode_free)

/* One segment of bytes, as the specification wants it. */
static QRcode *encode(GBytes *content)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(content, &len);
    return QRcode_encodeData((int)len, data, 0, QR_ECLEVEL_L);
}

gboolean mxp_verification_code_fits(GBytes *content)
{
    g_autoptr(QRcode) code = encode(content);
    return code != NULL;
}

gboolean mxp_verification_code_fits_terminal(GBytes *content)
{
    struct winsize size = {0};
    g_autoptr(QRcode) code = encode(content);
    int width = code != NULL ? code->width + 2 * QUIET_TEXT : 0;
    return code != NULL && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
           size.ws_row >= width / 2 + ROWS_AROUND && size.ws_col >= width + 4;
}

/* Around the code it is light. */
static gboolean is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1);
}

GBytes *mxp_verification_code_make_image(GBytes *content)
{
    g_autoptr(QRcode) code = encode(content);
    int size = (code->width + 2 * QUIET) * PIXELS;
    g_autofree char *head = g_strdup_printf("P5 %d %d 255\n", size, size);
    GByteArray *image = g_byte_array_new();
    g_byte_array_append(image, (const guint8 *)head, (guint)strlen(head));
    for (int i = 0; i < size * size; i++) {
        int x = i % size / PIXELS - QUIET, y = i / size / PIXELS - QUIET;
        guint8 pixel = is_dark(code, x, y) ? 0 : 255;
        g_byte_array_append(image, &pixel, 1);
    }
    return g_byte_array_free_to_bytes(image);
}

char *mxp_verification_code_make_text(GBytes *content)
{
    /* By what is light: the upper module counts 1, the lower one 2. */
    static const char *const blocks[] = {" ", "▀", "▄", "█"};
    g_autoptr(QRcode) code = encode(content);
    GString *text = g_string_new(NULL);
    for (int y = -QUIET_TEXT; y < code->width + QUIET_TEXT; y += 2) {
        for (int x = -QUIET_TEXT; x < code->width + QUIET_TEXT; x++)
            g_string_append(text, blocks[!is_dark(code, x, y) + 2 * !is_dark(code, x, y + 1)]);
        g_string_append_c(text, '\n');
    }
    g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

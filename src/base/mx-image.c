/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-image.h"

#include <string.h>

static guint big16(const guint8 *at)
{
    return (guint)at[0] << 8 | at[1];
}

static guint big32(const guint8 *at)
{
    return big16(at) << 16 | big16(at + 2);
}

static guint little16(const guint8 *at)
{
    return (guint)at[1] << 8 | at[0];
}

static guint little24(const guint8 *at)
{
    return (guint)at[2] << 16 | little16(at);
}

static gboolean begins_with(const guint8 *data, gsize len, gsize offset, const char *text)
{
    gsize wanted = strlen(text);
    return len >= offset + wanted && memcmp(data + offset, text, wanted) == 0;
}

static gboolean read_png(const guint8 *data, gsize len, MxImageInfo *info)
{
    if (len < 24 || !begins_with(data, len, 0, "\x89PNG\r\n\x1a\n") ||
        !begins_with(data, len, 12, "IHDR"))
        return FALSE;
    info->width = big32(data + 16);
    info->height = big32(data + 20);
    return TRUE;
}

static gboolean read_gif(const guint8 *data, gsize len, MxImageInfo *info)
{
    if (len < 10 || (!begins_with(data, len, 0, "GIF87a") && !begins_with(data, len, 0, "GIF89a")))
        return FALSE;
    info->width = little16(data + 6);
    info->height = little16(data + 8);
    return TRUE;
}

/* SOF0 to SOF15 but DHT, JPG and DAC */
static gboolean is_start_of_frame(guint8 marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static gboolean read_jpeg(const guint8 *data, gsize len, MxImageInfo *info)
{
    if (!begins_with(data, len, 0, "\xff\xd8\xff"))
        return FALSE;
    gsize at = 2;
    while (at + 9 < len && data[at] == 0xff) {
        guint8 marker = data[at + 1];
        if (marker == 0xff) { /* padding */
            at++;
            continue;
        }
        if (is_start_of_frame(marker)) {
            info->height = big16(data + at + 5);
            info->width = big16(data + at + 7);
            return TRUE;
        }
        guint size = big16(data + at + 2);
        if (size < 2)
            return FALSE;
        at += 2 + size;
    }
    return FALSE;
}

static gboolean read_webp(const guint8 *data, gsize len, MxImageInfo *info)
{
    if (len < 30 || !begins_with(data, len, 0, "RIFF") || !begins_with(data, len, 8, "WEBP"))
        return FALSE;
    if (begins_with(data, len, 12, "VP8X")) {
        info->width = little24(data + 24) + 1;
        info->height = little24(data + 27) + 1;
    } else if (begins_with(data, len, 12, "VP8L")) {
        guint bits = little16(data + 21) | little16(data + 23) << 16;
        info->width = (bits & 0x3fff) + 1;
        info->height = (bits >> 14 & 0x3fff) + 1;
    } else if (begins_with(data, len, 12, "VP8 ")) {
        info->width = little16(data + 26) & 0x3fff;
        info->height = little16(data + 28) & 0x3fff;
    } else {
        return FALSE;
    }
    return TRUE;
}

static const struct {
    const char *mimetype;
    gboolean (*read)(const guint8 *data, gsize len, MxImageInfo *info);
} kinds[] = {
    {"image/png", read_png},
    {"image/jpeg", read_jpeg},
    {"image/gif", read_gif},
    {"image/webp", read_webp},
};

gboolean mx_image_sniff(const guint8 *data, gsize len, MxImageInfo *info)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!kinds[i].read(data, len, info))
            continue;
        info->mimetype = kinds[i].mimetype;
        return info->width > 0 && info->height > 0;
    }
    return FALSE;
}

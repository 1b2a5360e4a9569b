/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What a picture is, by its own first bytes: what somebody says about it counts for nothing. */
typedef struct {
    const char *mimetype; /* "image/png", "image/jpeg", "image/gif" or "image/webp"; static */
    guint width, height;  /* pixels */
} MxImageInfo;

/* FALSE: none of the four kinds, or its size cannot be told. A few kilobytes can unpack to
 * gigabytes, so look at the size before a picture is handed to anybody who unpacks it. */
gboolean mx_image_sniff(const guint8 *data, gsize len, MxImageInfo *info);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <gio/gio.h>

#include "mx-attachment.h"

/* Exactly so many bytes of another stream, encrypted on the way or not. A file that has become
 * shorter meanwhile is an error; what was added is not read. */

#define MX_TYPE_UPLOAD_STREAM (mx_upload_stream_get_type())
G_DECLARE_FINAL_TYPE(MxUploadStream, mx_upload_stream, MX, UPLOAD_STREAM, GInputStream)

/* key: NULL, or what it is encrypted with. NULL: the encryption does not work. */
GInputStream *mx_upload_stream_new(GInputStream *base, guint64 len, const MxAttachmentKey *key);
/* After the last byte: the ciphertext's hash. */
void mx_upload_stream_get_hash(MxUploadStream *stream, guint8 sha256[MX_SHA256_LEN]);

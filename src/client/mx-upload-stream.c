/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-upload-stream.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-error.h"

struct _MxUploadStream {
    GInputStream parent_instance;
    GInputStream *base;
    guint64 left;
    MxAttachmentCipher *cipher; /* or NULL */
};

G_DEFINE_FINAL_TYPE(MxUploadStream, mx_upload_stream, G_TYPE_INPUT_STREAM)

static gssize mx_upload_stream_read(GInputStream *stream, void *buffer, gsize count,
                                    GCancellable *cancellable, GError **error)
{
    MxUploadStream *self = MX_UPLOAD_STREAM(stream);
    gsize wanted = (gsize)MIN(count, self->left);
    if (wanted == 0)
        return 0;
    gssize got = g_input_stream_read(self->base, buffer, wanted, cancellable, error);
    if (got < 0)
        return got;
    gboolean is_fine = got > 0 && (self->cipher == NULL ||
                                   mx_attachment_cipher_next(self->cipher, buffer, buffer, got));
    if (!is_fine) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("The file has changed while it was read."));
        return -1;
    }
    self->left -= (guint64)got;
    return got;
}

static void mx_upload_stream_finalize(GObject *object)
{
    MxUploadStream *self = MX_UPLOAD_STREAM(object);
    g_clear_object(&self->base);
    g_clear_pointer(&self->cipher, mx_attachment_cipher_free);
    G_OBJECT_CLASS(mx_upload_stream_parent_class)->finalize(object);
}

static void mx_upload_stream_class_init(MxUploadStreamClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = mx_upload_stream_finalize;
    G_INPUT_STREAM_CLASS(klass)->read_fn = mx_upload_stream_read;
}

static void mx_upload_stream_init(MxUploadStream *self)
{
}

GInputStream *mx_upload_stream_new(GInputStream *base, guint64 len, const MxAttachmentKey *key)
{
    g_autoptr(MxUploadStream) self = g_object_new(MX_TYPE_UPLOAD_STREAM, NULL);
    self->base = g_object_ref(base);
    self->left = len;
    if (key != NULL) {
        self->cipher = mx_attachment_cipher_new(key, MX_ATTACHMENT_ENCRYPT);
        if (self->cipher == NULL)
            return NULL;
    }
    return G_INPUT_STREAM(g_steal_pointer(&self));
}

void mx_upload_stream_get_hash(MxUploadStream *self, guint8 sha256[MX_SHA256_LEN])
{
    mx_attachment_cipher_end(self->cipher, sha256);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-json-scan.h"
#include "mx-primitives.h"

/* Encrypted files (client-server API, "Sending encrypted attachments"): AES-256 in counter mode and
 * a hash of the ciphertext. Nothing but the hash says that the file is the one that was sent, so no
 * byte of it is to be used before it was looked at. May be used from any thread, by one at a time.
 */

typedef struct {
    guint8 key[MX_KEY_LEN];
    guint8 iv[MX_AES_IV_LEN];
    guint8 sha256[MX_SHA256_LEN]; /* of the ciphertext */
} MxAttachmentKey;

/* For one file only: used for a second one, both can be read. The hash is left at zero. */
gboolean mx_attachment_key_generate(MxAttachmentKey *key, GError **error);

/* Reads an EncryptedFile. Only what the specification's version "v2" says is taken; FALSE, with key
 * zero, for everything else. Its url is the caller's matter. */
gboolean mx_attachment_key_read(MxAttachmentKey *key, MxJsonSlice file);
/* The EncryptedFile. */
JsonObject *mx_attachment_key_to_json(const MxAttachmentKey *key, const char *mxc);

typedef enum { MX_ATTACHMENT_ENCRYPT, MX_ATTACHMENT_DECRYPT } MxAttachmentWay;

typedef struct _MxAttachmentCipher MxAttachmentCipher;
/* NULL when libgcrypt fails. */
MxAttachmentCipher *mx_attachment_cipher_new(const MxAttachmentKey *key, MxAttachmentWay way);
void mx_attachment_cipher_free(MxAttachmentCipher *cipher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxAttachmentCipher, mx_attachment_cipher_free)
/* The next piece, of any length; in and out may be the same. FALSE, with out zero, when libgcrypt
 * fails. */
gboolean mx_attachment_cipher_next(MxAttachmentCipher *cipher, const guint8 *in, guint8 *out,
                                   gsize len);
/* The hash of all the ciphertext so far. Once, at the end. */
void mx_attachment_cipher_end(MxAttachmentCipher *cipher, guint8 sha256[MX_SHA256_LEN]);
/* The same, compared with what the sender says. FALSE: it is another file. */
gboolean mx_attachment_cipher_is_whole(MxAttachmentCipher *cipher, const MxAttachmentKey *key);

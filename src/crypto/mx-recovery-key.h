/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-primitives.h"

/* Recovery keys as people write them down (appendices, "Cryptographic key representation"). */

/* Groups of four characters. The caller frees with mx_secret_free(). */
char *mx_recovery_key_encode(const guint8 key[MX_KEY_LEN]);

/* White space of any kind is passed over. FALSE, with key zero, and MX_ERROR_INVALID with a
 * sentence for who typed it: which of its characters, its length, its beginning or its check is
 * wrong. */
gboolean mx_recovery_key_decode(const char *text, guint8 key[MX_KEY_LEN], GError **error);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-primitives.h"

/* Signed JSON (appendices, "Signing JSON"). What is signed is the object without `signatures` and
 * `unsigned`, members that nobody here knows included. */

#define MX_SIGNED_JSON_MAX_DEPTH 64

/* Reads an object whose signature is to be checked. mx_json_parse() mends what it cannot hold, and
 * then the signature would be checked over another text than the one that was signed; this refuses
 * instead (MX_ERROR_BAD_ANSWER): duplicate names, U+0000, lone surrogates, numbers that are not
 * written as integers ("1.0", "1e10") or are beyond +-(2^53-1), more than MX_SIGNED_JSON_MAX_DEPTH
 * containers. len may be -1.
 *
 * One bad device must not hide the others: a large answer is cut with mx-json-scan.h first, and
 * each of its objects given here as text. */
JsonObject *mx_signed_json_parse(const char *text, gssize len, GError **error);

/* TRUE when signatures.user_id.key_id is key's signature of the object, which comes from
 * mx_signed_json_parse(), or was built here. key_id: "ed25519:DEVICE". All else, a missing
 * signature and NULL too, is FALSE. */
gboolean mx_signed_json_verify(JsonObject *object, const char *user_id, const char *key_id,
                               const guint8 key[MX_KEY_LEN]);

typedef gboolean (*MxSignFunc)(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                               gpointer data, GError **error);

/* Sets signatures.user_id.key_id; other signatures stay. FALSE, and the object as it was, when it
 * has no canonical form (MX_ERROR_INVALID) or sign fails. */
gboolean mx_signed_json_sign(JsonObject *object, const char *user_id, const char *key_id,
                             MxSignFunc sign, gpointer data, GError **error);
/* An MxSignFunc; data is an Ed25519 seed of MX_KEY_LEN bytes. */
gboolean mx_sign_with_seed(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                           gpointer data, GError **error);

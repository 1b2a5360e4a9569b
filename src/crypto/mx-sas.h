/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-primitives.h"

/* The arithmetic of "Short Authentication String (SAS) verification". It needs no ratchet, and so
 * nothing of libolm. */

typedef struct _MxSas MxSas;

/* A fresh ephemeral key, for one flow (N12). NULL and MX_ERROR_FAILED: no randomness (A8). */
MxSas *mx_sas_new(GError **error);
MxSas *mx_sas_new_from_secret(const guint8 secret[MX_KEY_LEN]); /* for known answers */
void mx_sas_free(MxSas *sas); /* overwrites what was secret; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxSas, mx_sas_free)

const char *mx_sas_get_public(const MxSas *sas); /* base64 */
/* text: the other side's, base64. FALSE: no key of 32 bytes, of low order (A5), or the own one. */
gboolean mx_sas_set_other(MxSas *sas, const char *text);
const char *mx_sas_get_other(const MxSas *sas); /* base64 in our spelling, or NULL */

/* The rest needs the other side's key. */

#define MX_SAS_N_EMOJI 7
#define MX_SAS_N_NUMBERS 3
typedef struct {
    guint8 emoji[MX_SAS_N_EMOJI];      /* 0 to 63, of the specification's table */
    guint16 numbers[MX_SAS_N_NUMBERS]; /* 1000 to 9191 */
} MxSasText;
/* info: "SAS HKDF calculation" */
void mx_sas_get_text(const MxSas *sas, const char *info, MxSasText *text);

typedef enum {
    MX_SAS_MAC_V2,     /* hkdf-hmac-sha256.v2 */
    MX_SAS_MAC_BROKEN, /* hkdf-hmac-sha256, whose base64 is wrong */
} MxSasMac;
/* Base64; the caller frees. info: "MAC calculation" */
char *mx_sas_get_mac(const MxSas *sas, MxSasMac method, const char *text, const char *info);

/* Pure parts, for known answers. */
void mx_sas_text_from_bytes(const guint8 bytes[6], MxSasText *text);
char *mx_sas_encode_broken(const guint8 mac[MX_SHA256_LEN]);
/* N10: of the key (base64) and the start content as it was received, in canonical JSON. */
char *mx_sas_get_commitment(const char *key, const char *canonical);

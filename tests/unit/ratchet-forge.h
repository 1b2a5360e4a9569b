/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-primitives.h"

/* Olm and Megolm messages written by hand, with valid MACs and signatures around whatever is wrong
 * inside: what a hostile member of a room or a hostile device can send. */

typedef enum {
    FORGE_NOTHING,           /* a good message: shows that the forger can forge */
    FORGE_UNKNOWN_FIELD,     /* a field 5 */
    FORGE_FIELD_TWICE,       /* the number twice */
    FORGE_OTHER_ORDER,       /* the ciphertext before the number */
    FORGE_NO_NUMBER,         /* no number at all */
    FORGE_LONG_NUMBER,       /* not in its shortest form */
    FORGE_HUGE_NUMBER,       /* 2^32 and some, which libolm would cut off to "some" */
    FORGE_ENDLESS_NUMBER,    /* twenty bytes of 0xff */
    FORGE_EMPTY_CIPHERTEXT,  /* libolm reads the byte before its buffer */
    FORGE_UNEVEN_CIPHERTEXT, /* 17 bytes: libolm writes beyond its buffer */
    FORGE_LENGTH_BEYOND,     /* the ciphertext's length goes beyond the message */
    FORGE_VERSION,           /* a version 2 */
    FORGE_PADDING,           /* a padding longer than the text */
    FORGE_MAC,               /* a bad MAC (in Megolm below a good signature) */
    FORGE_SIGNATURE,         /* Megolm only */
    FORGE_MALLEATED,         /* Megolm only: S + L in place of S */
    FORGE_LAST,
} ForgeFlaw;

#define FORGE_TEXT "forged"

/* The seven encodings of points of low order that a key can have */
#define FORGE_N_LOW_ORDER 7
extern const guint8 forge_low_order[FORGE_N_LOW_ORDER][MX_KEY_LEN];

typedef struct {
    guint8 ratchet[128];
    guint32 counter; /* the ratchet's index */
    guint8 seed[MX_KEY_LEN], public[MX_KEY_LEN];
    guint8 uneven; /* the byte too many of FORGE_UNEVEN_CIPHERTEXT */
} ForgeMegolm;

/* The ratchet of libolm's own tests: "0123456789ABCDEF" eight times */
void forge_megolm_init(ForgeMegolm *megolm, guint32 counter);
char *forge_megolm_export(const ForgeMegolm *megolm);
char *forge_megolm_session_key(const ForgeMegolm *megolm);
/* index is what the message says; the key is that of the counter. */
char *forge_megolm_message(const ForgeMegolm *megolm, guint32 index, ForgeFlaw flaw);
/* Any bytes, with a good MAC and signature behind */
char *forge_megolm_wrap(const ForgeMegolm *megolm, const guint8 *data, gsize len);

typedef struct {
    guint8 identity[MX_KEY_LEN], base[MX_KEY_LEN], ratchet[MX_KEY_LEN]; /* secrets */
    guint8 identity_public[MX_KEY_LEN], base_public[MX_KEY_LEN], ratchet_public[MX_KEY_LEN];
    guint8 one_time[MX_KEY_LEN];
    guint8 chain_key[MX_SHA256_LEN];
} ForgeOlm;

/* A device of the attacker that begins a session with the other's keys. */
void forge_olm_init(ForgeOlm *olm, const guint8 identity[MX_KEY_LEN],
                    const guint8 one_time[MX_KEY_LEN]);
/* To the chain's next message */
void forge_olm_advance(ForgeOlm *olm);
/* The chain's current message, counted as number; a pre-key message has the same inside. */
char *forge_olm_normal(const ForgeOlm *olm, guint32 number, ForgeFlaw flaw);
char *forge_olm_pre_key(const ForgeOlm *olm, guint32 number, ForgeFlaw flaw);
/* A pre-key message with any bytes, and a good MAC behind */
char *forge_olm_wrap(const ForgeOlm *olm, const guint8 *data, gsize len);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto-private.h"
#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-primitives.h"

/* One machine with a clock of its own, and people whose keys are made here. */

#define ALICE "@alice:example.org" /* the machine's own */
#define BOB "@bob:example.org"
#define CAROL "@carol:far.example"

typedef struct {
    char *dir;
    MxStore *store;
    MxCrypto *crypto;
} Machine;

void machine_open(Machine *machine, const char *device_id);
void machine_close(Machine *machine); /* the folder stays */
void machine_clear(Machine *machine);
void machine_reopen(Machine *machine); /* as after the end of the program */
void machine_advance(gint64 ms);

/* Requests that are due; the caller unrefs. */
GPtrArray *machine_take(Machine *machine);
/* The one request that is due and has to be of this kind; the others are answered with 503. The
 * caller frees. */
MxCryptoRequest *machine_take_one(Machine *machine, MxCryptoRequestKind kind);
void machine_answer(Machine *machine, guint64 id, const char *body); /* 200 */
void machine_refuse(Machine *machine, guint64 id, guint status, const char *errcode,
                    const char *text);
/* How many news of this kind came since the last call; all are taken. */
guint machine_count_news(Machine *machine, MxCryptoNewsKind kind);
/* All that is known of devices and identities, as text. The caller frees. */
char *machine_digest(Machine *machine);

/* Keys of people: seeds are small numbers. */
typedef struct {
    const char *user_id, *device_id;
    guint8 ed25519, curve25519;
} Device;
char *key_of(guint8 seed); /* the Ed25519 public key, base64 */
char *curve_of(guint8 seed);
void sign_with(JsonObject *object, const char *user_id, const char *key_id, guint8 seed);
JsonObject *device_new(const Device *device); /* signed */
/* usage: "master", "self_signing", "user_signing". signer 0: unsigned. */
JsonObject *identity_new(const char *user_id, const char *usage, guint8 seed, guint8 signer);
void sign_with_identity(JsonObject *object, const char *user_id, guint8 seed);

/* An answer to /keys/query; objects are taken. */
typedef struct {
    JsonObject *root;
} Answer;
Answer answer_new(void);
void answer_add_user(Answer *answer, const char *user_id);
void answer_add_device(Answer *answer, const char *user_id, const char *device_id,
                       JsonObject *device);
void answer_add_identity(Answer *answer, const char *user_id, const char *usage,
                         JsonObject *identity);
char *answer_end(Answer *answer); /* the text; the caller frees */
/* Refreshes the users and answers the one /keys/query that comes of it. Frees text. */
void machine_learn(Machine *machine, char *text, ...) G_GNUC_NULL_TERMINATED;

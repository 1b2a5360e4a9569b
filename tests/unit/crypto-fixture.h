/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto-private.h"
#include "mx-device-list.h"

/* Several machines (MxCrypto) in one process, a homeserver in memory that carries what they say to
 * each other, and a clock that stands still until it is moved. */

typedef struct _CryptoWorld CryptoWorld;

typedef struct {
    CryptoWorld *world;
    char *user_id, *device_id, *dir;
    MxStore *store;
    MxCrypto *crypto;
    GQueue inbox; /* char *: to-device events that the homeserver has for it, JSON text */
} CryptoMachine;

/* What a machine has asked of the homeserver. */
typedef struct {
    CryptoMachine *machine;
    MxCryptoRequestKind kind;
    char *event_type, *txn_id, *body;
} CryptoSent;

struct _CryptoWorld {
    GPtrArray *machines;     /* CryptoMachine */
    GPtrArray *sent;         /* CryptoSent, the oldest first */
    GHashTable *device_keys; /* "user device" -> JSON text */
    GHashTable *one_time;    /* "user device" -> GQueue of the text {"signed_curve25519:ID": …} */
    GHashTable *fallback;    /* "user device" -> that text */
    GHashTable *identities;  /* "master_keys user" and the like -> JSON text */
    GHashTable *txn_ids;     /* of to-device messages that were taken */
    /* Answers in the homeserver's place: TRUE with *status, and *body for 2xx. NULL: never. */
    gboolean (*intercept)(CryptoMachine *machine, const MxCryptoRequest *request, guint *status,
                          char **body);
};

CryptoWorld *crypto_world_new(void);
void crypto_world_free(CryptoWorld *world);
/* The clock of all machines, milliseconds. */
gint64 crypto_world_now(void);
void crypto_world_advance(gint64 ms);

/* A new device, with an account of its own. The world owns it. */
CryptoMachine *crypto_world_add(CryptoWorld *world, const char *user_id, const char *device_id);
/* Closes the database and opens it again, as a program that was ended does. */
void crypto_machine_restart(CryptoMachine *machine);
/* A restart with a copy of the database made in the middle, and one with that copy put back. */
void crypto_machine_keep_copy(CryptoMachine *machine);
void crypto_machine_put_back(CryptoMachine *machine);
/* Gives the homeserver the device's keys and so many one-time keys, with a fallback key if wanted.
 */
void crypto_machine_publish(CryptoMachine *machine, guint n_one_time, gboolean fallback);
/* From now on `machine` knows the other device, and thinks so of it. */
void crypto_machine_meet(CryptoMachine *machine, CryptoMachine *other, MxDeviceTrust trust);
MxDevice *crypto_machine_find(CryptoMachine *machine, CryptoMachine *other); /* as it is known */

void crypto_machine_begin(CryptoMachine *machine);
void crypto_machine_commit(CryptoMachine *machine); /* ends the test when it cannot */
/* Sends what is due, once, and takes the answers. Gives the number of requests. */
guint crypto_machine_run(CryptoMachine *machine);
/* Takes what the homeserver has for it, in one transaction. Gives the number of events. */
guint crypto_machine_sync(CryptoMachine *machine);
/* Both, for all machines, until nothing happens any more. */
void crypto_world_settle(CryptoWorld *world);

/* As if the homeserver had the event for the machine. Takes content. */
void crypto_machine_deliver(CryptoMachine *machine, const char *sender, const char *type,
                            JsonObject *content);
/* Of this kind since the world began. */
guint crypto_world_count(CryptoWorld *world, CryptoMachine *machine, MxCryptoRequestKind kind,
                         const char *event_type);
/* All rows of the database but those of the tables named ("sealed olm_seen"), as one string that is
 * the same only when they are. The caller frees. */
char *crypto_machine_digest(CryptoMachine *machine, const char *except);

/* {"a": {"b": …}} and the like from text; ends the test when it is none. */
JsonObject *crypto_json(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Signs as the machine's device. */
void crypto_machine_sign(CryptoMachine *machine, JsonObject *object);

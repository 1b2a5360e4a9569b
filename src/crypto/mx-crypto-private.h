/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-backoff.h"
#include "mx-crypto.h"
#include "mx-ratchet.h"
#include "mx-vault.h"

/* For the files of this folder. */

#define MX_ALGORITHM_OLM "m.olm.v1.curve25519-aes-sha2"
#define MX_ALGORITHM_MEGOLM "m.megolm.v1.aes-sha2"

struct _MxCrypto {
    MxStore *store;
    MxVault *vault;
    MxOlmAccount *account;
    char *user_id, *device_id, *curve25519, *ed25519; /* own; keys in base64 */
    gint64 (*get_now_ms)(void);                       /* wall clock; tests set their own */
    guint64 next_request;
    gboolean is_synced;   /* a /sync of this run has been applied (mx-old-copy.h) */
    gint64 wait_ms;       /* see mx_crypto_get_wait() */
    GHashTable *requests; /* &id -> Pending (mx-crypto.c) */
    GPtrArray *due;       /* MxCryptoRequest, not taken yet */
    GPtrArray *news;      /* MxCryptoNews */
    /* mx-verification.h; or NULL */
    gboolean shows_codes;
    char *(*send_in_room)(MxStore *store, gint64 room, const char *type, const char *content);
    gpointer parts[16]; /* what each file keeps in memory, by MxCryptoPart */
};

/* ---- rows ---- */

/* Sealed rows (V2). What cannot be opened reads as not there, and is noted in the log by its kind
 * alone. */
GBytes *mx_crypto_load(MxCrypto *crypto, const char *kind, const char *key);
/* data NULL removes. A failure makes the transaction fail. */
void mx_crypto_save(MxCrypto *crypto, const char *kind, const char *key, GBytes *data);
void mx_crypto_save_account(MxCrypto *crypto); /* after every change of crypto->account */

#define MX_SEALED_ACCOUNT "account"

/* ---- requests ---- */

/* Once, within the transaction in which the answer is taken. */
typedef void (*MxCryptoAnswerFunc)(MxCrypto *crypto, const MxCryptoRequest *request,
                                   const MxCryptoAnswer *answer, gpointer user_data);
/* Takes body and user_data; destroy may be NULL. Requests live in memory only: what has to survive
 * a restart is made again from the database by the file's collector. */
void mx_crypto_add_request(MxCrypto *crypto, MxCryptoRequestKind kind, char *body,
                           MxCryptoAnswerFunc func, gpointer user_data, GDestroyNotify destroy);
/* The answer is one of a server that may do better later: no answer, 429, 5xx, 401. */
gboolean mx_crypto_answer_is_passing(const MxCryptoAnswer *answer);
/* How long (ms) to wait after such an answer. */
gint64 mx_crypto_get_retry_ms(MxBackoff *backoff, const MxCryptoAnswer *answer);

/* A file of this folder that has requests of its own. All are called by mx_crypto_take_requests(),
 * in one transaction, and make their requests with mx_crypto_add_request(). Gives in how many ms it
 * wants to be asked again, or -1. */
typedef gint64 (*MxCryptoCollectFunc)(MxCrypto *crypto);

/* ---- to-device messages ---- */

/* Puts a message on its way (V4: committed before it leaves; the same bytes and transaction ID each
 * time, V5). messages: {user ID: {device ID: content}}, at most MX_TO_DEVICE_MAX devices. owner:
 * a row of the table in mx-crypto.c, whose function is told when it has arrived; or NULL. */
#define MX_TO_DEVICE_MAX 250
void mx_crypto_send_to_device(MxCrypto *crypto, const char *type, JsonObject *messages,
                              const char *owner, const char *context);
/* Within the transaction that removes the row. messages as above. arrived FALSE: the homeserver has
 * refused it for good. */
typedef void (*MxToDeviceSentFunc)(MxCrypto *crypto, const char *type, JsonObject *messages,
                                   const char *context, gboolean arrived);

/* ---- news ---- */

void mx_crypto_tell(MxCrypto *crypto, MxCryptoNewsKind kind, gint64 room, const char *user_id,
                    const char *device_id, const char *text);

/* ---- memory ---- */

/* The part's own struct, made by create() at first use; destroy frees it with the machine, and in
 * mx_crypto_forget(). A row of the table in mx-crypto.c. */
typedef enum {
    MX_CRYPTO_PART_TO_DEVICE,
    MX_CRYPTO_PART_DEVICE_KEYS,
    MX_CRYPTO_PART_DEVICE_LIST,
    MX_CRYPTO_PART_OLM,
    MX_CRYPTO_PART_INBOUND,
    MX_CRYPTO_PART_SHARE,
    MX_CRYPTO_PART_KEY_REQUEST,
    MX_CRYPTO_PART_CROSS_SIGNING,
    MX_CRYPTO_PART_OLD_COPY,
    MX_CRYPTO_PART_VERIFICATION,
    MX_CRYPTO_N_PARTS,
} MxCryptoPart;
gpointer mx_crypto_get_part(MxCrypto *crypto, MxCryptoPart part);

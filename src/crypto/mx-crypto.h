/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* The encryption of one account: sans I/O. Events go in, and requests for the homeserver come out;
 * the client carries them and brings the answers. It belongs to the account's worker thread, as the
 * database does, and lives as long as the open database.
 *
 * Unless a function says that it commits, it changes rows within the caller's transaction, whose
 * errors are sticky (mx-store.h). Objects in memory that a rolled back transaction has changed are
 * dropped by mx_crypto_forget(). */

typedef struct _MxCrypto MxCrypto;

/* Opens the keys of this device, or makes them (B1), and attaches them to the store. Commits. The
 * keys of another device that the store has are dropped with its sessions; keys of messages stay.
 * MX_ERROR_KEYS_LOST (B3): the device had keys that cannot be read any more; no new ones may be
 * made under its ID, so the user has to sign in anew. Any other error: try again later. */
MxCrypto *mx_crypto_open(MxStore *store, const char *user_id, const char *device_id,
                         GError **error);
/* NULL: not open. Then nothing may be sent into encrypted rooms, and nothing can be read. */
MxCrypto *mx_crypto_of(MxStore *store);
/* After a failed commit: what is in memory may be ahead of the database, and is read anew. */
void mx_crypto_forget(MxCrypto *crypto);

const char *mx_crypto_get_user_id(MxCrypto *crypto);
const char *mx_crypto_get_device_id(MxCrypto *crypto);
const char *mx_crypto_get_ed25519(MxCrypto *crypto); /* own fingerprint, base64 */

/* ---- requests ---- */

typedef enum {
    MX_CRYPTO_KEYS_UPLOAD,    /* POST /keys/upload */
    MX_CRYPTO_KEYS_QUERY,     /* POST /keys/query */
    MX_CRYPTO_KEYS_CLAIM,     /* POST /keys/claim */
    MX_CRYPTO_SEND_TO_DEVICE, /* PUT /sendToDevice/{event_type}/{txn_id} */
    MX_CRYPTO_SIGNATURES,     /* POST /keys/signatures/upload */
    MX_CRYPTO_ACCOUNT_DATA,   /* PUT /user/{userId}/account_data/{event_type} */
} MxCryptoRequestKind;

typedef struct {
    guint64 id; /* of this run of the program */
    MxCryptoRequestKind kind;
    char *event_type; /* of MX_CRYPTO_SEND_TO_DEVICE and MX_CRYPTO_ACCOUNT_DATA */
    char *txn_id;     /* of MX_CRYPTO_SEND_TO_DEVICE */
    char *body;       /* JSON text */
} MxCryptoRequest;
void mx_crypto_request_free(MxCryptoRequest *request);

/* What came of a request. */
typedef struct {
    guint status;            /* HTTP; 0: no answer came */
    const char *errcode;     /* or NULL */
    const char *server_text; /* or NULL */
    const char *body; /* of a 2xx: JSON text of an object, validated by nobody yet; else NULL */
    gsize len;
    gint64 retry_after_ms; /* or -1 */
} MxCryptoAnswer;

/* Requests that are due, of MxCryptoRequest, to be sent in this order, all at once. Commits what
 * has to be durable before they leave. NULL and an error: nothing is to be sent. */
GPtrArray *mx_crypto_take_requests(MxCrypto *crypto, GError **error);
/* Every request taken gets one answer. Commits. */
gboolean mx_crypto_answer(MxCrypto *crypto, guint64 id, const MxCryptoAnswer *answer,
                          GError **error);
/* In how many ms mx_crypto_take_requests() will have more without anything happening; -1: never. */
gint64 mx_crypto_get_wait(MxCrypto *crypto);

/* ---- what is to be told ---- */

typedef enum {
    MX_CRYPTO_NEWS_ROOM_READY,          /* room: what waited for keys may be sent */
    MX_CRYPTO_NEWS_SESSION,             /* room, text (session ID): messages may be readable now */
    MX_CRYPTO_NEWS_IDENTITY_CHANGED,    /* user_id */
    MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED, /* user_id, device_id (D7); text: NULL, they are not used,
                                           or MX_CRYPTO_DEVICE_REPLACED */
    MX_CRYPTO_NEWS_OWN_DEVICE_WRONG,    /* B4: the homeserver has other keys for this device */
    MX_CRYPTO_NEWS_KEYS_REFUSED, /* room, user_id: the homeserver does not pass keys on to a device
                                    of theirs, and maybe of others; once for each session */
    MX_CRYPTO_NEWS_OLD_COPY,     /* V9: the database is older than what was used last */
    MX_CRYPTO_NEWS_SECOND_COPY,  /* V9: another program uses a copy of it */
    MX_CRYPTO_NEWS_NO_POLICY, /* room: unsigned devices get keys too, for want of cross-signing (U2)
                               */
    MX_CRYPTO_NEWS_TRUST,     /* user_id or NULL: what is shown of devices and people may differ */
    MX_CRYPTO_NEWS_NOT_SIGNED, /* there is an identity, and this device is not known to be of it */
    MX_CRYPTO_NEWS_IDENTITY_RESET,   /* the answer was lost, and the homeserver has taken it */
    MX_CRYPTO_NEWS_PUBLISH_IDENTITY, /* mx_cross_signing_get_upload() is to be uploaded */
} MxCryptoNewsKind;
#define MX_CRYPTO_DEVICE_REPLACED "replaced" /* it was gone, and came back with others: used */

typedef struct {
    MxCryptoNewsKind kind;
    gint64 room; /* room key, or 0 */
    char *user_id, *device_id, *text;
    guint64 n_commits; /* of the database, when it was told: the next one makes it true */
} MxCryptoNews;
void mx_crypto_news_free(MxCryptoNews *news);

/* Everything since the last call, of MxCryptoNews, after the commit that made it true. */
GPtrArray *mx_crypto_take_news(MxCrypto *crypto);

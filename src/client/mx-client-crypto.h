/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto.h"

/* Carries the encryption's requests, and hands on what it tells. The encryption itself runs on the
 * worker; the main loop has nothing but texts on their way. */

typedef struct _MxClient MxClient;

/* In MxClient. */
typedef struct {
    gboolean is_taking, again;          /* requests are being asked for; and once more after that */
    guint source;                       /* the next time without anything happening */
    guint64 serial;                     /* mx_device_keys_get_serial(), as last heard */
    char *failure;                      /* why the encryption is not open, for the user; or NULL */
    guint n_sent;                       /* requests without an answer */
    GCancellable *cancellable;          /* of these requests */
    void (*finished)(MxClient *client); /* see mx_client_crypto_finish(), or NULL */
    guint finish_source;
} MxCryptoLoop;

/* On the worker: opens the encryption of this session unless it is open, and reads what came while
 * it was not. FALSE and an error: the account works without; see mx_crypto_open(). */
gboolean mx_client_crypto_open(MxStore *store, const char *user_id, const char *device_id,
                               GError **error);
/* On the main loop: how that went. error NULL: it is open. */
void mx_client_crypto_opened(MxClient *client, const GError *error);
/* Something may be due: takes requests and sends them. After each applied /sync, and whenever the
 * user has done something that the encryption has to tell others. */
void mx_client_crypto_kick(MxClient *client);
/* Nothing more is sent, as client->is_signing_out is set; func is called once what has been sent is
 * answered, or given up after a few seconds. Not if the client is stopped meanwhile. */
void mx_client_crypto_finish(MxClient *client, void (*func)(MxClient *client));
void mx_client_crypto_clear(MxClient *client);
/* Why messages can be neither encrypted nor read, as a sentence; or NULL. */
const char *mx_client_crypto_get_failure(MxClient *client);

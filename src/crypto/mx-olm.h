/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-device-list.h"

/* Olm sessions with single devices (m.olm.v1.curve25519-aes-sha2). */

/* Unpadded, of exactly 32 bytes that can be a Curve25519 key (A1, A5); NULL: it is not. */
char *mx_olm_canonical_curve25519(const char *text);
/* Both name the same 32 bytes. */
gboolean mx_olm_same_key(const char *a, const char *b);

typedef enum {
    MX_OLM_READY,    /* there is a session */
    MX_OLM_CLAIMING, /* a one-time key is being asked for; wait for news */
    MX_OLM_NONE,     /* there is none, and asking has failed a moment ago: do without (H11) */
} MxOlmState;

/* Starts claiming a key where there is no session (E4, E5). */
MxOlmState mx_olm_prepare(MxCrypto *crypto, const MxDevice *device);
/* A message has waited long enough for the key of a device that is CLAIMING. mx_olm_is_late(): for
 * a while, and longer each time, or until there is an answer, no message should wait for it. */
void mx_olm_note_late(MxCrypto *crypto, const MxDevice *device);
gboolean mx_olm_is_late(MxCrypto *crypto, const MxDevice *device);
/* The homeserver has been answering claims with errors of its own for so long (ms) or longer: what
 * is CLAIMING is asked for at longer and longer intervals, and nothing should wait for it. */
gboolean mx_olm_is_failing(MxCrypto *crypto, gint64 since_ms);
/* The content of an m.room.encrypted to-device message: the payload with everything E9 wants. The
 * advanced session is saved. NULL and an error: no session, or the device must not be written to
 * (E10, A5). The caller unrefs. */
JsonObject *mx_olm_encrypt(MxCrypto *crypto, const MxDevice *device, const char *type,
                           JsonObject *content, GError **error);

/* In the clear, to that one device. */
void mx_olm_send_plain(MxCrypto *crypto, const MxDevice *device, const char *type,
                       JsonObject *content);
/* Encrypted, put on its way to that one device. FALSE: it could not be encrypted. */
gboolean mx_olm_send(MxCrypto *crypto, const MxDevice *device, const char *type,
                     JsonObject *content);

typedef enum {
    MX_OLM_DECRYPTED,
    MX_OLM_DUPLICATE, /* F9: seen before; of no consequence */
    MX_OLM_FAILED,    /* counts for unwedging (E6) where a device is known to have sent it */
    MX_OLM_REFUSED,   /* decrypted, but not what it claims to be (F4, F5) */
} MxOlmResult;

/* What an Olm message was. Strings are owned. */
typedef struct {
    char *sender;               /* user ID, checked */
    char *curve25519, *ed25519; /* of the sending device, base64. While device is NULL, ed25519 is
                                   only claimed: the device list has to confirm both (F6) */
    MxDevice *device;           /* the sender's device with those keys; NULL: not known (yet) */
    char *type;
    JsonObject *content;
} MxOlmMessage;
void mx_olm_message_clear(MxOlmMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxOlmMessage, mx_olm_message_clear)

/* event: a to-device m.room.encrypted, whole. The ratchet is saved whenever decryption succeeded
 * (E3). message is filled in for MX_OLM_DECRYPTED. */
MxOlmResult mx_olm_decrypt(MxCrypto *crypto, JsonObject *event, MxOlmMessage *message);

/* The device says that it has no session with us (L3): it gets a new one, at E6's pace. */
void mx_olm_unwedge(MxCrypto *crypto, const MxDevice *device);

/* A device is gone (D9): its sessions become a stranger's. The rows of mx-device-list.c. */
void mx_olm_note_device_gone(MxCrypto *crypto, const char *user_id, const char *device_id);

gint64 mx_olm_collect(MxCrypto *crypto); /* mx-crypto.c */
gpointer mx_olm_part_new(void);
void mx_olm_part_free(gpointer part);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-backoff.h"
#include "mx-crypto-private.h"
#include "mx-olm.h"

/* For mx-olm.c, mx-olm-decrypt.c, mx-olm-claim.c and mx-olm-sessions.c. */

/* Of a session that is for reading alone (V9). */
#define MX_OLM_RETIRED 0

/* One session with a device. */
typedef struct {
    char *key; /* of its sealed row */
    gint64 created_ms;
    guint64 order; /* among the device's sessions; the highest is the one to send with (E1) */
    MxOlmSession *session;
} MxOlmEntry;
void mx_olm_entry_free(MxOlmEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOlmEntry, mx_olm_entry_free)

/* D8: anybody can publish a copy of somebody's identity key, with one-time keys of their own. So a
 * session made from a claimed key is a user's; one that began with a message from the other side,
 * which takes the identity key itself, is the key's. */
#define MX_OLM_OF_KEY ""
/* Of MxOlmEntry, the one to send with first. curve25519: base64, unpadded. user_id: those to send
 * to this user with; or NULL: all. */
GPtrArray *mx_olm_sessions_load(MxCrypto *crypto, const char *curve25519, const char *user_id);
/* One to send with. */
gboolean mx_olm_sessions_exist(MxCrypto *crypto, const char *curve25519, const char *user_id);
/* The entry's ratchet has moved. A failure makes the transaction fail. */
void mx_olm_sessions_save(MxCrypto *crypto, const MxOlmEntry *entry);
/* A message was decrypted with the entry, which becomes the first one (E1); it is of sessions. */
void mx_olm_sessions_promote(MxCrypto *crypto, GPtrArray *sessions, MxOlmEntry *entry);
/* Takes session, which becomes the first one. user_id: or MX_OLM_OF_KEY. What is beyond
 * MX_OLM_MAX_SESSIONS goes. */
#define MX_OLM_MAX_SESSIONS 8
void mx_olm_sessions_add(MxCrypto *crypto, const char *curve25519, const char *user_id,
                         MxOlmSession *session);

/* There are sessions with this identity key, and no device that has it. Of keys that nothing more
 * is heard of, a limited number keeps its sessions, as anybody can make them. */
void mx_olm_note_stranger(MxCrypto *crypto, const char *curve25519);
/* From now on all that there are read alone, and none is sent with (V9). */
void mx_olm_sessions_retire_all(MxCrypto *crypto);

/* There is a session with it again. */
void mx_olm_note_session(MxCrypto *crypto, const char *curve25519, const char *user_id);

typedef struct {
    MxBackoff backoff;
    gint64 until_ms;
} MxOlmLate;

/* In memory: what is being asked for, and what was asked for in vain. */
typedef struct {
    GHashTable *in_flight; /* "curve25519 user ID" that a claim is under way for */
    GHashTable *late;      /* likewise -> MxOlmLate: whose claims a message waited for in vain */
    GHashTable *refreshed; /* curve25519 that no known device has: its user was asked for */
    MxBackoff backoff;     /* the homeserver does not answer */
    gint64 not_before_ms;
    gint64 failing_since_ms; /* answers, but with errors of its own; 0: it does not */
    guint batch_size;        /* of claims */
} MxOlmPart;

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"

/* Inbound Megolm sessions, and the events they read (m.megolm.v1.aes-sha2). */

/* Where a session came from, the better ones first (I3). */
typedef enum {
    MX_KEY_SOURCE_SELF,   /* our own outbound session's twin */
    MX_KEY_SOURCE_DIRECT, /* m.room_key over Olm from its creator */
    MX_KEY_SOURCE_FORWARDED,
    MX_KEY_SOURCE_BACKUP,
    MX_KEY_SOURCE_IMPORT,
    MX_KEY_SOURCE_BUNDLE,
} MxKeySource;

typedef struct {
    const char *room_id, *session_id; /* as the container claims; checked (I2) */
    const char *session_key; /* m.room_key's form for SELF and DIRECT, else the export form */
    const char *sender;      /* user ID of the creator where it is known by Olm, else NULL */
    const char *curve25519, *ed25519; /* of the creator's device, base64; ed25519 may be NULL */
    MxKeySource source;
    const char *forwarder; /* "curve25519" key of who forwarded it, or NULL */
    gboolean shared_history;
} MxRoomKey;

/* I2, I4, I5. TRUE: the session is new, or reaches further back, or is better trusted; then it is
 * told as MX_CRYPTO_NEWS_SESSION. */
gboolean mx_inbound_add(MxCrypto *crypto, const MxRoomKey *key);
/* The lowest index the session can read, or -1: not known. */
gint64 mx_inbound_get_first_index(MxCrypto *crypto, const char *room_id, const char *session_id);
/* The session in the export form from this index on, for an own device (K1); NULL: not known. */
char *mx_inbound_export(MxCrypto *crypto, const char *room_id, const char *session_id,
                        gint64 index);
/* The session as it was stored, for forwarding; fields of *key are owned by the caller through
 * mx_room_key_clear(). FALSE: not known. */
gboolean mx_inbound_get(MxCrypto *crypto, const char *room_id, const char *session_id,
                        MxRoomKey *key);
void mx_room_key_clear(MxRoomKey *key);

/* L: why the creator did not give the key. A later key deletes it. */
/* room_id and session_id NULL: all that the sender has sent so far (L3, m.no_olm). */
void mx_inbound_note_withheld(MxCrypto *crypto, const char *room_id, const char *session_id,
                              const char *sender, const char *code, const char *reason);

typedef enum {
    MX_READ_OK,
    MX_READ_NO_KEY,          /* asked for; may come */
    MX_READ_WITHHELD,        /* by its sender; code says why */
    MX_READ_INDEX_TOO_OLD,   /* I9 */
    MX_READ_UNSIGNED_DEVICE, /* MSC4153: read, but not shown */
    MX_READ_WRONG_SENDER,    /* I7 */
    MX_READ_REPLAY,          /* I8 */
    MX_READ_DAMAGED,
    MX_READ_UNKNOWN_ALGORITHM,
    MX_READ_NOT_TRIED, /* the encryption was not open */
} MxReadResult;

typedef enum {
    MX_SHIELD_NONE,
    MX_SHIELD_GREY, /* authenticity cannot be guaranteed: backup, import, bundle, forwarded */
    MX_SHIELD_RED_UNSIGNED,
    MX_SHIELD_RED_UNKNOWN_DEVICE,
    MX_SHIELD_RED_IDENTITY_CHANGED,
    MX_SHIELD_RED_NOT_ENCRYPTED, /* G8: in the clear, in a room that is encrypted */
} MxShield;

/* Both in the column `reading` of a timeline row. */
#define MX_READING_PACK(result, shield) ((int)(result) | (int)(shield) << 8)
#define MX_READING_RESULT(reading) ((MxReadResult)((reading)&0xff))
#define MX_READING_SHIELD(reading) ((MxShield)((reading) >> 8))

/* What an encrypted event says. Strings are owned. */
typedef struct {
    MxReadResult result;
    MxShield shield;
    char *type, *content; /* of MX_READ_OK and UNSIGNED_DEVICE; content: JSON text, with
                             m.relates_to of the cleartext (H9) merged in */
    char *code;           /* of MX_READ_WITHHELD */
    char *session_id;     /* when the event has a usable one */
    gboolean may_change;  /* in a moment: a key may be on its way, or the sender's devices are being
                             asked for */
} MxReading;
void mx_reading_clear(MxReading *reading);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxReading, mx_reading_clear)

/* content: of the m.room.encrypted event, JSON text. The replay row (I8) is written within the
 * caller's transaction, which also stores what is shown. */
void mx_inbound_read(MxCrypto *crypto, const char *room_id, const char *event_id,
                     const char *sender, gint64 ts, const char *content, MxReading *reading);
/* The session that the event names, or NULL: none that can be. content as above; caller frees. */
char *mx_inbound_dup_session_id(const char *content);
/* Whether messages of devices that their owner has not signed are kept back (U1): unless the user
 * wants all (MX_VALUE_ENCRYPT_TO), or has no identity that others could know (U2). */
gboolean mx_inbound_hides_unsigned(MxCrypto *crypto);

gpointer mx_inbound_part_new(void); /* mx-crypto.c */
void mx_inbound_part_free(gpointer part);

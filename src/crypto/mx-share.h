/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-device-list.h"

/* Outbound Megolm sessions, one a room, and who was given their keys (H). */

typedef enum {
    MX_SHARE_READY,
    MX_SHARE_WAIT,          /* for devices, one-time keys, or keys on their way: news will come */
    MX_SHARE_NEEDS_MEMBERS, /* D12: the room's list of members is not complete */
    MX_SHARE_IDENTITY_CHANGED,  /* H13: of *user_id; the user has to say what to do */
    MX_SHARE_UNKNOWN_ALGORITHM, /* G2 */
    MX_SHARE_NO_KEYS,           /* the encryption of this account is not open */
} MxShareState;

typedef struct {
    MxShareState state;
    char *user_id;       /* of MX_SHARE_IDENTITY_CHANGED */
    guint n_done, n_all; /* devices, of MX_SHARE_WAIT: for showing progress */
    gboolean has_more;   /* MX_SHARE_WAIT: only because it is much; call again at once (W5) */
} MxShareStep;
void mx_share_step_clear(MxShareStep *step);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxShareStep, mx_share_step_clear)

/* Within a transaction. Does what can be done now: rotates (H5, H6), makes a session, encrypts its
 * key for all eligible devices (H1-H4, U), tells others why not (H10). step is filled in. */
void mx_share_prepare(MxCrypto *crypto, gint64 room, MxShareStep *step);
/* After READY, in the same transaction: the content of the m.room.encrypted event (H9), JSON text;
 * the advanced session is saved (H12). m.relates_to stays in the clear. NULL and an error. */
char *mx_share_encrypt(MxCrypto *crypto, gint64 room, const char *type, const char *content,
                       GError **error);
/* H14 */
void mx_share_discard(MxCrypto *crypto, gint64 room);
/* H6: a device that may hold keys is gone (D9). The rows of mx-device-list.c name who is told. That
 * a member has left, and that one may have, the database itself takes note of (its triggers); that
 * visibility has changed, a device has been blocked or lost its owner's signature, is seen before
 * the next message. */
void mx_share_note_device_gone(MxCrypto *crypto, const char *user_id, const char *device_id);

/* Who is given keys (U3): a value of the database, so that it is known whenever something is sent:
 * "signed" (or nothing), "all", "verified". */
#define MX_VALUE_ENCRYPT_TO "encrypt_to"
typedef enum {
    MX_SHARE_WITH_SIGNED, /* devices that their owners have signed (MSC4153); the default. As long
                             as the user has no cross-signing: all, which is said once (U2) */
    MX_SHARE_WITH_ALL,
    MX_SHARE_WITH_VERIFIED, /* devices of verified people */
} MxSharePolicy;
/* Within a transaction, or without. */
void mx_share_set_policy(MxStore *store, MxSharePolicy policy);

/* The lowest index of this own outbound session that this very device (user, ID and curve key) was
 * given the key of; -1: never. */
gint64 mx_share_get_shared_index(MxCrypto *crypto, const char *room_id, const char *session_id,
                                 const MxDevice *device);
/* Gives the device once more what it was given (H7): the m.room_key of the session at the index
 * shared then, or, with room_id and session_id NULL, those of all current sessions (E6). It has an
 * Olm session. */
void mx_share_reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                      const char *session_id);

gint64 mx_share_collect(MxCrypto *crypto); /* mx-crypto.c */
void mx_share_note_sent(MxCrypto *crypto, const char *type, JsonObject *messages,
                        const char *context, gboolean arrived);
gpointer mx_share_part_new(void);
void mx_share_part_free(gpointer part);

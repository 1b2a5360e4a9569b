/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-inbound.h"
#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-ratchet.h"

/* The encryption of @me:x in a database, people with outbound sessions, and what is known of their
 * devices (in place of mx-device-list.c and mx-identity.c, by --wrap). */

MxCrypto *megolm_fixture_open(MxStore *store); /* commits; ends the test when it cannot */

/* A device that sends. */
typedef struct {
    const char *user_id;
    char *curve25519, *ed25519; /* base64 */
    MxMegolmOutbound *session;
    char *session_id;
} MegolmPeer;
MegolmPeer *megolm_peer_new(const char *user_id);
void megolm_peer_free(MegolmPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MegolmPeer, megolm_peer_free)
/* From here on, as m.room_key has it or (source beyond DIRECT) exported from `index` of first. */
gboolean megolm_peer_give(MegolmPeer *peer, MxCrypto *crypto, const char *room_id,
                          MxKeySource source);
/* The content of an event; payload is all that is inside. */
char *megolm_peer_encrypt(MegolmPeer *peer, const char *payload);
/* An m.text. */
char *megolm_peer_say(MegolmPeer *peer, const char *room_id, const char *body);

/* What the device list says of everybody, of nobody at first. */
void megolm_fixture_reset(void);
void megolm_fixture_know(MegolmPeer *peer, MxDeviceTrust trust);
extern gboolean megolm_fixture_is_pending;
extern MxIdentity *megolm_fixture_identity;     /* of whoever is asked for, or NULL */
extern MxIdentity *megolm_fixture_own_identity; /* of @me:x, or NULL: the same */
extern guint megolm_fixture_wanted;             /* calls of mx_key_request_want() */

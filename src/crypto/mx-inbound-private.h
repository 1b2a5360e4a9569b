/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-inbound.h"
#include "mx-ratchet.h"

/* Between mx-inbound-keys.c, which keeps the sessions, and mx-inbound.c, which reads with them. */

/* Who has made a session. */
typedef struct {
    char *sender; /* as Olm has said, or, of a key that came in a roundabout way, whose
                     message was read with it first; NULL: nobody's yet */
    char *curve25519, *ed25519; /* of the device; the second one may be NULL */
} MxInboundCreator;

typedef struct {
    MxMegolmInbound *ratchet;
    MxKeySource source;
    gboolean shared_history;
    MxInboundCreator creator;
    char *forwarder; /* or NULL */
    /* Whoever has a session can give it away as their own, also before its creator does. So what
     * others give over Olm as theirs is kept beside what was first, and reads what is theirs alone:
     * of MxInboundSession, or NULL. */
    GPtrArray *claims;
    gboolean is_claim;
} MxInboundSession;

/* NULL: not known. Valid until the next call of a function of mx-inbound.h. */
MxInboundSession *mx_inbound_find(MxCrypto *crypto, const char *room_id, const char *session_id);
/* Likewise; what that user claims goes before what is another's. */
MxInboundSession *mx_inbound_find_of(MxCrypto *crypto, const char *room_id, const char *session_id,
                                     const char *sender);
/* From now on the session is this user's, whoever gave the key (I7). */
void mx_inbound_bind(MxCrypto *crypto, const char *room_id, const char *session_id,
                     const char *sender);
/* 32 bytes in unpadded base64: what mx_megolm_inbound_get_id() gives, and nothing else, so that
 * "room|session" names one session only. */
gboolean mx_inbound_is_session_id(const char *session_id);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-inbound.h"
#include "mx-ratchet.h"

/* Between mx-inbound-keys.c, which keeps the sessions, and mx-inbound.c, which reads with them. */

typedef struct {
    MxMegolmInbound *ratchet;
    MxKeySource source;
    gboolean shared_history;
    char *sender;               /* of the creator, when Olm has said so; else NULL */
    char *curve25519, *ed25519; /* of the creator's device; the second one may be NULL */
    char *forwarder;            /* or NULL */
} MxInboundSession;

/* NULL: not known. Valid until the next call of a function of mx-inbound.h. */
MxInboundSession *mx_inbound_find(MxCrypto *crypto, const char *room_id, const char *session_id);
/* 32 bytes in unpadded base64: what mx_megolm_inbound_get_id() gives, and nothing else, so that
 * "room|session" names one session only. */
gboolean mx_inbound_is_session_id(const char *session_id);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto-private.h"
#include "mx-store-share.h"

/* The outbound Megolm session of a room: for mx-share.c. */

typedef struct {
    MxOutboundRow *row;
    MxMegolmOutbound *session;
} MxOutbound;
void mx_outbound_free(MxOutbound *outbound);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOutbound, mx_outbound_free)

/* NULL: there is none that may encrypt one more message (H5, H6). */
MxOutbound *mx_outbound_get(MxCrypto *crypto, const MxRoomRow *room);
/* A new one takes the place of what there was; its inbound twin is stored too (H2). NULL: the
 * transaction has failed. */
MxOutbound *mx_outbound_new(MxCrypto *crypto, const MxRoomRow *room);
/* The next message (H12): the ratchet is advanced, and saved. NULL and an error. */
char *mx_outbound_encrypt(MxCrypto *crypto, const MxRoomRow *room, MxOutbound *outbound,
                          const char *payload, GError **error);

/* The session_key from the present index on, kept so that it can be given again. Free with
 * mx_secret_free(). NULL: the transaction has failed. */
char *mx_outbound_keep_key(MxCrypto *crypto, const MxRoomRow *room, const MxOutbound *outbound);
/* One that was kept, of any session of this device; or NULL. */
char *mx_outbound_load_key(MxCrypto *crypto, const char *room_id, const char *session_id,
                           gint64 index);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-olm.h"

/* Keys of rooms that own devices give each other on request ("Key requests"). Everything happens
 * within the caller's transaction. */

/* A message cannot be read for want of this session, or of its beginning. Own verified devices are
 * asked, once an hour at most; with none nothing happens (K3). sender_curve25519: of the session's
 * creator, as the event has it, or NULL. */
void mx_key_request_want(MxCrypto *crypto, const char *room_id, const char *session_id,
                         const char *sender_curve25519);
/* It has come, from wherever: the devices that were asked are told so. mx_inbound_add() calls it.
 */
void mx_key_request_note_arrived(MxCrypto *crypto, const char *room_id, const char *session_id);

/* K2: an m.forwarded_room_key; taken when it was asked for and an own verified device sends it. */
void mx_key_request_receive(MxCrypto *crypto, const MxOlmMessage *message);
/* An m.room_key_request of another device, in the clear, whole. Answered later, in small numbers
 * (K1, K5). */
void mx_key_request_note_question(MxCrypto *crypto, JsonObject *event);

gint64 mx_key_request_collect(MxCrypto *crypto); /* mx-crypto.c */
gpointer mx_key_request_part_new(void);
void mx_key_request_part_free(gpointer part);

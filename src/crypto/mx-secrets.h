/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-olm.h"

/* Secrets that own devices give each other ("Sharing"). */

/* An m.secret.send over Olm, from an own verified device; anything else was dropped before. Whether
 * it was asked for (P8) and is what it should be (O4) is decided here. */
void mx_secrets_receive(MxCrypto *crypto, const MxOlmMessage *message);
/* An m.secret.request, or its cancellation, from our own user. event: whole, in the clear. */
void mx_secrets_note_request(MxCrypto *crypto, JsonObject *event);
/* Another own device is verified now: what was asked for and has not come is asked for again. */
void mx_secrets_ask_again(MxCrypto *crypto);

/* mx-crypto.c */
gint64 mx_secrets_collect(MxCrypto *crypto);

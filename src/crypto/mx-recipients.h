/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto-private.h"
#include "mx-device-list.h"

/* Which devices are to be given the keys of a room: for mx-share.c. */

typedef struct {
    MxDevice *device;
    const char *withheld; /* the code it is told instead (H10), static; NULL: it gets the key */
} MxRecipient;

typedef struct {
    GPtrArray *devices; /* MxRecipient */
    GPtrArray *pending; /* user IDs whose devices are being asked for (D11), of char * */
    char *changed_user; /* whose identity has changed (H13), or NULL */
} MxRecipients;
void mx_recipients_free(MxRecipients *recipients);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxRecipients, mx_recipients_free)

/* H1, U. Devices are listed only when nothing else has to come first. Who is not followed yet is
 * from now on. */
MxRecipients *mx_recipients_list(MxCrypto *crypto, const MxRoomRow *room);

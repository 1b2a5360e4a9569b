/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto.h"
#include "mx-store.h"

/* A copy of the database that is put back later, or runs beside the one it was made of, would use
 * the places of all ratchets a second time (V9). So the homeserver keeps a mark of this device's
 * database, as account data, which is another one after each start that encrypts something, and
 * each hour: who finds a mark there that is not its own has an older copy. Then nothing is
 * encrypted with what the copy has: new sessions begin, and the old ones are for reading alone. */

/* FALSE: it is not known yet whether this is an old copy, as no /sync of this run has been applied.
 * Nothing may be encrypted, and nothing leaves. */
gboolean mx_old_copy_is_checked(MxCrypto *crypto);

/* The account data of a /sync, of char * (one event each), in its transaction, before
 * mx_old_copy_note_sync(). */
void mx_old_copy_note_account_data(MxCrypto *crypto, GPtrArray *events);
/* An encrypted event of a room, in its transaction, which is not one that this database has sent:
 * it tells of a copy that was made while the program ran, and has the mark of that run. */
void mx_old_copy_note_event(MxCrypto *crypto, const MxRoomRow *room, const char *sender,
                            const char *content, const char *session_id);
void mx_old_copy_note_sync(MxCrypto *crypto);
void mx_old_copy_note_sync_failed(MxCrypto *crypto); /* its transaction */

/* A ratchet has moved: the homeserver's mark has to be of this run. */
void mx_old_copy_note_use(MxCrypto *crypto);

/* The type of account data that has the mark of a device. The caller frees. */
char *mx_old_copy_get_type(const char *device_id);
/* The homeserver's mark is about to be taken away; if this device goes on all the same, it is put
 * back. FALSE: there is none. */
gboolean mx_old_copy_note_blanked(MxCrypto *crypto);

/* mx-crypto.c */
gint64 mx_old_copy_collect(MxCrypto *crypto);
gpointer mx_old_copy_part_new(void);

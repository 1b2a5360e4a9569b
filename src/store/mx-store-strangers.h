/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Anybody can send keys to anybody. Those that nothing speaks for yet are noted here, so that no
 * more than so many of them stay; what is noted stands in sealed rows. */

/* Olm sessions with this identity key, which no known device has: it becomes the newest note. */
void mx_store_note_stranger(MxStore *store, const char *curve25519);
/* Takes away what is too much of these notes, the oldest ones: the identity keys (char *) that no
 * device has even now. */
GPtrArray *mx_store_take_strangers(MxStore *store);
void mx_store_remove_olm_peers(MxStore *store, const char *curve25519);

/* A new room key, sent by user_id. It is not noted when it is for an encrypted room that both this
 * account and the sender are in. */
void mx_store_note_stray_key(MxStore *store, const char *user_id, const char *room_id,
                             const char *session_id);
/* Takes away what is too much of these notes, of this user's and of all: "room ID|session ID" (char
 * *), the oldest ones first, those of rooms that this account is invited to last. Never a key that
 * has read something, and none of an encrypted room that this account and the sender are in; more
 * stay of one whose list of members is not complete. */
GPtrArray *mx_store_take_stray_keys(MxStore *store, const char *user_id);

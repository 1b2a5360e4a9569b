/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Encryption of rooms, as the user sets it. func as in mx-client.h; MX_ERROR_INVALID: a sentence.
 */

/* Whether that would be allowed, and of any use. */
void mx_client_check_encrypt(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                             GDestroyNotify destroy);
/* For good: no room is ever made plain again (G6). */
void mx_client_encrypt(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                       GDestroyNotify destroy);
/* The next message begins a new session (H14). */
void mx_client_discard_session(MxClient *client, MxRoom *room, MxRoomFunc func, gpointer user_data,
                               GDestroyNotify destroy);
/* Direct rooms that are made from now on are encrypted; default TRUE. Not while the encryption of
 * the account is not open. */
void mx_client_set_encrypts_direct(MxClient *client, gboolean encrypts);
gboolean mx_client_encrypts_direct(MxClient *client);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* The last messages of a room that anybody may read (D18; history_visibility "world_readable").
 * Nothing of them is stored, and nobody in the room learns of it. */

#define MX_PEEK_MESSAGES 20

/* text: lines of plain text, the oldest first, borrowed; NULL when error is set. Of people who are
 * ignored there is none. destroy is for user_data, may be NULL. */
typedef void (*MxPeekFunc)(MxClient *client, const char *text, const GError *error,
                           gpointer user_data);
void mx_client_peek(MxClient *client, const char *id_or_alias, MxPeekFunc func, gpointer user_data,
                    GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Events that lines are about and that are not here: lines wait for them, but not long. */

/* Lines may wait now; not while the homeserver has kept some waiting in vain. */
gboolean mx_quotes_may_wait(MxClient *client);
/* Asks for the events (char *, taken). func is called once, when all is answered or after 3 s, and
 * not when the client is stopped before; what comes later is kept too. destroy is for user_data. */
typedef void (*MxQuotesFunc)(MxClient *client, gpointer user_data);
void mx_quotes_fetch(MxClient *client, MxRoom *room, GPtrArray *event_ids, MxQuotesFunc func,
                     gpointer user_data, GDestroyNotify destroy);

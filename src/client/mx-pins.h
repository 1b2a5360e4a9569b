/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-look-up.h"

/* Pinned messages (client-server API, "m.room.pinned_events"): numbered from 1 on in the order of
 * the state event, the newest pin the last. */

/* So many are looked up. */
#define MX_PINS_MAX 20

/* found: as in mx-look-up.h, the last MX_PINS_MAX of them; before them are so many older ones. */
typedef void (*MxPinsFunc)(MxClient *client, MxRoom *room, guint older, GPtrArray *found,
                           gpointer user_data);
void mx_client_read_pins(MxClient *client, MxRoom *room, MxPinsFunc func, gpointer user_data,
                         GDestroyNotify destroy);

/* typed: which message, see mx-target.h; to unpin also its number. Others' pins stay as they are,
 * also what was pinned meanwhile. func as in mx-client.h; MX_ERROR_INVALID is a whole sentence. */
void mx_client_pin(MxClient *client, MxRoom *room, gboolean is_pinned, const char *typed,
                   MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store-presence.h"
#include "mx-sync-stage.h"

/* m.presence (client-server API, "Presence"). A server sends everybody's who is in a room with the
 * user; kept is that of partners of direct rooms, and of watched (a set of user IDs, or NULL).
 * Gives what was stored, of MxPresence. Worker only. */
GPtrArray *mx_sync_presence_apply(MxStore *store, const MxSyncStage *stage, GHashTable *watched);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Rooms that were closed by m.room.tombstone, and what has become of the way into the rooms that
 * stand in for them (client-server API, "Room upgrades"). */

typedef enum {
    MX_UPGRADE_NONE,     /* the room is open */
    MX_UPGRADE_KNOWN,    /* closed; the new room, if there is one, is not joined by itself */
    MX_UPGRADE_FOLLOWED, /* the new room is to be joined */
    MX_UPGRADE_AWAITED,  /* it takes an invitation, which is accepted by itself */
    MX_UPGRADE_APART,    /* the new room does not say that it continues this one */
    MX_UPGRADE_MOVED,    /* the new room has taken this one's place */
} MxUpgradeStage;

typedef struct {
    gint64 room;     /* key of the closed one */
    char *successor; /* room ID, or NULL: there is none */
    char *via;       /* the server that is asked for it, or NULL */
    MxUpgradeStage stage;
    int depth; /* so many upgrades led into this room, or were told in it before */
} MxUpgradeRow;

void mx_upgrade_row_free(MxUpgradeRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxUpgradeRow, mx_upgrade_row_free)

MxUpgradeRow *mx_store_get_upgrade(MxStore *store, gint64 room); /* NULL: it never had one */
void mx_store_save_upgrade(MxStore *store, const MxUpgradeRow *row);
gboolean mx_store_has_moved(MxStore *store, gint64 room); /* MX_UPGRADE_MOVED */
/* The depth of the upgrade that leads into this room, or -1. */
int mx_store_get_upgrade_depth(MxStore *store, const char *successor);

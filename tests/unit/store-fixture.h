/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Accounts' databases in folders of their own below the temporary folder. */

char *store_fixture_make_dir(void);           /* the caller frees */
void store_fixture_remove_dir(char *dir);     /* with all that is in it; frees dir */
MxStore *store_fixture_open(const char *dir); /* ends the test when it cannot */
void store_fixture_commit(MxStore *store);    /* ends the test when it cannot */

/* A joined room, stored. The caller frees. */
MxRoomRow *store_fixture_add_room(MxStore *store, const char *room_id);
/* A line at the room's end with body as its text; gives its ID. event_id and txn_id may be NULL. */
gint64 store_fixture_add_line(MxStore *store, MxRoomRow *room, const char *event_id,
                              const char *sender, const char *txn_id, const char *body,
                              MxDisplay display);
/* The same as store_fixture_add_line() with a queue item; gives the item's ID. */
gint64 store_fixture_add_item(MxStore *store, MxRoomRow *room, const char *txn_id,
                              const char *body);
/* The bodies of the rows in this state, in order: "a|b". The caller frees. */
char *store_fixture_list(MxStore *store, gint64 room, MxDisplay display);
/* Compares with store_fixture_list(). */
#define store_fixture_assert_list(store, room, display, expected)                                  \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *listed_ = store_fixture_list(store, room, display);                       \
        g_assert_cmpstr(listed_, ==, expected);                                                    \
    }                                                                                              \
    G_STMT_END

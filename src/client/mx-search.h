/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Looks for words in what is stored and then, for a room that is not encrypted, at the homeserver
 * too (client-server API, "Server Side Search"). What is looked for in an encrypted room, or
 * everywhere, is nobody else's business: those words are sent nowhere. */

#define MX_SEARCH_PAGE 20

typedef struct {
    MxLine *line;
    char *event_id;  /* or NULL */
    char *room_name; /* as it is shown */
} MxFound;

typedef struct {
    GPtrArray *stored, *from_server; /* of MxFound, the newest first */
    GError *server_error;            /* the server was asked and did not answer; or NULL */
    gint64 unindexed;                /* so many messages could not be looked at yet */
    gboolean has_more;
} MxFoundPage;

/* One search, which goes on page after page. Counted in references: g_rc_box_acquire(). */
typedef struct {
    char *words;
    gint64 room;          /* key, rooms that it continues included; 0: everywhere */
    gboolean asks_server; /* after what is stored */
    gboolean is_done;
    /* where it goes on */
    gboolean is_stored_done;
    gint64 before_ts, before_id;
    char *server_token;
    char **server_rooms; /* IDs */
    GHashTable *seen;    /* set of event IDs */
} MxSearch;

/* room NULL: everywhere. NULL: there is nothing to look for in these words. */
MxSearch *mx_search_new(const char *words, const MxRoom *room);
void mx_search_unref(MxSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxSearch, mx_search_unref)

/* page is borrowed; NULL with error: the database. One at a time of each search. */
typedef void (*MxFoundFunc)(MxClient *client, const MxFoundPage *page, const GError *error,
                            gpointer user_data);
void mx_client_search(MxClient *client, MxSearch *search, MxFoundFunc func, gpointer user_data,
                      GDestroyNotify destroy);

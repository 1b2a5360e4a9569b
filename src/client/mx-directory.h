/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-join-rule.h"

/* Rooms that one is not in: the lists of homeservers ("Published room directory"), what is in a
 * space ("Querying rooms inside of spaces"), what a room tells strangers ("Room summaries"), and
 * asking to be let in ("Knocking on rooms"). All texts are foreign, tidied. */

typedef struct {
    char *room_id;
    char *name;  /* or NULL */
    char *alias; /* the main one, or NULL; it may lead elsewhere */
    char *topic; /* one line, or NULL */
    char *link;  /* leads there, with servers to ask: a matrix.to link */
    gint64 people;
    MxJoinRule join_rule;
    gboolean is_space;
} MxListedRoom;

typedef struct {
    GPtrArray *rooms; /* of MxListedRoom, each ID once, at most MX_MAX_LISTED */
    guint left_out;   /* so many more were in the answer */
    char *next;       /* goes on here, or NULL */
} MxRoomPage;
#define MX_MAX_LISTED 2000

typedef struct {
    const char *server; /* whose list; NULL: the user's homeserver's */
    const char *words;  /* to search for, or NULL */
    const char *space;  /* link to it or its ID: what is in it instead; or NULL */
    const char *from;   /* of the page before, or NULL */
    guint limit;
} MxRoomQuery;

/* page NULL: error. query is copied. Not called once cancellable (or NULL) is cancelled. */
typedef void (*MxRoomPageFunc)(MxClient *client, const MxRoomPage *page, const GError *error,
                               gpointer user_data);
void mx_client_list_public(MxClient *client, const MxRoomQuery *query, GCancellable *cancellable,
                           MxRoomPageFunc func, gpointer user_data, GDestroyNotify destroy);

typedef struct {
    char *name; /* or NULL */
    MxJoinRules *rules;
} MxRoomSummary;
/* summary NULL: the homeserver does not tell. */
typedef void (*MxRoomSummaryFunc)(MxClient *client, const MxRoomSummary *summary,
                                  gpointer user_data);
void mx_client_summarize(MxClient *client, const char *id_or_alias, const char *const *via,
                         MxRoomSummaryFunc func, gpointer user_data, GDestroyNotify destroy);

/* Asks to be let in; func as in mx-client.h. */
void mx_client_knock(MxClient *client, const char *id_or_alias, const char *const *via,
                     const char *reason, MxRoomFunc func, gpointer user_data,
                     GDestroyNotify destroy);

typedef struct {
    char *user_id;
    char *name;   /* or NULL */
    char *reason; /* or NULL */
} MxKnock;
#define MX_MAX_KNOCKS 500
/* Who asks to be let into the room now, of MxKnock; NULL: error. */
typedef void (*MxKnocksFunc)(MxClient *client, GPtrArray *knocks, const GError *error,
                             gpointer user_data);
void mx_client_list_knocks(MxClient *client, const char *room_id, MxKnocksFunc func,
                           gpointer user_data, GDestroyNotify destroy);
void mx_client_deny_knock(MxClient *client, const char *room_id, const char *user_id,
                          const char *reason, MxRoomFunc func, gpointer user_data,
                          GDestroyNotify destroy);

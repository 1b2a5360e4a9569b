/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* What can be learnt of a person, and the user's own profile (client-server API, "Profiles"). */

typedef struct {
    char *key, *text; /* tidied */
} MxProfileField;

typedef struct {
    char *user_id;
    char *display_name; /* tidied, or NULL */
    char *avatar_url;   /* a valid mxc:// URI, or NULL */
    char *time_zone;    /* a plausible name of the tz database, or NULL */
    char *pronouns;
    GPtrArray *fields;            /* of MxProfileField: all others */
    guint more_fields;            /* so many were too many */
    char *presence;               /* "online", "unavailable", "offline", or NULL: not known */
    char *status_text;            /* tidied, or NULL */
    gint64 last_active_ms;        /* wall clock, or 0 */
    gboolean is_currently_active; /* just now */
    GPtrArray *rooms;             /* of char *: names of the rooms in common, but the direct one */
    gboolean has_all_rooms;       /* the server has said so; else what is known here */
    GError *error;                /* why there is no profile, or NULL */
} MxPerson;

/* person is borrowed. */
typedef void (*MxPersonFunc)(MxClient *client, const MxPerson *person, gpointer user_data);
/* Always answers, within half a minute or so, unless the client is stopped before. user_id is
 * valid. only_profile: presence and rooms are not asked for. destroy is for user_data. */
void mx_client_look_up(MxClient *client, const char *user_id, gboolean only_profile,
                       MxPersonFunc func, gpointer user_data, GDestroyNotify destroy);

/* error NULL: done. */
typedef void (*MxProfileFunc)(MxClient *client, const GError *error, gpointer user_data);
/* text "": none. "own-name" and "own-avatar" tell of the outcome, too. */
void mx_client_set_display_name(MxClient *client, const char *text, MxProfileFunc func,
                                gpointer user_data, GDestroyNotify destroy);
void mx_client_set_avatar_url(MxClient *client, const char *mxc, MxProfileFunc func,
                              gpointer user_data, GDestroyNotify destroy);

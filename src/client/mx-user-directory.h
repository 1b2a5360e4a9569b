/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* The homeserver's directory of people (client-server API, "User Directory"). */

typedef struct {
    char *user_id;      /* valid */
    char *display_name; /* tidied, or NULL */
} MxFoundPerson;

/* people (of MxFoundPerson, each once) is borrowed; NULL with an error. is_limited: there are more.
 */
typedef void (*MxSearchFunc)(MxClient *client, GPtrArray *people, gboolean is_limited,
                             const GError *error, gpointer user_data);
/* func is called once, unless the client is stopped before; destroy is for user_data. */
void mx_client_search_people(MxClient *client, const char *words, MxSearchFunc func,
                             gpointer user_data, GDestroyNotify destroy);

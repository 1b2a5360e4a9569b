/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* A room's state as the homeserver has it, read and written event by event; and events of the
 * user's own making. For the curious, and for what nothing else here knows of. */

typedef struct {
    const char *type;         /* NULL: a list of all */
    const char *key;          /* with a type; NULL in a list: any */
    const char *const *words; /* of a list: see MxStateFilter; or NULL */
    const char *at;           /* as it was at a message, "HH:MM[:SS]" as in mx-target.h; or NULL */
} MxStateQuery;

/* text is plain, NULL on an error. MX_ERROR_INVALID is a whole sentence. */
typedef void (*MxTextFunc)(MxClient *client, const char *text, const GError *error,
                           gpointer user_data);
/* Copies the query. destroy is for user_data, may be NULL. */
void mx_client_read_state(MxClient *client, MxRoom *room, const MxStateQuery *query,
                          MxTextFunc func, gpointer user_data, GDestroyNotify destroy);

/* content: JSON text of an object, as the user typed it: MX_ERROR_INVALID when it is none. */
void mx_client_write_state(MxClient *client, MxRoom *room, const char *type, const char *key,
                           const char *content, MxRoomFunc func, gpointer user_data,
                           GDestroyNotify destroy);
/* Of the timeline. In an encrypted room it is encrypted, and func is called when it is on its way.
 */
void mx_client_send_event(MxClient *client, MxRoom *room, const char *type, const char *content,
                          MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);
/* Whether text is a JSON object that an event may hold: its numbers are whole. */
gboolean mx_client_is_json_object(const char *text);

/* The room's window shows events that nothing is known about, from now on. */
void mx_client_set_shows_all(MxClient *client, MxRoom *room, gboolean shows_all);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-client-private.h"

/* State that others write too: what the homeserver has now is read (what /sync has told may be
 * older), changed and written back, so that members nobody here knows stay, and nothing is taken
 * back that was changed a moment ago. Refused before anything is asked where the user's power is
 * known not to suffice: the error is MX_ERROR_INVALID. */

/* On the worker. content: as it is now, or empty. FALSE: error; TRUE and *is_same set: nothing is
 * to be written. */
typedef gboolean (*MxStateEditFunc)(MxStore *store, gint64 room, JsonObject *content,
                                    gconstpointer edit_data, gboolean *is_same, GError **error);

typedef struct {
    const char *type;     /* static; the state key is empty */
    MxStateEditFunc edit; /* NULL: only the power is looked at */
    gpointer edit_data;
    GDestroyNotify free_edit_data; /* or NULL */
} MxStateEdit;

/* edit is copied. func as in mx-client.h. */
void mx_client_edit_state(MxClient *client, MxRoom *room, const MxStateEdit *edit, MxRoomFunc func,
                          gpointer user_data, GDestroyNotify destroy);

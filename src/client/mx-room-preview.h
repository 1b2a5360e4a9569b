/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* What can be known of a room before it is joined (D18; client-server API, "Room Summaries"). */

/* text: lines of plain text, borrowed; NULL when error is set. */
typedef void (*MxPreviewFunc)(MxClient *client, const char *text, const GError *error,
                              gpointer user_data);
/* via: servers that may know the room, or NULL. */
void mx_client_preview(MxClient *client, const char *id_or_alias, const char *const *via,
                       MxPreviewFunc func, gpointer user_data, GDestroyNotify destroy);

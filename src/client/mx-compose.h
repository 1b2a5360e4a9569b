/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-store.h"
#include "mx-text-format.h"

/* From what was typed to the contents of events that servers take (client-server API, "Size
 * limits"). Worker only. */

/* A text is sent in so many messages at most. */
#define MX_COMPOSE_MAX_PARTS 20

/* The contents (JSON texts) of the messages, in order, that content, of m.room.message, makes: its
 * names are links (mx-mention.h), its text formatted, and where it is too long for one event it is
 * cut. What it relates to, and the mention of `also` (may be NULL), is the first one's; a thread,
 * all of them's. content is changed. NULL and a sentence when that cannot be done. */
GPtrArray *mx_compose(MxStore *store, const MxRoomRow *room, const char *own_user_id,
                      JsonObject *content, const char *also, MxTextFormat format, GError **error);

/* FALSE and a sentence when the content (JSON text) is too long for one event of the room. */
gboolean mx_compose_check(const MxRoomRow *room, const char *content, GError **error);

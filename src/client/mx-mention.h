/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-store.h"
#include "mx-text-format.h"

/* Who is meant by a message that is written here (client-server API, "User and room mentions").
 *
 * Sets m.mentions of content, an own message's with its body, and makes links of the names of
 * members: "Name:" at its beginning, "@name" and user IDs in it. "@room" counts where the user's
 * power allows it. Names in code are nobody's. Never the own ID; the user `also` (may be NULL)
 * besides. A body in Markdown is formatted (F5); nothing is in a literal one, which alerts all the
 * same. Worker only. */
void mx_mention_apply(MxStore *store, gint64 room, const char *own_user_id, JsonObject *content,
                      const char *also, MxTextFormat format);

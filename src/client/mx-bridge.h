/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Where a room leads to on other networks, as the bridges in it say: state of the type m.bridge
 * (MSC2346), or uk.half-shot.bridge, its name until it is accepted. Foreign text. */

#define MX_BRIDGE_MAX 10

/* One line for people, from the protocol to the channel: "IRC, Libera.Chat, #roses". content: JSON
 * text. NULL: it names nothing, as after a bridge has gone. The caller frees. */
char *mx_bridge_describe(const char *content);

/* Worker only. The lines of all bridges of the room (char *), each once, at most MX_BRIDGE_MAX. */
GPtrArray *mx_bridge_list(MxStore *store, gint64 room);

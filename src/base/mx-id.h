/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Identifiers (appendices, "Common Identifier Format"). Room and event IDs are opaque: since room
 * version 12 a room ID has no server name. Validity here is what a client may rely on (sigil,
 * length of at most 255 bytes, UTF-8, no control characters or spaces), not the stricter grammar
 * for new identifiers: historical ones must work. */

gboolean
mx_user_id_is_valid(const char *id); /* "@localpart:server_name", split at the first colon */
gboolean mx_room_id_is_valid(const char *id);
gboolean mx_room_alias_is_valid(const char *id);
gboolean mx_event_id_is_valid(const char *id);
/* hostname, IPv4 or [IPv6], with an optional port */
gboolean mx_server_name_is_valid(const char *name);

/* Both need a valid user ID; the caller frees. */
char *mx_user_id_get_localpart(const char *user_id);
char *mx_user_id_get_server_name(const char *user_id);
char *mx_user_id_new(const char *localpart, const char *server_name);
/* The host of a server name, without its port (an IPv6 literal keeps its brackets). The caller
 * frees. */
char *mx_server_name_get_host(const char *server_name);

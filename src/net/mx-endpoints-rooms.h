/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-endpoints.h"

/* Addresses of rooms, lists of rooms, and knocking. As in mx-endpoints.h. */

/* GET, PUT and DELETE /v3/directory/room/{roomAlias} */
MxRequest *mx_endpoint_resolve_alias(const char *alias);
MxRequest *mx_endpoint_add_alias(const char *alias, const char *room_id);
MxRequest *mx_endpoint_remove_alias(const char *alias);
MxRequest *mx_endpoint_aliases(const char *room_id); /* GET /v3/rooms/{roomId}/aliases */
/* GET and PUT /v3/directory/list/room/{roomId} */
MxRequest *mx_endpoint_visibility(const char *room_id);
MxRequest *mx_endpoint_set_visibility(const char *room_id, gboolean is_public);
/* POST /v3/publicRooms; server, words, since NULL: none. No time-out: another server is asked. */
MxRequest *mx_endpoint_public_rooms(const char *server, const char *words, const char *since,
                                    guint limit);
/* GET /v1/rooms/{roomId}/hierarchy, one level deep; from NULL: the beginning. No time-out. */
MxRequest *mx_endpoint_hierarchy(const char *room_id, const char *from, guint limit);
/* GET /v1/room_summary/{roomIdOrAlias}, or the path it had before version 1.15 of the
 * specification; via NULL: none. Late it is worth nothing. */
MxRequest *mx_endpoint_room_summary(const char *id_or_alias, const char *const *via,
                                    gboolean is_stable);
/* GET /v3/rooms/{roomId}/messages: the newest ones, and who wrote them */
MxRequest *mx_endpoint_peek(const char *room_id, guint limit);
/* POST /v3/search in these rooms, the newest first; from NULL: the beginning. */
MxRequest *mx_endpoint_search(const char *words, const char *const *rooms, const char *from,
                              guint limit);
/* POST /v3/knock/{roomIdOrAlias}; via, reason NULL: none. No time-out. */
MxRequest *mx_endpoint_knock(const char *id_or_alias, const char *const *via, const char *reason);
MxRequest *mx_endpoint_members_who(const char *room_id, const char *membership);

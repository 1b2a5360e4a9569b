/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Addresses of rooms (client-server API, "Room aliases" and m.room.canonical_alias), and whether
 * the homeserver's list of rooms has one ("Published room directory"). */

/* As they come from a homeserver, of char *; valid, at most MX_MAX_ALIASES. */
typedef void (*MxAliasesFunc)(MxClient *client, GPtrArray *aliases, const GError *error,
                              gpointer user_data);
#define MX_MAX_ALIASES 200

/* All that lead to the room from the user's own homeserver. */
void mx_client_list_aliases(MxClient *client, const char *room_id, MxAliasesFunc func,
                            gpointer user_data, GDestroyNotify destroy);
/* room_id of func: where it leads. */
void mx_client_resolve_alias(MxClient *client, const char *alias, MxRoomFunc func,
                             gpointer user_data, GDestroyNotify destroy);
void mx_client_add_alias(MxClient *client, const char *alias, const char *room_id, MxRoomFunc func,
                         gpointer user_data, GDestroyNotify destroy);
void mx_client_remove_alias(MxClient *client, const char *alias, const char *room_id,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);

/* What the room itself says of its addresses. Where the user's power is known not to suffice, error
 * is MX_ERROR_INVALID and nothing is asked. */
typedef enum {
    MX_ALIAS_CHECK,  /* nothing but the power for it */
    MX_ALIAS_MAIN,   /* it becomes the main one; NULL: there is none */
    MX_ALIAS_NAME,   /* it is one of the others, unless it is the main one */
    MX_ALIAS_UNNAME, /* it is none of them */
} MxAliasEdit;
void mx_client_edit_aliases(MxClient *client, MxRoom *room, MxAliasEdit edit, const char *alias,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);

typedef void (*MxVisibilityFunc)(MxClient *client, gboolean is_public, const GError *error,
                                 gpointer user_data);
void mx_client_get_visibility(MxClient *client, const char *room_id, MxVisibilityFunc func,
                              gpointer user_data, GDestroyNotify destroy);
void mx_client_set_visibility(MxClient *client, const char *room_id, gboolean is_public,
                              MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* A room that is to be made (client-server API, "Creation"), and how it is typed: words of its name
 * and then options, "--option value". Strings are owned; NULL or empty: the homeserver's choice. */
typedef struct {
    char *name, *topic, *alias_localpart, *version;
    char *type;                         /* "m.space" */
    char *join_rule, *history, *guests; /* values of the state events of these names */
    char *power, *creation; /* JSON objects: power_level_content_override, creation_content */
    gboolean is_public;     /* anybody may join, and the room directory lists it */
    gboolean is_listed, is_unlisted; /* in the directory, whoever may join */
    gboolean is_local;               /* people of other homeservers cannot take part */
    gboolean is_encrypted;
    GPtrArray *invitees; /* user IDs */
    GPtrArray *state;    /* of JsonObject: further events */
} MxNewRoom;

MxNewRoom *mx_new_room_new(void);
void mx_new_room_free(MxNewRoom *room);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxNewRoom, mx_new_room_free)

/* own_server: of the user, for addresses. NULL and MX_ERROR_INVALID, with a sentence for the user.
 * The caller frees. */
MxNewRoom *mx_new_room_parse(const char *typed, const char *own_server, GError **error);
/* "name", "#name" or "#name:server" of the own server, or nothing; NULL: it is none of these. The
 * caller frees. */
char *mx_new_room_read_alias(const char *typed, const char *own_server);
/* Adds user IDs, or links to people, with white space or commas between. FALSE: one is none. */
gboolean mx_new_room_add_people(MxNewRoom *room, const char *typed, GError **error);
/* Whether the user has asked for encryption, by whichever option. */
gboolean mx_new_room_wants_encryption(const MxNewRoom *room);
/* Body of POST /createRoom. The caller owns it. */
JsonObject *mx_new_room_to_json(const MxNewRoom *room);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Who may come into a room (client-server API, m.room.join_rules). */

typedef enum {
    MX_JOIN_RULE_UNKNOWN, /* "private", or one from the future: nobody but who is invited */
    MX_JOIN_RULE_PUBLIC,
    MX_JOIN_RULE_INVITE,
    MX_JOIN_RULE_KNOCK,
    MX_JOIN_RULE_RESTRICTED,
    MX_JOIN_RULE_KNOCK_RESTRICTED,
} MxJoinRule;

/* Absent means "invite". */
MxJoinRule mx_join_rule_from_slice(MxJsonSlice slice);
gboolean mx_join_rule_has_knock(MxJoinRule rule);
gboolean mx_join_rule_is_restricted(MxJoinRule rule);

typedef struct {
    MxJoinRule rule;
    GPtrArray *allowed; /* IDs (char *) of rooms whose members may join, at most MX_MAX_ALLOWED */
} MxJoinRules;
#define MX_MAX_ALLOWED 50

void mx_join_rules_free(MxJoinRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxJoinRules, mx_join_rules_free)
/* content: of m.room.join_rules. */
MxJoinRules *mx_join_rules_parse(MxJsonSlice content);
/* NULL, or why a room of this version cannot have that rule; the caller frees. version: as
 * m.room.create has it, or NULL. */
char *mx_join_rule_find_obstacle(MxJoinRule rule, const char *version);

/* rules is borrowed. Not called when the room is gone meanwhile. */
typedef void (*MxJoinRulesFunc)(MxClient *client, MxRoom *room, const MxJoinRules *rules,
                                gpointer user_data);
void mx_client_get_join_rules(MxClient *client, MxRoom *room, MxJoinRulesFunc func,
                              gpointer user_data, GDestroyNotify destroy);
/* allowed: room IDs for a restricted rule; NULL: those of now, else the joined spaces that the room
 * is in. Where power, the room's version or the lack of such a space stand against it, error is
 * MX_ERROR_INVALID and nothing is asked. */
void mx_client_set_join_rule(MxClient *client, MxRoom *room, MxJoinRule rule,
                             const char *const *allowed, MxRoomFunc func, gpointer user_data,
                             GDestroyNotify destroy);

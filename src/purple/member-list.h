/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* The list of members in a chat's window: names that are unique, roles as libpurple's flags, and a
 * limit, since both clients' lists become slow. Filled in slices. */

/* Account option: so many are listed; beyond it those with power and those who write. */
#define MXP_OPTION_MAX_MEMBERS "max_members"
#define MXP_MAX_MEMBERS 2000

typedef struct _MxpMemberList MxpMemberList;

/* id: of the chat. */
MxpMemberList *mxp_member_list_new(MxpAccount *mxp, int id);
void mxp_member_list_free(MxpMemberList *list);

/* Asks for the members; again, when so many have changed that they are not told one by one. */
void mxp_member_list_load(MxpMemberList *list, MxRoom *room);
/* Of MxMember. */
void mxp_member_list_update(MxpMemberList *list, GPtrArray *members);
/* Learns the sender's name; who is beyond the limit is listed from now on. */
void mxp_member_list_note_sender(MxpMemberList *list, const MxLine *line);
/* NULL when it is not known. */
const char *mxp_member_list_get_name(MxpMemberList *list, const char *user_id);
/* The Matrix ID of the only member who is shown so, or whose display name it is. NULL: none, or,
 * with *is_shared, several. The caller frees. */
char *mxp_member_list_find(MxpMemberList *list, const char *name, gboolean *is_shared);
/* What is added or removed in this moment is not announced. */
gboolean mxp_member_list_is_silent(MxpMemberList *list);

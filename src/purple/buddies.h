/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>
#include <conversation.h>

#include "account.h"

/* People: a buddy for each Matrix ID that has a direct room. */

void mxp_buddies_init(MxpAccount *mxp); /* finds the buddies that are in the list already */
void mxp_buddies_clear(MxpAccount *mxp);
void mxp_buddies_update(MxpAccount *mxp, MxRoom *room);
/* What a person calls themselves; NULL: nothing. The alias that the user chose goes before. */
void mxp_buddies_set_name(MxpAccount *mxp, const char *user_id, const char *name);
/* After connecting: nobody's presence is known, and who is not seen as available is not seen at
 * all. */
void mxp_buddies_show_present(MxpAccount *mxp);
/* The IM window of a direct room, made when there is none. */
PurpleConversation *mxp_buddies_open_im(MxpAccount *mxp, MxRoom *room);
PurpleConversation *mxp_buddies_find_im(MxpAccount *mxp, const char *user_id);

/* Hooks */
void mxp_buddies_add(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group);
void mxp_buddies_add_with_invite(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group,
                                 const char *message);
void mxp_buddies_remove(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group);
/* libpurple removes and adds every buddy of a group on the server when there is no such hook. */
void mxp_buddies_rename_group(PurpleConnection *gc, const char *old_name, PurpleGroup *group,
                              GList *moved);
const char *mxp_buddies_normalize(const PurpleAccount *account, const char *name);
void mxp_buddies_convo_closed(PurpleConnection *gc, const char *who);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <blist.h>
#include <notify.h>
#include <status.h>

#include "account.h"

/* Presence and status messages, both ways. A homeserver may know nothing of it: people are shown as
 * available until something is heard of them. */

void mxp_presence_init(MxpAccount *mxp);
void mxp_presence_clear(MxpAccount *mxp);
/* Something was heard of a person. */
void mxp_presence_update(MxpAccount *mxp, const MxPresence *presence);
/* The person's buddy as far as is known. */
void mxp_presence_show(MxpAccount *mxp, const char *user_id);
/* When somebody was last active, in words; active_ms: wall clock, 0: not known. NULL: nothing is
 * known. The caller frees. */
char *mxp_presence_describe_active(gboolean is_active, gint64 active_ms);

/* Hooks */
GList *mxp_presence_status_types(PurpleAccount *account);
void mxp_presence_set_status(PurpleAccount *account, PurpleStatus *status);
void mxp_presence_set_idle(PurpleConnection *gc, int seconds);
char *mxp_presence_status_text(PurpleBuddy *buddy);
void mxp_presence_tooltip_text(PurpleBuddy *buddy, PurpleNotifyUserInfo *info, gboolean full);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "invite-rule.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "confirm.h"
#include "mx-invite-rule.h"
#include "reply.h"

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void on_rule(MxClient *client, gboolean is_blocking, gpointer reply)
{
    if (is_blocking)
        mxp_reply_say(reply, _("Your homeserver refuses all invitations to you. /invites allow "
                               "lets them come again."));
}

void mxp_invite_rule_say(MxpAccount *mxp, PurpleConversation *conversation)
{
    mx_client_get_invite_rule(mxp->client, on_rule, mxp_reply_new(mxp, conversation), free_reply);
}

/* ---- set ---- */

typedef struct {
    MxpReply *reply;
    gboolean is_blocking;
} Change;

static void change_free(gpointer data)
{
    Change *change = data;
    mxp_reply_free(change->reply);
    g_free(change);
}

static void on_set(MxClient *client, const GError *error, gpointer data)
{
    Change *change = data;
    g_autofree char *why =
        error != NULL ? mxp_reply_explain(MXP_DEED_INVITE_RULE, NULL, error) : NULL;
    if (error != NULL)
        mxp_reply_fail(change->reply, why);
    else if (change->is_blocking)
        mxp_reply_say(change->reply,
                      _("Your homeserver is told to refuse all invitations to you. Those that wait "
                        "stay, and a homeserver older than Matrix 1.18 does not know this "
                        "setting. /invites allow lets them come again."));
    else
        mxp_reply_say(change->reply, _("Everybody may invite you, except those you block."));
}

void mxp_invite_rule_set(MxpAccount *mxp, gboolean is_blocking, PurpleConversation *conversation)
{
    Change *change = g_new0(Change, 1);
    change->reply = mxp_reply_new(mxp, conversation);
    change->is_blocking = is_blocking;
    mx_client_set_invite_rule(mxp->client, is_blocking, on_set, change, change_free);
}

/* ---- the dialog ---- */

static void on_confirmed(MxpAccount *mxp, gpointer data)
{
    mxp_invite_rule_set(mxp, GPOINTER_TO_INT(data), NULL);
}

static void on_rule_to_ask(MxClient *client, gboolean is_blocking, gpointer data)
{
    MxpAccount *mxp = data;
    if (is_blocking)
        mxp_confirm(mxp, _("Allow invitations again?"),
                    _("Your homeserver refuses all invitations to you."), _("Allow"), on_confirmed,
                    GINT_TO_POINTER(FALSE), NULL);
    else
        mxp_confirm(mxp, _("Block all invitations?"),
                    _("Nobody can invite you to a room, or to talk, until you allow it again here. "
                      "Your homeserver does this, for all your devices; one that is older than "
                      "Matrix 1.18 does not know how. Invitations that wait stay."),
                    _("Block"), on_confirmed, GINT_TO_POINTER(TRUE), NULL);
}

void mxp_invite_rule_ask(MxpAccount *mxp)
{
    mx_client_get_invite_rule(mxp->client, on_rule_to_ask, mxp, NULL);
}

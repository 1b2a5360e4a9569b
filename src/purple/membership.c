/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "membership.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <request.h>

#include "chat-window.h"
#include "groups.h"
#include "mx-link.h"
#include "reply.h"
#include "room-info.h"
#include "rooms.h"

/* What was tried, for the sentence about its end. */
typedef struct {
    MxpReply *reply;
    MxpDeed deed;
    char *target;
} Deed;

static Deed *deed_new(MxpAccount *mxp, MxpDeed what, const char *target,
                      PurpleConversation *conversation)
{
    Deed *deed = g_new0(Deed, 1);
    deed->reply = mxp_reply_new(mxp, conversation);
    deed->deed = what;
    deed->target = g_strdup(target);
    return deed;
}

static void deed_free(gpointer data)
{
    Deed *deed = data;
    mxp_reply_free(deed->reply);
    g_free(deed->target);
    g_free(deed);
}

/* That somebody is invited the room's own line says. */
static void on_done(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Deed *deed = data;
    if (error != NULL) {
        g_autofree char *text = mxp_reply_explain(deed->deed, deed->target, error);
        mxp_reply_fail(deed->reply, text);
    } else if (deed->deed == MXP_DEED_LEAVE && deed->reply->type == PURPLE_CONV_TYPE_IM) {
        /* A chat's window says so itself, whoever has left it where. */
        mxp_reply_say(deed->reply, _("You have left this conversation."));
    } else if (deed->deed == MXP_DEED_FORGET) {
        mxp_reply_say(deed->reply, _("The homeserver has forgotten that you were here."));
    }
}

/* ---- leave and forget ---- */

void mxp_membership_leave(MxpAccount *mxp, MxRoom *room, const char *reason,
                          PurpleConversation *conversation)
{
    mx_client_leave(mxp->client, room->room_id, reason, on_done,
                    deed_new(mxp, MXP_DEED_LEAVE, room->name, conversation), deed_free);
}

gboolean mxp_membership_forget(MxpAccount *mxp, const char *room_id,
                               PurpleConversation *conversation)
{
    if (mx_client_get_room(mxp->client, room_id) != NULL)
        return FALSE;
    const char *title = purple_conversation_get_title(conversation);
    mx_client_forget(mxp->client, room_id, on_done,
                     deed_new(mxp, MXP_DEED_FORGET, title != NULL ? title : room_id, conversation),
                     deed_free);
    return TRUE;
}

/* The account keeps it, since a dialog that dies with the connection frees nothing. */
typedef struct {
    MxpAccount *mxp;
    char *room_id;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    g_free(question->room_id);
    g_free(question);
}

void mxp_membership_clear(MxpAccount *mxp)
{
    g_slist_free_full(g_steal_pointer(&mxp->questions), question_free);
}

static void on_leave_confirmed(Question *question, int action)
{
    MxRoom *room = mx_client_get_room(question->mxp->client, question->room_id);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mxp_membership_leave(question->mxp, room, NULL, NULL);
}

static void on_leave_refused(Question *question, int action)
{
}

static void on_leave_chosen(PurpleBlistNode *node, gpointer data)
{
    PurpleChat *chat = (PurpleChat *)node;
    MxpAccount *mxp = mxp_account_get(purple_chat_get_account(chat));
    g_autofree char *typed = mxp_rooms_get_typed(purple_chat_get_components(chat));
    MxRoom *room = mxp != NULL ? mxp_rooms_find(mxp, typed) : NULL;
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN)
        return;
    Question *question = g_new0(Question, 1);
    question->mxp = mxp;
    question->room_id = g_strdup(room->room_id);
    mxp->questions = g_slist_prepend(mxp->questions, question);
    g_autofree char *primary = g_strdup_printf(_("Leave the room “%s”?"), room->name);
    purple_request_action(mxp->gc, _("Matrix"), primary,
                          _("You will see no more of its messages. If it is open to invited people "
                            "only, you cannot come back by yourself."),
                          PURPLE_DEFAULT_ACTION_NONE, mxp->account, NULL, NULL, question, 2,
                          _("Leave"), G_CALLBACK(on_leave_confirmed), _("Cancel"),
                          G_CALLBACK(on_leave_refused));
}

GList *mxp_membership_blist_node_menu(PurpleBlistNode *node)
{
    if (!PURPLE_BLIST_NODE_IS_CHAT(node))
        return NULL;
    GList *actions = mxp_groups_list_actions((PurpleChat *)node);
    actions = g_list_append(actions, mxp_room_info_new_action());
    return g_list_append(
        actions,
        purple_menu_action_new(_("Leave Room…"), PURPLE_CALLBACK(on_leave_chosen), NULL, NULL));
}

/* ---- invite ---- */

gboolean mxp_membership_invite(MxpAccount *mxp, MxRoom *room, const char *who, const char *reason,
                               PurpleConversation *conversation)
{
    g_autoptr(MxLink) link = mx_link_parse(who);
    if (link == NULL || link->kind != MX_LINK_USER)
        return FALSE;
    mx_client_invite(mxp->client, room->room_id, link->id, reason, on_done,
                     deed_new(mxp, MXP_DEED_INVITE, link->id, conversation), deed_free);
    return TRUE;
}

void mxp_membership_chat_invite(PurpleConnection *gc, int id, const char *message, const char *who)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room = mxp != NULL ? mxp_chat_window_get_room(mxp, id) : NULL;
    PurpleConversation *conversation = purple_find_chat(gc, id);
    const char *reason = message != NULL && *message != '\0' ? message : NULL;
    if (room == NULL || who == NULL)
        return;
    if (mxp_membership_invite(mxp, room, who, reason, conversation))
        return;
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
    g_autofree char *text = g_strdup_printf(_("“%s” is no Matrix ID (@name:server)."), who);
    mxp_reply_fail(reply, text);
}

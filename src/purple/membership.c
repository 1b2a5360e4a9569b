/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "membership.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "chat-window.h"
#include "confirm.h"
#include "groups.h"
#include "mx-link.h"
#include "reply.h"
#include "room-info.h"
#include "verification-ui.h"
#include "rooms.h"

/* What was tried, for the sentence about its end. */
typedef struct {
    MxpReply *reply;
    MxpDeed deed;
    char *target;
    char *done; /* said in the end, or NULL */
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
    g_free(deed->done);
    g_free(deed);
}

/* That somebody is invited the room's own line says. */
static void on_done(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Deed *deed = data;
    if (error != NULL) {
        g_autofree char *text = mxp_reply_explain(deed->deed, deed->target, error);
        mxp_reply_fail(deed->reply, text);
    } else if (deed->done != NULL) {
        mxp_reply_say(deed->reply, deed->done);
    }
}

/* ---- leave and forget ---- */

/* A chat's window says so itself, whoever has left it where. */
static char *describe_left(const MxRoom *room, const char *window)
{
    if (room->is_space)
        return g_strdup_printf(_("You have left the space “%s”. You are in its rooms still."),
                               room->name);
    if (g_strcmp0(window, room->room_id) == 0)
        return NULL;
    return g_strcmp0(window, room->direct_user) == 0
               ? g_strdup(_("You have left this conversation."))
               : g_strdup_printf(_("You have left the room “%s”."), room->name);
}

static Deed *leave_new(MxpAccount *mxp, const MxRoom *room, PurpleConversation *conversation)
{
    Deed *deed = deed_new(mxp, MXP_DEED_LEAVE, room->name, conversation);
    deed->done = describe_left(room, deed->reply->name);
    return deed;
}

void mxp_membership_leave(MxpAccount *mxp, MxRoom *room, const char *reason,
                          PurpleConversation *conversation)
{
    mx_client_leave(mxp->client, room->room_id, reason, on_done, leave_new(mxp, room, conversation),
                    deed_free);
}

gboolean mxp_membership_forget(MxpAccount *mxp, const char *room_id,
                               PurpleConversation *conversation)
{
    if (mx_client_get_room(mxp->client, room_id) != NULL)
        return FALSE;
    const char *title = purple_conversation_get_title(conversation);
    Deed *deed = deed_new(mxp, MXP_DEED_FORGET, title != NULL ? title : room_id, conversation);
    deed->done = g_strdup(_("The homeserver has forgotten that you were here."));
    mx_client_forget(mxp->client, room_id, on_done, deed, deed_free);
    return TRUE;
}

typedef struct {
    Deed *deed; /* NULL once it is done */
    char *room_id, *reason;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    g_clear_pointer(&question->deed, deed_free);
    g_free(question->room_id);
    g_free(question->reason);
    g_free(question);
}

static void on_leave_confirmed(MxpAccount *mxp, gpointer data)
{
    Question *question = data;
    MxRoom *room = mx_client_get_room(mxp->client, question->room_id);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mx_client_leave(mxp->client, room->room_id, question->reason, on_done,
                        g_steal_pointer(&question->deed), deed_free);
}

const char *mxp_membership_explain_leave(gboolean is_space)
{
    return is_space ? _("You stay in the rooms of a space; they move to another group of the buddy "
                        "list. A space that is open to invited people only you cannot join again "
                        "by yourself.")
                    : _("You will see no more of its messages. If it is open to invited people "
                        "only, you cannot come back by yourself.");
}

void mxp_membership_ask_leave(MxpAccount *mxp, MxRoom *room, const char *reason,
                              PurpleConversation *conversation)
{
    Question *question = g_new0(Question, 1);
    question->deed = leave_new(mxp, room, conversation);
    question->room_id = g_strdup(room->room_id);
    question->reason = g_strdup(reason);
    g_autofree char *primary = g_strdup_printf(
        room->is_space ? _("Leave the space “%s”?") : _("Leave the room “%s”?"), room->name);
    g_autofree char *given =
        reason != NULL ? g_strdup_printf(_(" This is given as the reason: “%s”"), reason) : NULL;
    g_autofree char *secondary =
        g_strconcat(mxp_membership_explain_leave(room->is_space), given, NULL);
    mxp_confirm(mxp, primary, secondary, _("Leave"), on_leave_confirmed, question, question_free);
}

static void on_leave_chosen(PurpleBlistNode *node, gpointer data)
{
    PurpleChat *chat = (PurpleChat *)node;
    MxpAccount *mxp = mxp_account_get(purple_chat_get_account(chat));
    g_autofree char *typed = mxp_rooms_get_typed(purple_chat_get_components(chat));
    MxRoom *room = mxp != NULL ? mxp_rooms_find(mxp, typed) : NULL;
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mxp_membership_ask_leave(mxp, room, NULL, NULL);
}

GList *mxp_membership_blist_node_menu(PurpleBlistNode *node)
{
    if (PURPLE_BLIST_NODE_IS_BUDDY(node))
        return g_list_append(NULL, mxp_verification_new_action());
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

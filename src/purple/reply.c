/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "reply.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>

#include "markup.h"
#include "system-line.h"

MxpReply *mxp_reply_new(MxpAccount *mxp, PurpleConversation *conversation)
{
    MxpReply *reply = g_new0(MxpReply, 1);
    reply->mxp = mxp;
    reply->type = PURPLE_CONV_TYPE_UNKNOWN;
    if (conversation != NULL) {
        reply->type = purple_conversation_get_type(conversation);
        reply->name = g_strdup(purple_conversation_get_name(conversation));
    }
    return reply;
}

void mxp_reply_free(MxpReply *reply)
{
    g_free(reply->name);
    g_free(reply);
}

/* libpurple drops what is written into the window of a room that was left. */
static gboolean takes_lines(const MxpReply *reply, PurpleConversation *conversation)
{
    return purple_conversation_get_type(conversation) != PURPLE_CONV_TYPE_CHAT ||
           g_slist_find(reply->mxp->gc->buddy_chats, conversation) != NULL;
}

PurpleConversation *mxp_reply_get_conversation(const MxpReply *reply)
{
    PurpleConversation *conversation =
        reply->name != NULL
            ? purple_find_conversation_with_account(reply->type, reply->name, reply->mxp->account)
            : NULL;
    return conversation != NULL && takes_lines(reply, conversation) ? conversation : NULL;
}

static void write_line(PurpleConversation *conversation, const char *text, PurpleMessageFlags flags)
{
    g_autofree char *markup = mxp_markup_escape(text);
    mxp_system_line_write(conversation, markup, flags);
}

void mxp_reply_say(const MxpReply *reply, const char *text)
{
    PurpleConversation *conversation = mxp_reply_get_conversation(reply);
    if (conversation != NULL)
        write_line(conversation, text, PURPLE_MESSAGE_SYSTEM);
    else if (reply->name != NULL)
        purple_notify_info(reply->mxp->gc, _("Matrix"),
                           purple_account_get_username(reply->mxp->account), text);
}

void mxp_reply_fail(const MxpReply *reply, const char *text)
{
    PurpleConversation *conversation = mxp_reply_get_conversation(reply);
    if (conversation != NULL)
        write_line(conversation, text, PURPLE_MESSAGE_ERROR);
    else
        purple_notify_error(reply->mxp->gc, _("Matrix"),
                            purple_account_get_username(reply->mxp->account), text);
}

/* ---- sentences ---- */

#define ANY (-1)

/* errcode NULL: any. The first that fits counts. */
static const struct {
    int deed;
    const char *errcode;
    guint status; /* 0: any */
    const char *text;
} reasons[] = {
    {MXP_DEED_JOIN, "M_FORBIDDEN", 0,
     N_("It is open to invited people only, or you are banned from it.")},
    {MXP_DEED_JOIN, "M_NOT_FOUND", 0, N_("There is no such room.")},
    {MXP_DEED_JOIN, NULL, 404,
     N_("No server is known that could let you in. A link that names servers, the room's address "
        "or "
        "an invitation would help.")},
    {MXP_DEED_JOIN, "M_INCOMPATIBLE_ROOM_VERSION", 0,
     N_("Your homeserver does not know rooms of its version.")},
    {MXP_DEED_JOIN, "M_UNABLE_TO_AUTHORISE_JOIN", 0,
     N_("No server in it can tell whether you may come in.")},
    {MXP_DEED_JOIN, "M_UNABLE_TO_GRANT_JOIN", 0,
     N_("No server in it can tell whether you may come in.")},
    {MXP_DEED_INVITE, "M_INVITE_BLOCKED", 0, N_("They do not accept invitations from you.")},
    {MXP_DEED_INVITE, "ORG.MATRIX.MSC4155.INVITE_BLOCKED", 0,
     N_("They do not accept invitations from you.")},
    {MXP_DEED_INVITE, "M_FORBIDDEN", 0,
     N_("They are in the room already or banned from it, or you may not invite people here.")},
    {MXP_DEED_INVITE, "M_NOT_FOUND", 0, N_("There is no such person.")},
    {MXP_DEED_INVITE, "M_UNSUPPORTED_ROOM_VERSION", 0,
     N_("Their homeserver does not know rooms of this version.")},
    {MXP_DEED_INVITE, "M_INCOMPATIBLE_ROOM_VERSION", 0,
     N_("Their homeserver does not know rooms of this version.")},
    {MXP_DEED_CREATE, "M_ROOM_IN_USE", 0, N_("Another room has that address.")},
    {MXP_DEED_CREATE, "M_UNSUPPORTED_ROOM_VERSION", 0,
     N_("Your homeserver cannot make rooms of that version.")},
    {MXP_DEED_CREATE, "M_INVALID_ROOM_STATE", 0,
     N_("Its name, topic or version is not what the homeserver accepts.")},
    {MXP_DEED_CREATE, "M_FORBIDDEN", 0, N_("Your homeserver does not let you make such a room.")},
    {MXP_DEED_NAME, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_TOPIC, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_NAME, "M_TOO_LARGE", 0, N_("It is too long.")},
    {MXP_DEED_TOPIC, "M_TOO_LARGE", 0, N_("It is too long.")},
    {MXP_DEED_PIN, "M_FORBIDDEN", 0, N_("You may not pin messages in this room.")},
    {MXP_DEED_SET_STATE, "M_FORBIDDEN", 0, N_("You may not set it in this room.")},
    {MXP_DEED_SEND_EVENT, "M_FORBIDDEN", 0, N_("You may not send it in this room.")},
    {MXP_DEED_READ_STATE, "M_FORBIDDEN", 0, N_("You may not see it.")},
    {MXP_DEED_FORGET, NULL, 400, N_("You have to leave it first.")},
    {MXP_DEED_LEAVE, "M_FORBIDDEN", 0, N_("You are not in it.")},
    {MXP_DEED_OWN_NAME, "M_FORBIDDEN", 0, N_("Your homeserver does not let you change it.")},
    {MXP_DEED_OWN_NAME, "M_PROFILE_TOO_LARGE", 0, N_("It is too long for your homeserver.")},
    {MXP_DEED_OWN_NAME, "M_TOO_LARGE", 0, N_("It is too long for your homeserver.")},
    {MXP_DEED_AVATAR, "M_FORBIDDEN", 0, N_("Your homeserver does not let you change it.")},
    {MXP_DEED_AVATAR, "M_TOO_LARGE", 0, N_("The picture is too large for your homeserver.")},
    {MXP_DEED_AVATAR, NULL, 413, N_("The picture is too large for your homeserver.")},
    {MXP_DEED_SEARCH, NULL, 404, N_("Your homeserver has no directory of people.")},
    {MXP_DEED_SEARCH, "M_FORBIDDEN", 0, N_("Your homeserver has no directory of people.")},
    {MXP_DEED_KICK, "M_FORBIDDEN", 0, N_("They are not in the room, or you may not do that.")},
    {MXP_DEED_BAN, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_UNBAN, "M_FORBIDDEN", 0, N_("They are not banned, or you may not do that.")},
    {MXP_DEED_UNBAN, "M_BAD_STATE", 0, N_("They are not banned.")},
    {MXP_DEED_KICK, "M_BAD_STATE", 0, N_("They are not in the room.")},
    {MXP_DEED_POWER, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_VISIBILITY, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_UPGRADE, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_UPGRADE, "M_UNSUPPORTED_ROOM_VERSION", 0,
     N_("Your homeserver cannot make rooms of that version.")},
    {MXP_DEED_REPORT, "M_UNRECOGNIZED", 0, N_("Your homeserver takes no such reports.")},
    {MXP_DEED_REPORT, NULL, 404,
     N_("Your homeserver takes no such reports, or does not know what is meant.")},
    {MXP_DEED_PREVIEW, "M_UNRECOGNIZED", 0, N_("Your homeserver shows no rooms beforehand.")},
    {MXP_DEED_PREVIEW, "M_FORBIDDEN", 0, N_("Only its members can see that.")},
    {MXP_DEED_PREVIEW, NULL, 404, N_("There is no such room, or only its members can see that.")},
    {MXP_DEED_PEEK, "M_FORBIDDEN", 0,
     N_("Only its members may, or your homeserver is not in it. /preview tells what else can be "
        "known.")},
    {MXP_DEED_PEEK, NULL, 404, N_("There is no such room.")},
    {MXP_DEED_KNOCK, "M_FORBIDDEN", 0,
     N_("It lets nobody ask, or you are in it already or banned from it.")},
    {MXP_DEED_KNOCK, "M_NOT_FOUND", 0, N_("There is no such room.")},
    {MXP_DEED_KNOCK, NULL, 404,
     N_("No server is known that could pass it on. A link that names servers or the room's address "
        "would help.")},
    {MXP_DEED_DENY, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_JOIN_RULE, "M_FORBIDDEN", 0, N_("Your power level in this room does not allow it.")},
    {MXP_DEED_ADDRESS, "M_FORBIDDEN", 0, N_("Your homeserver does not let you make it.")},
    {MXP_DEED_ADDRESS, NULL, 400, N_("It has characters that your homeserver does not take.")},
    {MXP_DEED_NO_ADDRESS, "M_FORBIDDEN", 0,
     N_("Only who made it may remove it, and who may change the room's addresses.")},
    {MXP_DEED_MAIN_ADDRESS, "M_FORBIDDEN", 0,
     N_("Your power level in this room does not allow it.")},
    {MXP_DEED_MAIN_ADDRESS, "M_BAD_ALIAS", 0, N_("It does not lead to this room.")},
    {MXP_DEED_MAIN_ADDRESS, NULL, 404,
     N_("There is no such address. /alias add makes it if it is one of your homeserver.")},
    {MXP_DEED_PUBLISH, "M_FORBIDDEN", 0, N_("Your homeserver does not let you change it.")},
    {MXP_DEED_LIST, "M_FORBIDDEN", 0,
     N_("Your homeserver does not show them. Those in a space of another homeserver can be seen "
        "after joining the space.")},
    {MXP_DEED_LIST, NULL, 404, N_("There is no such list.")},
    {ANY, "M_LIMIT_EXCEEDED", 0, N_("Your homeserver asks for a pause; try again later.")},
    {ANY, NULL, 502, N_("Another server that is needed for it does not answer; try again later.")},
    {ANY, NULL, 504, N_("Another server that is needed for it does not answer; try again later.")},
};

/* About the ways into a room. */
static char *begin_on_entrance(MxpDeed deed, const char *target)
{
    switch (deed) {
    case MXP_DEED_SET_UP_RECOVERY:
        return g_strdup(_("Recovery was not set up."));
    case MXP_DEED_RECOVER:
        return g_strdup(_("Nothing was recovered."));
    case MXP_DEED_RESET_IDENTITY:
        return g_strdup(_("Your identity was not reset."));
    case MXP_DEED_KNOCK:
        return g_strdup_printf(_("You could not ask to be let into %s."), target);
    case MXP_DEED_DENY:
        return g_strdup_printf(_("%s could not be refused."), target);
    case MXP_DEED_JOIN_RULE:
        return g_strdup_printf(_("Who may join %s was not changed."), target);
    case MXP_DEED_ADDRESS:
        return g_strdup_printf(_("The address %s could not be made."), target);
    case MXP_DEED_NO_ADDRESS:
        return g_strdup_printf(_("The address %s could not be removed."), target);
    case MXP_DEED_MAIN_ADDRESS:
        return g_strdup_printf(_("The main address of %s was not changed."), target);
    case MXP_DEED_PUBLISH:
        return g_strdup_printf(_("The list of rooms was not changed for %s."), target);
    case MXP_DEED_PIN:
        return g_strdup(_("The pinned messages were not changed."));
    default:
        return g_strdup_printf(_("The rooms of %s could not be listed."), target);
    }
}

static char *begin(MxpDeed deed, const char *target)
{
    switch (deed) {
    case MXP_DEED_JOIN:
        return g_strdup_printf(_("%s could not be joined."), target);
    case MXP_DEED_REJECT:
        return g_strdup_printf(_("The invitation to %s could not be rejected."), target);
    case MXP_DEED_LEAVE:
        return g_strdup_printf(_("%s could not be left."), target);
    case MXP_DEED_FORGET:
        return g_strdup_printf(_("%s could not be forgotten."), target);
    case MXP_DEED_INVITE:
        return g_strdup_printf(_("%s could not be invited."), target);
    case MXP_DEED_NAME:
        return g_strdup_printf(_("%s could not be renamed."), target);
    case MXP_DEED_TOPIC:
        return g_strdup_printf(_("The topic of %s could not be changed."), target);
    case MXP_DEED_PLACE:
        return g_strdup_printf(_("%s could not be put into another group."), target);
    case MXP_DEED_SET_STATE:
        return g_strdup_printf(_("%s was not set."), target);
    case MXP_DEED_SEND_EVENT:
        return g_strdup_printf(_("%s was not sent."), target);
    case MXP_DEED_READ_STATE:
        return g_strdup(_("The room's state could not be read."));
    case MXP_DEED_KICK:
        return g_strdup_printf(_("%s was not removed."), target);
    case MXP_DEED_BAN:
        return g_strdup_printf(_("%s was not banned."), target);
    case MXP_DEED_UNBAN:
        return g_strdup_printf(_("%s was not unbanned."), target);
    case MXP_DEED_POWER:
        return g_strdup_printf(_("The power level of %s was not changed."), target);
    case MXP_DEED_BANS:
        return g_strdup_printf(_("It cannot be told who is banned from %s."), target);
    case MXP_DEED_VISIBILITY:
        return g_strdup_printf(_("It was not changed who can read what is written in %s."), target);
    case MXP_DEED_UPGRADE:
        return g_strdup_printf(_("%s was not upgraded."), target);
    case MXP_DEED_REPORT:
        return g_strdup_printf(_("%s was not reported."), target);
    case MXP_DEED_PREVIEW:
        return g_strdup_printf(_("Nothing can be told of %s."), target);
    case MXP_DEED_PEEK:
        return g_strdup_printf(_("%s cannot be read from outside."), target);
    case MXP_DEED_INVITE_RULE:
        return g_strdup(_("Who may invite you was not changed."));
    case MXP_DEED_OWN_NAME:
        return g_strdup(_("Your display name was not changed."));
    case MXP_DEED_AVATAR:
        return g_strdup(_("Your avatar was not changed."));
    case MXP_DEED_SEARCH:
        return g_strdup(_("People could not be searched for."));
    case MXP_DEED_CREATE:
        return g_strdup(_("The room could not be created."));
    default:
        return begin_on_entrance(deed, target);
    }
}

static const char *find_reason(MxpDeed deed, const GError *error)
{
    const char *errcode = mx_error_get_errcode(error);
    guint status = mx_error_get_status(error);
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if ((reasons[i].deed == ANY || reasons[i].deed == (int)deed) &&
            (reasons[i].errcode == NULL || g_strcmp0(reasons[i].errcode, errcode) == 0) &&
            (reasons[i].status == 0 || reasons[i].status == status))
            return _(reasons[i].text);
    if (g_error_matches(error, MX_ERROR, MX_ERROR_NETWORK))
        return _("No answer came from your homeserver, so it may have been done all the same.");
    return status == 0 ? error->message : NULL;
}

char *mxp_reply_explain(MxpDeed deed, const char *target, const GError *error)
{
    GString *text = g_string_new(NULL);
    g_autofree char *beginning = begin(deed, target);
    g_autofree char *server_text = mx_event_tidy_name(mx_error_get_server_text(error));
    const char *reason = find_reason(deed, error);
    g_string_append(text, beginning);
    if (reason != NULL)
        g_string_append_printf(text, " %s", reason);
    if (server_text != NULL)
        g_string_append_printf(text, _(" (The homeserver says: %s)"), server_text);
    else if (reason == NULL)
        g_string_append_printf(text, " %s", error->message);
    return g_string_free(text, FALSE);
}

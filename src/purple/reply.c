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
    {ANY, "M_LIMIT_EXCEEDED", 0, N_("Your homeserver asks for a pause; try again later.")},
    {ANY, NULL, 502, N_("Another server that is needed for it does not answer; try again later.")},
    {ANY, NULL, 504, N_("Another server that is needed for it does not answer; try again later.")},
};

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
    case MXP_DEED_OWN_NAME:
        return g_strdup(_("Your display name was not changed."));
    case MXP_DEED_AVATAR:
        return g_strdup(_("Your avatar was not changed."));
    case MXP_DEED_SEARCH:
        return g_strdup(_("People could not be searched for."));
    case MXP_DEED_CREATE:
        break;
    }
    return g_strdup(_("The room could not be created."));
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

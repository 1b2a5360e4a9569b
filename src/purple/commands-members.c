/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "markup.h"
#include "reply.h"
#include "system-line.h"

/* One answer lists so many members. */
#define MAX_LISTED 100

static const char *describe_role(const MxMember *member)
{
    if (member->membership == MX_MEMBERSHIP_INVITE)
        return _("invited");
    switch (member->role) {
    case MX_ROLE_CREATOR:
        return _("creator");
    case MX_ROLE_ADMIN:
        return _("administrator");
    case MX_ROLE_MODERATOR:
        return _("moderator");
    case MX_ROLE_RAISED:
        return _("more power than others");
    case MX_ROLE_NONE:
        break;
    }
    return NULL;
}

static char *describe_member(const MxMember *member)
{
    const char *role = describe_role(member);
    g_autofree char *name = mxp_markup_escape(member->name);
    g_autofree char *user_id = mxp_markup_escape(member->user_id);
    GString *text = g_string_new(name);
    /* A name that two share has the ID with it. */
    if (strstr(member->name, member->user_id) == NULL)
        g_string_append_printf(text, " (%s)", user_id);
    if (role != NULL)
        g_string_append_printf(text, ": %s", role);
    return g_string_free(text, FALSE);
}

static char *describe_total(guint total, gboolean is_search)
{
    if (total == 0)
        return g_strdup(_("No member of this room is found by that."));
    if (is_search)
        return g_strdup_printf(
            g_dngettext(GETTEXT_PACKAGE, "%u member found:", "%u members found:", total), total);
    return g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%u member:", "%u members:", total), total);
}

typedef struct {
    MxpReply *reply;
    gboolean is_search;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    mxp_reply_free(asked->reply);
    g_free(asked);
}

static void on_members(MxClient *client, MxRoom *room, GPtrArray *members, guint total,
                       gpointer user_data)
{
    Asked *asked = user_data;
    PurpleConversation *conversation = mxp_reply_get_conversation(asked->reply);
    g_autofree char *head = describe_total(total, asked->is_search);
    g_autoptr(GString) text = g_string_new(head);
    for (guint i = 0; i < members->len; i++) {
        g_autofree char *line = describe_member(g_ptr_array_index(members, i));
        g_string_append_printf(text, "<br>%s", line);
    }
    if (total > members->len) {
        g_autofree char *rest = g_strdup_printf(
            g_dngettext(GETTEXT_PACKAGE, "…and %u more. “/members WORDS” looks for names.",
                        "…and %u more. “/members WORDS” looks for names.", total - members->len),
            total - members->len);
        g_string_append_printf(text, "<br>%s", rest);
    }
    if (conversation != NULL)
        mxp_system_line_write(conversation, text->str, PURPLE_MESSAGE_SYSTEM);
    g_ptr_array_unref(members);
}

static PurpleCmdRet on_list(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    MxMemberQuery query = {.limit = MAX_LISTED, .words = (char *)mxp_command_get_rest(args, 0)};
    Asked *asked = g_new0(Asked, 1);
    asked->reply = mxp_reply_new(mxp, conversation);
    asked->is_search = query.words != NULL;
    mx_client_list_members(mxp->client, room, &query, on_members, asked, asked_free);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_members[] = {
    {"members", "s", on_list,
     N_("members [words]: Lists the members of the room, or those whose name or Matrix ID has the "
        "words."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

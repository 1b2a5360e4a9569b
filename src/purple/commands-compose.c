/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <util.h>

#include "markup.h"
#include "messages.h"
#include "mx-html.h"

/* Text that is meant exactly so. */

static PurpleCmdRet send(PurpleConversation *conversation, const char *body, const char *html,
                         char **error)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (mxp_messages_send(mxp, conversation, "m.text", body, html,
                          html != NULL ? MX_TEXT_TYPED : MX_TEXT_LITERAL))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("This window belongs to no room that you are in."));
    return PURPLE_CMD_RET_FAILED;
}

static gboolean is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static PurpleCmdRet refuse_blank(char **error)
{
    *error = g_strdup(_("There is no text; nothing was sent. Write it behind the command."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_plain(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    const char *text = mxp_command_get_rest(args, 0);
    if (text == NULL || is_blank(text))
        return refuse_blank(error);
    return send(conversation, text, NULL, error);
}

static PurpleCmdRet on_html(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    const char *typed = mxp_command_get_rest(args, 0);
    if (typed == NULL || is_blank(typed))
        return refuse_blank(error);
    g_autofree char *html = mx_html_clean(typed);
    g_autofree char *markup = html != NULL ? mxp_markup_from_html(html, FALSE) : NULL;
    g_autofree char *body = markup != NULL ? purple_markup_strip_html(markup) : NULL;
    if (body == NULL || is_blank(body)) {
        *error = g_strdup(html == NULL ? _("That HTML is too long; nothing was sent.")
                                       : _("That HTML shows nothing; nothing was sent."));
        return PURPLE_CMD_RET_FAILED;
    }
    return send(conversation, g_strchomp(body), strchr(html, '<') != NULL ? html : NULL, error);
}

const MxpCommand mxp_commands_compose[] = {
    {"plain", "s", on_plain,
     N_("plain &lt;text&gt;: Sends the text exactly as it is, without Markdown or links."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"html", "s", on_html,
     N_("html &lt;HTML&gt;: Sends text formatted by these of HTML's tags that Matrix knows."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

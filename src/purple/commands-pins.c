/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-pins.h"
#include "reply.h"

/* Pinned messages. That one was pinned is told by a line of its own. */

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void append_pin(GString *text, guint number, const MxLookedUp *pin)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(pin->ts / 1000);
    g_autofree char *when =
        pin->words != NULL && time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : NULL;
    if (when != NULL)
        g_string_append_printf(text, _("\n%u. %s, %s"), number, when, pin->words);
    else
        g_string_append_printf(text, _("\n%u. a message that is not to be had"), number);
}

static void on_pins(MxClient *client, MxRoom *room, guint older, GPtrArray *found, gpointer reply)
{
    GString *text = g_string_new(NULL);
    guint count = older + found->len;
    if (found->len == 0)
        g_string_append(text, _("No message is pinned in this room."));
    else if (older == 0)
        g_string_append(text, _("Pinned messages:"));
    else
        g_string_append_printf(text, _("The last %u of %u pinned messages:"), found->len, count);
    for (guint i = 0; i < found->len; i++)
        append_pin(text, older + i + 1, g_ptr_array_index(found, i));
    mxp_reply_say(reply, text->str);
    g_string_free(text, TRUE);
}

static PurpleCmdRet on_list(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mx_client_read_pins(mxp->client, room, on_pins, mxp_reply_new(mxp, conversation), free_reply);
    return PURPLE_CMD_RET_OK;
}

static void on_done(MxClient *client, const char *room_id, const GError *error, gpointer reply)
{
    if (error == NULL)
        return;
    g_autofree char *text = g_error_matches(error, MX_ERROR, MX_ERROR_INVALID)
                                ? g_strdup(error->message)
                                : mxp_reply_explain(MXP_DEED_PIN, NULL, error);
    mxp_reply_fail(reply, text);
}

/* /pin and /unpin */
static PurpleCmdRet on_pin(PurpleConversation *conversation, const char *command, char **args,
                           char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mx_client_pin(mxp->client, room, g_ascii_strcasecmp(command, "pin") == 0,
                  mxp_command_get_rest(args, 0), on_done, mxp_reply_new(mxp, conversation),
                  free_reply);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_pins[] = {
    {"pins", "", on_list, N_("pins: Lists the room's pinned messages.")},
    {"pin", "s", on_pin,
     N_("pin [HH:MM|nick:]: Pins a message: the one of that time, that person's last one, or "
        "without it the last one of somebody else."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unpin", "s", on_pin,
     N_("unpin &lt;number|HH:MM|nick:&gt;: Unpins a message; /pins shows the numbers."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};

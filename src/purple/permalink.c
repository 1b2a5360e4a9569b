/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "permalink.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "images.h"
#include "markup.h"
#include "messages.h"
#include "mx-look-up.h"
#include "system-line.h"

static void say(PurpleConversation *conversation, const char *text, PurpleMessageFlags kind)
{
    g_autofree char *markup = mxp_markup_escape(text);
    mxp_system_line_write(conversation, markup, kind);
}

static void say_missing(PurpleConversation *conversation, const GError *error)
{
    guint status = mx_error_get_status(error);
    if (error == NULL || status == 403 || status == 404) {
        say(conversation,
            _("The message that the link leads to does not exist in this room, or you may not "
              "read it."),
            PURPLE_MESSAGE_ERROR);
        return;
    }
    g_autofree char *text = g_strdup_printf(
        _("The message that the link leads to cannot be fetched now. %s"), error->message);
    say(conversation, text, PURPLE_MESSAGE_ERROR);
}

static char *describe_time(gint64 ts)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(ts / 1000);
    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}

/* The heading has the day, as Finch's lines have none; the mark tells it from what is new. It is
 * not logged: the log has it where it was said. */
static void write_line(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                       MxLine *line)
{
    gboolean was_logging = purple_conversation_is_logging(conversation);
    g_autofree char *mark = line->mark;
    line->mark =
        mark != NULL ? g_strdup_printf("%s, %s", mark, _("linked")) : g_strdup(_("linked"));
    purple_conversation_set_logging(conversation, FALSE);
    mxp_messages_write_old(mxp, conversation, line);
    purple_conversation_set_logging(conversation, was_logging);
    mxp_images_follow(mxp, room, line);
}

static void on_found(MxClient *client, MxRoom *room, GPtrArray *found, gpointer user_data)
{
    MxpAccount *mxp = user_data;
    const MxLookedUp *item = g_ptr_array_index(found, 0);
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    if (conversation == NULL)
        return;
    if (item->words == NULL) {
        say_missing(conversation, item->error);
        return;
    }
    g_autofree char *time = describe_time(item->ts);
    g_autofree char *heading =
        item->line != NULL
            ? g_strdup_printf(_("The message that the link leads to, of %s:"), time)
            : g_strdup_printf(_("The link leads to this, of %s: %s"), time, item->words);
    say(conversation, heading, PURPLE_MESSAGE_SYSTEM);
    if (item->line != NULL)
        write_line(mxp, room, conversation, item->line);
}

void mxp_permalink_show(MxpAccount *mxp, MxRoom *room, const char *event_id)
{
    const char *event_ids[] = {event_id, NULL};
    mx_client_look_up_events(mxp->client, room, event_ids, on_found, mxp, NULL);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "topic.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "chat-window.h"
#include "reply.h"

/* What the one line above a window takes of a topic. /topic shows all of it. */
#define MAX_SHOWN 1000
#define CUT "…"

/* ---- above the window ---- */

static char *make_one_line(const char *topic)
{
    char *line = g_strdelimit(g_strdup(topic), "\n", ' ');
    if (g_utf8_strlen(line, -1) <= MAX_SHOWN)
        return line;
    g_autofree char *whole = line;
    g_autofree char *cut = g_utf8_substring(whole, 0, MAX_SHOWN - 1);
    return g_strconcat(cut, CUT, NULL);
}

static void on_shown(MxClient *client, MxRoom *room, const MxRoomInfo *info, gpointer user_data)
{
    MxpAccount *mxp = user_data;
    PurpleConversation *conversation = mxp_chat_window_find(mxp, room->room_id);
    if (conversation == NULL)
        return;
    PurpleConvChat *chat = PURPLE_CONV_CHAT(conversation);
    g_autofree char *line = info->topic != NULL ? make_one_line(info->topic) : NULL;
    if (g_strcmp0(purple_conv_chat_get_topic(chat), line) != 0)
        purple_conv_chat_set_topic(chat, info->topic_setter, line);
}

void mxp_topic_update(MxpAccount *mxp, MxRoom *room)
{
    if (mxp_chat_window_find(mxp, room->room_id) != NULL)
        mx_client_get_info(mxp->client, room, on_shown, mxp, NULL);
}

/* ---- say ---- */

static void on_topic_asked(MxClient *client, MxRoom *room, const MxRoomInfo *info, gpointer reply)
{
    g_autofree char *text = NULL;
    if (info->topic == NULL)
        text = g_strdup(_("This room has no topic. /topic and a text sets one."));
    else if (info->topic_setter != NULL)
        text = g_strdup_printf(_("Topic, set by %s: %s"), info->topic_setter, info->topic);
    else
        text = g_strdup_printf(_("Topic: %s"), info->topic);
    mxp_reply_say(reply, text);
}

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

void mxp_topic_say(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_info(mxp->client, room, on_topic_asked, mxp_reply_new(mxp, conversation),
                       free_reply);
}

static void append_addresses(GString *text, const MxRoomInfo *info)
{
    if (info->address != NULL)
        g_string_append_printf(text, _("\nAddress: %s"), info->address);
    for (guint i = 0; i < info->addresses->len; i++)
        g_string_append_printf(text, i == 0 ? _("\nOther addresses: %s") : ", %s",
                               (const char *)g_ptr_array_index(info->addresses, i));
    if (info->address == NULL && info->addresses->len == 0)
        g_string_append(text, _("\nIt has no address."));
}

static void on_name_asked(MxClient *client, MxRoom *room, const MxRoomInfo *info, gpointer reply)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (info->name != NULL)
        g_string_append_printf(text, _("This room is called “%s”."), info->name);
    else
        g_string_append_printf(text, _("This room has no name of its own; “%s” stands for it."),
                               room->name);
    append_addresses(text, info);
    for (guint i = 0; i < info->bridges->len; i++)
        g_string_append_printf(text, _("\nBridged to: %s"),
                               (const char *)g_ptr_array_index(info->bridges, i));
    g_string_append_printf(text, _("\nID: %s"), room->room_id);
    mxp_reply_say(reply, text->str);
}

void mxp_topic_say_name(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_info(mxp->client, room, on_name_asked, mxp_reply_new(mxp, conversation),
                       free_reply);
}

/* ---- set ---- */

typedef struct {
    MxpReply *reply;
    MxpDeed deed;
    char *target;
} Change;

static Change *change_new(MxpAccount *mxp, MxpDeed deed, const MxRoom *room,
                          PurpleConversation *conversation)
{
    Change *change = g_new0(Change, 1);
    change->reply = mxp_reply_new(mxp, conversation);
    change->deed = deed;
    change->target = g_strdup(room->name);
    return change;
}

static void change_free(gpointer data)
{
    Change *change = data;
    mxp_reply_free(change->reply);
    g_free(change->target);
    g_free(change);
}

/* What has changed comes with the next /sync, to everybody in the room alike. */
static void on_changed(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Change *change = data;
    if (error == NULL)
        return;
    g_autofree char *text = mxp_reply_explain(change->deed, change->target, error);
    mxp_reply_fail(change->reply, text);
}

void mxp_topic_set(MxpAccount *mxp, MxRoom *room, const char *text,
                   PurpleConversation *conversation)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    mx_client_set_room_topic(mxp->client, room, stripped, on_changed,
                             change_new(mxp, MXP_DEED_TOPIC, room, conversation), change_free);
}

void mxp_topic_set_name(MxpAccount *mxp, MxRoom *room, const char *text,
                        PurpleConversation *conversation)
{
    g_autofree char *stripped = g_strstrip(g_strdelimit(g_strdup(text), "\r\n\t", ' '));
    mx_client_set_room_name(mxp->client, room, stripped, on_changed,
                            change_new(mxp, MXP_DEED_NAME, room, conversation), change_free);
}

/* ---- hook ---- */

void mxp_topic_set_chat_topic(PurpleConnection *gc, int id, const char *topic)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room = mxp != NULL ? mxp_chat_window_get_room(mxp, id) : NULL;
    PurpleConversation *conversation = purple_find_chat(gc, id);
    if (room == NULL || conversation == NULL)
        return;
    const char *shown = purple_conv_chat_get_topic(PURPLE_CONV_CHAT(conversation));
    const char *wanted = topic != NULL ? topic : "";
    if (g_str_equal(wanted, shown != NULL ? shown : ""))
        return;
    if (shown != NULL && g_str_has_suffix(shown, CUT) && g_str_has_suffix(wanted, CUT)) {
        /* The rest of it would be gone. */
        g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
        mxp_reply_fail(reply,
                       _("This topic is longer than what is shown here, so it was not "
                         "changed. /topic shows all of it; /topic and a text sets another."));
        return;
    }
    mxp_topic_set(mxp, room, wanted, conversation);
}

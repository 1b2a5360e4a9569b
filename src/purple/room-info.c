/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "room-info.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>

#include "markup.h"
#include "mx-room-facts.h"
#include "reply.h"
#include "rooms.h"

static void say_facts(const MxpReply *reply, GPtrArray *facts)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < facts->len; i++) {
        const MxFact *fact = g_ptr_array_index(facts, i);
        g_string_append_printf(text, "%s%s: %s", i > 0 ? "\n" : "", fact->label, fact->value);
    }
    mxp_reply_say(reply, text->str);
}

static void show_facts(const MxpReply *reply, const MxRoom *room, GPtrArray *facts)
{
    g_autoptr(GString) markup = g_string_new(NULL);
    for (guint i = 0; i < facts->len; i++) {
        const MxFact *fact = g_ptr_array_index(facts, i);
        g_autofree char *label = mxp_markup_escape(fact->label);
        g_autofree char *value = mxp_markup_escape(fact->value);
        g_string_append_printf(markup, "%s<b>%s:</b> %s", i > 0 ? "<br>" : "", label, value);
    }
    /* libpurple reads the second line as markup in one program and as text in the other. */
    purple_notify_formatted(reply->mxp->gc, _("Room Information"), room->name, NULL, markup->str,
                            NULL, NULL);
}

static void on_facts(MxClient *client, MxRoom *room, GPtrArray *facts, gpointer data)
{
    MxpReply *reply = data;
    if (reply->name != NULL)
        say_facts(reply, facts);
    else
        show_facts(reply, room, facts);
}

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

void mxp_room_info_show(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_facts(mxp->client, room, on_facts, mxp_reply_new(mxp, conversation), free_reply);
}

static void on_chosen(PurpleBlistNode *node, gpointer data)
{
    PurpleChat *chat = (PurpleChat *)node;
    MxpAccount *mxp = mxp_account_get(purple_chat_get_account(chat));
    g_autofree char *typed = mxp_rooms_get_typed(purple_chat_get_components(chat));
    MxRoom *room = mxp != NULL ? mxp_rooms_find(mxp, typed) : NULL;
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mxp_room_info_show(mxp, room, NULL);
}

PurpleMenuAction *mxp_room_info_new_action(void)
{
    return purple_menu_action_new(_("Room Information…"), PURPLE_CALLBACK(on_chosen), NULL, NULL);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "upgrade.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "buddies.h"
#include "chat-window.h"
#include "confirm.h"
#include "delivery.h"
#include "invites.h"
#include "messages.h"
#include "mx-upgrade-room.h"
#include "reply.h"
#include "rooms.h"

/* Of what was typed, in the sentence that it was not sent. Characters. */
#define MAX_QUOTED 500

/* ---- the user is taken along ---- */

static void say(MxpAccount *mxp, PurpleConversation *conversation, const char *format,
                const char *name)
{
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
    g_autofree char *text = g_strjoinv(name, parts);
    mxp_reply_say(reply, text);
}

static void continue_im(MxpAccount *mxp, MxRoom *to)
{
    PurpleConversation *conversation = mxp_buddies_find_im(mxp, to->direct_user);
    if (conversation == NULL)
        return;
    say(mxp, conversation, _("This conversation goes on in a new room, %s; this window stays."),
        to->room_id);
    mxp_delivery_run(mxp, to);
}

static void continue_chat(MxpAccount *mxp, MxRoom *from, MxRoom *to)
{
    PurpleConversation *before = mxp_chat_window_find(mxp, from->room_id);
    if (before == NULL)
        return;
    PurpleConversation *after = mxp_chat_window_open(mxp, to);
    say(mxp, before, _("This room goes on in a new one, “%s”. Its window is open."), to->name);
    if (after == NULL)
        return;
    say(mxp, after, _("This room continues “%s”."), from->name);
    mxp_delivery_run(mxp, to);
}

void mxp_upgrade_moved(MxpAccount *mxp, MxRoom *from, MxRoom *to)
{
    mxp_rooms_move_node(mxp, from, to);
    if (to->direct_user != NULL)
        continue_im(mxp, to);
    else
        continue_chat(mxp, from, to);
}

void mxp_upgrade_update(MxpAccount *mxp, MxRoom *room)
{
    if (room->membership == MX_MEMBERSHIP_INVITE &&
        mx_client_is_followed(mxp->client, room->room_id))
        mxp_invites_answered(mxp, room->room_id);
}

/* ---- nothing can be written there any more ---- */

static char *describe_way(MxpAccount *mxp, MxRoom *room)
{
    MxRoom *to = room->successor != NULL ? mx_client_get_room(mxp->client, room->successor) : NULL;
    if (room->successor == NULL)
        return g_strdup(_("This room was closed for good."));
    if (to != NULL && to->membership == MX_MEMBERSHIP_JOIN)
        return g_strdup_printf(_("This room goes on in “%s”: write there (/join %s)."), to->name,
                               to->room_id);
    if (room->upgrade == MX_UPGRADE_AWAITED)
        return g_strdup(_("This room goes on in a new one, which takes an invitation. As soon as "
                          "you are invited you are taken along."));
    g_autofree char *id = g_uri_escape_string(room->successor, NULL, FALSE);
    g_autofree char *via =
        g_uri_escape_string(room->successor_via != NULL ? room->successor_via : "", NULL, FALSE);
    return g_strdup_printf(_("This room goes on in a new one. To go there, type: "
                             "/join https://matrix.to/#/%s?via=%s"),
                           id, via);
}

gboolean mxp_upgrade_refuses(MxpAccount *mxp, MxRoom *room, const char *body)
{
    if (room == NULL || room->upgrade == MX_UPGRADE_NONE)
        return FALSE;
    g_autofree char *way = describe_way(mxp, room);
    g_autofree char *quoted = mx_event_tidy_text(body, MAX_QUOTED);
    g_autofree char *text =
        g_strdup_printf(_("Not sent: “%s”. %s"), quoted != NULL ? quoted : "", way);
    mxp_messages_notice(mxp, room, text, TRUE);
    return TRUE;
}

/* ---- /upgrade ---- */

typedef struct {
    MxpReply *reply;
    char *room_id, *name, *version;
    gboolean invites;
} Wish;

static void wish_free(gpointer data)
{
    Wish *wish = data;
    mxp_reply_free(wish->reply);
    g_free(wish->room_id);
    g_free(wish->name);
    g_free(wish->version);
    g_free(wish);
}

static Wish *wish_new(MxpAccount *mxp, const MxRoom *room, PurpleConversation *conversation)
{
    Wish *wish = g_new0(Wish, 1);
    wish->reply = mxp_reply_new(mxp, conversation);
    wish->room_id = g_strdup(room->room_id);
    wish->name = g_strdup(room->name);
    return wish;
}

static void fail(const Wish *wish, const GError *error)
{
    g_autofree char *text = mxp_reply_explain(MXP_DEED_UPGRADE, wish->name, error);
    mxp_reply_fail(wish->reply, text);
}

/* That it was done comes with the tombstone, to everybody alike. */
static void on_upgraded(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    if (error != NULL)
        fail(data, error);
}

static void on_confirmed(MxpAccount *mxp, gpointer data)
{
    Wish *asked = data;
    MxRoom *room = mx_client_get_room(mxp->client, asked->room_id);
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN)
        return;
    Wish *wish = wish_new(mxp, room, mxp_reply_get_conversation(asked->reply));
    mx_client_upgrade_room(mxp->client, room, asked->version, asked->invites, on_upgraded, wish,
                           wish_free);
}

static char *describe_plan(const MxUpgradePlan *plan)
{
    GString *text = g_string_new(NULL);
    g_string_append(text, _("A new room takes the place of this one, which is closed for good: "
                            "nobody can write in it any more. That cannot be undone. Addresses, "
                            "settings and bans move along, what was written stays here."));
    g_string_append(text, "\n");
    if (plan->is_open)
        g_string_append(text, _("The members' programs take them along."));
    else if (plan->others > 0)
        g_string_append_printf(
            text,
            g_dngettext(GETTEXT_PACKAGE, "The other member is invited to the new room.",
                        "The other %d members are invited to the new room.", plan->others),
            (int)MIN(plan->others, G_MAXINT));
    if (plan->makes_creator)
        g_string_append(text, _("\nYou become its creator: in a room of this version nobody can "
                                "take power from its creators."));
    return g_string_free(text, FALSE);
}

static void on_planned(MxClient *client, MxRoom *room, const MxUpgradePlan *plan,
                       const GError *error, gpointer data)
{
    Wish *asked = data;
    MxpAccount *mxp = asked->reply->mxp;
    if (error != NULL) {
        fail(asked, error);
        return;
    }
    Wish *wish = wish_new(mxp, room, mxp_reply_get_conversation(asked->reply));
    wish->version = g_strdup(plan->to);
    wish->invites = !plan->is_open;
    g_autofree char *primary = g_strdup_printf(_("Upgrade the room “%s” from version %s to %s?"),
                                               room->name, plan->from, plan->to);
    g_autofree char *secondary = describe_plan(plan);
    mxp_confirm(mxp, primary, secondary, _("Upgrade"), on_confirmed, wish, wish_free);
}

void mxp_upgrade_start(MxpAccount *mxp, MxRoom *room, const char *version,
                       PurpleConversation *conversation)
{
    if (room->upgrade != MX_UPGRADE_NONE) {
        g_autofree char *way = describe_way(mxp, room);
        g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
        mxp_reply_fail(reply, way);
        return;
    }
    mx_client_plan_upgrade(mxp->client, room, version, on_planned,
                           wish_new(mxp, room, conversation), wish_free);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "moderation.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "confirm.h"
#include "mx-link.h"
#include "mx-peek.h"
#include "mx-redact-all.h"
#include "mx-report.h"
#include "mx-room-preview.h"
#include "reply.h"
#include "rooms.h"

/* What was tried, for the sentence about its end. */
typedef struct {
    MxpReply *reply;
    MxpDeed deed;
    char *target; /* as it is shown */
    char *done;   /* said in the end, or NULL: a line tells it */
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

static void end(const Deed *deed, const GError *error)
{
    g_autofree char *text =
        error != NULL ? mxp_reply_explain(deed->deed, deed->target, error) : NULL;
    if (error != NULL)
        mxp_reply_fail(deed->reply, text);
    else if (deed->done != NULL)
        mxp_reply_say(deed->reply, deed->done);
}

static void on_done(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    end(data, error);
}

/* ---- kick, ban, unban ---- */

void mxp_moderation_do(MxpAccount *mxp, MxRoom *room, MxModeration deed, const char *user_id,
                       const char *reason, PurpleConversation *conversation)
{
    static const MxpDeed deeds[] = {[MX_MODERATE_KICK] = MXP_DEED_KICK,
                                    [MX_MODERATE_BAN] = MXP_DEED_BAN,
                                    [MX_MODERATE_UNBAN] = MXP_DEED_UNBAN};
    mx_client_moderate(mxp->client, room, deed, user_id, reason, on_done,
                       deed_new(mxp, deeds[deed], user_id, conversation), deed_free);
}

static char *describe_bans(GPtrArray *bans, guint total)
{
    GString *text = g_string_new(NULL);
    if (total == 0)
        g_string_append(text, _("Nobody is banned from this room."));
    else
        g_string_append_printf(text,
                               g_dngettext(GETTEXT_PACKAGE, "%u person is banned from this room:",
                                           "%u people are banned from this room:", total),
                               total);
    for (guint i = 0; i < bans->len; i++) {
        const MxBan *ban = g_ptr_array_index(bans, i);
        g_string_append_printf(text, "\n%s", ban->user_id);
        if (ban->reason != NULL)
            g_string_append_printf(text, ": %s", ban->reason);
    }
    if (total > bans->len)
        g_string_append_printf(
            text,
            g_dngettext(GETTEXT_PACKAGE, "\n…and %u more", "\n…and %u more", total - bans->len),
            total - bans->len);
    return g_string_free(text, FALSE);
}

static void on_bans(MxClient *client, MxRoom *room, GPtrArray *bans, guint total,
                    const GError *error, gpointer data)
{
    Deed *deed = data;
    if (error == NULL)
        deed->done = describe_bans(bans, total);
    end(deed, error);
}

void mxp_moderation_list_bans(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_list_bans(mxp->client, room, on_bans,
                        deed_new(mxp, MXP_DEED_BANS, room->name, conversation), deed_free);
}

/* ---- power ---- */

static void on_power_told(MxClient *client, MxRoom *room, const char *text, gpointer data)
{
    Deed *deed = data;
    mxp_reply_say(deed->reply, text);
}

void mxp_moderation_list_power(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_describe_power(mxp->client, room, on_power_told,
                             deed_new(mxp, MXP_DEED_POWER, room->name, conversation), deed_free);
}

typedef struct {
    MxpReply *reply;
    char *room_id, *user_id;
    MxPowerPlan plan;
} Wish;

static void wish_free(gpointer data)
{
    Wish *wish = data;
    mxp_reply_free(wish->reply);
    g_free(wish->room_id);
    g_free(wish->user_id);
    g_free(wish);
}

static Wish *wish_new(MxpAccount *mxp, const MxRoom *room, const char *user_id,
                      PurpleConversation *conversation)
{
    Wish *wish = g_new0(Wish, 1);
    wish->reply = mxp_reply_new(mxp, conversation);
    wish->room_id = g_strdup(room->room_id);
    wish->user_id = g_strdup(user_id);
    return wish;
}

static void set_power(MxpAccount *mxp, gpointer data)
{
    Wish *wish = data;
    MxRoom *room = mx_client_get_room(mxp->client, wish->room_id);
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN)
        return;
    mx_client_set_power(
        mxp->client, room, wish->user_id, &wish->plan, on_done,
        deed_new(mxp, MXP_DEED_POWER, wish->user_id, mxp_reply_get_conversation(wish->reply)),
        deed_free);
}

static void on_power_planned(MxClient *client, MxRoom *room, const MxPowerPlan *plan,
                             const GError *error, gpointer data)
{
    Wish *wish = data;
    MxpAccount *mxp = wish->reply->mxp;
    if (error != NULL) {
        g_autofree char *text = mxp_reply_explain(MXP_DEED_POWER, wish->user_id, error);
        mxp_reply_fail(wish->reply, text);
        return;
    }
    wish->plan = *plan;
    if (!plan->is_self_demotion) {
        set_power(mxp, wish);
        return;
    }
    Wish *asked = wish_new(mxp, room, wish->user_id, mxp_reply_get_conversation(wish->reply));
    asked->plan = *plan;
    g_autofree char *primary = g_strdup_printf(_("Give away your own power in “%s”?"), room->name);
    mxp_confirm(mxp, primary,
                _("You cannot undo this: you can only get it back from somebody who has as much."),
                _("Give Away"), set_power, asked, wish_free);
}

void mxp_moderation_set_power(MxpAccount *mxp, MxRoom *room, const char *user_id, MxPowerWish wish,
                              gint64 level, PurpleConversation *conversation)
{
    mx_client_plan_power(mxp->client, room, user_id, wish, level, on_power_planned,
                         wish_new(mxp, room, user_id, conversation), wish_free);
}

/* ---- all messages of somebody ---- */

typedef struct {
    MxpReply *reply;
    char *room_id, *user_id, *reason;
} Sweep;

static Sweep *sweep_new(MxpAccount *mxp, const MxRoom *room, const char *user_id,
                        const char *reason, PurpleConversation *conversation)
{
    Sweep *sweep = g_new0(Sweep, 1);
    sweep->reply = mxp_reply_new(mxp, conversation);
    sweep->room_id = g_strdup(room->room_id);
    sweep->user_id = g_strdup(user_id);
    sweep->reason = g_strdup(reason);
    return sweep;
}

static void sweep_free(gpointer data)
{
    Sweep *sweep = data;
    mxp_reply_free(sweep->reply);
    g_free(sweep->room_id);
    g_free(sweep->user_id);
    g_free(sweep->reason);
    g_free(sweep);
}

static void on_sweep_confirmed(MxpAccount *mxp, gpointer data)
{
    const Sweep *sweep = data;
    MxRoom *room = mx_client_get_room(mxp->client, sweep->room_id);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mx_client_redact_all(mxp->client, room, sweep->user_id, sweep->reason);
}

static void on_sweep_planned(MxClient *client, MxRoom *room, const MxRedactPlan *plan,
                             const GError *error, gpointer data)
{
    const Sweep *sweep = data;
    MxpAccount *mxp = sweep->reply->mxp;
    if (error != NULL) {
        mxp_reply_fail(sweep->reply, error->message);
        return;
    }
    g_autofree char *primary =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "Remove %u message of %s's from “%s”?",
                                    "Remove %u messages of %s's from “%s”?", plan->count),
                        plan->count, plan->name, room->name);
    mxp_confirm(mxp, primary,
                plan->has_more
                    ? _("They are the newest ones. They will be gone for everybody, and nobody can "
                        "bring them back. If the homeserver asks for pauses this takes a while; "
                        "when you go offline before, the rest stays.")
                    : _("They are all that this device knows; older ones stay. They will be gone "
                        "for everybody, and nobody can bring them back. If the homeserver asks for "
                        "pauses this takes a while; when you go offline before, the rest stays."),
                _("Remove"), on_sweep_confirmed,
                sweep_new(mxp, room, sweep->user_id, sweep->reason, NULL), sweep_free);
}

void mxp_moderation_redact_all(MxpAccount *mxp, MxRoom *room, const char *user_id,
                               const char *reason, PurpleConversation *conversation)
{
    mx_client_plan_redact_all(mxp->client, room, user_id, reason, on_sweep_planned,
                              sweep_new(mxp, room, user_id, reason, conversation), sweep_free);
}

/* ---- who can read ---- */

static const struct {
    const char *value, *text;
} visibilities[] = {
    {"shared",
     N_("All members can read what is written in this room, from before they came, too.")},
    {"invited", N_("Members can read what is written in this room from their invitation on.")},
    {"joined", N_("Members can read what is written in this room from their joining on.")},
    {"world_readable", N_("Anybody can read what is written in this room without joining it.")},
};

static void on_info(MxClient *client, MxRoom *room, const MxRoomInfo *info, gpointer data)
{
    Deed *deed = data;
    for (guint i = 0; i < G_N_ELEMENTS(visibilities); i++)
        if (g_str_equal(visibilities[i].value, info->visibility)) {
            g_autofree char *text =
                g_strdup_printf("%s (%s)", _(visibilities[i].text), visibilities[i].value);
            mxp_reply_say(deed->reply, text);
            return;
        }
    g_autofree char *value = mx_event_tidy_name(info->visibility);
    g_autofree char *text =
        g_strdup_printf(_("Who can read what is written in this room is set to something that is "
                          "not known here: %s"),
                        value != NULL ? value : "");
    mxp_reply_say(deed->reply, text);
}

void mxp_moderation_say_visibility(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_info(mxp->client, room, on_info,
                       deed_new(mxp, MXP_DEED_VISIBILITY, room->name, conversation), deed_free);
}

gboolean mxp_moderation_set_visibility(MxpAccount *mxp, MxRoom *room, const char *visibility,
                                       PurpleConversation *conversation)
{
    for (guint i = 0; i < G_N_ELEMENTS(visibilities); i++) {
        if (!g_str_equal(visibilities[i].value, visibility))
            continue;
        mx_client_set_history_visibility(
            mxp->client, room, visibility, on_done,
            deed_new(mxp, MXP_DEED_VISIBILITY, room->name, conversation), deed_free);
        return TRUE;
    }
    return FALSE;
}

/* ---- reports ---- */

static Deed *report_new(MxpAccount *mxp, const char *target, PurpleConversation *conversation)
{
    Deed *deed = deed_new(mxp, MXP_DEED_REPORT, target, conversation);
    deed->done = g_strdup_printf(
        _("%s: reported to those who run your homeserver. They may not read it at once."), target);
    return deed;
}

static void on_message_reported(MxClient *client, const char *what, const GError *error,
                                gpointer data)
{
    Deed *deed = data;
    if (error == NULL)
        deed->done = g_strdup_printf(
            _("Reported to those who run your homeserver: “%s”. They may not read it at once."),
            what);
    end(deed, error);
}

void mxp_moderation_report_message(MxpAccount *mxp, MxRoom *room, const char *typed,
                                   PurpleConversation *conversation)
{
    mx_client_report_message(mxp->client, room, typed, on_message_reported,
                             deed_new(mxp, MXP_DEED_REPORT, _("The message"), conversation),
                             deed_free);
}

void mxp_moderation_report_room(MxpAccount *mxp, MxRoom *room, const char *reason,
                                PurpleConversation *conversation)
{
    mx_client_report_room(mxp->client, room->room_id, reason, on_done,
                          report_new(mxp, room->name, conversation), deed_free);
}

void mxp_moderation_report_user(MxpAccount *mxp, const char *user_id, const char *reason,
                                PurpleConversation *conversation)
{
    mx_client_report_user(mxp->client, user_id, reason, on_done,
                          report_new(mxp, user_id, conversation), deed_free);
}

/* ---- before joining ---- */

static void on_preview(MxClient *client, const char *text, const GError *error, gpointer data)
{
    Deed *deed = data;
    deed->done = g_strdup(text);
    end(deed, error);
}

gboolean mxp_moderation_preview(MxpAccount *mxp, const char *text, PurpleConversation *conversation)
{
    g_autoptr(MxLink) link = mx_link_parse(text);
    if (link == NULL || link->kind == MX_LINK_USER)
        return FALSE;
    mx_client_preview(mxp->client, link->id, (const char *const *)link->via, on_preview,
                      deed_new(mxp, MXP_DEED_PREVIEW, link->id, conversation), deed_free);
    return TRUE;
}

static void on_peek(MxClient *client, const char *text, const GError *error, gpointer data)
{
    Deed *deed = data;
    if (error == NULL && *text == '\0')
        deed->done =
            g_strdup_printf(_("There is no message in %s that anybody may read."), deed->target);
    else if (error == NULL)
        deed->done = g_strdup_printf(_("The last messages in %s, where you are not:\n%s"),
                                     deed->target, text);
    end(deed, error);
}

gboolean mxp_moderation_peek(MxpAccount *mxp, const char *text, PurpleConversation *conversation)
{
    g_autoptr(MxLink) link = mx_link_parse(text);
    if (link == NULL || link->kind == MX_LINK_USER)
        return FALSE;
    MxRoom *room = mxp_rooms_find(mxp, link->id);
    Deed *deed = deed_new(mxp, MXP_DEED_PEEK, link->id, conversation);
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN) {
        mx_client_peek(mxp->client, link->id, on_peek, deed, deed_free);
        return TRUE;
    }
    deed->done =
        g_strdup_printf(_("You are in the room “%s”: /join and its address opens it."), room->name);
    end(deed, NULL);
    deed_free(deed);
    return TRUE;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "presence.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <prpl.h>

#include "markup.h"
#include "receipts.h"

/* Shorter pauses are none. */
#define IDLE_AFTER_S (5 * 60)
/* Characters; who writes more than that writes no status. */
#define MAX_MESSAGE 500

/* ---- others ---- */

void mxp_presence_init(MxpAccount *mxp)
{
    mxp->presences =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)mx_presence_free);
}

void mxp_presence_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->presences, g_hash_table_unref);
}

static const char *get_status_id(MxPresenceState state)
{
    switch (state) {
    case MX_PRESENCE_ONLINE:
        return "available";
    case MX_PRESENCE_UNAVAILABLE:
        return "away";
    case MX_PRESENCE_OFFLINE:
        break;
    }
    return "offline";
}

void mxp_presence_show(MxpAccount *mxp, const char *user_id)
{
    const MxPresence *presence = g_hash_table_lookup(mxp->presences, user_id);
    if (!PURPLE_CONNECTION_IS_CONNECTED(mxp->gc) ||
        purple_find_buddy(mxp->account, user_id) == NULL)
        return;
    if (presence == NULL) {
        purple_prpl_got_user_status(mxp->account, user_id, "available", NULL);
        return;
    }
    gint64 active = presence->active_ms / 1000;
    gboolean is_idle = presence->state != MX_PRESENCE_OFFLINE && !presence->is_active &&
                       active > 0 && time(NULL) - active >= IDLE_AFTER_S;
    const char *message = presence->status_msg != NULL ? presence->status_msg : "";
    purple_prpl_got_user_status(mxp->account, user_id, get_status_id(presence->state), "message",
                                message, NULL);
    purple_prpl_got_user_idle(mxp->account, user_id, is_idle, is_idle ? active : 0);
}

void mxp_presence_update(MxpAccount *mxp, const MxPresence *presence)
{
    MxPresence *copy = mx_presence_copy(presence);
    g_hash_table_replace(mxp->presences, copy->user_id, copy);
    mxp_presence_show(mxp, presence->user_id);
}

/* ---- the user ---- */

GList *mxp_presence_status_types(PurpleAccount *account)
{
    static const struct {
        PurpleStatusPrimitive primitive;
        const char *id, *name;
    } types[] = {
        {PURPLE_STATUS_AVAILABLE, "available", N_("Available")},
        {PURPLE_STATUS_AWAY, "away", N_("Away")},
        {PURPLE_STATUS_INVISIBLE, "invisible", N_("Invisible")},
        {PURPLE_STATUS_OFFLINE, "offline", N_("Offline")},
    };
    GList *list = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        list = g_list_append(list, purple_status_type_new_with_attrs(
                                       types[i].primitive, types[i].id, _(types[i].name), TRUE,
                                       TRUE, FALSE, "message", _("Message"),
                                       purple_value_new(PURPLE_TYPE_STRING), NULL));
    return list;
}

static const char *get_presence(PurpleStatus *status, gboolean is_idle)
{
    switch (purple_status_type_get_primitive(purple_status_get_type(status))) {
    case PURPLE_STATUS_INVISIBLE:
        return "offline";
    case PURPLE_STATUS_AWAY:
    case PURPLE_STATUS_EXTENDED_AWAY:
    case PURPLE_STATUS_UNAVAILABLE:
        return "unavailable";
    default:
        return is_idle ? "unavailable" : "online";
    }
}

static void tell(MxpAccount *mxp, PurpleStatus *status, gboolean is_idle)
{
    const char *presence = get_presence(status, is_idle);
    const char *markup = purple_status_get_attr_string(status, "message");
    /* Who is not to be seen has nothing to say. */
    gboolean is_silent = markup == NULL || g_str_equal(presence, "offline");
    g_autofree char *plain = is_silent ? g_strdup("") : mxp_markup_to_plain(markup);
    g_autofree char *message =
        g_utf8_substring(plain, 0, MIN(g_utf8_strlen(plain, -1), MAX_MESSAGE));
    mx_client_set_presence(mxp->client, presence, message);
}

void mxp_presence_set_status(PurpleAccount *account, PurpleStatus *status)
{
    MxpAccount *mxp = mxp_account_get(account);
    if (mxp != NULL)
        tell(mxp, status, purple_presence_is_idle(purple_account_get_presence(account)));
}

void mxp_presence_set_idle(PurpleConnection *gc, int seconds)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    tell(mxp, purple_account_get_active_status(mxp->account), seconds > 0);
    if (seconds == 0)
        mxp_receipts_flush_all(mxp);
}

/* ---- shown with a buddy ---- */

char *mxp_presence_describe_active(gboolean is_active, gint64 active_ms)
{
    if (is_active)
        return g_strdup(_("just now"));
    g_autoptr(GDateTime) then =
        active_ms > 0 ? g_date_time_new_from_unix_local(active_ms / 1000) : NULL;
    return then != NULL ? g_date_time_format(then, "%x %H:%M") : NULL;
}

static const char *get_message(PurpleBuddy *buddy)
{
    PurpleStatus *status = purple_presence_get_active_status(purple_buddy_get_presence(buddy));
    const char *message = status != NULL ? purple_status_get_attr_string(status, "message") : NULL;
    return message != NULL && *message != '\0' ? message : NULL;
}

char *mxp_presence_status_text(PurpleBuddy *buddy)
{
    const char *message = get_message(buddy);
    return message != NULL ? mxp_markup_escape(message) : NULL;
}

void mxp_presence_tooltip_text(PurpleBuddy *buddy, PurpleNotifyUserInfo *info, gboolean full)
{
    MxpAccount *mxp = mxp_account_get(purple_buddy_get_account(buddy));
    PurpleStatus *status = purple_presence_get_active_status(purple_buddy_get_presence(buddy));
    const char *message = get_message(buddy);
    const MxPresence *presence =
        mxp != NULL ? g_hash_table_lookup(mxp->presences, purple_buddy_get_name(buddy)) : NULL;
    g_autofree char *active =
        presence != NULL ? mxp_presence_describe_active(presence->is_active, presence->active_ms)
                         : NULL;
    /* A status that nobody has told is not claimed. */
    if (presence != NULL && status != NULL)
        purple_notify_user_info_add_pair_plaintext(info, _("Status"),
                                                   purple_status_get_name(status));
    if (message != NULL)
        purple_notify_user_info_add_pair_plaintext(info, _("Message"), message);
    if (active != NULL)
        purple_notify_user_info_add_pair_plaintext(info, _("Last active"), active);
}

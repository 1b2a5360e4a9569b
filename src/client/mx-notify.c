/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-notify.h"

#include "mx-direct.h"
#include "mx-power.h"

MxPushRules *mx_notify_load_rules(MxStore *store)
{
    g_autofree char *text = mx_store_get_account_data(store, 0, "m.push_rules");
    return text != NULL ? mx_push_rules_new(text, strlen(text)) : NULL;
}

/* ---- a room as conditions see it ---- */

typedef struct {
    MxStore *store;
    const MxRoomRow *row;
    const char *own_user_id;
} Asked;

static gint64 count_members(gpointer data)
{
    Asked *asked = data;
    return mx_direct_count_joined(asked->store, asked->row);
}

static char *dup_own_name(gpointer data)
{
    Asked *asked = data;
    g_autoptr(MxMemberRow) member =
        mx_store_get_member(asked->store, asked->row->key, asked->own_user_id);
    return member != NULL ? g_strdup(member->display_name) : NULL;
}

static gboolean may_notify(gpointer data, const char *sender, const char *key)
{
    Asked *asked = data;
    g_autoptr(MxPower) power = mx_power_load(asked->store, asked->row->key);
    return mx_power_may_notify(power, sender, key);
}

MxAlert mx_notify_judge(const MxPushRules *rules, MxStore *store, const MxRoomRow *row,
                        const MxEvent *event, const char *own_user_id)
{
    Asked asked = {store, row, own_user_id};
    MxPushRoom room = {
        .room_id = row->room_id,
        .own_user_id = own_user_id,
        .count_members = count_members,
        .dup_own_name = dup_own_name,
        .may_notify = may_notify,
        .data = &asked,
    };
    if (g_str_equal(event->sender, own_user_id))
        return MX_ALERT_NONE;
    if (rules == NULL)
        return count_members(&asked) == 2 ? MX_ALERT_OPENS | MX_ALERT_SOUND : MX_ALERT_NONE;
    MxPushResult result = mx_push_rules_evaluate(rules, event->root, &room);
    MxAlert alert = result.sound || result.highlight ? MX_ALERT_OPENS : MX_ALERT_NONE;
    return alert | (result.highlight ? MX_ALERT_HIGHLIGHT : 0) |
           (result.sound ? MX_ALERT_SOUND : 0) | (result.is_muted ? MX_ALERT_MUTED : 0);
}

gboolean mx_notify_opens_at_gap(const MxPushRules *rules, const char *room_id, gboolean is_small,
                                gboolean has_mention)
{
    if (rules == NULL)
        return is_small || has_mention;
    if (mx_push_rules_is_silent(rules))
        return FALSE;
    switch (mx_push_rules_get_mode(rules, room_id)) {
    case MX_NOTIFY_MUTE:
        return FALSE;
    case MX_NOTIFY_MENTIONS:
        return has_mention;
    case MX_NOTIFY_ALL:
        return TRUE;
    case MX_NOTIFY_DEFAULT:
        break;
    }
    return is_small || has_mention;
}

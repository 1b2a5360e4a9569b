/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-notify.h"

#include "mx-direct.h"
#include "mx-json.h"

/* What notifying takes where the room does not say. */
#define DEFAULT_LEVEL 50
#define CREATOR_LEVEL 100
/* From this room version on creators are above all levels. */
#define VERSION_OF_CREATORS 12

MxPushRules *mx_notify_load_rules(MxStore *store)
{
    g_autofree char *text = mx_store_get_account_data(store, 0, "m.push_rules");
    return text != NULL ? mx_push_rules_new(text, strlen(text)) : NULL;
}

/* ---- power ---- */

/* Rooms of early versions may have levels as text. */
static gint64 read_level(JsonObject *object, const char *name, gint64 fallback)
{
    const char *text = mx_json_string(object, name);
    gint64 level = fallback;
    if (text != NULL && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &level, NULL))
        return level;
    return mx_json_int_or(object, name, fallback);
}

static gboolean is_listed(JsonArray *users, const char *user_id)
{
    for (guint i = 0; i < mx_json_array_length(users); i++)
        if (g_strcmp0(mx_json_array_string(users, i), user_id) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_above_levels(JsonObject *create, const char *creator, const char *sender)
{
    const char *version = mx_json_string(create, "room_version");
    guint64 number = 0;
    if (version == NULL ||
        !g_ascii_string_to_unsigned(version, 10, 0, G_MAXUINT32, &number, NULL) ||
        number < VERSION_OF_CREATORS)
        return FALSE;
    return g_strcmp0(creator, sender) == 0 ||
           is_listed(mx_json_array(create, "additional_creators"), sender);
}

gboolean mx_notify_has_power(JsonObject *levels, JsonObject *create, const char *creator,
                             const char *sender, const char *key)
{
    if (is_above_levels(create, creator, sender))
        return TRUE;
    gint64 power = read_level(levels, "users_default", 0);
    if (levels == NULL && g_strcmp0(creator, sender) == 0)
        power = CREATOR_LEVEL;
    power = read_level(mx_json_object(levels, "users"), sender, power);
    return power >= read_level(mx_json_object(levels, "notifications"), key, DEFAULT_LEVEL);
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

static JsonObject *get_state(Asked *asked, const char *type)
{
    g_autofree char *text = mx_store_get_state(asked->store, asked->row->key, type, "");
    return text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
}

static gboolean may_notify(gpointer data, const char *sender, const char *key)
{
    Asked *asked = data;
    g_autoptr(JsonObject) levels = get_state(asked, "m.room.power_levels");
    g_autoptr(JsonObject) create = get_state(asked, "m.room.create");
    g_autofree char *creator =
        mx_store_get_state_sender(asked->store, asked->row->key, "m.room.create", "");
    return mx_notify_has_power(levels, create, creator, sender, key);
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

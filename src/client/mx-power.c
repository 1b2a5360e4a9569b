/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-power.h"

/* From this room version on creators are above all levels, and their names are not among "users".
 */
#define VERSION_OF_CREATORS 12
/* From this one on m.room.create has no "creator": its sender is. */
#define VERSION_OF_SENDERS 11
/* From this one on levels are numbers; before, they may be texts. */
#define VERSION_OF_NUMBERS 10
/* An event of 65,536 bytes holds fewer. */
#define MAX_ENTRIES 10000
/* What JSON can say for certain. */
#define MAX_LEVEL G_GINT64_CONSTANT(9007199254740991)

struct _MxPower {
    GHashTable *users, *events, *notifications; /* name -> gint64 */
    GHashTable *creators;                       /* set of user IDs; of version 12 and later */
    gint64 users_default, events_default, state_default, invite, kick, ban, redact;
};

enum {
    BAN,
    EVENTS,
    EVENTS_DEFAULT,
    INVITE,
    KICK,
    NOTIFICATIONS,
    REDACT,
    STATE_DEFAULT,
    USERS,
    USERS_DEFAULT,
    N_FIELDS
};
static const char *const fields[] = {
    "ban",    "events",        "events_default", "invite",        "kick", "notifications",
    "redact", "state_default", "users",          "users_default", NULL};

/* ---- reading ---- */

static gint64 read_version(MxJsonSlice create)
{
    MxJsonSlice value = mx_json_scan_member(create, "room_version");
    g_autofree char *version = mx_json_slice_dup_string(value);
    guint64 number;
    if (version == NULL)
        return 1; /* that is what absent means */
    /* Unstable versions have names; the one that became 12 is known by this. */
    if (g_str_has_prefix(version, "org.matrix.hydra."))
        return VERSION_OF_CREATORS;
    if (!g_ascii_string_to_unsigned(version, 10, 0, G_MAXINT32, &number, NULL))
        return VERSION_OF_SENDERS;
    return number;
}

static gboolean read_level(MxJsonSlice slice, gint64 version, gint64 *level)
{
    if (slice.text == NULL)
        return FALSE;
    if (slice.type != MX_JSON_STRING || version >= VERSION_OF_NUMBERS)
        return mx_json_slice_get_int(slice, level);
    g_autofree char *text = mx_json_slice_dup_string(slice);
    const char *digits = g_strstrip(text);
    /* "+5" is a number for the servers of these rooms. */
    if (*digits == '+' && g_ascii_isdigit(digits[1]))
        digits++;
    return g_ascii_string_to_signed(digits, 10, -MAX_LEVEL, MAX_LEVEL, level, NULL);
}

static gint64 level_or(MxJsonSlice slice, gint64 version, gint64 fallback)
{
    gint64 level;
    return read_level(slice, version, &level) ? level : fallback;
}

static GHashTable *read_levels(MxJsonSlice object, gint64 version)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    MxJsonIter iter;
    MxJsonSlice key, value;
    gint64 level;
    if (object.text == NULL || object.type != MX_JSON_OBJECT || !mx_json_iter_init(&iter, object))
        return table;
    while (mx_json_iter_next(&iter, &key, &value) && g_hash_table_size(table) < MAX_ENTRIES)
        if (read_level(value, version, &level))
            g_hash_table_replace(table, mx_json_slice_dup_string(key),
                                 g_memdup2(&level, sizeof level));
    return table;
}

static void set_level(GHashTable *table, const char *name, gint64 level)
{
    g_hash_table_replace(table, g_strdup(name), g_memdup2(&level, sizeof level));
}

static void read_creators(MxPower *power, MxJsonSlice create, const char *creator)
{
    MxJsonIter iter;
    MxJsonSlice value, list = mx_json_scan_member(create, "additional_creators");
    if (creator != NULL)
        g_hash_table_add(power->creators, g_strdup(creator));
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (g_hash_table_size(power->creators) < MAX_ENTRIES &&
           mx_json_iter_next(&iter, NULL, &value)) {
        char *user_id = mx_json_slice_dup_string(value);
        if (user_id != NULL)
            g_hash_table_add(power->creators, user_id);
    }
}

/* Without m.room.power_levels the creator alone has power. */
static void crown_creator(MxPower *power, MxJsonSlice create, gint64 version, const char *creator)
{
    g_autofree char *named = version < VERSION_OF_SENDERS
                                 ? mx_json_slice_dup_string(mx_json_scan_member(create, "creator"))
                                 : NULL;
    if (named != NULL)
        creator = named;
    if (creator != NULL)
        set_level(power->users, creator, 100);
}

static MxJsonSlice scan(const char *content)
{
    return content != NULL ? mx_json_scan_root(content, strlen(content)) : (MxJsonSlice){0};
}

MxPower *mx_power_new(const char *create_text, const char *creator, const char *levels_text)
{
    MxPower *power = g_new0(MxPower, 1);
    MxJsonSlice values[N_FIELDS] = {0};
    MxJsonSlice create = scan(create_text), levels = scan(levels_text);
    gint64 version = read_version(create);
    gboolean has_levels = levels.text != NULL && levels.type == MX_JSON_OBJECT;
    if (has_levels)
        mx_json_scan_members(levels, fields, values);
    power->users = read_levels(values[USERS], version);
    power->events = read_levels(values[EVENTS], version);
    power->notifications = read_levels(values[NOTIFICATIONS], version);
    power->creators = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    power->users_default = level_or(values[USERS_DEFAULT], version, 0);
    power->events_default = level_or(values[EVENTS_DEFAULT], version, 0);
    power->state_default = level_or(values[STATE_DEFAULT], version, 50);
    power->invite = level_or(values[INVITE], version, 0);
    power->kick = level_or(values[KICK], version, 50);
    power->ban = level_or(values[BAN], version, 50);
    power->redact = level_or(values[REDACT], version, 50);
    if (version >= VERSION_OF_CREATORS)
        read_creators(power, create, creator);
    else if (!has_levels)
        crown_creator(power, create, version, creator);
    return power;
}

MxPower *mx_power_load(MxStore *store, gint64 room)
{
    g_autofree char *create = mx_store_get_state(store, room, "m.room.create", "");
    g_autofree char *creator = mx_store_get_state_sender(store, room, "m.room.create", "");
    g_autofree char *levels = mx_store_get_state(store, room, "m.room.power_levels", "");
    return mx_power_new(create, creator, levels);
}

void mx_power_free(MxPower *power)
{
    if (power == NULL)
        return;
    g_hash_table_unref(power->users);
    g_hash_table_unref(power->events);
    g_hash_table_unref(power->notifications);
    g_hash_table_unref(power->creators);
    g_free(power);
}

/* ---- asking ---- */

static gint64 look_up(GHashTable *table, const char *name, gint64 fallback)
{
    const gint64 *level = g_hash_table_lookup(table, name);
    return level != NULL ? *level : fallback;
}

gboolean mx_power_is_creator(const MxPower *power, const char *user_id)
{
    return g_hash_table_contains(power->creators, user_id);
}

gint64 mx_power_get(const MxPower *power, const char *user_id)
{
    if (mx_power_is_creator(power, user_id))
        return MX_POWER_INFINITE;
    return look_up(power->users, user_id, power->users_default);
}

gint64 mx_power_get_default(const MxPower *power)
{
    return power->users_default;
}

gint64 mx_power_get_needed(const MxPower *power, const char *type, gboolean is_state)
{
    return look_up(power->events, type, is_state ? power->state_default : power->events_default);
}

gint64 mx_power_get_needed_for(const MxPower *power, MxPowerDeed deed)
{
    const gint64 levels[] = {[MX_POWER_INVITE] = power->invite,
                             [MX_POWER_KICK] = power->kick,
                             [MX_POWER_BAN] = power->ban,
                             [MX_POWER_REDACT] = power->redact};
    return levels[deed];
}

gboolean mx_power_may_send_state(const MxPower *power, const char *user_id, const char *type)
{
    return mx_power_get(power, user_id) >= mx_power_get_needed(power, type, TRUE);
}

gboolean mx_power_may_send_message(const MxPower *power, const char *user_id, const char *type)
{
    return mx_power_get(power, user_id) >= mx_power_get_needed(power, type, FALSE);
}

gboolean mx_power_may_invite(const MxPower *power, const char *user_id)
{
    return mx_power_get(power, user_id) >= power->invite;
}

static gboolean is_above(const MxPower *power, const char *user_id, const char *target)
{
    return mx_power_get(power, user_id) > mx_power_get(power, target);
}

gboolean mx_power_may_kick(const MxPower *power, const char *user_id, const char *target)
{
    return g_str_equal(user_id, target) ||
           (mx_power_get(power, user_id) >= power->kick && is_above(power, user_id, target));
}

gboolean mx_power_may_ban(const MxPower *power, const char *user_id, const char *target)
{
    return mx_power_get(power, user_id) >= power->ban && is_above(power, user_id, target);
}

gboolean mx_power_may_unban(const MxPower *power, const char *user_id, const char *target)
{
    /* The rules for events make a kick of it, too. */
    return mx_power_may_ban(power, user_id, target) && mx_power_get(power, user_id) >= power->kick;
}

gboolean mx_power_may_redact(const MxPower *power, const char *user_id, const char *sender)
{
    return mx_power_may_send_message(power, user_id, "m.room.redaction") &&
           (g_str_equal(user_id, sender) || mx_power_get(power, user_id) >= power->redact);
}

gboolean mx_power_may_set(const MxPower *power, const char *user_id, const char *target,
                          gint64 level)
{
    return mx_power_may_send_state(power, user_id, "m.room.power_levels") &&
           !mx_power_is_creator(power, target) && level <= mx_power_get(power, user_id) &&
           (g_str_equal(user_id, target) || is_above(power, user_id, target));
}

gboolean mx_power_may_notify(const MxPower *power, const char *user_id, const char *key)
{
    return mx_power_get(power, user_id) >= look_up(power->notifications, key, 50);
}

static int compare_users(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *mx_power_list_users(const MxPower *power, const MxPower *other)
{
    GHashTable *const tables[] = {power->users, power->creators, other->users, other->creators};
    g_autoptr(GHashTable) all = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer user_id;
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_hash_table_iter_init(&iter, tables[i]);
        while (g_hash_table_iter_next(&iter, &user_id, NULL))
            g_hash_table_add(all, user_id);
    }
    GPtrArray *users = g_ptr_array_sized_new(g_hash_table_size(all));
    g_hash_table_iter_init(&iter, all);
    while (g_hash_table_iter_next(&iter, &user_id, NULL))
        g_ptr_array_add(users, user_id);
    g_ptr_array_sort(users, compare_users);
    return users;
}

MxRole mx_power_get_role(const MxPower *power, const char *user_id)
{
    gint64 level = mx_power_get(power, user_id);
    if (level == MX_POWER_INFINITE)
        return MX_ROLE_CREATOR;
    if (level >= 100)
        return MX_ROLE_ADMIN;
    if (level >= 50)
        return MX_ROLE_MODERATOR;
    return level > power->users_default ? MX_ROLE_RAISED : MX_ROLE_NONE;
}

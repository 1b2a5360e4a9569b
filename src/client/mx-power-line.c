/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-power.h"
#include "mx-room-name.h"
#include "mx-state-line.h"

/* Who has got which power. */

/* More changes in one event are counted only. */
#define MAX_CHANGES 5

static char *describe_level(const char *name, gint64 level, gint64 usual)
{
    if (level == 100)
        return g_strdup_printf(_("%s is now an administrator"), name);
    if (level == 50)
        return g_strdup_printf(_("%s is now a moderator"), name);
    if (level == usual)
        return g_strdup_printf(_("%s is now an ordinary member"), name);
    return g_strdup_printf(_("%s now has the power level %" G_GINT64_FORMAT), name, level);
}

static char *join_changes(GString *list, guint more)
{
    if (more > 0)
        g_string_append_printf(
            list,
            g_dngettext(GETTEXT_PACKAGE, ", and %u more change", ", and %u more changes", more),
            more);
    return g_string_free(list, FALSE);
}

char *mx_power_line_describe(const MxStateChange *change)
{
    g_autofree char *create = mx_store_get_state(change->store, change->room, "m.room.create", "");
    g_autofree char *creator =
        mx_store_get_state_sender(change->store, change->room, "m.room.create", "");
    g_autofree char *before = g_strndup(change->prev.text, change->prev.len);
    g_autofree char *after = g_strndup(change->content.text, change->content.len);
    if (before == NULL)
        return NULL; /* the first levels of a room */
    g_autoptr(MxPower) old = mx_power_new(create, creator, before);
    g_autoptr(MxPower) now = mx_power_new(create, creator, after);
    g_autoptr(GPtrArray) users = mx_power_list_users(old, now);
    g_autoptr(GString) list = g_string_new(NULL);
    guint count = 0;
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        gint64 level = mx_power_get(now, user_id);
        if (level == mx_power_get(old, user_id) || ++count > MAX_CHANGES)
            continue;
        g_autofree char *name = mx_room_name_of_member(change->store, change->room, user_id);
        g_autofree char *words = describe_level(name, level, mx_power_get_default(now));
        g_string_append_printf(list, "%s%s", count > 1 ? ", " : "", words);
    }
    if (count == 0)
        return g_strdup_printf(_("%s has changed who may do what in this room."),
                               change->sender_name);
    g_autofree char *text =
        join_changes(g_steal_pointer(&list), count > MAX_CHANGES ? count - MAX_CHANGES : 0);
    /* Translators: who has changed power levels, and the list of what they are now. */
    return g_strdup_printf(_("%s has changed power levels: %s."), change->sender_name, text);
}

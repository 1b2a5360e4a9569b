/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-room-name.h"

#include "mx-direct.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-name.h"

#define MAX_HEROES 5

char *mx_room_name_of_user(const char *display_name, const char *user_id, gboolean is_shared)
{
    g_autofree char *name = mx_event_tidy_name(display_name);
    g_autofree char *key = mx_name_make_key(name);
    if (key == NULL || g_str_equal(name, user_id)) /* nothing that can be seen */
        return g_strdup(user_id);
    if (is_shared || mx_name_looks_like_id(name))
        return g_strdup_printf("%s (%s)", name, user_id);
    return g_steal_pointer(&name);
}

char *mx_room_name_of_member(MxStore *store, gint64 room, const char *user_id)
{
    g_autoptr(MxMemberRow) member = mx_store_get_member(store, room, user_id);
    if (member == NULL || member->display_name == NULL)
        return g_strdup(user_id);
    return mx_room_name_of_user(
        member->display_name, user_id,
        mx_store_is_name_shared(store, room, user_id, member->display_name));
}

static GPtrArray *heroes_from_summary(const MxRoomRow *room, const char *own_user_id)
{
    GPtrArray *heroes = g_ptr_array_new_with_free_func(g_free);
    if (room->heroes == NULL)
        return heroes;
    MxJsonIter iter;
    MxJsonSlice value;
    if (!mx_json_iter_init(&iter, mx_json_scan_root(room->heroes, strlen(room->heroes))))
        return heroes;
    while (heroes->len < MAX_HEROES && mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *user_id = mx_json_slice_dup_string(value);
        if (user_id != NULL && mx_user_id_is_valid(user_id) && !g_str_equal(user_id, own_user_id))
            g_ptr_array_add(heroes, g_steal_pointer(&user_id));
    }
    return heroes;
}

static GPtrArray *list_heroes(MxStore *store, const MxRoomRow *room, const char *own_user_id)
{
    GPtrArray *heroes = heroes_from_summary(room, own_user_id);
    if (heroes->len > 0)
        return heroes;
    g_autoptr(GPtrArray) members = mx_store_list_members(store, room->key, MAX_HEROES + 1);
    for (guint i = 0; i < members->len && heroes->len < MAX_HEROES; i++) {
        MxMemberRow *member = g_ptr_array_index(members, i);
        if (!g_str_equal(member->user_id, own_user_id))
            g_ptr_array_add(heroes, g_strdup(member->user_id));
    }
    return heroes;
}

/* "A", "A and B", "A, B and C", "A, B, C and 4 others" */
static char *join_names(GPtrArray *names, gint64 others)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        gboolean is_last = i + 1 == names->len && others <= 0;
        if (i == 0)
            g_string_append(text, name);
        else if (is_last)
            /* Translators: the end of a list of people, as in "Alice, Bob and Carol". */
            g_string_append_printf(text, _(" and %s"), name);
        else
            g_string_append_printf(text, ", %s", name);
    }
    if (others > 0)
        g_string_append_printf(
            text, g_dngettext(GETTEXT_PACKAGE, " and %d other", " and %d others", others),
            (int)MIN(others, G_MAXINT));
    return g_string_free(text, FALSE);
}

static char *name_from_people(MxStore *store, const MxRoomRow *room, const char *own_user_id)
{
    g_autoptr(GPtrArray) heroes = list_heroes(store, room, own_user_id);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < heroes->len; i++)
        g_ptr_array_add(names,
                        mx_room_name_of_member(store, room->key, g_ptr_array_index(heroes, i)));
    gint64 people = mx_direct_count_joined(store, room) + mx_direct_count_invited(store, room);
    if (people > 1 && names->len > 0)
        return join_names(names, people - 1 - names->len);
    if (names->len == 0)
        return g_strdup(_("Empty room"));
    g_autofree char *were = join_names(names, 0);
    return g_strdup_printf(_("Empty room (was %s)"), were);
}

char *mx_room_name_compute(MxStore *store, const MxRoomRow *room, const char *own_user_id)
{
    char *name = mx_event_tidy_name(room->name);
    if (name == NULL)
        name = mx_event_tidy_name(room->canonical_alias);
    return name != NULL ? name : name_from_people(store, room, own_user_id);
}

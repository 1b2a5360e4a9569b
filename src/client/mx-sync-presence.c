/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sync-presence.h"

#include <string.h>

#include "mx-event.h"
#include "mx-id.h"

/* Values that are not known leave the user as they were. */
static gboolean read_state(MxJsonSlice slice, MxPresenceState *state)
{
    static const struct {
        const char *name;
        MxPresenceState state;
    } names[] = {
        {"online", MX_PRESENCE_ONLINE},
        {"unavailable", MX_PRESENCE_UNAVAILABLE},
        {"offline", MX_PRESENCE_OFFLINE},
        {"org.matrix.msc3026.busy", MX_PRESENCE_UNAVAILABLE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!mx_json_slice_equals(slice, names[i].name))
            continue;
        *state = names[i].state;
        return TRUE;
    }
    return FALSE;
}

static MxPresence *read_presence(const MxEvent *event)
{
    static const char *const names[] = {"presence", "status_msg", "last_active_ago",
                                        "currently_active", NULL};
    MxJsonSlice values[4];
    MxPresenceState state;
    gint64 ago, now_ms = g_get_real_time() / 1000;
    mx_json_scan_members(event->content, names, values);
    if (!read_state(values[0], &state))
        return NULL;
    g_autofree char *text = mx_json_slice_dup_string(values[1]);
    MxPresence *presence = g_new0(MxPresence, 1);
    presence->user_id = g_strdup(event->sender);
    presence->state = state;
    presence->status_msg = mx_event_tidy_name(text);
    if (mx_json_slice_get_int(values[2], &ago) && ago >= 0 && ago < now_ms)
        presence->active_ms = now_ms - ago;
    mx_json_slice_get_bool(values[3], &presence->is_active);
    return presence;
}

static GHashTable *list_partners(MxStore *store)
{
    GHashTable *partners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) users = mx_store_list_direct_users(store);
    for (guint i = 0; i < users->len; i++)
        g_hash_table_add(partners, g_strdup(g_ptr_array_index(users, i)));
    return partners;
}

GPtrArray *mx_sync_presence_apply(MxStore *store, const MxSyncStage *stage, GHashTable *watched)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_presence_free);
    g_autoptr(GHashTable) partners = stage->presence->len > 0 ? list_partners(store) : NULL;
    for (guint i = 0; i < stage->presence->len; i++) {
        g_auto(MxEvent) event = {0};
        const char *text = g_ptr_array_index(stage->presence, i);
        if (!mx_event_parse(&event, text, strlen(text), FALSE) ||
            !g_str_equal(event.type, "m.presence") || event.sender == NULL ||
            !(g_hash_table_contains(partners, event.sender) ||
              (watched != NULL && g_hash_table_contains(watched, event.sender))))
            continue;
        MxPresence *presence = read_presence(&event);
        if (presence == NULL)
            continue;
        mx_store_set_presence(store, presence);
        g_ptr_array_add(list, presence);
    }
    return list;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-bridge.h"

#include <string.h>

#include "mx-event.h"
#include "mx-json-scan.h"

/* The name for people, else the identifier, which every part has. */
static char *read_name(MxJsonSlice content, const char *part)
{
    static const char *const members[] = {"displayname", "id", NULL};
    MxJsonSlice values[2];
    mx_json_scan_members(mx_json_scan_member(content, part), members, values);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *text = mx_json_slice_dup_string(values[i]);
        char *name = mx_event_tidy_name(text);
        if (name != NULL)
            return name;
    }
    return NULL;
}

char *mx_bridge_describe(const char *content)
{
    static const char *const parts[] = {"protocol", "network", "channel"};
    MxJsonSlice root = mx_json_scan_root(content, strlen(content));
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *last = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *name = read_name(root, parts[i]);
        if (name == NULL || g_strcmp0(name, last) == 0) /* a network may be its own protocol */
            continue;
        g_string_append_printf(line, "%s%s", line->len > 0 ? ", " : "", name);
        g_free(last);
        last = g_steal_pointer(&name);
    }
    return line->len > 0 ? g_strdup(line->str) : NULL;
}

GPtrArray *mx_bridge_list(MxStore *store, gint64 room)
{
    static const char *const types[] = {"m.bridge", "uk.half-shot.bridge"};
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GPtrArray) contents = mx_store_list_state(store, room, types[i], MX_BRIDGE_MAX);
        for (guint n = 0; n < contents->len && lines->len < MX_BRIDGE_MAX; n++) {
            g_autofree char *line = mx_bridge_describe(g_ptr_array_index(contents, n));
            if (line != NULL && !g_ptr_array_find_with_equal_func(lines, line, g_str_equal, NULL))
                g_ptr_array_add(lines, g_steal_pointer(&line));
        }
    }
    return lines;
}

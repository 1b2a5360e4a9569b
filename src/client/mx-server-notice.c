/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-server-notice.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-event.h"

static gboolean is_marked(MxStore *store, gint64 room)
{
    g_autofree char *tags = mx_store_get_account_data(store, room, "m.tag");
    if (tags == NULL)
        return FALSE;
    MxJsonSlice list = mx_json_scan_member(mx_json_scan_root(tags, strlen(tags)), "tags");
    return mx_json_scan_member(list, "m.server_notice").text != NULL;
}

char *mx_server_notice_describe(MxStore *store, gint64 room, MxJsonSlice content)
{
    static const char *const names[] = {"body", "server_notice_type", "admin_contact", NULL};
    MxJsonSlice values[3];
    mx_json_scan_members(content, names, values);
    g_autofree char *body = mx_json_slice_dup_string(values[0]);
    g_autofree char *contact = mx_json_slice_dup_string(values[2]);
    g_autofree char *tidied = mx_event_tidy_text(contact, 500);
    if (body == NULL || !is_marked(store, room))
        return g_steal_pointer(&body);
    GString *text = g_string_new(body);
    if (mx_json_slice_equals(values[1], "m.server_notice.usage_limit_reached"))
        g_string_append(text, _("\nYour homeserver has reached a limit: until that is settled it "
                                "sends and receives nothing for you."));
    if (tidied != NULL)
        g_string_append_printf(text, _("\nWhom to ask: %s"), tidied);
    return g_string_free(text, FALSE);
}

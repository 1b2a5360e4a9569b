/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-info.h"

#include <string.h>

#include "mx-bridge.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-json-scan.h"
#include "mx-name.h"
#include "mx-room-name.h"

#define MAX_TOPIC 16000
/* So many representations of a topic are looked at. */
#define MAX_TEXTS 20

void mx_room_info_free(MxRoomInfo *info)
{
    g_free(info->name);
    g_free(info->topic);
    g_free(info->topic_setter);
    g_free(info->address);
    g_ptr_array_unref(info->addresses);
    g_ptr_array_unref(info->bridges);
    g_free(info);
}

/* ---- topic ---- */

static char *tidy(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) tidied = g_string_new(NULL);
    guint left = MAX_TOPIC;
    for (const char *at = valid; *at != '\0' && left > 0; at = g_utf8_next_char(at), left--) {
        gunichar c = g_utf8_get_char(at);
        if (c != '\r')
            g_string_append_unichar(tidied, c != '\n' && mx_name_is_control(c) ? ' ' : c);
    }
    g_strstrip(tidied->str);
    return tidied->str[0] != '\0' ? g_strdup(tidied->str) : NULL;
}

static char *read_plain_text(MxJsonSlice texts)
{
    static const char *const names[] = {"body", "mimetype", NULL};
    MxJsonIter iter;
    MxJsonSlice text, values[2];
    if (texts.text == NULL || texts.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, texts))
        return NULL;
    for (guint i = 0; i < MAX_TEXTS && mx_json_iter_next(&iter, NULL, &text); i++) {
        if (text.type != MX_JSON_OBJECT)
            continue;
        mx_json_scan_members(text, names, values);
        char *body = values[1].text == NULL || mx_json_slice_equals(values[1], "text/plain")
                         ? mx_json_slice_dup_string(values[0])
                         : NULL;
        if (body != NULL)
            return body;
    }
    return NULL;
}

char *mx_room_info_read_topic(const char *content)
{
    static const char *const names[] = {"topic", "m.topic", NULL};
    MxJsonSlice values[2];
    mx_json_scan_members(mx_json_scan_root(content, strlen(content)), names, values);
    g_autofree char *text = mx_json_slice_dup_string(values[0]);
    if (text == NULL && values[1].text != NULL && values[1].type == MX_JSON_OBJECT)
        text = read_plain_text(mx_json_scan_member(values[1], "m.text"));
    return text != NULL ? tidy(text) : NULL;
}

static void load_topic(MxRoomInfo *info, MxStore *store, gint64 room)
{
    g_autofree char *content = mx_store_get_state(store, room, "m.room.topic", "");
    g_autofree char *setter = mx_store_get_state_sender(store, room, "m.room.topic", "");
    info->topic = content != NULL ? mx_room_info_read_topic(content) : NULL;
    if (info->topic != NULL && setter != NULL)
        info->topic_setter = mx_room_name_of_member(store, room, setter);
}

/* ---- addresses ---- */

static void load_addresses(MxRoomInfo *info, MxStore *store, gint64 room)
{
    g_autofree char *content = mx_store_get_state(store, room, "m.room.canonical_alias", "");
    MxJsonSlice root, others, value;
    MxJsonIter iter;
    if (content == NULL)
        return;
    root = mx_json_scan_root(content, strlen(content));
    g_autofree char *address = mx_json_slice_dup_string(mx_json_scan_member(root, "alias"));
    info->address = mx_event_tidy_name(address);
    others = mx_json_scan_member(root, "alt_aliases");
    if (others.text == NULL || others.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, others))
        return;
    while (info->addresses->len < MX_ROOM_INFO_ADDRESSES &&
           mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *other = mx_json_slice_dup_string(value);
        char *tidied = mx_event_tidy_name(other);
        if (tidied != NULL)
            g_ptr_array_add(info->addresses, tidied);
    }
}

MxRoomInfo *mx_room_info_load(MxStore *store, gint64 room)
{
    MxRoomInfo *info = g_new0(MxRoomInfo, 1);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    info->addresses = g_ptr_array_new_with_free_func(g_free);
    info->bridges = mx_bridge_list(store, room);
    if (row == NULL)
        return info;
    info->name = mx_event_tidy_name(row->name);
    load_topic(info, store, room);
    load_addresses(info, store, room);
    return info;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-bundled.h"

#include "mx-inbound.h"
#include "mx-relation.h"
#include "mx-store-relations.h"

gboolean mx_bundled_parse(const MxEvent *event, MxEvent *edit)
{
    MxJsonSlice relations =
        mx_json_scan_member(mx_json_scan_member(event->root, "unsigned"), "m.relations");
    MxJsonSlice bundled = mx_json_scan_member(relations, "m.replace");
    if (bundled.text == NULL || !mx_event_parse(edit, bundled.text, bundled.len, TRUE))
        return FALSE;
    g_autofree char *target = mx_relation_dup_target(edit);
    if (g_strcmp0(target, event->event_id) == 0 && g_str_equal(edit->sender, event->sender))
        return TRUE;
    mx_event_clear(edit);
    return FALSE;
}

void mx_bundled_note(MxStore *store, const MxTimelineRow *row, const MxEvent *event)
{
    g_auto(MxEvent) edit = {0};
    if (row->state_key != NULL || g_str_equal(row->content, "{}") ||
        !mx_bundled_parse(event, &edit) || mx_store_has_event(store, row->room, edit.event_id) ||
        mx_store_is_redacted(store, row->room, edit.event_id))
        return;
    g_autofree char *content = g_strndup(edit.content.text, edit.content.len);
    MxTimelineRow kept = {.room = row->room,
                          .event_id = edit.event_id,
                          .sender = edit.sender,
                          .type = edit.type,
                          .content = content,
                          .ts = edit.ts,
                          .relates_to = row->event_id};
    mx_store_set_bundled(store, &kept);
}

void mx_bundled_read(MxStore *store, const char *room_id, const MxTimelineRow *target)
{
    g_autoptr(GPtrArray) rows = mx_store_list_bundled(store, target->room, target->event_id);
    for (guint i = 0; i < rows->len; i++) {
        g_auto(MxReading) reading = {0};
        const MxTimelineRow *row = g_ptr_array_index(rows, i);
        if (!g_str_equal(row->type, "m.room.encrypted"))
            continue;
        mx_inbound_read(mx_crypto_of(store), room_id, row->event_id, row->sender, row->ts,
                        row->content, &reading);
        if (reading.result != MX_READ_OK)
            continue;
        MxTimelineRow read = *row;
        read.type = reading.type;
        read.content = reading.content;
        read.is_secret = TRUE;
        read.reading = MX_READING_PACK(reading.result, reading.shield);
        mx_store_set_quoted(store, &read);
    }
}

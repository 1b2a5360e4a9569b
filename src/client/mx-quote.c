/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-quote.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-bundled.h"
#include "mx-event.h"
#include "mx-ignored-list.h"
#include "mx-inbound.h"
#include "mx-redaction.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-store-relations.h"

MxTimelineRow *mx_quote_find(MxStore *store, gint64 room, const char *event_id)
{
    MxTimelineRow *row = mx_store_get_event(store, room, event_id);
    if (row == NULL)
        mx_store_get_quoted(store, room, event_id, &row);
    return row;
}

/* For one batch of lines no more is asked for. */
#define MAX_WANTED 20

static void add_wanted(MxStore *store, gint64 room, const char *event_id, GPtrArray *wanted)
{
    if (event_id == NULL || wanted->len >= MAX_WANTED ||
        mx_store_has_event(store, room, event_id) ||
        mx_store_get_quoted(store, room, event_id, NULL) ||
        g_ptr_array_find_with_equal_func(wanted, event_id, g_str_equal, NULL))
        return;
    g_ptr_array_add(wanted, g_strdup(event_id));
}

void mx_quote_list_wanted(MxStore *store, const MxTimelineRow *row, GPtrArray *wanted)
{
    g_auto(MxRelation) relation = {0};
    if (row->state_key != NULL)
        return;
    mx_relation_read_row(&relation, row);
    if (relation.kind == MX_RELATION_NONE)
        return;
    add_wanted(store, row->room, relation.event_id, wanted);
    add_wanted(store, row->room, relation.reply_to, wanted);
}

/* ---- words ---- */

char *mx_quote_describe_time(gint64 ts, gint64 beside)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(ts / 1000);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(beside / 1000);
    if (when == NULL || now == NULL)
        return g_strdup("?");
    gboolean is_same_day = g_date_time_get_year(when) == g_date_time_get_year(now) &&
                           g_date_time_get_day_of_year(when) == g_date_time_get_day_of_year(now);
    return g_date_time_format(when, is_same_day ? "%H:%M" : "%x %H:%M");
}

static char *shorten(const char *text)
{
    g_autofree char *tidy = mx_event_tidy_text(text, MX_QUOTE_MAX);
    if (tidy == NULL || g_utf8_strlen(text, -1) <= MX_QUOTE_MAX)
        return g_steal_pointer(&tidy);
    return g_strconcat(tidy, "…", NULL);
}

char *mx_quote_get_excerpt(MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    if (g_str_equal(row->content, "{}"))
        return g_strdup(_("a removed message"));
    if (g_str_equal(row->type, "m.room.encrypted"))
        return g_strdup(_("an encrypted message"));
    mx_relation_read_row(&relation, row);
    g_autofree char *text = mx_relation_dup_content(store, row);
    g_autofree char *body = mx_relation_dup_body(&relation, mx_json_scan_root(text, strlen(text)));
    char *excerpt = body != NULL ? shorten(body) : NULL;
    return excerpt != NULL ? excerpt : g_strdup(_("a message without text"));
}

static gboolean is_ignored(MxStore *store, const char *user_id)
{
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    return g_hash_table_contains(ignored, user_id);
}

char *mx_quote_describe(MxStore *store, gint64 room, const MxTimelineRow *row)
{
    if (row == NULL)
        return g_strdup(_("an older message"));
    g_autofree char *name = mx_room_name_of_member(store, room, row->sender);
    if (is_ignored(store, row->sender))
        return g_strdup_printf("%s: …", name);
    g_autofree char *excerpt = mx_quote_get_excerpt(store, row);
    return g_strdup_printf("%s: %s", name, excerpt);
}

/* ---- what was asked for ---- */

static gboolean read_answer(MxEvent *event, const char *event_id, const char *answer, gsize len)
{
    return answer != NULL && mx_event_parse(event, answer, len, TRUE) &&
           g_str_equal(event->event_id, event_id);
}

/* Puts what an encrypted event says in the place of type and content, if it can be read. */
static gboolean read_secret(MxStore *store, gint64 room_key, const MxTimelineRow *row,
                            MxReading *reading)
{
    MxCrypto *crypto = mx_crypto_of(store);
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, room_key);
    if (!g_str_equal(row->type, "m.room.encrypted") || crypto == NULL || room == NULL)
        return FALSE;
    mx_inbound_read(crypto, room->room_id, row->event_id, row->sender, row->ts, row->content,
                    reading);
    return reading->result == MX_READ_OK;
}

static int pack(const MxReading *reading)
{
    return MX_READING_PACK(reading->result,
                           reading->result == MX_READ_OK ? reading->shield : MX_SHIELD_NONE);
}

/* The homeserver alone says what stands in an event that was not encrypted (crypto G8). */
static void warn_of_clear(MxStore *store, MxTimelineRow *row)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, row->room);
    if (room != NULL && room->encrypted && !row->is_secret && mx_store_is_message(row->type))
        row->reading = MX_READING_PACK(MX_READ_OK, MX_SHIELD_RED_NOT_ENCRYPTED);
}

static void read_bundled(MxStore *store, gint64 room_key, const MxTimelineRow *row)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, room_key);
    if (room != NULL && row->is_secret)
        mx_bundled_read(store, room->room_id, row);
}

MxTimelineRow *mx_quote_find_now(MxStore *store, gint64 room, const char *event_id)
{
    g_auto(MxReading) reading = {0};
    g_autoptr(MxTimelineRow) row = mx_quote_find(store, room, event_id);
    if (row == NULL || row->id != 0)
        return g_steal_pointer(&row);
    warn_of_clear(store, row);
    if (!g_str_equal(row->type, "m.room.encrypted"))
        return g_steal_pointer(&row);
    row->is_secret = read_secret(store, room, row, &reading);
    row->reading = pack(&reading);
    if (!row->is_secret)
        return g_steal_pointer(&row);
    g_free(row->type);
    g_free(row->content);
    row->type = g_steal_pointer(&reading.type);
    row->content = g_steal_pointer(&reading.content);
    mx_store_set_quoted(store, row);
    read_bundled(store, room, row);
    return g_steal_pointer(&row);
}

void mx_quote_store(MxStore *store, gint64 room, const char *event_id, const char *answer,
                    gsize len)
{
    g_auto(MxEvent) event = {0};
    g_auto(MxReading) reading = {0};
    MxTimelineRow row = {.room = room, .event_id = (char *)event_id};
    if (!read_answer(&event, event_id, answer, len)) {
        if (!mx_store_get_quoted(store, room, event_id, NULL))
            mx_store_set_quoted(store, &row);
        return;
    }
    gboolean is_redacted = mx_store_is_redacted(store, room, event_id);
    g_autofree char *content = mx_redaction_dup_content(&event, is_redacted);
    row.sender = event.sender;
    row.type = event.type;
    row.content = content;
    row.ts = event.ts;
    if (read_secret(store, room, &row, &reading)) {
        row.type = reading.type;
        row.content = reading.content;
        row.is_secret = TRUE;
        row.reading = pack(&reading);
    }
    mx_store_set_quoted(store, &row);
    mx_bundled_note(store, &row, &event); /* a row of its own: it may be removed */
    read_bundled(store, room, &row);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-raw-line.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-extensible.h"
#include "mx-poll.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-state-line.h"
#include "mx-sync-apply.h"

/* Characters. */
#define MAX_CONTENT 400
#define MAX_WORD 100

static gboolean is_raw(const char *type, const char *state_key)
{
    if (state_key == NULL)
        return !mx_sync_apply_is_line(type) && !g_str_equal(type, "m.room.redaction") &&
               !mx_relation_is_told(type);
    return !mx_state_line_is_known(type);
}

static char *shorten(const char *text)
{
    g_autofree char *tidied = mx_event_tidy_text(text, MAX_CONTENT);
    return tidied != NULL && g_utf8_strlen(text, -1) > MAX_CONTENT ? g_strconcat(tidied, "…", NULL)
                                                                   : g_steal_pointer(&tidied);
}

/* An event of a type that nobody here knows can say in its content what it means (F2). */
static char *dup_text(const char *type, const char *state_key, MxJsonSlice content)
{
    g_autofree char *text =
        state_key == NULL && !mx_poll_is_response(type) ? mx_extensible_dup_text(content) : NULL;
    return text != NULL ? shorten(text) : NULL;
}

gboolean mx_raw_line_is_wanted(MxStore *store, gint64 room, const MxEvent *event)
{
    if (!is_raw(event->type, event->state_key))
        return FALSE;
    g_autofree char *text = dup_text(event->type, event->state_key, event->content);
    return text != NULL || mx_store_shows_all(store, room);
}

gboolean mx_raw_line_is_one(const MxTimelineRow *row)
{
    return is_raw(row->type, row->state_key);
}

char *mx_raw_line_describe(MxStore *store, const MxTimelineRow *row)
{
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    g_autofree char *type = mx_event_tidy_text(row->type, MAX_WORD);
    g_autofree char *text =
        dup_text(row->type, row->state_key, mx_json_scan_root(row->content, strlen(row->content)));
    g_autofree char *content = text != NULL ? g_strdup(text) : shorten(row->content);
    g_autofree char *key =
        row->state_key != NULL ? mx_event_tidy_text(row->state_key, MAX_WORD) : NULL;
    if (row->state_key == NULL)
        return g_strdup_printf(_("%s has sent %s: %s"), name, type, content);
    if (key == NULL)
        return g_strdup_printf(_("%s has set %s: %s"), name, type, content);
    return g_strdup_printf(_("%s has set %s of %s: %s"), name, type, key, content);
}

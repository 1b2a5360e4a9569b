/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-relation.h"

#include <string.h>

#include "mx-extensible.h"
#include "mx-id.h"
#include "mx-poll.h"
#include "mx-store-relations.h"

#define REACTION "m.reaction"
/* So many edits of one message are looked at. */
#define MAX_EDITS 100
/* Behind an edited poll there are its votes. */
#define MAX_BEHIND_POLL 10000
/* Bytes; a reaction is an emoji, or a few words. */
#define MAX_KEY 200

void mx_relation_clear(MxRelation *relation)
{
    g_clear_pointer(&relation->event_id, g_free);
    g_clear_pointer(&relation->reply_to, g_free);
    g_clear_pointer(&relation->key, g_free);
}

gboolean mx_relation_is_reaction(const char *type)
{
    return g_str_equal(type, REACTION);
}

static char *dup_event_id(MxJsonSlice slice)
{
    g_autofree char *event_id = mx_json_slice_dup_string(slice);
    return event_id != NULL && mx_event_id_is_valid(event_id) ? g_steal_pointer(&event_id) : NULL;
}

static gboolean is_object(MxJsonSlice slice)
{
    return slice.text != NULL && slice.type == MX_JSON_OBJECT;
}

gboolean mx_relation_is_told(const char *type)
{
    return mx_relation_is_reaction(type) || mx_poll_is_end(type);
}

static gboolean is_about_poll(const char *type)
{
    return mx_poll_is_response(type) || mx_poll_is_end(type);
}

static MxRelationKind get_kind(const char *type, MxJsonSlice content, MxJsonSlice rel_type,
                               const MxRelation *relation)
{
    if (mx_relation_is_reaction(type))
        return mx_json_slice_equals(rel_type, "m.annotation") && relation->key != NULL
                   ? MX_RELATION_REACTION
                   : MX_RELATION_NONE;
    if (is_about_poll(type))
        return mx_json_slice_equals(rel_type, "m.reference") ? MX_RELATION_REFERENCE
                                                             : MX_RELATION_NONE;
    if (!mx_store_is_message(type))
        return MX_RELATION_NONE;
    if (mx_json_slice_equals(rel_type, "m.replace")) {
        static const char *const names[] = {"m.new_content", NULL};
        MxJsonSlice values[1] = {{0}};
        mx_json_scan_members(content, names, values);
        return is_object(values[0]) ? MX_RELATION_EDIT : MX_RELATION_NONE;
    }
    return mx_json_slice_equals(rel_type, "m.thread") ? MX_RELATION_THREAD : MX_RELATION_NONE;
}

static char *dup_key(const char *type, MxJsonSlice slice)
{
    g_autofree char *key = mx_relation_is_reaction(type) ? mx_json_slice_dup_string(slice) : NULL;
    return key != NULL && *key != '\0' && strlen(key) <= MAX_KEY ? g_steal_pointer(&key) : NULL;
}

void mx_relation_read(MxRelation *relation, const char *type, MxJsonSlice content)
{
    static const char *const names[] = {"rel_type",      "event_id",        "key",
                                        "m.in_reply_to", "is_falling_back", NULL};
    MxJsonSlice values[5];
    gboolean falls_back = FALSE;
    memset(relation, 0, sizeof *relation);
    MxJsonSlice object = mx_json_scan_member(content, "m.relates_to");
    if (!is_object(object))
        return;
    mx_json_scan_members(object, names, values);
    relation->event_id = dup_event_id(values[1]);
    relation->key = dup_key(type, values[2]);
    if (relation->event_id != NULL)
        relation->kind = get_kind(type, content, values[0], relation);
    g_autofree char *reply_to = mx_store_is_message(type) && is_object(values[3])
                                    ? dup_event_id(mx_json_scan_member(values[3], "event_id"))
                                    : NULL;
    mx_json_slice_get_bool(values[4], &falls_back);
    if (relation->kind == MX_RELATION_THREAD && !falls_back) {
        relation->reply_to = g_steal_pointer(&reply_to);
    } else if (relation->kind == MX_RELATION_NONE && reply_to != NULL) {
        g_free(relation->event_id);
        relation->event_id = g_steal_pointer(&reply_to);
        relation->kind = MX_RELATION_REPLY;
    }
}

void mx_relation_read_row(MxRelation *relation, const MxTimelineRow *row)
{
    mx_relation_read(relation, row->type, mx_json_scan_root(row->content, strlen(row->content)));
}

char *mx_relation_dup_target_of(const char *type, MxJsonSlice content)
{
    static const char *const names[] = {"rel_type", "event_id", NULL};
    MxJsonSlice values[2];
    MxJsonSlice object = mx_json_scan_member(content, "m.relates_to");
    gboolean is_encrypted = g_str_equal(type, "m.room.encrypted");
    gboolean is_any = is_encrypted || mx_store_is_message(type) || mx_relation_is_reaction(type);
    if (!is_object(object))
        return NULL;
    mx_json_scan_members(object, names, values);
    gboolean relates =
        (is_any && (mx_json_slice_equals(values[0], "m.replace") ||
                    mx_json_slice_equals(values[0], "m.annotation"))) ||
        ((is_encrypted || is_about_poll(type)) && mx_json_slice_equals(values[0], "m.reference"));
    return relates ? dup_event_id(values[1]) : NULL;
}

char *mx_relation_dup_target(const MxEvent *event)
{
    return event->state_key == NULL ? mx_relation_dup_target_of(event->type, event->content) : NULL;
}

/* ---- edits ---- */

static gboolean was_encrypted(const MxTimelineRow *row)
{
    return row->is_secret || row->crypto != MX_ROW_PLAIN ||
           g_str_equal(row->type, "m.room.encrypted");
}

MxEditState mx_relation_judge_edit(const MxRelation *relation, const MxTimelineRow *edit,
                                   const MxTimelineRow *target)
{
    g_auto(MxRelation) other = {0};
    if (relation->kind != MX_RELATION_EDIT)
        return MX_EDIT_NONE;
    if (target == NULL)
        return MX_EDIT_UNKNOWN;
    if (!g_str_equal(target->sender, edit->sender) || target->state_key != NULL)
        return MX_EDIT_INVALID;
    if (was_encrypted(target) && !was_encrypted(edit))
        return MX_EDIT_INVALID;
    if (g_str_equal(target->type, "m.room.encrypted"))
        return MX_EDIT_UNKNOWN;
    mx_relation_read_row(&other, target);
    gboolean is_valid = g_str_equal(target->type, edit->type) && other.kind != MX_RELATION_EDIT &&
                        !g_str_equal(target->content, "{}");
    return is_valid ? MX_EDIT_VALID : MX_EDIT_INVALID;
}

static gboolean is_edit_of(const MxTimelineRow *row, const MxTimelineRow *target)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    return relation.kind == MX_RELATION_EDIT && g_str_equal(relation.event_id, target->event_id) &&
           mx_relation_judge_edit(&relation, row, target) == MX_EDIT_VALID;
}

/* By the order of mx_store_list_relating(). */
static gboolean is_newer(const MxTimelineRow *row, const MxTimelineRow *other)
{
    return row->ts != other->ts ? row->ts > other->ts
                                : g_strcmp0(row->event_id, other->event_id) > 0;
}

/* What came inside of target stands among what came by itself. */
static void add_bundled(MxStore *store, const MxTimelineRow *target, GPtrArray *rows)
{
    g_autoptr(GPtrArray) bundled = mx_store_list_bundled(store, target->room, target->event_id);
    while (bundled->len > 0) {
        guint at = 0;
        g_autoptr(MxTimelineRow) row = g_ptr_array_steal_index(bundled, 0);
        while (at < rows->len && is_newer(g_ptr_array_index(rows, at), row))
            at++;
        const MxTimelineRow *next = at < rows->len ? g_ptr_array_index(rows, at) : NULL;
        if (next == NULL || g_strcmp0(next->event_id, row->event_id) != 0)
            g_ptr_array_insert(rows, at, g_steal_pointer(&row));
    }
}

gboolean mx_relation_came_bundled(MxStore *store, const MxTimelineRow *edit,
                                  const MxTimelineRow *target)
{
    g_autoptr(GPtrArray) rows = edit->event_id != NULL && target->event_id != NULL
                                    ? mx_store_list_bundled(store, target->room, target->event_id)
                                    : g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++) {
        const MxTimelineRow *row = g_ptr_array_index(rows, i);
        if (g_str_equal(row->event_id, edit->event_id) && is_edit_of(row, target))
            return TRUE;
    }
    return FALSE;
}

/* The newest one behind the row `above`; 0: of all. */
static MxTimelineRow *find_edit(MxStore *store, const MxTimelineRow *target, gint64 above)
{
    gboolean is_behind = above == 0;
    if (target->event_id == NULL)
        return NULL;
    g_autoptr(GPtrArray) rows =
        mx_store_list_relating(store, target->room, target->event_id,
                               mx_poll_is_start(target->type) ? MAX_BEHIND_POLL : MAX_EDITS);
    add_bundled(store, target, rows);
    for (guint i = 0; i < rows->len; i++) {
        const MxTimelineRow *row = g_ptr_array_index(rows, i);
        if (is_behind && is_edit_of(row, target))
            return g_ptr_array_steal_index(rows, i);
        is_behind |= row->id == above;
    }
    return NULL;
}

MxTimelineRow *mx_relation_find_newest_edit(MxStore *store, const MxTimelineRow *target)
{
    return find_edit(store, target, 0);
}

MxTimelineRow *mx_relation_find_edit_before(MxStore *store, const MxTimelineRow *target,
                                            const MxTimelineRow *edit)
{
    return find_edit(store, target, edit->id);
}

char *mx_relation_dup_new_content(const MxTimelineRow *edit)
{
    MxJsonSlice content = mx_json_scan_root(edit->content, strlen(edit->content));
    MxJsonSlice now = mx_json_scan_member(content, "m.new_content");
    return now.text != NULL ? g_strndup(now.text, now.len) : g_strdup("{}");
}

char *mx_relation_dup_content(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(MxTimelineRow) edit = mx_relation_find_newest_edit(store, row);
    return edit != NULL ? mx_relation_dup_new_content(edit) : g_strdup(row->content);
}

/* ---- what old clients put before an answer ---- */

char *mx_relation_strip_fallback(const char *body)
{
    /* Only what names whom it quotes: people begin messages with quotes of their own. */
    if (!g_str_has_prefix(body, "> <@") && !g_str_has_prefix(body, "> * <@"))
        return g_strdup(body);
    const char *at = body;
    while (*at == '>') {
        const char *end = strchr(at, '\n');
        if (end == NULL)
            return g_strdup("");
        at = end + 1;
    }
    while (*at == '\n')
        at++;
    return g_strdup(at);
}

char *mx_relation_dup_body(const MxRelation *relation, MxJsonSlice content)
{
    g_autofree char *body = mx_extensible_dup_text(content);
    gboolean may_quote = relation->kind == MX_RELATION_REPLY ||
                         relation->kind == MX_RELATION_THREAD || relation->kind == MX_RELATION_EDIT;
    if (body == NULL || !may_quote)
        return g_steal_pointer(&body);
    return mx_relation_strip_fallback(body);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-reaction-line.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-quote.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-store-relations.h"
#include "mx-timeline.h"

/* Characters of a reaction; most are one emoji. */
#define MAX_KEY 30
/* So many people are named with a reaction, and so many reactions of one message. */
#define MAX_NAMES 5
#define MAX_KEYS 10
#define MAX_EARLIER 500

static gboolean is_same(const MxTimelineRow *row, const MxRelation *relation,
                        const MxTimelineRow *other)
{
    g_auto(MxRelation) another = {0};
    if (other->id == row->id || other->pos >= row->pos || !g_str_equal(other->sender, row->sender))
        return FALSE;
    mx_relation_read_row(&another, other);
    return another.kind == MX_RELATION_REACTION && g_str_equal(another.key, relation->key);
}

/* The specification counts a reaction once for each person (F9). */
static gboolean is_repeated(MxStore *store, const MxTimelineRow *row, const MxRelation *relation)
{
    g_autoptr(GPtrArray) others =
        mx_store_list_relating(store, row->room, relation->event_id, MAX_EARLIER);
    for (guint i = 0; i < others->len; i++)
        if (is_same(row, relation, g_ptr_array_index(others, i)))
            return TRUE;
    return FALSE;
}

static gboolean is_edit(const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    if (row == NULL)
        return FALSE;
    mx_relation_read_row(&relation, row);
    return relation.kind == MX_RELATION_EDIT;
}

static char *tidy_key(const MxRelation *relation)
{
    char *key = mx_event_tidy_text(relation->key, MAX_KEY);
    return key != NULL ? key : g_strdup("?");
}

char *mx_reaction_line_describe(MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    if (relation.kind != MX_RELATION_REACTION)
        return NULL;
    g_autoptr(MxTimelineRow) target = mx_quote_find(store, row->room, relation.event_id);
    if (is_edit(target) || is_repeated(store, row, &relation))
        return NULL;
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    g_autofree char *key = tidy_key(&relation);
    g_autofree char *quote = mx_quote_describe(store, row->room, target);
    return g_strdup_printf(_("%s reacted with %s to %s"), name, key, quote);
}

/* ---- several ---- */

/* All reactions to one message. */
typedef struct {
    char *event_id;
    GPtrArray *keys;   /* char *, in the order in which they came */
    GHashTable *names; /* key -> GPtrArray of char * */
    MxLine *line;      /* the first one's, which tells all */
    guint count;
} Group;

static void group_free(gpointer data)
{
    Group *group = data;
    g_free(group->event_id);
    g_ptr_array_unref(group->keys);
    g_hash_table_unref(group->names);
    g_free(group);
}

static Group *get_group(GPtrArray *groups, const char *event_id)
{
    for (guint i = 0; i < groups->len; i++)
        if (g_str_equal(((Group *)g_ptr_array_index(groups, i))->event_id, event_id))
            return g_ptr_array_index(groups, i);
    Group *group = g_new0(Group, 1);
    group->event_id = g_strdup(event_id);
    group->keys = g_ptr_array_new();
    group->names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_add(groups, group);
    return group;
}

static void add_name(Group *group, const MxRelation *relation, const char *name)
{
    char *key = tidy_key(relation);
    GPtrArray *names = g_hash_table_lookup(group->names, key);
    if (names == NULL) {
        names = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(group->keys, key);
        g_hash_table_insert(group->names, key, names);
    } else {
        g_free(key);
    }
    g_ptr_array_add(names, g_strdup(name));
    group->count++;
}

static void add_to_group(GPtrArray *groups, const MxTimelineRow *row, MxLine *line)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    Group *group = get_group(groups, relation.event_id);
    add_name(group, &relation, line->sender_name);
    if (group->line == NULL) {
        group->line = line;
        return;
    }
    line->kind = MX_LINE_NOTHING;
    line->told_by = group->line->row;
}

static void append_names(GString *text, GPtrArray *names)
{
    for (guint i = 0; i < MIN(names->len, MAX_NAMES); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : " ",
                               (const char *)g_ptr_array_index(names, i));
    if (names->len <= MAX_NAMES)
        return;
    guint more = names->len - MAX_NAMES;
    g_string_append(text, ", ");
    g_string_append_printf(text, g_dngettext(GETTEXT_PACKAGE, "%u other", "%u others", more), more);
}

/* "👍 Bob, Carol; 🎉 Dave" */
static char *list_group(const Group *group)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < MIN(group->keys->len, MAX_KEYS); i++) {
        const char *key = g_ptr_array_index(group->keys, i);
        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", key);
        append_names(text, g_hash_table_lookup(group->names, key));
    }
    if (group->keys->len > MAX_KEYS)
        g_string_append(text, "; …");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void finish_group(MxStore *store, Group *group)
{
    if (group->count < 2)
        return;
    g_autofree char *text = list_group(group);
    g_autoptr(MxTimelineRow) target = mx_quote_find(store, group->line->room, group->event_id);
    g_autofree char *quote = mx_quote_describe(store, group->line->room, target);
    g_free(group->line->body);
    group->line->body = g_strdup_printf(_("Reactions to %s — %s"), quote, text);
}

static void finish_groups(MxStore *store, GPtrArray *groups)
{
    for (guint i = 0; i < groups->len; i++)
        finish_group(store, g_ptr_array_index(groups, i));
    g_ptr_array_set_size(groups, 0);
}

void mx_reaction_line_group(MxStore *store, GPtrArray *rows, GPtrArray *lines)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
    for (guint i = 0; i < lines->len; i++) {
        MxLine *line = g_ptr_array_index(lines, i);
        if (line->kind == MX_LINE_NOTHING)
            continue;
        if (line->is_reaction)
            add_to_group(groups, g_ptr_array_index(rows, i), line);
        else
            finish_groups(store, groups);
    }
    finish_groups(store, groups);
}

/* ---- of a message of the past ---- */

/* The specification counts a reaction once for each person (F9). */
static gboolean is_first(GHashTable *seen, const MxTimelineRow *row, const MxRelation *relation)
{
    return g_hash_table_add(seen, g_strconcat(row->sender, "\n", relation->key, NULL));
}

char *mx_reaction_line_list(MxStore *store, const MxTimelineRow *row, GHashTable *ignored)
{
    if (row->event_id == NULL || is_edit(row))
        return NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
    g_autoptr(GPtrArray) others =
        mx_store_list_relating(store, row->room, row->event_id, MAX_EARLIER);
    Group *group = get_group(groups, row->event_id);
    for (guint i = others->len; i > 0; i--) {
        const MxTimelineRow *other = g_ptr_array_index(others, i - 1);
        g_auto(MxRelation) relation = {0};
        mx_relation_read_row(&relation, other);
        if (other->event_id == NULL || relation.kind != MX_RELATION_REACTION ||
            !is_first(seen, other, &relation) || g_hash_table_contains(ignored, other->sender))
            continue;
        g_autofree char *name = mx_room_name_of_member(store, row->room, other->sender);
        add_name(group, &relation, name);
    }
    return group->count > 0 ? list_group(group) : NULL;
}

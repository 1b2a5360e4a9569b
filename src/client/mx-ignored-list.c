/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-ignored-list.h"

#include <string.h>

#include "mx-id.h"
#include "mx-json.h"

#define TYPE "m.ignored_user_list"
#define CHANGES TYPE " changes"

static JsonObject *read_object(const char *text)
{
    return text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
}

void mx_ignored_change(JsonObject *content, const char *changes)
{
    g_autoptr(JsonObject) change = read_object(changes);
    JsonObject *users = mx_json_object(content, "ignored_users");
    if (users == NULL) {
        users = json_object_new();
        json_object_set_object_member(content, "ignored_users", users);
    }
    g_autoptr(GList) ids = change != NULL ? json_object_get_members(change) : NULL;
    for (GList *at = ids; at != NULL; at = at->next) {
        const char *user_id = at->data;
        if (!mx_json_bool(change, user_id, FALSE))
            json_object_remove_member(users, user_id);
        else if (mx_json_object(users, user_id) == NULL)
            json_object_set_object_member(users, user_id, json_object_new());
    }
}

GHashTable *mx_ignored_load(MxStore *store)
{
    GHashTable *ignored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *text = mx_store_get_account_data(store, 0, TYPE);
    g_autofree char *changes = mx_ignored_get_changes(store);
    g_autoptr(JsonObject) content = read_object(text);
    if (content == NULL)
        content = json_object_new();
    mx_ignored_change(content, changes);
    g_autoptr(GList) ids = json_object_get_members(mx_json_object(content, "ignored_users"));
    for (GList *at = ids; at != NULL; at = at->next)
        if (mx_user_id_is_valid(at->data))
            g_hash_table_add(ignored, g_strdup(at->data));
    return ignored;
}

char *mx_ignored_get_changes(MxStore *store)
{
    return mx_store_get_value(store, CHANGES);
}

void mx_ignored_note(MxStore *store, const char *user_id, gboolean is_ignored)
{
    g_autofree char *before = mx_ignored_get_changes(store);
    g_autoptr(JsonObject) changes = read_object(before);
    if (changes == NULL)
        changes = json_object_new();
    json_object_set_boolean_member(changes, user_id, is_ignored);
    g_autofree char *after = mx_json_object_to_text(changes);
    mx_store_set_value(store, CHANGES, after);
    if (is_ignored)
        mx_store_skip_sender(store, user_id);
}

void mx_ignored_forget_changes(MxStore *store, const char *settled)
{
    g_autofree char *text = mx_ignored_get_changes(store);
    g_autoptr(JsonObject) changes = read_object(text);
    g_autoptr(JsonObject) done = read_object(settled);
    g_autoptr(GList) ids = done != NULL ? json_object_get_members(done) : NULL;
    if (changes == NULL)
        return;
    for (GList *at = ids; at != NULL; at = at->next)
        if (mx_json_bool(changes, at->data, FALSE) == mx_json_bool(done, at->data, FALSE))
            json_object_remove_member(changes, at->data);
    g_autofree char *rest =
        json_object_get_size(changes) > 0 ? mx_json_object_to_text(changes) : NULL;
    mx_store_set_value(store, CHANGES, rest);
}

void mx_ignored_hide_new(MxStore *store, GHashTable *before)
{
    g_autoptr(GHashTable) now = mx_ignored_load(store);
    GHashTableIter iter;
    gpointer user_id;
    g_hash_table_iter_init(&iter, now);
    while (g_hash_table_iter_next(&iter, &user_id, NULL))
        if (!g_hash_table_contains(before, user_id))
            mx_store_skip_sender(store, user_id);
}

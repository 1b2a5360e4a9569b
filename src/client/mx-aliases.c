/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-aliases.h"

#include "mx-ask.h"
#include "mx-endpoints-rooms.h"
#include "mx-id.h"
#include "mx-json.h"
#include "mx-state-edit.h"

#define TYPE "m.room.canonical_alias"

/* ---- on the homeserver ---- */

void mx_client_resolve_alias(MxClient *client, const char *alias, MxRoomFunc func,
                             gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_resolve_alias(alias);
    mx_client_call(client, NULL, request, func, user_data, destroy);
}

void mx_client_add_alias(MxClient *client, const char *alias, const char *room_id, MxRoomFunc func,
                         gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_add_alias(alias, room_id);
    mx_client_call(client, room_id, request, func, user_data, destroy);
}

void mx_client_remove_alias(MxClient *client, const char *alias, const char *room_id,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_remove_alias(alias);
    mx_client_call(client, room_id, request, func, user_data, destroy);
}

static gpointer read_aliases(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    GPtrArray *aliases = g_ptr_array_new_with_free_func(g_free);
    MxJsonSlice list = mx_json_scan_member(answer, "aliases"), value;
    MxJsonIter iter;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return aliases;
    while (aliases->len < MX_MAX_ALIASES && mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *alias = mx_json_slice_dup_string(value);
        if (alias != NULL && mx_room_alias_is_valid(alias))
            g_ptr_array_add(aliases, g_steal_pointer(&alias));
    }
    return aliases;
}

static void on_aliases(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    MxAsked *asked = user_data;
    ((MxAliasesFunc)asked->func)(client, result, error, asked->user_data);
}

void mx_client_list_aliases(MxClient *client, const char *room_id, MxAliasesFunc func,
                            gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_aliases(room_id);
    MxAsk ask = {.read = read_aliases,
                 .free_result = (GDestroyNotify)g_ptr_array_unref,
                 .func = on_aliases,
                 .user_data = mx_asked_new(G_CALLBACK(func), user_data, destroy),
                 .destroy = mx_asked_free};
    mx_client_ask(client, request, &ask);
}

/* ---- in the room ---- */

typedef struct {
    MxAliasEdit edit;
    char *alias; /* or NULL */
} Edit;

static void edit_free(gpointer data)
{
    Edit *edit = data;
    g_free(edit->alias);
    g_free(edit);
}

/* Without the alias, and with the other one at the end unless that is NULL or there already. */
static JsonArray *copy_others(JsonArray *before, const char *without, const char *with,
                              gboolean *is_changed)
{
    JsonArray *others = json_array_new();
    for (guint i = 0; i < mx_json_array_length(before); i++) {
        const char *alias = mx_json_array_string(before, i);
        if (alias != NULL && g_strcmp0(alias, without) == 0) {
            *is_changed = TRUE;
            continue;
        }
        if (alias != NULL && g_strcmp0(alias, with) == 0)
            with = NULL;
        json_array_add_element(others, json_array_dup_element(before, i));
    }
    if (with != NULL) {
        json_array_add_string_element(others, with);
        *is_changed = TRUE;
    }
    return others;
}

/* Takes others. */
static void set_others(JsonObject *content, JsonArray *others)
{
    if (json_array_get_length(others) > 0) {
        json_object_set_array_member(content, "alt_aliases", others);
        return;
    }
    json_array_unref(others);
    json_object_remove_member(content, "alt_aliases");
}

static gboolean edit_aliases(MxStore *store, gint64 room, JsonObject *content,
                             gconstpointer edit_data, gboolean *is_same, GError **error)
{
    const Edit *edit = edit_data;
    g_autofree char *main_alias = g_strdup(mx_json_string(content, "alias"));
    JsonArray *before = mx_json_array(content, "alt_aliases");
    gboolean is_main = g_strcmp0(main_alias, edit->alias) == 0, is_changed = FALSE;
    const char *without = NULL, *with = NULL;
    if (main_alias != NULL && *main_alias == '\0')
        g_clear_pointer(&main_alias, g_free);
    if (edit->edit == MX_ALIAS_NAME) {
        with = is_main ? NULL : edit->alias;
    } else if (edit->edit == MX_ALIAS_UNNAME) {
        without = edit->alias;
    } else if (!is_main) {
        without = edit->alias;
        with = main_alias;
    }
    JsonArray *others = copy_others(before, without, with, &is_changed);
    if (edit->edit == MX_ALIAS_MAIN && !is_main) {
        is_changed = TRUE;
        if (edit->alias != NULL)
            json_object_set_string_member(content, "alias", edit->alias);
    }
    if ((edit->edit == MX_ALIAS_MAIN && edit->alias == NULL) ||
        (edit->edit == MX_ALIAS_UNNAME && is_main)) {
        is_changed |= main_alias != NULL;
        json_object_remove_member(content, "alias");
    }
    set_others(content, others);
    *is_same = !is_changed;
    return TRUE;
}

void mx_client_edit_aliases(MxClient *client, MxRoom *room, MxAliasEdit edit, const char *alias,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    Edit *wanted = g_new0(Edit, 1);
    wanted->edit = edit;
    wanted->alias = g_strdup(alias);
    MxStateEdit state = {TYPE, edit == MX_ALIAS_CHECK ? NULL : edit_aliases, wanted, edit_free};
    mx_client_edit_state(client, room, &state, func, user_data, destroy);
}

/* ---- the homeserver's list ---- */

static gpointer read_visibility(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    MxJsonSlice value = mx_json_scan_member(answer, "visibility");
    return g_memdup2(&(gboolean){mx_json_slice_equals(value, "public")}, sizeof(gboolean));
}

static void on_visibility(MxClient *client, gpointer result, const GError *error,
                          gpointer user_data)
{
    MxAsked *asked = user_data;
    ((MxVisibilityFunc)asked->func)(client, result != NULL && *(gboolean *)result, error,
                                    asked->user_data);
}

void mx_client_get_visibility(MxClient *client, const char *room_id, MxVisibilityFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_visibility(room_id);
    MxAsk ask = {.read = read_visibility,
                 .free_result = g_free,
                 .func = on_visibility,
                 .user_data = mx_asked_new(G_CALLBACK(func), user_data, destroy),
                 .destroy = mx_asked_free};
    mx_client_ask(client, request, &ask);
}

void mx_client_set_visibility(MxClient *client, const char *room_id, gboolean is_public,
                              MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(MxRequest) request = mx_endpoint_set_visibility(room_id, is_public);
    mx_client_call(client, room_id, request, func, user_data, destroy);
}

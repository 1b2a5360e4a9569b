/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-join-rule.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-state-edit.h"

#define TYPE "m.room.join_rules"
#define MEMBERSHIP "m.room_membership"

static const struct {
    MxJoinRule rule;
    const char *name;
    guint version; /* of rooms, from which on it is there */
} names[] = {
    {MX_JOIN_RULE_PUBLIC, "public", 1},
    {MX_JOIN_RULE_INVITE, "invite", 1},
    {MX_JOIN_RULE_KNOCK, "knock", 7},
    {MX_JOIN_RULE_RESTRICTED, "restricted", 8},
    {MX_JOIN_RULE_KNOCK_RESTRICTED, "knock_restricted", 10},
};

MxJoinRule mx_join_rule_from_slice(MxJsonSlice slice)
{
    if (slice.text == NULL || slice.type == MX_JSON_NULL)
        return MX_JOIN_RULE_INVITE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (mx_json_slice_equals(slice, names[i].name))
            return names[i].rule;
    return MX_JOIN_RULE_UNKNOWN;
}

gboolean mx_join_rule_has_knock(MxJoinRule rule)
{
    return rule == MX_JOIN_RULE_KNOCK || rule == MX_JOIN_RULE_KNOCK_RESTRICTED;
}

gboolean mx_join_rule_is_restricted(MxJoinRule rule)
{
    return rule == MX_JOIN_RULE_RESTRICTED || rule == MX_JOIN_RULE_KNOCK_RESTRICTED;
}

static const char *get_name(MxJoinRule rule)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].rule == rule)
            return names[i].name;
    return NULL;
}

char *mx_join_rule_find_obstacle(MxJoinRule rule, const char *version)
{
    guint64 number;
    const char *text = version != NULL ? version : "1"; /* that is what absent means */
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number, NULL))
        return NULL; /* unstable versions have names: the homeserver knows */
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].rule == rule && number < names[i].version)
            return g_strdup_printf(
                _("This room has version %u; that is possible from room version %u on."),
                (guint)number, names[i].version);
    return NULL;
}

/* ---- reading ---- */

void mx_join_rules_free(MxJoinRules *rules)
{
    g_ptr_array_unref(rules->allowed);
    g_free(rules);
}

MxJoinRules *mx_join_rules_parse(MxJsonSlice content)
{
    MxJoinRules *rules = g_new0(MxJoinRules, 1);
    MxJsonSlice allow = mx_json_scan_member(content, "allow"), entry;
    MxJsonIter iter;
    rules->rule = mx_join_rule_from_slice(mx_json_scan_member(content, "join_rule"));
    rules->allowed = g_ptr_array_new_with_free_func(g_free);
    if (allow.text == NULL || allow.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, allow))
        return rules;
    while (rules->allowed->len < MX_MAX_ALLOWED && mx_json_iter_next(&iter, NULL, &entry)) {
        g_autofree char *room_id = NULL;
        if (entry.type == MX_JSON_OBJECT &&
            mx_json_slice_equals(mx_json_scan_member(entry, "type"), MEMBERSHIP))
            room_id = mx_json_slice_dup_string(mx_json_scan_member(entry, "room_id"));
        if (room_id != NULL && mx_room_id_is_valid(room_id))
            g_ptr_array_add(rules->allowed, g_steal_pointer(&room_id));
    }
    return rules;
}

typedef struct {
    MxClientJob base;
    gint64 room;
    MxJoinRules *rules;
    MxJoinRulesFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RulesJob;

static void rules_job_free(gpointer data)
{
    RulesJob *job = data;
    g_clear_pointer(&job->rules, mx_join_rules_free);
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_rules(MxStore *store, gpointer data)
{
    RulesJob *job = data;
    g_autofree char *content = mx_store_get_state(store, job->room, TYPE, "");
    const char *text = content != NULL ? content : "{}";
    job->rules = mx_join_rules_parse(mx_json_scan_root(text, strlen(text)));
}

static void on_rules(gpointer data)
{
    RulesJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->rules, job->user_data);
}

void mx_client_get_join_rules(MxClient *client, MxRoom *room, MxJoinRulesFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    RulesJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_rules, on_rules, job, rules_job_free);
}

/* ---- setting ---- */

typedef struct {
    MxJoinRule rule;
    char *room_id;
    char **allowed; /* or NULL */
} Wanted;

static void wanted_free(gpointer data)
{
    Wanted *wanted = data;
    g_free(wanted->room_id);
    g_strfreev(wanted->allowed);
    g_free(wanted);
}

static void add_allowed(JsonArray *allow, const char *room_id)
{
    JsonObject *entry = json_object_new();
    json_object_set_string_member(entry, "type", MEMBERSHIP);
    json_object_set_string_member(entry, "room_id", room_id);
    json_array_add_object_element(allow, entry);
}

static void add_parents(MxStore *store, const char *room_id, JsonArray *allow)
{
    g_autoptr(GPtrArray) parents = mx_store_list_parents(store, room_id);
    for (guint i = 0; i < parents->len && i < MX_MAX_ALLOWED; i++) {
        const MxSpaceLink *link = g_ptr_array_index(parents, i);
        /* A child without servers to join it by is none: so it is taken away again. */
        MxJsonSlice via =
            mx_json_scan_member(mx_json_scan_root(link->content, strlen(link->content)), "via");
        MxJsonIter iter;
        MxJsonSlice server;
        if (via.text == NULL || via.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, via) ||
            !mx_json_iter_next(&iter, NULL, &server))
            continue;
        g_autoptr(MxRoomRow) space = mx_store_get_room_by_key(store, link->space);
        if (space != NULL)
            add_allowed(allow, space->room_id);
    }
}

/* What is allowed by other means than being in a room stays. */
static JsonArray *new_allow(MxStore *store, JsonArray *before, const Wanted *wanted)
{
    JsonArray *allow = json_array_new();
    for (guint i = 0; i < mx_json_array_length(before); i++) {
        JsonObject *entry = mx_json_array_object(before, i);
        gboolean is_room = g_strcmp0(mx_json_string(entry, "type"), MEMBERSHIP) == 0;
        if (entry != NULL && (!is_room || wanted->allowed == NULL))
            json_array_add_object_element(allow, json_object_ref(entry));
    }
    for (guint i = 0; wanted->allowed != NULL && wanted->allowed[i] != NULL; i++)
        add_allowed(allow, wanted->allowed[i]);
    if (json_array_get_length(allow) == 0)
        add_parents(store, wanted->room_id, allow);
    return allow;
}

static char *read_version(MxStore *store, gint64 room)
{
    g_autofree char *content = mx_store_get_state(store, room, "m.room.create", "");
    return content != NULL ? mx_json_slice_dup_string(mx_json_scan_member(
                                 mx_json_scan_root(content, strlen(content)), "room_version"))
                           : NULL;
}

static gboolean edit_rule(MxStore *store, gint64 room, JsonObject *content, gconstpointer edit_data,
                          gboolean *is_same, GError **error)
{
    const Wanted *wanted = edit_data;
    g_autofree char *version = read_version(store, room);
    g_autofree char *obstacle = mx_join_rule_find_obstacle(wanted->rule, version);
    if (obstacle != NULL) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, obstacle);
        return FALSE;
    }
    json_object_set_string_member(content, "join_rule", get_name(wanted->rule));
    if (!mx_join_rule_is_restricted(wanted->rule)) {
        json_object_remove_member(content, "allow");
        return TRUE;
    }
    g_autoptr(JsonArray) allow = new_allow(store, mx_json_array(content, "allow"), wanted);
    if (json_array_get_length(allow) == 0) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("Name the space whose members may join: /joinrule restricted "
                              "#space:example.org."));
        return FALSE;
    }
    json_object_set_array_member(content, "allow", g_steal_pointer(&allow));
    return TRUE;
}

void mx_client_set_join_rule(MxClient *client, MxRoom *room, MxJoinRule rule,
                             const char *const *allowed, MxRoomFunc func, gpointer user_data,
                             GDestroyNotify destroy)
{
    Wanted *wanted = g_new0(Wanted, 1);
    wanted->rule = rule;
    wanted->room_id = g_strdup(room->room_id);
    wanted->allowed = g_strdupv((char **)allowed);
    MxStateEdit edit = {TYPE, edit_rule, wanted, wanted_free};
    mx_client_edit_state(client, room, &edit, func, user_data, destroy);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-push-rules.h"

#define MASTER ".m.rule.master"

typedef enum { KIND_OVERRIDE, KIND_CONTENT, KIND_ROOM, KIND_SENDER, KIND_UNDERRIDE, N_KINDS } Kind;

/* In the order in which they are asked. */
static const char *const kind_names[] = {"override", "content",   "room",
                                         "sender",   "underride", NULL};

/* Older ways of looking for mentions; where m.mentions says who is meant, they would be wrong. */
static const char *const legacy_mentions[] = {
    ".m.rule.contains_display_name", ".m.rule.contains_user_name", ".m.rule.roomnotif", NULL};

typedef struct {
    char *id;
    Kind kind;
    gboolean is_enabled, is_legacy_mention;
    GPtrArray *conditions; /* of MxPushCondition; all must hold */
    MxPushResult result;
} Rule;

struct _MxPushRules {
    gatomicrefcount refs;
    GPtrArray *rules;  /* of Rule, in the order in which they are asked */
    GHashTable *modes; /* room ID -> MxNotifyMode */
    gboolean is_silent;
};

static void rule_free(gpointer data)
{
    Rule *rule = data;
    g_free(rule->id);
    g_clear_pointer(&rule->conditions, g_ptr_array_unref);
    g_free(rule);
}

/* ---- from JSON ---- */

static void read_tweak(MxPushResult *result, MxJsonSlice action)
{
    static const char *const names[] = {"set_tweak", "value", NULL};
    MxJsonSlice values[2] = {{0}};
    mx_json_scan_members(action, names, values);
    if (values[0].text == NULL)
        return;
    if (mx_json_slice_equals(values[0], "sound"))
        result->sound = values[1].text != NULL && values[1].type == MX_JSON_STRING &&
                        !mx_json_slice_equals(values[1], "");
    if (!mx_json_slice_equals(values[0], "highlight"))
        return;
    result->highlight = TRUE;
    if (values[1].text != NULL)
        mx_json_slice_get_bool(values[1], &result->highlight);
}

static MxPushResult read_actions(MxJsonSlice actions)
{
    MxPushResult result = {0};
    MxJsonIter iter;
    MxJsonSlice action;
    if (actions.text == NULL || actions.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, actions))
        return result;
    while (mx_json_iter_next(&iter, NULL, &action)) {
        if (mx_json_slice_equals(action, "notify"))
            result.notify = TRUE;
        else if (action.type == MX_JSON_OBJECT)
            read_tweak(&result, action);
    }
    result.sound = result.sound && result.notify;
    result.highlight = result.highlight && result.notify;
    return result;
}

static void read_conditions(Rule *rule, MxJsonSlice conditions)
{
    MxJsonIter iter;
    MxJsonSlice condition;
    if (conditions.text == NULL || conditions.type == MX_JSON_NULL)
        return;
    if (conditions.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, conditions)) {
        g_ptr_array_add(rule->conditions, mx_push_condition_new(conditions)); /* never holds */
        return;
    }
    while (mx_json_iter_next(&iter, NULL, &condition))
        g_ptr_array_add(rule->conditions, mx_push_condition_new(condition));
}

static void read_what_matches(Rule *rule, MxJsonSlice conditions, MxJsonSlice pattern)
{
    g_autofree char *text = pattern.text != NULL ? mx_json_slice_dup_string(pattern) : NULL;
    switch (rule->kind) {
    case KIND_OVERRIDE:
    case KIND_UNDERRIDE:
        read_conditions(rule, conditions);
        break;
    case KIND_CONTENT:
        g_ptr_array_add(rule->conditions, mx_push_condition_new_words(text));
        break;
    case KIND_ROOM:
        g_ptr_array_add(rule->conditions, mx_push_condition_new_text("room_id", rule->id));
        break;
    case KIND_SENDER:
        g_ptr_array_add(rule->conditions, mx_push_condition_new_text("sender", rule->id));
        break;
    case N_KINDS:
        break;
    }
}

/* The room that the rule is about, if it is about nothing else; or NULL. */
static const char *get_room(const Rule *rule)
{
    gboolean may_be = rule->kind == KIND_OVERRIDE || rule->kind == KIND_ROOM;
    return may_be && rule->conditions->len == 1
               ? mx_push_condition_get_room(g_ptr_array_index(rule->conditions, 0))
               : NULL;
}

static Rule *read_rule(Kind kind, MxJsonSlice object)
{
    static const char *const names[] = {"rule_id", "enabled", "conditions",
                                        "pattern", "actions", NULL};
    MxJsonSlice values[5] = {{0}};
    if (object.type != MX_JSON_OBJECT)
        return NULL;
    mx_json_scan_members(object, names, values);
    g_autofree char *id = values[0].text != NULL ? mx_json_slice_dup_string(values[0]) : NULL;
    if (id == NULL)
        return NULL;
    Rule *rule = g_new0(Rule, 1);
    rule->id = g_steal_pointer(&id);
    rule->kind = kind;
    rule->is_enabled = TRUE;
    if (values[1].text != NULL)
        mx_json_slice_get_bool(values[1], &rule->is_enabled);
    rule->is_legacy_mention = g_strv_contains(legacy_mentions, rule->id);
    rule->conditions = g_ptr_array_new_with_free_func((GDestroyNotify)mx_push_condition_free);
    read_what_matches(rule, values[2], values[3]);
    rule->result = read_actions(values[4]);
    rule->result.is_muted =
        !rule->result.notify && (get_room(rule) != NULL || kind == KIND_SENDER ||
                                 (kind == KIND_OVERRIDE && g_str_equal(rule->id, MASTER)));
    return rule;
}

static MxNotifyMode mode_of(const Rule *rule)
{
    if (rule->result.notify)
        return MX_NOTIFY_ALL;
    return rule->kind == KIND_ROOM ? MX_NOTIFY_MENTIONS : MX_NOTIFY_MUTE;
}

static void add_rule(MxPushRules *rules, Rule *rule)
{
    const char *room_id = rule->is_enabled ? get_room(rule) : NULL;
    /* The master rule is above all others, whatever stands before it. */
    gboolean is_master = rule->kind == KIND_OVERRIDE && g_str_equal(rule->id, MASTER);
    g_ptr_array_insert(rules->rules, is_master ? 0 : -1, rule);
    if (is_master)
        rules->is_silent = rule->is_enabled && !rule->result.notify && rule->conditions->len == 0;
    if (room_id != NULL && !g_hash_table_contains(rules->modes, room_id))
        g_hash_table_insert(rules->modes, g_strdup(room_id), GINT_TO_POINTER(mode_of(rule)));
}

static void read_kind(MxPushRules *rules, Kind kind, MxJsonSlice list)
{
    MxJsonIter iter;
    MxJsonSlice object;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (mx_json_iter_next(&iter, NULL, &object)) {
        Rule *rule = read_rule(kind, object);
        if (rule != NULL)
            add_rule(rules, rule);
    }
}

MxPushRules *mx_push_rules_new(const char *content, gsize len)
{
    MxJsonSlice lists[N_KINDS] = {{0}};
    if (!mx_json_scan_validate(content, len))
        return NULL;
    MxJsonSlice root = mx_json_scan_root(content, len);
    if (root.type != MX_JSON_OBJECT)
        return NULL;
    MxPushRules *rules = g_new0(MxPushRules, 1);
    g_atomic_ref_count_init(&rules->refs);
    rules->rules = g_ptr_array_new_with_free_func(rule_free);
    rules->modes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    MxJsonSlice global = mx_json_scan_member(root, "global");
    if (global.text != NULL && global.type == MX_JSON_OBJECT)
        mx_json_scan_members(global, kind_names, lists);
    for (guint kind = 0; kind < N_KINDS; kind++)
        read_kind(rules, kind, lists[kind]);
    return rules;
}

MxPushRules *mx_push_rules_ref(MxPushRules *rules)
{
    g_atomic_ref_count_inc(&rules->refs);
    return rules;
}

void mx_push_rules_unref(MxPushRules *rules)
{
    if (!g_atomic_ref_count_dec(&rules->refs))
        return;
    g_ptr_array_unref(rules->rules);
    g_hash_table_unref(rules->modes);
    g_free(rules);
}

/* ---- asked ---- */

static gboolean matches(const Rule *rule, const MxPushEvent *event, const MxPushRoom *room)
{
    for (guint i = 0; i < rule->conditions->len; i++)
        if (!mx_push_condition_holds(g_ptr_array_index(rule->conditions, i), event, room))
            return FALSE;
    return TRUE;
}

MxPushResult mx_push_rules_evaluate(const MxPushRules *rules, MxJsonSlice root,
                                    const MxPushRoom *room)
{
    MxPushEvent event;
    mx_push_event_init(&event, root);
    if (event.sender.text != NULL && mx_json_slice_equals(event.sender, room->own_user_id))
        return (MxPushResult){0};
    gboolean has_mentions = event.content.text != NULL && event.content.type == MX_JSON_OBJECT &&
                            mx_json_scan_member(event.content, "m.mentions").text != NULL;
    for (guint i = 0; i < rules->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(rules->rules, i);
        if (rule->is_enabled && !(rule->is_legacy_mention && has_mentions) &&
            matches(rule, &event, room))
            return rule->result;
    }
    return (MxPushResult){0};
}

MxNotifyMode mx_push_rules_get_mode(const MxPushRules *rules, const char *room_id)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(rules->modes, room_id));
}

gboolean mx_push_rules_is_silent(const MxPushRules *rules)
{
    return rules->is_silent;
}

gboolean mx_push_rules_is_disabled(const MxPushRules *rules, const char *kind, const char *rule_id)
{
    for (guint i = 0; i < rules->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(rules->rules, i);
        if (!rule->is_enabled && g_str_equal(rule->id, rule_id) &&
            g_str_equal(kind_names[rule->kind], kind))
            return TRUE;
    }
    return FALSE;
}

char **mx_push_rules_dup_overrides(const MxPushRules *rules, const char *room_id)
{
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    for (guint i = 0; i < rules->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(rules->rules, i);
        if (rule->kind == KIND_OVERRIDE && g_strcmp0(get_room(rule), room_id) == 0)
            g_strv_builder_add(ids, rule->id);
    }
    return g_strv_builder_end(ids);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-push-condition.h"

#include <string.h>

#include "mx-push-glob.h"

typedef struct {
    MxJsonType type;
    char *text;
    gint64 number;
    gboolean is_true;
} Value;

typedef gboolean (*HoldsFunc)(const MxPushCondition *condition, const MxPushEvent *event,
                              const MxPushRoom *room);

struct _MxPushCondition {
    HoldsFunc holds;
    char **path; /* of the property */
    char *pattern;
    MxPushGlob *glob;
    Value value;
    char comparison[3];
    gint64 number;
};

void mx_push_event_init(MxPushEvent *event, MxJsonSlice root)
{
    static const char *const names[] = {"type", "sender", "content", "state_key", NULL};
    MxJsonSlice values[4] = {{0}};
    if (root.text != NULL && root.type == MX_JSON_OBJECT)
        mx_json_scan_members(root, names, values);
    *event = (MxPushEvent){root, values[0], values[1], values[2], values[3]};
}

/* ---- the event's properties ---- */

/* Appendices, "Dot-separated property paths": "\." and "\\" stand for "." and "\". */
static char **split_path(const char *path)
{
    g_autoptr(GStrvBuilder) parts = g_strv_builder_new();
    g_autoptr(GString) part = g_string_new(NULL);
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '.') {
            g_strv_builder_add(parts, part->str);
            g_string_truncate(part, 0);
            continue;
        }
        if (*at == '\\' && (at[1] == '.' || at[1] == '\\'))
            at++;
        g_string_append_c(part, *at);
    }
    g_strv_builder_add(parts, part->str);
    return g_strv_builder_end(parts);
}

static MxJsonSlice member_of(MxJsonSlice object, const char *name)
{
    if (object.text == NULL || object.type != MX_JSON_OBJECT)
        return (MxJsonSlice){0};
    return mx_json_scan_member(object, name);
}

static MxJsonSlice find_first(const MxPushEvent *event, const char *name)
{
    if (g_str_equal(name, "content"))
        return event->content;
    if (g_str_equal(name, "type"))
        return event->type;
    if (g_str_equal(name, "sender"))
        return event->sender;
    return g_str_equal(name, "state_key") ? event->state_key : member_of(event->root, name);
}

static MxJsonSlice find(const MxPushCondition *condition, const MxPushEvent *event)
{
    MxJsonSlice found = find_first(event, condition->path[0]);
    for (char **name = condition->path + 1; *name != NULL; name++)
        found = member_of(found, *name);
    return found;
}

static gboolean path_is(char **path, const char *first, const char *second)
{
    return g_strcmp0(path[0], first) == 0 && g_strcmp0(path[1], second) == 0 &&
           (second == NULL || path[2] == NULL);
}

/* /sync names the room around its events, not in them. */
static char *dup_text(const MxPushCondition *condition, const MxPushEvent *event,
                      const MxPushRoom *room)
{
    if (path_is(condition->path, "room_id", NULL))
        return g_strdup(room->room_id);
    MxJsonSlice found = find(condition, event);
    return found.text != NULL ? mx_json_slice_dup_string(found) : NULL;
}

/* ---- kinds ---- */

static gboolean holds_never(const MxPushCondition *condition, const MxPushEvent *event,
                            const MxPushRoom *room)
{
    return FALSE;
}

static gboolean holds_match(const MxPushCondition *condition, const MxPushEvent *event,
                            const MxPushRoom *room)
{
    g_autofree char *text = dup_text(condition, event, room);
    return text != NULL && mx_push_glob_matches(condition->glob, text);
}

static gboolean holds_words(const MxPushCondition *condition, const MxPushEvent *event,
                            const MxPushRoom *room)
{
    g_autofree char *text = dup_text(condition, event, room);
    return text != NULL && mx_push_glob_matches_words(condition->glob, text);
}

static gboolean holds_text(const MxPushCondition *condition, const MxPushEvent *event,
                           const MxPushRoom *room)
{
    g_autofree char *text = dup_text(condition, event, room);
    return g_strcmp0(text, condition->pattern) == 0;
}

static gboolean is_value(const Value *value, MxJsonSlice slice)
{
    gint64 number;
    gboolean is_true;
    if (slice.text == NULL || slice.type != value->type)
        return FALSE;
    switch (value->type) {
    case MX_JSON_NULL:
        return TRUE;
    case MX_JSON_BOOL:
        return mx_json_slice_get_bool(slice, &is_true) && is_true == value->is_true;
    case MX_JSON_NUMBER:
        return mx_json_slice_get_int(slice, &number) && number == value->number;
    case MX_JSON_STRING:
        return mx_json_slice_equals(slice, value->text);
    case MX_JSON_ARRAY:
    case MX_JSON_OBJECT:
        break;
    }
    return FALSE;
}

static gboolean holds_is(const MxPushCondition *condition, const MxPushEvent *event,
                         const MxPushRoom *room)
{
    if (path_is(condition->path, "room_id", NULL))
        return condition->value.type == MX_JSON_STRING &&
               g_strcmp0(condition->value.text, room->room_id) == 0;
    return is_value(&condition->value, find(condition, event));
}

static gboolean holds_contains(const MxPushCondition *condition, const MxPushEvent *event,
                               const MxPushRoom *room)
{
    MxJsonSlice found = find(condition, event);
    MxJsonIter iter;
    MxJsonSlice element;
    if (found.text == NULL || found.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, found))
        return FALSE;
    while (mx_json_iter_next(&iter, NULL, &element))
        if (is_value(&condition->value, element))
            return TRUE;
    return FALSE;
}

static gboolean holds_member_count(const MxPushCondition *condition, const MxPushEvent *event,
                                   const MxPushRoom *room)
{
    gint64 count = room->count_members(room->data);
    const char *comparison = condition->comparison;
    if (g_str_equal(comparison, "<"))
        return count < condition->number;
    if (g_str_equal(comparison, ">"))
        return count > condition->number;
    if (g_str_equal(comparison, "<="))
        return count <= condition->number;
    return g_str_equal(comparison, ">=") ? count >= condition->number : count == condition->number;
}

static gboolean holds_permission(const MxPushCondition *condition, const MxPushEvent *event,
                                 const MxPushRoom *room)
{
    g_autofree char *sender =
        event->sender.text != NULL ? mx_json_slice_dup_string(event->sender) : NULL;
    return sender != NULL && room->may_notify(room->data, sender, condition->pattern);
}

static gboolean holds_own_name(const MxPushCondition *condition, const MxPushEvent *event,
                               const MxPushRoom *room)
{
    MxJsonSlice found = member_of(event->content, "body");
    g_autofree char *body = found.text != NULL ? mx_json_slice_dup_string(found) : NULL;
    g_autofree char *name = body != NULL ? room->dup_own_name(room->data) : NULL;
    if (name == NULL || *name == '\0')
        return FALSE;
    g_autoptr(MxPushGlob) glob = mx_push_glob_new_literal(name);
    return mx_push_glob_matches_words(glob, body);
}

/* ---- from JSON ---- */

enum { KIND, KEY, PATTERN, VALUE, IS, N_FIELDS };

static HoldsFunc parse_match(MxPushCondition *condition, const MxJsonSlice *fields)
{
    g_autofree char *key = fields[KEY].text ? mx_json_slice_dup_string(fields[KEY]) : NULL;
    condition->pattern = fields[PATTERN].text ? mx_json_slice_dup_string(fields[PATTERN]) : NULL;
    if (key == NULL || condition->pattern == NULL)
        return holds_never;
    condition->path = split_path(key);
    condition->glob = mx_push_glob_new(condition->pattern);
    return path_is(condition->path, "content", "body") ? holds_words : holds_match;
}

static gboolean parse_value(Value *value, MxJsonSlice slice)
{
    if (slice.text == NULL)
        return FALSE;
    value->type = slice.type;
    switch (slice.type) {
    case MX_JSON_NULL:
        return TRUE;
    case MX_JSON_BOOL:
        return mx_json_slice_get_bool(slice, &value->is_true);
    case MX_JSON_NUMBER:
        return mx_json_slice_get_int(slice, &value->number);
    case MX_JSON_STRING:
        value->text = mx_json_slice_dup_string(slice);
        return value->text != NULL;
    case MX_JSON_ARRAY:
    case MX_JSON_OBJECT:
        break;
    }
    return FALSE;
}

static gboolean parse_property(MxPushCondition *condition, const MxJsonSlice *fields)
{
    g_autofree char *key = fields[KEY].text ? mx_json_slice_dup_string(fields[KEY]) : NULL;
    if (key == NULL || !parse_value(&condition->value, fields[VALUE]))
        return FALSE;
    condition->path = split_path(key);
    return TRUE;
}

static HoldsFunc parse_is(MxPushCondition *condition, const MxJsonSlice *fields)
{
    return parse_property(condition, fields) ? holds_is : holds_never;
}

static HoldsFunc parse_contains(MxPushCondition *condition, const MxJsonSlice *fields)
{
    return parse_property(condition, fields) ? holds_contains : holds_never;
}

static HoldsFunc parse_member_count(MxPushCondition *condition, const MxJsonSlice *fields)
{
    static const char *const comparisons[] = {"==", "<=", ">=", "<", ">", ""};
    g_autofree char *is = fields[IS].text ? mx_json_slice_dup_string(fields[IS]) : NULL;
    if (is == NULL)
        return holds_never;
    for (guint i = 0; i < G_N_ELEMENTS(comparisons); i++) {
        if (!g_str_has_prefix(is, comparisons[i]))
            continue;
        const char *digits = is + strlen(comparisons[i]);
        guint64 number;
        if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &number, NULL))
            return holds_never;
        g_strlcpy(condition->comparison, comparisons[i], sizeof condition->comparison);
        condition->number = (gint64)number;
        return holds_member_count;
    }
    return holds_never;
}

static HoldsFunc parse_permission(MxPushCondition *condition, const MxJsonSlice *fields)
{
    condition->pattern = fields[KEY].text ? mx_json_slice_dup_string(fields[KEY]) : NULL;
    return condition->pattern != NULL ? holds_permission : holds_never;
}

static HoldsFunc parse_own_name(MxPushCondition *condition, const MxJsonSlice *fields)
{
    return holds_own_name;
}

static const struct {
    const char *name;
    HoldsFunc (*parse)(MxPushCondition *condition, const MxJsonSlice *fields);
} kinds[] = {
    {"event_match", parse_match},
    {"event_property_is", parse_is},
    {"event_property_contains", parse_contains},
    {"room_member_count", parse_member_count},
    {"sender_notification_permission", parse_permission},
    {"contains_display_name", parse_own_name},
};

MxPushCondition *mx_push_condition_new(MxJsonSlice object)
{
    static const char *const names[] = {"kind", "key", "pattern", "value", "is", NULL};
    MxJsonSlice fields[N_FIELDS] = {{0}};
    MxPushCondition *condition = g_new0(MxPushCondition, 1);
    condition->holds = holds_never;
    if (object.text == NULL || object.type != MX_JSON_OBJECT)
        return condition;
    mx_json_scan_members(object, names, fields);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (fields[KIND].text != NULL && mx_json_slice_equals(fields[KIND], kinds[i].name))
            condition->holds = kinds[i].parse(condition, fields);
    return condition;
}

MxPushCondition *mx_push_condition_new_words(const char *pattern)
{
    MxPushCondition *condition = g_new0(MxPushCondition, 1);
    condition->holds = pattern != NULL ? holds_words : holds_never;
    if (pattern == NULL)
        return condition;
    condition->path = split_path("content.body");
    condition->glob = mx_push_glob_new(pattern);
    return condition;
}

MxPushCondition *mx_push_condition_new_text(const char *name, const char *text)
{
    MxPushCondition *condition = g_new0(MxPushCondition, 1);
    condition->holds = holds_text;
    condition->path = g_new0(char *, 2);
    condition->path[0] = g_strdup(name);
    condition->pattern = g_strdup(text);
    return condition;
}

void mx_push_condition_free(MxPushCondition *condition)
{
    g_strfreev(condition->path);
    g_free(condition->pattern);
    g_clear_pointer(&condition->glob, mx_push_glob_free);
    g_free(condition->value.text);
    g_free(condition);
}

gboolean mx_push_condition_holds(const MxPushCondition *condition, const MxPushEvent *event,
                                 const MxPushRoom *room)
{
    return condition->holds(condition, event, room);
}

const char *mx_push_condition_get_room(const MxPushCondition *condition)
{
    gboolean is_match = condition->holds == holds_match || condition->holds == holds_text;
    if (is_match && path_is(condition->path, "room_id", NULL))
        return condition->pattern;
    if (condition->holds == holds_is && condition->value.type == MX_JSON_STRING &&
        path_is(condition->path, "room_id", NULL))
        return condition->value.text;
    return NULL;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-redaction.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-poll.h"
#include "mx-quote.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-store-relations.h"

#define REDACTION "m.room.redaction"
/* Characters. */
#define MAX_REASON 500
#define MAX_TYPE 100

gboolean mx_redaction_is(const MxEvent *event)
{
    if (event->state_key != NULL || !g_str_equal(event->type, REDACTION))
        return FALSE;
    g_autofree char *redacts = mx_event_dup_redacts(event);
    return redacts != NULL && mx_event_id_is_valid(redacts);
}

static char *dup_redaction(const MxEvent *event)
{
    g_autoptr(JsonObject) content = json_object_new();
    g_autofree char *redacts = mx_event_dup_redacts(event);
    g_autofree char *reason =
        mx_json_slice_dup_string(mx_json_scan_member(event->content, "reason"));
    json_object_set_string_member(content, "redacts", redacts);
    if (reason != NULL)
        json_object_set_string_member(content, "reason", reason);
    return mx_json_object_to_text(content);
}

/* ---- what is left (rooms, "Redactions" of version 11) ---- */

static const struct {
    const char *type;
    const char *kept[12]; /* no first one: nothing; "*": all */
} rules[] = {
    {"m.room.member", {"membership", "join_authorised_via_users_server", NULL}},
    {"m.room.create", {"*", NULL}},
    {"m.room.join_rules", {"join_rule", "allow", NULL}},
    {"m.room.power_levels",
     {"ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users",
      "users_default", NULL}},
    {"m.room.history_visibility", {"history_visibility", NULL}},
    {REDACTION, {"redacts", NULL}},
};

static void append_member(GString *text, const char *name, MxJsonSlice value)
{
    g_string_append_printf(text, "%s\"%s\":", text->len > 1 ? "," : "", name);
    g_string_append_len(text, value.text, value.len);
}

static void append_third_party_invite(GString *text, MxJsonSlice content)
{
    MxJsonSlice invite = mx_json_scan_member(content, "third_party_invite");
    if (invite.text == NULL || invite.type != MX_JSON_OBJECT)
        return;
    MxJsonSlice proof = mx_json_scan_member(invite, "signed");
    if (proof.text == NULL)
        return;
    g_autofree char *kept = g_strdup_printf("{\"signed\":%.*s}", (int)proof.len, proof.text);
    append_member(text, "third_party_invite", (MxJsonSlice){kept, strlen(kept), MX_JSON_OBJECT});
}

char *mx_redaction_strip(const char *type, MxJsonSlice content)
{
    g_autoptr(GString) text = g_string_new("{");
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (!g_str_equal(rules[i].type, type))
            continue;
        if (g_str_equal(rules[i].kept[0], "*"))
            return g_strndup(content.text, content.len);
        for (guint j = 0; rules[i].kept[j] != NULL; j++) {
            MxJsonSlice value = mx_json_scan_member(content, rules[i].kept[j]);
            if (value.text != NULL)
                append_member(text, rules[i].kept[j], value);
        }
    }
    if (g_str_equal(type, "m.room.member"))
        append_third_party_invite(text, content);
    g_string_append_c(text, '}');
    return g_strdup(text->str);
}

char *mx_redaction_dup_content(const MxEvent *event, gboolean is_redacted)
{
    if (is_redacted)
        return mx_redaction_strip(event->type, event->content);
    return mx_redaction_is(event) ? dup_redaction(event)
                                  : g_strndup(event->content.text, event->content.len);
}

static char *strip_text(const char *type, const char *content)
{
    return mx_redaction_strip(type, mx_json_scan_root(content, strlen(content)));
}

/* ---- carrying out ---- */

static gboolean is_message(const MxTimelineRow *row)
{
    return mx_store_is_message(row->type) || g_str_equal(row->type, "m.room.encrypted");
}

static void forget_summary(MxRoomRow *room, const char *type)
{
    if (g_str_equal(type, "m.room.name"))
        g_clear_pointer(&room->name, g_free);
    else if (g_str_equal(type, "m.room.canonical_alias"))
        g_clear_pointer(&room->canonical_alias, g_free);
}

static void redact_state(MxStore *store, MxRoomRow *room, const char *event_id)
{
    g_autofree char *type = NULL, *state_key = NULL, *content = NULL;
    if (!mx_store_find_state(store, room->key, event_id, &type, &state_key, &content))
        return;
    g_autofree char *left = strip_text(type, content);
    mx_store_blank_state(store, room->key, event_id, left);
    if (*state_key == '\0')
        forget_summary(room, type);
}

/* The row of a member has no event ID of its own: it is what the newest event says. */
static void redact_member(MxStore *store, const MxTimelineRow *row)
{
    if (row->state_key == NULL || !g_str_equal(row->type, "m.room.member") ||
        !mx_store_is_newest_of_key(store, row))
        return;
    g_autoptr(MxMemberRow) member = mx_store_get_member(store, row->room, row->state_key);
    if (member != NULL)
        mx_store_set_member(store, row->room, row->state_key, member->membership, NULL, NULL);
}

static gboolean is_edit_of(const MxTimelineRow *row, const char *event_id)
{
    static const char *const names[] = {"rel_type", "event_id", NULL};
    MxJsonSlice values[2];
    MxJsonSlice content = mx_json_scan_root(row->content, strlen(row->content));
    MxJsonSlice relation = mx_json_scan_member(content, "m.relates_to");
    if (relation.text == NULL || relation.type != MX_JSON_OBJECT)
        return FALSE;
    mx_json_scan_members(relation, names, values);
    return mx_json_slice_equals(values[0], "m.replace") &&
           mx_json_slice_equals(values[1], event_id);
}

/* An edit says again what is to be gone. */
static void redact_edits(MxStore *store, const MxTimelineRow *target)
{
    g_autoptr(GPtrArray) rows = mx_store_list_naming(store, target);
    for (guint i = 0; i < rows->len; i++)
        if (is_edit_of(g_ptr_array_index(rows, i), target->event_id))
            mx_store_blank_row(store, g_ptr_array_index(rows, i), "{}");
}

void mx_redaction_apply(MxStore *store, MxRoomRow *room, const char *content)
{
    MxJsonSlice root = mx_json_scan_root(content, strlen(content));
    g_autofree char *target = mx_json_slice_dup_string(mx_json_scan_member(root, "redacts"));
    if (target == NULL)
        return;
    redact_state(store, room, target);
    g_autoptr(MxTimelineRow) row = mx_store_get_event(store, room->key, target);
    mx_store_blank_quoted(store, room->key, target);
    if (row == NULL) {
        mx_store_add_redacted(store, room->key, target);
        return;
    }
    /* What was sealed has kept nothing in the clear, whatever its type. */
    g_autofree char *left = row->is_secret ? g_strdup("{}") : strip_text(row->type, row->content);
    mx_store_blank_row(store, row, left);
    redact_member(store, row);
    if (is_message(row))
        redact_edits(store, row);
}

void mx_redaction_settle_echo(MxStore *store, const MxRoomRow *room, const MxEvent *event)
{
    if (event->txn_id != NULL && mx_redaction_is(event))
        mx_store_remove_row_of_txn(store, room->key, event->txn_id);
}

/* ---- in words ---- */

static char *describe_target(MxStore *store, const MxTimelineRow *row, const MxTimelineRow *target)
{
    g_autofree char *name = mx_room_name_of_member(store, row->room, row->sender);
    if (target == NULL)
        return g_strdup_printf(_("%s has removed an older message or event"), name);
    g_autofree char *time = mx_quote_describe_time(target->ts, row->ts);
    g_autofree char *whose = mx_room_name_of_member(store, row->room, target->sender);
    g_autofree char *type = mx_event_tidy_text(target->type, MAX_TYPE);
    gboolean is_own = g_str_equal(target->sender, row->sender);
    if (is_message(target) && mx_store_is_edit(store, target))
        return is_own
                   ? g_strdup_printf(_("%s has taken an edit back (%s)"), name, time)
                   : g_strdup_printf(_("%s has removed an edit of %s's (%s)"), name, whose, time);
    if (!is_message(target))
        return g_strdup_printf(_("%s has removed an event of %s's (%s, %s)"), name, whose,
                               type != NULL ? type : "?", time);
    return is_own ? g_strdup_printf(_("%s has removed a message (%s)"), name, time)
                  : g_strdup_printf(_("%s has removed a message of %s's (%s)"), name, whose, time);
}

char *mx_redaction_describe(MxStore *store, const MxTimelineRow *row)
{
    static const char *const names[] = {"redacts", "reason", NULL};
    MxJsonSlice values[2];
    mx_json_scan_members(mx_json_scan_root(row->content, strlen(row->content)), names, values);
    g_autofree char *redacts = mx_json_slice_dup_string(values[0]);
    g_autofree char *typed = mx_json_slice_dup_string(values[1]);
    g_autofree char *reason = mx_event_tidy_text(typed, MAX_REASON);
    if (redacts == NULL)
        return NULL;
    g_autoptr(MxTimelineRow) target = mx_store_get_event(store, row->room, redacts);
    if (target != NULL &&
        (mx_relation_is_reaction(target->type) || mx_poll_is_response(target->type)))
        return NULL;
    g_autofree char *text = describe_target(store, row, target);
    return reason != NULL ? g_strdup_printf("%s: %s", text, reason) : g_strconcat(text, ".", NULL);
}

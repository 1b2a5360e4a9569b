/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-relate.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-compose.h"
#include "mx-json.h"
#include "mx-mention.h"
#include "mx-quote.h"
#include "mx-redaction.h"
#include "mx-relation.h"
#include "mx-store-relations.h"
#include "mx-target.h"

#define MAX_LISTED 500
/* Lines back in which a thread's last message is looked for. */
#define MAX_LINES 2000
/* Bytes. */
#define MAX_KEY 100
#define MAX_NAMED 5

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *typed;
    MxRelateDeed deed;
    MxTextFormat format;
    GPtrArray *lines; /* of MxLine */
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RelateJob;

static void relate_job_free(gpointer data)
{
    RelateJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->typed);
    g_clear_pointer(&job->lines, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void refuse(RelateJob *job, const char *sentence)
{
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, sentence);
}

static JsonObject *new_text(const char *msgtype, const char *body)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "msgtype", msgtype);
    json_object_set_string_member(content, "body", body);
    return content;
}

static JsonObject *add_relation(JsonObject *content, const char *rel_type, const char *event_id)
{
    JsonObject *relation = json_object_new();
    if (rel_type != NULL) {
        json_object_set_string_member(relation, "rel_type", rel_type);
        json_object_set_string_member(relation, "event_id", event_id);
    }
    json_object_set_object_member(content, "m.relates_to", relation);
    return relation;
}

static void add_in_reply_to(JsonObject *relation, const char *event_id)
{
    JsonObject *reply = json_object_new();
    json_object_set_string_member(reply, "event_id", event_id);
    json_object_set_object_member(relation, "m.in_reply_to", reply);
}

/* NULL, and it is to be said. */
static MxRoomRow *get_room(MxStore *store, RelateJob *job)
{
    MxRoomRow *room = mx_store_get_room_by_key(store, job->room);
    if (room == NULL)
        refuse(job, _("You are no longer in that room."));
    return room;
}

static void add_lines(MxStore *store, RelateJob *job, MxRoomRow *room, const char *type,
                      GPtrArray *contents)
{
    mx_store_begin(store);
    job->lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
    for (guint i = 0; i < contents->len; i++)
        g_ptr_array_add(job->lines,
                        mx_send_add(store, room, job->own_user_id, type, contents->pdata[i]));
    if (!mx_store_commit(store, &job->base.error))
        g_clear_pointer(&job->lines, g_ptr_array_unref);
}

/* content: JSON text, for one event. */
static void add_line(MxStore *store, RelateJob *job, const char *type, const char *content)
{
    g_autoptr(MxRoomRow) room = get_room(store, job);
    if (room == NULL || !mx_compose_check(room, content, &job->base.error))
        return;
    g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(contents, g_strdup(content));
    add_lines(store, job, room, type, contents);
}

static void add_text(MxStore *store, RelateJob *job, JsonObject *content, const char *also)
{
    g_autoptr(MxRoomRow) room = get_room(store, job);
    g_autoptr(GPtrArray) contents = NULL;
    if (room != NULL)
        contents =
            mx_compose(store, room, job->own_user_id, content, also, job->format, &job->base.error);
    if (contents != NULL)
        add_lines(store, job, room, "m.room.message", contents);
}

/* ---- answers and threads ---- */

static gboolean has_text(RelateJob *job, const char *text)
{
    if (*text != '\0')
        return TRUE;
    refuse(job, _("There is no text; nothing was sent. Write it behind the command."));
    return FALSE;
}

static void run_reply(MxStore *store, RelateJob *job, const MxTimelineRow *target, const char *text)
{
    g_auto(MxRelation) its = {0};
    if (!has_text(job, text))
        return;
    g_autoptr(JsonObject) content = new_text("m.text", text);
    mx_relation_read_row(&its, target);
    gboolean is_in_thread = its.kind == MX_RELATION_THREAD;
    JsonObject *relation = add_relation(content, is_in_thread ? "m.thread" : NULL, its.event_id);
    if (is_in_thread)
        json_object_set_boolean_member(relation, "is_falling_back", FALSE);
    add_in_reply_to(relation, target->event_id);
    add_text(store, job, content, target->sender);
}

/* For programs that know no threads the message answers the last one of the thread. */
static char *find_last_of_thread(MxStore *store, gint64 room, const char *root)
{
    g_autoptr(GPtrArray) lines = mx_store_list_newest_lines(store, room, MAX_LINES);
    for (guint i = 0; i < lines->len; i++) {
        g_auto(MxRelation) relation = {0};
        const MxTimelineRow *line = g_ptr_array_index(lines, i);
        if (line->event_id == NULL || strstr(line->content, root) == NULL)
            continue;
        mx_relation_read_row(&relation, line);
        if (relation.kind == MX_RELATION_THREAD && g_str_equal(relation.event_id, root))
            return g_strdup(line->event_id);
    }
    return g_strdup(root);
}

static void run_thread(MxStore *store, RelateJob *job, const MxTimelineRow *target,
                       const char *text)
{
    g_auto(MxRelation) its = {0};
    if (!has_text(job, text))
        return;
    mx_relation_read_row(&its, target);
    const char *root = its.kind == MX_RELATION_THREAD ? its.event_id : target->event_id;
    g_autofree char *last = find_last_of_thread(store, job->room, root);
    g_autoptr(JsonObject) content = new_text("m.text", text);
    JsonObject *relation = add_relation(content, "m.thread", root);
    json_object_set_boolean_member(relation, "is_falling_back", TRUE);
    add_in_reply_to(relation, last);
    add_text(store, job, content, NULL);
}

/* ---- edits ---- */

/* Who was meant before is not alerted again ("Event replacements", "Mentions"). */
static JsonObject *get_new_mentions(JsonObject *now, const char *before_text)
{
    g_autoptr(JsonObject) before = mx_json_parse_object(before_text, -1, NULL);
    JsonObject *old = mx_json_object(before, "m.mentions");
    JsonArray *old_users = mx_json_array(old, "user_ids"), *users = mx_json_array(now, "user_ids");
    g_autoptr(JsonArray) added = json_array_new();
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < mx_json_array_length(old_users); i++)
        if (mx_json_array_string(old_users, i) != NULL)
            g_hash_table_add(known, (gpointer)mx_json_array_string(old_users, i));
    for (guint i = 0; i < mx_json_array_length(users); i++)
        if (!g_hash_table_contains(known, mx_json_array_string(users, i)))
            json_array_add_string_element(added, mx_json_array_string(users, i));
    JsonObject *mentions = json_object_new();
    if (json_array_get_length(added) > 0)
        json_object_set_array_member(mentions, "user_ids", json_array_ref(added));
    if (mx_json_bool(now, "room", FALSE) && !mx_json_bool(old, "room", FALSE))
        json_object_set_boolean_member(mentions, "room", TRUE);
    return mentions;
}

static char *get_msgtype(const MxTimelineRow *target)
{
    MxJsonSlice content = mx_json_scan_root(target->content, strlen(target->content));
    return mx_json_slice_dup_string(mx_json_scan_member(content, "msgtype"));
}

static gboolean is_text(const MxTimelineRow *target)
{
    g_autofree char *msgtype = get_msgtype(target);
    return g_strcmp0(msgtype, "m.text") == 0 || g_strcmp0(msgtype, "m.notice") == 0 ||
           g_strcmp0(msgtype, "m.emote") == 0;
}

/* Whom the message answers, who is still meant by it when it is edited; or NULL. */
static char *dup_answered(MxStore *store, const MxTimelineRow *target)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, target);
    const char *event_id =
        relation.kind == MX_RELATION_REPLY ? relation.event_id : relation.reply_to;
    g_autoptr(MxTimelineRow) row =
        event_id != NULL ? mx_quote_find(store, target->room, event_id) : NULL;
    return row != NULL ? g_strdup(row->sender) : NULL;
}

/* JSON text; the caller frees. */
static char *make_edit(MxStore *store, const char *own_user_id, const MxTimelineRow *target,
                       const char *text, MxTextFormat format)
{
    g_autofree char *msgtype = get_msgtype(target);
    g_autofree char *fallback = g_strconcat("* ", text, NULL);
    JsonObject *now = new_text(msgtype, text);
    g_autoptr(JsonObject) content = new_text(msgtype, fallback);
    g_autofree char *also = dup_answered(store, target);
    mx_mention_apply(store, target->room, own_user_id, now, also, format);
    const char *html = mx_json_string(now, "formatted_body");
    if (html != NULL) {
        g_autofree char *fallback_html = g_strconcat("* ", html, NULL);
        json_object_set_string_member(content, "format", "org.matrix.custom.html");
        json_object_set_string_member(content, "formatted_body", fallback_html);
    }
    json_object_set_object_member(
        content, "m.mentions",
        get_new_mentions(mx_json_object(now, "m.mentions"), target->content));
    json_object_set_object_member(content, "m.new_content", now);
    add_relation(content, "m.replace", target->event_id);
    return mx_json_object_to_text(content);
}

static char *dup_text_now(MxStore *store, const MxTimelineRow *target)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, target);
    g_autofree char *text = mx_relation_dup_content(store, target);
    return mx_relation_dup_body(&relation, mx_json_scan_root(text, strlen(text)));
}

static void run_edit(MxStore *store, RelateJob *job, const MxTimelineRow *target, const char *text)
{
    if (!has_text(job, text))
        return;
    if (!is_text(target)) {
        refuse(job, _("Only text can be edited; nothing was done."));
        return;
    }
    g_autofree char *before = dup_text_now(store, target);
    if (g_strcmp0(before, text) == 0) {
        refuse(job, _("That is what the message says already; nothing was done."));
        return;
    }
    g_autofree char *content = make_edit(store, job->own_user_id, target, text, job->format);
    add_line(store, job, "m.room.message", content);
}

/* One part, up to the next '/', which a backslash keeps. NULL: it does not end. */
static char *read_part(const char **at)
{
    GString *part = g_string_new(NULL);
    for (; **at != '\0' && **at != '/'; (*at)++) {
        if (**at == '\\' && (*at)[1] == '/')
            (*at)++;
        g_string_append_c(part, **at);
    }
    gboolean ends = **at == '/';
    if (ends)
        (*at)++;
    return g_string_free(part, !ends);
}

static gboolean read_substitution(const char *body, char **old, char **new, gboolean *all)
{
    if (body == NULL || !g_str_has_prefix(body, "s/") || strchr(body, '\n') != NULL)
        return FALSE;
    const char *at = body + 2;
    *old = read_part(&at);
    *new = *old != NULL ? read_part(&at) : NULL;
    *all = g_str_equal(at, "g");
    return *new != NULL &&**old != '\0' && (*all || *at == '\0');
}

static char *substitute(const char *text, const char *old, const char *new, gboolean all)
{
    GString *result = g_string_new(text);
    /* The text of a message is short, but what is put in may be long. */
    g_string_replace(result, old, new, all ? 0 : 1);
    return g_string_free(result, FALSE);
}

char *mx_relate_read_substitution(MxStore *store, gint64 room, const char *own_user_id,
                                  JsonObject *content, MxTextFormat format, GError **error)
{
    g_autofree char *old = NULL, *new = NULL;
    gboolean all;
    const char *rest;
    if (format == MX_TEXT_LITERAL || g_strcmp0(mx_json_string(content, "msgtype"), "m.text") != 0 ||
        mx_json_string(content, "formatted_body") != NULL ||
        !read_substitution(mx_json_string(content, "body"), &old, &new, &all))
        return NULL;
    g_autoptr(MxTimelineRow) target =
        mx_target_find(store, room, own_user_id, "", MX_TARGET_OWN, &rest, NULL);
    if (target == NULL || !is_text(target))
        return NULL;
    g_autofree char *before = dup_text_now(store, target);
    if (before == NULL || strstr(before, old) == NULL)
        return NULL;
    g_autofree char *now = substitute(before, old, new, all);
    if (*now == '\0' || g_str_equal(now, before))
        return NULL;
    if (target->event_id == NULL) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("Your last message is still on its way, and was not changed. Type "
                              "that again when it has arrived."));
        return NULL;
    }
    return make_edit(store, own_user_id, target, now, format);
}

/* ---- reactions ---- */

/* The user's own reactions (rows) to the message. */
static GPtrArray *list_own(MxStore *store, RelateJob *job, const MxTimelineRow *target)
{
    g_autoptr(GPtrArray) rows =
        mx_store_list_relating(store, job->room, target->event_id, MAX_LISTED);
    GPtrArray *own = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    while (rows->len > 0) {
        g_auto(MxRelation) relation = {0};
        g_autoptr(MxTimelineRow) row = g_ptr_array_steal_index(rows, 0);
        mx_relation_read_row(&relation, row);
        if (relation.kind == MX_RELATION_REACTION && g_str_equal(row->sender, job->own_user_id))
            g_ptr_array_add(own, g_steal_pointer(&row));
    }
    return own;
}

static MxTimelineRow *find_own(GPtrArray *own, const char *key)
{
    for (guint i = 0; i < own->len; i++) {
        g_auto(MxRelation) relation = {0};
        mx_relation_read_row(&relation, g_ptr_array_index(own, i));
        if (g_str_equal(relation.key, key))
            return g_ptr_array_index(own, i);
    }
    return NULL;
}

static void run_react(MxStore *store, RelateJob *job, const MxTimelineRow *target, const char *key)
{
    if (*key == '\0' || strlen(key) > MAX_KEY || strchr(key, '\n') != NULL) {
        refuse(job, _("Write one emoji, or a word, behind /react; nothing was done."));
        return;
    }
    g_autoptr(GPtrArray) own = list_own(store, job, target);
    if (find_own(own, key) != NULL) {
        refuse(job, _("You have reacted so already; nothing was done."));
        return;
    }
    g_autoptr(JsonObject) content = json_object_new();
    JsonObject *relation = add_relation(content, "m.annotation", target->event_id);
    json_object_set_string_member(relation, "key", key);
    g_autofree char *json = mx_json_object_to_text(content);
    add_line(store, job, "m.reaction", json);
}

static void refuse_several(RelateJob *job, GPtrArray *own)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    for (guint i = 0; i < MIN(own->len, MAX_NAMED); i++) {
        g_auto(MxRelation) relation = {0};
        mx_relation_read_row(&relation, g_ptr_array_index(own, i));
        g_string_append_printf(keys, "%s%s", i > 0 ? ", " : "", relation.key);
    }
    g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                _("You have more than one reaction there (%s); nothing was done. Write the one "
                  "that is to go."),
                keys->str);
}

static void run_unreact(MxStore *store, RelateJob *job, const MxTimelineRow *target,
                        const char *key)
{
    g_autoptr(GPtrArray) own = list_own(store, job, target);
    if (*key == '\0' && own->len > 1) {
        refuse_several(job, own);
        return;
    }
    const MxTimelineRow *row = *key != '\0'    ? find_own(own, key)
                               : own->len == 1 ? g_ptr_array_index(own, 0)
                                               : NULL;
    if (row == NULL)
        refuse(job, _("You have no such reaction there that is known here; nothing was done."));
    else if (row->event_id == NULL)
        refuse(job, _("That reaction is on its way; nothing was done. Try again when it has "
                      "arrived."));
    else
        g_free(mx_redaction_queue(store, job->room, job->own_user_id, row->event_id, NULL,
                                  &job->base.error));
}

/* ---- all ---- */

static const struct {
    MxTargetPool pool;
    void (*run)(MxStore *store, RelateJob *job, const MxTimelineRow *target, const char *rest);
} deeds[] = {
    [MX_RELATE_REPLY] = {MX_TARGET_ANY, run_reply},
    [MX_RELATE_THREAD] = {MX_TARGET_ANY, run_thread},
    [MX_RELATE_EDIT] = {MX_TARGET_OWN, run_edit},
    [MX_RELATE_REACT] = {MX_TARGET_ANY, run_react},
    [MX_RELATE_UNREACT] = {MX_TARGET_ANY, run_unreact},
};

static void run_relate(MxStore *store, gpointer data)
{
    RelateJob *job = data;
    const char *rest;
    g_autoptr(MxTimelineRow) target =
        mx_target_find(store, job->room, job->own_user_id, job->typed, deeds[job->deed].pool, &rest,
                       &job->base.error);
    if (target == NULL)
        return;
    if (target->event_id == NULL) {
        refuse(job, _("That message has not been sent yet; nothing was done."));
        return;
    }
    g_autofree char *text = g_strchomp(g_strdup(rest));
    deeds[job->deed].run(store, job, target, text);
}

static void on_stored(gpointer data)
{
    RelateJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    job->func(client, job->room_id, job->base.error, job->user_data);
    if (job->base.error != NULL)
        return;
    for (guint i = 0; job->lines != NULL && room != NULL && i < job->lines->len; i++)
        mx_client_emit_own_line(client, room, job->lines->pdata[i]);
    mx_send_queue_kick(client, job->room);
}

void mx_client_relate(MxClient *client, MxRoom *room, MxRelateDeed deed, const char *typed,
                      MxTextFormat format, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    mx_typing_stop(client, room->key);
    RelateJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strdup(typed);
    job->deed = deed;
    job->format = format;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_relate, on_stored, job, relate_job_free);
}

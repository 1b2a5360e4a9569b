/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-json.h"

/* What the user wants to hear of a room, as push rules on the server (client-server API, "Push
 * Rules"), the way other clients write them: a room is muted by an override rule, and told to
 * notify of everything, or of nothing but mentions, by a room rule. Changes are made one after the
 * other; the new rules come back with the next /sync. */

typedef struct {
    MxRequest *request;
    gboolean may_fail; /* with 404: what is to be removed is not there */
} Step;

typedef struct {
    char *room_id;
    MxNotifyMode mode;
    GQueue steps; /* of Step */
    gboolean has_begun, is_silent;
} Change;

static void step_free(gpointer data)
{
    Step *step = data;
    mx_request_unref(step->request);
    g_free(step);
}

static void change_free(gpointer data)
{
    Change *change = data;
    g_queue_clear_full(&change->steps, step_free);
    g_free(change->room_id);
    g_free(change);
}

void mx_client_notify_clear(MxClient *client)
{
    g_queue_clear_full(&client->notify_changes, change_free);
    g_clear_pointer(&client->rules, mx_push_rules_unref);
}

/* ---- steps ---- */

static void add_step(Change *change, MxRequest *request, gboolean may_fail)
{
    Step *step = g_new0(Step, 1);
    step->request = request;
    step->may_fail = may_fail;
    g_queue_push_tail(&change->steps, step);
}

static JsonObject *new_rule(gboolean notifies)
{
    JsonObject *rule = json_object_new();
    JsonArray *actions = json_array_new();
    if (notifies) {
        JsonObject *tweak = json_object_new();
        json_object_set_string_member(tweak, "set_tweak", "sound");
        json_object_set_string_member(tweak, "value", "default");
        json_array_add_string_element(actions, "notify");
        json_array_add_object_element(actions, tweak);
    }
    json_object_set_array_member(rule, "actions", actions);
    return rule;
}

static void add_condition(JsonObject *rule, const char *room_id)
{
    JsonArray *conditions = json_array_new();
    JsonObject *condition = json_object_new();
    json_object_set_string_member(condition, "kind", "event_match");
    json_object_set_string_member(condition, "key", "room_id");
    json_object_set_string_member(condition, "pattern", room_id);
    json_array_add_object_element(conditions, condition);
    json_object_set_array_member(rule, "conditions", conditions);
}

static void add_set(MxClient *client, Change *change, const char *kind, JsonObject *rule)
{
    add_step(change, mx_endpoint_set_push_rule(kind, change->room_id, rule), FALSE);
    /* Writing to a rule does not switch it on. */
    if (client->rules != NULL && mx_push_rules_is_disabled(client->rules, kind, change->room_id))
        add_step(change, mx_endpoint_enable_push_rule(kind, change->room_id), FALSE);
}

static void add_delete(Change *change, const char *kind, const char *rule_id)
{
    add_step(change, mx_endpoint_delete_push_rule(kind, rule_id), TRUE);
}

/* Other clients may have given theirs another ID. */
static void add_delete_overrides(MxClient *client, Change *change)
{
    add_delete(change, "override", change->room_id);
    if (client->rules == NULL)
        return;
    g_auto(GStrv) ids = mx_push_rules_dup_overrides(client->rules, change->room_id);
    for (char **id = ids; *id != NULL; id++)
        if (**id != '.' && !g_str_equal(*id, change->room_id))
            add_delete(change, "override", *id);
}

static void add_steps(MxClient *client, Change *change)
{
    g_autoptr(JsonObject) rule = new_rule(change->mode == MX_NOTIFY_ALL);
    switch (change->mode) {
    case MX_NOTIFY_MUTE:
        add_condition(rule, change->room_id);
        add_set(client, change, "override", rule);
        add_delete(change, "room", change->room_id);
        return;
    case MX_NOTIFY_ALL:
    case MX_NOTIFY_MENTIONS:
        add_set(client, change, "room", rule);
        break;
    case MX_NOTIFY_DEFAULT:
        add_delete(change, "room", change->room_id);
        break;
    }
    add_delete_overrides(client, change);
}

/* ---- one after the other ---- */

static void go_on(MxClient *client);

static void end_change(MxClient *client, const GError *error)
{
    Change *change = g_queue_pop_head(&client->notify_changes);
    MxRoom *room = mx_client_get_room(client, change->room_id);
    g_autofree char *text =
        error != NULL
            ? g_strdup_printf(_("The notifications of this room could not be changed. %s"),
                              error->message)
            : g_strdup(mx_client_describe_notify_mode(change->mode));
    if (change->is_silent)
        g_message("notify: the mode of a new room was %s", error != NULL ? "refused" : "taken");
    else if (room != NULL && error != NULL)
        mx_client_emit_room_error(client, room, text);
    else if (room != NULL)
        mx_client_emit_notice(client, room, text);
    change_free(change);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxClient) client = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    Change *change = g_queue_peek_head(&client->notify_changes);
    if (client->state == MX_CLIENT_STOPPED || change == NULL)
        return;
    Step *step = g_queue_pop_head(&change->steps);
    gboolean is_done = response != NULL || (step->may_fail && mx_error_get_status(error) == 404);
    step_free(step);
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
    if (!is_done)
        end_change(client, error);
    go_on(client);
}

static void go_on(MxClient *client)
{
    for (;;) {
        Change *change = g_queue_peek_head(&client->notify_changes);
        if (change == NULL || client->state == MX_CLIENT_STOPPED)
            return;
        if (!change->has_begun)
            add_steps(client, change);
        change->has_begun = TRUE;
        Step *step = g_queue_peek_head(&change->steps);
        if (step != NULL) {
            mx_http_send_async(client->http, step->request, client->cancellable, on_answer,
                               g_object_ref(client));
            return;
        }
        end_change(client, NULL);
    }
}

static void set_mode(MxClient *client, MxRoom *room, MxNotifyMode mode, gboolean is_silent)
{
    gboolean is_busy = !g_queue_is_empty(&client->notify_changes);
    Change *change = g_new0(Change, 1);
    change->room_id = g_strdup(room->room_id);
    change->mode = mode;
    change->is_silent = is_silent;
    g_queue_push_tail(&client->notify_changes, change);
    if (!is_busy)
        go_on(client);
}

void mx_client_set_notify_mode(MxClient *client, MxRoom *room, MxNotifyMode mode)
{
    set_mode(client, room, mode, FALSE);
}

void mx_client_move_notify_mode(MxClient *client, MxRoom *from, MxRoom *to)
{
    MxNotifyMode mode = mx_client_get_notify_mode(client, from);
    if (mode != MX_NOTIFY_DEFAULT && mx_client_get_notify_mode(client, to) == MX_NOTIFY_DEFAULT)
        set_mode(client, to, mode, TRUE);
}

MxNotifyMode mx_client_get_notify_mode(MxClient *client, MxRoom *room)
{
    return client->rules != NULL ? mx_push_rules_get_mode(client->rules, room->room_id)
                                 : MX_NOTIFY_DEFAULT;
}

gboolean mx_client_is_silent(MxClient *client)
{
    return client->rules != NULL && mx_push_rules_is_silent(client->rules);
}

const char *mx_client_describe_notify_mode(MxNotifyMode mode)
{
    switch (mode) {
    case MX_NOTIFY_ALL:
        return _("Every message in this room notifies you.");
    case MX_NOTIFY_MENTIONS:
        return _("Only mentions and keywords in this room notify you.");
    case MX_NOTIFY_MUTE:
        return _("This room is muted: nothing in it notifies you.");
    case MX_NOTIFY_DEFAULT:
        break;
    }
    return _("This room notifies you as your account's rules say for all rooms.");
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-upgrade-room.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-fetch.h"
#include "mx-client-private.h"
#include "mx-direct.h"
#include "mx-id.h"
#include "mx-json.h"
#include "mx-power.h"

/* Rooms that only invited people can join are smaller. */
#define MAX_INVITES 500
/* Since this one, creators are above all. */
#define VERSION_OF_CREATORS 12

/* ---- what it would do ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *version;
    MxUpgradePlan plan;
    MxUpgradePlanFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} PlanJob;

static void plan_job_free(gpointer data)
{
    PlanJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->version);
    g_free(job->plan.from);
    g_free(job->plan.to);
    mx_client_job_clear(job);
    g_free(job);
}

static char *get_word(MxStore *store, gint64 room, const char *type, const char *member)
{
    g_autofree char *content = mx_store_get_state(store, room, type, "");
    return content != NULL ? mx_json_slice_dup_string(mx_json_scan_member(
                                 mx_json_scan_root(content, strlen(content)), member))
                           : NULL;
}

static gboolean is_open(MxStore *store, gint64 room)
{
    g_autofree char *rule = get_word(store, room, "m.room.join_rules", "join_rule");
    return g_strcmp0(rule, "public") == 0;
}

static void run_plan(MxStore *store, gpointer data)
{
    PlanJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, job->room);
    job->plan.from = get_word(store, job->room, "m.room.create", "room_version");
    if (job->plan.from == NULL)
        job->plan.from = g_strdup("1"); /* that is what absent means */
    job->plan.is_open = is_open(store, job->room);
    job->plan.others = row != NULL ? MAX(mx_direct_count_joined(store, row) - 1, 0) : 0;
    if (mx_power_may_send_state(power, job->own_user_id, "m.room.tombstone"))
        return;
    gint64 needed = mx_power_get_needed(power, "m.room.tombstone", TRUE);
    g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                _("In this room that takes a power level of %d, and yours is %d."),
                (int)CLAMP(needed, G_MININT, G_MAXINT),
                (int)CLAMP(mx_power_get(power, job->own_user_id), G_MININT, G_MAXINT));
}

static int compare_versions(gconstpointer a, gconstpointer b)
{
    const char *one = *(const char *const *)a, *other = *(const char *const *)b;
    gint64 difference = g_ascii_strtoll(one, NULL, 10) - g_ascii_strtoll(other, NULL, 10);
    return difference != 0 ? (difference > 0) - (difference < 0) : strcmp(one, other);
}

/* "1, 2, … 12": what the homeserver calls stable. */
static char *list_stable(JsonObject *available)
{
    g_autoptr(GList) versions = available != NULL ? json_object_get_members(available) : NULL;
    g_autoptr(GPtrArray) stable = g_ptr_array_new();
    for (GList *at = versions; at != NULL; at = at->next)
        if (g_strcmp0(mx_json_string(available, at->data), "stable") == 0)
            g_ptr_array_add(stable, at->data);
    g_ptr_array_sort(stable, compare_versions);
    g_ptr_array_add(stable, NULL);
    g_autofree char *text = g_strjoinv(", ", (char **)stable->pdata);
    return mx_event_tidy_text(text, 1000);
}

static gboolean choose_version(PlanJob *job, JsonObject *answer, GError **error)
{
    JsonObject *versions =
        mx_json_object(mx_json_object(answer, "capabilities"), "m.room_versions");
    JsonObject *available = mx_json_object(versions, "available");
    const char *usual = mx_json_string(versions, "default");
    g_autofree char *stable = list_stable(available);
    job->plan.to = g_strdup(job->version != NULL ? job->version : usual);
    if (job->plan.to == NULL ||
        (available != NULL && !json_object_has_member(available, job->plan.to)))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("Your homeserver cannot make rooms of that version. It can make these: %s."),
                    stable != NULL ? stable : _("none that it names"));
    else if (g_str_equal(job->plan.to, job->plan.from))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("This room has version %s already. Your homeserver can make these: %s."),
                    job->plan.from, stable != NULL ? stable : job->plan.from);
    job->plan.makes_creator =
        job->plan.to != NULL && g_ascii_strtoll(job->plan.to, NULL, 10) >= VERSION_OF_CREATORS;
    return *error == NULL;
}

static void on_capabilities(MxClient *client, JsonObject *answer, const GError *asked,
                            gpointer user_data)
{
    PlanJob *job = user_data;
    g_autoptr(GError) error = asked != NULL ? g_error_copy(asked) : NULL;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    gboolean is_good = asked == NULL && choose_version(job, answer, &error);
    if (room != NULL)
        job->func(client, room, is_good ? &job->plan : NULL, error, job->user_data);
}

static void on_planned(gpointer data)
{
    PlanJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->base.error != NULL) {
        if (room != NULL)
            job->func(client, room, NULL, job->base.error, job->user_data);
        return;
    }
    PlanJob *next = mx_client_job_new(client, sizeof *next);
    MxClientJob base = next->base;
    *next = *job; /* all but the base goes along */
    next->base = base;
    base = job->base;
    memset(job, 0, sizeof *job);
    job->base = base;
    g_autoptr(MxRequest) request = mx_endpoint_capabilities();
    mx_client_fetch(client, request, on_capabilities, next, plan_job_free);
}

void mx_client_plan_upgrade(MxClient *client, MxRoom *room, const char *version,
                            MxUpgradePlanFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    PlanJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->version = g_strdup(version);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_plan, on_planned, job, plan_job_free);
}

/* ---- doing it ---- */

/* Reference counted: each request holds it. */
typedef struct {
    char *room_id, *new_room_id;
    gboolean invites;
    GQueue people; /* of char *: who is still to be invited */
    guint failed;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Upgrade;

static void upgrade_clear(gpointer data)
{
    Upgrade *upgrade = data;
    if (upgrade->destroy != NULL)
        upgrade->destroy(upgrade->user_data);
    g_queue_clear_full(&upgrade->people, g_free);
    g_free(upgrade->room_id);
    g_free(upgrade->new_room_id);
}

static void upgrade_unref(gpointer upgrade)
{
    g_rc_box_release_full(upgrade, upgrade_clear);
}

static void end_inviting(MxClient *client, Upgrade *upgrade)
{
    MxRoom *room = mx_client_get_room(client, upgrade->room_id);
    if (upgrade->failed == 0 || room == NULL)
        return;
    g_autofree char *text = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "%u member could not be invited to the new room.",
                    "%u members could not be invited to the new room.", upgrade->failed),
        upgrade->failed);
    mx_client_emit_room_error(client, room, text);
}

static void on_invited(MxClient *client, const char *room_id, const GError *error, gpointer data);

static void invite_next(MxClient *client, Upgrade *upgrade)
{
    g_autofree char *user_id = g_queue_pop_head(&upgrade->people);
    if (user_id == NULL)
        end_inviting(client, upgrade);
    else
        mx_client_invite(client, upgrade->new_room_id, user_id, NULL, on_invited,
                         g_rc_box_acquire(upgrade), upgrade_unref);
}

static void on_invited(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Upgrade *upgrade = data;
    /* Who is in it already needs none. */
    upgrade->failed += error != NULL && mx_error_get_status(error) != 403;
    invite_next(client, upgrade);
}

static void on_members(MxClient *client, MxRoom *room, GPtrArray *members, guint total,
                       gpointer data)
{
    Upgrade *upgrade = data;
    for (guint i = 0; i < members->len && upgrade->people.length < MAX_INVITES; i++) {
        MxMember *member = g_ptr_array_index(members, i);
        if (!g_str_equal(member->user_id, client->user_id))
            g_queue_push_tail(&upgrade->people, g_strdup(member->user_id));
    }
    g_ptr_array_unref(members);
    invite_next(client, upgrade);
}

static void on_upgraded(MxClient *client, JsonObject *answer, const GError *error, gpointer data)
{
    Upgrade *upgrade = data;
    MxRoom *room = mx_client_get_room(client, upgrade->room_id);
    const char *new_room_id = mx_json_string(answer, "replacement_room");
    upgrade->func(client, upgrade->room_id, error, upgrade->user_data);
    if (room == NULL || new_room_id == NULL || !mx_room_id_is_valid(new_room_id) ||
        !upgrade->invites || client->state == MX_CLIENT_STOPPED)
        return;
    MxMemberQuery query = {.limit = MAX_INVITES + 1};
    upgrade->new_room_id = g_strdup(new_room_id);
    mx_client_list_members(client, room, &query, on_members, g_rc_box_acquire(upgrade),
                           upgrade_unref);
}

void mx_client_upgrade_room(MxClient *client, MxRoom *room, const char *version, gboolean invites,
                            MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Upgrade *upgrade = g_rc_box_new0(Upgrade);
    upgrade->room_id = g_strdup(room->room_id);
    upgrade->invites = invites;
    upgrade->func = func;
    upgrade->user_data = user_data;
    upgrade->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_upgrade(room->room_id, version);
    mx_request_set_timeout(request, 0); /* a large room takes long */
    mx_client_fetch(client, request, on_upgraded, upgrade, upgrade_unref);
}

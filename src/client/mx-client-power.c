/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-moderation.h"
#include "mx-power.h"
#include "mx-room-name.h"
#include "mx-state-edit.h"

/* Power levels: told, and changed. */

#define OP_LEVEL 50
/* One answer lists so many people. */
#define MAX_PEOPLE 100

static int clamp(gint64 level)
{
    return CLAMP(level, G_MININT, G_MAXINT);
}

/* ---- may it be done? ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id, *user_id;
    MxPowerWish wish;
    MxPowerPlan plan;
    MxPowerPlanFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} PlanJob;

static void plan_job_free(gpointer data)
{
    PlanJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->own_user_id);
    g_free(job->user_id);
    mx_client_job_clear(job);
    g_free(job);
}

/* Why it may not be, in the order in which it would help to know. */
static void refuse(PlanJob *job, const MxPower *power, const char *name)
{
    gint64 own = mx_power_get(power, job->own_user_id);
    gint64 needed = mx_power_get_needed(power, "m.room.power_levels", TRUE);
    GError **error = &job->base.error;
    if (mx_power_is_creator(power, job->user_id))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s has created this room, and in a room of this version nobody can change "
                      "the power of its creators."),
                    name);
    else if (own < needed)
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("In this room that takes a power level of %d, and yours is %d."),
                    clamp(needed), clamp(own));
    else if (job->plan.level > own)
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("Nobody can give more power than they have, and your power level is %d."),
                    clamp(own));
    else
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s has the power level %d, and yours is %d: it takes a higher one than "
                      "theirs."),
                    name, clamp(mx_power_get(power, job->user_id)), clamp(own));
}

static gint64 get_wanted(const PlanJob *job, const MxPower *power, gint64 before)
{
    if (job->wish == MX_POWER_WISH_OP)
        return MAX(before, OP_LEVEL);
    return job->wish == MX_POWER_WISH_DEOP ? mx_power_get_default(power) : job->plan.level;
}

static void run_plan(MxStore *store, gpointer data)
{
    PlanJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    g_autofree char *name = mx_room_name_of_member(store, job->room, job->user_id);
    gint64 before = mx_power_get(power, job->user_id);
    gboolean is_self = g_str_equal(job->user_id, job->own_user_id);
    job->plan.level = get_wanted(job, power, before);
    job->plan.is_v12 = mx_power_is_creator(power, job->own_user_id);
    job->plan.is_self_demotion = is_self && job->plan.level < before;
    if (!mx_power_is_creator(power, job->user_id) && job->plan.level == before)
        g_set_error(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s has the power level %d already."), name, clamp(before));
    else if (!mx_power_may_set(power, job->own_user_id, job->user_id, job->plan.level))
        refuse(job, power, name);
}

static void on_planned(gpointer data)
{
    PlanJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->base.error == NULL ? &job->plan : NULL,
                  job->base.error, job->user_data);
}

void mx_client_plan_power(MxClient *client, MxRoom *room, const char *user_id, MxPowerWish wish,
                          gint64 level, MxPowerPlanFunc func, gpointer user_data,
                          GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    PlanJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->own_user_id = g_strdup(client->user_id);
    job->user_id = g_strdup(user_id);
    job->wish = wish;
    job->plan.level = level;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_plan, on_planned, job, plan_job_free);
}

/* ---- doing it ---- */

typedef struct {
    char *own_user_id, *user_id;
    MxPowerPlan plan;
} Wanted;

static void wanted_free(gpointer data)
{
    Wanted *wanted = data;
    g_free(wanted->own_user_id);
    g_free(wanted->user_id);
    g_free(wanted);
}

static gboolean edit_levels(MxStore *store, gint64 room, JsonObject *content,
                            gconstpointer edit_data, gboolean *is_same, GError **error)
{
    const Wanted *wanted = edit_data;
    gboolean has_none = json_object_get_size(content) == 0;
    /* Nobody but the creator can do this in a room without levels, and is to keep the power. */
    mx_power_edit(content, has_none && !wanted->plan.is_v12 ? wanted->own_user_id : NULL,
                  wanted->user_id, wanted->plan.level);
    return TRUE;
}

void mx_client_set_power(MxClient *client, MxRoom *room, const char *user_id,
                         const MxPowerPlan *plan, MxRoomFunc func, gpointer user_data,
                         GDestroyNotify destroy)
{
    Wanted *wanted = g_new0(Wanted, 1);
    wanted->own_user_id = g_strdup(client->user_id);
    wanted->user_id = g_strdup(user_id);
    wanted->plan = *plan;
    MxStateEdit edit = {"m.room.power_levels", edit_levels, wanted, wanted_free};
    mx_client_edit_state(client, room, &edit, func, user_data, destroy);
}

/* ---- telling ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *text;
    MxPowerTextFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} TextJob;

static void text_job_free(gpointer data)
{
    TextJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->text);
    mx_client_job_clear(job);
    g_free(job);
}

static const char *describe_role(MxRole role)
{
    switch (role) {
    case MX_ROLE_CREATOR:
        return _("creator: more than any level, for ever");
    case MX_ROLE_ADMIN:
        return _("administrator");
    case MX_ROLE_MODERATOR:
        return _("moderator");
    case MX_ROLE_RAISED:
    case MX_ROLE_NONE:
        break;
    }
    return NULL;
}

static void append_person(GString *text, MxStore *store, gint64 room, const MxPower *power,
                          const char *user_id)
{
    g_autofree char *name = mx_room_name_of_member(store, room, user_id);
    const char *role = describe_role(mx_power_get_role(power, user_id));
    g_string_append_printf(text, "\n%s", name);
    if (strstr(name, user_id) == NULL)
        g_string_append_printf(text, " (%s)", user_id);
    if (mx_power_is_creator(power, user_id))
        g_string_append_printf(text, ": %s", role);
    else if (role != NULL)
        g_string_append_printf(text, ": %d, %s", clamp(mx_power_get(power, user_id)), role);
    else
        g_string_append_printf(text, ": %d", clamp(mx_power_get(power, user_id)));
}

static void append_needs(GString *text, const MxPower *power)
{
    g_string_append_printf(text, _("\nAll others: %d"), clamp(mx_power_get_default(power)));
    g_string_append_printf(
        text,
        _("\nNeeded: %d to write, %d to invite, %d to remove people, %d to ban them, %d to remove "
          "messages, %d for settings, %d for power levels"),
        clamp(mx_power_get_needed(power, "m.room.message", FALSE)),
        clamp(mx_power_get_needed_for(power, MX_POWER_INVITE)),
        clamp(mx_power_get_needed_for(power, MX_POWER_KICK)),
        clamp(mx_power_get_needed_for(power, MX_POWER_BAN)),
        clamp(mx_power_get_needed_for(power, MX_POWER_REDACT)),
        clamp(mx_power_get_needed(power, "", TRUE)),
        clamp(mx_power_get_needed(power, "m.room.power_levels", TRUE)));
}

static void run_text(MxStore *store, gpointer data)
{
    TextJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    g_autoptr(GPtrArray) users = mx_power_list_users(power, power);
    GString *text = g_string_new(_("Power levels in this room:"));
    for (guint i = 0; i < users->len && i < MAX_PEOPLE; i++)
        append_person(text, store, job->room, power, g_ptr_array_index(users, i));
    if (users->len > MAX_PEOPLE)
        g_string_append_printf(text,
                               g_dngettext(GETTEXT_PACKAGE, "\n…and %u more", "\n…and %u more",
                                           users->len - MAX_PEOPLE),
                               users->len - MAX_PEOPLE);
    append_needs(text, power);
    job->text = g_string_free(text, FALSE);
}

static void on_text(gpointer data)
{
    TextJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->text, job->user_data);
}

void mx_client_describe_power(MxClient *client, MxRoom *room, MxPowerTextFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    TextJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_text, on_text, job, text_job_free);
}

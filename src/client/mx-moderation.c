/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-moderation.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-endpoints-rooms.h"
#include "mx-id.h"
#include "mx-power.h"
#include "mx-room-name.h"

#define MAX_BANS 200

static int clamp(gint64 level)
{
    return CLAMP(level, G_MININT, G_MAXINT);
}

/* ---- why it cannot be done ---- */

/* own has the room's power for it, or not; and target's is not below, or it is nobody's to take. */
static void refuse(MxStore *store, gint64 room, const MxPower *power, const char *own,
                   const char *target, gint64 needed, GError **error)
{
    g_autofree char *name = mx_room_name_of_member(store, room, target);
    if (mx_power_is_creator(power, target))
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s has created this room, and in a room of this version nobody has power "
                      "over its creators."),
                    name);
    else if (mx_power_get(power, own) < needed)
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("In this room that takes a power level of %d, and yours is %d."),
                    clamp(needed), clamp(mx_power_get(power, own)));
    else
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s has the power level %d, and yours is %d: it takes a higher one than "
                      "theirs."),
                    name, clamp(mx_power_get(power, target)), clamp(mx_power_get(power, own)));
}

/* ---- kick, ban, unban ---- */

static const struct {
    const char *path;
    gboolean (*may)(const MxPower *, const char *user_id, const char *target);
} deeds[] = {
    [MX_MODERATE_KICK] = {"kick", mx_power_may_kick},
    [MX_MODERATE_BAN] = {"ban", mx_power_may_ban},
    [MX_MODERATE_UNBAN] = {"unban", mx_power_may_unban},
};

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *user_id, *reason;
    MxModeration deed;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL once user_data is the request's */
} ModerateJob;

static void moderate_job_free(gpointer data)
{
    ModerateJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->user_id);
    g_free(job->reason);
    mx_client_job_clear(job);
    g_free(job);
}

static gint64 get_needed(const MxPower *power, MxModeration deed)
{
    gint64 kick = mx_power_get_needed_for(power, MX_POWER_KICK);
    gint64 ban = mx_power_get_needed_for(power, MX_POWER_BAN);
    if (deed == MX_MODERATE_KICK)
        return kick;
    return deed == MX_MODERATE_BAN ? ban : MAX(kick, ban);
}

static void run_check(MxStore *store, gpointer data)
{
    ModerateJob *job = data;
    g_autoptr(MxPower) power = mx_power_load(store, job->room);
    if (g_str_equal(job->user_id, job->own_user_id))
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                            _("That is you. /leave takes you out of the room."));
    else if (!deeds[job->deed].may(power, job->own_user_id, job->user_id))
        refuse(store, job->room, power, job->own_user_id, job->user_id,
               get_needed(power, job->deed), &job->base.error);
}

static void on_checked(gpointer data)
{
    ModerateJob *job = data;
    if (job->base.error != NULL) {
        job->func(job->base.client, job->room_id, job->base.error, job->user_data);
        return;
    }
    g_autoptr(MxRequest) request =
        mx_endpoint_moderate(job->room_id, deeds[job->deed].path, job->user_id, job->reason);
    mx_client_call(job->base.client, job->room_id, request, job->func, job->user_data,
                   g_steal_pointer(&job->destroy));
}

void mx_client_moderate(MxClient *client, MxRoom *room, MxModeration deed, const char *user_id,
                        const char *reason, MxRoomFunc func, gpointer user_data,
                        GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    ModerateJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->user_id = g_strdup(user_id);
    job->reason = g_strdup(reason);
    job->deed = deed;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_check, on_checked, job, moderate_job_free);
}

/* ---- who is banned ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    GBytes *answer;
    GPtrArray *bans;
    guint total;
    MxBansFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} BansJob;

static void ban_free(gpointer data)
{
    MxBan *ban = data;
    g_free(ban->user_id);
    g_free(ban->reason);
    g_free(ban);
}

static void bans_job_free(gpointer data)
{
    BansJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_clear_pointer(&job->answer, g_bytes_unref);
    g_clear_pointer(&job->bans, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void add_ban(BansJob *job, MxJsonSlice value)
{
    g_auto(MxEvent) event = {0};
    g_auto(MxMemberContent) content = {0};
    if (!mx_event_parse(&event, value.text, value.len, FALSE) || event.state_key == NULL ||
        !mx_user_id_is_valid(event.state_key))
        return;
    mx_member_content_parse(&content, event.content);
    if (content.membership != MX_MEMBERSHIP_BAN || ++job->total > MAX_BANS)
        return;
    g_autofree char *reason =
        mx_json_slice_dup_string(mx_json_scan_member(event.content, "reason"));
    MxBan *ban = g_new0(MxBan, 1);
    ban->user_id = g_strdup(event.state_key);
    ban->reason = mx_event_tidy_name(reason);
    g_ptr_array_add(job->bans, ban);
}

static int compare_bans(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MxBan *const *)a)->user_id, (*(const MxBan *const *)b)->user_id);
}

/* On the worker: the answer may be long. */
static void run_read_bans(MxStore *store, gpointer data)
{
    BansJob *job = data;
    gsize len;
    const char *text = g_bytes_get_data(job->answer, &len);
    MxJsonIter iter;
    MxJsonSlice value;
    job->bans = g_ptr_array_new_with_free_func(ban_free);
    if (!mx_json_scan_validate(text, len) ||
        !mx_json_iter_init(&iter, mx_json_scan_member(mx_json_scan_root(text, len), "chunk"))) {
        g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("The homeserver's answer could not be read."));
        return;
    }
    while (mx_json_iter_next(&iter, NULL, &value))
        add_ban(job, value);
    g_ptr_array_sort(job->bans, compare_bans);
}

static void on_bans_read(gpointer data)
{
    BansJob *job = data;
    MxRoom *room = mx_client_get_room_by_key(job->base.client, job->room);
    if (room != NULL)
        job->func(job->base.client, room, job->base.error == NULL ? job->bans : NULL, job->total,
                  job->base.error, job->user_data);
}

static void on_bans_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    BansJob *job = user_data;
    MxClient *client = job->base.client;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &job->base.error);
    if (client->state != MX_CLIENT_STOPPED && response != NULL) {
        job->answer = g_bytes_ref(response->body);
        mx_worker_push(client->worker, MX_JOB_USER, run_read_bans, on_bans_read, job,
                       bans_job_free);
        return;
    }
    if (client->state != MX_CLIENT_STOPPED) {
        if (mx_error_get_status(job->base.error) == 401)
            mx_session_token_refused(client, job->base.error);
        on_bans_read(job);
    }
    bans_job_free(job);
}

void mx_client_list_bans(MxClient *client, MxRoom *room, MxBansFunc func, gpointer user_data,
                         GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    BansJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_members_who(room->room_id, "ban");
    mx_http_send_async(client->http, request, client->cancellable, on_bans_answer, job);
}

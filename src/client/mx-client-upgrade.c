/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-direct-room.h"
#include "mx-direct.h"
#include "mx-upgrade.h"

/* The user goes along when a room is upgraded (D16). Looked at after each /sync: then all is known
 * that there is to know, and what could not be done before is tried again. */

#define RETRY_FIRST_MS 5000
#define RETRY_CAP_MS (10 * 60 * 1000)

typedef enum {
    FOLLOW_IDLE,
    FOLLOW_JOINING,  /* asked for */
    FOLLOW_JOINED,   /* the answer was yes; the room comes with a /sync */
    FOLLOW_SETTLING, /* with the worker */
} FollowState;

/* On the way from a closed room into the one that stands in for it. */
typedef struct {
    char *from; /* room ID */
    FollowState state;
    MxBackoff backoff;
    gint64 not_before; /* monotonic, us */
} Follow;

static void follow_free(gpointer data)
{
    Follow *follow = data;
    g_free(follow->from);
    g_free(follow);
}

void mx_upgrade_init(MxClient *client)
{
    client->upgrades = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, follow_free);
}

void mx_upgrade_clear(MxClient *client)
{
    g_hash_table_unref(client->upgrades);
}

void mx_upgrade_room_changed(MxClient *client, MxRoom *room)
{
    Follow *follow;
    if (room->successor == NULL || room->upgrade == MX_UPGRADE_MOVED ||
        room->upgrade == MX_UPGRADE_APART)
        return;
    follow = g_hash_table_lookup(client->upgrades, room->successor);
    if (follow != NULL && g_str_equal(follow->from, room->room_id))
        return;
    follow = g_new0(Follow, 1);
    follow->from = g_strdup(room->room_id);
    mx_backoff_init(&follow->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    g_hash_table_replace(client->upgrades, g_strdup(room->successor), follow);
}

gboolean mx_client_is_followed(MxClient *client, const char *room_id)
{
    Follow *follow = g_hash_table_lookup(client->upgrades, room_id);
    MxRoom *from = follow != NULL ? mx_client_get_room(client, follow->from) : NULL;
    return from != NULL && from->membership == MX_MEMBERSHIP_JOIN &&
           (from->upgrade == MX_UPGRADE_FOLLOWED || from->upgrade == MX_UPGRADE_AWAITED);
}

/* ---- worker ---- */

typedef struct {
    MxClientJob base;
    gint64 room; /* the old one */
    char *successor, *own_user_id;
    MxUpgradeStage stage; /* what becomes of it */
    char *text;           /* said then, or NULL */
    GPtrArray *changes;   /* of MxRoomChange: rooms that are not what they were */
} StageJob;

static void stage_job_free(gpointer data)
{
    StageJob *job = data;
    g_free(job->successor);
    g_free(job->own_user_id);
    g_free(job->text);
    g_clear_pointer(&job->changes, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static StageJob *stage_job_new(MxClient *client, const MxRoom *from, MxUpgradeStage stage)
{
    StageJob *job = mx_client_job_new(client, sizeof *job);
    job->room = from->key;
    job->successor = g_strdup(from->successor);
    job->own_user_id = g_strdup(client->user_id);
    job->stage = stage;
    job->changes = g_ptr_array_new_with_free_func((GDestroyNotify)mx_room_change_free);
    return job;
}

static void note_change(MxStore *store, StageJob *job, gint64 key)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, key);
    if (row == NULL)
        return; /* forgotten meanwhile */
    MxRoomChange *change = g_new0(MxRoomChange, 1);
    change->room = mx_room_new(store, row, job->own_user_id);
    g_ptr_array_add(job->changes, change);
}

static void set_stage(MxStore *store, StageJob *job, MxUpgradeStage stage)
{
    g_autoptr(MxUpgradeRow) row = mx_store_get_upgrade(store, job->room);
    job->stage =
        row == NULL || g_strcmp0(row->successor, job->successor) != 0 ? MX_UPGRADE_NONE : stage;
    if (job->stage == MX_UPGRADE_NONE)
        return; /* another tombstone came meanwhile */
    row->stage = stage;
    mx_store_save_upgrade(store, row);
}

static void run_stage(MxStore *store, gpointer data)
{
    StageJob *job = data;
    mx_store_begin(store);
    set_stage(store, job, job->stage);
    note_change(store, job, job->room);
    mx_store_commit(store, &job->base.error);
}

/* Nobody else can make a room say so. One that was itself moved would lead in a circle. */
static gboolean continues(MxStore *store, const MxRoomRow *to, const MxRoomRow *from)
{
    g_autoptr(MxPredecessor) predecessor = mx_upgrade_get_predecessor(store, to->key);
    return predecessor != NULL && g_str_equal(predecessor->room_id, from->room_id) &&
           !mx_store_has_moved(store, to->key);
}

static void move(MxStore *store, StageJob *job, MxRoomRow *from, const MxRoomRow *to)
{
    set_stage(store, job, MX_UPGRADE_MOVED);
    if (job->stage != MX_UPGRADE_MOVED)
        return;
    from->hidden = TRUE;
    mx_store_save_room(store, from);
    if (from->direct_user != NULL)
        mx_direct_add(store, from->direct_user, to->room_id);
    g_autoptr(GArray) keys = mx_direct_update(store, job->own_user_id);
    /* The new one first: a buddy of the old one is the new one's before it would go. */
    note_change(store, job, to->key);
    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        if (key != to->key && key != from->key)
            note_change(store, job, key);
    }
    note_change(store, job, from->key);
}

static void run_settle(MxStore *store, gpointer data)
{
    StageJob *job = data;
    g_autoptr(MxRoomRow) from = mx_store_get_room_by_key(store, job->room);
    g_autoptr(MxRoomRow) to = mx_store_get_room(store, job->successor);
    job->stage = MX_UPGRADE_NONE;
    if (from == NULL || to == NULL || !to->synced || from->membership != MX_MEMBERSHIP_JOIN ||
        to->membership != MX_MEMBERSHIP_JOIN)
        return;
    mx_store_begin(store);
    if (continues(store, to, from)) {
        move(store, job, from, to);
    } else {
        set_stage(store, job, MX_UPGRADE_APART);
        note_change(store, job, from->key);
    }
    mx_store_commit(store, &job->base.error);
}

/* ---- main loop ---- */

static Follow *get_follow(StageJob *job)
{
    return g_hash_table_lookup(job->base.client->upgrades, job->successor);
}

static void put_changes(StageJob *job)
{
    for (guint i = 0; i < job->changes->len; i++)
        mx_client_put_change(job->base.client, g_ptr_array_index(job->changes, i));
}

/* Said only where it is looked at: the sentence for who writes there says it again. */
static void say(MxClient *client, MxRoom *room, const char *text)
{
    if (room != NULL && g_hash_table_contains(client->open_rooms, room->room_id))
        mx_client_emit_notice(client, room, text);
}

static void on_staged(gpointer data)
{
    StageJob *job = data;
    Follow *follow = get_follow(job);
    if (follow != NULL)
        follow->state = FOLLOW_IDLE;
    if (job->base.error != NULL)
        return;
    put_changes(job);
    if (job->base.client->state != MX_CLIENT_STOPPED)
        say(job->base.client, mx_client_get_room_by_key(job->base.client, job->room), job->text);
}

static void on_settled(gpointer data)
{
    StageJob *job = data;
    MxClient *client = job->base.client;
    Follow *follow = get_follow(job);
    if (follow != NULL)
        follow->state = FOLLOW_IDLE;
    if (job->base.error != NULL || job->stage == MX_UPGRADE_NONE)
        return;
    g_hash_table_remove(client->upgrades, job->successor);
    put_changes(job);
    MxRoom *from = mx_client_get_room_by_key(client, job->room);
    MxRoom *to = mx_client_get_room(client, job->successor);
    if (client->state == MX_CLIENT_STOPPED || from == NULL || to == NULL)
        return;
    if (job->stage == MX_UPGRADE_APART) {
        say(client, from,
            _("The room that this one leads to does not say that it continues it, so both stay in "
              "your list."));
        return;
    }
    mx_client_emit_room_moved(client, from, to);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    mx_client_move_notify_mode(client, from, to);
    mx_direct_room_publish(client);
}

/* Takes text. */
static void push_stage(MxClient *client, MxRoom *from, MxUpgradeStage stage, char *text)
{
    StageJob *job = stage_job_new(client, from, stage);
    job->text = text;
    mx_worker_push(client->worker, MX_JOB_USER, run_stage, on_staged, job, stage_job_free);
}

static void on_refused(MxClient *client, Follow *follow, MxRoom *from, const GError *error)
{
    guint status = mx_error_get_status(error);
    follow->state = FOLLOW_IDLE;
    follow->not_before =
        g_get_monotonic_time() + mx_backoff_next(&follow->backoff) * G_GINT64_CONSTANT(1000);
    if (status == 0 || status == 429 || status == 401 || status >= 500)
        return; /* that may pass */
    if (status == 403 && from->upgrade == MX_UPGRADE_AWAITED)
        return; /* said already; an invitation that is none is not tried at each /sync */
    follow->state = FOLLOW_SETTLING;
    follow->not_before = 0; /* an invitation is answered at once */
    if (status == 403)
        push_stage(client, from, MX_UPGRADE_AWAITED,
                   g_strdup(_("The new room is open to invited people only. As soon as you are "
                              "invited you are taken along.")));
    else
        push_stage(client, from, MX_UPGRADE_KNOWN,
                   g_strdup_printf(_("The new room could not be joined: %s"), error->message));
}

static void on_joined(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    const char *successor = data;
    Follow *follow = g_hash_table_lookup(client->upgrades, successor);
    MxRoom *from = follow != NULL ? mx_client_get_room(client, follow->from) : NULL;
    if (follow == NULL || follow->state != FOLLOW_JOINING)
        return;
    if (error == NULL || from == NULL)
        follow->state = FOLLOW_JOINED;
    else
        on_refused(client, follow, from, error);
}

static void join(MxClient *client, Follow *follow, MxRoom *from)
{
    const char *const via[] = {from->successor_via, NULL};
    if (g_get_monotonic_time() < follow->not_before)
        return;
    follow->state = FOLLOW_JOINING;
    mx_client_join(client, from->successor, via, NULL, on_joined, g_strdup(from->successor),
                   g_free);
}

static void settle(MxClient *client, Follow *follow, MxRoom *from)
{
    follow->state = FOLLOW_SETTLING;
    mx_worker_push(client->worker, MX_JOB_USER, run_settle, on_settled,
                   stage_job_new(client, from, MX_UPGRADE_MOVED), stage_job_free);
}

/* TRUE: there is nothing more to be done here. */
static gboolean go_on(MxClient *client, const char *successor, Follow *follow)
{
    MxRoom *from = mx_client_get_room(client, follow->from);
    MxRoom *to = mx_client_get_room(client, successor);
    if (from == NULL || from->membership != MX_MEMBERSHIP_JOIN ||
        g_strcmp0(from->successor, successor) != 0)
        return TRUE;
    if (to != NULL && to->membership == MX_MEMBERSHIP_JOIN) {
        if (follow->state != FOLLOW_SETTLING)
            settle(client, follow, from);
    } else if (follow->state == FOLLOW_IDLE &&
               (from->upgrade == MX_UPGRADE_FOLLOWED ||
                (from->upgrade == MX_UPGRADE_AWAITED && to != NULL &&
                 to->membership == MX_MEMBERSHIP_INVITE))) {
        join(client, follow, from);
    }
    return FALSE;
}

void mx_upgrade_kick_all(MxClient *client)
{
    GHashTableIter iter;
    gpointer successor, follow;
    g_hash_table_iter_init(&iter, client->upgrades);
    while (g_hash_table_iter_next(&iter, &successor, &follow))
        if (go_on(client, successor, follow))
            g_hash_table_iter_remove(&iter);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-pins.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-state-edit.h"
#include "mx-target.h"

#define TYPE "m.room.pinned_events"
/* So many of a list are read; an event of the largest size has fewer. */
#define MAX_PINS 10000

/* The valid event IDs (char *) of the room's list, as /sync has told it. Worker only. */
static GPtrArray *load_pins(MxStore *store, gint64 room)
{
    GPtrArray *pins = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *content = mx_store_get_state(store, room, TYPE, "");
    MxJsonIter iter;
    MxJsonSlice value;
    if (content == NULL)
        return pins;
    MxJsonSlice list = mx_json_scan_member(mx_json_scan_root(content, strlen(content)), "pinned");
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return pins;
    while (pins->len < MAX_PINS && mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *event_id = mx_json_slice_dup_string(value);
        if (event_id != NULL && mx_event_id_is_valid(event_id))
            g_ptr_array_add(pins, g_steal_pointer(&event_id));
    }
    return pins;
}

/* ---- the list ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    GPtrArray *pins;
    guint older;
    MxPinsFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} ListJob;

static void list_job_free(gpointer data)
{
    ListJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_clear_pointer(&job->pins, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

/* A worker's job that lends the list: the look-up takes it on. */
typedef struct {
    ListJob *job;
} Step;

static void step_free(gpointer data)
{
    Step *step = data;
    g_clear_pointer(&step->job, list_job_free);
    g_free(step);
}

static void run_list(MxStore *store, gpointer data)
{
    ListJob *job = ((Step *)data)->job;
    job->pins = load_pins(store, job->room);
    job->older = job->pins->len > MX_PINS_MAX ? job->pins->len - MX_PINS_MAX : 0;
    g_ptr_array_add(job->pins, NULL);
}

static void on_found(MxClient *client, MxRoom *room, GPtrArray *found, gpointer user_data)
{
    ListJob *job = user_data;
    job->func(client, room, job->older, found, job->user_data);
}

static void on_listed(gpointer data)
{
    ListJob *job = g_steal_pointer(&((Step *)data)->job);
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (room == NULL || client->state == MX_CLIENT_STOPPED) {
        list_job_free(job);
        return;
    }
    const char *const *pins = (const char *const *)job->pins->pdata;
    mx_client_look_up_events(client, room, pins + job->older, on_found, job, list_job_free);
}

void mx_client_read_pins(MxClient *client, MxRoom *room, MxPinsFunc func, gpointer user_data,
                         GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    ListJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    Step *step = g_new0(Step, 1);
    step->job = job;
    mx_worker_push(client->worker, MX_JOB_USER, run_list, on_listed, step, step_free);
}

/* ---- which one ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *room_id, *own_user_id, *typed, *event_id;
    gboolean is_pinned;
    MxRoomFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL once user_data is the edit's */
} PinJob;

static void pin_job_free(gpointer data)
{
    PinJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->room_id);
    g_free(job->own_user_id);
    g_free(job->typed);
    g_free(job->event_id);
    mx_client_job_clear(job);
    g_free(job);
}

static void refuse(PinJob *job, const char *sentence)
{
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID, sentence);
}

static void find_by_number(MxStore *store, PinJob *job)
{
    guint64 number;
    g_autoptr(GPtrArray) pins = load_pins(store, job->room);
    if (pins->len == 0)
        refuse(job, _("No message is pinned in this room."));
    else if (!g_ascii_string_to_unsigned(job->typed, 10, 1, pins->len, &number, NULL))
        refuse(job, _("No pinned message has that number; nothing was done. /pins shows them."));
    else
        job->event_id = g_strdup(g_ptr_array_index(pins, number - 1));
}

static void find_target(MxStore *store, PinJob *job)
{
    const char *rest;
    g_autoptr(MxTimelineRow) row = mx_target_find(store, job->room, job->own_user_id, job->typed,
                                                  MX_TARGET_ANY, &rest, &job->base.error);
    if (row == NULL)
        return;
    if (*rest != '\0')
        refuse(job, _("Write nothing but which message is meant: HH:MM or nick:. Nothing was "
                      "done."));
    else if (row->event_id == NULL)
        refuse(job, _("That message has not been sent yet; nothing was done."));
    else
        job->event_id = g_strdup(row->event_id);
}

static void run_find(MxStore *store, gpointer data)
{
    PinJob *job = data;
    gboolean is_number =
        *job->typed != '\0' && strspn(job->typed, "0123456789") == strlen(job->typed);
    if (job->is_pinned)
        find_target(store, job);
    else if (is_number)
        find_by_number(store, job);
    else if (*job->typed == '\0')
        refuse(job, _("Which one? Type /unpin and the number that /pins shows, or HH:MM or "
                      "nick:."));
    else
        find_target(store, job);
}

/* ---- the change ---- */

typedef struct {
    char *event_id;
    gboolean is_pinned;
} Edit;

static void edit_free(gpointer data)
{
    Edit *edit = data;
    g_free(edit->event_id);
    g_free(edit);
}

static gboolean edit_pins(MxStore *store, gint64 room, JsonObject *content, gconstpointer edit_data,
                          gboolean *is_same, GError **error)
{
    const Edit *edit = edit_data;
    JsonArray *before = mx_json_array(content, "pinned");
    g_autoptr(JsonArray) now = json_array_new();
    gboolean was_pinned = FALSE;
    for (guint i = 0; i < mx_json_array_length(before); i++) {
        gboolean is_it = g_strcmp0(mx_json_array_string(before, i), edit->event_id) == 0;
        was_pinned |= is_it;
        if (!is_it)
            json_array_add_element(now, json_array_dup_element(before, i));
    }
    if (was_pinned == edit->is_pinned) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            was_pinned ? _("That message is pinned already; nothing was done.")
                                       : _("That message is not pinned; nothing was done."));
        return FALSE;
    }
    if (edit->is_pinned)
        json_array_add_string_element(now, edit->event_id);
    json_object_set_array_member(content, "pinned", g_steal_pointer(&now));
    return TRUE;
}

static void on_target_found(gpointer data)
{
    PinJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->base.error != NULL) {
        job->func(client, job->room_id, job->base.error, job->user_data);
        return;
    }
    if (room == NULL || client->state == MX_CLIENT_STOPPED)
        return;
    Edit *edit = g_new0(Edit, 1);
    edit->event_id = g_strdup(job->event_id);
    edit->is_pinned = job->is_pinned;
    MxStateEdit state = {TYPE, edit_pins, edit, edit_free};
    mx_client_edit_state(client, room, &state, job->func, job->user_data,
                         g_steal_pointer(&job->destroy));
}

void mx_client_pin(MxClient *client, MxRoom *room, gboolean is_pinned, const char *typed,
                   MxRoomFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    PinJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->room_id = g_strdup(room->room_id);
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    job->is_pinned = is_pinned;
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_find, on_target_found, job, pin_job_free);
}

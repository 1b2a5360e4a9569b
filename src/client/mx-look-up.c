/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-look-up.h"

#include "mx-ask.h"
#include "mx-ignored-list.h"
#include "mx-quote.h"

/* Read, asked for what is missing, and read again. The worker has found while the main loop waits
 * for it. */
typedef struct {
    MxClientJob base;
    guint refs; /* one for each step that is under way */
    guint left; /* unanswered questions */
    gboolean has_asked;
    gint64 room;
    char *room_id, *own_user_id;
    GPtrArray *found;
    MxLookUpFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} LookUp;

static void looked_up_free(gpointer data)
{
    MxLookedUp *item = data;
    g_free(item->event_id);
    g_free(item->words);
    g_clear_pointer(&item->line, mx_line_free);
    g_clear_error(&item->error);
    g_free(item);
}

static void look_up_unref(gpointer data)
{
    LookUp *look_up = data;
    if (--look_up->refs > 0)
        return;
    if (look_up->destroy != NULL)
        look_up->destroy(look_up->user_data);
    g_ptr_array_unref(look_up->found);
    g_free(look_up->room_id);
    g_free(look_up->own_user_id);
    mx_client_job_clear(look_up);
    g_free(look_up);
}

static LookUp *look_up_ref(LookUp *look_up)
{
    look_up->refs++;
    return look_up;
}

/* ---- on the worker ---- */

static void load(MxStore *store, const LookUp *look_up, GHashTable *ignored, MxLookedUp *item)
{
    g_autoptr(MxTimelineRow) row = mx_quote_find_now(store, look_up->room, item->event_id);
    if (row == NULL)
        return;
    item->ts = row->ts;
    item->words = mx_quote_describe(store, look_up->room, row);
    if (g_hash_table_contains(ignored, row->sender))
        return;
    item->line = mx_line_new(store, row, look_up->own_user_id);
    if (item->line->kind == MX_LINE_NOTHING)
        g_clear_pointer(&item->line, mx_line_free);
}

static void run_load(MxStore *store, gpointer data)
{
    LookUp *look_up = data;
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    mx_store_begin(store);
    for (guint i = 0; i < look_up->found->len; i++) {
        MxLookedUp *item = g_ptr_array_index(look_up->found, i);
        if (item->words == NULL)
            load(store, look_up, ignored, item);
    }
    mx_store_commit(store, NULL);
}

/* ---- one question ---- */

typedef struct {
    LookUp *look_up; /* the worker reads room and event_id alone, which never change */
    MxLookedUp *item;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    look_up_unref(question->look_up);
    g_free(question);
}

static gpointer read_event(MxStore *store, MxJsonSlice answer, gconstpointer read_data)
{
    const Question *question = read_data;
    mx_store_begin(store);
    mx_quote_store(store, question->look_up->room, question->item->event_id, answer.text,
                   answer.len);
    return GINT_TO_POINTER(mx_store_commit(store, NULL));
}

static void on_loaded(gpointer data);

static void start_loading(LookUp *look_up)
{
    mx_worker_push(look_up->base.client->worker, MX_JOB_USER, run_load, on_loaded,
                   look_up_ref(look_up), look_up_unref);
}

static void on_event(MxClient *client, gpointer result, const GError *error, gpointer user_data)
{
    Question *question = user_data;
    if (error != NULL)
        question->item->error = g_error_copy(error);
    if (--question->look_up->left == 0)
        start_loading(question->look_up);
}

static void ask(LookUp *look_up, MxLookedUp *item)
{
    Question *question = g_new0(Question, 1);
    question->look_up = look_up_ref(look_up);
    question->item = item;
    MxAsk ask = {
        .read = read_event,
        .read_data = question,
        .func = on_event,
        .user_data = question,
        .destroy = question_free,
    };
    look_up->left++;
    g_autoptr(MxRequest) request = mx_endpoint_event(look_up->room_id, item->event_id);
    mx_client_ask(look_up->base.client, request, &ask);
}

/* ---- all ---- */

static void ask_for_missing(LookUp *look_up)
{
    look_up->has_asked = TRUE;
    for (guint i = 0; i < look_up->found->len; i++) {
        MxLookedUp *item = g_ptr_array_index(look_up->found, i);
        if (item->words == NULL)
            ask(look_up, item);
    }
}

static void on_loaded(gpointer data)
{
    LookUp *look_up = data;
    MxClient *client = look_up->base.client;
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (!look_up->has_asked)
        ask_for_missing(look_up);
    if (look_up->left > 0)
        return;
    MxRoom *room = mx_client_get_room_by_key(client, look_up->room);
    if (room != NULL)
        look_up->func(client, room, look_up->found, look_up->user_data);
}

void mx_client_look_up_events(MxClient *client, MxRoom *room, const char *const *event_ids,
                              MxLookUpFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL && client->http != NULL);
    LookUp *look_up = mx_client_job_new(client, sizeof *look_up);
    look_up->refs = 1;
    look_up->room = room->key;
    look_up->room_id = g_strdup(room->room_id);
    look_up->own_user_id = g_strdup(client->user_id);
    look_up->found = g_ptr_array_new_with_free_func(looked_up_free);
    look_up->func = func;
    look_up->user_data = user_data;
    look_up->destroy = destroy;
    for (guint i = 0; event_ids[i] != NULL; i++) {
        MxLookedUp *item = g_new0(MxLookedUp, 1);
        item->event_id = g_strdup(event_ids[i]);
        g_ptr_array_add(look_up->found, item);
    }
    start_loading(look_up);
    look_up_unref(look_up);
}

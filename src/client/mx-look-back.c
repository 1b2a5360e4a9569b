/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-client-private.h"
#include "mx-ignored-list.h"
#include "mx-notify.h"

/* A homeserver that comes back has missed what other servers said meanwhile. It fetches the last of
 * it by itself, and that comes with /sync; what is older it fetches only for those who ask for
 * history, and then /sync never tells it (no limited timeline, no gap). So after a time without an
 * answer each room that is looked at, and in which something is said, is asked for its latest
 * messages, until nothing new is found. */

/* A shorter silence is no restart. */
#define MIN_SILENCE_US (3 * G_USEC_PER_SEC)
/* Other servers try again after ten minutes at first. */
#define WATCH_US (15 * 60 * G_USEC_PER_SEC)
/* Until what came has settled; the server goes on fetching after an answer. */
#define SETTLE_S 4
#define MAX_LOOKS 8
/* A room in which nothing was missed is left in peace for so long. */
#define REST_S 60
#define PAGE 500
/* How far another server's clock may be behind. */
#define SLACK_MS 60000

struct _MxLookBack {
    gint64 silent_since; /* monotonic, us; 0: the last /sync succeeded */
    gint64 from_ms;      /* wall clock: older messages are history */
    gint64 until;        /* monotonic, us */
    GHashTable *rooms;   /* room key -> Look */
};

typedef struct {
    MxClient *client;
    gint64 room;
    guint source;
    guint looks;
    gboolean is_resting, again;
} Look;

static void look_free(gpointer data)
{
    Look *look = data;
    g_clear_handle_id(&look->source, g_source_remove);
    g_free(look);
}

void mx_look_back_clear(MxClient *client)
{
    if (client->look_back != NULL)
        g_hash_table_unref(client->look_back->rooms);
    g_clear_pointer(&client->look_back, g_free);
}

static Look *get_look(MxClient *client, gint64 room)
{
    return client->look_back != NULL ? g_hash_table_lookup(client->look_back->rooms, &room) : NULL;
}

/* ---- worker ---- */

typedef struct {
    MxClientJob base;
    gint64 room, from_ms;
    char *own_user_id;
    GBytes *body;
    MxPushRules *rules;
    MxRoomChange *change; /* NULL: nothing was found */
} LookJob;

static void look_job_free(gpointer data)
{
    LookJob *job = data;
    g_free(job->own_user_id);
    g_clear_pointer(&job->body, g_bytes_unref);
    g_clear_pointer(&job->rules, mx_push_rules_unref);
    g_clear_pointer(&job->change, mx_room_change_free);
    mx_client_job_clear(job);
    g_free(job);
}

/* What is not known of the time of silence, the newest first: slices of the body. */
static GArray *find_missed(MxStore *store, const LookJob *job)
{
    GArray *missed = g_array_new(FALSE, FALSE, sizeof(MxJsonSlice));
    MxJsonIter iter;
    MxJsonSlice text;
    gsize len;
    const char *body = g_bytes_get_data(job->body, &len);
    if (body == NULL || !mx_json_scan_validate(body, len) ||
        !mx_json_iter_init(&iter, mx_json_scan_member(mx_json_scan_root(body, len), "chunk")))
        return missed;
    while (mx_json_iter_next(&iter, NULL, &text)) {
        g_auto(MxEvent) event = {0};
        if (text.type != MX_JSON_OBJECT || !mx_event_parse(&event, text.text, text.len, TRUE))
            continue;
        gboolean is_old = event.ts < job->from_ms;
        if (mx_store_has_event(store, job->room, event.event_id)) {
            if (is_old)
                break;
        } else if (event.state_key == NULL && !is_old) {
            g_array_append_val(missed, text);
        }
        /* State comes with /sync; what was said before one joined is history. */
        if (event.state_key != NULL && g_str_equal(event.type, "m.room.member") &&
            g_str_equal(event.state_key, job->own_user_id))
            break;
    }
    return missed;
}

static void store_missed(MxStore *store, LookJob *job, MxRoomRow *room, const GArray *missed)
{
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    if (job->rules == NULL)
        job->rules = mx_notify_load_rules(store);
    for (guint i = missed->len; i > 0; i--) {
        MxJsonSlice text = g_array_index(missed, MxJsonSlice, i - 1);
        g_auto(MxEvent) event = {0};
        if (!mx_event_parse(&event, text.text, text.len, TRUE))
            continue;
        MxNewLine line = {
            .pos = ++room->top_pos,
            .display = MX_DISPLAY_PENDING,
            .delayed = TRUE,
            .own_user_id = job->own_user_id,
            .rules = job->rules,
            .ignored = ignored,
        };
        if (mx_sync_apply_message(store, room, &event, &line))
            job->change->has_new_lines = job->change->has_new_messages = TRUE;
    }
}

static void run_look(MxStore *store, gpointer data)
{
    LookJob *job = data;
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, job->room);
    g_autoptr(GArray) missed = find_missed(store, job);
    if (room == NULL || missed->len == 0)
        return;
    job->change = g_new0(MxRoomChange, 1);
    mx_store_begin(store);
    store_missed(store, job, room, missed);
    mx_store_save_room(store, room);
    job->change->room = mx_room_new(store, room, job->own_user_id);
    job->change->wants_window = job->change->has_new_messages && job->change->room->alerts;
    mx_store_commit(store, &job->base.error);
}

/* ---- main loop ---- */

static void look_again(Look *look);
static void rest(Look *look);

static void on_looked(gpointer data)
{
    LookJob *job = data;
    MxClient *client = job->base.client;
    gboolean has_found = job->change != NULL && job->base.error == NULL;
    if (has_found && mx_client_get_room_by_key(client, job->room) != NULL)
        mx_client_put_change(client, job->change);
    if (client->state == MX_CLIENT_STOPPED)
        return;
    Look *look = get_look(client, job->room);
    if (look != NULL && has_found && ++look->looks < MAX_LOOKS)
        look_again(look);
    else if (look != NULL)
        rest(look);
}

typedef struct {
    MxClient *client; /* referenced */
    gint64 room;
} LookRequest;

static void take_page(LookRequest *request, MxResponse *response)
{
    MxClient *client = request->client;
    Look *look = get_look(client, request->room);
    if (look == NULL)
        return;
    if (response == NULL) {
        if (++look->looks < MAX_LOOKS)
            look_again(look);
        else
            rest(look);
        return;
    }
    LookJob *job = mx_client_job_new(client, sizeof *job);
    job->room = request->room;
    job->from_ms = client->look_back->from_ms;
    job->own_user_id = g_strdup(client->user_id);
    job->body = g_bytes_ref(response->body);
    job->rules = client->rules != NULL ? mx_push_rules_ref(client->rules) : NULL;
    mx_worker_push(client->worker, MX_JOB_BULK, run_look, on_looked, job, look_job_free);
}

static void on_page(GObject *source, GAsyncResult *result, gpointer user_data)
{
    LookRequest *request = user_data;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    if (request->client->state != MX_CLIENT_STOPPED)
        take_page(request, response);
    g_object_unref(request->client);
    g_free(request);
}

static gboolean is_watching(MxClient *client)
{
    return g_get_monotonic_time() < client->look_back->until;
}

static gboolean on_settled(gpointer data)
{
    Look *look = data;
    MxRoom *room = mx_client_get_room_by_key(look->client, look->room);
    look->source = 0;
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN || !is_watching(look->client)) {
        gint64 key = look->room;
        g_hash_table_remove(look->client->look_back->rooms, &key);
        return G_SOURCE_REMOVE;
    }
    LookRequest *request = g_new0(LookRequest, 1);
    request->client = g_object_ref(look->client);
    request->room = look->room;
    g_autoptr(MxRequest) message = mx_endpoint_messages(room->room_id, NULL, NULL, "b", PAGE);
    mx_http_send_async(look->client->http, message, look->client->cancellable, on_page, request);
    return G_SOURCE_REMOVE;
}

static void look_again(Look *look)
{
    g_clear_handle_id(&look->source, g_source_remove);
    look->source = g_timeout_add_seconds(SETTLE_S, on_settled, look);
}

static gboolean on_rested(gpointer data)
{
    Look *look = data;
    gint64 key = look->room;
    look->source = 0;
    if (look->again) {
        look->is_resting = look->again = FALSE;
        look->looks = 0;
        return on_settled(look);
    }
    g_hash_table_remove(look->client->look_back->rooms, &key);
    return G_SOURCE_REMOVE;
}

static void rest(Look *look)
{
    look->is_resting = TRUE;
    look->source = g_timeout_add_seconds(REST_S, on_rested, look);
}

void mx_look_back_at(MxClient *client, MxRoom *room)
{
    MxLookBack *back = client->look_back;
    Look *look = get_look(client, room->key);
    if (look != NULL)
        look->again = TRUE;
    if (back == NULL || look != NULL)
        return;
    /* The first answer after a silence may tell of every room; windows are few. */
    gboolean is_first = back->silent_since != 0;
    gboolean is_open = g_hash_table_contains(client->open_rooms, room->room_id);
    if (!is_open && (is_first || room->direct_user == NULL))
        return;
    if (!is_first && !is_watching(client))
        return;
    look = g_new0(Look, 1);
    look->client = client;
    look->room = room->key;
    g_hash_table_insert(back->rooms, &look->room, look);
    look_again(look);
}

void mx_look_back_failed(MxClient *client)
{
    if (!client->is_ready)
        return;
    if (client->look_back == NULL) {
        client->look_back = g_new0(MxLookBack, 1);
        client->look_back->rooms =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, look_free);
    }
    if (client->look_back->silent_since == 0)
        client->look_back->silent_since = client->sync.last_success;
}

void mx_look_back_succeeded(MxClient *client)
{
    MxLookBack *back = client->look_back;
    if (back == NULL || back->silent_since == 0)
        return;
    gint64 now = g_get_monotonic_time(), silence = now - back->silent_since;
    back->silent_since = 0;
    if (silence < MIN_SILENCE_US)
        return;
    /* A second silence within the watch belongs to the first. */
    if (now > back->until)
        back->from_ms = (g_get_real_time() - silence) / 1000 - SLACK_MS;
    back->until = now + WATCH_US;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-search.h"

#include "mx-ask.h"
#include "mx-endpoints-rooms.h"
#include "mx-ignored-list.h"
#include "mx-json.h"
#include "mx-relation.h"
#include "mx-room-name.h"
#include "mx-store-search.h"
#include "mx-upgrade.h"
#include "mx-upkeep.h"

/* Pages of the server that hold nothing new are passed over, so many at once. */
#define MAX_SERVER_PAGES 5
#define MAX_ROOMS 20
#define MAX_ANSWER (4 * 1024 * 1024)
#define TIMEOUT_S 60
/* What waits for the index is taken first, for so long. */
#define INDEX_US (200 * 1000)

MxSearch *mx_search_new(const char *words, const MxRoom *room)
{
    g_autofree char *query = mx_store_search_dup_query(words);
    if (query == NULL)
        return NULL;
    MxSearch *search = g_rc_box_new0(MxSearch);
    search->words = g_strdup(words);
    search->room = room != NULL ? room->key : 0;
    search->asks_server = room != NULL && !room->encrypted;
    search->before_ts = search->before_id = G_MAXINT64;
    search->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return search;
}

static void search_clear(gpointer data)
{
    MxSearch *search = data;
    g_free(search->words);
    g_free(search->server_token);
    g_strfreev(search->server_rooms);
    g_hash_table_unref(search->seen);
}

void mx_search_unref(MxSearch *search)
{
    g_rc_box_release_full(search, search_clear);
}

static void found_free(gpointer data)
{
    MxFound *found = data;
    mx_line_free(found->line);
    g_free(found->event_id);
    g_free(found->room_name);
    g_free(found);
}

static GPtrArray *found_array_new(void)
{
    return g_ptr_array_new_with_free_func(found_free);
}

/* ---- on the worker ---- */

static void add_found(MxStore *store, GPtrArray *array, const MxTimelineRow *row,
                      const MxRoomRow *room, const char *own_user_id)
{
    g_autoptr(MxLine) line = mx_line_new(store, row, own_user_id);
    if (line->kind != MX_LINE_TEXT && line->kind != MX_LINE_NOTICE && line->kind != MX_LINE_EMOTE)
        return;
    MxFound *found = g_new0(MxFound, 1);
    found->line = g_steal_pointer(&line);
    found->event_id = g_strdup(row->event_id);
    found->room_name = mx_room_name_compute(store, room, own_user_id);
    g_ptr_array_add(array, found);
}

/* One asking: first what is stored, then the server's pages. */
typedef struct {
    MxClientJob base;
    MxSearch *search;
    char *own_user_id;
    MxFoundPage page;
    guint server_pages;
    MxFoundFunc func;
    gpointer user_data;
    GDestroyNotify destroy;

    /* of the worker alone, until it is done */
    char *words;
    gint64 room, before_ts, before_id;
    gboolean is_last;
    char **server_rooms;
} Asking;

static void asking_free(gpointer data)
{
    Asking *asking = data;
    if (asking->destroy != NULL)
        asking->destroy(asking->user_data);
    g_ptr_array_unref(asking->page.stored);
    g_ptr_array_unref(asking->page.from_server);
    g_clear_error(&asking->page.server_error);
    g_free(asking->own_user_id);
    g_free(asking->words);
    g_strfreev(asking->server_rooms);
    mx_search_unref(asking->search);
    mx_client_job_clear(asking);
    g_free(asking);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Asking, asking_free)

/* NULL: none, or none that says so too. */
static MxRoomRow *get_older(MxStore *store, const MxRoomRow *room)
{
    g_autoptr(MxPredecessor) before = mx_upgrade_get_predecessor(store, room->key);
    g_autoptr(MxRoomRow) older = before != NULL ? mx_store_get_room(store, before->room_id) : NULL;
    return older != NULL && mx_upgrade_check_claim(store, older, room) == MX_CLAIM_TRUE
               ? g_steal_pointer(&older)
               : NULL;
}

/* The room and those that it continues, as far as they are known here. */
static char *list_rooms(MxStore *store, gint64 room, char ***server_rooms)
{
    g_autoptr(GString) keys = g_string_new("[");
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    for (guint depth = 0; row != NULL && depth < MAX_ROOMS; depth++) {
        g_string_append_printf(keys, "%s%" G_GINT64_FORMAT, depth > 0 ? "," : "", row->key);
        if (!row->encrypted)
            g_strv_builder_add(ids, row->room_id);
        MxRoomRow *older = get_older(store, row);
        mx_room_row_free(row);
        row = older;
    }
    g_string_append_c(keys, ']');
    *server_rooms = g_strv_builder_end(ids);
    return g_string_free(g_steal_pointer(&keys), FALSE);
}

static void take_rows(MxStore *store, Asking *asking, GPtrArray *rows)
{
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    g_hash_table_remove(ignored, asking->own_user_id);
    for (guint i = 0; i < rows->len; i++) {
        const MxTimelineRow *row = g_ptr_array_index(rows, i);
        g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, row->room);
        asking->before_ts = row->ts;
        asking->before_id = row->id;
        if (room != NULL && !g_hash_table_contains(ignored, row->sender))
            add_found(store, asking->page.stored, row, room, asking->own_user_id);
    }
}

static void run_stored(MxStore *store, gpointer data)
{
    Asking *asking = data;
    gboolean has_more;
    g_autofree char *query = mx_store_search_dup_query(asking->words);
    g_autofree char *rooms =
        asking->room != 0 ? list_rooms(store, asking->room, &asking->server_rooms) : NULL;
    if (!mx_upkeep_index(store, INDEX_US, &has_more, &asking->base.error))
        return;
    if (has_more)
        asking->page.unindexed = mx_store_search_count_queue(store);
    g_autoptr(GPtrArray) rows = mx_store_search_find(store, query, rooms, asking->before_ts,
                                                     asking->before_id, MX_SEARCH_PAGE);
    asking->is_last = rows->len < MX_SEARCH_PAGE;
    take_rows(store, asking, rows);
}

/* ---- the server's answer, on the worker ---- */

typedef struct {
    GPtrArray *found; /* of MxFound */
    char *next;
} ServerPage;

static void server_page_free(gpointer data)
{
    ServerPage *page = data;
    g_ptr_array_unref(page->found);
    g_free(page->next);
    g_free(page);
}

/* A removed message is not shown, even where the server has not heard of it yet. */
static gboolean is_gone(MxStore *store, gint64 room, const char *event_id)
{
    g_autoptr(MxTimelineRow) row = mx_store_get_event(store, room, event_id);
    return (row != NULL && g_str_equal(row->content, "{}")) ||
           mx_store_is_redacted(store, room, event_id);
}

/* By what it said before it was edited nothing is found; an edit is its message, where both are
 * here. *edited: for the caller to free. NULL: there is no line. */
static const MxTimelineRow *find_shown(MxStore *store, const MxTimelineRow *row,
                                       MxTimelineRow **edited)
{
    g_auto(MxRelation) relation = {0};
    g_autoptr(MxTimelineRow) edit = mx_relation_find_newest_edit(store, row);
    mx_relation_read_row(&relation, row);
    if (relation.kind != MX_RELATION_EDIT)
        return edit == NULL ? row : NULL;
    *edited = mx_store_get_event(store, row->room, relation.event_id);
    MxEditState state = mx_relation_judge_edit(&relation, row, *edited);
    if (state == MX_EDIT_INVALID)
        return NULL;
    if (state == MX_EDIT_UNKNOWN || !mx_store_has_event(store, row->room, row->event_id))
        return row;
    g_autoptr(MxTimelineRow) newest = mx_relation_find_newest_edit(store, *edited);
    return newest != NULL && g_strcmp0(newest->event_id, row->event_id) == 0 ? *edited : NULL;
}

static void read_result(MxStore *store, ServerPage *page, GHashTable *ignored, JsonObject *json,
                        const char *own_user_id)
{
    g_auto(MxEvent) event = {0};
    g_autofree char *text = json != NULL ? mx_json_object_to_text(json) : NULL;
    const char *room_id = json != NULL ? mx_json_string(json, "room_id") : NULL;
    g_autoptr(MxRoomRow) room = room_id != NULL ? mx_store_get_room(store, room_id) : NULL;
    if (room == NULL || !mx_event_parse(&event, text, strlen(text), TRUE) ||
        event.state_key != NULL || event.content.text == NULL ||
        !g_str_equal(event.type, "m.room.message") ||
        g_hash_table_contains(ignored, event.sender) || is_gone(store, room->key, event.event_id))
        return;
    g_autofree char *content = g_strndup(event.content.text, event.content.len);
    MxTimelineRow row = {
        .room = room->key,
        .event_id = event.event_id,
        .sender = event.sender,
        .type = event.type,
        .content = content,
        .ts = event.ts,
    };
    g_autoptr(MxTimelineRow) edited = NULL;
    const MxTimelineRow *shown = find_shown(store, &row, &edited);
    if (shown != NULL)
        add_found(store, page->found, shown, room, own_user_id);
}

static gpointer read_server_page(MxStore *store, MxJsonSlice answer, gconstpointer own_user_id)
{
    g_autoptr(JsonObject) root = mx_json_parse_object(answer.text, answer.len, NULL);
    JsonObject *events =
        root != NULL ? mx_json_object(mx_json_object(root, "search_categories"), "room_events")
                     : NULL;
    JsonArray *results = events != NULL ? mx_json_array(events, "results") : NULL;
    if (events == NULL)
        return NULL;
    ServerPage *page = g_new0(ServerPage, 1);
    page->found = found_array_new();
    page->next = g_strdup(mx_json_string(events, "next_batch"));
    g_autoptr(GHashTable) ignored = mx_ignored_load(store);
    g_hash_table_remove(ignored, own_user_id);
    for (guint i = 0; i < MIN(mx_json_array_length(results), 2 * MX_SEARCH_PAGE); i++)
        read_result(store, page, ignored,
                    mx_json_object(mx_json_array_object(results, i), "result"), own_user_id);
    return page;
}

/* ---- on the main loop ---- */

static void ask_server(Asking *asking);

static void end(Asking *asking)
{
    g_autoptr(Asking) ended = asking;
    MxSearch *search = ended->search;
    search->is_done = search->is_stored_done && !search->asks_server;
    ended->page.has_more = !search->is_done;
    ended->func(ended->base.client, ended->base.error == NULL ? &ended->page : NULL,
                ended->base.error, ended->user_data);
}

/* Those that were not among the stored ones. */
static void take_new(Asking *asking, ServerPage *page)
{
    while (page->found->len > 0) {
        MxFound *found = g_ptr_array_steal_index(page->found, 0);
        if (found->event_id != NULL &&
            g_hash_table_add(asking->search->seen, g_strdup(found->event_id)))
            g_ptr_array_add(asking->page.from_server, found);
        else
            found_free(found);
    }
}

/* user_data holds the asking until it is taken out. */
static void on_server_page(MxClient *client, gpointer result, const GError *error, gpointer data)
{
    Asking *asking = g_steal_pointer((Asking **)data);
    MxSearch *search = asking->search;
    ServerPage *page = result;
    if (page == NULL) {
        asking->page.server_error = g_error_copy(error);
        search->asks_server = FALSE;
        end(asking);
        return;
    }
    take_new(asking, page);
    gboolean is_last = page->next == NULL || g_strcmp0(page->next, search->server_token) == 0;
    g_free(search->server_token);
    search->server_token = g_steal_pointer(&page->next);
    search->asks_server = !is_last;
    if (!is_last && asking->page.from_server->len == 0 && ++asking->server_pages < MAX_SERVER_PAGES)
        ask_server(asking);
    else
        end(asking);
}

static void holder_free(gpointer data)
{
    Asking **holder = data;
    g_clear_pointer(holder, asking_free);
    g_free(holder);
}

static void ask_server(Asking *asking)
{
    MxSearch *search = asking->search;
    Asking **holder = g_new0(Asking *, 1);
    *holder = asking;
    MxAsk ask = {
        .read = read_server_page,
        .read_data = g_strdup(asking->own_user_id),
        .free_read_data = g_free,
        .free_result = server_page_free,
        .func = on_server_page,
        .user_data = holder,
        .destroy = holder_free,
    };
    g_autoptr(MxRequest) request =
        mx_endpoint_search(search->words, (const char *const *)search->server_rooms,
                           search->server_token, MX_SEARCH_PAGE);
    mx_request_set_timeout(request, TIMEOUT_S);
    mx_request_set_max_body(request, MAX_ANSWER);
    mx_client_ask(asking->base.client, request, &ask);
}

/* The worker's job lends the asking, so that it can go on to the network. */
static void run_holder(MxStore *store, gpointer data)
{
    run_stored(store, *(Asking **)data);
}

static void note_seen(const Asking *asking)
{
    for (guint i = 0; i < asking->page.stored->len; i++) {
        const MxFound *found = g_ptr_array_index(asking->page.stored, i);
        if (found->event_id != NULL)
            g_hash_table_add(asking->search->seen, g_strdup(found->event_id));
    }
}

static void on_stored(gpointer data)
{
    Asking *asking = g_steal_pointer((Asking **)data);
    MxSearch *search = asking->search;
    note_seen(asking);
    search->before_ts = asking->before_ts;
    search->before_id = asking->before_id;
    search->is_stored_done = asking->is_last;
    search->server_rooms = g_steal_pointer(&asking->server_rooms);
    /* It would search everywhere. */
    search->asks_server &= search->server_rooms != NULL && *search->server_rooms != NULL;
    if (asking->base.error == NULL && search->is_stored_done && search->asks_server)
        ask_server(asking);
    else
        end(asking);
}

static void ask_stored(Asking *asking)
{
    MxSearch *search = asking->search;
    Asking **holder = g_new0(Asking *, 1);
    *holder = asking;
    asking->words = g_strdup(search->words);
    asking->room = search->room;
    asking->before_ts = search->before_ts;
    asking->before_id = search->before_id;
    g_clear_pointer(&search->server_rooms, g_strfreev);
    mx_worker_push(asking->base.client->worker, MX_JOB_USER, run_holder, on_stored, holder,
                   holder_free);
}

void mx_client_search(MxClient *client, MxSearch *search, MxFoundFunc func, gpointer user_data,
                      GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL && client->http != NULL);
    Asking *asking = mx_client_job_new(client, sizeof *asking);
    asking->search = g_rc_box_acquire(search);
    asking->own_user_id = g_strdup(client->user_id);
    asking->page.stored = found_array_new();
    asking->page.from_server = found_array_new();
    asking->func = func;
    asking->user_data = user_data;
    asking->destroy = destroy;
    if (search->is_stored_done)
        ask_server(asking);
    else
        ask_stored(asking);
}

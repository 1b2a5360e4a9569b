/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-profile.h"

#include <string.h>

#include "mx-client-private.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-json.h"
#include "mx-mxc.h"

/* Several requests at a time, each of which may fail by itself; the answer is what came. */

#define MAX_FIELDS 20
#define MAX_ROOMS 100
#define MAX_SILENCE_S 20

typedef struct {
    MxClientJob base;
    MxPerson person;
    GPtrArray *room_ids; /* in common */
    guint waiting_for;
    MxPersonFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} LookUp;

static void field_free(gpointer data)
{
    MxProfileField *field = data;
    g_free(field->key);
    g_free(field->text);
    g_free(field);
}

static void look_up_free(gpointer data)
{
    LookUp *look = data;
    MxPerson *person = &look->person;
    if (look->destroy != NULL)
        look->destroy(look->user_data);
    g_free(person->user_id);
    g_free(person->display_name);
    g_free(person->avatar_url);
    g_free(person->time_zone);
    g_free(person->pronouns);
    g_free(person->presence);
    g_free(person->status_text);
    g_ptr_array_unref(person->fields);
    g_ptr_array_unref(person->rooms);
    g_clear_error(&person->error);
    g_ptr_array_unref(look->room_ids);
    mx_client_job_clear(look);
    g_free(look);
}

/* ---- the profile ---- */

/* GLib opens a file of this name below the folder of time zones. */
static gboolean time_zone_is_plausible(const char *name)
{
    gsize len = strlen(name);
    for (gsize i = 0; i < len; i++) {
        gboolean begins = i == 0 || name[i - 1] == '/';
        if (begins ? !g_ascii_isalpha(name[i])
                   : !g_ascii_isalnum(name[i]) && strchr("_+-/", name[i]) == NULL)
            return FALSE;
    }
    return len > 0 && len <= 64 && name[len - 1] != '/';
}

/* [{"summary": "she/her", "language": "en"}] */
static char *read_pronouns(JsonObject *profile, const char *key)
{
    JsonArray *sets = mx_json_array(profile, key);
    for (guint i = 0; i < mx_json_array_length(sets); i++) {
        const char *summary = mx_json_string(mx_json_array_object(sets, i), "summary");
        if (summary != NULL)
            return mx_event_tidy_name(summary);
    }
    return NULL;
}

/* What is no text is shown as it stands. */
static char *read_field(JsonObject *profile, const char *key)
{
    JsonNode *node = json_object_get_member(profile, key);
    if (mx_json_string(profile, key) != NULL)
        return mx_event_tidy_name(mx_json_string(profile, key));
    g_autofree char *json = JSON_NODE_HOLDS_NULL(node) ? NULL : json_to_string(node, FALSE);
    return mx_event_tidy_name(json);
}

static void add_field(MxPerson *person, JsonObject *profile, const char *key)
{
    g_autofree char *text = read_field(profile, key);
    g_autofree char *tidy_key = mx_event_tidy_name(key);
    if (text == NULL || tidy_key == NULL)
        return;
    if (person->fields->len >= MAX_FIELDS) {
        person->more_fields++;
        return;
    }
    MxProfileField *field = g_new0(MxProfileField, 1);
    field->key = g_steal_pointer(&tidy_key);
    field->text = g_steal_pointer(&text);
    g_ptr_array_add(person->fields, field);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static void read_profile(MxPerson *person, JsonObject *profile)
{
    static const char *const known[] = {"displayname", "avatar_url",
                                        "m.tz",        "us.cloke.msc4175.tz",
                                        "m.pronouns",  "io.fsky.nyx.pronouns"};
    const char *mxc = mx_json_string(profile, "avatar_url");
    const char *zone = mx_json_string(profile, "m.tz");
    if (zone == NULL)
        zone = mx_json_string(profile, "us.cloke.msc4175.tz");
    person->display_name = mx_event_tidy_name(mx_json_string(profile, "displayname"));
    if (mx_mxc_parse(mxc, NULL, NULL))
        person->avatar_url = g_strdup(mxc);
    if (zone != NULL && time_zone_is_plausible(zone))
        person->time_zone = g_strdup(zone);
    person->pronouns = read_pronouns(profile, "m.pronouns");
    if (person->pronouns == NULL)
        person->pronouns = read_pronouns(profile, "io.fsky.nyx.pronouns");
    g_autoptr(GList) keys = json_object_get_members(profile);
    keys = g_list_sort(keys, compare_keys);
    for (GList *at = keys; at != NULL; at = at->next) {
        gboolean is_known = FALSE;
        for (guint i = 0; i < G_N_ELEMENTS(known); i++)
            is_known = is_known || g_str_equal(at->data, known[i]);
        if (!is_known)
            add_field(person, profile, at->data);
    }
}

/* ---- requests ---- */

static void run_find_rooms(MxStore *store, gpointer data)
{
    LookUp *look = data;
    mx_store_list_shared_rooms(store, look->person.user_id, look->room_ids);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return g_utf8_collate(*(const char *const *)a, *(const char *const *)b);
}

static void add_room(LookUp *look, GHashTable *known, const char *room_id)
{
    MxRoom *room = mx_client_get_room(look->base.client, room_id);
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN ||
        g_strcmp0(room->direct_user, look->person.user_id) == 0 ||
        !g_hash_table_add(known, room->room_id))
        return;
    g_ptr_array_add(look->person.rooms, g_strdup(room->name));
}

static void on_rooms_found(gpointer data)
{
    LookUp *look = data;
    MxClient *client = look->base.client;
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < look->room_ids->len && look->person.rooms->len < MAX_ROOMS; i++)
        add_room(look, known, g_ptr_array_index(look->room_ids, i));
    g_ptr_array_sort(look->person.rooms, compare_names);
    look->func(client, &look->person, look->user_data);
}

static void arrive(LookUp *look)
{
    MxClient *client = look->base.client;
    if (--look->waiting_for > 0)
        return;
    if (client->state != MX_CLIENT_STOPPED && client->worker != NULL)
        mx_worker_push(client->worker, MX_JOB_USER, run_find_rooms, on_rooms_found, look,
                       look_up_free);
    else
        look_up_free(look);
}

/* An object, or NULL; *error (may be NULL) is why. */
static JsonObject *finish_object(LookUp *look, GObject *source, GAsyncResult *result,
                                 GError **error)
{
    MxClient *client = look->base.client;
    g_autoptr(GError) failure = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &failure);
    gsize len;
    JsonObject *object = NULL;
    if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(failure) == 401)
        mx_session_token_refused(client, failure);
    if (response != NULL) {
        const char *text = g_bytes_get_data(response->body, &len);
        object = mx_json_parse_object(text, len, &failure);
    }
    if (object == NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return object;
}

static void on_profile(GObject *source, GAsyncResult *result, gpointer user_data)
{
    LookUp *look = user_data;
    g_autoptr(JsonObject) profile = finish_object(look, source, result, &look->person.error);
    if (profile != NULL)
        read_profile(&look->person, profile);
    arrive(look);
}

static void on_presence(GObject *source, GAsyncResult *result, gpointer user_data)
{
    static const char *const words[] = {"online", "unavailable", "offline"};
    static const char busy[] = "org.matrix.msc3026.busy";
    LookUp *look = user_data;
    MxPerson *person = &look->person;
    g_autoptr(JsonObject) answer = finish_object(look, source, result, NULL);
    const char *presence = mx_json_string(answer, "presence");
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(presence, words[i]) == 0)
            person->presence = g_strdup(presence);
    if (g_strcmp0(presence, busy) == 0) /* as /sync has it */
        person->presence = g_strdup("unavailable");
    person->status_text = mx_event_tidy_name(mx_json_string(answer, "status_msg"));
    person->is_currently_active = mx_json_bool(answer, "currently_active", FALSE);
    gint64 ago = mx_json_int_or(answer, "last_active_ago", -1);
    gint64 now = g_get_real_time() / 1000;
    if (ago >= 0 && ago < now)
        person->last_active_ms = now - ago;
    arrive(look);
}

static void ask_rooms(LookUp *look, gboolean is_stable);

static void on_mutual_rooms(LookUp *look, GObject *source, GAsyncResult *result, gboolean is_stable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) answer = finish_object(look, source, result, &error);
    JsonArray *joined = mx_json_array(answer, "joined");
    if (is_stable && mx_error_get_status(error) >= 400 && mx_error_get_status(error) < 500) {
        ask_rooms(look, FALSE);
    } else {
        look->person.has_all_rooms = joined != NULL;
        for (guint i = 0; i < mx_json_array_length(joined) && i < MAX_ROOMS; i++)
            if (mx_json_array_string(joined, i) != NULL)
                g_ptr_array_add(look->room_ids, g_strdup(mx_json_array_string(joined, i)));
    }
    arrive(look);
}

static void on_rooms_now(GObject *source, GAsyncResult *result, gpointer user_data)
{
    on_mutual_rooms(user_data, source, result, TRUE);
}

static void on_rooms_before(GObject *source, GAsyncResult *result, gpointer user_data)
{
    on_mutual_rooms(user_data, source, result, FALSE);
}

static void ask(LookUp *look, MxRequest *request, GAsyncReadyCallback callback)
{
    MxClient *client = look->base.client;
    g_autoptr(MxRequest) owned = request;
    look->waiting_for++;
    mx_request_set_timeout(request, MAX_SILENCE_S);
    mx_request_set_rate_limit_retries(request, 1);
    mx_request_set_max_body(request, 1024 * 1024);
    mx_http_send_async(client->http, request, client->cancellable, callback, look);
}

static void ask_rooms(LookUp *look, gboolean is_stable)
{
    ask(look, mx_endpoint_mutual_rooms(look->person.user_id, is_stable),
        is_stable ? on_rooms_now : on_rooms_before);
}

void mx_client_look_up(MxClient *client, const char *user_id, gboolean only_profile,
                       MxPersonFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && mx_user_id_is_valid(user_id));
    LookUp *look = mx_client_job_new(client, sizeof *look);
    look->person.user_id = g_strdup(user_id);
    look->person.fields = g_ptr_array_new_with_free_func(field_free);
    look->person.rooms = g_ptr_array_new_with_free_func(g_free);
    look->room_ids = g_ptr_array_new_with_free_func(g_free);
    look->func = func;
    look->user_data = user_data;
    look->destroy = destroy;
    ask(look, mx_endpoint_profile(user_id), on_profile);
    if (only_profile)
        return;
    ask(look, mx_endpoint_presence_of(user_id), on_presence);
    if (g_strcmp0(user_id, client->user_id) != 0)
        ask_rooms(look, TRUE);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-user-directory.h"

#include "mx-client-private.h"
#include "mx-event.h"
#include "mx-id.h"
#include "mx-json.h"

#define MAX_PEOPLE 50u

typedef struct {
    MxClient *client;
    MxSearchFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Search;

static void search_free(Search *search)
{
    if (search->destroy != NULL)
        search->destroy(search->user_data);
    g_object_unref(search->client);
    g_free(search);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Search, search_free)

static void found_free(gpointer data)
{
    MxFoundPerson *person = data;
    g_free(person->user_id);
    g_free(person->display_name);
    g_free(person);
}

static GPtrArray *read_people(JsonArray *results)
{
    GPtrArray *people = g_ptr_array_new_with_free_func(found_free);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < mx_json_array_length(results) && people->len < MAX_PEOPLE; i++) {
        JsonObject *result = mx_json_array_object(results, i);
        const char *user_id = mx_json_string(result, "user_id");
        if (user_id == NULL || !mx_user_id_is_valid(user_id) ||
            g_hash_table_contains(known, user_id))
            continue;
        MxFoundPerson *person = g_new0(MxFoundPerson, 1);
        person->user_id = g_strdup(user_id);
        person->display_name = mx_event_tidy_name(mx_json_string(result, "display_name"));
        g_hash_table_add(known, person->user_id);
        g_ptr_array_add(people, person);
    }
    return people;
}

static void on_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Search) search = user_data;
    MxClient *client = search->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(client, source, result, &response, &error))
        return;
    if (response == NULL) {
        search->func(client, NULL, FALSE, error, search->user_data);
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    JsonArray *results = mx_json_array(answer, "results");
    g_autoptr(GPtrArray) people = read_people(results);
    gboolean is_limited =
        mx_json_bool(answer, "limited", FALSE) || mx_json_array_length(results) > MAX_PEOPLE;
    search->func(client, people, is_limited, NULL, search->user_data);
}

void mx_client_search_people(MxClient *client, const char *words, MxSearchFunc func,
                             gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Search *search = g_new0(Search, 1);
    search->client = g_object_ref(client);
    search->func = func;
    search->user_data = user_data;
    search->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_search_people(words, MAX_PEOPLE);
    mx_http_send_async(client->http, request, client->cancellable, on_found, search);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-private.h"

#include <string.h>

/* Profiles, the directory of people, and media. */

static void media_free(gpointer data)
{
    FakeMedia *media = data;

    g_free(media->content_type);
    g_free(media->data);
    g_free(media);
}

void fake_people_init(FakeServer *server)
{
    server->profiles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    server->media = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, media_free);
}

void fake_people_clear(FakeServer *server)
{
    g_hash_table_unref(server->profiles);
    g_hash_table_unref(server->media);
}

/* ---- profiles ---- */

void fake_server_set_profile(FakeServer *server, const char *user_id, const char *profile)
{
    g_hash_table_insert(server->profiles, g_strdup(user_id), g_strdup(profile));
}

static char *profile_of(FakeServer *server, const char *user_id)
{
    const char *profile = g_hash_table_lookup(server->profiles, user_id);
    g_autofree char *name = g_strndup(user_id + 1, strcspn(user_id + 1, ":"));

    if (profile != NULL)
        return g_strdup(profile);
    name[0] = g_ascii_toupper(name[0]);
    return g_strdup_printf("{\"displayname\":\"%s\"}", name);
}

FakeReply fake_answer_profile(FakeServer *server, const FakeRequest *request)
{
    return (FakeReply){200, profile_of(server, request->args[0])};
}

FakeReply fake_answer_set_profile(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *text = profile_of(server, request->args[0]);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    g_autoptr(JsonObject) change = fake_request_json(request);
    const char *key = request->args[1];

    if (change == NULL || !json_object_has_member(change, key))
        return fake_reply_error(400, "M_MISSING_PARAM", "Missing key");
    json_object_set_member(json_node_get_object(node), key,
                           json_node_copy(json_object_get_member(change, key)));
    g_hash_table_insert(server->profiles, g_strdup(request->args[0]), json_to_string(node, FALSE));
    return (FakeReply){200, g_strdup("{}")};
}

/* ---- media ---- */

void fake_server_set_media(FakeServer *server, const char *name, const char *content_type,
                           const void *data, gsize len)
{
    FakeMedia *media = g_new0(FakeMedia, 1);

    media->content_type = g_strdup(content_type);
    media->data = g_memdup2(data, len);
    media->len = len;
    g_hash_table_insert(server->media, g_strdup(name), media);
}

FakeReply fake_answer_media(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *name = g_strdup_printf("%s/%s", request->args[0], request->args[1]);
    FakeMedia *media = g_hash_table_lookup(server->media, name);

    if (media == NULL)
        return fake_reply_error(404, "M_NOT_FOUND", "Not found");
    return (FakeReply){200, g_memdup2(media->data, media->len), media->len, media->content_type};
}

FakeReply fake_answer_media_config(FakeServer *server, const FakeRequest *request)
{
    return (FakeReply){200, g_strdup("{\"m.upload.size\":100000}")};
}

FakeReply fake_answer_upload(FakeServer *server, const FakeRequest *request)
{
    g_autofree char *name = g_strdup_printf("localhost/up%u", ++server->uploads);

    fake_server_set_media(server, name, "image/png", request->body, request->body_len);
    return (FakeReply){200, g_strdup_printf("{\"content_uri\":\"mxc://%s\"}", name)};
}

/* ---- the directory ---- */

FakeReply fake_answer_search(FakeServer *server, const FakeRequest *request)
{
    return (FakeReply){200, g_strdup("{\"limited\":false,\"results\":[]}")};
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-fetch.h"

#include "mx-client-private.h"
#include "mx-json.h"

/* Reading it holds the main loop: more than this is none of the answers that are asked for. */
#define MAX_ANSWER (128 * 1024)

typedef struct {
    MxClient *client;
    MxAnswerFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Question;

static void question_free(Question *question)
{
    if (question->destroy != NULL)
        question->destroy(question->user_data);
    g_object_unref(question->client);
    g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Question) question = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    g_autoptr(JsonObject) answer = NULL;
    MxClient *client = question->client;
    if (!mx_client_take_answer(client, source, result, &response, &error))
        return;
    if (response != NULL) {
        gsize len;
        const char *text = g_bytes_get_data(response->body, &len);
        answer = mx_json_parse_object(text, len, &error);
    }
    question->func(client, answer, error, question->user_data);
}

void mx_client_fetch(MxClient *client, MxRequest *request, MxAnswerFunc func, gpointer user_data,
                     GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Question *question = g_new0(Question, 1);
    question->client = g_object_ref(client);
    question->func = func;
    question->user_data = user_data;
    question->destroy = destroy;
    mx_request_set_max_body(request, MAX_ANSWER);
    mx_http_send_async(client->http, request, client->cancellable, on_answer, question);
}

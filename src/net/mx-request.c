/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-http-private.h"

#define DEFAULT_TIMEOUT_S 60
#define DEFAULT_RATE_LIMIT_RETRIES 5
#define DEFAULT_MAX_BODY (64u * 1024 * 1024)

MxRequest *mx_request_new(const char *method, const char *path_or_url, const char *body)
{
    g_return_val_if_fail(method != NULL && path_or_url != NULL, NULL);
    MxRequest *self = g_new0(MxRequest, 1);
    g_ref_count_init(&self->references);
    self->method = g_strdup(method);
    self->target = g_strdup(path_or_url);
    self->body = g_strdup(body);
    self->authorized = path_or_url[0] == '/';
    self->follow_redirects = TRUE;
    self->timeout = DEFAULT_TIMEOUT_S;
    self->rate_limit_retries = DEFAULT_RATE_LIMIT_RETRIES;
    self->max_body = DEFAULT_MAX_BODY;
    return self;
}

MxRequest *mx_request_ref(MxRequest *self)
{
    g_ref_count_inc(&self->references);
    return self;
}

void mx_request_unref(MxRequest *self)
{
    if (self == NULL || !g_ref_count_dec(&self->references))
        return;
    g_free(self->method);
    g_free(self->target);
    g_free(self->body);
    g_clear_pointer(&self->content, g_bytes_unref);
    g_free(self->content_type);
    g_free(self);
}

void mx_request_set_authorized(MxRequest *self, gboolean authorized)
{
    /* A whole URL may belong to anybody. */
    self->authorized = authorized && self->target[0] == '/';
}

void mx_request_set_timeout(MxRequest *self, guint seconds)
{
    self->timeout = seconds;
}

void mx_request_set_rate_limit_retries(MxRequest *self, guint count)
{
    self->rate_limit_retries = count;
}

void mx_request_set_follow_redirects(MxRequest *self, gboolean follow)
{
    self->follow_redirects = follow;
}

void mx_request_set_redirects_without_token(MxRequest *self, gboolean redirects)
{
    self->redirects_without_token = redirects;
}

void mx_request_set_takes_challenge(MxRequest *self, gboolean takes_challenge)
{
    self->takes_challenge = takes_challenge;
}

void mx_request_set_content(MxRequest *self, GBytes *content, const char *content_type)
{
    g_clear_pointer(&self->content, g_bytes_unref);
    g_free(self->content_type);
    self->content = g_bytes_ref(content);
    self->content_type = g_strdup(content_type);
}

void mx_request_set_stream(MxRequest *self, MxRequestOpenFunc open, gpointer user_data, guint64 len,
                           const char *content_type)
{
    self->open = open;
    self->open_data = user_data;
    self->stream_len = len;
    g_free(self->content_type);
    self->content_type = g_strdup(content_type);
}

void mx_request_set_sent_func(MxRequest *self, MxRequestSentFunc func, gpointer user_data)
{
    self->on_sent = func;
    self->sent_data = user_data;
}

void mx_request_set_chunk_func(MxRequest *self, MxRequestChunkFunc func, gpointer user_data)
{
    self->on_chunk = func;
    self->chunk_data = user_data;
}

void mx_request_set_max_body(MxRequest *self, gsize bytes)
{
    self->max_body = bytes;
}

const char *mx_request_get_method(MxRequest *self)
{
    return self->method;
}

const char *mx_request_get_target(MxRequest *self)
{
    return self->target;
}

const char *mx_request_get_body(MxRequest *self)
{
    return self->body;
}

gboolean mx_request_is_authorized(MxRequest *self)
{
    return self->authorized;
}

guint mx_request_get_timeout(MxRequest *self)
{
    return self->timeout;
}

guint mx_request_get_rate_limit_retries(MxRequest *self)
{
    return self->rate_limit_retries;
}

void mx_response_free(MxResponse *response)
{
    if (response == NULL)
        return;
    g_clear_pointer(&response->body, g_bytes_unref);
    g_free(response);
}

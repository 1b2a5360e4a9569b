/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-endpoints-register.h"

#include "mx-json.h"
#include "mx-uri.h"

/* Answers are a few lines, with policies in many languages a few pages. */
#define MAX_ANSWER (256 * 1024)

static MxRequest *new_request(const char *method, const char *path, JsonObject *body)
{
    g_autofree char *text = body != NULL ? mx_json_object_to_text(body) : NULL;
    MxRequest *request = mx_request_new(method, path, text);
    mx_request_set_authorized(request, FALSE);
    mx_request_set_max_body(request, MAX_ANSWER);
    return request;
}

MxRequest *mx_endpoint_register(JsonObject *body)
{
    MxRequest *request = new_request("POST", "/_matrix/client/v3/register", body);
    mx_request_set_takes_challenge(request, TRUE);
    return request;
}

MxRequest *mx_endpoint_register_available(const char *username)
{
    const char *const segments[] = {"_matrix", "client", "v3", "register", "available", NULL};
    const char *const query[] = {"username", username, NULL};
    g_autofree char *path = mx_uri_build(NULL, segments, query);
    return new_request("GET", path, NULL);
}

MxRequest *mx_endpoint_token_validity(const char *token)
{
    const char *const segments[] = {
        "_matrix", "client", "v1", "register", "m.login.registration_token", "validity", NULL};
    const char *const query[] = {"token", token, NULL};
    g_autofree char *path = mx_uri_build(NULL, segments, query);
    return new_request("GET", path, NULL);
}

MxRequest *mx_endpoint_register_email(const char *client_secret, const char *email, guint attempt)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "client_secret", client_secret);
    json_object_set_string_member(body, "email", email);
    json_object_set_int_member(body, "send_attempt", attempt);
    return new_request("POST", "/_matrix/client/v3/register/email/requestToken", body);
}

char *mx_endpoint_stage_page(const char *base_url, const char *stage, const char *session)
{
    const char *const segments[] = {"_matrix", "client",   "v3",  "auth",
                                    stage,     "fallback", "web", NULL};
    const char *const query[] = {"session", session, NULL};
    return mx_uri_build(base_url, segments, query);
}

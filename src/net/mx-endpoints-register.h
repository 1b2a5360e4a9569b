/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-http.h"

/* The endpoints of a new account (client-server API, "Account registration"). None of them is
 * authorized. The caller owns what they give. */

/* POST /v3/register. HTTP 401 is an answer. */
MxRequest *mx_endpoint_register(JsonObject *body);
/* GET /v3/register/available */
MxRequest *mx_endpoint_register_available(const char *username);
/* GET /v1/register/m.login.registration_token/validity */
MxRequest *mx_endpoint_token_validity(const char *token);
/* POST /v3/register/email/requestToken; attempt: another number sends another mail */
MxRequest *mx_endpoint_register_email(const char *client_secret, const char *email, guint attempt);
/* The page on which a stage is finished in a browser ("Fallback"). The caller frees. */
char *mx_endpoint_stage_page(const char *base_url, const char *stage, const char *session);

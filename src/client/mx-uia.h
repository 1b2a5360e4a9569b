/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* User-Interactive Authentication (client-server API, section of that name): which stage comes
 * next, and what is sent for it. It asks nobody and sends nothing. The request is made without
 * "auth"; each HTTP 401 is given to mx_uia_take(), and the request made again with what
 * mx_uia_answer() gives, until it succeeds. */

typedef enum {
    MX_UIA_DUMMY,    /* nothing to ask */
    MX_UIA_PASSWORD, /* m.login.password: "identifier" and "password" */
    MX_UIA_TOKEN,    /* m.login.registration_token: "token" */
    MX_UIA_TERMS,    /* m.login.terms: nothing but the consent; mx_uia_list_policies() */
    MX_UIA_EMAIL,    /* m.login.email.identity: "threepid_creds" */
    MX_UIA_PAGE,     /* any other: on a page of the homeserver, in a browser */
} MxUiaKind;

typedef struct _MxUia MxUia;
MxUia *mx_uia_new(void);
void mx_uia_free(MxUia *uia);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxUia, mx_uia_free)

/* Reads the body of an HTTP 401 and chooses: of the flows on offer the one with the fewest pages in
 * a browser, then with the fewest stages left. FALSE and MX_ERROR_BAD_ANSWER when it offers no
 * flow, or none with anything left to do. */
gboolean mx_uia_take(MxUia *uia, JsonObject *challenge, GError **error);

/* Of the stage that comes next, after mx_uia_take(). Borrowed. */
MxUiaKind mx_uia_get_kind(MxUia *uia);
const char *mx_uia_get_stage(MxUia *uia);   /* "m.login.dummy" */
const char *mx_uia_get_session(MxUia *uia); /* or NULL */
/* The answer just given was not accepted: the same stage comes again. */
gboolean mx_uia_has_failed(MxUia *uia);
/* The server's own words about that, untrusted, or NULL. */
const char *mx_uia_get_problem(MxUia *uia);
/* Nothing remains after this stage, so that the next answer may be the last; TRUE as well before
 * the first 401. */
gboolean mx_uia_is_last(MxUia *uia);

/* What goes into "auth" for the stage: its type and session, to which the caller adds what the
 * kind above says; for MX_UIA_PAGE the session alone. The caller owns it. */
JsonObject *mx_uia_answer(MxUia *uia);

typedef struct {
    char *name; /* untrusted */
    char *url;  /* http or https */
} MxPolicy;

/* What MX_UIA_TERMS wants agreement to, each in the first of the languages there is ("de_AT",
 * "de"), else in English, else in any. Those without a usable link are left out. The caller frees.
 */
GPtrArray *mx_uia_list_policies(MxUia *uia, const char *const *languages);

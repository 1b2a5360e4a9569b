/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* Requests that the user typed: any operation of the client-server API, and nothing else. */

/* Gives the request, or NULL and MX_ERROR_INVALID with a sentence for the user. method: as typed.
 * path: "/_matrix/client/..." with an optional query, written as it goes over the wire. body: JSON
 * text of an object, or NULL. */
MxRequest *mx_client_raw_new(const char *method, const char *path, const char *body,
                             GError **error);

/* An answer as text for people: indented, secrets masked, at most max_len bytes of it. What is not
 * JSON stays as it is. *left_out (bytes) may be NULL. The caller frees. */
char *mx_client_raw_format(const char *answer, gsize len, gsize max_len, gsize *left_out);

/* text: the formatted answer, or NULL with an error. status: HTTP's, 0 when no answer came. */
typedef void (*MxRawFunc)(MxClient *client, guint status, const char *text, gsize left_out,
                          const GError *error, gpointer user_data);
/* Sends it, but nothing into a room that is encrypted, where nothing goes in the clear (E7): that
 * is MX_ERROR_INVALID with a sentence. func is called once unless the client is stopped before;
 * destroy, which may be NULL, is for user_data. Needs a login. */
void mx_client_raw_send(MxClient *client, MxRequest *request, MxRawFunc func, gpointer user_data,
                        GDestroyNotify destroy);

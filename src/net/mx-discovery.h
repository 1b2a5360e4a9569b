/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-http.h"

/* Client-server API, "Server Discovery" and "Well-known URIs".
 *
 * typed_homeserver: the user's own address, or NULL or "" to ask server_name's
 * https://host/.well-known/matrix/client (host without port; redirects followed). 404: use
 * https://server_name itself. Any other failure: an error that says which step failed and what to
 * do: MX_ERROR_NETWORK (host not found, unreachable), MX_ERROR_TLS, MX_ERROR_NO_MATRIX (no JSON, no
 * base_url, /versions does not answer like a homeserver), MX_ERROR_INVALID (unusable URL).
 * MX_ERROR_HTTP remains for what may pass: 429 and 5xx. Plain http is taken only when typed, or to
 * loopback. The address is accepted only after GET /_matrix/client/versions has listed at least one
 * v1.x (an r0.x alone is MX_ERROR_NO_MATRIX, "too old"). Gives the base URL, without trailing
 * slash. A loopback server name with a port ("localhost:8008", "127.0.0.1:8008") may also be plain
 * http when https does not answer there. */
void mx_discovery_run_async(MxHttp *http, const char *server_name, const char *typed_homeserver,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
char *mx_discovery_run_finish(MxHttp *http, GAsyncResult *result, GError **error);

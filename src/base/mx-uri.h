/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Every segment is percent-encoded once, everything but RFC 3986's unreserved characters. base may
 * have a path and a trailing slash; the result has no "//" after the scheme's. base NULL gives
 * "/seg/seg". names_and_values: pairs for the query, ended by NULL, or NULL; a pair whose value is
 * NULL is left out. The caller frees. */
char *mx_uri_build(const char *base, const char *const *segments,
                   const char *const *names_and_values);

/* A homeserver's address as typed or discovered: "https://host[:port][/path]"; a missing scheme
 * becomes https, and trailing slashes go. Refused with MX_ERROR_INVALID: other schemes, user info,
 * query, fragment, no host. *is_plain (may be NULL) tells http from https. */
char *mx_uri_normalize_base(const char *typed, gboolean *is_plain, GError **error);
/* localhost, 127.0.0.0/8, [::1] */
gboolean mx_uri_is_loopback(const char *base_url);
/* Same scheme, host (case-insensitive) and effective port. */
gboolean mx_uri_same_origin(const char *a, const char *b);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Matrix Content URIs (client-server API, "Content repository"): "mxc://server/media-id". Strict: a
 * URI that is none is never asked for. The caller frees both parts; either may be NULL when only
 * the answer matters, and uri may be NULL. */
gboolean mx_mxc_parse(const char *uri, char **server_name, char **media_id);

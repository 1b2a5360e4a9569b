/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <plugin.h>

/* matrix: URIs that come from outside, by libpurple's signal "uri-handler": a desktop hands them
 * over with PurpleGotProtocolHandlerUri on D-Bus (appendices, "matrix: URI scheme"). */

/* handle: the plugin. Allowed while plugins are loaded. */
void mxp_links_init(PurplePlugin *handle);
void mxp_links_uninit(PurplePlugin *handle);

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Canonical JSON (appendices, "Canonical JSON"). json-glib's own generator is wrong for it: it
 * escapes U+007F, keeps insertion order and prints integral floats with a fraction. Fails with
 * MX_ERROR_INVALID on a number that is no integer within +-(2^53-1). The caller frees. */
char *mx_canonical_json_encode(JsonNode *node, GError **error);

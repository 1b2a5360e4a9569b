/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* The only way to foreign JSON. Nothing here warns or aborts, whatever the types are: a member that
 * is absent, null or of another type reads as "not there". Every object and array argument may be
 * NULL. */

/* Deeper values are replaced by null before json-glib, which recurses, sees them; the rest stays
 * readable. */
#define MX_JSON_MAX_DEPTH 100

/* U+0000 and lone surrogates in strings become U+FFFD, as json-glib can hold neither; "1.0" becomes
 * 1; numbers beyond any use read as "not there". The last of duplicate keys counts. */
/* len may be -1. NULL and MX_ERROR_BAD_ANSWER when it is no JSON, no UTF-8, or the root has another
 * type. */
JsonNode *mx_json_parse(const char *text, gssize len, GError **error);
JsonObject *mx_json_parse_object(const char *text, gssize len, GError **error);

const char *mx_json_string(JsonObject *object, const char *name); /* or NULL */
/* Integers within +-(2^53-1) only; a float with an integral value counts as one. */
gboolean mx_json_int(JsonObject *object, const char *name, gint64 *value);
gint64 mx_json_int_or(JsonObject *object, const char *name, gint64 fallback);
gboolean mx_json_bool(JsonObject *object, const char *name, gboolean fallback);
JsonObject *mx_json_object(JsonObject *object, const char *name); /* borrowed, or NULL */
JsonArray *mx_json_array(JsonObject *object, const char *name);   /* borrowed, or NULL */
guint mx_json_array_length(JsonArray *array);                     /* 0 for NULL */
const char *mx_json_array_string(JsonArray *array, guint index);
JsonObject *mx_json_array_object(JsonArray *array, guint index);

/* Compact text. The caller frees. */
char *mx_json_object_to_text(JsonObject *object);

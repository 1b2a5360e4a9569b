/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Reads the few members that matter out of JSON text without building a tree: a /sync of a large
 * account holds a hundred thousand events, and a tree costs thirty times the instructions. The text
 * must be one value that MxSyncParser or mx_json_scan_validate() has accepted; values are slices of
 * it, never copies. */

typedef enum {
    MX_JSON_NULL,
    MX_JSON_BOOL,
    MX_JSON_NUMBER,
    MX_JSON_STRING,
    MX_JSON_ARRAY,
    MX_JSON_OBJECT,
} MxJsonType;

/* text points at the first byte of the value (a string's opening quote); text == NULL: not there.
 */
typedef struct {
    const char *text;
    gsize len;
    MxJsonType type;
} MxJsonSlice;

typedef struct {
    const char *at, *end;
    gboolean in_object;
} MxJsonIter;

/* The whole text is exactly one JSON value in UTF-8 (surrounding white space allowed), of any
 * depth. */
gboolean mx_json_scan_validate(const char *text, gsize len);
MxJsonSlice mx_json_scan_root(const char *text, gsize len);

/* Iterates over an object's members or an array's elements. FALSE from init when the slice is
 * neither. key: the raw slice of the key's string, text == NULL in arrays. */
gboolean mx_json_iter_init(MxJsonIter *iter, MxJsonSlice container);
gboolean mx_json_iter_next(MxJsonIter *iter, MxJsonSlice *key, MxJsonSlice *value);

/* Looks up several members in one pass. names ends with NULL; values[i] is the last member named
 * names[i] (as json-glib decides for duplicates), or has text == NULL. Escaped keys ("\u0074ype")
 * compare decoded. */
void mx_json_scan_members(MxJsonSlice object, const char *const *names, MxJsonSlice *values);
MxJsonSlice mx_json_scan_member(MxJsonSlice object, const char *name);

gboolean mx_json_slice_equals(MxJsonSlice string, const char *text); /* FALSE unless a string */
/* Decoded UTF-8, or NULL unless a string. A lone surrogate becomes U+FFFD, \u0000 becomes U+FFFD
 * too. Caller frees. */
char *mx_json_slice_dup_string(MxJsonSlice slice);
gboolean mx_json_slice_get_int(MxJsonSlice slice, gint64 *value); /* within +-(2^53-1), integral */
gboolean mx_json_slice_get_bool(MxJsonSlice slice, gboolean *value);

/* For readers that walk over a string's bytes themselves. at points at a backslash inside a valid
 * string; out takes the decoded character (*out_len bytes of UTF-8, replacements as in
 * mx_json_slice_dup_string()). Gives what follows the escape; a surrogate pair is one escape. */
const char *mx_json_scan_escape(const char *at, const char *end, char out[6], gsize *out_len);
/* What follows the value that starts at at (no white space before it), or NULL when the text ends
 * inside. */
const char *mx_json_scan_skip(const char *at, const char *end);

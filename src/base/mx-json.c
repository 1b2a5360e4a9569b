/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-json.h"

#include <math.h>
#include <string.h>

#include "mx-error.h"
#include "mx-json-scan.h"

#define MAX_SAFE_INTEGER G_GINT64_CONSTANT(9007199254740991)
/* Integers of up to this many characters fit into the gint64 that json-glib reads them into; it
 * turns larger ones into -1. */
#define MAX_PLAIN_NUMBER_LEN 18
#define MAX_NUMBER_LEN 1024

/* ---- cleaning: what json-glib must not see is replaced in one pass over validated text ---- */

/* json-glib asserts on lone surrogates and cuts strings at U+0000. Escapes that are neither are
 * copied as they are. */
static const char *clean_escape(GString *clean, const char *at, const char *end)
{
    char decoded[6];
    gsize len;
    const char *after = mx_json_scan_escape(at, end, decoded, &len);
    if (len > 1)
        g_string_append_len(clean, decoded, (gssize)len);
    else
        g_string_append_len(clean, at, after - at);
    return after;
}

static const char *clean_string(GString *clean, const char *at, const char *end)
{
    const char *after = mx_json_scan_skip(at, end);
    while (at < after) {
        const char *escape = memchr(at, '\\', (gsize)(after - at));
        if (escape == NULL)
            escape = after;
        g_string_append_len(clean, at, escape - at);
        at = escape < after ? clean_escape(clean, escape, after) : after;
    }
    return after;
}

static void clean_unusual_number(GString *clean, MxJsonSlice slice)
{
    gint64 integer;
    if (mx_json_slice_get_int(slice, &integer)) {
        g_string_append_printf(clean, "%" G_GINT64_FORMAT, integer);
        return;
    }
    if (slice.len > MAX_NUMBER_LEN) {
        g_string_append(clean, "null");
        return;
    }
    g_autofree char *copy = g_strndup(slice.text, slice.len);
    double number = g_ascii_strtod(copy, NULL);
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    number = CLAMP(number, -1e308, 1e308); /* no infinity */
    g_string_append(clean, g_ascii_formatd(text, sizeof text, "%.17g", number));
}

static const char *clean_number(GString *clean, const char *at, const char *end)
{
    const char *after = mx_json_scan_skip(at, end);
    gsize len = (gsize)(after - at);
    const char *digit = *at == '-' ? at + 1 : at;
    while (digit < after && g_ascii_isdigit(*digit))
        digit++;
    if (digit == after && len <= MAX_PLAIN_NUMBER_LEN)
        g_string_append_len(clean, at, (gssize)len);
    else
        clean_unusual_number(clean, (MxJsonSlice){at, len, MX_JSON_NUMBER});
    return after;
}

/* Everything between strings and numbers: punctuation, literals, white space. */
static const char *clean_other(GString *clean, const char *at, const char *end, guint *depth)
{
    if (*at == '{' || *at == '[') {
        if (*depth == MX_JSON_MAX_DEPTH) {
            g_string_append(clean, "null");
            return mx_json_scan_skip(at, end);
        }
        (*depth)++;
    } else if (*at == '}' || *at == ']') {
        (*depth)--;
    }
    g_string_append_c(clean, *at);
    return at + 1;
}

static GString *clean_text(const char *text, gsize len)
{
    GString *clean = g_string_sized_new(len + 1);
    const char *at = text, *end = text + len;
    guint depth = 0;
    while (at < end) {
        if (*at == '"')
            at = clean_string(clean, at, end);
        else if (*at == '-' || g_ascii_isdigit(*at))
            at = clean_number(clean, at, end);
        else
            at = clean_other(clean, at, end, &depth);
    }
    return clean;
}

JsonNode *mx_json_parse(const char *text, gssize len, GError **error)
{
    gsize size = len >= 0 ? (gsize)len : text != NULL ? strlen(text) : 0;
    if (!mx_json_scan_validate(text, size)) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER, _("not valid JSON"));
        return NULL;
    }
    g_autoptr(GString) clean = clean_text(text, size);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) local = NULL;
    if (!json_parser_load_from_data(parser, clean->str, (gssize)clean->len, &local)) {
        g_set_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER, _("not valid JSON: %s"), local->message);
        return NULL;
    }
    JsonNode *root = json_parser_steal_root(parser);
    /* json-glib gives nothing for a bare null. */
    return root != NULL ? root : json_node_new(JSON_NODE_NULL);
}

JsonObject *mx_json_parse_object(const char *text, gssize len, GError **error)
{
    g_autoptr(JsonNode) root = mx_json_parse(text, len, error);
    if (root == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER, _("the JSON is not an object"));
        return NULL;
    }
    return json_node_dup_object(root);
}

/* ---- typed access ---- */

static JsonNode *get_member(JsonObject *object, const char *name)
{
    return object != NULL ? json_object_get_member(object, name) : NULL;
}

static JsonNode *get_element(JsonArray *array, guint index)
{
    if (array == NULL || index >= json_array_get_length(array))
        return NULL;
    return json_array_get_element(array, index);
}

static gboolean holds_value(JsonNode *node, GType type)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

static const char *node_string(JsonNode *node)
{
    return holds_value(node, G_TYPE_STRING) ? json_node_get_string(node) : NULL;
}

static JsonObject *node_object(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

const char *mx_json_string(JsonObject *object, const char *name)
{
    return node_string(get_member(object, name));
}

gboolean mx_json_int(JsonObject *object, const char *name, gint64 *value)
{
    JsonNode *node = get_member(object, name);
    if (holds_value(node, G_TYPE_INT64)) {
        gint64 integer = json_node_get_int(node);
        if (integer < -MAX_SAFE_INTEGER || integer > MAX_SAFE_INTEGER)
            return FALSE;
        *value = integer;
        return TRUE;
    }
    if (!holds_value(node, G_TYPE_DOUBLE))
        return FALSE;
    double number = json_node_get_double(node);
    if (!isfinite(number) || number != trunc(number) || fabs(number) > (double)MAX_SAFE_INTEGER)
        return FALSE;
    *value = (gint64)number;
    return TRUE;
}

gint64 mx_json_int_or(JsonObject *object, const char *name, gint64 fallback)
{
    gint64 value;
    return mx_json_int(object, name, &value) ? value : fallback;
}

gboolean mx_json_bool(JsonObject *object, const char *name, gboolean fallback)
{
    JsonNode *node = get_member(object, name);
    return holds_value(node, G_TYPE_BOOLEAN) ? json_node_get_boolean(node) : fallback;
}

JsonObject *mx_json_object(JsonObject *object, const char *name)
{
    return node_object(get_member(object, name));
}

JsonArray *mx_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = get_member(object, name);
    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

guint mx_json_array_length(JsonArray *array)
{
    return array != NULL ? json_array_get_length(array) : 0;
}

const char *mx_json_array_string(JsonArray *array, guint index)
{
    return node_string(get_element(array, index));
}

JsonObject *mx_json_array_object(JsonArray *array, guint index)
{
    return node_object(get_element(array, index));
}

/* The end of the string that begins at at, behind its quote. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

/* json-glib writes 1e20 as "1e+20.0", and what is beyond a double's range as "inf.0": neither is
 * JSON, and a server refuses all of it. */
static char *mend_numbers(const char *text)
{
    GString *mended = g_string_sized_new(strlen(text));
    for (const char *at = text; *at != '\0';) {
        const char *end = at + 1;
        if (*at == '"')
            end = skip_string(at);
        else if (*at == 'e')
            end += strspn(end, "+-0123456789");
        gboolean is_infinite = g_str_has_prefix(at, "inf");
        gboolean is_exponent = *at == 'e' && end > at + 1;
        if (is_infinite)
            end = at + strlen("inf");
        g_string_append_len(mended, is_infinite ? "1e999" : at, is_infinite ? 5 : end - at);
        at = end;
        if ((is_infinite || is_exponent) && g_str_has_prefix(at, ".0"))
            at += strlen(".0");
    }
    return g_string_free(mended, FALSE);
}

char *mx_json_object_to_text(JsonObject *object)
{
    if (object == NULL)
        return g_strdup("{}");
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    char *text = json_to_string(node, FALSE);
    if (strstr(text, ".0") == NULL)
        return text;
    g_autofree char *raw = text;
    return mend_numbers(raw);
}

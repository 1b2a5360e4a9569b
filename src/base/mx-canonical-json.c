/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-canonical-json.h"

#include <math.h>
#include <string.h>

#include "mx-error.h"

#define MAX_SAFE_INTEGER G_GINT64_CONSTANT(9007199254740991)
/* Foreign JSON is pruned long before (MX_JSON_MAX_DEPTH); this bounds the recursion for trees built
 * otherwise. */
#define MAX_DEPTH 1000

static gboolean encode_node(GString *out, JsonNode *node, guint depth, GError **error);

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID, "no canonical JSON: %s", why);
    return FALSE;
}

static void encode_character(GString *out, char character)
{
    static const char short_forms[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                       ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    guint8 byte = (guint8)character;
    if (byte < sizeof short_forms && short_forms[byte] != '\0') {
        g_string_append_c(out, '\\');
        g_string_append_c(out, short_forms[byte]);
    } else if (byte < 0x20) {
        g_string_append_printf(out, "\\u%04x", byte);
    } else {
        g_string_append_c(out, character);
    }
}

static gboolean encode_string(GString *out, const char *text, GError **error)
{
    if (text == NULL || !g_utf8_validate(text, -1, NULL))
        return refuse(error, "a string is not UTF-8");
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++)
        encode_character(out, *text);
    g_string_append_c(out, '"');
    return TRUE;
}

static gboolean encode_integer(GString *out, gint64 number, GError **error)
{
    if (number < -MAX_SAFE_INTEGER || number > MAX_SAFE_INTEGER)
        return refuse(error, "an integer is out of range");
    g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
    return TRUE;
}

static gboolean encode_double(GString *out, double number, GError **error)
{
    if (!isfinite(number) || number != trunc(number) || fabs(number) > (double)MAX_SAFE_INTEGER)
        return refuse(error, "a number is not an integer within range");
    return encode_integer(out, (gint64)number, error);
}

static gboolean encode_value(GString *out, JsonNode *node, GError **error)
{
    GType type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING)
        return encode_string(out, json_node_get_string(node), error);
    if (type == G_TYPE_INT64)
        return encode_integer(out, json_node_get_int(node), error);
    if (type == G_TYPE_DOUBLE)
        return encode_double(out, json_node_get_double(node), error);
    if (type != G_TYPE_BOOLEAN)
        return refuse(error, "a value of an unknown type");
    g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
    return TRUE;
}

static gboolean encode_array(GString *out, JsonArray *array, guint depth, GError **error)
{
    guint length = json_array_get_length(array);
    g_string_append_c(out, '[');
    for (guint i = 0; i < length; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        if (!encode_node(out, json_array_get_element(array, i), depth, error))
            return FALSE;
    }
    g_string_append_c(out, ']');
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    /* The order of UTF-8's bytes is the order of code points, which the specification asks for. */
    return strcmp(a, b);
}

static gboolean encode_object(GString *out, JsonObject *object, guint depth, GError **error)
{
    g_autoptr(GList) names = g_list_sort(json_object_get_members(object), compare_names);
    g_string_append_c(out, '{');
    for (GList *name = names; name != NULL; name = name->next) {
        if (name != names)
            g_string_append_c(out, ',');
        if (!encode_string(out, name->data, error))
            return FALSE;
        g_string_append_c(out, ':');
        if (!encode_node(out, json_object_get_member(object, name->data), depth, error))
            return FALSE;
    }
    g_string_append_c(out, '}');
    return TRUE;
}

static gboolean encode_node(GString *out, JsonNode *node, guint depth, GError **error)
{
    if (depth > MAX_DEPTH)
        return refuse(error, "too deeply nested");
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        return encode_object(out, json_node_get_object(node), depth + 1, error);
    case JSON_NODE_ARRAY:
        return encode_array(out, json_node_get_array(node), depth + 1, error);
    case JSON_NODE_VALUE:
        return encode_value(out, node, error);
    case JSON_NODE_NULL:
    default:
        g_string_append(out, "null");
        return TRUE;
    }
}

char *mx_canonical_json_encode(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    GString *out = g_string_new(NULL);
    if (encode_node(out, node, 0, error))
        return g_string_free(out, FALSE);
    g_string_free(out, TRUE);
    return NULL;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-json.h"
#include "mx-json-push.h"
#include "mx-json-scan.h"

/* Three readers of JSON must agree: the scanner, the push parser, and json-glib (which is laxer
 * about what is JSON, so it is asked only about the contents). */

/* Beyond this mx_json_parse() may have put null. */
#define COMPARED_DEPTH 90

typedef struct {
    const char *text;
    gsize len;
} Bounds;

static void assert_inside(const Bounds *bounds, MxJsonSlice slice)
{
    g_assert_nonnull(slice.text);
    g_assert_cmpuint(slice.len, >, 0);
    g_assert_true(slice.text >= bounds->text);
    g_assert_true(slice.text + slice.len <= bounds->text + bounds->len);
    g_assert_true(mx_json_scan_validate(slice.text, slice.len));
    g_assert_true(mx_json_scan_skip(slice.text, bounds->text + bounds->len) ==
                  slice.text + slice.len);
}

static void compare(const Bounds *bounds, MxJsonSlice slice, JsonNode *node, guint depth);

static void compare_array(const Bounds *bounds, MxJsonSlice slice, JsonNode *node, guint depth)
{
    g_assert_true(JSON_NODE_HOLDS_ARRAY(node));
    JsonArray *array = json_node_get_array(node);
    MxJsonIter iter;
    MxJsonSlice key, value;
    guint n = 0;
    g_assert_true(mx_json_iter_init(&iter, slice));
    while (mx_json_iter_next(&iter, &key, &value)) {
        g_assert_null(key.text);
        g_assert_cmpuint(n, <, json_array_get_length(array));
        compare(bounds, value, json_array_get_element(array, n++), depth + 1);
    }
    g_assert_cmpuint(n, ==, json_array_get_length(array));
}

static void compare_object(const Bounds *bounds, MxJsonSlice slice, JsonNode *node, guint depth)
{
    g_assert_true(JSON_NODE_HOLDS_OBJECT(node));
    JsonObject *object = json_node_get_object(node);
    MxJsonIter iter;
    MxJsonSlice key, value;
    g_assert_true(mx_json_iter_init(&iter, slice));
    while (mx_json_iter_next(&iter, &key, &value)) {
        assert_inside(bounds, key);
        assert_inside(bounds, value);
        g_autofree char *name = mx_json_slice_dup_string(key);
        g_assert_nonnull(name);
        g_assert_true(json_object_has_member(object, name));
    }
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *l = names; l != NULL; l = l->next)
        compare(bounds, mx_json_scan_member(slice, l->data),
                json_object_get_member(object, l->data), depth + 1);
}

static void compare_scalar(MxJsonSlice slice, JsonNode *node)
{
    gint64 integer;
    gboolean truth;
    g_autofree char *string = mx_json_slice_dup_string(slice);
    g_assert_true((string != NULL) == (slice.type == MX_JSON_STRING));
    if (slice.type == MX_JSON_NULL)
        g_assert_true(JSON_NODE_HOLDS_NULL(node));
    else
        g_assert_true(JSON_NODE_HOLDS_VALUE(node) || slice.type == MX_JSON_NUMBER);
    if (string != NULL) {
        g_assert_cmpstr(string, ==, json_node_get_string(node));
        g_assert_true(mx_json_slice_equals(slice, string));
    }
    if (mx_json_slice_get_int(slice, &integer))
        g_assert_cmpint(integer, ==, json_node_get_int(node));
    g_assert_true(mx_json_slice_get_bool(slice, &truth) == (slice.type == MX_JSON_BOOL));
    if (slice.type == MX_JSON_BOOL)
        g_assert_true(truth == json_node_get_boolean(node));
}

static void compare(const Bounds *bounds, MxJsonSlice slice, JsonNode *node, guint depth)
{
    assert_inside(bounds, slice);
    if (depth > COMPARED_DEPTH)
        return;
    if (slice.type == MX_JSON_ARRAY)
        compare_array(bounds, slice, node, depth);
    else if (slice.type == MX_JSON_OBJECT)
        compare_object(bounds, slice, node, depth);
    else
        compare_scalar(slice, node);
}

/* ---- the push parser, told to report everything ---- */

static void on_key(const char *name, gsize len, gpointer user_data)
{
    g_assert_true(name == NULL || (strlen(name) == len && g_utf8_validate(name, -1, NULL)));
}

static void on_value_begin(MxJsonType type, guint depth, const char *at, gpointer user_data)
{
    guint *open = user_data;
    g_assert_cmpuint(*open, ==, depth);
    (*open)++;
}

static void on_value_end(MxJsonType type, guint depth, const char *after, gpointer user_data)
{
    guint *open = user_data;
    (*open)--;
    g_assert_cmpuint(*open, ==, depth);
}

static void on_deep(const char *at, gpointer user_data)
{
}

static gboolean push(const char *text, gsize len, guint watch)
{
    static const MxJsonPushHandler handler = {on_key, on_value_begin, on_value_end, on_deep,
                                              on_deep};
    guint open = 0;
    g_autoptr(MxJsonPush) parser = mx_json_push_new(&handler, &open);
    mx_json_push_set_watch(parser, watch);
    mx_json_push_set_deep(parser, 3);
    gboolean ok = mx_json_push_feed(parser, text, len, NULL) && mx_json_push_finish(parser, NULL);
    g_assert_true(!ok || open == 0);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bounds bounds = {(const char *)data, size};
    gboolean valid = mx_json_scan_validate(bounds.text, size);
    g_autoptr(JsonNode) node = mx_json_parse(bounds.text, (gssize)size, NULL);
    g_assert_true((node != NULL) == valid);
    gboolean is_object = valid && mx_json_scan_root(bounds.text, size).type == MX_JSON_OBJECT;
    g_assert_true(push(bounds.text, size, 2) == is_object);
    g_assert_true(push(bounds.text, size, G_MAXUINT) == is_object);
    if (valid)
        compare(&bounds, mx_json_scan_root(bounds.text, size), node, 0);
    return 0;
}

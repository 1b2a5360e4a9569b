/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-error.h"
#include "mx-json.h"

static void test_refuses(void)
{
    static const char *const cases[] = {
        "", " ", "{", "{\"a\":1", "\"\xff\"", "{'a':1}", "[1,]", "{a:1}", "// x\n{}", "NaN", "nil",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mx_json_parse(cases[i], -1, &error));
        g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    }
    g_assert_null(mx_json_parse(NULL, -1, NULL));
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_json_parse_object("[]", -1, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    g_assert_null(mx_json_parse_object("{}{}", 3, NULL));
    g_autoptr(JsonObject) object = mx_json_parse_object("{}{}", 2, NULL);
    g_assert_nonnull(object);
}

static void test_roots(void)
{
    static const char *const cases[] = {"null", "true", "1", "\"x\"", "[]", "{}"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = mx_json_parse(cases[i], -1, &error);
        g_assert_no_error(error);
        g_assert_nonnull(node);
    }
}

/* Every getter against every type: only the right one gives anything. */
static void test_types(void)
{
    g_autoptr(JsonObject) object = mx_json_parse_object(
        "{\"n\":null,\"s\":\"x\",\"i\":1,\"d\":1.5,\"b\":true,\"o\":{},\"a\":[]}", -1, NULL);
    static const char *const names[] = {"n", "s", "i", "d", "b", "o", "a", "missing"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        char kind = names[i][0];
        gint64 value;
        g_assert_cmpint(mx_json_string(object, names[i]) != NULL, ==, kind == 's');
        g_assert_cmpint(mx_json_int(object, names[i], &value), ==, kind == 'i');
        g_assert_cmpint(mx_json_int_or(object, names[i], 9), ==, kind == 'i' ? 1 : 9);
        g_assert_cmpint(mx_json_bool(object, names[i], FALSE), ==, kind == 'b');
        g_assert_true(mx_json_bool(object, names[i], TRUE));
        g_assert_cmpint(mx_json_object(object, names[i]) != NULL, ==, kind == 'o');
        g_assert_cmpint(mx_json_array(object, names[i]) != NULL, ==, kind == 'a');
    }
}

/* What other clients keep in account data goes back as it came. */
static void test_round_trip(void)
{
    static const char *const cases[] = {
        "{\"n\":1e20,\"m\":[-2.5e-7,{\"k\":1E+300}],\"t\":true,\"f\":false,\"z\":1.0,\"i\":7}",
        "{\"s\":\"1e+20.0 \\\" inf.0 \\\\\",\"e+5.0\":1e17}",
        "{\"big\":1e400,\"small\":-1e400,\"info\":\"inf.0\"}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonObject) object = mx_json_parse_object(cases[i], -1, NULL);
        g_autofree char *text = mx_json_object_to_text(object);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) again = mx_json_parse_object(text, -1, &error);
        g_assert_no_error(error);
        g_autofree char *text_again = mx_json_object_to_text(again);
        g_assert_cmpstr(text, ==, text_again);
        g_autoptr(JsonNode) one = json_node_init_object(json_node_alloc(), object);
        g_autoptr(JsonNode) other = json_node_init_object(json_node_alloc(), again);
        g_assert_true(json_node_equal(one, other));
    }
}

static void test_null_arguments(void)
{
    gint64 value;
    g_assert_null(mx_json_string(NULL, "x"));
    g_assert_false(mx_json_int(NULL, "x", &value));
    g_assert_cmpint(mx_json_int_or(NULL, "x", 3), ==, 3);
    g_assert_true(mx_json_bool(NULL, "x", TRUE));
    g_assert_null(mx_json_object(NULL, "x"));
    g_assert_null(mx_json_array(NULL, "x"));
    g_assert_cmpuint(mx_json_array_length(NULL), ==, 0);
    g_assert_null(mx_json_array_string(NULL, 0));
    g_assert_null(mx_json_array_object(NULL, 0));
}

static void test_arrays(void)
{
    g_autoptr(JsonObject) object =
        mx_json_parse_object("{\"a\":[\"x\",1,{\"k\":\"v\"},null]}", -1, NULL);
    JsonArray *array = mx_json_array(object, "a");
    g_assert_cmpuint(mx_json_array_length(array), ==, 4);
    g_assert_cmpstr(mx_json_array_string(array, 0), ==, "x");
    g_assert_null(mx_json_array_string(array, 1));
    g_assert_cmpstr(mx_json_string(mx_json_array_object(array, 2), "k"), ==, "v");
    g_assert_null(mx_json_array_object(array, 0));
    g_assert_null(mx_json_array_string(array, 3));
    g_assert_null(mx_json_array_string(array, 4));
    g_assert_null(mx_json_array_object(array, G_MAXUINT));
}

static void test_strings(void)
{
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"\"\\ud83d\\udc31\"", "\xf0\x9f\x90\xb1"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"},
        {"\"\\udc31\"", "\xef\xbf\xbd"},
        {"\"\\ud83d\\n\"", "\xef\xbf\xbd\n"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"a\\u0000b\"", "a\xef\xbf\xbd"
                          "b"},
        {"\"\\\\u0000\"", "\\u0000"},
        {"\"\\\"\\/\\\\\\u007f\\u001f\"", "\"/\\\x7f\x1f"},
        {"\"{[1e999999]}\"", "{[1e999999]}"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"s\":%s,\"\":1}", cases[i].json);
        g_autoptr(JsonObject) object = mx_json_parse_object(text, -1, NULL);
        g_assert_cmpstr(mx_json_string(object, "s"), ==, cases[i].expected);
        g_assert_cmpint(mx_json_int_or(object, "", 0), ==, 1);
    }
}

static void test_numbers(void)
{
    static const struct {
        const char *json;
        gint64 expected; /* -7: not there */
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.0", 0},
        {"0e10", 0},
        {"-12", -12},
        {"1.0", 1},
        {"1E+3", 1000},
        {"1e10", G_GINT64_CONSTANT(10000000000)},
        {"9007199254740991", G_GINT64_CONSTANT(9007199254740991)},
        {"-9007199254740991", G_GINT64_CONSTANT(-9007199254740991)},
        {"9007199254740992", -7},
        {"9223372036854775807", -7},
        {"9223372036854775808", -7},
        {"18446744073709551615", -7},
        {"100000000000000000000000000000000000000", -7},
        {"1e999999", -7},
        {"-1e999999", -7},
        {"1e-999999", 0},
        {"1.5", -7},
        {"0.1", -7},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"n\":%s,\"z\":\"end\"}", cases[i].json);
        g_autoptr(JsonObject) object = mx_json_parse_object(text, -1, NULL);
        g_test_message("%s", text);
        g_assert_cmpint(mx_json_int_or(object, "n", -7), ==, cases[i].expected);
        g_assert_cmpstr(mx_json_string(object, "z"), ==, "end");
    }
    g_autofree char *digits = g_strnfill(1000000, '7');
    g_autofree char *text = g_strdup_printf("{\"n\":%s,\"m\":0.%s,\"z\":\"end\"}", digits, digits);
    g_autoptr(JsonObject) object = mx_json_parse_object(text, -1, NULL);
    g_assert_cmpint(mx_json_int_or(object, "n", -7), ==, -7);
    g_assert_cmpstr(mx_json_string(object, "z"), ==, "end");
}

static void test_int_from_builder(void)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_int_member(object, "big", G_MAXINT64);
    json_object_set_double_member(object, "float", 3.0);
    json_object_set_double_member(object, "inf", 1e308 * 10);
    g_assert_cmpint(mx_json_int_or(object, "big", -7), ==, -7);
    g_assert_cmpint(mx_json_int_or(object, "float", -7), ==, 3);
    g_assert_cmpint(mx_json_int_or(object, "inf", -7), ==, -7);
}

static JsonObject *parse_nested(guint depth)
{
    g_autoptr(GString) text = g_string_new("{\"before\":1,\"deep\":");
    for (guint i = 1; i < depth; i++)
        g_string_append(text, "[");
    g_string_append(text, "\"core\"");
    for (guint i = 1; i < depth; i++)
        g_string_append(text, "]");
    g_string_append(text, ",\"after\":2}");
    return mx_json_parse_object(text->str, (gssize)text->len, NULL);
}

static const char *find_core(JsonObject *object, guint depth)
{
    JsonArray *array = mx_json_array(object, "deep");
    for (guint i = 2; i < depth && array != NULL; i++) {
        JsonNode *node = json_array_get_element(array, 0);
        array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    }
    return mx_json_array_string(array, 0);
}

static void test_depth(void)
{
    static const guint depths[] = {2, MX_JSON_MAX_DEPTH - 1, MX_JSON_MAX_DEPTH,
                                   MX_JSON_MAX_DEPTH + 1, 1000000};
    for (gsize i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autoptr(JsonObject) object = parse_nested(depths[i]);
        g_assert_cmpint(mx_json_int_or(object, "before", 0), ==, 1);
        g_assert_cmpint(mx_json_int_or(object, "after", 0), ==, 2);
        g_assert_cmpstr(find_core(object, depths[i]), ==,
                        depths[i] <= MX_JSON_MAX_DEPTH ? "core" : NULL);
    }
}

static void test_duplicates(void)
{
    g_autoptr(JsonObject) object =
        mx_json_parse_object("{\"a\":{\"x\":1},\"a\":[],\"\\u0061\":\"last\"}", -1, NULL);
    g_assert_cmpstr(mx_json_string(object, "a"), ==, "last");
    g_assert_cmpuint(json_object_get_size(object), ==, 1);
}

static void test_to_text(void)
{
    g_autoptr(JsonObject) object =
        mx_json_parse_object("{ \"b\" : [ 1, \"\\u00e9\" ], \"a\" : null }", -1, NULL);
    g_autofree char *text = mx_json_object_to_text(object);
    g_assert_cmpstr(text, ==, "{\"b\":[1,\"\xc3\xa9\"],\"a\":null}");
    g_autofree char *empty = mx_json_object_to_text(NULL);
    g_assert_cmpstr(empty, ==, "{}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/refuses", test_refuses);
    g_test_add_func("/json/roots", test_roots);
    g_test_add_func("/json/types", test_types);
    g_test_add_func("/json/null-arguments", test_null_arguments);
    g_test_add_func("/json/arrays", test_arrays);
    g_test_add_func("/json/strings", test_strings);
    g_test_add_func("/json/numbers", test_numbers);
    g_test_add_func("/json/int-from-builder", test_int_from_builder);
    g_test_add_func("/json/depth", test_depth);
    g_test_add_func("/json/duplicates", test_duplicates);
    g_test_add_func("/json/to-text", test_to_text);
    g_test_add_func("/json/round-trip", test_round_trip);
    return g_test_run();
}

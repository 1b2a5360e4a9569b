/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json-scan.h"

static const struct {
    const char *text;
    gboolean valid;
} validate_cases[] = {
    {"{}", TRUE},
    {"[]", TRUE},
    {" \t\r\n null \n", TRUE},
    {"true", TRUE},
    {"false", TRUE},
    {"0", TRUE},
    {"-0", TRUE},
    {"-0.5e+10", TRUE},
    {"1e999999", TRUE},
    {"123456789012345678901234567890", TRUE},
    {"\"\"", TRUE},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", TRUE},
    {"\"\\ud800\"", TRUE}, /* a lone surrogate is good grammar */
    {"\"\\u0000\"", TRUE},
    {"\"\x7f\"", TRUE},
    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb1\"", TRUE},
    {"{\"a\":[1,{\"b\":null}],\"a\":2}", TRUE},
    {"[[],{},[{}]]", TRUE},
    {"", FALSE},
    {"   ", FALSE},
    {"nul", FALSE},
    {"nulll", FALSE},
    {"True", FALSE},
    {"01", FALSE},
    {"-", FALSE},
    {"+1", FALSE},
    {".5", FALSE},
    {"1.", FALSE},
    {"1e", FALSE},
    {"1e+", FALSE},
    {"0x10", FALSE},
    {"NaN", FALSE},
    {"Infinity", FALSE},
    {"\"", FALSE},
    {"\"abc", FALSE},
    {"\"\\", FALSE},
    {"\"\\x\"", FALSE},
    {"\"\\u12\"", FALSE},
    {"\"\\u12g4\"", FALSE},
    {"\"a\nb\"", FALSE},
    {"\"12345678\n\"", FALSE},
    {"'a'", FALSE},
    {"[", FALSE},
    {"]", FALSE},
    {"[1", FALSE},
    {"[1,", FALSE},
    {"[1,]", FALSE},
    {"[,1]", FALSE},
    {"[1 2]", FALSE},
    {"[1}", FALSE},
    {"{\"a\":1]", FALSE},
    {"{\"a\"}", FALSE},
    {"{\"a\":}", FALSE},
    {"{\"a\" 1}", FALSE},
    {"{\"a\":1,}", FALSE},
    {"{a:1}", FALSE},
    {"{1:1}", FALSE},
    {"{} {}", FALSE},
    {"{}x", FALSE},
    {"/* c */ {}", FALSE},
    {"\xef\xbb\xbf{}", FALSE}, /* byte order mark */
    {"\"\xff\"", FALSE},
    {"\"\x80\"", FALSE},
    {"\"\xc3\"", FALSE},
    {"\"\xc0\xaf\"", FALSE}, /* overlong */
    {"\"\xe0\x80\xaf\"", FALSE},
    {"\"\xf0\x80\x80\xaf\"", FALSE},
    {"\"\xed\xa0\x80\"", FALSE},     /* surrogate */
    {"\"\xf4\x90\x80\x80\"", FALSE}, /* beyond U+10FFFF */
    {"\"\xf5\x80\x80\x80\"", FALSE},
};

static void test_validate(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(validate_cases); i++) {
        gsize len = strlen(validate_cases[i].text);
        /* A copy of exact size lets a sanitizer see a read beyond it. */
        g_autofree char *copy = g_memdup2(validate_cases[i].text, len);
        if (mx_json_scan_validate(copy, len) != validate_cases[i].valid)
            g_error("%s should be %s", validate_cases[i].text,
                    validate_cases[i].valid ? "valid" : "invalid");
    }
    g_assert_false(mx_json_scan_validate("\"a\0b\"", 5));
    g_assert_false(mx_json_scan_validate("{}\0", 3));
    g_assert_false(mx_json_scan_validate(NULL, 0));
}

static void test_every_prefix(void)
{
    static const char text[] =
        "{\"k\\u00e9y\":[1.5e3,\"\xf0\x9f\x90\xb1 long text \\\" here\",true,"
        "{\"x\":null}],\"z\":-12}";
    gsize len = strlen(text);
    for (gsize cut = 0; cut <= len; cut++) {
        g_autofree char *copy = g_memdup2(text, cut);
        g_assert_cmpint(mx_json_scan_validate(copy, cut), ==, cut == len);
        /* Unvalidated text gives nonsense at worst. */
        MxJsonSlice root = {copy, cut, MX_JSON_OBJECT};
        mx_json_scan_member(root, "z");
        mx_json_scan_root(copy, cut);
    }
}

static void test_deep(void)
{
    enum { DEPTH = 1000000 };
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < DEPTH; i++)
        g_string_append(text, i % 3 == 0 ? "{\"a\":" : "[");
    g_assert_false(mx_json_scan_validate(text->str, text->len));
    g_string_append_c(text, '1');
    for (guint i = DEPTH; i-- > 0;)
        g_string_append_c(text, i % 3 == 0 ? '}' : ']');
    g_assert_true(mx_json_scan_validate(text->str, text->len));
    MxJsonSlice root = mx_json_scan_root(text->str, text->len);
    g_assert_cmpuint(root.len, ==, text->len);
    g_assert_cmpint(mx_json_scan_member(root, "a").type, ==, MX_JSON_ARRAY);
    text->str[text->len - 500] = text->str[text->len - 500] == ']' ? '}' : ']';
    g_assert_false(mx_json_scan_validate(text->str, text->len));
}

static void check_slice(MxJsonSlice slice, const char *expected)
{
    g_assert_nonnull(slice.text);
    g_autofree char *text = g_strndup(slice.text, slice.len);
    g_assert_cmpstr(text, ==, expected);
}

static void test_iterate(void)
{
    static const char text[] = " { \"a\" : 1 , \"b\\\\\":[ true , \"]\" ,{} ],\"c\":\"}\" } ";
    static const char *const keys[] = {"\"a\"", "\"b\\\\\"", "\"c\""};
    static const char *const values[] = {"1", "[ true , \"]\" ,{} ]", "\"}\""};
    MxJsonSlice root = mx_json_scan_root(text, strlen(text)), key, value;
    MxJsonIter iter;
    g_assert_true(mx_json_iter_init(&iter, root));
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_assert_true(mx_json_iter_next(&iter, &key, &value));
        check_slice(key, keys[i]);
        check_slice(value, values[i]);
    }
    g_assert_false(mx_json_iter_next(&iter, &key, &value));
    g_assert_false(mx_json_iter_next(&iter, &key, &value));

    static const MxJsonType types[] = {MX_JSON_BOOL, MX_JSON_STRING, MX_JSON_OBJECT};
    g_assert_true(mx_json_iter_init(&iter, mx_json_scan_member(root, "b\\")));
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_assert_true(mx_json_iter_next(&iter, NULL, &value));
        g_assert_cmpint(value.type, ==, types[i]);
    }
    g_assert_false(mx_json_iter_next(&iter, NULL, &value));
    g_assert_false(mx_json_iter_init(&iter, mx_json_scan_member(root, "a")));
    g_assert_false(mx_json_iter_init(&iter, mx_json_scan_member(root, "nothing")));
}

static void test_members(void)
{
    static const char text[] = "{\"type\":\"first\",\"types\":0,\"typ\":0,\"\\u0074yp\\u0065\":"
                               "\"last\",\"n\":{\"type\":1},"
                               "\"\":5,\"\\u0000\":6}";
    static const char *const names[] = {"type", "missing", "n", "", "\xef\xbf\xbd", NULL};
    MxJsonSlice root = mx_json_scan_root(text, strlen(text)), values[5];
    mx_json_scan_members(root, names, values);
    check_slice(values[0], "\"last\"");
    g_assert_null(values[1].text);
    check_slice(values[2], "{\"type\":1}");
    check_slice(values[3], "5");
    check_slice(values[4], "6");
    mx_json_scan_members(values[0], names, values);
    g_assert_null(values[0].text);
}

static void test_strings(void)
{
    static const struct {
        const char *json, *decoded;
    } cases[] = {
        {"\"\"", ""},
        {"\"plain text beyond eight bytes\"", "plain text beyond eight bytes"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"1234567\\n12345678\\u00e9\"", "1234567\n12345678\xc3\xa9"},
        {"\"\\ud83d\\udc31!\"", "\xf0\x9f\x90\xb1!"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"},
        {"\"\\udc31\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\ud83d\\ud83d\\udc31\"", "\xef\xbf\xbd\xf0\x9f\x90\xb1"},
        {"\"a\\u0000b\"", "a\xef\xbf\xbd"
                          "b"},
        {"\"\\uFFFF\"", "\xef\xbf\xbf"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MxJsonSlice slice = mx_json_scan_root(cases[i].json, strlen(cases[i].json));
        g_autofree char *decoded = mx_json_slice_dup_string(slice);
        g_autofree char *longer = g_strconcat(cases[i].decoded, "x", NULL);
        g_assert_cmpstr(decoded, ==, cases[i].decoded);
        g_assert_true(mx_json_slice_equals(slice, cases[i].decoded));
        g_assert_false(mx_json_slice_equals(slice, longer));
        g_assert_false(mx_json_slice_equals(slice, "other"));
    }
    MxJsonSlice number = mx_json_scan_root("12", 2);
    g_assert_null(mx_json_slice_dup_string(number));
    g_assert_false(mx_json_slice_equals(number, "12"));
    g_assert_false(mx_json_slice_equals((MxJsonSlice){NULL, 0, MX_JSON_STRING}, ""));
}

static void test_numbers(void)
{
    static const struct {
        const char *json;
        gboolean valid;
        gint64 value;
    } cases[] = {
        {"0", TRUE, 0},
        {"-0", TRUE, 0},
        {"-0.0", TRUE, 0},
        {"42", TRUE, 42},
        {"-42", TRUE, -42},
        {"1.0", TRUE, 1},
        {"1.5e2", TRUE, 150},
        {"10e-1", TRUE, 1},
        {"1e10", TRUE, G_GINT64_CONSTANT(10000000000)},
        {"9007199254740991", TRUE, G_GINT64_CONSTANT(9007199254740991)},
        {"-9007199254740991", TRUE, G_GINT64_CONSTANT(-9007199254740991)},
        {"9007199254740992", FALSE, 0},
        {"-9007199254740992", FALSE, 0},
        {"9223372036854775808", FALSE, 0},
        {"99999999999999999999999999", FALSE, 0},
        {"1.5", FALSE, 0},
        {"1e999999", FALSE, 0},
        {"-1e999999", FALSE, 0},
        {"1e99999999999999999999999", FALSE, 0},
        {"1e-999999", TRUE, 0},
        {"\"1\"", FALSE, 0},
        {"true", FALSE, 0},
        {"[1]", FALSE, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 value = -77;
        MxJsonSlice slice = mx_json_scan_root(cases[i].json, strlen(cases[i].json));
        g_assert_cmpint(mx_json_slice_get_int(slice, &value), ==, cases[i].valid);
        g_assert_cmpint(value, ==, cases[i].valid ? cases[i].value : -77);
    }
    g_autofree char *digits = g_strnfill(100000, '9');
    gint64 value;
    g_assert_true(mx_json_scan_validate(digits, 100000));
    g_assert_false(mx_json_slice_get_int(mx_json_scan_root(digits, 100000), &value));
}

static void test_bools(void)
{
    gboolean value = -1;
    g_assert_true(mx_json_slice_get_bool(mx_json_scan_root("true", 4), &value));
    g_assert_true(value == TRUE);
    g_assert_true(mx_json_slice_get_bool(mx_json_scan_root("false", 5), &value));
    g_assert_true(value == FALSE);
    g_assert_false(mx_json_slice_get_bool(mx_json_scan_root("null", 4), &value));
    g_assert_false(mx_json_slice_get_bool(mx_json_scan_root("", 0), &value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-scan/validate", test_validate);
    g_test_add_func("/json-scan/every-prefix", test_every_prefix);
    g_test_add_func("/json-scan/deep", test_deep);
    g_test_add_func("/json-scan/iterate", test_iterate);
    g_test_add_func("/json-scan/members", test_members);
    g_test_add_func("/json-scan/strings", test_strings);
    g_test_add_func("/json-scan/numbers", test_numbers);
    g_test_add_func("/json-scan/bools", test_bools);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-canonical-json.h"
#include "mx-error.h"
#include "mx-json.h"

/* NULL: refused. The first ten are the specification's examples (appendices, "Canonical JSON").
 * U+0000 is missing: a JsonNode cannot hold it. */
static const struct {
    const char *in, *out;
} cases[] = {
    {"{}", "{}"},
    {"{\n    \"one\": 1,\n    \"two\": \"Two\"\n}", "{\"one\":1,\"two\":\"Two\"}"},
    {"{\n    \"b\": \"2\",\n    \"a\": \"1\"\n}", "{\"a\":\"1\",\"b\":\"2\"}"},
    {"{\"b\":\"2\",\"a\":\"1\"}", "{\"a\":\"1\",\"b\":\"2\"}"},
    {"{\"auth\":{\"success\":true,\"mxid\":\"@john.doe:example.com\",\"profile\":{\"display_name\":"
     "\"John Doe\",\"three_pids\":[{\"medium\":\"email\",\"address\":\"john.doe@example.org\"},"
     "{\"medium\":\"msisdn\",\"address\":\"123456789\"}]}}}",
     "{\"auth\":{\"mxid\":\"@john.doe:example.com\",\"profile\":{\"display_name\":\"John Doe\","
     "\"three_pids\":[{\"address\":\"john.doe@example.org\",\"medium\":\"email\"},{\"address\":"
     "\"123456789\",\"medium\":\"msisdn\"}]},\"success\":true}}"},
    {"{\"a\": \"日本語\"}", "{\"a\":\"日本語\"}"},
    {"{\"本\": 2, \"日\": 1}", "{\"日\":1,\"本\":2}"},
    {"{\"a\": \"\\u65E5\"}", "{\"a\":\"日\"}"},
    {"{\"a\": null}", "{\"a\":null}"},
    {"{\"a\": -0, \"b\": 1e10}", "{\"a\":0,\"b\":10000000000}"},
    {"[{\"b\":\"two\",\"a\":1}]", "[{\"a\":1,\"b\":\"two\"}]"},
    {"{\"B\":{\"4\":4,\"3\":3},\"A\":{\"1\":1,\"2\":2}}",
     "{\"A\":{\"1\":1,\"2\":2},\"B\":{\"3\":3,\"4\":4}}"},
    {"[true,false,null]", "[true,false,null]"},
    {"[9007199254740991]", "[9007199254740991]"},
    {"[-9007199254740991]", "[-9007199254740991]"},
    {"\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\"",
     "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\""},
    {"\"\\u0008\\u0009\\u000A\\u000B\\u000C\\u000D\\u000E\\u000F\"",
     "\"\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\""},
    {"\"\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\"",
     "\"\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\""},
    {"\"\\u0018\\u0019\\u001A\\u001B\\u001C\\u001D\\u001E\\u001F\"",
     "\"\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\""},
    {"[\"\\u0061\\u005C\\u0042\\u0022\"]", "[\"a\\\\B\\\"\"]"},
    {"\"\\u0120\\u0FFF\\u1820\\uFFFF\"", "\"\xc4\xa0\xe0\xbf\xbf\xe1\xa0\xa0\xef\xbf\xbf\""},
    {"[\"\\uD842\\uDC20\", \"\\uDBFF\\uDFFF\"]", "[\"\xf0\xa0\xa0\xa0\",\"\xf4\x8f\xbf\xbf\"]"},
    {"{\"a\":\"\\ud83d\\udc31\"}", "{\"a\":\"\xf0\x9f\x90\xb1\"}"},
    {"{\"a\": \"\\/\"}", "{\"a\":\"/\"}"},
    {"{\"a\":\"\\u007f\"}", "{\"a\":\"\x7f\"}"},
    {"{\"a\": 1.0}", "{\"a\":1}"},
    {"{\"a\": 0.0}", "{\"a\":0}"},
    {"{\"a\": -0.0}", "{\"a\":0}"},
    {"{\"a\": 0e0}", "{\"a\":0}"},
    {"{\"a\": -0e0}", "{\"a\":0}"},
    {"{\"a\": 0e10}", "{\"a\":0}"},
    {"{\"a\": 0e-1000}", "{\"a\":0}"},
    {"{\"a\": 1e-1000}", "{\"a\":0}"},
    {"{\"a\": -1e-1000}", "{\"a\":0}"},
    {"{\"a\": 9007199254740991.0}", "{\"a\":9007199254740991}"},
    {"{\"a\": 9.007199254740991e15}", "{\"a\":9007199254740991}"},
    {"{\"a\": 90071992547409910e-1}", "{\"a\":9007199254740991}"},
    {"{\"a\": 9007199254740991.1}", "{\"a\":9007199254740991}"},
    {"{\"a\": 9.0071992547409911e15}", "{\"a\":9007199254740991}"},
    {"{\"a\": 0.99999999999999999}", "{\"a\":1}"},
    {"{\"a\": 1e15}", "{\"a\":1000000000000000}"},
    {"{\"a\": 1.5e2}", "{\"a\":150}"},
    {"{\"a\": 1.5e+2}", "{\"a\":150}"},
    {"{\"a\": 10e-1}", "{\"a\":1}"},
    {"{\"\\\"\": 4, \"\\\\\": 5, \"\\n\": 3, \"\\r\": 2, \"\\u0001\":1}",
     "{\"\\u0001\":1,\"\\n\":3,\"\\r\":2,\"\\\"\":4,\"\\\\\":5}"},
    {"null", "null"},
    {"true", "true"},
    {"-42", "-42"},
    {"\"hello\"", "\"hello\""},
    {"[]", "[]"},
    {"{\"\": \"\"}", "{\"\":\"\"}"},
    {"{\"a\":{},\"b\":[]}", "{\"a\":{},\"b\":[]}"},
    {"{\"abc\":1,\"ab\":2,\"a\":3}", "{\"a\":3,\"ab\":2,\"abc\":1}"},
    {"{\"a\":1,\"A\":2}", "{\"A\":2,\"a\":1}"},
    {"{\"10\":1,\"2\":2,\"1\":3}", "{\"1\":3,\"10\":1,\"2\":2}"},
    {"{\"b\":2,\"\\/\":1}", "{\"/\":1,\"b\":2}"},
    /* by code point, not by UTF-16 unit: U+FFFF comes before U+1F431 */
    {"{\"\\ud83d\\udc31\":1,\"\\uffff\":2}", "{\"\xef\xbf\xbf\":2,\"\xf0\x9f\x90\xb1\":1}"},
    {"[[1,2],[3,{\"b\":2,\"a\":1}]]", "[[1,2],[3,{\"a\":1,\"b\":2}]]"},
    {"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}"},
    {"[1.5]", NULL},
    {"[9007199254740992]", NULL},
    {"[-9007199254740992]", NULL},
    {"[123456789012345678901234567890]", NULL},
    {"[1e999999]", NULL},
    {"[-1e999999]", NULL},
    {"[0.1]", NULL},
};

static void test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = mx_json_parse(cases[i].in, -1, &error);
        g_assert_no_error(error);
        g_autofree char *out = mx_canonical_json_encode(node, &error);
        g_assert_cmpstr(out, ==, cases[i].out);
        if (cases[i].out == NULL)
            g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
        else
            g_assert_no_error(error);
    }
}

static void check_refused(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_canonical_json_encode(node, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_INVALID);
}

static void test_built_trees(void)
{
    g_autoptr(JsonObject) bad_text = json_object_new();
    json_object_set_string_member(bad_text, "a", "\xff");
    check_refused(bad_text);
    g_autoptr(JsonObject) not_a_number = json_object_new();
    json_object_set_double_member(not_a_number, "a", g_ascii_strtod("nan", NULL));
    check_refused(not_a_number);
    g_autoptr(JsonObject) large = json_object_new();
    json_object_set_int_member(large, "a", G_MININT64);
    check_refused(large);

    JsonObject *deep = json_object_new();
    for (guint i = 0; i < 2000; i++) {
        JsonObject *outer = json_object_new();
        json_object_set_object_member(outer, "a", deep);
        deep = outer;
    }
    check_refused(deep);
    json_object_unref(deep);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/canonical-json/cases", test_cases);
    g_test_add_func("/canonical-json/built-trees", test_built_trees);
    return g_test_run();
}

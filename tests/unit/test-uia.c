/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-error.h"
#include "mx-json.h"
#include "mx-uia.h"

/* Client-server API, "User-Interactive Authentication API". */

static gboolean take(MxUia *uia, const char *text)
{
    g_autoptr(JsonObject) challenge = mx_json_parse_object(text, -1, NULL);
    g_autoptr(GError) error = NULL;
    gboolean taken = mx_uia_take(uia, challenge, &error);
    if (!taken)
        g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    return taken;
}

static void test_choice(void)
{
    static const struct {
        const char *flows, *completed, *stage; /* stage NULL: refused */
        MxUiaKind kind;
        gboolean is_last;
    } cases[] = {
        {"[{'stages':['m.login.dummy']}]", "[]", "m.login.dummy", MX_UIA_DUMMY, TRUE},
        {"[{'stages':['m.login.terms','m.login.dummy']}]", "[]", "m.login.terms", MX_UIA_PAGE,
         FALSE},
        {"[{'stages':['m.login.terms','m.login.dummy']}]", "['m.login.terms']", "m.login.dummy",
         MX_UIA_DUMMY, TRUE},
        /* A browser is the last resort, however short the way. */
        {"[{'stages':['m.login.recaptcha']},{'stages':['m.login.registration_token',"
         "'m.login.email.identity','m.login.dummy']}]",
         "[]", "m.login.registration_token", MX_UIA_TOKEN, FALSE},
        {"[{'stages':['m.login.recaptcha','m.login.dummy']}]", "[]", "m.login.recaptcha",
         MX_UIA_PAGE, FALSE},
        {"[{'stages':['m.login.email.identity']},{'stages':['m.login.password']}]", "[]",
         "m.login.email.identity", MX_UIA_EMAIL, TRUE},
        {"[7,{'stages':7},{'stages':[7]},{'stages':['m.login.password']},null]", "7",
         "m.login.password", MX_UIA_PASSWORD, TRUE},
        {"[{'stages':[]}]", "[]", NULL, 0, FALSE},
        {"[{'stages':['m.login.dummy']}]", "['m.login.dummy']", NULL, 0, FALSE},
        {"[]", "[]", NULL, 0, FALSE},
        {"{}", "[]", NULL, 0, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxUia) uia = mx_uia_new();
        g_autofree char *text = g_strdup_printf("{'session':'s','flows':%s,'completed':%s}",
                                                cases[i].flows, cases[i].completed);
        g_strdelimit(text, "'", '"');
        g_assert_cmpint(take(uia, text), ==, cases[i].stage != NULL);
        if (cases[i].stage == NULL)
            continue;
        g_assert_cmpstr(mx_uia_get_stage(uia), ==, cases[i].stage);
        g_assert_cmpint(mx_uia_get_kind(uia), ==, cases[i].kind);
        g_assert_cmpint(mx_uia_is_last(uia), ==, cases[i].is_last);
    }
    g_autoptr(MxUia) uia = mx_uia_new();
    g_assert_false(mx_uia_take(uia, NULL, NULL));
}

static void assert_answer(MxUia *uia, const char *expected)
{
    g_autoptr(JsonObject) auth = mx_uia_answer(uia);
    g_autofree char *text = mx_json_object_to_text(auth);
    g_assert_cmpstr(text, ==, expected);
}

static void test_failed_stage(void)
{
    g_autoptr(MxUia) uia = mx_uia_new();
    const char *flows = "\"flows\":[{\"stages\":[\"m.login.registration_token\",\"x.y\"]}]";
    g_autofree char *first = g_strdup_printf("{\"session\":\"one\",%s}", flows);
    g_autofree char *wrong = g_strdup_printf("{%s,\"error\":\"no\",\"completed\":[]}", flows);
    g_autofree char *right = g_strdup_printf(
        "{%s,\"error\":\"no\",\"completed\":[\"m.login.registration_token\"]}", flows);

    g_assert_true(mx_uia_is_last(uia)); /* who knows */
    g_assert_true(take(uia, first));
    g_assert_false(mx_uia_has_failed(uia));
    assert_answer(uia, "{\"type\":\"m.login.registration_token\",\"session\":\"one\"}");
    g_assert_true(take(uia, wrong)); /* it need not repeat its session */
    g_assert_true(mx_uia_has_failed(uia));
    g_assert_cmpstr(mx_uia_get_problem(uia), ==, "no");
    assert_answer(uia, "{\"type\":\"m.login.registration_token\",\"session\":\"one\"}");
    g_assert_true(take(uia, right));
    g_assert_false(mx_uia_has_failed(uia));
    g_assert_null(mx_uia_get_problem(uia));
    g_assert_cmpint(mx_uia_get_kind(uia), ==, MX_UIA_PAGE);
    assert_answer(uia, "{\"session\":\"one\"}");
    g_assert_true(take(uia, right));
    g_assert_true(mx_uia_has_failed(uia));
}

#define WITH_POLICIES(policies)                                                                    \
    "{\"flows\":[{\"stages\":[\"m.login.terms\"]}],\"params\":{\"m.login.terms\":{\"policies\":"   \
    "{" policies "}}}}"

static void test_policies(void)
{
    const char *const german[] = {"de_AT", "de", NULL};
    g_autoptr(MxUia) uia = mx_uia_new();
    g_assert_true(take(
        uia, WITH_POLICIES("\"a\":{\"version\":\"1\",\"en\":{\"name\":\"Rules\",\"url\":"
                           "\"https://x/en\"},\"de\":{\"name\":\"Regeln\",\"url\":\"https://x/de\""
                           "}},\"b\":{\"fr\":{\"url\":\"http://x/fr\"}}")));
    g_assert_cmpint(mx_uia_get_kind(uia), ==, MX_UIA_TERMS);
    g_autoptr(GPtrArray) list = mx_uia_list_policies(uia, german);
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(((MxPolicy *)list->pdata[0])->name, ==, "Regeln");
    g_assert_cmpstr(((MxPolicy *)list->pdata[0])->url, ==, "https://x/de");
    g_assert_cmpstr(((MxPolicy *)list->pdata[1])->name, ==, "b");
    g_autoptr(GPtrArray) other = mx_uia_list_policies(uia, NULL);
    g_assert_cmpstr(((MxPolicy *)other->pdata[0])->name, ==, "Rules");
}

/* Nobody agrees to what was not shown. */
static void test_policies_that_cannot_be_shown(void)
{
    static const char *const challenges[] = {
        WITH_POLICIES(""),
        WITH_POLICIES("\"a\":7"),
        WITH_POLICIES("\"a\":{\"en\":{\"name\":\"A\"}}"),
        WITH_POLICIES("\"a\":{\"en\":{\"name\":\"A\",\"url\":\"javascript:x\"}}"),
        WITH_POLICIES("\"a\":{\"en\":{\"name\":\"A\",\"url\":\"https://x\"}},\"b\":{}"),
        "{\"flows\":[{\"stages\":[\"m.login.terms\"]}],\"params\":7}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(challenges); i++) {
        g_autoptr(MxUia) uia = mx_uia_new();
        g_assert_true(take(uia, challenges[i]));
        g_assert_cmpint(mx_uia_get_kind(uia), ==, MX_UIA_PAGE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uia/choice", test_choice);
    g_test_add_func("/uia/failed-stage", test_failed_stage);
    g_test_add_func("/uia/policies", test_policies);
    g_test_add_func("/uia/policies-that-cannot-be-shown", test_policies_that_cannot_be_shown);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-power.h"

/* Power levels of rooms: old ones with texts, new ones with creators, and ones that make no sense.
 * In the texts ' stands for ". m.room.create is of @maker:x. */

#define V1 "{'creator':'@maker:x'}"
#define V9 "{'creator':'@maker:x','room_version':'9'}"
#define V10 "{'creator':'@maker:x','room_version':'10'}"
#define V11 "{'room_version':'11'}"
#define V12 "{'room_version':'12'}"
#define TWO "{'room_version':'12','additional_creators':['@bob:x',5,null]}"
#define INFINITE MX_POWER_INFINITE

static char *from_quotes(const char *text)
{
    return text != NULL ? g_strdelimit(g_strdup(text), "'", '"') : NULL;
}

static MxPower *make(const char *create, const char *levels)
{
    g_autofree char *create_json = from_quotes(create);
    g_autofree char *levels_json = from_quotes(levels);
    g_test_message("%s %s", create != NULL ? create : "-", levels != NULL ? levels : "-");
    return mx_power_new(create_json, "@maker:x", levels_json);
}

static void test_levels(void)
{
    static const struct {
        const char *create, *levels, *user;
        gint64 level;
        MxRole role;
    } cases[] = {
        {V10, "{'users':{'@bob:x':50}}", "@bob:x", 50, MX_ROLE_MODERATOR},
        {V10, "{'users':{'@bob:x':50}}", "@eve:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':49}}", "@bob:x", 49, MX_ROLE_RAISED},
        {V10, "{'users':{'@bob:x':1},'users_default':1}", "@bob:x", 1, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':-1}}", "@bob:x", -1, MX_ROLE_NONE},
        {V10, "{'users_default':60,'users':{'@bob:x':0}}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users_default':60,'users':{'@bob:x':0}}", "@eve:x", 60, MX_ROLE_MODERATOR},
        {V10, "{'users':{'@bob:x':100}}", "@bob:x", 100, MX_ROLE_ADMIN},
        {V10, "{'users':{'@bob:x':9007199254740991}}", "@bob:x", 9007199254740991, MX_ROLE_ADMIN},
        /* texts count in old rooms alone, and numbers that are none never */
        {V1, "{'users':{'@bob:x':'100'}}", "@bob:x", 100, MX_ROLE_ADMIN},
        {V9, "{'users':{'@bob:x':' +50 '}}", "@bob:x", 50, MX_ROLE_MODERATOR},
        {V9, "{'users':{'@bob:x':'-5'}}", "@bob:x", -5, MX_ROLE_NONE},
        {V9, "{'users':{'@bob:x':'+-5'}}", "@bob:x", 0, MX_ROLE_NONE},
        {V9, "{'users':{'@bob:x':'lots'}}", "@bob:x", 0, MX_ROLE_NONE},
        {V9, "{'users':{'@bob:x':'99999999999999999999'}}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':'100'}}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':1e300}}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':9007199254740993}}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':[]},'users_default':null}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':5,'notifications':[],'events':'x'}", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "[]", "@bob:x", 0, MX_ROLE_NONE},
        {V10, "{'users':{'@bob:x':1,'@bob:x':70}}", "@bob:x", 70, MX_ROLE_MODERATOR},
        /* no levels: 100 for the creator */
        {V10, NULL, "@maker:x", 100, MX_ROLE_ADMIN},
        {"{'creator':'@other:x'}", NULL, "@other:x", 100, MX_ROLE_ADMIN},
        {"{'creator':'@other:x'}", NULL, "@maker:x", 0, MX_ROLE_NONE},
        {V11, NULL, "@maker:x", 100, MX_ROLE_ADMIN},
        {"{'creator':'@other:x','room_version':'11'}", NULL, "@maker:x", 100, MX_ROLE_ADMIN},
        {V11, NULL, "@bob:x", 0, MX_ROLE_NONE},
        {V11, "{}", "@maker:x", 0, MX_ROLE_NONE},
        {NULL, NULL, "@maker:x", 100, MX_ROLE_ADMIN},
        /* creators */
        {V12, "{}", "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {V12, NULL, "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {V12, "{'users':{'@maker:x':1}}", "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {V12, "{}", "@bob:x", 0, MX_ROLE_NONE},
        {TWO, "{}", "@bob:x", INFINITE, MX_ROLE_CREATOR},
        {TWO, "{}", "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {TWO, "{'users':{'@eve:x':9007199254740991}}", "@eve:x", 9007199254740991, MX_ROLE_ADMIN},
        {"{'room_version':'11','additional_creators':['@bob:x']}", "{}", "@bob:x", 0, MX_ROLE_NONE},
        {"{'room_version':'12','additional_creators':'@bob:x'}", "{}", "@bob:x", 0, MX_ROLE_NONE},
        {"{'room_version':'13'}", "{}", "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {"{'room_version':'org.matrix.hydra.11'}", "{}", "@maker:x", INFINITE, MX_ROLE_CREATOR},
        {"{'room_version':'org.example.12'}", "{}", "@maker:x", 0, MX_ROLE_NONE},
        {"{'room_version':12}", "{}", "@maker:x", 0, MX_ROLE_NONE},
        {"'nonsense'", NULL, "@maker:x", 100, MX_ROLE_ADMIN},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxPower) power = make(cases[i].create, cases[i].levels);
        g_assert_cmpint(mx_power_get(power, cases[i].user), ==, cases[i].level);
        g_assert_cmpint(mx_power_get_role(power, cases[i].user), ==, cases[i].role);
    }
}

/* What may @bob:x do in a room? One letter each: I(nvite), K(ick @eve:x), B(an), U(nban), R(edact
 * what @eve:x said), T(opic), L(evels), M(essages), @(room), S(et @eve:x to 50). */
static char *list_rights(const MxPower *power)
{
    const char *bob = "@bob:x", *eve = "@eve:x";
    const struct {
        char letter;
        gboolean may;
    } rights[] = {
        {'I', mx_power_may_invite(power, bob)},
        {'K', mx_power_may_kick(power, bob, eve)},
        {'B', mx_power_may_ban(power, bob, eve)},
        {'U', mx_power_may_unban(power, bob, eve)},
        {'R', mx_power_may_redact(power, bob, eve)},
        {'T', mx_power_may_send_state(power, bob, "m.room.topic")},
        {'L', mx_power_may_send_state(power, bob, "m.room.power_levels")},
        {'M', mx_power_may_send_message(power, bob, "m.room.message")},
        {'@', mx_power_may_notify(power, bob, "room")},
        {'S', mx_power_may_set(power, bob, eve, 50)},
    };
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rights); i++)
        if (rights[i].may)
            g_string_append_c(text, rights[i].letter);
    g_assert_true(mx_power_may_kick(power, bob, bob)); /* that is leaving */
    return g_string_free(text, FALSE);
}

static void test_rights(void)
{
    static const struct {
        const char *create, *levels, *rights;
    } cases[] = {
        {V11, "{}", "IM"},
        {V11, NULL, "IM"},
        {NULL, NULL, "IM"},
        {V11, "{'users':{'@bob:x':50}}", "IKBURTLM@S"},
        {V11, "{'users':{'@bob:x':49}}", "IM"},
        {V11, "{'users':{'@bob:x':50,'@eve:x':50}}", "IRTLM@"},
        {V11, "{'users':{'@bob:x':50,'@eve:x':51}}", "IRTLM@"},
        {V11, "{'users':{'@bob:x':50},'events':{'m.room.power_levels':100}}", "IKBURTM@"},
        {V11, "{'users':{'@bob:x':50},'events':{'m.room.topic':51}}", "IKBURLM@S"},
        {V11, "{'users':{'@bob:x':49},'events':{'m.room.topic':49}}", "ITM"},
        {V11, "{'users':{'@bob:x':50},'ban':60}", "IKRTLM@S"},
        {V11, "{'users':{'@bob:x':50},'kick':60}", "IBRTLM@S"},
        {V11, "{'users':{'@bob:x':50},'redact':60}", "IKBUTLM@S"},
        {V11, "{'users':{'@bob:x':50},'events':{'m.room.redaction':60}}", "IKBUTLM@S"},
        {V11, "{'users':{'@bob:x':50},'notifications':{'room':60}}", "IKBURTLMS"},
        {V11, "{'notifications':{'room':0}}", "IM@"},
        {V11, "{'invite':1,'events_default':1}", ""},
        {V11, "{'state_default':0}", "ITLM"},
        {V11, "{'users':{'@bob:x':40},'state_default':40}", "ITLM"},
        {V11, "{'users':{'@bob:x':50},'state_default':'100','ban':{}}", "IKBURTLM@S"},
        {V9, "{'users':{'@bob:x':'50'},'state_default':'51'}", "IKBURM@"},
        {TWO, "{'users':{'@eve:x':9007199254740991},'ban':9007199254740991}", "IKBURTLM@S"},
        {TWO, NULL, "IKBURTLM@S"},
        {V12, "{'users':{'@bob:x':100}}", "IKBURTLM@S"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxPower) power = make(cases[i].create, cases[i].levels);
        g_autofree char *rights = list_rights(power);
        g_assert_cmpstr(rights, ==, cases[i].rights);
    }
}

/* Nobody can do anything to a creator, not even another one; levels go no higher than one's own. */
static void test_creators(void)
{
    g_autoptr(MxPower) power = make(TWO, "{'users':{'@admin:x':100}}");
    g_assert_false(mx_power_may_kick(power, "@admin:x", "@maker:x"));
    g_assert_false(mx_power_may_ban(power, "@bob:x", "@maker:x"));
    g_assert_true(mx_power_may_kick(power, "@bob:x", "@admin:x"));
    g_assert_false(mx_power_may_set(power, "@bob:x", "@maker:x", 0));
    g_assert_false(mx_power_may_set(power, "@bob:x", "@bob:x", 0));
    g_assert_true(mx_power_may_set(power, "@admin:x", "@eve:x", 100));
    g_assert_false(mx_power_may_set(power, "@admin:x", "@eve:x", 101));
    g_assert_true(mx_power_may_set(power, "@admin:x", "@admin:x", 0));
    g_assert_true(mx_power_may_redact(power, "@eve:x", "@eve:x"));
    g_assert_false(mx_power_may_redact(power, "@eve:x", "@bob:x"));
}

/* More users than an event can hold are not read. */
static void test_huge(void)
{
    g_autoptr(GString) levels = g_string_new("{\"users\":{\"@first:x\":100");
    for (guint i = 0; i < 50000; i++)
        g_string_append_printf(levels, ",\"@user%u:x\":50", i);
    g_string_append(levels, "}}");
    g_autoptr(MxPower) power = mx_power_new(NULL, NULL, levels->str);
    g_assert_cmpint(mx_power_get(power, "@first:x"), ==, 100);
    g_assert_cmpint(mx_power_get(power, "@user49999:x"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/power/levels", test_levels);
    g_test_add_func("/power/rights", test_rights);
    g_test_add_func("/power/creators", test_creators);
    g_test_add_func("/power/huge", test_huge);
    return g_test_run();
}

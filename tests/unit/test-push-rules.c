/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json.h"
#include "mx-notify.h"
#include "mx-push-glob.h"
#include "mx-push-rules.h"

/* Push rules: what a pattern matches, when a condition holds, and what the rules say of an event.
 * In the texts ' stands for ". The account is @me:x, its name in the room "Me Myself"; @admin:x may
 * notify the whole room. */

#define ROOM "!room:x"
#define MESSAGE(content)                                                                           \
    "{'type':'m.room.message','sender':'@bob:x','event_id':'$1','content':{" content "}}"
#define TEXT(body) MESSAGE("'msgtype':'m.text','body':'" body "'")
#define STATE(type, key, content)                                                                  \
    "{'type':'" type "','sender':'@bob:x','state_key':'" key "','content':{" content "}}"

static char *from_quotes(const char *text)
{
    return g_strdelimit(g_strdup(text), "'", '"');
}

/* ---- the room ---- */

typedef struct {
    gint64 members;
    const char *own_name;
} Facts;

static gint64 count_members(gpointer data)
{
    return ((Facts *)data)->members;
}

static char *dup_own_name(gpointer data)
{
    return g_strdup(((Facts *)data)->own_name);
}

static gboolean may_notify(gpointer data, const char *sender, const char *key)
{
    return g_str_equal(sender, "@admin:x") && g_str_equal(key, "room");
}

static MxPushRoom make_room(Facts *facts)
{
    return (MxPushRoom){ROOM, "@me:x", count_members, dup_own_name, may_notify, facts};
}

/* ---- patterns ---- */

static const struct {
    const char *pattern, *text;
    gboolean is_whole, is_part;
} glob_cases[] = {
    /* the specification's examples */
    {"lunc?*", "Lunch plans", TRUE, TRUE},
    {"lunc?*", "LUNCH", TRUE, TRUE},
    {"lunc?*", " lunch", FALSE, TRUE},
    {"lunc?*", "lunc", FALSE, FALSE},
    {"ex*ple", "An example event.", FALSE, TRUE},
    {"ex*ple", "exple", TRUE, TRUE},
    {"ex*ple", "An exciting triple-whammy", FALSE, TRUE},
    {"cake*lie", "cake is a lie", TRUE, TRUE},
    {"cake*lie", "the cake is a lie!", FALSE, TRUE},
    {"cake*lie", "a lie about cake", FALSE, FALSE},
    /* words */
    {"cake", "cake", TRUE, TRUE},
    {"cake", "Cakes", FALSE, FALSE},
    {"cake", "pancake", FALSE, FALSE},
    {"cake", "a cake.", FALSE, TRUE},
    {"cake", "cake_", FALSE, FALSE},
    {"cake", "cake2", FALSE, FALSE},
    {"cake", "(CAKE)", FALSE, TRUE},
    {"cake", "pancake cake", FALSE, TRUE},
    {"cake", "line\ncake\nline", FALSE, TRUE},
    {"cake",
     "\xc3\xa9"
     "cake",
     FALSE, TRUE}, /* only ASCII letters are of a word */
    {"@room", "@room", TRUE, TRUE},
    {"@room", "hello @room!", FALSE, TRUE},
    {"@room", "@rooms", FALSE, FALSE},
    {"?ake", "take the cake", FALSE, TRUE},
    {"?ake", "wakes", FALSE, FALSE},
    /* wildcards */
    {"*", "", TRUE, TRUE},
    {"*", "anything\nat all", TRUE, TRUE},
    {"", "", TRUE, TRUE},
    {"", "x", FALSE, TRUE},
    {"?", "", FALSE, FALSE},
    {"?", "\xf0\x9f\x8e\x82", TRUE, TRUE},
    {"a**b", "ab", TRUE, TRUE},
    {"a*b*c", "aXbXbXc", TRUE, TRUE},
    {"a*b*c", "acb", FALSE, FALSE},
    {"*a", "bab", FALSE, FALSE},
    {"*a", "bba", TRUE, TRUE},
    {"a?c", "abc", TRUE, TRUE},
    {"a?c", "ac", FALSE, FALSE},
    /* nothing else is special */
    {"a.c", "abc", FALSE, FALSE},
    {"[ab]", "a", FALSE, FALSE},
    {"a\\*", "a*", FALSE, FALSE},
    {"\xc3\x84hm", "\xc3\xa4HM", TRUE, TRUE},
};

static void test_globs(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(glob_cases); i++) {
        g_autoptr(MxPushGlob) glob = mx_push_glob_new(glob_cases[i].pattern);
        g_test_message("%s: %s", glob_cases[i].pattern, glob_cases[i].text);
        g_assert_cmpint(mx_push_glob_matches(glob, glob_cases[i].text), ==, glob_cases[i].is_whole);
        g_assert_cmpint(mx_push_glob_matches_words(glob, glob_cases[i].text), ==,
                        glob_cases[i].is_part);
    }
    g_autoptr(MxPushGlob) literal = mx_push_glob_new_literal("who?*");
    g_assert_true(mx_push_glob_matches_words(literal, "it is Who?* there"));
    g_assert_false(mx_push_glob_matches_words(literal, "whole"));
}

/* What takes a backtracking matcher for ever. */
static void test_glob_is_bounded(void)
{
    g_autoptr(GString) pattern = g_string_new("x");
    g_autofree char *text = g_strnfill(60000, 'a');
    g_autofree char *long_pattern = g_strnfill(5000, 'a');
    for (guint i = 0; i < 100; i++)
        g_string_append(pattern, "*a");
    g_string_append(pattern, "*b");
    g_autoptr(MxPushGlob) stars = mx_push_glob_new(pattern->str);
    g_autoptr(MxPushGlob) too_long = mx_push_glob_new(long_pattern);
    gint64 start = g_get_monotonic_time();
    g_assert_false(mx_push_glob_matches(stars, text));
    g_assert_false(mx_push_glob_matches_words(stars, text));
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
    g_assert_false(mx_push_glob_matches(too_long, long_pattern));
}

/* ---- conditions ---- */

static gboolean holds(const char *condition_text, const char *event_text, Facts *facts)
{
    g_autofree char *condition_json = from_quotes(condition_text);
    g_autofree char *event_json = from_quotes(event_text);
    MxPushRoom room = make_room(facts);
    MxPushEvent event;
    g_assert_true(mx_json_scan_validate(condition_json, strlen(condition_json)));
    g_assert_true(mx_json_scan_validate(event_json, strlen(event_json)));
    mx_push_event_init(&event, mx_json_scan_root(event_json, strlen(event_json)));
    MxPushCondition *condition =
        mx_push_condition_new(mx_json_scan_root(condition_json, strlen(condition_json)));
    gboolean result = mx_push_condition_holds(condition, &event, &room);
    mx_push_condition_free(condition);
    return result;
}

#define MATCH(key, pattern) "{'kind':'event_match','key':'" key "','pattern':'" pattern "'}"
#define IS(key, value) "{'kind':'event_property_is','key':'" key "','value':" value "}"
#define CONTAINS(key, value) "{'kind':'event_property_contains','key':'" key "','value':" value "}"
#define COUNT(is) "{'kind':'room_member_count','is':" is "}"
#define TOPIC(value) STATE("m.room.topic", "", "'topic':" value)
#define FEDERATE(value) STATE("m.room.create", "", "'m.federate':" value)
#define ALIASES(value) STATE("m.room.canonical_alias", "", "'alt_aliases':" value)
#define PERMISSION "{'kind':'sender_notification_permission','key':'room'}"
#define BY_ADMIN "{'type':'m.room.message','sender':'@admin:x','content':{}}"

static const struct {
    const char *condition, *event;
    gboolean holds;
} condition_cases[] = {
    /* event_match */
    {MATCH("content.topic", "lunc?*"), TOPIC("'Lunch plans'"), TRUE},
    {MATCH("content.topic", "lunc?*"), TOPIC("'LUNCH'"), TRUE},
    {MATCH("content.topic", "lunc?*"), TOPIC("' lunch'"), FALSE},
    {MATCH("content.topic", "lunc?*"), TOPIC("'lunc'"), FALSE},
    {MATCH("content.topic", "lunc?*"), TOPIC("null"), FALSE},
    {MATCH("content.topic", "*"), TOPIC("5"), FALSE},
    {MATCH("content.topic", "*"), TOPIC("{}"), FALSE},
    {MATCH("content.nothing", "*"), TOPIC("'x'"), FALSE},
    {MATCH("content.body", "ex*ple"), TEXT("An example event."), TRUE},
    {MATCH("content.body", "ex*ple"), TEXT("exple"), TRUE},
    {MATCH("content.body", "ex*ple"), TEXT("An exciting triple-whammy"), TRUE},
    {MATCH("content.body", "ex*ple"), TEXT("examples"), FALSE},
    {MATCH("content.msgtype", "m.te?t"), TEXT("x"), TRUE},
    {MATCH("content.msgtype", "text"), TEXT("x"), FALSE}, /* words are of the body only */
    {MATCH("type", "M.Room.Message"), TEXT("x"), TRUE},
    {MATCH("sender", "@bob:x"), TEXT("x"), TRUE},
    {MATCH("room_id", "!room:x"), TEXT("x"), TRUE},
    {MATCH("room_id", "!other:x"), TEXT("x"), FALSE},
    {MATCH("state_key", ""), TOPIC("'x'"), TRUE},
    {MATCH("state_key", ""), TEXT("x"), FALSE},
    {MATCH("state_key", "*"), TEXT("x"), FALSE},
    {MATCH("content.m\\\\.x.y", "1"), MESSAGE("'m.x':{'y':'1'}"), TRUE},
    {MATCH("content.m.x.y", "1"), MESSAGE("'m.x':{'y':'1'}"), FALSE},
    {MATCH("content.m.x.y", "1"), MESSAGE("'m':{'x':{'y':'1'}}"), TRUE},
    {MATCH("content.a\\\\\\\\b", "1"), MESSAGE("'a\\\\b':'1'"), TRUE},
    {MATCH("content.a.b", "1"), MESSAGE("'a':['b']"), FALSE},
    {MATCH("", "*"), TEXT("x"), FALSE},
    {"{'kind':'event_match','key':'type'}", TEXT("x"), FALSE},
    {"{'kind':'event_match','pattern':'*'}", TEXT("x"), FALSE},
    {"{'kind':'event_match','key':5,'pattern':[]}", TEXT("x"), FALSE},
    /* event_property_is */
    {IS("content.m\\\\.federate", "true"), FEDERATE("true"), TRUE},
    {IS("content.m\\\\.federate", "true"), FEDERATE("false"), FALSE},
    {IS("content.m\\\\.federate", "true"), FEDERATE("'true'"), FALSE},
    {IS("content.m\\\\.federate", "true"), FEDERATE("1"), FALSE},
    {IS("content.m\\\\.federate", "null"), FEDERATE("null"), TRUE},
    {IS("content.m\\\\.federate", "null"), MESSAGE(""), FALSE},
    {IS("content.m\\\\.federate", "1"), FEDERATE("1"), TRUE},
    {IS("content.m\\\\.federate", "1"), FEDERATE("true"), FALSE},
    {IS("content.m\\\\.federate", "'a'"), FEDERATE("'a'"), TRUE},
    {IS("content.m\\\\.federate", "'a'"), FEDERATE("'A'"), FALSE},
    {IS("content.m\\\\.federate", "'a*'"), FEDERATE("'ab'"), FALSE},
    {IS("content.m\\\\.federate", "[]"), FEDERATE("[]"), FALSE},
    {IS("content.body", "'cake'"), TEXT("a cake"), FALSE},
    {IS("room_id", "'!room:x'"), TEXT("x"), TRUE},
    {"{'kind':'event_property_is','key':'type'}", TEXT("x"), FALSE},
    /* event_property_contains */
    {CONTAINS("content.alt_aliases", "'#myroom:example.com'"),
     ALIASES("['#somewhere:example.org','#myroom:example.com']"), TRUE},
    {CONTAINS("content.alt_aliases", "':example.com'"), ALIASES("['#myroom:example.com']"), FALSE},
    {CONTAINS("content.alt_aliases", "'a'"), ALIASES("'a'"), FALSE},
    {CONTAINS("content.alt_aliases", "'a'"), ALIASES("{'a':'a'}"), FALSE},
    {CONTAINS("content.alt_aliases", "'a'"), ALIASES("[]"), FALSE},
    {CONTAINS("content.alt_aliases", "2"), ALIASES("[{},[2],null,2]"), TRUE},
    {CONTAINS("content.alt_aliases", "false"), ALIASES("[0,'false']"), FALSE},
    /* room_member_count: there are three */
    {COUNT("'3'"), TEXT("x"), TRUE},
    {COUNT("'==3'"), TEXT("x"), TRUE},
    {COUNT("'2'"), TEXT("x"), FALSE},
    {COUNT("'<4'"), TEXT("x"), TRUE},
    {COUNT("'<3'"), TEXT("x"), FALSE},
    {COUNT("'>2'"), TEXT("x"), TRUE},
    {COUNT("'>3'"), TEXT("x"), FALSE},
    {COUNT("'<=3'"), TEXT("x"), TRUE},
    {COUNT("'>=4'"), TEXT("x"), FALSE},
    {COUNT("'=3'"), TEXT("x"), FALSE},
    {COUNT("'<'"), TEXT("x"), FALSE},
    {COUNT("''"), TEXT("x"), FALSE},
    {COUNT("'3 '"), TEXT("x"), FALSE},
    {COUNT("'> 2'"), TEXT("x"), FALSE},
    {COUNT("'>-1'"), TEXT("x"), FALSE},
    {COUNT("'99999999999999999999'"), TEXT("x"), FALSE},
    {COUNT("3"), TEXT("x"), FALSE},
    /* the sender's power, the own name */
    {PERMISSION, BY_ADMIN, TRUE},
    {PERMISSION, TEXT("x"), FALSE},
    {"{'kind':'sender_notification_permission','key':'moon'}", BY_ADMIN, FALSE},
    {"{'kind':'sender_notification_permission'}", BY_ADMIN, FALSE},
    {PERMISSION, "{'type':'x','sender':7,'content':{}}", FALSE},
    {"{'kind':'contains_display_name'}", TEXT("well, me myself!"), TRUE},
    {"{'kind':'contains_display_name'}", TEXT("some myself"), FALSE},
    {"{'kind':'contains_display_name'}", MESSAGE("'body':['Me Myself']"), FALSE},
    /* what nobody knows */
    {"{'kind':'org.example.moon_phase'}", TEXT("x"), FALSE},
    {"{'kind':'device','profile_tag':'x'}", TEXT("x"), FALSE},
    {"{'kind':null,'key':'type','pattern':'*'}", TEXT("x"), FALSE},
    {"{}", TEXT("x"), FALSE},
    {"[]", TEXT("x"), FALSE},
    {"'event_match'", TEXT("x"), FALSE},
    {MATCH("content.body", "*"), "{'content':'x'}", FALSE},
    {MATCH("type", "*"), "[]", FALSE},
};

static void test_conditions(void)
{
    Facts facts = {.members = 3, .own_name = "Me Myself"};
    for (guint i = 0; i < G_N_ELEMENTS(condition_cases); i++) {
        g_test_message("%s: %s", condition_cases[i].condition, condition_cases[i].event);
        g_assert_cmpint(holds(condition_cases[i].condition, condition_cases[i].event, &facts), ==,
                        condition_cases[i].holds);
    }
    Facts nameless = {.own_name = NULL}, empty = {.own_name = ""}, odd = {.own_name = "a*"};
    g_assert_false(holds("{'kind':'contains_display_name'}", TEXT("null"), &nameless));
    g_assert_false(holds("{'kind':'contains_display_name'}", TEXT("x y"), &empty));
    g_assert_false(holds("{'kind':'contains_display_name'}", TEXT("abc"), &odd));
    g_assert_true(holds("{'kind':'contains_display_name'}", TEXT("to a*!"), &odd));
}

/* ---- rules ---- */

static MxPushRules *make_rules(const char *content)
{
    g_autofree char *json = from_quotes(content);
    return mx_push_rules_new(json, strlen(json));
}

static char *evaluate(const MxPushRules *rules, const char *event, Facts *facts)
{
    g_autofree char *json = from_quotes(event);
    MxPushRoom room = make_room(facts);
    g_assert_true(mx_json_scan_validate(json, strlen(json)));
    MxPushResult result =
        mx_push_rules_evaluate(rules, mx_json_scan_root(json, strlen(json)), &room);
    return g_strconcat(result.notify ? "notify" : "", result.sound ? " sound" : "",
                       result.highlight ? " highlight" : "", result.is_muted ? "muted" : "", NULL);
}

static void check(const char *content, const char *event, gint64 members, const char *expected)
{
    Facts facts = {.members = members, .own_name = "Me Myself"};
    g_autoptr(MxPushRules) rules = make_rules(content);
    g_test_message("%s", event);
    g_assert_nonnull(rules);
    g_autofree char *got = evaluate(rules, event, &facts);
    g_assert_cmpstr(got, ==, expected);
}

#define SOUND "{'set_tweak':'sound','value':'default'}"
#define LIGHT "{'set_tweak':'highlight'}"
#define RULE(id, enabled, conditions, actions)                                                     \
    "{'rule_id':'" id "','default':true,'enabled':" enabled ",'conditions':[" conditions           \
    "],'actions':[" actions "]}"
#define TYPE(type) MATCH("type", type)
#define NO_NOTICES                                                                                 \
    RULE(".m.rule.suppress_notices", "true", MATCH("content.msgtype", "m.notice"), "")
#define INVITE_CONDITIONS                                                                          \
    TYPE("m.room.member")                                                                          \
    "," MATCH("content.membership", "invite") "," MATCH("state_key", "@me:x")
#define INVITE RULE(".m.rule.invite_for_me", "true", INVITE_CONDITIONS, "'notify'," SOUND)
#define MEMBER_EVENT RULE(".m.rule.member_event", "true", TYPE("m.room.member"), "")
#define USER_MENTION                                                                               \
    RULE(".m.rule.is_user_mention", "true",                                                        \
         CONTAINS("content.m\\\\.mentions.user_ids", "'@me:x'"), "'notify'," SOUND "," LIGHT)
#define DISPLAY_NAME                                                                               \
    RULE(".m.rule.contains_display_name", "true", "{'kind':'contains_display_name'}",              \
         "'notify'," SOUND "," LIGHT)
#define ROOM_MENTION_CONDITIONS IS("content.m\\\\.mentions.room", "true") "," PERMISSION
#define ROOM_MENTION                                                                               \
    RULE(".m.rule.is_room_mention", "true", ROOM_MENTION_CONDITIONS, "'notify'," LIGHT)
#define ROOMNOTIF_CONDITIONS MATCH("content.body", "@room") "," PERMISSION
#define ROOMNOTIF RULE(".m.rule.roomnotif", "true", ROOMNOTIF_CONDITIONS, "'notify'," LIGHT)
#define OF_STATE(type) TYPE(type) "," MATCH("state_key", "")
#define TOMBSTONE RULE(".m.rule.tombstone", "true", OF_STATE("m.room.tombstone"), "'notify'," LIGHT)
#define REACTION RULE(".m.rule.reaction", "true", TYPE("m.reaction"), "")
#define SERVER_ACL RULE(".m.rule.room.server_acl", "true", OF_STATE("m.room.server_acl"), "")
#define NO_EDITS                                                                                   \
    RULE(".m.rule.suppress_edits", "true", IS("content.m\\\\.relates_to.rel_type", "'m.replace'"), \
         "")
#define DEFAULT_OVERRIDES                                                                          \
    NO_NOTICES "," INVITE "," MEMBER_EVENT "," USER_MENTION "," DISPLAY_NAME "," ROOM_MENTION      \
               "," ROOMNOTIF "," TOMBSTONE "," REACTION "," SERVER_ACL "," NO_EDITS
#define DEFAULT_CONTENT                                                                            \
    "{'rule_id':'.m.rule.contains_user_name','default':true,'enabled':true,'pattern':'me',"        \
    "'actions':['notify'," SOUND "," LIGHT "]}"
#define RING "{'set_tweak':'sound','value':'ring'}"
#define CALL RULE(".m.rule.call", "true", TYPE("m.call.invite"), "'notify'," RING)
#define OF_TWO(type) COUNT("'2'") "," TYPE(type)
#define SEALED_OF_TWO                                                                              \
    RULE(".m.rule.encrypted_room_one_to_one", "true", OF_TWO("m.room.encrypted"), "'notify'," SOUND)
#define MESSAGE_OF_TWO                                                                             \
    RULE(".m.rule.room_one_to_one", "true", OF_TWO("m.room.message"), "'notify'," SOUND)
#define ANY_MESSAGE RULE(".m.rule.message", "true", TYPE("m.room.message"), "'notify'")
#define ANY_SEALED RULE(".m.rule.encrypted", "true", TYPE("m.room.encrypted"), "'notify'")
#define DEFAULT_UNDERRIDES CALL "," SEALED_OF_TWO "," MESSAGE_OF_TWO "," ANY_MESSAGE "," ANY_SEALED
/* The default rules with the user's own before them. */
#define RULES(master, override, content, room, sender, underride)                                  \
    "{'global':{'underride':[" underride DEFAULT_UNDERRIDES "],'sender':[" sender                  \
    "],'room':[" room "],'content':[" content DEFAULT_CONTENT                                      \
    "],'override':[" override RULE(".m.rule.master", master, "", "") "," DEFAULT_OVERRIDES "]}}"
#define DEFAULTS RULES("false", "", "", "", "", "")
#define MENTIONS(body, mentions)                                                                   \
    MESSAGE("'msgtype':'m.text','body':'" body "','m.mentions':{" mentions "}")
#define ADMIN(content) "{'type':'m.room.message','sender':'@admin:x','content':{" content "}}"
#define LOUD "notify sound highlight"

static void test_defaults(void)
{
    static const struct {
        const char *event;
        gint64 members;
        const char *expected;
    } cases[] = {
        {TEXT("hello"), 3, "notify"},
        {TEXT("hello"), 2, "notify sound"},
        {TEXT("hello"), 1, "notify"},
        {TEXT("hello, Me!"), 3, LOUD},       /* contains_user_name */
        {TEXT("Me Myself, hello"), 3, LOUD}, /* contains_display_name */
        {TEXT("some meadow"), 3, "notify"},
        {TEXT("@room wake up"), 3, "notify"}, /* without the power */
        {ADMIN("'body':'@room wake up'"), 3, "notify highlight"},
        {MENTIONS("hi", "'user_ids':['@me:x']"), 3, LOUD},
        {MENTIONS("hi", "'user_ids':['@you:x','@me:x']"), 3, LOUD},
        {MENTIONS("hi", "'user_ids':['@you:x']"), 3, "notify"},
        {MENTIONS("hi", "'user_ids':'@me:x'"), 3, "notify"},
        {MENTIONS("hi", "'user_ids':['@ME:x']"), 3, "notify"},
        {MENTIONS("Me: hi", ""), 3, "notify"}, /* it says who is meant: nobody */
        {MENTIONS("Me Myself", ""), 3, "notify"},
        {MENTIONS("hi", "'room':true"), 3, "notify"},
        {ADMIN("'body':'hi','m.mentions':{'room':true}"), 3, "notify highlight"},
        {ADMIN("'body':'hi','m.mentions':{'room':'true'}"), 3, "notify"},
        {ADMIN("'body':'@room','m.mentions':{}"), 3, "notify"},
        {ADMIN("'body':'hi','m.mentions':{'room':true,'user_ids':['@me:x']}"), 3, LOUD},
        {MESSAGE("'msgtype':'m.notice','body':'Me'"), 2, ""},
        {MESSAGE("'msgtype':'m.text','body':'* hi','m.relates_to':{'rel_type':'m.replace'}"), 3,
         ""},
        {"{'type':'m.reaction','sender':'@bob:x','content':{}}", 2, ""},
        {"{'type':'m.sticker','sender':'@bob:x','content':{'body':'cat'}}", 2, ""},
        {"{'type':'m.room.encrypted','sender':'@bob:x','content':{}}", 2, "notify sound"},
        {"{'type':'m.room.encrypted','sender':'@bob:x','content':{}}", 9, "notify"},
        {"{'type':'m.call.invite','sender':'@bob:x','content':{}}", 9, "notify sound"},
        {STATE("m.room.tombstone", "", ""), 9, "notify highlight"},
        {"{'type':'m.room.tombstone','sender':'@bob:x','content':{}}", 9, ""},
        {STATE("m.room.server_acl", "", ""), 2, ""},
        {STATE("m.room.member", "@me:x", "'membership':'invite'"), 2, "notify sound"},
        {STATE("m.room.member", "@you:x", "'membership':'invite'"), 2, ""},
        {STATE("m.room.member", "@me:x", "'membership':'join'"), 2, ""},
        {STATE("m.room.topic", "", "'topic':'Me Myself'"), 2, ""},
        {"{'type':'m.room.message','sender':'@me:x','content':{'body':'Me'}}", 2, ""},
        {MESSAGE(""), 3, "notify"}, /* redacted */
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check(DEFAULTS, cases[i].event, cases[i].members, cases[i].expected);
}

#define KEYWORD(id, pattern, actions)                                                              \
    "{'rule_id':'" id "','enabled':true,'pattern':" pattern ",'actions':[" actions "]}"
#define FOR(id, actions) "{'rule_id':'" id "','enabled':true,'actions':[" actions "]}"
#define MUTE RULE(ROOM, "true", MATCH("room_id", ROOM), "")
#define CAKE KEYWORD("cake", "'cake'", "'notify',{'set_tweak':'sound','value':'cakealarm.wav'}") ","
#define LIE KEYWORD("lie", "'cake*lie'", "'notify'") ","
#define BEER                                                                                       \
    RULE("beer", "true", MATCH("content.body", "beer") "," COUNT("'<=10'"),                        \
         "'notify',{'set_tweak':'sound','value':'beeroclock.wav'}")                                \
    ","

static void test_order(void)
{
    static const struct {
        const char *rules, *event;
        gint64 members;
        const char *expected;
    } cases[] = {
        /* the specification's examples */
        {RULES("false", "", "", FOR(ROOM, ""), "", ""), TEXT("hello"), 2, "muted"},
        {RULES("false", "", "", "", FOR("@bob:x", ""), ""), TEXT("hello"), 2, "muted"},
        {RULES("false", "", "", "", FOR("@bob:x", ""), ""), ADMIN("'body':'x'"), 2, "notify sound"},
        {RULES("false", "", CAKE, "", "", ""), TEXT("a cake"), 3, "notify sound"},
        {RULES("false", "", CAKE, "", "", ""), TEXT("no pancakes"), 3, "notify"},
        {RULES("false", "", LIE CAKE, "", "", ""), TEXT("the cake is a lie"), 3, "notify"},
        {RULES("false", "", CAKE LIE, "", "", ""), TEXT("the cake is a lie"), 3, "notify sound"},
        {RULES("false", BEER, "", FOR(ROOM, ""), "", ""), TEXT("Beer?"), 10, "notify sound"},
        {RULES("false", BEER, "", FOR(ROOM, ""), "", ""), TEXT("Beer?"), 11, "muted"},
        /* kinds in their order, however they are written */
        {RULES("false", "", CAKE, FOR(ROOM, ""), "", ""), TEXT("cake"), 3, "notify sound"},
        {RULES("false", "", "", FOR(ROOM, ""), "", ""), TEXT("Me: hi"), 3, LOUD},
        {RULES("false", "", "", FOR("!other:x", ""), "", ""), TEXT("hi"), 3, "notify"},
        {RULES("false", "", "", FOR("!ROOM:x", ""), "", ""), TEXT("hi"), 3, "notify"},
        {RULES("false", "", "", FOR(ROOM, "'notify'," SOUND), FOR("@bob:x", ""), ""), TEXT("hi"), 3,
         "notify sound"},
        {RULES("false", "", "", "", FOR("@bob:x", "'notify'," SOUND), ""), TEXT("hi"), 3,
         "notify sound"},
        {RULES("false", MUTE ",", "", "", "", ""), TEXT("Me Myself"), 2, "muted"},
        {RULES("false", MUTE ",", "", FOR(ROOM, "'notify'"), "", ""), TEXT("hi"), 2, "muted"},
        {RULES("false", BEER MUTE ",", "", "", "", ""), TEXT("beer"), 3, "notify sound"},
        {RULES("false", RULE("x", "true", MATCH("room_id", "!other:x"), "") ",", "", "", "", ""),
         TEXT("hi"), 3, "notify"},
        {RULES("false", RULE("x", "true", "", "") ",", "", "", "", ""), TEXT("hi"), 2, ""},
        {RULES("false", "", "", "", "", RULE("x", "true", "", "") ","), TEXT("hi"), 2, ""},
        {RULES("false", RULE("x", "true", "{'kind':'moon'}", "") ",", "", "", "", ""), TEXT("hi"),
         2, "notify sound"},
        {RULES("false", RULE("x", "false", "", "") ",", "", "", "", ""), TEXT("hi"), 2,
         "notify sound"},
        /* the master rule is above the user's own */
        {RULES("true", "", "", "", "", ""), TEXT("Me"), 2, "muted"},
        {RULES("true", BEER, CAKE, "", "", ""), TEXT("beer and cake"), 2, "muted"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check(cases[i].rules, cases[i].event, cases[i].members, cases[i].expected);
}

static void test_actions(void)
{
    static const struct {
        const char *actions, *expected;
    } cases[] = {
        {"", ""},
        {"'notify'", "notify"},
        {"'dont_notify'", ""},
        {"'coalesce','notify'", "notify"},
        {SOUND, ""}, /* nothing to hear without a notification */
        {LIGHT ",'notify'", "notify highlight"},
        {"'notify',{'set_tweak':'highlight','value':false}", "notify"},
        {"'notify',{'set_tweak':'highlight','value':true}", "notify highlight"},
        {"'notify',{'set_tweak':'sound'}", "notify"},
        {"'notify',{'set_tweak':'sound','value':''}", "notify"},
        {"'notify',{'set_tweak':'sound','value':7}", "notify"},
        {"'notify',{'set_tweak':'sound','value':'x.wav'}", "notify sound"},
        {"'notify',{'set_tweak':'org.example.lamp','value':'red'}", "notify"},
        {"'notify',{'set_tweak':[]},null,5,[],{}", "notify"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rules = g_strdup_printf(
            "{'global':{'override':[{'rule_id':'x','enabled':true,'actions':[%s]}]}}",
            cases[i].actions);
        g_test_message("%s", cases[i].actions);
        check(rules, TEXT("hi"), 3, cases[i].expected);
    }
}

static void test_hostile(void)
{
    static const char *const nothing[] = {
        "{}",
        "{'global':null}",
        "{'global':[]}",
        "{'global':'x'}",
        "{'global':{}}",
        "{'global':{'override':{},'content':5,'room':'x','sender':null,'underride':true}}",
        "{'global':{'override':[null,5,'x',[],{},true]}}",
        "{'global':{'override':[{'actions':['notify']}]}}",
        "{'global':{'override':[{'rule_id':5,'actions':['notify']}]}}",
        "{'global':{'override':[{'rule_id':'x','actions':'notify'}]}}",
        "{'global':{'override':[{'rule_id':'x','actions':{'notify':1}}]}}",
        "{'global':{'override':[{'rule_id':'x','conditions':{},'actions':['notify']}]}}",
        "{'global':{'override':[{'rule_id':'x','conditions':'','actions':['notify']}]}}",
        "{'global':{'override':[{'rule_id':'x','conditions':[5],'actions':['notify']}]}}",
        "{'global':{'content':[{'rule_id':'x','actions':['notify']}]}}",
        "{'global':{'content':[{'rule_id':'x','pattern':5,'actions':['notify']}]}}",
        "{'global':{'postcontent':[{'rule_id':'x','actions':['notify']}]}}",
        "{'device':{'override':[{'rule_id':'x','actions':['notify']}]}}",
        "{'override':[{'rule_id':'x','actions':['notify']}]}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_test_message("%s", nothing[i]);
        check(nothing[i], TEXT("x"), 2, "");
    }
    check("{'global':{'override':[{'rule_id':'x','enabled':'no','conditions':null,"
          "'actions':['notify']}]}}",
          TEXT("x"), 2, "notify");
    check(DEFAULTS, "{'type':5,'sender':[],'content':7}", 2, "");
    check(DEFAULTS, "{}", 2, "");
    static const char *const no_object[] = {"", "[]", "5", "null", "{'global':", "'x'"};
    for (guint i = 0; i < G_N_ELEMENTS(no_object); i++)
        g_assert_null(make_rules(no_object[i]));
}

/* ---- what is said of one room ---- */

static void test_modes(void)
{
    static const struct {
        const char *rules;
        MxNotifyMode mode;
    } cases[] = {
        {DEFAULTS, MX_NOTIFY_DEFAULT},
        {RULES("true", "", "", "", "", ""), MX_NOTIFY_DEFAULT},
        {RULES("false", MUTE ",", "", "", "", ""), MX_NOTIFY_MUTE},
        {RULES("false", MUTE ",", "", FOR(ROOM, "'notify'"), "", ""), MX_NOTIFY_MUTE},
        {RULES("false", RULE("x", "true", IS("room_id", "'" ROOM "'"), "") ",", "", "", "", ""),
         MX_NOTIFY_MUTE},
        {RULES("false", RULE("x", "true", MATCH("room_id", ROOM), "'dont_notify'") ",", "", "", "",
               ""),
         MX_NOTIFY_MUTE},
        {RULES("false", RULE(ROOM, "false", MATCH("room_id", ROOM), "") ",", "", "", "", ""),
         MX_NOTIFY_DEFAULT},
        {RULES("false", RULE(ROOM, "true", MATCH("room_id", ROOM) "," TYPE("m.sticker"), "") ",",
               "", "", "", ""),
         MX_NOTIFY_DEFAULT},
        {RULES("false", "", "", FOR(ROOM, ""), "", ""), MX_NOTIFY_MENTIONS},
        {RULES("false", "", "", FOR(ROOM, "'notify'," SOUND), "", ""), MX_NOTIFY_ALL},
        {RULES("false", "", "", FOR("!other:x", "'notify'"), "", ""), MX_NOTIFY_DEFAULT},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxPushRules) rules = make_rules(cases[i].rules);
        g_assert_cmpint(mx_push_rules_get_mode(rules, ROOM), ==, cases[i].mode);
        g_assert_cmpint(mx_push_rules_is_silent(rules), ==, i == 1);
    }
    g_autoptr(MxPushRules) rules = make_rules(RULES(
        "false", RULE("x", "false", MATCH("room_id", ROOM), "") "," MUTE ",", "", "", "", ""));
    g_auto(GStrv) ids = mx_push_rules_dup_overrides(rules, ROOM);
    g_assert_true(g_strv_equal((const char *const *)ids, (const char *const[]){"x", ROOM, NULL}));
    g_assert_true(mx_push_rules_is_disabled(rules, "override", "x"));
    g_assert_false(mx_push_rules_is_disabled(rules, "override", ROOM));
    g_assert_false(mx_push_rules_is_disabled(rules, "room", "x"));
}

static void test_gaps(void)
{
    g_autoptr(MxPushRules) mute = make_rules(RULES("false", MUTE ",", "", "", "", ""));
    g_autoptr(MxPushRules) mentions = make_rules(RULES("false", "", "", FOR(ROOM, ""), "", ""));
    g_autoptr(MxPushRules) all = make_rules(RULES("false", "", "", FOR(ROOM, "'notify'"), "", ""));
    g_autoptr(MxPushRules) silent = make_rules(RULES("true", "", "", "", "", ""));
    g_autoptr(MxPushRules) defaults = make_rules(DEFAULTS);
    const struct {
        MxPushRules *rules;
        gboolean is_small, has_mention, opens;
    } cases[] = {
        {NULL, FALSE, FALSE, FALSE},    {NULL, TRUE, FALSE, TRUE},     {NULL, FALSE, TRUE, TRUE},
        {defaults, TRUE, FALSE, TRUE},  {defaults, FALSE, TRUE, TRUE}, {mute, TRUE, TRUE, FALSE},
        {mentions, TRUE, FALSE, FALSE}, {mentions, TRUE, TRUE, TRUE},  {all, FALSE, FALSE, TRUE},
        {silent, TRUE, TRUE, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(
            mx_notify_opens_at_gap(cases[i].rules, ROOM, cases[i].is_small, cases[i].has_mention),
            ==, cases[i].opens);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/push-rules/globs", test_globs);
    g_test_add_func("/push-rules/glob-is-bounded", test_glob_is_bounded);
    g_test_add_func("/push-rules/conditions", test_conditions);
    g_test_add_func("/push-rules/defaults", test_defaults);
    g_test_add_func("/push-rules/order", test_order);
    g_test_add_func("/push-rules/actions", test_actions);
    g_test_add_func("/push-rules/hostile", test_hostile);
    g_test_add_func("/push-rules/modes", test_modes);
    g_test_add_func("/push-rules/gaps", test_gaps);
    return g_test_run();
}

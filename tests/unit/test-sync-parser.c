/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-sync-parser.h"

#define N "\"next_batch\":\"n\""
#define N_LOG "next_batch \"n\"\n"
#define EVENT "{\"type\":\"m.x\",\"content\":{\"a\":[1,\"}]\"]}}"

/* ---- what was handed out, one line a part ---- */

static const char *const part_names[] = {
    [MX_SYNC_NEXT_BATCH] = "next_batch",
    [MX_SYNC_TO_DEVICE] = "to_device",
    [MX_SYNC_ACCOUNT_DATA] = "account_data",
    [MX_SYNC_PRESENCE] = "presence",
    [MX_SYNC_DEVICE_LISTS] = "device_lists",
    [MX_SYNC_ONE_TIME_KEYS_COUNT] = "one_time_keys",
    [MX_SYNC_UNUSED_FALLBACK_KEYS] = "fallback_keys",
    [MX_SYNC_ROOM_BEGIN] = "begin",
    [MX_SYNC_ROOM_STATE] = "state",
    [MX_SYNC_ROOM_STATE_AFTER_PRESENT] = "state_after_present",
    [MX_SYNC_ROOM_STATE_AFTER] = "state_after",
    [MX_SYNC_ROOM_TIMELINE] = "timeline",
    [MX_SYNC_ROOM_LIMITED] = "limited",
    [MX_SYNC_ROOM_PREV_BATCH] = "prev_batch",
    [MX_SYNC_ROOM_EPHEMERAL] = "ephemeral",
    [MX_SYNC_ROOM_ACCOUNT_DATA] = "room_account_data",
    [MX_SYNC_ROOM_SUMMARY] = "summary",
    [MX_SYNC_ROOM_UNREAD] = "unread",
};

static const char *const section_names[] = {"none", "join", "invite", "leave", "knock"};

static void on_part(MxSyncSection section, const char *room_id, MxSyncPart part, const char *json,
                    gsize len, gpointer user_data)
{
    GString *log = user_data;
    g_assert_cmpint((section != MX_SYNC_SECTION_NONE), ==, (room_id != NULL));
    if (room_id != NULL)
        g_string_append_printf(log, "%s %s ", section_names[section], room_id);
    g_string_append(log, part_names[part]);
    if (json != NULL) {
        g_string_append_c(log, ' ');
        g_string_append_len(log, json, (gssize)len);
    }
    g_string_append_c(log, '\n');
}

/* A copy of each piece in memory of exactly its size, so that a sanitizer sees any step outside. */
static gboolean feed_piece(MxSyncParser *parser, const char *text, gsize len, GError **error)
{
    g_autofree char *piece = g_memdup2(text, len);
    return mx_sync_parser_feed(parser, piece, len, error);
}

static GString *parse(const char *text, gsize len, gsize chunk, GError **error)
{
    GString *log = g_string_new(NULL);
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, log);
    gboolean ok = TRUE;
    for (gsize at = 0; ok && at < len; at += chunk)
        ok = feed_piece(parser, text + at, MIN(chunk, len - at), error);
    if (ok)
        mx_sync_parser_finish(parser, error);
    return log;
}

static void assert_log(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) whole = parse(text, strlen(text), strlen(text), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(whole->str, ==, expected);
    g_autoptr(GString) bytes = parse(text, strlen(text), 1, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(bytes->str, ==, expected);
}

static void assert_refused(const char *text, gsize len)
{
    for (gsize chunk = 1; chunk <= len + 1; chunk += MAX(len, 1)) {
        g_autoptr(GError) error = NULL;
        g_string_free(parse(text, len, chunk, &error), TRUE);
        if (error == NULL)
            g_test_message("accepted: %.*s", (int)MIN(len, 200), text);
        g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    }
}

/* ---- every part ---- */

static const struct {
    const char *name, *text, *log;
} part_cases[] = {
    {"next_batch", "{" N "}", N_LOG},
    {"next_batch-escaped", "{\"next_batch\":\"a\\\"\\u0041\"}", "next_batch \"a\\\"\\u0041\"\n"},
    {"to_device", "{\"to_device\":{\"events\":[" EVENT "," EVENT "]}," N "}",
     "to_device " EVENT "\nto_device " EVENT "\n" N_LOG},
    {"account_data", "{" N ",\"account_data\":{\"events\":[" EVENT "]}}",
     N_LOG "account_data " EVENT "\n"},
    {"presence", "{" N ",\"presence\":{\"events\":[ {} , { } ]}}",
     N_LOG "presence {}\npresence { }\n"},
    {"device_lists", "{" N ",\"device_lists\":{\"changed\":[\"@a:b\"],\"left\":[]}}",
     N_LOG "device_lists {\"changed\":[\"@a:b\"],\"left\":[]}\n"},
    {"one_time_keys", "{" N ",\"device_one_time_keys_count\":{\"signed_curve25519\":50}}",
     N_LOG "one_time_keys {\"signed_curve25519\":50}\n"},
    {"fallback_keys", "{" N ",\"device_unused_fallback_key_types\":[\"signed_curve25519\"]}",
     N_LOG "fallback_keys [\"signed_curve25519\"]\n"},
    {"empty-room", "{" N ",\"rooms\":{\"join\":{\"!r:x\":{}}}}", N_LOG "join !r:x begin\n"},
    {"empty-sections", "{" N ",\"rooms\":{\"join\":{},\"leave\":{},\"invite\":{},\"knock\":{}}}",
     N_LOG},
    {"empty-lists",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"state\":{},\"timeline\":{\"events\":[]},"
     "\"summary\":{},\"ephemeral\":{\"events\":[]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x summary {}\n"},
    {"state", "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"state\":{\"events\":[" EVENT "]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x state " EVENT "\n"},
    {"state_after",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"state_after\":{\"events\":[" EVENT "]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x state_after_present\njoin !r:x state_after " EVENT "\n"},
    {"state_after-empty", "{" N ",\"rooms\":{\"leave\":{\"!r:x\":{\"state_after\":{}}}}}",
     N_LOG "leave !r:x begin\nleave !r:x state_after_present\n"},
    {"state_after-unstable",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"org.matrix.msc4222.state_after\":{\"events\":[{}]}}}"
     "}}",
     N_LOG "join !r:x begin\njoin !r:x state_after_present\njoin !r:x state_after {}\n"},
    {"timeline",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"timeline\":{\"limited\":true,\"events\":[" EVENT
     ",{}],\"prev_batch\":\"p\"}}}}}",
     N_LOG "join !r:x begin\njoin !r:x limited true\njoin !r:x timeline " EVENT
           "\njoin !r:x timeline {}\njoin !r:x prev_batch \"p\"\n"},
    {"unlimited", "{" N ",\"rooms\":{\"leave\":{\"!r:x\":{\"timeline\":{\"limited\" : false }}}}}",
     N_LOG "leave !r:x begin\nleave !r:x limited false\n"},
    {"ephemeral", "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"ephemeral\":{\"events\":[{}]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x ephemeral {}\n"},
    {"room-account-data",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"account_data\":{\"events\":[{}]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x room_account_data {}\n"},
    {"summary", "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"summary\":{\"m.heroes\":[\"@a:b\"]}}}}}",
     N_LOG "join !r:x begin\njoin !r:x summary {\"m.heroes\":[\"@a:b\"]}\n"},
    {"unread",
     "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"unread_notifications\":{\"highlight_count\":1}}}}}",
     N_LOG "join !r:x begin\njoin !r:x unread {\"highlight_count\":1}\n"},
    {"invite", "{" N ",\"rooms\":{\"invite\":{\"!r:x\":{\"invite_state\":{\"events\":[{}]}}}}}",
     N_LOG "invite !r:x begin\ninvite !r:x state {}\n"},
    {"knock", "{" N ",\"rooms\":{\"knock\":{\"!r:x\":{\"knock_state\":{\"events\":[{}]}}}}}",
     N_LOG "knock !r:x begin\nknock !r:x state {}\n"},
    {"many-rooms",
     "{\"rooms\":{\"leave\":{\"!a:x\":{\"timeline\":{\"events\":[{}]}}},\"join\":{\"!b:x\":{},"
     "\"!c:x\":{\"state\":{\"events\":[{}]}}}}," N "}",
     "leave !a:x begin\nleave !a:x timeline {}\njoin !b:x begin\njoin !c:x begin\n"
     "join !c:x state {}\n" N_LOG},
    {"white-space",
     " \r\n\t{ \"next_batch\" : \"n\" , \"rooms\" : { \"join\" : { \"!r:x\" : { \"state\" : {\n"
     "\"events\" : [ { \"a\" : [ ] } , {} ] } } } } } \n",
     N_LOG "join !r:x begin\njoin !r:x state { \"a\" : [ ] }\njoin !r:x state {}\n"},
};

static void test_part(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    assert_log(part_cases[i].text, part_cases[i].log);
}

/* ---- names ---- */

static void test_escaped_keys(void)
{
    assert_log("{\"next\\u005fbatch\":\"n\",\"r\\u006Foms\":{\"\\u006aoin\":{\"!\\u0072:x\":{"
               "\"\\u0074imeline\":{\"event\\u0073\":[{}]}}}}}",
               N_LOG "join !r:x begin\njoin !r:x timeline {}\n");
    assert_log("{" N ",\"rooms\":{\"join\":{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\":{}}}}",
               N_LOG "join \"\\/\b\f\n\r\t\xe2\x82\xac begin\n");
    assert_log("{" N ",\"rooms\":{\"join\":{\"\\ud83d\\udc31\xf0\x9f\x90\xb1\":{}}}}",
               N_LOG "join \xf0\x9f\x90\xb1\xf0\x9f\x90\xb1 begin\n");
    /* No such character: U+FFFD stands for it. */
    assert_log("{" N
               ",\"rooms\":{\"join\":{\"a\\u0000b\\ud83d\\ud83d\\udc31\\udc31c\\ud83d\":{}}}}",
               N_LOG "join a\xef\xbf\xbd"
                     "b\xef\xbf\xbd\xf0\x9f\x90\xb1\xef\xbf\xbd"
                     "c\xef\xbf\xbd begin\n");
    assert_log("{" N ",\"rooms\":{\"join\":{\"\":{}}}}", N_LOG "join  begin\n");
}

static void test_overlong_key(void)
{
    for (gsize len = 4090; len < 4105; len++) {
        g_autofree char *id = g_strnfill(len, 'x');
        g_autofree char *text = g_strdup_printf(
            "{\"%s\":1,\"rooms\":{\"join\":{\"%s\":{\"state\":{\"events\":[{}]}},\"!r:x\":{}}}," N
            "}",
            id, id);
        g_autofree char *named = g_strdup_printf("join %s begin\njoin %s state {}\n", id, id);
        g_autofree char *log =
            g_strconcat(len <= 4096 ? named : "", "join !r:x begin\n" N_LOG, NULL);
        assert_log(text, log);
    }
}

static void test_duplicate_keys(void)
{
    assert_log("{\"next_batch\":\"a\",\"rooms\":{\"join\":{\"!r:x\":{}},\"join\":{\"!r:x\":{"
               "\"state\":{\"events\":[{}],\"events\":[{}]}}}},\"rooms\":{\"join\":{}}," N "}",
               "next_batch \"a\"\njoin !r:x begin\njoin !r:x begin\njoin !r:x state {}\n"
               "join !r:x state {}\n" N_LOG);
    assert_log("{\"next_batch\":\"a\",\"next_batch\":null}", "next_batch \"a\"\n");
}

static void test_unknown(void)
{
    assert_log(
        "{\"x\":{\"next_batch\":\"no\",\"rooms\":{\"join\":{\"!r:x\":{}}}},\"y\":[{\"events\":[{}]}"
        "],"
        "\"groups\":{\"join\":{\"!r:x\":{}}},\"rooms\":{\"peek\":{\"!r:x\":{\"state\":{\"events\":"
        "[{}]}}},\"join\":{\"!r:x\":{\"statex\":{\"events\":[{}]},\"invite_state\":{\"events\":[{}]"
        "}"
        ",\"timeline\":{\"event\":[{}],\"eventss\":[{}],\"x\":{\"events\":[{}]}},\"state\":{"
        "\"limited\":true,\"prev_batch\":\"p\"}}},\"invite\":{\"!i:x\":{\"state\":{\"events\":[{}]}"
        ","
        "\"summary\":{}}}}," N ",\"events\":[{}],\"limited\":true,\"state\":{\"events\":[{}]}}",
        "join !r:x begin\ninvite !i:x begin\n" N_LOG);
}

/* ---- wrong types ---- */

/* '@' is the value tried; log is what is handed out when its type is wrong. */
static const struct {
    const char *text, *log;
    char type; /* the first byte of the right one */
} typed_places[] = {
    {"{" N ",\"to_device\":@}", N_LOG, '{'},
    {"{" N ",\"account_data\":@}", N_LOG, '{'},
    {"{" N ",\"presence\":@}", N_LOG, '{'},
    {"{" N ",\"device_lists\":@}", N_LOG, '{'},
    {"{" N ",\"device_one_time_keys_count\":@}", N_LOG, '{'},
    {"{" N ",\"device_unused_fallback_key_types\":@}", N_LOG, '['},
    {"{" N ",\"rooms\":@}", N_LOG, '{'},
    {"{" N ",\"rooms\":{\"join\":@}}", N_LOG, '{'},
    {"{" N ",\"rooms\":{\"invite\":@}}", N_LOG, '{'},
    {"{" N ",\"rooms\":{\"leave\":@}}", N_LOG, '{'},
    {"{" N ",\"rooms\":{\"knock\":@}}", N_LOG, '{'},
    {"{" N ",\"rooms\":{\"join\":{\"!r:x\":@}}}", N_LOG, '{'},
    {"{" N ",\"to_device\":{\"events\":@}}", N_LOG, '['},
    {"{" N ",\"to_device\":{\"events\":[@]}}", N_LOG, '{'},
    {"{" N ",\"to_device\":{\"events\":[@,{}]}}", N_LOG "to_device {}\n", '{'},
#define ROOM(member) "{" N ",\"rooms\":{\"join\":{\"!r:x\":{" member "}}}}"
#define ROOM_LOG N_LOG "join !r:x begin\n"
    {ROOM("\"state\":@"), ROOM_LOG, '{'},
    {ROOM("\"state_after\":@"), ROOM_LOG, '{'},
    {ROOM("\"org.matrix.msc4222.state_after\":@"), ROOM_LOG, '{'},
    {ROOM("\"timeline\":@"), ROOM_LOG, '{'},
    {ROOM("\"ephemeral\":@"), ROOM_LOG, '{'},
    {ROOM("\"account_data\":@"), ROOM_LOG, '{'},
    {ROOM("\"summary\":@"), ROOM_LOG, '{'},
    {ROOM("\"unread_notifications\":@"), ROOM_LOG, '{'},
    {ROOM("\"timeline\":{\"events\":@}"), ROOM_LOG, '['},
    {ROOM("\"timeline\":{\"events\":[@]}"), ROOM_LOG, '{'},
    {ROOM("\"timeline\":{\"limited\":@}"), ROOM_LOG, 't'},
    {ROOM("\"timeline\":{\"prev_batch\":@}"), ROOM_LOG, '"'},
    {"{" N ",\"rooms\":{\"invite\":{\"!r:x\":{\"invite_state\":@}}}}", N_LOG "invite !r:x begin\n",
     '{'},
    {"{" N ",\"rooms\":{\"knock\":{\"!r:x\":{\"knock_state\":@}}}}", N_LOG "knock !r:x begin\n",
     '{'},
};

static void test_wrong_types(void)
{
    static const char *const values[] = {
        "null",
        "true",
        "-1.5e3",
        "\"events\"",
        "[]",
        "{}",
        "[[{\"events\":[{}]}]]",
        "{\"events\":{\"events\":[{}]},\"!r:x\":{\"state\":{}},\"join\":{\"!r:x\":{}}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(typed_places); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(values); j++) {
            if (*values[j] == typed_places[i].type)
                continue;
            g_auto(GStrv) halves = g_strsplit(typed_places[i].text, "@", 2);
            g_autofree char *text = g_strconcat(halves[0], values[j], halves[1], NULL);
            assert_log(text, typed_places[i].log);
        }
    }
}

static void test_next_batch_needed(void)
{
    static const char *const texts[] = {
        "{}",
        "{\"next_batch\":null}",
        "{\"next_batch\":5}",
        "{\"next_batch\":[\"n\"]}",
        "{\"next_batch\":{\"next_batch\":\"n\"}}",
        "{\"next_batc\":\"n\"}",
        "{\"next_batch2\":\"n\"}",
        "{\"rooms\":{\"next_batch\":\"n\"}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_refused(texts[i], strlen(texts[i]));
}

/* ---- what is no JSON ---- */

static const char *const bad_values[] = {
    "",
    "nul",
    "nulll",
    "True",
    "tru e",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "00",
    "-01",
    "1.2.3",
    "1e5e5",
    "NaN",
    "Infinity",
    "'a'",
    "a",
    "\"a",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\U0041\"",
    "\"a\nb\"",
    "\"\t\"",
    "\"12345678\x01\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1:2]",
    "{",
    "}",
    "{]",
    "[}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\"::1}",
    "{\"a\":1,,\"b\":2}",
    "[[]",
    "{\"a\":{}",
    "1//c",
    "/*c*/1",
    "\"a\"\"b\"",
    "1 1",
    "[1]]",
    "{}}",
    "\"\\",
    "\"\\\"",
    "\"\\u\"",
    "[\"a\":1]",
    "{\"a\",1}",
    "\v1",
    "\xef\xbb\xbf[]",
    "\xc2\xa0[]",
};

static void test_bad_values(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bad_values); i++) {
        g_autofree char *unknown = g_strconcat("{" N ",\"x\":", bad_values[i], "}", NULL);
        assert_refused(unknown, strlen(unknown));
        g_autofree char *event = g_strconcat(
            "{" N ",\"presence\":{\"events\":[{\"a\":\"b\",\"x\":", bad_values[i], "}]}}", NULL);
        assert_refused(event, strlen(event));
        g_autofree char *known = g_strconcat("{" N ",\"device_lists\":", bad_values[i], "}", NULL);
        assert_refused(known, strlen(known));
    }
}

static void test_bad_texts(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "1",
        "\"next_batch\"",
        "[{" N "}]",
        "[]",
        "{" N,
        "{" N ",",
        "{" N ",}",
        "{" N "]",
        "{" N "}}",
        "{" N "},",
        "{" N "}{" N "}",
        "{" N "} x",
        "{" N "}\f",
        "\xef\xbb\xbf{" N "}", /* RFC 8259, section 8.1: no byte order mark */
        "\xff\xfe{",
        "<html></html>",
        "{'next_batch':'n'}",
        "{next_batch:\"n\"}",
        "{\"next_batch\":\"n}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_refused(texts[i], strlen(texts[i]));
    assert_refused("{" N "}\0", sizeof "{" N "}");
    assert_refused("{" N ",\"a\0\":1}", sizeof "{" N ",\"a\0\":1}" - 1);
}

static void test_utf8(void)
{
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",         "\xdf\xbf",         "\xe0\xa0\x80",
        "\xec\xbf\xbf", "\xed\x9f\xbf",     "\xee\x80\x80",     "\xef\xbf\xbf",
        "\xef\xbb\xbf", "\xf0\x90\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\xc2",
        "\xc2 ",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xe1\x80 ",
        "\xe1 \x80",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf1\x80\x80",
        "\xf1 \x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xf8\x88\x80\x80\x80",
    };
    static const char *const around[] = {"",        "a",        " ",
                                         "1234567", "12345678", "\xc3\xa9\xe2\x82\xac"};
    for (guint i = 0; i < G_N_ELEMENTS(around); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(good); j++) {
            g_autofree char *text =
                g_strconcat("{" N ",\"presence\":{\"events\":[{\"", good[j], "\":\"", around[i],
                            good[j], around[i], "\"}]}}", NULL);
            g_autofree char *log = g_strconcat(N_LOG "presence {\"", good[j], "\":\"", around[i],
                                               good[j], around[i], "\"}\n", NULL);
            assert_log(text, log);
        }
        for (guint j = 0; j < G_N_ELEMENTS(bad); j++) {
            g_autofree char *value = g_strconcat("{" N ",\"x\":\"", around[i], bad[j], around[i],
                                                 "\",\"padding\":\"\"}", NULL);
            assert_refused(value, strlen(value));
            g_autofree char *key =
                g_strconcat("{" N ",\"", around[i], bad[j], around[i], "\":\"padding\"}", NULL);
            assert_refused(key, strlen(key));
        }
    }
}

static void test_failure_lasts(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, log);
    g_autoptr(GError) error = NULL;
    g_assert_false(mx_sync_parser_feed(parser, "{]", 2, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    g_assert_false(mx_sync_parser_feed(parser, "{" N "}", strlen("{" N "}"), NULL));
    g_assert_false(mx_sync_parser_feed(parser, NULL, 0, NULL));
    g_assert_false(mx_sync_parser_finish(parser, NULL));
    g_assert_cmpstr(log->str, ==, "");
}

static void test_truncated(void)
{
    const char *text = "{" N ",\"rooms\":{\"join\":{\"!r:x\":{\"timeline\":{\"events\":[{\"a\":"
                       "\"\\u00e9\xc3\xa9\",\"b\":[-1.5e+3,true]}]}}}}}";
    for (gsize len = 0; len < strlen(text); len++)
        assert_refused(text, len);
    g_autoptr(MxSyncParser) unfed = mx_sync_parser_new(on_part, NULL);
    g_assert_false(mx_sync_parser_finish(unfed, NULL));
}

/* ---- pieces ---- */

static const char *const chunk_texts[] = {
    "{\"next\\u005fbatch\":\"s1\\n\",\"device_one_time_keys_count\":{\"a\":5},\"rooms\":{\"join\":{"
    "\"!\xc3\xa9\\ud83d\\udc31:x\":{\"timeline\":{\"limited\":true,\"prev_batch\":\"p\",\"events\":"
    "["
    "{\"type\":\"m.room.message\",\"content\":{\"body\":\"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xb1 "
    "\xe2\x82\xac \\\"x\\\" \\\\\",\"n\":[0,-0,1.5,1e5,-2E-3,12345678901234567890],\"t\":true,"
    "\"f\":false,\"z\":null,\"e\":{},\"l\":[],\"\":\"\"},\"origin_server_ts\":1700000000000},{}]},"
    "\"state\":{\"events\":[1,\"x\",{\"a\":{\"b\":{\"c\":[[[]]]}}}]}}}},\"zzz\":[[1,2,{\"a\":2}]]}",
    " { \"rooms\" : { \"invite\" : { \"!i:x\" : { \"invite_state\" : { \"events\" : [ { \"type\" : "
    "\"m.room.member\" , \"content\" : { } } , { } ] } } } , \"leave\" : { } } , \"next_batch\" : "
    "\"n\" , \"to_device\" : { \"events\" : [ { \"type\" : \"m.dummy\" } ] } }\r\n",
    "{\"account_data\":{\"events\":[{\"type\":\"m.direct\",\"content\":{\"@a:x\":[\"!r:x\"]}}]},"
    "\"presence\":5,\"next_batch\":\"n\",\"rooms\":{\"join\":{\"!a:x\":{\"summary\":{\"m.heroes\":"
    "[]},\"unread_notifications\":{\"highlight_count\":0},\"account_data\":{\"events\":[{}]},"
    "\"ephemeral\":{\"events\":[{\"type\":\"m.typing\"}]},\"state_after\":{\"events\":[]}}}}}",
};

static void test_every_chunk_size(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(chunk_texts); i++) {
        gsize len = strlen(chunk_texts[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) whole = parse(chunk_texts[i], len, len, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(whole->len, >, 100);
        for (gsize chunk = 1; chunk < len; chunk++) {
            g_autoptr(GString) log = parse(chunk_texts[i], len, chunk, &error);
            g_assert_no_error(error);
            g_assert_cmpstr(log->str, ==, whole->str);
        }
    }
}

/* A text cut in two at each place, with an empty piece between. */
static void test_every_cut(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(chunk_texts); i++) {
        gsize len = strlen(chunk_texts[i]);
        g_autoptr(GString) whole = parse(chunk_texts[i], len, len, NULL);
        for (gsize cut = 0; cut <= len; cut++) {
            g_autoptr(GString) log = g_string_new(NULL);
            g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, log);
            g_assert_true(feed_piece(parser, chunk_texts[i], cut, NULL));
            g_assert_true(mx_sync_parser_feed(parser, NULL, 0, NULL));
            g_assert_true(feed_piece(parser, chunk_texts[i] + cut, len - cut, NULL));
            g_assert_true(mx_sync_parser_finish(parser, NULL));
            g_assert_cmpstr(log->str, ==, whole->str);
        }
    }
}

/* A part is there as soon as its last byte is. */
static void test_at_once(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, log);
    const char *begin = "{\"rooms\":{\"join\":{\"!r:x\":{\"timeline\":{\"events\":[{\"a\":1}";
    g_assert_true(mx_sync_parser_feed(parser, begin, strlen(begin), NULL));
    g_assert_cmpstr(log->str, ==, "join !r:x begin\njoin !r:x timeline {\"a\":1}\n");
    g_assert_false(mx_sync_parser_finish(parser, NULL));
}

/* ---- sizes ---- */

static void append_times(GString *text, const char *what, guint times)
{
    for (guint i = 0; i < times; i++)
        g_string_append(text, what);
}

/* The value at depth `levels` of an event is read by nobody; its neighbours are. */
static void check_deep_event(const char *open, const char *inner, const char *close, guint levels)
{
    g_autoptr(GString) text = g_string_new("{" N ",\"presence\":{\"events\":[{\"deep\":");
    append_times(text, open, levels);
    g_string_append(text, inner);
    append_times(text, close, levels);
    g_string_append(text, ",\"after\":1},{}]}}");

    g_autoptr(GString) log = g_string_new(N_LOG "presence {\"deep\":");
    guint kept = MIN(levels, MX_JSON_MAX_DEPTH - 1); /* the event itself is the first */
    append_times(log, open, kept);
    g_string_append(log, kept < levels ? "null" : inner);
    append_times(log, close, kept);
    g_string_append(log, ",\"after\":1}\npresence {}\n");
    assert_log(text->str, log->str);
}

static void test_deep_event(void)
{
    static const guint levels[] = {0, 1, 98, 99, 100, 101, 200, 65536, 500000};
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++) {
        check_deep_event("[", "1", "]", levels[i]);
        check_deep_event("{\"a\":", "\"\"", "}", levels[i]);
    }
}

/* Only what is too deep goes, and what it contains does not matter. */
static void test_deep_neighbours(void)
{
    g_autofree char *open = g_strnfill(MX_JSON_MAX_DEPTH - 1, '[');
    g_autofree char *close = g_strnfill(MX_JSON_MAX_DEPTH - 1, ']');
    g_autofree char *text = g_strconcat("{" N ",\"presence\":{\"events\":[{\"a\":", open,
                                        "{},1,{\"b\":[2,{\"]\":\"}\"}]},[], [[[]]] ,\"x\"", close,
                                        ",\"c\":[[1]]}]}}", NULL);
    g_autofree char *log =
        g_strconcat(N_LOG "presence {\"a\":", open, "null,1,null,null, null ,\"x\"", close,
                    ",\"c\":[[1]]}\n", NULL);
    assert_log(text, log);
}

static void test_deep_unknown(void)
{
    g_autoptr(GString) text = g_string_new("{\"x\":");
    append_times(text, "[{\"a\":", 65536);
    g_string_append(text, "1");
    append_times(text, "}]", 65536);
    g_string_append(text, "," N "}");
    assert_log(text->str, N_LOG);
}

static void test_too_deep(void)
{
    g_autofree char *text = g_strnfill(3 * 1000 * 1000, '[');
    memcpy(text, "{\"x\":", 5);
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, log);
    g_autoptr(GError) error = NULL;
    g_assert_false(mx_sync_parser_feed(parser, text, strlen(text), &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
}

/* Two events of filler, the second of len bytes in all; it is handed out only if it is not too
 * large. */
static void check_large_part(gsize len, gboolean handed_out)
{
    g_autofree char *filler = g_strnfill(len - strlen("{\"a\":\"\"}"), 'x');
    g_autofree char *text =
        g_strdup_printf("{\"presence\":{\"events\":[{},{\"a\":\"%s\"},{\"b\":1}]}," N "}", filler);
    g_autofree char *large = g_strdup_printf("presence {\"a\":\"%s\"}\n", filler);
    g_autofree char *expected =
        g_strconcat("presence {}\n", handed_out ? large : "", "presence {\"b\":1}\n" N_LOG, NULL);
    gsize chunks[] = {strlen(text), 65536, 4 * 1024 * 1024 + 1};
    for (guint i = 0; i < G_N_ELEMENTS(chunks); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) log = parse(text, strlen(text), chunks[i], &error);
        g_assert_no_error(error);
        g_assert_true(strcmp(log->str, expected) == 0);
    }
}

static void test_large_part(void)
{
    gsize limit = 16 * 1024 * 1024;
    check_large_part(1024 * 1024, TRUE);
    check_large_part(limit, TRUE);
    check_large_part(limit + 1, FALSE);
    check_large_part(limit + 5000000, FALSE);
}

static void test_huge_numbers(void)
{
    g_autofree char *digits = g_strnfill(100000, '9');
    g_autofree char *text =
        g_strdup_printf("{" N ",\"x\":-%s.%se+%s,\"presence\":{\"events\":[{\"n\":%s}]}}", digits,
                        digits, digits, digits);
    g_autofree char *log = g_strdup_printf(N_LOG "presence {\"n\":%s}\n", digits);
    assert_log(text, log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(part_cases); i++) {
        g_autofree char *path = g_strconcat("/sync-parser/part/", part_cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_part);
    }
    g_test_add_func("/sync-parser/escaped-keys", test_escaped_keys);
    g_test_add_func("/sync-parser/overlong-key", test_overlong_key);
    g_test_add_func("/sync-parser/duplicate-keys", test_duplicate_keys);
    g_test_add_func("/sync-parser/unknown", test_unknown);
    g_test_add_func("/sync-parser/wrong-types", test_wrong_types);
    g_test_add_func("/sync-parser/next-batch-needed", test_next_batch_needed);
    g_test_add_func("/sync-parser/bad-values", test_bad_values);
    g_test_add_func("/sync-parser/bad-texts", test_bad_texts);
    g_test_add_func("/sync-parser/utf8", test_utf8);
    g_test_add_func("/sync-parser/failure-lasts", test_failure_lasts);
    g_test_add_func("/sync-parser/truncated", test_truncated);
    g_test_add_func("/sync-parser/every-chunk-size", test_every_chunk_size);
    g_test_add_func("/sync-parser/every-cut", test_every_cut);
    g_test_add_func("/sync-parser/at-once", test_at_once);
    g_test_add_func("/sync-parser/deep-event", test_deep_event);
    g_test_add_func("/sync-parser/deep-neighbours", test_deep_neighbours);
    g_test_add_func("/sync-parser/deep-unknown", test_deep_unknown);
    g_test_add_func("/sync-parser/too-deep", test_too_deep);
    g_test_add_func("/sync-parser/large-part", test_large_part);
    g_test_add_func("/sync-parser/huge-numbers", test_huge_numbers);
    return g_test_run();
}

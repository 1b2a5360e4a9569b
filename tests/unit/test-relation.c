/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-relation.h"

#include <string.h>

#include "mx-quote.h"
#include "mx-relation-line.h"
#include "mx-store-relations.h"
#include "store-fixture.h"

/* What events say of others: read whatever strangers write, and held against the rules. */

#define REL(text) "{\"m.relates_to\":" text "}"
#define EDIT(target)                                                                               \
    "{\"body\":\"* new\",\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"new\"},"             \
    "\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"" target "\"}}"
#define MESSAGE "m.room.message"

static void test_read(void)
{
    static const struct {
        const char *type, *content;
        MxRelationKind kind;
        const char *event_id, *reply_to, *key;
    } cases[] = {
        {MESSAGE, "{}", MX_RELATION_NONE, NULL, NULL, NULL},
        {MESSAGE, REL("null"), MX_RELATION_NONE, NULL, NULL, NULL},
        {MESSAGE, REL("[1]"), MX_RELATION_NONE, NULL, NULL, NULL},
        {MESSAGE, REL("{\"m.in_reply_to\":5}"), MX_RELATION_NONE, NULL, NULL, NULL},
        {MESSAGE, REL("{\"m.in_reply_to\":{\"event_id\":\"x\"}}"), MX_RELATION_NONE, NULL, NULL,
         NULL},
        {MESSAGE, REL("{\"m.in_reply_to\":{\"event_id\":\"$a\"}}"), MX_RELATION_REPLY, "$a", NULL,
         NULL},
        {MESSAGE, REL("{\"rel_type\":\"m.thread\",\"event_id\":\"$r\"}"), MX_RELATION_THREAD, "$r",
         NULL, NULL},
        {MESSAGE,
         REL("{\"rel_type\":\"m.thread\",\"event_id\":\"$r\",\"m.in_reply_to\":{\"event_id\":"
             "\"$a\"},\"is_falling_back\":true}"),
         MX_RELATION_THREAD, "$r", NULL, NULL},
        {MESSAGE,
         REL("{\"rel_type\":\"m.thread\",\"event_id\":\"$r\",\"m.in_reply_to\":{\"event_id\":"
             "\"$a\"},\"is_falling_back\":\"x\"}"),
         MX_RELATION_THREAD, "$r", "$a", NULL},
        {MESSAGE,
         REL("{\"rel_type\":\"m.other\",\"event_id\":\"$r\",\"m.in_reply_to\":{\"event_id\":"
             "\"$a\"}}"),
         MX_RELATION_REPLY, "$a", NULL, NULL},
        {MESSAGE, EDIT("$e"), MX_RELATION_EDIT, "$e", NULL, NULL},
        {MESSAGE, EDIT("e"), MX_RELATION_NONE, NULL, NULL, NULL},
        {MESSAGE, REL("{\"rel_type\":\"m.replace\",\"event_id\":\"$e\"}"), MX_RELATION_NONE, "$e",
         NULL, NULL},
        {"m.room.topic", EDIT("$e"), MX_RELATION_NONE, "$e", NULL, NULL},
        {"m.reaction", REL("{\"rel_type\":\"m.annotation\",\"event_id\":\"$e\",\"key\":\"+1\"}"),
         MX_RELATION_REACTION, "$e", NULL, "+1"},
        {"m.reaction", REL("{\"rel_type\":\"m.annotation\",\"event_id\":\"$e\",\"key\":\"\"}"),
         MX_RELATION_NONE, "$e", NULL, NULL},
        {"m.reaction", REL("{\"rel_type\":\"m.annotation\",\"event_id\":\"$e\",\"key\":1}"),
         MX_RELATION_NONE, "$e", NULL, NULL},
        {MESSAGE, REL("{\"rel_type\":\"m.annotation\",\"event_id\":\"$e\",\"key\":\"+1\"}"),
         MX_RELATION_NONE, "$e", NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MxRelation) relation = {0};
        mx_relation_read(&relation, cases[i].type,
                         mx_json_scan_root(cases[i].content, strlen(cases[i].content)));
        g_test_message("%s %s", cases[i].type, cases[i].content);
        g_assert_cmpint(relation.kind, ==, cases[i].kind);
        g_assert_cmpstr(relation.event_id, ==, cases[i].event_id);
        g_assert_cmpstr(relation.reply_to, ==, cases[i].reply_to);
        g_assert_cmpstr(relation.key, ==, cases[i].key);
    }
}

static MxTimelineRow new_row(const char *sender, const char *content)
{
    return (MxTimelineRow){.event_id = (char *)"$e",
                           .sender = (char *)sender,
                           .type = (char *)MESSAGE,
                           .content = (char *)content};
}

static MxEditState judge(const MxTimelineRow *edit, const MxTimelineRow *target)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, edit);
    return mx_relation_judge_edit(&relation, edit, target);
}

/* F7, crypto I12 */
static void test_validity(void)
{
    MxTimelineRow target = new_row("@bob:x", "{\"body\":\"old\"}");
    MxTimelineRow edit = new_row("@bob:x", EDIT("$e"));
    g_assert_cmpint(judge(&edit, &target), ==, MX_EDIT_VALID);
    g_assert_cmpint(judge(&edit, NULL), ==, MX_EDIT_UNKNOWN);
    g_assert_cmpint(judge(&target, &target), ==, MX_EDIT_NONE);

    MxTimelineRow other = target;
    other.sender = (char *)"@carol:x";
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
    other = target;
    other.state_key = (char *)"";
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
    other = target;
    other.type = (char *)"m.sticker";
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
    other = new_row("@bob:x", EDIT("$d"));
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
    other = new_row("@bob:x", "{}"); /* redacted */
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);

    other = target;
    other.is_secret = TRUE;
    other.crypto = MX_ROW_READ;
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
    MxTimelineRow secret = edit;
    secret.is_secret = TRUE;
    secret.crypto = MX_ROW_READ;
    g_assert_cmpint(judge(&secret, &other), ==, MX_EDIT_VALID);
    /* What was sent before the room was encrypted may be edited now. */
    g_assert_cmpint(judge(&secret, &target), ==, MX_EDIT_VALID);
    other.is_secret = FALSE;
    other.crypto = MX_ROW_UNREADABLE;
    other.type = (char *)"m.room.encrypted";
    g_assert_cmpint(judge(&secret, &other), ==, MX_EDIT_UNKNOWN);
    g_assert_cmpint(judge(&edit, &other), ==, MX_EDIT_INVALID);
}

static void test_fallback(void)
{
    static const char *const cases[][2] = {
        {"> <@bob:x> old\n> older\n\nnew", "new"},
        {"> * <@bob:x> waves\n\nnew\n> own", "new\n> own"},
        {"> said by hand\nnew", "> said by hand\nnew"},
        {"> <@bob:x> nothing else", ""},
        {"plain", "plain"},
        {"", ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *left = mx_relation_strip_fallback(cases[i][0]);
        g_assert_cmpstr(left, ==, cases[i][1]);
    }
}

#define LONG_TAIL " and many more words that make this a long message, which nobody reads twice"

static void test_change(void)
{
    static const char *const cases[][3] = {
        {"at eight", "at nine", NULL},
        {"at eight" LONG_TAIL, "at nine" LONG_TAIL, "at “eight” → “nine” and many more words…"},
        {"at eight" LONG_TAIL, "at eight or nine" LONG_TAIL,
         "at eight “and” → “or nine and” many more words that…"},
        {"x" LONG_TAIL, "x" LONG_TAIL, NULL},
        {"für ältere" LONG_TAIL, "für jüngere" LONG_TAIL,
         "für “ältere” → “jüngere” and many more words…"},
        {"a\nb" LONG_TAIL, "a c" LONG_TAIL, NULL},
        {"quite different" LONG_TAIL, "0123456789 0123456789 0123456789 0123456789 x" LONG_TAIL,
         NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *change = mx_relation_describe_change(cases[i][0], cases[i][1]);
        g_assert_cmpstr(change, ==, cases[i][2]);
    }
}

/* Any two texts, valid UTF-8 out of it. */
static void test_change_of_anything(void)
{
    static const char *const words[] = {"ä", "eight", " ", "  ", "→", "😀😀", "\t", "long-word", "é"};
    for (guint i = 0; i < 2000; i++) {
        g_autoptr(GString) one = g_string_new(NULL);
        g_autoptr(GString) other = g_string_new(NULL);
        for (guint k = 0; k < 40; k++) {
            const char *word = words[g_test_rand_int_range(0, G_N_ELEMENTS(words))];
            g_string_append(one, word);
            g_string_append(other, g_test_rand_int_range(0, 20) == 0
                                       ? words[g_test_rand_int_range(0, G_N_ELEMENTS(words))]
                                       : word);
        }
        g_autofree char *change = mx_relation_describe_change(one->str, other->str);
        g_assert_true(change == NULL || g_utf8_validate(change, -1, NULL));
    }
}

/* ---- in the database ---- */

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!r:x");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static void add(Fixture *fixture, const char *event_id, const char *sender, gint64 ts,
                const char *content)
{
    g_autofree char *target =
        mx_relation_dup_target_of(MESSAGE, mx_json_scan_root(content, strlen(content)));
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = ++fixture->room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)sender,
        .type = (char *)MESSAGE,
        .content = (char *)content,
        .ts = ts,
        .relates_to = target,
    };
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
}

static void check_newest(Fixture *fixture, const char *event_id)
{
    g_autoptr(MxTimelineRow) target = mx_store_get_event(fixture->store, fixture->room->key, "$e");
    g_autoptr(MxTimelineRow) edit = mx_relation_find_newest_edit(fixture->store, target);
    g_assert_cmpstr(edit != NULL ? edit->event_id : NULL, ==, event_id);
}

static void test_newest(Fixture *fixture, gconstpointer data)
{
    add(fixture, "$e", "@bob:x", 1000, "{\"body\":\"old\"}");
    check_newest(fixture, NULL);
    add(fixture, "$2", "@bob:x", 3000, EDIT("$e"));
    add(fixture, "$1", "@bob:x", 2000, EDIT("$e"));
    check_newest(fixture, "$2");
    add(fixture, "$3", "@bob:x", 3000, EDIT("$e")); /* a tie: the larger ID */
    check_newest(fixture, "$3");
    add(fixture, "$9", "@carol:x", 9000, EDIT("$e"));
    add(fixture, "$8", "@bob:x", 9000, EDIT("$2"));
    check_newest(fixture, "$3");
    g_autoptr(MxTimelineRow) gone = mx_store_get_event(fixture->store, fixture->room->key, "$3");
    mx_store_blank_row(fixture->store, gone, "{}");
    check_newest(fixture, "$2");
}

static char *quote(Fixture *fixture, const char *answer)
{
    mx_quote_store(fixture->store, fixture->room->key, "$q", answer,
                   answer != NULL ? strlen(answer) : 0);
    g_autoptr(MxTimelineRow) row = mx_quote_find(fixture->store, fixture->room->key, "$q");
    return mx_quote_describe(fixture->store, fixture->room->key, row);
}

#define EVENT(more)                                                                                \
    "{\"event_id\":\"$q\",\"sender\":\"@bob:x\",\"type\":\"m.room.message\","                      \
    "\"origin_server_ts\":5,\"content\":{\"msgtype\":\"m.text\",\"body\":\"said\"}" more "}"
#define BUNDLED(sender)                                                                            \
    ",\"unsigned\":{\"m.relations\":{\"m.replace\":{\"event_id\":\"$b\",\"sender\":\"" sender      \
    "\",\"type\":\"m.room.message\",\"origin_server_ts\":6,\"content\":" EDIT("$q") "}}}"

/* Answers of GET /event, which may be anything. */
static void test_quoted(Fixture *fixture, gconstpointer data)
{
    static const char *const cases[][2] = {
        {NULL, "an older message"},
        {"{}", "an older message"},
        {"{\"event_id\":\"$other\",\"sender\":\"@bob:x\",\"type\":\"t\",\"content\":{}}",
         "an older message"},
        {EVENT(""), "@bob:x: said"},
        {NULL, "@bob:x: said"}, /* what came late is kept */
        {EVENT(BUNDLED("@carol:x")), "@bob:x: said"},
        {EVENT(BUNDLED("@bob:x")), "@bob:x: new"},
        {"{\"event_id\":\"$q\",\"sender\":\"@bob:x\",\"type\":\"m.room.encrypted\","
         "\"content\":{\"a\":1}}",
         "@bob:x: an encrypted message"},
        {"{\"event_id\":\"$q\",\"sender\":\"@bob:x\",\"type\":\"m.room.message\",\"content\":{}}",
         "@bob:x: a removed message"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = quote(fixture, cases[i][0]);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relation/read", test_read);
    g_test_add_func("/relation/validity", test_validity);
    g_test_add_func("/relation/fallback", test_fallback);
    g_test_add_func("/relation/change", test_change);
    g_test_add_func("/relation/change-of-anything", test_change_of_anything);
    g_test_add("/relation/newest", Fixture, NULL, set_up, test_newest, tear_down);
    g_test_add("/relation/quoted", Fixture, NULL, set_up, test_quoted, tear_down);
    return g_test_run();
}

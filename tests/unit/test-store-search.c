/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-redaction.h"
#include "mx-search-text.h"
#include "mx-store-private.h"
#include "mx-store-retention.h"
#include "mx-store-relations.h"
#include "mx-store-search.h"
#include "mx-upkeep.h"
#include "store-fixture.h"

#include <string.h>

/* The index of words, what leaves it, and how much history is kept. */

#define DAY_MS (G_GINT64_CONSTANT(24) * 3600 * 1000)
#define NOW_MS (1000 * DAY_MS)

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room, *other;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    mx_store_begin(fixture->store);
    fixture->room = store_fixture_add_room(fixture->store, "!a:x");
    fixture->other = store_fixture_add_room(fixture->store, "!b:x");
    store_fixture_commit(fixture->store);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_room_row_free(fixture->other);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static gint64 add(Fixture *fixture, MxRoomRow *room, const char *event_id, const char *body)
{
    mx_store_begin(fixture->store);
    gint64 id = store_fixture_add_line(fixture->store, room, event_id, "@bob:x", NULL, body,
                                       MX_DISPLAY_SHOWN);
    store_fixture_commit(fixture->store);
    return id;
}

static void index_all(MxStore *store)
{
    g_autoptr(GError) error = NULL;
    gboolean has_more = TRUE;
    while (has_more) {
        mx_upkeep_index(store, 1000, &has_more, &error);
        g_assert_no_error(error);
    }
    g_assert_cmpint(mx_store_search_count_queue(store), ==, 0);
}

/* Event IDs, in the order found; "" : none. */
static char *find_in(Fixture *fixture, const char *typed, const char *rooms)
{
    GString *list = g_string_new(NULL);
    g_autofree char *query = mx_store_search_dup_query(typed);
    g_assert_nonnull(query);
    g_autoptr(GPtrArray) rows =
        mx_store_search_find(fixture->store, query, rooms, G_MAXINT64, G_MAXINT64, 10);
    g_assert_null(fixture->store->failure);
    for (guint i = 0; i < rows->len; i++)
        g_string_append(list, ((MxTimelineRow *)g_ptr_array_index(rows, i))->event_id);
    return g_string_free(list, FALSE);
}

static void assert_found(Fixture *fixture, const char *typed, const char *expected)
{
    g_autofree char *found = find_in(fixture, typed, NULL);
    g_assert_cmpstr(found, ==, expected);
}

static void test_words(Fixture *fixture, gconstpointer data)
{
    add(fixture, fixture->room, "$1", "Grüße aus München, bis morgen früh!");
    add(fixture, fixture->room, "$2", "東京に行きます 😀");
    add(fixture, fixture->other, "$3", "the deadline is tomorrow morning");
    add(fixture, fixture->room, "$4", "שלום עולם and tomorrow the morning");
    index_all(fixture->store);
    assert_found(fixture, "MUNCHEN", "$1");
    assert_found(fixture, "morg münch", "$1");
    assert_found(fixture, "münch deadline", "");
    assert_found(fixture, "京", "$2");
    assert_found(fixture, "東京 😀", "$2");
    assert_found(fixture, "京東", "");
    assert_found(fixture, "שלום", "$4");
    assert_found(fixture, "tomorrow morning", "$4$3");
    assert_found(fixture, "\"tomorrow morning\"", "$3");
    assert_found(fixture, "\"tomorrow morning", "$4$3");
    assert_found(fixture, "orning", "");
    g_autofree char *rooms = g_strdup_printf("[%" G_GINT64_FORMAT "]", fixture->other->key);
    g_autofree char *in_room = find_in(fixture, "tomorrow", rooms);
    g_assert_cmpstr(in_room, ==, "$3");
}

/* Nothing that is typed is an error, and nothing is syntax. */
static void test_any_words(Fixture *fixture, gconstpointer data)
{
    static const char *const typed[] = {
        "text:word",
        "a AND",
        "OR",
        "NOT NOT",
        "NEAR(a b, 2)",
        "(",
        "a)",
        "*",
        "a*b",
        "^a",
        "-x",
        "\"",
        "\"\"\"",
        "a \"b",
        "{a b}:c",
        "+",
        "'; DROP TABLE search; --",
        "\\",
        "\xff\xfe",
        "\x01",
        "!!!",
        "…",
        "‏",
        "a\"*\"b",
        "😀\"😀",
    };
    static const char pieces[] = "ab\"'*()^:-+{} \t,.\\;%_NEARORé東😀\xcc\x81\xff";
    add(fixture, fixture->room, "$1", "word");
    index_all(fixture->store);
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(GString) text = g_string_new(i < G_N_ELEMENTS(typed) ? typed[i] : NULL);
        for (int n = g_test_rand_int_range(0, 30); i >= G_N_ELEMENTS(typed) && n > 0; n--)
            g_string_append_c(text, pieces[g_test_rand_int_range(0, sizeof pieces - 1)]);
        g_autofree char *query = mx_store_search_dup_query(text->str);
        if (query == NULL)
            continue;
        g_autoptr(GPtrArray) rows =
            mx_store_search_find(fixture->store, query, NULL, G_MAXINT64, G_MAXINT64, 10);
        if (fixture->store->failure != NULL)
            g_error("%s: %s", text->str, fixture->store->failure->message);
    }
    g_assert_null(mx_store_search_dup_query("  !?  "));
    assert_found(fixture, "WORD", "$1");
}

/* ---- what leaves the database ---- */

static gboolean file_has(const char *dir, const char *name, const char *word)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *bytes = NULL;
    gsize len;
    return g_file_get_contents(path, &bytes, &len, NULL) &&
           memmem(bytes, len, word, strlen(word)) != NULL;
}

static gboolean is_on_disk(Fixture *fixture, const char *word)
{
    return file_has(fixture->dir, "account.db", word) ||
           file_has(fixture->dir, "account.db-wal", word);
}

static void scrub(MxStore *store)
{
    gboolean has_more = TRUE;
    for (guint i = 0; has_more; i++) {
        mx_store_begin(store);
        has_more = mx_store_search_scrub(store);
        store_fixture_commit(store);
        g_assert_cmpint(i, <, 1000);
    }
}

static void add_many(Fixture *fixture, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("$many%u", i);
        g_autofree char *body = g_strdup_printf("filler number%u of some length", i);
        add(fixture, fixture->room, id, body);
        if (i % 50 == 0)
            index_all(fixture->store);
    }
    index_all(fixture->store);
}

static void test_redacted(Fixture *fixture, gconstpointer data)
{
    add_many(fixture, 300);
    add(fixture, fixture->room, "$s", "the word is xyzzyplugh");
    index_all(fixture->store);
    add_many(fixture, 0);
    assert_found(fixture, "xyzzyplugh", "$s");
    g_assert_true(is_on_disk(fixture, "xyzzyplugh"));
    g_autoptr(MxTimelineRow) row = mx_store_get_event(fixture->store, fixture->room->key, "$s");
    mx_store_begin(fixture->store);
    mx_store_blank_row(fixture->store, row, "{}");
    store_fixture_commit(fixture->store);
    assert_found(fixture, "xyzzyplugh", "");
    scrub(fixture->store);
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
    g_assert_false(is_on_disk(fixture, "zyplugh"));
    assert_found(fixture, "number299", "$many299");
    g_assert_cmpint(mx_store_search_count_queue(fixture->store), ==, 0);
}

/* ---- what is edited ---- */

static void add_edit(Fixture *fixture, const char *event_id, const char *sender, const char *target,
                     const char *body, gboolean is_secret)
{
    g_autofree char *content = g_strdup_printf(
        "{\"msgtype\":\"m.text\",\"body\":\"* %s\",\"m.new_content\":{\"msgtype\":\"m.text\","
        "\"body\":\"%s\"},\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"%s\"}}",
        body, body, target);
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = ++fixture->room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)sender,
        .type = (char *)"m.room.message",
        .content = content,
        .ts = fixture->room->top_pos,
        .relates_to = target,
        .is_secret = is_secret,
    };
    mx_store_begin(fixture->store);
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
    store_fixture_commit(fixture->store);
}

static void redact(Fixture *fixture, const char *event_id)
{
    g_autofree char *content = g_strdup_printf("{\"redacts\":\"%s\"}", event_id);
    mx_store_begin(fixture->store);
    mx_redaction_apply(fixture->store, fixture->room, content);
    store_fixture_commit(fixture->store);
}

/* A message is found once, by what it says now; others' edits say nothing. */
static void test_edited(Fixture *fixture, gconstpointer data)
{
    add(fixture, fixture->room, "$1", "the first wording");
    index_all(fixture->store);
    add_edit(fixture, "$e1", "@bob:x", "$1", "a second version", FALSE);
    assert_found(fixture, "first", "$1");
    index_all(fixture->store);
    assert_found(fixture, "first", "");
    assert_found(fixture, "second", "$1");
    add_edit(fixture, "$e2", "@bob:x", "$1", "a third version", FALSE);
    add_edit(fixture, "$e3", "@eve:x", "$1", "a foreign version", FALSE);
    index_all(fixture->store);
    assert_found(fixture, "version", "$1");
    assert_found(fixture, "third", "$1");
    assert_found(fixture, "second", "");
    assert_found(fixture, "foreign", "");
    mx_store_begin(fixture->store);
    mx_store_search_reset(fixture->store);
    store_fixture_commit(fixture->store);
    index_all(fixture->store);
    assert_found(fixture, "first", "");
    assert_found(fixture, "version", "$1");
}

/* What edits a message that is not here is found by itself, until that is fetched. */
static void test_edit_of_the_unknown(Fixture *fixture, gconstpointer data)
{
    add_edit(fixture, "$e1", "@bob:x", "$1", "a second version", FALSE);
    add_edit(fixture, "$e2", "@eve:x", "$1", "a foreign version", FALSE);
    index_all(fixture->store);
    assert_found(fixture, "second", "$e1");
    add(fixture, fixture->room, "$1", "the first wording");
    index_all(fixture->store);
    assert_found(fixture, "version", "$1");
    assert_found(fixture, "first", "");
}

/* Words of an edit leave with it, and with the message; the words before it come back. */
static void test_edit_redacted(Fixture *fixture, gconstpointer data)
{
    add_many(fixture, 100);
    add(fixture, fixture->room, "$1", "the first wording");
    add_edit(fixture, "$e1", "@bob:x", "$1", "now xyzzyplugh", FALSE);
    index_all(fixture->store);
    add_edit(fixture, "$e2", "@bob:x", "$1", "now quuxcorge", FALSE);
    index_all(fixture->store);
    assert_found(fixture, "quuxcorge", "$1");
    redact(fixture, "$e2");
    assert_found(fixture, "quuxcorge", "");
    index_all(fixture->store);
    assert_found(fixture, "xyzzyplugh", "$1");
    redact(fixture, "$1");
    index_all(fixture->store);
    assert_found(fixture, "now", "");
    assert_found(fixture, "first", "");
    scrub(fixture->store);
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
    g_assert_false(is_on_disk(fixture, "quuxcorge"));
}

/* One that came inside of its message, and own ones that were not sent. */
static void test_edit_odd_ones(Fixture *fixture, gconstpointer data)
{
    add(fixture, fixture->room, "$1", "the first wording");
    MxTimelineRow bundled = {
        .room = fixture->room->key,
        .event_id = (char *)"$e1",
        .sender = (char *)"@bob:x",
        .type = (char *)"m.room.message",
        .content = (char *)"{\"msgtype\":\"m.text\",\"body\":\"*\",\"m.new_content\":{"
                           "\"body\":\"a bundled version\"},\"m.relates_to\":{\"rel_type\":"
                           "\"m.replace\",\"event_id\":\"$1\"}}",
        .ts = 5,
        .relates_to = "$1",
    };
    mx_store_begin(fixture->store);
    mx_store_set_bundled(fixture->store, &bundled);
    store_fixture_commit(fixture->store);
    index_all(fixture->store);
    assert_found(fixture, "bundled", "$1");
    assert_found(fixture, "first", "");
    redact(fixture, "$e1");
    index_all(fixture->store);
    assert_found(fixture, "bundled", "");
    assert_found(fixture, "first", "$1");
    add_edit(fixture, NULL, "@bob:x", "$1", "an unsent version", FALSE);
    mx_store_begin(fixture->store);
    mx_store_exec(fixture->store, "UPDATE timeline SET txn_id = 't' WHERE event_id IS NULL", "");
    store_fixture_commit(fixture->store);
    index_all(fixture->store);
    assert_found(fixture, "unsent", "$1");
    mx_store_begin(fixture->store);
    mx_store_remove_row_of_txn(fixture->store, fixture->room->key, "t");
    store_fixture_commit(fixture->store);
    index_all(fixture->store);
    assert_found(fixture, "unsent", "");
    assert_found(fixture, "first", "$1");
}

/* A row that goes before its turn, or with its room, leaves nothing. */
static void test_gone(Fixture *fixture, gconstpointer data)
{
    add(fixture, fixture->other, "$1", "early");
    index_all(fixture->store);
    add(fixture, fixture->other, "$2", "early");
    mx_store_begin(fixture->store);
    mx_store_exec(fixture->store, "DELETE FROM room WHERE key = ?", "i", fixture->other->key);
    store_fixture_commit(fixture->store);
    g_assert_cmpint(mx_store_search_count_queue(fixture->store), ==, 0);
    assert_found(fixture, "early", "");
    g_assert_cmpint(
        mx_store_query_int(fixture->store, -1, "SELECT count(*) FROM search_content", ""), ==, 0);
    add(fixture, fixture->room, "$3", "late");
    index_all(fixture->store);
    mx_store_begin(fixture->store);
    mx_store_clear(fixture->store);
    store_fixture_commit(fixture->store);
    assert_found(fixture, "late", "");
}

static GBytes *seal(gpointer data, const char *kind, const char *key, GBytes *plain, GError **error)
{
    gsize len;
    guint8 *bytes = g_bytes_unref_to_data(g_bytes_ref(plain), &len);
    for (gsize i = 0; i < len; i++)
        bytes[i] ^= 0x5a;
    return g_bytes_new_take(bytes, len);
}

static GBytes *reveal(gpointer data, const char *kind, const char *key, GBytes *sealed)
{
    return seal(data, kind, key, sealed, NULL);
}

static void add_secret(Fixture *fixture, const char *event_id, const char *body)
{
    g_autofree char *content = g_strdup_printf("{\"msgtype\":\"m.text\",\"body\":\"%s\"}", body);
    MxTimelineRow row = {
        .room = fixture->room->key,
        .pos = ++fixture->room->top_pos,
        .event_id = (char *)event_id,
        .sender = (char *)"@bob:x",
        .type = (char *)"m.room.message",
        .content = content,
        .is_secret = TRUE,
    };
    mx_store_begin(fixture->store);
    g_assert_true(mx_store_add_timeline(fixture->store, &row));
    store_fixture_commit(fixture->store);
}

static void set_secret(Fixture *fixture, gboolean takes_secret)
{
    mx_store_begin(fixture->store);
    mx_store_search_set_secret(fixture->store, takes_secret);
    store_fixture_commit(fixture->store);
    index_all(fixture->store);
}

/* Texts of encrypted rooms are in the index only while that is wanted. */
static void test_secret(Fixture *fixture, gconstpointer data)
{
    mx_store_set_reveal(fixture->store, seal, reveal, NULL);
    add(fixture, fixture->room, "$open", "an open plugh");
    add_secret(fixture, "$secret", "a secret plugh xyzzyplugh");
    index_all(fixture->store);
    assert_found(fixture, "plugh", "$open");
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
    set_secret(fixture, TRUE);
    assert_found(fixture, "secret plugh", "$secret");
    g_assert_true(is_on_disk(fixture, "xyzzyplugh"));
    add_secret(fixture, "$more", "one more");
    index_all(fixture->store);
    assert_found(fixture, "more", "$more");
    set_secret(fixture, FALSE);
    assert_found(fixture, "plugh", "$open");
    assert_found(fixture, "more", "");
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
}

/* Encrypted words that took the place of others are as secret as all of them. */
static void test_secret_edit(Fixture *fixture, gconstpointer data)
{
    mx_store_set_reveal(fixture->store, seal, reveal, NULL);
    add(fixture, fixture->room, "$1", "from before");
    index_all(fixture->store);
    add_edit(fixture, "$e1", "@bob:x", "$1", "xyzzyplugh", TRUE);
    index_all(fixture->store);
    assert_found(fixture, "xyzzyplugh", "");
    assert_found(fixture, "before", "");
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
    set_secret(fixture, TRUE);
    assert_found(fixture, "xyzzyplugh", "$1");
    set_secret(fixture, FALSE);
    assert_found(fixture, "xyzzyplugh", "");
    g_assert_false(is_on_disk(fixture, "xyzzyplugh"));
}

/* What was in the database before there was an index is in it too, slice by slice. */
static void test_waits(Fixture *fixture, gconstpointer data)
{
    for (guint i = 0; i < 60; i++) {
        g_autofree char *id = g_strdup_printf("$%u", i);
        add(fixture, fixture->room, id, "wait");
    }
    mx_store_begin(fixture->store);
    mx_store_search_reset(fixture->store);
    store_fixture_commit(fixture->store);
    g_assert_cmpint(mx_store_search_count_queue(fixture->store), ==, 60);
    gboolean has_more = FALSE;
    g_assert_true(mx_upkeep_index(fixture->store, 0, &has_more, NULL));
    g_assert_true(has_more);
    g_assert_cmpint(mx_store_search_count_queue(fixture->store), ==, 35);
    g_autofree char *found = find_in(fixture, "wait", NULL);
    g_assert_true(g_str_has_prefix(found, "$59$58$57"));
    index_all(fixture->store);
}

/* ---- texts ---- */

static void assert_text_of(const char *type, const char *content, const char *expected)
{
    MxTimelineRow row = {.type = (char *)type, .content = (char *)content};
    g_autofree char *text = mx_search_dup_text(&row);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_text(const char *content, const char *expected)
{
    assert_text_of("m.room.message", content, expected);
}

static void test_texts(void)
{
    assert_text("{\"body\":\"plain\"}", "plain");
    assert_text("{}", NULL);
    assert_text("{\"body\":7}", NULL);
    assert_text("{\"body\":\"> <@bob:b.org> quoted\\n> more\\n\\nown\","
                "\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$a\"}}}",
                "own");
    assert_text("{\"body\":\"> quoted\\nown\"}", "> quoted\nown");
    assert_text("{\"body\":\"* old\",\"m.new_content\":{\"body\":\"new\"},"
                "\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"$a\"}}",
                "new");
    assert_text("{\"msgtype\":\"m.file\",\"filename\":\"plan.pdf\",\"body\":\"the plan\"}",
                "plan.pdf\nthe plan");
    assert_text("{\"msgtype\":\"m.file\",\"filename\":\"a.pdf\",\"body\":\"a.pdf\"}", "a.pdf");
    assert_text_of("m.sticker", "{\"body\":\"waving cat\"}", "waving cat");
    assert_text_of("m.reaction", "{\"body\":\"no message\"}", NULL);
    assert_text_of("m.poll.start",
                   "{\"m.poll\":{\"question\":{\"m.text\":[{\"body\":\"Tea?\"}]},\"answers\":["
                   "{\"m.id\":\"a\",\"m.text\":[{\"body\":\"Green\"}]},"
                   "{\"m.id\":\"b\",\"m.text\":[{\"body\":\"Black\"}]}]}}",
                   "Tea?\nGreen\nBlack");
    g_autofree char *brief = mx_search_dup_excerpt("one\ntwo three", "two", 50);
    g_assert_cmpstr(brief, ==, "one two three");
    g_autofree char *filler = g_strnfill(300, 'x');
    g_autofree char *text = g_strconcat(filler, " Größe ", filler, NULL);
    g_autofree char *part = mx_search_dup_excerpt(text, "\"GRÖSSE\" größe", 60);
    g_assert_nonnull(strstr(part, "Größe"));
    g_assert_cmpint(g_utf8_strlen(part, -1), <=, 62);
}

/* ---- retention ---- */

static void add_at(Fixture *fixture, const char *event_id, gint64 days_ago, MxDisplay display)
{
    mx_store_begin(fixture->store);
    gint64 id = store_fixture_add_line(fixture->store, fixture->room, event_id, "@bob:x", NULL,
                                       event_id, display);
    mx_store_exec(fixture->store, "UPDATE timeline SET ts = ? WHERE id = ?", "ii",
                  NOW_MS - days_ago * DAY_MS, id);
    store_fixture_commit(fixture->store);
}

static int forget(Fixture *fixture, gint64 days)
{
    mx_store_begin(fixture->store);
    int gone = mx_store_forget_before(fixture->store, fixture->room->key, NOW_MS - days * DAY_MS,
                                      NOW_MS, 2);
    store_fixture_commit(fixture->store);
    return gone;
}

static void assert_lowest(Fixture *fixture, const char *expected)
{
    g_autofree char *lowest = mx_store_query_text(
        fixture->store, "SELECT event_id FROM timeline WHERE room = ? ORDER BY pos LIMIT 1", "i",
        fixture->room->key);
    g_assert_cmpstr(lowest, ==, expected);
}

static void test_retention(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    add_at(fixture, "$1", 400, MX_DISPLAY_SHOWN);
    add_at(fixture, "$future", -9000, MX_DISPLAY_SHOWN);
    add_at(fixture, "$2", 390, MX_DISPLAY_SHOWN);
    add_at(fixture, "$3", 20, MX_DISPLAY_SHOWN);
    add_at(fixture, "$4", 380, MX_DISPLAY_SHOWN);
    add_at(fixture, "$5", 10, MX_DISPLAY_SHOWN);
    index_all(store);
    fixture->room->prev_batch = g_strdup("p");
    mx_store_begin(store);
    mx_store_save_room(store, fixture->room);
    store_fixture_commit(store);
    g_assert_cmpint(forget(fixture, 500), ==, 0);
    g_assert_cmpint(forget(fixture, 365), ==, 2);
    assert_lowest(fixture, "$2");
    g_assert_cmpint(forget(fixture, 365), ==, 1);
    /* What is behind it stays with it. */
    assert_lowest(fixture, "$3");
    assert_found(fixture, "future", "");
    assert_found(fixture, "3", "$3");
    g_autoptr(MxRoomRow) room = mx_store_get_room(store, "!a:x");
    g_assert_null(room->prev_batch);
    /* The newest one stays. */
    while (forget(fixture, 0) > 0)
        ;
    assert_lowest(fixture, "$5");
}

static void test_retention_waits(Fixture *fixture, gconstpointer data)
{
    add_at(fixture, "$1", 400, MX_DISPLAY_SHOWN);
    add_at(fixture, "$2", 400, MX_DISPLAY_PENDING);
    add_at(fixture, "$3", 400, MX_DISPLAY_SHOWN);
    g_assert_cmpint(forget(fixture, 365), ==, 1);
    g_assert_cmpint(forget(fixture, 365), ==, 0);
    assert_lowest(fixture, "$2");
}

static void add_quoted(Fixture *fixture, const char *event_id, gint64 days, const char *relates_to)
{
    MxTimelineRow row = {.room = fixture->room->key,
                         .event_id = (char *)event_id,
                         .sender = (char *)"@bob:x",
                         .type = (char *)"m.room.message",
                         .content = (char *)"{\"body\":\"x\"}",
                         .ts = NOW_MS - days * DAY_MS,
                         .relates_to = relates_to};
    mx_store_begin(fixture->store);
    mx_store_set_bundled(fixture->store, &row);
    store_fixture_commit(fixture->store);
}

/* So do quoted events; an edit stays as long as what it is of. */
static void test_retention_quoted(Fixture *fixture, gconstpointer data)
{
    static const char *const stay[] = {"$new", "$edit"}, *const gone[] = {"$old", "$other"};
    add_at(fixture, "$1", 400, MX_DISPLAY_SHOWN);
    add_quoted(fixture, "$old", 400, NULL);
    add_quoted(fixture, "$new", 20, NULL);
    add_quoted(fixture, "$edit", 400, "$1");
    add_quoted(fixture, "$other", 400, "$gone");
    forget(fixture, 365);
    assert_lowest(fixture, "$1"); /* the newest one */
    for (guint i = 0; i < G_N_ELEMENTS(stay); i++) {
        g_assert_true(mx_store_get_quoted(fixture->store, fixture->room->key, stay[i], NULL));
        g_assert_false(mx_store_get_quoted(fixture->store, fixture->room->key, gone[i], NULL));
    }
}

/* The file becomes smaller, in slices. */
static void test_shrink(Fixture *fixture, gconstpointer data)
{
    MxStore *store = fixture->store;
    g_autofree char *body = g_strnfill(30000, 'x');
    for (guint i = 0; i < 200; i++) {
        g_autofree char *id = g_strdup_printf("$%u", i);
        add(fixture, fixture->room, id, body);
    }
    MxStoreFacts facts;
    mx_store_get_facts(store, &facts);
    gint64 before = facts.bytes;
    g_assert_cmpint(before, >, 200 * 30000);
    g_assert_cmpint(facts.events, ==, 200);
    g_assert_cmpint(facts.unindexed, ==, 200);
    g_assert_cmpint(facts.oldest_ms, ==, 1000);
    while (forget(fixture, 0) > 0)
        ;
    guint slices = 1;
    while (mx_store_shrink(store))
        slices++;
    mx_store_get_facts(store, &facts);
    g_assert_cmpint(facts.bytes, <, before / 3);
    g_assert_cmpint(facts.events, ==, 1);
    g_assert_cmpint(slices, >, 5);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/store-search/words", test_words);
    ADD("/store-search/any-words", test_any_words);
    ADD("/store-search/redacted", test_redacted);
    ADD("/store-search/edited", test_edited);
    ADD("/store-search/edit-of-the-unknown", test_edit_of_the_unknown);
    ADD("/store-search/edit-redacted", test_edit_redacted);
    ADD("/store-search/edit-odd-ones", test_edit_odd_ones);
    ADD("/store-search/secret-edit", test_secret_edit);
    ADD("/store-search/gone", test_gone);
    ADD("/store-search/secret", test_secret);
    ADD("/store-search/waits", test_waits);
    g_test_add_func("/store-search/texts", test_texts);
    ADD("/store-search/retention", test_retention);
    ADD("/store-search/retention-waits", test_retention_waits);
    ADD("/store-search/retention-quoted", test_retention_quoted);
    ADD("/store-search/shrink", test_shrink);
    return g_test_run();
}

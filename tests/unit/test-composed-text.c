/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <util.h>

#include "../../src/purple/markup.h"
#include "mx-compose.h"
#include "mx-json.h"
#include "mx-split.h"
#include "mx-timeline.h"
#include "store-fixture.h"

/* Whatever people type comes through: what is typed, the event, the database, and what is shown.
 * Seeded, so that a failure can be had again. */

#define ROUNDS 400
#define ME "@me:x.org"

#define WOMAN "\xf0\x9f\x91\xa9"
#define ZWJ "\xe2\x80\x8d"
#define VS16 "\xef\xb8\x8f"

/* Never cut. */
static const char *const whole[] = {
    "e\xcc\x81\xcc\xa8",                                                /* two combining marks */
    WOMAN "\xf0\x9f\x8f\xbd",                                           /* skin tone */
    WOMAN ZWJ "\xe2\x9d\xa4" VS16 ZWJ "\xf0\x9f\x92\x8b" ZWJ WOMAN,     /* kiss */
    "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",                                 /* flag */
    "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf", /* flag of tags */
    "1" VS16 "\xe2\x83\xa3",                                            /* keycap */
    "\xe2\x9d\xa4" VS16,
    "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7\xe0\xa4\xbf", /* Devanagari conjunct */
    "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",             /* Hangul of jamo */
    "\xd7\xa9\xd6\xb8\xd7\x81",                         /* Hebrew with points */
};

static const char *const others[] = {
    "\xf0\x9f\x98\x80",                 /* emoji */
    "\xd9\x85\xd8\xb1\xd8\xad",         /* Arabic */
    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", /* Hebrew */
    "\xe2\x80\x8f",                     /* RLM */
    "\xe2\x80\xab x \xe2\x80\xac",      /* RLE, PDF */
    "\xe2\x81\xa7 y \xe2\x81\xa9",      /* RLI, PDI */
    "\xe2\x80\x8b",                     /* zero width space */
    "\xef\xbf\xbd",
    "x_y",
    /* what Markdown and HTML know */
    "a",
    " ",
    "\n",
    "<",
    "&",
    "&lt;",
    "\"",
    "'",
    "\\",
    "*",
    "\xef\xbf\xbf",
};
#define N_WITHOUT_MARKS 9

static void append_any(GString *text, GRand *rand)
{
    gunichar c;
    do {
        c = g_rand_int_range(rand, 0xa0, 0x110000);
    } while (!g_unichar_validate(c));
    g_string_append_unichar(text, c);
}

static const char *choose(GRand *rand, int n_others)
{
    int i = g_rand_int_range(rand, 0, G_N_ELEMENTS(whole) + n_others);
    return i < n_others ? others[i] : whole[i - n_others];
}

static char *make_text(GRand *rand, int n)
{
    GString *text = g_string_new(NULL);
    for (; n > 0; n--) {
        if (g_rand_int_range(rand, 0, 6) == 0)
            append_any(text, rand);
        else
            g_string_append(text, choose(rand, G_N_ELEMENTS(others)));
    }
    return g_string_free(text, FALSE);
}

static gboolean is_cut_well(const char *text, gsize at)
{
    for (guint i = 0; i < G_N_ELEMENTS(whole); i++)
        for (gsize into = 1; into < strlen(whole[i]) && into <= at; into++)
            if (g_str_has_prefix(text + at - into, whole[i]))
                return FALSE;
    return TRUE;
}

static gboolean is_dropped(const char *between, gsize len)
{
    return len == 0 || strspn(between, "\n") == len || (len == 1 && *between == ' ');
}

static void test_split(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    for (int round = 0; round < ROUNDS; round++) {
        g_autofree char *text = make_text(rand, 300);
        gsize max = g_rand_int_range(rand, 120, 700), next = 0;
        for (const char *at = text; *at != '\0'; at += next) {
            gsize len = mx_split_find(at, max, &next);
            g_assert_cmpuint(len, >, 0);
            g_assert_cmpuint(len, <=, max);
            g_assert_true(g_utf8_validate(at, len, NULL));
            g_assert_cmpuint(next, >=, len);
            g_assert_true(is_dropped(at + len, next - len));
            g_assert_true(next > len || is_cut_well(text, at + len - text));
        }
    }
}

static void test_split_places(void)
{
    static const struct {
        const char *text;
        gsize max, len, next;
    } cases[] = {
        {"short", 10, 5, 5},
        {"one two three", 9, 7, 8},
        {"one\ntwo three", 9, 7, 8}, /* the last line break is too far back */
        {"one two\nthree", 9, 7, 8},
        {"a two\n\nthree\nxx y", 13, 12, 13}, /* the paragraph's end is too far back */
        {"12345678\n\nthree\nxx y", 15, 8, 10},
        {"\n\n\n\n\n\n", 4, 4, 4},
        {"abc\xcc\x81\xcc\x81\xcc\x81", 5, 2, 2},
        {"\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 5, 0, 0}, /* nowhere */
        {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 6, 0, 0},
        {"a \xcc\x81z", 3, 1, 1}, /* a space with a mark is no space */
        {"\xc3\xa9\xc3\xa9", 3, 2, 2},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize next = 0;
        g_test_message("%u", i);
        g_assert_cmpuint(mx_split_find(cases[i].text, cases[i].max, &next), ==, cases[i].len);
        g_assert_cmpuint(next, ==, cases[i].next);
    }
}

static void test_split_speed(void)
{
    static const char *const parts[] = {"\n", " ", "a", "\xcc\x81", "a\n\n"};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GString) text = g_string_new("x");
        gsize next;
        while (text->len < 1000000)
            g_string_append(text, parts[i]);
        gint64 began = g_get_monotonic_time();
        mx_split_find(text->str, 500000, &next);
        g_assert_cmpint(g_get_monotonic_time() - began, <, 500000);
    }
}

/* ---- the whole way ---- */

typedef struct {
    char *dir;
    MxStore *store;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->dir = store_fixture_make_dir();
    f->store = store_fixture_open(f->dir);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    mx_store_close(f->store);
    store_fixture_remove_dir(f->dir);
}

/* Stored, and read again. */
static MxLine *store_line(MxStore *store, MxRoomRow *room, const char *content)
{
    MxTimelineRow row = {.room = room->key,
                         .pos = ++room->top_pos,
                         .event_id = g_strdup_printf("$e%" G_GINT64_FORMAT, room->top_pos),
                         .sender = (char *)ME,
                         .type = (char *)"m.room.message",
                         .content = (char *)content,
                         .display = MX_DISPLAY_SHOWN,
                         .ts = 1};
    mx_store_begin(store);
    mx_store_add_timeline(store, &row);
    g_assert_true(mx_store_commit(store, NULL));
    g_autoptr(GPtrArray) newest = mx_store_list_newest_lines(store, room->key, 1);
    g_assert_cmpuint(newest->len, ==, 1);
    g_free(row.event_id);
    return mx_line_new(store, newest->pdata[0], ME);
}

static GPtrArray *compose(MxStore *store, MxRoomRow *room, const char *typed, MxTextFormat format)
{
    g_autofree char *body = mxp_markup_to_plain(typed);
    g_autofree char *html = mxp_markup_to_html(typed, 0);
    g_autoptr(JsonObject) content = json_object_new();
    g_autoptr(GError) error = NULL;
    json_object_set_string_member(content, "msgtype", "m.text");
    json_object_set_string_member(content, "body", body);
    if (html != NULL) {
        json_object_set_string_member(content, "format", "org.matrix.custom.html");
        json_object_set_string_member(content, "formatted_body", html);
    }
    GPtrArray *parts = mx_compose(store, room, ME, content, NULL, format, &error);
    g_assert_no_error(error);
    return parts;
}

/* What the window shows, as text. */
static char *get_shown(const MxLine *line)
{
    g_autofree char *markup = line->formatted_body != NULL
                                  ? mxp_markup_from_html(line->formatted_body, FALSE)
                                  : mxp_markup_from_plain(line->body, FALSE);
    return mxp_markup_to_plain(markup);
}

static void test_plain(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(f->store, "!r:x.org");
    for (int round = 0; round < ROUNDS; round++) {
        g_autofree char *text = make_text(rand, g_rand_int_range(rand, 1, 60));
        g_autofree char *typed = mxp_markup_escape(text);
        g_autoptr(GPtrArray) parts = compose(f->store, room, typed, MX_TEXT_TYPED);
        g_assert_cmpuint(parts->len, ==, 1);
        g_autoptr(MxLine) line = store_line(f->store, room, parts->pdata[0]);
        g_autofree char *shown = get_shown(line);
        g_assert_cmpstr(line->body, ==, text);
        g_assert_cmpstr(shown, ==, text);
    }
}

static void test_formatted(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(f->store, "!r:x.org");
    for (int round = 0; round < ROUNDS; round++) {
        g_autofree char *text = make_text(rand, g_rand_int_range(rand, 1, 30));
        g_autofree char *escaped = mxp_markup_escape(text);
        g_autofree char *typed = g_strdup_printf("x<b>y%sz</b>w", escaped);
        g_autofree char *wanted = g_strdup_printf("xy%szw", text);
        g_autoptr(GPtrArray) parts = compose(f->store, room, typed, MX_TEXT_MARKDOWN);
        g_autoptr(MxLine) line = store_line(f->store, room, parts->pdata[0]);
        g_autofree char *shown = get_shown(line);
        g_assert_cmpstr(line->body, ==, wanted);
        g_assert_nonnull(line->formatted_body);
        /* Spaces that HTML would not keep are no-break spaces. */
        g_auto(GStrv) now = g_strsplit(shown, "\xc2\xa0", -1),
                      was = g_strsplit(wanted, "\xc2\xa0", -1);
        g_autofree char *now_text = g_strjoinv(" ", now), *was_text = g_strjoinv(" ", was);
        g_assert_cmpstr(now_text, ==, was_text);
    }
}

/* In emphasis and in code, with the Markdown option. */
static void test_markdown(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(f->store, "!r:x.org");
    for (int round = 0; round < ROUNDS; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int n = g_rand_int_range(rand, 1, 20); n > 0; n--)
            g_string_append(text, choose(rand, N_WITHOUT_MARKS));
        g_autofree char *typed =
            g_strdup_printf("**a%sb** `%s` c%sd", text->str, text->str, text->str);
        g_autofree char *wanted = g_strdup_printf("a%sb %s c%sd", text->str, text->str, text->str);
        g_autoptr(GPtrArray) parts = compose(f->store, room, typed, MX_TEXT_MARKDOWN);
        g_autoptr(MxLine) line = store_line(f->store, room, parts->pdata[0]);
        g_autofree char *shown = get_shown(line);
        g_assert_cmpstr(line->body, ==, typed);
        g_assert_cmpstr(shown, ==, wanted);
    }
}

/* Parts are the text again, in both sizes of rooms, and each is small enough for servers. */
static void test_long(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    g_autoptr(MxRoomRow) room = store_fixture_add_room(f->store, "!r:x.org");
    for (int round = 0; round < 12; round++) {
        g_autofree char *text = make_text(rand, 20000);
        g_autofree char *typed = mxp_markup_escape(text);
        room->encrypted = round % 2 == 1;
        gsize limit = room->encrypted ? 65536 * 3 / 4 - 1500 : 65536 - 3000;
        g_autoptr(GPtrArray) parts =
            compose(f->store, room, typed, round % 3 == 0 ? MX_TEXT_LITERAL : MX_TEXT_TYPED);
        g_assert_cmpuint(parts->len, >, 1);
        const char *at = text;
        for (guint i = 0; i < parts->len; i++) {
            g_autoptr(MxLine) line = store_line(f->store, room, parts->pdata[i]);
            g_assert_cmpuint(strlen(parts->pdata[i]), <, limit);
            const char *next = strstr(at, line->body);
            g_assert_true(next != NULL && is_dropped(at, next - at));
            at = next + strlen(line->body);
        }
        g_assert_cmpstr(at, ==, "");
    }
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/composed-text/split", test_split);
    g_test_add_func("/composed-text/split-places", test_split_places);
    g_test_add_func("/composed-text/split-speed", test_split_speed);
    ADD("/composed-text/plain", test_plain);
    ADD("/composed-text/formatted", test_formatted);
    ADD("/composed-text/markdown", test_markdown);
    ADD("/composed-text/long", test_long);
    return g_test_run();
}

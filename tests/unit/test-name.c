/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-name.h"

/* Names that look alike have one key (D9). */

static void test_lookalikes(void)
{
    static const struct {
        const char *one, *other;
        gboolean alike;
    } cases[] = {
        {"Alice", "Alice", TRUE},
        {"Alice", "alice", TRUE},
        {"Alice", " Al ice\xc2\xa0", TRUE}, /* no-break space */
        {"Alice",
         "Ali\xe2\x80\x8b"
         "ce",
         TRUE}, /* zero width space */
        {"Alice",
         "\xe2\x80\xae"
         "Alice",
         TRUE}, /* right-to-left override */
        {"Alice",
         "\xef\xbb\xbf"
         "Alice",
         TRUE},                                /* byte order mark */
        {"Alice", "\xd0\x90lice", TRUE},       /* Cyrillic A */
        {"Alice", "\xce\x91lice", TRUE},       /* Greek Alpha */
        {"Alice", "A1ice", TRUE},              /* one for l */
        {"Alice", "AIice", TRUE},              /* capital I for l */
        {"Alice", "\xef\xbc\xa1lice", TRUE},   /* full width */
        {"Ren\xc3\xa9", "Rene\xcc\x81", TRUE}, /* composed or not */
        {"Bob", "B0b", TRUE},
        {"Bob",
         "Bo\xe3\x85\xa4"
         "b",
         TRUE}, /* Hangul filler */
        {"Alice", "Alicia", FALSE},
        {"Alice", "Malice", FALSE},
        {"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", "\xd0\x98\xd0\xb3\xd0\xbe\xd1\x80",
         FALSE},                                 /* Иван, Игорь */
        {"\xe7\x8e\x8b", "\xe6\x9d\x8e", FALSE}, /* 王, 李 */
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *one = mx_name_make_key(cases[i].one);
        g_autofree char *other = mx_name_make_key(cases[i].other);
        g_test_message("%s, %s", cases[i].one, cases[i].other);
        g_assert_cmpint(g_strcmp0(one, other) == 0, ==, cases[i].alike);
    }
}

static void test_nothing(void)
{
    static const char *const names[] = {
        NULL, "", " ", "\xe2\x80\x8b\xe2\x80\x8d", "\xe2\xa0\x80", "\xe3\x85\xa4"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *key = mx_name_make_key(names[i]);
        g_assert_null(key);
    }
}

static void test_ids(void)
{
    static const struct {
        const char *name;
        gboolean looks_like_id;
    } cases[] = {
        {"@bob:example.org", TRUE},
        {"Bob (@bob:x)", TRUE},
        {"Bob", FALSE},
        {"Bob @ work", FALSE},
        {"a:b", FALSE},
        {"@bob", FALSE},
        {"@:", FALSE},
        {"@", FALSE},
        {"", FALSE},
        {"bob@x: hi", TRUE},
        {"x: @y", FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mx_name_looks_like_id(cases[i].name), ==, cases[i].looks_like_id);
}

static void test_controls(void)
{
    static const gunichar controls[] = {'\n',   0x7f,   0x85,   0x9f,   0x2028,
                                        0x2029, 0x202a, 0x202e, 0x2066, 0x2069};
    static const gunichar others[] = {' ', 'a', 0xa0, 0x200d, 0x200f, 0x202f, 0x206a, 0x1f600};
    for (guint i = 0; i < G_N_ELEMENTS(controls); i++)
        g_assert_true(mx_name_is_control(controls[i]));
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(mx_name_is_control(others[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/name/lookalikes", test_lookalikes);
    g_test_add_func("/name/nothing", test_nothing);
    g_test_add_func("/name/ids", test_ids);
    g_test_add_func("/name/controls", test_controls);
    return g_test_run();
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-file-name.h"

/* Names of strangers' files, as they may be written to disk. */

static void test_names(void)
{
    static const struct {
        const char *name, *safe;
    } cases[] = {
        {"cat.png", "cat.png"},
        {"Größe 木.tar.gz", "Größe 木.tar.gz"},
        {"", "file"},
        {NULL, "file"},
        {".", "file"},
        {"..", "file"},
        {"../../.bashrc", "bashrc"},
        {"/etc/passwd", "passwd"},
        {"C:\\Windows\\system.ini", "system.ini"},
        {"a/", "file"},
        {".hidden", "hidden"},
        {"-rf", "rf"},
        {"~root", "root"},
        {"a\nb\tc\x1b[2J.txt", "a_b_c_[2J.txt"},
        {"evil\xe2\x80\xaegnp.exe", "evil_gnp.exe"},
        {"in\xe2\x80\x8bvisible.txt", "invisible.txt"},
        {"e\xcc\x81.txt", "e\xcc\x81.txt"},
        {"what?<is>|\"this\":*.txt", "what__is___this___.txt"},
        {"con", "_con"},
        {"NUL.txt", "_NUL.txt"},
        {"Com1.tar.gz", "_Com1.tar.gz"},
        {"common.txt", "common.txt"},
        {"trailing. . ", "trailing"},
        {"bad\xff.txt", "bad\xef\xbf\xbd.txt"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = mx_file_name_make_safe(cases[i].name);
        g_assert_cmpstr(safe, ==, cases[i].safe);
    }
}

static void test_long(void)
{
    g_autoptr(GString) name = g_string_new(NULL);
    while (name->len < 4096)
        g_string_append(name, "\xe6\x9c\xa8");
    g_string_append(name, ".jpeg");
    g_autofree char *safe = mx_file_name_make_safe(name->str);
    g_assert_cmpuint(strlen(safe), <=, MX_FILE_NAME_MAX);
    g_assert_cmpuint(strlen(safe), >, MX_FILE_NAME_MAX - 4);
    g_assert_true(g_utf8_validate(safe, -1, NULL));
    g_assert_true(g_str_has_suffix(safe, "\xe6\x9c\xa8.jpeg"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-name/names", test_names);
    g_test_add_func("/file-name/long", test_long);
    return g_test_run();
}

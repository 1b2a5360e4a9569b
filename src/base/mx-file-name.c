/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-file-name.h"

#include <string.h>

#include "mx-name.h"

/* What is kept of the name's end when it is cut. */
#define MAX_EXTENSION 20
/* One more may be put before it. */
#define MAX_BYTES (MX_FILE_NAME_MAX - 1)

static const char *skip_folders(const char *name)
{
    const char *last = name;
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '/' || *at == '\\')
            last = at + 1;
    return last;
}

/* The signs are those that Windows' file systems refuse. What cannot be seen would make two names
 * look the same. */
static void append_safe(GString *safe, gunichar c)
{
    if (mx_name_is_control(c) || (c < 0x80 && strchr("<>:\"|?*", (int)c) != NULL))
        g_string_append_c(safe, '_');
    else if (g_unichar_isspace(c))
        g_string_append_c(safe, ' ');
    else if (g_unichar_type(c) != G_UNICODE_FORMAT)
        g_string_append_unichar(safe, c);
}

/* Names of devices, with whatever after the first dot. */
static gboolean is_reserved(const char *name)
{
    static const char *const words[] = {"con", "prn", "aux", "nul", NULL};
    g_autofree char *stem = g_ascii_strdown(name, (gssize)strcspn(name, "."));
    g_strchomp(stem);
    if (g_strv_contains(words, stem))
        return TRUE;
    return (g_str_has_prefix(stem, "com") || g_str_has_prefix(stem, "lpt")) && strlen(stem) == 4 &&
           g_ascii_isdigit(stem[3]);
}

/* Hidden files begin with a dot, options with a dash, a home folder with a tilde. */
static void strip_ends(GString *name)
{
    gsize skip = strspn(name->str, ". -~");
    g_string_erase(name, 0, (gssize)skip);
    while (name->len > 0 && strchr(". ", name->str[name->len - 1]) != NULL)
        g_string_truncate(name, name->len - 1);
}

static void cut(GString *name)
{
    if (name->len <= MAX_BYTES)
        return;
    const char *dot = strrchr(name->str, '.');
    gsize extension = dot != NULL ? strlen(dot) : 0;
    g_autofree char *end = extension <= MAX_EXTENSION && dot != NULL ? g_strdup(dot) : g_strdup("");
    const char *from = name->str + MAX_BYTES - strlen(end);
    const char *start = g_utf8_find_prev_char(name->str, from + 1);
    g_string_truncate(name, start - name->str);
    g_string_append(name, end);
}

char *mx_file_name_make_safe(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name != NULL ? name : "", -1);
    g_autoptr(GString) safe = g_string_new(NULL);
    for (const char *at = skip_folders(valid); *at != '\0'; at = g_utf8_next_char(at))
        append_safe(safe, g_utf8_get_char(at));
    strip_ends(safe);
    cut(safe);
    strip_ends(safe);
    if (is_reserved(safe->str))
        g_string_prepend_c(safe, '_');
    return safe->len > 0 ? g_strdup(safe->str) : g_strdup("file");
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-name.h"

#include <string.h>

/* After case folding; by character. Greek, Cyrillic and others, then what looks alike in Latin. */
static const struct {
    gunichar from;
    char to;
} lookalikes[] = {
    {0x3b1, 'a'}, {0x3b2, 'b'}, {0x3b5, 'e'}, {0x3b6, 'z'}, {0x3b7, 'h'}, {0x3b9, 'l'},
    {0x3ba, 'k'}, {0x3bc, 'm'}, {0x3bd, 'n'}, {0x3bf, 'o'}, {0x3c1, 'p'}, {0x3c4, 't'},
    {0x3c5, 'y'}, {0x3c7, 'x'}, {0x3f2, 'c'}, {0x3f3, 'j'}, {0x430, 'a'}, {0x432, 'b'},
    {0x435, 'e'}, {0x43a, 'k'}, {0x43c, 'm'}, {0x43d, 'h'}, {0x43e, 'o'}, {0x440, 'p'},
    {0x441, 'c'}, {0x442, 't'}, {0x443, 'y'}, {0x445, 'x'}, {0x455, 's'}, {0x456, 'l'},
    {0x458, 'j'}, {0x475, 'v'}, {0x4bb, 'h'}, {0x501, 'd'}, {0x51b, 'q'}, {0x51d, 'w'},
    {0x131, 'l'}, {0x251, 'a'}, {0x261, 'g'}, {0x269, 'l'}, {'i', 'l'},   {'1', 'l'},
    {'|', 'l'},   {'0', 'o'},
};

static gunichar look_up(gunichar c)
{
    for (guint i = 0; i < G_N_ELEMENTS(lookalikes); i++)
        if (lookalikes[i].from == c)
            return lookalikes[i].to;
    return c;
}

static gboolean is_invisible(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* zero width, direction, tags */
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_SPACE_SEPARATOR:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_UNASSIGNED:
        return TRUE;
    default:
        /* Letters by type, yet blank: Hangul fillers; and the empty Braille pattern. */
        return c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800;
    }
}

char *mx_name_make_key(const char *name)
{
    if (name == NULL)
        return NULL;
    g_autofree char *folded = g_utf8_casefold(name, -1);
    g_autofree char *plain = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL);
    GString *key = g_string_sized_new(strlen(name));
    for (const char *at = plain; at != NULL && *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!is_invisible(c))
            g_string_append_unichar(key, look_up(c));
    }
    /* A name of nothing but marks is one still. */
    return g_string_free(key, key->len == 0);
}

gboolean mx_name_is_control(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

gboolean mx_name_looks_like_id(const char *name)
{
    const char *at = strchr(name, '@');
    return at != NULL && at[1] != '\0' && strchr(at + 2, ':') != NULL;
}

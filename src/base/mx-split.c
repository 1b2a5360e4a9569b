/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-split.h"

#include <string.h>

/* Viramas join what is around them. */
#define CLASS_VIRAMA 9

static gboolean is_regional(gunichar c)
{
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

static gboolean is_skin_tone(gunichar c)
{
    return c >= 0x1f3fb && c <= 0x1f3ff;
}

static gboolean is_jamo(gunichar c)
{
    GUnicodeBreakType type = g_unichar_break_type(c);
    return type == G_UNICODE_BREAK_HANGUL_L_JAMO || type == G_UNICODE_BREAK_HANGUL_V_JAMO ||
           type == G_UNICODE_BREAK_HANGUL_T_JAMO;
}

/* Stays with what is before it. */
static gboolean is_extending(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_FORMAT: /* joiners, tags, the ends of directions */
        return TRUE;
    default:
        return is_skin_tone(c) || c == 0xff9e || c == 0xff9f;
    }
}

/* Stricter than it needs to be: a place further back is as good. */
static gboolean may_cut(gunichar before, gunichar after)
{
    if (is_extending(after) || g_unichar_type(before) == G_UNICODE_FORMAT)
        return FALSE;
    if (g_unichar_combining_class(before) == CLASS_VIRAMA)
        return FALSE;
    if (is_regional(before) && is_regional(after))
        return FALSE;
    return !is_jamo(after) && !(before == '\r' && after == '\n') &&
           !(is_jamo(before) && g_unichar_get_script(after) == G_UNICODE_SCRIPT_HANGUL);
}

static gboolean may_cut_at(const char *text, const char *at)
{
    const char *before = g_utf8_find_prev_char(text, at);
    return before != NULL && may_cut(g_utf8_get_char(before), g_utf8_get_char(at));
}

/* The last line breaks, at least so many in a row, in from..end. */
static gsize find_breaks(const char *text, gsize from, gsize end, guint at_least, gsize *next)
{
    for (gsize at = end; at > from; at--) {
        if (text[at] != '\n')
            continue;
        gsize first = at, last = at + 1;
        while (first > 0 && text[first - 1] == '\n')
            first--;
        last += strspn(text + last, "\n");
        if (last - first >= at_least && first > 0) {
            *next = last;
            return first;
        }
        at = first;
        if (first == 0)
            break;
    }
    return 0;
}

static gsize find_space(const char *text, gsize from, gsize end, gsize *next)
{
    for (gsize at = end; at > from; at--) {
        if (text[at] != ' ' || is_extending(g_utf8_get_char(text + at + 1)))
            continue;
        *next = at + 1;
        return at;
    }
    return 0;
}

static gsize find_character(const char *text, gsize end, gsize *next)
{
    const char *at = text + end;
    if (((guchar)*at & 0xc0) == 0x80)
        at = g_utf8_find_prev_char(text, at);
    for (; at != NULL && at > text; at = g_utf8_find_prev_char(text, at)) {
        if (!may_cut_at(text, at))
            continue;
        *next = at - text;
        return at - text;
    }
    return 0;
}

gsize mx_split_find(const char *text, gsize max, gsize *next)
{
    gsize len = strlen(text), found;
    if (len <= max) {
        *next = len;
        return len;
    }
    if ((found = find_breaks(text, max / 2, max, 2, next)) > 0 ||
        (found = find_breaks(text, max / 2, max, 1, next)) > 0 ||
        (found = find_space(text, max / 2, max, next)) > 0)
        return found;
    return find_character(text, max, next);
}

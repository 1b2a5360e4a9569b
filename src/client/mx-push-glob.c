/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-push-glob.h"

/* No characters, as U+10FFFF is the last one. */
#define ANY 0x110000u
#define STAR 0x110001u
/* Nobody types a longer one. */
#define MAX_TOKENS 1000

struct _MxPushGlob {
    guint len;
    gboolean is_literal, is_too_long;
    gunichar tokens[];
};

static gunichar token_of(gunichar c, gboolean is_literal)
{
    if (!is_literal && c == '*')
        return STAR;
    return !is_literal && c == '?' ? ANY : g_unichar_tolower(c);
}

static MxPushGlob *new_glob(const char *text, gboolean is_literal)
{
    glong len = g_utf8_strlen(text, -1);
    gboolean is_too_long = len > MAX_TOKENS;
    MxPushGlob *glob = g_malloc0(sizeof *glob + (is_too_long ? 0 : len) * sizeof(gunichar));
    glob->is_literal = TRUE;
    glob->is_too_long = is_too_long;
    for (const char *at = text; *at != '\0' && !is_too_long; at = g_utf8_next_char(at)) {
        gunichar token = token_of(g_utf8_get_char(at), is_literal);
        glob->tokens[glob->len++] = token;
        glob->is_literal = glob->is_literal && token < ANY;
    }
    return glob;
}

MxPushGlob *mx_push_glob_new(const char *pattern)
{
    return new_glob(pattern, FALSE);
}

MxPushGlob *mx_push_glob_new_literal(const char *text)
{
    return new_glob(text, TRUE);
}

void mx_push_glob_free(MxPushGlob *glob)
{
    g_free(glob);
}

static gboolean is_word(gunichar c)
{
    return c < 0x80 && (g_ascii_isalnum((char)c) || c == '_');
}

/* active[i]: the first i tokens have matched what ends here. Stars match nothing, too. */
static void pass_stars(const MxPushGlob *glob, guint8 *active)
{
    for (guint i = 0; i < glob->len; i++)
        if (active[i] && glob->tokens[i] == STAR)
            active[i + 1] = 1;
}

static void take(const MxPushGlob *glob, guint8 *active, gunichar c)
{
    gunichar folded = g_unichar_tolower(c);
    for (guint i = glob->len; i > 0; i--) {
        gunichar token = glob->tokens[i - 1];
        gboolean stays = active[i] && i < glob->len && glob->tokens[i] == STAR;
        active[i] = stays || (active[i - 1] && (token == ANY || token == folded));
    }
    active[0] = active[0] && glob->len > 0 && glob->tokens[0] == STAR;
}

static gboolean run(const MxPushGlob *glob, const char *text, gboolean by_words)
{
    g_autofree guint8 *active = g_new0(guint8, glob->len + 1);
    gunichar before = 0;
    active[0] = 1;
    for (const char *at = text;; at = g_utf8_next_char(at)) {
        gunichar c = *at != '\0' ? g_utf8_get_char(at) : 0;
        gboolean is_boundary = !is_word(before) || !is_word(c);
        if (by_words && is_boundary)
            active[0] = 1;
        pass_stars(glob, active);
        if (active[glob->len] && (by_words ? is_boundary : c == 0))
            return TRUE;
        if (c == 0)
            return FALSE;
        take(glob, active, c);
        before = c;
    }
}

/* Most patterns are names of types. */
static gboolean is_same(const MxPushGlob *glob, const char *text)
{
    const char *at = text;
    for (guint i = 0; i < glob->len; i++, at = g_utf8_next_char(at))
        if (*at == '\0' || g_unichar_tolower(g_utf8_get_char(at)) != glob->tokens[i])
            return FALSE;
    return *at == '\0';
}

gboolean mx_push_glob_matches(const MxPushGlob *glob, const char *text)
{
    if (glob->is_too_long)
        return FALSE;
    return glob->is_literal ? is_same(glob, text) : run(glob, text, FALSE);
}

gboolean mx_push_glob_matches_words(const MxPushGlob *glob, const char *text)
{
    return !glob->is_too_long && run(glob, text, TRUE);
}

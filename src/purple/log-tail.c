/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "log-tail.h"

#include <string.h>

#include <util.h>

#include "messages.h"

/* As much of the end of a log as a slice of lines can take, system lines between them included. */
#define TAIL_BYTES (256 * 1024)
#define MAX_NAME_BYTES 1024

/* White space differs between what was written and what a log makes of it; everything else does
 * not. */
static char *squeeze(const char *text)
{
    GString *squeezed = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++)
        if (!g_ascii_isspace(*at))
            g_string_append_c(squeezed, *at);
    return g_string_free(squeezed, FALSE);
}

/* The end of the newest log as plain text without white space, or NULL. */
static char *read_tail(PurpleAccount *account, PurpleLogType type, const char *name)
{
    GList *logs = purple_log_get_logs(type, name, account);
    char *squeezed = NULL;
    if (logs != NULL) {
        PurpleLogReadFlags flags;
        g_autofree char *text = purple_log_read(logs->data, &flags);
        gsize len = text != NULL ? strlen(text) : 0;
        const char *tail = text != NULL ? text + (len > TAIL_BYTES ? len - TAIL_BYTES : 0) : "";
        g_autofree char *valid = g_utf8_make_valid(tail, -1);
        g_autofree char *plain = purple_markup_strip_html(valid);
        squeezed = squeeze(plain);
    }
    g_list_free_full(logs, (GDestroyNotify)purple_log_free);
    return squeezed;
}

/* "hh:mm:ss)" closes the time in every line of both of libpurple's loggers; a date may stand in
 * front of it. */
static char *get_clock(const MxLine *line)
{
    time_t when = line->ts / 1000;
    struct tm local;
    localtime_r(&when, &local);
    g_autofree char *clock = squeeze(purple_time_format(&local));
    return g_strconcat(clock, ")", NULL);
}

/* Any line's time. */
static GRegex *get_any_clock(void)
{
    static GRegex *regex = NULL;
    if (regex == NULL)
        regex = g_regex_new("\\([^()\\n]{0,40}\\d\\d:\\d\\d:\\d\\d[^()]{0,4}\\)", 0, 0, NULL);
    return regex;
}

/* What stands between the time and the text: "name:", or "***name" of an action. No other line's
 * time is in it. */
static gboolean is_sender(const char *text, gsize len, MxLineKind kind)
{
    if (len > MAX_NAME_BYTES || g_regex_match_full(get_any_clock(), text, len, 0, 0, NULL, NULL))
        return FALSE;
    if (kind == MX_LINE_STATE)
        return len == 0;
    if (kind == MX_LINE_EMOTE)
        return len > 3 && memcmp(text, "***", 3) == 0;
    return len > 1 && text[len - 1] == ':';
}

/* After the text comes another line's time, or nothing. */
static gboolean is_end_of_line(const char *text)
{
    return *text == '\0' ||
           g_regex_match_full(get_any_clock(), text, -1, 0, G_REGEX_MATCH_ANCHORED, NULL, NULL);
}

static gboolean entry_has(const char *entry, const char *wanted, MxLineKind kind)
{
    gsize len = strlen(wanted);
    for (const char *at = strstr(entry, wanted);
         at != NULL && (gsize)(at - entry) <= MAX_NAME_BYTES; at = strstr(at + 1, wanted))
        if (is_sender(entry, at - entry, kind) && is_end_of_line(at + len))
            return TRUE;
    return FALSE;
}

/* How often the line is there. */
static int count_occurrences(const char *tail, const MxLine *line)
{
    g_autofree char *clock = get_clock(line);
    g_autofree char *text = mxp_messages_get_text(line);
    g_autofree char *wanted = squeeze(text != NULL ? text : "");
    int count = 0;
    if (*wanted == '\0')
        return 0;
    for (const char *at = strstr(tail, clock); at != NULL; at = strstr(at + 1, clock))
        if (entry_has(at + strlen(clock), wanted, line->kind))
            count++;
    return count;
}

static gboolean looks_same(const MxLine *one, const MxLine *other)
{
    if (one->ts / 1000 != other->ts / 1000 || !g_str_equal(one->sender, other->sender))
        return FALSE;
    g_autofree char *text = mxp_messages_get_text(one);
    g_autofree char *other_text = mxp_messages_get_text(other);
    return g_strcmp0(text, other_text) == 0;
}

GArray *mxp_log_tail_find(PurpleAccount *account, PurpleLogType type, const char *name,
                          GPtrArray *lines)
{
    g_autofree char *tail = read_tail(account, type, name);
    GArray *found = g_array_sized_new(FALSE, TRUE, sizeof(gboolean), lines->len);
    for (guint i = 0; i < lines->len; i++) {
        const MxLine *line = g_ptr_array_index(lines, i);
        int needed = line->shown_twins + 1;
        for (guint k = 0; k < i; k++)
            if (looks_same(g_ptr_array_index(lines, k), line))
                needed++;
        gboolean is_there = tail != NULL && count_occurrences(tail, line) >= needed;
        g_array_append_val(found, is_there);
    }
    return found;
}

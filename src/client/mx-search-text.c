/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-search-text.h"

#include <string.h>

#include "mx-event.h"

/* Characters before what was found. */
#define BEFORE 40

/* The fallback of a reply (client-server API, "Rich replies") is the first lines. */
static const char *skip_quote(const char *body)
{
    while (g_str_has_prefix(body, "> ") || g_str_has_prefix(body, ">\n")) {
        const char *end = strchr(body, '\n');
        if (end == NULL)
            return "";
        body = end + 1;
    }
    return body;
}

static char *dup_new_body(MxJsonSlice content, MxJsonSlice relation)
{
    if (!mx_json_slice_equals(mx_json_scan_member(relation, "rel_type"), "m.replace"))
        return NULL;
    MxJsonSlice new_content = mx_json_scan_member(content, "m.new_content");
    if (new_content.text == NULL || new_content.type != MX_JSON_OBJECT)
        return NULL;
    return mx_json_slice_dup_string(mx_json_scan_member(new_content, "body"));
}

char *mx_search_dup_text(const MxTimelineRow *row)
{
    static const char *const names[] = {"body", "m.relates_to", NULL};
    MxJsonSlice values[2];
    if (!g_str_equal(row->type, "m.room.message"))
        return NULL;
    MxJsonSlice content = mx_json_scan_root(row->content, strlen(row->content));
    mx_json_scan_members(content, names, values);
    g_autofree char *body = mx_json_slice_dup_string(values[0]);
    if (body == NULL || values[1].text == NULL || values[1].type != MX_JSON_OBJECT)
        return g_steal_pointer(&body);
    char *new_body = dup_new_body(content, values[1]);
    if (new_body != NULL)
        return new_body;
    gboolean is_reply = mx_json_scan_member(values[1], "m.in_reply_to").text != NULL;
    return g_strdup(is_reply ? skip_quote(body) : body);
}

/* In characters; -1: it is not there as it was typed. */
static glong find_word(const char *text, const char *typed)
{
    g_autofree char *folded = g_utf8_strdown(text, -1);
    g_autofree char *wanted = g_utf8_strdown(typed, -1);
    g_auto(GStrv) words = g_strsplit_set(wanted, " \t\r\n\"", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        const char *at = words[i][0] != '\0' ? strstr(folded, words[i]) : NULL;
        if (at != NULL)
            return g_utf8_pointer_to_offset(folded, at);
    }
    return -1;
}

char *mx_search_dup_excerpt(const char *text, const char *typed, glong max_chars)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *valid_typed = g_utf8_make_valid(typed, -1);
    glong length = g_utf8_strlen(valid, -1);
    glong at = find_word(valid, valid_typed);
    glong start = length > max_chars && at > BEFORE ? MIN(at, length) - BEFORE : 0;
    glong end = MIN(start + max_chars, length);
    g_autofree char *part = g_utf8_substring(valid, start, end);
    g_autofree char *tidied = mx_event_tidy_text(part, max_chars);
    return g_strconcat(start > 0 ? "…" : "", tidied != NULL ? tidied : "", end < length ? "…" : "",
                       NULL);
}

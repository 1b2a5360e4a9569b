/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-search-text.h"

#include <string.h>

#include "mx-event.h"
#include "mx-poll.h"
#include "mx-relation.h"
#include "mx-store-search.h"

/* Characters before what was found. */
#define BEFORE 40

/* The question and the answers, one a line. */
static char *dup_poll(MxJsonSlice content)
{
    g_autoptr(MxPoll) poll = mx_poll_read(content);
    if (poll == NULL)
        return NULL;
    g_autoptr(GString) text = g_string_new(poll->question);
    for (guint i = 0; i < poll->answers->len; i++)
        g_string_append_printf(text, "\n%s", (const char *)g_ptr_array_index(poll->answers, i));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A file is found by its name too, where its body is a caption. */
static char *dup_message(const MxRelation *relation, MxJsonSlice content)
{
    g_autofree char *body = mx_relation_dup_body(relation, content);
    g_autofree char *name = mx_json_slice_dup_string(mx_json_scan_member(content, "filename"));
    if (name == NULL || g_strcmp0(name, body) == 0)
        return g_steal_pointer(&body);
    return body != NULL ? g_strconcat(name, "\n", body, NULL) : g_steal_pointer(&name);
}

char *mx_search_dup_text(const MxTimelineRow *row)
{
    gboolean is_poll = mx_poll_is_start(row->type);
    if (!is_poll && !g_str_equal(row->type, "m.room.message") &&
        !g_str_equal(row->type, "m.sticker"))
        return NULL;
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    g_autofree char *new_content =
        relation.kind == MX_RELATION_EDIT ? mx_relation_dup_new_content(row) : NULL;
    const char *text = new_content != NULL ? new_content : row->content;
    MxJsonSlice content = mx_json_scan_root(text, strlen(text));
    return is_poll ? dup_poll(content) : dup_message(&relation, content);
}

/* Where encrypted words took the place of others, the text is as secret as they are. */
static void index_message(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(MxTimelineRow) edit = mx_relation_find_newest_edit(store, row);
    g_autofree char *text = mx_search_dup_text(edit != NULL ? edit : row);
    MxTimelineRow shown = *row;
    shown.is_secret |= edit != NULL && edit->is_secret;
    mx_store_search_put(store, &shown, text);
    if (edit != NULL)
        mx_store_search_drop_edits(store, row);
}

void mx_search_index(MxStore *store, const MxTimelineRow *row)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, row);
    g_autoptr(MxTimelineRow) target = relation.kind == MX_RELATION_EDIT
                                          ? mx_store_get_event(store, row->room, relation.event_id)
                                          : NULL;
    switch (mx_relation_judge_edit(&relation, row, target)) {
    case MX_EDIT_VALID:
        mx_store_search_put(store, row, NULL);
        if (target != NULL) /* which it is then */
            index_message(store, target);
        return;
    case MX_EDIT_INVALID:
        mx_store_search_put(store, row, NULL);
        return;
    case MX_EDIT_NONE:
    case MX_EDIT_UNKNOWN:
        index_message(store, row);
        return;
    }
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

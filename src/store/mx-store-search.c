/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-search.h"

#include <string.h>

#include "mx-store-private.h"

/* More words make a query slow and no better. */
#define MAX_WORDS 20
/* Work of one slice, in pages. */
#define SCRUB_PAGES 100

/* ---- words ---- */

static gboolean stands_alone(gunichar c)
{
    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
        return TRUE;
    default:
        return g_unichar_type(c) == G_UNICODE_OTHER_SYMBOL;
    }
}

char *mx_store_search_fold(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *folded = g_string_sized_new(strlen(valid) + 16);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean is_alone = stands_alone(c);
        if (is_alone)
            g_string_append_c(folded, ' ');
        g_string_append_unichar(folded, c);
        if (is_alone)
            g_string_append_c(folded, ' ');
    }
    return g_string_free(folded, FALSE);
}

/* As the index's categories say (mx-store-schema.c). */
static gboolean is_of_word(gunichar c)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c) ||
           g_unichar_type(c) == G_UNICODE_OTHER_SYMBOL ||
           g_unichar_type(c) == G_UNICODE_PRIVATE_USE;
}

static gboolean has_word(const char *text)
{
    for (; *text != '\0'; text = g_utf8_next_char(text))
        if (is_of_word(g_utf8_get_char(text)))
            return TRUE;
    return FALSE;
}

static void append_phrase(GString *query, const char *phrase, gboolean is_beginning)
{
    g_autofree char *folded = mx_store_search_fold(phrase);
    if (!has_word(folded))
        return;
    g_string_append(query, query->len > 0 ? " \"" : "\"");
    for (const char *at = folded; *at != '\0'; at++)
        g_string_append_c(query, *at == '"' ? ' ' : *at);
    g_string_append(query, is_beginning ? "\"*" : "\"");
}

char *mx_store_search_dup_query(const char *typed)
{
    g_autofree char *valid = g_utf8_make_valid(typed, -1);
    g_autoptr(GString) query = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(valid, "\"", 2 * MAX_WORDS);
    guint n_parts = g_strv_length(parts);
    int words = 0;
    for (guint i = 0; i < n_parts; i++) {
        /* A mark without another one is none. */
        if (i % 2 == 1 && i + 1 < n_parts) {
            append_phrase(query, parts[i], FALSE);
            continue;
        }
        g_auto(GStrv) bare = g_strsplit_set(parts[i], " \t\r\n", -1);
        for (guint j = 0; bare[j] != NULL && words < MAX_WORDS; j++) {
            words += bare[j][0] != '\0';
            append_phrase(query, bare[j], TRUE);
        }
    }
    return query->len > 0 ? g_string_free(g_steal_pointer(&query), FALSE) : NULL;
}

/* ---- the index ---- */

static gint64 get_state(MxStore *store, gboolean of_residue)
{
    return of_residue ? mx_store_query_int(store, 0, "SELECT residue FROM search_state", "")
                      : mx_store_query_int(store, 0, "SELECT takes_secret FROM search_state", "");
}

void mx_store_search_reset(MxStore *store)
{
    mx_store_exec(store, "DROP TABLE search", "");
    mx_store_exec(store, MX_SEARCH_TABLE, "");
    mx_store_exec(store, "DELETE FROM search_queue", "");
    mx_store_exec(store,
                  "INSERT INTO search_queue SELECT id FROM timeline "
                  "WHERE " MX_SEARCH_HAS_WORDS(""),
                  "");
    mx_store_exec(store, "UPDATE search_state SET residue = 0", "");
    store->empties_log = TRUE;
}

void mx_store_search_set_secret(MxStore *store, gboolean takes_secret)
{
    if ((get_state(store, FALSE) != 0) == takes_secret)
        return;
    mx_store_exec(store, "UPDATE search_state SET takes_secret = ?", "d", (int)takes_secret);
    if (takes_secret)
        mx_store_exec(store,
                      "INSERT OR IGNORE INTO search_queue SELECT id FROM timeline "
                      "WHERE sealed IS NOT NULL AND state_key IS NULL",
                      "");
    else
        mx_store_search_reset(store);
}

GPtrArray *mx_store_search_list_queue(MxStore *store, int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    sqlite3_stmt *statement =
        mx_store_query(store,
                       "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE id IN "
                       "(SELECT row FROM search_queue ORDER BY row DESC LIMIT ?) ORDER BY id DESC",
                       "d", limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, mx_store_read_timeline(store, statement));
    return rows;
}

gint64 mx_store_search_count_queue(MxStore *store)
{
    return mx_store_query_int(store, 0, "SELECT count(*) FROM search_queue", "");
}

void mx_store_search_put(MxStore *store, const MxTimelineRow *row, const char *text)
{
    mx_store_exec(store, "DELETE FROM search_queue WHERE row = ?", "i", row->id);
    /* It may be there: a row that was to be read anew, or that was edited. */
    mx_store_exec(store, "DELETE FROM search WHERE rowid = ?", "i", row->id);
    if (text == NULL || (row->is_secret && get_state(store, FALSE) == 0))
        return;
    g_autofree char *folded = mx_store_search_fold(text);
    mx_store_exec(store, "INSERT INTO search (rowid, text) VALUES (?, ?)", "is", row->id, folded);
}

void mx_store_search_drop_edits(MxStore *store, const MxTimelineRow *row)
{
    mx_store_exec(store,
                  "DELETE FROM search WHERE rowid IN (SELECT t.id FROM timeline t "
                  "JOIN search_content c ON c.id = t.id WHERE t.room = ? AND t.relates_to = ?)",
                  "is", row->room, row->event_id);
}

/* What the edit said stands where the event's words are; older edits' may be left in segments. */
static void read_anew(MxStore *store, gint64 room, const char *event_id)
{
    gint64 id = mx_store_query_int(store, 0,
                                   "SELECT id FROM timeline WHERE room = ? AND event_id = ? "
                                   "AND " MX_SEARCH_HAS_WORDS(""),
                                   "is", room, event_id);
    mx_store_exec(store, "DELETE FROM search WHERE rowid = ?", "i", id);
    mx_store_exec(store, "UPDATE search_state SET residue = 1", "");
    if (id != 0)
        mx_store_exec(store, "INSERT OR IGNORE INTO search_queue VALUES (?)", "i", id);
}

void mx_store_search_edit_gone(MxStore *store, gint64 id)
{
    g_autofree char *event_id = mx_store_query_text(
        store, "SELECT relates_to FROM timeline WHERE id = ? AND type IN (" MX_MESSAGE_TYPES ")",
        "i", id);
    gint64 room = mx_store_query_int(store, 0, "SELECT room FROM timeline WHERE id = ?", "i", id);
    if (event_id != NULL)
        read_anew(store, room, event_id);
}

void mx_store_search_bundled_gone(MxStore *store, gint64 room, const char *event_id)
{
    g_autofree char *target =
        mx_store_query_text(store, "SELECT relates_to FROM quoted WHERE room = ? AND event_id = ?",
                            "is", room, event_id);
    if (target != NULL)
        read_anew(store, room, target);
}

enum { RESIDUE_NONE, RESIDUE_LEFT, RESIDUE_BEING_MERGED };

gboolean mx_store_search_scrub(MxStore *store)
{
    gint64 residue = get_state(store, TRUE);
    if (residue == RESIDUE_NONE)
        return FALSE;
    int before = sqlite3_total_changes(store->db);
    mx_store_exec(store, "INSERT INTO search (search, rank) VALUES ('merge', ?)", "d",
                  residue == RESIDUE_LEFT ? -SCRUB_PAGES : SCRUB_PAGES);
    /* The command itself counts as one. */
    gboolean is_merged =
        residue == RESIDUE_BEING_MERGED && sqlite3_total_changes(store->db) - before < 2;
    mx_store_exec(store, "UPDATE search_state SET residue = ?", "d",
                  is_merged ? RESIDUE_NONE : RESIDUE_BEING_MERGED);
    if (is_merged)
        store->empties_log = TRUE;
    return !is_merged;
}

/* ---- finding ---- */

GPtrArray *mx_store_search_find(MxStore *store, const char *query, const char *rooms,
                                gint64 before_ts, gint64 before_id, int limit)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)mx_timeline_row_free);
    /* The contents of what is found, but not wanted, are not read. */
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " MX_TIMELINE_COLUMNS " FROM timeline WHERE id IN "
        "(SELECT t.id FROM search JOIN timeline t ON t.id = search.rowid WHERE search MATCH ?1 "
        "AND (?2 IS NULL OR t.room IN (SELECT value FROM json_each(?2))) "
        "AND (t.ts < ?3 OR (t.ts = ?3 AND t.id < ?4)) ORDER BY t.ts DESC, t.id DESC LIMIT ?5) "
        "ORDER BY ts DESC, id DESC",
        "ssiid", query, rooms, before_ts, before_id, limit);
    while (mx_store_step(store, statement))
        g_ptr_array_add(rows, mx_store_read_timeline(store, statement));
    return rows;
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-target.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-extensible.h"
#include "mx-file.h"
#include "mx-poll.h"
#include "mx-relation.h"
#include "mx-room-name.h"

/* So many lines back a target is looked for. */
#define MAX_LINES 5000
/* So many candidates are named; more do not help. */
#define MAX_NAMED 8
#define MAX_EXCERPT 40

void mx_target_clear(MxTarget *target)
{
    g_clear_pointer(&target->nick, g_free);
}

static const char *skip_space(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return text;
}

/* Two digits, or one for an hour; -1: there are none. */
static int read_number(const char **at, guint min_digits, int limit)
{
    int value = 0;
    guint digits = 0;
    for (; digits < 2 && g_ascii_isdigit(**at); digits++, (*at)++)
        value = value * 10 + (**at - '0');
    return digits >= min_digits && value < limit ? value : -1;
}

static gboolean read_time(const char *word, gsize len, MxTarget *target)
{
    const char *at = word;
    int second = -1;
    int hour = read_number(&at, 1, 24);
    if (hour < 0 || *at++ != ':')
        return FALSE;
    int minute = read_number(&at, 2, 60);
    if (minute < 0)
        return FALSE;
    if (*at == ':') {
        at++;
        second = read_number(&at, 2, 60);
        if (second < 0)
            return FALSE;
    }
    if (at != word + len)
        return FALSE;
    target->kind = MX_TARGET_TIME;
    target->hour = hour;
    target->minute = minute;
    target->second = second;
    return TRUE;
}

const char *mx_target_read(const char *typed, MxTarget *target)
{
    memset(target, 0, sizeof *target);
    const char *word = skip_space(typed != NULL ? typed : "");
    gsize len = strcspn(word, " \t\r\n");
    const char *rest = skip_space(word + len);
    if (len == 2 && strncmp(word, "--", 2) == 0)
        return rest;
    if (read_time(word, len, target))
        return rest;
    if (len < 2 || word[len - 1] != ':')
        return word;
    target->kind = MX_TARGET_NICK;
    target->nick = g_strndup(word, len - 1);
    return rest;
}

/* ---- find ---- */

typedef struct {
    MxStore *store;
    gint64 room;
    const char *own_user_id;
    MxTargetPool pool;
    GPtrArray *lines;  /* the newest first */
    GHashTable *names; /* user ID -> name as the room shows it */
} Search;

static void search_clear(Search *search)
{
    g_clear_pointer(&search->lines, g_ptr_array_unref);
    g_clear_pointer(&search->names, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static const MxTimelineRow *get_line(const Search *search, guint index)
{
    return g_ptr_array_index(search->lines, index);
}

static gboolean is_own(const Search *search, const MxTimelineRow *line)
{
    return g_str_equal(line->sender, search->own_user_id);
}

static const char *get_name(Search *search, const char *user_id)
{
    char *name = g_hash_table_lookup(search->names, user_id);
    if (name != NULL)
        return name;
    name = mx_room_name_of_member(search->store, search->room, user_id);
    g_hash_table_insert(search->names, g_strdup(user_id), name);
    return name;
}

static char *get_excerpt(const MxTimelineRow *line)
{
    MxJsonSlice content = mx_json_scan_root(line->content, strlen(line->content));
    g_autofree char *body = mx_extensible_dup_text(content);
    return mx_event_tidy_text(body, MAX_EXCERPT);
}

/* One line a candidate: what tells it from the others. */
static void append_line(GString *text, Search *search, const MxTimelineRow *line)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(line->ts / 1000);
    g_autofree char *time = when != NULL ? g_date_time_format(when, "%H:%M:%S") : g_strdup("?");
    g_autofree char *excerpt = get_excerpt(line);
    g_string_append_printf(text, "\n%s %s: %s", time, get_name(search, line->sender),
                           excerpt != NULL ? excerpt : "…");
}

static void set_ambiguous(Search *search, GPtrArray *found, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = MIN(found->len, MAX_NAMED); i > 0; i--)
        append_line(list, search, g_ptr_array_index(found, i - 1));
    if (found->len > MAX_NAMED)
        g_string_append(list, "\n…");
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                _("That means more than one message; nothing was done. Say which with its "
                  "seconds:%s"),
                list->str);
}

static int get_day(GDateTime *when)
{
    return g_date_time_get_year(when) * 400 + g_date_time_get_day_of_year(when);
}

/* The day of the match, or 0. Who claims to write in days to come is not preferred to today. */
static int match_time(const MxTimelineRow *line, const MxTarget *target)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(line->ts / 1000);
    if (when == NULL || g_date_time_get_hour(when) != target->hour ||
        g_date_time_get_minute(when) != target->minute)
        return 0;
    gboolean fits = target->second < 0 || g_date_time_get_second(when) == target->second;
    return fits ? MIN(get_day(when), get_day(now)) : 0;
}

static const MxTimelineRow *find_by_time(Search *search, const MxTarget *target, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    int day = 0;
    for (guint i = 0; i < search->lines->len; i++) {
        int match = match_time(get_line(search, i), target);
        if (match == 0 || match < day)
            continue;
        if (match > day)
            g_ptr_array_set_size(found, 0);
        day = match;
        g_ptr_array_add(found, (gpointer)get_line(search, i));
    }
    if (found->len == 1)
        return g_ptr_array_index(found, 0);
    if (found->len > 1)
        set_ambiguous(search, found, error);
    else if (search->pool == MX_TARGET_OWN)
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("You have written no message here at that time; nothing was done. "
                              "Put -- before words that look like a time."));
    else
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("There is no message here of that time; nothing was done. Put -- "
                              "before words that look like a time."));
    return NULL;
}

static gboolean is_called(Search *search, const char *user_id, const char *nick)
{
    g_autofree char *wanted = g_utf8_casefold(nick, -1);
    g_autofree char *name = g_utf8_casefold(get_name(search, user_id), -1);
    if (g_str_equal(user_id, nick) || g_str_equal(name, wanted))
        return TRUE;
    /* "Bob (@bob:x)" where another Bob is about: both are meant. */
    g_autoptr(MxMemberRow) member = mx_store_get_member(search->store, search->room, user_id);
    if (member == NULL || member->display_name == NULL)
        return FALSE;
    g_autofree char *bare = g_utf8_casefold(member->display_name, -1);
    return g_str_equal(bare, wanted);
}

static const MxTimelineRow *find_by_nick(Search *search, const char *nick, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; i < search->lines->len; i++) {
        const MxTimelineRow *line = get_line(search, i);
        if (g_hash_table_add(seen, line->sender) && is_called(search, line->sender, nick))
            g_ptr_array_add(found, (gpointer)line);
    }
    if (found->len == 1)
        return g_ptr_array_index(found, 0);
    if (found->len > 1)
        set_ambiguous(search, found, error);
    else
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("Nobody called “%s” has written here; nothing was done. Put -- before "
                      "words that end with a colon."),
                    nick);
    return NULL;
}

/* The message that an edit's line is about, or NULL: it is none. */
static MxTimelineRow *get_original(const Search *search, const MxTimelineRow *line)
{
    g_auto(MxRelation) relation = {0};
    mx_relation_read_row(&relation, line);
    if (relation.kind != MX_RELATION_EDIT)
        return NULL;
    g_autoptr(MxTimelineRow) target =
        mx_store_get_event(search->store, search->room, relation.event_id);
    return mx_relation_judge_edit(&relation, line, target) == MX_EDIT_VALID
               ? g_steal_pointer(&target)
               : NULL;
}

static const MxTimelineRow *find_last_file(Search *search, GError **error)
{
    if (search->lines->len > 0)
        return get_line(search, 0);
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                        _("There is no file in this window yet."));
    return NULL;
}

static const MxTimelineRow *find_last_poll(Search *search, GError **error)
{
    for (guint i = 0; i < search->lines->len; i++) {
        const MxTimelineRow *line = get_line(search, i);
        g_autoptr(MxTimelineRow) original = get_original(search, line);
        g_autoptr(MxTimelineRow) end =
            search->pool == MX_TARGET_OPEN_POLL
                ? mx_poll_find_end(search->store, original != NULL ? original : line)
                : NULL;
        if (end == NULL)
            return line;
    }
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                        search->pool == MX_TARGET_POLL
                            ? _("There is no poll in this window yet.")
                            : _("There is no open poll in this window."));
    return NULL;
}

static const MxTimelineRow *find_last(Search *search, GError **error)
{
    if (search->pool == MX_TARGET_POLL || search->pool == MX_TARGET_OPEN_POLL)
        return find_last_poll(search, error);
    if (search->pool == MX_TARGET_FILE)
        return find_last_file(search, error);
    gboolean wants_own = search->pool != MX_TARGET_ANY;
    for (guint i = 0; i < search->lines->len; i++)
        if (is_own(search, get_line(search, i)) == wants_own)
            return get_line(search, i);
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                        wants_own ? _("You have written no message in this window yet.")
                                  : _("Nobody else has written in this window yet."));
    return NULL;
}

static void drop_others(Search *search)
{
    for (guint i = search->lines->len; i > 0; i--)
        if (!is_own(search, get_line(search, i - 1)))
            g_ptr_array_remove_index(search->lines, i - 1);
}

static gboolean has_file(const MxTimelineRow *line)
{
    MxJsonSlice content = mx_json_scan_root(line->content, strlen(line->content));
    g_autoptr(MxFile) file = mx_file_read(line->type, content);
    return file != NULL && file->kind != MX_FILE_STICKER;
}

static gboolean has_poll(const MxTimelineRow *line)
{
    return mx_poll_is_start(line->type);
}

static void drop_without(Search *search, gboolean (*has)(const MxTimelineRow *line))
{
    for (guint i = search->lines->len; i > 0; i--)
        if (!has(get_line(search, i - 1)))
            g_ptr_array_remove_index(search->lines, i - 1);
}

static const MxTimelineRow *find(Search *search, const MxTarget *target, GError **error)
{
    switch (target->kind) {
    case MX_TARGET_TIME:
        return find_by_time(search, target, error);
    case MX_TARGET_NICK:
        return find_by_nick(search, target->nick, error);
    case MX_TARGET_NONE:
        break;
    }
    return find_last(search, error);
}

MxTimelineRow *mx_target_find(MxStore *store, gint64 room, const char *own_user_id,
                              const char *typed, MxTargetPool pool, const char **rest,
                              GError **error)
{
    g_auto(MxTarget) target = {0};
    g_auto(Search)
        search = {.store = store, .room = room, .own_user_id = own_user_id, .pool = pool};
    *rest = mx_target_read(typed, &target);
    search.lines = mx_store_list_newest_lines(store, room, MAX_LINES);
    search.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (pool == MX_TARGET_OWN)
        drop_others(&search);
    else if (pool == MX_TARGET_FILE)
        drop_without(&search, has_file);
    else if (pool == MX_TARGET_POLL || pool == MX_TARGET_OPEN_POLL)
        drop_without(&search, has_poll);
    const MxTimelineRow *found = find(&search, &target, error);
    guint index;
    if (found == NULL || !g_ptr_array_find(search.lines, found, &index))
        return NULL;
    MxTimelineRow *original = get_original(&search, found);
    return original != NULL ? original : g_ptr_array_steal_index(search.lines, index);
}

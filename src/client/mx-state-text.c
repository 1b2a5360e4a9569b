/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-text.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-json.h"

/* What a window can bear. */
#define MAX_LISTED 100
#define MAX_JSON 3000
#define MAX_WORD 120
#define MEMBER "m.room.member"

enum { TYPE, KEY, SENDER, TS, CONTENT, N_FIELDS };
static const char *const fields[] = {"type",    "state_key", "sender", "origin_server_ts",
                                     "content", NULL};

static char *get_word(MxJsonSlice slice)
{
    g_autofree char *word = mx_json_slice_dup_string(slice);
    char *tidied = mx_event_tidy_text(word, MAX_WORD);
    return tidied != NULL ? tidied : g_strdup("");
}

/* ---- lists ---- */

static gboolean has_words(const char *line, const char *const *words)
{
    g_autofree char *folded = g_utf8_casefold(line, -1);
    for (; words != NULL && *words != NULL; words++) {
        g_autofree char *word = g_utf8_casefold(*words, -1);
        if (strstr(folded, word) == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean fits(const MxJsonSlice *values, const MxStateFilter *filter)
{
    return (filter->type == NULL || mx_json_slice_equals(values[TYPE], filter->type)) &&
           (filter->key == NULL || mx_json_slice_equals(values[KEY], filter->key));
}

static char *describe(const MxJsonSlice *values)
{
    g_autofree char *type = get_word(values[TYPE]);
    g_autofree char *key = get_word(values[KEY]);
    g_autofree char *sender = get_word(values[SENDER]);
    return *key != '\0' ? g_strdup_printf(_("%s of %s, set by %s"), type, key, sender)
                        : g_strdup_printf(_("%s, set by %s"), type, sender);
}

static int compare_lines(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static char *join(GPtrArray *lines, guint members)
{
    GString *text = g_string_new(NULL);
    guint count = lines->len + members;
    g_ptr_array_sort(lines, compare_lines);
    g_string_append_printf(
        text, g_dngettext(GETTEXT_PACKAGE, "%u state event:", "%u state events:", count), count);
    for (guint i = 0; i < MIN(lines->len, MAX_LISTED); i++)
        g_string_append_printf(text, "\n%s", (const char *)g_ptr_array_index(lines, i));
    if (members > 0)
        g_string_append_printf(text,
                               g_dngettext(GETTEXT_PACKAGE,
                                           "\nand %u %s (/state list member names it)",
                                           "\nand %u %s (/state list member names them)", members),
                               members, MEMBER);
    if (lines->len > MAX_LISTED)
        g_string_append_printf(text, _("\n… and %u more; /state list and words finds some of them"),
                               lines->len - MAX_LISTED);
    return g_string_free(text, FALSE);
}

char *mx_state_text_list(MxJsonSlice events, const MxStateFilter *filter)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    gboolean names_members = filter->type != NULL || filter->words != NULL;
    guint members = 0;
    MxJsonIter iter;
    MxJsonSlice event, values[N_FIELDS];
    if (events.text == NULL || !mx_json_iter_init(&iter, events))
        return g_strdup(_("The room has no such state."));
    while (mx_json_iter_next(&iter, NULL, &event)) {
        if (event.type != MX_JSON_OBJECT)
            continue;
        mx_json_scan_members(event, fields, values);
        if (!fits(values, filter))
            continue;
        if (!names_members && mx_json_slice_equals(values[TYPE], MEMBER)) {
            members++;
            continue;
        }
        g_autofree char *line = describe(values);
        if (has_words(line, filter->words))
            g_ptr_array_add(lines, g_steal_pointer(&line));
    }
    return lines->len + members > 0 ? join(lines, members)
                                    : g_strdup(_("The room has no such state."));
}

MxJsonSlice mx_state_text_find(MxJsonSlice events, const char *type, const char *key)
{
    const MxStateFilter filter = {.type = type, .key = key};
    MxJsonIter iter;
    MxJsonSlice event, values[N_FIELDS];
    if (events.text == NULL || !mx_json_iter_init(&iter, events))
        return (MxJsonSlice){0};
    while (mx_json_iter_next(&iter, NULL, &event)) {
        if (event.type != MX_JSON_OBJECT)
            continue;
        mx_json_scan_members(event, fields, values);
        if (fits(values, &filter))
            return event;
    }
    return (MxJsonSlice){0};
}

/* ---- single events ---- */

char *mx_state_text_pretty(MxJsonSlice value)
{
    g_autoptr(JsonNode) node = mx_json_parse(value.text, value.len, NULL);
    if (node == NULL)
        return g_strdup("?");
    g_autofree char *text = json_to_string(node, TRUE);
    if (g_utf8_strlen(text, -1) <= MAX_JSON)
        return g_steal_pointer(&text);
    g_autofree char *beginning = g_utf8_substring(text, 0, MAX_JSON);
    return g_strconcat(beginning, "\n…", NULL);
}

static char *describe_setter(const MxJsonSlice *values)
{
    g_autofree char *sender = get_word(values[SENDER]);
    gint64 ts;
    g_autoptr(GDateTime) when = mx_json_slice_get_int(values[TS], &ts) && ts > 0
                                    ? g_date_time_new_from_unix_local(ts / 1000)
                                    : NULL;
    g_autofree char *time = when != NULL ? g_date_time_format(when, "%Y-%m-%d %H:%M:%S") : NULL;
    if (*sender == '\0')
        return g_strdup("");
    return time != NULL ? g_strdup_printf(_(", set by %s on %s"), sender, time)
                        : g_strdup_printf(_(", set by %s"), sender);
}

char *mx_state_text_event(MxJsonSlice event, const char *type, const char *key)
{
    MxJsonSlice values[N_FIELDS];
    mx_json_scan_members(event, fields, values);
    gboolean is_whole = values[CONTENT].text != NULL && values[CONTENT].type == MX_JSON_OBJECT &&
                        values[TYPE].text != NULL;
    g_autofree char *setter = is_whole ? describe_setter(values) : g_strdup("");
    g_autofree char *pretty = mx_state_text_pretty(is_whole ? values[CONTENT] : event);
    return *key != '\0' ? g_strdup_printf(_("%s of %s%s:\n%s"), type, key, setter, pretty)
                        : g_strdup_printf(_("%s%s:\n%s"), type, setter, pretty);
}

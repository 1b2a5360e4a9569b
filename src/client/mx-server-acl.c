/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-server-acl.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-event.h"

/* Lists of hundreds are usual; so many are named, the others counted. */
#define MAX_NAMED 20

typedef struct {
    GString *names; /* "a, b" */
    guint count;
    gboolean has_all; /* "*" is among them */
} Patterns;

static void read_patterns(Patterns *patterns, MxJsonSlice list)
{
    MxJsonIter iter;
    MxJsonSlice value;
    patterns->names = g_string_new(NULL);
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (mx_json_iter_next(&iter, NULL, &value)) {
        g_autofree char *text = mx_json_slice_dup_string(value);
        g_autofree char *name = mx_event_tidy_name(text);
        if (name == NULL)
            continue;
        patterns->has_all |= g_str_equal(name, "*");
        if (++patterns->count <= MAX_NAMED)
            g_string_append_printf(patterns->names, "%s%s", patterns->count > 1 ? ", " : "", name);
    }
    if (patterns->count > MAX_NAMED)
        g_string_append_printf(patterns->names,
                               g_dngettext(GETTEXT_PACKAGE, " and %u more", " and %u more",
                                           patterns->count - MAX_NAMED),
                               patterns->count - MAX_NAMED);
}

static void append_who(GString *text, const Patterns *allowed, const Patterns *denied)
{
    if (denied->has_all || allowed->count == 0)
        g_string_append(text, _("No server may take part."));
    else if (allowed->has_all && denied->count == 0)
        g_string_append(text, _("All servers may take part."));
    else if (allowed->has_all)
        g_string_append_printf(text, _("All servers may take part but these: %s."),
                               denied->names->str);
    else if (denied->count == 0)
        g_string_append_printf(text, _("Only these servers may take part: %s."),
                               allowed->names->str);
    else
        g_string_append_printf(text, _("Only these servers may take part: %s; but not these: %s."),
                               allowed->names->str, denied->names->str);
}

char *mx_server_acl_describe(MxJsonSlice content)
{
    static const char *const names[] = {"allow", "deny", "allow_ip_literals", NULL};
    MxJsonSlice values[3] = {0};
    Patterns allowed = {0}, denied = {0};
    GString *text = g_string_new(NULL);
    gboolean allows_numbers = TRUE;
    if (content.text != NULL && content.type == MX_JSON_OBJECT)
        mx_json_scan_members(content, names, values);
    read_patterns(&allowed, values[0]);
    read_patterns(&denied, values[1]);
    mx_json_slice_get_bool(values[2], &allows_numbers);
    append_who(text, &allowed, &denied);
    if (!allows_numbers && allowed.count > 0 && !denied.has_all)
        g_string_append(text, _(" Servers without a name, known by their IP address, may not."));
    g_string_free(allowed.names, TRUE);
    g_string_free(denied.names, TRUE);
    return g_string_free(text, FALSE);
}

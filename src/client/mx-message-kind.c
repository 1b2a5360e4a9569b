/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-message-kind.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-extensible.h"

#define MAX_GEO_URI 200
/* Characters. */
#define MAX_PLACE 300
#define MAX_MSGTYPE 60

static const char *skip_number(const char *at)
{
    const char *start = *at == '-' ? at + 1 : at;
    gsize len = strspn(start, "0123456789.");
    return len > 0 ? start + len : NULL;
}

gboolean mx_message_kind_is_geo_uri(const char *text)
{
    if (strlen(text) > MAX_GEO_URI || g_ascii_strncasecmp(text, "geo:", 4) != 0)
        return FALSE;
    const char *at = skip_number(text + 4);
    guint numbers = 1;
    while (at != NULL && *at == ',' && numbers++ < 3)
        at = skip_number(at + 1);
    if (at == NULL || numbers < 2)
        return FALSE;
    for (; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr(";=.-", *at) == NULL)
            return FALSE;
    return TRUE;
}

/* What an object says in that member, if it is one. */
static char *dup_of(MxJsonSlice object, const char *name)
{
    return object.text != NULL && object.type == MX_JSON_OBJECT
               ? mx_json_slice_dup_string(mx_json_scan_member(object, name))
               : NULL;
}

static char *describe_location(MxJsonSlice content)
{
    static const char *const names[] = {"geo_uri", "m.location", "org.matrix.msc3488.location",
                                        NULL};
    MxJsonSlice values[3];
    mx_json_scan_members(content, names, values);
    MxJsonSlice location = values[1].text != NULL ? values[1] : values[2];
    g_autofree char *place = mx_json_slice_dup_string(values[0]);
    if (place == NULL)
        place = dup_of(location, "uri");
    g_autofree char *description = dup_of(location, "description");
    g_autofree char *text =
        description != NULL ? g_strdup(description) : mx_extensible_dup_text(content);
    g_autofree char *words = mx_event_tidy_text(text, MAX_PLACE);
    gboolean is_place = place != NULL && mx_message_kind_is_geo_uri(place);
    if (words == NULL)
        return is_place ? g_strdup_printf(_("[location: %s]"), place) : NULL;
    /* Most clients have it in the text too. */
    if (!is_place || strstr(words, place) != NULL)
        return g_strdup_printf(_("[location: %s]"), words);
    return g_strdup_printf(_("[location: %s – %s]"), words, place);
}

static gboolean is_known(MxJsonSlice msgtype)
{
    static const char *const known[] = {
        "m.text",  "m.notice",        "m.emote",
        "m.image", "m.file",          "m.audio",
        "m.video", "m.server_notice", "m.key.verification.request",
    };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (mx_json_slice_equals(msgtype, known[i]))
            return TRUE;
    return FALSE;
}

char *mx_message_kind_dup_text(const char *type, MxJsonSlice content)
{
    MxJsonSlice msgtype = {0};
    if (g_str_equal(type, "m.room.message") && content.text != NULL)
        msgtype = mx_json_scan_member(content, "msgtype");
    if (mx_json_slice_equals(msgtype, "m.location"))
        return describe_location(content);
    g_autofree char *text = mx_extensible_dup_text(content);
    g_autofree char *name = is_known(msgtype) ? NULL : mx_json_slice_dup_string(msgtype);
    g_autofree char *kind = mx_event_tidy_text(name, MAX_MSGTYPE);
    return text != NULL && kind != NULL ? g_strdup_printf("[%s] %s", kind, text)
                                        : g_steal_pointer(&text);
}

/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-extensible.h"

/* A list of representations, the best one first. */
static char *dup_plain(MxJsonSlice list)
{
    static const char *const names[] = {"mimetype", "body", NULL};
    MxJsonIter iter;
    MxJsonSlice part;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return NULL;
    while (mx_json_iter_next(&iter, NULL, &part)) {
        MxJsonSlice values[2];
        if (part.type != MX_JSON_OBJECT)
            continue;
        mx_json_scan_members(part, names, values);
        char *text = values[0].text == NULL || mx_json_slice_equals(values[0], "text/plain")
                         ? mx_json_slice_dup_string(values[1])
                         : NULL;
        if (text != NULL)
            return text;
    }
    return NULL;
}

char *mx_extensible_dup_text(MxJsonSlice content)
{
    static const char *const names[] = {"body", "m.text", "org.matrix.msc1767.text",
                                        "org.matrix.msc1767.message", NULL};
    MxJsonSlice values[4];
    if (content.text == NULL || content.type != MX_JSON_OBJECT)
        return NULL;
    mx_json_scan_members(content, names, values);
    char *text = NULL;
    for (guint i = 0; text == NULL && i < G_N_ELEMENTS(values); i++)
        text = values[i].text != NULL && values[i].type == MX_JSON_ARRAY
                   ? dup_plain(values[i])
                   : mx_json_slice_dup_string(values[i]);
    return text;
}
